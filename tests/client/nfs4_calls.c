/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/client/nfs4_calls.h"

#include <nfsc/libnfs-raw-nfs4.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

const char *outcome_word(enum outcome outcome)
{
        switch (outcome) {
        case OUTCOME_OK:
                return "ok";
        case OUTCOME_NOENT:
                return "refused NOENT";
        case OUTCOME_ACCESS:
                return "refused ACCESS";
        case OUTCOME_ROFS:
                return "refused ROFS";
        case OUTCOME_STALE:
                return "refused STALE";
        case OUTCOME_GRACE:
                return "refused GRACE";
        case OUTCOME_UNREACHABLE:
                return "unreachable";
        case OUTCOME_TIMEOUT:
                return "no answer";
        default:
                return "failed";
        }
}

int64_t client_now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void client_on_answer(int status, struct nfs_context *nfs, void *data, void *context)
{
        struct answer *answer = context;

        (void)nfs;
        answer->done = true;
        answer->status = status;
        if (status < 0)
                snprintf(answer->error, sizeof answer->error, "%s", data ? (const char *)data : strerror(-status));
        else if (answer->wants_stat)
                memcpy(&answer->stat, data, sizeof answer->stat);
        else if (answer->wants_bytes)
                memcpy(answer->bytes, data, (size_t)status);
        else
                answer->data = data;
}

/* What an error means. Only a text that names an NFS status comes from the server itself. */
static enum outcome outcome_of(int status, const char *error)
{
        static const struct {
                const char *name;
                enum outcome outcome;
        } table[] = {
                { "NFS4ERR_NOENT", OUTCOME_NOENT },     { "NFS4ERR_ACCESS", OUTCOME_ACCESS },
                { "NFS4ERR_PERM", OUTCOME_ACCESS },     { "NFS4ERR_WRONGSEC", OUTCOME_ACCESS },
                { "NFS4ERR_ROFS", OUTCOME_ROFS },       { "NFS4ERR_STALE", OUTCOME_STALE },
                { "NFS4ERR_FHEXPIRED", OUTCOME_STALE }, { "NFS4ERR_GRACE", OUTCOME_GRACE },
                { "NFS4ERR_DELAY", OUTCOME_GRACE },
        };

        if (status >= 0)
                return OUTCOME_OK;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (strstr(error, table[i].name))
                        return table[i].outcome;
        return strstr(error, "NFS4ERR_") ? OUTCOME_FAILED : OUTCOME_UNREACHABLE;
}

void client_drop(struct client *client)
{
        if (client->nfs)
                nfs_destroy_context(client->nfs);
        client->nfs = NULL;
}

enum outcome client_wait(struct client *client, struct answer *answer, int64_t deadline)
{
        while (!answer->done) {
                int64_t left = deadline - client_now_ms();

                if (left <= 0)
                        return OUTCOME_TIMEOUT;
                struct pollfd poll_fd = { nfs_get_fd(client->nfs), (short)nfs_which_events(client->nfs), 0 };
                int ready = poll(&poll_fd, 1, left < 100 ? (int)left : 100);

                if (ready < 0 && errno != EINTR)
                        return OUTCOME_FAILED;
                if (nfs_service(client->nfs, ready > 0 ? poll_fd.revents : 0) < 0 && !answer->done) {
                        snprintf(client->detail, sizeof client->detail, "%s", nfs_get_error(client->nfs));
                        return OUTCOME_UNREACHABLE;
                }
        }
        if (answer->status < 0)
                snprintf(client->detail, sizeof client->detail, "%s", answer->error);
        return outcome_of(answer->status, answer->error);
}

enum outcome client_finish(struct client *client, int queued, struct answer *answer)
{
        enum outcome outcome;

        client->detail[0] = '\0';
        if (queued < 0) {
                snprintf(client->detail, sizeof client->detail, "%s", nfs_get_error(client->nfs));
                return outcome_of(queued, client->detail);
        }
        outcome = client_wait(client, answer, client_now_ms() + client->timeout_ms);
        if (!answer->done)
                client_drop(client);
        return outcome;
}

enum outcome client_mount(struct client *client)
{
        struct answer answer = { 0 };

        client->nfs = nfs_init_context();
        if (!client->nfs)
                return OUTCOME_FAILED;
        nfs_set_version(client->nfs, NFS_V4);
        nfs_set_autoreconnect(client->nfs, 0);
        nfs_set_dircache(client->nfs, 0);
        if (client->uid >= 0)
                nfs_set_uid(client->nfs, client->uid);
        if (client->gid >= 0)
                nfs_set_gid(client->nfs, client->gid);
        return client_finish(
                client, nfs_mount_async(client->nfs, client->server, client->export, client_on_answer, &answer),
                &answer);
}

enum outcome client_stat(struct client *client, const char *path, struct nfs_stat_64 *stat)
{
        struct answer answer = { .wants_stat = true };
        enum outcome outcome =
                client_finish(client, nfs_stat64_async(client->nfs, path, client_on_answer, &answer), &answer);

        if (outcome == OUTCOME_OK)
                *stat = answer.stat;
        return outcome;
}

enum outcome client_open(struct client *client, const char *path, int flags, struct nfsfh **handle)
{
        struct answer answer = { 0 };
        enum outcome outcome = client_finish(
                client, nfs_open_async(client->nfs, path, flags, client_on_answer, &answer), &answer);

        if (outcome == OUTCOME_OK)
                *handle = answer.data;
        return outcome;
}

enum outcome client_create(struct client *client, const char *path, struct nfsfh **handle)
{
        struct answer answer = { 0 };
        enum outcome outcome = client_finish(
                client, nfs_creat_async(client->nfs, path, 0644, client_on_answer, &answer), &answer);

        if (outcome == OUTCOME_OK)
                *handle = answer.data;
        return outcome;
}

enum outcome client_close(struct client *client, struct nfsfh *handle)
{
        struct answer answer = { 0 };

        return client_finish(client, nfs_close_async(client->nfs, handle, client_on_answer, &answer), &answer);
}

enum outcome client_read(struct client *client, struct nfsfh *handle, uint64_t offset, uint64_t count, char *bytes,
                         size_t *length)
{
        struct answer answer = { .wants_bytes = true, .bytes = bytes };
        enum outcome outcome = client_finish(
                client, nfs_pread_async(client->nfs, handle, offset, count, client_on_answer, &answer), &answer);

        *length = outcome == OUTCOME_OK ? (size_t)answer.status : 0;
        return outcome;
}

enum outcome client_write(struct client *client, struct nfsfh *handle, uint64_t offset, const char *bytes,
                          size_t length, size_t *written)
{
        struct answer answer = { 0 };
        enum outcome outcome = client_finish(
                client, nfs_pwrite_async(client->nfs, handle, offset, length, bytes, client_on_answer, &answer),
                &answer);

        *written = outcome == OUTCOME_OK ? (size_t)answer.status : 0;
        return outcome;
}
