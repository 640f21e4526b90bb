/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/probe_network.h"
#include "protocols/probe/probe_acts.h"

static int run(uint16_t number, struct message *request, struct fault *fault)
{
        AUTO_MESSAGE struct message reply;

        message_init(&reply, 0);
        for (const struct act *act = probe_acts; act->run; act++)
                if (act->number == number)
                        return act->run(NULL, request, &reply, fault);
        return 1;
}

static void place_is_made_in_a_network_of_eight_alone(void **test)
{
        static const struct {
                const char *text;
                enum fault_code code;
        } cases[] = {
                { "", FAULT_INVALID },
                { "10.0.0.0/8", FAULT_INVALID },
                { "127.0.0.0/29", FAULT_INVALID },
                { "10.0.0.0/29; reboot", FAULT_INVALID },
                { "100.127.255.248/29 and much more than that, far longer than a network", FAULT_MALFORMED },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_MESSAGE struct message request;
                struct fault fault = { 0 };

                message_init(&request, ACT_PROBE_MAKE);
                message_put_text(&request, cases[i].text);
                assert_int_equal(run(ACT_PROBE_MAKE, &request, &fault), -(int)cases[i].code);
        }
}

static void worker_is_started_for_a_client_with_a_socket_alone(void **test)
{
        static const struct {
                uint64_t client;
                int type; /* of the socket; 0 = none */
                enum fault_code code;
        } cases[] = {
                { PROBE_ADMITTED, 0, FAULT_MALFORMED },
                { PROBE_ADMITTED, SOCK_STREAM, FAULT_MALFORMED },
                { PROBE_CLIENT_COUNT, SOCK_SEQPACKET, FAULT_MALFORMED },
                { UINT64_MAX, SOCK_SEQPACKET, FAULT_MALFORMED },
                { PROBE_STRANGER, SOCK_SEQPACKET, FAULT_UNAVAILABLE }, /* there is no place */
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_MESSAGE struct message request;
                AUTO_CLOSE int other = -1;
                struct fault fault = { 0 };
                int pair[2];

                message_init(&request, ACT_PROBE_WORKER);
                message_put_u64(&request, cases[i].client);
                if (cases[i].type) {
                        assert_int_equal(socketpair(AF_UNIX, cases[i].type, 0, pair), 0);
                        request.fd = pair[0];
                        other = pair[1];
                }
                assert_int_equal(run(ACT_PROBE_WORKER, &request, &fault), -(int)cases[i].code);
        }
}

static void file_is_no_socket(void **test)
{
        AUTO_MESSAGE struct message request;
        struct fault fault = { 0 };

        (void)test;
        message_init(&request, ACT_PROBE_WORKER);
        message_put_u64(&request, PROBE_ADMITTED);
        request.fd = dup(STDERR_FILENO);
        assert_int_equal(run(ACT_PROBE_WORKER, &request, &fault), -FAULT_MALFORMED);
}

static void removal_takes_no_field(void **test)
{
        AUTO_MESSAGE struct message request;
        struct fault fault = { 0 };

        (void)test;
        message_init(&request, ACT_PROBE_REMOVE);
        message_put_text(&request, "eth0");
        assert_int_equal(run(ACT_PROBE_REMOVE, &request, &fault), -FAULT_MALFORMED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(place_is_made_in_a_network_of_eight_alone),
                cmocka_unit_test(worker_is_started_for_a_client_with_a_socket_alone),
                cmocka_unit_test(file_is_no_socket),
                cmocka_unit_test(removal_takes_no_field),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
