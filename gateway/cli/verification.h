/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the gateway has proved of itself, as people see it: shown by `verify` and by `status`.
 */
#pragma once

#include "cli/session.h"

/* Prints the rows of `verification` (of GET /v1/verification) as a table. EXIT_REFUSED when one of them failed. */
int verification_print(struct session *session, const struct json_t *verification);
