/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/help.h"

/* "noun verb|argument|option=value ..." of what was typed, or the sentence that refuses it. Caller frees. */
static char *understood(const char *line)
{
        AUTO_FREE char *words_text = memory_text(line);
        AUTO_TEXT struct text text = { 0 };
        struct invocation invocation;
        struct fault fault = { 0 };
        char *words[40], *rest = NULL;
        int count = 0;

        for (char *word = strtok_r(words_text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                words[count++] = word;
        if (invocation_parse(count, words, command_tables, &invocation, &fault)) {
                assert_int_equal(fault.code, FAULT_INVALID);
                return memory_text(fault.text);
        }
        if (invocation.command)
                text_addf(&text, "%s %s", invocation.command->noun,
                          invocation.command->verb ? invocation.command->verb : "");
        text_addf(&text, "|%s|", invocation.argument ? invocation.argument : "");
        for (size_t i = 0; i < invocation.given_count; i++)
                text_addf(&text, "%s%s=%s", i > 0 ? " " : "", invocation.given[i].option->name,
                          invocation.given[i].value);
        return text_take(&text);
}

static void words_become_a_command_or_a_sentence(void **test)
{
        static const struct {
                const char *line, *understood;
        } cases[] = {
                { "environment list", "environment list||" },
                { "environment show shop", "environment show|shop|" },
                { "environment apply -", "environment apply|-|" },
                { "environment list --account acme", "environment list||account=acme" },
                { "environment list --account=acme", "environment list||account=acme" },
                { "environment list --account=", "environment list||account=" },
                { "--json environment --socket /s list", "environment list||json= socket=/s" },
                { "token create demo --scope operator --json", "token create|demo|scope=operator json=" },
                { "export create --except a --except b --label k=v",
                  "export create||except=a except=b label=k=v" },
                { "status", "status ||" },
                { "status --json", "status ||json=" },
                { "environment show -- --json", "environment show|--json|" },
                { "--help", "||help=" },
                { "--version", "||version=" },
                { "export create --help", "export create||help=" },
                { "environment show --help", "environment show||help=" },
                { "", "a command is needed" },
                { "--json", "a command is needed" },
                { "environment", "what about environment? One more word is needed" },
                { "environment --version", "what about environment? One more word is needed" },
                { "environment drop", "there is no command environment drop" },
                { "Environment list", "there is no command Environment; did you mean environment?" },
                { "list", "there is no command list" },
                { "status now", "one word too many: now" },
                { "environment show", "environment show needs NAME" },
                { "environment show a b", "one word too many: b" },
                { "environment list --storage x", "there is no option --storage for this command" },
                { "--account acme environment list", "there is no option --account before a command" },
                { "environment list --accoun acme",
                  "there is no option --accoun for this command; did you mean --account?" },
                { "environment list --account", "option --account needs a value: NAME" },
                { "environment list --account a --account b", "option --account is given twice" },
                { "environment list --json=yes", "option --json takes no value" },
                { "environment lsit", "there is no command environment lsit; did you mean list?" },
                { "enviroment list", "there is no command enviroment; did you mean environment?" },
                { "--hlep", "there is no option --hlep before a command; did you mean --help?" },
                { "export list --jsno=x", "there is no option --jsno for this command; did you mean --json?" },
                { "export create --squash roto",
                  "option --squash is none, root or all, not roto; did you mean root?" },
                { "export create --access=x", "option --access is rw or ro, not x" },
                { "export list --output=", "option --output is wide, name or json, not " },
                { "environment list -j", "there is no option -j" },
                { "--token secret environment list",
                  "there is no option --token before a command; did you mean --token-file?" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *got = understood(cases[i].line);

                assert_string_equal(got, cases[i].understood);
        }
}

static void option_that_is_given_again_counts_last(void **test)
{
        char *words[] = { "export", "create", "--except", "a", "--except", "b" };
        struct invocation invocation;

        (void)test;
        assert_int_equal(invocation_parse(6, words, command_tables, &invocation, NULL), 0);
        assert_string_equal(invocation_option(&invocation, "except"), "b");
        assert_null(invocation_option(&invocation, "storage"));
}

static void too_many_options_are_refused(void **test)
{
        char *words[2 + INVOCATION_OPTIONS_MAX + 1] = { "export", "create" };
        struct invocation invocation;
        struct fault fault = { 0 };
        int count = (int)ARRAY_SIZE(words);

        (void)test;
        for (int i = 2; i < count; i++)
                words[i] = "--except=a";
        assert_int_equal(invocation_parse(count - 1, words, command_tables, &invocation, &fault), 0);
        assert_int_equal(invocation_parse(count, words, command_tables, &invocation, &fault), -FAULT_INVALID);
}

static void help_has_every_command_and_option(void **test)
{
        AUTO_TEXT struct text help = { 0 };

        (void)test;
        help_render(command_tables, 0, &help);
        for (size_t i = 0; command_tables[i]; i++)
                for (const struct command *command = command_tables[i]; command->noun; command++) {
                        AUTO_FREE char *name = memory_format("\n  %s%s%s", command->noun, command->verb ? " " : "",
                                                             command->verb ? command->verb : "");
                        AUTO_TEXT struct text own = { 0 };

                        assert_non_null(strstr(text_get(&help), name));
                        assert_non_null(strstr(text_get(&help), command->help));
                        help_render_command(command, 0, &own);
                        for (const struct command_option *option = command->options; option && option->name;
                             option++) {
                                AUTO_FREE char *line = memory_format("\n  --%s", option->name);

                                assert_non_null(strstr(text_get(&own), line));
                                assert_non_null(strstr(text_get(&own), option->help));
                        }
                }
        for (const struct command_option *option = global_options; option->name; option++)
                assert_non_null(strstr(text_get(&help), option->help));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_become_a_command_or_a_sentence),
                cmocka_unit_test(option_that_is_given_again_counts_last),
                cmocka_unit_test(too_many_options_are_refused),
                cmocka_unit_test(help_has_every_command_and_option),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
