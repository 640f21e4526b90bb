/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/closed_ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/memory.h"

#define TEMPORARY_NAME ".firewall.nft.new"
#define FILE_MAX (1024 * 1024) /* bytes: some 25,000 storage nodes */

/* Reads what `fd` has, or so much that it is more than FILE_MAX. */
static bool read_all(int fd, struct text *text)
{
        char block[4096];
        ssize_t got;

        while ((got = read(fd, block, sizeof block)) > 0 && text->length <= FILE_MAX)
                text_add_bytes(text, block, (size_t)got);
        return got >= 0;
}

static bool file_holds(int folder, const struct text *expected)
{
        AUTO_CLOSE int fd = openat(folder, CLOSED_RULESET_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        AUTO_TEXT struct text text = { 0 };

        return fd >= 0 && read_all(fd, &text) && text.length == expected->length &&
               memcmp(text_get(&text), text_get(expected), text.length) == 0;
}

int closed_ruleset_write(const char *folder, const struct text *ruleset, struct fault *fault)
{
        AUTO_CLOSE int folder_fd = -1;

        if (mkdir(folder, 0755) && errno != EEXIST)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make %s", folder);
        folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0 || (!file_holds(folder_fd, ruleset) &&
                              !durable_file_put(folder_fd, CLOSED_RULESET_NAME, TEMPORARY_NAME, ruleset)))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "write %s/" CLOSED_RULESET_NAME, folder);
        return 0;
}

int closed_ruleset_read(const char *path, struct text *ruleset, struct fault *fault)
{
        AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat status;

        if (fd < 0 && errno == ENOENT)
                return fault_set(fault, FAULT_NOT_FOUND,
                                 "read %s: it is not there; no packet filter was installed", path);
        if (fd < 0 || fstat(fd, &status))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read %s", path);
        if (!S_ISREG(status.st_mode))
                return fault_set(fault, FAULT_INVALID, "read %s: it is not a file", path);
        if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)))
                return fault_set(fault, FAULT_FORBIDDEN, "read %s: not only root can write to it", path);
        if (!read_all(fd, ruleset))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read %s", path);
        if (ruleset->length == 0 || ruleset->length > FILE_MAX || memchr(ruleset->data, '\0', ruleset->length))
                return fault_set(fault, FAULT_INVALID, "read %s: it is not a ruleset", path);
        return 0;
}

int closed_ruleset_remove(const char *folder, struct fault *fault)
{
        AUTO_FREE char *path = memory_format("%s/" CLOSED_RULESET_NAME, folder);

        if (unlink(path) && errno != ENOENT)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "remove %s", path);
        return 0;
}
