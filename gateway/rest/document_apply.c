/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/document_apply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/environment_json.h"
#include "domain/export_json.h"
#include "domain/json_reader.h"
#include "rest/export_check.h"
#include "rest/export_make.h"
#include "rest/inventory_check.h"
#include "rest/inventory_claim.h"
#include "rest/object.h"

/* One run. */
struct run {
        struct document_apply *apply;
        struct commit *commit;
        struct write *write;
        struct fault *fault;
        struct violations invalid, conflicts; /* of all items, by where they are in the document */
        struct pmap claimed;                  /* ids of exports and "/" names of environments that an item names */
        struct export **wanted;               /* by item; NULL where something is wrong */
        const struct export **existing;       /* by item; what it is to change, or NULL; references */
};

static const char *const result_words[APPLY_RESULT_COUNT] = { "created", "changed", "unchanged", "removed" };

static void items_drop(struct document_apply *apply)
{
        for (size_t i = 0; i < apply->count; i++)
                shared_put(apply->items[i].document);
        free(apply->items);
        apply->items = NULL;
        apply->count = 0;
        memset(apply->counts, 0, sizeof apply->counts);
}

void document_apply_fini(struct document_apply *apply)
{
        items_drop(apply);
}

static void item_add(struct run *run, enum apply_result result, const struct document *document, size_t place)
{
        struct document_apply *apply = run->apply;

        apply->items = memory_grow(apply->items, apply->count, sizeof *apply->items);
        apply->items[apply->count++] = (struct apply_item){ result, shared_get(document), place };
        apply->counts[result]++;
}

/* What the functions of one object have found goes with the whole document's. */
static void wrong_take(struct run *run, const char *list, size_t place, bool is_conflict)
{
        AUTO_FREE char *pointer = json_pointer_index(list, place);

        violations_move(is_conflict ? &run->conflicts : &run->invalid, pointer, &run->commit->violations);
        run->commit->conflict_id[0] = '\0';
}

/* Whether no item before has named it; `key` is as in run->claimed. */
static bool claim(struct run *run, const char *key, const struct document *document)
{
        if (pmap_find(run->claimed, key, strlen(key)))
                return false;
        pmap_put(&run->claimed, key, strlen(key), document);
        return true;
}

/* --- Environments ----------------------------------------------------------------------------------------------
 */

static struct environment *environment_wanted(struct run *run, const json_t *item)
{
        struct violations *violations = &run->commit->violations;
        json_t *body = json_is_object(item) ? json_copy((json_t *)(uintptr_t)item) : json_object();
        const char *name = json_string_value(json_object_get(body, "name"));
        struct environment *wanted = NULL;

        if (!json_is_object(item))
                violation_add(violations, "", "type.wrong", "an environment must be an object");
        else if (!name || !name_is_valid(name))
                violation_add(
                        violations, "/name", "name.malformed",
                        "name is needed; it begins with a letter or digit and has at most %d of A-Z a-z 0-9 . _ -",
                        NAME_MAX_BYTES);
        if (!violations_any(violations)) {
                AUTO_FREE char *copy = memory_text(name);

                json_object_del(body, "name");
                wanted = environment_from_json(copy, body, violations);
        }
        json_decref(body);
        return wanted;
}

static void environment_put(struct run *run, struct environment *wanted, const struct environment *existing,
                            size_t place)
{
        const struct document *document = existing ? &existing->document : NULL;
        const struct inventory_claim by_hand = { 0 };
        uint64_t before = existing ? existing->document.revision : 0;

        wanted->state_revision = existing ? existing->state_revision : 0;
        if (!inventory_claim_settle(&by_hand, run->commit, document, existing ? &existing->origin : NULL,
                                    &wanted->document, &wanted->origin)) {
                environment_keep_state_revision(wanted, existing);
                commit_put(run->commit, run->write, "environment.put", document, &wanted->document);
        }
        item_add(run,
                 !existing                                   ? APPLY_CREATED
                 : run->commit->document->revision == before ? APPLY_UNCHANGED
                                                             : APPLY_CHANGED,
                 run->commit->document, place);
}

