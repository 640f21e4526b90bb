/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* One layer of this storage node. */
struct receipt_step {
        bool concerned; /* the task has a row for it */
        enum task_step_state state;
        bool *seen; /* for each export of the task: it was seen to let go */
        int64_t at_ms;
        enum fault_code cause;
        char *sentence;
};

struct receipt {
        const struct task *task; /* reference */
        struct receipt_step steps[LAYER_COUNT];
        bool services[SERVICE_COUNT]; /* of the firewall */
        struct receipt_step (
                *members)[LAYER_COUNT]; /* of each other storage node, what has to do with native access */
        size_t member_count;
        struct task_cut *cuts;
        size_t cut_count;
        int64_t ended_at_ms; /* wall clock; 0 = it runs */
        struct receipt *next;
};

static void receipt_free(struct receipt *receipt)
{
        for (int layer = 0; layer < LAYER_COUNT; layer++) {
                free(receipt->steps[layer].seen);
                free(receipt->steps[layer].sentence);
        }
        for (size_t i = 0; i < receipt->member_count; i++)
                for (int layer = 0; layer < LAYER_COUNT; layer++)
                        free(receipt->members[i][layer].sentence);
        free(receipt->members);
        free(receipt->cuts);
        shared_put(receipt->task);
        free(receipt);
}

void receipts_fini(struct receipts *receipts)
{
        while (receipts->first) {
                struct receipt *next = receipts->first->next;

                receipt_free(receipts->first);
                receipts->first = next;
        }
        shared_put(receipts->newest);
        for (size_t i = 0; i < receipts->member_count; i++)
                free(receipts->members[i]);
        free(receipts->members);
        free(receipts->storage_node);
        *receipts = (struct receipts){ 0 };
}

void receipts_set_members(struct receipts *receipts, const struct address *members, size_t count)
{
        char name[ADDRESS_TEXT_SIZE];

        receipts->members = memory_new(count, sizeof *receipts->members);
        for (size_t i = 0; i < count; i++)
                receipts->members[i] = memory_text(address_format(&members[i], name));
        receipts->member_count = count;
}

static struct receipt **receipt_place(const struct receipts *receipts, const char *task_id)
{
        struct receipt **at = (struct receipt **)(uintptr_t)&receipts->first;

        while (*at && strcmp((*at)->task->document.id, task_id) != 0)
                at = &(*at)->next;
        return at;
}

/* Whether the bricks know of it. A storage that is not there any more may have been a volume. */
static bool is_of_cluster(const struct snapshot *snapshot, const struct task_export *export)
{
        const struct storage *storage = snapshot_storage(snapshot, export->storage);

        return !storage || storage->kind == STORAGE_CLUSTER;
}

/* Which layers have to do with the task. */
static void receipt_concern(struct receipt *receipt, const struct receipts *receipts,
                            const struct snapshot *snapshot)
{
        const struct task *task = receipt->task;

        receipt->steps[LAYER_FIREWALL].concerned = true;
        for (size_t i = 0; i < task->export_count; i++) {
                bool cluster = is_of_cluster(snapshot, &task->exports[i]);

                receipt->steps[LAYER_NFS].concerned |= task->exports[i].number > 0;
                receipt->steps[LAYER_GLUSTER].concerned |= cluster;
                receipt->steps[LAYER_VOLFILED].concerned |= cluster && receipts->in_use[LAYER_VOLFILED];
        }
        if (!receipt->steps[LAYER_GLUSTER].concerned)
                return;
        receipt->member_count = receipts->member_count;
        receipt->members = memory_new(receipts->member_count, sizeof *receipt->members);
        for (size_t i = 0; i < receipt->member_count; i++) {
                receipt->members[i][LAYER_FIREWALL].concerned = true;
                receipt->members[i][LAYER_VOLFILED].concerned = receipt->steps[LAYER_VOLFILED].concerned;
                receipt->members[i][LAYER_GLUSTER].concerned = true; /* and NFS is nobody's on a member */
        }
}

static bool steps_are_complete(const struct receipt_step steps[LAYER_COUNT])
{
        for (int layer = 0; layer < LAYER_COUNT; layer++)
                if (steps[layer].concerned && steps[layer].state == STEP_WAITING)
                        return false;
        return true;
}

/* Whether every layer has confirmed, or cannot. */
static bool receipt_is_complete(const struct receipt *receipt)
{
        for (size_t i = 0; i < receipt->member_count; i++)
                if (!steps_are_complete(receipt->members[i]))
                        return false;
        return steps_are_complete(receipt->steps);
}

