/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/help.h"

#include <string.h>

#include "cli/example.h"

#define COMMAND_COLUMN 30 /* where what a command does begins */
#define OPTION_COLUMN 31

/* "environment apply FILE" */
static void command_name_add(const struct command *command, struct text *text)
{
        text_add(text, command->noun);
        if (command->verb)
                text_addf(text, " %s", command->verb);
        if (command->argument)
                text_addf(text, " %s", command->argument);
}

/* Adds `phrase` at `column` of the line that began at `start`, and in the lines below when it is longer than
 * `width` characters leave room for (0 = any). */
static void phrase_add(struct text *text, size_t start, size_t column, size_t width, const char *phrase)
{
        size_t at = text->length - start, gap = at + 2 <= column ? column - at : 2;

        text_addf(text, "%*s", (int)gap, "");
        at += gap;
        while (*phrase) {
                size_t word = strcspn(phrase, " ");

                if (width > column + 20 && at > column && at + word > width) {
                        text_addf(text, "\n%*s", (int)column, "");
                        at = column;
                }
                text_add_bytes(text, phrase, word);
                at += word + 1;
                phrase += word + strspn(phrase + word, " ");
                if (*phrase && !(width > column + 20 && at + strcspn(phrase, " ") > width))
                        text_add_char(text, ' ');
        }
        text_add_char(text, '\n');
}

static void options_add(const struct command_option *options, size_t width, struct text *text)
{
        for (; options && options->name; options++) {
                size_t start = text->length;
                AUTO_TEXT struct text phrase = { 0 };

                text_addf(text, "  --%s%s%s", options->name, options->value ? " " : "",
                          options->value ? options->value : "");
                text_addf(&phrase, "%s%s", options->help, options->many ? " (may be given again)" : "");
                phrase_add(text, start, OPTION_COLUMN, width, text_get(&phrase));
        }
}

static void command_line_add(const struct command *command, size_t width, struct text *text)
{
        size_t start = text->length;

        text_add(text, "  ");
        command_name_add(command, text);
        phrase_add(text, start, COMMAND_COLUMN, width, command->help);
}

bool help_render_noun(const struct command *const *tables, const char *noun, size_t width, struct text *text)
{
        bool found = false;

        for (; *tables; tables++)
                for (const struct command *command = *tables; command->noun; command++) {
                        if (strcmp(command->noun, noun) != 0)
                                continue;
                        if (!found)
                                text_addf(text, "Usage: gatehouse %s VERB ...\n\nCommands:\n", noun);
                        command_line_add(command, width, text);
                        found = true;
                }
        if (found)
                text_addf(text, "\n`gatehouse %s VERB --help` tells the options of one.\n", noun);
        return found;
}

void help_render(const struct command *const *tables, size_t width, struct text *text)
{
        text_add(text, "Usage: gatehouse [OPTIONS] COMMAND ...\n\nCommands:\n");
        for (; *tables; tables++)
                for (const struct command *command = *tables; command->noun; command++)
                        command_line_add(command, width, text);
        text_add(text, "\nOptions, also behind a command:\n");
        options_add(global_options, width, text);
        text_add(text,
                 "\n`gatehouse COMMAND --help` tells the options of one command, and what a FILE\nlooks like.\n"
                 "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the gateway cannot be\n"
                 "reached, 4 not found, 5 not allowed.\n");
}

void help_render_command(const struct command *command, size_t width, struct text *text)
{
        const char *example = example_find(command);

        text_add(text, "Usage: gatehouse ");
        command_name_add(command, text);
        text_addf(text, "%s\n\n%s.\n", command->options ? " [OPTIONS]" : "", command->help);
        if (command->options) {
                text_add(text, "\nOptions:\n");
                options_add(command->options, width, text);
        }
        if (example)
                text_addf(text, "\nExample:\n%s", example);
}
