/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <string.h>

#include "base/memory.h"
#include "protocols/gluster/volfile_answer.h"

static uint32_t word_at(const struct text *text, size_t at)
{
        const uint8_t *bytes = (const uint8_t *)text->data + at;

        return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Whatever comes in: nothing, or exactly one whole reply to the same call; the volfile only when it is said so. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct volume_brick bricks[] = { { .path = (char[]){ "/b/1" }, .port = 49152 },
                                         { .path = (char[]){ "/b/2" }, .port = 0 } };
        struct volfile_served served = { .volume = (char[]){ "data" },
                                         .text = (char[]){ "volume SECRET\nend-volume\n" },
                                         .bricks = bricks,
                                         .brick_count = ARRAY_SIZE(bricks) };
        AUTO_TEXT struct text reply = { 0 };

        served.length = strlen(served.text);
        enum volfile_verdict verdict = volfile_answer(&served, data, size, &reply);
        if (verdict == VOLFILE_HANG_UP) {
                FUZZ_HOLDS(reply.length == 0);
                return 0;
        }
        FUZZ_HOLDS(reply.length >= 4 + 24 && reply.length % 4 == 0);
        FUZZ_HOLDS(word_at(&reply, 0) == (0x80000000u | (uint32_t)(reply.length - 4)));
        FUZZ_HOLDS(memcmp(reply.data + 4, data, 4) == 0);
        FUZZ_HOLDS(word_at(&reply, 8) == 1);
        FUZZ_HOLDS((memmem(reply.data, reply.length, "SECRET", 6) != NULL) == (verdict == VOLFILE_FETCHED));
        return 0;
}
