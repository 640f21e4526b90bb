/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volfile_answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Not <rpc/rpc.h>: its portmapper's struct pmap is not ours. */
#include <rpc/types.h>
#include <rpc/xdr.h>
#include <rpc/auth.h>
#include <rpc/clnt_stat.h>
#include <rpc/clnt.h>
#include <rpc/rpc_msg.h>

#include "base/memory.h"
#include "protocols/gluster/access_list_text.h"
#include "protocols/gluster/volfile_filter.h"

#define LAST_FRAGMENT 0x80000000u /* RFC 5531, 11 */
#define NAME_BYTES_MAX 4096       /* of a volfile's key or a brick's path */
#define HEADER_BYTES 24           /* of an accepted reply without a verifier */

#define HANDSHAKE_PROGRAM 14398633
#define PORTMAP_PROGRAM 34123456
#define DUMP_PROGRAM 123451501
#define CALLBACK_PROGRAM 52743234
#define CALLBACK_FETCHSPEC 1

void volfile_served_fini(struct volfile_served *served)
{
        for (size_t i = 0; i < served->brick_count; i++)
                free(served->bricks[i].path);
        free(served->bricks);
        free(served->volume);
        free(served->text);
        *served = (struct volfile_served){ 0 };
}

int volfile_served_check(const struct volfile_served *served, struct fault *fault)
{
        const char *why = NULL;

        if (!served->volume || !access_volume_is_valid(served->volume))
                return fault_set(fault, FAULT_INVALID, "serve a volfile: no name of a volume");
        if (served->length == 0 || served->length > VOLFILE_SERVED_MAX)
                why = "it is empty or too long";
        else if (memchr(served->text, '\0', served->length))
                why = "there is a NUL in it";
        else if (memchr(served->text, '`', served->length))
                why = "there is a backtick in it, and clients execute what follows";
        else if (volfile_has_credentials(served->text, served->length))
                why = "there are credentials in it";
        else if (served->brick_count > VOLFILE_SERVED_BRICKS_MAX)
                why = "the volume has too many bricks on this node";
        return why ? fault_set(fault, FAULT_INVALID, "serve the volfile of %s: %s", served->volume, why) : 0;
}

/* A call's answer under way: arguments on one side, results on the other. */
struct answering {
        const struct volfile_served *served;
        XDR *arguments;
        XDR *results;
        bool is_volfile; /* the results are the client volfile */
};

/* Procedures return RFC 5531's accept_stat; a result that did not fit is a bug, since room is made beforehand. */
typedef enum accept_stat (*procedure)(struct answering *answering);

static bool put_words(XDR *xdr, const uint32_t *words, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                u_int word = words[i];

                if (!xdr_u_int(xdr, &word))
                        return false;
        }
        return true;
}

#define PUT_WORDS(xdr, ...) \
        put_words(xdr, (const uint32_t[]){ __VA_ARGS__ }, ARRAY_SIZE(((const uint32_t[]){ __VA_ARGS__ })))

/* Opaque data and strings are alike on the wire. */
static bool put_bytes(XDR *xdr, const char *bytes, size_t length)
{
        char *from = (char *)(uintptr_t)bytes;
        u_int count = (u_int)length;

        return xdr_bytes(xdr, &from, &count, count);
}

/* Takes a string into `name`, which gets a NUL after it; one that holds a NUL itself names nothing. */
static bool take_name(XDR *xdr, char name[NAME_BYTES_MAX + 1])
{
        u_int length = 0;

        if (!xdr_bytes(xdr, &name, &length, NAME_BYTES_MAX))
                return false;
        name[length] = '\0';
        if (strlen(name) != length)
                name[0] = '\0';
        return true;
}

static enum accept_stat nothing(struct answering *answering)
{
        (void)answering;
        return SUCCESS;
}

