/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nfs-speed: what one client gets through an NFSv4 server: writes a new file from its beginning to its end, and 4
 * KiB of it here and there; reads another file, which is there already, in the same two ways; looks at its
 * attributes, and lists a directory. Says on one line of JSON how fast that was. Used by contrib/bench.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "tests/client/nfs4_calls.h"

/* libnfs 4.0 cannot encode a write of 2 KiB. With 16 such small ones on their way GlusterFS takes 0.1 to 10 MiB/s
 * from one file to the next, whatever its settings, so writes go one at a time. */
enum {
        READS_AHEAD = 16,
        WRITES_AHEAD = 1,
        BLOCK = 4096,
        READ_MAX = 256 * 1024,
        WRITE_MAX = 1024,
        TIMEOUT_MS = 60000
};

struct speed {
        struct client client;
        struct nfsfh *handle;
        bool writes;
        uint64_t size, next, moved; /* of the open file; where the next call begins; what has been answered */
        size_t call_bytes;          /* of one call: what libnfs and the server take */
        int status;                 /* below 0: a call failed */
        char bytes[READ_MAX];
};

static long long now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void die(struct speed *speed, const char *what)
{
        fprintf(stderr, "nfs-speed: %s: %s\n", what,
                speed->client.nfs ? nfs_get_error(speed->client.nfs) : "no connection");
        exit(1);
}

static void call_next(struct speed *speed);

static void call_answered(int status, struct nfs_context *nfs, void *data, void *context)
{
        struct speed *speed = context;

        (void)nfs;
        (void)data;
        if (status <= 0) {
                speed->status = -1;
                return;
        }
        speed->moved += (uint64_t)status;
        call_next(speed);
}

static void call_next(struct speed *speed)
{
        uint64_t offset = speed->next;
        int queued;

        if (offset >= speed->size || speed->status < 0)
                return;
        speed->next += speed->call_bytes;
        if (speed->writes)
                queued = nfs_pwrite_async(speed->client.nfs, speed->handle, offset, speed->call_bytes,
                                          speed->bytes, call_answered, speed);
        else
                queued = nfs_pread_async(speed->client.nfs, speed->handle, offset, speed->call_bytes,
                                         call_answered, speed);
        if (queued < 0)
                speed->status = -1;
}

/* The whole file, in MiB a second. */
static double file_move(struct speed *speed, bool writes)
{
        long long began_us = now_us(), end_us = began_us + TIMEOUT_MS * 1000LL;
        struct answer synced = { 0 };

        speed->writes = writes;
        speed->call_bytes = writes ? WRITE_MAX : READ_MAX;
        speed->next = speed->moved = 0;
        for (int i = 0; i < (writes ? WRITES_AHEAD : READS_AHEAD); i++)
                call_next(speed);
        while (speed->moved < speed->size) {
                struct pollfd poll_fd = { nfs_get_fd(speed->client.nfs),
                                          (short)nfs_which_events(speed->client.nfs), 0 };

                if (poll(&poll_fd, 1, 1000) < 0 || nfs_service(speed->client.nfs, poll_fd.revents) < 0 ||
                    speed->status < 0 || now_us() > end_us)
                        die(speed, writes ? "write" : "read");
        }
        if (writes && client_finish(&speed->client,
                                    nfs_fsync_async(speed->client.nfs, speed->handle, client_on_answer, &synced),
                                    &synced) != OUTCOME_OK)
                die(speed, "sync");
        return (double)speed->size / (1 << 20) / ((double)(now_us() - began_us) / 1e6);
}

static void block_move(struct speed *speed, bool writes, uint64_t offset)
{
        for (size_t moved = 0, length; moved < BLOCK; moved += length) {
                size_t most = writes ? WRITE_MAX : BLOCK - moved;
                enum outcome outcome = writes ? client_write(&speed->client, speed->handle, offset + moved,
                                                             speed->bytes, most, &length)
                                              : client_read(&speed->client, speed->handle, offset + moved, most,
                                                            speed->bytes, &length);

                if (outcome != OUTCOME_OK || length == 0)
                        die(speed, writes ? "write of a block" : "read of a block");
        }
}

static int by_time(const void *left, const void *right)
{
        long long difference = *(const long long *)left - *(const long long *)right;

        return (difference > 0) - (difference < 0);
}

enum operation { BLOCK_READ, BLOCK_WRITE, ATTRIBUTES };

