/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/session.h"
#include "gateway_by_script.h"

static void nodes_are_of_an_environment(void **test)
{
        static const struct conversation cases[] = {
                { "node list --environment shop --layer cp",
                  { { 200, "{'items': [{'id': '101', 'layer': 'cp', 'addresses': ['10.0.0.1', 'fd77::1'], "
                           "'image': 'nginx', 'os': "
                           "{'id': 'debian'}}], 'next': null}" } },
                  "GET /v1/environments/shop/nodes?layer=cp&limit=1000\n",
                  "NODE  LAYER  ADDRESSES          IMAGE  OS\n101   cp     10.0.0.1, fd77::1  nginx  debian\n",
                  EXIT_DONE },
                { "node list --environment shop --output name",
                  { { 200, "{'items': [{'id': '101'}, {'id': '102'}], 'next': null}" } },
                  "GET /v1/environments/shop/nodes?limit=1000\n",
                  "101\n102\n",
                  EXIT_DONE },
                { "node show 101 --environment shop",
                  { { 200, "{'id': '101', 'os': {'id': 'debian'}}" } },
                  "GET /v1/environments/shop/nodes/101\n",
                  "id                  101\nos.id               debian\n",
                  EXIT_DONE },
                { "node show 101 --environment shop",
                  { { 404, "{'detail': 'no'}" } },
                  "GET /v1/environments/shop/nodes/101\n",
                  "",
                  EXIT_NOT_FOUND },
                { "node delete 101 --environment a/b",
                  { { 202, "{'deleted': true, 'task': {'id': 'ta-1', 'state': 'running'}}" } },
                  "DELETE /v1/environments/a%2Fb/nodes/101\n",
                  "node 101: deleted; see task ta-1\n",
                  EXIT_DONE },
                { "node list", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "node show 101", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "node delete 101", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "node delete 101 --environment shop --wait 61", { { 0, NULL } }, "", "", EXIT_USAGE },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void node_has_what_it_should_mount_and_has_mounted(void **test)
{
        static const struct conversation cases[] = {
                { "node mounts 101",
                  { { 200, "{'items': [{'export': 'ex-1', 'protocol': 'nfs', 'state': 'active', 'mount': {'path': "
                           "'/m', 'source': "
                           "'a:/b'}}, {'export': 'ex-2', 'protocol': 'nfs', 'state': 'refused', 'cause': "
                           "{'sentence': 'it "
                           "sleeps'}}]}" } },
                  "GET /v1/nodes/101/mounts\n",
                  "EXPORT  MOUNT POINT  SOURCE  PROTOCOL  STATE    WHY\n"
                  "ex-1    /m           a:/b    nfs       active\n"
                  "ex-2                         nfs       refused  it sleeps\n",
                  EXIT_DONE },
                { "node mounts 101 --output name",
                  { { 200, "{'items': [{'export': 'ex-1'}]}" } },
                  "GET /v1/nodes/101/mounts\n",
                  "ex-1\n",
                  EXIT_DONE },
                { "node mounted 101",
                  { { 200, "{'client': 'by hand'}" } },
                  "GET /v1/nodes/101/mounted\n",
                  "client              by hand\n",
                  EXIT_DONE },
                { "node report 101", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "node report 101 --file /nonexistent", { { 0, NULL } }, "", "", EXIT_USAGE },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void report_is_sent_as_it_stands_in_the_file(void **test)
{
        static const char content[] = "{\"client\": \"by hand\", \"items\": []}";
        static const struct reply reply = { 200, "{'client': 'by hand', 'at': 'T'}" };
        char path[] = "/tmp/test_command_node.XXXXXX";
        AUTO_CLOSE int fd = mkstemp(path);

        (void)test;
        assert_int_equal(write(fd, content, strlen(content)), strlen(content));
        AUTO_FREE char *line = memory_format("node report 101 --file %s", path);
        AUTO_OUTCOME struct outcome outcome = run(line, &reply);

        unlink(path);
        assert_int_equal(outcome.exit_code, EXIT_DONE);
        assert_string_equal(outcome.calls, "PUT /v1/nodes/101/mounted {'client':'by hand','items':[]}\n");
        assert_string_equal(outcome.out, "client              by hand\nat                  T\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nodes_are_of_an_environment),
                cmocka_unit_test(node_has_what_it_should_mount_and_has_mounted),
                cmocka_unit_test(report_is_sent_as_it_stands_in_the_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
