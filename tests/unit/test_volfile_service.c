/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "protocols/gluster/volfile_publish.h"
#include "protocols/gluster/volfile_service.h"

#define LOOK_TIMES 200 /* of 10 ms: what does not come in 2 s does not come */
#define QUIET_TIMES 5

/* A service on a port of its own, at a time that the test decides. */
struct world {
        struct volfile_limits limits;
        struct clock clock;
        int64_t now_ms;
        struct volfile_service *service;
        struct sockaddr_in place;
};

static int64_t world_now(void *context)
{
        return ((const struct world *)context)->now_ms;
}

static struct address address_of(const char *text)
{
        struct address address;

        assert_int_equal(address_parse(text, &address), 0);
        return address;
}

static int configure(struct world *world, const char *text, size_t length, const char *const *admitted)
{
        struct volfile_served served = { .volume = memory_text("data"),
                                         .text = memory_new(1, length + 1),
                                         .length = length,
                                         .bricks = memory_new(1, sizeof *served.bricks),
                                         .brick_count = 1 };
        struct address addresses[4];
        struct fault fault = { 0 };
        size_t count = 0;

        memcpy(served.text, text, length);
        served.bricks[0] = (struct volume_brick){ .path = memory_text("/b"), .port = 49152 };
        while (admitted[count]) {
                addresses[count] = address_of(admitted[count]);
                count++;
        }
        return volfile_service_configure(world->service, &served, addresses, count, &fault);
}

#define CONFIGURE(world, text, ...) \
        assert_int_equal(configure(world, text, strlen(text), (const char *const[]){ __VA_ARGS__, NULL }), 0)

static void world_open(struct world *world, const struct volfile_limits *limits)
{
        struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
        socklen_t length = sizeof world->place;
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        struct fault fault = { 0 };

        *world = (struct world){ .limits = limits ? *limits : volfile_limits_default, .now_ms = 1000 };
        world->clock = (struct clock){ world_now, world_now, world };
        assert_int_equal(bind(listener, (struct sockaddr *)&any, sizeof any), 0);
        assert_int_equal(listen(listener, 64), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&world->place, &length), 0);
        world->place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        world->service = volfile_service_new(listener, &world->limits, &world->clock, &fault);
        assert_non_null(world->service);
        CONFIGURE(world, "volume a\n", "127.0.0.1", "127.0.0.3");
}

static int client_open(const struct world *world, const char *from)
{
        struct sockaddr_in own = { .sin_family = AF_INET };
        int client = socket(AF_INET, SOCK_STREAM, 0);

        inet_pton(AF_INET, from, &own.sin_addr);
        assert_int_equal(bind(client, (struct sockaddr *)&own, sizeof own), 0);
        assert_int_equal(connect(client, (const struct sockaddr *)&world->place, sizeof world->place), 0);
        return client;
}

static void client_send(int client, const uint32_t *words, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                uint32_t word = htonl(words[i]);

                assert_int_equal(send(client, &word, sizeof word, MSG_NOSIGNAL), sizeof word);
        }
}

#define SEND(client, ...) \
        client_send(client, (const uint32_t[]){ __VA_ARGS__ }, ARRAY_SIZE(((const uint32_t[]){ __VA_ARGS__ })))
#define SEND_PING(client) SEND(client, 0x80000028, 7, 0, 2, 123451501, 1, 2, 0, 0, 0, 0)
#define SEND_GETSPEC(client) SEND(client, 0x80000038, 7, 0, 2, 14398633, 2, 2, 0, 0, 0, 0, 0, 4, 0x64617461, 0)
#define PING_BYTES 40
#define PUSH_BYTES 44
#define GETSPEC_BYTES(text) (28 + 16 + (sizeof(text) + 2) / 4 * 4)

/* What `client` reads next: the bytes, 0 when it is hung up on, -1 when nothing comes. */
static ssize_t client_read_times(struct world *world, int client, int times)
{
        char bytes[65536];
        struct pollfd readable = { .fd = client, .events = POLLIN };

        for (int i = 0; i < times; i++) {
                volfile_service_turn(world->service);
                if (poll(&readable, 1, 10) > 0) {
                        ssize_t got = recv(client, bytes, sizeof bytes, MSG_DONTWAIT);
                        return got > 0 ? got : 0;
                }
        }
        return -1;
}

