/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stream of events, read from a socket as it comes. Heartbeats are due every 100 ms here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "rest/event_stream.h"

#define PATIENCE_MS 10000

struct listener {
        int fd;
        struct text seen;
        bool ended;
};

static void stream_open(struct api *api, struct listener *listener, const char *token, const char *query,
                        const char *header)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(api->port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        AUTO_FREE char *request =
                memory_format("GET /v1/events%s HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                              "Authorization: Bearer %s\r\n%s\r\n",
                              query, token, header);

        *listener = (struct listener){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        assert_return_code(connect(listener->fd, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(send(listener->fd, request, strlen(request), 0), strlen(request));
}

static void stream_close(struct listener *listener)
{
        close(listener->fd);
        text_fini(&listener->seen);
}

/* Reads once; false when nothing comes for PATIENCE_MS, or the stream has ended. */
static bool stream_read(struct listener *listener)
{
        struct pollfd readable = { .fd = listener->fd, .events = POLLIN };
        char bytes[4096];
        ssize_t length;

        if (poll(&readable, 1, PATIENCE_MS) != 1)
                return false;
        length = recv(listener->fd, bytes, sizeof bytes, 0);
        listener->ended = length <= 0;
        if (length > 0)
                text_add_bytes(&listener->seen, bytes, (size_t)length);
        return length > 0;
}

static void stream_await(struct listener *listener, const char *wanted)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + PATIENCE_MS; /* heartbeats come for ever */

        while (!strstr(text_get(&listener->seen), wanted))
                if (!stream_read(listener) || clock_monotonic_ms(clock_system()) > until_ms)
                        fail_msg("\"%s\" does not come, but: %s", wanted, text_get(&listener->seen));
}

static void stream_await_end(struct listener *listener)
{
        while (stream_read(listener))
                ;
        assert_true(listener->ended);
}

static void environment_put(struct api *api, const char *name, const char *account)
{
        AUTO_FREE char *path = memory_format("/v1/environments/%s", name);
        AUTO_FREE char *body =
                memory_format("{'uid':'e-%s','account':'%s','state':'running','layers':[]}", name, account);

        expect(api, "PUT", path, body, "201");
}

static void stream_tells_what_happens_from_now_on(void **state)
{
        struct api *api = *state;
        struct listener all, own;

        api_tokens(api);
        stream_open(api, &all, api->tokens[0], "?action=environment", "");
        stream_open(api, &own, api->tokens[2], "", "");
        stream_await(&all, "Content-Type: text/event-stream");
        stream_await(&all, "retry: 2000\nid: 3\n\n");
        stream_await(&own, "id: 3\n\n");
        environment_put(api, "foreign", "other");
        environment_put(api, "shop", "acme");
        stream_await(&all, "id: 5\ndata: {\"id\":\"5\",");
        stream_await(&own, "id: 5\ndata: {\"id\":\"5\",");
        assert_non_null(strstr(text_get(&all.seen), "id: 4\ndata: "));
        assert_null(strstr(text_get(&own.seen), "id: 4\ndata: "));
        assert_null(strstr(text_get(&all.seen), "token.create"));
        /* A heartbeat moves the id past what the filter leaves out. */
        expect(api, "POST", "/v1/tokens", "{'name':'more','scope':'operator'}", "201");
        stream_await(&all, ": heartbeat\nid: 6\n\n");
        stream_close(&all);
        stream_close(&own);
}

static int prepare_many(struct write_job *job, struct write *write, struct fault *fault)
{
        (void)job;
        (void)fault;
        for (int i = 0; i < TRAIL_EVENTS_MOST + 100; i++)
                write_event_text(write, "uid:0", "unix", "test.many", "x", NULL, NULL);
        return 0;
}

static void many_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        (void)job;
        (void)published;
        assert_int_equal(fault->code, FAULT_NONE);
}

static void stream_goes_on_behind_the_id_also_out_of_the_store(void **state)
{
        struct api *api = *state;
        struct write_job many = { .prepare = prepare_many, .done = many_done };
        struct listener late, far;

        api_tokens(api);
        stream_open(api, &late, api->tokens[0], "", "Last-Event-ID: 1\r\n");
        stream_await(&late, "\"token.create\"");
        stream_await(&late, "id: 3\ndata: ");
        assert_non_null(strstr(text_get(&late.seen), "id: 2\ndata: "));
        assert_null(strstr(text_get(&late.seen), "id: 1\ndata: "));
        stream_close(&late);

        writer_submit(api->writer, &many);
        environment_put(api, "shop", "acme"); /* the last of them all */
        stream_open(api, &far, api->tokens[0], "", "Last-Event-ID: 0\r\n");
        stream_await(&far, "\"environment.put\"");
        for (int i = 1; i <= TRAIL_EVENTS_MOST + 104; i++) {
                AUTO_FREE char *id = memory_format("id: %d\ndata: ", i);

                if (!strstr(text_get(&far.seen), id))
                        fail_msg("event %d is missing", i);
        }
        stream_close(&far);
}

static void stream_of_a_removed_token_ends(void **state)
{
        struct api *api = *state;
        struct listener own;

        api_tokens(api);
        stream_open(api, &own, api->tokens[0], "", "");
        stream_await(&own, "retry:");
        expect(api, "DELETE", "/v1/tokens/op", NULL, "200");
        stream_await(&own, "0\r\n\r\n");
        assert_null(strstr(text_get(&own.seen), "token.delete"));
        stream_close(&own);
}

static void streams_are_limited_and_ids_are_checked(void **state)
{
        struct api *api = *state;
        struct listener open[STREAMS_PER_PRINCIPAL_MOST], more, wrong;

        api_tokens(api);
        for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
                stream_open(api, &open[i], api->tokens[2], "", "");
                stream_await(&open[i], "retry:");
        }
        stream_open(api, &more, api->tokens[2], "", "");
        stream_await(&more, "HTTP/1.1 429 ");
        stream_open(api, &wrong, api->tokens[0], "?limit=5", "Last-Event-ID: ten\r\n");
        stream_await(&wrong, "HTTP/1.1 400 ");
        stream_await(&wrong, "header/Last-Event-ID");
        stream_close(&more);
        stream_close(&wrong);
        /* A place is free again once its reader is gone, which a heartbeat finds out. */
        stream_close(&open[0]);
        for (bool entered = false; !entered;) {
                stream_open(api, &more, api->tokens[2], "", "");
                stream_await(&more, "HTTP/1.1 ");
                entered = strstr(text_get(&more.seen), "HTTP/1.1 200 ");
                if (!entered)
                        stream_await(&more, "urn:gatehouse:problem");
                stream_close(&more);
        }
        for (size_t i = 1; i < ARRAY_SIZE(open); i++)
                stream_close(&open[i]);
}

static void stop_ends_streams(void **state)
{
        struct api *api = *state;
        struct listener first, second;

        api_tokens(api);
        stream_open(api, &first, api->tokens[0], "", "");
        stream_open(api, &second, api->tokens[2], "?object=nothing", "");
        stream_await(&first, "retry:");
        stream_await(&second, "retry:");
        api_stop_server(api);
        stream_await_end(&first);
        stream_await_end(&second);
        assert_non_null(strstr(text_get(&first.seen), "0\r\n\r\n"));
        stream_close(&first);
        stream_close(&second);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, api_start, api_stop)
        const struct CMUnitTest tests[] = {
                CASE(stream_tells_what_happens_from_now_on),
                CASE(stream_goes_on_behind_the_id_also_out_of_the_store),
                CASE(stream_of_a_removed_token_ends),
                CASE(streams_are_limited_and_ids_are_checked),
                CASE(stop_ends_streams),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
