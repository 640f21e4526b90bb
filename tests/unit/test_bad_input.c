/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bytes that no HTTP library would send: floods of header fields, bodies that are cut off or say two lengths, raw
 * NULs, megabytes of brackets. Each is answered with a status of its own or cut off, and changes nothing. What can
 * be said in well-formed requests is for tests/property.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "base/text.h"

#define JSON_HEADER "Host: x\r\nConnection: close\r\nContent-Type: application/json\r\n"

/* Sends `bytes`, ends the sending, and gives all that comes back; NULL when nothing did. */
static char *raw_answer(const struct api *api, const char *bytes, size_t length)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct text answer = { 0 };
        char part[4096];
        ssize_t got = 0;

        snprintf(address.sun_path, sizeof address.sun_path, "%s", api->socket);
        assert_return_code(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
        for (size_t sent = 0; sent < length && got >= 0; sent += got > 0 ? (size_t)got : 0)
                got = send(fd, bytes + sent, length - sent,
                           MSG_NOSIGNAL); /* ends early when it is refused early */
        shutdown(fd, SHUT_WR);
        while ((got = recv(fd, part, sizeof part, 0)) > 0)
                text_add_bytes(&answer, part, (size_t)got);
        close(fd);
        return text_take(&answer);
}

/* Sends it, and checks the status (0 = cut off without an answer), that a problem is told as one when the request
 * got as far as to be read, and that nothing is changed. */
static void expect_raw(struct api *api, const char *name, const char *bytes, size_t length, long wanted)
{
        uint64_t before = api_revision(api);
        AUTO_FREE char *answer = raw_answer(api, bytes, length);
        const char *line = answer ? answer : "";
        long status = strncmp(line, "HTTP/1.", 7) == 0 ? strtol(line + 9, NULL, 10) : 0;

        if (status != wanted)
                print_error("%s: %s\n", name, line);
        assert_int_equal(status, wanted);
        assert_int_equal(api_revision(api), before);
        if (strstr(line, "X-Request-Id") && status >= 400)
                assert_non_null(strstr(line, "application/problem+json"));
        expect(api, "GET", "/v1/exports", NULL, "200");
}

static void requests_that_no_library_sends_are_refused(void **state)
{
#define CASE(name, bytes, wanted)                      \
        {                                              \
                name, bytes, sizeof(bytes) - 1, wanted \
        }
        static const struct {
                const char *name, *bytes;
                size_t length;
                long wanted;
        } cases[] = {
                /* The library hands the target over as text, which ends at the NUL. */
                CASE("NUL in the target", "GET /v1/exp\0rts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     404),
                CASE("raw bytes that are no UTF-8",
                     "GET /v1/exports/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400),
                CASE("NUL in a header field",
                     "GET /v1/exports HTTP/1.1\r\nHost: x\r\nPrefer: a\0b\r\nConnection: close\r\n\r\n", 200),
                CASE("a version to come", "GET /v1/exports HTTP/9.9\r\nHost: x\r\nConnection: close\r\n\r\n", 505),
                CASE("a method in small letters",
                     "get /v1/exports HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
                CASE("a key sent twice",
                     "POST /v1/exports HTTP/1.1\r\n" JSON_HEADER
                     "Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 2\r\n\r\n{}",
                     400),
                CASE("a type sent twice",
                     "POST /v1/exports HTTP/1.1\r\n" JSON_HEADER
                     "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
                     415),
                CASE("a length below nothing",
                     "POST /v1/exports HTTP/1.1\r\n" JSON_HEADER "Content-Length: -1\r\n\r\n", 400),
                CASE("a length beyond numbers",
                     "POST /v1/exports HTTP/1.1\r\n" JSON_HEADER "Content-Length: 99999999999999999999\r\n\r\n",
                     413),
                CASE("a length of 16 EiB",
                     "POST /v1/exports HTTP/1.1\r\n" JSON_HEADER "Content-Length: 18446744073709551614\r\n\r\n",
                     413),
                CASE("a body that is cut off",
                     "PUT /v1/environments/new HTTP/1.1\r\n" JSON_HEADER
                     "Content-Length: 100\r\n\r\n{\"uid\":\"e-9\",\"account\":\"acme\",\"state\":\"running\","
                     "\"layers\":[]}",
                     0),
                CASE("a chunk that is cut off",
                     "PUT /v1/environments/new HTTP/1.1\r\n" JSON_HEADER
                     "Transfer-Encoding: chunked\r\n\r\n40\r\n{\"uid\":\"e-9\"",
                     0),
                CASE("a NUL behind the document",
                     "PUT /v1/environments/new HTTP/1.1\r\n" JSON_HEADER
                     "Content-Length: 61\r\n\r\n{\"uid\":\"e-9\",\"account\":\"acme\",\"state\":\"running\","
                     "\"layers\":[]}\0",
                     400),
        };
#undef CASE
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect_raw(*state, cases[i].name, cases[i].bytes, cases[i].length, cases[i].wanted);
}

static void floods_of_header_fields_are_refused(void **state)
{
        AUTO_TEXT struct text many = { 0 }, flood = { 0 };

        text_add(&many, "GET /v1/exports HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        text_add(&flood, text_get(&many));
        for (int i = 0; i < 90; i++)
                text_addf(&many, "X-Field-%d: %d\r\n", i, i);
        for (int i = 0; i < 20000; i++)
                text_addf(&flood, "X-Field-%d: %d\r\n", i, i);
        text_add(&many, "\r\n");
        text_add(&flood, "\r\n");
        expect_raw(*state, "ninety", text_get(&many), many.length, 200);
        expect_raw(*state, "twenty thousand", text_get(&flood), flood.length, 431);
}

/* PUT of an environment whose body is `head`, `count` times `unit`, and `tail`. */
static void expect_body_of(struct api *api, const char *head, const char *unit, size_t count, const char *tail)
{
        AUTO_TEXT struct text body = { 0 }, request = { 0 };

        text_add(&body, head);
        for (size_t i = 0; i < count; i++)
                text_add(&body, unit);
        text_add(&body, tail);
        text_addf(&request, "PUT /v1/environments/new HTTP/1.1\r\n" JSON_HEADER "Content-Length: %zu\r\n\r\n",
                  body.length);
        text_add_bytes(&request, text_get(&body), body.length);
        expect_raw(api, unit, text_get(&request), request.length, 400);
}

static void megabytes_of_nonsense_are_refused(void **state)
{
        expect_body_of(*state, "", "[", 8000000, "");
        expect_body_of(*state, "", "{\"a\":", 1600000, "");
        expect_body_of(*state, "{\"a\":", "9", 8000000, "}");
        expect_body_of(*state, "{\"a\":\"", "\\u0000", 1000000, "\"}");
        expect_body_of(*state, "{\"a\":0", ",\"a\":0", 1000000, "}");
        expect_body_of(*state, "", "\xff", 8000000, "");
}

#define BAD_INPUT_TEST(name) cmocka_unit_test_setup_teardown(name, api_start_impatient, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                BAD_INPUT_TEST(requests_that_no_library_sends_are_refused),
                BAD_INPUT_TEST(floods_of_header_fields_are_refused),
                BAD_INPUT_TEST(megabytes_of_nonsense_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
