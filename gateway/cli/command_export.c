/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/session.h"

static const struct show_column export_columns[] = {
        { "ID", "id" },
        { "STORAGE", "storage" },
        { "PATH", "path" },
        { "ENVIRONMENT", "environment" },
        { "MOUNT PATH", "mount_path" },
        { "ACCESS", "access" },
        { "ACTIVE", "status.active" },
        { "PENDING", "status.pending" },
        { "FAILED", "status.failed" },
        { NULL, NULL },
};

/* How the value of an option becomes a member of the body. */
enum member_kind { MEMBER_TEXT, MEMBER_NUMBER, MEMBER_LIST, MEMBER_YES };

static const struct export_member {
        const char *option;
        const char *parent; /* member of the body that it goes into, or NULL */
        const char *member;
        enum member_kind kind;
} export_members[] = {
        { "storage", NULL, "storage", MEMBER_TEXT },
        { "path", NULL, "path", MEMBER_TEXT },
        { "environment", NULL, "environment", MEMBER_TEXT },
        { "mount-path", NULL, "mount_path", MEMBER_TEXT },
        { "layer", "target", "layer", MEMBER_TEXT },
        { "node", "target", "node", MEMBER_TEXT },
        { "except", "target", "except", MEMBER_LIST },
        { "access", NULL, "access", MEMBER_TEXT },
        { "squash", NULL, "squash", MEMBER_TEXT },
        { "anonymous-uid", NULL, "anonymous_uid", MEMBER_NUMBER },
        { "anonymous-gid", NULL, "anonymous_gid", MEMBER_NUMBER },
        { "privileged-ports", NULL, "privileged_ports", MEMBER_YES },
        { "protocol", NULL, "protocol", MEMBER_TEXT },
        { "mount-style", NULL, "mount_style", MEMBER_TEXT },
        { "directory-uid", "directory", "uid", MEMBER_NUMBER },
        { "directory-gid", "directory", "gid", MEMBER_NUMBER },
        { "directory-mode", "directory", "mode", MEMBER_TEXT },
        { "manager", NULL, "manager", MEMBER_TEXT },
        { "expires-at", NULL, "expires_at", MEMBER_TEXT },
};

static const struct command_option create_options[] = {
        { "storage", "NAME", "the storage that is exported from; needed", false },
        { "path", "PATH", "the directory below the storage's root; made when it is not there; needed", false },
        { "environment", "NAME", "the environment that gets it; needed", false },
        { "mount-path", "PATH", "where its nodes mount it; needed", false },
        { "layer", "NAME", "for the nodes of this layer, instead of all", false },
        { "node", "ID", "for this node, instead of all", false },
        { "except", "ID", "not for this node", true },
        { "access", "rw|ro", "whether it may be written; rw", false },
        { "squash", "none|root|all", "whose files become anonymous; none", false },
        { "anonymous-uid", "N", "user that they get; 65534", false },
        { "anonymous-gid", "N", "group that they get; 65534", false },
        { "privileged-ports", "yes|no", "whether clients must come from a port below 1024; no", false },
        { "protocol", "auto|gluster|nfs", "auto, unless one is asked for", false },
        { "mount-style", "hard|soft", "how a client waits for the server; hard", false },
        { "directory-uid", "N", "owner of the directory, should it be made; 0", false },
        { "directory-gid", "N", "its group; 0", false },
        { "directory-mode", "MODE", "its mode in octal; 0755", false },
        { "label", "KEY=VALUE", "a label", true },
        { "manager", "NAME", "who keeps this export", false },
        { "disabled", NULL, "keep it, and let nobody in", false },
        { "expires-at", "TIME", "let nobody in from then on; RFC 3339", false },
        { "key", "KEY", "the same key and export again answer the same export", false },
        { "wait", "SECONDS", "wait until it is served, at most so long; 0", false },
        WRITE_OPTIONS,
        { 0 },
};

/* The object under `parent` of `body`, made when it is not there; `body` itself for NULL. */
static json_t *parent_get(json_t *body, const char *parent)
{
        if (!parent)
                return body;
        if (!json_object_get(body, parent))
                json_object_set_new(body, parent, json_object());
        return json_object_get(body, parent);
}

static int member_set(struct session *session, json_t *body, const struct export_member *row, const char *value)
{
        json_t *parent = parent_get(body, row->parent);
        unsigned long long number;

        if (row->kind == MEMBER_NUMBER) {
                if (!number_parse(value, 0, INT64_MAX, &number))
                        return session_usage(session, "option --%s needs a number, not %s", row->option, value);
                json_object_set_new(parent, row->member, json_integer((json_int_t)number));
        } else if (row->kind == MEMBER_YES) {
                json_object_set_new(parent, row->member, json_boolean(value[0] == 'y'));
        } else if (row->kind == MEMBER_LIST) {
                if (!json_object_get(parent, row->member))
                        json_object_set_new(parent, row->member, json_array());
                json_array_append_new(json_object_get(parent, row->member), json_string(value));
        } else {
                json_object_set_new(parent, row->member, json_string(value));
        }
        return EXIT_DONE;
}

