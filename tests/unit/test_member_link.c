/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Calls between storage nodes over TCP on this machine: what arrives, and who is not answered.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/member_channel.h"
#include "auth/member_link.h"
#include "base/memory.h"
#include "base/sealed_memory.h"
#include "domain/address.h"

#define CALL_MS 10000
#define MEMORY_MAX (4 * 1024 * 1024)

/* Says back what it was given: a text, and the memory along with it. */
static int echo_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const char *text = message_take_text(request, 100);
        AUTO_TEXT struct text memory = { 0 };
        int failed;

        ++*(int *)context;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "echo: not a text");
        message_put_text(reply, text);
        if (request->fd < 0)
                return 0;
        if ((failed = sealed_memory_read(request->fd, MEMORY_MAX, &memory, fault)))
                return failed;
        reply->fd = sealed_memory_make("echo", memory.data, memory.length, fault);
        return 0;
}

static const struct act acts[] = { { 9000, "echo", "for tests", 0, 1000, echo_run }, { 0 } };
static const struct pool_key key = { { 1, 2, 3 } }, other_key = { { 1, 2, 4 } };

struct rig {
        struct address decider;
        int listener, stop_fd, runs;
        uint16_t port;
        pthread_t thread;
        bool running;
};

static void *serve(void *argument)
{
        struct rig *rig = argument;
        struct fault fault = { 0 };

        member_serve(rig->listener, rig->stop_fd, &rig->decider, &key, acts, &rig->runs, &fault);
        return NULL;
}

static void rig_start(struct rig *rig, uint16_t port)
{
        struct sockaddr_in6 address;
        socklen_t size = sizeof address;
        struct fault fault = { 0 };

        rig->listener = member_listen(port, &fault);
        assert_true(rig->listener >= 0);
        assert_int_equal(getsockname(rig->listener, (struct sockaddr *)&address, &size), 0);
        rig->port = ntohs(address.sin6_port);
        rig->stop_fd = eventfd(0, EFD_CLOEXEC);
        assert_int_equal(pthread_create(&rig->thread, NULL, serve, rig), 0);
        rig->running = true;
}

static void rig_stop(struct rig *rig)
{
        eventfd_write(rig->stop_fd, 1);
        pthread_join(rig->thread, NULL);
        close(rig->listener);
        close(rig->stop_fd);
        rig->running = false;
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        address_parse("127.0.0.1", &rig->decider);
        rig_start(rig, 0);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        if (rig->running)
                rig_stop(rig);
        free(rig);
        return 0;
}

static struct member_caller *caller_new(const struct rig *rig, const struct pool_key *its_key)
{
        struct address loopback;

        address_parse("127.0.0.1", &loopback);
        return member_caller_new(&loopback, rig->port, its_key);
}

/* Calls the echo with a text and, unless it is NULL, memory; 0 when both came back as they were. */
static int echo(struct member_caller *caller, const char *text, const struct text *memory, struct fault *fault)
{
        struct act_caller acts_of = member_caller_acts(caller);
        AUTO_MESSAGE struct message request, reply;
        AUTO_TEXT struct text back = { 0 };

        message_init(&request, 9000);
        message_init(&reply, 0);
        message_put_text(&request, text);
        if (memory)
                request.fd = sealed_memory_make("test", memory->data, memory->length, fault);
        int failed = acts_of.call(acts_of.context, &request, &reply, CALL_MS, fault);
        if (failed)
                return failed;
        assert_string_equal(message_take_text(&reply, 100), text);
        assert_int_equal(reply.fd >= 0, memory != NULL);
        if (memory) {
                assert_int_equal(sealed_memory_read(reply.fd, MEMORY_MAX, &back, fault), 0);
                assert_int_equal(back.length, memory->length);
                assert_memory_equal(text_get(&back), text_get(memory), memory->length);
        }
        return 0;
}

static void calls_carry_texts_and_memory(void **test)
{
        static const size_t lengths[] = { 0, 1, 65536, 3 * 1024 * 1024 };
        struct rig *rig = *test;
        struct member_caller *caller = caller_new(rig, &key);
        struct fault fault = { 0 };

        assert_int_equal(echo(caller, "alone", NULL, &fault), 0);
        for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
                AUTO_TEXT struct text memory = { 0 };

                for (size_t k = 0; k < lengths[i]; k++)
                        text_add_char(&memory, (char)('a' + k % 26));
                assert_int_equal(echo(caller, "with memory", &memory, &fault), 0);
        }
        member_caller_free(caller);
}

