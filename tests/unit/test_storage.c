/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/storage.h"

static void storage_knows_its_own_addresses_alone(void **test)
{
        struct storage *storage = storage_new("files");
        struct address other;

        (void)test;
        address_parse("10.0.0.1", &storage->addresses[0]);
        address_parse("fd77::1", &storage->addresses[1]);
        address_parse("10.0.0.9", &storage->addresses[2]); /* behind the count: not one of them */
        storage->address_count = 2;
        assert_true(storage_has_address(storage, &storage->addresses[0]));
        assert_true(storage_has_address(storage, &storage->addresses[1]));
        assert_false(storage_has_address(storage, &storage->addresses[2]));
        address_parse("10.0.0.2", &other);
        assert_false(storage_has_address(storage, &other));
        shared_put(storage);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(storage_knows_its_own_addresses_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
