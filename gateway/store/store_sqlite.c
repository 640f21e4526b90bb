/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The embedded engine: one SQLite file in WAL mode with synchronous=FULL, so that each group of commits costs
 * one fsync (0.6 ms at the median on a local XFS).
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "store/migrate.h"
#include "store/sqlite_history.h"
#include "store/store.h"
#include "store/store_folder.h"

#define APPLICATION_ID 0x47415445 /* "GATE" in the file's header, so that another program's file is refused */
#define BUSY_TIMEOUT_MS 2000      /* the only other lockers are people with the sqlite3 program */

#define STATEMENT_TABLE(X)                                                                                      \
        X(STATEMENT_BEGIN, "BEGIN IMMEDIATE")                                                                   \
        X(STATEMENT_COMMIT, "COMMIT")                                                                           \
        X(STATEMENT_ROLLBACK, "ROLLBACK")                                                                       \
        X(STATEMENT_SAVEPOINT, "SAVEPOINT one")                                                                 \
        X(STATEMENT_SAVEPOINT_BACK, "ROLLBACK TO one")                                                          \
        X(STATEMENT_SAVEPOINT_END, "RELEASE one")                                                               \
        X(STATEMENT_FIND, "SELECT revision FROM documents WHERE kind = ?1 AND id = ?2")                         \
        X(STATEMENT_PUT, "INSERT INTO documents (kind, id, revision, text) VALUES (?1, ?2, ?3, ?4)"             \
                         " ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision,"                  \
                         " text = excluded.text")                                                               \
        X(STATEMENT_REMOVE, "DELETE FROM documents WHERE kind = ?1 AND id = ?2")                                \
        X(STATEMENT_EVENT, "INSERT INTO events (number, revision, at_ms, refused, actor, source, request,"      \
                           " action, object, account, before, after)"                                           \
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")                       \
        X(STATEMENT_PRUNE_OLD,                                                                                  \
          "DELETE FROM events WHERE number IN (SELECT number FROM (SELECT number, at_ms FROM"                   \
          " events WHERE number < (SELECT max(number) FROM events) ORDER BY number LIMIT ?2)"                   \
          " WHERE at_ms < ?1)")                                                                                 \
        X(STATEMENT_PRUNE_MANY, "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE number <=" \
                                " (SELECT max(number) FROM events) - ?1 ORDER BY number LIMIT ?2)")             \
        X(STATEMENT_SET_REVISION, "UPDATE revision SET value = ?1 WHERE one = 1")                               \
        X(STATEMENT_GET_REVISION, "SELECT value FROM revision WHERE one = 1")                                   \
        X(STATEMENT_LOAD, "SELECT id, revision, text FROM documents WHERE kind = ?1 ORDER BY id")               \
        X(STATEMENT_COUNT_ALL, "SELECT count(*) FROM documents")

#define STATEMENT_ENUM(name, sql) name,
enum statement { STATEMENT_TABLE(STATEMENT_ENUM) STATEMENTS };
#undef STATEMENT_ENUM

#define STATEMENT_SQL(name, sql) [name] = sql,
static const char *const statement_sql[STATEMENTS] = { STATEMENT_TABLE(STATEMENT_SQL) };
#undef STATEMENT_SQL

struct store_sqlite {
        struct store store;
        sqlite3 *database;
        sqlite3_stmt *statements[STATEMENTS];
        struct sqlite_history *history;
        uint64_t revision;
        int lock_fd; /* holds flock(2) on <folder>/gatehouse.lock */
};

/* The errno of the last system call on one of the two files that failed. sqlite3_system_errno() does not know it
 * when COMMIT fails (seen with 3.40.1), and only ENOSPC has a result code of its own: a full quota has none. */
static int file_errno(sqlite3 *database)
{
        static const int pointers[] = { SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER };
        int cause = 0;

        for (size_t i = 0; i < ARRAY_SIZE(pointers) && !cause; i++) {
                sqlite3_file *file = NULL;

                if (sqlite3_file_control(database, "main", pointers[i], &file) == SQLITE_OK && file &&
                    file->pMethods)
                        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &cause);
        }
        return cause ? cause : sqlite3_system_errno(database);
}

/* What the database's last error means for the caller. */
static int database_fault(sqlite3 *database, struct fault *fault, const char *verb)
{
        AUTO_FREE char *text = memory_text(sqlite3_errmsg(database));
        int code = sqlite3_errcode(database);
        int cause = code == SQLITE_IOERR || code == SQLITE_CANTOPEN ? file_errno(database) : 0;
        enum fault_code meaning = FAULT_INTERNAL;

        if (code == SQLITE_FULL || cause == ENOSPC || cause == EDQUOT || cause == EFBIG)
                meaning = FAULT_EXHAUSTED;
        else if (code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_READONLY ||
                 code == SQLITE_CANTOPEN)
                meaning = FAULT_UNAVAILABLE;
        else if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
                meaning = FAULT_MALFORMED;
        if (cause)
                return fault_set_errno(fault, meaning, cause, "%s: %s", verb, text);
        return fault_set(fault, meaning, "%s: %s", verb, text);
}