static void fault_of_an_act_is_the_calls_own(void **test)
{
        struct rig *rig = *test;
        struct member_caller *caller = caller_new(rig, &key);
        struct act_caller its = member_caller_acts(caller);
        AUTO_MESSAGE struct message request, reply;
        struct fault fault = { 0 };

        message_init(&request, 9000);
        message_init(&reply, 0);
        message_put_u64(&request, 1);
        assert_int_equal(its.call(its.context, &request, &reply, CALL_MS, &fault), -FAULT_MALFORMED);
        assert_string_equal(fault.text, "echo: not a text");
        request.act = 9001;
        assert_int_equal(its.call(its.context, &request, &reply, CALL_MS, &fault), -FAULT_FORBIDDEN);
        assert_int_equal(echo(caller, "it goes on", NULL, &fault), 0);
        member_caller_free(caller);
}

static void who_lacks_the_key_gets_nothing_done(void **test)
{
        struct rig *rig = *test;
        struct member_caller *caller = caller_new(rig, &other_key);
        struct fault fault = { 0 };

        assert_int_equal(echo(caller, "let me in", NULL, &fault), -FAULT_UNAVAILABLE);
        assert_int_equal(rig->runs, 0);
        member_caller_free(caller);
}

/* A connection to the member, and what comes back for these bytes until it hangs up. */
static size_t answer_length(const struct rig *rig, const void *bytes, size_t length)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(rig->port) };
        AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char answer[256];
        size_t total = 0;
        ssize_t got;

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
        if (length > 0 && send(fd, bytes, length, MSG_NOSIGNAL) >= 0)
                shutdown(fd, SHUT_WR);
        while ((got = recv(fd, answer, sizeof answer, 0)) > 0)
                total += (size_t)got;
        return total;
}

static void nobody_without_the_key_gets_a_byte(void **test)
{
        uint8_t hello[MEMBER_HELLO_SIZE];
        struct member_channel *stranger = member_channel_new(&other_key), *holder = member_channel_new(&key);
        struct rig *rig = *test;

        member_channel_hello(stranger, hello);
        assert_int_equal(answer_length(rig, hello, sizeof hello), 0);
        assert_int_equal(answer_length(rig, "GET / HTTP/1.1\r\n\r\n", 18), 0);
        member_channel_hello(holder, hello);
        assert_int_equal(answer_length(rig, hello, sizeof hello - 1), 0);
        assert_int_equal(answer_length(rig, hello, sizeof hello), MEMBER_WELCOME_SIZE);
        member_channel_free(stranger);
        member_channel_free(holder);
}

static void other_addresses_than_the_deciders_are_hung_up_on(void **test)
{
        struct rig *rig = *test;
        struct member_caller *caller = caller_new(rig, &key);
        struct fault fault = { 0 };

        address_parse("127.0.0.2", &rig->decider);
        assert_int_equal(echo(caller, "from .1", NULL, &fault), -FAULT_UNAVAILABLE);
        assert_int_equal(rig->runs, 0);
        member_caller_free(caller);
}

static void call_after_a_restart_connects_again(void **test)
{
        struct rig *rig = *test;
        struct member_caller *caller = caller_new(rig, &key);
        struct fault fault = { 0 };
        uint16_t port = rig->port;

        assert_int_equal(echo(caller, "before", NULL, &fault), 0);
        rig_stop(rig);
        assert_int_equal(echo(caller, "meanwhile", NULL, &fault), -FAULT_UNAVAILABLE);
        rig_start(rig, port);
        assert_int_equal(echo(caller, "after", NULL, &fault), 0);
        assert_int_equal(rig->runs, 2);
        member_caller_free(caller);
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(calls_carry_texts_and_memory),
                RIG_TEST(fault_of_an_act_is_the_calls_own),
                RIG_TEST(who_lacks_the_key_gets_nothing_done),
                RIG_TEST(nobody_without_the_key_gets_a_byte),
                RIG_TEST(other_addresses_than_the_deciders_are_hung_up_on),
                RIG_TEST(call_after_a_restart_connects_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
