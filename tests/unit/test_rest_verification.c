/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"

#define AWAIT_MS 20000

static long long run_of(const struct answer *answer)
{
        return strtoll(answer_at(answer, "run"), NULL, 10);
}

/* Asks for a run, and reads what came of it once it has ended. */
static struct answer run_await(struct api *api)
{
        AUTO_ANSWER struct answer asked = call_of(api, "POST", "/v1/verify", NULL);
        int64_t until_ms = clock_monotonic_ms(clock_system()) + AWAIT_MS;
        struct answer shown = call_of(api, "GET", "/v1/verification", NULL);

        assert_int_equal(asked.status, 202);
        while (run_of(&shown) < run_of(&asked)) {
                assert_true(clock_monotonic_ms(clock_system()) < until_ms);
                answer_fini(&shown);
                shown = call_of(api, "GET", "/v1/verification", NULL);
        }
        return shown;
}

static void run_that_was_asked_for_ends_and_is_shown(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer early = run_await(api);
        assert_string_equal(answer_at(&early, "verify"), "on");
        assert_string_equal(answer_at(&early, "items/0/code"), "canary.pending");
        api_follow(api);
        api_hold_all(api);
        AUTO_ANSWER struct answer passed = run_await(api);
        assert_int_equal(json_array_size(json_object_get(passed.json, "items")), 2); /* by NFS, natively */
        assert_string_equal(answer_at(&passed, "items/0/result"), "passed");
        assert_string_equal(answer_at(&passed, "items/1/result"), "passed");
        assert_true(run_of(&passed) > run_of(&early));
}

static void what_a_run_finds_is_told(void **state)
{
        struct api *api = *state;
        static const struct {
                enum probe_client client;
                enum probe_verdict verdict;
                enum fault_code fault;
                const char *result;
        } cases[] = {
                { PROBE_ADMITTED, PROBE_REFUSED, FAULT_NONE, "failed" },
                { PROBE_ADMITTED, PROBE_LET_IN, FAULT_NONE, "passed" },
                { PROBE_STRANGER, PROBE_LET_IN, FAULT_NONE, "failed" },
                { PROBE_STRANGER, PROBE_REFUSED, FAULT_NONE, "passed" },
                { PROBE_STRANGER, PROBE_REFUSED, FAULT_CONFLICT, "unverified" },
        };

        api_world(api);
        api_follow(api);
        api_hold_all(api);
        api_silence(api, 1000); /* a canary that came in the same millisecond was not there all the while */
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                fake_probe_say(api->verification.fake, cases[i].client, cases[i].verdict);
                fake_probe_fail(api->verification.fake, cases[i].fault ? 1 : 0, cases[i].fault);
                AUTO_ANSWER struct answer shown = run_await(api);
                if (strcmp(answer_at(&shown, "items/0/result"), cases[i].result) != 0)
                        fail_msg("case %zu: %s", i, shown.text);
        }
        AUTO_ANSWER struct answer told = call_of(api, "GET", "/v1/events?action=verification.failed", NULL);
        assert_string_equal(answer_at(&told, "items/0/actor"), "gatehouse");
        fake_probe_say(api->verification.fake, PROBE_STRANGER, PROBE_LET_IN);
        AUTO_ANSWER struct answer failed = run_await(api);
        assert_string_equal(answer_at(&failed, "items/0/result"), "failed");
        AUTO_ANSWER struct answer metrics = call_of(api, "GET", "/metrics", NULL);
        for (int passed = 0; passed < 2; passed++) {
                AUTO_FREE char *line = memory_format(
                        "\ngatehouse_verification{storage=\"files\",storage_node=\"10.77.0.11\",protocol=\"nfs\","
                        "result=\"%s\"} %d\n",
                        passed ? "passed" : "failed", !passed);

                assert_non_null(strstr(metrics.text, line));
        }
        AUTO_ANSWER struct answer health = call_of(api, "GET", "/healthz", NULL);
        assert_int_equal(health.status, 503);
}

static void rows_of_other_accounts_are_not_shown(void **state)
{
        struct api *api = *state;

        api_world(api);
        api_tokens(api);
        AUTO_ANSWER struct answer all = run_await(api);
        assert_string_equal(answer_at(&all, "items/0/storage"), "files");
        AUTO_ANSWER struct answer made =
                call_of(api, "POST", "/v1/tokens", "{'name':'other','scope':'account','account':'foreign'}");
        AUTO_FREE char *secret = memory_text(answer_at(&made, "secret"));
        AUTO_ANSWER struct answer none = call(api, (struct call){ "GET", "/v1/verification", .token = secret });
        assert_int_equal(none.status, 200);
        assert_int_equal(json_array_size(json_object_get(none.json, "items")), 0);
        AUTO_ANSWER struct answer own =
                call(api, (struct call){ "GET", "/v1/verification", .token = api->tokens[2] });
        assert_string_equal(answer_at(&own, "items/0/storage"), "files");
        AUTO_ANSWER struct answer refused =
                call(api, (struct call){ "POST", "/v1/verify", .token = api->tokens[2] });
        assert_int_equal(refused.status, 403);
}

static void what_is_off_says_so(void **state)
{
        struct api *api = *state;

        AUTO_ANSWER struct answer shown = call_of(api, "GET", "/v1/verification", NULL);
        assert_string_equal(answer_at(&shown, "verify"), "off");
        expect(api, "POST", "/v1/verify", NULL, "409");
}

#define VERIFIED_TEST(name) cmocka_unit_test_setup_teardown(name, api_start_verified, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                VERIFIED_TEST(run_that_was_asked_for_ends_and_is_shown),
                VERIFIED_TEST(what_a_run_finds_is_told),
                VERIFIED_TEST(rows_of_other_accounts_are_not_shown),
                cmocka_unit_test_setup_teardown(what_is_off_says_so, api_start, api_stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
