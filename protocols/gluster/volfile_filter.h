/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What gatehouse-volfile-filter does to one volfile of glusterd's: takes every credential out and puts the
 * volume's access list in place of every address list. Pure text; volfile_filter_main.c finds out which rules
 * hold for a file.
 *
 * The output of a changed file holds only lines of glusterd's own form (graph-print.c, GlusterFS 10.3): `volume
 * NAME`, `type NAME`, `option KEY VALUE`, `subvolumes NAME...`, `end-volume` and blank ones. Any other line, and
 * any line with a backtick (glusterfs executes those as root, also inside quotes), is left out: what remains can
 * be read in one way only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "domain/access_list.h"

#define VOLFILE_OUT_MAX (32 * 1024 * 1024) /* bytes; and at most VOLFILE_LISTS_MAX times the list in them */
#define VOLFILE_LISTS_MAX 8                /* glusterd writes one brick into a file */

/* The user that a brick is told to let in by login: nobody has a password for it. The line cannot just go: a
 * running brick keeps the credentials it was started with (xlators/protocol/server of 10.3 looks into the options
 * of its start below those of its last reload) until another value covers them. */
#define VOLFILE_NO_LOGIN "gatehouse-admits-by-address-only"

struct volfile_rules {
        /* Volumes whose lines are changed in a file that several share. NULL: the whole file is one managed
         * volume's. */
        bool (*is_managed)(void *context, const char *volume);
        void *context;
        const struct address *peers; /* storage nodes: all that any server but a brick lets in */
        size_t peer_count;
        const struct access_list *list; /* what bricks let in; NULL: in doubt, the peers alone */
        const char *volume_id;          /* the volume that `list` is for; a brick of any other gets the peers;
                                           "" = not known, not compared */
};

enum volfile_outcome {
        VOLFILE_FOREIGN,   /* nothing of a managed volume in it: leave the file alone; `out` is empty */
        VOLFILE_LISTED,    /* the list is in it, or it has no brick to put it in */
        VOLFILE_STRICT,    /* a brick was given the storage nodes only */
        VOLFILE_TOO_LARGE, /* more than VOLFILE_OUT_MAX came out: `out` is not to be used */
};

/* Appends the filtered form of `length` bytes at `in` to `out`. Applying it to its own output changes nothing. */
enum volfile_outcome volfile_filter_apply(const char *in, size_t length, const struct volfile_rules *rules,
                                          struct text *out);

/* Calls `each` with the volume of every client section (`volume V-client-0`, ...) of the text, in order. A name
 * longer than a volume's can be is passed over. */
void volfile_each_volume(const char *in, size_t length, void (*each)(void *context, const char *volume),
                         void *context);

/* Whether the text holds something to log in with: an option username or password, or an auth.login line other
 * than the one that VOLFILE_NO_LOGIN stands in. */
bool volfile_has_credentials(const char *in, size_t length);

/* The first address list of a brick in the text that is not `value` byte for byte, of *found bytes, in `in`; NULL
 * when there is none. */
const char *volfile_other_list(const char *in, size_t length, const char *value, size_t *found);
