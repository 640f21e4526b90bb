/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/document.h"

#include <string.h>

#include <jansson.h>

#include "domain/environment_json.h"
#include "domain/export_json.h"
#include "domain/json_reader.h"
#include "domain/storage_json.h"
#include "domain/task_json.h"
#include "domain/token_json.h"

/* Numbers of 64 bits are kept as decimal text: a JSON integer has a sign, and many readers only 53 bits. */
static void decimal_write(struct json_t *object, const char *key, uint64_t value)
{
        char text[24];

        snprintf(text, sizeof text, "%llu", (unsigned long long)value);
        json_set_text(object, key, text);
}

static void decimal_read(struct json_reader *reader, const char *key, uint64_t *value)
{
        const char *text;
        uint64_t read = 0;

        if (!json_take_text(reader, key, JSON_REQUIRED, 20, &text))
                return;
        for (const char *at = text; *at; at++)
                if (*at < '0' || *at > '9' || __builtin_mul_overflow(read, 10, &read) ||
                    __builtin_add_overflow(read, (uint64_t)(*at - '0'), &read)) {
                        json_refuse(reader, key, "number.malformed", "%s must be a decimal number of 64 bits",
                                    key);
                        return;
                }
        *value = read;
}

static void hash_write(struct json_t *object, const char *key, const uint8_t hash[TOKEN_HASH_SIZE])
{
        char text[2 * TOKEN_HASH_SIZE + 1];

        for (size_t i = 0; i < TOKEN_HASH_SIZE; i++)
                snprintf(text + 2 * i, 3, "%02x", hash[i]);
        json_set_text(object, key, text);
}

