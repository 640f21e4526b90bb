/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/difference_json.h"

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"

/* Sets `key` to a text, or to null when there is none. */
static void set_text_or_null(json_t *object, const char *key, const char *text)
{
        json_object_set_new(object, key, text ? json_string(text) : json_null());
}

struct json_t *difference_to_json(const struct difference *difference)
{
        json_t *object = json_object();
        AUTO_FREE char *sentence = difference_sentence(difference);

        json_set_text(object, "backend", difference_place_word(difference_place(difference->kind)));
        json_set_text(object, "object", difference->object);
        if (difference->export_id[0])
                json_set_text(object, "export", difference->export_id);
        json_set_text(object, "what", difference_what(difference->kind));
        json_set_text(object, "code", difference_code(difference->kind));
        set_text_or_null(object, "observed", difference->observed);
        set_text_or_null(object, "desired", difference->desired);
        json_set_text(object, "action", difference_action_word(difference->action));
        json_set_text(object, "sentence", sentence);
        json_set_time(object, "first_at", difference->first_at_ms);
        json_set_time(object, "at", difference->at_ms);
        json_object_set_new(object, "count", json_integer((json_int_t)difference->count));
        return object;
}

struct json_t *unmanaged_export_to_json(const struct unmanaged_export *export)
{
        json_t *object = json_object();

        json_object_set_new(object, "number", json_integer(export->number));
        set_text_or_null(object, "path", export->path);
        set_text_or_null(object, "pseudo", export->pseudo);
        set_text_or_null(object, "overlaps", export->overlaps);
        return object;
}

static char *render(json_t *object)
{
        char *text = json_dumps(object, JSON_COMPACT);

        json_decref(object);
        return text ? text : memory_text("{}");
}

char *difference_event_before(const struct difference *difference)
{
        json_t *object = json_object();

        set_text_or_null(object, "observed", difference->observed);
        return render(object);
}

char *difference_event_after(const struct difference *difference)
{
        json_t *object = json_object();

        set_text_or_null(object, "desired", difference->desired);
        json_set_text(object, "code", difference_code(difference->kind));
        json_set_text(object, "backend", difference_place_word(difference_place(difference->kind)));
        json_object_set_new(object, "count", json_integer((json_int_t)difference->count));
        if (difference->detail)
                json_set_text(object, "detail", difference->detail);
        return render(object);
}
