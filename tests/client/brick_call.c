/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * brick-call: a client of one brick that keeps to no rules, for the tests that try to break in. It does one step
 * after another and says of each what the brick answered. Shapes and numbers: GlusterFS 10, rpc/xdr/src/
 * glusterfs3-xdr.x, rpc/rpc-lib/src/protocol-common.h and xdr-rpc.h.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "protocols/gluster/gluster_dict.h"
#include "tests/client/rpc_wire.h"

#define HANDSHAKE_PROGRAM 14398633
#define FOPS_PROGRAM 1298437
#define FOPS_VERSION 330
#define AUTH_GLUSTERFS_V2 390039

enum {
        HANDSHAKE_SETVOLUME = 1,
        FOP_TRUNCATE = 10,
        FOP_OPEN = 11,
        FOP_READ = 12,
        FOP_OPENDIR = 20,
        FOP_LOOKUP = 27,
        FOP_READDIR = 28
};
enum { GFID_BYTES = 16, IATT_WORDS = 25, READ_BYTES = 65536 };

struct session {
        const char *host, *port, *brick;
        int socket;                     /* -1: none yet */
        char name[64];                  /* process-uuid: whom the brick takes this client for */
        unsigned char gfid[GFID_BYTES]; /* of what was looked up last */
        struct record reply;
        size_t results; /* index of the first word of the results in `reply` */
};

static void put_number(struct text *call, uint32_t number)
{
        number = htonl(number);
        text_add_bytes(call, &number, sizeof number);
}

static void put_opaque(struct text *call, const void *bytes, size_t length)
{
        put_number(call, (uint32_t)length);
        text_add_bytes(call, bytes, length);
        text_add_bytes(call, "\0\0\0", (4 - length % 4) % 4);
}

/* As a client of the file system is known: the user root, no process, no groups, no owner of locks. */
static void put_header(struct text *call, uint32_t program, uint32_t version, uint32_t procedure)
{
        const uint32_t words[] = { 7 /* xid */,
                                   0 /* a call */,
                                   2,
                                   program,
                                   version,
                                   procedure,
                                   AUTH_GLUSTERFS_V2,
                                   20,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0 /* no verifier */,
                                   0 };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                put_number(call, words[i]);
}

static const char *outcome_word(enum outcome outcome)
{
        return outcome == OUTCOME_UNREACHABLE ? "cut off" : outcome == OUTCOME_NO_ANSWER ? "no answer" : "failed";
}

static int32_t result_at(const struct session *session, size_t index)
{
        return (int32_t)word_at(&session->reply, session->results + index);
}

/* Makes the call. OK: results are there; prints anything else. */
static enum outcome call_make(struct session *session, const struct text *call)
{
        static const char *const states[] = { "success",           "program unavailable",
                                              "version mismatch",  "procedure unavailable",
                                              "garbage arguments", "system error" };
        int *fd = &session->socket;
        uint32_t mark = htonl(LAST_FRAGMENT | (uint32_t)call->length), state;
        enum outcome outcome = OUTCOME_OK;

        if (*fd < 0)
                *fd = server_connect(session->host, session->port);
        if (*fd < 0) {
                puts("no connection");
                return OUTCOME_UNREACHABLE;
        }
        if (send(*fd, &mark, sizeof mark, MSG_NOSIGNAL | MSG_MORE) != sizeof mark ||
            send(*fd, call->data, call->length, MSG_NOSIGNAL) != (ssize_t)call->length)
                outcome = OUTCOME_UNREACHABLE;
        if (outcome == OUTCOME_OK)
                outcome = reply_take(*fd, &session->reply);
        if (outcome != OUTCOME_OK) {
                puts(outcome_word(outcome));
                return outcome;
        }
        session->results = REPLY_WORDS + word_at(&session->reply, REPLY_WORDS - 2) / 4; /* after the verifier */
        state = word_at(&session->reply, session->results - 1);
        if (word_at(&session->reply, 2) == 0 && state == 0)
                return OUTCOME_OK;
        puts(word_at(&session->reply, 2)  ? "call denied"
             : state < ARRAY_SIZE(states) ? states[state]
                                          : "unknown state");
        return OUTCOME_REFUSED;
}

/* The same, of a procedure whose results begin with two numbers: done or not, and why not. */
static enum outcome call_answer(struct session *session, const struct text *call)
{
        enum outcome outcome = call_make(session, call);

        if (outcome != OUTCOME_OK)
                return outcome;
        if (result_at(session, 0) >= 0)
                return OUTCOME_OK;
        printf("errno %d\n", result_at(session, 1));
        return OUTCOME_REFUSED;
}

static void put_dict(struct text *call, const struct gluster_dict *dict)
{
        AUTO_TEXT struct text wire = { 0 };

        gluster_dict_render(dict, &wire);
        put_opaque(call, text_get(&wire), wire.length);
}

