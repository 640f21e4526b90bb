/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Fields as a query and a form body (application/x-www-form-urlencoded) carry them. Pure; knows no parameter by
 * name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct form_field {
        const char *name, *value; /* decoded; "" for what stands without "=" */
};

#define FORM_FIELDS_MAX 32

/* Zeroed = empty. Owns nothing: the fields lie in the texts that they were read from. */
struct form {
        struct form_field fields[FORM_FIELDS_MAX];
        size_t count;
};

/* Decodes %XX in place (and "+" as a blank where `plus_is_blank`); false for a bad sequence, %00 or what is not
 * UTF-8 then. */
bool percent_decode(char *text, bool plus_is_blank);

/* Takes `text` apart at "&" and "=", decodes names and values in place, and adds them to `form`; empty fields
 * ("&&") are passed over. `text` has `length` bytes and a NUL behind them, and must live as long as `form`.
 * MALFORMED, with a sentence about `what` ("the query"), for a bad sequence, a NUL, what is not UTF-8 or more than
 * FORM_FIELDS_MAX fields; `form` then has those read before. */
int form_parse(struct form *form, char *text, size_t length, const char *what, struct fault *fault);
