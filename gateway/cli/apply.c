/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/apply.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"

/* Reads `file` up to APPLY_FILE_MAX bytes; false when there are more, or it cannot be read. */
static bool file_read(FILE *file, struct text *text)
{
        char bytes[65536];
        size_t length;

        while ((length = fread(bytes, 1, sizeof bytes, file)) > 0) {
                text_add_bytes(text, bytes, length);
                if (text->length > APPLY_FILE_MAX) {
                        errno = EFBIG;
                        return false;
                }
        }
        return !ferror(file);
}

int apply_read(struct session *session, const char *path, struct json_t **objects)
{
        AUTO_FCLOSE FILE *file = strcmp(path, "-") == 0 ? fdopen(dup(0), "r") : fopen(path, "re");
        AUTO_TEXT struct text text = { 0 };
        json_error_t error;
        json_t *json;

        *objects = NULL;
        if (!file || !file_read(file, &text))
                return session_usage(session, "read %s: %s", path, strerror(errno));
        json = json_loadb(text_get(&text), text.length, JSON_REJECT_DUPLICATES, &error);
        if (!json)
                return session_usage(session, "read %s: line %d, column %d: %s", path, error.line, error.column,
                                     error.text);
        *objects = json;
        if (json_is_object(json)) {
                *objects = json_array();
                json_array_append_new(*objects, json);
        }
        for (size_t i = 0; i < json_array_size(*objects); i++)
                if (!json_is_object(json_array_get(*objects, i)))
                        return session_usage(session, "read %s: item %zu is no object", path, i + 1);
        if (!json_is_array(*objects))
                return session_usage(session, "read %s: an object or an array of objects is needed", path);
        return EXIT_DONE;
}

int apply_read_one(struct session *session, const char *path, struct json_t **objects)
{
        int exit_code = apply_read(session, path, objects);

        if (exit_code == EXIT_DONE && json_array_size(*objects) != 1)
                exit_code = session_usage(session, "read %s: one document is needed, an object", path);
        return exit_code;
}

int apply_put(struct session *session, const char *path, const char *subject, const struct json_t *object,
              const char *name_member, struct json_t *answers)
{
        AUTO_ANSWER struct answer answer = { 0 };
        json_t *body = json_copy((json_t *)(uintptr_t)object);
        int exit_code;

        json_object_del(body, name_member);
        json_object_del(body, "nodes");
        exit_code = session_call(session, &(struct call){ .method = "PUT", .path = path, .body = body }, subject,
                                 &answer);
        json_decref(body);
        if (exit_code != EXIT_DONE || session_show_outlook(session, subject, &answer, answers))
                return exit_code;
        if (session->json)
                json_array_append(answers, answer.body);
        else
                fprintf(session->out, "%s: %s\n", subject, answer.status == 201 ? "created" : "replaced");
        return EXIT_DONE;
}

const char *apply_name(struct session *session, const struct json_t *object, const char *member,
                       const char *subject, size_t index)
{
        const char *name = json_string_value(json_object_get(object, member));

        if (!name)
                session_usage(session, "%s %zu of the file has no text \"%s\"", subject, index + 1, member);
        return name;
}
