/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/question.h"

#include <pthread.h>

#include "base/memory.h"

#define QUEUE_MOST 64
#define TOGETHER_MOST 64 /* as many paths as a storage is asked about in one call */

struct questions {
        const struct clock *clock;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct question *first, **last;
        size_t count;
        bool stopping;
};

/* Under the lock. */
static void question_queue(struct questions *questions, struct question *question)
{
        question->next = NULL;
        *questions->last = question;
        questions->last = &question->next;
        questions->count++;
}

/* Under the lock: takes the question that *link leads to. */
static struct question *question_take(struct questions *questions, struct question **link)
{
        struct question *question = *link;

        *link = question->next;
        if (!*link)
                questions->last = link;
        questions->count--;
        question->next = NULL;
        return question;
}

/* Under the lock: the first question and, chained to it, those that go with it. */
static struct question *questions_take(struct questions *questions)
{
        struct question *first = question_take(questions, &questions->first), *last = first;
        size_t count = 1;

        for (struct question **link = &questions->first; *link && count < TOGETHER_MOST;) {
                if (!(*link)->joins || (*link)->put != first->put || !(*link)->joins(*link, first)) {
                        link = &(*link)->next;
                        continue;
                }
                last = last->next = question_take(questions, link);
                count++;
        }
        return first;
}

/* Asks for as long as the one with the least time has, so that none waits past its own. */
static void questions_put(const struct questions *questions, struct question *first)
{
        int64_t until_ms = first->until_ms;

        for (const struct question *question = first; question; question = question->next)
                if (question->until_ms < until_ms)
                        until_ms = question->until_ms;
        int64_t left_ms = until_ms - clock_monotonic_ms(questions->clock);
        if (left_ms > 0) {
                first->put(first, (int)left_ms);
                return;
        }
        for (struct question *question = first; question; question = question->next)
                fault_set(&question->fault, FAULT_TIMEOUT, "ask in time: other questions were before this one");
}

/* Whether to ask again what has timed out beside others. */
static bool question_has_time(const struct questions *questions, const struct question *question)
{
        return !questions->stopping && question->fault.code == FAULT_TIMEOUT &&
               question->until_ms > clock_monotonic_ms(questions->clock);
}

/* Gives out the answers; whoever gets one may free the question at once. */
static void questions_answer(struct questions *questions, struct question *first)
{
        bool together = first->next != NULL;

        for (struct question *question = first, *next; question; question = next) {
                next = question->next;
                pthread_mutex_lock(&questions->lock);
                bool again = together && question_has_time(questions, question);
                if (again) {
                        question->fault = (struct fault){ 0 };
                        question_queue(questions, question);
                }
                pthread_mutex_unlock(&questions->lock);
                if (!again)
                        question->answered(question);
        }
}

static void *questions_run(void *argument)
{
        struct questions *questions = argument;

        pthread_mutex_lock(&questions->lock);
        while (!questions->stopping) {
                if (!questions->first) {
                        pthread_cond_wait(&questions->changed, &questions->lock);
                        continue;
                }
                struct question *first = questions_take(questions);

                pthread_mutex_unlock(&questions->lock);
                questions_put(questions, first);
                questions_answer(questions, first);
                pthread_mutex_lock(&questions->lock);
        }
        pthread_mutex_unlock(&questions->lock);
        return NULL;
}

struct questions *questions_start(const struct clock *clock)
{
        struct questions *questions = NEW(struct questions);

        questions->clock = clock;
        questions->last = &questions->first;
        pthread_mutex_init(&questions->lock, NULL);
        pthread_cond_init(&questions->changed, NULL);
        if (pthread_create(&questions->thread, NULL, questions_run, questions) != 0)
                abort();
        pthread_setname_np(questions->thread, "rest-questions");
        return questions;
}

void questions_end(struct questions *questions)
{
        pthread_mutex_lock(&questions->lock);
        questions->stopping = true;
        pthread_cond_signal(&questions->changed);
        pthread_mutex_unlock(&questions->lock);
        pthread_join(questions->thread, NULL);
        while (questions->first) {
                struct question *question = question_take(questions, &questions->first);

                fault_set(&question->fault, FAULT_UNAVAILABLE, "gatehoused is stopping");
                question->answered(question);
        }
}

void questions_free(struct questions *questions)
{
        pthread_cond_destroy(&questions->changed);
        pthread_mutex_destroy(&questions->lock);
        free(questions);
}

int questions_ask(struct questions *questions, struct question *question, struct fault *fault)
{
        int result = 0;

        question->until_ms = clock_monotonic_ms(questions->clock) + question->deadline_ms;
        pthread_mutex_lock(&questions->lock);
        if (questions->stopping || questions->count >= QUEUE_MOST) {
                result = fault_set(fault, FAULT_UNAVAILABLE, "too many questions are waiting already");
        } else {
                question_queue(questions, question);
                pthread_cond_signal(&questions->changed);
        }
        pthread_mutex_unlock(&questions->lock);
        return result;
}
