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
#include "rest/metric_text.h"
#include "rest/object.h"
#include "rest/request_counts.h"
#include "rest/storage_status.h"
#include "rest/tls.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define SLICE 100 /* exports: some milliseconds, with 20 nodes each */

/* Exports whose connected clients are told, the first by id: what a scrape may weigh is bounded. */
#define EXPORTS_MOST 1000

struct metrics {
        const struct snapshot *now; /* reference */
        struct snapshot_walk walk;
        uint64_t grants[2][GRANT_FAILED + 1];
        bool connected_known;
        struct text connections; /* samples of the exports that have connected clients */
        size_t connection_count, left_out;
        struct text text;
};

static void metrics_free(void *work)
{
        struct metrics *metrics = work;

        shared_put(metrics->now);
        text_fini(&metrics->text);
        text_fini(&metrics->connections);
        free(metrics);
}

static void objects_add(struct text *text, const struct snapshot *now)
{
        static const enum document_kind kinds[] = { DOCUMENT_ENVIRONMENT, DOCUMENT_NODE, DOCUMENT_STORAGE,
                                                    DOCUMENT_EXPORT, DOCUMENT_TOKEN };

        metric_family_add(text, "objects", "gauge", NULL, "Objects that are registered, by kind.");
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                text_addf(text, "gatehouse_objects{kind=\"%s\"} %zu\n", document_word(kinds[i]),
                          pmap_count(now->kinds[kinds[i]]));
        metric_family_add(text, "store_revision", "gauge", NULL, "The newest revision that was committed.");
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
        metric_family_add(text, "tasks_running", "gauge", NULL, "Tasks whose layers have not all let go.");
        text_addf(text, "gatehouse_tasks_running %zu\n", running);
}

static void sources_add(struct text *text, const struct snapshot *now)
{
        const struct document *document;
        struct snapshot_walk walk;

        metric_family_add(text, "inventory_silent", "gauge", NULL,
                          "Whether a source of the inventory has been silent for too long.");
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_INVENTORY], NULL, NULL);
        while ((document = snapshot_walk_next(&walk))) {
                const struct inventory *inventory = (const struct inventory *)document;

                text_add(text, "gatehouse_inventory_silent{");
                metric_label_add(text, "source", document->id);
                text_addf(text, "} %d\n", inventory->state != INVENTORY_FRESH);
        }
}

static void backends_add(struct text *text, struct status *status)
{
        metric_family_add(text, "backend_up", "gauge", NULL,
                          "Whether what Gatehouse stands on is well, as /healthz tells.");
        for (int backend = 0; backend < BACKEND_COUNT; backend++) {
                struct fault fault = { 0 };

                if (status_backend(status, (enum backend)backend, &fault))
                        text_addf(text, "gatehouse_backend_up{backend=\"%s\"} %d\n",
                                  backend_word((enum backend)backend),
                                  fault.code == FAULT_NONE || fault.code == FAULT_EXPIRING);
        }
        metric_family_add(text, "observing", "gauge", NULL, "Whether nothing is enforced: reconcile = observe.");
        text_addf(text, "gatehouse_observing %d\n", status_observes(status));
}

static void certificate_add(struct text *text, struct tls *tls)
{
        if (!tls)
                return;
        metric_family_add(text, "tls_certificate_expiry_timestamp_seconds", "gauge", "seconds",
                          "When the certificate that connections are shown from now on expires, since 1970.");
        text_addf(text, "gatehouse_tls_certificate_expiry_timestamp_seconds %" PRId64 "\n",
                  tls_expires_ms(tls) / 1000);
}

