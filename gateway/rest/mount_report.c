/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/mount_report.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "rest/request.h"

static const char *const seen_words[] = { "mounted", "failed", "absent", NULL };
static const char *const protocol_words[] = { "nfs", "gluster", NULL }; /* by enum protocol */

struct mount_reports {
        pthread_mutex_t lock;
        struct pmap nodes; /* node id -> struct mount_report */
        size_t items;      /* of all of them */
};

static void report_free(void *object)
{
        struct mount_report *report = object;

        for (size_t i = 0; i < report->count; i++)
                free(report->items[i].sentence);
        free(report->items);
        free(report->account);
        free(report->client);
        free(report);
}

static const struct mount_report_item *item_find(const struct mount_report *report, const char *export_id)
{
        for (size_t i = 0; i < report->count; i++)
                if (strcmp(report->items[i].export_id, export_id) == 0)
                        return &report->items[i];
        return NULL;
}

static void server_read(struct json_reader *reader, struct mount_report_item *item)
{
        const char *server;

        if (json_take_line(reader, "server", JSON_OPTIONAL, MOUNT_REPORT_TEXT_MAX, &server) &&
            address_parse(server, &item->server) < 0)
                json_refuse(reader, "server", "address.malformed", "this is no IP address");
}

static void item_read(const json_t *value, const char *pointer, struct mount_report *report,
                      struct violations *violations)
{
        struct mount_report_item *item = &report->items[report->count];
        struct json_reader reader;
        const char *text;

        if (!json_is_object(value)) {
                violation_add(violations, pointer, "type.wrong", "an item is an object");
                return;
        }
        json_reader_start(&reader, value, pointer, violations);
        if (json_take_name(&reader, "export", JSON_REQUIRED, &text)) {
                if (item_find(report, text))
                        json_refuse(&reader, "export", "export.repeated", "the export stands there already");
                snprintf(item->export_id, sizeof item->export_id, "%s", text);
        }
        json_take_word(&reader, "state", JSON_REQUIRED, seen_words, &item->seen);
        item->has_protocol = json_take_word(&reader, "protocol", JSON_OPTIONAL, protocol_words, &item->protocol);
        server_read(&reader, item);
        if (json_take_line(&reader, "sentence", JSON_EMPTY_IS_ABSENT, MOUNT_REPORT_TEXT_MAX, &text))
                item->sentence = memory_text(text);
        json_reader_finish(&reader);
        report->count++;
}

struct mount_report *mount_report_from_json(const json_t *body, struct violations *violations)
{
        struct mount_report *report = NEW(struct mount_report);
        struct json_reader reader;
        const json_t *items;
        const char *client;

        shared_init(report, report_free);
        json_reader_start(&reader, body, "", violations);
        if (json_take_line(&reader, "client", JSON_OPTIONAL, MOUNT_REPORT_TEXT_MAX, &client))
                report->client = memory_text(client);
        if (json_take_array(&reader, "items", JSON_REQUIRED, MOUNT_REPORT_ITEMS_MAX, &items)) {
                report->items = memory_new(json_array_size(items), sizeof *report->items);
                for (size_t i = 0; i < json_array_size(items); i++) {
                        AUTO_FREE char *pointer = json_pointer_index("/items", i);

                        item_read(json_array_get(items, i), pointer, report, violations);
                }
        }
        json_reader_finish(&reader);
        return json_reader_result(&reader, report);
}

static json_t *item_to_json(const struct mount_report_item *item)
{
        json_t *object = json_object();
        char server[ADDRESS_TEXT_SIZE];

        json_set_text(object, "state", seen_words[item->seen]);
        if (item->has_protocol)
                json_set_text(object, "protocol", protocol_word((enum protocol)item->protocol));
        if (item->server.family != ADDRESS_NONE)
                json_set_text(object, "server", address_format(&item->server, server));
        json_set_text(object, "sentence", item->sentence);
        return object;
}

static void age_set(json_t *object, const struct mount_report *report, int64_t now_elapsed_ms)
{
        json_set_time(object, "reported_at", report->wall_ms);
        json_object_set_new(object, "age_s", json_integer((now_elapsed_ms - report->elapsed_ms) / 1000));
}

json_t *mount_report_to_json(const struct mount_report *report, int64_t now_elapsed_ms)
{
        json_t *object = json_object(), *items = json_array();

        json_set_text(object, "client", report->client);
        age_set(object, report, now_elapsed_ms);
        for (size_t i = 0; i < report->count; i++) {
                json_t *item = item_to_json(&report->items[i]);

                json_set_text(item, "export", report->items[i].export_id);
                json_array_append_new(items, item);
        }
        json_object_set_new(object, "items", items);
        return object;
}

struct mount_reports *mount_reports_new(void)
{
        struct mount_reports *reports = NEW(struct mount_reports);

        pthread_mutex_init(&reports->lock, NULL);
        return reports;
}

void mount_reports_free(struct mount_reports *reports)
{
        pmap_fini(&reports->nodes);
        pthread_mutex_destroy(&reports->lock);
        free(reports);
}

/* Forgets what nodes said that are gone. Under the lock. */
static void reports_sweep(struct mount_reports *reports, const struct snapshot *now)
{
        struct pmap all = pmap_dup(reports->nodes);
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(all, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                AUTO_FREE char *id = memory_format("%.*s", (int)entry.key_length, (const char *)entry.key);

                if (snapshot_node(now, id))
                        continue;
                reports->items -= ((const struct mount_report *)entry.value)->count;
                pmap_remove(&reports->nodes, entry.key, entry.key_length);
        }
        pmap_fini(&all);
}

int mount_reports_put(struct mount_reports *reports, const char *node_id, const struct mount_report *report,
                      const struct snapshot *now, struct fault *fault)
{
        const struct mount_report *older;
        int result = 0;

        pthread_mutex_lock(&reports->lock);
        if (reports->items + report->count > MOUNT_REPORTS_ITEMS_MAX)
                reports_sweep(reports, now);
        older = pmap_find(reports->nodes, node_id, strlen(node_id));
        if (reports->items - (older ? older->count : 0) + report->count > MOUNT_REPORTS_ITEMS_MAX) {
                result = fault_set(fault, FAULT_EXHAUSTED, "keep the report: %d items are kept at most",
                                   MOUNT_REPORTS_ITEMS_MAX);
        } else {
                reports->items += report->count - (older ? older->count : 0);
                pmap_put(&reports->nodes, node_id, strlen(node_id), report);
        }
        pthread_mutex_unlock(&reports->lock);
        return result;
}

const struct mount_report *mount_reports_get(struct mount_reports *reports, const char *node_id,
                                             const char *account)
{
        const struct mount_report *report;

        pthread_mutex_lock(&reports->lock);
        report = pmap_find(reports->nodes, node_id, strlen(node_id));
        if (report && strcmp(report->account, account) != 0)
                report = NULL;
        shared_get(report);
        pthread_mutex_unlock(&reports->lock);
        return report;
}

void grant_set_client(const struct request *request, const struct grant *grant, json_t *object)
{
        AUTO_SHARED const struct mount_report *report =
                mount_reports_get(request->mount_reports, grant->node->document.id, grant->export->account);
        const struct mount_report_item *item = report ? item_find(report, grant->export->document.id) : NULL;
        json_t *client;

        if (!item)
                return;
        client = item_to_json(item);
        age_set(client, report, clock_monotonic_ms(request->context->clock));
        json_object_set_new(object, "client", client);
}
