/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/firewall_root.h"

#include <string.h>
#include <unistd.h>

#include "protocols/firewall/closed_ruleset.h"
#include "protocols/firewall/firewall_switch.h"
#include "protocols/firewall/firewall_table.h"
#include "protocols/firewall/nftables.h"

int firewall_off(struct fault *fault)
{
        int failed = firewall_switch_off(GATEHOUSE_ACCESSDIR, fault);

        if (!failed)
                failed = firewall_table_remove(fault);
        return failed ? failed : closed_ruleset_remove(GATEHOUSE_ACCESSDIR, fault);
}

int firewall_on(struct fault *fault)
{
        return firewall_switch_on(GATEHOUSE_ACCESSDIR, fault);
}

static void addresses_show(const char *word, const struct address *address, const struct mac *mac,
                           struct text *text)
{
        char literal[ADDRESS_TEXT_SIZE], mac_text[MAC_TEXT_SIZE];

        text_addf(text, "%s %s", word, address_format(address, literal));
        text_addf(text, "%s%s\n", mac ? " " : "", mac ? mac_format(mac, mac_text) : "");
}

static void set_show(const struct firewall_set *set, struct text *text)
{
        if (set->nfs_held)
                text_add(text, "held nfs\n");
        for (size_t i = 0; i < set->peer_count; i++)
                addresses_show("peer", &set->peers[i], NULL, text);
        for (size_t i = 0; i < set->pair_count; i++)
                addresses_show(firewall_service_word(set->pairs[i].service), &set->pairs[i].address, NULL, text);
        for (size_t i = 0; i < set->binding_count; i++)
                addresses_show("mac", &set->bindings[i].address, &set->bindings[i].mac, text);
}

/* Whether the table is there and, when it is, what it lets through. *readable: false for elements that Gatehouse
 * cannot have put in. */
static int table_look(struct firewall_set *set, bool *there, bool *readable, struct fault *fault)
{
        uint32_t generation;
        int failed = nftables_generation(&generation, fault);

        *there = *readable = false;
        if (failed || (failed = nftables_table_exists(RULESET_TABLE, there, fault)) || !*there)
                return failed;
        return firewall_table_read(set, readable, fault);
}

int firewall_show(struct text *text, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        bool readable, there;
        int failed = table_look(&set, &there, &readable, fault);

        if (failed)
                return failed;
        if (there && !readable)
                return fault_set(fault, FAULT_CONFLICT,
                                 "read packet filter: table inet " RULESET_TABLE
                                 " has elements that Gatehouse cannot have put in");
        text_add(text, firewall_is_off(GATEHOUSE_ACCESSDIR) ? "firewall off\n"
                       : there                              ? "firewall on\n"
                                                            : "firewall absent\n");
        set_show(&set, text);
        return 0;
}

/* Each line of `lines`, behind "- ". */
static void lines_take_away(const char *lines, struct text *text)
{
        for (size_t length; *lines; lines += length) {
                length = strcspn(lines, "\n") + 1;
                text_add(text, "- ");
                text_add_bytes(text, lines, length);
        }
}

int firewall_off_foretell(struct text *text, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        AUTO_TEXT struct text held = { 0 };
        bool readable, there;
        int failed = table_look(&set, &there, &readable, fault);

        if (failed)
                return failed;
        if (there)
                text_add(&held, "table inet " RULESET_TABLE "\n");
        if (there && readable)
                set_show(&set, &held);
        if (access(GATEHOUSE_ACCESSDIR "/" CLOSED_RULESET_NAME, F_OK) == 0)
                text_add(&held, GATEHOUSE_ACCESSDIR "/" CLOSED_RULESET_NAME "\n");
        lines_take_away(text_get(&held), text);
        if (!firewall_is_off(GATEHOUSE_ACCESSDIR))
                text_add(text, "+ " GATEHOUSE_ACCESSDIR "/" FIREWALL_SWITCH_NAME "\n");
        return 0;
}

int firewall_on_foretell(struct text *text, struct fault *fault)
{
        (void)fault;
        if (firewall_is_off(GATEHOUSE_ACCESSDIR))
                text_add(text, "- " GATEHOUSE_ACCESSDIR "/" FIREWALL_SWITCH_NAME "\n"
                               "+ table inet " RULESET_TABLE "\n");
        return 0;
}

int firewall_load_closed(const char *path, struct fault *fault)
{
        AUTO_TEXT struct text ruleset = { 0 };
        uint32_t generation;
        int failed;

        if (firewall_is_off(GATEHOUSE_ACCESSDIR))
                return fault_set(fault, FAULT_PRECONDITION, "the packet filter is switched off on this node");
        failed = closed_ruleset_read(path, &ruleset, fault);

        if (!failed)
                failed = nftables_generation(&generation, fault);
        return failed ? failed : nftables_run(text_get(&ruleset), fault);
}
