/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <curl/curl.h>

#include "api_for_test.h"
#include "certificate_for_test.h"

#include "base/memory.h"
#include "rest/tls.h"

#define LIFE_S (400 * 86400)

/* A folder with what a gateway shows, and two pairs that it could. */
struct files {
        char folder[32];
        char shown[64], key[64]; /* what the gateway is told of */
        char pems[2][64];        /* certificates of the pairs; their keys end in ".key" */
        struct tls *tls;
};

/* Makes the pair `which` what the gateway is told of. */
static void pair_show(const struct files *files, int which)
{
        AUTO_FREE char *key = memory_format("%s.key", files->pems[which]);

        unlink(files->shown);
        unlink(files->key);
        assert_return_code(link(files->pems[which], files->shown), 0);
        assert_return_code(link(key, files->key), 0);
}

static int files_make(void **state)
{
        struct files *files = NEW(struct files);
        struct fault fault = { 0 };
        char folder[] = "/tmp/tls.XXXXXX";

        assert_non_null(mkdtemp(folder));
        snprintf(files->folder, sizeof files->folder, "%s", folder);
        snprintf(files->shown, sizeof files->shown, "%s/shown.pem", folder);
        snprintf(files->key, sizeof files->key, "%s/shown.key", folder);
        for (int i = 0; i < 2; i++) {
                snprintf(files->pems[i], sizeof files->pems[i], "%s/%d.pem", folder, i);
                certificate_make(files->pems[i], -3600, LIFE_S);
        }
        pair_show(files, 0);
        assert_int_equal(tls_open(files->shown, files->key, TLS_MINIMUM_1_2, &files->tls, &fault), 0);
        *state = files;
        return 0;
}

static int files_remove(void **state)
{
        struct files *files = *state;

        tls_free(files->tls);
        for (int i = 0; i < 2; i++) {
                AUTO_FREE char *key = memory_format("%s.key", files->pems[i]);

                unlink(key);
                unlink(files->pems[i]);
        }
        unlink(files->shown);
        unlink(files->key);
        rmdir(files->folder);
        free(files);
        return 0;
}

static void files_that_are_not_right_are_refused_with_the_reason(void **state)
{
        struct files *files = *state;
        static const struct {
                const char *text; /* of the key; NULL = as it was made, "" = not there */
                int mode, of;     /* of the pair `of` */
                enum fault_code code;
                const char *says;
        } rows[] = {
                { NULL, 0600, 0, FAULT_NONE, "" },
                { NULL, 0400, 0, FAULT_NONE, "" },
                { NULL, 0640, 0, FAULT_FORBIDDEN, "its mode is 0640" },
                { NULL, 0604, 0, FAULT_FORBIDDEN, "its mode is 0604" },
                { NULL, 0620, 0, FAULT_FORBIDDEN, "its mode is 0620" },
                { NULL, 0600, 1, FAULT_INVALID, "use " },
                { "nonsense", 0600, 0, FAULT_INVALID, "use " },
                { "", 0, 0, FAULT_UNAVAILABLE, "No such file" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_FREE char *made = memory_format("%s.key", files->pems[rows[i].of]);
                AUTO_FREE char *path = memory_format("%s/row.key", files->folder);
                struct fault fault = { 0 };
                struct tls *tls;

                unlink(path);
                if (!rows[i].text) {
                        assert_return_code(link(made, path), 0);
                        assert_return_code(chmod(path, (mode_t)rows[i].mode), 0);
                } else if (rows[i].text[0]) {
                        certificate_file_write(path, rows[i].text, strlen(rows[i].text), (mode_t)rows[i].mode);
                }
                assert_int_equal(tls_open(files->pems[0], path, TLS_MINIMUM_1_2, &tls, &fault),
                                 -(int)rows[i].code);
                assert_non_null(strstr(fault.text, rows[i].says));
                tls_free(tls);
                chmod(made, 0600);
                unlink(path);
        }
}

static void expiry_is_that_of_the_certificate(void **state)
{
        int64_t left_s = tls_expires_ms(((struct files *)*state)->tls) / 1000 - time(NULL);

        assert_in_range(left_s, LIFE_S - 600, LIFE_S);
}

#define DAY_MS INT64_C(86400000)

static void certificate_out_of_its_time_is_told_of(void **state)
{
        static const struct {
                int64_t at_ms; /* after its end, or before */
                enum fault_code code;
                const char *says;
        } rows[] = {
                { -31 * DAY_MS, FAULT_NONE, "" },
                { -30 * DAY_MS - 1, FAULT_NONE, "" },
                { -30 * DAY_MS, FAULT_EXPIRING, "shown.pem is valid only until 20" },
                { -1, FAULT_EXPIRING, "is valid only until 20" },
                { 0, FAULT_INVALID, "shown.pem has been invalid since 20" },
                { 900 * DAY_MS, FAULT_INVALID, "has been invalid since 20" },
                { -(int64_t)(LIFE_S + 3600) * 1000, FAULT_NONE, "" },
                { -(int64_t)(LIFE_S + 3600) * 1000 - 1, FAULT_INVALID, "shown.pem is not valid before 20" },
        };
        struct files *files = *state;
        int64_t end_ms = tls_expires_ms(files->tls);

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct fault fault = { 0 };

                assert_int_equal(tls_validity(files->tls, end_ms + rows[i].at_ms, &fault), -(int)rows[i].code);
                assert_non_null(strstr(fault.text, rows[i].says));
        }
}

