/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"

#define INPUT_MAX (1 << 20)

/* Runs the fuzz target on each file that is named, in the place of libFuzzer. */
int main(int count, char **names)
{
        AUTO_FREE uint8_t *data = memory_new(1, INPUT_MAX);

        for (int i = 1; i < count; i++) {
                AUTO_FCLOSE FILE *file = fopen(names[i], "rb");

                if (!file) {
                        fprintf(stderr, "read %s: %s\n", names[i], strerror(errno));
                        return 1;
                }
                /* A block of exactly its size, so that a read past the end is seen by sanitizers. */
                size_t size = fread(data, 1, INPUT_MAX, file);
                AUTO_FREE uint8_t *input = memory_new(1, size);
                memcpy(input, data, size);
                LLVMFuzzerTestOneInput(input, size);
        }
        return 0;
}