static ssize_t client_read(struct world *world, int client)
{
        return client_read_times(world, client, LOOK_TIMES);
}

static ssize_t client_read_none(struct world *world, int client)
{
        return client_read_times(world, client, QUIET_TIMES);
}

static struct volfile_status status_of(const struct world *world)
{
        struct volfile_status status;

        volfile_service_status(world->service, &status);
        return status;
}

static void admitted_addresses_alone_are_answered(void **state)
{
        static const struct {
                const char *from;
                bool is_admitted;
        } rows[] = {
                { "127.0.0.1", true }, { "127.0.0.2", false }, { "127.0.0.3", true }, { "127.0.0.4", false }
        };
        struct world world;

        (void)state;
        world_open(&world, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_CLOSE int client = client_open(&world, rows[i].from);

                if (rows[i].is_admitted) {
                        SEND_PING(client);
                        assert_int_equal(client_read(&world, client), PING_BYTES);
                } else {
                        assert_int_equal(client_read(&world, client), 0);
                }
        }
        assert_int_equal(status_of(&world).refused, 2);
        assert_int_equal(status_of(&world).requests, 2);
        volfile_service_free(world.service);
}

static void new_volfile_is_pushed_to_who_fetched(void **state)
{
        struct world world;

        (void)state;
        world_open(&world, NULL);
        AUTO_CLOSE int fetched = client_open(&world, "127.0.0.1"), pinged = client_open(&world, "127.0.0.1");
        SEND_GETSPEC(fetched);
        assert_int_equal(client_read(&world, fetched), GETSPEC_BYTES("volume a\n"));
        SEND_PING(pinged);
        assert_int_equal(client_read(&world, pinged), PING_BYTES);
        assert_int_equal(status_of(&world).current, 1);

        CONFIGURE(&world, "volume a\n", "127.0.0.1");
        assert_int_equal(client_read_none(&world, fetched), -1);
        CONFIGURE(&world, "volume bb\n", "127.0.0.1");
        assert_int_equal(client_read(&world, fetched), PUSH_BYTES);
        assert_int_equal(client_read_none(&world, pinged), -1);
        assert_int_equal(status_of(&world).behind, 1);
        assert_int_equal(status_of(&world).current, 0);

        SEND_GETSPEC(fetched);
        assert_int_equal(client_read(&world, fetched), GETSPEC_BYTES("volume bb\n"));
        assert_int_equal(status_of(&world).current, 1);
        assert_int_equal(status_of(&world).number, 2);
        volfile_service_free(world.service);
}

static void who_is_no_longer_admitted_is_cut_off(void **state)
{
        struct world world;

        (void)state;
        world_open(&world, NULL);
        AUTO_CLOSE int stays = client_open(&world, "127.0.0.3"), goes = client_open(&world, "127.0.0.1");
        SEND_GETSPEC(goes);
        assert_int_equal(client_read(&world, goes), GETSPEC_BYTES("volume a\n"));
        SEND_PING(stays);
        assert_int_equal(client_read(&world, stays), PING_BYTES);
        CONFIGURE(&world, "volume a\n", "127.0.0.9", "127.0.0.3", "127.0.0.3");
        assert_int_equal(client_read(&world, goes), 0);
        SEND_PING(stays);
        assert_int_equal(client_read(&world, stays), PING_BYTES);
        assert_int_equal(status_of(&world).admitted, 2);
        assert_int_equal(status_of(&world).connections, 1);
        volfile_service_free(world.service);
}

static void silent_and_slow_peers_are_hung_up_on(void **state)
{
        struct world world;

        (void)state;
        world_open(&world, NULL);
        AUTO_CLOSE int silent = client_open(&world, "127.0.0.1"), slow = client_open(&world, "127.0.0.1"),
                       kept = client_open(&world, "127.0.0.1"), later = client_open(&world, "127.0.0.1");
        SEND(slow, 0x80000028, 7);
        SEND_GETSPEC(kept);
        assert_int_equal(client_read(&world, kept), GETSPEC_BYTES("volume a\n"));
        SEND_PING(later);
        assert_int_equal(client_read(&world, later), PING_BYTES);
        SEND(later, 0x80000028, 7);
        assert_int_equal(client_read_none(&world, later), -1);
        assert_true(volfile_service_wait_ms(world.service) > 0);

        world.now_ms += world.limits.patience_ms - 1;
        SEND(slow, 0); /* a word more is no request */
        assert_int_equal(client_read_none(&world, silent), -1);
        assert_int_equal(client_read_none(&world, slow), -1);
        world.now_ms += 200;
        assert_int_equal(client_read(&world, silent), 0);
        assert_int_equal(client_read(&world, slow), 0);
        assert_int_equal(client_read(&world, later), 0);
        assert_int_equal(client_read_none(&world, kept), -1);
        SEND_PING(kept);
        assert_int_equal(client_read(&world, kept), PING_BYTES);
        assert_int_equal(volfile_service_wait_ms(world.service), -1);
        volfile_service_free(world.service);
}

