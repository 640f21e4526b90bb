/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/nfs/ganesha_seen.h"

/* As NFS-Ganesha 4.3 showed them for blocks of ours (the auth and transport bits are inherited). */
#define RW_OPTIONS 0x032031E0u
#define RO_OPTIONS 0x032030A0u
#define ROOT_SQUASH 0x2u
#define ALL_SQUASH 0x4u
#define PRIVILEGED 0x200u
#define SET 0x007003FFu

static void row_as_written_becomes_a_client(void **test)
{
        static const struct {
                struct ganesha_client_row row;
                const char *address;
                enum export_access access;
                enum export_squash squash;
        } cases[] = {
                { { "10.77.0.21/32", 65534, 65533, RW_OPTIONS, SET },
                  "10.77.0.21",
                  EXPORT_READ_WRITE,
                  SQUASH_NONE },
                { { "fd77::21/128", 0, 4294967294, RO_OPTIONS | ROOT_SQUASH, SET },
                  "fd77::21",
                  EXPORT_READ_ONLY,
                  SQUASH_ROOT },
                { { "1:2:3:4:5:6:7:8/128", 1, 2, RW_OPTIONS | ALL_SQUASH | PRIVILEGED, SET },
                  "1:2:3:4:5:6:7:8",
                  EXPORT_READ_WRITE,
                  SQUASH_ALL },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct nfs_export_seen seen = { 0 };
                struct address expected;

                assert_int_equal(address_parse(cases[i].address, &expected), 0);
                ganesha_seen_add(&seen, &cases[i].row);
                ganesha_seen_finish(&seen);
                assert_false(seen.foreign);
                assert_int_equal(seen.client_count, 1);
                assert_true(address_equal(&seen.clients[0].address, &expected));
                assert_int_equal(seen.clients[0].access, cases[i].access);
                assert_int_equal(seen.squash, cases[i].squash);
                assert_int_equal(seen.privileged_ports, (cases[i].row.options & PRIVILEGED) != 0);
                assert_int_equal(seen.anonymous_uid, cases[i].row.anonymous_uid);
                assert_int_equal(seen.anonymous_gid, cases[i].row.anonymous_gid);
                nfs_export_seen_fini(&seen);
        }
}

static void row_that_nobody_here_writes_makes_the_export_foreign(void **test)
{
        static const struct ganesha_client_row rows[] = {
                { "*", 65534, 65534, RW_OPTIONS, SET },
                { "@hosts", 65534, 65534, RW_OPTIONS, SET },
                { "10.77.0.21", 65534, 65534, RW_OPTIONS, SET },
                { "10.77.0.0/24", 65534, 65534, RW_OPTIONS, SET },
                { "10.77.0.21/31", 65534, 65534, RW_OPTIONS, SET },
                { "fd77::/64", 65534, 65534, RW_OPTIONS, SET },
                { "fd77::21/32", 65534, 65534, RW_OPTIONS, SET },
                { "10.77.0.21/128", 65534, 65534, RW_OPTIONS, SET },
                { "", 65534, 65534, RW_OPTIONS, SET },
                { "10.77.0.21/32", 65534, 65534, RW_OPTIONS & ~0x1E0u, SET },           /* no access */
                { "10.77.0.21/32", 65534, 65534, (RW_OPTIONS & ~0x1E0u) | 0x180, SET }, /* metadata only */
                { "10.77.0.21/32", 65534, 65534, RW_OPTIONS | 0x100000, SET },          /* NFSv3 as well */
                { "10.77.0.21/32", 65534, 65534, RW_OPTIONS | 0x1, SET },         /* squashes root's id only */
                { "10.77.0.21/32", 65534, 65534, RW_OPTIONS, SET & ~0x1E0u },     /* inherits its access */
                { "10.77.0.21/32", 65534, 65534, RW_OPTIONS, SET & ~0x7u },       /* inherits its squash */
                { "10.77.0.21/32", 65534, 65534, RW_OPTIONS, SET & ~0x18u },      /* inherits its anonymous ids */
                { "10.77.0.21/32", 65534, 65534, RW_OPTIONS, SET & ~PRIVILEGED }, /* inherits its ports */
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct nfs_export_seen seen = { 0 };

                ganesha_seen_add(&seen, &rows[i]);
                ganesha_seen_finish(&seen);
                if (!seen.foreign || seen.client_count != 0)
                        fail_msg("row %zu passed", i);
                nfs_export_seen_fini(&seen);
        }
}

