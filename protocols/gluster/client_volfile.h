/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The client volfile of a volume as this node's glusterd has written it for clients over TCP: what
 * gatehouse-volfiled serves. Its file can be read by root only, so the helper reads it.
 *
 *   ACT_GLUSTERD_CLIENT_VOLFILE   volume text -> -, descriptor: a sealed memfd with the volfile
 */
#pragma once

#include "base/act.h"
#include "base/text.h"

/* Asks the helper; appends to `volfile`. NOT_FOUND: glusterd has written none; FORBIDDEN: it holds a credential or
 * a backtick; UNAVAILABLE: it is just being written. */
int client_volfile_get(const struct act_caller *helper, const char *volume, struct text *volfile,
                       struct fault *fault);

/* The same from <work_folder>/vols/<volume>/<volume>.tcp-fuse.vol. */
int client_volfile_read(const char *work_folder, const char *volume, struct text *volfile, struct fault *fault);

/* The act, for the table in glusterd_acts.c. */
int client_volfile_run(void *context, struct message *request, struct message *reply, struct fault *fault);
