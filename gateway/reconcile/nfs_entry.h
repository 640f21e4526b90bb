/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One Export_Id of the NFS server: what is wanted there, what was seen there, and its place in line. Owned and
 * changed by the NFS side's thread alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "domain/export.h"
#include "domain/storage.h"
#include "reconcile/nfs_plan.h"

/* One Export_Id. Made when first heard of, kept while anything is wanted or held. */
struct nfs_entry {
        uint16_t number;
        char id[EXPORT_ID_SIZE];       /* of the export that has, or last had, this number; "" = none of ours */
        char leaving[EXPORT_ID_SIZE];  /* an older export of this number whose end has not been seen; "" = none */
        const struct export *export;   /* reference; NULL when it is not there any more */
        const struct storage *storage; /* reference, with `wanted` */
        struct nfs_export *wanted;     /* owned; NULL = nothing */
        uint64_t revision;             /* of the snapshot that `wanted` was made from */
        enum known there;
        struct nfs_export *held; /* owned; what it was seen to hold, when known */
        bool asked;              /* the server was asked about it, and has not answered; `there` is UNKNOWN */
        struct nfs_export *sent; /* owned; asked: the block that it was given; else NULL */
        bool foreign, moved;
        char *differs;    /* owned; what was seen there, when it is not as wanted; else NULL */
        char *drift_seen; /* owned; drifted: what was seen when it was found; NULL = it was missing */
        bool drifted;     /* it differs through no doing of ours */
        bool noted;       /* as a difference that stands */
        bool in_doubt;   /* served by NFS since before the start, and whether the pool enforces is not known yet */
        bool waits;      /* for its directory, or for the anchor of its volume */
        bool remembered; /* its number is among those that wait */
        bool unsettled;  /* it failed or waits since it was tried last */
        unsigned failures;
        int64_t retry_at_ms; /* 0 = none */
        bool queued, urgent;
        struct nfs_queue *line; /* that it stands in, while it is queued */
        struct nfs_entry *next;
};

struct nfs_queue {
        struct nfs_entry *first, **last;
};

/* A fresh entry; `there` is what is known of a number nobody has asked about. */
struct nfs_entry *nfs_entry_new(uint16_t number, enum known there);
void nfs_entry_free(struct nfs_entry *entry);

/* Remembers what the server was seen to hold (copied); NULL = not known. */
void nfs_entry_hold(struct nfs_entry *entry, const struct nfs_export *held);

/* The server has told what it holds; entry->there says whether anything. */
void nfs_entry_see(struct nfs_entry *entry, const struct nfs_export_seen *seen);

/* The export of this number is another one now (reference taken), or none. */
void nfs_entry_set_export(struct nfs_entry *entry, const struct export *export);

/* Whether its time has come to be looked at again. If not, *next_retry_ms (0 = none) comes down to its time. */
bool nfs_entry_awakes(struct nfs_entry *entry, int64_t now_ms, int64_t *next_retry_ms);

/* How its last try has left it; *count: how many are unsettled. */
void nfs_entry_mark(struct nfs_entry *entry, bool unsettled, size_t *count);

/* What the plan needs to know of it; borrowed. */
struct nfs_observed nfs_entry_observed(const struct nfs_entry *entry);

/* First in, first out, but for push_first; `last` must point at `first` at the start. */
void nfs_queue_init(struct nfs_queue *queue);
void nfs_queue_push(struct nfs_queue *queue, struct nfs_entry *entry);
void nfs_queue_push_first(struct nfs_queue *queue, struct nfs_entry *entry);
struct nfs_entry *nfs_queue_pop(struct nfs_queue *queue); /* NULL when empty */
void nfs_queue_unlink(struct nfs_entry *entry);           /* out of its line, by a walk */