/* Runs a statement that gives no rows, whose parameters are bound, and makes it ready for the next time. */
static int statement_run(struct store_sqlite *sqlite, enum statement which, struct fault *fault)
{
        sqlite3_stmt *statement = sqlite->statements[which];
        int failed = 0;

        if (sqlite3_step(statement) != SQLITE_DONE)
                failed = database_fault(sqlite->database, fault, "write store");
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return failed;
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
        if (text)
                sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

/* The one number that `which` answers; 0 and *found = false without a row. */
static int statement_number(struct store_sqlite *sqlite, enum statement which, uint64_t *number, bool *found,
                            struct fault *fault)
{
        sqlite3_stmt *statement = sqlite->statements[which];
        int step = sqlite3_step(statement);
        int failed = 0;

        *found = step == SQLITE_ROW;
        *number = *found ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
        if (step != SQLITE_ROW && step != SQLITE_DONE)
                failed = database_fault(sqlite->database, fault, "read store");
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return failed;
}

/* Compares what is there with what is expected. A difference is noted in `commit->fault`. */
static int change_check(struct store_sqlite *sqlite, const struct store_change *change,
                        struct store_commit *commit, struct fault *fault)
{
        sqlite3_stmt *find = sqlite->statements[STATEMENT_FIND];
        uint64_t have;
        bool found;

        if (change->expected_revision == STORE_ANY)
                return 0;
        bind_text(find, 1, document_word(change->kind));
        bind_text(find, 2, change->id);
        int failed = statement_number(sqlite, STATEMENT_FIND, &have, &found, fault);
        if (!failed && have != change->expected_revision)
                fault_set(&commit->fault, FAULT_CONFLICT,
                          "write %s %s: it is at revision %" PRIu64 ", expected was %" PRIu64,
                          document_word(change->kind), change->id, have, change->expected_revision);
        return failed;
}

static int change_apply(struct store_sqlite *sqlite, const struct store_change *change, uint64_t revision,
                        struct fault *fault)
{
        enum statement which = change->text ? STATEMENT_PUT : STATEMENT_REMOVE;
        sqlite3_stmt *statement = sqlite->statements[which];

        assert(change->id[0] && strlen(change->id) <= DOCUMENT_ID_MAX);
        bind_text(statement, 1, document_word(change->kind));
        bind_text(statement, 2, change->id);
        if (change->text) {
                sqlite3_bind_int64(statement, 3,
                                   (sqlite3_int64)(change->is_note ? change->expected_revision : revision));
                bind_text(statement, 4, change->text);
        }
        return statement_run(sqlite, which, fault);
}

static int event_apply(struct store_sqlite *sqlite, const struct event *event, struct fault *fault)
{
        sqlite3_stmt *statement = sqlite->statements[STATEMENT_EVENT];

        sqlite3_bind_int64(statement, 1, (sqlite3_int64)event->number);
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)event->revision);
        sqlite3_bind_int64(statement, 3, event->at_ms);
        sqlite3_bind_int(statement, 4, event->refused);
        bind_text(statement, 5, event->actor);
        bind_text(statement, 6, event->source);
        bind_text(statement, 7, event->request);
        bind_text(statement, 8, event->action);
        bind_text(statement, 9, event->object);
        bind_text(statement, 10, event->account);
        bind_text(statement, 11, event->before);
        bind_text(statement, 12, event->after);
        return statement_run(sqlite, STATEMENT_EVENT, fault);
}

/* One commit inside the group's transaction. A fault of its own goes to `commit->fault` and undoes it alone;
 * the return value is a fault of the whole group. */
static int commit_apply(struct store_sqlite *sqlite, struct store_commit *commit, uint64_t *revision,
                        struct fault *fault)
{
        int failed = statement_run(sqlite, STATEMENT_SAVEPOINT, fault);

        for (size_t i = 0; i < commit->change_count && !failed && !commit->fault.code; i++) {
                failed = change_check(sqlite, &commit->changes[i], commit, fault);
                if (!failed && !commit->fault.code)
                        failed = change_apply(sqlite, &commit->changes[i], *revision + 1, fault);
        }
        for (size_t i = 0; i < commit->event_count && !failed && !commit->fault.code; i++)
                failed = event_apply(sqlite, commit->events[i], fault);
        if (!failed && commit->fault.code)
                failed = statement_run(sqlite, STATEMENT_SAVEPOINT_BACK, fault);
        if (!failed)
                failed = statement_run(sqlite, STATEMENT_SAVEPOINT_END, fault);
        if (!failed && !commit->fault.code)
                commit->revision = store_commit_revises(commit) ? ++*revision : *revision;
        return failed;
}

