/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Condition variables that go by the monotonic clock, so that a wait is as long as was asked for when somebody
 * sets the time of day.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Starts `condition`; ended with pthread_cond_destroy. */
void condition_init(pthread_cond_t *condition);

/* The moment `wait_ms` milliseconds from now (negative: now), for pthread_cond_timedwait on such a condition. */
struct timespec condition_moment(int64_t wait_ms);
