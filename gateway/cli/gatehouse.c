/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command line: one command a run, over HTTP.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/session.h"

/* An option, else what the environment says, else `preset`; empty counts as not said. */
static const char *setting(const struct invocation *invocation, const char *option, const char *variable,
                           const char *preset)
{
        const char *value = invocation_option(invocation, option);

        if (!value && variable)
                value = getenv(variable);
        return value && value[0] ? value : preset;
}

static struct call_settings settings_read(const struct invocation *invocation)
{
        struct call_settings settings = {
                .socket =
                        setting(invocation, "socket", "GATEHOUSE_SOCKET", GATEHOUSE_RUNTIMEDIR "/gatehouse.sock"),
                .token_file = invocation_option(invocation, "token-file"),
                .token = getenv("GATEHOUSE_TOKEN"),
                .authorities = setting(invocation, "cacert", "GATEHOUSE_CACERT", NULL),
        };

        /* What is typed goes before what the environment says. */
        if (!invocation_option(invocation, "socket"))
                settings.url = setting(invocation, "url", "GATEHOUSE_URL", NULL);
        return settings;
}

/* What COLUMNS says goes before what the terminal says; in a pipe a line is as long as it is. */
static size_t terminal_width(void)
{
        const char *columns = getenv("COLUMNS");
        struct winsize size = { 0 };
        unsigned long long number;

        if (isatty(STDOUT_FILENO) && columns && number_parse(columns, 1, 10000, &number))
                return (size_t)number;
        return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* https://no-color.org: set and not empty means off. */
static bool terminal_has_colour(void)
{
        const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");

        return isatty(STDOUT_FILENO) && !(refused && refused[0]) && terminal && strcmp(terminal, "dumb") != 0;
}

static int help_print(const struct invocation *invocation)
{
        AUTO_TEXT struct text text = { 0 };
        size_t width = terminal_width();

        if (invocation->command)
                help_render_command(invocation->command, width, &text);
        else if (!invocation->noun || !help_render_noun(command_tables, invocation->noun, width, &text))
                help_render(command_tables, width, &text);
        fputs(text_get(&text), stdout);
        return EXIT_DONE;
}

/* What is wrong, and the help that is nearest. */
static void usage_print(const struct invocation *invocation, const struct fault *fault)
{
        const struct command *command = invocation->command;
        AUTO_TEXT struct text help = { 0 };
        bool noun = invocation->noun && help_render_noun(command_tables, invocation->noun, 0, &help);
        const char *verb = command && command->verb ? command->verb : NULL;

        fprintf(stderr, "gatehouse: %s\nTry: gatehouse %s%s%s%s--help\n", fault->text,
                noun ? invocation->noun : "", noun ? " " : "", noun && verb ? verb : "", noun && verb ? " " : "");
}

static int command_run(const struct invocation *invocation)
{
        struct call_settings settings = settings_read(invocation);
        struct session session = { .out = stdout,
                                   .err = stderr,
                                   .width = terminal_width(),
                                   .colour = terminal_has_colour(),
                                   .local = !settings.url };
        struct call_line *line = NULL;
        struct fault fault = { 0 };
        int exit_code;

        if (invocation_option(invocation, "socket") && invocation_option(invocation, "url"))
                return session_usage(&session, "--socket and --url exclude each other");
        if ((exit_code = session_take_options(&session, invocation)) != EXIT_DONE)
                return exit_code;
        if (call_open(&settings, &line, &fault)) {
                exit_code = session_usage(&session, "%s", fault.text);
        } else {
                session.caller = call_line_caller(line);
                exit_code = invocation->command->run(&session, invocation);
        }
        call_close(line);
        return exit_code;
}

int main(int count, char **words)
{
        struct invocation invocation;
        struct fault fault = { 0 };
        int exit_code;

        setvbuf(stdout, NULL, _IOLBF, 0); /* in order with standard error, also in a pipe */
        if (invocation_parse(count - 1, words + 1, command_tables, &invocation, &fault)) {
                usage_print(&invocation, &fault);
                return EXIT_USAGE;
        }
        if (invocation_option(&invocation, "help"))
                exit_code = help_print(&invocation);
        else if (invocation_option(&invocation, "version"))
                exit_code = printf("gatehouse %s\n", GATEHOUSE_VERSION) < 0;
        else
                exit_code = command_run(&invocation);
        if (fflush(stdout) != 0 || ferror(stdout)) {
                perror("gatehouse: print");
                return EXIT_REFUSED;
        }
        return exit_code;
}
