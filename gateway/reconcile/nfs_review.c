/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_review.h"

struct nfs_reviewed {
        struct nfs_entry *const *entries;
        bool answers;
};

/* Its number may have gone to a newer export meanwhile: what counts is what is there under it. */
static enum let_go let_go_of(void *context, const struct task_export *export, struct fault *fault)
{
        const struct nfs_reviewed *reviewed = context;
        const struct nfs_entry *entry = reviewed->entries[export->number];
        struct nfs_observed observed;
        enum nfs_step step;

        if (!reviewed->answers) {
                fault_set(fault, FAULT_UNAVAILABLE, "NFS-Ganesha is not on the message bus");
                return LET_GO_HINDERED;
        }
        if (!entry || entry->there == KNOWN_ABSENT)
                return LET_GO_SEEN;
        if (entry->queued || entry->asked)
                return LET_GO_IN_HAND;
        observed = nfs_entry_observed(entry);
        step = nfs_plan(entry->wanted, &observed);
        return step == NFS_STEP_NONE || step == NFS_STEP_FOREIGN ? LET_GO_SEEN : LET_GO_HINDERED;
}

void nfs_review(struct status *status, struct nfs_entry *const *entries, bool answers, uint64_t revision)
{
        struct nfs_reviewed reviewed = { entries, answers };
        const struct let_go_question question = {
                .layer = LAYER_NFS, .revision = revision, .ask = let_go_of, .context = &reviewed
        };

        status_review(status, &question);
}
