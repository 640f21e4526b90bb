/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What every engine of store/store.h must do. Each case runs on each engine; those about files and processes
 * run on the engines that have them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/store.h"

struct engine {
        const char *name;
        bool is_durable; /* outlives its process */
        struct store *(*open)(const char *folder);
};

struct bench {
        const struct engine *engine;
        char folder[64];
        struct store *store;
};

static struct store *memory_open(const char *folder)
{
        (void)folder;
        return store_memory_new();
}

static struct store *sqlite_open(const char *folder)
{
        struct store *store = NULL;
        struct fault fault = { 0 };

        if (store_sqlite_open(folder, &store, &fault))
                fail_msg("%s", fault.text);
        return store;
}

static const struct engine engines[] = { { "memory", false, memory_open }, { "sqlite", true, sqlite_open } };

static void folder_remove(const char *folder)
{
        static const char *const names[] = { "gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm",
                                             "gatehouse.lock" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                AUTO_FREE char *path = memory_format("%s/%s", folder, names[i]);

                unlink(path);
        }
        rmdir(folder);
}

static int bench_start(void **state)
{
        struct bench *bench = NEW(struct bench);

        bench->engine = *state;
        snprintf(bench->folder, sizeof bench->folder, "/tmp/contract-store.XXXXXX");
        assert_non_null(mkdtemp(bench->folder));
        bench->store = bench->engine->open(bench->folder);
        *state = bench;
        return 0;
}

static int bench_end(void **state)
{
        struct bench *bench = *state;

        store_close(bench->store);
        folder_remove(bench->folder);
        free(bench);
        return 0;
}

static void bench_close(struct bench *bench)
{
        store_close(bench->store);
        bench->store = NULL;
}

static void bench_reopen(struct bench *bench)
{
        bench_close(bench);
        bench->store = bench->engine->open(bench->folder);
}

/* Closes the store and leaves its folder empty. */
static void bench_empty(struct bench *bench)
{
        bench_close(bench);
        folder_remove(bench->folder);
        assert_int_equal(mkdir(bench->folder, 0700), 0);
}

static struct store_commit commit_of(const struct store_change *changes, size_t count)
{
        return (struct store_commit){ .changes = changes, .change_count = count };
}

/* Commits one change and gives the fault code it got. */
static enum fault_code change_commit(struct store *store, enum document_kind kind, const char *id,
                                     const char *text, uint64_t expected_revision)
{
        struct store_change change = { kind, id, text, expected_revision, false };
        struct store_commit commit = commit_of(&change, 1);
        struct fault fault = { 0 };

        if (store->operations->commit(store, &commit, 1, &fault))
                return fault.code;
        assert_int_equal(commit.revision != 0, commit.fault.code == FAULT_NONE);
        return commit.fault.code;
}

static int document_print(void *context, enum document_kind kind, const char *id, uint64_t revision,
                          const char *text, size_t length, struct fault *fault)
{
        (void)fault;
        assert_int_equal(strlen(text), length);
        text_addf(context, "%s/%s@%" PRIu64 "=%s\n", document_word(kind), id, revision, text);
        return 0;
}

static int event_print(void *context, const struct event *event, struct fault *fault)
{
        (void)fault;
        text_addf(context, "%" PRIu64 "@%" PRIu64 " %" PRId64 " %s %s %s %s %s %s %s %s%s\n", event->number,
                  event->revision, event->at_ms, event->actor, event->source,
                  event->request ? event->request : "-", event->action, event->object ? event->object : "-",
                  event->account ? event->account : "-", event->before ? event->before : "-",
                  event->after ? event->after : "-", event->refused ? " refused" : "");
        return 0;
}

static struct event event_plain(uint64_t number, int64_t at_ms)
{
        return (struct event){ .number = number,
                               .revision = 2,
                               .at_ms = at_ms,
                               .actor = "uid:0",
                               .source = "unix",
                               .action = "login" };
}

