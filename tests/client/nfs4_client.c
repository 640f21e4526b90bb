/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nfs4-client: a small NFSv4 client for scenario tests and the demo, which run where the kernel has none. It
 * says by its exit code whether the server refused, and with what, or could not be reached.
 *
 * libnfs 4.0 speaks NFSv4.0 only; over it writes of 2 KiB and more cannot be encoded, and the handle that creat
 * gives cannot be written to (NFS4ERR_OPENMODE), so a file is created, closed and opened again.
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/memory.h"
#include "tests/client/nfs4_calls.h"

enum { WRITE_SIZE = 1024, READ_SIZE = 65536, HOLD_INTERVAL_MS = 20, HOLD_RECONNECT_MS = 1000 };

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
        return client_finish(client, nfs_chmod_async(client->nfs, path, 0644, client_on_answer, &answer), &answer);
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
        enum outcome outcome = client_finish(
                client, nfs_opendir_async(client->nfs, arguments[0], client_on_answer, &answer), &answer);
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

        return client_finish(client, nfs_unlink_async(client->nfs, arguments[0], client_on_answer, &answer),
                             &answer);
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
        int64_t elapsed = client_now_ms() - hold->started;

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
        int queued = hold->handle ? nfs_pread_async(client->nfs, hold->handle, 0, 1, client_on_answer, &answer)
                                  : nfs_stat64_async(client->nfs, hold->path, client_on_answer, &answer);

        if (queued < 0)
                return OUTCOME_UNREACHABLE;
        outcome = client_wait(client, &answer, client_now_ms() + 5 * HOLD_INTERVAL_MS);
        while (outcome == OUTCOME_TIMEOUT && client_now_ms() < end) {
                snprintf(client->detail, sizeof client->detail, "the connection is kept");
                hold_show(hold, OUTCOME_TIMEOUT);
                outcome = client_wait(client, &answer, client_now_ms() + HOLD_INTERVAL_MS);
        }
        if (!answer.done)
                client_drop(client);
        return outcome;
}

static enum outcome command_hold(struct client *client, char **arguments)
{
        struct hold hold = { .client = client, .path = arguments[0], .seen = (enum outcome) - 1 };
        int64_t end;

        hold.started = client_now_ms();
        end = hold.started + (int64_t)(strtod(arguments[1], NULL) * 1000);
        client->timeout_ms = client->timeout_ms < HOLD_RECONNECT_MS ? client->timeout_ms : HOLD_RECONNECT_MS;
        while (client_now_ms() < end) {
                int64_t next = client_now_ms() + HOLD_INTERVAL_MS;
                bool is_open = client->nfs && hold.is_open;
                enum outcome outcome = hold_prepare(&hold);

                if (outcome == OUTCOME_OK)
                        outcome = hold_try(&hold, end);
                if (outcome == OUTCOME_UNREACHABLE && is_open && client->is_hard) {
                        client_drop(client);
                        continue;
                }
                hold_show(&hold, outcome);
                if (outcome == OUTCOME_STALE || outcome == OUTCOME_UNREACHABLE)
                        client_drop(client); /* libnfs 4.0 never finds out that the export came back */
                if (next > client_now_ms())
                        poll(NULL, 0, (int)(next - client_now_ms()));
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
        fprintf(to,
                "usage: nfs4-client [--timeout SECONDS] [--uid N] [--gid N] [--hard] SERVER EXPORT COMMAND...\n"
                "Paths are below EXPORT and begin with /. Commands:\n");
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                fprintf(to, "  %s %-14s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
        fprintf(to, "Exit codes: 0 ok, 1 failed, 2 usage, 10 NOENT (not there, or hidden from this client), "
                    "11 ACCESS,\n12 ROFS, 13 STALE, 14 GRACE (try again), 20 unreachable, 21 no answer within "
                    "--timeout (10 s).\n"
                    "hold ends with the code of the last state; with --hard it says nothing of a connection that "
                    "ends, and\n"
                    "makes it again, as a hard mount does.\n");
}

/* Reads options into `client`; the index of the first other argument, or -1. */
static int parse_options(int count, char **arguments, struct client *client)
{
        static const struct option options[] = {
                { "timeout", required_argument, NULL, 't' }, { "uid", required_argument, NULL, 'u' },
                { "gid", required_argument, NULL, 'g' },     { "hard", no_argument, NULL, 'H' },
                { "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 }
        };
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
                case 'H':
                        client->is_hard = true;
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
