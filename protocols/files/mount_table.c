/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/files/mount_table.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define TABLE "/proc/self/mountinfo"
#define KEPT_MOST 32 /* lines that were asked for; with more the oldest are read again */

static struct {
        pthread_mutex_t lock;
        int watch; /* -1: not open */
        size_t count;
        struct {
                uint64_t id;
                struct mount_line line;
        } kept[KEPT_MOST];
} table = { .lock = PTHREAD_MUTEX_INITIALIZER, .watch = -1 };

static bool table_read(uint64_t id, struct mount_line *found)
{
        AUTO_FCLOSE FILE *file = fopen(TABLE, "re");
        AUTO_FREE char *line = NULL;
        size_t size = 0;

        while (file && getline(&line, &size, file) > 0) {
                uint64_t its_id;
                const char *type = strstr(line, " - ");

                if (sscanf(line, "%" SCNu64 " %*s %*s %1023s", &its_id, found->root) == 2 && its_id == id &&
                    type && sscanf(type, " - %63s", found->type) == 1)
                        return true;
        }
        return false;
}

/* Under the lock: forgets what is kept if anything was mounted or unmounted since the last time. Without a file to
 * watch nothing is kept. */
static void table_follow(void)
{
        struct pollfd watch = { .fd = table.watch, .events = POLLPRI };

        if (table.watch < 0)
                table.watch = open(TABLE, O_RDONLY | O_CLOEXEC);
        else if (poll(&watch, 1, 0) == 0)
                return;
        table.count = 0;
}

static void table_keep(uint64_t id, const struct mount_line *line)
{
        size_t at = table.count++ % KEPT_MOST;

        table.kept[at].id = id;
        table.kept[at].line = *line;
}

/* Under the lock. */
static const struct mount_line *table_kept(uint64_t id)
{
        for (size_t i = 0; i < table.count && i < KEPT_MOST; i++)
                if (table.kept[i].id == id)
                        return &table.kept[i].line;
        return NULL;
}

bool mount_table_find(uint64_t id, struct mount_line *found)
{
        const struct mount_line *kept;
        bool there = true;

        pthread_mutex_lock(&table.lock);
        table_follow();
        kept = table_kept(id);
        if (kept) {
                *found = *kept;
        } else {
                there = table_read(id, found);
                if (there && table.watch >= 0)
                        table_keep(id, found);
        }
        pthread_mutex_unlock(&table.lock);
        return there;
}
