/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nfs4-client: a small NFSv4 client for scenario tests and the demo, which run where the kernel has none. It
 * says by its exit code whether the server refused, and with what, or could not be reached. All calls are
 * asynchronous under one deadline each, since libnfs itself waits for ever on a server that drops packets.
 *
 * libnfs 4.0 speaks NFSv4.0 only; over it writes of 2 KiB and more cannot be encoded, and the handle that creat
 * gives cannot be written to (NFS4ERR_OPENMODE), so a file is created, closed and opened again.
 */
#include <sys/time.h>
#include <nfsc/libnfs.h>
#include <nfsc/libnfs-raw-nfs4.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

enum { WRITE_SIZE = 1024, READ_SIZE = 65536, HOLD_INTERVAL_MS = 20, HOLD_RECONNECT_MS = 1000 };

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

static const char *outcome_word(enum outcome outcome)
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

struct client {
        const char *server, *export;
        int timeout_ms;
        int uid, gid; /* -1: those of the process */
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
        char *bytes; /* of a read: where to copy them, READ_SIZE */
        char error[256];
};

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_answer(int status, struct nfs_context *nfs, void *data, void *context)
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

/* Forgets the connection; calls in flight are answered with a failure while their struct answer is alive. */
static void client_drop(struct client *client)
{
        if (client->nfs)
                nfs_destroy_context(client->nfs);
        client->nfs = NULL;
}

/* Drives the connection until `answer` is there or `deadline` (monotonic) has passed. */
static enum outcome client_wait(struct client *client, struct answer *answer, int64_t deadline)
{
        while (!answer->done) {
                int64_t left = deadline - now_ms();

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

/* Waits for a call that was queued with `queued`. A call that got no answer takes its connection with it, so
 * that nothing writes into `answer` later. */
static enum outcome client_finish(struct client *client, int queued, struct answer *answer)
{
        enum outcome outcome;

        client->detail[0] = '\0';
        if (queued < 0) {
                snprintf(client->detail, sizeof client->detail, "%s", nfs_get_error(client->nfs));
                return outcome_of(queued, client->detail);
        }
        outcome = client_wait(client, answer, now_ms() + client->timeout_ms);
        if (!answer->done)
                client_drop(client);
        return outcome;
}

static enum outcome client_mount(struct client *client)
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
                client, nfs_mount_async(client->nfs, client->server, client->export, on_answer, &answer), &answer);
}

static enum outcome client_stat(struct client *client, const char *path, struct nfs_stat_64 *stat)
{
        struct answer answer = { .wants_stat = true };
        enum outcome outcome =
                client_finish(client, nfs_stat64_async(client->nfs, path, on_answer, &answer), &answer);

        if (outcome == OUTCOME_OK)
                *stat = answer.stat;
        return outcome;
}

static enum outcome client_open(struct client *client, const char *path, int flags, struct nfsfh **handle)
{
        struct answer answer = { 0 };
        enum outcome outcome =
                client_finish(client, nfs_open_async(client->nfs, path, flags, on_answer, &answer), &answer);

        if (outcome == OUTCOME_OK)
                *handle = answer.data;
        return outcome;
}

static enum outcome client_create(struct client *client, const char *path, struct nfsfh **handle)
{
        struct answer answer = { 0 };
        enum outcome outcome =
                client_finish(client, nfs_creat_async(client->nfs, path, 0644, on_answer, &answer), &answer);

        if (outcome == OUTCOME_OK)
                *handle = answer.data;
        return outcome;
}

static enum outcome client_close(struct client *client, struct nfsfh *handle)
{
        struct answer answer = { 0 };

        return client_finish(client, nfs_close_async(client->nfs, handle, on_answer, &answer), &answer);
}

/* Reads up to READ_SIZE bytes; *length = 0 at the end of the file. */
static enum outcome client_read(struct client *client, struct nfsfh *handle, uint64_t offset, uint64_t count,
                                char *bytes, size_t *length)
{
        struct answer answer = { .wants_bytes = true, .bytes = bytes };
        enum outcome outcome = client_finish(
                client, nfs_pread_async(client->nfs, handle, offset, count, on_answer, &answer), &answer);

        *length = outcome == OUTCOME_OK ? (size_t)answer.status : 0;
        return outcome;
}

