/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a fuzz target defines, and what libFuzzer or replay.c calls.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs one input; returns 0. A property that does not hold is told by FUZZ_HOLDS. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert, also with NDEBUG. */
#define FUZZ_HOLDS(property)                                                           \
        do {                                                                           \
                if (!(property)) {                                                     \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #property); \
                        abort();                                                       \
                }                                                                      \
        } while (0)