/* Each file is told of by itself, the certificate's time although its key is not right, and a start tells of both.
 */
static void all_that_is_wrong_with_the_files_is_told_at_once(void **state)
{
        static const struct {
                const char *certificate, *key; /* in the folder */
                enum fault_code of_certificate, of_key;
                int64_t days; /* from now */
                enum fault_code at_start;
        } rows[] = {
                { "0.pem", "0.pem.key", FAULT_NONE, FAULT_NONE, 0, FAULT_NONE },
                { "0.pem", "1.pem.key", FAULT_NONE, FAULT_INVALID, 0, FAULT_INVALID },
                { "0.pem", "none", FAULT_NONE, FAULT_UNAVAILABLE, 0, FAULT_UNAVAILABLE },
                { "0.pem", "none", FAULT_EXPIRING, FAULT_UNAVAILABLE, 380, FAULT_UNAVAILABLE },
                { "0.pem", "0.pem.key", FAULT_INVALID, FAULT_NONE, 500, FAULT_NONE },
                { "0.pem", "1.pem.key", FAULT_INVALID, FAULT_INVALID, 500, FAULT_INVALID },
                { "0.pem", "1.pem.key", FAULT_INVALID, FAULT_INVALID, -1, FAULT_INVALID },
                { "none", "", FAULT_UNAVAILABLE, FAULT_FORBIDDEN, 0, FAULT_UNAVAILABLE },
                { "", "none", FAULT_FORBIDDEN, FAULT_UNAVAILABLE, 0, FAULT_FORBIDDEN },
                { "1.pem.key", "0.pem", FAULT_INVALID, FAULT_FORBIDDEN, 0, FAULT_INVALID },
        };
        struct files *files = *state;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_FREE char *certificate = memory_format("%s/%s", files->folder, rows[i].certificate);
                AUTO_FREE char *key = memory_format("%s/%s", files->folder, rows[i].key);
                struct fault of_certificate, of_key, at_start = { 0 };
                struct tls *tls;

                tls_check(certificate, key, ((int64_t)time(NULL) + rows[i].days * 86400) * 1000, &of_certificate,
                          &of_key);
                assert_int_equal(of_certificate.code, rows[i].of_certificate);
                assert_int_equal(of_key.code, rows[i].of_key);
                assert_int_equal(tls_open(certificate, key, TLS_MINIMUM_1_2, &tls, &at_start),
                                 -(int)rows[i].at_start);
                tls_free(tls);
                if (at_start.code != FAULT_NONE && rows[i].of_key != FAULT_NONE)
                        assert_non_null(strstr(at_start.text, of_key.text));
                if (at_start.code != FAULT_NONE && rows[i].days == 0)
                        assert_non_null(strstr(at_start.text, of_certificate.text));
        }
}

