/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/environment_json.h"

#include <string.h>

#include <jansson.h>

#include "domain/json_reader.h"

static void platform_version_read(struct json_reader *reader, struct platform_version *version)
{
        const char *text;

        if (!json_take_line(reader, "platform_version", JSON_EMPTY_IS_ABSENT, 32, &text))
                return;
        if (platform_version_parse(text, version) != 0)
                json_refuse(reader, "platform_version", "platform_version.malformed",
                            "platform_version must be one to three numbers parted by dots, like 8.3.1");
}

void environment_read(struct json_reader *reader, struct environment *environment)
{
        const char *text;
        size_t state;

        if (json_take_name(reader, "uid", JSON_REQUIRED, &text))
                environment->uid = memory_text(text);
        if (json_take_name(reader, "account", JSON_REQUIRED, &text))
                environment->account = memory_text(text);
        if (json_take_word(reader, "state", JSON_REQUIRED, environment_state_words, &state))
                environment->state = (enum environment_state)state;
        platform_version_read(reader, &environment->platform_version);
        json_take_names(reader, "layers", JSON_REQUIRED, LAYERS_MAX, &environment->layers,
                        &environment->layer_count);
}

void environment_write(const struct environment *environment, struct json_t *object)
{
        AUTO_FREE char *version = platform_version_format(&environment->platform_version);

        json_set_text(object, "uid", environment->uid);
        json_set_text(object, "account", environment->account);
        json_set_text(object, "state", environment_state_word(environment->state));
        json_set_text(object, "platform_version", version);
        json_object_set_new(object, "layers", json_from_names(environment->layers, environment->layer_count));
}

static void os_read(struct json_reader *outer, struct node *node)
{
        AUTO_FREE char *pointer = json_pointer_key(outer->pointer, "os");
        struct json_reader reader;
        const json_t *os;
        const char *text;

        if (!json_take_object(outer, "os", JSON_OPTIONAL, &os))
                return;
        json_reader_start(&reader, os, pointer, outer->violations);
        if (json_take_line(&reader, "id", JSON_REQUIRED, OS_TEXT_MAX_BYTES, &text))
                node->os_id = memory_text(text);
        if (json_take_line(&reader, "id_like", JSON_EMPTY_IS_ABSENT, OS_TEXT_MAX_BYTES, &text))
                node->os_id_like = memory_text(text);
        if (json_take_line(&reader, "version", JSON_EMPTY_IS_ABSENT, OS_TEXT_MAX_BYTES, &text))
                node->os_version = memory_text(text);
        json_reader_finish(&reader);
}

/* client_types only ever narrows: ["nfs"] does, ["nfs", "gluster"] says what holds anyway. */
static void client_types_read(struct json_reader *reader, struct node *node)
{
        const json_t *array;
        bool nfs = false, gluster = false, other = false;

        if (!json_take_array(reader, "client_types", JSON_OPTIONAL, 2, &array))
                return;
        for (size_t i = 0; i < json_array_size(array); i++) {
                const char *word = json_string_value(json_array_get(array, i));

                if (word && strcmp(word, "nfs") == 0)
                        nfs = true;
                else if (word && strcmp(word, "gluster") == 0)
                        gluster = true;
                else
                        other = true;
        }
        if (!nfs || other)
                json_refuse(reader, "client_types", "client_types.not_allowed",
                            "client_types must be [\"nfs\"] or [\"nfs\", \"gluster\"]: it can only take Gluster "
                            "Native away");
        node->nfs_only = !gluster;
}

static void mac_read(struct json_reader *reader, struct mac *mac)
{
        const char *text;

        if (!json_take_line(reader, "mac", JSON_EMPTY_IS_ABSENT, 64, &text) || mac_parse(text, mac) == 0)
                return;
        *mac = (struct mac){ 0 };
        json_refuse(reader, "mac", "mac.malformed",
                    "mac must be the address of one interface, six pairs of hexadecimal digits in lower case "
                    "parted by "
                    "colons, like 02:00:0a:4d:00:15");
}

void node_read(struct json_reader *reader, struct node *node)
{
        const char *text;

        if (json_take_name(reader, "layer", JSON_REQUIRED, &text))
                node->layer = memory_text(text);
        json_take_addresses(reader, "addresses", JSON_REQUIRED, NODE_ADDRESSES_MAX, node->addresses,
                            &node->address_count);
        mac_read(reader, &node->mac);
        if (json_take_line(reader, "image", JSON_EMPTY_IS_ABSENT, NODE_IMAGE_MAX_BYTES, &text))
                node->image = memory_text(text);
        os_read(reader, node);
        client_types_read(reader, node);
}

void node_write(const struct node *node, struct json_t *object)
{
        char mac[MAC_TEXT_SIZE];

        json_set_text(object, "layer", node->layer);
        json_object_set_new(object, "addresses", json_from_addresses(node->addresses, node->address_count));
        if (mac_is_usable(&node->mac))
                json_set_text(object, "mac", mac_format(&node->mac, mac));
        json_set_text(object, "image", node->image);
        if (node->os_id) {
                json_t *os = json_object();

                json_set_text(os, "id", node->os_id);
                json_set_text(os, "id_like", node->os_id_like);
                json_set_text(os, "version", node->os_version);
                json_object_set_new(object, "os", os);
        }
        if (node->nfs_only)
                json_object_set_new(object, "client_types", json_pack("[s]", "nfs"));
}

void origin_read(struct json_reader *reader, struct origin *origin)
{
        const char *source;

        if (json_take_name(reader, "source", JSON_OPTIONAL, &source))
                origin->source = memory_text(source);
        json_take_number(reader, "source_revision", JSON_OPTIONAL, 0, INVENTORY_REVISION_MAX, &origin->revision);
}

void origin_write(const struct origin *origin, struct json_t *object)
{
        if (!origin->source)
                return;
        json_set_text(object, "source", origin->source);
        json_object_set_new(object, "source_revision", json_integer((json_int_t)origin->revision));
}

struct environment *environment_from_json(const char *name, const struct json_t *body,
                                          struct violations *violations)
{
        struct environment *environment = environment_new(name);
        struct json_reader reader;

        json_reader_start(&reader, body, "", violations);
        environment_read(&reader, environment);
        json_reader_finish(&reader);
        return json_reader_result(&reader, environment);
}

struct node *node_from_json(const char *id, const struct json_t *body, struct violations *violations)
{
        struct node *node = node_new(id);
        struct json_reader reader;

        json_reader_start(&reader, body, "", violations);
        node_read(&reader, node);
        json_reader_finish(&reader);
        return json_reader_result(&reader, node);
}

struct json_t *environment_to_json(const struct environment *environment)
{
        json_t *object = json_document_begin(&environment->document, "name");

        environment_write(environment, object);
        origin_write(&environment->origin, object);
        json_document_end(&environment->document, object);
        return object;
}

struct json_t *node_to_json(const struct node *node)
{
        json_t *object = json_document_begin(&node->document, "id");

        json_set_text(object, "environment", node->environment);
        node_write(node, object);
        origin_write(&node->origin, object);
        json_document_end(&node->document, object);
        return object;
}
