/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/invocation.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/nearest.h"

const struct command_option global_options[] = {
        { "socket", "PATH",
          "the gateway's Unix socket; GATEHOUSE_SOCKET, or " GATEHOUSE_RUNTIMEDIR "/gatehouse.sock", false },
        { "url", "URL", "the gateway over HTTP instead, with a token; GATEHOUSE_URL", false },
        { "token-file", "FILE", "file that holds the token for --url; otherwise GATEHOUSE_TOKEN", false },
        { "cacert", "FILE",
          "the authorities (PEM) that --url's certificate is checked against, instead of the system's; "
          "GATEHOUSE_CACERT",
          false },
        { "json", NULL, "print JSON", false },
        { "output", "wide|name|json", "tables uncut; names or ids of a list alone; or as --json", false },
        { "help", NULL, "print this help, a noun's or a command's; -h does, too", false },
        { "version", NULL, "print the version", false },
        { 0 },
};

/* The option called the first `length` bytes of `name`, in the command's table or the global one. */
static const struct command_option *option_find(const struct command *command, const char *name, size_t length)
{
        const struct command_option *const tables[] = { command ? command->options : NULL, global_options };

        for (size_t i = 0; i < 2; i++)
                for (const struct command_option *option = tables[i]; option && option->name; option++)
                        if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
                                return option;
        return NULL;
}

/* What may be meant instead, as the end of a sentence: "; did you mean --json?", or "". Caller frees. */
static char *suggestion(const struct nearest *nearest, const char *dashes)
{
        return nearest->found ? memory_format("; did you mean %s%s?", dashes, nearest->found) : memory_text("");
}

static int option_unknown(const struct command *command, const char *name, size_t length, struct fault *fault)
{
        const struct command_option *const tables[] = { command ? command->options : NULL, global_options };
        struct nearest nearest = { .word = name, .length = length };

        for (size_t i = 0; i < 2; i++)
                for (const struct command_option *option = tables[i]; option && option->name; option++)
                        nearest_offer(&nearest, option->name);
        AUTO_FREE char *instead = suggestion(&nearest, "--");
        return fault_set(fault, FAULT_INVALID, "there is no option --%.*s%s%s", (int)length, name,
                         command ? " for this command" : " before a command", instead);
}

