/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/timed_seams.h"

#include "base/memory.h"

/* Which call an act is counted as; the changes of the packet filter are one, and so are those of the probe's
 * place. */
static const struct {
        enum act_number act;
        enum latency_call call;
} acts[] = {
        { ACT_HELPER_VERSION, LATENCY_HELPER_VERSION },
        { ACT_GLUSTERD_VOLUME_OBSERVE, LATENCY_GLUSTERD_OBSERVE },
        { ACT_GLUSTERD_NODE_OBSERVE, LATENCY_GLUSTERD_OBSERVE },
        { ACT_GLUSTERD_LIST_INSTALL, LATENCY_GLUSTERD_INSTALL },
        { ACT_GLUSTERD_LIST_STORE, LATENCY_GLUSTERD_INSTALL },
        { ACT_GLUSTERD_VOLUME_SECURE, LATENCY_GLUSTERD_SECURE },
        { ACT_GLUSTERD_VOLUME_COMPARE, LATENCY_GLUSTERD_COMPARE },
        { ACT_GLUSTERD_FILTER_PUT_BACK, LATENCY_GLUSTERD_FILTER },
        { ACT_GLUSTERD_BRICKS_LOOK, LATENCY_GLUSTERD_BRICKS },
        { ACT_GLUSTERD_BRICK_RESTART, LATENCY_GLUSTERD_RESTART },
        { ACT_FILES_INSPECT, LATENCY_HELPER_INSPECT },
        { ACT_FILES_MAKE_DIRECTORY, LATENCY_HELPER_DIRECTORY },
        { ACT_FILES_FILE_SYSTEM, LATENCY_HELPER_FILE_SYSTEM },
        { ACT_FIREWALL_INSTALL, LATENCY_HELPER_FIREWALL },
        { ACT_FIREWALL_CHANGE, LATENCY_HELPER_FIREWALL },
        { ACT_FIREWALL_OBSERVE, LATENCY_HELPER_FIREWALL },
        { ACT_FIREWALL_REMOVE, LATENCY_HELPER_FIREWALL },
        { ACT_FIREWALL_SESSIONS, LATENCY_HELPER_SESSIONS },
        { ACT_PROBE_MAKE, LATENCY_HELPER_PROBE },
        { ACT_PROBE_WORKER, LATENCY_HELPER_PROBE },
        { ACT_PROBE_REMOVE, LATENCY_HELPER_PROBE },
        { ACT_WORKER_VOLUME_INSPECT, LATENCY_WORKER_INSPECT },
        { ACT_WORKER_VOLUME_MAKE_DIRECTORIES, LATENCY_WORKER_DIRECTORY },
        { ACT_WORKER_BRICK_CANARY, LATENCY_WORKER_CANARY },
        { ACT_WORKER_NATIVE_PROBE, LATENCY_WORKER_NATIVE },
        { ACT_WORKER_NFS_PROBE, LATENCY_WORKER_NFS },
        { ACT_VOLFILED_CONFIGURE, LATENCY_VOLFILED_CONFIGURE },
        { ACT_VOLFILED_STATUS, LATENCY_VOLFILED_STATUS },
        { ACT_MEMBER_ENFORCE, LATENCY_MEMBER_ENFORCE },
        { ACT_MEMBER_TAKE_LIST, LATENCY_MEMBER_LIST },
        { ACT_MEMBER_LOOK, LATENCY_MEMBER_LOOK },
};

/* What a call returned is its fault's code, negative. */
static int note(struct latency *latency, enum latency_call call, int64_t since_us, int result)
{
        latency_note(latency, call, latency_now_us() - since_us,
                     result < 0 ? (enum fault_code) - result : FAULT_NONE);
        return result;
}

static int acts_call(void *context, const struct message *request, struct message *reply, int deadline_ms,
                     struct fault *fault)
{
        const struct timed_acts *timed = context;
        int64_t since_us = latency_now_us();
        int result = timed->real.call(timed->real.context, request, reply, deadline_ms, fault);

        for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
                if (acts[i].act == (enum act_number)request->act)
                        return note(timed->latency, acts[i].call, since_us, result);
        return result;
}

struct act_caller timed_acts_over(struct timed_acts *timed, struct act_caller real, struct latency *latency)
{
        *timed = (struct timed_acts){ real, latency };
        return (struct act_caller){ acts_call, timed };
}

/* The time of a call that was sent ahead is that for which its answer was waited for: what the server did
 * meanwhile was for the calls before. */
static void nfs_ahead(void *context, enum nfs_call call, uint16_t number, const struct nfs_export *export)
{
        const struct timed_nfs *timed = context;

        timed->real.ahead(timed->real.context, call, number, export);
}

static int nfs_add(void *context, const struct nfs_export *export, struct fault *fault)
{
        const struct timed_nfs *timed = context;
        int64_t since_us = latency_now_us();

        return note(timed->latency, LATENCY_GANESHA_ADD, since_us,
                    timed->real.add(timed->real.context, export, fault));
}

static int nfs_update(void *context, const struct nfs_export *export, struct fault *fault)
{
        const struct timed_nfs *timed = context;
        int64_t since_us = latency_now_us();

        return note(timed->latency, LATENCY_GANESHA_UPDATE, since_us,
                    timed->real.update(timed->real.context, export, fault));
}

static int nfs_remove(void *context, uint16_t number, struct fault *fault)
{
        const struct timed_nfs *timed = context;
        int64_t since_us = latency_now_us();

        return note(timed->latency, LATENCY_GANESHA_REMOVE, since_us,
                    timed->real.remove(timed->real.context, number, fault));
}

static int nfs_display(void *context, uint16_t number, struct nfs_export_seen *seen, struct fault *fault)
{
        const struct timed_nfs *timed = context;
        int64_t since_us = latency_now_us();

        return note(timed->latency, LATENCY_GANESHA_DISPLAY, since_us,
                    timed->real.display(timed->real.context, number, seen, fault));
}

static int nfs_list(void *context, struct nfs_export_listed **listed, size_t *count, struct fault *fault)
{
        const struct timed_nfs *timed = context;
        int64_t since_us = latency_now_us();

        return note(timed->latency, LATENCY_GANESHA_LIST, since_us,
                    timed->real.list(timed->real.context, listed, count, fault));
}

static int nfs_version(void *context, char version[SERVER_VERSION_SIZE], struct fault *fault)
{
        const struct timed_nfs *timed = context;

        return timed->real.version(timed->real.context, version, fault);
}

static uint64_t nfs_wait(void *context, int wake_fd, int timeout_ms)
{
        const struct timed_nfs *timed = context;

        return timed->real.wait(timed->real.context, wake_fd, timeout_ms);
}

struct nfs_server timed_nfs_over(struct timed_nfs *timed, struct nfs_server real, struct latency *latency)
{
        *timed = (struct timed_nfs){ real, latency };
        return (struct nfs_server){ .ahead = real.ahead ? nfs_ahead : NULL,
                                    .add = nfs_add,
                                    .update = nfs_update,
                                    .remove = nfs_remove,
                                    .display = nfs_display,
                                    .list = nfs_list,
                                    .version = nfs_version,
                                    .wait = nfs_wait,
                                    .context = timed };
}
