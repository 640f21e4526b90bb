/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Makes a whole document of exports (and environments) true in the writer's turn: what it names is there as it
 * says; with `prune` what its manager had made and it does not name is gone. An export of the document is that
 * export which has its environment, target and mount path. Knows no HTTP.
 */
#pragma once

#include "domain/snapshot.h"
#include "rest/commit.h"

struct json_t;

#define APPLY_EXPORTS_MOST 2000
#define APPLY_ENVIRONMENTS_MOST 1000
#define APPLY_MANAGER_MOST 128 /* bytes, as of an export's manager */

enum apply_result { APPLY_CREATED, APPLY_CHANGED, APPLY_UNCHANGED, APPLY_REMOVED, APPLY_RESULT_COUNT };

struct apply_item {
        enum apply_result result;
        const struct document *document; /* as it is now, or was; reference */
        size_t place;                    /* in the document's list of its kind; of what is removed: none */
};

/* Zeroed, with the first part set; may be run more than once. */
struct document_apply {
        const char *manager;
        bool prune;
        const struct json_t *exports, *environments; /* arrays, or NULL; borrowed */

        struct apply_item *items; /* out */
        size_t count;
        size_t counts[APPLY_RESULT_COUNT];
};
void document_apply_fini(struct document_apply *apply);

/* Reads {manager, prune?, exports?, environments?}; what `apply` then has is borrowed from `body`. The items are
 * read when it is run. With violations `apply` has what could be read, to be rehearsed for those of its items. */
void document_apply_read(struct document_apply *apply, const struct json_t *body, struct violations *violations);

/* In prepare. INVALID or CONFLICT with all that is wrong in all items in the commit's violations; EXHAUSTED. */
int document_apply_run(struct document_apply *apply, struct commit *commit, struct write *write,
                       struct fault *fault);

/* Whether anything is other than before. */
bool document_apply_any(const struct document_apply *apply);

/* Adds manager, prune, counts and items to `answer`; items that were created have no id while `tentative`. */
void document_apply_tell(const struct document_apply *apply, bool tentative, struct json_t *answer);
