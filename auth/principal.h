/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who is asking, and what they may do. Scopes: an operator may do everything; inventory (the platform) writes
 * environments, nodes and the tokens of nodes, and reads all; an account reads and writes what is its own, and
 * everything else does not exist for it; a node reads what it should mount and reports what it has mounted.
 * A token with the right to read writes nothing of what its scope covers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "domain/snapshot.h"

enum principal_kind {
        PRINCIPAL_NONE,
        PRINCIPAL_OPERATOR,
        PRINCIPAL_INVENTORY,
        PRINCIPAL_ACCOUNT,
        PRINCIPAL_NODE,
};

struct principal {
        enum principal_kind kind;
        char name[NAME_MAX_BYTES + 8];    /* "uid:0", "token:ci": for the audit trail */
        bool reads_only;                  /* the token has the right to read alone */
        char account[NAME_MAX_BYTES + 1]; /* PRINCIPAL_ACCOUNT */
        char node[NAME_MAX_BYTES + 1];    /* PRINCIPAL_NODE: its id */
};

/* The principal of a Unix socket's peer: root and members of `operator_gid` are operators; anybody else is
 * FORBIDDEN. Supplementary groups are read from the peer's credentials (SO_PEERGROUPS, SO_PEERCRED). */
int principal_from_peer(int socket, gid_t operator_gid, struct principal *principal, struct fault *fault);

/* What follows "Bearer " in an "Authorization" header's value (RFC 6750, section 2.1); NULL when it is absent
 * (NULL) or something else. Borrowed. */
const char *principal_bearer(const char *authorization);

/* The principal of a token's `secret` (NULL = none sent) at `now_ms` of the wall clock. UNAUTHENTICATED when
 * absent, malformed, unknown or expired, or when the node that it is for is gone or another account's; takes the
 * same time for any text that is no token. `*token` (may be NULL) is the token that it was, or NULL; borrowed of
 * the snapshot. */
int principal_from_secret(const char *secret, const struct snapshot *snapshot, int64_t now_ms,
                          struct principal *principal, const struct token **token, struct fault *fault);

enum permit_action {
        PERMIT_READ_INVENTORY,
        PERMIT_WRITE_INVENTORY, /* environments, nodes */
        PERMIT_READ_STORAGE,
        PERMIT_WRITE_STORAGE,
        PERMIT_READ_EXPORT,
        PERMIT_WRITE_EXPORT, /* exports and grants */
        PERMIT_READ_SERVERS, /* what the servers hold beside what is wanted */
        PERMIT_READ_TOKENS,
        PERMIT_WRITE_TOKENS,
        PERMIT_READ_NODE_TOKENS, /* those of scope node */
        PERMIT_WRITE_NODE_TOKENS,
        PERMIT_READ_MOUNTS,   /* what a node should have mounted: by permit_mounts */
        PERMIT_REPORT_MOUNTS, /* what it says that it has */
        PERMIT_ACTION_COUNT,
};

/* Whether `principal` may do `action` to an object of `account` (NULL = of no account). NOT_FOUND when an
 * account or node token asks about another's (it must not learn that it is there), FORBIDDEN when the scope or the
 * right is missing on one's own. The fault's text names no object. */
int permit(const struct principal *principal, enum permit_action action, const char *account, struct fault *fault);

/* Whether `principal` may do PERMIT_READ_MOUNTS or PERMIT_REPORT_MOUNTS to the node `id`, whose environment is of
 * `account`: as permit, and a node token to its own node alone. */
int permit_mounts(const struct principal *principal, enum permit_action action, const char *account,
                  const char *id, struct fault *fault);