static void clients_are_ordered_and_doubles_make_the_export_foreign(void **test)
{
        const struct ganesha_client_row low = { "10.77.0.3/32", 1, 1, RW_OPTIONS, SET };
        const struct ganesha_client_row high = { "10.77.0.20/32", 1, 1, RO_OPTIONS, SET };
        struct nfs_export_seen seen = { 0 };

        (void)test;
        ganesha_seen_add(&seen, &high);
        ganesha_seen_add(&seen, &low);
        ganesha_seen_finish(&seen);
        assert_int_equal(seen.client_count, 2);
        assert_int_equal(seen.clients[0].address.bytes[3], 3);
        assert_int_equal(seen.clients[1].address.bytes[3], 20);
        assert_false(seen.foreign);
        ganesha_seen_add(&seen, &low);
        ganesha_seen_finish(&seen);
        assert_true(seen.foreign);
        nfs_export_seen_fini(&seen);
}

static void clients_that_disagree_on_squash_make_the_export_foreign(void **test)
{
        static const struct ganesha_client_row others[] = {
                { "10.77.0.4/32", 1, 1, RW_OPTIONS | ALL_SQUASH, SET },
                { "10.77.0.4/32", 2, 1, RW_OPTIONS, SET },
                { "10.77.0.4/32", 1, 2, RW_OPTIONS, SET },
                { "10.77.0.4/32", 1, 1, RW_OPTIONS | PRIVILEGED, SET },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                const struct ganesha_client_row first = { "10.77.0.3/32", 1, 1, RW_OPTIONS, SET };
                struct nfs_export_seen seen = { 0 };

                ganesha_seen_add(&seen, &first);
                assert_false(seen.foreign);
                ganesha_seen_add(&seen, &others[i]);
                assert_true(seen.foreign);
                nfs_export_seen_fini(&seen);
        }
}

/* Ganesha takes the first row that matches: it must be there, refuse, and be the last. */
static void refusal_of_others_must_be_the_last_row(void **test)
{
        const struct ganesha_client_row client = { "10.77.0.3/32", 1, 1, RW_OPTIONS, SET };
        const struct ganesha_client_row refusal = { "*", 65534, 65534, RW_OPTIONS & ~0x1E0u, 0x007001E0u };
        const struct ganesha_client_row lists_only = { "*", 65534, 65534, (RW_OPTIONS & ~0x1E0u) | 0x180, SET };
        const struct ganesha_client_row inherits = { "*", 65534, 65534, RW_OPTIONS & ~0x1E0u, SET & ~0x1E0u };
        const struct {
                const struct ganesha_client_row *rows[3];
                bool refuses, foreign;
        } cases[] = {
                { { &client, &refusal }, true, false }, { { &refusal }, true, false },
                { { &client }, false, false },          { { NULL }, false, false },
                { { &refusal, &client }, true, true },  { { &refusal, &refusal }, true, true },
                { { &lists_only }, false, true },       { { &client, &inherits }, false, true },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct nfs_export_seen seen = { 0 };

                for (size_t k = 0; cases[i].rows[k]; k++)
                        ganesha_seen_add(&seen, cases[i].rows[k]);
                ganesha_seen_finish(&seen);
                if (seen.refuses_others != cases[i].refuses || seen.foreign != cases[i].foreign)
                        fail_msg("case %zu: refuses %d, foreign %d", i, seen.refuses_others, seen.foreign);
                nfs_export_seen_fini(&seen);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(row_as_written_becomes_a_client),
                cmocka_unit_test(row_that_nobody_here_writes_makes_the_export_foreign),
                cmocka_unit_test(clients_are_ordered_and_doubles_make_the_export_foreign),
                cmocka_unit_test(clients_that_disagree_on_squash_make_the_export_foreign),
                cmocka_unit_test(refusal_of_others_must_be_the_last_row),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