static void environment_apply(struct run *run, const json_t *item, size_t place)
{
        struct violations *violations = &run->commit->violations;
        AUTO_SHARED struct environment *wanted = environment_wanted(run, item);
        AUTO_SHARED const struct environment *existing =
                shared_get(wanted ? snapshot_environment(run->write->now, wanted->document.id) : NULL);
        struct fault fault = { 0 };
        AUTO_FREE char *key = memory_format("/%s", wanted ? wanted->document.id : "");

        if (wanted && !claim(run, key, &wanted->document))
                violation_add(violations, "/name", "apply.repeated", "the document names this environment twice");
        if (violations_any(violations)) {
                wrong_take(run, "/environments", place, false);
                return;
        }
        if (access_check(run->commit->request, PERMIT_WRITE_INVENTORY, existing ? existing->account : NULL,
                         "environment", &fault) < 0)
                violation_add(violations, "/name", fault_word(fault.code), "%s", fault.text);
        inventory_check_uid(run->write->now, existing, wanted, "", violations);
        inventory_check_layers(run->write->now, existing, wanted, "", violations);
        if (violations_any(violations))
                wrong_take(run, "/environments", place, true);
        else
                environment_put(run, wanted, existing, place);
}

/* --- Which export an item is of --------------------------------------------------------------------------------
 */

/* The export at the item's place: of the same environment, target and mount path. */
static const struct export *match_find(const struct run *run, const struct export *wanted)
{
        const struct snapshot *now = run->write->now;
        const struct environment *environment = snapshot_environment(now, wanted->environment);
        const struct document *document;
        struct snapshot_walk walk;

        if (!environment)
                return NULL;
        snapshot_walk_mount_target(&walk, now, environment->uid, wanted->mount_path, wanted->target,
                                   wanted->target_name);
        while ((document = snapshot_walk_next(&walk))) {
                const struct export *export = (const struct export *)document;

                if (permit(&run->commit->request->principal, PERMIT_WRITE_EXPORT, export->account, NULL) == 0 &&
                    strcmp(export->account, environment->account) == 0)
                        return export;
        }
        return NULL;
}

/* Of a document that does not say its manager, which is only rehearsed, nothing is told of that. */
static bool is_managed(const struct run *run, const struct export *export)
{
        return !run->apply->manager || (export->manager && strcmp(export->manager, run->apply->manager) == 0);
}

static bool same_directory(const struct export *a, const struct export *b)
{
        return strcmp(a->storage, b->storage) == 0 && strcmp(a->path, b->path) == 0;
}

/* What cannot become of `existing`. */
static void match_check(struct run *run, const struct export *existing, const struct export *wanted)
{
        struct violations *violations = &run->commit->violations;
        const char *id = existing->document.id;

        if (existing->manager && !is_managed(run, existing))
                violation_add(violations, "/mount_path", "manager.other", "export %s there is kept by manager %s",
                              id, existing->manager);
        if (!same_directory(existing, wanted) && !(run->apply->prune && is_managed(run, existing)))
                violation_add(
                        violations, "/path", "export.fixed",
                        "export %s there is of another directory, %s of storage %s; prune lets it be replaced", id,
                        existing->path, existing->storage);
        if (same_directory(existing, wanted) && (existing->directory_uid != wanted->directory_uid ||
                                                 existing->directory_gid != wanted->directory_gid ||
                                                 existing->directory_mode != wanted->directory_mode))
                violation_add(violations, "/directory", "export.fixed",
                              "directory of export %s cannot be changed: it was for making it", id);
}

/* Reads item number `place`, and finds what it is of. */
static void export_read_item(struct run *run, size_t place)
{
        struct violations *violations = &run->commit->violations;
        const json_t *item = json_array_get(run->apply->exports, place);
        AUTO_SHARED struct export *wanted = json_is_object(item) ? export_from_json(item, violations) : NULL;
        const struct export *existing = wanted ? match_find(run, wanted) : NULL;

        if (!json_is_object(item))
                violation_add(violations, "", "type.wrong", "an export must be an object");
        if (wanted && wanted->manager && !is_managed(run, wanted))
                violation_add(violations, "/manager", "manager.differs",
                              "manager is the document's, %s; leave it out here", run->apply->manager);
        if (wanted && !(existing && existing->expires_at_ms == wanted->expires_at_ms))
                export_check_request(wanted, run->write->now_ms, violations);
        if (existing && !claim(run, existing->document.id, &existing->document))
                violation_add(violations, "/mount_path", "apply.repeated",
                              "the document has this environment, target and mount path twice");
        if (violations_any(violations)) {
                wrong_take(run, "/exports", place, false);
                return;
        }
        free(wanted->manager);
        wanted->manager = memory_text(run->apply->manager);
        run->existing[place] = shared_get(existing);
        run->wanted[place] = shared_get(wanted);
        if (existing)
                match_check(run, existing, wanted);
        if (violations_any(violations))
                wrong_take(run, "/exports", place, true);
}

