/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define FORM "gatehouse-mark 1 "
#define TEXT_MAX 64

int mark_read(const char *path, uint64_t *number, struct fault *fault)
{
        AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char text[TEXT_MAX] = "", *end = text;

        *number = 0;
        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read %s", path);
        errno = 0;
        if (strncmp(text, FORM, sizeof FORM - 1) == 0 && text[sizeof FORM - 1] >= '0' &&
            text[sizeof FORM - 1] <= '9')
                *number = strtoull(text + sizeof FORM - 1, &end, 10);
        if (end == text || errno != 0 || strcmp(end, "\n") != 0)
                return fault_set(fault, FAULT_MALFORMED, "read %s: it is no number of a revision", path);
        return 0;
}

int mark_write(const char *path, uint64_t number, struct fault *fault)
{
        AUTO_FREE char *text = memory_format(FORM "%" PRIu64 "\n", number);
        AUTO_FREE char *fresh = memory_format("%s.new", path);
        AUTO_CLOSE int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        size_t length = strlen(text);

        if (fd < 0 || write(fd, text, length) != (ssize_t)length || fsync(fd) < 0 || rename(fresh, path) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "write %s", path);
        return 0;
}
