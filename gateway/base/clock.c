/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LAST_SECOND 253402300799 /* 9999-12-31T23:59:59Z */

static int64_t system_now_ms(clockid_t id)
{
        struct timespec now = { 0 };

        clock_gettime(id, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *context)
{
        (void)context;
        return system_now_ms(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *context)
{
        (void)context;
        return system_now_ms(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
        static const struct clock clock = { system_wall_ms, system_monotonic_ms, NULL };

        return &clock;
}

char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE])
{
        time_t seconds = (time_t)(wall_ms / 1000);
        struct tm tm = { 0 };

        gmtime_r(&seconds, &tm);
        strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text + 19, CLOCK_TEXT_SIZE - 19, ".%03uZ", (unsigned)(wall_ms % 1000) % 1000u);
        return text;
}

/* Reads exactly `digits` decimal digits at *text and moves past them. */
static bool number_read(const char **text, int digits, int least, int most, int *value)
{
        *value = 0;
        for (int i = 0; i < digits; i++, (*text)++) {
                if (!isdigit((unsigned char)**text))
                        return false;
                *value = *value * 10 + (**text - '0');
        }
        return *value >= least && *value <= most;
}

static bool character_read(const char **text, char expected)
{
        if (toupper((unsigned char)**text) != expected)
                return false;
        (*text)++;
        return true;
}

static bool date_read(const char **text, struct tm *tm)
{
        if (!number_read(text, 4, 1970, 9999, &tm->tm_year) || !character_read(text, '-') ||
            !number_read(text, 2, 1, 12, &tm->tm_mon) || !character_read(text, '-') ||
            !number_read(text, 2, 1, 31, &tm->tm_mday) || !character_read(text, 'T') ||
            !number_read(text, 2, 0, 23, &tm->tm_hour) || !character_read(text, ':') ||
            !number_read(text, 2, 0, 59, &tm->tm_min) || !character_read(text, ':') ||
            !number_read(text, 2, 0, 60, &tm->tm_sec))
                return false;
        tm->tm_year -= 1900;
        tm->tm_mon -= 1;
        return true;
}

static bool offset_read(const char **text, int *offset_s)
{
        int hours = 0, minutes = 0, sign = **text == '-' ? -1 : 1;

        *offset_s = 0;
        if (character_read(text, 'Z'))
                return true;
        if ((!character_read(text, '+') && !character_read(text, '-')) || !number_read(text, 2, 0, 23, &hours) ||
            !character_read(text, ':') || !number_read(text, 2, 0, 59, &minutes))
                return false;
        *offset_s = sign * (hours * 3600 + minutes * 60);
        return true;
}

int clock_parse(const char *text, int64_t *wall_ms)
{
        struct tm tm = { 0 };
        int offset_s, fraction_ms = 0, scale = 100;

        if (!date_read(&text, &tm))
                return -1;
        if (*text == '.') {
                text++;
                if (!isdigit((unsigned char)*text))
                        return -1;
                for (; isdigit((unsigned char)*text); text++, scale /= 10)
                        fraction_ms += (*text - '0') * scale;
        }
        int day = tm.tm_mday;
        if (!offset_read(&text, &offset_s) || *text != '\0')
                return -1;
        int leap_s = tm.tm_sec == 60; /* counts as the second after it, as POSIX has no name for it */
        tm.tm_sec -= leap_s;
        int64_t seconds = timegm(&tm) + leap_s - offset_s;
        if (tm.tm_mday != day) /* timegm turned 30 February into March */
                return -1;
        if (seconds < 0 || seconds > LAST_SECOND)
                return -1;
        *wall_ms = seconds * 1000 + fraction_ms;
        return 0;
}
