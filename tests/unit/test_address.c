/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/address.h"

static void address_text_becomes_bytes_or_is_refused(void **test)
{
        static const struct {
                const char *text, *canonical; /* NULL = refused */
        } cases[] = {
                { "10.0.0.1", "10.0.0.1" },
                { "255.255.255.255", "255.255.255.255" },
                { "fd77::21", "fd77::21" },
                { "FD77:0:0:0:0:0:0:21", "fd77::21" },
                { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
                { "::ffff:10.0.0.1", "10.0.0.1" },
                { "::FFFF:0a00:0001", "10.0.0.1" },
                { "::", "::" },
                { "", NULL },
                { "10.0.0", NULL },
                { "10.0.0.01", NULL },
                { "010.0.0.1", NULL },
                { "10.0.0.256", NULL },
                { "0x0a.0.0.1", NULL },
                { "10.0.0.1/32", NULL },
                { "10.0.0.1 ", NULL },
                { " 10.0.0.1", NULL },
                { "10.0.0.1.", NULL },
                { "fe80::1%eth0", NULL },
                { "fd77::/64", NULL },
                { "[fd77::1]", NULL },
                { "fd77:::1", NULL },
                { "1::2::3", NULL },
                { "fd77::12345", NULL },
                { "localhost", NULL },
                { "*", NULL },
        };
        struct address address;
        char text[ADDRESS_TEXT_SIZE];

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                if (!cases[i].canonical) {
                        assert_int_equal(address_parse(cases[i].text, &address), -1);
                        continue;
                }
                assert_int_equal(address_parse(cases[i].text, &address), 0);
                assert_string_equal(address_format(&address, text), cases[i].canonical);
        }
}

static void each_octet_is_printed_as_the_library_does(void **test)
{
        struct address address = { .family = ADDRESS_V4 };
        char text[ADDRESS_TEXT_SIZE], wanted[ADDRESS_TEXT_SIZE];

        (void)test;
        for (int i = 0; i < 4 * 256; i++) {
                memset(address.bytes, 0, sizeof address.bytes);
                address.bytes[i / 256] = (unsigned char)i;
                assert_non_null(inet_ntop(AF_INET, address.bytes, wanted, sizeof wanted));
                assert_string_equal(address_format(&address, text), wanted);
        }
}

static void address_kind_is_known_at_both_ends_of_each_range(void **test)
{
        static const struct {
                const char *text;
                enum address_kind kind;
        } cases[] = {
                { "0.0.0.0", ADDRESS_UNSPECIFIED },
                { "0.255.255.255", ADDRESS_UNSPECIFIED },
                { "1.0.0.0", ADDRESS_USABLE },
                { "126.255.255.255", ADDRESS_USABLE },
                { "127.0.0.0", ADDRESS_LOOPBACK },
                { "127.255.255.255", ADDRESS_LOOPBACK },
                { "128.0.0.0", ADDRESS_USABLE },
                { "169.253.255.255", ADDRESS_USABLE },
                { "169.254.0.0", ADDRESS_LINK_LOCAL },
                { "169.254.255.255", ADDRESS_LINK_LOCAL },
                { "169.255.0.0", ADDRESS_USABLE },
                { "223.255.255.255", ADDRESS_USABLE },
                { "224.0.0.0", ADDRESS_MULTICAST },
                { "239.255.255.255", ADDRESS_MULTICAST },
                { "240.0.0.0", ADDRESS_BROADCAST },
                { "255.255.255.255", ADDRESS_BROADCAST },
                { "::ffff:127.0.0.1", ADDRESS_LOOPBACK },
                { "::", ADDRESS_UNSPECIFIED },
                { "::1", ADDRESS_LOOPBACK },
                { "::2", ADDRESS_USABLE },
                { "fd77::1", ADDRESS_USABLE },
                { "fe7f:ffff::", ADDRESS_USABLE },
                { "fe80::", ADDRESS_LINK_LOCAL },
                { "febf:ffff::1", ADDRESS_LINK_LOCAL },
                { "fec0::", ADDRESS_USABLE },
                { "feff::1", ADDRESS_USABLE },
                { "ff00::", ADDRESS_MULTICAST },
                { "ffff::1", ADDRESS_MULTICAST },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct address address;

                assert_int_equal(address_parse(cases[i].text, &address), 0);
                if (address_kind(&address) != cases[i].kind)
                        fail_msg("%s %s", cases[i].text, address_kind_sentence(address_kind(&address)));
        }
        assert_string_equal(address_kind_code(ADDRESS_LOOPBACK), "address.loopback");
        assert_string_equal(address_kind_code(ADDRESS_LINK_LOCAL), "address.link_local");
        assert_string_equal(address_kind_sentence(ADDRESS_LOOPBACK), "is a loopback address");
}

static void address_order_is_by_family_then_bytes(void **test)
{
        static const char *const sorted[] = { "9.255.0.1", "10.0.0.1", "10.0.0.2", "200.0.0.1", "::2", "fd77::1" };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
                for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
                        struct address a, b;
                        int order;

                        address_parse(sorted[i], &a);
                        address_parse(sorted[j], &b);
                        order = address_compare(&a, &b);
                        assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
                        assert_int_equal(address_equal(&a, &b), i == j);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(address_text_becomes_bytes_or_is_refused),
                cmocka_unit_test(each_octet_is_printed_as_the_library_does),
                cmocka_unit_test(address_kind_is_known_at_both_ends_of_each_range),
                cmocka_unit_test(address_order_is_by_family_then_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
