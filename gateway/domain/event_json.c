/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/event_json.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "domain/document.h"
#include "domain/json_reader.h"

/* What is in the stored form and concerns nobody: of a token; of an export, whose create is a line by itself. */
static const char *const hidden_members[] = { "hash", "creation" };

/* Takes out of two objects what is the same in both; arrays and other values are compared whole. */
static void same_drop(json_t *old, json_t *new)
{
        const char *key;
        json_t *value;
        void *next;

        json_object_foreach_safe(old, next, key, value)
        {
                json_t *other = json_object_get(new, key);

                if (json_equal(value, other)) {
                        json_object_del(new, key);
                        json_object_del(old, key);
                } else if (json_is_object(value) && json_is_object(other)) {
                        same_drop(value, other);
                }
        }
}

static json_t *document_load(const struct document *document)
{
        AUTO_FREE char *text = document ? document_render(document) : NULL;
        json_t *object = text ? json_loads(text, 0, NULL) : NULL;

        for (size_t i = 0; object && i < ARRAY_SIZE(hidden_members); i++)
                json_object_del(object, hidden_members[i]);
        return object;
}

static char *side_take(json_t *object)
{
        AUTO_FREE char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

        json_decref(object);
        return event_side(text);
}

char *event_side(const char *text)
{
        size_t length = text ? strlen(text) : 0;

        return length > EVENT_SIDE_MOST ? memory_format("{\"left_out_bytes\":%zu}", length) : memory_text(text);
}

void event_sides(const struct document *before, const struct document *after, char **old, char **new)
{
        json_t *from = document_load(before), *to = document_load(after);

        if (from && to)
                same_drop(from, to);
        *old = side_take(from);
        *new = side_take(to);
}

/* null for a side that is not there; what is no JSON was not written by us, and is shown as the text that it is.
 */
static json_t *side_to_json(const char *text)
{
        json_t *value = text ? json_loads(text, JSON_DECODE_ANY, NULL) : json_null();

        return value ? value : json_string(text);
}

static json_t *object_to_json(const struct event *event)
{
        size_t length = strcspn(event->action, ".");

        return event->object ? json_pack("{s:s%, s:s}", "kind", event->action, length, "id", event->object)
                             : json_null();
}

json_t *event_to_json(const struct event *event, bool with_source)
{
        AUTO_FREE char *id = memory_format("%" PRIu64, event->number);
        json_t *object = json_object();

        json_set_text(object, "id", id);
        json_object_set_new(object, "revision", json_integer((json_int_t)event->revision));
        json_set_time(object, "at", event->at_ms);
        json_set_text(object, "outcome", event->refused ? "refused" : "done");
        json_set_text(object, "actor", event->actor);
        if (with_source)
                json_set_text(object, "source", event->source);
        json_set_text(object, "request", event->request);
        json_set_text(object, "action", event->action);
        json_object_set_new(object, "object", object_to_json(event));
        json_set_text(object, "account", event->account);
        json_object_set_new(object, "before", side_to_json(event->before));
        json_object_set_new(object, "after", side_to_json(event->after));
        return object;
}
