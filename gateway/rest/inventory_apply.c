/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/inventory_apply.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "rest/commit.h"
#include "rest/inventory_check.h"

static const char *const noun_words[INVENTORY_NOUN_COUNT] = { "environments", "nodes" };
static const char *const outcome_words[INVENTORY_OUTCOME_COUNT] = { "created", "replaced", "removed" };

/* A report on its way into the inventory. */
struct application {
        const struct inventory_report *report;
        struct write *write;
        struct inventory_result *result;
        struct violations *violations;
};

void inventory_result_fini(struct inventory_result *result)
{
        for (int noun = 0; noun < INVENTORY_NOUN_COUNT; noun++) {
                for (int outcome = 0; outcome < INVENTORY_OUTCOME_COUNT; outcome++)
                        json_decref(result->names[noun][outcome]);
                json_decref(result->left_names[noun]);
        }
        *result = (struct inventory_result){ 0 };
}

static void name_keep(json_t **names, const char *name)
{
        if (!*names)
                *names = json_array();
        if (json_array_size(*names) < INVENTORY_NAMES_MOST)
                json_array_append_new(*names, json_string(name));
}

static void outcome_note(struct application *application, enum inventory_noun noun, enum inventory_outcome outcome,
                         const char *name)
{
        application->result->counts[noun][outcome]++;
        name_keep(&application->result->names[noun][outcome], name);
}

static bool is_own(const struct application *application, const struct origin *origin)
{
        return origin->source && strcmp(origin->source, application->report->source) == 0;
}

static const struct document *reported(struct pmap map, const char *key)
{
        return pmap_find(map, key, strlen(key));
}

/* Under one revision a source says one thing: what it said of this object by a PUT stands. */
static void contradiction_check(struct application *application, const struct origin *said, const char *what,
                                const char *name, const char *pointer)
{
        if (is_own(application, said) && said->revision == application->report->revision)
                violation_add(application->violations, pointer, "inventory.contradicted",
                              "source %s has said something else of %s %s as of the same revision, %" PRIu64,
                              application->report->source, what, name, said->revision);
}

/* --- What goes ------------------------------------------------------------------------------------------------
 */

/* Whether an environment of this name and another uid takes its place, or none does. */
static bool environment_goes(const struct application *application, const struct environment *environment)
{
        const struct environment *wanted =
                (const struct environment *)reported(application->report->by_name, environment->document.id);

        return is_own(application, &environment->origin) &&
               (!wanted || strcmp(wanted->uid, environment->uid) != 0);
}

static bool node_goes(const struct application *application, const struct node *node)
{
        const struct environment *environment =
                snapshot_environment_by_uid(application->write->now, node->environment_uid);

        if (reported(application->report->by_id, node->document.id))
                return false;
        return is_own(application, &node->origin) || (environment && environment_goes(application, environment) &&
                                                      !reported(application->report->by_uid, environment->uid));
}

/* The ids of the objects of one kind that are to go, and counts of what is left alone. A walk does not outlive a
 * change of what it walks over, so they are removed afterwards. */
static char **leaving_collect(struct application *application, enum inventory_noun noun, size_t *count)
{
        enum document_kind kind = noun == INVENTORY_NODES ? DOCUMENT_NODE : DOCUMENT_ENVIRONMENT;
        struct pmap named = noun == INVENTORY_NODES ? application->report->by_id : application->report->by_name;
        const struct document *document;
        struct snapshot_walk walk;
        char **ids = NULL;

        *count = 0;
        snapshot_walk_start(&walk, application->write->now->kinds[kind], NULL, NULL);
        while ((document = snapshot_walk_next(&walk))) {
                bool goes = noun == INVENTORY_NODES
                                    ? node_goes(application, (const struct node *)document)
                                    : environment_goes(application, (const struct environment *)document);

                if (goes) {
                        ids = memory_grow(ids, *count, sizeof *ids);
                        ids[(*count)++] = memory_text(document->id);
                } else if (!reported(named, document->id)) {
                        application->result->left_alone[noun]++;
                        name_keep(&application->result->left_names[noun], document->id);
                }
        }
        return ids;
}

