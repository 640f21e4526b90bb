/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/firewall_acts.h"

#include <linux/capability.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/sealed_memory.h"
#include "protocols/firewall/closed_ruleset.h"
#include "protocols/firewall/firewall_switch.h"
#include "protocols/firewall/firewall_table.h"
#include "protocols/firewall/firewall_wire.h"
#include "protocols/firewall/nftables.h"
#include "protocols/firewall/ruleset.h"
#include "protocols/firewall/sessions.h"

#define LIST_TABLE "list table inet " RULESET_TABLE "\n"
#define TRIES 3 /* while other programs change packet filters at the same moment */
#define ACT_MS 10000

/* What the last installation left behind, for as long as this process lives. */
static struct {
        pthread_mutex_t mutex; /* held for a whole act: one at a time */
        struct firewall_ports ports;
        char *rules; /* the table as the kernel lists it, without elements; NULL = not known */
} installed = { .mutex = PTHREAD_MUTEX_INITIALIZER };

#define AUTO_UNLOCK __attribute__((cleanup(installed_unlock)))
static pthread_mutex_t *installed_lock(void)
{
        pthread_mutex_lock(&installed.mutex);
        return &installed.mutex;
}

static void installed_unlock(pthread_mutex_t **mutex)
{
        pthread_mutex_unlock(*mutex);
}

static void installed_set(const struct firewall_ports *ports, char *rules)
{
        free(installed.rules);
        installed.rules = rules;
        installed.ports = ports ? *ports : (struct firewall_ports){ 0 };
}

/* Whether the kernel holds the rules of the last installation, for these ports. */
static int rules_are_ours(const struct firewall_ports *ports, bool *ours, struct fault *fault)
{
        AUTO_TEXT struct text rules = { 0 };
        int failed;

        *ours = installed.rules && installed.ports.brick_first == ports->brick_first &&
                installed.ports.brick_last == ports->brick_last && installed.ports.volfiled == ports->volfiled;
        if (!*ours)
                return 0;
        if ((failed = nftables_table_exists(RULESET_TABLE, ours, fault)) || !*ours)
                return failed;
        if ((failed = nftables_list(LIST_TABLE, true, &rules, fault)))
                return failed;
        *ours = strcmp(text_get(&rules), installed.rules) == 0;
        return 0;
}

static int check_consumed(const struct message *request, struct fault *fault)
{
        return message_is_consumed(request)
                       ? 0
                       : fault_set(fault, FAULT_MALFORMED, "read request: not the fields of act %u", request->act);
}

/* --- Sessions ----------------------------------------------------------------------------------------------- */

struct admission {
        const struct firewall_set *set;
        const struct firewall_ports *ports;
};

static bool is_not_admitted(const void *context, uint16_t local_port, const struct address *remote)
{
        const struct admission *admission = context;

        return !ruleset_admits(admission->set, admission->ports, local_port, remote);
}

static bool is_closed(const void *context, uint16_t local_port, const struct address *remote)
{
        const struct admission *closed = context;
        enum firewall_service service = ruleset_service(closed->ports, local_port);

        return service != SERVICE_COUNT &&
               firewall_set_has(closed->set, &(struct firewall_pair){ *remote, service });
}

/* The packets of these sessions are refused already: that their sockets stay is worth a line, not a failure.
 * Adds a record to `records` (may be NULL) for each connection that was ended. */
static void end_sessions(session_test *ends, const struct firewall_set *set, const struct firewall_ports *ports,
                         struct text *records)
{
        const struct admission context = { set, ports };
        AUTO_FREE struct session_ended *ended = NULL;
        struct fault fault = { 0 };
        size_t count = 0;

        if (sessions_end(ends, &context, &ended, &count, &fault))
                log_warning("connections of clients that were shut out stay open on this side: %s", fault.text);
        else if (count > 0)
                log_info("%zu connections of clients that were shut out are ended", count);
        for (size_t i = 0; records && i < count; i++)
                firewall_wire_add_pairs(
                        records,
                        &(struct firewall_pair){ ended[i].remote, ruleset_service(ports, ended[i].local_port) },
                        1);
}

/* --- Acts --------------------------------------------------------------------------------------------------- */

/* Installs the table and remembers how the kernel lists it. */
static int install_and_list(const struct firewall_set *set, const struct firewall_ports *ports,
                            struct fault *fault)
{
        for (int i = 0; i < TRIES; i++) {
                AUTO_TEXT struct text rules = { 0 };
                uint32_t before, after;
                int failed;

                if ((failed = nftables_generation(&before, fault)))
                        return failed;
                installed_set(NULL, NULL);
                if ((failed = firewall_table_install(set, ports, fault)) ||
                    (failed = nftables_list(LIST_TABLE, true, &rules, fault)) ||
                    (failed = nftables_generation(&after, fault)))
                        return failed;
                if (after - before == 1) {
                        installed_set(ports, text_take(&rules));
                        return 0;
                }
        }
        return fault_set(fault, FAULT_CONFLICT,
                         "install packet filter: others change theirs all the time, so that it cannot be checked");
}

