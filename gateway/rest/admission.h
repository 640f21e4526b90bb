/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who is asking: a request gets its principal here, by the peer of the Unix socket or by a token; those who send
 * what is none are slowed down by address; and when a token was last used is remembered, and written down now and
 * then.
 */
#pragma once

#include "auth/principal.h"
#include "rest/request.h"

struct admission;

/* `context` is borrowed. Caller frees with admission_free. */
struct admission *admission_new(const struct rest_context *context);

/* Writes down what is not yet, and waits until that is done: the writer must still run. NULL is fine. */
void admission_free(struct admission *admission);

/* Sets the request's principal by the token `secret` (NULL = none was sent). UNAUTHENTICATED; or THROTTLED when
 * its address has sent too much that is no token. A token that is one, and opens something, is never throttled:
 * nobody can lock out who shares an address with him. The Unix socket is exempt. The fault is for
 * admission_refuse. */
int admission_by_secret(struct request *request, const char *secret, struct fault *fault);

/* Whether a reply that goes on may: who asked is still let in, as the same and by the same token (which is a use
 * of it). A guess is none of it: nobody is slowed down. */
bool admission_holds(const struct request *request);

/* Answers with that fault; of THROTTLED with how long to wait, and the connection ends. */
void admission_refuse(struct request *request, const struct fault *fault);

/* When `token` was last used, as far as this process or the store knows; 0 = not yet. */
int64_t admission_last_used_ms(struct admission *admission, const struct token *token);
