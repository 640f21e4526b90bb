/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The packet filter in memory. tests/contract/contract_firewall.c holds it to the answers of the real one.
 * Thread-safe.
 */
#pragma once

#include <stdbool.h>

#include "domain/seams.h"

struct fake_firewall;

struct fake_firewall *fake_firewall_new(void);
void fake_firewall_free(struct fake_firewall *fake);
struct firewall fake_firewall_table(struct fake_firewall *fake);

/* What others do: all tables away, as `nft flush ruleset`; a rule of ours changed; a pair put in by hand. */
void fake_firewall_flush(struct fake_firewall *fake);
void fake_firewall_tamper(struct fake_firewall *fake);
void fake_firewall_slip_in(struct fake_firewall *fake, const struct firewall_pair *pair);

/* Whether a packet of `address` reaches `service`: also when there is no table, or one that was tampered with. */
bool fake_firewall_admits(struct fake_firewall *fake, enum firewall_service service,
                          const struct address *address);

/* Whether NFS is held, as the table says that is there (false when there is none). */
bool fake_firewall_holds_nfs(struct fake_firewall *fake);

/* What root does: `off` takes the table away and lets none be installed until it is false again. */
void fake_firewall_switch(struct fake_firewall *fake, bool off);

/* How often the sessions of `pair` were ended: by a change that closed it, and by each installation without it. */
unsigned fake_firewall_cuts(struct fake_firewall *fake, const struct firewall_pair *pair);

/* From now on every open pair has so many connections, which end with it; none at first. */
void fake_firewall_connect(struct fake_firewall *fake, unsigned connections);

/* The same for one address alone: nobody else has a connection from now on. */
void fake_firewall_connect_only(struct fake_firewall *fake, const struct address *address, unsigned connections);

/* Lets call number `nth` from now on (1 = the next, whatever it is) fail with `code`, once; 0 = none. `applied`:
 * it does what it was asked before it fails, as when an answer is lost. */
void fake_firewall_fail(struct fake_firewall *fake, unsigned nth, enum fault_code code, bool applied);

/* The helper, or the kernel's nftables, is away until it is not: each call is UNAVAILABLE. What was installed goes
 * on holding. */
void fake_firewall_away(struct fake_firewall *fake, bool away);

/* How many calls there were; how many of them asked for sessions. */
unsigned fake_firewall_calls(struct fake_firewall *fake);
unsigned fake_firewall_sessions_asked(struct fake_firewall *fake);
