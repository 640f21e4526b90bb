/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/probe_network.h"

static void network_is_eight_addresses_that_clients_may_have(void **test)
{
        static const struct {
                const char *text;
                int result;
        } cases[] = {
                { "100.127.255.248/29", 0 },
                { "10.0.0.0/29", 0 },
                { "100.127.255.249/29", -1 },
                { "10.0.0.0/28", -1 },
                { "10.0.0.0", -1 },
                { "127.0.0.0/29", -1 },
                { "224.0.0.0/29", -1 },
                { "fd77::8/29", -1 },
                { "", -1 },
                { "/29", -1 },
                { "10.0.0.0/29 ", -1 },
                { "10.0.0.000000000000000000000000000000000000/29", -1 },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct probe_network network = { 0 };

                if (probe_network_parse(cases[i].text, &network) != cases[i].result)
                        fail_msg("%s", cases[i].text);
        }
}

static void each_client_has_a_link_of_its_own(void **test)
{
        static const char *const clients[] = { "10.0.0.10", "10.0.0.14" }, *const gateways[] = { "10.0.0.9",
                                                                                                 "10.0.0.13" };
        struct probe_network network;
        char text[PROBE_NETWORK_TEXT_SIZE];

        (void)test;
        assert_int_equal(probe_network_parse("10.0.0.8/29", &network), 0);
        assert_string_equal(probe_network_format(&network, text), "10.0.0.8/29");
        for (int client = 0; client < PROBE_CLIENT_COUNT; client++) {
                struct address own = probe_network_client(&network, (enum probe_client)client);
                struct address gateway = probe_network_gateway(&network, (enum probe_client)client);

                assert_string_equal(address_format(&own, text), clients[client]);
                assert_string_equal(address_format(&gateway, text), gateways[client]);
        }
}

static void network_meets_what_shares_an_address_with_it(void **test)
{
        static const struct {
                const char *address;
                unsigned prefix;
                bool meets;
        } cases[] = {
                { "10.0.0.9", 32, true },  { "10.0.0.16", 32, false }, { "10.0.0.7", 32, false },
                { "10.0.0.8", 30, true },  { "10.0.0.0", 24, true },   { "10.0.1.0", 24, false },
                { "10.0.0.0", 8, true },   { "0.0.0.0", 0, false },    { "128.0.0.0", 1, false },
                { "10.0.0.12", 30, true }, { "10.0.0.0", 29, false },
        };
        struct probe_network network;

        (void)test;
        assert_int_equal(probe_network_parse("10.0.0.8/29", &network), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct address address;

                assert_int_equal(address_parse(cases[i].address, &address), 0);
                if (probe_network_meets(&network, &address, cases[i].prefix) != cases[i].meets)
                        fail_msg("%s/%u", cases[i].address, cases[i].prefix);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(network_is_eight_addresses_that_clients_may_have),
                cmocka_unit_test(each_client_has_a_link_of_its_own),
                cmocka_unit_test(network_meets_what_shares_an_address_with_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