static enum outcome step_mount(struct session *session, char **words)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        AUTO_TEXT struct text call = { 0 };
        enum outcome outcome;

        gluster_dict_add(&dict, "remote-subvolume", session->brick);
        gluster_dict_add(&dict, "process-uuid", session->name);
        gluster_dict_add(&dict, "fops-version", "1298437");
        gluster_dict_add(&dict, "mgmt-version", "0");
        gluster_dict_add(&dict, "opversion", "100000");
        gluster_dict_add(&dict, "clnt-lk-version", "1");
        if (strcmp(words[0], "-") != 0)
                gluster_dict_add(&dict, "subdir-mount", words[0]);
        put_header(&call, HANDSHAKE_PROGRAM, 2, HANDSHAKE_SETVOLUME);
        put_dict(&call, &dict);
        outcome = call_answer(session, &call);
        if (outcome == OUTCOME_OK)
                puts("admitted");
        return outcome;
}

/* "root", "@" for what was looked up last, or 32 digits. False: none of these. */
static bool gfid_take(const struct session *session, const char *word, unsigned char gfid[GFID_BYTES])
{
        memset(gfid, 0, GFID_BYTES);
        if (strcmp(word, "@") == 0)
                memcpy(gfid, session->gfid, GFID_BYTES);
        else if (strcmp(word, "root") == 0)
                gfid[GFID_BYTES - 1] = 1;
        else if (strlen(word) != 2 * GFID_BYTES || word[strspn(word, "0123456789abcdef")])
                return false;
        else
                for (size_t i = 0; i < GFID_BYTES; i++)
                        sscanf(word + 2 * i, "%2hhx", &gfid[i]);
        return true;
}

/* Begins a call about a file: its header and the file's identifier. */
static bool file_call(const struct session *session, uint32_t procedure, const char *word, struct text *call)
{
        unsigned char gfid[GFID_BYTES];

        if (!gfid_take(session, word, gfid))
                return false;
        put_header(call, FOPS_PROGRAM, FOPS_VERSION, procedure);
        text_add_bytes(call, gfid, sizeof gfid);
        return true;
}

/* Asks for an identifier to be given to what has none: as each client does when it looks something up. */
static void put_wish(struct text *call)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { .count = 1 };
        unsigned char wish[GFID_BYTES];

        if (getrandom(wish, sizeof wish, 0) != sizeof wish)
                abort();
        put_number(&dict.pairs, sizeof "gfid-req" - 1);
        put_number(&dict.pairs, sizeof wish);
        text_add_bytes(&dict.pairs, "gfid-req", sizeof "gfid-req");
        text_add_bytes(&dict.pairs, wish, sizeof wish);
        put_dict(call, &dict);
}

/* lookup PARENT NAME, or lookup GFID "" */
static enum outcome step_lookup(struct session *session, char **words)
{
        static const unsigned char none[GFID_BYTES];
        AUTO_TEXT struct text call = { 0 };
        unsigned char gfid[GFID_BYTES];
        enum outcome outcome;

        if (!gfid_take(session, words[0], gfid))
                return OUTCOME_USAGE;
        put_header(&call, FOPS_PROGRAM, FOPS_VERSION, FOP_LOOKUP);
        text_add_bytes(&call, words[1][0] ? none : gfid, GFID_BYTES);
        text_add_bytes(&call, words[1][0] ? gfid : none, GFID_BYTES);
        put_number(&call, 0);
        put_opaque(&call, words[1], strlen(words[1]));
        put_wish(&call);
        outcome = call_answer(session, &call);
        if (outcome != OUTCOME_OK)
                return outcome;
        memcpy(session->gfid, session->reply.bytes + (session->results + 2) * 4, GFID_BYTES);
        fputs("found ", stdout);
        for (size_t i = 0; i < GFID_BYTES; i++)
                printf("%02x", session->gfid[i]);
        putchar('\n');
        return OUTCOME_OK;
}

/* Opens, and goes on with a call about what is open, which `call` becomes. */
static enum outcome open_first(struct session *session, const char *word, bool directory, struct text *call)
{
        AUTO_TEXT struct text open = { 0 };
        enum outcome outcome;

        if (!file_call(session, directory ? FOP_OPENDIR : FOP_OPEN, word, &open))
                return OUTCOME_USAGE;
        if (!directory)
                put_number(&open, 0); /* O_RDONLY */
        put_number(&open, 0);
        outcome = call_answer(session, &open);
        if (outcome != OUTCOME_OK)
                return outcome;
        file_call(session, directory ? FOP_READDIR : FOP_READ, word, call);
        put_number(call, (uint32_t)result_at(session, 2));
        put_number(call, (uint32_t)result_at(session, 3));
        put_number(call, 0);
        put_number(call, 0); /* from the beginning */
        put_number(call, READ_BYTES);
        if (!directory)
                put_number(call, 0);
        put_number(call, 0);
        return OUTCOME_OK;
}

/* list GFID: the names in a directory, but its own and its parent's */
static enum outcome step_list(struct session *session, char **words)
{
        AUTO_TEXT struct text call = { 0 };
        enum outcome outcome = open_first(session, words[0], true, &call);
        size_t at = 2;

