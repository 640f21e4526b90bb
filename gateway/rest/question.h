/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Questions that somebody outside may be slow to answer: a bounded queue and the one thread "rest-questions" that
 * puts them, those that can together. Keeps a storage or a helper that hangs away from the event threads.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/fault.h"

/* First member of a question of some kind; the asker's memory, which must live until `answered`. */
struct question {
        /* Asks, in the thread, for at most left_ms, which is more than 0, this question and those behind it
         * (`next`) that go with it; each answer goes into the question of its kind, or a failure into its `fault`.
         */
        void (*put)(struct question *first, int left_ms);
        /* Whether it can be asked together with `first`, which has the same `put` and waits as well. NULL: it is
         * asked alone. */
        bool (*joins)(const struct question *question, const struct question *first);
        int deadline_ms;    /* from the asking on, time in the queue included */
        struct fault fault; /* code FAULT_NONE: answered */
        /* Called once, in the thread. */
        void (*answered)(struct question *question);
        void *context;
        int64_t until_ms;      /* the queue's */
        struct question *next; /* the queue's */
};

struct questions;

/* Starts the thread. */
struct questions *questions_start(const struct clock *clock);

/* Answers what is queued with UNAVAILABLE and waits for the question that is being put; from then on nothing is
 * taken. */
void questions_end(struct questions *questions);

/* After questions_end. */
void questions_free(struct questions *questions);

/* Queues one. One that was asked together with others and was a TIMEOUT before its own time is over is asked
 * again: another may have been what took so long. UNAVAILABLE when the queue is full or stopping: `answered` is
 * not called then. */
int questions_ask(struct questions *questions, struct question *question, struct fault *fault);
