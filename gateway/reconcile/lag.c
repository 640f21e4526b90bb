/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/lag.h"

#include <string.h>

/* The newest revision that both sides have settled. */
static uint64_t settled_by_both(const struct lag *lag)
{
        return lag->settled[0] < lag->settled[1] ? lag->settled[0] : lag->settled[1];
}

void lag_committed(struct lag *lag, uint64_t revision, int64_t now_ms)
{
        if (revision <= settled_by_both(lag) ||
            (lag->count > 0 && revision <= lag->waiting[lag->count - 1].revision))
                return;
        if (lag->count == LAG_COMMITS_MOST) {
                lag->waiting[lag->count - 1].revision = revision;
                return;
        }
        lag->waiting[lag->count].revision = revision;
        lag->waiting[lag->count++].at_ms = now_ms;
}

void lag_settled(struct lag *lag, enum protocol protocol, uint64_t revision)
{
        size_t gone = 0;

        if (revision > lag->settled[protocol])
                lag->settled[protocol] = revision;
        while (gone < lag->count && lag->waiting[gone].revision <= settled_by_both(lag))
                gone++;
        lag->count -= gone;
        memmove(lag->waiting, lag->waiting + gone, lag->count * sizeof *lag->waiting);
}

int64_t lag_ms(const struct lag *lag, int64_t now_ms)
{
        return lag->count > 0 ? now_ms - lag->waiting[0].at_ms : 0;
}
