/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/creation_task.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define TASK_PREFIX "ta-"
#define EXPORT_PREFIX "ex-"

/* Whom a look asks. */
struct look {
        struct status *status;
        const struct clock *clock;
        const struct snapshot *now;
};

static void layer_add(struct task *task, enum protocol protocol, enum task_step_state state, int64_t at_ms,
                      struct fault *fault)
{
        char storage_node[256] = "";

        gethostname(storage_node, sizeof storage_node - 1);
        task_add_step(task, &(struct task_step){ .storage_node = storage_node,
                                                 .layer = protocol == PROTOCOL_IS_NFS ? LAYER_NFS : LAYER_GLUSTER,
                                                 .state = state,
                                                 .at_ms = at_ms,
                                                 .cause = fault->code,
                                                 .sentence = fault->text });
}

/* Whether every admitted grant by `protocol` is active. */
static bool side_is_held(const struct look *look, const struct grant_list *grants, enum protocol protocol)
{
        char cause[FAULT_TEXT_SIZE];
        const char *code;

        for (size_t i = 0; i < grants->count; i++)
                if (grants->items[i].verdict == ACCESS_ADMITTED && grants->items[i].choice.protocol == protocol &&
                    status_grant_state(look->status, &grants->items[i], &code, cause) != GRANT_ACTIVE)
                        return false;
        return true;
}

/* When the side was first seen to hold what is wanted, wall clock; 0 and `fault`: it is not. */
static int64_t side_held_at(const struct look *look, const struct grant_list *grants, const char *export_id,
                            enum protocol protocol, struct fault *fault)
{
        bool seen;
        int64_t since_ms = status_held_since(look->status, export_id, protocol, &seen, fault);

        if (since_ms <= 0 || !side_is_held(look, grants, protocol))
                return 0;
        *fault = (struct fault){ 0 };
        return clock_wall_ms(look->clock) - (clock_monotonic_ms(look->clock) - since_ms);
}

/* Looks at the servers, and adds a step for each to `task` (NULL: to none). When the create has ended, 0 = not. */
static int64_t servers_look(const struct look *look, const struct export *export, const struct grant_list *grants,
                            bool sides[2], struct task *task)
{
        int64_t ended_at_ms = export->document.created_at_ms;

        grant_list_sides(grants, sides);
        for (int protocol = 0; protocol < 2; protocol++) {
                struct fault fault = { 0 };
                int64_t at_ms;

                if (!sides[protocol])
                        continue;
                at_ms = side_held_at(look, grants, export->document.id, (enum protocol)protocol, &fault);
                if (task)
                        layer_add(task, (enum protocol)protocol, at_ms ? STEP_CONFIRMED : STEP_WAITING, at_ms,
                                  &fault);
                if (!at_ms || !ended_at_ms)
                        ended_at_ms = 0;
                else if (at_ms > ended_at_ms)
                        ended_at_ms = at_ms;
        }
        return ended_at_ms;
}

static int64_t servers_look_anew(const struct look *look, const struct export *export, bool sides[2],
                                 struct task *task)
{
        struct protocol_facts facts = status_facts(look->status);
        AUTO_GRANTS struct grant_list grants = { 0 };

        grant_derive(look->now, export, &facts, clock_wall_ms(look->clock), &grants);
        return servers_look(look, export, &grants, sides, task);
}

struct task *creation_task(struct status *status, const struct clock *clock, const struct snapshot *now,
                           const struct export *export, const struct grant_list *grants)
{
        const struct look look = { status, clock, now };
        const struct export_creation *creation = &export->creation;
        bool sides[2] = { false, false };

        if (!creation->actor)
                return NULL;
        AUTO_FREE char *id = memory_format(TASK_PREFIX "%s", export->document.id + strlen(EXPORT_PREFIX));
        struct task *task =
                task_new(id, TASK_EXPORT_CREATE, export->document.id, export->account, creation->actor);

        task->document.revision = export->document.revision;
        task->document.created_at_ms = export->document.created_at_ms;
        task_add_export(task, export);
        task->ended_at_ms = creation->ended_at_ms;
        if (!task->ended_at_ms)
                task->ended_at_ms = grants ? servers_look(&look, export, grants, sides, task)
                                           : servers_look_anew(&look, export, sides, task);
        else
                for (int protocol = 0; protocol < 2; protocol++)
                        if (creation->sides & 1 << protocol)
                                layer_add(task, (enum protocol)protocol, STEP_CONFIRMED, task->ended_at_ms,
                                          &(struct fault){ 0 });
        return task;
}

