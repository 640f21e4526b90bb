/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What /metrics tells, and that the parser of the Prometheus project's own client library takes it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
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
        "lag = [f for f in families if f.name == 'gatehouse_reconcile_lag_seconds'][0]\n"
        "calls = [f for f in families if f.name == 'gatehouse_backend_call_seconds'][0]\n"
        "assert lag.unit == calls.unit == 'seconds' and calls.type == 'histogram' and len(calls.samples) > 500\n"
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

/* The value of the sample of that name, which has no labels. */
static double sample(const char *text, const char *name)
{
        AUTO_FREE char *before = memory_format("\n%s ", name);
        const char *at = strstr(text, before);

        assert_non_null(at);
        return strtod(at + strlen(before), NULL);
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
                "gatehouse_backend_up{backend=\"tls\"} 1\n",
                "# UNIT gatehouse_reconcile_lag_seconds seconds\n",
                "gatehouse_pool_members{state=\"enforcing\"} 2\n",
                "gatehouse_pool_members{state=\"unenforced\"} 1\n",
                "gatehouse_backend_call_seconds_count{backend=\"ganesha\",call=\"add\",outcome=\"done\"} 1\n",
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
        fault_set(&down, FAULT_EXPIRING, "for a week");
        status_note_backend(api->status, BACKEND_TLS, &down);
        status_note_members(api->status, 2, 1);
        atomic_fetch_sub(&api->monotonic_offset_ms, 100000);
        status_note_committed(api->status, 7);
        atomic_fetch_add(&api->monotonic_offset_ms, 90000);
        latency_note(api->latency, LATENCY_GANESHA_ADD, 1700, FAULT_NONE);
        AUTO_ANSWER struct answer answer = metrics_get(api, NULL);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_field(&answer, "Content-Type"),
                            "application/openmetrics-text; version=1.0.0; charset=utf-8");
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
                if (!strstr(answer.text, lines[i]))
                        fail_msg("missing: %s in\n%s", lines[i], answer.text);
        /* The clock was set on by 90 s, and runs. */
        assert_true(sample(answer.text, "gatehouse_reconcile_lag_seconds") >= 90);
        assert_true(sample(answer.text, "gatehouse_reconcile_lag_seconds") < 180);
        assert_string_equal(answer.text + strlen(answer.text) - 6, "# EOF\n");
}

/* The nodes that an export lets in by NFS and that are connected: not by another protocol, not by the way. */
static void connected_clients_are_told_by_export(void **state)
{
        static const struct {
                const char *connected[3];
                const char *has, *lacks;
        } cases[] = {
                { { NULL }, "# TYPE gatehouse_export_clients_connected gauge\n", "clients_connected{" },
                { { "10.77.0.21" }, "gatehouse_exports_left_out 0\n", "clients_connected{" }, /* is native */
                { { "10.77.0.9", "10.77.0.22" },
                  "} 1\n# TYPE gatehouse_exports_left_out",
                  "} 2\n# TYPE gatehouse_exp" },
        };
        struct api *api = *state;

        api_world(api);
        expect(api, "POST", "/v1/exports",
               "{'storage':'files','path':'/shared/site','environment':'shop','target':{'all':true},"
               "'mount_path':'/var/www/site'}",
               "201");
        AUTO_ANSWER struct answer nobody_looked = metrics_get(api, NULL);
        assert_null(strstr(nobody_looked.text, "clients_connected"));
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct address addresses[3];
                size_t count = 0;

                for (; cases[i].connected[count]; count++)
                        assert_int_equal(address_parse(cases[i].connected[count], &addresses[count]), 0);
                status_note_connected(api->status, addresses, count);
                AUTO_ANSWER struct answer answer = metrics_get(api, NULL);
                if (!strstr(answer.text, cases[i].has) || strstr(answer.text, cases[i].lacks))
                        fail_msg("%s, and not %s, in\n%s", cases[i].has, cases[i].lacks, answer.text);
        }
}

/* What is answered with what another was answered counts like it. */
static void answers_that_were_kept_are_counted(void **state)
{
        struct api *api = *state;

        api_world(api);
        api_tokens(api);
        for (int again = 0; again < 3; again++) {
                AUTO_ANSWER struct answer answer = call(
                        api, (struct call){ .method = "GET", .path = "/v1/exports", .token = api->tokens[0] });

                assert_int_equal(answer.status, 200);
                assert_string_equal(answer_field(&answer, "X-Request-Id"), ""); /* it may be answered again */
        }
        /* The last is counted by its event thread when it has left: the client may be faster. */
        for (int tries = 0;; tries++) {
                AUTO_ANSWER struct answer answer = metrics_get(api, NULL);

                if (strstr(answer.text, "gatehouse_http_requests_total{method=\"GET\",route=\"/v1/exports\","
                                        "status=\"200\"} 3\n"))
                        return;
                assert_true(tries < 200);
        }
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
        struct address client;

        api_world(api);
        expect(api, "POST", "/v1/exports",
               "{'storage':'files','path':'/shared/site','environment':'shop','target':{'all':true},"
               "'mount_path':'/var/www/site'}",
               "201");
        assert_int_equal(address_parse("10.77.0.22", &client), 0);
        status_note_connected(api->status, &client, 1);
        status_note_members(api->status, 1, 1);
        status_note_committed(api->status, 7);
        for (int each = 0; each < LATENCY_COUNT; each++)
                for (int64_t took_us = 100; took_us < 1000000000; took_us *= 7)
                        latency_note(api->latency, (enum latency_call)each, took_us,
                                     each % 2 ? FAULT_NONE : FAULT_TIMEOUT);
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
                CASE(connected_clients_are_told_by_export),
                CASE(answers_that_were_kept_are_counted),
                CASE(metrics_are_the_operators),
                CASE(metrics_are_openmetrics),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
