/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * GET /metrics: OpenMetrics text. Grants are counted a slice at a time, so that other requests of the event thread
 * have their turn.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/inventory.h"
#include "domain/task.h"
#include "rest/export_show.h"
#include "rest/handlers.h"
#include "rest/object.h"
#include "rest/request_counts.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define SLICE 100 /* exports: some milliseconds, with 20 nodes each */

/* Exports whose connected clients are told, the first by id: what a scrape may weigh is bounded. */
#define EXPORTS_MOST 1000

struct metrics {
        const struct snapshot *now; /* reference */
        struct snapshot_walk walk;
        uint64_t grants[2][GRANT_FAILED + 1];
        bool connected_known;
        struct address_bag connected; /* by NFS, sorted */
        struct text connections;      /* samples of the exports that have such clients */
        size_t connection_count, left_out;
        struct text text;
};

static void metrics_free(void *work)
{
        struct metrics *metrics = work;

        shared_put(metrics->now);
        text_fini(&metrics->text);
        text_fini(&metrics->connections);
        address_bag_fini(&metrics->connected);
        free(metrics);
}

/* A family's head. `type` is gauge, counter or info; a counter's samples end in _total. */
static void family_add(struct text *text, const char *name, const char *type, const char *help)
{
        text_addf(text, "# TYPE gatehouse_%s %s\n# HELP gatehouse_%s %s\n", name, type, name, help);
}

/* The same with a unit, by which the name ends. */
static void family_unit_add(struct text *text, const char *name, const char *type, const char *unit,
                            const char *help)
{
        family_add(text, name, type, help);
        text_addf(text, "# UNIT gatehouse_%s %s\n", name, unit);
}

/* A label's value: \, " and line ends escaped. */
static void label_add(struct text *text, const char *before, const char *name, const char *value)
{
        text_addf(text, "%s%s=\"", before, name);
        for (; *value; value++) {
                if (*value == '\\' || *value == '"')
                        text_add_char(text, '\\');
                if (*value == '\n')
                        text_add(text, "\\n");
                else
                        text_add_char(text, *value);
        }
        text_add_char(text, '"');
}

static void objects_add(struct text *text, const struct snapshot *now)
{
        static const enum document_kind kinds[] = { DOCUMENT_ENVIRONMENT, DOCUMENT_NODE, DOCUMENT_STORAGE,
                                                    DOCUMENT_EXPORT, DOCUMENT_TOKEN };

        family_add(text, "objects", "gauge", "Objects that are registered, by kind.");
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                text_addf(text, "gatehouse_objects{kind=\"%s\"} %zu\n", document_word(kinds[i]),
                          pmap_count(now->kinds[kinds[i]]));
        family_add(text, "store_revision", "gauge", "The newest revision that was committed.");
        text_addf(text, "gatehouse_store_revision %" PRIu64 "\n", now->revision);
}

static void tasks_add(struct text *text, struct status *status, const struct snapshot *now)
{
        const struct document *document;
        struct snapshot_walk walk;
        size_t running = 0;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_TASK], NULL, NULL);
        while ((document = snapshot_walk_next(&walk))) {
                AUTO_SHARED struct task *task = status_task(status, (const struct task *)document);

                running += task_is_running(task);
        }
        family_add(text, "tasks_running", "gauge", "Tasks whose layers have not all let go.");
        text_addf(text, "gatehouse_tasks_running %zu\n", running);
}

static void sources_add(struct text *text, const struct snapshot *now)
{
        const struct document *document;
        struct snapshot_walk walk;

        family_add(text, "inventory_silent", "gauge",
                   "Whether a source of the inventory has been silent for too long.");
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_INVENTORY], NULL, NULL);
        while ((document = snapshot_walk_next(&walk))) {
                const struct inventory *inventory = (const struct inventory *)document;

                label_add(text, "gatehouse_inventory_silent{", "source", document->id);
                text_addf(text, "} %d\n", inventory->state != INVENTORY_FRESH);
        }
}

