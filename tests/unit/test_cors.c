/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "base/text.h"
#include "rest/origin.h"
#include "rest/route.h"

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

/* The path of a pattern, with "x" for what it captures. Caller frees. */
static char *path_of(const char *pattern)
{
        struct text path = { 0 };

        for (; *pattern; pattern++) {
                if (*pattern == '{')
                        pattern += strcspn(pattern, "}");
                text_add_char(&path, *pattern == '}' ? 'x' : *pattern);
        }
        return text_take(&path);
}

static void every_path_answers_options_and_every_get_head(void **state)
{
        struct api *api = *state;
        size_t count;
        const struct route *routes = route_table(&count);

        for (size_t i = 0; i < count; i++) {
                if (strncmp(routes[i].pattern, "/1.0/", 5) == 0)
                        continue; /* answers everything as the platform does */
                AUTO_FREE char *path = path_of(routes[i].pattern);
                AUTO_ANSWER struct answer options = call_of(api, "OPTIONS", path, NULL);

                assert_int_equal(options.status, 204);
                assert_non_null(strstr(answer_field(&options, "Allow"), routes[i].method));
                if (strcmp(routes[i].method, "GET") != 0)
                        continue;
                AUTO_ANSWER struct answer get = call_of(api, "GET", path, NULL);
                AUTO_ANSWER struct answer head = call_of(api, "HEAD", path, NULL);
                assert_int_equal(head.status, get.status);
                assert_string_equal(head.text, "");
                assert_string_equal(answer_field(&head, "Content-Type"), answer_field(&get, "Content-Type"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(page_of_an_allowed_origin_may_read, api_start_cors, api_stop),
                cmocka_unit_test_setup_teardown(preflight_needs_an_allowed_origin_and_no_token, api_start_cors,
                                                api_stop),
                cmocka_unit_test_setup_teardown(nothing_is_said_to_browsers_unless_configured, api_start,
                                                api_stop),
                cmocka_unit_test_setup_teardown(every_path_answers_options_and_every_get_head, api_start,
                                                api_stop),
                cmocka_unit_test(origin_has_the_form_that_browsers_send),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
