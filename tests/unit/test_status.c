/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/status.h"
#include "world_for_test.h"

struct fixture {
        struct status *status;
        struct export *export;
        struct node *node;
};

static int fixture_set_up(void **test)
{
        struct fixture *fixture = NEW(struct fixture);

        fixture->status = status_new(clock_system());
        fixture->export = export_new("ex-1");
        fixture->export->document.revision = 5;
        fixture->node = node_new("1001");
        fixture->node->document.revision = 7;
        *test = fixture;
        return 0;
}

static int fixture_tear_down(void **test)
{
        struct fixture *fixture = *test;

        status_free(fixture->status);
        shared_put(fixture->export);
        shared_put(fixture->node);
        free(fixture);
        return 0;
}

static enum grant_state state_of(struct fixture *fixture, enum access_verdict verdict, enum protocol protocol)
{
        struct grant grant = { .export = fixture->export,
                               .node = fixture->node,
                               .verdict = verdict,
                               .choice = { .protocol = protocol, .rule = RULE_DEFAULT } };
        const char *code;
        char cause[FAULT_TEXT_SIZE];

        return status_grant_state(fixture->status, &grant, &code, cause);
}

static void state_is_active_only_when_the_observation_is_new_enough(void **test)
{
        struct fixture *fixture = *test;
        struct fault fault = { 0 };

        assert_int_equal(state_of(fixture, ACCESS_ADMITTED, PROTOCOL_IS_NFS), GRANT_PENDING);
        status_note(fixture->status, "ex-1", PROTOCOL_IS_NFS, 6, NULL);
        assert_int_equal(state_of(fixture, ACCESS_ADMITTED, PROTOCOL_IS_NFS), GRANT_PENDING); /* node is of 7 */
        status_note(fixture->status, "ex-1", PROTOCOL_IS_NFS, 7, NULL);
        assert_int_equal(state_of(fixture, ACCESS_ADMITTED, PROTOCOL_IS_NFS), GRANT_ACTIVE);
        assert_int_equal(state_of(fixture, ACCESS_ADMITTED, PROTOCOL_IS_GLUSTER), GRANT_PENDING);
        fault_set(&fault, FAULT_UNAVAILABLE, "gone");
        status_note(fixture->status, "ex-1", PROTOCOL_IS_NFS, 7, &fault);
        assert_int_equal(state_of(fixture, ACCESS_ADMITTED, PROTOCOL_IS_NFS), GRANT_FAILED);
        status_note_gone(fixture->status, "ex-1", PROTOCOL_IS_NFS);
        assert_int_equal(state_of(fixture, ACCESS_ADMITTED, PROTOCOL_IS_NFS), GRANT_PENDING);
}

static void state_of_a_verdict_needs_no_observation(void **test)
{
        struct fixture *fixture = *test;

        status_note(fixture->status, "ex-1", PROTOCOL_IS_NFS, 9, NULL);
        assert_int_equal(state_of(fixture, ACCESS_ADDRESS_CONTESTED, PROTOCOL_IS_NFS), GRANT_SUSPENDED);
        assert_int_equal(state_of(fixture, ACCESS_ENVIRONMENT_OTHER_ACCOUNT, PROTOCOL_IS_NFS), GRANT_REFUSED);
}

struct waiting {
        struct status_wait wait;
        pthread_mutex_t lock;
        pthread_cond_t told;
        int outcome; /* -1 = not yet */
};

static void waiting_settled(struct status_wait *wait, bool in_time)
{
        struct waiting *waiting = (struct waiting *)wait;

        pthread_mutex_lock(&waiting->lock);
        waiting->outcome = in_time;
        pthread_cond_signal(&waiting->told);
        pthread_mutex_unlock(&waiting->lock);
}

/* Waits for what `what` says of ex-1 at revision 7. */
static void waiting_start_for(struct fixture *fixture, struct waiting *waiting, struct status_wait what,
                              int64_t for_ms)
{
        *waiting = (struct waiting){ .wait = what, .outcome = -1 };
        snprintf(waiting->wait.export_id, sizeof waiting->wait.export_id, "ex-1");
        waiting->wait.revision = 7;
        waiting->wait.deadline_ms = clock_monotonic_ms(clock_system()) + for_ms;
        waiting->wait.settled = waiting_settled;
        pthread_mutex_init(&waiting->lock, NULL);
        pthread_cond_init(&waiting->told, NULL);
        status_wait_start(fixture->status, &waiting->wait);
}

