/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/export_make.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "reconcile/creation_task.h"
#include "rest/export_check.h"

bool export_writing_is_open(struct request *request)
{
        const struct principal *principal = &request->principal;
        const char *own = principal->kind == PRINCIPAL_ACCOUNT ? principal->account : NULL;
        struct fault fault = { 0 };

        if (permit(principal, PERMIT_WRITE_EXPORT, own, &fault) == 0)
                return true;
        reply_problem(&request->reply, &fault, NULL, NULL);
        return false;
}

int export_settle(struct commit *commit, const struct snapshot *now, struct export *wanted,
                  const struct storage **storage, struct fault *fault)
{
        const struct request *request = commit->request;
        struct protocol_facts facts = status_facts(request->context->status);
        const struct environment *environment;
        const struct export *conflict;

        export_check_names(now, &request->principal, wanted, &facts, storage, &environment, &commit->violations);
        if (violations_any(&commit->violations))
                return commit_violations(commit, FAULT_INVALID, fault);
        free(wanted->account);
        free(wanted->environment_uid);
        wanted->account = memory_text((*storage)->account);
        wanted->environment_uid = memory_text(environment->uid);
        conflict = export_find_conflict(now, wanted, &commit->violations);
        if (!conflict)
                return 0;
        snprintf(commit->conflict_id, sizeof commit->conflict_id, "%s", conflict->document.id);
        return commit_violations(commit, FAULT_CONFLICT, fault);
}

/* Gives out the number after the last one given out: one that has just come free is used as late as possible, for
 * a client may still hold handles of it. */
static int number_allocate(struct write *write, uint16_t *number, struct fault *fault)
{
        const struct counter *last =
                (const struct counter *)snapshot_find(write->now, DOCUMENT_COUNTER, "export_number");
        uint64_t candidate = last ? last->value : 0;
        bool any = pmap_count(write->now->kinds[DOCUMENT_EXPORT]) < EXPORT_NUMBER_LAST;

        for (int tried = 0; any && tried < EXPORT_NUMBER_LAST; tried++) {
                candidate = candidate % EXPORT_NUMBER_LAST + 1;
                if (!snapshot_export_by_number(write->now, (uint16_t)candidate)) {
                        AUTO_SHARED struct counter *counter = counter_new("export_number");

                        counter->value = candidate;
                        write_put(write, &counter->document);
                        *number = (uint16_t)candidate;
                        return 0;
                }
        }
        return fault_set(fault, FAULT_EXHAUSTED,
                         "all %d numbers that the NFS server has for exports are in use: delete exports that "
                         "nobody needs, or "
                         "serve further ones by a storage node with a Gatehouse of its own",
                         EXPORT_NUMBER_LAST);
}

static void export_name(const struct request *request, struct write *write, struct export *wanted)
{
        char id[EXPORT_ID_SIZE];
        uint8_t random[10];

        free(wanted->creation.actor);
        wanted->creation.actor = memory_text(request->principal.name);

        request->context->random_bytes(random, sizeof random);
        document_set_id(&wanted->document, export_id_make(write->now_ms, random, id));
        request->context->random_bytes(&wanted->file_system_id, sizeof wanted->file_system_id);
        wanted->file_system_id >>= 1; /* Ganesha reads it as a signed number */
}

int export_make(struct commit *commit, struct write *write, struct export *wanted, struct fault *fault)
{
        int result = number_allocate(write, &wanted->number, fault);

        if (result < 0)
                return result;
        export_name(commit->request, write, wanted);
        commit_put(commit, write, "export.create", NULL, &wanted->document);
        return 0;
}

void export_replace(struct commit *commit, struct write *write, const char *action, const struct export *existing,
                    struct export *wanted)
{
        wanted->widened_revision = existing->widened_revision;
        export_keep_creation(wanted, existing);
        if (commit_unchanged(commit, &existing->document, &wanted->document))
                return;
        export_keep_widened_revision(wanted, existing, write->now_ms);
        commit_put(commit, write, action, &existing->document, &wanted->document);
}

void export_take_away(struct commit *commit, struct write *write, const struct export *export)
{
        const struct rest_context *context = commit->request->context;
        AUTO_SHARED struct task *created =
                creation_task_close(context->status, context->clock, write->now, export);

        commit_remove(commit, write, "export.delete", &export->document);
        if (created)
                write_put(write, &created->document);
}

void export_remove(struct revocation *revocation, struct write *write, const struct export *export)
{
        revocation_add_grants(revocation, write->now, export);
        export_take_away(&revocation->commit, write, export);
}
