/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How the daemon tells gatehouse-volfiled what to serve to whom, and asks how far that has come; and the acts on
 * the other side. volfiled keeps nothing: when status.number is 0 it was restarted and must be told again.
 *
 *   ACT_VOLFILED_CONFIGURE   volume text, number of bricks u64, for each: path text, port u64; number of addresses
 *                            u64; descriptor: sealed memfd with 17 bytes for each address (family, 16 bytes), then
 *                            the volfile -> -
 *   ACT_VOLFILED_STATUS      - -> the fields of struct volfile_status, u64 each
 */
#pragma once

#include "base/act.h"
#include "protocols/gluster/volfile_service.h"

/* `bricks` are those of this storage node: two nodes may have bricks of the same path. Faults: as
 * volfile_service_configure and act_caller. */
int volfile_publish(const struct act_caller *volfiled, const struct volfile_served *served,
                    const struct address *admitted, size_t count, struct fault *fault);

int volfile_publish_status(const struct act_caller *volfiled, struct volfile_status *status, struct fault *fault);

/* gatehouse-volfiled's acts, closed by a row without `run`; their context is a struct volfile_service. */
extern const struct act volfiled_acts[];