static void backends_add(struct text *text, struct status *status)
{
        family_add(text, "backend_up", "gauge", "Whether what Gatehouse stands on is well, as /healthz tells.");
        for (int backend = 0; backend < BACKEND_COUNT; backend++) {
                struct fault fault = { 0 };

                if (status_backend(status, (enum backend)backend, &fault))
                        text_addf(text, "gatehouse_backend_up{backend=\"%s\"} %d\n",
                                  backend_word((enum backend)backend), fault.code == FAULT_NONE);
        }
        family_add(text, "observing", "gauge", "Whether nothing is enforced: reconcile = observe.");
        text_addf(text, "gatehouse_observing %d\n", status_observes(status));
}

static void members_add(struct text *text, struct status *status)
{
        size_t enforcing, others;

        status_members(status, &enforcing, &others);
        if (enforcing + others == 0)
                return;
        family_add(text, "pool_members", "gauge",
                   "Members of the Gluster pool, by whether they enforce what they were told last.");
        text_addf(text, "gatehouse_pool_members{state=\"enforcing\"} %zu\n", enforcing);
        text_addf(text, "gatehouse_pool_members{state=\"unenforced\"} %zu\n", others);
}

/* Who changes nothing settles nothing. */
static void lag_add(struct text *text, struct status *status)
{
        int64_t waiting_ms = status_lag_ms(status);

        if (status_observes(status))
                return;
        family_unit_add(text, "reconcile_lag_seconds", "gauge", "seconds",
                        "For how long the oldest commit has not been seen on every server; 0 when all have.");
        text_addf(text, "gatehouse_reconcile_lag_seconds %" PRId64 ".%03d\n", waiting_ms / 1000,
                  (int)(waiting_ms % 1000));
}

static void calls_add(struct text *text, const struct latency *latency)
{
        family_unit_add(text, "backend_call_seconds", "histogram", "seconds",
                        "How long calls to what Gatehouse stands on took, by outcome.");
        if (latency)
                latency_render(latency, text);
}

static void connections_add(struct metrics *metrics)
{
        struct text *text = &metrics->text;

        if (!metrics->connected_known)
                return;
        family_add(text, "export_clients_connected", "gauge",
                   "Nodes that an export lets in by NFS and that had a connection at the last look, if any had.");
        text_add(text, text_get(&metrics->connections));
        family_add(text, "exports_left_out", "gauge",
                   "Exports with connected clients that gatehouse_export_clients_connected has no room for.");
        text_addf(text, "gatehouse_exports_left_out %zu\n", metrics->left_out);
}

static void drift_add(void *context, const struct drift_view *view)
{
        struct text *text = context;

        family_add(text, "drift_differences", "gauge",
                   "Differences between servers and what is wanted, the newest of each backend.");
        for (int place = 0; place < PLACE_COUNT; place++) {
                size_t counts[DIFFERENCE_FAILED + 1] = { 0 };

                for (size_t i = 0; i < view->counts[place]; i++)
                        counts[view->differences[place][i].action]++;
                for (int action = 0; action <= DIFFERENCE_FAILED; action++)
                        text_addf(text, "gatehouse_drift_differences{backend=\"%s\",action=\"%s\"} %zu\n",
                                  difference_place_word((enum difference_place)place),
                                  difference_action_word((enum difference_action)action), counts[action]);
        }
}

static void verification_add(struct text *text, struct verify *verify)
{
        size_t count = 0;
        uint64_t run = 0;
        AUTO_FREE struct verification *rows = verify ? verify_results(verify, &count, &run) : NULL;

        family_add(text, "verification", "gauge",
                   "1 for what the last tries of a storage by a protocol came to, 0 for what they did not.");
        for (size_t i = 0; i < count; i++)
                for (int result = 0; result <= VERIFICATION_FAILED; result++) {
                        char node[ADDRESS_TEXT_SIZE];

                        label_add(text, "gatehouse_verification{", "storage", rows[i].storage);
                        text_addf(text, ",storage_node=\"%s\",protocol=\"%s\",result=\"%s\"} %d\n",
                                  address_format(&rows[i].node, node), protocol_word(rows[i].protocol),
                                  verification_result_word((enum verification_result)result),
                                  rows[i].result == (enum verification_result)result);
                }
}

