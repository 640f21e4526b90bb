/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who is asking, and what they may do. Scopes: an operator may do everything; inventory (the platform) writes
 * environments and nodes and reads all; an account reads and writes what is its own, and everything else does
 * not exist for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "domain/snapshot.h"

enum principal_kind { PRINCIPAL_NONE, PRINCIPAL_OPERATOR, PRINCIPAL_INVENTORY, PRINCIPAL_ACCOUNT };

struct principal {
        enum principal_kind kind;
        char name[NAME_MAX_BYTES + 8];    /* "uid:0", "token:ci": for the audit trail */
        char account[NAME_MAX_BYTES + 1]; /* PRINCIPAL_ACCOUNT */
};

/* The principal of a Unix socket's peer: root and members of `operator_gid` are operators; anybody else is
 * FORBIDDEN. Supplementary groups are read from the peer's credentials (SO_PEERGROUPS, SO_PEERCRED). */
int principal_from_peer(int socket, gid_t operator_gid, struct principal *principal, struct fault *fault);

/* The principal of an "Authorization" header's value ("Bearer gh_..."; NULL = none sent). UNAUTHENTICATED
 * when absent, malformed or unknown; takes the same time for any wrong token. */
int principal_from_bearer(const char *authorization, const struct snapshot *snapshot, struct principal *principal,
                          struct fault *fault);

enum permit_action {
        PERMIT_READ_INVENTORY,
        PERMIT_WRITE_INVENTORY, /* environments, nodes */
        PERMIT_READ_STORAGE,
        PERMIT_WRITE_STORAGE,
        PERMIT_READ_EXPORT,
        PERMIT_WRITE_EXPORT, /* exports and grants */
        PERMIT_READ_SERVERS, /* what the servers hold beside what is wanted */
        PERMIT_TOKENS,
};

/* Whether `principal` may do `action` to an object of `account` (NULL = of no account). NOT_FOUND when an
 * account token asks about another's (it must not learn that it is there), FORBIDDEN when the scope is missing
 * on one's own. The fault's text names no object. */
int permit(const struct principal *principal, enum permit_action action, const char *account, struct fault *fault);