/* The median of `count` operations, in microseconds. The places are the same ones in each run. */
static double median_us(struct speed *speed, enum operation operation, const char *path, size_t count)
{
        AUTO_FREE long long *took_us = memory_new(count, sizeof *took_us);
        uint64_t blocks = speed->size / BLOCK, place = 0;

        for (size_t i = 0; i < count; i++) {
                long long began_us = now_us();
                struct nfs_stat_64 stat;

                place = (place + 2654435761u) % blocks;
                if (operation != ATTRIBUTES)
                        block_move(speed, operation == BLOCK_WRITE, place * BLOCK);
                else if (client_stat(&speed->client, path, &stat) != OUTCOME_OK)
                        die(speed, "attributes");
                took_us[i] = now_us() - began_us;
        }
        qsort(took_us, count, sizeof *took_us, by_time);
        return (double)took_us[(count - 1) / 2];
}

static double listing_ms(struct speed *speed, const char *directory)
{
        long long began_us = now_us();
        struct answer answer = { 0 };

        if (client_finish(&speed->client,
                          nfs_opendir_async(speed->client.nfs, directory, client_on_answer, &answer),
                          &answer) != OUTCOME_OK)
                die(speed, directory);
        nfs_closedir(speed->client.nfs, answer.data);
        return (double)(now_us() - began_us) / 1e3;
}

/* What creat gives cannot be written to with libnfs 4.0. */
static void file_make(struct speed *speed, const char *path)
{
        struct answer removed = { 0 };
        enum outcome outcome = client_finish(
                &speed->client, nfs_unlink_async(speed->client.nfs, path, client_on_answer, &removed), &removed);

        if (outcome == OUTCOME_OK || outcome == OUTCOME_NOENT)
                outcome = client_create(&speed->client, path, &speed->handle);
        if (outcome == OUTCOME_OK)
                outcome = client_close(&speed->client, speed->handle);
        if (outcome != OUTCOME_OK)
                die(speed, path);
}

static void file_open(struct speed *speed, const char *path, int flags)
{
        if (client_open(&speed->client, path, flags, &speed->handle) != OUTCOME_OK)
                die(speed, path);
}

static void file_close(struct speed *speed)
{
        if (client_close(&speed->client, speed->handle) != OUTCOME_OK)
                die(speed, "close");
}

static uint64_t file_size(struct speed *speed, const char *path)
{
        struct nfs_stat_64 stat;

        if (client_stat(&speed->client, path, &stat) != OUTCOME_OK || stat.nfs_size < BLOCK)
                die(speed, path);
        return stat.nfs_size / BLOCK * BLOCK;
}

static int usage(void)
{
        fputs("usage: nfs-speed SERVER EXPORT NEW-FILE KIB FILE DIRECTORY BLOCKS\n"
              "Writes NEW-FILE, KIB large, reads FILE, both also 4 KiB at a time, BLOCKS times; lists "
              "DIRECTORY.\n",
              stderr);
        return 2;
}

int main(int argc, char **argv)
{
        static struct speed speed = { .client = { .timeout_ms = TIMEOUT_MS, .uid = 0, .gid = 0 } };
        uint64_t written = argc == 8 ? strtoul(argv[4], NULL, 10) << 10 : 0;
        size_t count = argc == 8 ? strtoul(argv[7], NULL, 10) : 0;

        if (written < BLOCK || count == 0)
                return usage();
        speed.client.server = argv[1];
        speed.client.export = argv[2];
        if (client_mount(&speed.client) != OUTCOME_OK)
                die(&speed, "mount");

        speed.size = written;
        file_make(&speed, argv[3]);
        file_open(&speed, argv[3], O_RDWR);
        printf("{\"write_mib_s\":%.3f,", file_move(&speed, true));
        printf("\"write_4k_us\":%.0f,", median_us(&speed, BLOCK_WRITE, argv[3], count));
        file_close(&speed);

        speed.size = file_size(&speed, argv[5]);
        file_open(&speed, argv[5], O_RDONLY);
        printf("\"read_mib_s\":%.3f,", file_move(&speed, false));
        printf("\"read_4k_us\":%.0f,", median_us(&speed, BLOCK_READ, argv[5], count));
        file_close(&speed);

        printf("\"attributes_us\":%.0f,", median_us(&speed, ATTRIBUTES, argv[5], count));
        printf("\"names_ms\":%.3f}\n", listing_ms(&speed, argv[6]));
        client_drop(&speed.client);
        return 0;
}
