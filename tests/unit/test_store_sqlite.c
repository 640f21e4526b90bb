/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What only the SQLite engine has: a folder, a file, a version. What it shares with the others is in
 * tests/contract/contract_store.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "store/migrate.h"
#include "store/store.h"

struct bench {
        char folder[64];
        char database[96];
};

static int bench_start(void **state)
{
        struct bench *bench = NEW(struct bench);

        snprintf(bench->folder, sizeof bench->folder, "/tmp/test-store.XXXXXX");
        assert_non_null(mkdtemp(bench->folder));
        snprintf(bench->database, sizeof bench->database, "%s/gatehouse.db", bench->folder);
        *state = bench;
        return 0;
}

static int bench_end(void **state)
{
        struct bench *bench = *state;
        static const char *const names[] = { "gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm",
                                             "gatehouse.lock" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                AUTO_FREE char *path = memory_format("%s/%s", bench->folder, names[i]);

                unlink(path);
        }
        assert_int_equal(rmdir(bench->folder), 0);
        free(bench);
        return 0;
}

/* Opens and closes; the fault code. */
static enum fault_code open_once(const struct bench *bench, struct fault *fault)
{
        struct store *store = NULL;

        *fault = (struct fault){ 0 };
        int failed = store_sqlite_open(bench->folder, &store, fault);
        assert_int_equal(failed, -(int)fault->code);
        assert_int_equal(store != NULL, failed == 0);
        store_close(store);
        return fault->code;
}

static void sql_run(const struct bench *bench, const char *sql)
{
        sqlite3 *database;

        assert_int_equal(sqlite3_open(bench->database, &database), SQLITE_OK);
        if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(database));
        sqlite3_close(database);
}

static char *sql_ask(const struct bench *bench, const char *sql)
{
        sqlite3 *database;
        sqlite3_stmt *statement;

        assert_int_equal(sqlite3_open(bench->database, &database), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        char *answer = memory_text((const char *)sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
        sqlite3_close(database);
        return answer;
}

static int document_count(void *context, enum document_kind kind, const char *id, uint64_t revision,
                          const char *text, size_t length, struct fault *fault)
{
        (void)kind, (void)id, (void)revision, (void)text, (void)length, (void)fault;
        ++*(int *)context;
        return 0;
}

static enum fault_code node_put(struct store *store, const char *id)
{
        struct store_change change = { DOCUMENT_NODE, id, "{}", STORE_ANY, false };
        struct store_commit commit = { .changes = &change, .change_count = 1 };
        struct fault fault = { 0 };

        store->operations->commit(store, &commit, 1, &fault);
        return fault.code ? fault.code : commit.fault.code;
}

static void store_files_are_their_owners_alone(void **state)
{
        struct bench *bench = *state;
        static const char *const names[] = { "gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm",
                                             "gatehouse.lock" };
        struct store *store = NULL;
        mode_t before = umask(0);

        assert_int_equal(store_sqlite_open(bench->folder, &store, NULL), 0);
        umask(before);
        assert_int_equal(node_put(store, "1"), FAULT_NONE);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                AUTO_FREE char *path = memory_format("%s/%s", bench->folder, names[i]);
                struct stat status;

                assert_int_equal(stat(path, &status), 0);
                assert_int_equal(status.st_mode & 07777, 0600);
        }
        store_close(store);
}

static void store_is_in_wal_mode_with_its_mark(void **state)
{
        struct bench *bench = *state;
        char version[16];
        struct fault fault;

        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
        AUTO_FREE char *mode = sql_ask(bench, "PRAGMA journal_mode");
        AUTO_FREE char *application = sql_ask(bench, "PRAGMA application_id");
        AUTO_FREE char *user_version = sql_ask(bench, "PRAGMA user_version");
        snprintf(version, sizeof version, "%d", MIGRATE_VERSION);
        assert_string_equal(mode, "wal");
        assert_string_equal(application, "1195463749");
        assert_string_equal(user_version, version);
}

static void store_is_one_process_alone(void **state)
{
        struct bench *bench = *state;
        struct store *store = NULL;
        struct fault fault;

        assert_int_equal(store_sqlite_open(bench->folder, &store, &fault), 0);
        pid_t child = fork();
        if (child == 0)
                _exit(open_once(bench, &fault) == FAULT_CONFLICT ? 0 : 1);
        int status;
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
        /* Being refused took nothing from who has it. */
        assert_int_equal(open_once(bench, &fault), FAULT_CONFLICT);
        assert_non_null(strstr(fault.text, bench->folder));
        assert_int_equal(node_put(store, "1"), FAULT_NONE);
        /* Reading it beside the daemon, as a back-up does, is fine. */
        AUTO_FREE char *count = sql_ask(bench, "SELECT count(*) FROM documents");
        assert_string_equal(count, "1");
        assert_int_equal(node_put(store, "2"), FAULT_NONE);
        store_close(store);
        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
}

static void folder_that_others_can_enter_is_refused(void **state)
{
        struct bench *bench = *state;
        static const struct {
                mode_t folder, database;
                enum fault_code code;
        } cases[] = {
                { 0700, 0600, FAULT_NONE },    { 0755, 0600, FAULT_NONE },    { 0770, 0600, FAULT_INVALID },
                { 0702, 0600, FAULT_INVALID }, { 0700, 0640, FAULT_INVALID }, { 0700, 0604, FAULT_INVALID },
                { 0700, 0400, FAULT_NONE }, /* root may write even so */
        };
        struct fault fault;

        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                if (cases[i].database == 0400 && geteuid() != 0)
                        continue;
                assert_int_equal(chmod(bench->database, cases[i].database), 0);
                assert_int_equal(chmod(bench->folder, cases[i].folder), 0);
                if (open_once(bench, &fault) != cases[i].code)
                        fail_msg("%04o %04o: %s", cases[i].folder, cases[i].database, fault.text);
        }
        assert_int_equal(chmod(bench->folder, 0700), 0);
}

