/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The ruleset that holds before Gatehouse runs: the last one that was installed, with the storage nodes and
 * without any client, in a file of root's. gatehouse-firewall.service loads it before glusterd and NFS-Ganesha
 * start; it is plain nftables text, so `nft -f` does the same.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"

#define CLOSED_RULESET_NAME "firewall.nft"

/* Puts `ruleset` into the file in `folder` (made when missing), all or nothing and through to the disk; nothing is
 * written when it holds that already. */
int closed_ruleset_write(const char *folder, const struct text *ruleset, struct fault *fault);

/* Reads the file at `path`. NOT_FOUND; FORBIDDEN when somebody else than root could have written it; INVALID when
 * it is none. */
int closed_ruleset_read(const char *path, struct text *ruleset, struct fault *fault);

/* 0 also when there is none. */
int closed_ruleset_remove(const char *folder, struct fault *fault);
