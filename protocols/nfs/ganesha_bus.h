/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The D-Bus connection to NFS-Ganesha: kept, made again when it was lost, spoken through to one instance of the
 * server at a time. Calls are answered in the order in which they were sent, and several may be under way: the
 * server's one D-Bus thread then finds the next when it is done with one. Knows no call of the export manager by
 * its meaning.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

#define GANESHA_CALLS_MAX 16 /* under way at a time */

struct ganesha_bus;
struct sd_bus_message; /* of sd-bus */

/* As for ganesha_new. `address` is copied. */
struct ganesha_bus *ganesha_bus_new(const char *address, int call_timeout_ms);
void ganesha_bus_free(struct ganesha_bus *bus);

/* A call, by what its fault says: "<verb> NFS export <number>", or "<verb> NFS exports" when that is 0. Strings
 * are static. */
struct ganesha_call {
        const char *verb, *method;
        uint16_t number;
};

/* Sends a call of the export manager; `types` and the rest as for sd_bus_message_append. What goes wrong is told
 * when it is received. */
void ganesha_bus_send(struct ganesha_bus *bus, const struct ganesha_call *call, const char *types, ...);

/* The same for a call that cannot be sent, for this reason: it keeps its place among the others. */
void ganesha_bus_send_nothing(struct ganesha_bus *bus, const struct ganesha_call *call, const struct fault *why);

/* Whether the oldest call that was sent and not received is `call`. One of another kind is a programmer's error.
 */
bool ganesha_bus_is_sent(const struct ganesha_bus *bus, const struct ganesha_call *call);

/* Waits for the answer to the oldest call, for the timeout at most since it became the oldest. 0 and *reply (the
 * caller unrefs it), or a fault as seams.h has them for struct nfs_server. */
int ganesha_bus_receive(struct ganesha_bus *bus, struct sd_bus_message **reply, struct fault *fault);

/* A text property of the server's administration, e.g. "VERSION_RELEASE". Caller frees *text. */
int ganesha_bus_property(struct ganesha_bus *bus, const char *name, const char *label, char **text,
                         struct fault *fault);

/* `wait` of struct nfs_server: forgets what was sent and not received. */
uint64_t ganesha_bus_wait(struct ganesha_bus *bus, int wake_fd, int timeout_ms);
