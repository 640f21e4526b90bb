/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volume_files.h"

#include "base/clock.h"

/* The act answers this much before the deadline, so that a worker which only waits for bricks is not killed and
 * the volume that it opens is there for the next call. */
#define ANSWER_MARGIN_MS 100

/* The fields that both acts begin with. */
static void place_put(struct message *request, const struct address *servers, size_t server_count,
                      const char *volume, const char *path, int deadline_ms)
{
        int margin_ms = deadline_ms / 4 < ANSWER_MARGIN_MS ? deadline_ms / 4 : ANSWER_MARGIN_MS;

        message_put_text(request, volume);
        message_put_u64(request, (uint64_t)(clock_monotonic_ms(clock_system()) + deadline_ms - margin_ms));
        message_put_u64(request, server_count);
        for (size_t i = 0; i < server_count; i++) {
                char text[ADDRESS_TEXT_SIZE];

                message_put_text(request, address_format(&servers[i], text));
        }
        message_put_text(request, path);
}

/* Calls the act; a timeout names no volume, so it gets the name here. */
static int volume_call(const struct act_caller *worker, const struct message *request, struct message *reply,
                       const char *volume, int deadline_ms, struct fault *fault)
{
        struct fault own = { 0 };
        int failed = worker->call(worker->context, request, reply, deadline_ms, &own);

        if (failed == -FAULT_TIMEOUT)
                fault_prefix(&own, "open volume %s", volume);
        if (failed && fault)
                *fault = own;
        return failed;
}

int volume_files_inspect(const struct act_caller *worker, const struct address *servers, size_t server_count,
                         const char *volume, const char *path, int deadline_ms, struct path_seen *seen,
                         struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_WORKER_VOLUME_INSPECT);
        message_init(&reply, ACT_WORKER_VOLUME_INSPECT);
        place_put(&request, servers, server_count, volume, path, deadline_ms);
        int failed = volume_call(worker, &request, &reply, volume, deadline_ms, fault);
        if (failed)
                return failed;
        return directory_take_seen(&reply, seen, fault);
}

int volume_files_make_directory(const struct act_caller *worker, const struct address *servers,
                                size_t server_count, const char *volume, const char *path,
                                const struct directory_wish *wish, int deadline_ms, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_WORKER_VOLUME_MAKE_DIRECTORY);
        message_init(&reply, ACT_WORKER_VOLUME_MAKE_DIRECTORY);
        place_put(&request, servers, server_count, volume, path, deadline_ms);
        directory_put_wish(&request, wish);
        return volume_call(worker, &request, &reply, volume, deadline_ms, fault);
}
