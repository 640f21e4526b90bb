/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_clients.h"

#include "base/memory.h"
#include "reconcile/side.h"

void nfs_clients_replace(struct tally *clients, const struct nfs_export *older, const struct nfs_export *newer)
{
        for (size_t i = 0; newer && i < newer->client_count; i++)
                tally_add(clients, &newer->clients[i].address);
        for (size_t i = 0; older && i < older->client_count; i++)
                tally_drop(clients, &older->clients[i].address);
}

void nfs_clients_shut_ended(struct tally *clients, struct gate *gate)
{
        struct fault fault = { 0 };
        size_t count;
        AUTO_FREE struct address *ended = tally_take_ended(clients, &count);

        if (count > 0 && gate_close(gate, SERVICE_NFS, ended, count, &fault) != 0)
                side_complain("close the packet filter for NFS", &fault);
}

void nfs_clients_shut_others(const struct tally *clients, struct gate *gate)
{
        struct fault fault = { 0 };
        size_t count;
        AUTO_FREE struct address *wanted = tally_wanted(clients, &count);

        if (gate_close_others(gate, SERVICE_NFS, wanted, count, &fault) != 0)
                side_complain("close the packet filter for NFS", &fault);
}

int nfs_clients_let_in(const struct nfs_export *export, struct gate *gate, struct fault *fault)
{
        AUTO_FREE struct address *addresses = memory_new(export->client_count, sizeof *addresses);

        for (size_t i = 0; i < export->client_count; i++)
                addresses[i] = export->clients[i].address;
        return gate_open(gate, SERVICE_NFS, addresses, export->client_count, fault);
}
