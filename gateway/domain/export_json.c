/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/export_json.h"

#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/json_reader.h"
#include "domain/json_writer.h"
#include "domain/path_rules.h"

#define USER_ID_LAST 4294967294u /* 2^32 - 1 means "no change" to chown(2) */
#define LABEL_KEY_MAX_BYTES 63
#define LABEL_VALUE_MAX_BYTES 255

/* Reads which of all, layer and node is said; exactly one must be. */
static void target_kind_read(struct json_reader *reader, struct export *export)
{
        const char *layer = NULL, *node = NULL;
        bool all = false;
        int said;

        json_take_bool(reader, "all", JSON_OPTIONAL, &all);
        json_take_name(reader, "layer", JSON_OPTIONAL, &layer);
        json_take_name(reader, "node", JSON_OPTIONAL, &node);
        said = !json_is_absent(reader, "all") + !json_is_absent(reader, "layer") + !json_is_absent(reader, "node");
        if (said != 1)
                violation_add(reader->violations, reader->pointer, "target.ambiguous",
                              "target must say exactly one of all (true), layer and node");
        else if (json_is_false(json_object_get(reader->object, "all")))
                json_refuse(reader, "all", "word.unknown", "all must be true; for fewer nodes say layer or node");
        export->target = layer ? TARGET_LAYER : node ? TARGET_NODE : TARGET_ALL;
        export->target_name = memory_text(layer ? layer : node);
}

static void target_read(struct json_reader *outer, struct export *export)
{
        AUTO_FREE char *pointer = json_pointer_key(outer->pointer, "target");
        struct json_reader reader;
        const json_t *target;

        if (!json_take_object(outer, "target", JSON_OPTIONAL, &target))
                return;
        json_reader_start(&reader, target, pointer, outer->violations);
        target_kind_read(&reader, export);
        json_take_names(&reader, "except", JSON_OPTIONAL, EXPORT_EXCEPT_MAX, &export->except,
                        &export->except_count);
        if (export->target == TARGET_NODE && export->except_count > 0)
                json_refuse(&reader, "except", "target.except_of_node",
                            "except takes nodes out of all or of a layer; a single node has none to take out");
        json_reader_finish(&reader);
}

/* "0755": three to five octal digits up to 07777. */
static void mode_read(struct json_reader *reader, uint16_t *mode)
{
        const char *text;
        size_t digits;

        if (!json_take_text(reader, "mode", JSON_OPTIONAL, 16, &text))
                return;
        digits = strspn(text, "01234567");
        if (digits < 3 || digits > 5 || text[digits] != '\0' || strtoul(text, NULL, 8) > 07777)
                json_refuse(reader, "mode", "mode.malformed",
                            "mode must be a text of octal digits from 000 to 07777, like \"0755\"");
        else
                *mode = (uint16_t)strtoul(text, NULL, 8);
}

static void user_id_read(struct json_reader *reader, const char *key, uint32_t *id)
{
        uint64_t value;

        if (json_take_number(reader, key, JSON_OPTIONAL, 0, USER_ID_LAST, &value))
                *id = (uint32_t)value;
}

static void directory_read(struct json_reader *outer, struct export *export)
{
        AUTO_FREE char *pointer = json_pointer_key(outer->pointer, "directory");
        struct json_reader reader;
        const json_t *directory;

        if (!json_take_object(outer, "directory", JSON_OPTIONAL, &directory))
                return;
        json_reader_start(&reader, directory, pointer, outer->violations);
        user_id_read(&reader, "uid", &export->directory_uid);
        user_id_read(&reader, "gid", &export->directory_gid);
        mode_read(&reader, &export->directory_mode);
        json_reader_finish(&reader);
}

static bool label_key_is_valid(const char *key)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-";
        size_t length = strlen(key);

        return length >= 1 && length <= LABEL_KEY_MAX_BYTES && strspn(key, alphabet) == length;
}

