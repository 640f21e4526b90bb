/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The helper's side of privilege: a listening SOCK_SEQPACKET socket that serves one user only, capabilities cut
 * down to the union of the table at start and raised (effective) for each act alone, no_new_privs; and the
 * daemon's side, an act_caller over that socket. The acts themselves live in protocols/.
 */
#pragma once

#include <sys/types.h>

#include "base/act.h"

/* Capabilities and no_new_privs belong to threads and are inherited: cut them before the first thread starts. */

/* Drops every capability from all sets, sets no_new_privs and checks that it took: for the daemon and the workers.
 * The bounding set too when the caller may (CAP_SETPCAP); who may not has nothing that it could bound. */
int privilege_drop_all(struct fault *fault);

/* The part of privilege_drop_all that takes CAP_SETPCAP, for a process that is still root and becomes another user
 * before it drops the rest: a change of user leaves the bounding set as it is. Nothing for who may not. */
int privilege_drop_bounding(struct fault *fault);

/* Cuts permitted and bounding sets down to the union of the capabilities in `table`, clears effective,
 * inheritable and ambient ones, sets no_new_privs and the secure bits by which user 0 gains nothing, and checks
 * that it took. FORBIDDEN when the process lacks one of them, or CAP_SETPCAP. */
int privilege_keep_only(const struct act *table, struct fault *fault);

/* Makes exactly the capabilities of `mask` (1 << CAP_*) effective in the calling thread, 0 = none. */
int privilege_raise(uint64_t mask, struct fault *fault);

/* Serves `table` on the listening socket until `stop_fd` becomes readable: one thread a connection, at most 4; for
 * a fifth the one that has been silent longest is closed. A peer whose SO_PEERCRED uid is not `client_uid` (or 0)
 * is closed at once and logged. Before it returns, acts that run are waited for. */
int privilege_serve(int listener, int stop_fd, uid_t client_uid, const struct act *table, void *act_context,
                    struct fault *fault);

/* Listens on `path`, mode 0600, owned by `owner`. A socket that nobody listens on is replaced; CONFLICT when
 * somebody does. Descriptor or a negative fault. */
int privilege_listen(const char *path, uid_t owner, struct fault *fault);

/* A caller over the socket at `path`: connects when needed, again after the helper restarted. Calls are
 * serialised; waiting for one's turn counts towards the deadline. Free with privilege_caller_free. */
struct privilege_caller;
struct privilege_caller *privilege_caller_new(const char *path);
void privilege_caller_free(struct privilege_caller *caller);
struct act_caller privilege_caller_acts(struct privilege_caller *caller);
