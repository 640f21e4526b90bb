/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who is at the other end of a request's connection: from where it comes, and whose request it is.
 */
#pragma once

#include <stdbool.h>

#include "rest/request.h"

/* Writes where the request comes from, for the audit trail: request->source. */
void peer_source(struct request *request, bool is_unix);

/* Sets request->principal, by the credentials of the Unix socket's peer or by the bearer token; or a fault, which
 * is for admission_refuse. Who asks for what is public without a token has not failed to show one. */
int peer_principal(struct request *request, bool is_unix, bool is_public, struct fault *fault);