static bool label_check(const char *key, const json_t *value, const char *pointer, struct violations *violations)
{
        size_t before = violations->count + violations->dropped;

        if (!label_key_is_valid(key))
                violation_add(violations, pointer, "label.key_malformed",
                              "the key of a label must be 1 to %d of A-Z a-z 0-9 . _ / -", LABEL_KEY_MAX_BYTES);
        if (!json_is_string(value))
                violation_add(violations, pointer, "type.wrong", "the value of a label must be a text");
        else if (json_string_length(value) > LABEL_VALUE_MAX_BYTES)
                violation_add(violations, pointer, "text.too_long",
                              "the value of a label has %zu bytes, at most %d are allowed",
                              json_string_length(value), LABEL_VALUE_MAX_BYTES);
        return violations->count + violations->dropped == before;
}

static void labels_read(struct json_reader *reader, struct export *export)
{
        AUTO_FREE char *labels_pointer = json_pointer_key(reader->pointer, "labels");
        const json_t *found;
        const char *key;
        json_t *labels, *value;

        if (!json_take_object(reader, "labels", JSON_OPTIONAL, &found))
                return;
        labels = (json_t *)(uintptr_t)found;
        if (json_object_size(labels) > EXPORT_LABELS_MAX) {
                json_refuse(reader, "labels", "array.too_long", "%zu labels, at most %d are allowed",
                            json_object_size(labels), EXPORT_LABELS_MAX);
                return;
        }
        export->labels = memory_new(json_object_size(labels), sizeof *export->labels);
        json_object_foreach(labels, key, value)
        {
                AUTO_FREE char *pointer = json_pointer_key(labels_pointer, key);

                if (label_check(key, value, pointer, reader->violations))
                        export->labels[export->label_count++] =
                                (struct export_label){ memory_text(key), memory_text(json_string_value(value)) };
        }
}

static void paths_read(struct json_reader *reader, struct export *export)
{
        AUTO_FREE char *path_pointer = json_pointer_key(reader->pointer, "path");
        AUTO_FREE char *mount_pointer = json_pointer_key(reader->pointer, "mount_path");
        const char *text;

        if (json_take_text(reader, "path", JSON_REQUIRED, EXPORT_PATH_MAX, &text)) {
                path_check_storage(text, path_pointer, reader->violations);
                export->path = memory_text(text);
        }
        if (json_take_text(reader, "mount_path", JSON_REQUIRED, EXPORT_PATH_MAX, &text)) {
                path_check_mount(text, mount_pointer, reader->violations);
                export->mount_path = memory_text(text);
        }
}

static void options_read(struct json_reader *reader, struct export *export)
{
        size_t index;

        if (json_take_word(reader, "access", JSON_OPTIONAL, export_access_words, &index))
                export->access = (enum export_access)index;
        if (json_take_word(reader, "squash", JSON_OPTIONAL, export_squash_words, &index))
                export->squash = (enum export_squash)index;
        user_id_read(reader, "anonymous_uid", &export->anonymous_uid);
        user_id_read(reader, "anonymous_gid", &export->anonymous_gid);
        json_take_bool(reader, "privileged_ports", JSON_OPTIONAL, &export->privileged_ports);
        if (json_take_word(reader, "protocol", JSON_OPTIONAL, protocol_wish_words, &index))
                export->protocol = (enum protocol_wish)index;
        if (json_take_word(reader, "mount_style", JSON_OPTIONAL, mount_style_words, &index))
                export->mount_style = (enum mount_style)index;
        directory_read(reader, export);
}

void export_read(struct json_reader *reader, struct export *export)
{
        const char *text;

        if (json_take_name(reader, "storage", JSON_REQUIRED, &text))
                export->storage = memory_text(text);
        if (json_take_name(reader, "environment", JSON_REQUIRED, &text))
                export->environment = memory_text(text);
        paths_read(reader, export);
        target_read(reader, export);
        options_read(reader, export);
        labels_read(reader, export);
        if (json_take_line(reader, "manager", JSON_EMPTY_IS_ABSENT, NAME_MAX_BYTES, &text))
                export->manager = memory_text(text);
        json_take_bool(reader, "enabled", JSON_OPTIONAL, &export->enabled);
        json_take_time(reader, "expires_at", JSON_OPTIONAL, &export->expires_at_ms);
}

