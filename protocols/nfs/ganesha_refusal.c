/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/ganesha_refusal.h"

#include <string.h>

#include "base/memory.h"

/* The kinds of cause behind a refusal: Ganesha's reply names only the step that failed. */
static const struct {
        const char *part;
        enum fault_code code;
        const char *cause;
} refusals[] = {
        { "already active", FAULT_CONFLICT, "an export of this number is there already" },
        { "Export id not found", FAULT_NOT_FOUND, "there is none of this number" },
        { "another export admin operation", FAULT_UNAVAILABLE, "the server is busy with another export" },
        { "(invalid param value)", FAULT_INVALID,
          "its pseudo path is taken, or its path or file system id is not the one it was added with" },
        { "(block validation)", FAULT_INVALID,
          "its path cannot be opened: no such directory or volume, or a file system without file handles" },
        { "(internal error)", FAULT_INVALID, "its pseudo path cannot be made" },
        { "attempting to stat config file", FAULT_INVALID,
          "the server does not see the file that the block was handed over in" },
};

int ganesha_refusal(const char *message, const char *label, struct fault *fault)
{
        for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
                if (strstr(message, refusals[i].part))
                        return fault_set(fault, refusals[i].code, "%s: %s (NFS-Ganesha: %.*s)", label,
                                         refusals[i].cause, (int)strcspn(message, "\n"), message);
        return fault_set(fault, FAULT_INVALID, "%s: NFS-Ganesha refused: %s", label, message);
}
