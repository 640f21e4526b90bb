/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/sessions.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

/* A connection that is being accepted turns from one socket into another: look again until there are none. */
#define ROUNDS_MAX 3
#define ANSWER_S 2

/* All but listening and lingering (TIME_WAIT). */
#define STATES_ALIVE                                                                              \
        (1U << TCP_ESTABLISHED | 1U << TCP_SYN_RECV | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | \
         1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK | 1U << TCP_CLOSING)

struct session {
        uint8_t family; /* of the socket */
        struct inet_diag_sockid id;
};

struct sessions {
        session_test *ends; /* NULL: `each` is told of all of them */
        const void *context;
        session_teller *each;
        void *each_context;
        uint32_t states;     /* that are looked for: a bit for each */
        struct address *own; /* of this machine */
        size_t own_count;
        struct session *found;
        size_t count;
};

#define AUTO_SESSIONS __attribute__((cleanup(sessions_fini)))
static void sessions_fini(struct sessions *sessions)
{
        free(sessions->own);
        free(sessions->found);
}

static struct address address_of(int family, const void *bytes)
{
        static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
        struct address address = { .family = family == AF_INET ? ADDRESS_V4 : ADDRESS_V6 };

        if (family == AF_INET6 && memcmp(bytes, mapped, sizeof mapped) == 0) {
                address.family = ADDRESS_V4;
                memcpy(address.bytes, (const char *)bytes + sizeof mapped, 4);
        } else {
                memcpy(address.bytes, bytes, family == AF_INET ? 4 : 16);
        }
        return address;
}

static int own_addresses_read(struct sessions *sessions, struct fault *fault)
{
        struct ifaddrs *list;

        if (getifaddrs(&list))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read the addresses of this machine");
        for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
                int family = entry->ifa_addr ? entry->ifa_addr->sa_family : AF_UNSPEC;

                if (family != AF_INET && family != AF_INET6)
                        continue;
                sessions->own = memory_grow(sessions->own, sessions->own_count, sizeof *sessions->own);
                sessions->own[sessions->own_count++] = address_of(
                        family,
                        family == AF_INET
                                ? (const void *)&((const struct sockaddr_in *)(const void *)entry->ifa_addr)
                                          ->sin_addr
                                : (const void *)&((const struct sockaddr_in6 *)(const void *)entry->ifa_addr)
                                          ->sin6_addr);
        }
        freeifaddrs(list);
        return 0;
}

static bool is_own(const struct sessions *sessions, const struct address *remote)
{
        if (address_kind(remote) == ADDRESS_LOOPBACK)
                return true;
        for (size_t i = 0; i < sessions->own_count; i++)
                if (address_equal(&sessions->own[i], remote))
                        return true;
        return false;
}

static void session_consider(struct sessions *sessions, const struct inet_diag_msg *message)
{
        struct address remote = address_of(message->idiag_family, message->id.idiag_dst);

        if (is_own(sessions, &remote))
                return;
        if (!sessions->ends) {
                sessions->each(sessions->each_context, ntohs(message->id.idiag_sport), &remote);
                return;
        }
        if (!sessions->ends(sessions->context, ntohs(message->id.idiag_sport), &remote))
                return;
        sessions->found = memory_grow(sessions->found, sessions->count, sizeof *sessions->found);
        sessions->found[sessions->count++] = (struct session){ message->idiag_family, message->id };
}

/* --- Netlink --------------------------------------------------------------------------------------------------
 */

static int netlink_open(struct fault *fault)
{
        int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        const struct timeval patience = { .tv_sec = ANSWER_S };

        if (netlink < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno,
                                       "look for connections: no socket diagnostics");
        setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return netlink;
}

static int request_send(int netlink, unsigned type, unsigned flags, const struct inet_diag_req_v2 *wanted)
{
        struct {
                struct nlmsghdr header;
                struct inet_diag_req_v2 wanted;
        } request = { { sizeof request, (uint16_t)type, (uint16_t)(NLM_F_REQUEST | flags), 0, 0 }, *wanted };

        return send(netlink, &request, sizeof request, 0) < 0 ? errno : 0;
}

static int error_of(const struct nlmsghdr *header)
{
        return header->nlmsg_len >= NLMSG_LENGTH(sizeof(int)) ? -*(const int *)NLMSG_DATA(header) : EBADMSG;
}