static void folder_that_is_not_ours_is_refused(void **state)
{
        struct bench *bench = *state;
        struct fault fault;

        if (geteuid() != 0)
                return; /* giving a folder away takes root */
        assert_int_equal(chown(bench->folder, 12345, 12345), 0);
        assert_int_equal(open_once(bench, &fault), FAULT_INVALID);
        assert_non_null(strstr(fault.text, "12345"));
        assert_int_equal(chown(bench->folder, 0, 0), 0);
        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
        assert_int_equal(chown(bench->database, 12345, 12345), 0);
        assert_int_equal(open_once(bench, &fault), FAULT_INVALID);
}

static void folder_that_is_none_is_a_fault(void **state)
{
        struct bench *bench = *state;
        struct store *store = NULL;
        struct fault fault = { 0 };

        assert_int_equal(store_sqlite_open("/tmp/gatehouse-no-such-folder", &store, &fault), -FAULT_UNAVAILABLE);
        assert_int_equal(store_sqlite_open("/dev/null", &store, &fault), -FAULT_INVALID);
        /* A link in the file's place leads nowhere. */
        AUTO_FREE char *elsewhere = memory_format("%s/elsewhere", bench->folder);
        assert_int_equal(symlink(elsewhere, bench->database), 0);
        assert_int_equal(open_once(bench, &fault), FAULT_INVALID);
        assert_int_equal(access(elsewhere, F_OK), -1);
}

static void store_of_a_newer_version_is_refused_untouched(void **state)
{
        struct bench *bench = *state;
        struct fault fault;

        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
        sql_run(bench, "PRAGMA user_version = 99");
        assert_int_equal(open_once(bench, &fault), FAULT_MALFORMED);
        assert_non_null(strstr(fault.text, "newer Gatehouse"));
        AUTO_FREE char *version = sql_ask(bench, "PRAGMA user_version");
        assert_string_equal(version, "99");
}

