/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The engine of the tests: a persistent map of each kind, so that a commit that fails is forgotten by dropping
 * its draft.
 */
#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/pmap.h"
#include "store/store.h"

struct stored_document {
        struct shared shared;
        uint64_t revision;
        size_t length;
        char text[];
};

struct store_memory {
        struct store store;
        struct pmap kinds[DOCUMENT_KIND_COUNT];
        pthread_mutex_t events_lock; /* of the next two: history may be read by any thread */
        const struct event **events;
        size_t event_count;
        uint64_t revision;
};

static struct stored_document *stored_document_new(const char *text, uint64_t revision)
{
        size_t length = strlen(text);
        struct stored_document *document = memory_new(1, sizeof *document + length + 1);

        shared_init(document, free);
        document->revision = revision;
        document->length = length;
        memcpy(document->text, text, length);
        return document;
}

static void events_keep(struct store_memory *memory, const struct store_commit *commit)
{
        pthread_mutex_lock(&memory->events_lock);
        for (size_t i = 0; i < commit->event_count; i++) {
                memory->events = memory_grow(memory->events, memory->event_count, sizeof *memory->events);
                memory->events[memory->event_count++] = event_new(commit->events[i]);
        }
        pthread_mutex_unlock(&memory->events_lock);
}

static int change_apply(struct pmap *map, const struct store_change *change, uint64_t revision,
                        struct fault *fault)
{
        size_t id_length = strlen(change->id);
        const struct stored_document *old = pmap_find(*map, change->id, id_length);
        uint64_t have = old ? old->revision : 0;

        assert(id_length >= 1 && id_length <= DOCUMENT_ID_MAX);
        if (change->expected_revision != STORE_ANY && change->expected_revision != have)
                return fault_set(fault, FAULT_CONFLICT,
                                 "write %s %s: it is at revision %" PRIu64 ", expected was %" PRIu64,
                                 document_word(change->kind), change->id, have, change->expected_revision);
        if (change->text) {
                struct stored_document *document =
                        stored_document_new(change->text, change->is_note ? change->expected_revision : revision);

                pmap_put(map, change->id, id_length, document);
                shared_put(document);
        } else {
                pmap_remove(map, change->id, id_length);
        }
        return 0;
}

static void kinds_fini(struct pmap kinds[DOCUMENT_KIND_COUNT])
{
        for (int kind = 0; kind < DOCUMENT_KIND_COUNT; kind++)
                pmap_fini(&kinds[kind]);
}

static void commit_one(struct store_memory *memory, struct store_commit *commit)
{
        struct pmap draft[DOCUMENT_KIND_COUNT];
        int failed = 0;

        commit->revision = 0;
        commit->fault = (struct fault){ 0 };
        for (int kind = 0; kind < DOCUMENT_KIND_COUNT; kind++)
                draft[kind] = pmap_dup(memory->kinds[kind]);
        for (size_t i = 0; i < commit->change_count && !failed; i++)
                failed = change_apply(&draft[commit->changes[i].kind], &commit->changes[i], memory->revision + 1,
                                      &commit->fault);
        if (!failed) {
                struct pmap old[DOCUMENT_KIND_COUNT];

                memory->revision += store_commit_revises(commit);
                commit->revision = memory->revision;
                memcpy(old, memory->kinds, sizeof old);
                memcpy(memory->kinds, draft, sizeof draft);
                memcpy(draft, old, sizeof old);
                events_keep(memory, commit);
        }
        kinds_fini(draft);
}

static int memory_commit(struct store *store, struct store_commit *commits, size_t count, struct fault *fault)
{
        (void)fault;
        for (size_t i = 0; i < count; i++)
                commit_one((struct store_memory *)store, &commits[i]);
        return 0;
}

static int kind_load(const struct store_memory *memory, enum document_kind kind,
                     int (*each)(void *context, enum document_kind kind, const char *id, uint64_t revision,
                                 const char *text, size_t length, struct fault *fault),
                     void *context, struct fault *fault)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;
        int failed = 0;

        for (pmap_first(memory->kinds[kind], NULL, 0, &cursor); !failed && pmap_next(&cursor, &entry);) {
                const struct stored_document *document = entry.value;
                char id[DOCUMENT_ID_MAX + 1] = "";

                memcpy(id, entry.key, entry.key_length);
                failed = each(context, kind, id, document->revision, document->text, document->length, fault);
        }
        return failed;
}

static int memory_load(struct store *store,
                       int (*each)(void *context, enum document_kind kind, const char *id, uint64_t revision,
                                   const char *text, size_t length, struct fault *fault),
                       void *context, struct fault *fault)
{
        int failed = 0;

        for (int kind = 0; kind < DOCUMENT_KIND_COUNT && !failed; kind++)
                failed = kind_load((struct store_memory *)store, (enum document_kind)kind, each, context, fault);
        return failed;
}

/* The event after or before `number`; NULL at the end. Caller owns the reference. */
static const struct event *event_next(struct store_memory *memory, uint64_t number, bool backward)
{
        const struct event *found = NULL;

        pthread_mutex_lock(&memory->events_lock);
        for (size_t i = 0; i < memory->event_count; i++) {
                const struct event *event = memory->events[i];

                if (backward ? event->number < number : event->number > number && !found)
                        found = event;
        }
        shared_get(found);
        pthread_mutex_unlock(&memory->events_lock);
        return found;
}

static int memory_history(struct store *store, uint64_t number, bool backward,
                          int (*each)(void *context, const struct event *event, struct fault *fault),
                          void *context, struct fault *fault)
{
        const struct event *event;
        int result = 0;

        while (!result && (event = event_next((struct store_memory *)store, number, backward))) {
                number = event->number;
                result = each(context, event, fault);
                shared_put(event);
        }
        return result;
}

static int memory_prune(struct store *store, int64_t before_ms, uint64_t most, size_t *removed,
                        struct fault *fault)
{
        struct store_memory *memory = (struct store_memory *)store;
        size_t kept = 0, count = memory->event_count;

        (void)fault;
        *removed = 0;
        pthread_mutex_lock(&memory->events_lock);
        for (size_t i = 0; i < count; i++) {
                const struct event *event = memory->events[i];

                if (*removed < STORE_PRUNE_MOST && i + 1 < count &&
                    (event->at_ms < before_ms || event->number + most <= memory->events[count - 1]->number)) {
                        shared_put(event);
                        ++*removed;
                } else {
                        memory->events[kept++] = event;
                }
        }
        memory->event_count = kept;
        pthread_mutex_unlock(&memory->events_lock);
        return 0;
}

static uint64_t memory_revision(struct store *store)
{
        return ((struct store_memory *)store)->revision;
}

static void memory_close(struct store *store)
{
        struct store_memory *memory = (struct store_memory *)store;

        kinds_fini(memory->kinds);
        for (size_t i = 0; i < memory->event_count; i++)
                shared_put(memory->events[i]);
        pthread_mutex_destroy(&memory->events_lock);
        free(memory->events);
        free(memory);
}

struct store *store_memory_new(void)
{
        static const struct store_operations operations = { memory_load,   memory_history,  memory_prune,
                                                            memory_commit, memory_revision, memory_close };
        struct store_memory *memory = NEW(struct store_memory);

        memory->store.operations = &operations;
        pthread_mutex_init(&memory->events_lock, NULL);
        return &memory->store;
}
