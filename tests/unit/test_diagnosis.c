/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the doctor makes of the gateway's answers: one broken hop is named, what stands behind it is not blamed.
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
#include "cli/diagnosis.h"

#define NOW_MS 1000000000000 /* 2001-09-09T01:46:40Z */

#define WELL "'status': 'ok', 'at': '2001-09-09T01:46:37.000Z'"
#define OTHERS                                                                                      \
        "'store': {" WELL "}, 'bricks': {" WELL "}, 'filter': {" WELL "}, 'volfiled': {" WELL "}, " \
        "'firewall': {" WELL "}, 'ganesha': {" WELL "}"
#define ALL_WELL "{'backends': {" OTHERS ", 'helper': {" WELL "}, 'glusterd': {" WELL "}}}"
#define PASSED "{'verify': 'on', 'items': [{'result': 'passed'}]}"
#define UNTRIED                                                                                                  \
        "{'verify': 'on', 'items': [{'result': 'passed'}, {'result': 'unverified', 'storage': 's', 'protocol': " \
        "'nfs', 'node': '10.0.0.1', 'code': 'closed', 'sentence': 'nobody listens'}]}"
#define OPEN "{'verify': 'on', 'items': [{'result': 'failed', 'code': 'access_list.open', 'sentence': 'let in'}]}"

static json_t *json_of(const char *text)
{
        AUTO_FREE char *copy = memory_text(text);

        for (char *at = copy; at && *at; at++)
                *at = *at == '\'' ? '"' : *at;
        return copy ? json_loads(copy, 0, NULL) : NULL;
}

/* "ok" as '+', broken as '!', not checked as '.', in the order of the hops. */
static void judged(const char *health, const char *drift, const char *verification, char shown[HOP_COUNT + 1])
{
        AUTO_DIAGNOSIS struct diagnosis diagnosis = { 0 };
        json_t *answers[] = { json_of(health), json_of(drift), json_of(verification) };

        diagnosis_note(&diagnosis, HOP_CONFIG, HOP_OK, NULL);
        assert_non_null(answers[0]);
        diagnosis_judge(&diagnosis, answers[0], answers[1], answers[2], NOW_MS);
        diagnosis_settle(&diagnosis);
        for (int hop = 0; hop < HOP_COUNT; hop++)
                shown[hop] = ".+!"[diagnosis.findings[hop].state];
        shown[HOP_COUNT] = '\0';
        assert_int_equal(diagnosis_is_broken(&diagnosis), strchr(shown, '!') != NULL);
        for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
                json_decref(answers[i]);
}

