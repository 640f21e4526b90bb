/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A random life of the reconciler: what is shared by the parts of tests/simulate. One thread (main) changes the
 * world and the servers; the reconciler's threads call the seams below; every look and every change is under one
 * lock.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/text.h"
#include "reconcile/reconcile.h"
#include "tests/fakes/fake_firewall.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "tests/fakes/fake_nfs_server.h"
#include "tests/fakes/fake_storage_files.h"

#define CLOCK_FACTOR 50 /* the simulated clocks run so much faster: 30 s of back-off are over in 0.6 s */
#define SIMULATED_VOLUMES 2
#define SIMULATED_NUMBERS 8 /* exports at a time */

/* A Gluster volume, and every list it was ever given: a brick may hold an old one. */
struct simulated_volume {
        struct fake_gluster_volume fake;
        struct gluster_volume seam;
        struct access_list *lists;
        size_t list_count;
};

struct simulated_task;

struct simulation {
        pthread_mutex_t lock;
        const struct snapshot *snapshot;
        uint64_t random, revision;
        unsigned made; /* objects so far: for ids that are not used again */
        struct text history;
        pthread_mutex_t history_lock;
        atomic_bool failed;

        struct clock clock;
        int64_t started_ms;
        atomic_llong skipped_ms; /* by which the wall clock was moved on */

        struct fake_nfs_server *nfs;
        struct fake_firewall *firewall;
        struct fake_storage_files *files;
        struct simulated_volume volumes[SIMULATED_VOLUMES];
        bool nfs_stopped, nfs_crash; /* it is not there; it may have gone by an injected crash */

        struct nfs_server nfs_seam, nfs_outer;
        struct gluster_volume gluster_outer;
        struct storage_files files_seam;
        struct firewall firewall_seam;

        struct pmap rights; /* "nfs|/exports/ex-1|10.0.0.1|rw", "gluster|data|/d1|10.0.0.1": of every snapshot
                               since it settled last */
        struct pmap kept;   /* rights that must not be taken away from anybody, not for an instant */
        bool keeping;
        bool restarted;    /* since it settled */
        bool storage_gone; /* since it settled; a gateway that starts anew knows nothing of its volume any more */
        bool unenforced;   /* the pool has members that do not report: all is by NFS */

        struct simulated_task *tasks; /* that have not been seen to end */
        struct pmap directories; /* "gluster|data|/d1|ex-1": exports of every snapshot since it settled last */

        struct status *status;
        struct reconcile *reconcile;
};

extern const char *const simulated_volume_names[SIMULATED_VOLUMES];

/* A random number below `most`. */
unsigned random_below(struct simulation *simulation, unsigned most);

/* Adds a line to the history; simulation_fail also says that it went wrong. By any thread. */
void simulation_tell(struct simulation *simulation, const char *format, ...) __attribute__((format(printf, 2, 3)));
void simulation_fail(struct simulation *simulation, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- The servers: simulated_servers.c */
void servers_init(struct simulation *simulation);
void servers_fini(struct simulation *simulation);
/* Something goes wrong with one of them, now or with a call to come. */
void servers_disturb(struct simulation *simulation);
/* Somebody else changes a server by hand. */
void servers_meddle(struct simulation *simulation);
/* Whether nothing of that is left, where it is ours; else `why`. */
bool servers_untouched(struct simulation *simulation, struct text *why);
/* Nothing is wrong any more: all run, and no fault is armed. */
void servers_calm(struct simulation *simulation);

/* --- What is wanted: simulated_world.c */
void world_begin(struct simulation *simulation);
/* A commit of one to three random changes: made, and published; or world_change for both. */
struct snapshot *world_draft(struct simulation *simulation);
void world_publish(struct simulation *simulation, struct snapshot *draft); /* taken */
void world_change(struct simulation *simulation);
/* A commit of nothing but a task: it ends once both sides have come round. */
void world_mark(struct simulation *simulation);

/* --- Tasks: simulated_tasks.c */
/* `draft` takes something away from whoever has these exports; or from whoever has any of the environment. */
void task_begin(struct simulation *simulation, struct snapshot *draft, const struct export *const *exports,
                size_t count);
void task_begin_environment(struct simulation *simulation, struct snapshot *draft, const char *uid);
/* `draft`, which is complete, takes away what it lets nobody do any more who may in the newest snapshot. */
void task_begin_losses(struct simulation *simulation, struct snapshot *draft);
/* Who has a right by the newest snapshot may be let in whatever has ended. Under the lock. */
void tasks_allow(struct simulation *simulation);
/* Fails when a task has ended while somebody is let in who had no right to its exports since it began. Under the
 * lock. */
void tasks_check(struct simulation *simulation);
/* Whether every task has ended. Under the lock. */
bool tasks_settled(struct simulation *simulation, struct text *why);
/* Those that were seen to end go out of `draft`, a draft of the newest snapshot. */
void tasks_forget(struct simulation *simulation, struct snapshot *draft);
void tasks_fini(struct simulation *simulation);

/* --- Who may, and who is let in: simulated_rights.c */
/* The rights of `snapshot` are added to `rights`; `facts` NULL: by either protocol. */
void rights_of(struct simulation *simulation, const struct snapshot *snapshot, const struct protocol_facts *facts,
               struct pmap *rights);
/* What the servers let in at this moment. Under the lock. */
void rights_held(struct simulation *simulation, struct pmap *rights);
void rights_add(struct pmap *rights, struct pmap more);
/* Fails when one of `held` that begins with `prefix` is not among `allowed`; `what` is for the history. */
void rights_within(struct simulation *simulation, struct pmap held, struct pmap allowed, const char *prefix,
                   const char *what);
/* Fails when somebody is let in who never had the right since it settled, or is not who must be kept. Under the
 * lock; `where` is for the history. */
void rights_check(struct simulation *simulation, const char *where);
/* Whether everything is as the newest snapshot wants it; `why` says what is not. */
bool rights_settled(struct simulation *simulation, struct text *why);

/* --- What a commit would mean: simulated_outlook.c */
struct foresight;
/* What the servers, which have settled, would hold after a commit of `draft` by what the outlook on it says. Fails
 * when that takes away what is not there, or gives what is. */
struct foresight *foresight_new(struct simulation *simulation, const struct snapshot *draft);
/* It is committed, and they have settled: fails unless they hold exactly that. */
void foresight_end(struct foresight *foresight);