static void grants_add(struct metrics *metrics)
{
        struct text *text = &metrics->text;

        family_add(text, "grants", "gauge", "Grants of exports to nodes, by protocol and state.");
        for (int protocol = 0; protocol < 2; protocol++)
                for (int state = 0; state <= GRANT_FAILED; state++)
                        text_addf(text, "gatehouse_grants{protocol=\"%s\",state=\"%s\"} %" PRIu64 "\n",
                                  protocol_word((enum protocol)protocol),
                                  grant_state_word((enum grant_state)state), metrics->grants[protocol][state]);
}

static void metrics_reply(struct request *request)
{
        const struct rest_context *context = request->context;
        struct metrics *metrics = request->work;
        struct text *text = &metrics->text;

        family_add(text, "build", "info", "The version that runs.");
        text_add(text, "gatehouse_build_info{version=\"" GATEHOUSE_VERSION "\"} 1\n");
        objects_add(text, metrics->now);
        grants_add(metrics);
        connections_add(metrics);
        tasks_add(text, context->status, metrics->now);
        sources_add(text, metrics->now);
        backends_add(text, context->status);
        members_add(text, context->status);
        lag_add(text, context->status);
        calls_add(text, context->latency);
        if (context->drift)
                drift_show(context->drift, drift_add, text);
        verification_add(text, context->verify);
        family_add(text, "http_requests", "counter", "Requests that were answered, by operation and status.");
        request_counts_render(request->counts, text);
        text_add(text, "# EOF\n");
        reply_text(&request->reply, 200, text_get(text));
        request->reply.type = METRICS_TYPE;
}

static bool is_connected(const struct metrics *metrics, const struct node *node)
{
        for (size_t i = 0; i < node->address_count; i++)
                if (address_bag_holds(&metrics->connected, &node->addresses[i]))
                        return true;
        return false;
}

static void connections_count(struct metrics *metrics, const struct export *export, size_t count)
{
        if (count == 0)
                return;
        if (metrics->connection_count++ >= EXPORTS_MOST) {
                metrics->left_out++;
                return;
        }
        label_add(&metrics->connections, "gatehouse_export_clients_connected{", "export", export->document.id);
        text_addf(&metrics->connections, "} %zu\n", count);
}

static void grants_count(const struct request *request, struct metrics *metrics, const struct export *export)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        size_t connected = 0;

        export_grants(request, metrics->now, export, &grants);
        for (size_t i = 0; i < grants.count; i++) {
                const char *cause_code;
                char cause[FAULT_TEXT_SIZE];

                connected += grants.items[i].verdict == ACCESS_ADMITTED &&
                             grants.items[i].choice.protocol == PROTOCOL_IS_NFS &&
                             is_connected(metrics, grants.items[i].node);
                metrics->grants[grants.items[i].choice.protocol][status_grant_state(
                        request->context->status, &grants.items[i], &cause_code, cause)]++;
        }
        connections_count(metrics, export, connected);
}

static void metrics_slice(struct request *request)
{
        struct metrics *metrics = request->work;
        const struct document *document;

        for (size_t left = SLICE; (document = snapshot_walk_next(&metrics->walk));) {
                grants_count(request, metrics, (const struct export *)document);
                if (--left == 0 && request_yield(request, metrics_slice))
                        return;
        }
        metrics_reply(request);
}

void rest_metrics_get(struct request *request)
{
        struct metrics *metrics;
        struct fault fault = { 0 };

        if (permit(&request->principal, PERMIT_READ_SERVERS, NULL, &fault)) {
                reply_problem(&request->reply, &fault, NULL, NULL);
                return;
        }
        metrics = NEW(struct metrics);
        request->work = metrics;
        request->work_free = metrics_free;
        metrics->now = writer_snapshot(request->context->writer);
        metrics->connected_known = status_connected(request->context->status, &metrics->connected);
        snapshot_walk_start(&metrics->walk, metrics->now->kinds[DOCUMENT_EXPORT], NULL, NULL);
        metrics_slice(request);
}