/* --- What goes --------------------------------------------------------------------------------------------------
 */

/* Removes what the manager had made and the document does not name. A walk does not outlive a change of what it
 * walks over: it is listed first. */
static void exports_prune(struct run *run)
{
        const struct snapshot *now = run->write->now;
        const struct export **leaving = NULL;
        const struct document *document;
        struct snapshot_walk walk;
        size_t count = 0;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_EXPORT], NULL, NULL);
        while ((document = snapshot_walk_next(&walk))) {
                const struct export *export = (const struct export *)document;

                if (!is_managed(run, export) || pmap_find(run->claimed, document->id, strlen(document->id)) ||
                    permit(&run->commit->request->principal, PERMIT_WRITE_EXPORT, export->account, NULL) < 0)
                        continue;
                leaving = memory_grow(leaving, count, sizeof(*leaving));
                leaving[count++] = shared_get(export);
        }
        for (size_t i = 0; i < count; i++) {
                export_take_away(run->commit, run->write, leaving[i]);
                item_add(run, APPLY_REMOVED, &leaving[i]->document, SIZE_MAX);
                shared_put(leaving[i]);
        }
        free(leaving);
}

/* An export at its place that serves another directory goes, and another one comes. */
static void exports_displace(struct run *run)
{
        for (size_t i = 0; i < json_array_size(run->apply->exports); i++) {
                const struct export *existing = run->existing[i];

                if (!existing || same_directory(existing, run->wanted[i]))
                        continue;
                export_take_away(run->commit, run->write, existing);
                item_add(run, APPLY_REMOVED, &existing->document, SIZE_MAX);
                shared_put(existing);
                run->existing[i] = NULL;
        }
}

/* --- What is to be there ----------------------------------------------------------------------------------------
 */

/* What is in the way may be an item of this very document, whose id nobody will ever see. */
static void overlap_tell(struct run *run)
{
        const struct document_apply *apply = run->apply;

        for (size_t i = 0; i < apply->count; i++) {
                const struct apply_item *item = &apply->items[i];

                if (item->result != APPLY_CREATED || strcmp(item->document->id, run->commit->conflict_id) != 0)
                        continue;
                violations_fini(&run->commit->violations);
                violation_add(&run->commit->violations, "/mount_path", "apply.overlaps",
                              "/exports/%zu of the document is in the way of it on the same nodes", item->place);
                return;
        }
}

static int export_create_item(struct run *run, size_t place)
{
        struct commit *commit = run->commit;
        struct export *wanted = run->wanted[place];
        const struct storage *storage;
        struct fault fault = { 0 };
        int result = export_settle(commit, run->write->now, wanted, &storage, &fault);

        if (result < 0) {
                overlap_tell(run);
                wrong_take(run, "/exports", place, fault.code == FAULT_CONFLICT);
                return 0;
        }
        result = export_make(commit, run->write, wanted, run->fault);
        if (result == 0)
                item_add(run, APPLY_CREATED, &wanted->document, place);
        return result;
}

/* Gives `wanted` the identity of `existing`. */
static void export_succeed(struct export *wanted, const struct export *existing)
{
        document_set_id(&wanted->document, existing->document.id);
        wanted->number = existing->number;
        wanted->file_system_id = existing->file_system_id;
        free(wanted->account);
        free(wanted->environment);
        free(wanted->environment_uid);
        wanted->account = memory_text(existing->account);
        wanted->environment = memory_text(existing->environment);
        wanted->environment_uid = memory_text(existing->environment_uid);
}

static void export_change_item(struct run *run, size_t place)
{
        struct protocol_facts facts = status_facts(run->commit->request->context->status);
        const struct export *existing = run->existing[place];
        struct export *wanted = run->wanted[place];

        export_succeed(wanted, existing);
        export_check_change(run->write->now, existing, wanted, &facts, &run->commit->violations);
        if (violations_any(&run->commit->violations)) {
                wrong_take(run, "/exports", place, false);
                return;
        }
        export_replace(run->commit, run->write, "export.change", existing, wanted);
        item_add(run,
                 run->commit->document->revision == existing->document.revision ? APPLY_UNCHANGED : APPLY_CHANGED,
                 run->commit->document, place);
}

