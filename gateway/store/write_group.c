/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/write_group.h"

#include <assert.h>

#include "base/log.h"

void write_group_init(struct write_group *group, const struct snapshot *base, int64_t now_ms,
                      struct writer *writer)
{
        *group = (struct write_group){ .draft = snapshot_draft(base), .now_ms = now_ms, .writer = writer };
        group->draft->revision = base->revision;
}

static void text_drop(const char *text)
{
        free((void *)(uintptr_t)text);
}

static void event_fini(struct store_event *event)
{
        text_drop(event->actor);
        text_drop(event->source);
        text_drop(event->action);
        text_drop(event->object);
        text_drop(event->before);
        text_drop(event->after);
        *event = (struct store_event){ 0 };
}

static void entry_fini(struct write_entry *entry)
{
        for (size_t i = 0; i < entry->change_count; i++) {
                text_drop(entry->changes[i].id);
                text_drop(entry->changes[i].text);
        }
        free(entry->changes);
        event_fini(&entry->event);
}

void write_group_fini(struct write_group *group)
{
        for (size_t i = 0; i < group->entry_count; i++)
                entry_fini(&group->entries[i]);
        free(group->entries);
        shared_put(group->draft);
        *group = (struct write_group){ 0 };
}

static struct write_entry *entry_current(struct write_group *group)
{
        assert(group->trial && group->entry_count > 0);
        return &group->entries[group->entry_count - 1];
}

/* The revision that the job's commit will have, when all before it are kept: the writer is the only one who
 * commits, so it can be told before. write_group_commit holds the store to it. */
static uint64_t revision_ahead(const struct write_group *group)
{
        return group->draft->revision + 1;
}

static void entry_change(struct write_group *group, enum document_kind kind, const char *id, char *text)
{
        struct write_entry *entry = entry_current(group);
        const struct document *now = snapshot_find(group->trial, kind, id);

        entry->changes = memory_resize(entry->changes, entry->change_count + 1, sizeof *entry->changes);
        entry->changes[entry->change_count++] = (struct store_change){
                .kind = kind, .id = memory_text(id), .text = text, .expected_revision = now ? now->revision : 0
        };
        group->trial->revision = revision_ahead(group);
}

void write_put(struct write *write, struct document *document)
{
        struct write_group *group = write->internal;
        const struct document *now = snapshot_find(group->trial, document->kind, document->id);

        assert(document->revision == 0); /* what has been put before is shared with readers */
        document->revision = revision_ahead(group);
        if (now)
                document->created_at_ms = now->created_at_ms;
        else if (document->created_at_ms == 0)
                document->created_at_ms = group->now_ms;
        entry_change(group, document->kind, document->id, document_render(document));
        snapshot_put(group->trial, document);
}

void write_remove(struct write *write, enum document_kind kind, const char *id)
{
        struct write_group *group = write->internal;

        if (!snapshot_find(group->trial, kind, id))
                return;
        /* `id` may be the object's own, which ends with it. */
        AUTO_FREE char *copy = memory_text(id);
        entry_change(group, kind, copy, NULL);
        snapshot_remove(group->trial, kind, copy);
}

void write_event_text(struct write *write, const char *actor, const char *source, const char *action,
                      const char *object, const char *before, const char *after)
{
        struct write_group *group = write->internal;
        struct write_entry *entry = entry_current(group);

        event_fini(&entry->event);
        entry->event = (struct store_event){ .at_ms = group->now_ms,
                                             .actor = memory_text(actor),
                                             .source = memory_text(source),
                                             .action = memory_text(action),
                                             .object = memory_text(object),
                                             .before = memory_text(before),
                                             .after = memory_text(after) };
        entry->has_event = true;
        group->trial->revision = revision_ahead(group);
}

void write_event(struct write *write, const char *actor, const char *source, const char *action,
                 const char *object, const struct document *before, const struct document *after)
{
        AUTO_FREE char *before_text = before ? document_render(before) : NULL;
        AUTO_FREE char *after_text = after ? document_render(after) : NULL;

        write_event_text(write, actor, source, action, object, before_text, after_text);
}

void write_group_add(struct write_group *group, struct write_job *job)
{
        group->entries = memory_resize(group->entries, group->entry_count + 1, sizeof *group->entries);
        struct write_entry *entry = &group->entries[group->entry_count++];
        *entry = (struct write_entry){ .job = job, .follows = group->commit_count > 0 };
        group->trial = snapshot_draft(group->draft);
        group->trial->revision = group->draft->revision;

        struct write write = { group->trial, group->now_ms, group->writer, group };
        int failed = job->prepare(job, &write, &entry->fault);
        assert(!failed == (entry->fault.code == FAULT_NONE));
        if (!failed && (entry->change_count > 0 || entry->has_event)) {
                struct snapshot *accepted = group->trial;

                group->trial = group->draft;
                group->draft = accepted;
                entry->is_committed = true;
                group->commit_count++;
        }
        shared_put(group->trial);
        group->trial = NULL;
}

/* Tells each job how it went when the group's commit was kept. False when the store has kept something else
 * than what the draft holds. */
static bool entries_settle(struct write_group *group, const struct store_commit *commits)
{
        const struct store_commit *commit = commits;
        uint64_t expected = group->draft->revision - group->commit_count;
        bool agrees = true;

        for (size_t i = 0; i < group->entry_count; i++) {
                if (!group->entries[i].is_committed)
                        continue;
                agrees = agrees && !commit->fault.code && commit->revision == ++expected;
                if (commit->fault.code)
                        log_error("store: a commit was refused though nobody else writes: %s", commit->fault.text);
                group->entries[i].fault = commit++->fault;
        }
        return agrees;
}

enum write_outcome write_group_commit(struct write_group *group, struct store *store)
{
        AUTO_FREE struct store_commit *commits = memory_new(group->commit_count, sizeof *commits);
        struct fault fault = { 0 };
        size_t count = 0;

        if (group->commit_count == 0)
                return WRITE_NOTHING;
        for (size_t i = 0; i < group->entry_count; i++) {
                const struct write_entry *entry = &group->entries[i];

                if (entry->is_committed)
                        commits[count++] =
                                (struct store_commit){ .changes = entry->changes,
                                                       .change_count = entry->change_count,
                                                       .event = entry->has_event ? &entry->event : NULL };
        }
        if (!store->operations->commit(store, commits, count, &fault))
                return entries_settle(group, commits) ? WRITE_KEPT : WRITE_DISAGREES;
        /* A job that asked for nothing, or was refused, because of what a lost job had done: it may be tried
         * again like that one, and must not be told of a state that never was. */
        for (size_t i = 0; i < group->entry_count; i++)
                if (group->entries[i].is_committed || group->entries[i].follows)
                        group->entries[i].fault = fault;
        return WRITE_LOST;
}
