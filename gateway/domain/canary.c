/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/canary.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"

#define FILE_SYSTEM_ID \
        UINT64_C(0x476174656b656570) /* any; NFS wants it to stay, the number tells canaries apart */

/* FNV-1a. */
static uint32_t name_hash(const char *name)
{
        uint32_t hash = 2166136261;

        for (; *name; name++)
                hash = (hash ^ (unsigned char)*name) * 16777619;
        return hash;
}

uint16_t canary_number_preferred(const char *storage)
{
        return (uint16_t)(CANARY_NUMBER_FIRST +
                          name_hash(storage) % (CANARY_NUMBER_LAST - CANARY_NUMBER_FIRST + 1));
}

struct export *canary_new(const struct storage *storage, uint16_t number)
{
        char id[EXPORT_ID_SIZE];

        assert(number >= CANARY_NUMBER_FIRST && number <= CANARY_NUMBER_LAST);
        snprintf(id, sizeof id, "canary-%08" PRIx32, name_hash(storage->document.id));
        struct export *canary = export_new(id);
        canary->document.revision = storage->document.revision;
        canary->number = number;
        canary->file_system_id = FILE_SYSTEM_ID;
        canary->account = memory_text(storage->account);
        canary->storage = memory_text(storage->document.id);
        canary->path = memory_text(CANARY_PATH);
        canary->environment = memory_text("");
        canary->environment_uid = memory_text("");
        canary->mount_path = memory_text(CANARY_PATH);
        canary->access = EXPORT_READ_WRITE; /* as the least that Gluster Native can say */
        canary->directory_mode = CANARY_MODE;
        return canary;
}

bool export_is_canary(const struct export *export)
{
        return export->number >= CANARY_NUMBER_FIRST;
}

static struct node *probe_node(const struct address *address)
{
        struct node *node = node_new("gatehouse-probe");

        node->environment = memory_text("");
        node->environment_uid = memory_text("");
        node->layer = memory_text("");
        node->addresses[0] = *address;
        node->address_count = 1;
        return node;
}

void canary_grants(const struct snapshot *snapshot, const struct export *canary,
                   const struct protocol_facts *facts, struct grant_list *list)
{
        static const enum protocol protocols[] = { PROTOCOL_IS_NFS, PROTOCOL_IS_GLUSTER };
        const struct storage *storage = snapshot_storage(snapshot, canary->storage);

        *list = (struct grant_list){ .snapshot = shared_get(snapshot), .canary = canary };
        if (!storage || facts->probe.family == ADDRESS_NONE)
                return;
        list->probe = probe_node(&facts->probe);
        list->items = memory_new(ARRAY_SIZE(protocols), sizeof *list->items);
        for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
                if (protocols[i] == PROTOCOL_IS_GLUSTER &&
                    (storage->kind != STORAGE_CLUSTER || facts->pool_enforced == KNOWN_ABSENT))
                        continue;
                list->items[list->count++] = (struct grant){
                        .export = canary,
                        .storage = storage,
                        .node = list->probe,
                        .verdict = ACCESS_ADMITTED,
                        .choice = { .protocol = protocols[i], .rule = RULE_DEFAULT },
                };
        }
}
