/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The helper's side of privilege: a listening SOCK_SEQPACKET socket that serves one user only, capabilities cut
 * down to the union of the table at start and raised (effective) for each act alone, no_new_privs; and the
 * daemon's side, an act_caller over that socket. The acts themselves live in protocols/.
 */
#pragma once

#include <sys/types.h>

#include "base/act.h"

/* Drops every capability from all sets (bounding set included), sets no_new_privs and checks that it took: for
 * the daemon and the workers. */
int privilege_drop_all(struct fault *fault);

/* Cuts permitted and bounding sets down to the union of the capabilities in `table`, clears effective,
 * inheritable and ambient ones, sets no_new_privs. Needs the capabilities to begin with. */
int privilege_keep_only(const struct act *table, struct fault *fault);

/* Serves `table` on the listening socket until `stop_fd` becomes readable: one thread a connection, at most 4.
 * A peer whose SO_PEERCRED uid is not `client_uid` (or 0) is closed at once and logged. */
int privilege_serve(int listener, int stop_fd, uid_t client_uid, const struct act *table, void *act_context,
                    struct fault *fault);

/* Listens on `path` (a stale socket is replaced), mode 0600, owned by `owner`. Descriptor or a negative fault. */
int privilege_listen(const char *path, uid_t owner, struct fault *fault);

/* A caller over the socket at `path`: connects when needed, again after the helper restarted. Calls are
 * serialised. Free with privilege_caller_free. */
struct privilege_caller;
struct privilege_caller *privilege_caller_new(const char *path);
void privilege_caller_free(struct privilege_caller *caller);
struct act_caller privilege_caller_acts(struct privilege_caller *caller);