/* Everything that is in the store, as lines; caller frees. */
static char *store_print(struct store *store)
{
        struct text text = { 0 };
        struct fault fault = { 0 };

        if (store->operations->load(store, document_print, &text, &fault))
                fail_msg("%s", fault.text);
        return text_take(&text);
}

#define assert_contents(store, expected)                       \
        do {                                                   \
                AUTO_FREE char *contents = store_print(store); \
                assert_string_equal(contents, expected);       \
        } while (0)

static void store_new_is_empty(void **state)
{
        struct bench *bench = *state;

        assert_contents(bench->store, "");
        assert_int_equal(bench->store->operations->revision(bench->store), 0);
}

static void store_puts_load_in_order_of_kind_and_id(void **state)
{
        struct bench *bench = *state;
        const struct store_change first[] = {
                { DOCUMENT_EXPORT, "b", "{\"b\":1}", 0, false },
                { DOCUMENT_NODE, "z", "{}", 0, false },
                { DOCUMENT_EXPORT, "a-1", "{\"a\":1}", 0, false },
                { DOCUMENT_EXPORT, "B", "{\"B\":\"\xC3\xA9\"}", 0, false },
        };
        const struct store_change second[] = { { DOCUMENT_ENVIRONMENT, "shop", "{}", 0, false },
                                               { DOCUMENT_EXPORT, "a", "{\"a\":0}", STORE_ANY, false } };
        struct store_commit commits[] = { commit_of(first, ARRAY_SIZE(first)),
                                          commit_of(second, ARRAY_SIZE(second)) };

        assert_int_equal(bench->store->operations->commit(bench->store, commits, 2, NULL), 0);
        assert_int_equal(commits[0].revision, 1);
        assert_int_equal(commits[1].revision, 2);
        assert_contents(bench->store, "environment/shop@2={}\nnode/z@1={}\nexport/B@1={\"B\":\"\xC3\xA9\"}\n"
                                      "export/a@2={\"a\":0}\nexport/a-1@1={\"a\":1}\nexport/b@1={\"b\":1}\n");
}

static void store_reopened_holds_the_same(void **state)
{
        struct bench *bench = *state;

        assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, "1", "{}", 0), FAULT_NONE);
        assert_int_equal(change_commit(bench->store, DOCUMENT_TOKEN, "ci", "{\"t\":1}", 0), FAULT_NONE);
        assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, "1", NULL, 1), FAULT_NONE);
        bench_reopen(bench);
        assert_contents(bench->store, "token/ci@2={\"t\":1}\n");
        /* 3 was the deletion's: it is not given again. */
        assert_int_equal(bench->store->operations->revision(bench->store), 3);
        assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, "1", "{}", 0), FAULT_NONE);
        assert_int_equal(bench->store->operations->revision(bench->store), 4);
}

static void store_expected_revision_decides(void **state)
{
        struct bench *bench = *state;
        static const struct {
                const char *id, *text;
                uint64_t expected_revision;
                enum fault_code code;
        } cases[] = {
                { "there", "{}", 0, FAULT_CONFLICT },
                { "there", "{}", 2, FAULT_CONFLICT },
                { "there", NULL, 2, FAULT_CONFLICT },
                { "there", NULL, 0, FAULT_CONFLICT },
                { "absent", "{}", 1, FAULT_CONFLICT },
                { "absent", NULL, 1, FAULT_CONFLICT },
                { "absent", NULL, 0, FAULT_NONE },
                { "absent", NULL, STORE_ANY, FAULT_NONE },
                { "there", "{\"n\":1}", 1, FAULT_NONE },
                { "there", "{\"n\":2}", 4, FAULT_NONE },
                { "there", "{\"n\":3}", STORE_ANY, FAULT_NONE },
                { "there", NULL, 6, FAULT_NONE },
                { "there", "{\"n\":4}", 0, FAULT_NONE },
        };

        assert_int_equal(change_commit(bench->store, DOCUMENT_STORAGE, "there", "{}", 0), FAULT_NONE);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                enum fault_code code = change_commit(bench->store, DOCUMENT_STORAGE, cases[i].id, cases[i].text,
                                                     cases[i].expected_revision);

                if (code != cases[i].code)
                        fail_msg("case %zu: %s", i, fault_word(code));
        }
        assert_contents(bench->store, "storage/there@8={\"n\":4}\n");
}

