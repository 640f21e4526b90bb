/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/session.h"

enum mount_form { FORM_COMMAND, FORM_SCRIPT, FORM_FSTAB, FORM_UNIT };
static const char *const form_words[] = { "command", "script", "fstab", "unit" };

/* The command among those of a grant that mounts; the others make the mount point and look after it. */
static const char *command_that_mounts(const json_t *commands)
{
        for (size_t i = 0; i < json_array_size(commands); i++) {
                const char *command = json_string_value(json_array_get(commands, i));

                if (command && strncmp(command, "mount ", 6) == 0)
                        return command;
        }
        return NULL;
}

static void script_print(FILE *out, const json_t *commands)
{
        for (size_t i = 0; i < json_array_size(commands); i++)
                fprintf(out, "%s\n", json_string_value(json_array_get(commands, i)));
}

static int form_print(struct session *session, const json_t *mount, enum mount_form form)
{
        const json_t *commands = json_object_get(mount, "commands");
        const char *line = form == FORM_COMMAND ? command_that_mounts(commands)
                           : form == FORM_FSTAB ? json_string_value(json_object_get(mount, "fstab"))
                                                : json_string_value(json_object_get(mount, "unit"));
        const char *unit_name = json_string_value(json_object_get(mount, "unit_name"));

        if (form == FORM_SCRIPT) {
                script_print(session->out, commands);
        } else if (!line) {
                fprintf(session->err,
                        "gatehouse: the path is too long for the name of a unit; use --form fstab\n");
                return EXIT_REFUSED;
        } else {
                if (form == FORM_UNIT)
                        fprintf(session->out, "# /etc/systemd/system/%s\n", unit_name ? unit_name : "");
                fprintf(session->out, "%s%s", line, form == FORM_UNIT ? "" : "\n");
        }
        return EXIT_DONE;
}

static const json_t *grant_of_node(const json_t *items, const char *node)
{
        for (size_t i = 0; i < json_array_size(items); i++) {
                const json_t *grant = json_array_get(items, i);
                const char *name = json_string_value(json_object_get(grant, "node"));

                if (name && strcmp(name, node) == 0)
                        return grant;
        }
        return NULL;
}

static int mount_print(struct session *session, const char *export, const char *node, const json_t *grant,
                       enum mount_form form)
{
        const json_t *mount = json_object_get(grant, "mount");
        const char *sentence = json_string_value(json_object_get(json_object_get(grant, "cause"), "sentence"));

        if (!grant) {
                fprintf(session->err, "gatehouse: export %s is not for node %s\n", export, node);
                return EXIT_NOT_FOUND;
        }
        if (!mount) {
                fprintf(session->err, "gatehouse: node %s is not let in: %s\n", node, sentence ? sentence : "");
                return EXIT_REFUSED;
        }
        if (!session->json)
                return form_print(session, mount, form);
        session_print_json(session, mount);
        return EXIT_DONE;
}

static int mount_command(struct session *session, const struct invocation *invocation)
{
        AUTO_FREE char *path = call_path("v1", "exports", invocation->argument, "grants", NULL);
        const char *node = invocation_option(invocation, "node");
        const char *word = invocation_option(invocation, "form");
        int form = word ? text_place(form_words, ARRAY_SIZE(form_words), word) : FORM_COMMAND;
        json_t *grants;
        int exit_code;

        if (!node)
                return session_usage(session, "--node is needed: each node has a grant of its own");
        exit_code = session_list(session, path, &grants);
        if (exit_code == EXIT_DONE)
                exit_code = mount_print(session, invocation->argument, node, grant_of_node(grants, node),
                                        (enum mount_form)form);
        json_decref(grants);
        return exit_code;
}

static const struct command_option mount_options[] = {
        { "node", "ID", "the node that is to mount it", false },
        { "form", "command|script|fstab|unit", "what to print (default: the one command that mounts)", false },
        { 0 },
};

const struct command mount_commands[] = {
        { "mount-command", NULL, "EXPORT", "Print how a node mounts an export", mount_options, mount_command },
        { 0 },
};