static enum outcome client_write(struct client *client, struct nfsfh *handle, uint64_t offset, const char *bytes,
                                 size_t length, size_t *written)
{
        struct answer answer = { 0 };
        enum outcome outcome = client_finish(
                client, nfs_pwrite_async(client->nfs, handle, offset, length, bytes, on_answer, &answer), &answer);

        *written = outcome == OUTCOME_OK ? (size_t)answer.status : 0;
        return outcome;
}

static enum outcome command_cat(struct client *client, char **arguments)
{
        static char bytes[READ_SIZE];
        struct nfsfh *handle = NULL;
        size_t length = 0;
        uint64_t offset = 0;
        enum outcome outcome = client_open(client, arguments[0], O_RDONLY, &handle);

        if (outcome != OUTCOME_OK)
                return outcome;
        do {
                outcome = client_read(client, handle, offset, READ_SIZE, bytes, &length);
                offset += length;
                if (length > 0 && fwrite(bytes, 1, length, stdout) != length)
                        outcome = OUTCOME_FAILED;
        } while (outcome == OUTCOME_OK && length > 0);
        if (outcome == OUTCOME_OK)
                outcome = client_close(client, handle);
        return outcome;
}

static enum outcome put_standard_input(struct client *client, struct nfsfh *handle)
{
        char bytes[WRITE_SIZE];
        enum outcome outcome = OUTCOME_OK;
        uint64_t offset = 0;
        size_t length;

        while (outcome == OUTCOME_OK && (length = fread(bytes, 1, sizeof bytes, stdin)) > 0)
                for (size_t at = 0, written = 0; at < length && outcome == OUTCOME_OK; at += written) {
                        outcome = client_write(client, handle, offset, bytes + at, length - at, &written);
                        if (outcome == OUTCOME_OK && written == 0)
                                outcome = OUTCOME_FAILED;
                        offset += written;
                }
        return outcome;
}

/* Makes an empty file, 0644: libnfs 4.0 drops the mode that creat is given. */
static enum outcome make_file(struct client *client, const char *path)
{
        struct answer answer = { 0 };
        struct nfsfh *handle = NULL;
        enum outcome outcome = client_create(client, path, &handle);

        if (outcome == OUTCOME_OK)
                outcome = client_close(client, handle);
        if (outcome != OUTCOME_OK)
                return outcome;
        return client_finish(client, nfs_chmod_async(client->nfs, path, 0644, on_answer, &answer), &answer);
}

static enum outcome command_put(struct client *client, char **arguments)
{
        struct nfs_stat_64 stat;
        struct nfsfh *handle = NULL;
        enum outcome outcome = client_stat(client, arguments[0], &stat);

        if (outcome == OUTCOME_NOENT)
                outcome = make_file(client, arguments[0]);
        if (outcome == OUTCOME_OK)
                outcome = client_open(client, arguments[0], O_RDWR | O_TRUNC, &handle);
        if (outcome != OUTCOME_OK)
                return outcome;
        outcome = put_standard_input(client, handle);
        if (outcome == OUTCOME_OK)
                outcome = client_close(client, handle);
        return outcome;
}

static enum outcome command_ls(struct client *client, char **arguments)
{
        struct answer answer = { 0 };
        enum outcome outcome =
                client_finish(client, nfs_opendir_async(client->nfs, arguments[0], on_answer, &answer), &answer);
        const struct nfsdirent *entry;

        if (outcome != OUTCOME_OK)
                return outcome;
        while ((entry = nfs_readdir(client->nfs, answer.data)))
                if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
                        puts(entry->name);
        nfs_closedir(client->nfs, answer.data);
        return outcome;
}

static enum outcome command_stat(struct client *client, char **arguments)
{
        struct nfs_stat_64 stat;
        enum outcome outcome = client_stat(client, arguments[0], &stat);

