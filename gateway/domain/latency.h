/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How long the calls took that Gatehouse makes to what it stands on, since the start: a histogram for each call
 * and outcome, of a table that is closed. Each number only grows; noted and read by any thread without a lock. The
 * seams are timed by domain/timed_seams, the store by its writer; shown by the metrics.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

/* Call, the backend that it waits for, its name. What the helper does is glusterd's where it waits for glusterd.
 */
#define LATENCY_TABLE(ROW)                                 \
        ROW(STORE_COMMIT, "store", "commit")               \
        ROW(GANESHA_ADD, "ganesha", "add")                 \
        ROW(GANESHA_UPDATE, "ganesha", "update")           \
        ROW(GANESHA_REMOVE, "ganesha", "remove")           \
        ROW(GANESHA_DISPLAY, "ganesha", "display")         \
        ROW(GANESHA_LIST, "ganesha", "list")               \
        ROW(GLUSTERD_OBSERVE, "glusterd", "observe")       \
        ROW(GLUSTERD_INSTALL, "glusterd", "install")       \
        ROW(GLUSTERD_SECURE, "glusterd", "secure")         \
        ROW(GLUSTERD_COMPARE, "glusterd", "compare")       \
        ROW(GLUSTERD_FILTER, "glusterd", "put_filter")     \
        ROW(GLUSTERD_BRICKS, "glusterd", "look_bricks")    \
        ROW(GLUSTERD_RESTART, "glusterd", "restart_brick") \
        ROW(HELPER_VERSION, "helper", "version")           \
        ROW(HELPER_INSPECT, "helper", "inspect")           \
        ROW(HELPER_DIRECTORY, "helper", "make_directory")  \
        ROW(HELPER_FILE_SYSTEM, "helper", "file_system")   \
        ROW(HELPER_FIREWALL, "helper", "firewall")         \
        ROW(HELPER_SESSIONS, "helper", "count_sessions")   \
        ROW(HELPER_PROBE, "helper", "probe")               \
        ROW(WORKER_INSPECT, "worker", "inspect")           \
        ROW(WORKER_DIRECTORY, "worker", "make_directory")  \
        ROW(WORKER_CANARY, "worker", "canary")             \
        ROW(WORKER_NATIVE, "worker", "try_gluster")        \
        ROW(WORKER_NFS, "worker", "try_nfs")               \
        ROW(VOLFILED_CONFIGURE, "volfiled", "configure")   \
        ROW(VOLFILED_STATUS, "volfiled", "status")         \
        ROW(MEMBER_ENFORCE, "member", "enforce")           \
        ROW(MEMBER_LIST, "member", "take_list")            \
        ROW(MEMBER_LOOK, "member", "look")

enum latency_call {
#define LATENCY_ENUM(name, backend, call) LATENCY_##name,
        LATENCY_TABLE(LATENCY_ENUM)
#undef LATENCY_ENUM
                LATENCY_COUNT
};

struct latency;
struct latency *latency_new(void);
void latency_free(struct latency *latency); /* NULL is fine */

/* Microseconds of the monotonic clock, to be told to latency_note. The kernel's own: nothing is decided by it, and
 * struct clock has milliseconds. */
int64_t latency_now_us(void);

/* A call that took `took_us` has ended with `code`. NULL: nobody counts. */
void latency_note(struct latency *latency, enum latency_call call, int64_t took_us, enum fault_code code);

/* Adds the samples of the histogram gatehouse_backend_call_seconds, labels backend, call and outcome (done,
 * timeout, unavailable or failed), of what was called at all. */
void latency_render(const struct latency *latency, struct text *text);