        if (outcome == OUTCOME_OK)
                outcome = call_answer(session, &call);
        if (outcome != OUTCOME_OK)
                return outcome;
        fputs("listed", stdout);
        while (result_at(session, at) == 1) {
                uint32_t length = (uint32_t)result_at(session, at + 7);
                const char *name = (const char *)session->reply.bytes + (session->results + at + 8) * 4;

                if (length > session->reply.length ||
                    name + length > (const char *)session->reply.bytes + session->reply.length)
                        break;
                if (name[0] != '.')
                        printf(" %.*s", (int)length, name);
                at += 8 + (length + 3) / 4;
        }
        putchar('\n');
        return OUTCOME_OK;
}

/* read GFID: the first line of a file */
static enum outcome step_read(struct session *session, char **words)
{
        AUTO_TEXT struct text call = { 0 };
        enum outcome outcome = open_first(session, words[0], false, &call);
        size_t start, length;

        if (outcome == OUTCOME_OK)
                outcome = call_answer(session, &call);
        if (outcome != OUTCOME_OK)
                return outcome;
        length = (size_t)result_at(session, 0);
        start = session->reply.length > length ? session->reply.length - length : 0;
        printf("read %.*s\n", (int)strcspn((char *)session->reply.bytes + start, "\n"),
               (char *)session->reply.bytes + start);
        return OUTCOME_OK;
}

/* truncate GFID: to nothing */
static enum outcome step_truncate(struct session *session, char **words)
{
        AUTO_TEXT struct text call = { 0 };
        enum outcome outcome;

        if (!file_call(session, FOP_TRUNCATE, words[0], &call))
                return OUTCOME_USAGE;
        put_number(&call, 0);
        put_number(&call, 0);
        put_number(&call, 0);
        outcome = call_answer(session, &call);
        if (outcome == OUTCOME_OK)
                puts("truncated");
        return outcome;
}

/* call PROGRAM VERSION PROCEDURE: without arguments */
static enum outcome step_call(struct session *session, char **words)
{
        AUTO_TEXT struct text call = { 0 };
        enum outcome outcome;

        put_header(&call, (uint32_t)strtoul(words[0], NULL, 10), (uint32_t)strtoul(words[1], NULL, 10),
                   (uint32_t)strtoul(words[2], NULL, 10));
        outcome = call_make(session, &call);
        if (outcome == OUTCOME_OK)
                puts("success");
        return outcome;
}

static enum outcome step_as(struct session *session, char **words)
{
        snprintf(session->name, sizeof session->name, "%s", words[0]);
        printf("as %s\n", session->name);
        return OUTCOME_OK;
}

static enum outcome step_subvolume(struct session *session, char **words)
{
        session->brick = words[0];
        printf("subvolume %s\n", session->brick);
        return OUTCOME_OK;
}

static const struct step {
        const char *word;
        int count; /* of words after it */
        enum outcome (*run)(struct session *session, char **words);
} steps[] = {
        { "mount", 1, step_mount }, { "lookup", 2, step_lookup },       { "list", 1, step_list },
        { "read", 1, step_read },   { "truncate", 1, step_truncate },   { "call", 3, step_call },
        { "as", 1, step_as },       { "subvolume", 1, step_subvolume },
};

static const struct step *step_find(const char *word)
{
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                if (strcmp(steps[i].word, word) == 0)
                        return &steps[i];
        return NULL;
}

static int usage(void)
{
        fprintf(stderr,
                "usage: brick-call HOST PORT BRICK STEP...\n"
                "mount DIRECTORY|-   as PROCESS-UUID   subvolume NAME   call PROGRAM VERSION PROCEDURE\n"
                "lookup GFID NAME|''   list GFID   read GFID   truncate GFID\n"
                "GFID: 32 digits, root, or @ for what was looked up last.\n"
                "Exit code of the last step: 0 done, 1 failed, 2 usage, 10 refused, 20 unreachable or cut off,\n"
                "21 no answer in 10 s.\n");
        return OUTCOME_USAGE;
}

/* A brick keeps what it knows of a client under its name: no two sessions share one unless they are told to. */
static void name_make(struct session *session)
{
        uint64_t number;

        if (getrandom(&number, sizeof number, 0) != sizeof number)
                abort();
        snprintf(session->name, sizeof session->name, "brick-call-%016" PRIx64, number);
}

int main(int count, char **words)
{
        static struct session session;
        enum outcome outcome = OUTCOME_USAGE;

        if (count < 5)
                return usage();
        session = (struct session){ .host = words[1], .port = words[2], .brick = words[3], .socket = -1 };
        name_make(&session);
        setvbuf(stdout, NULL, _IOLBF, 0);
        for (int at = 4; at < count;) {
                const struct step *step = step_find(words[at]);

                if (!step || at + step->count >= count)
                        return usage();
                outcome = step->run(&session, words + at + 1);
                if (outcome == OUTCOME_USAGE)
                        return usage();
                at += 1 + step->count;
        }
        return (int)outcome;
}
