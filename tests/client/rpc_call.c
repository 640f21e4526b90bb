/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rpc-call: an RPC client without manners, for the tests that try to break in. It makes one call of any program,
 * or GlusterFS's GETSPEC for any volfile id, and says by its exit code whether it was answered or could not
 * connect.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/client/rpc_wire.h"

enum { KEY_MAX = 4096 };

#define GETSPEC_PROGRAM 14398633 /* GlusterFS 10, rpc/rpc-lib/src/protocol-common.h */

/* Without it glusterd takes the caller for a client of the year 2011 and keeps the volfiles of volumes from it: a
 * dictionary of two strings, each as key length, value length, key, NUL, value, NUL. */
static const char versions[] = "\0\0\0\2"
                               "\0\0\0\16\0\0\0\2min-op-version\0"
                               "1\0"
                               "\0\0\0\16\0\0\0\7max-op-version\0"
                               "100000";

enum { CALL_WORDS_MAX = 16 + KEY_MAX / 4 + (sizeof versions + 3) / 4 };

struct call {
        uint32_t program, version, procedure;
        const char *key; /* of GETSPEC; NULL: no arguments */
};

/* Appends an XDR string or opaque; the new length in words. */
static size_t opaque_add(uint32_t *words, size_t count, const char *bytes, size_t length)
{
        words[count++] = htonl((uint32_t)length);
        words[count + length / 4] = 0;
        memcpy(words + count, bytes, length);
        return count + (length + 3) / 4;
}

/* The call with AUTH_NONE, its record mark first; its length in words. GETSPEC: flags, key, dictionary. */
static size_t call_render(const struct call *call, uint32_t words[CALL_WORDS_MAX])
{
        const uint32_t header[] = {
                7 /* xid */, 0 /* a call */, 2, call->program, call->version, call->procedure, 0, 0, 0, 0
        };
        size_t count = 1;

        for (size_t i = 0; i < ARRAY_SIZE(header); i++)
                words[count++] = htonl(header[i]);
        if (call->key) {
                words[count++] = htonl(0);
                count = opaque_add(words, count, call->key, strlen(call->key));
                count = opaque_add(words, count, versions, sizeof versions);
        }
        words[0] = htonl(LAST_FRAGMENT | (uint32_t)((count - 1) * sizeof *words));
        return count;
}

/* GETSPEC's results: length or -1, errno, the volfile. */
static enum outcome volfile_show(const struct record *record)
{
        size_t length = word_at(record, REPLY_WORDS + 2), start = (REPLY_WORDS + 3) * sizeof(uint32_t);

        if ((int32_t)word_at(record, REPLY_WORDS) < 0) {
                printf("refused: errno %u\n", word_at(record, REPLY_WORDS + 1));
                return OUTCOME_REFUSED;
        }
        if (start > record->length || length > record->length - start)
                return OUTCOME_FAILED;
        fwrite(record->bytes + start, 1, length, stdout);
        return OUTCOME_OK;
}

/* RFC 5531, 9: message accepted (0), verifier (2 words), accept_stat. */
static enum outcome reply_show(const struct call *call, const struct record *record)
{
        static const char *const words[] = { "success",           "program unavailable",
                                             "version mismatch",  "procedure unavailable",
                                             "garbage arguments", "system error" };
        uint32_t state = word_at(record, REPLY_WORDS - 1);

        if (record->length < REPLY_WORDS * sizeof(uint32_t) || word_at(record, 2) != 0) {
                puts("call denied");
                return OUTCOME_REFUSED;
        }
        if (state == 0 && call->key)
                return volfile_show(record);
        puts(state < ARRAY_SIZE(words) ? words[state] : "unknown state");
        return state == 0 ? OUTCOME_OK : OUTCOME_REFUSED;
}

static enum outcome call_make(int fd, const struct call *call)
{
        static uint32_t words[CALL_WORDS_MAX];
        static struct record record;
        size_t length = call_render(call, words) * sizeof *words;
        enum outcome outcome;