/* Waits for the NFS side to hold it. */
static void waiting_start(struct fixture *fixture, struct waiting *waiting, int64_t for_ms)
{
        waiting_start_for(fixture, waiting, (struct status_wait){ .sides = { true, false } }, for_ms);
}

static int waiting_end(struct waiting *waiting)
{
        pthread_mutex_lock(&waiting->lock);
        while (waiting->outcome < 0)
                pthread_cond_wait(&waiting->told, &waiting->lock);
        pthread_mutex_unlock(&waiting->lock);
        return waiting->outcome;
}

static void wait_ends_with_the_observation_it_asked_for(void **test)
{
        struct fixture *fixture = *test;
        struct waiting waiting;

        waiting_start(fixture, &waiting, 60000);
        status_note(fixture->status, "ex-1", PROTOCOL_IS_NFS, 6, NULL);
        assert_int_equal(waiting.outcome, -1); /* too old */
        status_note(fixture->status, "ex-2", PROTOCOL_IS_NFS, 7, NULL);
        assert_int_equal(waiting.outcome, -1); /* another export */
        status_note(fixture->status, "ex-1", PROTOCOL_IS_GLUSTER, 7, NULL);
        assert_int_equal(waiting.outcome, -1); /* the other side */
        status_note(fixture->status, "ex-1", PROTOCOL_IS_NFS, 7, NULL);
        assert_int_equal(waiting_end(&waiting), true);
}

static void wait_ends_at_its_deadline(void **test)
{
        struct waiting waiting;

        waiting_start(*test, &waiting, 30);
        assert_int_equal(waiting_end(&waiting), false);
}

static enum let_go seen(void *context, const struct task_export *export, struct fault *fault)
{
        (void)context;
        (void)export;
        (void)fault;
        return LET_GO_SEEN;
}

/* The task ta-1 is followed at revision 7, and waits for NFS and the bricks. */
static void task_follow(struct fixture *fixture)
{
        AUTO_SHARED struct snapshot *snapshot = snapshot_new();
        AUTO_SHARED struct task *task = world_task("ta-1", "ex-1", 1);

        status_set_layers(fixture->status, "node1",
                          (const bool[LAYER_COUNT]){ [LAYER_NFS] = true, [LAYER_GLUSTER] = true });
        snapshot->revision = task->document.revision = 7;
        snapshot_put(snapshot, &task->document);
        status_follow(fixture->status, snapshot);
}

static void review(struct fixture *fixture, enum task_layer layer, uint64_t revision)
{
        status_review(fixture->status, &(struct let_go_question){ layer, revision, seen, NULL });
}

static void wait_for_a_task_needs_every_layer(void **test)
{
        struct fixture *fixture = *test;
        struct waiting waiting;

        waiting_start_for(fixture, &waiting, (struct status_wait){ .task_id = "ta-1" }, 60000);
        review(fixture, LAYER_NFS, 7);
        assert_int_equal(waiting.outcome, -1); /* nobody has followed it yet */
        task_follow(fixture);
        review(fixture, LAYER_NFS, 7);
        review(fixture, LAYER_GLUSTER, 6);
        assert_int_equal(waiting.outcome, -1); /* the bricks' side has not come to it */
        review(fixture, LAYER_GLUSTER, 7);
        assert_int_equal(waiting_end(&waiting), true);
}

static void wait_for_a_task_and_a_side_needs_both(void **test)
{
        struct fixture *fixture = *test;
        struct waiting waiting;

        task_follow(fixture);
        waiting_start_for(fixture, &waiting, (struct status_wait){ .task_id = "ta-1", .sides = { true, false } },
                          60000);
        review(fixture, LAYER_NFS, 7);
        review(fixture, LAYER_GLUSTER, 7);
        assert_int_equal(waiting.outcome, -1);
        status_note(fixture->status, "ex-1", PROTOCOL_IS_NFS, 7, NULL);
        assert_int_equal(waiting_end(&waiting), true);
}

