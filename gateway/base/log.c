/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

#define LOG_LINE_MAX 4096
#define LOG_FIELDS_MAX 16

static const char *const level_words[] = { "error", "warning", "notice", "info", "debug" };
static const int level_priorities[] = { 3, 4, 5, 6, 7 }; /* syslog(3): ERR to DEBUG */

static const char *log_program = "gatehouse";
static enum log_level log_most = LOG_LEVEL_INFO;
static bool log_to_journal;

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that the journal reads. */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        char ours[64];
        struct stat status;

        if (!stream || fstat(STDERR_FILENO, &status) < 0)
                return false;
        snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
        return strcmp(stream, ours) == 0;
}

void log_open(const char *program, enum log_level most)
{
        log_program = program;
        log_most = most;
        log_to_journal = stderr_is_journal();
}

static void json_string_add(struct text *line, const char *string)
{
        bool valid = text_is_utf8(string, strlen(string));

        text_add_char(line, '"');
        for (const unsigned char *at = (const unsigned char *)string; *at; at++) {
                if (*at == '"' || *at == '\\')
                        text_addf(line, "\\%c", *at);
                else if (*at < 0x20 || *at == 0x7F || (!valid && *at >= 0x80))
                        text_addf(line, "\\u%04x", *at);
                else
                        text_add_char(line, (char)*at);
        }
        text_add_char(line, '"');
}

static void line_to_stderr(enum log_level level, const char *const *fields, const char *message)
{
        AUTO_TEXT struct text line = { 0 };
        char now[CLOCK_TEXT_SIZE];

        text_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"message\":",
                  clock_format(clock_wall_ms(clock_system()), now), level_words[level], log_program);
        json_string_add(&line, message);
        for (int i = 0; fields && fields[i] && i < 2 * LOG_FIELDS_MAX; i += 2) {
                if (!fields[i + 1])
                        continue;
                text_addf(&line, ",\"%s\":", fields[i]);
                json_string_add(&line, fields[i + 1]);
        }
        text_add(&line, "}\n");
        if (write(STDERR_FILENO, text_get(&line), line.length) < 0)
                return; /* nobody is left to tell */
}

static void line_to_journal(enum log_level level, const char *const *fields, const char *message)
{
        struct iovec vectors[LOG_FIELDS_MAX + 3];
        char *texts[LOG_FIELDS_MAX + 3];
        int count = 0;

        texts[count++] = memory_format("MESSAGE=%s", message);
        texts[count++] = memory_format("PRIORITY=%d", level_priorities[level]);
        texts[count++] = memory_format("SYSLOG_IDENTIFIER=%s", log_program);
        for (int i = 0; fields && fields[i] && count < LOG_FIELDS_MAX + 3; i += 2) {
                if (!fields[i + 1])
                        continue;
                texts[count] = memory_format("GATEHOUSE_%s=%s", fields[i], fields[i + 1]);
                for (char *at = texts[count]; *at != '='; at++)
                        if (*at >= 'a' && *at <= 'z')
                                *at = (char)(*at - 'a' + 'A');
                count++;
        }
        for (int i = 0; i < count; i++)
                vectors[i] = (struct iovec){ texts[i], strlen(texts[i]) };
        sd_journal_sendv(vectors, count);
        for (int i = 0; i < count; i++)
                free(texts[i]);
}

void log_line(enum log_level level, const char *const *fields, const char *format, ...)
{
        char message[LOG_LINE_MAX];
        va_list arguments;

        if (level > log_most)
                return;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        if (log_to_journal)
                line_to_journal(level, fields, message);
        else
                line_to_stderr(level, fields, message);
}

int log_level_parse(const char *word, enum log_level *level)
{
        for (size_t i = 0; i < ARRAY_SIZE(level_words); i++)
                if (strcmp(word, level_words[i]) == 0) {
                        *level = (enum log_level)i;
                        return 0;
                }
        return -1;
}
