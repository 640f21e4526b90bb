/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/firewall_set.h"

static struct address address(const char *text)
{
        struct address parsed;

        assert_int_equal(address_parse(text, &parsed), 0);
        return parsed;
}

static struct firewall_pair pair(enum firewall_service service, const char *text)
{
        return (struct firewall_pair){ address(text), service };
}

/* In the order that a set keeps them in. */
static const struct {
        enum firewall_service service;
        const char *address;
} ordered[] = {
        { SERVICE_NFS, "9.0.0.1" },      { SERVICE_NFS, "10.0.0.1" },    { SERVICE_NFS, "10.0.0.2" },
        { SERVICE_NFS, "fd77::1" },      { SERVICE_GLUSTER, "9.0.0.1" }, { SERVICE_GLUSTER, "10.0.0.1" },
        { SERVICE_GLUSTER, "fd77::1" },  { SERVICE_GLUSTER, "fd77::2" }, { SERVICE_GLUSTER, "fd77::1:0" },
        { SERVICE_GLUSTER, "fd77:1::" },
};

static void assert_ordered(const struct firewall_set *set)
{
        assert_int_equal(set->pair_count, ARRAY_SIZE(ordered));
        for (size_t i = 0; i < ARRAY_SIZE(ordered); i++) {
                struct firewall_pair expected = pair(ordered[i].service, ordered[i].address);

                assert_int_equal(firewall_pair_compare(&set->pairs[i], &expected), 0);
        }
}

static void pairs_opened_in_any_order_are_sorted_by_service_and_address(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(ordered); i++) {
                size_t at = i * 7 % ARRAY_SIZE(ordered); /* 7 and 10 have no factor in common */
                struct firewall_pair next = pair(ordered[at].service, ordered[at].address);

                assert_true(firewall_set_open(&set, &next));
                assert_false(firewall_set_open(&set, &next));
        }
        assert_ordered(&set);
}

static void pairs_opened_together_give_the_same_set_without_doubles(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct firewall_pair pairs[2 * ARRAY_SIZE(ordered)], last = pair(SERVICE_GLUSTER, "fd77:1::");

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
                size_t at = i * 7 % ARRAY_SIZE(ordered);

                pairs[i] = pair(ordered[at].service, ordered[at].address);
        }
        assert_true(firewall_set_open(&set, &last));
        firewall_set_open_all(&set, pairs, ARRAY_SIZE(pairs));
        assert_ordered(&set);
        firewall_set_open_all(&set, NULL, 0);
        assert_ordered(&set);
        assert_true(firewall_set_close(&set, &last)); /* the set goes on as any other */
        assert_true(firewall_set_open(&set, &last));
        assert_ordered(&set);
}

static void closing_takes_out_one_pair_of_one_service(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct firewall_pair nfs = pair(SERVICE_NFS, "10.0.0.1"), gluster = pair(SERVICE_GLUSTER, "10.0.0.1");

        (void)state;
        firewall_set_open(&set, &nfs);
        firewall_set_open(&set, &gluster);
        assert_true(firewall_set_close(&set, &nfs));
        assert_false(firewall_set_close(&set, &nfs));
        assert_false(firewall_set_has(&set, &nfs));
        assert_true(firewall_set_has(&set, &gluster));
        assert_true(firewall_set_close(&set, &gluster));
        assert_int_equal(set.pair_count, 0);
        assert_false(firewall_set_has(&set, &gluster));
}

static void peers_are_sorted_and_replaced(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct address peers[] = { address("fd77::1"), address("10.0.0.2"), address("10.0.0.1") };

        (void)state;
        firewall_set_peers(&set, peers, ARRAY_SIZE(peers));
        assert_int_equal(set.peer_count, 3);
        assert_true(address_equal(&set.peers[0], &peers[2]));
        assert_true(address_equal(&set.peers[2], &peers[0]));
        firewall_set_peers(&set, peers, 1);
        assert_int_equal(set.peer_count, 1);
        firewall_set_peers(&set, NULL, 0);
        assert_int_equal(set.peer_count, 0);
}

static void sets_are_equal_when_peers_and_pairs_are(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set a = { 0 }, b = { 0 };
        struct firewall_pair nfs = pair(SERVICE_NFS, "10.0.0.1"), gluster = pair(SERVICE_GLUSTER, "10.0.0.1");
        struct address one = address("10.0.0.9"), other = address("10.0.0.8");

        (void)state;
        assert_true(firewall_set_equal(&a, &b));
        firewall_set_open(&a, &nfs);
        assert_false(firewall_set_equal(&a, &b));
        firewall_set_open(&b, &gluster);
        assert_false(firewall_set_equal(&a, &b));
        firewall_set_open(&a, &gluster);
        firewall_set_open(&b, &nfs);
        assert_true(firewall_set_equal(&a, &b));
        firewall_set_peers(&a, &one, 1);
        assert_false(firewall_set_equal(&a, &b));
        firewall_set_peers(&b, &other, 1);
        assert_false(firewall_set_equal(&a, &b));
        firewall_set_peers(&b, &one, 1);
        assert_true(firewall_set_equal(&a, &b));
}

static void pair_is_told(void *context, const struct firewall_pair *told, bool opened)
{
        char text[ADDRESS_TEXT_SIZE];

        text_addf(context, "%c%s:%s ", opened ? '+' : '-', firewall_service_word(told->service),
                  address_format(&told->address, text));
}

static void comparison_tells_what_one_set_alone_has(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set was = { 0 }, is = { 0 };
        AUTO_TEXT struct text text = { 0 };
        const struct firewall_pair both = pair(SERVICE_NFS, "10.0.0.2"), closed = pair(SERVICE_NFS, "10.0.0.1"),
                                   opened = pair(SERVICE_NFS, "10.0.0.3"),
                                   other = pair(SERVICE_GLUSTER, "10.0.0.1");

        (void)state;
        firewall_set_open(&was, &both);
        firewall_set_open(&is, &both);
        firewall_set_compare(&was, &is, pair_is_told, &text);
        assert_string_equal(text_get(&text), "");
        firewall_set_open(&was, &closed);
        firewall_set_open(&is, &opened);
        firewall_set_open(&is, &other);
        firewall_set_compare(&was, &is, pair_is_told, &text);
        assert_string_equal(text_get(&text), "-nfs:10.0.0.1 +nfs:10.0.0.3 +gluster:10.0.0.1 ");
}

static void services_have_words(void **state)
{
        (void)state;
        assert_string_equal(firewall_service_word(SERVICE_NFS), "nfs");
        assert_string_equal(firewall_service_word(SERVICE_GLUSTER), "gluster");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pairs_opened_in_any_order_are_sorted_by_service_and_address),
                cmocka_unit_test(pairs_opened_together_give_the_same_set_without_doubles),
                cmocka_unit_test(closing_takes_out_one_pair_of_one_service),
                cmocka_unit_test(peers_are_sorted_and_replaced),
                cmocka_unit_test(sets_are_equal_when_peers_and_pairs_are),
                cmocka_unit_test(comparison_tells_what_one_set_alone_has),
                cmocka_unit_test(services_have_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
