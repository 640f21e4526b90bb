/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/probe/probe_link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

#include "base/memory.h"

#define MESSAGE_SIZE 8192 /* as large as the kernel's own answers (MNL_SOCKET_BUFFER_SIZE) */

/* One request in the making. */
struct request {
        union {
                struct nlmsghdr header;
                char room[MESSAGE_SIZE];
        } message;
};

#define AUTO_NETLINK __attribute__((cleanup(netlink_auto_close)))
static void netlink_auto_close(struct mnl_socket **netlink)
{
        if (*netlink)
                mnl_socket_close(*netlink);
}

static void *request_start(struct request *request, uint16_t type, uint16_t flags, size_t header_size)
{
        struct nlmsghdr *header = mnl_nlmsg_put_header(request);

        header->nlmsg_type = type;
        header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
        header->nlmsg_seq = 1;
        return mnl_nlmsg_put_extra_header(header, header_size);
}

/* Sends and takes in all of the answer, each message of it given to `each`. 0 or an errno. The kernel answers
 * within the call, so that waiting has no end of its own. */
static int request_send(struct request *request, mnl_cb_t each, void *context)
{
        AUTO_NETLINK struct mnl_socket *netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
        char answer[MESSAGE_SIZE];
        int more = MNL_CB_OK;

        if (!netlink || mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
            mnl_socket_sendto(netlink, request, request->message.header.nlmsg_len) < 0)
                return errno;
        while (more > MNL_CB_STOP) {
                ssize_t length = mnl_socket_recvfrom(netlink, answer, sizeof answer);

                if (length < 0)
                        return errno;
                more = mnl_cb_run(answer, (size_t)length, 1, mnl_socket_get_portid(netlink), each, context);
        }
        return more < 0 ? errno : 0;
}

