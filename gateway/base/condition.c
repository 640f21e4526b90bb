/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/condition.h"

void condition_init(pthread_cond_t *condition)
{
        pthread_condattr_t attributes;

        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(condition, &attributes);
        pthread_condattr_destroy(&attributes);
}

struct timespec condition_moment(int64_t wait_ms)
{
        struct timespec moment;

        if (wait_ms < 0)
                wait_ms = 0;
        clock_gettime(CLOCK_MONOTONIC, &moment);
        moment.tv_sec += wait_ms / 1000;
        moment.tv_nsec += wait_ms % 1000 * 1000000;
        moment.tv_sec += moment.tv_nsec / 1000000000;
        moment.tv_nsec %= 1000000000;
        return moment;
}
