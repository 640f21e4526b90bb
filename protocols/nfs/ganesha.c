/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/ganesha.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/memory.h"
#include "protocols/nfs/ganesha_block.h"
#include "protocols/nfs/ganesha_bus.h"
#include "protocols/nfs/ganesha_config.h"
#include "protocols/nfs/ganesha_seen.h"

struct ganesha {
        struct ganesha_bus *bus;
        char *folder;
};

static const struct ganesha_call kinds[] = {
        [NFS_CALL_ADD] = { .verb = "add", .method = "AddExport" },
        [NFS_CALL_UPDATE] = { .verb = "update", .method = "UpdateExport" },
        [NFS_CALL_REMOVE] = { .verb = "remove", .method = "RemoveExport" },
        [NFS_CALL_DISPLAY] = { .verb = "display", .method = "DisplayExport" },
};

#define AUTO_REPLY __attribute__((cleanup(reply_auto)))
static void reply_auto(sd_bus_message **reply)
{
        sd_bus_message_unref(*reply);
}

static void block_unlink(const struct ganesha *ganesha, uint16_t number)
{
        AUTO_FREE char *path = ganesha_block_path(ganesha->folder, number);

        unlink(path);
}

/* Writes the block and sends the call that hands it over. */
static void change_send(struct ganesha *ganesha, const struct ganesha_call *call, const struct nfs_export *export)
{
        AUTO_FREE char *path = ganesha_block_path(ganesha->folder, call->number);
        AUTO_TEXT struct text block = { 0 };
        char expression[GANESHA_EXPRESSION_SIZE];
        struct fault fault = { 0 };
        int failed = ganesha_config_render(export, &block, &fault);

        if (!failed)
                failed = ganesha_config_expression(call->number, expression, &fault);
        if (!failed)
                failed = ganesha_block_write(ganesha->folder, path, &block, &fault);
        if (failed)
                ganesha_bus_send_nothing(ganesha->bus, call, &fault);
        else
                ganesha_bus_send(ganesha->bus, call, "ss", path, expression);
}

static void server_ahead(void *context, enum nfs_call kind, uint16_t number, const struct nfs_export *export)
{
        struct ganesha *ganesha = context;
        struct ganesha_call call = kinds[kind];

        call.number = number;
        if (kind == NFS_CALL_ADD || kind == NFS_CALL_UPDATE) {
                change_send(ganesha, &call, export);
                return;
        }
        if (kind == NFS_CALL_REMOVE)
                block_unlink(ganesha, number);
        ganesha_bus_send(ganesha->bus, &call, "q", number);
}

/* The answer to a call, which is made now if it was not sent ahead. */
static int call_answer(struct ganesha *ganesha, enum nfs_call kind, uint16_t number,
                       const struct nfs_export *export, sd_bus_message **reply, struct fault *fault)
{
        struct ganesha_call call = kinds[kind];

        call.number = number;
        if (!ganesha_bus_is_sent(ganesha->bus, &call))
                server_ahead(ganesha, kind, number, export);
        return ganesha_bus_receive(ganesha->bus, reply, fault);
}

/* A call that timed out may find its block yet. */
static int change(struct ganesha *ganesha, enum nfs_call kind, const struct nfs_export *export,
                  struct fault *fault)
{
        AUTO_REPLY sd_bus_message *reply = NULL;
        int failed = call_answer(ganesha, kind, export->number, export, &reply, fault);

        if (failed != -FAULT_TIMEOUT)
                block_unlink(ganesha, export->number);
        return failed;
}

static int server_add(void *context, const struct nfs_export *export, struct fault *fault)
{
        return change(context, NFS_CALL_ADD, export, fault);
}

static int server_update(void *context, const struct nfs_export *export, struct fault *fault)
{
        return change(context, NFS_CALL_UPDATE, export, fault);
}

/* A fault that is an answer: 0, and nothing is left in `fault`. */
static int forgive(int failed, enum fault_code code, struct fault *fault)
{
        if (failed != -(int)code)
                return failed;
        if (fault)
                *fault = (struct fault){ 0 };
        return 0;
}

static int server_remove(void *context, uint16_t number, struct fault *fault)
{
        AUTO_REPLY sd_bus_message *reply = NULL;
        int failed = call_answer(context, NFS_CALL_REMOVE, number, NULL, &reply, fault);

        return forgive(failed, FAULT_NOT_FOUND, fault);
}

static int read_clients(sd_bus_message *reply, struct nfs_export_seen *seen)
{
        int status = sd_bus_message_enter_container(reply, 'a', "(siyyiuuuuu)");

        while (status >= 0) {
                struct ganesha_client_row row;
                int32_t version, family;
                uint8_t first, mask;
                uint32_t expire;

                status = sd_bus_message_read(reply, "(siyyiuuuuu)", &row.name, &version, &first, &mask, &family,
                                             &row.anonymous_uid, &row.anonymous_gid, &expire, &row.options,
                                             &row.set);
                if (status == 0)
                        break;
                if (status > 0)
                        ganesha_seen_add(seen, &row);
        }
        ganesha_seen_finish(seen);
        return status;
}

