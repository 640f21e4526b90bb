/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/ganesha_block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

char *ganesha_block_path(const char *folder, uint16_t number)
{
        return memory_format("%s/export-%u.conf", folder, number);
}

static int write_all(int fd, const struct text *text)
{
        for (size_t at = 0; at < text->length;) {
                ssize_t count = write(fd, text->data + at, text->length - at);

                if (count < 0 && errno != EINTR)
                        return -1;
                at += count > 0 ? (size_t)count : 0;
        }
        return 0;
}

int ganesha_block_write(const char *folder, const char *path, const struct text *block, struct fault *fault)
{
        AUTO_FREE char *fresh = memory_format("%s.new", path);
        AUTO_CLOSE int fd = -1;

        if (mkdir(folder, 0700) < 0 && errno != EEXIST)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make folder %s", folder);
        fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || write_all(fd, block) || rename(fresh, path) < 0) {
                int error_number = errno;

                unlink(fresh);
                return fault_set_errno(fault, FAULT_INTERNAL, error_number, "write EXPORT block %s", path);
        }
        return 0;
}
