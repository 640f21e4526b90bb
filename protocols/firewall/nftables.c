/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/nftables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

/* --- One question ---------------------------------------------------------------------------------------------
 */

#define ATTRIBUTE_HEADER sizeof(struct nlattr)
#define ANSWER_S 2 /* the kernel answers at once or not at all */

struct question {
        struct nlmsghdr header;
        struct nfgenmsg family;
        struct nlattr attribute;
        char name[32];
};

/* The attribute of `type` in an answer, NULL when it has none. */
static const void *answer_attribute(const struct nlmsghdr *answer, unsigned type, size_t size)
{
        const char *at = (const char *)NLMSG_DATA(answer) + NLMSG_ALIGN(sizeof(struct nfgenmsg));
        const char *end = (const char *)answer + answer->nlmsg_len;

        while (at + ATTRIBUTE_HEADER <= end) {
                const struct nlattr *attribute = (const void *)at;

                if (attribute->nla_len < ATTRIBUTE_HEADER || at + attribute->nla_len > end)
                        break;
                if ((attribute->nla_type & NLA_TYPE_MASK) == type && attribute->nla_len >= ATTRIBUTE_HEADER + size)
                        return at + ATTRIBUTE_HEADER;
                at += NLA_ALIGN(attribute->nla_len);
        }
        return NULL;
}

/* Sends `question` and receives one message into `answer`. 0 or an errno, the kernel's answer included. */
static int netlink_ask(struct question *question, void *answer, size_t size)
{
        AUTO_CLOSE int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
        const struct timeval patience = { .tv_sec = ANSWER_S };
        const struct nlmsghdr *header = answer;

        if (netlink < 0 || setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ||
            send(netlink, question, question->header.nlmsg_len, 0) < 0)
                return errno;
        ssize_t got = recv(netlink, answer, size, 0);
        if (got < 0)
                return errno;
        if (!NLMSG_OK(header, (size_t)got))
                return EBADMSG;
        if (header->nlmsg_type == NLMSG_ERROR)
                return header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr))
                               ? -((const struct nlmsgerr *)NLMSG_DATA(header))->error
                               : EBADMSG;
        return 0;
}

static struct question question_make(unsigned type, unsigned family)
{
        return (struct question){
                .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg)),
                            .nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
                            .nlmsg_flags = NLM_F_REQUEST },
                .family = { .nfgen_family = (uint8_t)family, .version = NFNETLINK_V0 },
        };
}

static int netlink_fault(int error, struct fault *fault)
{
        switch (error) {
        case EPROTONOSUPPORT: /* no nfnetlink: socket(2) says so */
        case EAFNOSUPPORT:
        case EINVAL: /* no nf_tables, and no module of that name */
        case EOPNOTSUPP:
                return fault_set(fault, FAULT_UNAVAILABLE, "filter packets: the kernel has no nftables");
        case EPERM:
        case EACCES:
                return fault_set(fault, FAULT_FORBIDDEN, "filter packets: it takes CAP_NET_ADMIN");
        default:
                return fault_set_errno(fault, FAULT_INTERNAL, error, "ask the packet filter");
        }
}

int nftables_generation(uint32_t *generation, struct fault *fault)
{
        struct question question = question_make(NFT_MSG_GETGEN, AF_UNSPEC);
        _Alignas(struct nlmsghdr) char answer[4096];
        uint32_t big_endian;
        int error = netlink_ask(&question, answer, sizeof answer);

        if (error)
                return netlink_fault(error, fault);
        const void *value = answer_attribute((const struct nlmsghdr *)(const void *)answer, NFTA_GEN_ID, 4);
        if (!value)
                return netlink_fault(EBADMSG, fault);
        memcpy(&big_endian, value, sizeof big_endian);
        *generation = ntohl(big_endian);
        return 0;
}

int nftables_table_exists(const char *name, bool *exists, struct fault *fault)
{
        struct question question = question_make(NFT_MSG_GETTABLE, NFPROTO_INET);
        _Alignas(struct nlmsghdr) char answer[4096];
        size_t size = strlen(name) + 1;

        if (size > sizeof question.name)
                return fault_set(fault, FAULT_INVALID, "look for table %s: the name is too long", name);
        memcpy(question.name, name, size);
        question.attribute = (struct nlattr){ (uint16_t)(ATTRIBUTE_HEADER + size), NFTA_TABLE_NAME };
        question.header.nlmsg_len += (uint32_t)NLA_ALIGN(question.attribute.nla_len);
        int error = netlink_ask(&question, answer, sizeof answer);
        *exists = error == 0;
        return error && error != ENOENT ? netlink_fault(error, fault) : 0;
}

/* --- The library ----------------------------------------------------------------------------------------------
 */

/* The library is not made for threads: it keeps tables of names in globals. */
static pthread_mutex_t library = PTHREAD_MUTEX_INITIALIZER;

/* "internal:0:0-0: Error: Could not process rule: ..." -> what stands behind "Error: ", on one line. */
static int library_fault(struct nft_ctx *nft, const char *verb, struct fault *fault)
{
        const char *said = nft_ctx_get_error_buffer(nft);
        const char *line = said ? strstr(said, "Error: ") : NULL;

        line = line ? line + strlen("Error: ") : "it did not say why";
        return fault_set(fault, FAULT_INTERNAL, "%s packet filter: %.*s", verb, (int)strcspn(line, "\n"), line);
}

/* A new context for each call: it is cheap (some 50 us), and one kept would remember sets that others have
 * changed. */
static int library_run(const char *commands, unsigned flags, const char *verb, struct text *output,
                       struct fault *fault)
{
        struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
        int failed = 0;

        if (!nft || nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft)) {
                failed = fault_set(fault, FAULT_EXHAUSTED, "%s packet filter: no memory", verb);
        } else {
                nft_ctx_output_set_flags(nft, flags);
                if (nft_run_cmd_from_buffer(nft, commands))
                        failed = library_fault(nft, verb, fault);
                else if (output)
                        text_add(output, nft_ctx_get_output_buffer(nft));
        }
        if (nft)
                nft_ctx_free(nft);
        return failed;
}

static int library_run_locked(const char *commands, unsigned flags, const char *verb, struct text *output,
                              struct fault *fault)
{
        pthread_mutex_lock(&library);
        int failed = library_run(commands, flags, verb, output, fault);
        pthread_mutex_unlock(&library);
        return failed;
}

int nftables_run(const char *commands, struct fault *fault)
{
        return library_run_locked(commands, 0, "change", NULL, fault);
}

int nftables_list(const char *command, bool terse, struct text *output, struct fault *fault)
{
        unsigned flags = NFT_CTX_OUTPUT_NUMERIC_ALL | NFT_CTX_OUTPUT_STATELESS;

        return library_run_locked(command, terse ? flags | NFT_CTX_OUTPUT_TERSE : flags, "read", output, fault);
}
