/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/firewall_calls.h"

#include <string.h>

#include "base/sealed_memory.h"
#include "protocols/firewall/firewall_wire.h"

/* Measured: 10,000 pairs are installed in 0.1 s. What waits longer waits for a helper that hangs. */
#define FIREWALL_MS 10000

static int call_helper(const struct firewall_calls *calls, const struct message *request, struct message *reply,
                       struct fault *fault)
{
        return calls->helper.call(calls->helper.context, request, reply, FIREWALL_MS, fault);
}

static int calls_install(void *context, const struct firewall_set *set, struct fault *fault)
{
        const struct firewall_calls *calls = context;
        AUTO_MESSAGE struct message request, reply;
        AUTO_TEXT struct text records = { 0 };

        message_init(&request, ACT_FIREWALL_INSTALL);
        message_init(&reply, 0);
        firewall_wire_put_ports(&request, &calls->ports);
        message_put_u64(&request, firewall_wire_add(&records, set));
        int failed = firewall_wire_put(&request, &records, fault);
        return failed ? failed : call_helper(calls, &request, &reply, fault);
}

/* Counts what the helper has ended of each closed pair. */
static int ended_read(const struct message *reply, const struct firewall_pair *closed, size_t closed_count,
                      unsigned *ended, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };
        struct firewall_pair pair;
        int failed;

        if (reply->fd < 0 || !ended)
                return 0;
        if ((failed = firewall_wire_take(reply, &records, fault)))
                return failed;
        for (size_t i = 0; firewall_wire_read_pair(&records, i, &pair, NULL) == 0; i++)
                for (size_t k = 0; k < closed_count; k++)
                        if (firewall_pair_compare(&closed[k], &pair) == 0)
                                ended[k]++;
        return 0;
}

/* `records`: those that go out, then those that come in. */
static int change_send(const struct firewall_calls *calls, const struct text *records, size_t closed_count,
                       size_t opened_count, struct message *reply, struct fault *fault)
{
        AUTO_MESSAGE struct message request;

        message_init(&request, ACT_FIREWALL_CHANGE);
        firewall_wire_put_ports(&request, &calls->ports);
        message_put_u64(&request, closed_count);
        message_put_u64(&request, opened_count);
        int failed = firewall_wire_put(&request, records, fault);
        return failed ? failed : call_helper(calls, &request, reply, fault);
}

static int calls_change(void *context, const struct firewall_pair *closed, size_t closed_count,
                        const struct firewall_pair *opened, size_t opened_count, unsigned *ended,
                        struct fault *fault)
{
        AUTO_MESSAGE struct message reply;
        AUTO_TEXT struct text records = { 0 };

        firewall_wire_add_pairs(&records, closed, closed_count);
        firewall_wire_add_pairs(&records, opened, opened_count);
        message_init(&reply, 0);
        int failed = change_send(context, &records, closed_count, opened_count, &reply, fault);
        return failed ? failed : ended_read(&reply, closed, closed_count, ended, fault);
}

/* A change of which there is nothing to be told. */
static int change_quietly(const struct firewall_calls *calls, const struct text *records, size_t closed_count,
                          size_t opened_count, struct fault *fault)
{
        AUTO_MESSAGE struct message reply;

        message_init(&reply, 0);
        return change_send(calls, records, closed_count, opened_count, &reply, fault);
}

static int calls_hold_nfs(void *context, bool held, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };

        firewall_wire_add_hold(&records);
        return change_quietly(context, &records, !held, held, fault);
}

static int calls_bind(void *context, const struct firewall_binding *removed, size_t removed_count,
                      const struct firewall_binding *added, size_t added_count, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };

        firewall_wire_add_bindings(&records, removed, removed_count);
        firewall_wire_add_bindings(&records, added, added_count);
        return change_quietly(context, &records, removed_count, added_count, fault);
}

static int calls_observe(void *context, enum known *known, struct firewall_set *set, struct fault *fault)
{
        const struct firewall_calls *calls = context;
        AUTO_MESSAGE struct message request, reply;
        AUTO_TEXT struct text records = { 0 };
        int failed;

        *known = KNOWN_UNKNOWN;
        message_init(&request, ACT_FIREWALL_OBSERVE);
        message_init(&reply, 0);
        firewall_wire_put_ports(&request, &calls->ports);
        if ((failed = call_helper(calls, &request, &reply, fault)))
                return failed;
        bool present = message_take_u64(&reply) == 1;
        uint64_t count = message_take_u64(&reply);
        if (!message_is_consumed(&reply))
                return fault_set(fault, FAULT_INTERNAL, "observe firewall: the helper's answer is malformed");
        if (present && ((failed = firewall_wire_take(&reply, &records, fault)) ||
                        (failed = firewall_wire_read(&records, 0, count, set, fault))))
                return failed;
        *known = present ? KNOWN_PRESENT : KNOWN_ABSENT;
        return 0;
}

static int calls_count_sessions(void *context, const struct firewall_pair *pairs, size_t count, int deadline_ms,
                                size_t *connections, struct fault *fault)
{
        const struct firewall_calls *calls = context;
        AUTO_MESSAGE struct message request, reply;
        AUTO_TEXT struct text records = { 0 }, counts = { 0 };
        size_t length = count * sizeof(uint32_t);
        int failed;

        message_init(&request, ACT_FIREWALL_SESSIONS);
        message_init(&reply, 0);
        firewall_wire_put_ports(&request, &calls->ports);
        message_put_u64(&request, count);
        firewall_wire_add_pairs(&records, pairs, count);
        if ((failed = firewall_wire_put(&request, &records, fault)) ||
            (failed = calls->helper.call(calls->helper.context, &request, &reply, deadline_ms, fault)) ||
            (failed = sealed_memory_read(reply.fd, length, &counts, fault)))
                return failed;
        if (!message_is_consumed(&reply) || counts.length != length)
                return fault_set(fault, FAULT_INTERNAL, "count connections: the helper's answer is malformed");
        for (size_t i = 0; i < count; i++) {
                uint32_t number;

                memcpy(&number, counts.data + i * sizeof number, sizeof number);
                connections[i] = number;
        }
        return 0;
}

static int calls_remove(void *context, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_FIREWALL_REMOVE);
        message_init(&reply, 0);
        return call_helper(context, &request, &reply, fault);
}

struct firewall firewall_over(const struct firewall_calls *calls)
{
        return (struct firewall){
                .install = calls_install,
                .change = calls_change,
                .hold_nfs = calls_hold_nfs,
                .bind = calls_bind,
                .observe = calls_observe,
                .count_sessions = calls_count_sessions,
                .remove = calls_remove,
                .context = (void *)(uintptr_t)calls,
        };
}
