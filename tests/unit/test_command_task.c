/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "cli/session.h"
#include "gateway_by_script.h"

#define LAYER(name, state) "{'layer': '" name "', 'state': '" state "'}"
#define TASK(state, nfs, gluster)                                                                              \
        "{'id': 'ta-1', 'kind': 'export.delete', 'subject': 'ex-1', 'state': '" state "', 'storage_nodes': [{" \
        "'storage_node': 'a', 'layers': [" LAYER("nfs", nfs) ", " LAYER("gluster", gluster) "]}]}"

static const struct reply ending[] = {
        { 200, TASK("running", "waiting", "waiting") },
        { 200, TASK("running", "confirmed", "waiting") },
        { 200, TASK("done", "confirmed", "confirmed") },
};
static const char asked[] = "GET /v1/tasks/ta-1\nGET /v1/tasks/ta-1 wait=20\nGET /v1/tasks/ta-1 wait=20\n";

static void tasks_are_listed_and_shown(void **test)
{
        static const struct conversation cases[] = {
                { "task list --state running --export ex-1",
                  { { 200, "{'items': [{'id': 'ta-1', 'kind': 'export.delete', 'subject': 'ex-1', 'state': "
                           "'running'}], "
                           "'next': null}" } },
                  "GET /v1/tasks?state=running&export=ex-1&limit=1000\n",
                  "ID    KIND           SUBJECT  STATE    CREATED  ENDED\nta-1  export.delete  ex-1     running\n",
                  EXIT_DONE },
                { "task show ta-1",
                  { { 200, TASK("running", "confirmed", "waiting") } },
                  "GET /v1/tasks/ta-1\n",
                  "export.delete of ex-1: running\n\n"
                  "STORAGE NODE  LAYER    STATE      CONFIRMED  WHY\n"
                  "a             nfs      confirmed\n"
                  "a             gluster  waiting\n",
                  EXIT_DONE },
                { "task watch ta-1", { { 404, "{'detail': 'no'}" } }, "GET /v1/tasks/ta-1\n", "", EXIT_NOT_FOUND },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void watch_prints_lines_where_there_is_no_terminal(void **test)
{
        AUTO_OUTCOME struct outcome outcome = run("task watch ta-1", ending);

        (void)test;
        assert_int_equal(outcome.exit_code, EXIT_DONE);
        assert_string_equal(outcome.calls, asked);
        assert_string_equal(outcome.out,
                            "a nfs: waiting\na gluster: waiting\na nfs: confirmed\na gluster: confirmed\n");
}

static void watch_has_a_bar_on_a_terminal(void **test)
{
        AUTO_OUTCOME struct outcome wide = run_on_terminal("task watch ta-1", ending, 80);
        AUTO_OUTCOME struct outcome narrow = run_on_terminal("task watch ta-1", ending, 40);
        AUTO_OUTCOME struct outcome lines = run_on_terminal("task watch ta-1 --output wide", ending, 80);

        (void)test;
        assert_string_equal(wide.calls, asked);
        assert_string_equal(wide.out,
                            "a nfs: waiting\na gluster: waiting\n[--------------------] 0 of 2 layers have let go"
                            "\r\033[Ka nfs: confirmed\n[##########----------] 1 of 2 layers have let go"
                            "\r\033[Ka gluster: confirmed\n");
        assert_non_null(strstr(narrow.out, "a nfs: confirmed\n1 of 2 layers have let go\r"));
        assert_null(strstr(narrow.out, "[-"));
        assert_null(strstr(narrow.out, "[#"));
        assert_null(strchr(lines.out, '\033'));
}

/* What is said on standard error begins a line of its own. */
static void watch_takes_its_bar_away_when_the_gateway_goes(void **test)
{
        static const struct reply replies[] = { { 200, TASK("running", "waiting", "waiting") }, { 0, NULL } };
        AUTO_OUTCOME struct outcome outcome = run_on_terminal("task watch ta-1", replies, 80);

        (void)test;
        assert_int_equal(outcome.exit_code, EXIT_UNREACHABLE);
        assert_string_equal(outcome.out + strlen(outcome.out) - 4, "\r\033[K");
        assert_string_equal(outcome.err,
                            "gatehouse: call the gateway at x: nobody there\nTry: gatehouse doctor\n");
}

static void watch_prints_the_task_as_json_at_its_end(void **test)
{
        AUTO_OUTCOME struct outcome outcome = run_on_terminal("task watch ta-1 --json", ending, 80);

        (void)test;
        assert_int_equal(outcome.out[0], '{');
        assert_non_null(strstr(outcome.out, "\"state\": \"done\""));
        assert_null(strchr(outcome.out, '\033'));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tasks_are_listed_and_shown),
                cmocka_unit_test(watch_prints_lines_where_there_is_no_terminal),
                cmocka_unit_test(watch_has_a_bar_on_a_terminal),
                cmocka_unit_test(watch_takes_its_bar_away_when_the_gateway_goes),
                cmocka_unit_test(watch_prints_the_task_as_json_at_its_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