static void members_add(struct text *text, struct status *status)
{
        size_t enforcing, others;

        status_members(status, &enforcing, &others);
        if (enforcing + others == 0)
                return;
        metric_family_add(text, "pool_members", "gauge", NULL,
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
        metric_family_add(text, "reconcile_lag_seconds", "gauge", "seconds",
                          "For how long the oldest commit has not been seen on every server; 0 when all have.");
        text_addf(text, "gatehouse_reconcile_lag_seconds %" PRId64 ".%03d\n", waiting_ms / 1000,
                  (int)(waiting_ms % 1000));
}

static void calls_add(struct text *text, const struct latency *latency)
{
        metric_family_add(text, "backend_call_seconds", "histogram", "seconds",
                          "How long calls to what Gatehouse stands on took, by outcome.");
        if (latency)
                latency_render(latency, text);
}

static void connections_add(struct metrics *metrics)
{
        struct text *text = &metrics->text;

        if (!metrics->connected_known)
                return;
        metric_family_add(text, "export_clients_connected", "gauge", NULL,
                          "Nodes that an export lets in and that had a connection to its server at the last look, "
                          "if any had.");
        text_add(text, text_get(&metrics->connections));
        metric_family_add(
                text, "exports_left_out", "gauge", NULL,
                "Exports with connected clients that gatehouse_export_clients_connected has no room for.");
        text_addf(text, "gatehouse_exports_left_out %zu\n", metrics->left_out);
}

static void drift_add(void *context, const struct drift_view *view)
{
        struct text *text = context;

        metric_family_add(text, "drift_differences", "gauge", NULL,
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

        metric_family_add(
                text, "verification", "gauge", NULL,
                "1 for what the last tries of a storage by a protocol came to, 0 for what they did not.");
        for (size_t i = 0; i < count; i++)
                for (int result = 0; result <= VERIFICATION_FAILED; result++) {
                        char node[ADDRESS_TEXT_SIZE];

                        text_add(text, "gatehouse_verification{");
                        metric_label_add(text, "storage", rows[i].storage);
                        text_addf(text, ",storage_node=\"%s\",protocol=\"%s\",result=\"%s\"} %d\n",
                                  address_format(&rows[i].node, node), protocol_word(rows[i].protocol),
                                  verification_result_word((enum verification_result)result),
                                  rows[i].result == (enum verification_result)result);
                }
}

static void grants_add(struct metrics *metrics)
{
        struct text *text = &metrics->text;

        metric_family_add(text, "grants", "gauge", NULL, "Grants of exports to nodes, by protocol and state.");
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

        metric_family_add(text, "build", "info", NULL, "The version that runs.");
        text_add(text, "gatehouse_build_info{version=\"" GATEHOUSE_VERSION "\"} 1\n");
        objects_add(text, metrics->now);
        grants_add(metrics);
        connections_add(metrics);
        tasks_add(text, context->status, metrics->now);
        sources_add(text, metrics->now);
        backends_add(text, context->status);
        certificate_add(text, context->tls);
        members_add(text, context->status);
        storages_render(request, metrics->now, text);
        lag_add(text, context->status);
        calls_add(text, context->latency);
        if (context->drift)
                drift_show(context->drift, drift_add, text);
        verification_add(text, context->verify);
        metric_family_add(text, "http_requests", "counter", NULL,
                          "Requests that were answered, by operation and status.");
        request_counts_render(request->counts, text);
        text_add(text, "# EOF\n");
        reply_text(&request->reply, 200, text_get(text));
        request->reply.type = METRICS_TYPE;
}

static void connections_count(struct metrics *metrics, const struct export *export, const size_t counts[2])
{
        if (counts[0] + counts[1] == 0)
                return;
        if (metrics->connection_count++ >= EXPORTS_MOST) {
                metrics->left_out++;
                return;
        }
        for (int protocol = 0; protocol < 2; protocol++) {
                if (counts[protocol] == 0)
                        continue;
                text_add(&metrics->connections, "gatehouse_export_clients_connected{");
                metric_label_add(&metrics->connections, "export", export->document.id);
                text_addf(&metrics->connections, ",protocol=\"%s\"} %zu\n", protocol_word((enum protocol)protocol),
                          counts[protocol]);
        }
}

static void grants_count(const struct request *request, struct metrics *metrics, const struct export *export)
{
        AUTO_GRANTS struct grant_list grants = { 0 };
        size_t connected[2] = { 0 }; /* by enum protocol */

        export_grants(request, metrics->now, export, &grants);
        for (size_t i = 0; i < grants.count; i++) {
                const char *cause_code;
                char cause[FAULT_TEXT_SIZE];

                enum protocol protocol = grants.items[i].choice.protocol;

                enum known is_connected = grant_connected(request, &grants.items[i]);

                metrics->connected_known = metrics->connected_known || is_connected != KNOWN_UNKNOWN;
                connected[protocol] += is_connected == KNOWN_PRESENT;
                metrics->grants[protocol][status_grant_state(request->context->status, &grants.items[i],
                                                             &cause_code, cause)]++;
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
        snapshot_walk_start(&metrics->walk, metrics->now->kinds[DOCUMENT_EXPORT], NULL, NULL);
        metrics_slice(request);
}