/* What is seen of a document is no new revision, neither of it nor of the store. */
static void store_note_keeps_the_revisions(void **state)
{
        struct bench *bench = *state;
        const struct store_change note = { DOCUMENT_TOKEN, "ci", "{\"n\":2}", 1, true };
        const struct store_change both[] = { { DOCUMENT_TOKEN, "ci", "{\"n\":3}", 1, true },
                                             { DOCUMENT_TOKEN, "other", "{}", 0, false } };
        const struct store_change late = { DOCUMENT_TOKEN, "ci", "{\"n\":4}", 2, true };
        struct store_commit commits[] = { commit_of(&note, 1), commit_of(both, 2), commit_of(&late, 1) };
        struct fault fault = { 0 };

        assert_int_equal(change_commit(bench->store, DOCUMENT_TOKEN, "ci", "{\"n\":1}", 0), FAULT_NONE);
        assert_int_equal(bench->store->operations->commit(bench->store, commits, 1, &fault), 0);
        assert_int_equal(commits[0].revision, 1);
        assert_int_equal(bench->store->operations->revision(bench->store), 1);
        assert_contents(bench->store, "token/ci@1={\"n\":2}\n");
        assert_int_equal(bench->store->operations->commit(bench->store, commits + 1, 2, &fault), 0);
        assert_int_equal(commits[1].revision, 2);
        assert_int_equal(commits[2].fault.code, FAULT_CONFLICT);
        if (bench->engine->is_durable)
                bench_reopen(bench);
        assert_int_equal(bench->store->operations->revision(bench->store), 2);
        assert_contents(bench->store, "token/ci@1={\"n\":3}\ntoken/other@2={}\n");
}

static void store_changes_of_a_commit_see_each_other(void **state)
{
        struct bench *bench = *state;
        const struct store_change changes[] = { { DOCUMENT_NODE, "1", "{\"n\":1}", 0, false },
                                                { DOCUMENT_NODE, "1", "{\"n\":2}", 1, false },
                                                { DOCUMENT_NODE, "2", "{}", 0, false },
                                                { DOCUMENT_NODE, "2", NULL, 1, false } };
        struct store_commit commit = commit_of(changes, ARRAY_SIZE(changes));

        assert_int_equal(bench->store->operations->commit(bench->store, &commit, 1, NULL), 0);
        assert_int_equal(commit.fault.code, FAULT_NONE);
        assert_contents(bench->store, "node/1@1={\"n\":2}\n");
}

static void store_failed_commit_leaves_the_others_of_its_group(void **state)
{
        struct bench *bench = *state;
        struct event event = { .number = 1, .at_ms = 5, .actor = "uid:0", .source = "unix", .action = "node.put" };
        struct event *const events_of_it[] = { &event };
        const struct store_change good = { DOCUMENT_NODE, "good", "{}", 0, false };
        const struct store_change bad[] = { { DOCUMENT_NODE, "bad", "{}", 0, false },
                                            { DOCUMENT_NODE, "good", "{\"x\":1}", 0, false } };
        const struct store_change late = { DOCUMENT_NODE, "late", "{}", 0, false };
        struct store_commit commits[] = { commit_of(&good, 1), commit_of(bad, 2), commit_of(&late, 1) };
        AUTO_TEXT struct text events = { 0 };

        commits[1].events = events_of_it;
        commits[1].event_count = 1;
        assert_int_equal(bench->store->operations->commit(bench->store, commits, 3, NULL), 0);
        assert_int_equal(commits[0].fault.code, FAULT_NONE);
        assert_int_equal(commits[1].fault.code, FAULT_CONFLICT);
        assert_non_null(strstr(commits[1].fault.text, "node good"));
        assert_int_equal(commits[1].revision, 0);
        assert_int_equal(commits[2].revision, 2);
        assert_contents(bench->store, "node/good@1={}\nnode/late@2={}\n");
        assert_int_equal(bench->store->operations->history(bench->store, 0, false, event_print, &events, NULL), 0);
        assert_string_equal(text_get(&events), "");
}