static void leaving_remove(struct application *application, enum inventory_noun noun, char **ids, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (noun == INVENTORY_NODES) {
                        const struct node *node = snapshot_node(application->write->now, ids[i]);

                        contradiction_check(application, &node->origin, "node", ids[i], "/revision");
                        write_remove(application->write, DOCUMENT_NODE, ids[i]);
                } else {
                        const struct environment *environment =
                                snapshot_environment(application->write->now, ids[i]);

                        contradiction_check(application, &environment->origin, "environment", ids[i], "/revision");
                        write_remove(application->write, DOCUMENT_ENVIRONMENT, ids[i]);
                }
                outcome_note(application, noun, INVENTORY_REMOVED, ids[i]);
                free(ids[i]);
        }
        free(ids);
}

static void leaving_go(struct application *application)
{
        size_t node_count, environment_count;
        char **nodes = leaving_collect(application, INVENTORY_NODES, &node_count);
        char **environments = leaving_collect(application, INVENTORY_ENVIRONMENTS, &environment_count);

        leaving_remove(application, INVENTORY_NODES, nodes, node_count);
        leaving_remove(application, INVENTORY_ENVIRONMENTS, environments, environment_count);
}

/* --- What is to be there --------------------------------------------------------------------------------------
 */

/* Whether `existing` (may be NULL) says the same as `document` already, in this source's name. */
static bool object_is_known(struct application *application, enum inventory_noun noun,
                            const struct document *existing, const struct origin *said, struct document *document,
                            struct origin *origin)
{
        if (!existing)
                return false;
        origin_set(origin, said->source, said->revision);
        if (!is_own(application, said) || !commit_says_same(existing, document))
                return false;
        application->result->unchanged[noun]++;
        return true;
}

/* Puts `document` in the place of `existing` (may be NULL). */
static void object_put(struct application *application, enum inventory_noun noun, const struct document *existing,
                       const struct origin *said, struct document *document, struct origin *origin,
                       const char *pointer)
{
        const char *what = document_word(document->kind);

        if (existing && said->source && !is_own(application, said))
                violation_add(application->violations, pointer, "inventory.other_source",
                              "%s %s is told by source %s", what, document->id, said->source);
        else if (existing)
                contradiction_check(application, said, what, document->id, pointer);
        origin_set(origin, application->report->source, application->report->revision);
        outcome_note(application, noun, existing ? INVENTORY_REPLACED : INVENTORY_CREATED, document->id);
        write_put(application->write, document);
}

static void environment_apply(struct application *application, struct environment *wanted, size_t place)
{
        AUTO_FREE char *pointer = json_pointer_index("/environments", place);
        AUTO_SHARED const struct environment *now =
                shared_get(snapshot_environment(application->write->now, wanted->document.id));
        const struct document *existing = now ? &now->document : NULL;
        const struct origin *said = now ? &now->origin : NULL;
        size_t wrong = application->violations->count;

        inventory_check_uid(application->write->now, now, wanted, pointer, application->violations);
        if (application->violations->count > wrong)
                return;
        wanted->state_revision = now ? now->state_revision : 0;
        if (object_is_known(application, INVENTORY_ENVIRONMENTS, existing, said, &wanted->document,
                            &wanted->origin))
                return;
        environment_keep_state_revision(wanted, now);
        object_put(application, INVENTORY_ENVIRONMENTS, existing, said, &wanted->document, &wanted->origin,
                   pointer);
}