static int label_set(struct session *session, json_t *body, const char *value)
{
        const char *equals = strchr(value, '=');

        if (!equals)
                return session_usage(session, "option --label needs KEY=VALUE, not %s", value);
        AUTO_FREE char *key = memory_format("%.*s", (int)(equals - value), value);
        json_object_set_new(parent_get(body, "labels"), key, json_string(equals + 1));
        return EXIT_DONE;
}

/* Options that say by themselves what a member becomes. */
static bool word_set(json_t *body, const char *name, const char *value)
{
        if (strcmp(name, "disabled") == 0 || strcmp(name, "disable") == 0)
                json_object_set_new(body, "enabled", json_false());
        else if (strcmp(name, "enable") == 0)
                json_object_set_new(body, "enabled", json_true());
        else if (strcmp(name, "no-except") == 0)
                json_object_set_new(parent_get(body, "target"), "except", json_null());
        else if (strcmp(name, "no-label") == 0)
                json_object_set_new(parent_get(body, "labels"), value, json_null());
        else if (strcmp(name, "expires-at") == 0 && strcmp(value, "never") == 0)
                json_object_set_new(body, "expires_at", json_null());
        else
                return false;
        return true;
}

/* Sets what one option says; options that are no member (--wait, --key, global ones) are left alone. */
static int option_set(struct session *session, json_t *body, const char *name, const char *value)
{
        if (strcmp(name, "label") == 0)
                return label_set(session, body, value);
        if (word_set(body, name, value))
                return EXIT_DONE;
        for (size_t i = 0; i < ARRAY_SIZE(export_members); i++)
                if (strcmp(export_members[i].option, name) == 0)
                        return member_set(session, body, &export_members[i], value);
        return EXIT_DONE;
}

/* What the options say; NULL when they are wrong, which has been said. */
static json_t *options_body(struct session *session, const struct invocation *invocation)
{
        json_t *body = json_object();
        int exit_code = EXIT_DONE;

        for (size_t i = 0; i < invocation->given_count && exit_code == EXIT_DONE; i++)
                exit_code =
                        option_set(session, body, invocation->given[i].option->name, invocation->given[i].value);
        if (exit_code == EXIT_DONE)
                return body;
        json_decref(body);
        return NULL;
}

/* The body of a POST out of the options; NULL when they are wrong, which has been said. */
static json_t *export_body(struct session *session, const struct invocation *invocation)
{
        json_t *body = options_body(session, invocation);
        json_t *target = json_object_get(body, "target");

        if (target && !json_object_get(target, "layer") && !json_object_get(target, "node"))
                json_object_set_new(target, "all", json_true());
        return body;
}

static int export_create(struct session *session, const struct invocation *invocation)
{
        struct call call = { .method = "POST",
                             .path = "/v1/exports",
                             .key = invocation_option(invocation, "key") };
        AUTO_ANSWER struct answer answer = { 0 };
        json_t *body;
        int exit_code;

        if (call.key && (call.key[0] == '\0' || call.key[strcspn(call.key, "\r\n")] != '\0'))
                return session_usage(session, "option --key needs one line of text");
        if (!session_read_wait(session, invocation, &call.wait_s) || !(body = export_body(session, invocation)))
                return EXIT_USAGE;
        call.body = body;
        exit_code = session_call(session, &call, NULL, &answer);
        json_decref(body);
        if (exit_code != EXIT_DONE || session_show_outlook(session, NULL, &answer, NULL))
                return exit_code;
        if (session->json)
                session_print_json(session, answer.body);
        else
                fprintf(session->out, "%s\n", json_string_value(json_object_get(answer.body, "id")));
        return EXIT_DONE;
}

/* Sends the call with `body` (taken), and prints what the gateway answers as JSON, or `done`. */
static int change_call(struct session *session, struct call *call, json_t *body, const char *done)
{
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code;

        call->body = body;
        exit_code = session_call(session, call, NULL, &answer);
        json_decref(body);
        if (exit_code == EXIT_DONE && !session_show_outlook(session, NULL, &answer, NULL))
                session_print_change(session, done, call->wait_s, &answer);
        return exit_code;
}

/* The entity tag that --revision asks for, "*" without it; NULL when it is wrong, which has been said. Caller
 * frees. */
static char *revision_read(struct session *session, const struct invocation *invocation)
{
        const char *text = invocation_option(invocation, "revision");
        unsigned long long revision;

        if (!text)
                return memory_text("*");
        if (number_parse(text, 1, INT64_MAX, &revision))
                return memory_format("\"%llu\"", revision);
        session_usage(session, "option --revision needs a number, not %s", text);
        return NULL;
}

