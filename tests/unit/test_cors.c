/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "rest/origin.h"

#define ALLOWED "Origin: " API_ORIGIN
#define PREFLIGHT "Access-Control-Request-Method: PATCH"

static void page_of_an_allowed_origin_may_read(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *origin;
                const char *wanted;
        } cases[] = {
                { ALLOWED, API_ORIGIN },
                { "Origin: https://dashboard.example.evil", "" },
                { "Origin: http://dashboard.example", "" },
                { "Origin: https://DASHBOARD.example", "" },
                { "Origin: null", "" },
                { "Origin: *", "" },
                { NULL, "" },
        };

        api_tokens(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_ANSWER struct answer answer = call(api, (struct call){ .method = "GET",
                                                                            .path = "/v1/exports",
                                                                            .token = api->tokens[0],
                                                                            .headers = { cases[i].origin } });

                assert_int_equal(answer.status, 200);
                assert_string_equal(answer_field(&answer, "Access-Control-Allow-Origin"), cases[i].wanted);
                assert_string_equal(answer_field(&answer, "Access-Control-Allow-Credentials"), "");
                assert_string_equal(answer_field(&answer, "Vary"), "Origin");
        }
        AUTO_ANSWER struct answer refused = call(
                api, (struct call){ .method = "GET", .path = "/v1/exports", .token = "", .headers = { ALLOWED } });
        assert_int_equal(refused.status, 401);
        assert_string_equal(answer_field(&refused, "Access-Control-Allow-Origin"), API_ORIGIN);
}

static void preflight_needs_an_allowed_origin_and_no_token(void **state)
{
        struct api *api = *state;
        struct call preflight = {
                .method = "OPTIONS", .path = "/v1/exports/x", .token = "", .headers = { ALLOWED, PREFLIGHT }
        };

        AUTO_ANSWER struct answer allowed = call(api, preflight);
        assert_int_equal(allowed.status, 204);
        assert_string_equal(answer_field(&allowed, "Access-Control-Allow-Origin"), API_ORIGIN);
        assert_non_null(strstr(answer_field(&allowed, "Access-Control-Allow-Methods"), "PATCH"));
        assert_non_null(strstr(answer_field(&allowed, "Access-Control-Allow-Headers"), "If-Match"));
        preflight.headers[0] = "Origin: https://evil.example";
        AUTO_ANSWER struct answer other = call(api, preflight);
        assert_int_equal(other.status, 401);
        assert_string_equal(answer_field(&other, "Access-Control-Allow-Origin"), "");
        preflight.headers[0] = ALLOWED;
        preflight.headers[1] = NULL;
        AUTO_ANSWER struct answer plain = call(api, preflight);
        assert_int_equal(plain.status, 401);
}

static void nothing_is_said_to_browsers_unless_configured(void **state)
{
        struct api *api = *state;

        AUTO_ANSWER struct answer answer =
                call(api, (struct call){ .method = "GET", .path = "/v1/exports", .headers = { ALLOWED } });
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_field(&answer, "Access-Control-Allow-Origin"), "");
        AUTO_ANSWER struct answer preflight = call(
                api,
                (struct call){ .method = "OPTIONS", .path = "/v1/exports", .headers = { ALLOWED, PREFLIGHT } });
        assert_int_equal(preflight.status, 204); /* plain OPTIONS */
        assert_string_equal(answer_field(&preflight, "Allow"), "GET, HEAD, POST, OPTIONS");
        assert_string_equal(answer_field(&preflight, "Access-Control-Allow-Methods"), "");
}

static void origin_has_the_form_that_browsers_send(void **state)
{
        static const struct {
                const char *value;
                bool valid;
        } cases[] = {
                { "https://a.example", true },
                { "http://10.0.0.5:8080", true },
                { "http://[::1]:80", true },
                { "https://a.example/", false },
                { "https://A.example", false },
                { "*", false },
                { "null", false },
                { "a.example", false },
                { "https://", false },
                { "https://*.example", false },
                { "https://a b", false },
                { "ftp://a", false },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (origin_is_valid(cases[i].value) != cases[i].valid)
                        fail_msg("%s", cases[i].value);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(page_of_an_allowed_origin_may_read, api_start_cors, api_stop),
                cmocka_unit_test_setup_teardown(preflight_needs_an_allowed_origin_and_no_token, api_start_cors,
                                                api_stop),
                cmocka_unit_test_setup_teardown(nothing_is_said_to_browsers_unless_configured, api_start,
                                                api_stop),
                cmocka_unit_test(origin_has_the_form_that_browsers_send),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
