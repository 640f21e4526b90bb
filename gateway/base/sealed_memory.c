/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sealed_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

int sealed_memory_make(const char *name, const void *bytes, size_t length, struct fault *fault)
{
        AUTO_CLOSE int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

        for (size_t at = 0; fd >= 0 && at < length;) {
                ssize_t put = write(fd, (const char *)bytes + at, length - at);

                if (put < 0 && errno != EINTR)
                        return fault_set_errno(fault, FAULT_EXHAUSTED, errno, "write sealed memory %s", name);
                at += put > 0 ? (size_t)put : 0;
        }
        if (fd < 0 || fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL))
                return fault_set_errno(fault, FAULT_EXHAUSTED, errno, "make sealed memory %s", name);
        int made = fd;
        fd = -1;
        return made;
}

int sealed_memory_read(int fd, size_t most, struct text *text, struct fault *fault)
{
        int seals = fd >= 0 ? fcntl(fd, F_GET_SEALS) : -1;
        char block[16384];
        struct stat status;
        off_t at = 0;
        ssize_t got;

        if (seals < 0 || (~seals & SEALS) || fstat(fd, &status) || status.st_size > (off_t)most)
                return fault_set(fault, FAULT_MALFORMED, "read sealed memory: not sealed, or over %zu bytes",
                                 most);
        while ((got = pread(fd, block, sizeof block, at)) > 0) {
                text_add_bytes(text, block, (size_t)got);
                at += got;
        }
        return got == 0 ? 0 : fault_set_errno(fault, FAULT_INTERNAL, errno, "read sealed memory");
}