static int export_change(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "exports", invocation->argument, NULL);
        AUTO_FREE char *done = memory_format("export %s: changed", invocation->argument);
        AUTO_FREE char *if_match = revision_read(session, invocation);
        struct call call = { .method = "PATCH", .path = path, .if_match = if_match };
        json_t *body;

        if (invocation_option(invocation, "except") && invocation_option(invocation, "no-except"))
                return session_usage(session, "options --except and --no-except exclude each other");
        if (!if_match || !session_read_wait(session, invocation, &call.wait_s) ||
            !(body = options_body(session, invocation)))
                return EXIT_USAGE;
        if (json_object_size(body) > 0)
                return change_call(session, &call, body, done);
        json_decref(body);
        return session_usage(session, "export change: say what is to change; see gatehouse export change --help");
}

static int export_revoke(struct session *session, const struct invocation *invocation)
{
        const char *node = invocation_option(invocation, "node");
        AUTO_FREE char *path = call_path("v1", "exports", invocation->argument, "revoke", NULL);
        AUTO_FREE char *done = memory_format("export %s: revoked for node %s", invocation->argument, node ?: "");
        struct call call = { .method = "POST", .path = path };

        if (!node)
                return session_usage(session, "export revoke: option --node is needed");
        if (!session_read_wait(session, invocation, &call.wait_s))
                return EXIT_USAGE;
        return change_call(session, &call, json_pack("{s:s}", "node", node), done);
}

static int export_list(struct session *session, const struct invocation *invocation)
{
        static const char *const filters[] = { "environment", "account", "storage", "manager", "sort", NULL };

        return session_show_list(session, session_filter(call_path("v1", "exports", NULL), invocation, filters),
                                 export_columns);
}

static int export_show_one(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "exports", invocation->argument, NULL);

        return session_show(session, path);
}

static int export_delete(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "exports", invocation->argument, NULL);
        unsigned wait_s;

        if (!session_read_wait(session, invocation, &wait_s))
                return EXIT_USAGE;
        return session_delete(session, path, "export", invocation->argument, wait_s);
}

static const struct command_option change_options[] = {
        { "access", "rw|ro", "whether it may be written", false },
        { "squash", "none|root|all", "whose files become anonymous", false },
        { "anonymous-uid", "N", "user that they get", false },
        { "anonymous-gid", "N", "group that they get", false },
        { "privileged-ports", "yes|no", "whether clients must come from a port below 1024", false },
        { "protocol", "auto|gluster|nfs", "what is asked for", false },
        { "mount-style", "hard|soft", "how a client waits for the server", false },
        { "except", "ID", "not for this node, and for all others that were taken out", true },
        { "no-except", NULL, "for every node of its target", false },
        { "label", "KEY=VALUE", "sets a label", true },
        { "no-label", "KEY", "takes a label away", true },
        { "manager", "NAME", "who keeps this export; empty for nobody", false },
        { "enable", NULL, "let its nodes in", false },
        { "disable", NULL, "keep it, and let nobody in", false },
        { "expires-at", "TIME", "let nobody in from then on; RFC 3339, or never", false },
        { "revision", "N", "only when it has this revision; export show tells it", false },
        { "wait", "SECONDS", "wait until the servers follow, at most so long; 0", false },
        WRITE_OPTIONS,
        { 0 },
};

static const struct command_option revoke_options[] = {
        { "node", "ID", "the node that is let in no more; needed", false },
        { "wait", "SECONDS", "wait until no server lets it in any more, at most so long; 0", false },
        WRITE_OPTIONS,
        { 0 },
};

static const struct command_option list_options[] = {
        { "environment", "NAME", "to this environment alone", false },
        { "account", "NAME", "of this account alone", false },
        { "storage", "NAME", "from this storage alone", false },
        { "manager", "NAME", "that this manager keeps alone", false },
        { "sort", "created|path", "by age, oldest first, or by path; created", false },
        { 0 },
};

static const struct command_option delete_options[] = {
        { "wait", "SECONDS", "wait until no server holds it any more, at most so long; 0", false },
        WRITE_OPTIONS,
        { 0 },
};

const struct command export_commands[] = {
        { "export", "create", NULL, "Export a directory to an environment; prints the id of the export",
          create_options, export_create },
        { "export", "list", NULL, "List exports, with how many of their grants are in which state", list_options,
          export_list },
        { "export", "show", "ID", "Show an export", NULL, export_show_one },
        { "export", "change", "ID", "Change an export; what is not named stays", change_options, export_change },
        { "export", "revoke", "ID", "Let one node of an export in no more, for good", revoke_options,
          export_revoke },
        { "export", "delete", "ID", "Delete an export: its clients are cut off", delete_options, export_delete },
        { 0 },
};
