/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/canary.h"
#include "reconcile/nfs_anchor.h"

static char data[] = "data", other[] = "other";
static struct nfs_export of_data = { .backing = NFS_BACKING_GLUSTER, .volume = data };
static struct nfs_export of_other = { .backing = NFS_BACKING_GLUSTER, .volume = other };
static struct nfs_export of_folder = { .backing = NFS_BACKING_VFS };

static void export_waits_for_the_anchor_of_its_volume(void **test)
{
        static const struct {
                const char *name;
                struct nfs_export *wanted, *anchor_wanted;
                uint16_t number;
                enum known anchor_there;
                bool missing;
        } rows[] = {
                { "the anchor is there", &of_data, &of_data, 1, KNOWN_PRESENT, false },
                { "the anchor is not there yet", &of_data, &of_data, 1, KNOWN_ABSENT, true },
                { "nobody has looked for the anchor", &of_data, &of_data, 1, KNOWN_UNKNOWN, true },
                { "no anchor is wanted", &of_data, NULL, 1, KNOWN_ABSENT, false },
                { "the anchor of another volume", &of_data, &of_other, 1, KNOWN_ABSENT, false },
                { "a local file system has none", &of_folder, &of_data, 1, KNOWN_ABSENT, false },
                { "an anchor waits for nobody", &of_data, &of_data, CANARY_NUMBER_LAST, KNOWN_ABSENT, false },
        };
        static struct nfs_entry *entries[EXPORT_NUMBER_MAX + 1];

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct nfs_entry anchor = { .number = CANARY_NUMBER_FIRST,
                                            .wanted = rows[i].anchor_wanted,
                                            .there = rows[i].anchor_there };
                struct nfs_entry entry = { .number = rows[i].number, .wanted = rows[i].wanted };

                entries[anchor.number] = &anchor;
                if (nfs_anchor_is_missing(entries, &entry) != rows[i].missing)
                        fail_msg("%s", rows[i].name);
        }
}

static void anchor_goes_after_all_of_its_volume(void **test)
{
        static const struct {
                const char *name;
                struct nfs_export *wanted, *anchor_held;
                enum known there;
                bool foreign, needed;
        } rows[] = {
                { "an export of the volume is there", &of_data, &of_data, KNOWN_PRESENT, false, true },
                { "one is about to be there", &of_data, &of_data, KNOWN_UNKNOWN, false, true },
                { "it is gone", &of_data, &of_data, KNOWN_ABSENT, false, false },
                { "one that leaves is there", NULL, &of_data, KNOWN_PRESENT, false, true },
                { "one that leaves is there, and nothing is known of the anchor", NULL, NULL, KNOWN_PRESENT, false,
                  true },
                { "one of another volume is there", &of_other, &of_data, KNOWN_PRESENT, false, false },
                { "one of a local file system is there", &of_folder, &of_data, KNOWN_PRESENT, false, false },
                { "one that is not ours is there", NULL, &of_data, KNOWN_PRESENT, true, false },
        };
        static struct nfs_entry *entries[EXPORT_NUMBER_MAX + 1];

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct nfs_entry anchor = { .number = CANARY_NUMBER_FIRST, .held = rows[i].anchor_held };
                struct nfs_entry entry = { .number = 7,
                                           .wanted = rows[i].wanted,
                                           .there = rows[i].there,
                                           .asked = rows[i].there == KNOWN_UNKNOWN,
                                           .foreign = rows[i].foreign };

                entries[entry.number] = &entry;
                if (nfs_anchor_is_needed(entries, &anchor) != rows[i].needed)
                        fail_msg("%s", rows[i].name);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(export_waits_for_the_anchor_of_its_volume),
                cmocka_unit_test(anchor_goes_after_all_of_its_volume),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
