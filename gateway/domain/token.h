/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stored half of a bearer token: who it speaks for, and a hash by which it is found. The secret itself is
 * shown once and never kept. Also the stored reply of an idempotent request, and counters.
 */
#pragma once

#include <stdint.h>

#include "domain/document.h"

#define TOKEN_HASH_SIZE 32 /* SHA-256 of the secret; 256 random bits need no slow hash */

enum token_scope { TOKEN_OPERATOR, TOKEN_INVENTORY, TOKEN_ACCOUNT, TOKEN_NODE };
enum token_right { TOKEN_READ, TOKEN_WRITE };

struct token {
        struct document document; /* id = name */
        enum token_scope scope;
        enum token_right right;
        int64_t expires_at_ms;           /* it opens nothing from then on; 0 = never */
        _Atomic int64_t last_used_at_ms; /* as of the last time that it was written down; 0 = not yet */
        char *account;         /* TOKEN_ACCOUNT: whose; TOKEN_NODE: of the node's environment; else NULL */
        char *node;            /* TOKEN_NODE: its id; else NULL, as the next */
        char *environment_uid; /* of the node's environment when the token was made */
        uint8_t hash[TOKEN_HASH_SIZE];
};

struct token *token_new(const char *name); /* with TOKEN_WRITE */
/* Notes a use, in the object itself: it is seen, not asked for. Any thread. */
void token_note_use(const struct token *token, int64_t at_ms);
extern const char *const token_scope_words[];         /* by enum, then NULL */
const char *token_scope_word(enum token_scope scope); /* "operator", "inventory", "account", "node" */
extern const char *const token_right_words[];         /* "read", "write", NULL */

/* What an Idempotency-Key was answered, so that the same request is answered the same. */
struct reply_record {
        struct document document; /* id = hex hashes of principal and key */
        uint8_t request_hash[TOKEN_HASH_SIZE];
        int status;
        char *location;           /* or NULL */
        uint64_t tagged_revision; /* of the entity tag; 0 = it had none */
        char *body;               /* NULL: not kept, the request is made again */
        size_t body_length;
};
struct reply_record *reply_record_new(const char *id);

/* One number that outlives the objects it counted: "export_number", the last Export_Id given out. */
struct counter {
        struct document document;
        uint64_t value;
};
struct counter *counter_new(const char *id);
