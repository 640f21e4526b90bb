/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Questions to storages, which may be slow to answer: a bounded queue and the one thread "rest-files" that puts
 * them. Keeps a hanging storage away from the event threads.
 */
#pragma once

#include "base/clock.h"
#include "domain/seams.h"

/* A question and its answer; the asker's memory, which must live until `answered`. */
struct file_question {
        const struct storage *storage;
        const char *path; /* NULL asks check_storage, else inspect */
        int deadline_ms;  /* from the asking on, time in the queue included */
        struct path_seen seen;
        struct fault fault; /* code FAULT_NONE: answered */
        /* Called once, in the thread. */
        void (*answered)(struct file_question *question);
        void *context;
        int64_t until_ms;           /* the queue's */
        struct file_question *next; /* the queue's */
};

struct file_questions;

/* Starts the thread over `files` (borrowed). */
struct file_questions *file_questions_start(const struct storage_files *files, const struct clock *clock);

/* Answers what is queued with UNAVAILABLE and waits for the question that is being put; from then on nothing is
 * taken. */
void file_questions_end(struct file_questions *questions);

/* After file_questions_end. */
void file_questions_free(struct file_questions *questions);

/* Queues one. UNAVAILABLE when the queue is full or stopping: `answered` is not called then. */
int file_questions_ask(struct file_questions *questions, struct file_question *question, struct fault *fault);
