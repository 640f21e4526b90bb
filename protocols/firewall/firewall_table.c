/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/firewall_table.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "protocols/firewall/nftables.h"

static atomic_bool no_sockets; /* the kernel cannot tell whether there is a socket for a packet */

void firewall_table_print(const struct firewall_set *set, const struct firewall_ports *ports, struct text *ruleset)
{
        ruleset_print(set, ports, !atomic_load(&no_sockets), ruleset);
}

int firewall_table_install(const struct firewall_set *set, const struct firewall_ports *ports, struct fault *fault)
{
        AUTO_TEXT struct text ruleset = { 0 };
        struct fault why;

        firewall_table_print(set, ports, &ruleset);
        int failed = nftables_run(text_get(&ruleset), fault);
        if (!failed || atomic_load(&no_sockets))
                return failed;
        why = *fault;
        text_clear(&ruleset);
        ruleset_print(set, ports, false, &ruleset);
        if (nftables_run(text_get(&ruleset), fault))
                return failed;
        atomic_store(&no_sockets, true);
        log_warning(
                "NFS clients are refused, not kept waiting, in the moment after NFS-Ganesha dies: the kernel does "
                "not look up sockets (CONFIG_NFT_SOCKET): %s",
                why.text);
        return 0;
}

/* Others may have put in what Gatehouse never does. */
static bool set_could_be_ours(const struct firewall_set *set)
{
        for (size_t i = 0; i < set->peer_count; i++)
                if (address_kind(&set->peers[i]) != ADDRESS_USABLE)
                        return false;
        for (size_t i = 0; i < set->pair_count; i++)
                if (address_kind(&set->pairs[i].address) != ADDRESS_USABLE)
                        return false;
        for (size_t i = 0; i < set->binding_count; i++)
                if (address_kind(&set->bindings[i].address) != ADDRESS_USABLE)
                        return false;
        return true;
}

int firewall_table_read(struct firewall_set *set, bool *ours, struct fault *fault)
{
        struct text listings[RULESET_SETS] = { { 0 } };
        char *texts[RULESET_SETS];
        struct fault unreadable;
        int failed = 0;

        for (int i = 0; i < RULESET_SETS && !failed; i++) {
                AUTO_FREE char *command =
                        memory_format("list set inet " RULESET_TABLE " %s\n", ruleset_sets[i].name);

                failed = nftables_list(command, false, &listings[i], fault);
        }
        for (int i = 0; i < RULESET_SETS; i++)
                texts[i] = text_take(&listings[i]);
        if (!failed)
                *ours = ruleset_read(texts, set, &unreadable) == 0 && set_could_be_ours(set);
        for (int i = 0; i < RULESET_SETS; i++)
                free(texts[i]);
        return failed;
}

int firewall_table_remove(struct fault *fault)
{
        AUTO_TEXT struct text commands = { 0 };
        uint32_t generation;
        int failed;

        ruleset_print_removal(&commands);
        failed = nftables_generation(&generation, fault);
        return failed ? failed : nftables_run(text_get(&commands), fault);
}