static void who_takes_no_answer_is_hung_up_on(void **state)
{
        struct world world;
        AUTO_FREE char *text = memory_new(1, VOLFILE_SERVED_MAX);

        (void)state;
        world_open(&world, NULL);
        memset(text, '\n', VOLFILE_SERVED_MAX);
        assert_int_equal(configure(&world, text, VOLFILE_SERVED_MAX, (const char *const[]){ "127.0.0.1", NULL }),
                         0);
        AUTO_CLOSE int client = client_open(&world, "127.0.0.1");
        for (int i = 0; i < 50; i++)
                SEND_GETSPEC(client);
        for (int i = 0; i < 500; i++)
                volfile_service_turn(world.service);
        uint64_t answered = status_of(&world).requests;
        assert_in_range(answered, 1, 49); /* it reads no request while an answer waits */
        assert_int_equal(status_of(&world).connections, 1);
        world.now_ms += world.limits.patience_ms + 200;
        volfile_service_turn(world.service);
        assert_int_equal(status_of(&world).connections, 0);
        volfile_service_free(world.service);
}

static void answers_that_wait_are_bounded_in_all(void **state)
{
        struct volfile_limits limits = volfile_limits_default;
        struct world world;
        AUTO_FREE char *text = memory_new(1, VOLFILE_SERVED_MAX);

        (void)state;
        limits.output_bytes_max = 1000;
        world_open(&world, &limits);
        memset(text, '\n', VOLFILE_SERVED_MAX);
        assert_int_equal(configure(&world, text, VOLFILE_SERVED_MAX, (const char *const[]){ "127.0.0.1", NULL }),
                         0);
        AUTO_CLOSE int client = client_open(&world, "127.0.0.1");
        for (int i = 0; i < 50; i++)
                SEND_GETSPEC(client);
        for (int i = 0; i < 500; i++)
                volfile_service_turn(world.service);
        assert_int_equal(status_of(&world).connections, 0);
        volfile_service_free(world.service);
}

static void malformed_records_are_hung_up_on(void **state)
{
        static const uint32_t marks[] = { 0x00000028, 0x80000000, 0x80004001, 0xffffffff };
        struct world world;

        (void)state;
        world_open(&world, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
                AUTO_CLOSE int client = client_open(&world, "127.0.0.1");

                SEND(client, marks[i], 7, 0, 2);
                assert_int_equal(client_read(&world, client), 0);
        }
        assert_int_equal(status_of(&world).connections, 0);
        volfile_service_free(world.service);
}

static void connections_are_counted(void **state)
{
        static const struct {
                size_t in_all, for_one, open;
        } rows[] = { { 3, 64, 3 }, { 64, 2, 2 }, { 64, 64, 5 } };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct volfile_limits limits = volfile_limits_default;
                struct world world;
                int clients[5];

                limits.connections_max = rows[i].in_all;
                limits.per_address_max = rows[i].for_one;
                world_open(&world, &limits);
                for (size_t j = 0; j < ARRAY_SIZE(clients); j++)
                        clients[j] = client_open(&world, "127.0.0.1");
                for (size_t j = 0; j < ARRAY_SIZE(clients); j++)
                        if (j < rows[i].open)
                                assert_int_equal(client_read_none(&world, clients[j]), -1);
                        else
                                assert_int_equal(client_read(&world, clients[j]), 0);
                assert_int_equal(status_of(&world).connections, rows[i].open);
                for (size_t j = 0; j < ARRAY_SIZE(clients); j++)
                        close(clients[j]);
                for (int j = 0; j < LOOK_TIMES && status_of(&world).connections; j++)
                        volfile_service_turn(world.service);
                AUTO_CLOSE int again = client_open(&world, "127.0.0.1");
                SEND_PING(again);
                assert_int_equal(client_read(&world, again), PING_BYTES);
                volfile_service_free(world.service);
        }
}

