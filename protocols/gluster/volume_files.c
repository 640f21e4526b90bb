/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volume_files.h"

#include "base/clock.h"

/* The act answers this much before the deadline, so that a worker which only waits for bricks is not killed and
 * the volume that it opens is there for the next call. */
#define ANSWER_MARGIN_MS 100

/* Of the paths in one message, so that their answers, in which each comes back or a fault's text comes in its
 * place, fit into one as well. */
#define PATH_BYTES_MOST (MESSAGE_BODY_MAX / 3)

/* How many of the paths go into the next message: at least one. */
static size_t items_that_fit(const struct path_item *items, size_t count)
{
        size_t bytes = 0, fit = 0;

        while (fit < count && fit < STORAGE_PATHS_MAX && (bytes += strlen(items[fit].path)) <= PATH_BYTES_MOST)
                fit++;
        return fit > 0 ? fit : 1;
}

/* The fields that all acts begin with (volume_place_take). */
static void place_put(struct message *request, const struct storage *storage, int deadline_ms)
{
        int margin_ms = deadline_ms / 4 < ANSWER_MARGIN_MS ? deadline_ms / 4 : ANSWER_MARGIN_MS;

        message_put_text(request, storage->volume);
        message_put_u64(request, (uint64_t)(clock_monotonic_ms(clock_system()) + deadline_ms - margin_ms));
        message_put_u64(request, storage->address_count);
        for (size_t i = 0; i < storage->address_count; i++) {
                char text[ADDRESS_TEXT_SIZE];

                message_put_text(request, address_format(&storage->addresses[i], text));
        }
}

static void request_put(struct message *request, const struct storage *storage, const struct path_item *items,
                        size_t count, int deadline_ms)
{
        place_put(request, storage, deadline_ms);
        message_put_u64(request, count);
        for (size_t i = 0; i < count; i++) {
                message_put_text(request, items[i].path);
                if (request->act == ACT_WORKER_VOLUME_MAKE_DIRECTORIES)
                        directory_put_wish(request, &items[i].wish);
        }
}

/* The outcome of one path. */
static void item_take(struct message *reply, struct path_item *item)
{
        uint64_t code = message_take_u64(reply);
        const char *text = message_take_text(reply, FAULT_TEXT_SIZE);

        if (reply->broken || code >= FAULT_CODE_COUNT)
                fault_set(&item->fault, FAULT_INTERNAL, "look at a path: the answer is malformed");
        else if (code != FAULT_NONE)
                fault_set(&item->fault, (enum fault_code)code, "%s", text);
        else if (reply->act == ACT_WORKER_VOLUME_INSPECT)
                directory_take_seen(reply, &item->seen, &item->fault);
}

/* One call of a worker. A timeout of it names no volume, so it gets the name here. */
static void volume_call(const struct act_caller *worker, uint16_t act, const struct storage *storage,
                        struct path_item *items, size_t count, int deadline_ms)
{
        AUTO_MESSAGE struct message request, reply;
        struct fault fault = { 0 };

        message_init(&request, act);
        message_init(&reply, act);
        request_put(&request, storage, items, count, deadline_ms);
        int failed = worker->call(worker->context, &request, &reply, deadline_ms, &fault);
        if (failed == -FAULT_TIMEOUT)
                fault_prefix(&fault, "open volume %s", storage->volume);
        for (size_t i = 0; i < count; i++) {
                if (failed)
                        items[i].fault = fault;
                else
                        item_take(&reply, &items[i]);
        }
}

static void volume_calls(const struct act_caller *worker, uint16_t act, const struct storage *storage,
                         struct path_item *items, size_t count, int deadline_ms)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + deadline_ms;

        for (size_t done = 0, fit; done < count; done += fit) {
                int64_t left_ms = until_ms - clock_monotonic_ms(clock_system());

                fit = items_that_fit(items + done, count - done);
                volume_call(worker, act, storage, items + done, fit, left_ms > 0 ? (int)left_ms : 0);
        }
}

void volume_files_inspect(const struct act_caller *worker, const struct storage *storage, struct path_item *items,
                          size_t count, int deadline_ms)
{
        volume_calls(worker, ACT_WORKER_VOLUME_INSPECT, storage, items, count, deadline_ms);
}

void volume_files_make_directories(const struct act_caller *worker, const struct storage *storage,
                                   struct path_item *items, size_t count, int deadline_ms)
{
        volume_calls(worker, ACT_WORKER_VOLUME_MAKE_DIRECTORIES, storage, items, count, deadline_ms);
}

int volume_files_capacity(const struct act_caller *worker, const struct storage *storage, int deadline_ms,
                          struct storage_capacity *capacity, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_WORKER_VOLUME_CAPACITY);
        message_init(&reply, ACT_WORKER_VOLUME_CAPACITY);
        place_put(&request, storage, deadline_ms);
        int failed = worker->call(worker->context, &request, &reply, deadline_ms, fault);
        if (failed == -FAULT_TIMEOUT)
                fault_prefix(fault, "open volume %s", storage->volume);
        return failed ? failed : capacity_take(&reply, capacity, fault);
}
