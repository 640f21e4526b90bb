/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How many connections are taken: of one address, of one IPv6 network of 64 bits, of all TCP listeners together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "rest/http_connections.h"

#define MOST 6
#define MOST_PER_ADDRESS 3
#define PATIENCE_S 600 /* nobody is hung up on */

struct crowd {
        struct http_connections *connections;
        struct http_connection *held[MOST + 2];
        size_t count;
};

static int crowd_make(void **state)
{
        struct crowd *crowd = NEW(struct crowd);

        crowd->connections = http_connections_start(clock_system(), PATIENCE_S, MOST, MOST_PER_ADDRESS);
        *state = crowd;
        return 0;
}

static int crowd_remove(void **state)
{
        struct crowd *crowd = *state;

        for (size_t i = 0; i < crowd->count; i++)
                http_connection_close(crowd->held[i]);
        http_connections_free(crowd->connections);
        free(crowd);
        return 0;
}

static struct address address_of(const char *text)
{
        struct address address;

        assert_int_equal(address_parse(text, &address), 0);
        return address;
}

static bool admits(struct crowd *crowd, const char *text)
{
        const struct address from = address_of(text);

        return http_connections_admit(crowd->connections, &from);
}

/* `text`: an address, or NULL for a client on a Unix socket. */
static void connect_from(struct crowd *crowd, const char *text)
{
        const struct address from = text ? address_of(text) : (struct address){ 0 };

        crowd->held[crowd->count++] = http_connection_open(crowd->connections, -1, text ? &from : NULL);
}

/* Three that are there leave room for whom? */
static void connections_are_counted_by_address_and_by_network_of_ipv6(void **state)
{
        static const struct {
                const char *held[MOST_PER_ADDRESS];
                const char *next;
                bool admitted;
        } rows[] = {
                { { "192.0.2.1", "192.0.2.1", NULL }, "192.0.2.1", true },
                { { "192.0.2.1", "192.0.2.1", "192.0.2.1" }, "192.0.2.1", false },
                { { "192.0.2.1", "192.0.2.1", "192.0.2.1" }, "192.0.2.2", true },
                { { "2001:db8::1", "2001:db8::2", NULL }, "2001:db8::3", true },
                { { "2001:db8::1", "2001:db8::2", "2001:db8::3" }, "2001:db8::4", false },
                { { "2001:db8::1", "2001:db8::ffff:0:1", "2001:db8::3" }, "2001:db8::ffff:ffff:ffff:ffff", false },
                { { "2001:db8::1", "2001:db8::2", "2001:db8::3" }, "2001:db8:0:1::1", true },
                { { "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1" }, "2001:db8::4", true },
                { { "c000:201::", "c000:201::", "c000:201::" }, "192.0.2.1", true }, /* the same bytes */
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct crowd *crowd;

                crowd_make((void **)&crowd);
                for (size_t j = 0; j < MOST_PER_ADDRESS && rows[i].held[j]; j++) {
                        assert_true(admits(crowd, rows[i].held[j]));
                        connect_from(crowd, rows[i].held[j]);
                }
                if (admits(crowd, rows[i].next) != rows[i].admitted)
                        fail_msg("row %zu", i);
                crowd_remove((void **)&crowd);
        }
}

static void all_listeners_share_what_is_taken_at_most(void **state)
{
        struct crowd *crowd = *state;

        connect_from(crowd, NULL); /* on the node itself, which keeps nobody out */
        for (unsigned i = 0; i < MOST; i++) {
                char from[16];

                snprintf(from, sizeof from, "192.0.2.%u", i + 1);
                assert_true(admits(crowd, from));
                connect_from(crowd, from);
        }
        assert_false(admits(crowd, "192.0.2.99"));
        assert_false(admits(crowd, "2001:db8::1"));
}

static void who_leaves_makes_room(void **state)
{
        struct crowd *crowd = *state;

        for (int i = 0; i < MOST_PER_ADDRESS; i++)
                connect_from(crowd, "2001:db8::1");
        for (int i = MOST_PER_ADDRESS; i < MOST; i++)
                connect_from(crowd, "192.0.2.1");
        assert_false(admits(crowd, "192.0.2.7"));
        http_connection_close(crowd->held[--crowd->count]);
        assert_true(admits(crowd, "192.0.2.7"));
        assert_true(admits(crowd, "192.0.2.1"));
        assert_false(admits(crowd, "2001:db8::ffff"));
}

static void full_network_keeps_nobody_on_the_node_out(void **state)
{
        struct api *api = *state;
        int held[API_FEW];

        for (unsigned i = 0; i < API_FEW; i++) {
                char from[16];

                snprintf(from, sizeof from, "127.0.0.%u", i + 1);
                held[i] = api_tcp_client(i % 2 ? api->port : api->second_port, from);
                assert_true(held[i] >= 0);
        }
        assert_int_equal(api_tcp_client(api->port, "127.0.0.99"), -1);
        assert_int_equal(api_tcp_client(api->second_port, "127.0.0.99"), -1);
        expect(api, "GET", "/v1/exports", NULL, "200"); /* on the Unix socket */
        close(held[0]);
        int again = -1; /* who has gone is counted until the event thread has seen it */
        for (int tries = 0; tries < 100 && again < 0; tries++)
                again = api_tcp_client(api->port, "127.0.0.99");
        assert_true(again >= 0);
        close(again);
        for (unsigned i = 1; i < API_FEW; i++)
                close(held[i]);
}

#define CROWD_TEST(name) cmocka_unit_test_setup_teardown(name, crowd_make, crowd_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(connections_are_counted_by_address_and_by_network_of_ipv6),
                CROWD_TEST(all_listeners_share_what_is_taken_at_most),
                CROWD_TEST(who_leaves_makes_room),
                cmocka_unit_test_setup_teardown(full_network_keeps_nobody_on_the_node_out, api_start_few,
                                                api_stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