static void flood_of_one_address_waits_and_others_do_not(void **state)
{
        struct volfile_limits limits = volfile_limits_default;
        struct world world;
        ssize_t got = 0;

        (void)state;
        limits.rate = (struct volfile_rate){ .burst = 4, .per_second = 10 };
        world_open(&world, &limits);
        AUTO_CLOSE int flood = client_open(&world, "127.0.0.1"), other = client_open(&world, "127.0.0.3");
        for (int i = 0; i < 10; i++)
                SEND_PING(flood);
        for (int i = 0; i < 100; i++)
                volfile_service_turn(world.service);
        assert_int_equal(status_of(&world).requests, 3); /* its connection was the first of four */
        SEND_PING(other);
        assert_int_equal(client_read(&world, other), PING_BYTES);
        world.now_ms += 300;
        for (int i = 0; i < 100; i++)
                volfile_service_turn(world.service);
        assert_int_equal(status_of(&world).requests, 7);
        while (got < 6 * PING_BYTES)
                got += client_read(&world, flood);
        assert_int_equal(got, 6 * PING_BYTES);
        volfile_service_free(world.service);
}

/* A try that asks once and hangs up, as a mount that failed later does. */
static void client_try(struct world *world, const char *from)
{
        AUTO_CLOSE int client = client_open(world, from);

        SEND_PING(client);
        assert_int_equal(client_read(world, client), PING_BYTES);
}

static void connections_end(struct world *world)
{
        for (int i = 0; i < LOOK_TIMES && status_of(world).connections; i++) {
                volfile_service_turn(world->service);
                poll(NULL, 0, 1);
        }
        assert_int_equal(status_of(world).connections, 0);
}

static void hanging_up_costs_nothing(void **state)
{
        struct volfile_limits limits = volfile_limits_default;
        struct world world;

        (void)state;
        limits.rate = (struct volfile_rate){ .burst = 6, .per_second = 10 };
        world_open(&world, &limits);
        for (int i = 0; i < 3; i++) { /* two each: the connection, and its request */
                client_try(&world, "127.0.0.1");
                connections_end(&world);
        }
        volfile_service_free(world.service);
}

static void burst_of_connections_waits_and_is_answered(void **state)
{
        struct volfile_limits limits = volfile_limits_default;
        struct world world;
        int clients[8];

        (void)state;
        limits.rate = (struct volfile_rate){ .burst = 4, .per_second = 10 };
        world_open(&world, &limits);
        client_try(&world, "127.0.0.1");
        connections_end(&world);
        for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
                clients[i] = client_open(&world, "127.0.0.1");
                SEND_PING(clients[i]);
        }
        for (int i = 0; i < 100; i++)
                volfile_service_turn(world.service);
        assert_int_equal(status_of(&world).requests, 1);
        assert_int_equal(status_of(&world).connections, ARRAY_SIZE(clients));
        client_try(&world, "127.0.0.3"); /* others do not wait with them */
        for (size_t second = 0; second < 2; second++) {
                world.now_ms += 1000;
                for (int i = 0; i < 100; i++)
                        volfile_service_turn(world.service);
        }
        for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
                assert_int_equal(client_read(&world, clients[i]), PING_BYTES);
                close(clients[i]);
        }
        assert_int_equal(status_of(&world).refused, 0);
        connections_end(&world);
        volfile_service_free(world.service);
}

static void who_hangs_up_while_it_waits_is_let_go(void **state)
{
        struct volfile_limits limits = volfile_limits_default;
        struct world world;

        (void)state;
        limits.rate = (struct volfile_rate){ .burst = 1, .per_second = 1 };
        world_open(&world, &limits);
        for (int i = 0; i < 3; i++) {
                AUTO_CLOSE int client = client_open(&world, "127.0.0.1");

                SEND_PING(client);
                assert_int_equal(client_read_none(&world, client), -1);
        }
        connections_end(&world);
        volfile_service_free(world.service);
}