/* All that stands between BEGIN and the end of COMMIT. */
static int group_apply(struct store_sqlite *sqlite, struct store_commit *commits, size_t count, uint64_t *revision,
                       struct fault *fault)
{
        int failed = statement_run(sqlite, STATEMENT_BEGIN, fault);

        for (size_t i = 0; i < count && !failed; i++)
                failed = commit_apply(sqlite, &commits[i], revision, fault);
        if (!failed && *revision != sqlite->revision) {
                sqlite3_bind_int64(sqlite->statements[STATEMENT_SET_REVISION], 1, (sqlite3_int64)*revision);
                failed = statement_run(sqlite, STATEMENT_SET_REVISION, fault);
        }
        if (!failed)
                failed = statement_run(sqlite, STATEMENT_COMMIT, fault);
        return failed;
}

static int sqlite_commit(struct store *store, struct store_commit *commits, size_t count, struct fault *fault)
{
        struct store_sqlite *sqlite = (struct store_sqlite *)store;
        uint64_t revision = sqlite->revision;

        for (size_t i = 0; i < count; i++) {
                commits[i].revision = 0;
                commits[i].fault = (struct fault){ 0 };
        }
        int failed = group_apply(sqlite, commits, count, &revision, fault);
        if (!failed) {
                sqlite->revision = revision;
                return 0;
        }
        for (size_t i = 0; i < count; i++)
                commits[i].revision = 0;
        /* Some errors have ended the transaction already. */
        if (!sqlite3_get_autocommit(sqlite->database))
                statement_run(sqlite, STATEMENT_ROLLBACK, NULL);
        return failed;
}

static int kind_load(struct store_sqlite *sqlite, enum document_kind kind, uint64_t *count,
                     int (*each)(void *context, enum document_kind kind, const char *id, uint64_t revision,
                                 const char *text, size_t length, struct fault *fault),
                     void *context, struct fault *fault)
{
        sqlite3_stmt *statement = sqlite->statements[STATEMENT_LOAD];
        int failed = 0, step = SQLITE_DONE;

        bind_text(statement, 1, document_word(kind));
        while (!failed && (step = sqlite3_step(statement)) == SQLITE_ROW) {
                const char *id = (const char *)sqlite3_column_text(statement, 0);
                const char *text = (const char *)sqlite3_column_text(statement, 2);

                failed = each(context, kind, id, (uint64_t)sqlite3_column_int64(statement, 1), text,
                              (size_t)sqlite3_column_bytes(statement, 2), fault);
                ++*count;
        }
        if (!failed && step != SQLITE_DONE)
                failed = database_fault(sqlite->database, fault, "load store");
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return failed;
}

static int sqlite_load(struct store *store,
                       int (*each)(void *context, enum document_kind kind, const char *id, uint64_t revision,
                                   const char *text, size_t length, struct fault *fault),
                       void *context, struct fault *fault)
{
        struct store_sqlite *sqlite = (struct store_sqlite *)store;
        uint64_t loaded = 0, all = 0;
        bool found;
        int failed = 0;

        for (int kind = 0; kind < DOCUMENT_KIND_COUNT && !failed; kind++)
                failed = kind_load(sqlite, (enum document_kind)kind, &loaded, each, context, fault);
        if (!failed)
                failed = statement_number(sqlite, STATEMENT_COUNT_ALL, &all, &found, fault);
        if (!failed && all != loaded)
                failed = fault_set(fault, FAULT_MALFORMED,
                                   "load store: %" PRIu64 " documents are of a kind that is not known",
                                   all - loaded);
        return failed;
}

static int sqlite_history(struct store *store, uint64_t number, bool backward,
                          int (*each)(void *context, const struct event *event, struct fault *fault),
                          void *context, struct fault *fault)
{
        return sqlite_history_walk(((struct store_sqlite *)store)->history, number, backward, each, context,
                                   fault);
}

static int sqlite_prune(struct store *store, int64_t before_ms, uint64_t most, size_t *removed,
                        struct fault *fault)
{
        const struct {
                enum statement which;
                int64_t limit;
        } steps[] = { { STATEMENT_PRUNE_OLD, before_ms }, { STATEMENT_PRUNE_MANY, (int64_t)(most ? most : 1) } };
        struct store_sqlite *sqlite = (struct store_sqlite *)store;
        int failed = 0;

