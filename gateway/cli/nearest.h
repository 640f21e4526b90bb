/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which of the words that there are was probably meant by one that there is not. Pure.
 */
#pragma once

#include <stddef.h>

/* Bytes of a word that is looked at; a longer one is near to nothing. */
#define NEAREST_WORD_MAX 40

/* `word` alone is filled in before the first offer. */
struct nearest {
        const char *word;    /* that was typed */
        size_t length;       /* bytes of `word` that count; 0 = all of it */
        const char *found;   /* the nearest that was offered so far, borrowed; NULL = none is near */
        unsigned difference; /* of `found` */
};

/* Offers a word. Near is one that `word` begins, or that becomes `word` by one letter put in, left out, changed or
 * changed places with its neighbour for each three letters (one at least); of two that are as near the first. */
void nearest_offer(struct nearest *nearest, const char *candidate);
