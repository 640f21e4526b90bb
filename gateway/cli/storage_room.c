/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/storage_room.h"

#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"

#define LOW_PERCENT 10 /* of the room or of the inodes: as contrib/prometheus warns */

static long long number_of(const json_t *object, const char *member)
{
        return json_integer_value(json_object_get(object, member));
}

static void bytes_add(struct text *text, long long bytes)
{
        static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double value = (double)bytes;
        size_t unit = 0;

        for (; value >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
                value /= 1024;
        text_addf(text, unit && value < 100 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* "unknown: timeout". */
static void unknown_add(struct text *text, const json_t *object)
{
        const char *code = json_string_value(json_object_get(json_object_get(object, "reason"), "code"));

        text_addf(text, "unknown: %s", code ? code : "not told");
}

static bool is_low(const json_t *capacity, const char *available, const char *total)
{
        return number_of(capacity, total) / 100 * LOW_PERCENT > number_of(capacity, available);
}

static void room_describe(json_t *item, const json_t *capacity, struct text *need)
{
        AUTO_TEXT struct text text = { 0 };

        if (!json_is_integer(json_object_get(capacity, "bytes_total"))) {
                unknown_add(&text, capacity);
        } else {
                bytes_add(&text, number_of(capacity, "bytes_available"));
                text_add(&text, " of ");
                bytes_add(&text, number_of(capacity, "bytes_total"));
                text_add(&text, " free");
                if (is_low(capacity, "bytes_available", "bytes_total"))
                        text_add(need, "it is nearly full");
                else if (is_low(capacity, "inodes_available", "inodes_total"))
                        text_add(need, "it has hardly any inodes left");
        }
        json_object_set_new(item, "room", json_string(text_get(&text)));
}

/* How many of `list` have `member` at `value`. */
static size_t count_with(const json_t *list, const char *member, const json_t *value)
{
        size_t count = 0;

        for (size_t i = 0; i < json_array_size(list); i++)
                count += json_equal(json_object_get(json_array_get(list, i), member), value) != 0;
        return count;
}

static void part_add(struct text *text, bool *first, long long count, const char *one, const char *many)
{
        if (count <= 0)
                return;
        text_addf(text, "%s%lld %s", *first ? ": " : ", ", count, count == 1 ? one : many);
        *first = false;
}

static void heal_describe(json_t *item, const json_t *heal, struct text *need)
{
        const char *state = json_string_value(json_object_get(heal, "state")) ?: "";
        json_t *stopped = json_string("stopped");
        AUTO_TEXT struct text text = { 0 };
        bool first = true;

        if (strcmp(state, "unknown") == 0)
                unknown_add(&text, heal);
        else
                text_add(&text, heal ? state : "-");
        part_add(&text, &first, number_of(heal, "split_brain"), "entry in split-brain", "entries in split-brain");
        part_add(&text, &first, (long long)count_with(json_object_get(heal, "bricks"), "online", json_false()),
                 "brick down", "bricks down");
        part_add(&text, &first, (long long)count_with(json_object_get(heal, "nodes"), "connected", json_false()),
                 "node down", "nodes down");
        part_add(&text, &first, (long long)count_with(json_object_get(heal, "nodes"), "self_heal_daemon", stopped),
                 "self-heal daemon down", "self-heal daemons down");
        part_add(&text, &first, number_of(heal, "entries"), "entry waits", "entries wait");
        json_decref(stopped);
        json_object_set_new(item, "heal", json_string(text_get(&text)));
        if (strcmp(state, "split_brain") == 0 || strcmp(state, "degraded") == 0)
                text_addf(need, "%s%s", need->length ? "; " : "", text_get(&text));
}

void storages_describe(json_t *items)
{
        for (size_t i = 0; i < json_array_size(items); i++) {
                json_t *item = json_array_get(items, i), *status = json_object_get(item, "status");
                AUTO_TEXT struct text need = { 0 };

                room_describe(item, json_object_get(status, "capacity"), &need);
                heal_describe(item, json_object_get(status, "heal"), &need);
                if (need.length)
                        json_object_set_new(item, "need", json_string(text_get(&need)));
        }
}