static void receipt_begin(struct receipts *receipts, const struct snapshot *snapshot, const struct task *task,
                          int64_t wall_ms)
{
        struct receipt *receipt = NEW(struct receipt);

        receipt->task = shared_get(task);
        receipt_concern(receipt, receipts, snapshot);
        for (int layer = 0; layer < LAYER_COUNT; layer++) {
                struct receipt_step *step = &receipt->steps[layer];

                step->state = receipts->in_use[layer] ? STEP_WAITING : STEP_OFF;
                step->seen = memory_new(task->export_count, sizeof *step->seen);
        }
        if (receipt_is_complete(receipt))
                receipt->ended_at_ms = wall_ms;
        receipt->next = receipts->first;
        receipts->first = receipt;
}

/* What the comparison of two snapshots needs. */
struct following {
        struct receipts *receipts;
        const struct snapshot *snapshot;
        int64_t wall_ms;
};

static void task_differs(void *context, const void *key, size_t key_length, void *old_value, void *new_value)
{
        const struct following *following = context;
        const struct task *task = new_value ? new_value : old_value;
        struct receipt **at = receipt_place(following->receipts, task->document.id);
        struct receipt *receipt = *at;

        (void)key;
        (void)key_length;
        if (!receipt && new_value && task_is_running(task)) {
                receipt_begin(following->receipts, following->snapshot, task, following->wall_ms);
        } else if (receipt && (!new_value || !task_is_running(task))) {
                *at = receipt->next;
                receipt_free(receipt);
        }
}

void receipts_follow(struct receipts *receipts, const struct snapshot *snapshot, int64_t wall_ms)
{
        const struct snapshot *older = receipts->newest;
        struct following following = { receipts, snapshot, wall_ms };

        if (older && snapshot->revision <= older->revision)
                return;
        receipts->newest = shared_get(snapshot);
        pmap_diff(older ? older->kinds[DOCUMENT_TASK] : (struct pmap){ 0 }, snapshot->kinds[DOCUMENT_TASK],
                  task_differs, &following);
        shared_put(older);
}

static void step_set_cause(struct receipt_step *step, const struct fault *fault)
{
        free(step->sentence);
        step->cause = fault ? fault->code : FAULT_NONE;
        step->sentence = fault ? memory_text(fault->text) : NULL;
}

/* A step of the receipt has let go of everything, or has been switched off. True when the task has ended by that.
 */
static bool step_end(struct receipt *receipt, struct receipt_step *step, enum task_step_state state,
                     int64_t wall_ms)
{
        step->state = state;
        step->at_ms = state == STEP_CONFIRMED ? wall_ms : 0;
        step_set_cause(step, NULL);
        if (!receipt_is_complete(receipt))
                return false;
        receipt->ended_at_ms = wall_ms;
        return true;
}

/* Whether `layer` has still to confirm a task that the snapshot of `revision` has. */
static bool receipt_waits(const struct receipt *receipt, enum task_layer layer, uint64_t revision)
{
        return receipt->steps[layer].concerned && receipt->steps[layer].state == STEP_WAITING &&
               receipt->task->document.revision <= revision;
}

static bool receipt_review(struct receipt *receipt, const struct let_go_question *question, int64_t wall_ms)
{
        struct receipt_step *step = &receipt->steps[question->layer];
        struct fault hindrance = { 0 };
        bool all_seen = true;

        for (size_t i = 0; i < receipt->task->export_count; i++) {
                struct fault fault = { 0 };

                if (step->seen[i])
                        continue;
                switch (question->ask(question->context, &receipt->task->exports[i], &fault)) {
                case LET_GO_SEEN:
                        step->seen[i] = true;
                        continue;
                case LET_GO_IN_HAND:
                        break;
                case LET_GO_HINDERED:
                        hindrance = fault;
                        break;
                }
                all_seen = false;
        }
        if (all_seen)
                return step_end(receipt, step, STEP_CONFIRMED, wall_ms);
        if (hindrance.code != FAULT_NONE)
                step_set_cause(step, &hindrance);
        return false;
}

bool receipts_review(struct receipts *receipts, const struct let_go_question *question, int64_t wall_ms)
{
        bool ended = false;

        for (struct receipt *receipt = receipts->first; receipt; receipt = receipt->next)
                if (receipt_waits(receipt, question->layer, question->revision))
                        ended |= receipt_review(receipt, question, wall_ms);
        return ended;
}

