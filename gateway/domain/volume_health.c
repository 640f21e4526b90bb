/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/volume_health.h"

#include <stdlib.h>

void volume_health_fini(struct volume_health *health)
{
        for (size_t i = 0; i < health->brick_count; i++)
                free(health->bricks[i].path);
        for (size_t i = 0; i < health->node_count; i++)
                free(health->nodes[i].name);
        free(health->bricks);
        free(health->nodes);
        free(health->clients);
        *health = (struct volume_health){ 0 };
}

const char *heal_state_word(enum heal_state state)
{
        static const char *const words[] = { [HEAL_SPLIT_BRAIN] = "split_brain",
                                             [HEAL_DEGRADED] = "degraded",
                                             [HEAL_UNKNOWN] = "unknown",
                                             [HEAL_HEALING] = "healing",
                                             [HEAL_HEALTHY] = "healthy" };

        return words[state];
}

/* Takes in the replica set that begins at brick `first`. */
static void set_summarize(const struct volume_health *health, size_t first, struct heal_summary *summary)
{
        uint64_t entries = 0, split_brain = 0;
        bool counted = false, judged = true;

        for (size_t i = first; i < first + health->replica && i < health->brick_count; i++) {
                const struct brick_health *brick = &health->bricks[i];

                if (!brick->counted)
                        continue;
                counted = true;
                judged = judged && brick->judged;
                entries = brick->entries > entries ? brick->entries : entries;
                split_brain = brick->split_brain > split_brain ? brick->split_brain : split_brain;
        }
        summary->entries += entries;
        summary->split_brain += split_brain;
        summary->entries_known = summary->entries_known && counted;
        summary->split_brain_known = summary->split_brain_known && counted && judged;
}

struct heal_summary heal_summarize(const struct volume_health *health)
{
        bool replicated = health->replica > 1;
        struct heal_summary summary = { .entries_known = replicated, .split_brain_known = replicated };

        for (size_t i = 0; replicated && i < health->brick_count; i += health->replica)
                set_summarize(health, i, &summary);
        for (size_t i = 0; i < health->brick_count; i++)
                summary.bricks_down += !health->bricks[i].online;
        for (size_t i = 0; i < health->node_count; i++) {
                summary.nodes_down += !health->nodes[i].connected;
                summary.daemons_down += replicated && health->nodes[i].self_heal == KNOWN_ABSENT;
        }
        summary.state = summary.split_brain > 0                                               ? HEAL_SPLIT_BRAIN
                        : summary.bricks_down + summary.nodes_down + summary.daemons_down > 0 ? HEAL_DEGRADED
                        : replicated && !summary.entries_known                                ? HEAL_UNKNOWN
                        : summary.entries > 0                                                 ? HEAL_HEALING
                                                                                              : HEAL_HEALTHY;
        return summary;
}
