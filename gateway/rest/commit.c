/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/commit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "rest/dry_run.h"

void commit_fini(struct commit *commit)
{
        violations_fini(&commit->violations);
        dry_run_free(commit->dry_run);
        commit->dry_run = NULL;
        shared_put(commit->document);
        commit->document = NULL;
}

/* Whether anything was committed since the revision that the request names, which is what it was told by a dry
 * run.
 */
static int revision_check(struct commit *commit, uint64_t revision, struct fault *fault)
{
        const struct request *request = commit->request;

        if (!request->is_conditional || revision == request->if_revision)
                return 0;
        violation_add(&commit->violations, "header/Gatehouse-If-Revision", "revision.passed",
                      "everything stands at revision %" PRIu64 ", not %" PRIu64 ": ask again with dry_run=true",
                      revision, request->if_revision);
        return commit_violations(commit, FAULT_PRECONDITION, fault);
}

/* A write that changes nothing asks for no revision: it may be the repetition of one that was made. */
static int job_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        struct commit *commit = (struct commit *)job;
        uint64_t revision = write->now->revision;
        int result;

        write->request = commit->request->id;
        result = commit->prepare(commit, write, fault);

        if (result == 0 && write->now->revision != revision) {
                /* permit has said so before; whatever an operation forgets to ask ends here. */
                result = commit->request->principal.reads_only
                                 ? fault_set(fault, FAULT_FORBIDDEN,
                                             "the token has the right to read, not to write")
                                 : revision_check(commit, revision, fault);
        }
        if (result == 0 && !commit->request->dry_run)
                commit->request->revision = write->now->revision;
        return result;
}

static int job_rehearse(struct write_job *job, struct write *write, struct fault *fault)
{
        struct commit *commit = (struct commit *)job;

        return commit->prepare(commit, write, fault);
}

static void job_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        struct commit *commit = (struct commit *)job;

        commit->fault = *fault;
        commit->revision = published ? published->revision : 0;
        request_resume(commit->request);
}

/* Prepares the commit here, and answers what it would mean. */
static void commit_try(struct request *request, struct commit *commit)
{
        const struct snapshot *base, *draft;

        if (writer_try(request->context->writer, &commit->job, &base, &draft, &commit->fault) < 0)
                commit_failed(request, commit);
        else
                dry_run_start(request, base, draft);
}

void commit_start(struct request *request, struct commit *commit,
                  int (*prepare)(struct commit *commit, struct write *write, struct fault *fault),
                  void (*next)(struct request *request))
{
        commit->job = (struct write_job){ .prepare = job_prepare, .done = job_done };
        commit->request = request;
        commit->prepare = prepare;
        if (request->dry_run) {
                commit_try(request, commit);
                return;
        }
        if (!request_suspend(request, next)) {
                fault_set(&commit->fault, FAULT_UNAVAILABLE, "gatehoused is stopping; nothing was changed");
                next(request);
                return;
        }
        writer_submit(request->context->writer, &commit->job);
}

int commit_rehearse(struct request *request, struct commit *commit,
                    int (*prepare)(struct commit *commit, struct write *write, struct fault *fault))
{
        const struct snapshot *base, *draft;
        int result;

        commit->job = (struct write_job){ .prepare = job_rehearse };
        commit->request = request;
        commit->prepare = prepare;
        result = writer_try(request->context->writer, &commit->job, &base, &draft, &commit->fault);
        if (result < 0)
                return result;
        shared_put(base);
        shared_put(draft);
        return 0;
}

bool commit_failed(struct request *request, const struct commit *commit)
{
        json_t *extra = NULL;

        if (commit->fault.code == FAULT_NONE)
                return false;
        if (commit->conflict_id[0] != '\0')
                extra = json_pack("{s:{s:s}}", "export", "id", commit->conflict_id);
        reply_problem(&request->reply, &commit->fault, &commit->violations, extra);
        return true;
}

int commit_violations(struct commit *commit, enum fault_code code, struct fault *fault)
{
        return violations_any(&commit->violations) ? violations_fault(&commit->violations, code, fault) : 0;
}

void commit_keep(struct commit *commit, const struct document *document)
{
        shared_put(commit->document);
        commit->document = shared_get(document);
}

bool commit_says_same(const struct document *existing, struct document *document)
{
        document->created_at_ms = existing->created_at_ms;

        AUTO_FREE char *before = document_render(existing);
        AUTO_FREE char *after = document_render(document);

        return strcmp(before, after) == 0;
}

bool commit_unchanged(struct commit *commit, const struct document *existing, struct document *document)
{
        if (!existing || !commit_says_same(existing, document))
                return false;
        commit_keep(commit, existing);
        return true;
}

void commit_put(struct commit *commit, struct write *write, const char *action, const struct document *existing,
                struct document *document)
{
        if (!commit_unchanged(commit, existing, document))
                commit_rewrite(commit, write, action, existing, document);
}

void commit_rewrite(struct commit *commit, struct write *write, const char *action,
                    const struct document *existing, struct document *document)
{
        const struct request *request = commit->request;
        AUTO_SHARED const struct document *before = shared_get(existing); /* the draft is about to drop its own */

        commit->created = !existing;
        write_put(write, document);
        write_event(write, request->principal.name, request->source, action, document->id, before, document);
        commit_keep(commit, document);
}

void commit_remove(struct commit *commit, struct write *write, const char *action, const struct document *document)
{
        const struct request *request = commit->request;

        commit_keep(commit, document);
        document = commit->document; /* the draft's own reference goes with the removal */
        write_event(write, request->principal.name, request->source, action, document->id, document, NULL);
        write_remove(write, document->kind, document->id);
}