/* Of an option whose value is one of "this|that": that it is. */
static int value_check(const struct command_option *option, const char *value, struct fault *fault)
{
        AUTO_FREE char *words = memory_text(option->value);
        AUTO_TEXT struct text named = { 0 };
        struct nearest nearest = { .word = value };
        char *rest = NULL;

        if (!strchr(words, '|'))
                return 0;
        for (char *word = strtok_r(words, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
                if (strcmp(word, value) == 0)
                        return 0;
                nearest_offer(&nearest, word);
                text_addf(&named, "%s%s", named.length == 0 ? "" : *rest ? ", " : " or ", word);
        }
        AUTO_FREE char *instead = suggestion(&nearest, "");
        return fault_set(fault, FAULT_INVALID, "option --%s is %s, not %s%s", option->name, text_get(&named),
                         value, instead);
}

static int command_unknown(const struct command *const *tables, const char *noun, const char *word,
                           struct fault *fault)
{
        struct nearest nearest = { .word = word };

        for (; *tables; tables++)
                for (const struct command *command = *tables; command->noun; command++)
                        if (!noun || (command->verb && strcmp(command->noun, noun) == 0))
                                nearest_offer(&nearest, noun ? command->verb : command->noun);
        AUTO_FREE char *instead = suggestion(&nearest, "");
        return fault_set(fault, FAULT_INVALID, "there is no command %s%s%s%s", noun ? noun : "", noun ? " " : "",
                         word, instead);
}

/* Takes the option at words[*at], and its value, which may be the next word. */
static int option_take(int count, char *const *words, int *at, struct invocation *invocation, struct fault *fault)
{
        const char *name = words[*at] + 2;
        const char *equals = strchr(name, '=');
        size_t length = equals ? (size_t)(equals - name) : strlen(name);
        const struct command_option *option = option_find(invocation->command, name, length);
        const char *value = equals ? equals + 1 : "";

        if (!option)
                return option_unknown(invocation->command, name, length, fault);
        if (!option->value && equals)
                return fault_set(fault, FAULT_INVALID, "option --%s takes no value", option->name);
        if (option->value && !equals) {
                if (*at + 1 == count)
                        return fault_set(fault, FAULT_INVALID, "option --%s needs a value: %s", option->name,
                                         option->value);
                value = words[++*at];
        }
        if (option->value && value_check(option, value, fault))
                return -(int)fault->code;
        if (option->value && !option->many && invocation_option(invocation, option->name))
                return fault_set(fault, FAULT_INVALID, "option --%s is given twice", option->name);
        if (invocation->given_count == INVOCATION_OPTIONS_MAX)
                return fault_set(fault, FAULT_INVALID, "more than %d options", INVOCATION_OPTIONS_MAX);
        invocation->given[invocation->given_count].option = option;
        invocation->given[invocation->given_count++].value = value;
        return 0;
}

/* Finds the command that `noun` and `verb` (NULL while there is none) name; *is_noun: some command begins so. */
static const struct command *command_find(const struct command *const *tables, const char *noun, const char *verb,
                                          bool *is_noun)
{
        *is_noun = false;
        for (; *tables; tables++)
                for (const struct command *command = *tables; command->noun; command++) {
                        if (strcmp(command->noun, noun) != 0)
                                continue;
                        *is_noun = true;
                        if (command->verb ? verb && strcmp(command->verb, verb) == 0 : !verb)
                                return command;
                }
        return NULL;
}

/* Takes a word that is no option: noun, verb or argument. `noun` is what came before. */
static int word_take(const char *word, const struct command *const *tables, const char **noun,
                     struct invocation *invocation, struct fault *fault)
{
        bool is_noun;

        if (!invocation->command) {
                invocation->command = *noun ? command_find(tables, *noun, word, &is_noun)
                                            : command_find(tables, word, NULL, &is_noun);
                if (!invocation->command && (*noun || !is_noun))
                        return command_unknown(tables, *noun, word, fault);
                if (!*noun)
                        *noun = word;
                return 0;
        }
        if (!invocation->command->verb && !invocation->argument) {
                const struct command *longer = command_find(tables, *noun, word, &is_noun);

                invocation->command = longer ? longer : invocation->command;
                if (longer)
                        return 0;
        }
        if (!invocation->command->argument || invocation->argument)
                return fault_set(fault, FAULT_INVALID, "one word too many: %s", word);
        invocation->argument = word;
        return 0;
}

/* What must be there is there, once all words have been read. */
static int invocation_check(const struct invocation *invocation, struct fault *fault)
{
        const char *noun = invocation->noun;

        if (invocation_option(invocation, "help") || (!noun && invocation_option(invocation, "version")))
                return 0;
        if (!noun)
                return fault_set(fault, FAULT_INVALID, "a command is needed");
        if (!invocation->command)
                return fault_set(fault, FAULT_INVALID, "what about %s? One more word is needed", noun);
        if (invocation->command->argument && !invocation->argument)
                return fault_set(fault, FAULT_INVALID, "%s %s needs %s", invocation->command->noun,
                                 invocation->command->verb ? invocation->command->verb : "",
                                 invocation->command->argument);
        return 0;
}

int invocation_parse(int count, char *const *words, const struct command *const *tables,
                     struct invocation *invocation, struct fault *fault)
{
        bool options_ended = false;

        *invocation = (struct invocation){ 0 };
        for (int at = 0; at < count; at++) {
                int failed;

                if (!options_ended && strcmp(words[at], "--") == 0) {
                        options_ended = true;
                        continue;
                }
                if (!options_ended && strncmp(words[at], "--", 2) == 0)
                        failed = option_take(count, words, &at, invocation, fault);
                else if (!options_ended && strcmp(words[at], "-h") == 0)
                        failed = option_take(1, (char *const[]){ (char[]){ "--help" } }, &(int){ 0 }, invocation,
                                             fault);
                else if (!options_ended && words[at][0] == '-' && words[at][1] != '\0')
                        failed = fault_set(fault, FAULT_INVALID, "there is no option %s", words[at]);
                else
                        failed = word_take(words[at], tables, &invocation->noun, invocation, fault);
                if (failed)
                        return failed;
        }
        return invocation_check(invocation, fault);
}

const char *invocation_option(const struct invocation *invocation, const char *name)
{
        for (size_t i = invocation->given_count; i-- > 0;)
                if (strcmp(invocation->given[i].option->name, name) == 0)
                        return invocation->given[i].value;
        return NULL;
}
