/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/sqlite_history.h"

#include <pthread.h>
#include <sqlite3.h>

#define COLUMNS \
        "SELECT number, revision, at_ms, refused, actor, source, request, action, object, account, before, after"
#define BUSY_TIMEOUT_MS 2000 /* only while the writer starts a WAL file anew */

struct sqlite_history {
        sqlite3 *database;
        sqlite3_stmt *forward, *backward;
        pthread_mutex_t lock;
};

static int history_fault(struct sqlite_history *history, struct fault *fault)
{
        return fault_set(fault, FAULT_UNAVAILABLE, "read events: %s", sqlite3_errmsg(history->database));
}

int sqlite_history_open(const char *path, struct sqlite_history **opened, struct fault *fault)
{
        struct sqlite_history *history = NEW(struct sqlite_history);
        int failed = 0;

        pthread_mutex_init(&history->lock, NULL);
        if (sqlite3_open_v2(path, &history->database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
                    SQLITE_OK ||
            sqlite3_prepare_v3(history->database, COLUMNS " FROM events WHERE number > ?1 ORDER BY number", -1,
                               SQLITE_PREPARE_PERSISTENT, &history->forward, NULL) != SQLITE_OK ||
            sqlite3_prepare_v3(history->database, COLUMNS " FROM events WHERE number < ?1 ORDER BY number DESC",
                               -1, SQLITE_PREPARE_PERSISTENT, &history->backward, NULL) != SQLITE_OK)
                failed = history_fault(history, fault);
        if (failed) {
                sqlite_history_close(history);
                return failed;
        }
        sqlite3_busy_timeout(history->database, BUSY_TIMEOUT_MS);
        *opened = history;
        return 0;
}

void sqlite_history_close(struct sqlite_history *history)
{
        if (!history)
                return;
        sqlite3_finalize(history->forward);
        sqlite3_finalize(history->backward);
        sqlite3_close(history->database);
        pthread_mutex_destroy(&history->lock);
        free(history);
}

static char *column_text(sqlite3_stmt *statement, int column)
{
        return (char *)(uintptr_t)sqlite3_column_text(statement, column);
}

/* The event of the present row; its texts are the statement's. */
static struct event row_event(sqlite3_stmt *statement)
{
        return (struct event){ .number = (uint64_t)sqlite3_column_int64(statement, 0),
                               .revision = (uint64_t)sqlite3_column_int64(statement, 1),
                               .at_ms = sqlite3_column_int64(statement, 2),
                               .refused = sqlite3_column_int(statement, 3) != 0,
                               .actor = column_text(statement, 4),
                               .source = column_text(statement, 5),
                               .request = column_text(statement, 6),
                               .action = column_text(statement, 7),
                               .object = column_text(statement, 8),
                               .account = column_text(statement, 9),
                               .before = column_text(statement, 10),
                               .after = column_text(statement, 11) };
}

int sqlite_history_walk(struct sqlite_history *history, uint64_t number, bool backward,
                        int (*each)(void *context, const struct event *event, struct fault *fault), void *context,
                        struct fault *fault)
{
        sqlite3_stmt *statement = backward ? history->backward : history->forward;
        int result = 0, step = SQLITE_DONE;

        pthread_mutex_lock(&history->lock);
        sqlite3_bind_int64(statement, 1, number > INT64_MAX ? INT64_MAX : (sqlite3_int64)number);
        while (!result && (step = sqlite3_step(statement)) == SQLITE_ROW) {
                struct event event = row_event(statement);

                result = each(context, &event, fault);
        }
        if (!result && step != SQLITE_DONE)
                result = history_fault(history, fault);
        sqlite3_reset(statement);
        pthread_mutex_unlock(&history->lock);
        return result;
}