static void store_group_of_failures_changes_nothing(void **state)
{
        struct bench *bench = *state;
        const struct store_change bad = { DOCUMENT_NODE, "bad", "{}", 7, false };
        struct store_commit commits[] = { commit_of(&bad, 1), commit_of(&bad, 1) };

        assert_int_equal(bench->store->operations->commit(bench->store, commits, 2, NULL), 0);
        assert_int_equal(commits[1].fault.code, FAULT_CONFLICT);
        assert_contents(bench->store, "");
        assert_int_equal(bench->store->operations->revision(bench->store), 0);
        assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, "1", "{}", 0), FAULT_NONE);
        assert_int_equal(bench->store->operations->revision(bench->store), 1);
}

static void store_events_are_kept_with_their_commit(void **state)
{
        struct bench *bench = *state;
        struct event create = { .number = 1,
                                .revision = 1,
                                .at_ms = 1700000000123,
                                .actor = "token:ci",
                                .source = "10.0.0.9",
                                .request = "req-7",
                                .action = "export.create",
                                .object = "ex-1",
                                .account = "acme",
                                .after = "{\"a\":1}" };
        struct event first = event_plain(2, 2), second = event_plain(3, 3);
        struct event *const one[] = { &create }, *const twice[] = { &first, &second };
        const struct store_change put = { DOCUMENT_EXPORT, "ex-1", "{\"a\":1}", 0, false };
        struct store_commit commits[] = {
                { .changes = &put, .change_count = 1, .events = one, .event_count = 1 },
                { .events = twice, .event_count = 2 },
        };
        AUTO_TEXT struct text all = { 0 }, later = { 0 }, back = { 0 };

        second.refused = true;
        assert_int_equal(bench->store->operations->commit(bench->store, commits, 2, NULL), 0);
        assert_int_equal(bench->store->operations->history(bench->store, 0, false, event_print, &all, NULL), 0);
        assert_string_equal(text_get(&all),
                            "1@1 1700000000123 token:ci 10.0.0.9 req-7 export.create ex-1 acme - {\"a\":1}\n"
                            "2@2 2 uid:0 unix - login - - - -\n"
                            "3@2 3 uid:0 unix - login - - - - refused\n");
        assert_int_equal(bench->store->operations->history(bench->store, 1, false, event_print, &later, NULL), 0);
        assert_string_equal(text_get(&later),
                            "2@2 2 uid:0 unix - login - - - -\n3@2 3 uid:0 unix - login - - - - refused\n");
        assert_int_equal(bench->store->operations->history(bench->store, 3, true, event_print, &back, NULL), 0);
        assert_string_equal(text_get(&back),
                            "2@2 2 uid:0 unix - login - - - -\n"
                            "1@1 1700000000123 token:ci 10.0.0.9 req-7 export.create ex-1 acme - {\"a\":1}\n");
}

/* Commits `count` events in one group, numbered from `first` on, each `at_ms` as its number. */
static void events_commit(struct store *store, uint64_t first, size_t count)
{
        AUTO_FREE struct event *events = memory_new(count, sizeof *events);
        AUTO_FREE struct event **list = memory_new(count, sizeof *list);
        struct store_commit commit = { .events = list, .event_count = count };

        for (size_t i = 0; i < count; i++) {
                events[i] = event_plain(first + i, (int64_t)(first + i));
                list[i] = &events[i];
        }
        assert_int_equal(store->operations->commit(store, &commit, 1, NULL), 0);
}

static int event_count(void *context, const struct event *event, struct fault *fault)
{
        uint64_t *seen = context;

        (void)fault;
        seen[0]++;
        seen[1] = event->number;
        return 0;
}

