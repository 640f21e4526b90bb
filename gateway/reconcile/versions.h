/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The versions of the storage servers on this node, as these said them last: noted by the sides, read by verify.c
 * for its rows. Thread-safe.
 */
#pragma once

#include "domain/protocol_choice.h"
#include "domain/server_version.h"

struct versions;

struct versions *versions_new(void);
void versions_free(struct versions *versions); /* NULL is fine */

/* The server of `protocol` says `version`; "": it is not there, or does not say. */
void versions_note(struct versions *versions, enum protocol protocol, const char *version);

/* "" = not known. */
void versions_get(struct versions *versions, enum protocol protocol, char version[SERVER_VERSION_SIZE]);