static void file_that_is_not_named_is_not_looked_at(void **state)
{
        struct files *files = *state;
        struct fault of_certificate, of_key;

        tls_check("", "", 0, &of_certificate, &of_key);
        assert_int_equal(of_certificate.code, FAULT_NONE);
        assert_int_equal(of_key.code, FAULT_NONE);
        tls_check(files->shown, "", 0, &of_certificate, &of_key);
        assert_int_equal(of_certificate.code, FAULT_INVALID); /* it is not 1970 any more */
        assert_int_equal(of_key.code, FAULT_NONE);
        tls_check("", files->folder, 0, &of_certificate, &of_key);
        assert_int_equal(of_certificate.code, FAULT_NONE);
        assert_int_equal(of_key.code, FAULT_FORBIDDEN);
}

/* A folder and a device are no key, however they can be read. */
static void only_files_are_read(void **state)
{
        struct files *files = *state;
        struct fault fault = { 0 };
        struct tls *tls;

        assert_int_equal(tls_open(files->folder, files->key, TLS_MINIMUM_1_2, &tls, &fault), -FAULT_FORBIDDEN);
        assert_int_equal(tls_open("/dev/zero", files->key, TLS_MINIMUM_1_2, &tls, &fault), -FAULT_FORBIDDEN);
}

/* A connection that stays open between requests. */
static CURL *line_open(const struct api *api, const char *authorities)
{
        AUTO_FREE char *url = memory_format("https://127.0.0.1:%u/healthz", api->port);
        CURL *line = curl_easy_init();

        curl_easy_setopt(line, CURLOPT_URL, url);
        curl_easy_setopt(line, CURLOPT_CAINFO, authorities);
        curl_easy_setopt(line, CURLOPT_NOBODY, 1L);
        curl_easy_setopt(line, CURLOPT_TIMEOUT, 60L);
        return line;
}

