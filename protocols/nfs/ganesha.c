/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/ganesha.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/nfs/ganesha_block.h"
#include "protocols/nfs/ganesha_config.h"
#include "protocols/nfs/ganesha_refusal.h"
#include "protocols/nfs/ganesha_seen.h"

#define SERVICE "org.ganesha.nfsd"
#define EXPORT_MANAGER_PATH "/org/ganesha/nfsd/ExportMgr"
#define EXPORT_MANAGER_INTERFACE "org.ganesha.nfsd.exportmgr"
#define ADMIN_PATH "/org/ganesha/nfsd/admin"
#define ADMIN_INTERFACE "org.ganesha.nfsd.admin"
#define OWNER_MATCH                                                                     \
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
        "member='NameOwnerChanged',path='/org/freedesktop/DBus',arg0='" SERVICE "'"

#define ERROR_INVALID_FILE_CONTENT "org.freedesktop.DBus.Error.InvalidFileContent"

enum { RECONNECT_MS = 1000, LABEL_SIZE = 40 };

struct ganesha {
        char *bus_address; /* NULL: the system bus */
        char *folder;
        int call_timeout_ms;
        sd_bus *bus;              /* NULL while there is no connection */
        char *owner;              /* unique name of the server on this connection, NULL while it has none */
        uint64_t instance;        /* of the present owner, 0 without one */
        char *waited_owner;       /* whom server_wait told of: nobody else is spoken to; NULL = anybody */
        uint64_t instances;       /* given out so far */
        uint64_t waited_instance; /* what wait returned last */
};

#define AUTO_REPLY __attribute__((cleanup(reply_auto)))
static void reply_auto(sd_bus_message **reply)
{
        sd_bus_message_unref(*reply);
}

#define AUTO_BUS_ERROR __attribute__((cleanup(sd_bus_error_free)))

static int64_t now_ms(void)
{
        return clock_monotonic_ms(clock_system());
}

static void owner_set(struct ganesha *ganesha, const char *owner)
{
        if (ganesha->owner && strcmp(ganesha->owner, owner) == 0)
                return;
        free(ganesha->owner);
        ganesha->owner = *owner ? memory_text(owner) : NULL;
        ganesha->instance = *owner ? ++ganesha->instances : 0;
}

static void bus_close(struct ganesha *ganesha)
{
        ganesha->bus = sd_bus_close_unref(ganesha->bus);
        owner_set(ganesha, "");
}

static int on_owner_changed(sd_bus_message *signal, void *context, sd_bus_error *error)
{
        const char *name, *before, *after;

        (void)error;
        if (sd_bus_message_read(signal, "sss", &name, &before, &after) >= 0 && strcmp(name, SERVICE) == 0)
                owner_set(context, after);
        return 0;
}

static int bus_open(const char *address, sd_bus **bus)
{
        int status;

        if (!address)
                return sd_bus_open_system(bus);
        status = sd_bus_new(bus);
        if (status >= 0)
                status = sd_bus_set_address(*bus, address);
        if (status >= 0)
                status = sd_bus_set_bus_client(*bus, 1);
        if (status >= 0)
                status = sd_bus_start(*bus);
        return status;
}

/* Asks who the server is, after the match that tells of changes is in place, so that none is missed. */
static int owner_watch(struct ganesha *ganesha)
{
        AUTO_REPLY sd_bus_message *reply = NULL;
        AUTO_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *owner = "";
        int status = sd_bus_add_match(ganesha->bus, NULL, OWNER_MATCH, on_owner_changed, ganesha);

        if (status < 0)
                return status;
        status = sd_bus_call_method(ganesha->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "GetNameOwner", &error, &reply, "s", SERVICE);
        if (status >= 0)
                status = sd_bus_message_read(reply, "s", &owner);
        else if (sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                status = 0;
        if (status >= 0)
                owner_set(ganesha, owner);
        return status;
}

static int bus_connect(struct ganesha *ganesha, struct fault *fault)
{
        int status;

        if (ganesha->bus && sd_bus_is_open(ganesha->bus) > 0)
                return 0;
        bus_close(ganesha);
        status = bus_open(ganesha->bus_address, &ganesha->bus);
        if (status >= 0)
                status = sd_bus_set_method_call_timeout(ganesha->bus, (uint64_t)ganesha->call_timeout_ms * 1000);
        if (status >= 0)
                status = owner_watch(ganesha);
        if (status >= 0)
                return 0;
        bus_close(ganesha);
        return fault_set_errno(fault, FAULT_UNAVAILABLE, -status, "connect to D-Bus at %s",
                               ganesha->bus_address ? ganesha->bus_address : "the system bus");
}

static bool error_is_absence(int status, const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED) || status == -ENOTCONN ||
               status == -ECONNRESET || status == -EPIPE || status == -ESHUTDOWN;
}