static void store_prunes_what_is_old_and_what_is_too_much(void **state)
{
        static const struct {
                int64_t before_ms;
                uint64_t most;
                size_t removed;
                uint64_t left, oldest;
        } steps[] = {
                { INT64_MIN, INT64_MAX, 0, 1500, 1 },
                { 11, INT64_MAX, 10, 1490, 11 },
                { INT64_MIN, 1400, 90, 1400, 101 },
                { 111, 1380, 20, 1380, 121 },
                { INT64_MAX, INT64_MAX, STORE_PRUNE_MOST, 380, 1121 }, /* in batches */
                { INT64_MAX, INT64_MAX, 379, 1, 1500 },                /* the newest stays */
                { INT64_MAX, 0, 0, 1, 1500 },
        };
        struct bench *bench = *state;

        events_commit(bench->store, 1, 1500);
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
                uint64_t seen[2] = { 0 };
                size_t removed = 7;

                assert_int_equal(bench->store->operations->prune(bench->store, steps[i].before_ms, steps[i].most,
                                                                 &removed, NULL),
                                 0);
                bench->store->operations->history(bench->store, UINT64_MAX, true, event_count, seen, NULL);
                if (removed != steps[i].removed || seen[0] != steps[i].left || seen[1] != steps[i].oldest)
                        fail_msg("step %zu: %zu removed, %d left from %d on", i, removed, (int)seen[0],
                                 (int)seen[1]);
        }
}

static int walk_stop(void *context, enum document_kind kind, const char *id, uint64_t revision, const char *text,
                     size_t length, struct fault *fault)
{
        (void)kind, (void)revision, (void)text, (void)length;
        ++*(int *)context;
        return strcmp(id, "2") == 0 ? fault_set(fault, FAULT_MALFORMED, "stop here") : 0;
}

static void store_walk_ends_where_it_is_told(void **state)
{
        struct bench *bench = *state;
        struct fault fault = { 0 };
        int seen = 0;

        for (char id[] = "1"; id[0] <= '4'; id[0]++)
                assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, id, "{}", 0), FAULT_NONE);
        assert_int_equal(bench->store->operations->load(bench->store, walk_stop, &seen, &fault), -FAULT_MALFORMED);
        assert_int_equal(seen, 2);
        assert_string_equal(fault.text, "stop here");
        /* The walk that was given up leaves the store usable. */
        assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, "5", "{}", 0), FAULT_NONE);
}

static int order_check(void *context, enum document_kind kind, const char *id, uint64_t revision, const char *text,
                       size_t length, struct fault *fault)
{
        int *next = context;
        char expected[16];

        (void)fault, (void)length;
        snprintf(expected, sizeof expected, "ex-%05d", (*next)++);
        assert_int_equal(kind, DOCUMENT_EXPORT);
        assert_string_equal(id, expected);
        assert_true(revision > 0);
        assert_string_equal(text, expected);
        return 0;
}

static void store_ten_thousand_documents_load_in_order(void **state)
{
        enum { DOCUMENTS = 10000, GROUP = 100 };
        struct bench *bench = *state;
        int next = 0;

        for (int at = 0; at < DOCUMENTS; at += GROUP) {
                char ids[GROUP][16];
                struct store_change changes[GROUP];
                struct store_commit commits[GROUP];

                for (int i = 0; i < GROUP; i++) {
                        /* 7919 is a prime: every number once, in no order. */
                        snprintf(ids[i], sizeof ids[i], "ex-%05d", (at + i) * 7919 % DOCUMENTS);
                        changes[i] = (struct store_change){ DOCUMENT_EXPORT, ids[i], ids[i], 0, false };
                        commits[i] = commit_of(&changes[i], 1);
                }
                assert_int_equal(bench->store->operations->commit(bench->store, commits, GROUP, NULL), 0);
                for (int i = 0; i < GROUP; i++)
                        assert_int_equal(commits[i].revision, at + i + 1);
        }
        if (bench->engine->is_durable)
                bench_reopen(bench);
        assert_int_equal(bench->store->operations->load(bench->store, order_check, &next, NULL), 0);
        assert_int_equal(next, DOCUMENTS);
        assert_int_equal(bench->store->operations->revision(bench->store), DOCUMENTS);
}

