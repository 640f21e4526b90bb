/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a dry run answers, for people: a table for each part that has anything, marked + (appears), ~ (changes) and
 * - (vanishes), then who would be cut. Pure text.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

struct json_t;

/* Adds what `answer`, a gateway's DryRun, tells, in lines of `width` characters (0 = any). */
void show_outlook(const struct json_t *answer, size_t width, struct text *text);
