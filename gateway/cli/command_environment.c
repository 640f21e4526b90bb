/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/apply.h"
#include "cli/commands.h"

static const struct show_column environment_columns[] = {
        { "NAME", "name" },     { "ACCOUNT", "account" }, { "STATE", "state" }, { "PLATFORM", "platform_version" },
        { "LAYERS", "layers" }, { "UID", "uid" },         { NULL, NULL },
};

static const struct show_column node_columns[] = {
        { "NODE", "id" },     { "LAYER", "layer" }, { "ADDRESSES", "addresses" },
        { "IMAGE", "image" }, { "OS", "os.id" },    { NULL, NULL },
};

/* Whether `nodes` (an array of objects) has one with this id. */
static bool nodes_have(const json_t *nodes, const char *id)
{
        for (size_t i = 0; i < json_array_size(nodes); i++) {
                const char *other = json_string_value(json_object_get(json_array_get(nodes, i), "id"));

                if (other && strcmp(other, id) == 0)
                        return true;
        }
        return false;
}

static int node_delete(struct session *session, const char *environment, const char *id, json_t *answers)
{
        AUTO_ANSWER struct answer answer = { 0 };
        AUTO_FREE char *path = call_path("v1", "environments", environment, "nodes", id, NULL);
        AUTO_FREE char *subject = memory_format("node %s of %s", id, environment);
        int exit_code =
                session_call(session, &(struct call){ .method = "DELETE", .path = path }, subject, &answer);

        if (exit_code == EXIT_DONE && !session_show_outlook(session, subject, &answer, answers) && !session->json)
                fprintf(session->out, "%s: deleted\n", subject);
        return exit_code;
}

/* Deletes the nodes of `environment` that `nodes` does not name. */
static int nodes_prune(struct session *session, const char *environment, const json_t *nodes, json_t *answers)
{
        AUTO_FREE char *path = call_path("v1", "environments", environment, "nodes", NULL);
        json_t *there;
        int exit_code = session_list(session, path, &there);

        for (size_t i = 0; exit_code == EXIT_DONE && i < json_array_size(there); i++) {
                const char *id = json_string_value(json_object_get(json_array_get(there, i), "id"));

                if (id && !nodes_have(nodes, id))
                        exit_code = node_delete(session, environment, id, answers);
        }
        json_decref(there);
        return exit_code;
}

static int nodes_apply(struct session *session, const char *environment, const json_t *nodes, json_t *answers)
{
        int exit_code = EXIT_DONE;

        for (size_t i = 0; i < json_array_size(nodes); i++) {
                const json_t *node = json_array_get(nodes, i);
                const char *id = apply_name(session, node, "id", "node", i);

                if (!id) {
                        exit_code = exit_worse(exit_code, EXIT_USAGE);
                        continue;
                }
                AUTO_FREE char *path = call_path("v1", "environments", environment, "nodes", id, NULL);
                AUTO_FREE char *subject = memory_format("node %s of %s", id, environment);
                exit_code = exit_worse(exit_code, apply_put(session, path, subject, node, "id", answers));
        }
        return exit_code;
}

/* A dry run makes no environment that its nodes could be put into. */
static bool environment_is_missing(struct session *session, const char *path)
{
        AUTO_ANSWER struct answer answer = { 0 };
        const struct call call = { .method = "GET", .path = path };
        struct fault fault;

        return session->dry_run && session->caller.perform(session->caller.context, &call, &answer, &fault) == 0 &&
               answer.status == 404;
}