static int exports_apply(struct run *run)
{
        size_t count = json_array_size(run->apply->exports);
        int result = 0;

        for (size_t i = 0; i < count; i++)
                export_read_item(run, i);
        /* What is wrong already keeps nothing from being looked at but what rests on it. */
        if (!violations_any(&run->conflicts))
                exports_displace(run);
        if (run->apply->prune && run->apply->manager && !violations_any(&run->invalid) &&
            !violations_any(&run->conflicts))
                exports_prune(run);
        for (size_t i = 0; i < count && result == 0; i++) {
                if (run->wanted[i] && run->existing[i])
                        export_change_item(run, i);
                else if (run->wanted[i])
                        result = export_create_item(run, i);
        }
        return result;
}

/* All that is wrong in one list: what is not valid first. */
static int run_judge(struct run *run)
{
        enum fault_code code = violations_any(&run->invalid) ? FAULT_INVALID : FAULT_CONFLICT;

        violations_move(&run->invalid, "", &run->conflicts);
        run->commit->violations = run->invalid;
        run->invalid = (struct violations){ 0 };
        return commit_violations(run->commit, code, run->fault);
}

int document_apply_run(struct document_apply *apply, struct commit *commit, struct write *write,
                       struct fault *fault)
{
        size_t count = json_array_size(apply->exports);
        struct run run = { .apply = apply, .commit = commit, .write = write, .fault = fault };
        int result;

        items_drop(apply);
        violations_fini(&commit->violations);
        run.wanted = memory_new(count + 1, sizeof *run.wanted);
        run.existing = memory_new(count + 1, sizeof(*run.existing));
        for (size_t i = 0; i < json_array_size(apply->environments); i++)
                environment_apply(&run, json_array_get(apply->environments, i), i);
        result = exports_apply(&run);
        if (result == 0)
                result = run_judge(&run);
        for (size_t i = 0; i < count; i++) {
                shared_put(run.wanted[i]);
                shared_put(run.existing[i]);
        }
        free(run.wanted);
        free(run.existing);
        pmap_fini(&run.claimed);
        violations_fini(&run.invalid);
        violations_fini(&run.conflicts);
        shared_put(commit->document); /* of many objects none is the one */
        commit->document = NULL;
        return result;
}

void document_apply_read(struct document_apply *apply, const json_t *body, struct violations *violations)
{
        struct json_reader reader;

        json_reader_start(&reader, body, "", violations);
        json_take_line(&reader, "manager", JSON_REQUIRED, APPLY_MANAGER_MOST, &apply->manager);
        json_take_bool(&reader, "prune", JSON_OPTIONAL, &apply->prune);
        json_take_array(&reader, "exports", JSON_OPTIONAL, APPLY_EXPORTS_MOST, &apply->exports);
        json_take_array(&reader, "environments", JSON_OPTIONAL, APPLY_ENVIRONMENTS_MOST, &apply->environments);
        json_reader_finish(&reader);
}

bool document_apply_any(const struct document_apply *apply)
{
        return apply->count > apply->counts[APPLY_UNCHANGED];
}

static json_t *item_json(const struct apply_item *item, bool tentative)
{
        const struct document *document = item->document;
        bool is_new = item->result == APPLY_CREATED && document->kind == DOCUMENT_EXPORT;
        json_t *object = json_object();
        char tag[REPLY_ETAG_SIZE];

        json_set_text(object, "kind", document_word(document->kind));
        json_set_text(object, "result", result_words[item->result]);
        json_object_set_new(object, "id", is_new && tentative ? json_null() : json_string(document->id));
        if (item->place != SIZE_MAX) {
                AUTO_FREE char *pointer = json_pointer_index(
                        document->kind == DOCUMENT_EXPORT ? "/exports" : "/environments", item->place);

                json_set_text(object, "pointer", pointer);
                if (!tentative)
                        json_set_text(object, "etag", reply_etag(document->revision, tag));
        }
        if (document->kind == DOCUMENT_EXPORT) {
                const struct export *export = (const struct export *)document;

                json_set_text(object, "environment", export->environment);
                json_set_text(object, "mount_path", export->mount_path);
                json_set_text(object, "path", export->path);
        }
        return object;
}

void document_apply_tell(const struct document_apply *apply, bool tentative, json_t *answer)
{
        json_t *counts = json_object(), *items = json_array();

        for (int i = 0; i < APPLY_RESULT_COUNT; i++)
                json_object_set_new(counts, result_words[i], json_integer((json_int_t)apply->counts[i]));
        for (size_t i = 0; i < apply->count; i++)
                json_array_append_new(items, item_json(&apply->items[i], tentative));
        json_set_text(answer, "manager", apply->manager);
        json_object_set_new(answer, "prune", json_boolean(apply->prune));
        json_object_set_new(answer, "counts", counts);
        json_object_set_new(answer, "items", items);
}
