/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

static void difference_note(struct api *api, enum difference_action action)
{
        char observed[] = "clients *", desired[] = "clients 10.77.0.21 rw";
        struct difference found = { .kind = DIFFERENCE_EXPORT_CHANGED,
                                    .action = action,
                                    .object = "export 17",
                                    .export_id = "ex-1",
                                    .observed = observed,
                                    .desired = desired };

        drift_note(api->drift, &found);
}

static void what_differed_is_shown_in_full(void **state)
{
        struct api *api = *state;
        struct unmanaged_export *foreign = memory_new(1, sizeof *foreign);

        foreign[0] = (struct unmanaged_export){ .number = 9,
                                                .path = memory_text("/elsewhere"),
                                                .pseudo = memory_text("/by-hand") };
        difference_note(api, DIFFERENCE_REPAIRED);
        drift_set_unmanaged(api->drift, foreign, 1, 0);
        drift_looked(api->drift, PLACE_GANESHA, 7, clock_monotonic_ms(&api->clock), NULL);
        AUTO_ANSWER struct answer answer = call_of(api, "GET", "/v1/drift", NULL);
        static const char *const wanted[][2] = {
                { "reconcile", "enforce" },
                { "looks/ganesha/revision", "7" },
                { "looks/glusterd/at", "" },
                { "differences/0/backend", "ganesha" },
                { "differences/0/object", "export 17" },
                { "differences/0/export", "ex-1" },
                { "differences/0/what", "changed" },
                { "differences/0/code", "export.changed" },
                { "differences/0/observed", "clients *" },
                { "differences/0/desired", "clients 10.77.0.21 rw" },
                { "differences/0/action", "repaired" },
                { "differences/0/count", "1" },
                { "unmanaged/0/number", "9" },
                { "unmanaged/0/path", "/elsewhere" },
                { "unmanaged/0/pseudo", "/by-hand" },
                { "unmanaged_left_out", "0" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
                assert_string_equal(answer_at(&answer, wanted[i][0]), wanted[i][1]);
        assert_string_equal(answer_at(&answer, "differences/0/sentence"),
                            "NFS-Ganesha has export 17 otherwise than it was given; it was put right");
}

static int event_look(void *context, const struct event *event, struct fault *fault)
{
        struct text *trail = context;

        (void)fault;
        text_addf(trail, "%s %s %s %s %s\n", event->actor, event->action, event->object, event->before,
                  event->after);
        return 0;
}

static void each_difference_is_a_line_of_the_trail(void **state)
{
        struct api *api = *state;
        AUTO_TEXT struct text trail = { 0 };
        struct fault fault = { 0 };

        for (int i = 0; i < 5; i++)
                difference_note(api, DIFFERENCE_REPAIRED);
        api_world(api); /* the writer takes jobs in order: what was handed over before is committed now */
        assert_int_equal(api->store->operations->history(api->store, 0, false, event_look, &trail, &fault), 0);
        AUTO_FREE char *lines = text_take(&trail);
        static const char line[] =
                "gatehouse drift.repaired ex-1 {\"observed\":\"clients *\"} {\"desired\":\"clients 10.77.0.21 "
                "rw\",\"code\":\"export.changed\",\"backend\":\"ganesha\",\"count\":1}\n";
        assert_memory_equal(lines, line, sizeof line - 1);
        assert_null(strstr(strstr(lines, "drift.") + 1, "drift."));
}

static void observing_is_said_loudly(void **state)
{
        struct api *api = *state;

        status_set_observes(api->status, true);
        AUTO_ANSWER struct answer health = call_of(api, "GET", "/healthz", NULL);
        assert_int_equal(health.status, 200);
        assert_string_equal(answer_at(&health, "status"), "observing");
        assert_non_null(strstr(answer_at(&health, "reconcile"), "NOTHING IS ENFORCED"));
        AUTO_ANSWER struct answer drift = call_of(api, "GET", "/v1/drift", NULL);
        assert_string_equal(answer_at(&drift, "reconcile"), "observe");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(what_differed_is_shown_in_full),
                API_TEST(each_difference_is_a_line_of_the_trail),
                API_TEST(observing_is_said_loudly),
        };

        log_open("test_rest_drift", LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