static void node_apply(struct application *application, const struct reported_node *reported_node)
{
        const struct snapshot *now = application->write->now;
        struct node *wanted = reported_node->node;
        const struct environment *environment = application->report->environments[reported_node->environment];
        AUTO_SHARED const struct node *existing = shared_get(snapshot_node(now, wanted->document.id));
        AUTO_FREE char *outer = json_pointer_index("/environments", reported_node->environment);
        AUTO_FREE char *array = json_pointer_key(outer, "nodes");
        AUTO_FREE char *pointer = json_pointer_index(array, reported_node->place);

        inventory_check_node(now, environment, wanted, pointer, application->violations);
        if (existing && snapshot_environment_by_uid(now, existing->environment_uid) &&
            !reported(application->report->by_uid, existing->environment_uid)) {
                violation_add(application->violations, pointer, "node.elsewhere",
                              "node %s is in environment %s, of which this report says nothing",
                              wanted->document.id, existing->environment);
                return;
        }
        if (!object_is_known(application, INVENTORY_NODES, existing ? &existing->document : NULL,
                             existing ? &existing->origin : NULL, &wanted->document, &wanted->origin))
                object_put(application, INVENTORY_NODES, existing ? &existing->document : NULL,
                           existing ? &existing->origin : NULL, &wanted->document, &wanted->origin, pointer);
}

/* A node that was left alone may be in a layer that there is no more. */
static void layers_check(struct application *application, size_t place)
{
        const struct environment *environment = application->report->environments[place];
        AUTO_FREE char *outer = json_pointer_index("/environments", place);
        AUTO_FREE char *pointer = json_pointer_key(outer, "layers");
        const struct environment *there = snapshot_environment_by_uid(application->write->now, environment->uid);
        const struct node *node;
        struct snapshot_walk walk;

        if (!there || strcmp(there->document.id, environment->document.id) != 0)
                return; /* its uid is another's, which has been told */
        snapshot_walk_start(&walk, application->write->now->nodes_by_environment, environment->uid, NULL);
        while ((node = (const struct node *)snapshot_walk_next(&walk)))
                if (!environment_has_layer(environment, node->layer))
                        violation_add(application->violations, pointer, "environment.layer_in_use",
                                      "layer %s still has node %s, of which this report says nothing", node->layer,
                                      node->document.id);
}

void inventory_apply(const struct inventory_report *report, struct write *write, struct inventory_result *result,
                     struct violations *violations)
{
        struct application application = { report, write, result, violations };

        leaving_go(&application);
        for (size_t i = 0; i < report->environment_count; i++)
                environment_apply(&application, report->environments[i], i);
        for (size_t i = 0; i < report->node_count; i++)
                node_apply(&application, &report->nodes[i]);
        for (size_t i = 0; i < report->environment_count; i++)
                layers_check(&application, i);
}

bool inventory_result_any(const struct inventory_result *result)
{
        for (int noun = 0; noun < INVENTORY_NOUN_COUNT; noun++)
                for (int outcome = 0; outcome < INVENTORY_OUTCOME_COUNT; outcome++)
                        if (result->counts[noun][outcome] > 0)
                                return true;
        return false;
}

static json_t *names_or_none(json_t *names)
{
        return names ? json_incref(names) : json_array();
}

struct json_t *inventory_result_to_json(const struct inventory_result *result, bool names)
{
        json_t *object = json_object(), *left = json_object(), *left_names = json_object();

        for (int noun = 0; noun < INVENTORY_NOUN_COUNT; noun++) {
                json_t *outcomes = json_object();

                for (int outcome = 0; outcome < INVENTORY_OUTCOME_COUNT; outcome++)
                        json_object_set_new(outcomes, outcome_words[outcome],
                                            names ? names_or_none(result->names[noun][outcome])
                                                  : json_integer((json_int_t)result->counts[noun][outcome]));
                if (!names)
                        json_object_set_new(outcomes, "unchanged",
                                            json_integer((json_int_t)result->unchanged[noun]));
                json_object_set_new(object, noun_words[noun], outcomes);
                json_object_set_new(left, noun_words[noun], json_integer((json_int_t)result->left_alone[noun]));
                json_object_set_new(left_names, noun_words[noun], names_or_none(result->left_names[noun]));
        }
        json_object_set_new(left, "names", left_names);
        if (names) {
                json_decref(left);
                return object;
        }
        json_object_set_new(object, "left_alone", left);
        return object;
}
