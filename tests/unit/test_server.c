/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "base/text.h"
#include "rest/listener.h"

#define SITE "{'storage':'files','path':'/shared/site','environment':'shop','mount_path':'/var/www/site'}"

static void unknown_paths_and_methods_are_told_what_there_is(void **state)
{
        static const struct {
                const char *method, *path;
                long status;
                const char *allow;
        } cases[] = {
                { "GET", "/", 404, "" },
                { "GET", "/v1", 404, "" },
                { "GET", "/v1/exports/", 404, "" },
                { "GET", "//v1/exports", 404, "" },
                { "GET", "/v1/exports/a/grants/b", 404, "" },
                { "GET", "/V1/exports", 404, "" },
                { "GET", "/v1/exports/../exports", 404, "" },
                { "PATCH", "/v1/exports", 405, "GET, HEAD, POST, OPTIONS" },
                { "TRACE", "/v1/exports", 405, "GET, HEAD, POST, OPTIONS" },
                { "DELETE", "/v1/exports", 405, "GET, HEAD, POST, OPTIONS" },
                { "AVERYLONGMETHODINDEED", "/v1/exports", 405, "GET, HEAD, POST, OPTIONS" },
                { "POST", "/v1/storages/files", 405, "GET, HEAD, PUT, DELETE, OPTIONS" },
                { "PUT", "/v1/tokens/x", 405, "GET, HEAD, DELETE, OPTIONS" },
                { "OPTIONS", "/v1/exports", 204, "GET, HEAD, POST, OPTIONS" },
                { "OPTIONS", "/v1/environments/a/nodes/b", 204, "GET, HEAD, PUT, DELETE, OPTIONS" },
                { "OPTIONS", "/nothing", 404, "" },
                { "HEAD", "/v1/apply", 405, "POST, OPTIONS" },
                { "HEAD", "/v1/exports", 200, "" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_ANSWER struct answer answer = call_of(*state, cases[i].method, cases[i].path, NULL);

                if (answer.status != cases[i].status)
                        print_error("%s %s\n", cases[i].method, cases[i].path);
                assert_int_equal(answer.status, cases[i].status);
                assert_string_equal(answer_field(&answer, "Allow"), cases[i].allow);
        }
}

static void head_answers_as_get_without_the_body(void **state)
{
        AUTO_ANSWER struct answer get = call_of(*state, "GET", "/v1/exports", NULL);
        AUTO_ANSWER struct answer head = call_of(*state, "HEAD", "/v1/exports", NULL);

        assert_int_equal(head.status, 200);
        assert_string_equal(head.text, "");
        assert_string_equal(answer_field(&head, "Content-Type"), "application/json");
        assert_int_equal(strtoul(answer_field(&head, "Content-Length"), NULL, 10), strlen(get.text));
}

static void every_reply_has_its_fields(void **state)
{
        static const char *const paths[] = { "/healthz", "/v1/exports", "/nothing" };

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                AUTO_ANSWER struct answer answer = call_of(*state, "GET", paths[i], NULL);

                assert_string_equal(answer_field(&answer, "Cache-Control"), "no-store");
                assert_string_equal(answer_field(&answer, "X-Content-Type-Options"), "nosniff");
                assert_int_equal(strlen(answer_field(&answer, "X-Request-Id")), 16);
        }
}

static void request_id_of_the_client_is_kept_when_well_formed(void **state)
{
        AUTO_ANSWER struct answer good = call(
                *state,
                (struct call){ .method = "GET", .path = "/healthz", .headers = { "X-Request-Id: ci-42.a_B" } });
        AUTO_ANSWER struct answer bad = call(
                *state, (struct call){ .method = "GET", .path = "/healthz", .headers = { "X-Request-Id: a\"b" } });

        assert_string_equal(answer_field(&good, "X-Request-Id"), "ci-42.a_B");
        assert_int_equal(strlen(answer_field(&bad, "X-Request-Id")), 16);
}

