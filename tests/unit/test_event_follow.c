/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Following events of a gateway by script: what is printed, asked for again, said, and when it ends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/event_follow.h"

#define ONE "id: 7\ndata: {\"id\":\"7\",\"action\":\"export.create\",\"object\":{\"id\":\"ex-1\"}}\n\n"
#define TWO "data: {\"id\":\"9\",\"action\":\"token.create\"}\nid:9\n\n"
#define ONE_LINE "-  -  export.create  ex-1  -  -  7\n"
#define TWO_LINE "-  -  token.create  -  -  -  9\n"
#define START "retry: 1\nid: 5\n\n"
#define TRIES_MOST 4

/* What one try gets. */
struct
try {
        const char *bytes;    /* or NULL */
        enum fault_code code; /* how it ends then, or NONE */
        int status;           /* of the answer, without a fault */
        bool is_over;         /* ended from this side: a signal came */
};

struct script {
        const struct try *next;
        size_t piece; /* bytes that come at a time */
        struct text asked;
};

static int script_follow(void *context, const struct call *call, struct call_stream *stream, struct answer *answer,
                         struct fault *fault)
{
        struct script *script = context;
        const struct try *try = script->next++;

        text_addf(&script->asked, "%s %s\n", call->path, call->last_event_id ? call->last_event_id : "-");
        for (size_t at = 0; try->bytes && at < strlen(try->bytes) && !stream->is_over; at += script->piece) {
                size_t left = strlen(try->bytes) - at;

                stream->is_over = !stream->take(stream->context, try->bytes + at,
                                                left < script->piece ? left : script->piece);
        }
        stream->is_over = stream->is_over || try->is_over;
        if (try->code != FAULT_NONE)
                return fault_set(fault, try->code, "call the gateway at x: lost");
        answer->status = try->status;
        return 0;
}

struct case_row {
        struct try tries[TRIES_MOST];
        bool json;
        int exit_code;
        const char *out, *err, *asked;
};

static const struct show_column columns[] = {
        { "AT", "at" },       { "OUTCOME", "outcome" }, { "ACTION", "action" }, { "OBJECT", "object.id" },
        { "ACTOR", "actor" }, { "SOURCE", "source" },   { "ID", "id" },         { NULL, NULL },
};

static void row_check(const struct case_row *row, size_t piece)
{
        struct script script = { .next = row->tries, .piece = piece };
        AUTO_FREE char *out = NULL;
        AUTO_FREE char *err = NULL;
        size_t out_size, err_size;
        struct session session = { .caller = { .follow = script_follow, .context = &script },
                                   .json = row->json,
                                   .out = open_memstream(&out, &out_size),
                                   .err = open_memstream(&err, &err_size) };
        int exit_code = event_follow(&session, "/e", NULL, columns);

        fclose(session.out);
        fclose(session.err);
        assert_string_equal(out, row->out);
        assert_string_equal(err, row->err);
        assert_string_equal(text_get(&script.asked), row->asked);
        assert_int_equal(exit_code, row->exit_code);
        text_fini(&script.asked);
}

static void stream_is_followed_over_what_happens_to_it(void **test)
{
        static const struct case_row rows[] = {
                { { { START ONE TWO, .is_over = true } }, false, EXIT_DONE, ONE_LINE TWO_LINE, "", "/e -\n" },
                { { { START ONE, .is_over = true } },
                  true,
                  EXIT_DONE,
                  "{\"id\":\"7\",\"action\":\"export.create\",\"object\":{\"id\":\"ex-1\"}}\n",
                  "",
                  "/e -\n" },
                /* Lost in the middle of an event: it is asked for again, and comes once. */
                { { { START ONE "id: 9\ndata: {\"id\":", .code = FAULT_UNAVAILABLE },
                    { NULL, .code = FAULT_UNAVAILABLE },
                    { START TWO, .is_over = true } },
                  false,
                  EXIT_DONE,
                  ONE_LINE TWO_LINE,
                  "gatehouse: call the gateway at x: lost; it is tried again\n",
                  "/e -\n/e 7\n/e 7\n" },
                /* A comment that carries an id moves on; the gateway's own end is an end like another. */
                { { { START ": heartbeat\nid: 42\n\n", .status = 200 },
                    { NULL, .status = 503 },
                    { START, .is_over = true } },
                  false,
                  EXIT_DONE,
                  "",
                  "gatehouse: the gateway has ended the stream; it is tried again\n",
                  "/e -\n/e 42\n/e 42\n" },
                /* Whoever may not hear more is told so. */
                { { { START ONE, .status = 200 }, { NULL, .status = 401 } },
                  false,
                  EXIT_NOT_ALLOWED,
                  ONE_LINE,
                  "gatehouse: the gateway has ended the stream; it is tried again\n"
                  "gatehouse: the gateway answered with status 401\n"
                  "Try: --token-file FILE with a token that is valid; on the gateway's machine, as root, without "
                  "--url\n",
                  "/e -\n/e 7\n" },
                /* What fails at first is no outage. */
                { { { NULL, .code = FAULT_UNAVAILABLE } },
                  false,
                  EXIT_UNREACHABLE,
                  "",
                  "gatehouse: call the gateway at x: lost\nTry: gatehouse doctor\n",
                  "/e -\n" },
                { { { NULL, .status = 503 } },
                  false,
                  EXIT_REFUSED,
                  "",
                  "gatehouse: the gateway answered with status 503\nTry: gatehouse doctor\n",
                  "/e -\n" },
                { { { NULL, .code = FAULT_MALFORMED } },
                  false,
                  EXIT_REFUSED,
                  "",
                  "gatehouse: call the gateway at x: lost\n",
                  "/e -\n" },
                /* Events that are not understood are passed over. */
                { { { "data: what\n\nevent: x\nid: 1e9\ndata: {\"id\":\ndata: \"9\"}\n\n", .is_over = true } },
                  false,
                  EXIT_DONE,
                  "-  -  -  -  -  -  9\n",
                  "",
                  "/e -\n" },
        };
        static const size_t pieces[] = { 1, 7, 4096 };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                for (size_t j = 0; j < ARRAY_SIZE(pieces); j++)
                        row_check(&rows[i], pieces[j]);
}

static void event_without_end_is_refused(void **test)
{
        AUTO_FREE char *bytes = memory_new(2 * 1024 * 1024, 1);

        (void)test;
        memset(bytes, 'x', 2 * 1024 * 1024 - 1);
        row_check(&(struct case_row){ .tries = { { .bytes = bytes } },
                                      .exit_code = EXIT_REFUSED,
                                      .out = "",
                                      .err = "gatehouse: follow the events: one is longer than 1048576 bytes\n",
                                      .asked = "/e -\n" },
                  4096);
}

static void start_is_behind_the_event_that_is_named(void **test)
{
        static const struct try tries[] = { { START, .is_over = true } };
        struct script script = { .next = tries, .piece = 1 };
        struct session session = { .caller = { .follow = script_follow, .context = &script },
                                   .out = tmpfile(),
                                   .err = stderr };

        (void)test;
        assert_int_equal(event_follow(&session, "/e", "3", columns), EXIT_DONE);
        assert_string_equal(text_get(&script.asked), "/e 3\n");
        fclose(session.out);
        text_fini(&script.asked);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(stream_is_followed_over_what_happens_to_it),
                cmocka_unit_test(event_without_end_is_refused),
                cmocka_unit_test(start_is_behind_the_event_that_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
