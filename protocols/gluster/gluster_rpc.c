/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/gluster_rpc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rpc/rpc.h>

#include "base/clock.h"
#include "base/memory.h"

#define ANSWER_MAX_BYTES \
        ((uint32_t)16 << 20)      /* `volume info` of a cluster with hundreds of bricks is below 1 MiB */
#define HEADER_MAX_BYTES 64       /* of a call with AUTH_NONE: 40 */
#define LAST_FRAGMENT 0x80000000u /* RFC 5531, 11 */

void gluster_answer_fini(struct gluster_answer *answer)
{
        free(answer->sentence);
        free(answer->dict);
        *answer = (struct gluster_answer){ 0 };
}

/* Waits for `events` on `socket`. */
static int socket_wait(int socket, short events, int64_t until_ms, struct fault *fault)
{
        struct pollfd poll_fd = { .fd = socket, .events = events };
        int ready;

        do {
                int64_t left_ms = until_ms - clock_monotonic_ms(clock_system());
                ready = left_ms > 0 ? poll(&poll_fd, 1, (int)left_ms) : 0;
        } while (ready < 0 && errno == EINTR);
        if (ready == 0)
                return fault_set(fault, FAULT_TIMEOUT, "call GlusterFS: no answer in time");
        if (ready < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "call GlusterFS: poll");
        return 0;
}

static socklen_t address_to_socket(const struct address *address, uint16_t port, struct sockaddr_storage *to)
{
        struct sockaddr_in *v4 = (struct sockaddr_in *)to;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

        memset(to, 0, sizeof *to);
        if (address->family == ADDRESS_V4) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons(port);
                memcpy(&v4->sin_addr, address->bytes, 4);
                return sizeof *v4;
        }
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        memcpy(&v6->sin6_addr, address->bytes, 16);
        return sizeof *v6;
}

int gluster_rpc_connect(const struct address *address, uint16_t port, int64_t until_ms, struct fault *fault)
{
        char text[ADDRESS_TEXT_SIZE];
        struct sockaddr_storage to;
        socklen_t to_length = address_to_socket(address, port, &to);
        AUTO_CLOSE int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int error = 0;
        socklen_t error_length = sizeof error;

        address_format(address, text);
        if (fd < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "connect to %s: socket", text);
        if (connect(fd, (struct sockaddr *)&to, to_length) < 0) {
                error = errno;
                if (error == EINPROGRESS) {
                        int failed = socket_wait(fd, POLLOUT, until_ms, fault);

                        if (failed)
                                return fault_set(fault, (enum fault_code) - failed,
                                                 "connect to %s port %u: no answer in time", text, port);
                        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_length);
                }
        }
        /* One that came about and was ended at once is a connection: the first call tells. */
        if (error && error != ECONNRESET)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "connect to %s port %u", text, port);
        int connected = fd;
        fd = -1;
        return connected;
}

static int bytes_send(int socket, const char *bytes, size_t length, int64_t until_ms, struct fault *fault)
{
        while (length > 0) {
                int failed = socket_wait(socket, POLLOUT, until_ms, fault);
                if (failed)
                        return failed;
                ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (sent < 0 && errno != EAGAIN && errno != EINTR)
                        return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "call GlusterFS: send");
                bytes += sent > 0 ? sent : 0;
                length -= sent > 0 ? (size_t)sent : 0;
        }
        return 0;
}

static int bytes_receive(int socket, char *bytes, size_t length, int64_t until_ms, struct fault *fault)
{
        while (length > 0) {
                int failed = socket_wait(socket, POLLIN, until_ms, fault);
                if (failed)
                        return failed;
                ssize_t got = recv(socket, bytes, length, MSG_DONTWAIT);
                if (got == 0)
                        return fault_set(fault, FAULT_UNAVAILABLE, "call GlusterFS: it closed the connection");
                if (got < 0 && errno != EAGAIN && errno != EINTR)
                        return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "call GlusterFS: receive");
                bytes += got > 0 ? got : 0;
                length -= got > 0 ? (size_t)got : 0;
        }
        return 0;
}

/* Receives one record, of any number of fragments, into *record (replaced; caller frees). */
static int record_receive(int socket, int64_t until_ms, char **record, uint32_t *length, struct fault *fault)
{
        uint32_t mark;

        *length = 0;
        do {
                int failed = bytes_receive(socket, (char *)&mark, sizeof mark, until_ms, fault);
                if (failed)
                        return failed;
                mark = ntohl(mark);
                uint32_t size = mark & ~LAST_FRAGMENT;
                if (size > ANSWER_MAX_BYTES - *length)
                        return fault_set(fault, FAULT_INTERNAL, "call GlusterFS: the answer is over %u bytes",
                                         ANSWER_MAX_BYTES);
                *record = memory_resize(*record, (size_t)*length + size + 1, 1);
                failed = bytes_receive(socket, *record + *length, size, until_ms, fault);
                if (failed)
                        return failed;
                *length += size;
        } while (!(mark & LAST_FRAGMENT));
        return 0;
}

