/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/nfs_plan.h"

static struct nfs_client clients_ab[] = { { { 4, { 10, 0, 0, 1 } }, EXPORT_READ_WRITE },
                                          { { 4, { 10, 0, 0, 2 } }, EXPORT_READ_WRITE } };
static struct nfs_client clients_a_ro_b[] = { { { 4, { 10, 0, 0, 1 } }, EXPORT_READ_ONLY },
                                              { { 4, { 10, 0, 0, 2 } }, EXPORT_READ_WRITE } };
static char path[] = "/a", pseudo[] = "/exports/ex-1";

static struct nfs_export block(struct nfs_client *clients, size_t count)
{
        return (struct nfs_export){ .number = 1,
                                    .backing = NFS_BACKING_VFS,
                                    .path = path,
                                    .pseudo = pseudo,
                                    .clients = clients,
                                    .client_count = count };
}

static void plan_row_gives_step(void **test)
{
        const struct nfs_export both = block(clients_ab, 2), one = block(clients_ab, 1);
        const struct {
                const char *name;
                const struct nfs_export *wanted;
                struct nfs_observed observed;
                enum nfs_step step;
        } rows[] = {
                { "unknown is looked at, wanted", &both, { KNOWN_UNKNOWN, NULL, false, false }, NFS_STEP_LOOK },
                { "unknown is looked at, unwanted", NULL, { KNOWN_UNKNOWN, NULL, false, false }, NFS_STEP_LOOK },
                { "absent and unwanted", NULL, { KNOWN_ABSENT, NULL, false, false }, NFS_STEP_NONE },
                { "absent and wanted", &both, { KNOWN_ABSENT, NULL, false, false }, NFS_STEP_ADD },
                { "held as wanted", &both, { KNOWN_PRESENT, &both, false, false }, NFS_STEP_NONE },
                { "held with fewer clients", &both, { KNOWN_PRESENT, &one, false, false }, NFS_STEP_UPDATE },
                { "there, contents not known", &both, { KNOWN_PRESENT, NULL, false, false }, NFS_STEP_UPDATE },
                { "there under another path", &both, { KNOWN_PRESENT, NULL, false, true }, NFS_STEP_REMOVE },
                { "ours and unwanted", NULL, { KNOWN_PRESENT, NULL, false, false }, NFS_STEP_REMOVE },
                { "foreign and unwanted", NULL, { KNOWN_PRESENT, NULL, true, false }, NFS_STEP_NONE },
                { "foreign in the way", &both, { KNOWN_PRESENT, NULL, true, false }, NFS_STEP_FOREIGN },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (nfs_plan(rows[i].wanted, &rows[i].observed) != rows[i].step)
                        fail_msg("%s: step %d", rows[i].name, nfs_plan(rows[i].wanted, &rows[i].observed));
}

static void plan_takes_away_when_somebody_loses(void **test)
{
        struct nfs_export both = block(clients_ab, 2), one = block(clients_ab, 1),
                          mixed = block(clients_a_ro_b, 2), squashed = block(clients_ab, 2),
                          privileged = block(clients_ab, 2);

        (void)test;
        squashed.squash = SQUASH_ROOT;
        privileged.privileged_ports = true;
        assert_true(nfs_plan_takes_away(&both, &privileged));
        assert_false(nfs_plan_takes_away(&privileged, &both));
        assert_false(nfs_plan_takes_away(NULL, &both));
        assert_true(nfs_plan_takes_away(&both, NULL));
        assert_true(nfs_plan_takes_away(&both, &one));
        assert_false(nfs_plan_takes_away(&one, &both));
        assert_true(nfs_plan_takes_away(&both, &mixed));
        assert_false(nfs_plan_takes_away(&mixed, &both));
        assert_true(nfs_plan_takes_away(&both, &squashed));
        assert_false(nfs_plan_takes_away(&both, &both));
}

static void plan_knows_its_own_pseudo_paths(void **test)
{
        (void)test;
        assert_true(nfs_plan_is_ours("/exports/ex-1"));
        assert_false(nfs_plan_is_ours("/exports"));
        assert_false(nfs_plan_is_ours("/exportsx/ex-1"));
        assert_false(nfs_plan_is_ours("/"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plan_row_gives_step),
                cmocka_unit_test(plan_takes_away_when_somebody_loses),
                cmocka_unit_test(plan_knows_its_own_pseudo_paths),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
