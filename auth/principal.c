/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/principal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "auth/secret.h"
#include "base/clock.h"
#include "base/memory.h"

/* Whether `gid` is one of the supplementary groups that the peer had when it connected. */
static int peer_has_group(int socket, gid_t gid, bool *has, struct fault *fault)
{
        AUTO_FREE gid_t *groups = NULL;
        socklen_t size = 32 * sizeof(gid_t);

        *has = false;
        groups = memory_new(1, size);
        if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) {
                if (errno != ERANGE)
                        return fault_set_errno(fault, FAULT_FORBIDDEN, errno, "read the groups of the peer");
                groups = memory_resize(groups, 1, size); /* the kernel has said how much it takes */
                if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
                        return fault_set_errno(fault, FAULT_FORBIDDEN, errno, "read the groups of the peer");
        }
        for (size_t i = 0; i < size / sizeof(gid_t); i++)
                if (groups[i] == gid)
                        *has = true;
        return 0;
}

int principal_from_peer(int socket, gid_t operator_gid, struct principal *principal, struct fault *fault)
{
        struct ucred peer;
        socklen_t size = sizeof peer;
        bool is_operator;

        *principal = (struct principal){ 0 };
        if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || size != sizeof peer)
                return fault_set(fault, FAULT_FORBIDDEN, "ask the kernel who the peer is: it cannot tell");
        is_operator = peer.uid == 0 || peer.gid == operator_gid;
        if (!is_operator) {
                int failed = peer_has_group(socket, operator_gid, &is_operator, fault);

                if (failed)
                        return failed;
        }
        if (!is_operator)
                return fault_set(fault, FAULT_FORBIDDEN,
                                 "let user %u in: only root and members of the operators' group are", peer.uid);
        principal->kind = PRINCIPAL_OPERATOR;
        snprintf(principal->name, sizeof principal->name, "uid:%u", peer.uid);
        return 0;
}

const char *principal_bearer(const char *authorization)
{
        static const char scheme[] = "Bearer "; /* in any case: RFC 9110, section 11.1 */
        size_t length = sizeof scheme - 1;

        if (!authorization || strncasecmp(authorization, scheme, length) != 0)
                return NULL;
        return authorization + length + strspn(authorization + length, " ");
}

static void principal_of_token(const struct token *token, struct principal *principal)
{
        static const enum principal_kind kinds[] = { [TOKEN_OPERATOR] = PRINCIPAL_OPERATOR,
                                                     [TOKEN_INVENTORY] = PRINCIPAL_INVENTORY,
                                                     [TOKEN_ACCOUNT] = PRINCIPAL_ACCOUNT,
                                                     [TOKEN_NODE] = PRINCIPAL_NODE };

        principal->kind = kinds[token->scope];
        principal->reads_only = token->right == TOKEN_READ;
        snprintf(principal->name, sizeof principal->name, "token:%s", token->document.id);
        if (token->scope == TOKEN_ACCOUNT)
                snprintf(principal->account, sizeof principal->account, "%s", token->account);
        if (token->scope == TOKEN_NODE)
                snprintf(principal->node, sizeof principal->node, "%s", token->node);
}

/* Whether a token that is known still opens what it did. */
static int token_check(const struct token *token, const struct snapshot *snapshot, int64_t now_ms,
                       struct fault *fault)
{
        char text[CLOCK_TEXT_SIZE];

        if (token->expires_at_ms > 0 && now_ms >= token->expires_at_ms)
                return fault_set(fault, FAULT_UNAUTHENTICATED, "let the caller in: token %s has expired at %s",
                                 token->document.id, clock_format(token->expires_at_ms, text));
        if (token->scope == TOKEN_NODE && !snapshot_token_has_node(snapshot, token))
                return fault_set(fault, FAULT_UNAUTHENTICATED,
                                 "let the caller in: the node that token %s was made for is gone, or not its "
                                 "account's any more",
                                 token->document.id);
        return 0;
}

int principal_from_secret(const char *secret, const struct snapshot *snapshot, int64_t now_ms,
                          struct principal *principal, const struct token **found, struct fault *fault)
{
        uint8_t hash[TOKEN_HASH_SIZE];
        int failed;

        *principal = (struct principal){ 0 };
        if (found)
                *found = NULL;
        if (!secret)
                return fault_set(fault, FAULT_UNAUTHENTICATED,
                                 "let the caller in: send a token as \"Authorization: Bearer gh_...\"");
        /* The look-up compares hashes: what its time tells is of no use to who cannot choose a hash. */
        bool formed = secret_hash(secret, hash);
        const struct token *token = snapshot_token_by_hash(snapshot, hash);
        if (!formed || !token)
                return fault_set(fault, FAULT_UNAUTHENTICATED, "let the caller in: the token is not known");
        if (found)
                *found = token;
        if ((failed = token_check(token, snapshot, now_ms, fault)))
                return failed;
        principal_of_token(token, principal);
        return 0;
}

