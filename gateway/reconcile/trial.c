/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/trial.h"

#include <time.h>

#include "base/log.h"

#define TRY_MS 5000 /* for one answer */

static int64_t now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Tries as `client`, and notes what came of it as `check`. */
static void client_try(const struct trial *trial, struct verification *row, enum probe_client client,
                       enum verification_check check)
{
        const struct probe *probe = trial->probe;
        enum probe_verdict least = PROBE_UNKNOWN, most = PROBE_UNKNOWN;
        struct fault fault = { 0 };
        int64_t began_us = now_us();
        int failed;

        if (row->protocol == PROTOCOL_IS_NFS) {
                failed = probe->nfs(probe->context, client, &row->node, trial->pseudo, TRY_MS, &least, &fault);
                most = least;
        } else {
                failed = probe->native(probe->context, client, &row->node, trial->volume, trial->path, TRY_MS,
                                       &least, &most, &fault);
        }
        verification_note(row, check, failed, least, most, now_us() - began_us, &fault);
}

/* The stranger's address is let through the packet filter for the length of one try: only so the lists behind it
 * are asked. Nobody else has that address, and nothing is granted to it. */
static void list_try(const struct trial *trial, struct verification *row)
{
        struct address stranger = probe_network_client(&trial->network, PROBE_STRANGER);
        enum firewall_service service = row->protocol == PROTOCOL_IS_NFS ? SERVICE_NFS : SERVICE_GLUSTER;
        struct fault fault = { 0 };

        if (gate_open(trial->gate, service, &stranger, 1, &fault) == 0)
                client_try(trial, row, PROBE_STRANGER, CHECK_ACCESS_LIST);
        else
                verification_note(row, CHECK_ACCESS_LIST, -1, PROBE_UNKNOWN, PROBE_UNKNOWN, 0, &fault);
        if (gate_close(trial->gate, service, &stranger, 1, &fault) != 0)
                log_error("close the packet filter after a probe: %s", fault.text);
}

/* A refused connection tells of the packet filter only when somebody else got one. */
void trial_run(const struct trial *trial, struct verification *row)
{
        row->started_ms = clock_monotonic_ms(trial->clock);
        client_try(trial, row, PROBE_ADMITTED, CHECK_ADMITTED);
        if (row->result == VERIFICATION_PASSED && gate_filters(trial->gate))
                client_try(trial, row, PROBE_STRANGER, CHECK_PACKET_FILTER);
        if (row->checks[CHECK_ADMITTED].result == VERIFICATION_PASSED)
                list_try(trial, row);
        row->at_ms = clock_wall_ms(trial->clock);
}

void trial_mend_filter(struct gate *gate, const struct verification *rows, size_t count)
{
        struct fault fault = { 0 };
        bool repaired = false;

        for (size_t i = 0; i < count; i++) {
                if (rows[i].checks[CHECK_PACKET_FILTER].result != VERIFICATION_FAILED)
                        continue;
                if (gate_repair(gate, &repaired, &fault) != 0)
                        log_error("put the packet filter right: %s", fault.text);
                else if (repaired)
                        log_warning("the packet filter was not as it should be, and was put right");
                return;
        }
}
