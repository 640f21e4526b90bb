/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/files/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "protocols/files/directory_wire.h"
#include "protocols/files/mount_table.h"

#define ALLOWED "ext4 or xfs"

static int root_open(const char *mount_root, struct fault *fault)
{
        struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                                .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

        if (!directory_path_is_canonical(mount_root) || strcmp(mount_root, "/") == 0)
                return fault_set(fault, FAULT_INVALID,
                                 "use %s as a storage: it has to be an absolute path other than /", mount_root);
        long fd = syscall(SYS_openat2, AT_FDCWD, mount_root, &how, sizeof how);
        if (fd >= 0)
                return (int)fd;
        if (errno == ELOOP)
                return fault_set(fault, FAULT_INVALID, "use %s as a storage: there is a symbolic link in it",
                                 mount_root);
        return fault_set_errno(fault, errno == ENOENT || errno == ENOTDIR ? FAULT_INVALID : FAULT_UNAVAILABLE,
                               errno, "use %s as a storage", mount_root);
}

/* That the whole of a file system is mounted at `fd`, and is not what "/" is on. */
static int mount_check(int fd, const char *mount_root, struct fault *fault)
{
        struct mount_line line = { 0 };
        struct statx here, top;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &here) < 0 ||
            statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS, &top) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "use %s as a storage: statx", mount_root);
        if (!(here.stx_mask & STATX_MNT_ID) || !mount_table_find(here.stx_mnt_id, &line))
                return fault_set(fault, FAULT_UNAVAILABLE, "use %s as a storage: its mount cannot be found",
                                 mount_root);
        if (strcmp(line.type, "ext4") != 0 && strcmp(line.type, "xfs") != 0)
                return fault_set(fault, FAULT_INVALID,
                                 "use %s as a storage: it is on a file system of type %s; " ALLOWED
                                 " has to be mounted there",
                                 mount_root, line.type);
        if (!(here.stx_attributes & STATX_ATTR_MOUNT_ROOT))
                return fault_set(fault, FAULT_INVALID,
                                 "use %s as a storage: it is not a mount point; a file system of its own (" ALLOWED
                                 ") has to be mounted there",
                                 mount_root);
        if (strcmp(line.root, "/") != 0 ||
            (here.stx_dev_major == top.stx_dev_major && here.stx_dev_minor == top.stx_dev_minor))
                return fault_set(
                        fault, FAULT_INVALID,
                        "use %s as a storage: only a part of a larger file system is mounted there, and NFS "
                        "clients could reach the rest of it",
                        mount_root);
        return 0;
}

static int handles_check(int fd, const char *mount_root, struct fault *fault)
{
        struct {
                struct file_handle head;
                unsigned char bytes[MAX_HANDLE_SZ];
        } handle = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
        int mount_id;

        if (name_to_handle_at(fd, "", &handle.head, &mount_id, AT_EMPTY_PATH) == 0)
                return 0;
        return fault_set_errno(fault, FAULT_INVALID, errno,
                               "use %s as a storage: its file system gives out no file handles", mount_root);
}

int file_system_open(const char *mount_root, struct fault *fault)
{
        AUTO_CLOSE int fd = root_open(mount_root, fault);
        int failed = fd;

        if (fd >= 0)
                failed = mount_check(fd, mount_root, fault);
        if (!failed)
                failed = handles_check(fd, mount_root, fault);
        if (failed)
                return failed;
        int opened = fd;
        fd = -1;
        return opened;
}

int file_system_find(const char *mount_root, struct fault *fault)
{
        AUTO_CLOSE int fd = root_open(mount_root, fault);
        struct statx here;

        if (fd < 0) {
                fault->code = FAULT_UNAVAILABLE; /* that it cannot be is no news of a storage that is there */
                return -FAULT_UNAVAILABLE;
        }
        if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &here) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "look at %s: statx", mount_root);
        if (!(here.stx_attributes & STATX_ATTR_MOUNT_ROOT))
                return fault_set(fault, FAULT_UNAVAILABLE, "look at %s: nothing is mounted there", mount_root);
        int found = fd;
        fd = -1;
        return found;
}
