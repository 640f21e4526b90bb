/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the numbers in a client row of DisplayExport mean. Pure; the D-Bus message is read in ganesha.c. The masks
 * are Ganesha's EXPORT_OPTION_*, which are not part of any interface it promises: V4.3, include/nfs_exports.h.
 */
#pragma once

#include <stdint.h>

#include "domain/nfs_export.h"

/* One struct of the array a(siyyiuuuuu). The four fields after the name repeat it (version 0, first byte of the
 * address, first byte of its mask, 1 = IPv4 or 2 = IPv6) and are not read. */
struct ganesha_client_row {
        const char *name; /* "10.77.0.21/32", "fd77::21/128", a network, a host name with ? or *, or a netgroup;
                             borrowed */
        uint32_t anonymous_uid, anonymous_gid;
        uint32_t options; /* what holds for this client, where `set` says that its CLIENT block spoke of it */
        uint32_t set;
};

/* Adds the client of `row` to `seen`, or makes `seen` foreign when it is not one that ganesha_config_render
 * writes: a literal host address with RW or RO, NFSv4 alone, a squash, anonymous ids and ports of its own, the
 * same for all; and at the end one that refuses everybody else. */
void ganesha_seen_add(struct nfs_export_seen *seen, const struct ganesha_client_row *row);

/* Puts the clients in the order of their addresses; a double makes `seen` foreign. Call once after the last. */
void ganesha_seen_finish(struct nfs_export_seen *seen);
