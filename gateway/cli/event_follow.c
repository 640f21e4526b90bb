/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/event_follow.h"

#include <errno.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/signalfd.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/event_feed.h"

#define PAUSE_LEAST_MS 100u
#define PAUSE_MS 2000u /* unless the gateway says another */

enum { UNTIL_SIGNAL, UNTIL_READER_GONE, UNTIL_COUNT };

struct follow {
        struct session *session;
        const struct show_column *columns;
        struct event_feed feed;
        struct pollfd until[UNTIL_COUNT];
        unsigned pause_ms;
        bool has_begun;   /* the gateway has answered with a stream once */
        bool has_come;    /* something has come since the last try */
        bool is_lost;     /* and this was said */
        bool is_unwanted; /* nobody reads what is printed */
        bool is_unreadable;
};

static bool event_print(void *context, const char *data)
{
        struct follow *follow = context;
        struct session *session = follow->session;
        AUTO_TEXT struct text line = { 0 };
        json_t *event = json_loads(data, JSON_REJECT_DUPLICATES, NULL);

        if (!event)
                return true; /* of a later version: the next may be one */
        if (session->json)
                text_addf(&line, "%s\n", data);
        else
                show_row(event, follow->columns, &line);
        json_decref(event);
        if (fputs(text_get(&line), session->out) != EOF && fflush(session->out) == 0)
                return true;
        follow->is_unwanted = true;
        if (errno == EPIPE) { /* `head` has seen enough: no failure */
                __fpurge(session->out);
                clearerr(session->out);
        }
        return false;
}

static bool bytes_take(void *context, const char *bytes, size_t length)
{
        struct follow *follow = context;

        follow->has_begun = true;
        follow->has_come = true;
        follow->is_lost = false;
        if (event_feed_read(&follow->feed, bytes, length))
                return true;
        follow->is_unreadable = !follow->is_unwanted;
        return false;
}

/* Whether another try may fare better. */
static bool may_pass(const struct fault *fault, int status)
{
        if (fault->code != FAULT_NONE)
                return fault->code == FAULT_UNAVAILABLE || fault->code == FAULT_TIMEOUT;
        return status == 200 || status == 429 || status >= 500;
}

/* Waits before the next try. False: it is over meanwhile. */
static bool follow_pause(struct follow *follow, const struct fault *fault)
{
        unsigned least = follow->feed.retry_ms > 0 ? follow->feed.retry_ms : PAUSE_MS;

        least = least > PAUSE_LEAST_MS ? least : PAUSE_LEAST_MS;
        if (!follow->is_lost)
                fprintf(follow->session->err, "gatehouse: %s; it is tried again\n",
                        fault->code != FAULT_NONE ? fault->text : "the gateway has ended the stream");
        follow->is_lost = true;
        follow->pause_ms = follow->has_come || follow->pause_ms < least ? least : follow->pause_ms * 2;
        if (follow->pause_ms > FOLLOW_PAUSE_MOST_MS)
                follow->pause_ms = FOLLOW_PAUSE_MOST_MS;
        return poll(follow->until, UNTIL_COUNT, (int)follow->pause_ms) == 0;
}

static int follow_run(struct follow *follow, const char *path)
{
        struct session *session = follow->session;

        for (;;) {
                AUTO_ANSWER struct answer answer = { 0 };
                struct fault fault = { 0 };
                struct call_stream stream = {
                        .take = bytes_take, .context = follow, .until = follow->until, .until_count = UNTIL_COUNT
                };
                struct call call = { .method = "GET",
                                     .path = path,
                                     .last_event_id = follow->feed.id[0] ? follow->feed.id : NULL };

                follow->has_come = false;
                event_feed_restart(&follow->feed);
                session->caller.follow(session->caller.context, &call, &stream, &answer, &fault);
                if (follow->is_unreadable)
                        fault_set(&fault, FAULT_MALFORMED, "follow the events: one is longer than %u bytes",
                                  EVENT_LINE_MOST);
                else if (stream.is_over)
                        return EXIT_DONE;
                follow->has_begun = follow->has_begun || answer.status == 200;
                if (!follow->has_begun || !may_pass(&fault, answer.status))
                        return fault.code != FAULT_NONE ? session_fault(session, &fault)
                                                        : session_problem(session, &answer, NULL);
                if (!follow_pause(follow, &fault))
                        return EXIT_DONE;
        }
}

int event_follow(struct session *session, const char *path, const char *after, const struct show_column *columns)
{
        struct follow follow = { .session = session, .columns = columns };
        sigset_t signals;
        int exit_code;

        follow.feed.take = event_print;
        follow.feed.context = &follow;
        snprintf(follow.feed.id, sizeof follow.feed.id, "%s", after ? after : "");
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGPIPE); /* of standard output: the write tells */
        sigprocmask(SIG_BLOCK, &signals, NULL);
        AUTO_CLOSE int ended = signalfd(-1, &signals, SFD_CLOEXEC);
        if (ended < 0)
                abort();
        follow.until[UNTIL_SIGNAL] = (struct pollfd){ .fd = ended, .events = POLLIN };
        follow.until[UNTIL_READER_GONE] = (struct pollfd){ .fd = fileno(session->out) }; /* POLLERR of a pipe */
        exit_code = follow_run(&follow, path);
        event_feed_fini(&follow.feed);
        return exit_code;
}