        if (outcome == OUTCOME_OK)
                printf("mode=%06" PRIo64 " uid=%" PRIu64 " gid=%" PRIu64 " size=%" PRIu64 "\n", stat.nfs_mode,
                       stat.nfs_uid, stat.nfs_gid, stat.nfs_size);
        return outcome;
}

static enum outcome command_rm(struct client *client, char **arguments)
{
        struct answer answer = { 0 };

        return client_finish(client, nfs_unlink_async(client->nfs, arguments[0], on_answer, &answer), &answer);
}

/* A file or directory that is looked at again and again. */
struct hold {
        struct client *client;
        const char *path;
        struct nfsfh *handle; /* of a file: kept open, so that it is the open file that is tried */
        bool is_open;
        enum outcome seen;
        int64_t started;
};

static void hold_show(struct hold *hold, enum outcome outcome)
{
        struct timespec wall;
        int64_t elapsed = now_ms() - hold->started;

        if (outcome == hold->seen)
                return;
        hold->seen = outcome;
        clock_gettime(CLOCK_REALTIME, &wall);
        printf("%lld.%03ld +%" PRId64 ".%03" PRId64 " %s%s%s\n", (long long)wall.tv_sec, wall.tv_nsec / 1000000,
               elapsed / 1000, elapsed % 1000, outcome_word(outcome), outcome == OUTCOME_OK ? "" : ": ",
               outcome == OUTCOME_OK ? "" : hold->client->detail);
        fflush(stdout);
}

/* Mounts, when there is no connection, and opens a file once. */
static enum outcome hold_prepare(struct hold *hold)
{
        struct nfs_stat_64 stat;
        enum outcome outcome = OUTCOME_OK;

        if (hold->client->nfs && hold->is_open)
                return OUTCOME_OK;
        hold->is_open = false;
        hold->handle = NULL;
        client_drop(hold->client);
        outcome = client_mount(hold->client);
        if (outcome == OUTCOME_OK)
                outcome = client_stat(hold->client, hold->path, &stat);
        if (outcome == OUTCOME_OK && S_ISREG(stat.nfs_mode))
                outcome = client_open(hold->client, hold->path, O_RDONLY, &hold->handle);
        hold->is_open = outcome == OUTCOME_OK;
        return outcome;
}

/* One operation. While there is no answer the connection is kept, as a hard mount would, and the state shown is
 * "no answer". */
static enum outcome hold_try(struct hold *hold, int64_t end)
{
        struct client *client = hold->client;
        char byte[1];
        struct answer answer = { .wants_bytes = hold->handle != NULL, .bytes = byte };
        enum outcome outcome;
        int queued = hold->handle ? nfs_pread_async(client->nfs, hold->handle, 0, 1, on_answer, &answer)
                                  : nfs_stat64_async(client->nfs, hold->path, on_answer, &answer);

        if (queued < 0)
                return OUTCOME_UNREACHABLE;
        outcome = client_wait(client, &answer, now_ms() + 5 * HOLD_INTERVAL_MS);
        while (outcome == OUTCOME_TIMEOUT && now_ms() < end) {
                snprintf(client->detail, sizeof client->detail, "the connection is kept");
                hold_show(hold, OUTCOME_TIMEOUT);
                outcome = client_wait(client, &answer, now_ms() + HOLD_INTERVAL_MS);
        }
        if (!answer.done)
                client_drop(client);
        return outcome;
}

static enum outcome command_hold(struct client *client, char **arguments)
{
        struct hold hold = { .client = client, .path = arguments[0], .seen = (enum outcome) - 1 };
        int64_t end;

        hold.started = now_ms();
        end = hold.started + (int64_t)(strtod(arguments[1], NULL) * 1000);
        client->timeout_ms = client->timeout_ms < HOLD_RECONNECT_MS ? client->timeout_ms : HOLD_RECONNECT_MS;
        while (now_ms() < end) {
                int64_t next = now_ms() + HOLD_INTERVAL_MS;
                enum outcome outcome = hold_prepare(&hold);

                if (outcome == OUTCOME_OK)
                        outcome = hold_try(&hold, end);
                hold_show(&hold, outcome);
                if (outcome == OUTCOME_STALE || outcome == OUTCOME_UNREACHABLE)
                        client_drop(client); /* libnfs 4.0 never finds out that the export came back */
                if (next > now_ms())
                        poll(NULL, 0, (int)(next - now_ms()));
        }
        return hold.seen;
}

