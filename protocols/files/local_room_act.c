/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/memory.h"
#include "protocols/files/file_system.h"
#include "protocols/files/local_files.h"

static int capacity_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const char *mount_root = message_take_text(request, STORAGE_PATH_MAX);
        struct statvfs room;

        (void)context;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "ask how much room there is: the request is malformed");
        AUTO_CLOSE int fd = file_system_find(mount_root, fault);
        if (fd < 0)
                return fd;
        if (fstatvfs(fd, &room) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "ask how much room %s has", mount_root);
        capacity_put(reply, &room);
        return 0;
}

const struct act local_room_acts[] = {
        { .number = ACT_WORKER_FILE_SYSTEM_CAPACITY,
          .name = "file_system.capacity",
          .reason = "statvfs waits without end for a disk that does not answer",
          .deadline_ms = 60000,
          .run = capacity_run },
        { 0 },
};