static void hop_that_is_broken_is_named_alone(void **test)
{
        static const struct {
                const char *health, *drift, *verification, *wanted;
        } cases[] = {
                /* config, daemon, tls, store, helper, glusterd, bricks, filter, volfiled, firewall, ganesha, probe
                 */
                { ALL_WELL, NULL, PASSED, "++.+++++++++" },
                { "{'backends': {" OTHERS ", 'helper': {" WELL "}, 'glusterd': {" WELL "}, 'tls': {" WELL "}}}",
                  NULL, PASSED, "++++++++++++" },
                { "{'backends': {" OTHERS ", 'helper': {" WELL "}, 'glusterd': {" WELL
                  "}, 'tls': {'status': 'expiring'}}}",
                  NULL, PASSED, "++++++++++++" },
                { "{'backends': {" OTHERS ", 'helper': {" WELL "}, 'glusterd': {" WELL
                  "}, 'tls': {'status': 'invalid'}}}",
                  NULL, PASSED, "++!+++++++++" },
                { ALL_WELL, NULL, NULL, "++.++++++++." },
                { ALL_WELL, NULL, UNTRIED, "++.++++++++." },
                { ALL_WELL, NULL, OPEN, "++.++++++++!" },
                { ALL_WELL, NULL, "{'verify': 'off', 'items': []}", "++.++++++++." },
                { "{'backends': {" OTHERS ", 'helper': {'status': 'unavailable'}, 'glusterd': {'status': "
                  "'unavailable'}}}",
                  NULL, OPEN, "++.+!...+.+." },
                { "{'backends': {" OTHERS ", 'helper': {" WELL "}, 'glusterd': {'status': 'timeout'}}}", NULL,
                  PASSED, "++.++!..+++." },
                { "{'backends': {}}", NULL, PASSED, "++.........+" },
                { "{'reconcile': 'observe', 'backends': {'firewall': {'status': 'reconcile.observe'}}}", NULL,
                  "{'verify': 'observe', 'items': []}", "++.......+.." },
                { ALL_WELL, "{'differences': [{'code': 'filter.missing', 'action': 'reported'}]}", PASSED,
                  "++.++++!+++." },
                { ALL_WELL, "{'differences': [{'code': 'filter.missing', 'action': 'repaired'}]}", PASSED,
                  "++.+++++++++" },
                { ALL_WELL, "{'differences': [{'code': 'brick.older', 'action': 'failed'}]}", PASSED,
                  "++.+++!++++." },
                { ALL_WELL, "{'differences': [{'code': 'volume.list', 'action': 'failed'}]}", PASSED,
                  "++.++!..+++." },
                { ALL_WELL, "{'differences': [{'code': 'firewall.missing', 'action': 'reported'}]}", PASSED,
                  "++.++++++!+." },
                { ALL_WELL, "{'differences': [{'code': 'export.changed', 'action': 'reported'}]}", PASSED,
                  "++.+++++++!." },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char shown[HOP_COUNT + 1];

                judged(cases[i].health, cases[i].drift, cases[i].verification, shown);
                if (strcmp(shown, cases[i].wanted) != 0)
                        fail_msg("case %zu: %s, not %s", i, shown, cases[i].wanted);
        }
}

static void broken_hop_is_shown_with_what_to_do(void **test)
{
        AUTO_DIAGNOSIS struct diagnosis diagnosis = { 0 };
        AUTO_TEXT struct text plain = { 0 };
        AUTO_TEXT struct text coloured = { 0 };
        json_t *json;

        (void)test;
        diagnosis_note(&diagnosis, HOP_STORE, HOP_OK, NULL);
        diagnosis_note(&diagnosis, HOP_DAEMON, HOP_BROKEN, memory_text("nobody\033[2J there"));
        diagnosis_note(&diagnosis, HOP_DAEMON, HOP_OK, memory_text("what was broken stays so"));
        diagnosis_settle(&diagnosis);
        diagnosis_show(&diagnosis, false, &plain);
        assert_non_null(strstr(text_get(&plain), "daemon    BROKEN       nobody?[2J there\n          type:        "
                                                 "systemctl status gatehoused"));
        assert_non_null(strstr(text_get(&plain), "          logs:        journalctl -u gatehoused\ntls       not "
                                                 "checked  daemon is broken, which this needs\nstore     ok\n"));
        assert_non_null(strstr(text_get(&plain), "probe     not checked  daemon is broken, which this needs\n"));
        assert_null(strchr(text_get(&plain), '\033'));
        diagnosis_show(&diagnosis, true, &coloured);
        assert_non_null(strstr(text_get(&coloured), "\033[1;31mBROKEN\033[0m"));
        json = diagnosis_to_json(&diagnosis);
        const json_t *daemon = json_array_get(json_object_get(json, "hops"), HOP_DAEMON);
        assert_string_equal(json_string_value(json_object_get(daemon, "state")), "broken");
        assert_non_null(json_object_get(daemon, "type"));
        assert_null(json_object_get(json_array_get(json_object_get(json, "hops"), HOP_STORE), "type"));
        json_decref(json);
}

static void age_of_a_look_is_told(void **test)
{
        AUTO_DIAGNOSIS struct diagnosis diagnosis = { 0 };
        json_t *health = json_of(ALL_WELL);

        (void)test;
        diagnosis_judge(&diagnosis, health, NULL, NULL, NOW_MS);
        assert_string_equal(diagnosis.findings[HOP_GANESHA].sentence, "seen 3 s ago");
        json_decref(health);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hop_that_is_broken_is_named_alone),
                cmocka_unit_test(broken_hop_is_shown_with_what_to_do),
                cmocka_unit_test(age_of_a_look_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
