/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/violation.h"

#include <stdarg.h>

#include "base/memory.h"

void violations_fini(struct violations *violations)
{
        for (size_t i = 0; i < violations->count; i++) {
                free(violations->items[i].pointer);
                free(violations->items[i].detail);
        }
        violations->count = 0;
        violations->dropped = 0;
}

void violation_add(struct violations *violations, const char *pointer, const char *code, const char *format, ...)
{
        struct violation *violation = &violations->items[violations->count];
        va_list arguments;

        if (violations->count == VIOLATIONS_MAX) {
                violations->dropped++;
                return;
        }
        va_start(arguments, format);
        if (vasprintf(&violation->detail, format, arguments) < 0)
                abort();
        va_end(arguments);
        violation->pointer = memory_text(pointer);
        violation->code = code;
        violations->count++;
}

void violations_move(struct violations *into, const char *prefix, struct violations *from)
{
        for (size_t i = 0; i < from->count; i++) {
                AUTO_FREE char *pointer = memory_format("%s%s", prefix, from->items[i].pointer);

                violation_add(into, pointer, from->items[i].code, "%s", from->items[i].detail);
        }
        into->dropped += from->dropped;
        violations_fini(from);
}