static int read_export(sd_bus_message *reply, uint16_t number, struct nfs_export_seen *seen)
{
        const char *path, *pseudo, *tag;
        uint16_t shown;
        int status = sd_bus_message_read(reply, "qsss", &shown, &path, &pseudo, &tag);

        if (status < 0)
                return status;
        if (shown != number)
                return -EBADMSG;
        seen->path = memory_text(path);
        seen->pseudo = memory_text(pseudo);
        seen->foreign = *tag != '\0';
        status = read_clients(reply, seen);
        if (status >= 0)
                seen->known = KNOWN_PRESENT;
        return status;
}

static int server_display(void *context, uint16_t number, struct nfs_export_seen *seen, struct fault *fault)
{
        AUTO_REPLY sd_bus_message *reply = NULL;
        int failed = call_answer(context, NFS_CALL_DISPLAY, number, NULL, &reply, fault);
        int status;

        if (failed == -FAULT_NOT_FOUND) {
                seen->known = KNOWN_ABSENT;
                return forgive(failed, FAULT_NOT_FOUND, fault);
        }
        if (failed)
                return failed;
        status = read_export(reply, number, seen);
        if (status < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, -status, "read NFS export %u", number);
        return 0;
}

/* One struct of ShowExports: the number, the path, then statistics that differ between versions. */
static int read_listed(sd_bus_message *reply, struct nfs_export_listed **listed, size_t *count, bool *root)
{
        const char *path;
        uint16_t number;
        int status = sd_bus_message_read(reply, "qs", &number, &path);

        while (status >= 0 && sd_bus_message_at_end(reply, 0) == 0)
                status = sd_bus_message_skip(reply, NULL);
        *root = *root || (status >= 0 && number == 0);
        if (status < 0 || number == 0)
                return status;
        *listed = memory_resize(*listed, *count + 1, sizeof **listed);
        (*listed)[(*count)++] = (struct nfs_export_listed){ .number = number, .path = memory_text(path) };
        return status;
}

static int read_list(sd_bus_message *reply, struct nfs_export_listed **listed, size_t *count)
{
        const char *contents;
        int status = sd_bus_message_skip(reply, "(tt)");
        bool root = false;

        if (status >= 0)
                status = sd_bus_message_peek_type(reply, NULL, &contents);
        if (status >= 0)
                status = sd_bus_message_enter_container(reply, 'a', contents);
        while (status >= 0 && sd_bus_message_at_end(reply, 0) == 0) {
                status = sd_bus_message_enter_container(reply, 'r', NULL);
                if (status >= 0)
                        status = read_listed(reply, listed, count, &root);
                if (status >= 0)
                        status = sd_bus_message_exit_container(reply);
        }
        return status >= 0 && !root ? -ENODATA : status; /* a server that serves anything has its root */
}

static int server_list(void *context, struct nfs_export_listed **listed, size_t *count, struct fault *fault)
{
        static const struct ganesha_call show = { .verb = "list", .method = "ShowExports" };
        struct ganesha *ganesha = context;
        AUTO_REPLY sd_bus_message *reply = NULL;
        int failed, status;

        *listed = NULL;
        *count = 0;
        ganesha_bus_send(ganesha->bus, &show, "");
        failed = ganesha_bus_receive(ganesha->bus, &reply, fault);
        if (failed)
                return failed;
        status = read_list(reply, listed, count);
        if (status >= 0)
                return 0;
        while (*count > 0)
                free((*listed)[--*count].path);
        free(*listed);
        *listed = NULL;
        return fault_set_errno(fault, FAULT_INTERNAL, -status, "read the list of NFS exports");
}

static int server_version(void *context, char version[SERVER_VERSION_SIZE], struct fault *fault)
{
        struct ganesha *ganesha = context;
        AUTO_FREE char *said = NULL;
        int failed = ganesha_bus_property(ganesha->bus, "VERSION_RELEASE", "ask for the version", &said, fault);

        if (!failed && !server_version_take(said, version))
                failed = fault_set(fault, FAULT_INTERNAL, "ask for the version: NFS-Ganesha says none");
        return failed;
}

static uint64_t server_wait(void *context, int wake_fd, int timeout_ms)
{
        struct ganesha *ganesha = context;

        return ganesha_bus_wait(ganesha->bus, wake_fd, timeout_ms);
}

struct ganesha *ganesha_new(const char *bus_address, const char *folder, int call_timeout_ms)
{
        struct ganesha *ganesha = NEW(struct ganesha);

        ganesha->bus =
                ganesha_bus_new(bus_address, call_timeout_ms > 0 ? call_timeout_ms : GANESHA_CALL_TIMEOUT_MS);
        ganesha->folder = memory_text(folder);
        return ganesha;
}

void ganesha_free(struct ganesha *ganesha)
{
        if (!ganesha)
                return;
        ganesha_bus_free(ganesha->bus);
        free(ganesha->folder);
        free(ganesha);
}

struct nfs_server ganesha_server(struct ganesha *ganesha)
{
        return (struct nfs_server){
                .ahead = server_ahead,
                .add = server_add,
                .update = server_update,
                .remove = server_remove,
                .display = server_display,
                .list = server_list,
                .version = server_version,
                .wait = server_wait,
                .context = ganesha,
        };
}
