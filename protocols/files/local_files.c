/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/files/local_files.h"

int local_files_inspect(const struct act_caller *helper, const char *mount_root, const char *path, int deadline_ms,
                        struct path_seen *seen, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_FILES_INSPECT);
        message_init(&reply, ACT_FILES_INSPECT);
        message_put_text(&request, mount_root);
        message_put_text(&request, path);
        int failed = helper->call(helper->context, &request, &reply, deadline_ms, fault);
        if (failed)
                return failed;
        failed = directory_take_seen(&reply, seen, fault);
        if (!failed && !message_is_consumed(&reply))
                failed = fault_set(fault, FAULT_INTERNAL, "inspect a path: the answer is malformed");
        return failed;
}

int local_files_make_directory(const struct act_caller *helper, const char *mount_root, const char *path,
                               const struct directory_wish *wish, int deadline_ms, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_FILES_MAKE_DIRECTORY);
        message_init(&reply, ACT_FILES_MAKE_DIRECTORY);
        message_put_text(&request, mount_root);
        message_put_text(&request, path);
        directory_put_wish(&request, wish);
        return helper->call(helper->context, &request, &reply, deadline_ms, fault);
}

int local_files_check(const struct act_caller *helper, const char *mount_root, int deadline_ms,
                      struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_FILES_FILE_SYSTEM);
        message_init(&reply, ACT_FILES_FILE_SYSTEM);
        message_put_text(&request, mount_root);
        return helper->call(helper->context, &request, &reply, deadline_ms, fault);
}

int local_files_capacity(const struct act_caller *worker, const char *mount_root, int deadline_ms,
                         struct storage_capacity *capacity, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_WORKER_FILE_SYSTEM_CAPACITY);
        message_init(&reply, ACT_WORKER_FILE_SYSTEM_CAPACITY);
        message_put_text(&request, mount_root);
        int failed = worker->call(worker->context, &request, &reply, deadline_ms, fault);
        return failed ? failed : capacity_take(&reply, capacity, fault);
}
