/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <pthread.h>
#include <cmocka.h>

#include "base/memory.h"
#include "rest/question.h"

#define QUESTIONS 10
#define LONG_MS 60000

struct rig;

/* Goes with others of its group; times out when it is stuck, as long as others are asked with it. */
struct probe {
        struct question question; /* first */
        struct rig *rig;
        char group; /* '\0': it goes alone */
        bool stuck;
        unsigned put, answered;
};

struct rig {
        struct questions *questions;
        pthread_mutex_t lock; /* guards the rest */
        pthread_cond_t changed;
        bool held; /* what is put waits until it is false */
        unsigned calls, answered;
        size_t largest;
        struct probe probes[QUESTIONS];
};

static struct probe *probe_of(struct question *question)
{
        return (struct probe *)question;
}

static void probe_put(struct question *first, int left_ms)
{
        struct rig *rig = probe_of(first)->rig;
        size_t count = 0;

        assert_true(left_ms > 0);
        pthread_mutex_lock(&rig->lock);
        rig->calls++;
        pthread_cond_broadcast(&rig->changed);
        while (rig->held)
                pthread_cond_wait(&rig->changed, &rig->lock);
        for (struct question *question = first; question; question = question->next) {
                probe_of(question)->put++;
                count++;
                if (probe_of(question)->stuck && first->next)
                        fault_set(&question->fault, FAULT_TIMEOUT, "it was told to hang");
        }
        if (count > rig->largest)
                rig->largest = count;
        pthread_mutex_unlock(&rig->lock);
}

static bool probe_joins(const struct question *question, const struct question *first)
{
        return ((const struct probe *)question)->group == ((const struct probe *)first)->group;
}

static void probe_answered(struct question *question)
{
        struct rig *rig = probe_of(question)->rig;

        pthread_mutex_lock(&rig->lock);
        probe_of(question)->answered++;
        rig->answered++;
        pthread_cond_broadcast(&rig->changed);
        pthread_mutex_unlock(&rig->lock);
}

/* Asks probe `index`. */
static void ask(struct rig *rig, size_t index, char group, int deadline_ms)
{
        struct probe *probe = &rig->probes[index];
        struct fault fault = { 0 };

        probe->rig = rig;
        probe->group = group;
        probe->question = (struct question){ .put = probe_put,
                                             .joins = group ? probe_joins : NULL,
                                             .deadline_ms = deadline_ms,
                                             .answered = probe_answered };
        assert_int_equal(questions_ask(rig->questions, &probe->question, &fault), 0);
}

static void await(struct rig *rig, const unsigned *counter, unsigned count)
{
        pthread_mutex_lock(&rig->lock);
        while (*counter < count)
                pthread_cond_wait(&rig->changed, &rig->lock);
        pthread_mutex_unlock(&rig->lock);
}

static void rig_let_go(struct rig *rig)
{
        pthread_mutex_lock(&rig->lock);
        rig->held = false;
        pthread_cond_broadcast(&rig->changed);
        pthread_mutex_unlock(&rig->lock);
}

/* With a question before them that keeps the thread, so that what is asked next waits. */
static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        pthread_mutex_init(&rig->lock, NULL);
        pthread_cond_init(&rig->changed, NULL);
        rig->questions = questions_start(clock_system());
        rig->held = true;
        ask(rig, 0, '\0', LONG_MS);
        await(rig, &rig->calls, 1);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        rig_let_go(rig);
        questions_end(rig->questions);
        questions_free(rig->questions);
        free(rig);
        return 0;
}

static void those_that_wait_and_go_together_take_one_call(void **test)
{
        struct rig *rig = *test;
        static const char groups[QUESTIONS] = { 0, 'a', 'b', 'a', 0, 'a', 'b', 'a', 0, 'a' };

        for (size_t i = 1; i < QUESTIONS; i++)
                ask(rig, i, groups[i], LONG_MS);
        rig_let_go(rig);
        await(rig, &rig->answered, QUESTIONS);
        assert_int_equal(rig->calls, 1 + 1 + 1 + 2); /* the first, a, b, and two that go alone */
        assert_int_equal(rig->largest, 5);
        for (size_t i = 0; i < QUESTIONS; i++)
                assert_int_equal(rig->probes[i].answered, 1);
}

static void one_that_hangs_beside_others_is_asked_again(void **test)
{
        struct rig *rig = *test;

        for (size_t i = 1; i < QUESTIONS; i++)
                ask(rig, i, 'a', LONG_MS);
        rig->probes[4].stuck = true;
        rig_let_go(rig);
        await(rig, &rig->answered, QUESTIONS);
        for (size_t i = 0; i < QUESTIONS; i++) {
                assert_int_equal(rig->probes[i].put, i == 4 ? 2 : 1);
                assert_int_equal(rig->probes[i].answered, 1);
                assert_int_equal(rig->probes[i].question.fault.code, FAULT_NONE);
        }
}

static void what_is_late_is_not_asked(void **test)
{
        struct rig *rig = *test;

        ask(rig, 1, 'a', 0);
        rig_let_go(rig);
        await(rig, &rig->answered, 2);
        assert_int_equal(rig->probes[1].put, 0);
        assert_int_equal(rig->probes[1].question.fault.code, FAULT_TIMEOUT);
}

static void what_waits_at_the_end_is_answered(void **test)
{
        struct rig *rig = *test;

        ask(rig, 1, 'a', LONG_MS);
        ask(rig, 2, 'a', LONG_MS);
        rig_let_go(rig);
        questions_end(rig->questions);
        questions_free(rig->questions);
        for (size_t i = 1; i <= 2; i++)
                assert_int_equal(rig->probes[i].answered, 1);
        rig->questions = questions_start(clock_system());
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(those_that_wait_and_go_together_take_one_call),
                RIG_TEST(one_that_hangs_beside_others_is_asked_again),
                RIG_TEST(what_is_late_is_not_asked),
                RIG_TEST(what_waits_at_the_end_is_answered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
