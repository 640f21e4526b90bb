/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Time as an input: everything that asks what time it is asks a `struct clock`, so that tests decide.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct clock {
        int64_t (*wall_ms)(void *context);      /* milliseconds since 1970, may jump */
        int64_t (*monotonic_ms)(void *context); /* milliseconds, only grows */
        void *context;
};

/* The system's clocks; static storage. */
const struct clock *clock_system(void);

static inline int64_t clock_wall_ms(const struct clock *clock)
{
        return clock->wall_ms(clock->context);
}

static inline int64_t clock_monotonic_ms(const struct clock *clock)
{
        return clock->monotonic_ms(clock->context);
}

/* "2026-11-22T15:04:05.678Z" (RFC 3339, UTC, milliseconds) and the NUL. */
#define CLOCK_TEXT_SIZE 25

/* Writes the RFC 3339 form of `wall_ms` into `text`; years 1970 to 9999. Returns `text`. */
char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]);

/* Parses RFC 3339 with "Z" or a numeric offset, fraction optional (cut to milliseconds).
 * 0 and *wall_ms, or -1 when `text` is anything else or out of 1970..9999. */
int clock_parse(const char *text, int64_t *wall_ms);
