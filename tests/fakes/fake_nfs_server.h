/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A struct nfs_server in memory that behaves as NFS-Ganesha 4.3 was seen to, its oddities included; the contract
 * suite holds it and the real one to the same answers. Can be used by one thread and controlled from another.
 */
#pragma once

#include <stdbool.h>

#include "domain/seams.h"

struct fake_nfs_server;

/* A server that is there and empty. */
struct fake_nfs_server *fake_nfs_server_new(void);
void fake_nfs_server_free(struct fake_nfs_server *fake);
struct nfs_server fake_nfs_server_seam(struct fake_nfs_server *fake);

/* The server ends and loses all exports; it appears again, empty, as another instance. */
void fake_nfs_server_stop(struct fake_nfs_server *fake);
void fake_nfs_server_start(struct fake_nfs_server *fake);

#define FAKE_NFS_VERSION "4.3" /* what it says of itself */

/* A call that is sent ahead is carried out at once, and counted then; that it is made for its answer is no call.
 */

/* What goes wrong with a call (add, update, remove, display, list or version). */
enum fake_nfs_fault {
        FAKE_NFS_CRASH,   /* the server ends in the middle: UNAVAILABLE, and all exports are lost */
        FAKE_NFS_LATE,    /* TIMEOUT, and the change takes place all the same */
        FAKE_NFS_SILENT,  /* 0, and nothing took place; display says UNKNOWN, list fails */
        FAKE_NFS_REFUSED, /* INVALID, and nothing took place */
        FAKE_NFS_BROKEN,  /* INTERNAL, and nothing took place */
};

/* The `nth` call from now (1 = the next one) goes wrong; 0 takes an armed fault back. One is armed at a time. */
void fake_nfs_server_fail(struct fake_nfs_server *fake, unsigned nth, enum fake_nfs_fault what);

/* Calls since fake_nfs_server_new, so that a test can make each of them fail in turn. */
unsigned fake_nfs_server_calls(struct fake_nfs_server *fake);

/* Calls that were sent ahead and not made, at most, since fake_nfs_server_new. */
size_t fake_nfs_server_most_ahead(struct fake_nfs_server *fake);

/* add and update of an export of this path, or of one below it, are refused, as if there were no such directory;
 * NULL allows all. */
void fake_nfs_server_forbid_path(struct fake_nfs_server *fake, const char *path);

/* Whether the server holds exactly `wanted`. */
bool fake_nfs_server_holds(struct fake_nfs_server *fake, const struct nfs_export *wanted);

/* What somebody else does: puts an export (copied) in the place of its number, without a call of ours; or takes
 * one away. */
void fake_nfs_server_meddle(struct fake_nfs_server *fake, const struct nfs_export *export);
void fake_nfs_server_take_away(struct fake_nfs_server *fake, uint16_t number);

/* What somebody else does: the export of this number, if there is one, refuses those no more whom its client
 * blocks do not name. */
void fake_nfs_server_loosen(struct fake_nfs_server *fake, uint16_t number);

/* How many exports it holds. */
size_t fake_nfs_server_count(struct fake_nfs_server *fake);

/* Whether an export was ever removed by which a volume was opened that others were left of: NFS-Ganesha would have
 * died (reconcile/nfs_anchor.h). */
bool fake_nfs_server_is_orphaned(struct fake_nfs_server *fake);

/* Tells each export that it holds, by number; `each` must not call the fake. */
void fake_nfs_server_each(struct fake_nfs_server *fake,
                          void (*each)(void *context, const struct nfs_export *export), void *context);

/* The changes so far in their order, successful or not: "add 7\nupdate 7\nremove 7\n". Caller frees. */
char *fake_nfs_server_journal(struct fake_nfs_server *fake);
