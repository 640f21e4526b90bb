/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Attempts that were refused for who made them, on their way into the audit trail: wrong tokens, and what a scope
 * does not cover. Whoever is refused a thousand times a second writes one line a minute, with a count.
 */
#pragma once

#include "rest/request.h"

#define REFUSAL_EVERY_MS 60000 /* between two lines about the same actor, source and status */
#define REFUSALS_MOST 10       /* lines in that time, of all together: a month of them does not push others out */

struct refusals;

struct refusals *refusals_new(struct writer *writer, const struct clock *clock);
void refusals_free(struct refusals *refusals);

/* At the end of a request, in any event thread: writes `request.refused` when it was one, unless there have been
 * too many lately; these are counted in the next line. Does not wait. */
void refusals_note(struct refusals *refusals, const struct request *request);
