/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One thing on a server that is not as Gatehouse wants it: what was seen there, what is wanted, and what was done
 * about it. Found by reconcile/, kept by reconcile/drift, shown by the API and written into the audit trail.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "domain/export.h"

enum difference_place { PLACE_GANESHA, PLACE_GLUSTERD, PLACE_FIREWALL, PLACE_COUNT };

/* Kind of difference, the stable code, and whether what is observed is missing, extra, changed or unmanaged. */
#define DIFFERENCE_TABLE(X)                                                                \
        X(DIFFERENCE_EXPORT_MISSING, "export.missing", "missing", PLACE_GANESHA)           \
        X(DIFFERENCE_EXPORT_EXTRA, "export.extra", "extra", PLACE_GANESHA)                 \
        X(DIFFERENCE_EXPORT_CHANGED, "export.changed", "changed", PLACE_GANESHA)           \
        X(DIFFERENCE_UNMANAGED_OVERLAPS, "unmanaged.overlaps", "unmanaged", PLACE_GANESHA) \
        X(DIFFERENCE_VOLUME_OPTION, "volume.option", "changed", PLACE_GLUSTERD)            \
        X(DIFFERENCE_VOLUME_GENERATION, "volume.generation", "changed", PLACE_GLUSTERD)    \
        X(DIFFERENCE_VOLUME_LIST, "volume.list", "changed", PLACE_GLUSTERD)                \
        X(DIFFERENCE_VOLUME_VOLFILE, "volume.volfile", "changed", PLACE_GLUSTERD)          \
        X(DIFFERENCE_FILTER, "filter.missing", "missing", PLACE_GLUSTERD)                  \
        X(DIFFERENCE_BRICK_OLDER, "brick.older", "changed", PLACE_GLUSTERD)                \
        X(DIFFERENCE_FIREWALL_MISSING, "firewall.missing", "missing", PLACE_FIREWALL)      \
        X(DIFFERENCE_FIREWALL_CHANGED, "firewall.changed", "changed", PLACE_FIREWALL)

#define DIFFERENCE_ENUM(kind, code, what, place) kind,
enum difference_kind { DIFFERENCE_TABLE(DIFFERENCE_ENUM) DIFFERENCE_KIND_COUNT };
#undef DIFFERENCE_ENUM

enum difference_action {
        DIFFERENCE_REPAIRED, /* put right, and seen to be so */
        DIFFERENCE_REPORTED, /* left as it is: reconcile = observe, or not ours to touch */
        DIFFERENCE_FAILED,   /* to be put right, but something stands in the way; tried again */
};

#define DIFFERENCE_OBJECT_SIZE 320 /* "volume <255 bytes> <option>" */
#define DIFFERENCE_TEXT_MAX 1024   /* bytes of what was observed and of what is desired: the rest is cut, "..." */

struct difference {
        enum difference_kind kind;
        enum difference_action action;
        char object[DIFFERENCE_OBJECT_SIZE]; /* "export 17", "volume data, option auth.allow", "packet filter" */
        char export_id[EXPORT_ID_SIZE];      /* "" = none */
        char *observed, *desired;            /* NULL = nothing; owned */
        char *detail;                        /* what stood in the way, or NULL; owned */
        int64_t first_at_ms, at_ms;          /* wall clock: seen first, and last */
        uint64_t count;                      /* how often it was found */
};

/* Frees what is inside. */
void difference_fini(struct difference *difference);

/* Copies `from` to `to`, whose contents are not freed; long texts are cut at a character. */
void difference_copy(struct difference *to, const struct difference *from);

/* What of a volume is not as it was made; kinds of glusterd's, with object, observed and desired set. */
struct volume_differences {
        struct difference *items;
        size_t count;
};
void volume_differences_fini(struct volume_differences *differences);

enum difference_place difference_place(enum difference_kind kind);
const char *difference_place_word(enum difference_place place);    /* "ganesha", "glusterd", "firewall" */
const char *difference_code(enum difference_kind kind);            /* "export.changed" */
const char *difference_what(enum difference_kind kind);            /* "missing", "extra", "changed", "unmanaged" */
const char *difference_action_word(enum difference_action action); /* "repaired", "reported", "failed" */

/* One sentence for people: what was found, and what became of it. Caller frees. */
char *difference_sentence(const struct difference *difference);

/* An export on the NFS server that Gatehouse does not manage. */
struct unmanaged_export {
        uint16_t number;
        char *path, *pseudo; /* owned; path NULL = not looked at */
        char *overlaps;      /* name of a managed storage in which it lies, or which lies in it; NULL; owned */
};
void unmanaged_export_fini(struct unmanaged_export *export);
