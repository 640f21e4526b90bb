/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/help.h"

#include <string.h>

/* "environment apply FILE" */
static void command_name_add(const struct command *command, struct text *text)
{
        text_add(text, command->noun);
        if (command->verb)
                text_addf(text, " %s", command->verb);
        if (command->argument)
                text_addf(text, " %s", command->argument);
}

static void options_add(const struct command_option *options, struct text *text)
{
        for (; options && options->name; options++) {
                size_t start = text->length;

                text_addf(text, "  --%s%s%s", options->name, options->value ? " " : "",
                          options->value ? options->value : "");
                text_addf(text, "%*s%s%s\n", (int)(text->length - start < 31 ? 31 - (text->length - start) : 2),
                          "", options->help, options->many ? " (may be given again)" : "");
        }
}

static void command_line_add(const struct command *command, struct text *text)
{
        size_t start = text->length;

        text_add(text, "  ");
        command_name_add(command, text);
        text_addf(text, "%*s%s\n", (int)(28 - (text->length - start)), "", command->help);
}

bool help_render_noun(const struct command *const *tables, const char *noun, struct text *text)
{
        bool found = false;

        for (; *tables; tables++)
                for (const struct command *command = *tables; command->noun; command++) {
                        if (strcmp(command->noun, noun) != 0)
                                continue;
                        if (!found)
                                text_addf(text, "Usage: gatehouse %s VERB ...\n\nCommands:\n", noun);
                        command_line_add(command, text);
                        found = true;
                }
        if (found)
                text_addf(text, "\n`gatehouse %s VERB --help` tells the options of one.\n", noun);
        return found;
}

void help_render(const struct command *const *tables, struct text *text)
{
        text_add(text, "Usage: gatehouse [OPTIONS] COMMAND ...\n\nCommands:\n");
        for (; *tables; tables++)
                for (const struct command *command = *tables; command->noun; command++)
                        command_line_add(command, text);
        text_add(text, "\nOptions, also behind a command:\n");
        options_add(global_options, text);
        text_add(text,
                 "\n`gatehouse COMMAND --help` tells the options of one command.\n"
                 "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the gateway cannot be reached,\n"
                 "4 not found, 5 not allowed.\n");
}

void help_render_command(const struct command *command, struct text *text)
{
        text_add(text, "Usage: gatehouse ");
        command_name_add(command, text);
        text_addf(text, "%s\n\n%s.\n", command->options ? " [OPTIONS]" : "", command->help);
        if (command->options) {
                text_add(text, "\nOptions:\n");
                options_add(command->options, text);
        }
}
