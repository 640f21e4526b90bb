/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/gate_drift.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

#define PAIRS_TOLD 3 /* of those that are too many, and of those that are missing */

/* What a table holds, for people. Caller frees. */
static char *set_text(const struct firewall_set *set)
{
        size_t counts[SERVICE_COUNT] = { 0 };

        for (size_t i = 0; i < set->pair_count; i++)
                counts[set->pairs[i].service]++;
        return memory_format(
                "%zu storage nodes; let in: %zu addresses to nfs, %zu to gluster; %zu bound to a MAC%s",
                set->peer_count, counts[SERVICE_NFS], counts[SERVICE_GLUSTER], set->binding_count,
                set->nfs_held ? "; NFS is held" : "");
}

/* The first pairs that are in `set` and not in `other`, up to three; "" when there are none. */
static void surplus_add(struct text *text, const char *what, const struct firewall_set *set,
                        const struct firewall_set *other)
{
        char address[ADDRESS_TEXT_SIZE];
        size_t told = 0, count = 0;

        for (size_t i = 0; i < set->pair_count; i++) {
                const struct firewall_pair *pair = &set->pairs[i];

                if (firewall_set_has(other, pair) || count++ >= PAIRS_TOLD)
                        continue;
                text_addf(text, "%s %s %s", told++ ? "," : what, address_format(&pair->address, address),
                          firewall_service_word(pair->service));
        }
        if (count > told)
                text_addf(text, " and %zu more", count - told);
}

void gate_drift_note(struct drift *drift, const struct firewall_set *wanted_set, const struct firewall_set *held,
                     int failed, const struct fault *fault)
{
        AUTO_FREE char *wanted = set_text(wanted_set);
        AUTO_FREE char *detail = failed && failed != -FAULT_OBSERVING ? memory_text(fault->text) : NULL;
        AUTO_TEXT struct text seen = { 0 };
        struct difference found = { .kind = held ? DIFFERENCE_FIREWALL_CHANGED : DIFFERENCE_FIREWALL_MISSING,
                                    .action = !failed                      ? DIFFERENCE_REPAIRED
                                              : failed == -FAULT_OBSERVING ? DIFFERENCE_REPORTED
                                                                           : DIFFERENCE_FAILED,
                                    .object = "the packet filter",
                                    .desired = wanted,
                                    .detail = detail };

        if (held) {
                AUTO_FREE char *counts = set_text(held);

                text_add(&seen, counts);
                surplus_add(&seen, "; more than wanted:", held, wanted_set);
                surplus_add(&seen, "; less than wanted:", wanted_set, held);
                found.observed = text_take(&seen);
        }
        drift_note(drift, &found);
        free(found.observed);
}