/* Commits one document after the other and says each revision that was acknowledged, until it is killed. */
static void child_commit_for_ever(const struct bench *bench, int report)
{
        struct store *store = bench->engine->open(bench->folder);

        for (uint64_t i = 1;; i++) {
                char id[32];

                snprintf(id, sizeof id, "%08" PRIu64, i);
                if (change_commit(store, DOCUMENT_NODE, id, "{\"layer\":\"cp\"}", 0) != FAULT_NONE)
                        _exit(1);
                uint64_t revision = store->operations->revision(store);
                if (write(report, &revision, sizeof revision) != sizeof revision)
                        _exit(1);
        }
}

static void store_killed_keeps_what_it_acknowledged(void **state)
{
        enum { ROUNDS = 5 };
        struct bench *bench = *state;

        for (uint64_t round = 0; round < ROUNDS; round++) {
                uint64_t revision, acknowledged = 0;
                AUTO_FREE char *contents = NULL;
                int report[2];

                bench_empty(bench);
                assert_int_equal(pipe(report), 0);
                pid_t child = fork();
                if (child == 0)
                        child_commit_for_ever(bench, report[1]);
                close(report[1]);
                while (acknowledged < 20 + round * 7 && read(report[0], &revision, sizeof revision) > 0)
                        acknowledged = revision;
                kill(child, SIGKILL);
                while (read(report[0], &revision, sizeof revision) == sizeof revision)
                        acknowledged = revision;
                close(report[0]);
                assert_int_equal(waitpid(child, NULL, 0), child);
                bench->store = bench->engine->open(bench->folder);
                uint64_t have = bench->store->operations->revision(bench->store);
                /* At most the one commit whose acknowledgement was under way is there besides. */
                assert_true(acknowledged >= 20 && have >= acknowledged && have <= acknowledged + 1);
                struct text expected = { 0 };
                for (uint64_t i = 1; i <= have; i++)
                        text_addf(&expected, "node/%08" PRIu64 "@%" PRIu64 "={\"layer\":\"cp\"}\n", i, i);
                contents = store_print(bench->store);
                assert_string_equal(contents, text_get(&expected));
                text_fini(&expected);
        }
}

/* In a child whose files must not grow beyond `limit` bytes: commits until it fails, or until it fails `again`.
 * Exits without closing, as when killed, with 100 + the fault code; reports how many were acknowledged. */
static void child_commit_until_full(const struct bench *bench, rlim_t limit, bool again, int report)
{
        struct store *store = bench->engine->open(bench->folder);
        AUTO_FREE char *padding = memory_new(3001, 1);
        enum fault_code code = FAULT_NONE;
        uint64_t kept = 0;

        memset(padding, 'x', 3000);
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){ limit, limit }) < 0)
                _exit(1);
        for (; code == FAULT_NONE && kept < 1000; kept += code == FAULT_NONE) {
                char id[32];

                snprintf(id, sizeof id, "%08" PRIu64, kept + 1);
                code = change_commit(store, DOCUMENT_NODE, id, padding, 0);
        }
        if (store->operations->revision(store) != kept ||
            (again && change_commit(store, DOCUMENT_NODE, "again", padding, 0) != code))
                _exit(2);
        if (write(report, &kept, sizeof kept) != sizeof kept)
                _exit(1);
        _exit(100 + (int)code);
}

static void store_full_disk_keeps_nothing_of_the_group(void **state)
{
        struct bench *bench = *state;

        /* Steps of a bit over half a page, so that each write of a commit is once the one that fails. */
        for (rlim_t limit = 100000; limit < 130000; limit += 2111) {
                AUTO_FREE char *contents = NULL;
                uint64_t kept = 0, lines = 0;
                int report[2], status;

                bench_empty(bench);
                assert_int_equal(pipe(report), 0);
                pid_t child = fork();
                if (child == 0)
                        child_commit_until_full(bench, limit, limit / 2111 % 2 == 0, report[1]);
                close(report[1]);
                assert_int_equal(read(report[0], &kept, sizeof kept), sizeof kept);
                close(report[0]);
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_int_equal(WEXITSTATUS(status), 100 + FAULT_EXHAUSTED);
                assert_true(kept > 0);
                bench->store = bench->engine->open(bench->folder);
                contents = store_print(bench->store);
                for (const char *at = contents; (at = strchr(at, '\n')); at++)
                        lines++;
                assert_int_equal(lines, kept);
                assert_int_equal(bench->store->operations->revision(bench->store), kept);
        }
}

