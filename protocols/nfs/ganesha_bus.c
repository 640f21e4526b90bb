/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/ganesha_bus.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/nfs/ganesha_refusal.h"

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

/* One call under way. It is over when there is a reply (which may be an error) or a fault. */
struct sent {
        struct ganesha_call call;
        sd_bus_slot *slot;     /* NULL: nothing is waited for */
        sd_bus_message *reply; /* NULL: none came */
        struct fault fault;    /* it was not sent, or the connection ended */
};

struct ganesha_bus {
        char *address; /* NULL: the system bus */
        int call_timeout_ms;
        sd_bus *connection;       /* NULL while there is none */
        char *owner;              /* unique name of the server on this connection, NULL while it has none */
        uint64_t instance;        /* of the present owner, 0 without one */
        char *waited_owner;       /* whom ganesha_bus_wait told of: nobody else is spoken to; NULL = anybody */
        uint64_t instances;       /* given out so far */
        uint64_t waited_instance; /* what wait returned last */
        struct sent sent[GANESHA_CALLS_MAX]; /* a ring, which no element of it ever leaves: sd-bus points there */
        size_t first, count;
};

#define AUTO_REPLY __attribute__((cleanup(message_auto)))
static void message_auto(sd_bus_message **message)
{
        sd_bus_message_unref(*message);
}

#define AUTO_BUS_ERROR __attribute__((cleanup(sd_bus_error_free)))

static int64_t now_ms(void)
{
        return clock_monotonic_ms(clock_system());
}

static void owner_set(struct ganesha_bus *bus, const char *owner)
{
        if (bus->owner && strcmp(bus->owner, owner) == 0)
                return;
        free(bus->owner);
        bus->owner = *owner ? memory_text(owner) : NULL;
        bus->instance = *owner ? ++bus->instances : 0;
}

/* "add NFS export 7" */
static const char *call_label(const struct ganesha_call *call, char label[LABEL_SIZE])
{
        snprintf(label, LABEL_SIZE, call->number ? "%s NFS export %u" : "%s NFS exports", call->verb,
                 call->number);
        return label;
}