/* Reads one datagram of a dump; *done when it was the last. 0 or an errno. */
static int dump_read(int netlink, struct sessions *sessions, bool *done)
{
        _Alignas(struct nlmsghdr) char buffer[32768];
        ssize_t got = recv(netlink, buffer, sizeof buffer, 0);

        if (got < 0)
                return errno;
        size_t left = (size_t)got;
        for (const struct nlmsghdr *header = (const void *)buffer; NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
                if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
                        *done = true;
                        return header->nlmsg_type == NLMSG_ERROR ? error_of(header) : 0;
                }
                if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
                        session_consider(sessions, NLMSG_DATA(header));
        }
        return 0;
}

/* 0 or an errno: ENOENT, the kernel has no diagnostics for `family`. */
static int sessions_find(int netlink, int family, struct sessions *sessions)
{
        const struct inet_diag_req_v2 wanted = {
                .sdiag_family = (uint8_t)family,
                .sdiag_protocol = IPPROTO_TCP,
                .idiag_states = sessions->states,
        };
        bool done = false;
        int error = request_send(netlink, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &wanted);

        while (!error && !done)
                error = dump_read(netlink, sessions, &done);
        return error;
}

/* 0, also when it is gone already (*there = false), or an errno. */
static int session_end(int netlink, const struct session *session, bool *there)
{
        const struct inet_diag_req_v2 wanted = { .sdiag_family = session->family,
                                                 .sdiag_protocol = IPPROTO_TCP,
                                                 .idiag_states = ~0U,
                                                 .id = session->id };
        _Alignas(struct nlmsghdr) char buffer[4096];
        const struct nlmsghdr *header = (const void *)buffer;
        int error = request_send(netlink, SOCK_DESTROY, NLM_F_ACK, &wanted);

        if (error)
                return error;
        ssize_t got = recv(netlink, buffer, sizeof buffer, 0);
        if (got < 0)
                return errno;
        if (!NLMSG_OK(header, (size_t)got) || header->nlmsg_type != NLMSG_ERROR)
                return EBADMSG;
        error = error_of(header);
        *there = error == 0;
        return error == ENOENT ? 0 : error;
}

/* What the caller of sessions_end is told. */
struct ended_list {
        struct session_ended *items;
        size_t count;
};

static void ended_add(struct ended_list *ended, const struct session *session)
{
        ended->items = memory_grow(ended->items, ended->count, sizeof *ended->items);
        ended->items[ended->count++] =
                (struct session_ended){ ntohs(session->id.idiag_sport),
                                        address_of(session->family, session->id.idiag_dst) };
}

/* Goes through the connections of both families once. */
static int sessions_look(int netlink, struct sessions *sessions, struct fault *fault)
{
        static const int families[] = { AF_INET, AF_INET6 };
        int error;

        for (size_t i = 0; i < ARRAY_SIZE(families); i++)
                if ((error = sessions_find(netlink, families[i], sessions)) && error != ENOENT)
                        return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "look for connections");
        return 0;
}

/* One look and what follows from it; sessions->count = how many were found. */
static int round_run(int netlink, struct sessions *sessions, struct ended_list *ended, struct fault *fault)
{
        int error;

        sessions->count = 0;
        if ((error = sessions_look(netlink, sessions, fault)))
                return error;
        for (size_t i = 0; i < sessions->count; i++) {
                bool there = false;

                if ((error = session_end(netlink, &sessions->found[i], &there)))
                        return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "end a connection");
                if (there)
                        ended_add(ended, &sessions->found[i]);
        }
        return 0;
}

int sessions_end(session_test *ends, const void *context, struct session_ended **ended, size_t *count,
                 struct fault *fault)
{
        struct ended_list list = { 0 };
        AUTO_SESSIONS struct sessions sessions = { .ends = ends, .context = context, .states = STATES_ALIVE };
        AUTO_CLOSE int netlink = netlink_open(fault);
        int failed = netlink < 0 ? netlink : own_addresses_read(&sessions, fault);

        for (int i = 0; !failed && i < ROUNDS_MAX; i++) {
                failed = round_run(netlink, &sessions, &list, fault);
                if (sessions.count == 0)
                        break;
        }
        *ended = list.items;
        *count = list.count;
        return failed;
}

int sessions_each(session_teller *each, void *context, struct fault *fault)
{
        AUTO_SESSIONS struct sessions sessions = { .each = each,
                                                   .each_context = context,
                                                   .states = 1U << TCP_ESTABLISHED };
        AUTO_CLOSE int netlink = netlink_open(fault);
        int failed = netlink < 0 ? netlink : own_addresses_read(&sessions, fault);

        return failed ? failed : sessions_look(netlink, &sessions, fault);
}
