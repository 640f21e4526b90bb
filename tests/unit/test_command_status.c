/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "cli/session.h"
#include "gateway_by_script.h"

static void status_tells_what_needs_a_hand(void **test)
{
        static const struct conversation cases[] = {
                { "status",
                  { { 200, "{'status': 'ok'}" } },
                  "GET /healthz\nGET /v1/verification\n",
                  "status              ok\n",
                  EXIT_DONE },
                { "status",
                  { { 200, "{'status': 'ok'}" },
                    { 200, "{'items': [{'storage': 'files', 'node': '10.0.0.1', 'protocol': 'nfs', 'result': "
                           "'unverified',"
                           "'version': '4.3', 'code': 'timeout', 'sentence': 'no answer', 'checks': "
                           "[{'latency_us': 5000040}]}]}" },
                    { 200,
                      "{'items': [{'name': 'disk', 'kind': 'single', 'status': {'capacity': {'bytes_total': null,"
                      "'reason': {'code': 'timeout', 'sentence': 'no answer'}}}},"
                      "{'name': 'files', 'kind': 'cluster', 'status': {'capacity': {'bytes_total': 1073741824,"
                      "'bytes_available': 53687091, 'inodes_total': 100, 'inodes_available': 100},"
                      "'heal': {'state': 'degraded', 'entries': 4, 'split_brain': 0, 'bricks': [{'online': false},"
                      "{'online': true}], 'nodes': [{'connected': true, 'self_heal_daemon': 'stopped'}]}}}]}" },
                    { 200,
                      "{'items': [{'id': 'ex-1', 'status': {'active': 3}}, {'id': 'ex-2', 'mount_path': '/m', "
                      "'environment': 'shop', 'status': {'failed': 2}}]}" },
                    { 200, "{'items': [{}]}" } },
                  "GET /healthz\nGET /v1/verification\nGET /v1/storages?limit=100\nGET /v1/exports?limit=1000\n"
                  "GET /v1/tasks?state=running&limit=100\n",
                  "status              ok\n\n"
                  "STORAGE  NODE      PROTOCOL  VERSION  RESULT               MS      AT  WHY\n"
                  "files    10.0.0.1  nfs       4.3      unverified: timeout  5000.0      no answer\n"
                  "\nSTORAGE  KIND     ACCOUNT  ROOM                      HEAL   "
                  "                                                          ADDRESSES\n"
                  "disk     single            unknown: timeout          -\n"
                  "files    cluster           51.2 MiB of 1.0 GiB free  "
                  "degraded: 1 brick down, 1 self-heal daemon down, 4 entries wait\n"
                  "\nstorage files needs a hand: it is nearly full; "
                  "degraded: 1 brick down, 1 self-heal daemon down, 4 entries wait: gatehouse storage show files\n"
                  "\nexports             2\ngrants              3 active, 0 pending, 2 failed\n"
                  "\nNEEDS A HAND  WHERE       GRANTS    TYPE\nex-2          /m of shop  2 failed  gatehouse "
                  "grant list "
                  "ex-2\n"
                  "\n1 removals of access still run: gatehouse task list --state running\n",
                  EXIT_DONE },
                { "status",
                  { { 200,
                      "{'status': 'ok', 'backends': {'tls': {'status': 'expiring', 'detail': 'for 3 days'}}}" } },
                  "GET /healthz\nGET /v1/verification\n",
                  "status              ok\nbackends.tls.status  expiring\nbackends.tls.detail  for 3 days\n\n"
                  "for 3 days: put a renewed one and its key in place, then: systemctl reload gatehoused\n",
                  EXIT_DONE },
                { "status",
                  { { 503, "{'status': 'degraded'}" } },
                  "GET /healthz\nGET /v1/verification\n",
                  "status              degraded\n\nWhat is broken, and what to do: gatehouse doctor\n",
                  EXIT_REFUSED },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void verification_is_ordered_and_awaited(void **test)
{
        static const struct conversation cases[] = {
                { "verify",
                  { { 202, "{'run': 7}" }, { 200, "{'run': 7, 'items': []}" } },
                  "POST /v1/verify\nGET /v1/verification\n",
                  "STORAGE  NODE  PROTOCOL  VERSION  RESULT  MS  AT  WHY\n",
                  EXIT_DONE },
                { "verify",
                  { { 202, "{'run': 7}" },
                    { 200, "{'run': 8, 'items': [{'storage': 'files', 'node': '10.0.0.1', 'protocol': 'nfs', "
                           "'result': 'failed',"
                           "'code': 'access_list.open', 'sentence': 'let in', 'checks': []}]}" } },
                  "POST /v1/verify\nGET /v1/verification\n",
                  "STORAGE  NODE      PROTOCOL  VERSION  RESULT                    MS  AT  WHY\n"
                  "files    10.0.0.1  nfs                failed: access_list.open          let in\n",
                  EXIT_REFUSED },
                { "verify --wait 0",
                  { { 202, "{'run': 7}" }, { 200, "{'run': 6, 'items': []}" } },
                  "POST /v1/verify\nGET /v1/verification\n",
                  "",
                  EXIT_REFUSED },
                { "verify --wait soon", { { 0 } }, "", "", EXIT_USAGE },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void drift_tells_what_was_found(void **test)
{
        static const struct conversation cases[] = {
                { "drift",
                  { { 200, "{'reconcile': 'enforce', 'differences': [], 'unmanaged': [], 'looks': {'ganesha': "
                           "{'at': 'T', "
                           "'duration_ms': 3, 'left_out': 2}, 'gluster': {'at': null}}}" } },
                  "GET /v1/drift\n",
                  "ganesha   looked at T in 3 ms; 2 more differences are not kept\ngluster   not looked at yet\n\n"
                  "No difference has been found.\n",
                  EXIT_DONE },
                { "drift",
                  { { 200,
                      "{'reconcile': 'observe', 'differences': [{'at': 'T', 'backend': 'nfs', 'object': 'ex-1', "
                      "'what': "
                      "'clients', 'action': 'none', 'count': 1, 'observed': 'a', 'desired': 'b'}], 'unmanaged': "
                      "[{'number': 7, 'pseudo': '/p', 'path': '/q'}]}" } },
                  "GET /v1/drift\n",
                  "NOTHING IS REPAIRED: reconcile = observe\n\n"
                  "AT  BACKEND  OBJECT  WHAT     ACTION  TIMES  OBSERVED  DESIRED\n"
                  "T   nfs      ex-1    clients  none    1      a         b\n\n"
                  "UNMANAGED  PSEUDO  PATH  OVERLAPS\n7          /p      /q\n",
                  EXIT_DONE },
                { "drift", { { 0, NULL } }, "GET /v1/drift\n", "", EXIT_UNREACHABLE },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void gateway_is_asked_for_what_programs_read(void **test)
{
        static const struct conversation cases[] = {
                { "metrics", { { 200, "# EOF\n" } }, "GET /metrics\n", "# EOF\n", EXIT_DONE },
                { "metrics", { { 403, "{'detail': 'no'}" } }, "GET /metrics\n", "", EXIT_NOT_ALLOWED },
                { "metrics --json", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "metrics --output json", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "openapi",
                  { { 200, "{'openapi': '3.1.0'}" } },
                  "GET /openapi.json\n",
                  "{\n  \"openapi\": \"3.1.0\"\n}\n",
                  EXIT_DONE },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(status_tells_what_needs_a_hand),
                cmocka_unit_test(verification_is_ordered_and_awaited),
                cmocka_unit_test(drift_tells_what_was_found),
                cmocka_unit_test(gateway_is_asked_for_what_programs_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
