/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/latency.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

enum outcome { OUTCOME_DONE, OUTCOME_TIMEOUT, OUTCOME_UNAVAILABLE, OUTCOME_FAILED, OUTCOME_COUNT };

/* From a display over D-Bus, 0.3 ms on an idle machine, to the longest deadline of a transaction of glusterd. */
static const struct {
        int64_t most_us;
        const char *text;
} buckets[] = {
        { 500, "0.0005" },  { 1000, "0.001" },    { 2500, "0.0025" },   { 5000, "0.005" },
        { 10000, "0.01" },  { 25000, "0.025" },   { 50000, "0.05" },    { 100000, "0.1" },
        { 250000, "0.25" }, { 500000, "0.5" },    { 1000000, "1.0" },   { 2500000, "2.5" },
        { 5000000, "5.0" }, { 10000000, "10.0" }, { 30000000, "30.0" }, { 120000000, "120.0" },
};

struct histogram {
        atomic_uint_fast64_t counts[ARRAY_SIZE(buckets) + 1]; /* of each bucket alone; the last is +Inf's */
        atomic_uint_fast64_t sum_us;
};

struct latency {
        struct histogram histograms[LATENCY_COUNT][OUTCOME_COUNT];
};

static const struct {
        const char *backend, *call;
} rows[LATENCY_COUNT] = {
#define LATENCY_ROW(name, backend, call) { backend, call },
        LATENCY_TABLE(LATENCY_ROW)
#undef LATENCY_ROW
};

struct latency *latency_new(void)
{
        return NEW(struct latency);
}

void latency_free(struct latency *latency)
{
        free(latency);
}

int64_t latency_now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static enum outcome outcome_of(enum fault_code code)
{
        return code == FAULT_NONE          ? OUTCOME_DONE
               : code == FAULT_TIMEOUT     ? OUTCOME_TIMEOUT
               : code == FAULT_UNAVAILABLE ? OUTCOME_UNAVAILABLE
                                           : OUTCOME_FAILED;
}

void latency_note(struct latency *latency, enum latency_call call, int64_t took_us, enum fault_code code)
{
        struct histogram *histogram;
        size_t bucket = 0;

        if (!latency)
                return;
        histogram = &latency->histograms[call][outcome_of(code)];
        while (bucket < ARRAY_SIZE(buckets) && took_us > buckets[bucket].most_us)
                bucket++;
        atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)took_us, memory_order_relaxed);
        atomic_fetch_add_explicit(&histogram->counts[bucket], 1, memory_order_relaxed);
}

/* The count is that of the last bucket as it was read, so that both agree while others go on noting. */
static void histogram_render(const struct histogram *histogram, const char *labels, struct text *text)
{
        uint64_t counts[ARRAY_SIZE(buckets) + 1], total = 0;
        uint64_t sum_us = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);

        for (size_t i = 0; i <= ARRAY_SIZE(buckets); i++)
                total += counts[i] = atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        if (total == 0)
                return;
        total = 0;
        for (size_t i = 0; i <= ARRAY_SIZE(buckets); i++) {
                total += counts[i];
                text_addf(text, "gatehouse_backend_call_seconds_bucket{%s,le=\"%s\"} %" PRIu64 "\n", labels,
                          i < ARRAY_SIZE(buckets) ? buckets[i].text : "+Inf", total);
        }
        text_addf(text, "gatehouse_backend_call_seconds_count{%s} %" PRIu64 "\n", labels, total);
        text_addf(text, "gatehouse_backend_call_seconds_sum{%s} %" PRIu64 ".%06u\n", labels, sum_us / 1000000,
                  (unsigned)(sum_us % 1000000));
}

void latency_render(const struct latency *latency, struct text *text)
{
        static const char *const outcomes[OUTCOME_COUNT] = { "done", "timeout", "unavailable", "failed" };

        for (int call = 0; call < LATENCY_COUNT; call++)
                for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
                        AUTO_FREE char *labels =
                                memory_format("backend=\"%s\",call=\"%s\",outcome=\"%s\"", rows[call].backend,
                                              rows[call].call, outcomes[outcome]);

                        histogram_render(&latency->histograms[call][outcome], labels, text);
                }
}
