/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/contest.h"

#include "base/memory.h"
#include "base/text.h"

/* Ids are names, so that they stand in JSON as they are. */
static char *claimants_render(const struct snapshot *snapshot, const struct address *address)
{
        struct text text = { 0 };
        struct snapshot_walk walk;
        const struct document *node;
        const char *between = "";

        text_add(&text, "{\"nodes\":[");
        snapshot_walk_claimants(&walk, snapshot, address);
        for (; (node = snapshot_walk_next(&walk)); between = ",")
                text_addf(&text, "%s\"%s\"", between, node->id);
        text_add(&text, "]}");
        return text_take(&text);
}

static bool node_has_address(const struct node *node, const struct address *address)
{
        for (size_t i = 0; node && i < node->address_count; i++)
                if (address_equal(&node->addresses[i], address))
                        return true;
        return false;
}

void contest_walk(const struct snapshot *before, const struct snapshot *after, const char *id,
                  void (*each)(void *context, const struct address *address, bool contested,
                               const char *claimants),
                  void *context)
{
        const struct node *nodes[] = { snapshot_node(before, id), snapshot_node(after, id) };

        for (size_t which = 0; which < ARRAY_SIZE(nodes); which++)
                for (size_t i = 0; nodes[which] && i < nodes[which]->address_count; i++) {
                        const struct address *address = &nodes[which]->addresses[i];
                        bool contested = snapshot_address_is_contested(after, address);

                        if ((which == 1 && node_has_address(nodes[0], address)) ||
                            contested == snapshot_address_is_contested(before, address))
                                continue;
                        AUTO_FREE char *claimants = claimants_render(after, address);
                        each(context, address, contested, claimants);
                }
}
