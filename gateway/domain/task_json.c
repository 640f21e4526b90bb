/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/task_json.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"

#define TASK_ITEMS_MAX 1000000 /* of one list; more than an inventory can hold */

static void name_take(struct json_reader *reader, const char *key, enum json_presence presence, char **text)
{
        const char *read;

        if (json_take_text(reader, key, presence, DOCUMENT_ID_MAX, &read))
                *text = memory_text(read);
}

/* Calls `read` with a reader for each object of the array `key`. */
static void items_read(struct json_reader *reader, const char *key, struct task *task,
                       void (*read)(struct json_reader *item, struct task *task))
{
        const struct json_t *array;

        if (!json_take_array(reader, key, JSON_REQUIRED, TASK_ITEMS_MAX, &array))
                return;
        for (size_t i = 0; i < json_array_size(array); i++) {
                AUTO_FREE char *list = json_pointer_key(reader->pointer, key);
                AUTO_FREE char *pointer = json_pointer_index(list, i);
                struct json_reader item;

                json_reader_start(&item, json_array_get(array, i), pointer, reader->violations);
                read(&item, task);
                json_reader_finish(&item);
        }
}

static void export_read_one(struct json_reader *item, struct task *task)
{
        struct task_export export = { 0 };
        const char *id = "";
        uint64_t number = 0;

        json_take_text(item, "id", JSON_OPTIONAL, EXPORT_ID_SIZE - 1, &id);
        json_take_number(item, "number", JSON_OPTIONAL, 1, UINT16_MAX, &number);
        snprintf(export.id, sizeof export.id, "%s", id);
        export.number = (uint16_t)number;
        name_take(item, "storage", JSON_REQUIRED, &export.storage);
        task->exports = memory_grow(task->exports, task->export_count, sizeof *task->exports);
        task->exports[task->export_count++] = export;
}

static bool address_take(struct json_reader *item, struct address *address)
{
        const char *text;

        if (!json_take_text(item, "address", JSON_REQUIRED, ADDRESS_TEXT_SIZE, &text))
                return false;
        return address_parse(text, address) == 0 ||
               json_refuse(item, "address", "address.malformed", "%s is no address", text);
}

static void client_read_one(struct json_reader *item, struct task *task)
{
        struct address address;

        if (address_take(item, &address))
                task_add_client(task, &address);
}

static void step_read_one(struct json_reader *item, struct task *task)
{
        AUTO_FREE char *storage_node = NULL;
        size_t layer = 0, state = 0;
        uint64_t at_ms = 0;

        name_take(item, "storage_node", JSON_REQUIRED, &storage_node);
        json_take_word(item, "layer", JSON_REQUIRED, task_layer_words, &layer);
        json_take_word(item, "state", JSON_REQUIRED, task_step_words, &state);
        json_take_number(item, "at_ms", JSON_REQUIRED, 0, INT64_MAX, &at_ms);
        if (storage_node)
                task_add_step(task, &(struct task_step){ .storage_node = storage_node,
                                                         .layer = (enum task_layer)layer,
                                                         .state = (enum task_step_state)state,
                                                         .at_ms = (int64_t)at_ms });
}

static void cut_read_one(struct json_reader *item, struct task *task)
{
        uint64_t connections = 0;
        size_t service = 0;
        struct address address;
        bool read = address_take(item, &address);

        json_take_word(item, "service", JSON_REQUIRED, firewall_service_words, &service);
        json_take_number(item, "connections", JSON_REQUIRED, 0, UINT32_MAX, &connections);
        if (read)
                task_add_cut(task,
                             &(struct task_cut){ address, (enum firewall_service)service, (unsigned)connections });
}

void task_read(struct json_reader *reader, struct task *task)
{
        uint64_t ended_at_ms = 0, exports_left_out = 0, clients_left_out = 0;
        size_t kind = 0;

        json_take_word(reader, "kind", JSON_REQUIRED, task_kind_words, &kind);
        task->kind = (enum task_kind)kind;
        name_take(reader, "subject", JSON_REQUIRED, &task->subject);
        name_take(reader, "account", JSON_OPTIONAL, &task->account);
        name_take(reader, "actor", JSON_REQUIRED, &task->actor);
        items_read(reader, "exports", task, export_read_one);
        items_read(reader, "clients", task, client_read_one);
        items_read(reader, "steps", task, step_read_one);
        items_read(reader, "cuts", task, cut_read_one);
        json_take_number(reader, "ended_at_ms", JSON_OPTIONAL, 1, INT64_MAX, &ended_at_ms);
        json_take_number(reader, "exports_left_out", JSON_OPTIONAL, 0, SIZE_MAX, &exports_left_out);
        json_take_number(reader, "clients_left_out", JSON_OPTIONAL, 0, SIZE_MAX, &clients_left_out);
        task->exports_left_out = exports_left_out;
        task->clients_left_out = clients_left_out;
        task->ended_at_ms = (int64_t)ended_at_ms;
}

static json_t *address_json(const struct address *address)
{
        char text[ADDRESS_TEXT_SIZE];
        json_t *object = json_object();

        json_set_text(object, "address", address_format(address, text));
        return object;
}