static const struct command {
        const char *name, *arguments, *help;
        int argument_count;
        bool mounts_itself;
        enum outcome (*run)(struct client *client, char **arguments);
} commands[] = {
        { "cat", "PATH", "write the file to standard output", 1, false, command_cat },
        { "put", "PATH", "write standard input to the file", 1, false, command_put },
        { "ls", "PATH", "list the directory, one name a line", 1, false, command_ls },
        { "stat", "PATH", "show mode, owner and size", 1, false, command_stat },
        { "rm", "PATH", "remove the file", 1, false, command_rm },
        { "hold", "PATH SECONDS", "try every 20 ms (a file is kept open), a line for each change", 2, true,
          command_hold },
};

static void show_help(FILE *to)
{
        fprintf(to, "usage: nfs4-client [--timeout SECONDS] [--uid N] [--gid N] SERVER EXPORT COMMAND...\n"
                    "Paths are below EXPORT and begin with /. Commands:\n");
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                fprintf(to, "  %s %-14s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
        fprintf(to, "Exit codes: 0 ok, 1 failed, 2 usage, 10 NOENT (not there, or hidden from this client), "
                    "11 ACCESS,\n12 ROFS, 13 STALE, 14 GRACE (try again), 20 unreachable, 21 no answer within "
                    "--timeout (10 s).\n"
                    "hold ends with the code of the last state.\n");
}

/* Reads options into `client`; the index of the first other argument, or -1. */
static int parse_options(int count, char **arguments, struct client *client)
{
        static const struct option options[] = { { "timeout", required_argument, NULL, 't' },
                                                 { "uid", required_argument, NULL, 'u' },
                                                 { "gid", required_argument, NULL, 'g' },
                                                 { "help", no_argument, NULL, 'h' },
                                                 { NULL, 0, NULL, 0 } };
        int option;

        while ((option = getopt_long(count, arguments, "+", options, NULL)) != -1)
                switch (option) {
                case 't':
                        client->timeout_ms = (int)(strtod(optarg, NULL) * 1000);
                        break;
                case 'u':
                        client->uid = atoi(optarg);
                        break;
                case 'g':
                        client->gid = atoi(optarg);
                        break;
                case 'h':
                        show_help(stdout);
                        exit(OUTCOME_OK);
                default:
                        return -1;
                }
        return optind;
}

static const struct command *find_command(int count, char **arguments)
{
        for (size_t i = 0; count > 0 && i < ARRAY_SIZE(commands); i++)
                if (strcmp(arguments[0], commands[i].name) == 0 && count - 1 == commands[i].argument_count)
                        return &commands[i];
        return NULL;
}

int main(int count, char **arguments)
{
        struct client client = { .timeout_ms = 10000, .uid = -1, .gid = -1 };
        int first = parse_options(count, arguments, &client);
        const struct command *command = first < 0 ? NULL : find_command(count - first - 2, arguments + first + 2);
        enum outcome outcome = OUTCOME_OK;

        if (!command) {
                show_help(stderr);
                return OUTCOME_USAGE;
        }
        client.server = arguments[first];
        client.export = arguments[first + 1];
        if (!command->mounts_itself)
                outcome = client_mount(&client);
        if (outcome == OUTCOME_OK)
                outcome = command->run(&client, arguments + first + 3);
        if (outcome != OUTCOME_OK && !command->mounts_itself)
                fprintf(stderr, "nfs4-client: %s %s:%s: %s: %s\n", command->name, client.server, client.export,
                        outcome_word(outcome), client.detail);
        client_drop(&client);
        if (fflush(stdout) != 0 && outcome == OUTCOME_OK)
                outcome = OUTCOME_FAILED;
        return (int)outcome;
}
