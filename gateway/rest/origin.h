/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Origins of pages, as the configuration names them and browsers send them (RFC 6454, section 6.2). Pure.
 */
#pragma once

#include <stdbool.h>

/* Whether `value` is "http://" or "https://" with a name or address in lower case, maybe with ":port", and nothing
 * behind. */
bool origin_is_valid(const char *value);
