/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/call.h"

/* A server for one connection: keeps what it is sent, answers what it is told. */
struct server {
        char folder[32];
        char path[64]; /* of its Unix socket */
        char url[64];  /* when it listens on TCP */
        int listener;
        pthread_t thread;
        const char *answer;
        struct text received;
};

/* Whether `request` is whole: headers, and as much body as they announce. */
static bool request_is_whole(const struct text *request)
{
        const char *end = strstr(text_get(request), "\r\n\r\n");
        const char *length = strstr(text_get(request), "Content-Length: ");

        return end && (!length || strlen(end + 4) >= strtoul(length + 16, NULL, 10));
}

static void *server_run(void *context)
{
        struct server *server = context;
        AUTO_CLOSE int connection = accept(server->listener, NULL, NULL);
        char bytes[4096];
        ssize_t got;

        while (!request_is_whole(&server->received) && (got = read(connection, bytes, sizeof bytes)) > 0)
                text_add_bytes(&server->received, bytes, (size_t)got);
        if (write(connection, server->answer, strlen(server->answer)) < 0)
                perror("answer");
        return NULL;
}

static void server_listen_unix(struct server *server)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        assert_non_null(mkdtemp(server->folder));
        snprintf(server->path, sizeof server->path, "%s/socket", server->folder);
        memcpy(address.sun_path, server->path, strlen(server->path));
        server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
}

static void server_listen_tcp(struct server *server)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t size = sizeof address;

        server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
        snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
}

