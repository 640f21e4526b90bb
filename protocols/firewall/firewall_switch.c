/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/firewall_switch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

int firewall_switch_off(const char *folder, struct fault *fault)
{
        AUTO_CLOSE int folder_fd = -1, fd = -1;

        if (mkdir(folder, 0755) && errno != EEXIST)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make %s", folder);
        if ((folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
            (fd = openat(folder_fd, FIREWALL_SWITCH_NAME, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644)) <
                    0 ||
            fsync(fd) || fsync(folder_fd))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "write %s/" FIREWALL_SWITCH_NAME, folder);
        return 0;
}

int firewall_switch_on(const char *folder, struct fault *fault)
{
        AUTO_CLOSE int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (folder_fd < 0 && errno == ENOENT)
                return 0;
        if (folder_fd < 0 || (unlinkat(folder_fd, FIREWALL_SWITCH_NAME, 0) && errno != ENOENT) || fsync(folder_fd))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "remove %s/" FIREWALL_SWITCH_NAME, folder);
        return 0;
}

bool firewall_is_off(const char *folder)
{
        AUTO_FREE char *path = memory_format("%s/" FIREWALL_SWITCH_NAME, folder);
        struct stat status;

        return lstat(path, &status) == 0;
}