/* Version 1 had kept the hash of a token in its events: nobody reads it there any more. */
static void events_of_version_1_lose_the_hash_of_a_token(void **state)
{
        struct bench *bench = *state;
        struct fault fault;

        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
        sql_run(bench,
                "DROP TABLE events;"
                "CREATE TABLE events (number INTEGER PRIMARY KEY, revision INTEGER NOT NULL, at_ms INTEGER NOT "
                "NULL,"
                " actor TEXT NOT NULL, source TEXT NOT NULL, action TEXT NOT NULL, object TEXT, before TEXT,"
                " after TEXT);"
                "CREATE INDEX events_by_revision ON events (revision);"
                "INSERT INTO events VALUES (1, 1, 5, 'uid:0', 'unix', 'token.create', 'ci', NULL,"
                " '{\"hash\":\"c0ffee\",\"scope\":\"operator\"}');"
                "INSERT INTO events VALUES (2, 2, 6, 'uid:0', 'unix', 'token.delete', 'ci',"
                " '{\"hash\":\"c0ffee\"}', NULL);"
                "INSERT INTO events VALUES (3, 3, 7, 'uid:0', 'unix', 'export.create', 'ex-1', NULL,"
                " '{\"hash\":\"of somebody else\"}');"
                "PRAGMA user_version = 1;");
        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
        AUTO_FREE char *sides =
                sql_ask(bench, "SELECT group_concat(coalesce(before, '-') || coalesce(after, '-') ||"
                               " refused || coalesce(account, '-'), ' ')"
                               " FROM (SELECT * FROM events ORDER BY number)");
        assert_string_equal(sides, "-{\"scope\":\"operator\"}0- {}-0- -{\"hash\":\"of somebody else\"}0-");
        AUTO_FREE char *version = sql_ask(bench, "PRAGMA user_version");
        assert_int_equal(atoi(version), MIGRATE_VERSION);
}

