/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * live-io: a client that is at work: it writes one byte to a file again and again, through to the server, until
 * its standard input ends; then it says on one line of JSON when it succeeded last, and what went wrong. Prints
 * `ready` after the first success. Used by contrib/bench: an operation that hangs does not keep it from telling.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/client/nfs4_calls.h"

enum { PAUSE_MS = 1, NFS_TIMEOUT_MS = 2000 };

struct live_io {
        const char *path;
        unsigned pause_ms; /* after each operation */
        int file;          /* -1: by NFS */
        struct client client;
        struct nfsfh *handle;

        /* Read by the main thread while the worker may hang. Times are of the wall clock, which all machines of a
         * testbed share, in microseconds. */
        atomic_llong first_us, last_success_us, first_failure_us, last_failure_us, longest_us;
        atomic_ulong operations, failures;
        _Atomic(const char *) error;
};

static long long now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* NULL, or what went wrong; static storage. */
static const char *write_file(struct live_io *io)
{
        if (pwrite(io->file, "x", 1, 0) == 1 && fdatasync(io->file) == 0)
                return NULL;
        return strerrorname_np(errno);
}

static const char *write_by_nfs(struct live_io *io)
{
        size_t written = 0;
        enum outcome outcome;

        if (!io->client.nfs)
                return "no connection";
        outcome = client_write(&io->client, io->handle, 0, "x", 1, &written);
        return outcome == OUTCOME_OK ? NULL : outcome_word(outcome);
}

static void note(struct live_io *io, long long started, const char *error)
{
        long long now = now_us();

        if (now - started > atomic_load(&io->longest_us))
                atomic_store(&io->longest_us, now - started);
        if (!error) {
                atomic_store(&io->last_success_us, now);
                atomic_store(&io->first_failure_us, 0);
                atomic_fetch_add(&io->operations, 1);
                return;
        }
        if (atomic_load(&io->first_failure_us) == 0)
                atomic_store(&io->first_failure_us, now);
        atomic_store(&io->last_failure_us, now);
        atomic_store(&io->error, error);
        atomic_fetch_add(&io->failures, 1);
}

static void *work(void *context)
{
        struct live_io *io = context;

        for (bool ready = false;;) {
                long long started = now_us();
                const char *error = io->file >= 0 ? write_file(io) : write_by_nfs(io);

                note(io, started, error);
                if (!ready && !error) {
                        atomic_store(&io->first_us, now_us());
                        puts("ready");
                        fflush(stdout);
                        ready = true;
                }
                usleep(io->pause_ms * 1000);
        }
        return NULL;
}

static int open_by_nfs(struct live_io *io)
{
        enum outcome outcome = client_mount(&io->client);

        if (outcome == OUTCOME_OK)
                outcome = client_open(&io->client, io->path, O_RDWR, &io->handle);
        if (outcome == OUTCOME_OK)
                return 0;
        fprintf(stderr, "live-io: %s: %s: %s\n", io->path, outcome_word(outcome), io->client.detail);
        return -1;
}

static int open_file(struct live_io *io)
{
        io->file = open(io->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (io->file >= 0)
                return 0;
        fprintf(stderr, "live-io: %s: %s\n", io->path, strerror(errno));
        return -1;
}

static void tell(struct live_io *io)
{
        const char *error = atomic_load(&io->error);

        printf("{\"operations\":%lu,\"failures\":%lu,\"first_us\":%lld,\"last_success_us\":%lld,"
               "\"first_failure_us\":%lld,\"last_failure_us\":%lld,\"longest_us\":%lld,\"error\":\"%s\"}\n",
               atomic_load(&io->operations), atomic_load(&io->failures), atomic_load(&io->first_us),
               atomic_load(&io->last_success_us), atomic_load(&io->first_failure_us),
               atomic_load(&io->last_failure_us), atomic_load(&io->longest_us), error ? error : "");
}

int main(int argc, char **argv)
{
        static struct live_io io = { .file = -1,
                                     .pause_ms = PAUSE_MS,
                                     .client = { .timeout_ms = NFS_TIMEOUT_MS, .uid = -1, .gid = -1 } };
        pthread_t worker;
        char byte;

        if (argc > 3 && strcmp(argv[1], "--pause") == 0) {
                io.pause_ms = (unsigned)strtoul(argv[2], NULL, 10);
                argc -= 2;
                argv += 2;
        }
        if (argc != 2 && argc != 4) {
                fputs("usage: live-io [--pause MILLISECONDS] FILE\n"
                      "       live-io [--pause MILLISECONDS] SERVER EXPORT PATH\n"
                      "Writes to FILE, or over NFSv4 to PATH below EXPORT (there already), until standard input "
                      "ends.\n",
                      stderr);
                return OUTCOME_USAGE;
        }
        io.path = argv[argc - 1];
        if (argc == 4) {
                io.client.server = argv[1];
                io.client.export = argv[2];
        }
        if ((argc == 4 ? open_by_nfs(&io) : open_file(&io)) < 0)
                return OUTCOME_FAILED;
        if (pthread_create(&worker, NULL, work, &io) != 0)
                return OUTCOME_FAILED;
        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
        tell(&io);
        fflush(stdout);
        _exit(0); /* the worker may hang in an operation that never ends */
}
