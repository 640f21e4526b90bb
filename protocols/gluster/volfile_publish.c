/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volfile_publish.h"

#include <string.h>

#include "base/memory.h"
#include "base/sealed_memory.h"
#include "protocols/gluster/access_list_text.h"

#define ASK_MS 3000
#define BRICK_PATH_MAX 4096
#define ADDRESS_BYTES 17

static int put_memory(struct message *request, const struct volfile_served *served, const struct address *admitted,
                      size_t count, struct fault *fault)
{
        AUTO_TEXT struct text text = { 0 };

        for (size_t i = 0; i < count; i++) {
                text_add_bytes(&text, &admitted[i].family, 1);
                text_add_bytes(&text, admitted[i].bytes, sizeof admitted[i].bytes);
        }
        text_add_bytes(&text, served->text, served->length);
        int fd = sealed_memory_make("gatehouse-volfiled", text_get(&text), text.length, fault);
        if (fd < 0)
                return fd;
        request->fd = fd;
        return 0;
}

int volfile_publish(const struct act_caller *volfiled, const struct volfile_served *served,
                    const struct address *admitted, size_t count, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_VOLFILED_CONFIGURE);
        message_init(&reply, 0);
        int failed = volfile_served_check(served, fault);
        if (failed || (failed = put_memory(&request, served, admitted, count, fault)))
                return failed;
        message_put_text(&request, served->volume);
        message_put_u64(&request, served->brick_count);
        for (size_t i = 0; i < served->brick_count; i++) {
                message_put_text(&request, served->bricks[i].path);
                message_put_u64(&request, served->bricks[i].port);
        }
        message_put_u64(&request, count);
        return volfiled->call(volfiled->context, &request, &reply, ASK_MS, fault);
}

static int take_bricks(struct message *request, struct volfile_served *served, struct fault *fault)
{
        uint64_t count = message_take_u64(request);

        if (count > VOLFILE_SERVED_BRICKS_MAX)
                return fault_set(fault, FAULT_INVALID, "serve a volfile: too many bricks");
        served->bricks = memory_new(count + 1, sizeof *served->bricks);
        while (served->brick_count < count) {
                const char *path = message_take_text(request, BRICK_PATH_MAX);
                uint64_t port = message_take_u64(request);

                if (request->broken || port > UINT16_MAX)
                        return fault_set(fault, FAULT_MALFORMED, "read request: not the bricks of a volume");
                served->bricks[served->brick_count++] =
                        (struct volume_brick){ .path = memory_text(path), .port = (uint16_t)port };
        }
        return 0;
}

/* The addresses at the beginning of `memory`. */
static int addresses_read(const struct text *memory, size_t count, struct address *addresses, struct fault *fault)
{
        for (size_t i = 0; i < count; i++) {
                const char *at = memory->data + i * ADDRESS_BYTES;

                addresses[i].family = (uint8_t)at[0];
                memcpy(addresses[i].bytes, at + 1, sizeof addresses[i].bytes);
                if (addresses[i].family != ADDRESS_V4 && addresses[i].family != ADDRESS_V6)
                        return fault_set(fault, FAULT_MALFORMED, "read request: not an address");
                if (addresses[i].family == ADDRESS_V4)
                        memset(addresses[i].bytes + 4, 0, sizeof addresses[i].bytes - 4);
        }
        return 0;
}

static int configure_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_VOLFILE_SERVED struct volfile_served served = { 0 };
        AUTO_FREE struct address *addresses = NULL;
        AUTO_TEXT struct text memory = { 0 };
        const char *volume = message_take_text(request, ACCESS_VOLUME_MAX);
        int failed = take_bricks(request, &served, fault);
        uint64_t count = failed ? 0 : message_take_u64(request);

        (void)reply;
        if (failed)
                return failed;
        if (!message_is_consumed(request) || count > VOLFILE_ADMITTED_MAX)
                return fault_set(fault, FAULT_MALFORMED, "read request: not the fields of act %u", request->act);
        size_t head = count * ADDRESS_BYTES;
        if ((failed = sealed_memory_read(request->fd, head + VOLFILE_SERVED_MAX, &memory, fault)))
                return failed;
        if (memory.length < head)
                return fault_set(fault, FAULT_MALFORMED, "read request: fewer addresses than it says");
        addresses = memory_new(count + 1, sizeof *addresses);
        if ((failed = addresses_read(&memory, count, addresses, fault)))
                return failed;
        served.volume = memory_text(volume);
        served.length = memory.length - head;
        served.text = memory_new(1, served.length + 1);
        if (served.length > 0)
                memcpy(served.text, memory.data + head, served.length);
        return volfile_service_configure(context, &served, addresses, count, fault);
}

/* The fields of the status in the order of the wire. */
#define STATUS_FIELDS(status)                                                                       \
        {                                                                                           \
                &(status)->number, &(status)->admitted, &(status)->connections, &(status)->current, \
                        &(status)->behind, &(status)->requests, &(status)->refused                  \
        }

static int status_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct volfile_status status;
        const uint64_t *const fields[] = STATUS_FIELDS(&status);

        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "tell the status: the request has fields");
        volfile_service_status(context, &status);
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                message_put_u64(reply, *fields[i]);
        return 0;
}

int volfile_publish_status(const struct act_caller *volfiled, struct volfile_status *status, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        uint64_t *const fields[] = STATUS_FIELDS(status);

        message_init(&request, ACT_VOLFILED_STATUS);
        message_init(&reply, 0);
        int failed = volfiled->call(volfiled->context, &request, &reply, ASK_MS, fault);
        for (size_t i = 0; i < ARRAY_SIZE(fields) && !failed; i++)
                *fields[i] = message_take_u64(&reply);
        if (!failed && !message_is_consumed(&reply))
                failed = fault_set(fault, FAULT_INTERNAL, "ask volfiled: not the fields of an answer");
        return failed;
}

const struct act volfiled_acts[] = {
        { ACT_VOLFILED_CONFIGURE, "volfiled.configure", "none is needed", 0, ASK_MS, configure_run },
        { ACT_VOLFILED_STATUS, "volfiled.status", "none is needed", 0, ASK_MS, status_run },
        { 0 },
};
