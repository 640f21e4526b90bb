/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/inventory_json.h"

#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "domain/environment_json.h"
#include "domain/json_reader.h"

#define ENVIRONMENTS_MAX 65536 /* of one report; its bytes are bounded before */
#define NODES_MAX 65536        /* of one environment */

void inventory_report_fini(struct inventory_report *report)
{
        for (size_t i = 0; i < report->environment_count; i++)
                shared_put(report->environments[i]);
        for (size_t i = 0; i < report->node_count; i++)
                shared_put(report->nodes[i].node);
        pmap_fini(&report->by_name);
        pmap_fini(&report->by_id);
        pmap_fini(&report->by_uid);
        free(report->environments);
        free(report->nodes);
        free(report->source);
        *report = (struct inventory_report){ 0 };
}

/* Adds `object` under `key`, which nothing else may have. */
static void once_put(struct pmap *map, const char *key, const void *object, struct json_reader *reader,
                     const char *member)
{
        if (!pmap_find(*map, key, strlen(key)))
                pmap_put(map, key, strlen(key), object);
        else
                json_refuse(reader, member, "name.twice", "%s stands twice in this report", key);
}

/* Begins to read one object of an array; false when it is none. */
static bool item_start(struct json_reader *reader, const json_t *item, const char *pointer,
                       struct violations *violations)
{
        if (json_is_object(item)) {
                json_reader_start(reader, item, pointer, violations);
                return true;
        }
        violation_add(violations, pointer, "type.wrong", "an object is needed");
        return false;
}

static void node_item_read(struct inventory_report *report, const json_t *item, const char *pointer, size_t place,
                           struct violations *violations)
{
        const struct environment *environment = report->environments[report->environment_count - 1];
        struct json_reader reader;
        struct node *node;
        const char *id;

        if (!item_start(&reader, item, pointer, violations))
                return;
        if (!json_take_name(&reader, "id", JSON_REQUIRED, &id))
                id = "";
        node = node_new(id);
        node->environment = memory_text(environment->document.id);
        node->environment_uid = memory_text(environment->uid);
        node_read(&reader, node);
        json_reader_finish(&reader);
        if (id[0])
                once_put(&report->by_id, id, node, &reader, "id");
        if (node->layer && !environment_has_layer(environment, node->layer))
                json_refuse(&reader, "layer", "layer.unknown", "environment %s has no layer %s",
                            environment->document.id, node->layer);
        report->nodes = memory_grow(report->nodes, report->node_count, sizeof *report->nodes);
        report->nodes[report->node_count++] = (struct reported_node){ node, report->environment_count - 1, place };
}

static void environment_item_read(struct inventory_report *report, const json_t *item, const char *pointer,
                                  struct violations *violations)
{
        AUTO_FREE char *inside = json_pointer_key(pointer, "nodes");
        struct environment *environment;
        const json_t *nodes = NULL;
        struct json_reader reader;
        const char *name;

        if (!item_start(&reader, item, pointer, violations))
                return;
        if (!json_take_name(&reader, "name", JSON_REQUIRED, &name))
                name = "";
        environment = environment_new(name);
        environment_read(&reader, environment);
        json_take_array(&reader, "nodes", JSON_OPTIONAL, NODES_MAX, &nodes);
        json_reader_finish(&reader);
        if (name[0])
                once_put(&report->by_name, name, environment, &reader, "name");
        if (environment->uid)
                once_put(&report->by_uid, environment->uid, environment, &reader, "uid");
        report->environments =
                memory_grow(report->environments, report->environment_count, sizeof(struct environment *));
        report->environments[report->environment_count++] = environment;
        for (size_t i = 0; i < json_array_size(nodes); i++) {
                AUTO_FREE char *place = json_pointer_index(inside, i);

                node_item_read(report, json_array_get(nodes, i), place, i, violations);
        }
}

void inventory_report_read(const struct json_t *body, struct inventory_report *report,
                           struct violations *violations)
{
        const json_t *environments = NULL;
        struct json_reader reader;
        const char *source;

        json_reader_start(&reader, body, "", violations);
        if (json_take_name(&reader, "source", JSON_REQUIRED, &source))
                report->source = memory_text(source);
        json_take_number(&reader, "revision", JSON_REQUIRED, 1, INVENTORY_REVISION_MAX, &report->revision);
        json_take_array(&reader, "environments", JSON_REQUIRED, ENVIRONMENTS_MAX, &environments);
        json_reader_finish(&reader);
        for (size_t i = 0; i < json_array_size(environments); i++) {
                AUTO_FREE char *pointer = json_pointer_index("/environments", i);

                environment_item_read(report, json_array_get(environments, i), pointer, violations);
        }
}

static void map_render(struct pmap map, struct text *text)
{
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(map, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct document *document = entry.value;
                AUTO_FREE char *form = document_render(document);

                text_addf(text, "%s %s\n", document->id, form);
        }
}

char *inventory_report_render(const struct inventory_report *report)
{
        struct text text = { 0 };

        map_render(report->by_name, &text);
        map_render(report->by_id, &text);
        return text_take(&text);
}

void inventory_heartbeat_read(const struct json_t *body, const char **source, uint64_t *revision,
                              struct violations *violations)
{
        struct json_reader reader;

        json_reader_start(&reader, body, "", violations);
        json_take_name(&reader, "source", JSON_REQUIRED, source);
        json_take_number(&reader, "revision", JSON_REQUIRED, 1, INVENTORY_REVISION_MAX, revision);
        json_reader_finish(&reader);
}