/* What a failed call means. NoReply is said by the bus when the server went away, and by sd-bus when it was silent
 * for too long: the clock tells them apart. */
static int call_failed(const struct ganesha *ganesha, int status, const sd_bus_error *error, int64_t started,
                       const char *label, struct fault *fault)
{
        const char *message = error->message ? error->message : strerror(-status);

        if (status == -ETIMEDOUT && now_ms() - started >= ganesha->call_timeout_ms)
                return fault_set(fault, FAULT_TIMEOUT, "%s: NFS-Ganesha gave no answer in %d ms", label,
                                 ganesha->call_timeout_ms);
        if (error_is_absence(status, error))
                return fault_set(fault, FAULT_UNAVAILABLE, "%s: NFS-Ganesha is not on the bus or left it: %s",
                                 label, message);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
                return fault_set(fault, FAULT_UNAVAILABLE,
                                 "%s: the bus does not let this user speak to NFS-Ganesha "
                                 "(is the policy org.gatehouse.conf installed?)",
                                 label);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_INVALID_ARGS) ||
            sd_bus_error_has_name(error, ERROR_INVALID_FILE_CONTENT))
                return ganesha_refusal(message, label, fault);
        return fault_set(fault, FAULT_INTERNAL, "%s: %s: %s", label, error->name ? error->name : "D-Bus", message);
}

/* One call of the export manager. `types` and the rest as for sd_bus_message_append. */
static int call(struct ganesha *ganesha, const char *verb, const char *method, uint16_t number,
                sd_bus_message **reply, struct fault *fault, const char *types, ...)
{
        AUTO_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
        AUTO_REPLY sd_bus_message *request = NULL;
        char label[LABEL_SIZE];
        int64_t started = now_ms();
        va_list arguments;
        int status, failed = bus_connect(ganesha, fault);

        if (failed)
                return failed;
        status = sd_bus_message_new_method_call(ganesha->bus, &request, ganesha->waited_owner ?: SERVICE,
                                                EXPORT_MANAGER_PATH, EXPORT_MANAGER_INTERFACE, method);
        va_start(arguments, types);
        if (status >= 0)
                status = sd_bus_message_appendv(request, types, arguments);
        va_end(arguments);
        if (status >= 0)
                status = sd_bus_call(ganesha->bus, request, 0, &error, reply);
        if (status >= 0)
                return 0;
        snprintf(label, sizeof label, number ? "%s NFS export %u" : "%s NFS exports", verb, number);
        failed = call_failed(ganesha, status, &error, started, label, fault);
        if (sd_bus_is_open(ganesha->bus) <= 0)
                bus_close(ganesha);
        return failed;
}

static int change(struct ganesha *ganesha, const char *verb, const char *method, const struct nfs_export *export,
                  struct fault *fault)
{
        AUTO_FREE char *path = ganesha_block_path(ganesha->folder, export->number);
        AUTO_REPLY sd_bus_message *reply = NULL;
        AUTO_TEXT struct text block = { 0 };
        char expression[GANESHA_EXPRESSION_SIZE];
        int failed = ganesha_config_render(export, &block, fault);

        if (!failed)
                failed = ganesha_config_expression(export->number, expression, fault);
        if (!failed)
                failed = ganesha_block_write(ganesha->folder, path, &block, fault);
        if (failed)
                return failed;
        failed = call(ganesha, verb, method, export->number, &reply, fault, "ss", path, expression);
        if (failed != -FAULT_TIMEOUT)
                unlink(path);
        return failed;
}

static int server_add(void *context, const struct nfs_export *export, struct fault *fault)
{
        return change(context, "add", "AddExport", export, fault);
}

