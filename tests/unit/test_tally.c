/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/nfs_clients.h"
#include "world_for_test.h"

static void assert_addresses(const struct address *addresses, size_t count, const char *expected)
{
        struct address wanted[16];
        size_t wanted_count = world_addresses(expected, wanted);

        assert_int_equal(count, wanted_count);
        for (size_t i = 0; i < count; i++)
                assert_true(address_equal(&addresses[i], &wanted[i]));
}

static void assert_ended(struct tally *tally, const char *expected)
{
        size_t count;
        AUTO_FREE struct address *ended = tally_take_ended(tally, &count);

        assert_addresses(ended, count, expected);
}

static void assert_wanted(const struct tally *tally, const char *expected)
{
        size_t count;
        AUTO_FREE struct address *wanted = tally_wanted(tally, &count);

        assert_addresses(wanted, count, expected);
}

static void tally_tells_an_address_when_the_last_wish_goes(void **test)
{
        const struct address a = world_address("10.0.0.1"), b = world_address("fd77::1");
        struct tally tally = { 0 };

        (void)test;
        tally_add(&tally, &a);
        tally_add(&tally, &a);
        tally_add(&tally, &b);
        assert_wanted(&tally, "10.0.0.1 fd77::1");
        tally_drop(&tally, &a);
        assert_ended(&tally, "");
        tally_drop(&tally, &a);
        assert_wanted(&tally, "fd77::1");
        assert_ended(&tally, "10.0.0.1");
        assert_ended(&tally, ""); /* once */
        tally_fini(&tally);
}

static void tally_forgets_an_end_that_was_taken_back(void **test)
{
        const struct address a = world_address("10.0.0.1");
        struct tally tally = { 0 };

        (void)test;
        tally_add(&tally, &a);
        tally_drop(&tally, &a);
        tally_add(&tally, &a);
        assert_ended(&tally, "");
        assert_wanted(&tally, "10.0.0.1");
        tally_fini(&tally);
}

static struct nfs_export clients_of(const char *addresses, struct nfs_client *clients)
{
        struct address parsed[16];
        size_t count = world_addresses(addresses, parsed);

        for (size_t i = 0; i < count; i++)
                clients[i] = (struct nfs_client){ .address = parsed[i] };
        return (struct nfs_export){ .clients = clients, .client_count = count };
}

static void clients_who_stay_never_end(void **test)
{
        struct nfs_client before[4], after[4];
        const struct nfs_export older = clients_of("10.0.0.1 10.0.0.2", before);
        const struct nfs_export newer = clients_of("10.0.0.2 10.0.0.3", after);
        struct tally tally = { 0 };

        (void)test;
        nfs_clients_replace(&tally, NULL, &older);
        nfs_clients_replace(&tally, &older, &newer);
        assert_ended(&tally, "10.0.0.1");
        assert_wanted(&tally, "10.0.0.2 10.0.0.3");
        nfs_clients_replace(&tally, &newer, NULL);
        assert_ended(&tally, "10.0.0.2 10.0.0.3");
        tally_fini(&tally);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tally_tells_an_address_when_the_last_wish_goes),
                cmocka_unit_test(tally_forgets_an_end_that_was_taken_back),
                cmocka_unit_test(clients_who_stay_never_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
