/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/act.h"
#include "base/memory.h"

/* Adds one to the number it is given. */
static int act_increment(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        uint64_t number = message_take_u64(request);

        (void)context;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "increment: one number is needed");
        message_put_u64(reply, number + 1);
        return 0;
}

/* Answers a part, then fails. */
static int act_fail(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context;
        (void)request;
        message_put_u64(reply, 1);
        return fault_set(fault, FAULT_INVALID, "make directory: /a is a file");
}

/* Fails and, against the contract, says nothing. */
static int act_fail_mutely(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context;
        (void)request;
        (void)reply;
        (void)fault;
        return -1;
}

static const struct act table[] = {
        { .number = 1, .name = "increment", .run = act_increment, .capabilities = 5 },
        { .number = 2, .name = "fail", .run = act_fail },
        { .number = 3, .name = "fail_mutely", .run = act_fail_mutely },
        { .run = NULL },
};

struct served {
        int socket;
        const struct act_hooks *hooks;
        int result;
};

static void *serve_one(void *argument)
{
        struct served *served = argument;

        served->result = act_serve_one(served->socket, table, NULL, served->hooks, NULL);
        return NULL;
}

/* One round trip of `request` with a thread that serves it. */
static int exchange(struct message *request, struct message *reply, const struct act_hooks *hooks,
                    struct fault *fault)
{
        int sockets[2], result;
        pthread_t thread;

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
        struct served served = { .socket = sockets[1], .hooks = hooks };
        assert_int_equal(pthread_create(&thread, NULL, serve_one, &served), 0);
        result = act_exchange(sockets[0], request, reply, 10000, fault);
        pthread_join(thread, NULL);
        assert_int_equal(served.result, 0);
        close(sockets[0]);
        close(sockets[1]);
        return result;
}

static void act_is_answered_with_its_result_or_fault(void **test)
{
        static const struct {
                uint16_t act;
                bool with_number;
                int result;
                const char *says;
        } cases[] = {
                { 1, true, 0, "" },
                { 1, false, -FAULT_MALFORMED, "increment: one number is needed" },
                { 2, true, -FAULT_INVALID, "make directory: /a is a file" },
                { 3, true, -FAULT_INTERNAL, "run act fail_mutely: it did not say why it failed" },
                { 9, true, -FAULT_FORBIDDEN, "run act 9: it is not on the list" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_MESSAGE struct message request, reply;
                struct fault fault = { 0 };

                message_init(&request, cases[i].act);
                message_init(&reply, 0);
                if (cases[i].with_number)
                        message_put_u64(&request, 41);
                assert_int_equal(exchange(&request, &reply, NULL, &fault), cases[i].result);
                assert_string_equal(fault.text, cases[i].says);
                if (cases[i].result == 0) {
                        assert_true(message_take_u64(&reply) == 42);
                        assert_true(message_is_consumed(&reply));
                }
        }
}

struct watched {
        char calls[32];
        bool refuse;
};

static int before(void *context, const struct act *act, struct fault *fault)
{
        struct watched *watched = context;

        assert_int_equal(act->capabilities, act->number == 1 ? 5 : 0);
        strcat(watched->calls, "before ");
        return watched->refuse ? fault_set(fault, FAULT_FORBIDDEN, "raise capabilities: no") : 0;
}

static void after(void *context, const struct act *act)
{
        struct watched *watched = context;

        (void)act;
        strcat(watched->calls, "after ");
}

static void hooks_surround_the_act_and_what_they_refuse_is_not_run(void **test)
{
        static const struct {
                uint16_t act;
                bool refuse;
                int result;
                const char *calls;
        } cases[] = {
                { 1, false, 0, "before after " },
                { 2, false, -FAULT_INVALID, "before after " },
                { 1, true, -FAULT_FORBIDDEN, "before " },
                { 9, false, -FAULT_FORBIDDEN, "" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct watched watched = { .refuse = cases[i].refuse };
                struct act_hooks hooks = { before, after, &watched };
                AUTO_MESSAGE struct message request, reply;
                struct fault fault = { 0 };

                message_init(&request, cases[i].act);
                message_init(&reply, 0);
                message_put_u64(&request, 41);
                assert_int_equal(exchange(&request, &reply, &hooks, &fault), cases[i].result);
                assert_string_equal(watched.calls, cases[i].calls);
        }
}

static void answer_to_another_act_is_refused(void **test)
{
        AUTO_MESSAGE struct message request, wrong, reply;
        struct fault fault = { 0 };
        int sockets[2];

        (void)test;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
        message_init(&request, 1);
        message_init(&wrong, 2);
        message_init(&reply, 0);
        assert_int_equal(message_send(sockets[1], &wrong, &fault), 0);
        assert_int_equal(act_exchange(sockets[0], &request, &reply, 1000, &fault), -FAULT_MALFORMED);
        close(sockets[1]);
        assert_int_equal(act_exchange(sockets[0], &request, &reply, 1000, &fault), -FAULT_UNAVAILABLE);
        close(sockets[0]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(act_is_answered_with_its_result_or_fault),
                cmocka_unit_test(hooks_surround_the_act_and_what_they_refuse_is_not_run),
                cmocka_unit_test(answer_to_another_act_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
