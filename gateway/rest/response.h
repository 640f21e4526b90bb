/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reply of a request as the HTTP library sends it: header fields and body, or a stream of bytes.
 */
#pragma once

#include <stdbool.h>

#include "rest/request.h"

struct MHD_Response;

/* Makes it, and takes the reply's body. `shared`: it is kept for other requests too, so that it says nothing of
 * this one alone. Dropped with MHD_destroy_response; never NULL. */
struct MHD_Response *response_make(struct request *request, bool shared);