/* What is loaded at the next start. Without it that start leaves the node open for as long as Gatehouse needs. */
static void keep_closed(const struct firewall_set *set, const struct firewall_ports *ports)
{
        const struct firewall_set closed = { .peers = set->peers, /* borrowed */
                                             .peer_count = set->peer_count,
                                             .nfs_held = true };
        AUTO_TEXT struct text ruleset = { 0 };
        struct fault fault = { 0 };

        firewall_table_print(&closed, ports, &ruleset);
        if (closed_ruleset_write(GATEHOUSE_ACCESSDIR, &ruleset, &fault))
                log_warning("nothing will be closed at the next start before gatehoused runs: %s", fault.text);
}

static int check_switch(struct fault *fault)
{
        if (!firewall_is_off(GATEHOUSE_ACCESSDIR))
                return 0;
        return fault_set(fault, FAULT_PRECONDITION,
                         "the packet filter is switched off on this node, until its root says `gatehouse firewall "
                         "on`: whoever reaches the storage ports is answered");
}

static int firewall_install(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        AUTO_TEXT struct text records = { 0 };
        struct firewall_ports ports;
        int failed;

        (void)context;
        (void)reply;
        if ((failed = firewall_wire_take_ports(request, &ports, fault)))
                return failed;
        uint64_t count = message_take_u64(request);
        if ((failed = check_consumed(request, fault)) || (failed = firewall_wire_take(request, &records, fault)) ||
            (failed = firewall_wire_read(&records, 0, count, &set, fault)))
                return failed;
        AUTO_UNLOCK pthread_mutex_t *lock = installed_lock();
        (void)lock;
        if ((failed = check_switch(fault)) || (failed = install_and_list(&set, &ports, fault)))
                return failed;
        if ((failed = check_switch(fault))) { /* said so meanwhile */
                firewall_table_remove(NULL);
                return failed;
        }
        end_sessions(is_not_admitted, &set, &ports, NULL);
        keep_closed(&set, &ports);
        return 0;
}

/* Under the lock: the elements are changed, or could not be; does the rest still hold? */
static int check_after_change(int failed, const struct firewall_ports *ports, struct fault *fault)
{
        struct fault why = { 0 };
        bool ours;

        if (rules_are_ours(ports, &ours, &why))
                return failed ? failed : fault_set(fault, why.code, "%s", why.text);
        if (!ours)
                return fault_set(fault, FAULT_NOT_FOUND,
                                 "change packet filter: the table is not there, or not as it was installed");
        return failed;
}

static int take_change(struct message *request, struct firewall_ports *ports, struct firewall_set *closed,
                       struct firewall_set *opened, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };
        int failed = firewall_wire_take_ports(request, ports, fault);

        if (failed)
                return failed;
        uint64_t closed_count = message_take_u64(request);
        uint64_t opened_count = message_take_u64(request);
        if ((failed = check_consumed(request, fault)) || (failed = firewall_wire_take(request, &records, fault)) ||
            (failed = firewall_wire_read(&records, 0, closed_count, closed, fault)) ||
            (failed = firewall_wire_read(&records, closed_count, opened_count, opened, fault)))
                return failed;
        if (closed->peer_count + opened->peer_count > 0)
                return fault_set(fault, FAULT_MALFORMED, "read request: storage nodes change by an installation");
        return 0;
}

static int firewall_change(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set closed = { 0 }, opened = { 0 };
        AUTO_TEXT struct text commands = { 0 }, ended = { 0 };
        struct firewall_ports ports;
        uint32_t generation;
        int failed;

        (void)context;
        if ((failed = take_change(request, &ports, &closed, &opened, fault)))
                return failed;
        ruleset_print_change(&closed, &opened, &commands);
        AUTO_UNLOCK pthread_mutex_t *lock = installed_lock();
        (void)lock;
        if ((failed = nftables_generation(&generation, fault)))
                return failed;
        if (commands.length > 0)
                failed = nftables_run(text_get(&commands), fault);
        if (!failed && closed.pair_count > 0) {
                for (size_t i = 0; i < opened.pair_count; i++)
                        firewall_set_close(&closed, &opened.pairs[i]);
                end_sessions(is_closed, &closed, &ports, &ended);
        }
        failed = check_after_change(failed, &ports, fault);
        if (!failed && ended.length > 0)
                failed = firewall_wire_put(reply, &ended, fault);
        return failed;
}

static int put_seen(struct message *reply, bool ours, const struct firewall_set *set, struct fault *fault)
{
        AUTO_TEXT struct text records = { 0 };

        message_put_u64(reply, ours);
        message_put_u64(reply, ours ? firewall_wire_add(&records, set) : 0);
        return ours ? firewall_wire_put(reply, &records, fault) : 0;
}