bool receipts_review_firewall(struct receipts *receipts, enum firewall_service service, uint64_t revision,
                              const struct fault *fault, int64_t wall_ms)
{
        bool ended = false;

        for (struct receipt *receipt = receipts->first; receipt; receipt = receipt->next) {
                if (!receipt_waits(receipt, LAYER_FIREWALL, revision))
                        continue;
                bool off = fault && fault->code == FAULT_PRECONDITION; /* by the node's root */

                receipt->services[service] = !fault || off;
                if (fault && !off)
                        step_set_cause(&receipt->steps[LAYER_FIREWALL], fault);
                else if (receipt->services[SERVICE_NFS] && receipt->services[SERVICE_GLUSTER])
                        ended |= step_end(receipt, &receipt->steps[LAYER_FIREWALL],
                                          off ? STEP_OFF : STEP_CONFIRMED, wall_ms);
        }
        return ended;
}

bool receipts_review_member(struct receipts *receipts, size_t member, enum task_layer layer, uint64_t revision,
                            const struct fault *fault, int64_t wall_ms)
{
        bool ended = false;

        for (struct receipt *receipt = receipts->first; receipt; receipt = receipt->next) {
                struct receipt_step *step =
                        member < receipt->member_count ? &receipt->members[member][layer] : NULL;

                if (!step || !step->concerned || step->state != STEP_WAITING ||
                    receipt->task->document.revision > revision)
                        continue;
                if (fault)
                        step_set_cause(step, fault);
                else
                        ended |= step_end(receipt, step, STEP_CONFIRMED, wall_ms);
        }
        return ended;
}

void receipts_note_cut(struct receipts *receipts, const struct firewall_pair *pair, unsigned connections)
{
        for (struct receipt *receipt = receipts->first; receipt; receipt = receipt->next) {
                if (receipt->steps[LAYER_FIREWALL].state != STEP_WAITING ||
                    !task_has_client(receipt->task, &pair->address))
                        continue;
                receipt->cuts = memory_grow(receipt->cuts, receipt->cut_count, sizeof *receipt->cuts);
                receipt->cuts[receipt->cut_count++] =
                        (struct task_cut){ pair->address, pair->service, connections };
        }
}

bool receipts_have_ended(const struct receipts *receipts, const char *task_id)
{
        const struct receipt *receipt = *receipt_place(receipts, task_id);
        const struct task *task;

        if (receipt)
                return receipt->ended_at_ms != 0;
        task = receipts->newest ? (const struct task *)snapshot_find(receipts->newest, DOCUMENT_TASK, task_id)
                                : NULL;
        return task && !task_is_running(task);
}

static void rows_add(struct task *shown, const char *storage_node, const struct receipt_step steps[LAYER_COUNT])
{
        for (int layer = 0; layer < LAYER_COUNT; layer++)
                if (steps[layer].concerned)
                        task_add_step(shown, &(struct task_step){ .storage_node = (char *)(uintptr_t)storage_node,
                                                                  .layer = (enum task_layer)layer,
                                                                  .state = steps[layer].state,
                                                                  .at_ms = steps[layer].at_ms,
                                                                  .cause = steps[layer].cause,
                                                                  .sentence = steps[layer].sentence });
}

/* A fresh form of the task with what has become of it. */
static struct task *receipt_show(const struct receipts *receipts, const struct receipt *receipt)
{
        struct task *shown = task_again(receipt->task);

        rows_add(shown, receipts->storage_node ? receipts->storage_node : "", receipt->steps);
        for (size_t i = 0; i < receipt->member_count; i++)
                rows_add(shown, receipts->members[i], receipt->members[i]);
        for (size_t i = 0; i < receipt->cut_count; i++)
                task_add_cut(shown, &receipt->cuts[i]);
        shown->ended_at_ms = receipt->ended_at_ms;
        return shown;
}

struct task *receipts_show(const struct receipts *receipts, const struct task *task)
{
        const struct receipt *receipt = *receipt_place(receipts, task->document.id);
        const struct document *newest;
        struct task *shown;

        if (!receipt && receipts->newest) { /* its end may have been written meanwhile */
                newest = snapshot_find(receipts->newest, DOCUMENT_TASK, task->document.id);
                return shared_get(newest ? (const void *)newest : task);
        }
        if (!receipt || !task_is_running(task))
                return shared_get(task);
        shown = receipt_show(receipts, receipt);
        shown->document.revision = task->document.revision;
        return shown;
}

void receipts_each_ended(const struct receipts *receipts, void (*each)(void *context, struct task *task),
                         void *context)
{
        for (const struct receipt *receipt = receipts->first; receipt; receipt = receipt->next)
                if (receipt->ended_at_ms != 0)
                        each(context, receipt_show(receipts, receipt));
}
