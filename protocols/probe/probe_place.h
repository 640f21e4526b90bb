/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The probe place: a network namespace for each probe client, joined to the storage node by a link of its own, and
 * workers in them. Held by the helper, through descriptors alone: nothing of it has a name in the file system, and
 * when the helper and the workers have ended, for whatever reason, the kernel takes back namespaces, links and
 * addresses. Thread-safe. Needs CAP_SYS_ADMIN (namespaces), CAP_NET_ADMIN, and for workers CAP_SETUID and
 * CAP_SETGID.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "domain/probe_network.h"
#include "base/fault.h"

/* Who the workers are, and what they run. To be told before anything else; `program` is kept by reference. */
void probe_place_configure(uid_t uid, gid_t gid, const char *program);

/* Makes the place in `network`, or leaves it as it is when it is there; of another network it is made anew.
 * *number tells one making from another, in whatever helper: workers of an older one have no link any more.
 * CONFLICT: this machine has addresses of that network; UNAVAILABLE: the kernel gives no namespace or link. */
int probe_place_make(const struct probe_network *network, uint64_t *number, struct fault *fault);

/* Takes it away. Workers in it keep a namespace without a link until they end. */
int probe_place_remove(struct fault *fault);

/* Starts a worker as the configured user, without any capability, in the namespace of `client`, with `socket` as
 * its descriptor 3. *pid_fd (caller closes) becomes readable when it has ended. It is ended by the kernel when the
 * calling thread ends. UNAVAILABLE: the place is not there, or the program. */
int probe_worker_start(enum probe_client client, int socket, pid_t *pid, int *pid_fd, struct fault *fault);