static json_t *cuts_json(const struct task *task)
{
        json_t *array = json_array();

        for (size_t i = 0; i < task->cut_count; i++) {
                const struct task_cut *cut = &task->cuts[i];
                json_t *object = address_json(&cut->address);

                json_set_text(object, "service", firewall_service_word(cut->service));
                json_object_set_new(object, "connections", json_integer(cut->connections));
                json_array_append_new(array, object);
        }
        return array;
}

static json_t *exports_stored(const struct task *task)
{
        json_t *array = json_array();

        for (size_t i = 0; i < task->export_count; i++) {
                const struct task_export *export = &task->exports[i];
                json_t *object = json_object();

                if (export->number > 0) {
                        json_set_text(object, "id", export->id);
                        json_object_set_new(object, "number", json_integer(export->number));
                }
                json_set_text(object, "storage", export->storage);
                json_array_append_new(array, object);
        }
        return array;
}

static json_t *clients_stored(const struct task *task)
{
        json_t *array = json_array();

        for (size_t i = 0; i < task->client_count; i++)
                json_array_append_new(array, address_json(&task->clients[i]));
        return array;
}

static json_t *steps_stored(const struct task *task)
{
        json_t *array = json_array();

        for (size_t i = 0; i < task->step_count; i++) {
                const struct task_step *step = &task->steps[i];
                json_t *object = json_object();

                json_set_text(object, "storage_node", step->storage_node);
                json_set_text(object, "layer", task_layer_words[step->layer]);
                json_set_text(object, "state", task_step_words[step->state]);
                json_object_set_new(object, "at_ms", json_integer(step->at_ms));
                json_array_append_new(array, object);
        }
        return array;
}

static void head_write(const struct task *task, struct json_t *object)
{
        json_set_text(object, "kind", task_kind_words[task->kind]);
        json_set_text(object, "subject", task->subject);
        json_set_text(object, "account", task->account);
        json_set_text(object, "actor", task->actor);
        if (task->exports_left_out)
                json_object_set_new(object, "exports_left_out", json_integer((json_int_t)task->exports_left_out));
        if (task->clients_left_out)
                json_object_set_new(object, "clients_left_out", json_integer((json_int_t)task->clients_left_out));
}

void task_write(const struct task *task, struct json_t *object)
{
        head_write(task, object);
        json_object_set_new(object, "exports", exports_stored(task));
        json_object_set_new(object, "clients", clients_stored(task));
        json_object_set_new(object, "steps", steps_stored(task));
        json_object_set_new(object, "cuts", cuts_json(task));
        if (!task_is_running(task))
                json_object_set_new(object, "ended_at_ms", json_integer(task->ended_at_ms));
}

static json_t *layer_json(const struct task_step *step)
{
        json_t *object = json_object();

        json_set_text(object, "layer", task_layer_words[step->layer]);
        json_set_text(object, "state", task_step_words[step->state]);
        if (step->at_ms)
                json_set_time(object, "confirmed_at", step->at_ms);
        if (step->cause != FAULT_NONE) {
                json_t *cause = json_object();

                json_set_text(cause, "code", fault_word(step->cause));
                json_set_text(cause, "sentence", step->sentence);
                json_object_set_new(object, "cause", cause);
        }
        return object;
}

/* Steps of one storage node stand together. */
static json_t *storage_nodes_json(const struct task *task)
{
        json_t *nodes = json_array(), *layers = NULL;

        for (size_t i = 0; i < task->step_count; i++) {
                const struct task_step *step = &task->steps[i];

                if (i == 0 || strcmp(step->storage_node, task->steps[i - 1].storage_node) != 0) {
                        json_t *node = json_object();

                        layers = json_array();
                        json_set_text(node, "storage_node", step->storage_node);
                        json_object_set_new(node, "layers", layers);
                        json_array_append_new(nodes, node);
                }
                json_array_append_new(layers, layer_json(step));
        }
        return nodes;
}

static json_t *export_ids_json(const struct task *task)
{
        json_t *array = json_array();

        for (size_t i = 0; i < task->export_count; i++)
                if (task->exports[i].number > 0)
                        json_array_append_new(array, json_string(task->exports[i].id));
        return array;
}

/* How far it has come: layers that have confirmed, of those that have to. */
static json_t *progress_json(const struct task *task, size_t *waiting)
{
        size_t settled = 0;

        for (size_t i = 0; i < task->step_count; i++)
                settled += task->steps[i].state != STEP_WAITING;
        *waiting = task->step_count - settled;
        return json_pack("{s:I, s:I}", "confirmed", (json_int_t)settled, "of", (json_int_t)task->step_count);
}

struct json_t *task_to_json(const struct task *task)
{
        json_t *object = json_document_begin(&task->document, "id");
        size_t waiting;

        head_write(task, object);
        json_set_text(object, "state", task_is_running(task) ? "running" : "done");
        json_object_set_new(object, "progress", progress_json(task, &waiting));
        if (!task_is_running(task))
                json_set_text(object, "outcome", waiting > 0 ? "overtaken" : "confirmed");
        json_object_set_new(object, "exports", export_ids_json(task));
        json_object_set_new(object, "storage_nodes", storage_nodes_json(task));
        json_object_set_new(object, "clients", cuts_json(task));
        json_document_end(&task->document, object);
        if (!task_is_running(task))
                json_set_time(object, "ended_at", task->ended_at_ms);
        return object;
}