static int call_send(int socket, uint32_t xid, const struct gluster_procedure *procedure,
                     const struct gluster_dict *dict, int64_t until_ms, struct fault *fault)
{
        AUTO_TEXT struct text argument = { 0 };
        struct rpc_msg call = { .rm_xid = xid, .rm_direction = CALL };

        call.rm_call.cb_rpcvers = RPC_MSG_VERSION;
        call.rm_call.cb_prog = procedure->program;
        call.rm_call.cb_vers = procedure->version;
        call.rm_call.cb_proc = procedure->number;
        gluster_dict_render(dict, &argument);
        char *key = (char *)(uintptr_t)procedure->key;
        size_t room = sizeof(uint32_t) + HEADER_MAX_BYTES + (key ? strlen(key) + 8 : 0) + argument.length + 8;
        AUTO_FREE char *record = memory_new(room, 1);
        u_int argument_length = (u_int)argument.length, flags = procedure->flags;
        XDR xdr;

        xdrmem_create(&xdr, record + sizeof(uint32_t), (u_int)(room - sizeof(uint32_t)), XDR_ENCODE);
        if (!xdr_callmsg(&xdr, &call) || (procedure->has_flags && !xdr_u_int(&xdr, &flags)) ||
            (key && !xdr_string(&xdr, &key, (u_int)strlen(key))) ||
            (!procedure->is_portmap && !xdr_bytes(&xdr, &argument.data, &argument_length, (u_int)argument.length)))
                return fault_set(fault, FAULT_INTERNAL, "call GlusterFS: the request cannot be encoded");
        uint32_t length = xdr_getpos(&xdr);
        uint32_t mark = htonl(LAST_FRAGMENT | length);
        memcpy(record, &mark, sizeof mark);
        return bytes_send(socket, record, sizeof mark + length, until_ms, fault);
}

/* What the decoder of the results fills: an answer, of the form that the procedure has. */
struct results {
        struct gluster_answer *answer;
        const struct gluster_procedure *procedure;
        u_int most; /* bytes of the record: no string in it can be longer */
};

static bool_t results_decode(XDR *xdr, void *context, ...)
{
        struct results *results = context;
        struct gluster_answer *answer = results->answer;
        u_int length = 0;

        if (!xdr_int(xdr, &answer->op_ret) || !xdr_int(xdr, &answer->op_errno))
                return FALSE;
        if (results->procedure->is_portmap) {
                int32_t status;

                return xdr_int(xdr, &status) && xdr_int(xdr, &answer->port);
        }
        if (results->procedure->has_sentence && !xdr_string(xdr, &answer->sentence, results->most))
                return FALSE;
        if (!xdr_bytes(xdr, &answer->dict, &length, results->most))
                return FALSE;
        answer->dict_length = length;
        return TRUE;
}

static int answer_decode(char *record, uint32_t length, const struct gluster_procedure *procedure,
                         struct gluster_answer *answer, struct fault *fault)
{
        struct results results = { answer, procedure, length };
        char verifier[MAX_AUTH_BYTES];
        struct rpc_msg reply = { 0 };
        XDR xdr;

        reply.acpted_rply.ar_verf.oa_base = verifier;
        reply.acpted_rply.ar_results.where = (caddr_t)&results;
        reply.acpted_rply.ar_results.proc = (xdrproc_t)results_decode;
        xdrmem_create(&xdr, record, length, XDR_DECODE);
        if (!xdr_replymsg(&xdr, &reply))
                return fault_set(fault, FAULT_INTERNAL, "call GlusterFS: the answer is malformed");
        if (reply.rm_reply.rp_stat != MSG_ACCEPTED || reply.acpted_rply.ar_stat != SUCCESS)
                return fault_set(fault, FAULT_INTERNAL, "call GlusterFS: the call was refused (RFC 5531: %d, %d)",
                                 (int)reply.rm_reply.rp_stat, (int)reply.acpted_rply.ar_stat);
        return 0;
}

int gluster_rpc_call(int socket, const struct gluster_procedure *procedure, const struct gluster_dict *dict,
                     int64_t until_ms, struct gluster_answer *answer, struct fault *fault)
{
        static atomic_uint last_xid;
        uint32_t xid = atomic_fetch_add(&last_xid, 1) + 1;
        AUTO_FREE char *record = NULL;
        uint32_t length, words[2];
        int failed = call_send(socket, xid, procedure, dict, until_ms, fault);

        if (failed)
                return failed;
        do {
                failed = record_receive(socket, until_ms, &record, &length, fault);
                if (failed)
                        return failed;
                if (length < sizeof words)
                        return fault_set(fault, FAULT_INTERNAL, "call GlusterFS: the answer is malformed");
                memcpy(words, record, sizeof words);
        } while (ntohl(words[1]) == CALL || ntohl(words[0]) != xid);
        return answer_decode(record, length, procedure, answer, fault);
}
