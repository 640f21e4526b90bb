/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads files of `key = value` lines by a table of what may stand in them. Everything that is wrong is told at
 * once, each with file, line, key and what is allowed. Knows no key of its own.
 *
 * Form: UTF-8; one setting a line; blanks round key and value are dropped; a line whose first character is `#`
 * is a comment; a value may be in double quotes to keep blanks (no escapes); an empty value is the empty text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define SETTINGS_FILE_MAX 65536 /* bytes */

enum setting_type {
        SETTING_TEXT,     /* char *: up to `most` bytes, no control character */
        SETTING_PATH,     /* char *: absolute */
        SETTING_NUMBER,   /* int64_t: decimal, `least` to `most` */
        SETTING_DURATION, /* int64_t milliseconds: 500ms, 2s, 5m, 1h; `least` to `most` milliseconds */
        SETTING_WORD,     /* int: index into `words` */
        SETTING_LIST, /* char **: words parted by blanks or commas, at most `most`, NULL-terminated; "none" = empty
                       */
};

struct setting {
        const char *key;
        enum setting_type type;
        size_t offset;            /* of the value in the target struct */
        const char *preset;       /* value when the file does not say, in the file's form */
        int64_t least, most;      /* NUMBER, DURATION; TEXT: most bytes; LIST: most words */
        const char *const *words; /* WORD: NULL-terminated */
        const char *help;         /* one sentence for manual page and example file */
        /* What else a TEXT, or each word of a LIST, must be; NULL = nothing. Asked of presets too. */
        bool (*accepts)(const char *value);
        const char *form; /* with `accepts`: what it takes, for setting_allowed: "an address like 10.0.0.9" */
};

/* Sets every value of `target` (zeroed by the caller) to its preset, then to what `bytes` says. Problems are added
 * to `problems` as lines "name:line: key: what is wrong; what is allowed". 0, or -1 when there is any problem.
 * `table` ends with a row whose key is NULL. Values are owned by `target`: settings_fini frees them. */
int settings_parse(const struct setting *table, void *target, const char *name, const char *bytes, size_t length,
                   struct text *problems);

/* settings_parse of a file: unreadable or too large is a problem too. */
int settings_load(const struct setting *table, void *target, const char *path, struct text *problems);

void settings_fini(const struct setting *table, void *target);

/* "a path beginning with /", "one of debug, info": what a setting allows; appended to `text`. */
void setting_allowed(const struct setting *setting, struct text *text);
