/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How many requests each operation has answered with which status, since the start: for the metrics. Each number
 * only grows; read and written by any thread without a lock.
 */
#pragma once

#include "base/text.h"
#include "rest/request.h"

struct request_counts;

struct request_counts *request_counts_new(void);
void request_counts_free(struct request_counts *counts);

/* At the end of a request. What had no route is counted under "none". */
void request_counts_note(struct request_counts *counts, const struct request *request);

/* Adds the samples of gatehouse_http_requests_total, those above 0. */
void request_counts_render(const struct request_counts *counts, struct text *text);
