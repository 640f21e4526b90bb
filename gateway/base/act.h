/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An act: one thing that the helper may do with privilege, or that a worker may do because it can hang.
 * protocols/ declares the acts, helper_main.c and worker_main.c join them into one table each, auth/privilege
 * serves the helper's table. Nothing outside a table can be asked for.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"
#include "base/message.h"

struct act {
        uint16_t number;       /* unique in the table; part of the wire format, never reused */
        const char *name;      /* for logs: "glusterd.volume_set" */
        const char *reason;    /* one sentence: why this needs what it needs */
        uint64_t capabilities; /* mask of 1 << CAP_*; raised for the act alone; 0 in workers */
        int deadline_ms;       /* how long the caller waits at most */
        /* Takes its fields from `request`, checks each, and puts its answer into `reply` (initialised). */
        int (*run)(void *context, struct message *request, struct message *reply, struct fault *fault);
};

/* The caller's side: the daemon's stubs in protocols/ are given one of these, for the helper or a worker. */
struct act_caller {
        /* Sends `request`, waits at most `deadline_ms`, fills `reply` (initialised by the caller). A fault
         * that the act answered comes back as the return value with its text. UNAVAILABLE: nobody there;
         * TIMEOUT: no answer in time (a worker is killed then). Thread-safe. */
        int (*call)(void *context, const struct message *request, struct message *reply, int deadline_ms,
                    struct fault *fault);
        void *context;
};

/* The registry of numbers, so that two tables never disagree. Helper acts below 1000, worker acts above,
 * gatehouse-volfiled's from 2000, those of a member of the pool from 3000. */
enum act_number {
        ACT_HELPER_VERSION = 1,
        ACT_GLUSTERD_VOLUME_OBSERVE = 10,
        ACT_GLUSTERD_LIST_INSTALL = 11,
        ACT_GLUSTERD_VOLUME_SECURE = 12,
        ACT_GLUSTERD_CLIENT_VOLFILE = 13,
        ACT_GLUSTERD_LIST_STORE = 14,
        ACT_GLUSTERD_NODE_OBSERVE = 15,
        ACT_GLUSTERD_VOLUME_COMPARE = 16,
        ACT_GLUSTERD_FILTER_PUT_BACK = 17,
        ACT_GLUSTERD_BRICKS_LOOK = 18,
        ACT_GLUSTERD_BRICK_RESTART = 19,
        ACT_FILES_INSPECT = 20,
        ACT_FILES_MAKE_DIRECTORY = 21,
        ACT_FILES_FILE_SYSTEM = 22,
        ACT_GLUSTERD_VOLUME_HEALTH = 23,
        ACT_FIREWALL_INSTALL = 30,
        ACT_FIREWALL_CHANGE = 31,
        ACT_FIREWALL_OBSERVE = 32,
        ACT_FIREWALL_REMOVE = 33,
        ACT_FIREWALL_SESSIONS = 34,
        ACT_PROBE_MAKE = 40,
        ACT_PROBE_WORKER = 41,
        ACT_PROBE_REMOVE = 42,

        ACT_WORKER_VOLUME_INSPECT = 1002, /* 1000 and 1001 were of one path */
        ACT_WORKER_VOLUME_MAKE_DIRECTORIES = 1003,
        ACT_WORKER_VOLUME_CAPACITY = 1004,
        ACT_WORKER_FILE_SYSTEM_CAPACITY = 1005,
        ACT_WORKER_BRICK_CANARY = 1010,
        ACT_WORKER_NATIVE_PROBE = 1011,
        ACT_WORKER_NFS_PROBE = 1020,

        ACT_VOLFILED_CONFIGURE = 2000,
        ACT_VOLFILED_STATUS = 2001,

        ACT_MEMBER_ENFORCE = 3000,
        ACT_MEMBER_TAKE_LIST = 3001,
        ACT_MEMBER_LOOK = 3002,
};

/* What `reply` says of `request`: 0, the fault that it carries, or MALFORMED when it is another act's. */
int act_reply_check(const struct message *request, struct message *reply, struct fault *fault);

/* One round trip over a connected socket: used by every caller of a program of this machine. */
int act_exchange(int socket, const struct message *request, struct message *reply, int deadline_ms,
                 struct fault *fault);

/* Serves one request on `socket` out of `table` (closed by a row with run == NULL): receives, runs, replies. An
 * unknown number is answered FAULT_FORBIDDEN. `before` and `after` (may be NULL) are called round the act:
 * the helper raises and drops capabilities there. 0, or the fault that ended the connection. */
struct act_hooks {
        int (*before)(void *context, const struct act *act, struct fault *fault);
        void (*after)(void *context, const struct act *act);
        void *context;
};
int act_serve_one(int socket, const struct act *table, void *act_context, const struct act_hooks *hooks,
                  struct fault *fault);

/* The same without a socket: runs what `request` asks for and puts what is to be answered, a fault included, into
 * `reply` (initialised). */
void act_answer(const struct act *table, void *act_context, const struct act_hooks *hooks, struct message *request,
                struct message *reply);
