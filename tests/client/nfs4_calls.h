/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Calls of an NFSv4 client, each asynchronous under one deadline, since libnfs itself waits for ever on a server
 * that drops packets; and what their failures mean.
 */
#pragma once

#include <sys/time.h>
#include <nfsc/libnfs.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome {
        OUTCOME_OK = 0,
        OUTCOME_FAILED = 1, /* the server answered with an error that says nothing about access */
        OUTCOME_USAGE = 2,
        OUTCOME_NOENT = 10, /* also what a client gets that an export does not list */
        OUTCOME_ACCESS = 11,
        OUTCOME_ROFS = 12,
        OUTCOME_STALE = 13,
        OUTCOME_GRACE = 14, /* the server has started anew and waits for clients to reclaim: opens must wait */
        OUTCOME_UNREACHABLE = 20,
        OUTCOME_TIMEOUT = 21,
};

/* "ok", "refused NOENT", "unreachable", ...; static storage. */
const char *outcome_word(enum outcome outcome);

struct client {
        const char *server, *export;
        int timeout_ms;
        int uid, gid; /* -1: those of the process */
        bool is_hard;
        struct nfs_context *nfs;
        char detail[256]; /* libnfs's words about the last failure */
};

/* The answer to one asynchronous call. */
struct answer {
        bool done;
        int status;
        void *data;              /* a handle, where the call gives one */
        struct nfs_stat_64 stat; /* copied, because libnfs frees it after the callback */
        bool wants_stat, wants_bytes;
        char *bytes; /* of a read: where to copy them, as many as were asked for */
        char error[256];
};

/* Milliseconds of the monotonic clock. */
int64_t client_now_ms(void);

/* The callback to give libnfs, with a struct answer as its context. */
void client_on_answer(int status, struct nfs_context *nfs, void *data, void *context);

/* Connects and mounts. */
enum outcome client_mount(struct client *client);

/* Forgets the connection; calls in flight are answered with a failure, so their struct answer must be alive. */
void client_drop(struct client *client);

/* Drives the connection until `answer` is there or `deadline` (monotonic) has passed. */
enum outcome client_wait(struct client *client, struct answer *answer, int64_t deadline);

/* Waits for a call that was queued with `queued`, for client->timeout_ms at most. A call that got no answer takes
 * its connection with it, so that nothing writes into `answer` later. */
enum outcome client_finish(struct client *client, int queued, struct answer *answer);

enum outcome client_stat(struct client *client, const char *path, struct nfs_stat_64 *stat);
enum outcome client_open(struct client *client, const char *path, int flags, struct nfsfh **handle);
enum outcome client_create(struct client *client, const char *path, struct nfsfh **handle);
enum outcome client_close(struct client *client, struct nfsfh *handle);

/* Reads up to `count` bytes; *length = 0 at the end of the file. */
enum outcome client_read(struct client *client, struct nfsfh *handle, uint64_t offset, uint64_t count, char *bytes,
                         size_t *length);
enum outcome client_write(struct client *client, struct nfsfh *handle, uint64_t offset, const char *bytes,
                          size_t length, size_t *written);