static int environment_apply_one(struct session *session, const json_t *object, size_t index, bool prune,
                                 json_t *answers)
{
        const char *name = apply_name(session, object, "name", "environment", index);
        const json_t *nodes = json_object_get(object, "nodes");
        int exit_code;

        if (!name)
                return EXIT_USAGE;
        if (nodes && !json_is_array(nodes))
                return session_usage(session, "environment %s: nodes must be an array", name);
        AUTO_FREE char *path = call_path("v1", "environments", name, NULL);
        AUTO_FREE char *subject = memory_format("environment %s", name);
        exit_code = apply_put(session, path, subject, object, "name", answers);
        if (exit_code == EXIT_DONE && json_array_size(nodes) > 0 && environment_is_missing(session, path)) {
                fprintf(session->err, "gatehouse: %s is not there yet: what its nodes would mean cannot be told\n",
                        subject);
                return exit_code;
        }
        /* What takes access away goes first. */
        if (exit_code == EXIT_DONE && prune && nodes)
                exit_code = nodes_prune(session, name, nodes, answers);
        if (exit_code == EXIT_DONE)
                exit_code = nodes_apply(session, name, nodes, answers);
        return exit_code;
}

static int environment_apply(struct session *session, const struct invocation *invocation)
{
        bool prune = invocation_option(invocation, "prune") != NULL;
        json_t *objects, *answers = json_array();
        int exit_code = apply_read(session, invocation->argument, &objects);

        if (exit_code == EXIT_DONE) {
                for (size_t i = 0; i < json_array_size(objects); i++)
                        exit_code =
                                exit_worse(exit_code, environment_apply_one(session, json_array_get(objects, i), i,
                                                                            prune, answers));
                if (session->json)
                        session_print_json(session, answers);
        }
        json_decref(objects);
        json_decref(answers);
        return exit_code;
}

static int environment_list(struct session *session, const struct invocation *invocation)
{
        static const char *const filters[] = { "account", "state", NULL };

        return session_show_list(session,
                                 session_filter(call_path("v1", "environments", NULL), invocation, filters),
                                 environment_columns);
}

/* Prints an environment and its nodes. */
static int environment_show(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "environments", invocation->argument, NULL);
        AUTO_FREE char *nodes_path = call_path("v1", "environments", invocation->argument, "nodes", NULL);
        AUTO_ANSWER struct answer answer = { 0 };
        AUTO_TEXT struct text text = { 0 };
        json_t *nodes = NULL;
        int exit_code = session_call(session, &(struct call){ .method = "GET", .path = path }, NULL, &answer);

        if (exit_code == EXIT_DONE)
                exit_code = session_list(session, nodes_path, &nodes);
        if (exit_code == EXIT_DONE && session->json) {
                json_object_set(answer.body, "nodes", nodes);
                session_print_json(session, answer.body);
        } else if (exit_code == EXIT_DONE) {
                show_object(answer.body, &text);
                text_add_char(&text, '\n');
                show_table(nodes, node_columns, session->width, &text);
                fputs(text_get(&text), session->out);
        }
        json_decref(nodes);
        return exit_code;
}

static int environment_delete(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "environments", invocation->argument, NULL);
        unsigned wait_s;

        if (!session_read_wait(session, invocation, &wait_s))
                return EXIT_USAGE;
        return session_delete(session, path, "environment", invocation->argument, wait_s);
}

static const struct command_option apply_options[] = {
        { "prune", NULL, "delete the nodes that the file does not name, where it names any", false },
        WRITE_OPTIONS,
        { 0 },
};

static const struct command_option delete_options[] = {
        { "wait", "SECONDS", "wait until no server lets its nodes in any more, at most so long; 0", false },
        WRITE_OPTIONS,
        { 0 },
};

static const struct command_option list_options[] = {
        { "account", "NAME", "of this account alone", false },
        { "state", "starting|running|sleeping|stopped|migrating", "in this state alone", false },
        { 0 },
};

const struct command environment_commands[] = {
        { "environment", "apply", "FILE",
          "Create or replace environments and their nodes out of a JSON file (- is standard input)", apply_options,
          environment_apply },
        { "environment", "list", NULL, "List environments", list_options, environment_list },
        { "environment", "show", "NAME", "Show an environment and its nodes", NULL, environment_show },
        { "environment", "delete", "NAME",
          "Delete an environment and its nodes; exports to it stay, and reach nobody", delete_options,
          environment_delete },
        { 0 },
};
