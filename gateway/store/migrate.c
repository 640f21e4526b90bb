/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/migrate.h"

#include <inttypes.h>

#include "base/memory.h"

/* Step i leads from version i to i + 1. A step that has been released never changes. */
static const char *const steps[] = {
        /* Kinds are words, because the order of enum document_kind is no format. `revision` has one row: a
         * revision is never given twice, even when the newest document has been deleted. */
        "BEGIN IMMEDIATE;"
        "CREATE TABLE documents (kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL,"
        " text TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;"
        "CREATE TABLE events (number INTEGER PRIMARY KEY, revision INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
        " actor TEXT NOT NULL, source TEXT NOT NULL, action TEXT NOT NULL, object TEXT, before TEXT, after TEXT);"
        "CREATE INDEX events_by_revision ON events (revision);"
        "CREATE TABLE revision (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL);"
        "INSERT INTO revision VALUES (1, 0);"
        "PRAGMA user_version = 1;"
        "COMMIT;",
        /* Events tell of which request they are, whose their object is, and of attempts that were refused. The
         * hash of a token had been in them. */
        "BEGIN IMMEDIATE;"
        "ALTER TABLE events ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE events ADD COLUMN request TEXT;"
        "ALTER TABLE events ADD COLUMN account TEXT;"
        "UPDATE events SET before = json_remove(before, '$.hash'), after = json_remove(after, '$.hash')"
        " WHERE action LIKE 'token.%';"
        "DROP INDEX events_by_revision;"
        "PRAGMA user_version = 2;"
        "COMMIT;",
};

_Static_assert(ARRAY_SIZE(steps) == MIGRATE_VERSION, "each version has the step that leads to it");

int migrate_run(uint64_t have, int (*execute)(void *context, const char *script, struct fault *fault),
                void *context, struct fault *fault)
{
        if (have > MIGRATE_VERSION)
                return fault_set(fault, FAULT_MALFORMED,
                                 "open store: it was written by a newer Gatehouse (layout %" PRIu64
                                 ", this one knows %d); install that version again",
                                 have, MIGRATE_VERSION);
        for (; have < MIGRATE_VERSION; have++) {
                int failed = execute(context, steps[have], fault);

                if (failed)
                        return failed;
        }
        return 0;
}
