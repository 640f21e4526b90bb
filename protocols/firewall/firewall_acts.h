/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the helper does for the daemon with the kernel's packet filter: CAP_NET_ADMIN takes it. Every address is
 * checked here again, and every line that reaches libnftables is printed here, from binary.
 *
 * Whether the rules in the kernel are ours is known from the kernel alone: right after an installation the table
 * is listed without its elements and remembered, and from then on it must list the same, byte for byte. So nothing
 * here depends on how a version of libnftables writes a rule, and nobody's word is taken for what a rule does;
 * that no other transaction came between the installation and its listing, the kernel's counter of transactions
 * tells. Elements are read from the library's text too, a literal address at a time (ruleset_read): it is the same
 * library that has put them there, and no second reader of the kernel's attributes is needed. A helper that was
 * started anew remembers nothing; then the table is not known to be ours, and installing it again, over itself,
 * disturbs nobody.
 *
 * The fields of each request and reply, in order; firewall_calls.c is the other side. Ports are three u64: first
 * and last port of bricks, port of gatehouse-volfiled or 0. Records are firewall_wire.h's. ACT_FIREWALL_INSTALL
 * ports, number of records u64, descriptor: records -> - (PRECONDITION: root has switched the filter off)
 * ACT_FIREWALL_CHANGE   ports, number of closed u64, of opened u64, descriptor: records, no storage nodes ->
 * descriptor: a record for each connection that was ended, none without any
 * ACT_FIREWALL_OBSERVE  ports -> present (1, or 0: no table, or not ours), number of records, descriptor: records
 * ACT_FIREWALL_REMOVE   - -> -
 * ACT_FIREWALL_SESSIONS ports, number of records u64, descriptor: records of pairs, sorted -> descriptor: a count
 * of 32 bits for each, in the machine's order of bytes
 */
#pragma once

#include "base/act.h"

/* The helper's acts, closed by a row without `run`; no context. */
extern const struct act firewall_acts[];
