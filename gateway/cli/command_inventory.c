/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/apply.h"
#include "cli/commands.h"

#define REVISION_MAX 9007199254740991 /* 2^53 - 1, as the API has it */

static const struct show_column source_columns[] = {
        { "SOURCE", "source" },  { "STATE", "state" }, { "REVISION", "revision" },
        { "HEARD", "heard_at" }, { "AGE", "age_s" },   { "ENVIRONMENTS", "environments" },
        { "NODES", "nodes" },    { "NOTE", "note" },   { NULL, NULL },
};

static int inventory_show(struct session *session, const struct invocation *invocation)
{
        (void)invocation;
        return session_show_list(session, call_path("v1", "inventory", NULL), source_columns);
}

static int inventory_source(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "inventory", invocation->argument, NULL);

        return session_show(session, path);
}

/* Each report of the file by itself: one that is refused does not keep the next ones back. */
static int inventory_apply(struct session *session, const struct invocation *invocation)
{
        json_t *reports;
        int exit_code = apply_read(session, invocation->argument, &reports);

        for (size_t i = 0; exit_code != EXIT_USAGE && i < json_array_size(reports); i++)
                exit_code = exit_worse(exit_code,
                                       session_send(session, "PUT", "/v1/inventory", json_array_get(reports, i)));
        json_decref(reports);
        return exit_code;
}

static int inventory_heartbeat(struct session *session, const struct invocation *invocation)
{
        const char *revision = invocation_option(invocation, "revision");
        unsigned long long number;
        json_t *body;
        int exit_code;

        if (!revision || !number_parse(revision, 1, REVISION_MAX, &number))
                return session_usage(session, "--revision N is needed, a whole number from 1 to %lld",
                                     (long long)REVISION_MAX);
        body = json_pack("{s:s, s:I}", "source", invocation->argument, "revision", (json_int_t)number);
        exit_code = session_send(session, "POST", "/v1/inventory/heartbeat", body);
        json_decref(body);
        return exit_code;
}

static int inventory_forget(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "inventory", invocation->argument, NULL);

        return session_delete(session, path, "source", invocation->argument, 0);
}

static const struct command_option heartbeat_options[] = {
        { "revision", "N", "of the inventory, as the source has it", false },
        WRITE_OPTIONS,
        { 0 },
};

const struct command inventory_commands[] = {
        { "inventory", "show", NULL, "Show the sources of the inventory, and how long each has been silent", NULL,
          inventory_show },
        { "inventory", "source", "SOURCE", "Show one source of the inventory", NULL, inventory_source },
        { "inventory", "apply", "FILE",
          "Make a full report of a source true, out of a JSON file (- is standard input)", write_options,
          inventory_apply },
        { "inventory", "heartbeat", "SOURCE", "Say that a source is alive and has nothing newer to tell",
          heartbeat_options, inventory_heartbeat },
        { "inventory", "forget", "SOURCE", "Forget a source; what it said stays, and its silence counts no more",
          write_options, inventory_forget },
        { 0 },
};