static void file_of_another_program_is_refused(void **state)
{
        struct bench *bench = *state;
        struct fault fault;
        mode_t before = umask(077);

        sql_run(bench, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
        umask(before);
        assert_int_equal(open_once(bench, &fault), FAULT_MALFORMED);
        AUTO_FREE char *theirs = sql_ask(bench, "SELECT count(*) FROM theirs");
        assert_string_equal(theirs, "1");
        /* No database at all. */
        int fd = open(bench->database, O_WRONLY | O_TRUNC | O_CLOEXEC);
        for (int i = 0; i < 500; i++)
                assert_int_equal(write(fd, "not a database\n", 15), 15);
        close(fd);
        assert_int_equal(open_once(bench, &fault), FAULT_MALFORMED);
}

static void document_of_an_unknown_kind_is_told(void **state)
{
        struct bench *bench = *state;
        struct store *store = NULL;
        struct fault fault;
        int count = 0;

        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
        sql_run(bench, "INSERT INTO documents VALUES ('node', '1', 1, '{}'), ('novelty', '1', 2, '{}')");
        assert_int_equal(store_sqlite_open(bench->folder, &store, &fault), 0);
        assert_int_equal(store->operations->load(store, document_count, &count, &fault), -FAULT_MALFORMED);
        assert_int_equal(count, 1);
        assert_non_null(strstr(fault.text, "1 documents"));
        store_close(store);
}

/* A file system that turns read-only (as ext4 does on an error) under the open store. */
static void read_only_file_system_is_a_fault_and_heals(void **state)
{
        struct bench *bench = *state;
        struct store *store = NULL;
        struct fault fault = { 0 };
        int count = 0;

        if (geteuid() != 0)
                return; /* mounting takes root */
        assert_int_equal(mount("gatehouse-test", bench->folder, "tmpfs", 0, "size=4m,mode=0700"), 0);
        assert_int_equal(store_sqlite_open(bench->folder, &store, &fault), 0);
        assert_int_equal(node_put(store, "1"), FAULT_NONE);
        store_close(store);
        assert_int_equal(mount(NULL, bench->folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
        assert_int_equal(store_sqlite_open(bench->folder, &store, &fault), -FAULT_UNAVAILABLE);
        assert_non_null(strstr(fault.text, "Read-only"));
        assert_int_equal(mount(NULL, bench->folder, NULL, MS_REMOUNT, NULL), 0);
        assert_int_equal(store_sqlite_open(bench->folder, &store, &fault), 0);
        assert_int_equal(store->operations->load(store, document_count, &count, &fault), 0);
        assert_int_equal(count, 1);
        store_close(store);
        assert_int_equal(umount2(bench->folder, MNT_DETACH), 0);
}

/* Somebody holds a write lock (the sqlite3 program, say): a fault when it lasts, and nothing is kept. */
static void store_that_is_locked_is_unavailable(void **state)
{
        struct bench *bench = *state;
        struct store *store = NULL;
        struct fault fault;
        sqlite3 *other;
        int count = 0;

        assert_int_equal(store_sqlite_open(bench->folder, &store, &fault), 0);
        assert_int_equal(sqlite3_open(bench->database, &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(node_put(store, "1"), FAULT_UNAVAILABLE);
        assert_int_equal(store->operations->revision(store), 0);
        assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(other);
        assert_int_equal(node_put(store, "2"), FAULT_NONE);
        assert_int_equal(store->operations->load(store, document_count, &count, &fault), 0);
        assert_int_equal(count, 1);
        store_close(store);
}

/* An error that SQLite does not answer by giving the transaction up itself. */
static void store_error_inside_a_group_undoes_all_of_it(void **state)
{
        struct bench *bench = *state;
        const struct store_change changes[] = { { DOCUMENT_NODE, "good", "{}", 0, false },
                                                { DOCUMENT_NODE, "bad", "{}", 0, false } };
        struct store_commit commits[] = { { .changes = &changes[0], .change_count = 1 },
                                          { .changes = &changes[1], .change_count = 1 } };
        struct store *store = NULL;
        struct fault fault = { 0 };
        int count = 0;

        assert_int_equal(open_once(bench, &fault), FAULT_NONE);
        sql_run(bench, "CREATE TRIGGER refuse BEFORE INSERT ON documents WHEN new.id = 'bad'"
                       " BEGIN SELECT RAISE(ABORT, 'told to fail'); END");
        assert_int_equal(store_sqlite_open(bench->folder, &store, &fault), 0);
        assert_int_equal(store->operations->commit(store, commits, 2, &fault), -FAULT_INTERNAL);
        assert_non_null(strstr(fault.text, "told to fail"));
        assert_int_equal(commits[0].revision, 0);
        assert_int_equal(store->operations->revision(store), 0);
        assert_int_equal(node_put(store, "next"), FAULT_NONE);
        assert_int_equal(store->operations->load(store, document_count, &count, &fault), 0);
        assert_int_equal(count, 1);
        store_close(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_start, bench_end)
        const struct CMUnitTest tests[] = {
                TEST(store_files_are_their_owners_alone),
                TEST(store_is_in_wal_mode_with_its_mark),
                TEST(store_is_one_process_alone),
                TEST(folder_that_others_can_enter_is_refused),
                TEST(folder_that_is_not_ours_is_refused),
                TEST(folder_that_is_none_is_a_fault),
                TEST(store_of_a_newer_version_is_refused_untouched),
                TEST(events_of_version_1_lose_the_hash_of_a_token),
                TEST(file_of_another_program_is_refused),
                TEST(document_of_an_unknown_kind_is_told),
                TEST(read_only_file_system_is_a_fault_and_heals),
                TEST(store_error_inside_a_group_undoes_all_of_it),
                TEST(store_that_is_locked_is_unavailable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
