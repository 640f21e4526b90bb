/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What every stored object has in common. The store keeps documents by (kind, id); the snapshot keeps the
 * objects made of them. An object is immutable once it has been put; a change makes a new one. What is
 * merely seen of it (when a token was used last, when a create had come to its end) is noted in the object itself,
 * by atomic members, and leaves its revision alone: nobody has asked for anything else.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/memory.h"

/* kind, word in the store and in URLs; the order is no format, the word is */
#define DOCUMENT_TABLE(X)                      \
        X(DOCUMENT_ENVIRONMENT, "environment") \
        X(DOCUMENT_NODE, "node")               \
        X(DOCUMENT_STORAGE, "storage")         \
        X(DOCUMENT_EXPORT, "export")           \
        X(DOCUMENT_TOKEN, "token")             \
        X(DOCUMENT_REPLY, "reply")             \
        X(DOCUMENT_COUNTER, "counter")         \
        X(DOCUMENT_INVENTORY, "inventory")     \
        X(DOCUMENT_TASK, "task")

#define DOCUMENT_ENUM(kind, word) kind,
enum document_kind { DOCUMENT_TABLE(DOCUMENT_ENUM) DOCUMENT_KIND_COUNT };
#undef DOCUMENT_ENUM

#define DOCUMENT_ID_MAX 256 /* bytes, without the NUL */

/* First member of struct environment, node, storage, export, token, reply, counter, inventory and task. */
struct document {
        struct shared shared;
        enum document_kind kind;
        char *id;              /* unique within the kind; owned */
        uint64_t revision;     /* of the commit that wrote it, 0 = not committed yet; only grows, store-wide */
        int64_t created_at_ms; /* when an object of this id first appeared; kept by changes */
};

/* The word of a kind; static storage. */
const char *document_word(enum document_kind kind);

/* Finds the kind of `word`; -1 when there is none. */
int document_kind_parse(const char *word, enum document_kind *kind);

/* Starts an object at one reference; `id` is copied; `free_object` frees the whole object and calls
 * document_fini. */
void document_init(struct document *document, enum document_kind kind, const char *id,
                   void (*free_object)(void *object));
void document_fini(struct document *document);

/* Gives another id to an object that is not committed yet; `id` is copied. */
void document_set_id(struct document *document, const char *id);

/* The stored form of an object: one JSON object as text, without id and revision, which the store keeps
 * beside it. Caller frees. In document_json.c. */
char *document_render(const struct document *document);

/* The object of a stored form, or NULL and a fault (MALFORMED: written by another version or damaged). Caller
 * owns one reference. In document_json.c. */
struct document *document_parse(enum document_kind kind, const char *id, uint64_t revision, const char *text,
                                size_t length, struct fault *fault);

/* A fresh id: two letters, a dash, and 26 characters from the wall clock and 80 random bits (the ULID layout: 48
 * bits of milliseconds first), so that ids of one prefix sort by time. `random` has 10 bytes. Returns `id`. */
#define DOCUMENT_MADE_ID_SIZE 30
char *document_id_make(const char *prefix, int64_t wall_ms, const uint8_t random[10],
                       char id[DOCUMENT_MADE_ID_SIZE]);