static void wait_for_a_task_needs_every_member(void **test)
{
        const struct address members[] = { { ADDRESS_V4, { 10, 77, 0, 12 } }, { ADDRESS_V4, { 10, 77, 0, 13 } } };
        const struct fault away = { FAULT_TIMEOUT, "it does not answer" };
        struct fixture *fixture = *test;
        struct waiting waiting;

        status_set_members(fixture->status, members, 2);
        task_follow(fixture);
        waiting_start_for(fixture, &waiting, (struct status_wait){ .task_id = "ta-1" }, 60000);
        review(fixture, LAYER_NFS, 7);
        review(fixture, LAYER_GLUSTER, 7);
        status_review_member(fixture->status, 0, LAYER_FIREWALL, 7, NULL);
        status_review_member(fixture->status, 0, LAYER_GLUSTER, 7, NULL);
        status_review_member(fixture->status, 1, LAYER_FIREWALL, 7, NULL);
        status_review_member(fixture->status, 1, LAYER_GLUSTER, 6, NULL); /* it has not come to it */
        status_review_member(fixture->status, 1, LAYER_GLUSTER, 7, &away);
        status_review_member(fixture->status, 1, LAYER_NFS, 7, NULL); /* it serves none */
        assert_int_equal(waiting.outcome, -1);
        AUTO_SHARED struct task *task = world_task("ta-1", "ex-1", 1);
        AUTO_SHARED struct task *shown = status_task(fixture->status, task);
        const struct task_step *last = &shown->steps[shown->step_count - 1];
        assert_string_equal(last->storage_node, "10.77.0.13");
        assert_int_equal(last->layer, LAYER_GLUSTER);
        assert_int_equal(last->state, STEP_WAITING);
        assert_string_equal(last->sentence, "it does not answer");
        assert_int_equal(last[-1].layer, LAYER_FIREWALL);
        assert_int_equal(last[-1].state, STEP_CONFIRMED);
        assert_string_equal(last[-2].storage_node, "10.77.0.12");
        status_review_member(fixture->status, 1, LAYER_GLUSTER, 7, NULL);
        assert_int_equal(waiting_end(&waiting), true);
}

static void waits_end_when_the_status_does(void **test)
{
        struct fixture fixture = { .status = status_new(clock_system()) };
        struct waiting waiting;

        (void)test;
        waiting_start(&fixture, &waiting, 60000);
        status_free(fixture.status);
        assert_int_equal(waiting.outcome, false);
}

static bool grows(struct fixture *fixture, uint64_t *known)
{
        uint64_t before = *known;

        *known = status_version(fixture->status);
        return *known != before;
}

static void version_grows_with_what_is_new_and_not_with_what_is_told_again(void **test)
{
        struct fixture *fixture = *test;
        struct status *status = fixture->status;
        struct protocol_facts facts = { 0 };
        struct fault fault = { 0 };
        struct snapshot *snapshot = snapshot_new();
        struct address probe = world_address("10.0.0.1");
        uint64_t known = status_version(status);

        fault_set(&fault, FAULT_UNAVAILABLE, "away");
        for (int again = 0; again < 2; again++) {
                status_note(status, "ex-1", PROTOCOL_IS_NFS, 5, NULL);
                assert_int_equal(grows(fixture, &known), !again);
        }
        for (int again = 0; again < 2; again++) {
                status_note(status, "ex-1", PROTOCOL_IS_NFS, 5, &fault);
                assert_int_equal(grows(fixture, &known), !again);
        }
        fault_set(&fault, FAULT_UNAVAILABLE, "further away");
        status_note(status, "ex-1", PROTOCOL_IS_NFS, 5, &fault);
        assert_true(grows(fixture, &known));
        status_note_gone(status, "ex-1", PROTOCOL_IS_NFS);
        assert_true(grows(fixture, &known));
        for (int again = 0; again < 2; again++) {
                status_note_pool(status, KNOWN_PRESENT, "");
                assert_int_equal(grows(fixture, &known), !again);
                status_note_probe(status, &probe);
                assert_int_equal(grows(fixture, &known), !again);
        }
        status_set_facts(status, &facts);
        assert_true(grows(fixture, &known));
        status_follow(status, snapshot);
        assert_true(grows(fixture, &known));
        shared_put(snapshot);
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                FIXTURE_TEST(state_is_active_only_when_the_observation_is_new_enough),
                FIXTURE_TEST(state_of_a_verdict_needs_no_observation),
                FIXTURE_TEST(wait_ends_with_the_observation_it_asked_for),
                FIXTURE_TEST(wait_ends_at_its_deadline),
                FIXTURE_TEST(wait_for_a_task_needs_every_layer),
                FIXTURE_TEST(wait_for_a_task_and_a_side_needs_both),
                FIXTURE_TEST(wait_for_a_task_needs_every_member),
                FIXTURE_TEST(version_grows_with_what_is_new_and_not_with_what_is_told_again),
                cmocka_unit_test(waits_end_when_the_status_does),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
