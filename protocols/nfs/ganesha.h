/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * NFS-Ganesha's export manager (V4.3) as the seam `struct nfs_server`: one kept D-Bus connection, calls
 * sent ahead of the answers, each EXPORT block handed over as a file of its own. Used by one thread at a time.
 * Nothing is assumed about the server: it may be absent, hang, end in the middle of a call or come back empty, and
 * so may the bus.
 *
 * What Ganesha does that its interface does not say (each held by tests/contract/contract_nfs_server.c):
 * - UpdateExport of a number that is not there adds it, and says "1 exports updated";
 * - UpdateExport can change neither Path nor Filesystem_id;
 * - AddExport of a number that is there changes nothing and is refused, that of a taken pseudo path too;
 * - two exports with one Filesystem_id are accepted;
 * - the cause of a refusal is in its log only, so that the fault tells what kinds of cause there are.
 */
#pragma once

#include "domain/seams.h"

#define GANESHA_CALL_TIMEOUT_MS 10000 /* an unreachable volume server holds AddExport for about 4 s */

struct ganesha;

/* `bus_address`: a D-Bus address, NULL or "" for the system bus. `folder` is where blocks are handed over: made
 * when it is missing, readable by the server (which is root), for nobody else to write. `call_timeout_ms` bounds
 * each call; 0 = GANESHA_CALL_TIMEOUT_MS. Connects when first used, and again whenever the connection was lost.
 * Strings are copied. Free with ganesha_free. */
struct ganesha *ganesha_new(const char *bus_address, const char *folder, int call_timeout_ms);
void ganesha_free(struct ganesha *ganesha);

/* The seam over `ganesha`, which must outlive it. Beyond what seams.h says:
 * add: CONFLICT when the number is taken. remove: 0 when there is nothing to remove. list leaves out number 0, the
 * server's own pseudo root. wait: returns at once when the instance differs from what it returned last (0 at
 * first); while there is no bus it tries to connect every second. wake_fd may be -1. */
struct nfs_server ganesha_server(struct ganesha *ganesha);