/* gf_common_rsp: op_ret, op_errno, an empty dictionary. */
static enum accept_stat ping(struct answering *answering)
{
        return PUT_WORDS(answering->results, 0, 0, 0) ? SUCCESS : SYSTEM_ERR;
}

/* gf_getspec_req: flags, key, a dictionary of the client's own, which nothing here depends on. gf_getspec_rsp:
 * op_ret (the length of the text), op_errno, text, dictionary. */
static enum accept_stat getspec(struct answering *answering)
{
        const struct volfile_served *served = answering->served;
        char key[NAME_BYTES_MAX + 1];
        u_int flags;

        if (!xdr_u_int(answering->arguments, &flags) || !take_name(answering->arguments, key))
                return GARBAGE_ARGS;
        if (!served->volume || strcmp(key + (key[0] == '/'), served->volume) != 0)
                return PUT_WORDS(answering->results, (uint32_t)-1, ENOENT, 0, 0) ? SUCCESS : SYSTEM_ERR;
        answering->is_volfile = true;
        return PUT_WORDS(answering->results, (uint32_t)served->length, 0) &&
                               put_bytes(answering->results, served->text, served->length) &&
                               PUT_WORDS(answering->results, 0)
                       ? SUCCESS
                       : SYSTEM_ERR;
}

/* pmap_port_by_brick_req: path. pmap_port_by_brick_rsp: op_ret, op_errno, status, port. A brick that does not run
 * is answered as one that is not there; the client asks again every three seconds. */
static enum accept_stat port_by_brick(struct answering *answering)
{
        const struct volfile_served *served = answering->served;
        char path[NAME_BYTES_MAX + 1];
        uint32_t port = 0;

        if (!take_name(answering->arguments, path))
                return GARBAGE_ARGS;
        for (size_t i = 0; i < served->brick_count && port == 0; i++)
                if (strcmp(served->bricks[i].path, path) == 0)
                        port = served->bricks[i].port;
        return PUT_WORDS(answering->results, port ? 0 : (uint32_t)-1, port ? 0 : ENOENT, 0, port) ? SUCCESS
                                                                                                  : SYSTEM_ERR;
}

static enum accept_stat dump(struct answering *answering);

static const struct program {
        uint32_t number, version;
        const char *name; /* as a client may log it */
        procedure procedures[4];
} programs[] = {
        { HANDSHAKE_PROGRAM, 2, "Gatehouse handshake", { [0] = nothing, [2] = getspec, [3] = ping } },
        { PORTMAP_PROGRAM, 1, "Gatehouse portmap", { [0] = nothing, [1] = port_by_brick } },
        { DUMP_PROGRAM, 1, "Gatehouse dump", { [0] = nothing, [1] = dump, [2] = ping } },
};

/* gf_dump_req: a number of 64 bits. gf_dump_rsp: one too, op_ret, op_errno, a list of name, program, version (64
 * bits each): a client asks for a brick's port only if it finds the portmap here. */
static enum accept_stat dump(struct answering *answering)
{
        XDR *results = answering->results;
        u_int id[2];

        for (size_t i = 0; i < ARRAY_SIZE(id); i++)
                if (!xdr_u_int(answering->arguments, &id[i]))
                        return GARBAGE_ARGS;
        bool fits = PUT_WORDS(results, 0, 0, 0, 0);
        for (size_t i = 0; i < ARRAY_SIZE(programs) && fits; i++)
                fits = PUT_WORDS(results, TRUE) &&
                       put_bytes(results, programs[i].name, strlen(programs[i].name)) &&
                       PUT_WORDS(results, 0, programs[i].number, 0, programs[i].version);
        return fits && PUT_WORDS(results, FALSE) ? SUCCESS : SYSTEM_ERR;
}

struct call_head {
        u_int xid, direction, rpc_version, program, version, procedure;
};

