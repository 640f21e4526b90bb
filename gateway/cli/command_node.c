/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Client nodes one by one. They are written with their environment: `environment apply`.
 */
#include <jansson.h>

#include "base/memory.h"
#include "cli/apply.h"
#include "cli/commands.h"
#include "cli/session.h"

static const struct show_column node_columns[] = {
        { "NODE", "id" },     { "LAYER", "layer" }, { "ADDRESSES", "addresses" },
        { "IMAGE", "image" }, { "OS", "os.id" },    { NULL, NULL },
};

static const struct show_column mount_columns[] = {
        { "EXPORT", "export" },
        { "MOUNT POINT", "mount.path" },
        { "SOURCE", "mount.source" },
        { "PROTOCOL", "protocol" },
        { "STATE", "state" },
        { "WHY", "cause.sentence" },
        { NULL, NULL },
};

/* The environment that an option names; NULL when it does not, which has been said. */
static const char *environment_of(struct session *session, const struct invocation *invocation)
{
        const char *environment = invocation_option(invocation, "environment");

        if (!environment)
                session_usage(session, "option --environment is needed: a node is part of one");
        return environment;
}

static int node_list(struct session *session, const struct invocation *invocation)
{
        static const char *const filters[] = { "layer", NULL };
        const char *environment = environment_of(session, invocation);
        char *path;

        if (!environment)
                return EXIT_USAGE;
        path = call_path("v1", "environments", environment, "nodes", NULL);
        return session_show_list(session, session_filter(path, invocation, filters), node_columns);
}

static int node_show(struct session *session, const struct invocation *invocation)
{
        const char *environment = environment_of(session, invocation);

        if (!environment)
                return EXIT_USAGE;
        AUTO_FREE char *path = call_path("v1", "environments", environment, "nodes", invocation->argument, NULL);
        return session_show(session, path);
}

static int node_delete(struct session *session, const struct invocation *invocation)
{
        const char *environment = environment_of(session, invocation);
        unsigned wait_s;

        if (!environment || !session_read_wait(session, invocation, &wait_s))
                return EXIT_USAGE;
        AUTO_FREE char *path = call_path("v1", "environments", environment, "nodes", invocation->argument, NULL);
        return session_delete(session, path, "node", invocation->argument, wait_s);
}

static int node_mounts(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "nodes", invocation->argument, "mounts", NULL);
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code = session_call(session, &(struct call){ .method = "GET", .path = path }, NULL, &answer);

        if (exit_code != EXIT_DONE)
                return exit_code;
        if (session->json)
                session_print_json(session, answer.body);
        else
                session_print_table(session, json_object_get(answer.body, "items"), mount_columns);
        return EXIT_DONE;
}

static int node_mounted(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "nodes", invocation->argument, "mounted", NULL);

        return session_show(session, path);
}

static int node_report(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "nodes", invocation->argument, "mounted", NULL);
        const char *file = invocation_option(invocation, "file");
        json_t *reports = NULL;
        int exit_code;

        if (!file)
                return session_usage(session, "option --file is needed: what the node has mounted");
        exit_code = apply_read_one(session, file, &reports);
        if (exit_code == EXIT_DONE)
                exit_code = session_send(session, "PUT", path, json_array_get(reports, 0));
        json_decref(reports);
        return exit_code;
}

#define OF_ENVIRONMENT                                                   \
        {                                                                \
                "environment", "NAME", "whose node it is; needed", false \
        }

static const struct command_option environment_options[] = { OF_ENVIRONMENT, { 0 } };
static const struct command_option list_options[] = {
        OF_ENVIRONMENT,
        { "layer", "NAME", "of this layer alone", false },
        { 0 },
};
static const struct command_option report_options[] = {
        { "file", "FILE", "what it has mounted, as JSON; - is standard input; needed", false },
        { 0 },
};
static const struct command_option delete_options[] = {
        OF_ENVIRONMENT,
        { "wait", "SECONDS", "wait until no server lets it in any more, at most so long; 0", false },
        WRITE_OPTIONS,
        { 0 },
};

const struct command node_commands[] = {
        { "node", "list", NULL, "List the nodes of an environment", list_options, node_list },
        { "node", "show", "ID", "Show a node", environment_options, node_show },
        { "node", "delete", "ID", "Delete a node: it is let in nowhere any more", delete_options, node_delete },
        { "node", "mounts", "ID", "List what a node should have mounted", NULL, node_mounts },
        { "node", "mounted", "ID", "Show what a node has said that it has mounted", NULL, node_mounted },
        { "node", "report", "ID", "Say in a node's place what it has mounted", report_options, node_report },
        { 0 },
};
