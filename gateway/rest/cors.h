/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pages of other origins in a browser (the Fetch standard, CORS protocol): off unless the operator names origins,
 * exact ones. Cookies and the like are never let through; a page must have a token, as everybody must.
 */
#pragma once

#include <stdbool.h>

#include "rest/request.h"

/* Answers a preflight (which carries no token) from an origin that may ask; false when it is none. */
bool cors_preflight(struct request *request);

/* Adds to the reply what lets a page of the request's origin read it, if it may. */
void cors_add(struct request *request);
