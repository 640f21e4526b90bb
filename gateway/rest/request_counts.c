/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/request_counts.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "rest/route.h"

#define STATUS_LEAST 100
#define STATUS_MOST 599
#define STATUSES (STATUS_MOST - STATUS_LEAST + 1)

struct request_counts {
        const struct route *routes;
        size_t route_count; /* the row behind the last is of what had none */
        atomic_uint_fast64_t *numbers;
};

struct request_counts *request_counts_new(void)
{
        struct request_counts *counts = NEW(struct request_counts);

        counts->routes = route_table(&counts->route_count);
        counts->numbers = memory_new((counts->route_count + 1) * STATUSES, sizeof *counts->numbers);
        return counts;
}

void request_counts_free(struct request_counts *counts)
{
        free(counts->numbers);
        free(counts);
}

void request_counts_note(struct request_counts *counts, const struct request *request)
{
        size_t row = request->route ? (size_t)(request->route - counts->routes) : counts->route_count;
        int status = request->reply.status;

        if (status >= STATUS_LEAST && status <= STATUS_MOST)
                atomic_fetch_add_explicit(&counts->numbers[row * STATUSES + (size_t)(status - STATUS_LEAST)], 1,
                                          memory_order_relaxed);
}

void request_counts_render(const struct request_counts *counts, struct text *text)
{
        for (size_t i = 0; i < (counts->route_count + 1) * STATUSES; i++) {
                const struct route *route =
                        i / STATUSES < counts->route_count ? &counts->routes[i / STATUSES] : NULL;
                uint64_t number = atomic_load_explicit(&counts->numbers[i], memory_order_relaxed);

                if (number > 0)
                        text_addf(
                                text,
                                "gatehouse_http_requests_total{method=\"%s\",route=\"%s\",status=\"%zu\"} %" PRIu64
                                "\n",
                                route ? route->method : "none", route ? route->pattern : "none",
                                STATUS_LEAST + i % STATUSES, number);
        }
}