/* With the connection go the answers. */
static void bus_close(struct ganesha_bus *bus)
{
        char label[LABEL_SIZE];

        for (size_t i = 0; i < bus->count; i++) {
                struct sent *sent = &bus->sent[(bus->first + i) % GANESHA_CALLS_MAX];

                if (!sent->slot)
                        continue;
                sent->slot = sd_bus_slot_unref(sent->slot);
                fault_set(&sent->fault, FAULT_UNAVAILABLE, "%s: the connection to D-Bus was lost",
                          call_label(&sent->call, label));
        }
        bus->connection = sd_bus_close_unref(bus->connection);
        owner_set(bus, "");
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
static int owner_watch(struct ganesha_bus *bus)
{
        AUTO_REPLY sd_bus_message *reply = NULL;
        AUTO_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *owner = "";
        int status = sd_bus_add_match(bus->connection, NULL, OWNER_MATCH, on_owner_changed, bus);

        if (status < 0)
                return status;
        status = sd_bus_call_method(bus->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "GetNameOwner", &error, &reply, "s", SERVICE);
        if (status >= 0)
                status = sd_bus_message_read(reply, "s", &owner);
        else if (sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                status = 0;
        if (status >= 0)
                owner_set(bus, owner);
        return status;
}

static int bus_connect(struct ganesha_bus *bus, struct fault *fault)
{
        int status;

        if (bus->connection && sd_bus_is_open(bus->connection) > 0)
                return 0;
        bus_close(bus);
        status = bus_open(bus->address, &bus->connection);
        if (status >= 0) /* of calls that are not sent ahead of others */
                status = sd_bus_set_method_call_timeout(bus->connection, (uint64_t)bus->call_timeout_ms * 1000);
        if (status >= 0)
                status = owner_watch(bus);
        if (status >= 0)
                return 0;
        bus_close(bus);
        return fault_set_errno(fault, FAULT_UNAVAILABLE, -status, "connect to D-Bus at %s",
                               bus->address ? bus->address : "the system bus");
}

static bool error_is_absence(int status, const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED) || status == -ENOTCONN ||
               status == -ECONNRESET || status == -EPIPE || status == -ESHUTDOWN;
}

static int call_timed_out(const struct ganesha_bus *bus, const char *label, struct fault *fault)
{
        return fault_set(fault, FAULT_TIMEOUT, "%s: NFS-Ganesha gave no answer in %d ms", label,
                         bus->call_timeout_ms);
}

/* What a failed call means. NoReply is said by the bus when the server went away. */
static int call_failed(int status, const sd_bus_error *error, const char *label, struct fault *fault)
{
        const char *message = error->message ? error->message : strerror(-status);

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

/* --- Calls under way ---------------------------------------------------------------------------------------- */

static struct sent *sent_place(struct ganesha_bus *bus, const struct ganesha_call *call)
{
        struct sent *sent = &bus->sent[(bus->first + bus->count) % GANESHA_CALLS_MAX];

        assert(bus->count < GANESHA_CALLS_MAX);
        bus->count++;
        *sent = (struct sent){ .call = *call };
        return sent;
}

static int on_reply(sd_bus_message *reply, void *context, sd_bus_error *error)
{
        struct sent *sent = context;

        (void)error;
        sent->reply = sd_bus_message_ref(reply);
        sent->slot = sd_bus_slot_unref(sent->slot);
        return 0;
}

/* Without a timeout of sd-bus's: its clock would run while the server is busy with calls before this one. */
static int sent_send(struct ganesha_bus *bus, struct sent *sent, const char *types, va_list arguments)
{
        AUTO_REPLY sd_bus_message *request = NULL;
        int status =
                sd_bus_message_new_method_call(bus->connection, &request, bus->waited_owner ?: SERVICE,
                                               EXPORT_MANAGER_PATH, EXPORT_MANAGER_INTERFACE, sent->call.method);

        if (status >= 0)
                status = sd_bus_message_appendv(request, types, arguments);
        if (status >= 0)
                status = sd_bus_call_async(bus->connection, &sent->slot, request, on_reply, sent, UINT64_MAX);
        return status;
}

void ganesha_bus_send(struct ganesha_bus *bus, const struct ganesha_call *call, const char *types, ...)
{
        struct sent *sent = sent_place(bus, call);
        char label[LABEL_SIZE];
        va_list arguments;
        int status;

        if (bus_connect(bus, &sent->fault))
                return;
        va_start(arguments, types);
        status = sent_send(bus, sent, types, arguments);
        va_end(arguments);
        if (status < 0)
                call_failed(status, &SD_BUS_ERROR_NULL, call_label(call, label), &sent->fault);
}

void ganesha_bus_send_nothing(struct ganesha_bus *bus, const struct ganesha_call *call, const struct fault *why)
{
        sent_place(bus, call)->fault = *why;
}

bool ganesha_bus_is_sent(const struct ganesha_bus *bus, const struct ganesha_call *call)
{
        const struct ganesha_call *oldest = &bus->sent[bus->first].call;

        if (bus->count == 0)
                return false;
        assert(oldest->number == call->number && strcmp(oldest->method, call->method) == 0);
        return true;
}

/* Takes in what the bus sends until the call is over. */
static void sent_await(struct ganesha_bus *bus, struct sent *sent)
{
        int64_t until_ms = now_ms() + bus->call_timeout_ms;
        char label[LABEL_SIZE];

        while (sent->slot) {
                int64_t left_ms = until_ms - now_ms();
                int status = sd_bus_process(bus->connection, NULL);

                if (status == 0 && left_ms <= 0) {
                        sent->slot = sd_bus_slot_unref(sent->slot);
                        call_timed_out(bus, call_label(&sent->call, label), &sent->fault);
                } else if (status == 0)
                        status = sd_bus_wait(bus->connection, (uint64_t)left_ms * 1000);
                if ((status < 0 && status != -EINTR) || sd_bus_is_open(bus->connection) <= 0)
                        bus_close(bus);
        }
}

int ganesha_bus_receive(struct ganesha_bus *bus, sd_bus_message **reply, struct fault *fault)
{
        struct sent *sent = &bus->sent[bus->first];
        char label[LABEL_SIZE];

        assert(bus->count > 0);
        sent_await(bus, sent);
        bus->first = (bus->first + 1) % GANESHA_CALLS_MAX;
        bus->count--;
        if (!sent->reply)
                return fault_set(fault, sent->fault.code, "%s", sent->fault.text);
        *reply = sent->reply;
        if (!sd_bus_message_is_method_error(*reply, NULL))
                return 0;
        return call_failed(-sd_bus_message_get_errno(*reply), sd_bus_message_get_error(*reply),
                           call_label(&sent->call, label), fault);
}

int ganesha_bus_property(struct ganesha_bus *bus, const char *name, const char *label, char **text,
                         struct fault *fault)
{
        AUTO_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
        int64_t started_ms = now_ms();
        int failed = bus_connect(bus, fault);

        if (failed)
                return failed;
        int status = sd_bus_get_property_string(bus->connection, bus->waited_owner ?: SERVICE, ADMIN_PATH,
                                                ADMIN_INTERFACE, name, &error, text);
        if (status == -ETIMEDOUT && now_ms() - started_ms >= bus->call_timeout_ms)
                return call_timed_out(bus, label, fault);
        return status < 0 ? call_failed(status, &error, label, fault) : 0;
}

/* --- Coming and going --------------------------------------------------------------------------------------- */

/* Takes in what the bus has sent; without a connection, tries to make one. */
static void wait_process(struct ganesha_bus *bus)
{
        int status = 1;

        if (bus_connect(bus, NULL))
                return;
        while (status > 0)
                status = sd_bus_process(bus->connection, NULL);
        if (status < 0 || sd_bus_is_open(bus->connection) <= 0)
                bus_close(bus);
}

/* Sleeps until the bus, `wake_fd` or `left_ms` (-1: no limit) has something; true when `wake_fd` has. */
static bool wait_poll(const struct ganesha_bus *bus, int wake_fd, int64_t left_ms)
{
        struct pollfd polled[2] = { { .fd = wake_fd, .events = POLLIN }, { .fd = -1 } };
        uint64_t bus_timeout = UINT64_MAX;

        if (bus->connection) {
                polled[1].fd = sd_bus_get_fd(bus->connection);
                polled[1].events = (short)sd_bus_get_events(bus->connection);
                sd_bus_get_timeout(bus->connection, &bus_timeout);
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

/* Answers to what was sent before find nobody. */
static void sent_forget(struct ganesha_bus *bus)
{
        for (; bus->count > 0; bus->count--) {
                struct sent *sent = &bus->sent[(bus->first + bus->count - 1) % GANESHA_CALLS_MAX];

                sd_bus_slot_unref(sent->slot);
                sd_bus_message_unref(sent->reply);
        }
}

uint64_t ganesha_bus_wait(struct ganesha_bus *bus, int wake_fd, int timeout_ms)
{
        int64_t end = now_ms() + timeout_ms;
        bool woken = false;

        sent_forget(bus);
        for (;;) {
                int64_t left;

                wait_process(bus);
                left = timeout_ms < 0 ? -1 : end - now_ms();
                if (woken || bus->instance != bus->waited_instance || (timeout_ms >= 0 && left <= 0))
                        break;
                woken = wait_poll(bus, wake_fd, left);
        }
        bus->waited_instance = bus->instance;
        free(bus->waited_owner);
        bus->waited_owner = bus->owner ? memory_text(bus->owner) : NULL;
        return bus->instance;
}

struct ganesha_bus *ganesha_bus_new(const char *address, int call_timeout_ms)
{
        struct ganesha_bus *bus = NEW(struct ganesha_bus);

        bus->address = address && *address ? memory_text(address) : NULL;
        bus->call_timeout_ms = call_timeout_ms;
        return bus;
}

void ganesha_bus_free(struct ganesha_bus *bus)
{
        sent_forget(bus);
        bus_close(bus);
        free(bus->waited_owner);
        free(bus->address);
        free(bus);
}
