/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/durable_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

bool durable_file_write(int fd, const struct text *text)
{
        for (size_t at = 0; at < text->length;) {
                ssize_t put = write(fd, text->data + at, text->length - at);

                if (put < 0 && errno != EINTR)
                        return false;
                at += put > 0 ? (size_t)put : 0;
        }
        return fsync(fd) == 0;
}

bool durable_file_put(int folder, const char *name, const char *temporary, const struct text *text)
{
        AUTO_CLOSE int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

        return fd >= 0 && fchmod(fd, 0644) == 0 && durable_file_write(fd, text) &&
               renameat(folder, temporary, folder, name) == 0 && fsync(folder) == 0;
}