static void server_start(struct server *server, bool tcp, const char *answer)
{
        *server = (struct server){ .answer = answer, .folder = "test_call.XXXXXX" };
        if (tcp)
                server_listen_tcp(server);
        else
                server_listen_unix(server);
        assert_int_equal(listen(server->listener, 1), 0);
        assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

/* Waits until it has answered; what it received is the caller's to free. */
static char *server_stop(struct server *server)
{
        pthread_join(server->thread, NULL);
        close(server->listener);
        if (server->path[0]) {
                unlink(server->path);
                rmdir(server->folder);
        }
        return text_take(&server->received);
}

static void call_sends_its_headers_and_body_and_reads_the_answer(void **test)
{
        static const struct {
                const char *method, *key;
                unsigned wait_s;
                bool with_body;
                const char *answer;
                int result, status;
                const char *first_line, *has, *has_not;
        } cases[] = {
                { "GET", NULL, 0, false, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"a\": 1}", 0, 200,
                  "GET /v1/x?y=1 HTTP/1.1\r\n", "Accept: application/json", "Authorization" },
                { "PUT", NULL, 0, true, "HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{\"a\": 1}", 0, 201,
                  "PUT /v1/x?y=1 HTTP/1.1\r\n", "{\"b\":2}", "Expect" },
                { "POST", "k", 7, true, "HTTP/1.1 422 No\r\nContent-Length: 8\r\n\r\n{\"a\": 1}", 0, 422,
                  "POST /v1/x?y=1 HTTP/1.1\r\n", "\r\nIdempotency-Key: k\r\n", "chunked" },
                { "POST", "k", 7, true, "HTTP/1.1 422 No\r\nContent-Length: 8\r\n\r\n{\"a\": 1}", 0, 422, "POST ",
                  "\r\nPrefer: wait=7\r\n", "chunked" },
                { "DELETE", NULL, 0, false, "HTTP/1.1 204 No Content\r\n\r\n", 0, 204,
                  "DELETE /v1/x?y=1 HTTP/1.1\r\n", "Accept", "Prefer" },
                { "GET", NULL, 0, false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", -FAULT_MALFORMED,
                  200, "GET ", "Accept", "Prefer" },
                { "GET", NULL, 0, false, "", -FAULT_UNAVAILABLE, 0, "GET ", "Accept", "Prefer" },
                { "GET", NULL, 0, false,
                  "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", 0, 302, "GET ",
                  "Accept", "Prefer" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                json_t *body = json_pack("{s:i}", "b", 2);
                struct call call = { .method = cases[i].method,
                                     .path = "/v1/x?y=1",
                                     .key = cases[i].key,
                                     .wait_s = cases[i].wait_s,
                                     .body = cases[i].with_body ? body : NULL };
                AUTO_ANSWER struct answer answer = { 0 };
                struct fault fault = { 0 };
                struct call_line *line;
                struct server server;

                server_start(&server, false, cases[i].answer);
                struct call_settings settings = { .socket = server.path, .token = "secret" };
                assert_int_equal(call_open(&settings, &line, &fault), 0);
                struct caller caller = call_line_caller(line);
                assert_int_equal(caller.perform(caller.context, &call, &answer, &fault), cases[i].result);
                assert_int_equal(answer.status, cases[i].status);
                call_close(line);
                json_decref(body);
                AUTO_FREE char *received = server_stop(&server);
                assert_memory_equal(received, cases[i].first_line, strlen(cases[i].first_line));
                assert_non_null(strstr(received, cases[i].has));
                assert_null(strstr(received, cases[i].has_not));
        }
}

static bool stream_keep(void *context, const char *bytes, size_t length)
{
        text_add_bytes(context, bytes, length);
        return true;
}

static void stream_is_handed_over_as_it_comes(void **test)
{
        static const struct {
                const char *answer;
                int result, status;
                const char *taken;
        } cases[] = {
                { "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: 1\n\n", 0, 200, "id: 1\n\n" },
                { "HTTP/1.1 429 No\r\nContent-Type: application/problem+json\r\n\r\n{}", 0, 429, "" },
                { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", -FAULT_MALFORMED, 0, "" },
                { "", -FAULT_UNAVAILABLE, 0, "" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text taken = { 0 };
                struct call_stream stream = { .take = stream_keep, .context = &taken };
                AUTO_ANSWER struct answer answer = { 0 };
                struct fault fault = { 0 };
                struct call_line *line;
                struct server server;

                server_start(&server, false, cases[i].answer);
                struct call_settings settings = { .socket = server.path };
                assert_int_equal(call_open(&settings, &line, &fault), 0);
                struct caller caller = call_line_caller(line);
                struct call call = { .method = "GET", .path = "/v1/events", .last_event_id = "42" };
                assert_int_equal(caller.follow(caller.context, &call, &stream, &answer, &fault), cases[i].result);
                assert_int_equal(answer.status, cases[i].status);
                assert_false(stream.is_over);
                call_close(line);
                AUTO_FREE char *received = server_stop(&server);
                assert_non_null(strstr(received, "\r\nLast-Event-ID: 42\r\n"));
                assert_non_null(strstr(received, "\r\nAccept: text/event-stream"));
                assert_string_equal(text_get(&taken), cases[i].taken);
        }
}

/* A server that takes the connection and says nothing. */
static void stream_ends_when_it_is_told_to(void **test)
{
        struct server server = { .folder = "test_call.XXXXXX" };
        AUTO_ANSWER struct answer answer = { 0 };
        struct fault fault = { 0 };
        struct call_line *line;
        int ends[2];

        (void)test;
        server_listen_unix(&server);
        assert_int_equal(listen(server.listener, 1), 0);
        assert_int_equal(pipe(ends), 0);
        struct pollfd until[] = { { .fd = -1 }, { .fd = ends[1] } };
        struct call_stream stream = { .take = stream_keep, .until = until, .until_count = 2 };
        struct call_settings settings = { .socket = server.path };
        assert_int_equal(call_open(&settings, &line, &fault), 0);
        struct caller caller = call_line_caller(line);
        struct call call = { .method = "GET", .path = "/v1/events" };
        close(ends[0]); /* nobody reads any more */
        assert_int_equal(caller.follow(caller.context, &call, &stream, &answer, &fault), 0);
        assert_true(stream.is_over);
        call_close(line);
        close(ends[1]);
        close(server.listener);
        unlink(server.path);
        rmdir(server.folder);
}

static void revision_is_required_and_told(void **test)
{
        const struct call call = { .method = "DELETE", .path = "/v1/x", .if_revision = "42" };
        AUTO_ANSWER struct answer answer = { 0 };
        struct fault fault = { 0 };
        struct call_line *line;
        struct server server;

        (void)test;
        server_start(&server, false, "HTTP/1.1 204 No Content\r\ngatehouse-revision: 43\r\n\r\n");
        struct call_settings settings = { .socket = server.path };
        assert_int_equal(call_open(&settings, &line, &fault), 0);
        struct caller caller = call_line_caller(line);
        assert_int_equal(caller.perform(caller.context, &call, &answer, &fault), 0);
        call_close(line);
        AUTO_FREE char *received = server_stop(&server);
        assert_non_null(strstr(received, "\r\nGatehouse-If-Revision: 42\r\n"));
        assert_string_equal(answer.revision, "43");
}

static void token_goes_to_a_url_from_file_or_environment(void **test)
{
        static const struct {
                const char *in_file, *in_environment, *header; /* NULL header = none is sent */
        } cases[] = {
                { NULL, "gh_env", "\r\nAuthorization: Bearer gh_env\r\n" },
                { "gh_file\n", "gh_env", "\r\nAuthorization: Bearer gh_file\r\n" },
                { "gh_file", NULL, "\r\nAuthorization: Bearer gh_file\r\n" },
                { NULL, NULL, NULL },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char file[] = "test_call.token.XXXXXX";
                AUTO_CLOSE int fd = mkstemp(file);
                AUTO_ANSWER struct answer answer = { 0 };
                struct fault fault = { 0 };
                struct call_line *line;
                struct server server;

                if (cases[i].in_file)
                        assert_true(write(fd, cases[i].in_file, strlen(cases[i].in_file)) > 0);
                server_start(&server, true, "HTTP/1.1 204 No Content\r\n\r\n");
                struct call_settings settings = { .url = server.url,
                                                  .token = cases[i].in_environment,
                                                  .token_file = cases[i].in_file ? file : NULL };
                assert_int_equal(call_open(&settings, &line, &fault), 0);
                unlink(file);
                struct caller caller = call_line_caller(line);
                struct call call = { .method = "GET", .path = "/healthz" };
                assert_int_equal(caller.perform(caller.context, &call, &answer, &fault), 0);
                call_close(line);
                AUTO_FREE char *received = server_stop(&server);
                assert_memory_equal(received, "GET /healthz HTTP/1.1\r\n", 23);
                if (cases[i].header)
                        assert_non_null(strstr(received, cases[i].header));
                else
                        assert_null(strstr(received, "Authorization"));
        }
}

static void settings_that_cannot_work_are_refused(void **test)
{
        static const struct {
                struct call_settings settings;
                const char *says;
        } cases[] = {
                { { .url = "ftp://x" }, "call ftp://x: a URL that begins with http:// or https:// is needed" },
                { { .url = "10.0.0.1:8470" }, "call 10.0.0.1:8470: a URL that" },
                { { .url = "http://x", .token = "a b" }, "read token: what is in GATEHOUSE_TOKEN is none" },
                { { .url = "http://x", .token = "a\r\nX: y" }, "read token: what is in GATEHOUSE_TOKEN is none" },
                { { .url = "http://x", .token = "" }, "read token: what is in GATEHOUSE_TOKEN is none" },
                { { .url = "http://x", .token_file = "/nonexistent" },
                  "read token file /nonexistent: No such file or directory" },
                { { .url = "http://x", .token_file = "/dev/null" }, "read token: what is in /dev/null is none" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct call_line *line = NULL;
                struct fault fault = { 0 };

                assert_int_equal(call_open(&cases[i].settings, &line, &fault), -FAULT_INVALID);
                assert_memory_equal(fault.text, cases[i].says, strlen(cases[i].says));
                call_close(line);
        }
}

static void gateway_that_is_not_there_is_unavailable(void **test)
{
        struct call_settings settings = { .socket = "/nonexistent/gatehouse.sock" };
        AUTO_ANSWER struct answer answer = { 0 };
        struct fault fault = { 0 };
        struct call_line *line;

        (void)test;
        assert_int_equal(call_open(&settings, &line, &fault), 0);
        struct caller caller = call_line_caller(line);
        struct call call = { .method = "GET", .path = "/" };
        assert_int_equal(caller.perform(caller.context, &call, &answer, &fault), -FAULT_UNAVAILABLE);
        assert_string_equal(fault.text,
                            "call the gateway at /nonexistent/gatehouse.sock: No such file or directory");
        call_close(line);
}

static void path_is_encoded_part_by_part(void **test)
{
        AUTO_FREE char *path = call_path("v1", "a/b", "..", "\xc3\xa4 ~_-.?#", NULL);
        char *query = call_path_query(memory_text("/x"), "a", "1&2");

        (void)test;
        assert_string_equal(path, "/v1/a%2Fb/../%C3%A4%20~_-.%3F%23");
        query = call_path_query(query, "b", NULL);
        query = call_path_query(query, "c", "");
        assert_string_equal(query, "/x?a=1%262&c=");
        free(query);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(call_sends_its_headers_and_body_and_reads_the_answer),
                cmocka_unit_test(stream_is_handed_over_as_it_comes),
                cmocka_unit_test(stream_ends_when_it_is_told_to),
                cmocka_unit_test(revision_is_required_and_told),
                cmocka_unit_test(token_goes_to_a_url_from_file_or_environment),
                cmocka_unit_test(settings_that_cannot_work_are_refused),
                cmocka_unit_test(gateway_that_is_not_there_is_unavailable),
                cmocka_unit_test(path_is_encoded_part_by_part),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
