/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/nearest.h"

#include <string.h>

static unsigned least(unsigned one, unsigned other)
{
        return one < other ? one : other;
}

/* Letters put in, left out, changed or changed places (each stretch once) between two words of NEAREST_WORD_MAX
 * bytes at most. */
static unsigned difference(const char *one, size_t one_length, const char *other, size_t other_length)
{
        unsigned cost[NEAREST_WORD_MAX + 1][NEAREST_WORD_MAX + 1];

        for (size_t i = 0; i <= one_length; i++)
                for (size_t k = 0; k <= other_length; k++) {
                        if (i == 0 || k == 0) {
                                cost[i][k] = (unsigned)(i + k);
                                continue;
                        }
                        cost[i][k] = least(least(cost[i - 1][k], cost[i][k - 1]) + 1,
                                           cost[i - 1][k - 1] + (one[i - 1] != other[k - 1]));
                        if (i > 1 && k > 1 && one[i - 1] == other[k - 2] && one[i - 2] == other[k - 1])
                                cost[i][k] = least(cost[i][k], cost[i - 2][k - 2] + 1);
                }
        return cost[one_length][other_length];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
        size_t length = nearest->length ? nearest->length : strlen(nearest->word);
        size_t offered = strlen(candidate);
        unsigned differs;

        if (length == 0 || length > NEAREST_WORD_MAX || offered > NEAREST_WORD_MAX)
                return;
        differs = difference(nearest->word, length, candidate, offered);
        if (length >= 3 && offered > length && memcmp(nearest->word, candidate, length) == 0)
                differs = least(differs, 1);
        if (differs > (length < 6 ? 1 : length / 3) || (nearest->found && differs >= nearest->difference))
                return;
        nearest->found = candidate;
        nearest->difference = differs;
}