/* The status of a request there, 0 for none; *again: by the connection that there was. */
static long line_ask(CURL *line, bool *again)
{
        long status = 0, connects = 0;

        if (curl_easy_perform(line) == CURLE_OK)
                curl_easy_getinfo(line, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(line, CURLINFO_NUM_CONNECTS, &connects);
        *again = connects == 0;
        return status;
}

static void new_certificate_is_for_new_connections(void **state)
{
        struct files *files = *state;
        struct fault fault = { 0 };
        struct api *api;
        bool again;

        assert_int_equal(api_start_tls((void **)&api, files->tls), 0);
        CURL *before = line_open(api, files->pems[0]), *after = line_open(api, files->pems[1]);
        assert_int_equal(line_ask(before, &again), 200);
        assert_false(again);
        assert_int_equal(line_ask(after, &again), 0); /* it knows the other authority alone */

        pair_show(files, 1);
        assert_int_equal(tls_reload(files->tls, &fault), 0);
        assert_int_equal(line_ask(before, &again), 200);
        assert_true(again);
        assert_int_equal(line_ask(after, &again), 200);

        certificate_file_write(files->key, "nonsense", 8, 0600); /* which is the second pair's own file, too */
        assert_int_equal(tls_reload(files->tls, &fault), -FAULT_INVALID);
        curl_easy_setopt(after, CURLOPT_FRESH_CONNECT, 1L);
        assert_int_equal(line_ask(after, &again), 200);
        assert_false(again);
        assert_int_equal(line_ask(before, &again), 200);
        assert_true(again);
        curl_easy_cleanup(before);
        curl_easy_cleanup(after);
        api_stop((void **)&api);
}

static int64_t expiry_scraped(struct api *api)
{
        static const char name[] = "\ngatehouse_tls_certificate_expiry_timestamp_seconds ";
        AUTO_ANSWER struct answer answer = call_of(api, "GET", "/metrics", NULL);
        const char *at = strstr(answer.text, name);

        return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static void metrics_tell_when_the_shown_certificate_expires(void **state)
{
        struct files *files = *state;
        struct fault fault = { 0 };
        struct api *api;

        assert_int_equal(api_start_tls((void **)&api, files->tls), 0);
        assert_int_equal(expiry_scraped(api), tls_expires_ms(files->tls) / 1000);
        certificate_make(files->pems[1], -3600, LIFE_S / 2);
        pair_show(files, 1);
        assert_int_equal(tls_reload(files->tls, &fault), 0);
        assert_in_range(expiry_scraped(api) - time(NULL), LIFE_S / 2 - 600, LIFE_S / 2);
        api_stop((void **)&api);
        api_start((void **)&api);
        assert_int_equal(expiry_scraped(api), -1); /* plain HTTP has none */
        api_stop((void **)&api);
}

static void bodies_and_waits_go_through_as_they_do_without(void **state)
{
        struct files *files = *state;
        struct api *api;

        assert_int_equal(api_start_tls((void **)&api, files->tls), 0);
        api->authorities = files->pems[0];
        api_world(api);
        api_tokens(api);
        AUTO_ANSWER struct answer made = call(
                api,
                (struct call){ .method = "POST",
                               .path = "/v1/exports",
                               .body = "{'storage':'files','path':'/a','environment':'shop','mount_path':'/a'}",
                               .headers = { "Prefer: wait=1" },
                               .token = api->tokens[0] });
        assert_int_equal(made.status, 201);
        AUTO_ANSWER struct answer list =
                call(api, (struct call){ .method = "GET", .path = "/v1/exports", .token = api->tokens[0] });
        assert_int_equal(list.status, 200);
        AUTO_ANSWER struct answer again =
                call(api, (struct call){ .method = "GET", .path = "/v1/exports", .token = api->tokens[0] });
        assert_string_equal(again.text, list.text);
        AUTO_FREE char *body = memory_new(1, 70001);
        memset(body, ' ', 70000);
        AUTO_ANSWER struct answer large = call(
                api,
                (struct call){ .method = "POST", .path = "/v1/exports", .body = body, .token = api->tokens[0] });
        assert_int_equal(large.status, 413);
        api_stop((void **)&api);
}

/* Versions of TLS that a client offers alone, and whether the gateway takes them by each minimum. */
static void versions_below_the_minimum_are_refused(void **state)
{
        static const struct {
                enum tls_minimum minimum;
                long version;
                long status;
        } rows[] = {
                { TLS_MINIMUM_1_2, CURL_SSLVERSION_TLSv1_1 | CURL_SSLVERSION_MAX_TLSv1_1, 0 },
                { TLS_MINIMUM_1_2, CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2, 200 },
                { TLS_MINIMUM_1_2, CURL_SSLVERSION_TLSv1_3, 200 },
                { TLS_MINIMUM_1_3, CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2, 0 },
                { TLS_MINIMUM_1_3, CURL_SSLVERSION_TLSv1_3, 200 },
        };
        struct files *files = *state;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct fault fault = { 0 };
                struct api *api;
                struct tls *tls;
                bool again;

                assert_int_equal(tls_open(files->shown, files->key, rows[i].minimum, &tls, &fault), 0);
                assert_int_equal(api_start_tls((void **)&api, tls), 0);
                CURL *line = line_open(api, files->pems[0]);
                curl_easy_setopt(line, CURLOPT_SSLVERSION, rows[i].version);
                assert_int_equal(line_ask(line, &again), rows[i].status);
                curl_easy_cleanup(line);
                api_stop((void **)&api);
                tls_free(tls);
        }
}

#define TLS_TEST(name) cmocka_unit_test_setup_teardown(name, files_make, files_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TLS_TEST(files_that_are_not_right_are_refused_with_the_reason),
                TLS_TEST(expiry_is_that_of_the_certificate),
                TLS_TEST(certificate_out_of_its_time_is_told_of),
                TLS_TEST(all_that_is_wrong_with_the_files_is_told_at_once),
                TLS_TEST(file_that_is_not_named_is_not_looked_at),
                TLS_TEST(only_files_are_read),
                TLS_TEST(metrics_tell_when_the_shown_certificate_expires),
                TLS_TEST(new_certificate_is_for_new_connections),
                TLS_TEST(bodies_and_waits_go_through_as_they_do_without),
                TLS_TEST(versions_below_the_minimum_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