static void target_write(const struct export *export, struct json_writer *writer)
{
        json_write_begin(writer, "target", '{');
        if (export->target == TARGET_ALL)
                json_write_bool(writer, "all", true);
        else
                json_write_text(writer, target_kind_word(export->target), export->target_name);
        if (export->except_count > 0)
                json_write_names(writer, "except", export->except, export->except_count);
        json_write_end(writer, '}');
}

static void directory_write(const struct export *export, struct json_writer *writer)
{
        char mode[8];

        snprintf(mode, sizeof mode, "%04o", (unsigned)export->directory_mode);
        json_write_begin(writer, "directory", '{');
        json_write_number(writer, "uid", export->directory_uid);
        json_write_number(writer, "gid", export->directory_gid);
        json_write_text(writer, "mode", mode);
        json_write_end(writer, '}');
}

static void labels_write(const struct export *export, struct json_writer *writer)
{
        json_write_begin(writer, "labels", '{');
        for (size_t i = 0; i < export->label_count; i++)
                json_write_label(writer, export->labels[i].key, export->labels[i].value);
        json_write_end(writer, '}');
}

/* The members that a body may have. */
static void members_write(const struct export *export, struct json_writer *writer)
{
        json_write_text(writer, "storage", export->storage);
        json_write_text(writer, "path", export->path);
        json_write_text(writer, "environment", export->environment);
        target_write(export, writer);
        json_write_text(writer, "mount_path", export->mount_path);
        json_write_text(writer, "access", export_access_word(export->access));
        json_write_text(writer, "squash", export_squash_word(export->squash));
        json_write_number(writer, "anonymous_uid", export->anonymous_uid);
        json_write_number(writer, "anonymous_gid", export->anonymous_gid);
        json_write_bool(writer, "privileged_ports", export->privileged_ports);
        json_write_text(writer, "protocol", protocol_wish_word(export->protocol));
        json_write_text(writer, "mount_style", mount_style_word(export->mount_style));
        directory_write(export, writer);
        labels_write(export, writer);
        json_write_text(writer, "manager", export->manager);
        json_write_bool(writer, "enabled", export->enabled);
        if (export->expires_at_ms != 0)
                json_write_time(writer, "expires_at", export->expires_at_ms);
}

struct json_t *export_members(const struct export *export)
{
        AUTO_TEXT struct text text = { 0 };
        struct json_writer writer = { .text = &text };

        json_write_begin(&writer, NULL, '{');
        members_write(export, &writer);
        json_write_end(&writer, '}');
        return json_from_written(&text);
}

struct export *export_from_json(const struct json_t *body, struct violations *violations)
{
        struct export *export = export_new("");
        struct json_reader reader;

        json_reader_start(&reader, body, "", violations);
        export_read(&reader, export);
        json_reader_finish(&reader);
        return json_reader_result(&reader, export);
}

void export_write(const struct export *export, struct json_writer *writer)
{
        json_write_text(writer, "id", export->document.id);
        json_write_text(writer, "account", export->account);
        members_write(export, writer);
        json_write_text(writer, "environment_uid", export->environment_uid);
        json_write_number(writer, "number", export->number);
        json_write_document_end(writer, &export->document);
}

void export_check_request(const struct export *export, int64_t now_ms, struct violations *violations)
{
        char now[CLOCK_TEXT_SIZE];

        if (export->expires_at_ms != 0 && export->expires_at_ms <= now_ms)
                violation_add(violations, "/expires_at", "export.expired",
                              "expires_at has passed; it must be later than now, which is %s",
                              clock_format(now_ms, now));
}
