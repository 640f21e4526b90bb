/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What /metrics tells, and that the parser of the Prometheus project's own client library takes it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"

#define PYTHON "/usr/bin/python3"
#define SKIPPED 77

/* Reads OpenMetrics from its standard input; the parser is strict: families in one piece, names, escapes, # EOF.
 */
static const char parser[] =
        "import sys\n"
        "try:\n"
        "    from prometheus_client.openmetrics.parser import text_string_to_metric_families\n"
        "except ImportError:\n"
        "    sys.exit(77)\n"
        "families = list(text_string_to_metric_families(sys.stdin.read()))\n"
        "sys.exit(0 if len(families) > 8 and all(f.documentation for f in families) else 1)\n";

/* The exit status of the parser that reads `text`. */
static int parser_run(const char *text)
{
        int ends[2], status = 0;
        pid_t child;

        if (access(PYTHON, X_OK) != 0)
                return SKIPPED;
        assert_return_code(pipe(ends), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                dup2(ends[0], STDIN_FILENO);
                close(ends[0]);
                close(ends[1]);
                execl(PYTHON, "python3", "-c", parser, NULL);
                _exit(SKIPPED);
        }
        close(ends[0]);
        for (size_t sent = 0; sent < strlen(text);) {
                ssize_t length = write(ends[1], text + sent, strlen(text) - sent);

                if (length <= 0)
                        break;
                sent += (size_t)length;
        }
        close(ends[1]);
        assert_int_equal(waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct answer metrics_get(struct api *api, const char *token)
{
        return call(api, (struct call){ .method = "GET", .path = "/metrics", .token = token });
}

static void metrics_tell_what_there_is(void **state)
{
        static const char *const lines[] = {
                "gatehouse_build_info{version=\"" GATEHOUSE_VERSION "\"} 1\n",
                "gatehouse_objects{kind=\"environment\"} 2\n",
                "gatehouse_objects{kind=\"export\"} 1\n",
                "gatehouse_grants{protocol=\"gluster\",state=\"pending\"} 1\n",
                "gatehouse_grants{protocol=\"nfs\",state=\"failed\"} 0\n",
                "gatehouse_tasks_running 0\n",
                "gatehouse_backend_up{backend=\"store\"} 1\n",
                "gatehouse_backend_up{backend=\"ganesha\"} 0\n",
                "gatehouse_drift_differences{backend=\"ganesha\",action=\"repaired\"} 0\n",
                "gatehouse_http_requests_total{method=\"POST\",route=\"/v1/exports\",status=\"201\"} 1\n",
                "gatehouse_http_requests_total{method=\"none\",route=\"none\",status=\"404\"} 1\n",
        };
        struct api *api = *state;
        struct fault down = { 0 };

        api_world(api);
        api_export(api, "/shared/site", "/var/www/site");
        expect(api, "GET", "/nothing", NULL, "404");
        fault_set(&down, FAULT_UNAVAILABLE, "NFS-Ganesha is not on the bus");
        status_note_backend(api->status, BACKEND_STORE, NULL);
        status_note_backend(api->status, BACKEND_GANESHA, &down);
        AUTO_ANSWER struct answer answer = metrics_get(api, NULL);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_field(&answer, "Content-Type"),
                            "application/openmetrics-text; version=1.0.0; charset=utf-8");
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
                if (!strstr(answer.text, lines[i]))
                        fail_msg("missing: %s in\n%s", lines[i], answer.text);
        assert_string_equal(answer.text + strlen(answer.text) - 6, "# EOF\n");
}

static void metrics_are_the_operators(void **state)
{
        static const long wanted[] = { 200, 403, 403 };
        struct api *api = *state;

        api_tokens(api);
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
                AUTO_ANSWER struct answer answer = metrics_get(api, api->tokens[i]);

                assert_int_equal(answer.status, wanted[i]);
        }
}

static void metrics_are_openmetrics(void **state)
{
        struct api *api = *state;

        api_world(api);
        api_export(api, "/shared/site", "/var/www/site");
        AUTO_ANSWER struct answer answer = metrics_get(api, NULL);
        AUTO_FREE char *broken = memory_text(answer.text);
        int status = parser_run(answer.text);

        if (status == SKIPPED) {
                print_message("SKIPPED: there is no python3-prometheus-client to read the metrics with\n");
                skip();
        }
        assert_int_equal(status, 0);
        /* And it is a parser that refuses. */
        broken[strlen(broken) - 6] = '\0';
        assert_int_not_equal(parser_run(broken), 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, api_start, api_stop)
        const struct CMUnitTest tests[] = {
                CASE(metrics_tell_what_there_is),
                CASE(metrics_are_the_operators),
                CASE(metrics_are_openmetrics),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