enum permit_reach { PERMIT_NEVER, PERMIT_OWN, PERMIT_ALL };

static const enum permit_reach permits[][PERMIT_ACTION_COUNT] = {
        [PRINCIPAL_OPERATOR] = { [PERMIT_READ_INVENTORY] = PERMIT_ALL,
                                 [PERMIT_WRITE_INVENTORY] = PERMIT_ALL,
                                 [PERMIT_READ_STORAGE] = PERMIT_ALL,
                                 [PERMIT_WRITE_STORAGE] = PERMIT_ALL,
                                 [PERMIT_READ_EXPORT] = PERMIT_ALL,
                                 [PERMIT_WRITE_EXPORT] = PERMIT_ALL,
                                 [PERMIT_READ_SERVERS] = PERMIT_ALL,
                                 [PERMIT_READ_TOKENS] = PERMIT_ALL,
                                 [PERMIT_WRITE_TOKENS] = PERMIT_ALL,
                                 [PERMIT_READ_NODE_TOKENS] = PERMIT_ALL,
                                 [PERMIT_WRITE_NODE_TOKENS] = PERMIT_ALL,
                                 [PERMIT_READ_MOUNTS] = PERMIT_ALL,
                                 [PERMIT_REPORT_MOUNTS] = PERMIT_ALL },
        [PRINCIPAL_INVENTORY] = { [PERMIT_READ_INVENTORY] = PERMIT_ALL,
                                  [PERMIT_WRITE_INVENTORY] = PERMIT_ALL,
                                  [PERMIT_READ_STORAGE] = PERMIT_ALL,
                                  [PERMIT_READ_EXPORT] = PERMIT_ALL,
                                  [PERMIT_READ_NODE_TOKENS] = PERMIT_ALL,
                                  [PERMIT_WRITE_NODE_TOKENS] = PERMIT_ALL,
                                  [PERMIT_READ_MOUNTS] = PERMIT_ALL },
        [PRINCIPAL_ACCOUNT] = { [PERMIT_READ_INVENTORY] = PERMIT_OWN,
                                [PERMIT_READ_STORAGE] = PERMIT_OWN,
                                [PERMIT_READ_EXPORT] = PERMIT_OWN,
                                [PERMIT_WRITE_EXPORT] = PERMIT_OWN,
                                [PERMIT_READ_MOUNTS] = PERMIT_OWN,
                                [PERMIT_REPORT_MOUNTS] = PERMIT_OWN },
        [PRINCIPAL_NODE] = { PERMIT_NEVER }, /* but for permit_mounts */
};

static bool action_writes(enum permit_action action)
{
        switch (action) {
        case PERMIT_WRITE_INVENTORY:
        case PERMIT_WRITE_STORAGE:
        case PERMIT_WRITE_EXPORT:
        case PERMIT_WRITE_TOKENS:
        case PERMIT_WRITE_NODE_TOKENS:
        case PERMIT_REPORT_MOUNTS:
                return true;
        case PERMIT_READ_INVENTORY:
        case PERMIT_READ_STORAGE:
        case PERMIT_READ_EXPORT:
        case PERMIT_READ_SERVERS:
        case PERMIT_READ_TOKENS:
        case PERMIT_READ_NODE_TOKENS:
        case PERMIT_READ_MOUNTS:
        case PERMIT_ACTION_COUNT:
                break;
        }
        return false;
}

/* The scope covers it: whether the right does. */
static int right_check(const struct principal *principal, enum permit_action action, struct fault *fault)
{
        if (principal->reads_only && action_writes(action))
                return fault_set(fault, FAULT_FORBIDDEN, "do this: the token has the right to read, not to write");
        return 0;
}

int permit(const struct principal *principal, enum permit_action action, const char *account, struct fault *fault)
{
        bool is_own = principal->kind == PRINCIPAL_ACCOUNT && account && strcmp(account, principal->account) == 0;
        bool is_confined = principal->kind == PRINCIPAL_ACCOUNT || principal->kind == PRINCIPAL_NODE;
        enum permit_reach reach;

        if (principal->kind == PRINCIPAL_NONE)
                return fault_set(fault, FAULT_UNAUTHENTICATED, "let the caller in: it has not said who it is");
        reach = permits[principal->kind][action];
        if (is_confined && !is_own && (account || reach == PERMIT_OWN))
                return fault_set(fault, FAULT_NOT_FOUND, "find it: there is no such object");
        if (reach == PERMIT_NEVER)
                return fault_set(fault, FAULT_FORBIDDEN, "do this: the scope of the token does not cover it");
        return right_check(principal, action, fault);
}

int permit_mounts(const struct principal *principal, enum permit_action action, const char *account,
                  const char *id, struct fault *fault)
{
        if (principal->kind == PRINCIPAL_NODE && strcmp(principal->node, id) == 0)
                return right_check(principal, action, fault);
        return permit(principal, action, account, fault);
}
