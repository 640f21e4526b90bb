/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const struct {
        const char *unit;
        int64_t milliseconds;
} duration_units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };

/* The shortest exact form of a duration, for sentences. */
static void duration_add(struct text *text, int64_t ms)
{
        size_t i = ARRAY_SIZE(duration_units) - 1;

        while (i > 0 && (ms == 0 || ms % duration_units[i].milliseconds != 0))
                i--;
        text_addf(text, "%" PRId64 "%s", ms / duration_units[i].milliseconds, duration_units[i].unit);
}

void setting_allowed(const struct setting *setting, struct text *text)
{
        switch (setting->type) {
        case SETTING_TEXT:
                if (setting->accepts)
                        text_add(text, setting->form);
                else
                        text_addf(text, "a text of at most %" PRId64 " bytes without control characters",
                                  setting->most);
                break;
        case SETTING_PATH:
                text_add(text, "a path beginning with /");
                break;
        case SETTING_NUMBER:
                text_addf(text, "a number from %" PRId64 " to %" PRId64, setting->least, setting->most);
                break;
        case SETTING_DURATION:
                text_add(text, "a duration from ");
                duration_add(text, setting->least);
                text_add(text, " to ");
                duration_add(text, setting->most);
                text_add(text, " with its unit: ms, s, m or h");
                break;
        case SETTING_WORD:
                text_add(text, "one of");
                for (size_t i = 0; setting->words[i]; i++)
                        text_addf(text, "%s %s", i ? "," : "", setting->words[i]);
                break;
        case SETTING_LIST:
                text_addf(text, "up to %" PRId64 " words parted by blanks or commas, or none", setting->most);
                if (setting->accepts)
                        text_addf(text, "; each is %s", setting->form);
                break;
        }
}

/* Reads decimal digits; false when there are none or they do not fit. */
static bool digits_read(const char **at, int64_t *value)
{
        const char *start = *at;

        for (*value = 0; **at >= '0' && **at <= '9'; (*at)++) {
                if (*value > (INT64_MAX - 9) / 10)
                        return false;
                *value = *value * 10 + (**at - '0');
        }
        return *at > start;
}

static bool number_parse(const struct setting *setting, const char *value, int64_t *number)
{
        return digits_read(&value, number) && *value == '\0' && *number >= setting->least &&
               *number <= setting->most;
}

static bool duration_parse(const struct setting *setting, const char *value, int64_t *ms)
{
        if (!digits_read(&value, ms))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(duration_units); i++)
                if (strcmp(value, duration_units[i].unit) == 0 &&
                    *ms <= INT64_MAX / duration_units[i].milliseconds) {
                        *ms *= duration_units[i].milliseconds;
                        return *ms >= setting->least && *ms <= setting->most;
                }
        return false;
}

static bool text_is_allowed(const struct setting *setting, const char *value)
{
        size_t length = strlen(value);

        if (!text_is_utf8(value, length) || (setting->type == SETTING_PATH && value[0] != '/'))
                return false;
        for (size_t i = 0; i < length; i++)
                if ((unsigned char)value[i] < 0x20 || value[i] == 0x7F)
                        return false;
        if (setting->type == SETTING_PATH)
                return true;
        return (int64_t)length <= setting->most && (!setting->accepts || setting->accepts(value));
}

static void list_free(char **list)
{
        for (char **at = list; at && *at; at++)
                free(*at);
        free(list);
}

static bool list_parse(const struct setting *setting, const char *value, char ***list)
{
        AUTO_FREE char *copy = memory_text(strcmp(value, "none") == 0 ? "" : value);
        char **words = memory_new((size_t)setting->most + 1, sizeof *words), *rest = copy, *word;
        int64_t count = 0;
        bool fits = true;

        while ((word = strtok_r(rest, " \t,", &rest)))
                if (count < setting->most && (!setting->accepts || setting->accepts(word)))
                        words[count++] = memory_text(word);
                else
                        fits = false;
        if (fits)
                *list = words;
        else
                list_free(words);
        return fits;
}

static void value_free(const struct setting *setting, void *target)
{
        void *slot = (char *)target + setting->offset;

        if (setting->type == SETTING_LIST)
                list_free(*(char ***)slot);
        else if (setting->type == SETTING_TEXT || setting->type == SETTING_PATH)
                free(*(char **)slot);
        else
                return;
        *(void **)slot = NULL;
}

/* Puts `value` into its place in `target`; false when it is not allowed, and then nothing is changed. */
static bool value_set(const struct setting *setting, void *target, const char *value)
{
        void *slot = (char *)target + setting->offset;
        int64_t number;
        char **list;

        switch (setting->type) {
        case SETTING_TEXT:
        case SETTING_PATH:
                if (!text_is_allowed(setting, value))
                        return false;
                value_free(setting, target);
                *(char **)slot = memory_text(value);
                return true;
        case SETTING_NUMBER:
        case SETTING_DURATION:
                if (setting->type == SETTING_NUMBER ? !number_parse(setting, value, &number)
                                                    : !duration_parse(setting, value, &number))
                        return false;
                *(int64_t *)slot = number;
                return true;
        case SETTING_WORD:
                for (int i = 0; setting->words[i]; i++)
                        if (strcmp(setting->words[i], value) == 0) {
                                *(int *)slot = i;
                                return true;
                        }
                return false;
        case SETTING_LIST:
                if (!text_is_utf8(value, strlen(value)) || !list_parse(setting, value, &list))
                        return false;
                value_free(setting, target);
                *(char ***)slot = list;
                return true;
        }
        return false;
}