static bool skip_credentials(XDR *xdr)
{
        u_int flavour, length;

        return xdr_u_int(xdr, &flavour) && xdr_u_int(xdr, &length) && length <= VOLFILE_CREDENTIALS_MAX &&
               xdr_setpos(xdr, xdr_getpos(xdr) + RNDUP(length));
}

/* Field by field, since xdr_callmsg takes no credentials over 400 bytes. */
static bool take_head(XDR *xdr, struct call_head *head)
{
        u_int *const fields[] = { &head->xid,     &head->direction, &head->rpc_version,
                                  &head->program, &head->version,   &head->procedure };

        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                if (!xdr_u_int(xdr, fields[i]))
                        return false;
        return head->direction == CALL && skip_credentials(xdr) && skip_credentials(xdr);
}

static const struct program *program_find(uint32_t number)
{
        for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
                if (programs[i].number == number)
                        return &programs[i];
        return NULL;
}

/* Runs the call; its results stand at `results`. */
static enum accept_stat call_run(const struct call_head *head, struct answering *answering)
{
        const struct program *program = program_find(head->program);

        if (!program)
                return PROG_UNAVAIL;
        if (head->version != program->version)
                return PUT_WORDS(answering->results, program->version, program->version) ? PROG_MISMATCH
                                                                                         : SYSTEM_ERR;
        if (head->procedure >= ARRAY_SIZE(program->procedures) || !program->procedures[head->procedure])
                return PROC_UNAVAIL;
        return program->procedures[head->procedure](answering);
}

static void record_add(struct text *out, const void *record, size_t length)
{
        uint32_t mark = htonl(LAST_FRAGMENT | (uint32_t)length);

        text_add_bytes(out, &mark, sizeof mark);
        text_add_bytes(out, record, length);
}

enum volfile_verdict volfile_answer(const struct volfile_served *served, const void *record, size_t length,
                                    struct text *reply)
{
        size_t room = HEADER_BYTES + 512 + RNDUP(served->length); /* 512: the longest results but for a volfile */
        AUTO_FREE char *out = memory_new(1, room);
        struct call_head head;
        XDR arguments, head_out, results;
        struct answering answering = { served, &arguments, &results, false };

        if (length > VOLFILE_REQUEST_MAX)
                return VOLFILE_HANG_UP;
        xdrmem_create(&arguments, (char *)(uintptr_t)record, (u_int)length, XDR_DECODE);
        xdrmem_create(&head_out, out, HEADER_BYTES, XDR_ENCODE);
        xdrmem_create(&results, out + HEADER_BYTES, (u_int)(room - HEADER_BYTES), XDR_ENCODE);
        if (!take_head(&arguments, &head))
                return VOLFILE_HANG_UP;
        if (head.rpc_version != RPC_MSG_VERSION) {
                PUT_WORDS(&head_out, head.xid, REPLY, MSG_DENIED, RPC_MISMATCH, RPC_MSG_VERSION, RPC_MSG_VERSION);
                record_add(reply, out, HEADER_BYTES);
                return VOLFILE_ANSWERED;
        }
        enum accept_stat said = call_run(&head, &answering);
        size_t result_length = said == SUCCESS || said == PROG_MISMATCH ? xdr_getpos(&results) : 0;
        PUT_WORDS(&head_out, head.xid, REPLY, MSG_ACCEPTED, AUTH_NONE, 0, said);
        record_add(reply, out, HEADER_BYTES + result_length);
        return said == SUCCESS && answering.is_volfile ? VOLFILE_FETCHED : VOLFILE_ANSWERED;
}

void volfile_push_render(struct text *out)
{
        char record[40];
        XDR xdr;

        xdrmem_create(&xdr, record, sizeof record, XDR_ENCODE);
        PUT_WORDS(&xdr, 0, CALL, RPC_MSG_VERSION, CALLBACK_PROGRAM, 1, CALLBACK_FETCHSPEC, AUTH_NONE, 0, AUTH_NONE,
                  0);
        record_add(out, record, sizeof record);
}
