/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/client_volfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sealed_memory.h"
#include "protocols/gluster/access_list_text.h"
#include "protocols/gluster/glusterd_acts.h"
#include "protocols/gluster/volfile_answer.h"
#include "protocols/gluster/volfile_filter.h"

#define ASK_MS 2000

static int file_read(const char *path, struct text *text, struct fault *fault)
{
        AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        char block[16384];
        struct stat status;
        ssize_t got = 0;

        if (fd < 0 && errno == ENOENT)
                return fault_set(fault, FAULT_NOT_FOUND, "read client volfile: there is no %s", path);
        if (fd < 0 || fstat(fd, &status) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read client volfile %s", path);
        if (!S_ISREG(status.st_mode))
                return fault_set(fault, FAULT_INVALID, "read client volfile: %s is no file", path);
        while (text->length <= VOLFILE_SERVED_MAX && (got = read(fd, block, sizeof block)) > 0)
                text_add_bytes(text, block, (size_t)got);
        if (got < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read client volfile %s", path);
        if (text->length > VOLFILE_SERVED_MAX)
                return fault_set(fault, FAULT_TOO_LARGE, "read client volfile: %s is over %d bytes", path,
                                 VOLFILE_SERVED_MAX);
        return 0;
}

/* glusterd does not write a file at once; one that is whole ends the volume on top of the graph. */
static bool is_whole(const struct text *text)
{
        static const char last[] = "end-volume";
        size_t length = text->length;

        while (length > 0 && text->data[length - 1] == '\n')
                length--;
        return length < text->length && length >= sizeof last - 1 &&
               memcmp(text->data + length - (sizeof last - 1), last, sizeof last - 1) == 0;
}

int client_volfile_read(const char *work_folder, const char *volume, struct text *volfile, struct fault *fault)
{
        AUTO_FREE char *path = memory_format("%s/vols/%s/%s.tcp-fuse.vol", work_folder, volume, volume);
        AUTO_TEXT struct text text = { 0 };
        int failed = file_read(path, &text, fault);

        if (failed)
                return failed;
        if (!is_whole(&text))
                return fault_set(fault, FAULT_UNAVAILABLE, "read client volfile: %s is not written to its end",
                                 path);
        if (volfile_has_credentials(text.data, text.length) || memchr(text.data, '`', text.length))
                return fault_set(fault, FAULT_FORBIDDEN,
                                 "read client volfile: %s holds a credential or a backtick", path);
        text_add_bytes(volfile, text.data, text.length);
        return 0;
}

int client_volfile_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const char *volume = message_take_text(request, ACCESS_VOLUME_MAX);
        AUTO_TEXT struct text text = { 0 };

        (void)context;
        if (!message_is_consumed(request) || !access_volume_is_valid(volume))
                return fault_set(fault, FAULT_MALFORMED, "read request: no name of a volume");
        int failed = client_volfile_read(GLUSTERD_WORK_FOLDER, volume, &text, fault);
        if (failed)
                return failed;
        int fd = sealed_memory_make("gatehouse-volfile", text.data, text.length, fault);
        if (fd < 0)
                return fd;
        reply->fd = fd;
        return 0;
}

int client_volfile_get(const struct act_caller *helper, const char *volume, struct text *volfile,
                       struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_GLUSTERD_CLIENT_VOLFILE);
        message_init(&reply, 0);
        message_put_text(&request, volume);
        int failed = helper->call(helper->context, &request, &reply, ASK_MS, fault);
        return failed ? failed : sealed_memory_read(reply.fd, VOLFILE_SERVED_MAX, volfile, fault);
}