/* Drops blanks at both ends, in place. */
static char *trim(char *text)
{
        char *end;

        text += strspn(text, " \t\r");
        end = text + strlen(text);
        while (end > text && strchr(" \t\r", end[-1]))
                *--end = '\0';
        return text;
}

struct settings_reader {
        const struct setting *table;
        void *target;
        const char *name;
        struct text *problems;
        unsigned seen[64]; /* line on which each key of the table stood; 0 = not yet */
};

static const struct setting *setting_find(const struct setting *table, const char *key)
{
        for (; table->key; table++)
                if (strcmp(table->key, key) == 0)
                        return table;
        return NULL;
}

/* The key of the table with the fewest differing letters at the same place: for "did you mean". */
static const char *setting_nearest(const struct setting *table, const char *key)
{
        const char *nearest = table->key;
        size_t best = SIZE_MAX;

        for (; table->key; table++) {
                size_t common = 0, longer = strlen(key) > strlen(table->key) ? strlen(key) : strlen(table->key);

                for (size_t i = 0; i < strlen(key) && i < strlen(table->key); i++)
                        common += key[i] == table->key[i];
                if (longer - common < best) {
                        best = longer - common;
                        nearest = table->key;
                }
        }
        return nearest;
}

static void setting_read(struct settings_reader *reader, unsigned line, const char *key, char *value)
{
        const struct setting *setting = setting_find(reader->table, key);
        size_t length = strlen(value), index;

        if (!setting) {
                text_addf(reader->problems, "%s:%u: %s: there is no such key; did you mean %s?\n", reader->name,
                          line, key, setting_nearest(reader->table, key));
                return;
        }
        index = (size_t)(setting - reader->table);
        if (reader->seen[index]) {
                text_addf(reader->problems, "%s:%u: %s: is set already on line %u; once is allowed\n",
                          reader->name, line, key, reader->seen[index]);
                return;
        }
        reader->seen[index] = line;
        if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
                value[length - 1] = '\0';
                value++;
        }
        if (value_set(setting, reader->target, value))
                return;
        text_addf(reader->problems, "%s:%u: %s: \"%s\" is not allowed; allowed is ", reader->name, line, key,
                  value);
        setting_allowed(setting, reader->problems);
        text_add(reader->problems, "\n");
}

static void line_read(struct settings_reader *reader, unsigned line, char *text)
{
        char *equals;

        text = trim(text);
        if (text[0] == '\0' || text[0] == '#')
                return;
        equals = strchr(text, '=');
        if (!equals) {
                text_addf(reader->problems, "%s:%u: %s: there is no \"=\"; write key = value\n", reader->name,
                          line, text);
                return;
        }
        *equals = '\0';
        setting_read(reader, line, trim(text), trim(equals + 1));
}

static void presets_set(const struct setting *table, void *target)
{
        for (; table->key; table++)
                if (!value_set(table, target, table->preset))
                        abort(); /* the table itself is wrong: a programmer's error */
}

int settings_parse(const struct setting *table, void *target, const char *name, const char *bytes, size_t length,
                   struct text *problems)
{
        struct settings_reader reader = { .table = table, .target = target, .name = name, .problems = problems };
        AUTO_FREE char *copy = memory_new(1, length + 1);
        size_t before = problems->length;
        unsigned number = 1;

        presets_set(table, target);
        if (memchr(bytes, '\0', length) || !text_is_utf8(bytes, length)) {
                text_addf(problems, "%s: is not a UTF-8 text\n", name);
                return -1;
        }
        memcpy(copy, bytes, length);
        for (char *line = copy, *next; line; line = next, number++) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                line_read(&reader, number, line);
        }
        return problems->length == before ? 0 : -1;
}

int settings_load(const struct setting *table, void *target, const char *path, struct text *problems)
{
        AUTO_FCLOSE FILE *file = fopen(path, "re");
        AUTO_FREE char *bytes = memory_new(1, SETTINGS_FILE_MAX + 1);
        size_t length;

        if (!file) {
                presets_set(table, target);
                text_addf(problems, "%s: %s\n", path, strerror(errno));
                return -1;
        }
        length = fread(bytes, 1, SETTINGS_FILE_MAX + 1, file);
        if (ferror(file) || length > SETTINGS_FILE_MAX) {
                presets_set(table, target);
                text_addf(problems, "%s: %s\n", path, ferror(file) ? "cannot be read" : "is larger than 64 KiB");
                return -1;
        }
        return settings_parse(table, target, path, bytes, length, problems);
}

void settings_fini(const struct setting *table, void *target)
{
        for (; table->key; table++)
                value_free(table, target);
}
