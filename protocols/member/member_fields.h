/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said between the deciding storage node and a member of its pool, as fields of messages: both sides use
 * these. docs/member-protocol.md has them in words.
 *
 *   ACT_MEMBER_ENFORCE     decider u64, number u64, revision u64, volume text, probe network text ("" = none),
 *                          records u64; memory: that many records of firewall_wire.h -> report
 *   ACT_MEMBER_TAKE_LIST   volume text; memory: the list as in access_list_text.h -> -
 *   ACT_MEMBER_LOOK        volume text, run u64 (0 = none) -> report
 *   report                 id of glusterd text, decider u64, number u64, firewall u64 (enum known), filter in
 * place u64, door told u64, generation of the list u64, findings findings               run u64, generation u64,
 * age in ms u64, rows u64 (MEMBER_ROWS_MAX at most), rows row                    node text, version text, result
 * u64, code text, sentence text; for each check: tried u64, result u64, client u64 (enum probe_verdict), latency
 * in us u64
 */
#pragma once

#include "base/message.h"
#include "domain/seams.h"

/* TOO_LARGE: more addresses than the packet filter takes. */
int member_put_order(struct message *message, const struct member_order *order, struct fault *fault);

/* order->set (zeroed by the caller, freed by it with firewall_set_fini) is the caller's, order->volume the
 * message's. MALFORMED or INVALID: not an order. */
int member_take_order(struct message *message, struct member_order *order, struct fault *fault);

void member_put_report(struct message *message, const struct member_report *report);
/* MALFORMED: not a report. */
int member_take_report(struct message *message, struct member_report *report, struct fault *fault);
