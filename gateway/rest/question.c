/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/question.h"

#include <pthread.h>

#include "base/memory.h"

#define QUEUE_MOST 64

struct questions {
        const struct clock *clock;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct question *first, **last;
        size_t count;
        bool stopping;
};

static void question_put(struct questions *questions, struct question *question)
{
        int64_t left_ms = question->until_ms - clock_monotonic_ms(questions->clock);

        if (left_ms > 0)
                question->put(question, (int)left_ms);
        else
                fault_set(&question->fault, FAULT_TIMEOUT, "ask in time: other questions were before this one");
        question->answered(question);
}

static struct question *question_take(struct questions *questions)
{
        struct question *question = questions->first;

        questions->first = question->next;
        if (!questions->first)
                questions->last = &questions->first;
        questions->count--;
        return question;
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
                struct question *question = question_take(questions);

                pthread_mutex_unlock(&questions->lock);
                question_put(questions, question);
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
                struct question *question = question_take(questions);

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

        question->next = NULL;
        question->until_ms = clock_monotonic_ms(questions->clock) + question->deadline_ms;
        pthread_mutex_lock(&questions->lock);
        if (questions->stopping || questions->count == QUEUE_MOST) {
                result = fault_set(fault, FAULT_UNAVAILABLE, "too many questions are waiting already");
        } else {
                *questions->last = question;
                questions->last = &question->next;
                questions->count++;
                pthread_cond_signal(&questions->changed);
        }
        pthread_mutex_unlock(&questions->lock);
        return result;
}
