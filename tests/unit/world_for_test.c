/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world_for_test.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

void world_set(char **slot, const char *text)
{
        char *copy = memory_text(text);

        free(*slot);
        *slot = copy;
}

struct address world_address(const char *text)
{
        struct address address = { 0 };

        if (address_parse(text, &address) < 0)
                abort();
        return address;
}

size_t world_addresses(const char *text, struct address *addresses)
{
        AUTO_FREE char *copy = memory_text(text);
        char *rest = NULL;
        size_t count = 0;

        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                addresses[count++] = world_address(word);
        return count;
}

struct environment *world_environment(void)
{
        struct environment *environment = environment_new("shop");

        environment->document.revision = 1;
        environment->uid = memory_text("e-1");
        environment->account = memory_text("acme");
        environment->state = ENVIRONMENT_RUNNING;
        environment->platform_version = (struct platform_version){ true, 8, 3, 0 };
        environment->layers = memory_new(2, sizeof *environment->layers);
        environment->layers[0] = memory_text("cp");
        environment->layers[1] = memory_text("cache");
        environment->layer_count = 2;
        return environment;
}

struct storage *world_storage(void)
{
        struct storage *storage = storage_new("files");

        storage->document.revision = 1;
        storage->kind = STORAGE_CLUSTER;
        storage->account = memory_text("acme");
        storage->volume = memory_text("data");
        storage->mount_root = memory_text("/data");
        storage->address_count = world_addresses("10.77.0.11 10.77.0.12", storage->addresses);
        return storage;
}

struct node *world_node(const char *id, const char *layer, const char *addresses)
{
        struct node *node = node_new(id);

        node->document.revision = 2;
        node->environment = memory_text("shop");
        node->environment_uid = memory_text("e-1");
        node->layer = memory_text(layer);
        node->os_id = memory_text("debian");
        node->address_count = world_addresses(addresses, node->addresses);
        return node;
}

struct export *world_export(const char *id, uint16_t number)
{
        struct export *export = export_new(id);

        export->document.revision = 3;
        export->number = number;
        export->file_system_id = 7;
        export->account = memory_text("acme");
        export->storage = memory_text("files");
        export->path = memory_text("/shared/site");
        export->environment = memory_text("shop");
        export->environment_uid = memory_text("e-1");
        export->target = TARGET_ALL;
        export->mount_path = memory_text("/var/www/site");
        return export;
}

struct task *world_task(const char *id, const char *export_id, uint16_t number)
{
        struct task *task = task_new(id, TASK_EXPORT_DELETE, export_id ? export_id : "ex-0", "acme", "uid:0");

        if (export_id) {
                AUTO_SHARED struct export *export = world_export(export_id, number);

                task_add_export(task, export);
        }
        return task;
}

uint32_t world_random(uint64_t *state)
{
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(*state >> 33);
}

void world_pause(void)
{
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}
