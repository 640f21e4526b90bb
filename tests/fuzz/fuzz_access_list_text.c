/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A list that is taken prints as the very bytes it came from, and its value holds nothing but what a volfile may.
 * The checksum of the closing line is mended first, or nearly every input would stop there.
 */
#include "fuzz.h"

#include "protocols/gluster/access_list_text.c"

static void checksum_mend(struct text *text)
{
        AUTO_FREE char *end = NULL;
        size_t at = text->length - 13; /* "end xxxxxxxx\n" */

        if (text->length < 13 || memcmp(text->data + at, "end ", 4) != 0)
                return;
        end = memory_format("end %08" PRIx32 "\n", checksum(text->data, at));
        memcpy(text->data + at, end, 13);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_TEXT struct text in = { 0 }, again = { 0 }, value = { 0 };
        struct fault fault = { 0 };

        text_add_bytes(&in, data, size);
        checksum_mend(&in);
        if (access_file_parse(text_get(&in), in.length, &file, &fault)) {
                FUZZ_HOLDS(file.list.entry_count == 0 && file.list.generation == 0);
                return 0;
        }
        FUZZ_HOLDS(access_file_print(&file, &again, &fault) == 0);
        FUZZ_HOLDS(again.length == in.length && memcmp(again.data, in.data, in.length) == 0);
        access_value_print(&file.list, &value);
        for (size_t i = 0; i < value.length; i++)
                FUZZ_HOLDS(is_alphanumeric(value.data[i]) || strchr("._-/(|),", value.data[i]));
        return 0;
}