static void store_full_disk_heals_when_there_is_room(void **state)
{
        struct bench *bench = *state;
        enum { BIG = 3 << 20 };
        AUTO_FREE char *big = memory_new(BIG + 1, 1);
        AUTO_FREE char *ballast = NULL;

        if (geteuid() != 0)
                return; /* mounting takes root; that a full disk is a fault has been seen before this */
        bench_empty(bench);
        assert_int_equal(mount("gatehouse-test", bench->folder, "tmpfs", 0, "size=4m,mode=0700"), 0);
        bench->store = bench->engine->open(bench->folder);
        assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, "1", "{}", 0), FAULT_NONE);
        ballast = memory_format("%s/ballast", bench->folder);
        memset(big, ' ', BIG);
        int fd = open(ballast, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, big, BIG), BIG);
        close(fd);
        assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, "2", big, 0), FAULT_EXHAUSTED);
        assert_contents(bench->store, "node/1@1={}\n");
        assert_int_equal(change_commit(bench->store, DOCUMENT_NODE, "3", "{}", 0), FAULT_NONE);
        unlink(ballast);
        bench_reopen(bench);
        assert_contents(bench->store, "node/1@1={}\nnode/3@2={}\n");
        bench_close(bench);
        assert_int_equal(umount2(bench->folder, MNT_DETACH), 0);
}

/* The case itself, for each engine: "sqlite: store_new_is_empty". */
static struct CMUnitTest engine_test(const struct engine *engine, const char *name, CMUnitTestFunction test)
{
        return (struct CMUnitTest){ .name = memory_format("%s: %s", engine->name, name),
                                    .test_func = test,
                                    .setup_func = bench_start,
                                    .teardown_func = bench_end,
                                    .initial_state = (void *)(uintptr_t)engine };
}

int main(void)
{
        static const struct {
                const char *name;
                CMUnitTestFunction test;
                bool needs_files;
        } cases[] = {
#define CASE(test) { #test, test, false }
#define CASE_FILES(test)          \
        {                         \
#test, test, true \
        }
                CASE(store_new_is_empty),
                CASE(store_puts_load_in_order_of_kind_and_id),
                CASE(store_expected_revision_decides),
                CASE(store_note_keeps_the_revisions),
                CASE(store_changes_of_a_commit_see_each_other),
                CASE(store_failed_commit_leaves_the_others_of_its_group),
                CASE(store_group_of_failures_changes_nothing),
                CASE(store_events_are_kept_with_their_commit),
                CASE(store_prunes_what_is_old_and_what_is_too_much),
                CASE(store_walk_ends_where_it_is_told),
                CASE(store_ten_thousand_documents_load_in_order),
                CASE_FILES(store_reopened_holds_the_same),
                CASE_FILES(store_killed_keeps_what_it_acknowledged),
                CASE_FILES(store_full_disk_keeps_nothing_of_the_group),
                CASE_FILES(store_full_disk_heals_when_there_is_room),
        };
        struct CMUnitTest tests[ARRAY_SIZE(cases) * ARRAY_SIZE(engines)];
        size_t count = 0;

        for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
                for (size_t j = 0; j < ARRAY_SIZE(cases); j++)
                        if (engines[i].is_durable || !cases[j].needs_files)
                                tests[count++] = engine_test(&engines[i], cases[j].name, cases[j].test);
        int failed = _cmocka_run_group_tests("store", tests, count, NULL, NULL);
        for (size_t i = 0; i < count; i++)
                free((void *)(uintptr_t)tests[i].name);
        return failed;
}
