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
#include "domain/token.h"

static void storage_words_go_there_and_back(void **test)
{
        enum storage_kind kind;
        enum protocol_wish wish;

        (void)test;
        for (int i = STORAGE_CLUSTER; i <= STORAGE_SINGLE; i++) {
                assert_int_equal(storage_kind_parse(storage_kind_word((enum storage_kind)i), &kind), 0);
                assert_int_equal((int)kind, i);
        }
        for (int i = PROTOCOL_AUTO; i <= PROTOCOL_NFS; i++) {
                assert_int_equal(protocol_wish_parse(protocol_wish_word((enum protocol_wish)i), &wish), 0);
                assert_int_equal((int)wish, i);
        }
        assert_int_equal(storage_kind_parse("double", &kind), -1);
        assert_int_equal(protocol_wish_parse("NFS", &wish), -1);
        assert_int_equal(protocol_wish_parse(NULL, &wish), -1);
}

static void token_scope_words_go_there_and_back(void **test)
{
        enum token_scope scope;

        (void)test;
        for (int i = TOKEN_OPERATOR; i <= TOKEN_ACCOUNT; i++) {
                assert_int_equal(token_scope_parse(token_scope_word((enum token_scope)i), &scope), 0);
                assert_int_equal((int)scope, i);
        }
        assert_int_equal(token_scope_parse("root", &scope), -1);
}

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
                cmocka_unit_test(storage_words_go_there_and_back),
                cmocka_unit_test(token_scope_words_go_there_and_back),
                cmocka_unit_test(storage_knows_its_own_addresses_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