static void what_must_not_be_served_changes_nothing(void **state)
{
        struct world world;
        static const char bad[] = "volume a\n    option password x\n";

        (void)state;
        world_open(&world, NULL);
        AUTO_CLOSE int client = client_open(&world, "127.0.0.1");
        SEND_GETSPEC(client);
        assert_int_equal(client_read(&world, client), GETSPEC_BYTES("volume a\n"));
        assert_int_equal(configure(&world, bad, sizeof bad - 1, (const char *const[]){ "127.0.0.2", NULL }),
                         -FAULT_INVALID);
        SEND_GETSPEC(client);
        assert_int_equal(client_read(&world, client), GETSPEC_BYTES("volume a\n"));
        volfile_service_free(world.service);
}

/* An act_caller whose other side is the table of acts, over a real socket. */
static int publish_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                        struct fault *fault)
{
        struct fault text = { 0 };
        int sockets[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
        AUTO_CLOSE int own = sockets[0], other = sockets[1];
        assert_int_equal(message_send(own, request, &text), 0);
        assert_int_equal(act_serve_one(other, volfiled_acts, context, NULL, &text), 0);
        assert_int_equal(message_receive(own, reply, deadline_ms, &text), 0);
        return reply->fault_code ? fault_set(fault, reply->fault_code, "%s", message_take_text(reply, 1000)) : 0;
}

static void publish_reaches_the_service(void **state)
{
        struct world world;
        struct volume_brick bricks[] = { { .path = (char[]){ "/b/1" }, .port = 49153 } };
        const struct volfile_served served = { (char[]){ "data" }, (char[]){ "volume abc\n" }, 11, bricks, 1 };
        AUTO_FREE struct address *many = memory_new(VOLFILE_ADMITTED_MAX + 1, sizeof *many);
        struct volfile_status status;
        struct fault fault = { 0 };

        (void)state;
        world_open(&world, NULL);
        const struct act_caller caller = { publish_call, world.service };
        for (uint32_t i = 0; i <= VOLFILE_ADMITTED_MAX; i++) {
                many[i].family = ADDRESS_V4;
                memcpy(many[i].bytes, (const uint8_t[]){ 127, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i },
                       4);
        }
        assert_int_equal(volfile_publish(&caller, &served, many, VOLFILE_ADMITTED_MAX, &fault), 0);
        assert_int_equal(volfile_publish_status(&caller, &status, &fault), 0);
        assert_int_equal(status.admitted, VOLFILE_ADMITTED_MAX);
        assert_int_equal(status.number, 2);
        AUTO_CLOSE int client = client_open(&world, "127.0.0.1");
        SEND_GETSPEC(client);
        assert_int_equal(client_read(&world, client), GETSPEC_BYTES("volume abc\n"));
        SEND(client, 0x80000030, 7, 0, 2, 34123456, 1, 1, 0, 0, 0, 0, 4, 0x2f622f31);
        assert_int_equal(client_read(&world, client), 44);

        assert_true(volfile_publish(&caller, &served, many, VOLFILE_ADMITTED_MAX + 1, &fault) < 0);
        many[1].family = 5;
        assert_int_equal(volfile_publish(&caller, &served, many, 2, &fault), -FAULT_MALFORMED);
        assert_int_equal(volfile_publish(&caller, &served, many, 0, &fault), 0);
        assert_int_equal(client_read(&world, client), 0);
        volfile_service_free(world.service);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(admitted_addresses_alone_are_answered),
                cmocka_unit_test(new_volfile_is_pushed_to_who_fetched),
                cmocka_unit_test(who_is_no_longer_admitted_is_cut_off),
                cmocka_unit_test(silent_and_slow_peers_are_hung_up_on),
                cmocka_unit_test(who_takes_no_answer_is_hung_up_on),
                cmocka_unit_test(answers_that_wait_are_bounded_in_all),
                cmocka_unit_test(malformed_records_are_hung_up_on),
                cmocka_unit_test(connections_are_counted),
                cmocka_unit_test(flood_of_one_address_waits_and_others_do_not),
                cmocka_unit_test(hanging_up_costs_nothing),
                cmocka_unit_test(burst_of_connections_waits_and_is_answered),
                cmocka_unit_test(who_hangs_up_while_it_waits_is_let_go),
                cmocka_unit_test(what_must_not_be_served_changes_nothing),
                cmocka_unit_test(publish_reaches_the_service),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