static void malformed_targets_are_refused(void **state)
{
        static const char *const paths[] = {
                "/v1/exports/%zz",
                "/v1/exports/%",
                "/v1/exports/%0",
                "/v1/exports/a%00b",
                "/v1/exports/a%2fb",
                "/v1/exports/%ff",
                "/v1/exports?limit=%f",
                "/v1/exports?limit=%ff",
                "/v1/exports?%00=1",
                "/v1/exports?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y&z&A&B&C&D&E&F&G"
        };

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                expect(*state, "GET", paths[i], NULL, "400");
        expect(*state, "GET", "/v1/exports?li%6dit=5&&", NULL, "200");
        expect(*state, "GET", "/v%31/%65xports", NULL, "200");
}

static struct answer body_call(struct api *api, const char *method, const char *path, const char *body,
                               size_t length, const char *header)
{
        return call(api, (struct call){ .method = method,
                                        .path = path,
                                        .body = body,
                                        .raw_length = length,
                                        .headers = { header } });
}

static void bodies_are_limited_and_must_be_json(void **state)
{
        enum { SMALL = 64 * 1024, LARGE = 8 * 1024 * 1024 };
        AUTO_FREE char *bytes = memory_new(1, LARGE + 2);
        static const char chunked[] = "Transfer-Encoding: chunked";
        const struct {
                const char *method, *path;
                size_t length;
                const char *header;
                long wanted;
        } cases[] = {
                { "POST", "/v1/exports", SMALL, NULL, 422 },
                { "POST", "/v1/exports", SMALL + 1, NULL, 413 },
                { "POST", "/v1/exports", SMALL, chunked, 422 },
                { "POST", "/v1/exports", SMALL + 1, chunked, 413 },
                { "POST", "/v1/exports", LARGE, chunked, 413 },
                { "PUT", "/v1/storages/x", SMALL + 1, NULL, 413 },
                { "PUT", "/v1/environments/x", LARGE, NULL, 422 },
                { "PUT", "/v1/environments/x", LARGE + 1, NULL, 413 },
                { "PUT", "/v1/environments/x", LARGE + 1, chunked, 413 },
                { "PUT", "/v1/environments/x/nodes/y", LARGE + 1, NULL, 413 },
                { "POST", "/v1/exports", 2, "Content-Type: text/plain", 415 },
                { "POST", "/v1/exports", 2, "Content-Type: application/jsonx", 415 },
                { "POST", "/v1/exports", 2, "Content-Type:", 415 },
                { "POST", "/v1/exports", 2, "Content-Type: Application/JSON; charset=utf-8", 422 },
                { "GET", "/v1/exports", 2, NULL, 400 },
                { "DELETE", "/v1/exports/x", 2, NULL, 400 },
                { "PATCH", "/v1/exports", LARGE, NULL, 405 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                memset(bytes, ' ', LARGE + 1);
                memcpy(bytes, "{}", 2);
                AUTO_ANSWER struct answer answer =
                        body_call(*state, cases[i].method, cases[i].path, bytes, cases[i].length, cases[i].header);

                if (answer.status != cases[i].wanted)
                        print_error("%s %s %zu %s: %ld %s\n", cases[i].method, cases[i].path, cases[i].length,
                                    cases[i].header ? cases[i].header : "", answer.status, answer.text);
                assert_int_equal(answer.status, cases[i].wanted);
        }
}

static void refusal_comes_before_a_client_that_waits_sends(void **state)
{
        AUTO_FREE char *bytes = memory_new(1, 1024 * 1024 + 1);

        memset(bytes, ' ', 1024 * 1024);
        AUTO_ANSWER struct answer answer =
                body_call(*state, "POST", "/v1/exports", bytes, 1024 * 1024, "Expect: 100-continue");
        assert_int_equal(answer.status, 413);
        assert_null(strstr(answer.header, "100 Continue"));
        AUTO_ANSWER struct answer taken = call(*state, (struct call){ .method = "POST",
                                                                      .path = "/v1/exports",
                                                                      .body = "{}",
                                                                      .headers = { "Expect: 100-continue" } });
        assert_int_equal(taken.status, 422);
}

static void bodies_that_are_no_document_are_refused(void **state)
{
        static const char deep17[] = "{'a':[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}";
        static const char deep16[] = "{'a':[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}";
        static const char *const bodies[] = { "",     "nonsense",        "[]",  "7", "{'a':1,'a':2}",
                                              "{}{}", "{'a':'\\u0000'}", deep17 };

        for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
                expect(*state, "POST", "/v1/exports", bodies[i], "400");
        AUTO_ANSWER struct answer answer = call_of(*state, "POST", "/v1/exports", deep16);
        assert_int_equal(answer.status, 422);
}

/* A client of the Unix socket that sends `bytes` and then nothing. */
static int slow_client(const struct api *api, const char *bytes)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof address.sun_path, "%s", api->socket);
        assert_return_code(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
        return fd;
}