static void hash_read(struct json_reader *reader, const char *key, uint8_t hash[TOKEN_HASH_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        const char *text;

        if (!json_take_text(reader, key, JSON_REQUIRED, 2 * TOKEN_HASH_SIZE, &text))
                return;
        if (strspn(text, digits) != 2 * TOKEN_HASH_SIZE) {
                json_refuse(reader, key, "hash.malformed", "%s must have %d hexadecimal digits in lower case", key,
                            2 * TOKEN_HASH_SIZE);
                return;
        }
        for (size_t i = 0; i < TOKEN_HASH_SIZE; i++)
                hash[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                                    (strchr(digits, text[2 * i + 1]) - digits));
}

static void name_read(struct json_reader *reader, const char *key, char **name)
{
        const char *text;

        if (json_take_name(reader, key, JSON_REQUIRED, &text))
                *name = memory_text(text);
}

/* For each kind: how an empty object is made, and its members that the API does not take in a body. */

static void *stored_environment_new(const char *id)
{
        return environment_new(id);
}

static void stored_environment_read(struct json_reader *reader, void *object)
{
        struct environment *environment = object;

        environment_read(reader, environment);
        decimal_read(reader, "state_revision", &environment->state_revision);
        origin_read(reader, &environment->origin);
}

static void stored_environment_write(const void *object, struct json_t *json)
{
        const struct environment *environment = object;

        environment_write(environment, json);
        decimal_write(json, "state_revision", environment->state_revision);
        origin_write(&environment->origin, json);
}

static void *stored_node_new(const char *id)
{
        return node_new(id);
}

static void stored_node_read(struct json_reader *reader, void *object)
{
        struct node *node = object;

        name_read(reader, "environment", &node->environment);
        name_read(reader, "environment_uid", &node->environment_uid);
        node_read(reader, node);
        origin_read(reader, &node->origin);
}

static void stored_node_write(const void *object, struct json_t *json)
{
        const struct node *node = object;

        json_set_text(json, "environment", node->environment);
        json_set_text(json, "environment_uid", node->environment_uid);
        node_write(node, json);
        origin_write(&node->origin, json);
}

static void *stored_storage_new(const char *id)
{
        return storage_new(id);
}

static void stored_storage_read(struct json_reader *reader, void *object)
{
        storage_read(reader, object);
}

static void stored_storage_write(const void *object, struct json_t *json)
{
        storage_write(object, json);
}

static void *stored_export_new(const char *id)
{
        return export_new(id);
}

static void creation_read(struct json_reader *outer, struct export_creation *creation)
{
        AUTO_FREE char *pointer = json_pointer_key(outer->pointer, "creation");
        uint64_t sides = 0, ended_at_ms = 0;
        struct json_reader reader;
        const json_t *object;
        const char *actor;

        if (!json_take_object(outer, "creation", JSON_OPTIONAL, &object))
                return;
        json_reader_start(&reader, object, pointer, outer->violations);
        if (json_take_text(&reader, "actor", JSON_REQUIRED, DOCUMENT_ID_MAX, &actor))
                creation->actor = memory_text(actor);
        json_take_number(&reader, "sides", JSON_OPTIONAL, 0, 3, &sides);
        json_take_number(&reader, "ended_at_ms", JSON_OPTIONAL, 1, INT64_MAX, &ended_at_ms);
        json_reader_finish(&reader);
        creation->sides = (uint8_t)sides;
        creation->ended_at_ms = (int64_t)ended_at_ms;
}

static void creation_write(const struct export_creation *creation, json_t *outer)
{
        json_t *object;

        if (!creation->actor)
                return;
        object = json_object();
        json_set_text(object, "actor", creation->actor);
        if (creation->ended_at_ms) {
                json_object_set_new(object, "sides", json_integer(creation->sides));
                json_object_set_new(object, "ended_at_ms", json_integer(creation->ended_at_ms));
        }
        json_object_set_new(outer, "creation", object);
}

static void stored_export_read(struct json_reader *reader, void *object)
{
        struct export *export = object;
        uint64_t number = 0;

        json_take_number(reader, "number", JSON_REQUIRED, 1, EXPORT_NUMBER_LAST, &number);
        export->number = (uint16_t)number;
        decimal_read(reader, "file_system_id", &export->file_system_id);
        name_read(reader, "account", &export->account);
        name_read(reader, "environment_uid", &export->environment_uid);
        if (!json_is_absent(reader, "widened_revision"))
                decimal_read(reader, "widened_revision", &export->widened_revision);
        creation_read(reader, &export->creation);
        export_read(reader, export);
}

static void stored_export_write(const void *object, struct json_t *json)
{
        const struct export *export = object;
        json_t *members;

        json_object_set_new(json, "number", json_integer(export->number));
        decimal_write(json, "file_system_id", export->file_system_id);
        json_set_text(json, "account", export->account);
        json_set_text(json, "environment_uid", export->environment_uid);
        if (export->widened_revision)
                decimal_write(json, "widened_revision", export->widened_revision);
        creation_write(&export->creation, json);
        members = export_members(export);
        json_object_update(json, members);
        json_decref(members);
}

static void *stored_token_new(const char *id)
{
        return token_new(id);
}

static void stored_token_read(struct json_reader *reader, void *object)
{
        struct token *token = object;

        token_read_stored(reader, token);
        hash_read(reader, "hash", token->hash);
}

static void stored_token_write(const void *object, struct json_t *json)
{
        const struct token *token = object;

        token_write_stored(token, json);
        hash_write(json, "hash", token->hash);
}

static void *stored_reply_new(const char *id)
{
        return reply_record_new(id);
}

#define STORED_REPLY_TEXT_MAX (16 * 1024 * 1024) /* as much as anybody keeps */

static void stored_reply_read(struct json_reader *reader, void *object)
{
        struct reply_record *record = object;

        uint64_t status = 0;
        const char *text;

        hash_read(reader, "request_hash", record->request_hash);
        if (json_take_name(reader, "export", JSON_OPTIONAL, &text))
                return; /* by an earlier version, which kept no replies: the request is made again */
        json_take_number(reader, "status", JSON_REQUIRED, 200, 299, &status);
        record->status = (int)status;
        if (json_take_text(reader, "location", JSON_OPTIONAL, STORED_REPLY_TEXT_MAX, &text))
                record->location = memory_text(text);
        decimal_read(reader, "tagged_revision", &record->tagged_revision);
        if (json_take_text(reader, "body", JSON_OPTIONAL, STORED_REPLY_TEXT_MAX, &text))
                record->body = memory_text(text);
        record->body_length = record->body ? strlen(record->body) : 0;
}

static void stored_reply_write(const void *object, struct json_t *json)
{
        const struct reply_record *record = object;

        hash_write(json, "request_hash", record->request_hash);
        json_object_set_new(json, "status", json_integer(record->status));
        json_set_text(json, "location", record->location);
        decimal_write(json, "tagged_revision", record->tagged_revision);
        json_set_text(json, "body", record->body);
}

static void *stored_counter_new(const char *id)
{
        return counter_new(id);
}

static void stored_counter_read(struct json_reader *reader, void *object)
{
        decimal_read(reader, "value", &((struct counter *)object)->value);
}

static void stored_counter_write(const void *object, struct json_t *json)
{
        decimal_write(json, "value", ((const struct counter *)object)->value);
}

static void *stored_inventory_new(const char *id)
{
        return inventory_new(id);
}

static void stored_inventory_read(struct json_reader *reader, void *object)
{
        struct inventory *inventory = object;
        uint64_t heard_at_ms = 0;
        size_t state = 0;

        json_take_number(reader, "source_revision", JSON_REQUIRED, 0, INVENTORY_REVISION_MAX,
                         &inventory->revision);
        json_take_bool(reader, "beats", JSON_REQUIRED, &inventory->beats);
        json_take_number(reader, "heard_at_ms", JSON_REQUIRED, 0, INT64_MAX, &heard_at_ms);
        json_take_word(reader, "state", JSON_REQUIRED, inventory_state_words, &state);
        json_take_bool(reader, "suspends", JSON_REQUIRED, &inventory->suspends);
        json_take_bool(reader, "spared", JSON_REQUIRED, &inventory->spared);
        decimal_read(reader, "expired_revision", &inventory->expired_revision);
        inventory->heard_at_ms = (int64_t)heard_at_ms;
        inventory->state = (enum inventory_state)state;
        inventory->has_report = !json_is_absent(reader, "report_digest");
        if (inventory->has_report)
                hash_read(reader, "report_digest", inventory->report_digest);
}

static void stored_inventory_write(const void *object, struct json_t *json)
{
        const struct inventory *inventory = object;

        json_object_set_new(json, "source_revision", json_integer((json_int_t)inventory->revision));
        json_object_set_new(json, "beats", json_boolean(inventory->beats));
        json_object_set_new(json, "heard_at_ms", json_integer(inventory->heard_at_ms));
        json_set_text(json, "state", inventory_state_word(inventory->state));
        json_object_set_new(json, "suspends", json_boolean(inventory->suspends));
        json_object_set_new(json, "spared", json_boolean(inventory->spared));
        decimal_write(json, "expired_revision", inventory->expired_revision);
        if (inventory->has_report)
                hash_write(json, "report_digest", inventory->report_digest);
}

static void *stored_task_new(const char *id)
{
        return task_new_empty(id);
}

static void stored_task_read(struct json_reader *reader, void *object)
{
        task_read(reader, object);
}

static void stored_task_write(const void *object, struct json_t *json)
{
        task_write(object, json);
}

static const struct {
        void *(*make)(const char *id);
        void (*read)(struct json_reader *reader, void *object);
        void (*write)(const void *object, struct json_t *json);
} stored_forms[DOCUMENT_KIND_COUNT] = {
        [DOCUMENT_ENVIRONMENT] = { stored_environment_new, stored_environment_read, stored_environment_write },
        [DOCUMENT_NODE] = { stored_node_new, stored_node_read, stored_node_write },
        [DOCUMENT_STORAGE] = { stored_storage_new, stored_storage_read, stored_storage_write },
        [DOCUMENT_EXPORT] = { stored_export_new, stored_export_read, stored_export_write },
        [DOCUMENT_TOKEN] = { stored_token_new, stored_token_read, stored_token_write },
        [DOCUMENT_REPLY] = { stored_reply_new, stored_reply_read, stored_reply_write },
        [DOCUMENT_COUNTER] = { stored_counter_new, stored_counter_read, stored_counter_write },
        [DOCUMENT_INVENTORY] = { stored_inventory_new, stored_inventory_read, stored_inventory_write },
        [DOCUMENT_TASK] = { stored_task_new, stored_task_read, stored_task_write },
};

char *document_render(const struct document *document)
{
        json_t *json = json_object();
        char *text;

        stored_forms[document->kind].write(document, json);
        json_object_set_new(json, "created_at_ms", json_integer(document->created_at_ms));
        text = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        if (!text)
                abort();
        return text;
}

/* Fills `document` from the members of `json`. */
static int stored_read(const struct json_t *json, struct document *document, struct fault *fault)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct json_reader reader;
        uint64_t created_at_ms = 0;

        json_reader_start(&reader, json, "", &violations);
        stored_forms[document->kind].read(&reader, document);
        json_take_number(&reader, "created_at_ms", JSON_REQUIRED, 0, INT64_MAX, &created_at_ms);
        json_reader_finish(&reader);
        document->created_at_ms = (int64_t)created_at_ms;
        if (!violations_any(&violations))
                return 0;
        return fault_set(fault, FAULT_MALFORMED, "read stored %s %s: %s: %s", document_word(document->kind),
                         document->id, violations.items[0].pointer, violations.items[0].detail);
}

struct document *document_parse(enum document_kind kind, const char *id, uint64_t revision, const char *text,
                                size_t length, struct fault *fault)
{
        struct document *document;
        json_t *json;
        int failed;

        if (strlen(id) > DOCUMENT_ID_MAX) {
                fault_set(fault, FAULT_MALFORMED, "read stored %s: its id has more than %d bytes",
                          document_word(kind), DOCUMENT_ID_MAX);
                return NULL;
        }
        json = json_document_parse(text, length, fault);
        if (!json) {
                if (fault)
                        fault_prefix(fault, "read stored %s %s", document_word(kind), id);
                return NULL;
        }
        document = stored_forms[kind].make(id);
        failed = stored_read(json, document, fault);
        json_decref(json);
        if (failed) {
                shared_put(document);
                return NULL;
        }
        document->revision = revision;
        return document;
}