static int server_update(void *context, const struct nfs_export *export, struct fault *fault)
{
        return change(context, "update", "UpdateExport", export, fault);
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
        struct ganesha *ganesha = context;
        AUTO_FREE char *path = ganesha_block_path(ganesha->folder, number);
        AUTO_REPLY sd_bus_message *reply = NULL;
        int failed;

        unlink(path);
        failed = call(ganesha, "remove", "RemoveExport", number, &reply, fault, "q", number);
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
        int failed = call(context, "display", "DisplayExport", number, &reply, fault, "q", number);
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
        AUTO_REPLY sd_bus_message *reply = NULL;
        int failed = call(context, "list", "ShowExports", 0, &reply, fault, "");
        int status;

        *listed = NULL;
        *count = 0;
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
        AUTO_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
        AUTO_FREE char *said = NULL;
        int64_t started = now_ms();
        int failed = bus_connect(ganesha, fault);

        if (failed)
                return failed;
        int status = sd_bus_get_property_string(ganesha->bus, ganesha->waited_owner ?: SERVICE, ADMIN_PATH,
                                                ADMIN_INTERFACE, "VERSION_RELEASE", &error, &said);
        if (status < 0)
                return call_failed(ganesha, status, &error, started, "ask for the version", fault);
        if (!server_version_take(said, version))
                return fault_set(fault, FAULT_INTERNAL, "ask for the version: NFS-Ganesha says none");
        return 0;
}

/* Takes in what the bus has sent; without a connection, tries to make one. */
static void wait_process(struct ganesha *ganesha)
{
        int status = 1;

        if (bus_connect(ganesha, NULL))
                return;
        while (status > 0)
                status = sd_bus_process(ganesha->bus, NULL);
        if (status < 0 || sd_bus_is_open(ganesha->bus) <= 0)
                bus_close(ganesha);
}

/* Sleeps until the bus, `wake_fd` or `left_ms` (-1: no limit) has something; true when `wake_fd` has. */
static bool wait_poll(const struct ganesha *ganesha, int wake_fd, int64_t left_ms)
{
        struct pollfd polled[2] = { { .fd = wake_fd, .events = POLLIN }, { .fd = -1 } };
        uint64_t bus_timeout = UINT64_MAX;

        if (ganesha->bus) {
                polled[1].fd = sd_bus_get_fd(ganesha->bus);
                polled[1].events = (short)sd_bus_get_events(ganesha->bus);
                sd_bus_get_timeout(ganesha->bus, &bus_timeout);
                if (bus_timeout != UINT64_MAX) {
                        int64_t bus_left = (int64_t)(bus_timeout / 1000) - now_ms();

                        bus_left = bus_left < 0 ? 0 : bus_left;
                        left_ms = left_ms < 0 || bus_left < left_ms ? bus_left : left_ms;
                }
        } else if (left_ms < 0 || left_ms > RECONNECT_MS) {
                left_ms = RECONNECT_MS;
        }
        poll(polled, 2, left_ms < 0 ? -1 : (int)left_ms);
        return polled[0].revents != 0;
}

static uint64_t server_wait(void *context, int wake_fd, int timeout_ms)
{
        struct ganesha *ganesha = context;
        int64_t end = now_ms() + timeout_ms;
        bool woken = false;

        for (;;) {
                int64_t left;

                wait_process(ganesha);
                left = timeout_ms < 0 ? -1 : end - now_ms();
                if (woken || ganesha->instance != ganesha->waited_instance || (timeout_ms >= 0 && left <= 0))
                        break;
                woken = wait_poll(ganesha, wake_fd, left);
        }
        ganesha->waited_instance = ganesha->instance;
        free(ganesha->waited_owner);
        ganesha->waited_owner = ganesha->owner ? memory_text(ganesha->owner) : NULL;
        return ganesha->instance;
}

struct ganesha *ganesha_new(const char *bus_address, const char *folder, int call_timeout_ms)
{
        struct ganesha *ganesha = NEW(struct ganesha);

        ganesha->bus_address = bus_address && *bus_address ? memory_text(bus_address) : NULL;
        ganesha->folder = memory_text(folder);
        ganesha->call_timeout_ms = call_timeout_ms > 0 ? call_timeout_ms : GANESHA_CALL_TIMEOUT_MS;
        return ganesha;
}

void ganesha_free(struct ganesha *ganesha)
{
        if (!ganesha)
                return;
        bus_close(ganesha);
        free(ganesha->waited_owner);
        free(ganesha->bus_address);
        free(ganesha->folder);
        free(ganesha);
}

struct nfs_server ganesha_server(struct ganesha *ganesha)
{
        return (struct nfs_server){
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
