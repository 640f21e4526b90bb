/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/volume_note.h"

#include <string.h>

#include "base/memory.h"
#include "reconcile/side.h"

void volume_note_health(struct status *status, const struct volume_state *volume, const struct volume_seen *seen)
{
        struct fault bricks = { 0 }, filter = { 0 };
        size_t local = 0, down = 0;
        const char *first = NULL;

        for (size_t i = 0; i < seen->brick_count; i++) {
                local += seen->bricks[i].local;
                if (!seen->bricks[i].local || seen->bricks[i].port != 0)
                        continue;
                down++;
                first = first ? first : seen->bricks[i].path;
        }
        if (volume_state_check(volume, seen, &bricks) == 0 && down > 0)
                fault_set(&bricks, FAULT_UNAVAILABLE,
                          "%zu of the %zu bricks that this node has of volume %s do not run, the first is %s",
                          down, local, volume->storage->volume, first);
        if (!seen->filter_in_place)
                fault_set(&filter, FAULT_UNAVAILABLE,
                          "gatehouse-volfile-filter is not where glusterd looks for it");
        status_note_backend(status, BACKEND_BRICKS, &bricks);
        status_note_backend(status, BACKEND_FILTER, &filter);
}

void volume_note_list(struct status *status, struct volume_state *volume)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        volume->list_seen = true;
        pmap_first(volume->shares.by_id, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry))
                ((struct share *)entry.value)->held = true;
        pmap_first(volume->shares.leaving, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry))
                status_note_gone(status, ((struct share *)entry.value)->id, PROTOCOL_IS_GLUSTER);
        pmap_fini(&volume->shares.leaving);
}

void volume_note_served(struct status *status, struct volume_state *volume)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volume->shares.by_id, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                struct share *share = entry.value;

                if (!share->ready || share->noted)
                        continue;
                share->noted = true;
                status_note(status, share->id, PROTOCOL_IS_GLUSTER, share->revision, NULL);
        }
}

void volume_note_fault(struct status *status, struct volume_state *volume, const struct fault *fault)
{
        struct pmap maps[] = { volume->shares.by_id, volume->shares.leaving };

        for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
                struct pmap_cursor cursor;
                struct pmap_entry entry;

                pmap_first(maps[i], NULL, 0, &cursor);
                while (pmap_next(&cursor, &entry)) {
                        struct share *share = entry.value;

                        share->noted = false;
                        status_note(status, share->id, PROTOCOL_IS_GLUSTER, share->revision, fault);
                }
        }
}

/* A storage that is not there any more is let go of once its state is. */
static struct volume_state *volume_of(struct pmap volumes, const struct task_export *export)
{
        return pmap_find(volumes, export->storage, strlen(export->storage));
}

static enum let_go not_yet(const struct volume_state *volume, struct fault *fault)
{
        *fault = volume->fault;
        return fault->code != FAULT_NONE ? LET_GO_HINDERED : LET_GO_IN_HAND;
}

static enum let_go bricks_let_go(void *context, const struct task_export *export, struct fault *fault)
{
        const struct volume_state *volume = volume_of(*(struct pmap *)context, export);
        const struct share *share;

        if (!volume)
                return LET_GO_SEEN;
        share = pmap_find(volume->shares.by_id, export->id, strlen(export->id));
        if (!volume->list_seen || (volume->gone && export->number == 0) ||
            pmap_find(volume->shares.leaving, export->id, strlen(export->id)) || (share && !share->held))
                return not_yet(volume, fault);
        return LET_GO_SEEN;
}

static enum let_go door_lets_go(void *context, const struct task_export *export, struct fault *fault)
{
        const struct volume_state *volume = volume_of(*(struct pmap *)context, export);

        return !volume || volume->door_told ? LET_GO_SEEN : not_yet(volume, fault);
}

void volumes_review(struct pmap volumes, struct status *status, uint64_t revision)
{
        const struct let_go_question questions[] = {
                { LAYER_GLUSTER, revision, bricks_let_go, &volumes },
                { LAYER_VOLFILED, revision, door_lets_go, &volumes },
        };

        for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
                status_review(status, &questions[i]);
}

void volumes_shut_unwanted(struct pmap volumes, struct gate *gate)
{
        AUTO_ADDRESS_BAG struct address_bag wanted = { 0 };
        struct fault fault = { 0 };

        volumes_clients(volumes, &wanted);
        if (gate_close_others(gate, SERVICE_GLUSTER, wanted.items, wanted.count, &fault) != 0)
                side_complain("close the packet filter for Gluster", &fault);
}