        *removed = 0;
        for (size_t i = 0; i < ARRAY_SIZE(steps) && !failed && *removed < STORE_PRUNE_MOST; i++) {
                sqlite3_stmt *statement = sqlite->statements[steps[i].which];

                sqlite3_bind_int64(statement, 1, steps[i].limit);
                sqlite3_bind_int64(statement, 2, (sqlite3_int64)(STORE_PRUNE_MOST - *removed));
                failed = statement_run(sqlite, steps[i].which, fault);
                if (!failed)
                        *removed += (size_t)sqlite3_changes(sqlite->database);
        }
        return failed;
}

static uint64_t sqlite_revision(struct store *store)
{
        return ((struct store_sqlite *)store)->revision;
}

static void sqlite_close(struct store *store)
{
        struct store_sqlite *sqlite = (struct store_sqlite *)store;

        sqlite_history_close(sqlite->history);
        for (int i = 0; i < STATEMENTS; i++)
                sqlite3_finalize(sqlite->statements[i]);
        sqlite3_close(sqlite->database);
        if (sqlite->lock_fd >= 0)
                close(sqlite->lock_fd);
        free(sqlite);
}

static int script_execute(void *context, const char *script, struct fault *fault)
{
        sqlite3 *database = context;

        if (sqlite3_exec(database, script, NULL, NULL, NULL) == SQLITE_OK)
                return 0;
        int failed = database_fault(database, fault, "migrate store");
        if (!sqlite3_get_autocommit(database))
                sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
        return failed;
}

/* The number that a pragma answers. */
static int pragma_number(sqlite3 *database, const char *sql, int64_t *number, struct fault *fault)
{
        sqlite3_stmt *statement = NULL;
        int failed = 0;

        if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
                *number = sqlite3_column_int64(statement, 0);
        else
                failed = database_fault(database, fault, "open store");
        sqlite3_finalize(statement);
        return failed;
}

/* Refuses what some other program has made: an empty database is taken, any other must carry our mark. */
static int application_check(sqlite3 *database, struct fault *fault)
{
        int64_t application = 0, schema = 0;
        int failed = pragma_number(database, "PRAGMA application_id", &application, fault);

        if (!failed)
                failed = pragma_number(database, "PRAGMA schema_version", &schema, fault);
        if (failed)
                return failed;
        if (application == 0 && schema == 0)
                return script_execute(database, "PRAGMA application_id = 1195463749", fault);
        if (application != APPLICATION_ID)
                return fault_set(fault, FAULT_MALFORMED, "open store: the file is no store of Gatehouse");
        return 0;
}
_Static_assert(APPLICATION_ID == 1195463749, "what application_check writes");

static int database_prepare(sqlite3 *database, struct fault *fault)
{
        int64_t version = 0;
        /* wal_autocheckpoint keeps its 1000 pages; journal_size_limit gives back what a burst has taken. */
        int failed = script_execute(database,
                                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                                    "PRAGMA journal_size_limit = 16777216",
                                    fault);

        if (!failed)
                failed = application_check(database, fault);
        if (!failed)
                failed = pragma_number(database, "PRAGMA user_version", &version, fault);
        if (!failed)
                failed = migrate_run((uint64_t)version, script_execute, database, fault);
        return failed;
}

static int database_open(struct store_sqlite *sqlite, const char *folder, struct fault *fault)
{
        AUTO_FREE char *path = memory_format("%s/" STORE_FOLDER_DATABASE, folder);
        bool found;

        if (sqlite3_open_v2(path, &sqlite->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK)
                return database_fault(sqlite->database, fault, "open store");
        sqlite3_busy_timeout(sqlite->database, BUSY_TIMEOUT_MS);
        sqlite3_db_config(sqlite->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        int failed = database_prepare(sqlite->database, fault);
        for (int i = 0; i < STATEMENTS && !failed; i++)
                if (sqlite3_prepare_v3(sqlite->database, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                       &sqlite->statements[i], NULL) != SQLITE_OK)
                        failed = database_fault(sqlite->database, fault, "open store");
        if (!failed)
                failed = statement_number(sqlite, STATEMENT_GET_REVISION, &sqlite->revision, &found, fault);
        if (!failed)
                failed = sqlite_history_open(path, &sqlite->history, fault);
        return failed;
}

int store_sqlite_open(const char *folder, struct store **store, struct fault *fault)
{
        static const struct store_operations operations = { sqlite_load,   sqlite_history,  sqlite_prune,
                                                            sqlite_commit, sqlite_revision, sqlite_close };
        struct store_sqlite *sqlite = NEW(struct store_sqlite);

        sqlite->store.operations = &operations;
        sqlite->lock_fd = -1;
        int failed = store_folder_take(folder, &sqlite->lock_fd, fault);
        if (!failed)
                failed = database_open(sqlite, folder, fault);
        if (failed) {
                sqlite_close(&sqlite->store);
                return fault ? fault_prefix(fault, "%s", folder) : failed;
        }
        *store = &sqlite->store;
        return 0;
}