/* No address by itself: not even one of the link, which would be reached past the rules for IPv4. */
static void put_no_ipv6(struct nlmsghdr *header)
{
        struct nlattr *spec = mnl_attr_nest_start(header, IFLA_AF_SPEC);
        struct nlattr *family = mnl_attr_nest_start(header, AF_INET6);

        mnl_attr_put_u8(header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
        mnl_attr_nest_end(header, family);
        mnl_attr_nest_end(header, spec);
}

static int pair_send(const char *name, const char *peer_name, int peer_namespace, bool has_ipv6)
{
        struct request request = { 0 };
        struct nlmsghdr *header = &request.message.header;

        request_start(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(header, IFLA_IFNAME, name);
        if (has_ipv6)
                put_no_ipv6(header);
        struct nlattr *info = mnl_attr_nest_start(header, IFLA_LINKINFO);
        mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
        struct nlattr *data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
        struct nlattr *peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
        mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(header, IFLA_IFNAME, peer_name);
        mnl_attr_put_u32(header, IFLA_NET_NS_FD, (uint32_t)peer_namespace);
        if (has_ipv6)
                put_no_ipv6(header);
        mnl_attr_nest_end(header, peer);
        mnl_attr_nest_end(header, data);
        mnl_attr_nest_end(header, info);
        return request_send(&request, NULL, NULL);
}

int probe_link_make(const char *name, const char *peer_name, int peer_namespace, struct fault *fault)
{
        int error = pair_send(name, peer_name, peer_namespace, true);

        if (error == EAFNOSUPPORT) /* a kernel without IPv6 gives no such address either */
                error = pair_send(name, peer_name, peer_namespace, false);
        if (error)
                return fault_set_errno(fault, error == EEXIST ? FAULT_CONFLICT : FAULT_UNAVAILABLE, error,
                                       "make link %s", name);
        return 0;
}

static int address_send(unsigned index, const struct address *address)
{
        struct request request = { 0 };
        struct ifaddrmsg *about = request_start(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
                                                sizeof(struct ifaddrmsg));

        about->ifa_family = AF_INET;
        about->ifa_prefixlen = PROBE_LINK_PREFIX;
        about->ifa_scope = RT_SCOPE_UNIVERSE;
        about->ifa_index = index;
        mnl_attr_put(&request.message.header, IFA_LOCAL, 4, address->bytes);
        mnl_attr_put(&request.message.header, IFA_ADDRESS, 4, address->bytes);
        return request_send(&request, NULL, NULL);
}

/* By netlink and not by /proc/sys, which a service manager may make read-only. */
static int start_send(unsigned index)
{
        struct request request = { 0 };
        struct nlmsghdr *header = &request.message.header;
        struct ifinfomsg *about = request_start(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));

        about->ifi_index = (int)index;
        about->ifi_flags = IFF_UP;
        about->ifi_change = IFF_UP;
        struct nlattr *spec = mnl_attr_nest_start(header, IFLA_AF_SPEC);
        struct nlattr *family = mnl_attr_nest_start(header, AF_INET);
        struct nlattr *settings = mnl_attr_nest_start(header, IFLA_INET_CONF);
        mnl_attr_put_u32(header, IPV4_DEVCONF_FORWARDING, 0);
        mnl_attr_nest_end(header, settings);
        mnl_attr_nest_end(header, family);
        mnl_attr_nest_end(header, spec);
        return request_send(&request, NULL, NULL);
}

int probe_link_start(const char *name, const struct address *address, struct fault *fault)
{
        unsigned index = if_nametoindex(name);
        int error = index ? address_send(index, address) : errno;

        if (!error)
                error = start_send(index);
        return error ? fault_set_errno(fault, FAULT_UNAVAILABLE, error, "start link %s", name) : 0;
}

int probe_route_make(const struct address *gateway, struct fault *fault)
{
        struct request request = { 0 };
        struct rtmsg *about =
                request_start(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, sizeof(struct rtmsg));

        about->rtm_family = AF_INET;
        about->rtm_table = RT_TABLE_MAIN;
        about->rtm_protocol = RTPROT_STATIC;
        about->rtm_scope = RT_SCOPE_UNIVERSE;
        about->rtm_type = RTN_UNICAST;
        mnl_attr_put(&request.message.header, RTA_GATEWAY, 4, gateway->bytes);
        int error = request_send(&request, NULL, NULL);
        return error ? fault_set_errno(fault, FAULT_UNAVAILABLE, error, "make the route of the probe place") : 0;
}

static int flags_take(const struct nlmsghdr *header, void *context)
{
        *(unsigned *)context = ((const struct ifinfomsg *)mnl_nlmsg_get_payload(header))->ifi_flags;
        return MNL_CB_STOP;
}

bool probe_link_is_up(const char *name)
{
        struct request request = { 0 };
        unsigned flags = 0;

        request_start(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(&request.message.header, IFLA_IFNAME, name);
        return request_send(&request, flags_take, &flags) == 0 && (flags & IFF_RUNNING);
}

int probe_link_remove(const char *name, struct fault *fault)
{
        struct request request = { 0 };

        request_start(&request, RTM_DELLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(&request.message.header, IFLA_IFNAME, name);
        int error = request_send(&request, NULL, NULL);
        if (error && error != ENODEV)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "remove link %s", name);
        return 0;
}

/* --- Who else has these addresses -------------------------------------------------------------------------- */

struct search {
        const struct probe_network *network;
        unsigned prefix;     /* of the route that is looked at */
        struct fault *fault; /* filled with the first that meets it */
};

/* One attribute of a route: its destination is compared. */
static int destination_look(const struct nlattr *attribute, void *context)
{
        const struct search *search = context;
        struct address destination = { .family = ADDRESS_V4 };
        char text[PROBE_NETWORK_TEXT_SIZE], other[ADDRESS_TEXT_SIZE];

        if (mnl_attr_get_type(attribute) != RTA_DST || mnl_attr_get_payload_len(attribute) != 4)
                return MNL_CB_OK;
        memcpy(destination.bytes, mnl_attr_get_payload(attribute), 4);
        if (search->fault->code == FAULT_NONE &&
            probe_network_meets(search->network, &destination, search->prefix))
                fault_set(search->fault, FAULT_CONFLICT,
                          "take probe_network %s: this machine has %s/%u; configure another",
                          probe_network_format(search->network, text), address_format(&destination, other),
                          search->prefix);
        return MNL_CB_OK;
}

/* One route of any table: those to the machine's own addresses are in table local. */
static int route_look(const struct nlmsghdr *header, void *context)
{
        const struct rtmsg *route = mnl_nlmsg_get_payload(header);
        struct search *search = context;

        if (header->nlmsg_type != RTM_NEWROUTE || route->rtm_family != AF_INET || route->rtm_type == RTN_MULTICAST)
                return MNL_CB_OK;
        search->prefix = route->rtm_dst_len;
        return mnl_attr_parse(header, sizeof *route, destination_look, search);
}

int probe_network_check(const struct probe_network *network, struct fault *fault)
{
        struct request request = { 0 };
        struct fault found = { 0 };
        struct search search = { .network = network, .fault = &found };
        struct rtmsg *about = request_start(&request, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg));

        about->rtm_family = AF_INET;
        int error = request_send(&request, route_look, &search);
        if (error)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "read the routes of this machine");
        return found.code == FAULT_NONE ? 0 : fault_set(fault, found.code, "%s", found.text);
}
