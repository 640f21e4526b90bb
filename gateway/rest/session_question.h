/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How many connections clients have, asked of the packet filter's helper on behalf of a request.
 */
#pragma once

#include "rest/question.h"
#include "rest/request.h"

/* How long a dry run waits for it. */
#define SESSION_QUESTION_MS 3000

/* Zeroed, with `pairs` and `count` set; lives until it is answered. */
struct session_question {
        struct question question; /* first; its fault tells why nobody has answered */
        const struct firewall *firewall;
        const struct firewall_pair *pairs; /* borrowed */
        size_t count;
        size_t *connections; /* of each of the pairs; freed with session_question_fini */
};
void session_question_fini(struct session_question *question);

/* Suspends the request until the question is answered, for SESSION_QUESTION_MS at most; then `next`. The context
 * must have a packet filter. */
void session_question_ask(struct request *request, struct session_question *question,
                          void (*next)(struct request *request));
