/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/apply.h"
#include "cli/commands.h"
#include "cli/storage_room.h"

static const struct show_column storage_columns[] = {
        { "NAME", "name" },
        { "KIND", "kind" },
        { "ACCOUNT", "account" },
        { "ADDRESSES", "addresses" },
        { "VOLUME", "volume" },
        { "ROOM", "room" },
        { "HEAL", "heal" },
        { "MOUNT ROOT", "mount_root" },
        { "PROTOCOL", "default_protocol" },
        { NULL, NULL },
};

static int storage_apply(struct session *session, const struct invocation *invocation)
{
        json_t *objects, *answers = json_array();
        int exit_code = apply_read(session, invocation->argument, &objects);
        bool read = exit_code == EXIT_DONE;

        for (size_t i = 0; read && i < json_array_size(objects); i++) {
                const json_t *object = json_array_get(objects, i);
                const char *name = apply_name(session, object, "name", "storage", i);

                if (!name) {
                        exit_code = exit_worse(exit_code, EXIT_USAGE);
                        continue;
                }
                AUTO_FREE char *path = call_path("v1", "storages", name, NULL);
                AUTO_FREE char *subject = memory_format("storage %s", name);
                exit_code = exit_worse(exit_code, apply_put(session, path, subject, object, "name", answers));
        }
        if (read && session->json)
                session_print_json(session, answers);
        json_decref(objects);
        json_decref(answers);
        return exit_code;
}

static int storage_list(struct session *session, const struct invocation *invocation)
{
        static const char *const filters[] = { "account", NULL };
        char *path = session_filter(call_path("v1", "storages", NULL), invocation, filters);
        json_t *items = NULL;

        if (session->json)
                return session_show_list(session, path, storage_columns);
        int exit_code = session_list(session, path, &items);
        if (exit_code == EXIT_DONE) {
                storages_describe(items);
                session_print_table(session, items, storage_columns);
        }
        json_decref(items);
        free(path);
        return exit_code;
}

static int storage_show(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "storages", invocation->argument, NULL);

        return session_show(session, path);
}

static int storage_delete(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "storages", invocation->argument, NULL);
        unsigned wait_s;

        if (!session_read_wait(session, invocation, &wait_s))
                return EXIT_USAGE;
        return session_delete(session, path, "storage", invocation->argument, wait_s);
}

static const struct command_option list_options[] = {
        { "account", "NAME", "of this account alone", false },
        { 0 },
};

static const struct command_option delete_options[] = {
        { "wait", "SECONDS", "wait until its servers let nobody in any more, at most so long; 0", false },
        WRITE_OPTIONS,
        { 0 },
};

const struct command storage_commands[] = {
        { "storage", "apply", "FILE", "Create or replace storages out of a JSON file (- is standard input)",
          write_options, storage_apply },
        { "storage", "list", NULL, "List storages", list_options, storage_list },
        { "storage", "show", "NAME", "Show a storage", NULL, storage_show },
        { "storage", "delete", "NAME", "Delete a storage that nothing is exported from any more", delete_options,
          storage_delete },
        { 0 },
};
