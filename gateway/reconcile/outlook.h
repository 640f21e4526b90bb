/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a commit would make different on the servers: two snapshots, and the functions by which the sides of the
 * reconciler make out of a snapshot what each server must hold. Asked by a dry run; pure, and done in slices, for
 * a commit may mean something for every export. Says what is to be held: directories that have to be made first,
 * and servers that cannot be reached, are for the status to tell.
 */
#pragma once

#include "base/clock.h"
#include "domain/access_list.h"
#include "domain/firewall_set.h"
#include "domain/nfs_export.h"

/* What is looked at, and who is told on the way. */
struct outlook_terms {
        const struct snapshot *base, *draft; /* as it is, and made of it; both references are taken */
        struct protocol_facts facts;
        int64_t now_ms; /* wall time: what has expired is out of both */
        /* Whether this export, as it is or as it was, may be looked at; NULL: all of them. */
        bool (*is_shown)(void *context, const struct export *export);
        /* Is told of each export that may be different, in the order of ids; NULL: nobody is. Either list may be
         * empty. */
        void (*tell_grants)(void *context, const struct grant_list *was, const struct grant_list *is);
        void *context;
};

/* A block of the NFS server that differs; one of them may be NULL. */
struct outlook_block {
        char id[EXPORT_ID_SIZE];
        struct nfs_export *was, *is;
};

/* The parts of a volume's access list that a difference could be in. */
struct outlook_volume {
        char *name;
        struct access_list was, is;
};

/* Complete once outlook_work has given true. To be read only. */
struct outlook {
        struct outlook_terms terms;
        struct outlook_block *blocks; /* by export id */
        size_t block_count;
        struct outlook_volume *volumes; /* compare with access_list_compare */
        size_t volume_count;
        struct firewall_set was, is; /* the parts of the packet filter: firewall_set_compare, and the peers */
        struct outlook_work *work;   /* its own */
};

struct outlook *outlook_new(const struct outlook_terms *terms);
void outlook_free(struct outlook *outlook);

/* Goes on until it is through (true), or until the clock is at until_ms and others should have their turn. */
bool outlook_work(struct outlook *outlook, const struct clock *clock, int64_t until_ms);