bool creation_task_is_kept(const struct export *export, int64_t wall_ms)
{
        int64_t ended_at_ms = export->creation.ended_at_ms;

        return export->creation.actor && (ended_at_ms == 0 || ended_at_ms >= wall_ms - TASK_KEPT_MS);
}

char *creation_task_export_id(const char *task_id)
{
        size_t prefix = strlen(TASK_PREFIX);

        return memory_format(EXPORT_PREFIX "%s",
                             strncmp(task_id, TASK_PREFIX, prefix) == 0 ? task_id + prefix : "");
}

bool creation_task_comes_before(const struct export *export, const char *task_id)
{
        AUTO_FREE char *id = creation_task_export_id(task_id);

        return strcmp(export->document.id, id) < 0;
}

const struct export *creation_task_export(const struct snapshot *now, const char *task_id, int64_t wall_ms)
{
        AUTO_FREE char *id = creation_task_export_id(task_id);
        const struct export *export = snapshot_export(now, id);

        return export && creation_task_is_kept(export, wall_ms) ? export : NULL;
}

struct task *creation_task_close(struct status *status, const struct clock *clock, const struct snapshot *now,
                                 const struct export *export)
{
        int64_t wall_ms = clock_wall_ms(clock);
        struct task *task =
                creation_task_is_kept(export, wall_ms) ? creation_task(status, clock, now, export, NULL) : NULL;

        if (!task)
                return NULL;
        task->document.revision = 0;
        if (task_is_running(task))
                task->ended_at_ms = wall_ms;
        return task;
}

static void export_follow(void *context, const void *key, size_t key_length, void *old_value, void *new_value)
{
        struct creation_watch *watch = context;
        const struct export *export = new_value;

        (void)old_value;
        if (export && export->creation.actor && export->creation.ended_at_ms == 0) {
                pmap_put(&watch->running, key, key_length, export);
                watch->has_looked = false;
        } else {
                pmap_remove(&watch->running, key, key_length);
        }
}

static void snapshot_follow(struct creation_watch *watch, const struct snapshot *now)
{
        const struct snapshot *older = watch->followed;

        if (older == now)
                return;
        pmap_diff(older ? older->kinds[DOCUMENT_EXPORT] : (struct pmap){ 0 }, now->kinds[DOCUMENT_EXPORT],
                  export_follow, watch);
        watch->followed = shared_get(now);
        shared_put(older);
}

/* Looks at those of `running` behind `last`, `most` of them; false: the end was reached. */
static bool some_look(struct creation_watch *watch, struct pmap running, const struct look *look, size_t most,
                      void (*ended)(void *context, const struct export *export, const bool sides[2],
                                    int64_t ended_at_ms),
                      void *context)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;
        int64_t ended_at_ms;

        for (pmap_first(running, watch->last, strlen(watch->last), &cursor); pmap_next(&cursor, &entry);) {
                const struct export *export = entry.value;
                bool sides[2] = { false, false };

                if (strcmp(export->document.id, watch->last) == 0)
                        continue;
                if (most-- == 0)
                        return true;
                snprintf(watch->last, sizeof watch->last, "%s", export->document.id);
                if (export->creation.ended_at_ms != 0)
                        pmap_remove(&watch->running, entry.key, entry.key_length);
                else if ((ended_at_ms = servers_look_anew(look, export, sides, NULL)) != 0)
                        ended(context, export, sides, ended_at_ms);
        }
        watch->last[0] = '\0';
        return false;
}

void creation_watch_look(struct creation_watch *watch, struct status *status, const struct clock *clock,
                         const struct snapshot *now,
                         void (*ended)(void *context, const struct export *export, const bool sides[2],
                                       int64_t ended_at_ms),
                         void *context)
{
        const struct look look = { status, clock, now };
        uint64_t version = status_version(status); /* before anything is looked at */

        snapshot_follow(watch, now);
        if (watch->has_looked && watch->version == version)
                return;
        if (watch->last[0] == '\0')
                watch->version = version;
        struct pmap running = pmap_dup(watch->running);
        watch->has_looked = !some_look(watch, running, &look, CREATION_LOOK_MOST, ended, context);
        pmap_fini(&running);
}

void creation_watch_fini(struct creation_watch *watch)
{
        shared_put(watch->followed);
        pmap_fini(&watch->running);
        *watch = (struct creation_watch){ 0 };
}
