/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How addresses and ports travel between the daemon's side of the packet filter and the helper's: records of a
 * fixed size in a sealed memfd, since 10,000 of them do not fit into a packet. Whoever takes them checks each one.
 *
 * A record is 24 bytes: role (0 = storage node, 1 + enum firewall_service = pair, then binding, then "NFS is
 * held"), family (4 or 6), 16 bytes of address (4 used for family 4, the rest zero), 6 bytes of a binding's MAC.
 * What a role has no use for is zero.
 */
#pragma once

#include "base/message.h"
#include "base/text.h"
#include "domain/firewall_set.h"
#include "protocols/firewall/ruleset.h"

#define FIREWALL_RECORDS_MAX 262144
#define FIREWALL_RECORD_SIZE 24

void firewall_wire_add_peers(struct text *records, const struct address *peers, size_t count);
void firewall_wire_add_pairs(struct text *records, const struct firewall_pair *pairs, size_t count);
void firewall_wire_add_bindings(struct text *records, const struct firewall_binding *bindings, size_t count);
void firewall_wire_add_hold(struct text *records);

/* All of `set`; how many records that is. */
uint64_t firewall_wire_add(struct text *records, const struct firewall_set *set);

/* Attaches `records` to the message. TOO_LARGE above FIREWALL_RECORDS_MAX. */
int firewall_wire_put(struct message *message, const struct text *records, struct fault *fault);

/* Takes the records that came along with the message. MALFORMED: no sealed memfd with whole records. */
int firewall_wire_take(const struct message *message, struct text *records, struct fault *fault);

/* Puts `count` records from number `first` on into `set` (zeroed by the caller), sorted. MALFORMED: there are not
 * as many, or one is none; INVALID: an address or a MAC that no client and no storage node can have. */
int firewall_wire_read(const struct text *records, uint64_t first, uint64_t count, struct firewall_set *set,
                       struct fault *fault);

/* Record number `index` as a pair. MALFORMED: there is none, or it is no client's. */
int firewall_wire_read_pair(const struct text *records, size_t index, struct firewall_pair *pair,
                            struct fault *fault);

void firewall_wire_put_ports(struct message *message, const struct firewall_ports *ports);

/* MALFORMED, or INVALID as firewall_ports_check. */
int firewall_wire_take_ports(struct message *message, struct firewall_ports *ports, struct fault *fault);