/* Looks once. *stable = false when the ruleset of the machine was changed meanwhile. */
static int observe_once(const struct firewall_ports *ports, bool *ours, struct firewall_set *set, bool *stable,
                        struct fault *fault)
{
        uint32_t before, after;
        int failed;

        if ((failed = nftables_generation(&before, fault)) || (failed = rules_are_ours(ports, ours, fault)) ||
            (*ours && (failed = firewall_table_read(set, ours, fault))) ||
            (failed = nftables_generation(&after, fault)))
                return failed;
        *stable = before == after;
        return 0;
}

static int firewall_observe(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct firewall_ports ports;
        bool ours, stable;
        int failed;

        (void)context;
        if ((failed = firewall_wire_take_ports(request, &ports, fault)) ||
            (failed = check_consumed(request, fault)))
                return failed;
        AUTO_UNLOCK pthread_mutex_t *lock = installed_lock();
        (void)lock;
        for (int i = 0; i < TRIES; i++) {
                AUTO_FIREWALL_SET struct firewall_set set = { 0 };

                if ((failed = observe_once(&ports, &ours, &set, &stable, fault)))
                        return failed;
                if (stable)
                        return put_seen(reply, ours, &set, fault);
        }
        return fault_set(fault, FAULT_CONFLICT, "read packet filter: others change theirs all the time");
}

static int firewall_remove_act(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        int failed = check_consumed(request, fault);

        (void)context;
        (void)reply;
        if (failed)
                return failed;
        AUTO_UNLOCK pthread_mutex_t *lock = installed_lock();
        (void)lock;
        if ((failed = firewall_table_remove(fault)))
                return failed;
        installed_set(NULL, NULL);
        return closed_ruleset_remove(GATEHOUSE_ACCESSDIR, fault);
}

struct session_count {
        const struct firewall_set *set;
        const struct firewall_ports *ports;
        uint32_t *counts; /* of each pair of the set */
};

static int pair_order(const void *a, const void *b)
{
        return firewall_pair_compare(a, b);
}

static void session_note(void *context, uint16_t local_port, const struct address *remote)
{
        struct session_count *count = context;
        const struct firewall_set *set = count->set;
        const struct firewall_pair pair = { *remote, ruleset_service(count->ports, local_port) };
        const struct firewall_pair *found;

        if (pair.service == SERVICE_COUNT || set->pair_count == 0)
                return;
        found = bsearch(&pair, set->pairs, set->pair_count, sizeof pair, pair_order);
        if (found)
                count->counts[found - set->pairs]++;
}

static int firewall_sessions(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        AUTO_TEXT struct text records = { 0 };
        struct firewall_ports ports;
        int failed;

        (void)context;
        if ((failed = firewall_wire_take_ports(request, &ports, fault)))
                return failed;
        uint64_t number = message_take_u64(request);
        if ((failed = check_consumed(request, fault)) || (failed = firewall_wire_take(request, &records, fault)) ||
            (failed = firewall_wire_read(&records, 0, number, &set, fault)))
                return failed;
        if (set.pair_count != number)
                return fault_set(fault, FAULT_MALFORMED, "read request: not pairs alone, each once");
        AUTO_FREE uint32_t *counts = memory_new(set.pair_count, sizeof *counts);
        struct session_count count = { &set, &ports, counts };
        if ((failed = sessions_each(session_note, &count, fault)))
                return failed;
        reply->fd = sealed_memory_make("gatehouse-sessions", counts, set.pair_count * sizeof *counts, fault);
        return reply->fd < 0 ? reply->fd : 0;
}

#define NET_ADMIN (1ULL << CAP_NET_ADMIN)

const struct act firewall_acts[] = {
        { ACT_FIREWALL_INSTALL, "firewall.install",
          "putting the packet filter's table in place and ending connections takes CAP_NET_ADMIN", NET_ADMIN,
          ACT_MS, firewall_install },
        { ACT_FIREWALL_CHANGE, "firewall.change",
          "changing the packet filter's sets and ending connections takes CAP_NET_ADMIN", NET_ADMIN, ACT_MS,
          firewall_change },
        { ACT_FIREWALL_OBSERVE, "firewall.observe", "reading the packet filter takes CAP_NET_ADMIN", NET_ADMIN,
          ACT_MS, firewall_observe },
        { ACT_FIREWALL_REMOVE, "firewall.remove", "taking the packet filter's table away takes CAP_NET_ADMIN",
          NET_ADMIN, ACT_MS, firewall_remove_act },
        { ACT_FIREWALL_SESSIONS, "firewall.sessions",
          "counting connections takes no capability, but a socket that the daemon may not make", 0, ACT_MS,
          firewall_sessions },
        { 0 },
};