static void slow_senders_do_not_hold_up_others(void **state)
{
        struct api *api = *state;
        int slow[40];

        for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
                slow[i] = slow_client(
                        api, i % 2 ? "POST /v1/exports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                     "Content-Length: 100\r\n\r\n{\"a\""
                                   : "GET /v1/exp");
        int64_t before = clock_monotonic_ms(clock_system());
        for (int i = 0; i < 20; i++)
                expect(api, "GET", "/v1/exports", NULL, "200");
        assert_true(clock_monotonic_ms(clock_system()) - before < 5000);
        for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
                close(slow[i]);
        expect(api, "GET", "/v1/exports", NULL, "200");
}

/* Sends `bytes` and reads until the server closes; the beginning of the reply, which the caller frees. */
static char *raw_reply(const struct api *api, const char *bytes)
{
        int fd = slow_client(api, "");
        char *reply = memory_new(1, 1024);
        size_t length = 0, left = strlen(bytes);
        ssize_t got;

        while (left > 0 &&
               (got = send(fd, bytes, left, MSG_NOSIGNAL)) > 0) { /* it may be refused before the end */
                bytes += got;
                left -= (size_t)got;
        }
        shutdown(fd, SHUT_WR);
        while (length < 1023 && (got = recv(fd, reply + length, 1023 - length, 0)) > 0)
                length += (size_t)got;
        close(fd);
        return reply;
}

/* The status of the reply, 0 for none. */
static long raw_status(const struct api *api, const char *bytes)
{
        AUTO_FREE char *reply = raw_reply(api, bytes);

        return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? strtol(reply + 9, NULL, 10) : 0;
}

static bool raw_is_problem(const struct api *api, const char *bytes)
{
        AUTO_FREE char *reply = raw_reply(api, bytes);

        return strstr(reply, "application/problem+json") != NULL;
}

/* What the HTTP library refuses by itself never reaches a handler; sanitizers see whether anything of it stays. */
static void broken_http_is_refused_and_leaves_nothing(void **state)
{
        AUTO_FREE char *filler = memory_new(1, 20001);
        AUTO_FREE char *long_header = NULL, *long_target = NULL;

        memset(filler, 'a', 20000);
        long_header = memory_format("GET /v1/exports HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", filler);
        long_target = memory_format("GET /v1/%s HTTP/1.1\r\nHost: x\r\n\r\n", filler);
        assert_int_equal(raw_status(*state, long_header), 431);
        assert_int_equal(raw_status(*state, long_target), 414);
        assert_true(raw_is_problem(*state, long_header));
        assert_true(raw_is_problem(*state, long_target));
        assert_int_equal(raw_status(*state, "GET /v1/exports HTTP/1.1\r\n\r\n"), 400); /* no Host */
        assert_int_equal(raw_status(*state, "GET /v1/exports HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                         200);
        assert_int_equal(raw_status(*state, "POST /v1/exports HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"),
                         400);
        raw_status(*state, "NONSENSE\r\n\r\n");
        raw_status(*state, "\r\n\r\n\r\n");
        raw_status(*state, "POST /v1/exports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                           "Content-Length: 9\r\n\r\n{");
        raw_status(*state, "POST /v1/exports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                           "Transfer-Encoding: chunked\r\n\r\nzz\r\n");
        expect(*state, "GET", "/v1/exports", NULL, "200");
}

/* What has too much of something is refused in our own words; what goes far beyond, or is no HTTP, in the
 * library's: docs/api.md says so. */
static void refusals_are_problems_where_the_request_can_be_read(void **state)
{
        static const struct {
                const char *line, *field;
                size_t line_bytes, fields, field_bytes;
                long status;
                bool is_problem;
        } cases[] = {
                { "GET /v1/exports/", "X", 8000, 1, 1, 404, true },
                { "GET /v1/exports/", "X", 8300, 1, 1, 414, true },
                { "GET /v1/exports/", "X", 30000, 1, 1, 414, true },
                { "GET /v1/exports/", "X", 200000, 1, 1, 414, false },
                { "GET /v1/none", "X", 1, 1, 16000, 404, true },
                { "GET /v1/none", "X", 1, 1, 17000, 431, true },
                { "GET /v1/none", "X", 1, 8, 3000, 431, true },
                { "GET /v1/none", "X", 1, 1, 200000, 431, false },
                { "GET /v1/none", "X", 1, 90, 10, 404, true },
                { "GET /v1/none", "X", 1, 110, 10, 431, true },
                { "GET /v1/none", "X", 1, 10000, 10, 431, false },
                { "NONSENSE", "X", 1, 1, 1, 0, false },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text request = { 0 };

                text_add(&request, cases[i].line);
                for (size_t j = 0; j < cases[i].line_bytes; j++)
                        text_add(&request, "a");
                text_add(&request,
                         i + 1 < ARRAY_SIZE(cases) ? " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" : "\r\n");
                for (size_t j = 0; j < cases[i].fields; j++) {
                        text_addf(&request, "%s-%zu: ", cases[i].field, j);
                        for (size_t k = 0; k < cases[i].field_bytes; k++)
                                text_add(&request, "b");
                        text_add(&request, "\r\n");
                }
                text_add(&request, "\r\n");
                if (raw_status(*state, text_get(&request)) != cases[i].status ||
                    raw_is_problem(*state, text_get(&request)) != cases[i].is_problem)
                        fail_msg("case %zu: %s", i, raw_reply(*state, text_get(&request)));
        }
}

/* Reads until the server closes the connection; false when it has not after 15 s. */
static bool is_closed_by_server(int fd)
{
        struct timeval patience = { .tv_sec = 15 };
        char bytes[256];
        ssize_t got;

        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        do {
                got = recv(fd, bytes, sizeof bytes, 0);
        } while (got > 0);
        return got == 0 || errno == ECONNRESET;
}

static void silent_clients_are_cut_off_and_waiting_ones_are_not(void **state)
{
        struct api *api = *state;
        int silent = slow_client(api, "GET /v1/exp");

        api_world(api);
        AUTO_ANSWER struct answer answer = call(api, (struct call){ .method = "POST",
                                                                    .path = "/v1/exports",
                                                                    .body = SITE,
                                                                    .headers = { "Prefer: wait=3" } });
        assert_int_equal(answer.status, 201);
        assert_string_equal(answer_field(&answer, "Preference-Applied"), "wait=3");
        assert_true(is_closed_by_server(silent));
        close(silent);
}

/* Sends `head`, then a byte of `filler` again and again until the server closes; how long that took. */
static int64_t trickle_ms(int fd, const char *head, const char *filler)
{
        int64_t before = clock_monotonic_ms(clock_system()), spent_ms = 0;
        struct pollfd closed = { .fd = fd, .events = POLLRDHUP };

        assert_int_equal(send(fd, head, strlen(head), MSG_NOSIGNAL), strlen(head));
        for (size_t i = 0; send(fd, &filler[i % strlen(filler)], 1, MSG_NOSIGNAL) == 1; i++) {
                spent_ms = clock_monotonic_ms(clock_system()) - before;
                if (poll(&closed, 1, 100) != 0 || spent_ms > 10000)
                        break;
        }
        close(fd);
        return spent_ms;
}

/* Each part of a request must be whole in time, however often a byte of it comes; others are served meanwhile. */
static void requests_that_trickle_are_cut_off(void **state)
{
        static const struct {
                const char *head, *filler;
        } rows[] = {
                { "", "G" },
                { "GET /v1/", "e" },
                { "GET /v1/exports HTTP/1.1\r\nHost: x\r\nX-Long: ", "a" },
                { "GET /v1/exports HTTP/1.1\r\nHost: x\r\n", "X: a\r\n" },
                { "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/", "e" },
                { "POST /v1/exports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  "Content-Length: 60000\r\n\r\n",
                  " " },
                { "POST /v1/exports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
                  "X: a\r\n" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                assert_in_range(trickle_ms(slow_client(*state, ""), rows[i].head, rows[i].filler), 800, 9000);
                expect(*state, "GET", "/v1/exports", NULL, "200");
        }
}

/* Reads a little again and again, so that the connection is never idle, until the server closes; false when it has
 * not after 30 s. */
static bool slow_reader_is_cut_off(int fd)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + 30000;
        struct pollfd closed = { .fd = fd, .events = POLLRDHUP };
        char bytes[2048];

        while (poll(&closed, 1, 100) == 0 && clock_monotonic_ms(clock_system()) < until_ms)
                if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) == 0)
                        break;
        return clock_monotonic_ms(clock_system()) < until_ms;
}

/* Replies that are longer than what the kernel keeps of them. */
static void replies_that_are_not_taken_in_time_are_cut_off(void **state)
{
        AUTO_TEXT struct text questions = { 0 };

        for (int i = 0; i < 50; i++)
                text_add(&questions, "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n");
        int fd = slow_client(*state, text_get(&questions));
        assert_true(slow_reader_is_cut_off(fd));
        close(fd);
        expect(*state, "GET", "/v1/exports", NULL, "200");
}

static void address_with_too_many_connections_keeps_out_nobody_else(void **state)
{
        int held[API_CROWD];

        for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
                held[i] = api_tcp_client(((struct api *)*state)->port, "127.0.0.1");
                assert_true(held[i] >= 0);
        }
        assert_int_equal(api_tcp_client(((struct api *)*state)->port, "127.0.0.1"), -1);
        int other = api_tcp_client(((struct api *)*state)->port, "127.0.0.2");
        assert_true(other >= 0);
        close(other);
        expect(*state, "GET", "/v1/exports", NULL, "200");
        for (size_t i = 0; i < ARRAY_SIZE(held); i++) { /* the time for the next request is over, too */
                assert_true(is_closed_by_server(held[i]));
                close(held[i]);
        }
        int again = -1; /* who was hung up on is counted until the event thread has seen it */
        for (int tries = 0; tries < 100 && again < 0; tries++)
                again = api_tcp_client(((struct api *)*state)->port, "127.0.0.1");
        assert_true(again >= 0);
        close(again);
}

/* A header of many fields, and one that a field makes long over and over. */
static void floods_of_fields_are_refused(void **state)
{
        static const char *const fields[] = { "X: y\r\n", "Accept: text/plain\r\n", "Cookie: a=b; c=d; e=f\r\n" };

        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                AUTO_TEXT struct text flood = { 0 };

                text_add(&flood, "GET /v1/exports HTTP/1.1\r\nHost: x\r\n");
                for (size_t j = 0; j < 8000; j++)
                        text_add(&flood, fields[i]);
                text_add(&flood, "\r\n");
                assert_int_equal(raw_status(*state, text_get(&flood)), 431);
        }
        expect(*state, "GET", "/v1/exports", NULL, "200");
}

static void client_gone_while_it_waits_leaves_nothing(void **state)
{
        struct api *api = *state;
        static const char body[] =
                "{\"storage\":\"files\",\"path\":\"/a\",\"environment\":\"shop\",\"mount_path\":\"/a\"}";

        api_world(api);
        AUTO_FREE char *bytes = memory_format("POST /v1/exports HTTP/1.1\r\nHost: x\r\nPrefer: wait=1\r\n"
                                              "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                              strlen(body), body);
        int fd = slow_client(api, bytes);
        api_await_exports(api, 1);
        close(fd);
        /* Its time passes with ours. */
        AUTO_ANSWER struct answer answer = call(api, (struct call){ .method = "POST",
                                                                    .path = "/v1/exports",
                                                                    .body = SITE,
                                                                    .headers = { "Prefer: wait=2" } });
        assert_int_equal(answer.status, 201);
}

/* Asks as user and group nobody: the credentials of this thread alone are given up. */
static void *ask_as_nobody(void *argument)
{
        static long status;

        if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, 65534, 65534, 65534) < 0 ||
            syscall(SYS_setresuid, 65534, 65534, 65534) < 0)
                return NULL;
        status = raw_status(argument, "GET /v1/exports HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return &status;
}

static void peer_outside_the_operators_group_is_refused(void **state)
{
        struct api *api = *state;
        pthread_t thread;
        void *status;

        if (geteuid() != 0)
                skip();
        assert_return_code(chmod(api->folder, 0755), 0);
        assert_return_code(chmod(api->socket, 0666), 0); /* as if somebody had opened it up */
        assert_int_equal(pthread_create(&thread, NULL, ask_as_nobody, api), 0);
        pthread_join(thread, &status);
        assert_non_null(status);
        assert_int_equal(*(long *)status, 403);
}

static void hanging_storage_holds_up_only_who_asks_for_it(void **state)
{
        struct api *api = *state;
        struct caller waiting;

        api_world(api);
        files_hold(&api->fake, true);
        caller_start(&waiting, api, (struct call){ .method = "POST", .path = "/v1/exports", .body = SITE });
        files_await_asked(&api->fake, 1);
        expect(api, "GET", "/v1/exports", NULL, "200");
        expect(api, "PUT", "/v1/environments/new",
               "{'uid':'e-9','account':'acme','state':'running','layers':['cp']}", "201");
        files_hold(&api->fake, false);
        AUTO_ANSWER struct answer waiting_answer = caller_join(&waiting);
        assert_int_equal(waiting_answer.status, 201);
}

static void *stop_run(void *argument)
{
        api_stop_server(argument);
        return NULL;
}

static void stop_answers_those_who_wait(void **state)
{
        struct api *api = *state;
        struct caller waiting, looking, queued;
        pthread_t stopper;

        api_world(api);
        caller_start(
                &waiting, api,
                (struct call){
                        .method = "POST", .path = "/v1/exports", .body = SITE, .headers = { "Prefer: wait=60" } });
        api_await_exports(api, 1);
        files_hold(&api->fake, true);
        caller_start(
                &looking, api,
                (struct call){ .method = "POST",
                               .path = "/v1/exports",
                               .body = "{'storage':'files','path':'/b','environment':'shop','mount_path':'/b'}" });
        files_await_asked(&api->fake, 2);
        caller_start(
                &queued, api,
                (struct call){ .method = "POST",
                               .path = "/v1/exports",
                               .body = "{'storage':'files','path':'/c','environment':'shop','mount_path':'/c'}" });
        int slow = slow_client(api, "GET /v1/exp");
        int64_t before = clock_monotonic_ms(clock_system());

        pthread_create(&stopper, NULL, stop_run, api);
        files_hold(&api->fake, false);
        AUTO_ANSWER struct answer waiting_answer = caller_join(&waiting);
        AUTO_ANSWER struct answer looking_answer = caller_join(&looking);
        AUTO_ANSWER struct answer queued_answer = caller_join(&queued);
        pthread_join(stopper, NULL);
        close(slow);
        assert_true(clock_monotonic_ms(clock_system()) - before < 10000);
        /* What was durable is said so; what was not is either made or was not: never half. */
        assert_int_equal(waiting_answer.status, 201);
        assert_string_equal(answer_at(&waiting_answer, "status/pending"), "2");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        size_t made = 1u + (looking_answer.status == 201) + (queued_answer.status == 201);
        assert_int_equal(pmap_count(now->kinds[DOCUMENT_EXPORT]), made);
        assert_true(looking_answer.status == 201 || looking_answer.status == 503);
}

static void unix_listener_replaces_a_dead_socket_only(void **state)
{
        struct api *api = *state;
        AUTO_FREE char *path = memory_format("%s/other.sock", api->folder);
        struct fault fault = { 0 };
        struct stat stat;
        int first = listener_open_unix(path, getgid(), &fault);

        assert_return_code(first, 0);
        assert_return_code(lstat(path, &stat), 0);
        assert_int_equal(stat.st_mode & 0777, 0660);
        assert_int_equal(listener_open_unix(path, getgid(), &fault), -FAULT_CONFLICT);
        close(first);
        int second = listener_open_unix(path, getgid(), &fault);
        assert_return_code(second, 0);
        close(second);
        unlink(path);
}

static void tcp_listener_takes_literals_only(void **state)
{
        static const char *const bad[] = {
                "",        "127.0.0.1",      "localhost:1",  "127.0.0.1:", "127.0.0.1:70000", "::1:80", "[::1]",
                "[::1]80", "[127.0.0.1]:80", "127.0.0.1:8a", "1:2:3"
        };
        struct fault fault = { 0 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(listener_open_tcp(bad[i], &fault), -FAULT_INVALID);
        int fd = listener_open_tcp("[::1]:0", &fault);
        if (fd >= 0)
                close(fd);
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(unknown_paths_and_methods_are_told_what_there_is),
                API_TEST(head_answers_as_get_without_the_body),
                API_TEST(every_reply_has_its_fields),
                API_TEST(request_id_of_the_client_is_kept_when_well_formed),
                API_TEST(malformed_targets_are_refused),
                API_TEST(bodies_are_limited_and_must_be_json),
                API_TEST(refusal_comes_before_a_client_that_waits_sends),
                API_TEST(bodies_that_are_no_document_are_refused),
                API_TEST(slow_senders_do_not_hold_up_others),
                /* libmicrohttpd 0.9.75 takes half a request that ends with a half-close for a slow one. */
                cmocka_unit_test_setup_teardown(broken_http_is_refused_and_leaves_nothing, api_start_impatient,
                                                api_stop),
                cmocka_unit_test_setup_teardown(silent_clients_are_cut_off_and_waiting_ones_are_not,
                                                api_start_impatient, api_stop),
                cmocka_unit_test_setup_teardown(replies_that_are_not_taken_in_time_are_cut_off,
                                                api_start_impatient, api_stop),
                API_TEST(refusals_are_problems_where_the_request_can_be_read),
                cmocka_unit_test_setup_teardown(requests_that_trickle_are_cut_off, api_start_impatient, api_stop),
                cmocka_unit_test_setup_teardown(address_with_too_many_connections_keeps_out_nobody_else,
                                                api_start_crowded, api_stop),
                cmocka_unit_test_setup_teardown(floods_of_fields_are_refused, api_start_impatient, api_stop),
                API_TEST(client_gone_while_it_waits_leaves_nothing),
                API_TEST(peer_outside_the_operators_group_is_refused),
                API_TEST(hanging_storage_holds_up_only_who_asks_for_it),
                API_TEST(stop_answers_those_who_wait),
                API_TEST(unix_listener_replaces_a_dead_socket_only),
                API_TEST(tcp_listener_takes_literals_only),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
