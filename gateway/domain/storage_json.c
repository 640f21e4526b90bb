/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/storage_json.h"

#include <string.h>

#include <jansson.h>

#include "domain/environment.h"
#include "domain/json_reader.h"
#include "domain/path_rules.h"

#define VOLUME_MAX_BYTES 64

/* Whether glusterd takes `text` for a volume and no command line or file name can be misled by it. */
static bool volume_is_valid(const char *text)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

        return text[0] != '-' && text[strspn(text, alphabet)] == '\0';
}

static void volume_read(struct json_reader *reader, struct storage *storage)
{
        const char *text = "data";
        bool given = json_take_text(reader, "volume", JSON_OPTIONAL, VOLUME_MAX_BYTES, &text);

        if (storage->kind == STORAGE_SINGLE) {
                if (given)
                        json_refuse(reader, "volume", "storage.single",
                                    "a single storage has no volume; leave it out, or say kind cluster");
                return;
        }
        if (volume_is_valid(text))
                storage->volume = memory_text(text);
        else
                json_refuse(reader, "volume", "volume.malformed",
                            "volume must be of A-Z a-z 0-9 _ - and not begin with a dash");
}

static void mount_root_read(struct json_reader *reader, struct storage *storage)
{
        AUTO_FREE char *pointer = json_pointer_key(reader->pointer, "mount_root");
        const char *text = "/data";

        json_take_text(reader, "mount_root", JSON_OPTIONAL, STORAGE_PATH_MAX, &text);
        path_check_storage(text, pointer, reader->violations);
        if (storage->kind == STORAGE_SINGLE && strcmp(text, "/") == 0)
                json_refuse(reader, "mount_root", "storage.root",
                            "mount_root of a single storage must be a file system of its own, never /");
        storage->mount_root = memory_text(text);
}

static void default_protocol_read(struct json_reader *reader, struct storage *storage)
{
        size_t wish = PROTOCOL_AUTO;

        json_take_word(reader, "default_protocol", JSON_OPTIONAL, protocol_wish_words, &wish);
        storage->default_protocol = (enum protocol_wish)wish;
        if (storage->kind == STORAGE_SINGLE && wish == PROTOCOL_GLUSTER)
                json_refuse(reader, "default_protocol", "storage.single",
                            "a single storage has no Gluster server; auto or nfs is possible");
}

static void node_ids_read(struct json_reader *reader, struct storage *storage)
{
        AUTO_FREE char **names = NULL;

        if (json_take_names(reader, "node_ids", JSON_OPTIONAL, STORAGE_NODES_MAX, &names, &storage->node_count) &&
            storage->node_count > 0)
                memcpy(storage->node_ids, names, storage->node_count * sizeof *names);
}

void storage_read(struct json_reader *reader, struct storage *storage)
{
        const char *text;
        size_t kind;

        if (json_take_word(reader, "kind", JSON_REQUIRED, storage_kind_words, &kind))
                storage->kind = (enum storage_kind)kind;
        if (json_take_name(reader, "account", JSON_REQUIRED, &text))
                storage->account = memory_text(text);
        if (json_take_name(reader, "environment", JSON_OPTIONAL, &text))
                storage->environment = memory_text(text);
        if (json_take_name(reader, "layer", JSON_OPTIONAL, &text))
                storage->layer = memory_text(text);
        node_ids_read(reader, storage);
        json_take_addresses(reader, "addresses", JSON_REQUIRED, STORAGE_NODES_MAX, storage->addresses,
                            &storage->address_count);
        volume_read(reader, storage);
        mount_root_read(reader, storage);
        default_protocol_read(reader, storage);
}

void storage_write(const struct storage *storage, struct json_t *object)
{
        json_set_text(object, "kind", storage_kind_word(storage->kind));
        json_set_text(object, "account", storage->account);
        json_set_text(object, "environment", storage->environment);
        json_set_text(object, "layer", storage->layer);
        json_object_set_new(object, "node_ids", json_from_names(storage->node_ids, storage->node_count));
        json_object_set_new(object, "addresses", json_from_addresses(storage->addresses, storage->address_count));
        json_set_text(object, "volume", storage->volume);
        json_set_text(object, "mount_root", storage->mount_root);
        json_set_text(object, "default_protocol", protocol_wish_word(storage->default_protocol));
}

struct storage *storage_from_json(const char *name, const struct json_t *body, struct violations *violations)
{
        struct storage *storage = storage_new(name);
        struct json_reader reader;

        json_reader_start(&reader, body, "", violations);
        storage_read(&reader, storage);
        json_reader_finish(&reader);
        return json_reader_result(&reader, storage);
}

struct json_t *storage_to_json(const struct storage *storage)
{
        json_t *object = json_document_begin(&storage->document, "name");

        storage_write(storage, object);
        json_document_end(&storage->document, object);
        return object;
}
