/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/store_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static int folder_check(int folder_fd, struct fault *fault)
{
        struct stat status;

        if (fstat(folder_fd, &status) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "look at the folder");
        if (status.st_uid != geteuid())
                return fault_set(fault, FAULT_INVALID, "the folder belongs to user %u, not to %u; chown it",
                                 status.st_uid, geteuid());
        if (status.st_mode & (S_IWGRP | S_IWOTH))
                return fault_set(fault, FAULT_INVALID,
                                 "others may write into the folder (mode %04o); chmod it 0700",
                                 status.st_mode & 07777);
        return 0;
}

/* Opens a file of ours, made when it is not there; refuses links and files that others may read. */
static int file_take(int folder_fd, const char *name, int *fd, struct fault *fault)
{
        struct stat status;

        *fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (*fd < 0)
                return fault_set_errno(fault, errno == ELOOP ? FAULT_INVALID : FAULT_UNAVAILABLE, errno, "open %s",
                                       name);
        if (fstat(*fd, &status) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "look at %s", name);
        if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077))
                return fault_set(fault, FAULT_INVALID,
                                 "%s must be a file of user %u that nobody else may enter (chmod 0600)", name,
                                 geteuid());
        return 0;
}

int store_folder_take(const char *folder, int *lock_fd, struct fault *fault)
{
        AUTO_CLOSE int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO_CLOSE int lock = -1, database = -1;
        int failed;

        if (folder_fd < 0)
                return fault_set_errno(fault, errno == ENOTDIR ? FAULT_INVALID : FAULT_UNAVAILABLE, errno,
                                       "open the folder");
        if ((failed = folder_check(folder_fd, fault)))
                return failed;
        if ((failed = file_take(folder_fd, STORE_FOLDER_LOCK, &lock, fault)))
                return failed;
        if (flock(lock, LOCK_EX | LOCK_NB) < 0)
                return fault_set(fault, FAULT_CONFLICT, "another process has the store open");
        /* Under the lock, so that nobody's SQLite loses its locks when this descriptor is closed again. */
        if ((failed = file_take(folder_fd, STORE_FOLDER_DATABASE, &database, fault)))
                return failed;
        if (fsync(folder_fd) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "sync the folder");
        *lock_fd = lock;
        lock = -1;
        return 0;
}
