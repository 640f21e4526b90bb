/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/write_group.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "domain/contest.h"
#include "domain/environment.h"
#include "domain/event_json.h"
#include "domain/export.h"
#include "domain/storage.h"
#include "domain/task.h"

#define EVENT_ADDRESS "address."

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

static void entry_fini(struct write_entry *entry)
{
        for (size_t i = 0; i < entry->change_count; i++) {
                text_drop(entry->changes[i].id);
                text_drop(entry->changes[i].text);
        }
        free(entry->changes);
        for (size_t i = 0; i < entry->event_count; i++)
                shared_put(entry->events[i]);
        free(entry->events);
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

static void entry_change(struct write_group *group, const struct store_change *change)
{
        struct write_entry *entry = entry_current(group);
        const struct document *now = snapshot_find(group->trial, change->kind, change->id);
        struct store_change *added;

        entry->changes = memory_resize(entry->changes, entry->change_count + 1, sizeof *entry->changes);
        added = &entry->changes[entry->change_count++];
        *added = *change;
        added->id = memory_text(change->id);
        added->expected_revision = now ? now->revision : 0;
        if (change->is_note)
                return;
        entry->revises = true;
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
        entry_change(group, &(struct store_change){ .kind = document->kind,
                                                    .id = document->id,
                                                    .text = document_render(document) });
        snapshot_put(group->trial, document);
}

void write_note(struct write *write, const struct document *document)
{
        entry_change(write->internal, &(struct store_change){ .kind = document->kind,
                                                              .id = document->id,
                                                              .text = document_render(document),
                                                              .is_note = true });
}

void write_remove(struct write *write, enum document_kind kind, const char *id)
{
        struct write_group *group = write->internal;

        if (!snapshot_find(group->trial, kind, id))
                return;
        /* `id` may be the object's own, which ends with it. */
        AUTO_FREE char *copy = memory_text(id);
        entry_change(group, &(struct store_change){ .kind = kind, .id = copy });
        snapshot_remove(group->trial, kind, copy);
}

static void event_add(struct write_group *group, const struct event *event)
{
        struct write_entry *entry = entry_current(group);
        AUTO_FREE char *before = event_side(event->before), *after = event_side(event->after);
        struct event capped = *event;

        capped.before = before;
        capped.after = after;
        struct event *kept = event_new(&capped);
        kept->at_ms = group->now_ms;
        entry->events = memory_grow(entry->events, entry->event_count, sizeof *entry->events);
        entry->events[entry->event_count++] = kept;
}

/* Whose a node is tells its environment, which the same job may have taken away. */
static const char *document_account(const struct write_group *group, const struct document *document)
{
        const struct node *node = (const struct node *)document;
        const struct environment *environment;

        switch (document->kind) {
        case DOCUMENT_ENVIRONMENT:
                return ((const struct environment *)document)->account;
        case DOCUMENT_NODE:
                environment = snapshot_environment_by_uid(group->trial, node->environment_uid)
                                      ?: snapshot_environment_by_uid(group->draft, node->environment_uid);
                return environment ? environment->account : NULL;
        case DOCUMENT_STORAGE:
                return ((const struct storage *)document)->account;
        case DOCUMENT_EXPORT:
                return ((const struct export *)document)->account;
        case DOCUMENT_TASK:
                return ((const struct task *)document)->account;
        default:
                return NULL;
        }
}

void write_event_whole(struct write *write, const struct event *event)
{
        event_add(write->internal, event);
}

void write_event(struct write *write, const char *actor, const char *source, const char *action,
                 const char *object, const struct document *before, const struct document *after)
{
        AUTO_FREE char *old = NULL, *new = NULL;
        const struct document *document = after ? after : before;

        event_sides(before, after, &old, &new);
        event_add(write->internal,
                  &(struct event){ .actor = actor,
                                   .source = source,
                                   .request = write->request,
                                   .action = action,
                                   .object = object,
                                   .account = document ? document_account(write->internal, document) : NULL,
                                   .before = old,
                                   .after = new });
}

void write_event_text(struct write *write, const char *actor, const char *source, const char *action,
                      const char *object, const char *before, const char *after)
{
        event_add(write->internal, &(struct event){ .actor = actor,
                                                    .source = source,
                                                    .request = write->request,
                                                    .action = action,
                                                    .object = object,
                                                    .before = before,
                                                    .after = after });
}

static void contest_tell(void *context, const struct address *address, bool contested, const char *claimants)
{
        struct write_group *group = context;
        const struct write_entry *entry = entry_current(group);
        const struct event *cause = entry->event_count > 0 ? entry->events[0] : NULL;
        char text[ADDRESS_TEXT_SIZE];

        address_format(address, text);
        for (size_t i = 0; i < entry->event_count; i++)
                if (strncmp(entry->events[i]->action, EVENT_ADDRESS, sizeof EVENT_ADDRESS - 1) == 0 &&
                    strcmp(entry->events[i]->object, text) == 0)
                        return; /* the job has changed both claimants */
        event_add(group, &(struct event){ .actor = cause ? cause->actor : "gatehoused",
                                          .source = cause ? cause->source : "internal",
                                          .request = cause ? cause->request : NULL,
                                          .action = contested ? EVENT_ADDRESS "contested" : EVENT_ADDRESS "agreed",
                                          .object = text,
                                          .after = claimants });
}

/* Which contests the job has begun or ended. */
static void contests_tell(struct write_group *group)
{
        const struct write_entry *entry = entry_current(group);

        for (size_t i = 0; i < entry->change_count; i++)
                if (entry->changes[i].kind == DOCUMENT_NODE)
                        contest_walk(group->draft, group->trial, entry->changes[i].id, contest_tell, group);
}

void write_group_add(struct write_group *group, struct write_job *job)
{
        group->entries = memory_resize(group->entries, group->entry_count + 1, sizeof *group->entries);
        struct write_entry *entry = &group->entries[group->entry_count++];
        *entry = (struct write_entry){ .job = job, .follows = group->commit_count > 0 };
        group->trial = snapshot_draft(group->draft);
        group->trial->revision = group->draft->revision;

        struct write write = { group->trial, group->now_ms, group->writer, NULL, group };
        int failed = job->prepare(job, &write, &entry->fault);
        assert(!failed == (entry->fault.code == FAULT_NONE));
        if (!failed)
                contests_tell(group);
        if (!failed && (entry->change_count > 0 || entry->event_count > 0)) {
                struct snapshot *accepted = group->trial;

                group->trial = group->draft;
                group->draft = accepted;
                for (size_t i = 0; i < entry->event_count; i++)
                        entry->events[i]->revision = accepted->revision;
                group->revisions += entry->revises;
                entry->is_committed = true;
                group->commit_count++;
        }
        shared_put(group->trial);
        group->trial = NULL;
}

/* Numbers the events of an entry that is about to be committed. */
static void events_number(struct write_group *group, const struct write_entry *entry)
{
        for (size_t i = 0; i < entry->event_count; i++)
                entry->events[i]->number = ++group->event_number;
}

static void contests_log(const struct write_entry *entry)
{
        for (size_t i = 0; i < entry->event_count; i++) {
                const struct event *event = entry->events[i];

                if (strcmp(event->action, EVENT_ADDRESS "contested") == 0)
                        log_line(LOG_LEVEL_WARNING, (const char *[]){ "address", event->object, NULL },
                                 "address.contested: two nodes claim it, %s; nobody is let in by it",
                                 event->after);
                else if (strcmp(event->action, EVENT_ADDRESS "agreed") == 0)
                        log_line(LOG_LEVEL_NOTICE, (const char *[]){ "address", event->object, NULL },
                                 "address.agreed: no two nodes claim it any more");
        }
}

/* Tells each job how it went when the group's commit was kept. False when the store has kept something else
 * than what the draft holds. */
static bool entries_settle(struct write_group *group, const struct store_commit *commits)
{
        const struct store_commit *commit = commits;
        uint64_t expected = group->draft->revision - group->revisions;
        bool agrees = true;

        for (size_t i = 0; i < group->entry_count; i++) {
                if (!group->entries[i].is_committed)
                        continue;
                expected += group->entries[i].revises;
                agrees = agrees && !commit->fault.code && commit->revision == expected;
                if (commit->fault.code)
                        log_error("store: a commit was refused though nobody else writes: %s", commit->fault.text);
                else
                        contests_log(&group->entries[i]);
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

                if (!entry->is_committed)
                        continue;
                events_number(group, entry);
                commits[count++] = (struct store_commit){ .changes = entry->changes,
                                                          .change_count = entry->change_count,
                                                          .events = entry->events,
                                                          .event_count = entry->event_count };
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
