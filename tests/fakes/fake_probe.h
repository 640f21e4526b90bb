/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The probe place in memory, before a packet filter in memory: who is let through meets a server that lets the
 * admitted client in and refuses the stranger. Every storage node is here. Thread-safe.
 */
#pragma once

#include "domain/probe.h"
#include "tests/fakes/fake_firewall.h"

struct fake_probe;

/* `filter` (borrowed) is asked whether the stranger gets through; the admitted client always does. */
struct fake_probe *fake_probe_new(struct fake_firewall *filter);
void fake_probe_free(struct fake_probe *fake);
struct probe fake_probe_table(struct fake_probe *fake);

/* From now on servers answer `client` so. */
void fake_probe_say(struct fake_probe *fake, enum probe_client client, enum probe_verdict verdict);

/* Lets call number `nth` from now on (1 = the next, whatever it is) fail with `code`, once; 0 = none. */
void fake_probe_fail(struct fake_probe *fake, unsigned nth, enum fault_code code);