        if (send(fd, words, length, MSG_NOSIGNAL) != (ssize_t)length)
                return OUTCOME_UNREACHABLE;
        outcome = reply_take(fd, &record);
        return outcome == OUTCOME_OK ? reply_show(call, &record) : outcome;
}

static const char *outcome_word(enum outcome outcome)
{
        return outcome == OUTCOME_UNREACHABLE ? "cut off" : outcome == OUTCOME_NO_ANSWER ? "no answer" : "failed";
}

/* The same call on the same connection, once for each byte of standard input. */
static enum outcome call_repeat(int fd, const struct call *call)
{
        enum outcome outcome = OUTCOME_OK;

        while (getchar() != EOF) {
                outcome = call_make(fd, call);
                if (outcome != OUTCOME_OK && outcome != OUTCOME_REFUSED)
                        puts(outcome_word(outcome));
                fflush(stdout);
        }
        return outcome;
}

/* The same call on COUNT connections at once; says how long it took until all were answered. */
static enum outcome call_at_once(const char *host, const char *port, const struct call *call, size_t count)
{
        static uint32_t words[CALL_WORDS_MAX];
        static struct record record;
        size_t length = call_render(call, words) * sizeof *words;
        AUTO_FREE int *fds = memory_new(count, sizeof *fds);
        enum outcome outcome = OUTCOME_OK;
        struct timespec began, ended;

        clock_gettime(CLOCK_MONOTONIC, &began);
        for (size_t i = 0; i < count; i++) {
                fds[i] = server_connect(host, port);
                if (fds[i] < 0 || send(fds[i], words, length, MSG_NOSIGNAL) != (ssize_t)length)
                        return OUTCOME_UNREACHABLE;
        }
        for (size_t i = 0; i < count && outcome == OUTCOME_OK; i++) {
                outcome = reply_take(fds[i], &record);
                if (outcome == OUTCOME_OK && (int32_t)word_at(&record, REPLY_WORDS) <= 0)
                        outcome = OUTCOME_REFUSED;
        }
        clock_gettime(CLOCK_MONOTONIC, &ended);
        if (outcome == OUTCOME_OK)
                printf("%.3f ms\n", (double)(ended.tv_sec - began.tv_sec) * 1e3 +
                                            (double)(ended.tv_nsec - began.tv_nsec) / 1e6);
        return outcome;
}

static enum outcome usage(void)
{
        fprintf(stderr,
                "usage: rpc-call HOST PORT getspec KEY [COUNT] | PROGRAM VERSION PROCEDURE [repeat]\n"
                "COUNT: over as many connections at once; says how long it took.\n"
                "repeat: connects, then makes the call for each byte of standard input.\n"
                "Exit codes: 0 answered, 1 failed, 2 usage, 10 refused by the server, 20 unreachable or cut "
                "off,\n21 no answer in 10 s.\n");
        return OUTCOME_USAGE;
}

int main(int count, char **words)
{
        struct call call = { .program = GETSPEC_PROGRAM, .version = 2, .procedure = 2 };
        bool repeat = count == 7 && strcmp(words[6], "repeat") == 0;
        enum outcome outcome;
        int fd;

        if (count >= 5 && strcmp(words[3], "getspec") == 0 && strlen(words[4]) <= KEY_MAX)
                call.key = words[4];
        else if (count == 6 || repeat)
                call = (struct call){ .program = (uint32_t)strtoul(words[3], NULL, 10),
                                      .version = (uint32_t)strtoul(words[4], NULL, 10),
                                      .procedure = (uint32_t)strtoul(words[5], NULL, 10) };
        else
                return (int)usage();
        if (call.key && count == 6)
                return (int)call_at_once(words[1], words[2], &call, strtoul(words[5], NULL, 10));
        fd = server_connect(words[1], words[2]);
        if (fd < 0)
                return OUTCOME_UNREACHABLE;
        outcome = repeat ? call_repeat(fd, &call) : call_make(fd, &call);
        close(fd);
        return fflush(stdout) == 0 ? (int)outcome : OUTCOME_FAILED;
}
