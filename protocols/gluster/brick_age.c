/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/brick_age.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "protocols/gluster/access_folder.h"

#define UUID_SIZE 37  /* of a volume, of a boot */
#define NOTE_MAX 8192 /* bytes: ids, times, the path of a brick */

/* The id of this boot, or "". */
static void boot_id_read(const struct brick_places *places, char id[UUID_SIZE])
{
        AUTO_FCLOSE FILE *file = fopen(places->boot_id, "re");

        if (!file || fscanf(file, "%36[0-9a-f-]", id) != 1)
                id[0] = '\0';
}

/* Makes the note from what is seen now; false: there is nothing to be noted. */
static bool since_make(const struct brick_places *places, const char *name, const char *volume_id,
                       const char *boot, struct brick_since *since)
{
        AUTO_TEXT struct text note = { 0 };
        struct timespec now;
        struct fault fault;

        clock_gettime(CLOCK_REALTIME, &now);
        since->why = "the filter is not in its place";
        if (!access_filter_since(places->library_folder, &since->filter))
                return false;
        since->why = "the filter is from the future: the clock of this machine was set";
        if (time_is_before(&now, &since->filter))
                return false;
        text_addf(&note, "since 1\nvolume %s\nboot %s\nfilter %lld.%09ld\n", volume_id, boot,
                  (long long)since->filter.tv_sec, since->filter.tv_nsec);
        since->why = "that cannot be written into the folder of access lists";
        return access_folder_put(places->access_folder, name, &note, &fault) == 0;
}

void brick_since_get(const struct brick_places *places, const char *volume, const char *volume_id,
                     struct brick_since *since)
{
        AUTO_FREE char *name = memory_format("%s.since", volume);
        AUTO_TEXT struct text note = { 0 };
        char boot[UUID_SIZE], its_boot[UUID_SIZE], its_volume[UUID_SIZE];
        long long seconds;
        long nanoseconds;

        *since = (struct brick_since){ .why = "the note of when the filter was put in its place is not in order" };
        boot_id_read(places, boot);
        const char *wrong = access_folder_take(places->access_folder, name, &note);
        if ((wrong && wrong != access_no_file) || !boot[0] || note.length > NOTE_MAX)
                return;
        if (!wrong && sscanf(text_get(&note), "since 1\nvolume %36s\nboot %36s\nfilter %lld.%9ld\n", its_volume,
                             its_boot, &seconds, &nanoseconds) != 4)
                return;
        if (!wrong && strcmp(its_volume, volume_id) == 0) {
                since->filter = (struct timespec){ seconds, nanoseconds };
                since->this_boot = strcmp(its_boot, boot) == 0;
                since->known = true;
                return;
        }
        since->known = since->this_boot = since_make(places, name, volume_id, boot, since);
}

/* As glusterd names it (GLUSTERD_GET_BRICK_PIDFILE): every '/' of the path but its first is a '-'. Caller frees.
 */
static char *pid_file(const struct brick_places *places, const char *volume, const char *host, const char *path)
{
        AUTO_FREE char *dashed = memory_text(path);

        for (char *at = dashed; *at; at++)
                *at = *at == '/' ? '-' : *at;
        return memory_format("%s/vols/%s/%s%s.pid", places->run_folder, volume, host, dashed);
}

/* Nobody holds the lock: whether the process that the file names has gone. One that serves several bricks
 * (cluster.brick-multiplex) holds one lock, so that it is not known how old it is. */
static enum known unlocked_is_gone(int fd)
{
        char text[32] = { 0 };
        ssize_t got = read(fd, text, sizeof text - 1);
        long pid = got > 0 ? strtol(text, NULL, 10) : 0;

        return pid > 0 && pid <= INT32_MAX && (kill((pid_t)pid, 0) == 0 || errno != ESRCH) ? KNOWN_UNKNOWN
                                                                                           : KNOWN_ABSENT;
}

struct brick_process brick_process_look(const struct brick_places *places, const char *volume, const char *host,
                                        const char *path, const struct brick_since *since)
{
        AUTO_FREE char *name = pid_file(places, volume, host, path);
        AUTO_CLOSE int fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        struct brick_process process = { .older = KNOWN_UNKNOWN };
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        struct stat status;

        if (fd < 0 && errno == ENOENT)
                process.older = KNOWN_ABSENT;
        if (fd < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode) || fcntl(fd, F_GETLK, &lock))
                return process;
        if (lock.l_type == F_UNLCK) {
                process.older = unlocked_is_gone(fd);
                return process;
        }
        if (lock.l_pid <= 0) /* of another PID namespace */
                return process;
        process.pid = lock.l_pid;
        if (since->known)
                process.older = since->this_boot && time_is_before(&status.st_mtim, &since->filter) ? KNOWN_PRESENT
                                                                                                    : KNOWN_ABSENT;
        return process;
}

int brick_process_end(const struct brick_places *places, const char *volume, const char *host, const char *path,
                      const struct brick_since *since, int pid, struct fault *fault)
{
        AUTO_CLOSE int process = pidfd_open(pid, 0);
        struct brick_process now = brick_process_look(places, volume, host, path, since);

        /* Asked after it was opened: it is that process, and stays so. */
        if (process < 0 || now.pid != pid || now.older != KNOWN_PRESENT)
                return fault_set(fault, FAULT_PRECONDITION,
                                 "end brick %s: process %d is not one from before the filter", path, pid);
        if (pidfd_send_signal(process, SIGTERM, NULL, 0))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "end brick %s, process %d", path, pid);
        struct pollfd gone = { .fd = process, .events = POLLIN };
        if (poll(&gone, 1, BRICK_END_MS) != 1)
                return fault_set(fault, FAULT_TIMEOUT, "end brick %s: process %d is still there", path, pid);
        return 0;
}

char *brick_begun_get(const struct brick_places *places, const char *volume, const char *volume_id)
{
        AUTO_FREE char *name = memory_format("%s.restart", volume);
        AUTO_FREE char *head = memory_format("restart 1\nvolume %s\nbrick ", volume_id);
        AUTO_TEXT struct text note = { 0 };

        if (access_folder_take(places->access_folder, name, &note) || note.length > NOTE_MAX ||
            strncmp(text_get(&note), head, strlen(head)) != 0)
                return NULL;
        const char *path = text_get(&note) + strlen(head);
        return memory_format("%.*s", (int)strcspn(path, "\n"), path);
}

int brick_begun_set(const struct brick_places *places, const char *volume, const char *volume_id, const char *path,
                    struct fault *fault)
{
        AUTO_FREE char *name = memory_format("%s.restart", volume);
        AUTO_TEXT struct text note = { 0 };

        if (!path) {
                AUTO_FREE char *file = memory_format("%s/%s", places->access_folder, name);

                return unlink(file) && errno != ENOENT
                               ? fault_set_errno(fault, FAULT_INTERNAL, errno, "remove %s", file)
                               : 0;
        }
        text_addf(&note, "restart 1\nvolume %s\nbrick %s\n", volume_id, path);
        return access_folder_put(places->access_folder, name, &note, fault);
}
