/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who may mount which directory of one Gluster volume: what the bricks must hold. Made from grants, printed and
 * parsed by protocols/gluster, written into brick volfiles by gatehouse-volfile-filter.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/address.h"
#include "domain/export.h"
#include "domain/grant.h"

struct access_entry {
        char *path;                /* "/shared/site"; never "/", which is the storage nodes' */
        struct address *addresses; /* IPv4, sorted, no doubles, at least one */
        size_t address_count;
};

/* Zeroed = empty (storage nodes only). Entries are sorted by path, one for each directory. */
struct access_list {
        uint64_t generation;   /* grows with each change of the list; names the canary directory */
        struct address *peers; /* storage nodes: may mount "/" and the canary; sorted */
        size_t peer_count;
        struct access_entry *entries;
        size_t entry_count;
};

#define AUTO_ACCESS_LIST __attribute__((cleanup(access_list_fini)))
void access_list_fini(struct access_list *list);

/* Starts a list for the storage nodes in `peers` (copied). */
void access_list_init(struct access_list *list, const struct address *peers, size_t peer_count);

/* Lets `address` into `path`; keeps the list sorted and free of doubles. */
void access_list_add(struct access_list *list, const char *path, const struct address *address);

/* Makes `copy` (zeroed) the same as `list`, generation included. */
void access_list_copy(struct access_list *copy, const struct access_list *list);

/* Whether `list` admits all that `other` does; generations and storage nodes are not looked at. */
bool access_list_covers(const struct access_list *list, const struct access_list *other);

/* Whether both admit the same; generations are not compared. */
bool access_list_equal(const struct access_list *a, const struct access_list *b);

/* Tells each line (directory, address) that one of them alone has, by directory and address: `appears` = `is` has
 * it. The storage nodes' own lines come first, with directory "/". */
void access_list_compare(const struct access_list *was, const struct access_list *is,
                         void (*each)(void *context, const char *path, const struct address *address,
                                      bool appears),
                         void *context);

/* Whether `list` lets `address` into `path`. */
bool access_list_admits(const struct access_list *list, const char *path, const struct address *address);

/* The canary of a generation: "/.gatehouse-canary-<generation>". The directory never exists: a brick that has
 * taken the list answers ENOENT for it, one that has not refuses (facts measured in docs/backends.md). */
#define ACCESS_CANARY_SIZE 48
char *access_list_canary(uint64_t generation, char path[ACCESS_CANARY_SIZE]);
