/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <string.h>

#include "base/memory.h"
#include "domain/address.h"

/* Whatever is taken for an address comes back from its own canonical text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_FREE char *text = memory_new(1, size + 1);
        char canonical[ADDRESS_TEXT_SIZE], again[ADDRESS_TEXT_SIZE];
        struct address address, reparsed;

        if (size > 0)
                memcpy(text, data, size);
        if (address_parse(text, &address) != 0)
                return 0;
        FUZZ_HOLDS(address.family == ADDRESS_V4 || address.family == ADDRESS_V6);
        FUZZ_HOLDS(strspn(address_format(&address, canonical), "0123456789abcdef:.") == strlen(canonical));
        FUZZ_HOLDS(address_parse(canonical, &reparsed) == 0);
        FUZZ_HOLDS(address_equal(&address, &reparsed));
        FUZZ_HOLDS(strcmp(address_format(&reparsed, again), canonical) == 0);
        FUZZ_HOLDS(address_kind_sentence(address_kind(&address)) != NULL);
        FUZZ_HOLDS(address_kind_code(address_kind(&address)) != NULL);
        return 0;
}
