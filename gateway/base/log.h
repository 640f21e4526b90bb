/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Logging: one line where an error stops travelling. The level says who must act. Output is one JSON object
 * a line on standard error, or the journal's native protocol when standard error is connected to it.
 * Never log a secret: tokens and the `session` of the platform's API do not come here.
 */
#pragma once

enum log_level {
        LOG_LEVEL_ERROR,   /* the operator must act now */
        LOG_LEVEL_WARNING, /* the operator must look later */
        LOG_LEVEL_NOTICE,  /* state changed */
        LOG_LEVEL_INFO,    /* a request or task is done */
        LOG_LEVEL_DEBUG,   /* for developers */
};

/* Opens the log of `program` (static string): to the journal if JOURNAL_STREAM names standard error, as JSON
 * lines otherwise. Lines above `most` are dropped. Before this call, everything goes to stderr as JSON. */
void log_open(const char *program, enum log_level most);

/* Logs one line. Fields are pairs of name (lower case, [a-z_]) and value (NULL = left out), closed by NULL:
 * log_line(LOG_LEVEL_NOTICE, (const char *[]){ "export", id, NULL }, "export added on %s", node);
 * `fields` may be NULL. Thread-safe; one write(2) a line; at most 4096 bytes, cut beyond. */
void log_line(enum log_level level, const char *const *fields, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* log_line without fields. */
#define log_error(...) log_line(LOG_LEVEL_ERROR, 0, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, 0, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, 0, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, 0, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, 0, __VA_ARGS__)

/* "error", "warning", "notice", "info" or "debug" to a level; -1 for anything else. */
int log_level_parse(const char *word, enum log_level *level);
