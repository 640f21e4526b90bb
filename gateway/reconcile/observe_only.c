/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/observe_only.h"

#include <assert.h>

/* A function that is added to a seam and not here would be called as NULL: it belongs to one of the two kinds. */
#define SEAM_HAS(seam, functions) static_assert(sizeof(struct seam) == ((functions) + 1) * sizeof(void *), #seam)
SEAM_HAS(nfs_server, 8);
SEAM_HAS(gluster_volume, 8);
SEAM_HAS(storage_files, 4);
SEAM_HAS(firewall, 7);
SEAM_HAS(native_door, 2);

static int refuse(struct fault *fault, const char *what)
{
        return fault_set(fault, FAULT_OBSERVING, "%s: not done, since reconcile = observe", what);
}

/* --- NFS ---------------------------------------------------------------------------------------------------- */

/* Of what is only refused, nothing goes ahead: `ahead` stays NULL. */
static int nfs_add(void *context, const struct nfs_export *export, struct fault *fault)
{
        (void)context;
        (void)export;
        return refuse(fault, "add the export");
}

static int nfs_update(void *context, const struct nfs_export *export, struct fault *fault)
{
        (void)context;
        (void)export;
        return refuse(fault, "update the export");
}

static int nfs_remove(void *context, uint16_t number, struct fault *fault)
{
        (void)context;
        (void)number;
        return refuse(fault, "remove the export");
}

static int nfs_display(void *context, uint16_t number, struct nfs_export_seen *seen, struct fault *fault)
{
        const struct nfs_server *real = ((struct observe_only *)context)->real_nfs;

        return real->display(real->context, number, seen, fault);
}

static int nfs_list(void *context, struct nfs_export_listed **listed, size_t *count, struct fault *fault)
{
        const struct nfs_server *real = ((struct observe_only *)context)->real_nfs;

        return real->list(real->context, listed, count, fault);
}

static int nfs_version(void *context, char version[SERVER_VERSION_SIZE], struct fault *fault)
{
        const struct nfs_server *real = ((struct observe_only *)context)->real_nfs;

        return real->version(real->context, version, fault);
}

static uint64_t nfs_wait(void *context, int wake_fd, int timeout_ms)
{
        const struct nfs_server *real = ((struct observe_only *)context)->real_nfs;

        return real->wait(real->context, wake_fd, timeout_ms);
}

/* --- Gluster ------------------------------------------------------------------------------------------------ */

static int gluster_observe(void *context, const char *volume, struct volume_seen *seen, struct fault *fault)
{
        const struct gluster_volume *real = ((struct observe_only *)context)->real_gluster;

        return real->observe(real->context, volume, seen, fault);
}

static int gluster_secure(void *context, const char *volume, const struct address *peers, size_t peer_count,
                          struct fault *fault)
{
        (void)context;
        (void)volume;
        (void)peers;
        (void)peer_count;
        return refuse(fault, "set the options of the volume");
}

static int gluster_install(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        (void)context;
        (void)volume;
        (void)list;
        return refuse(fault, "install the access list");
}

static int gluster_canary(void *context, const char *volume, const struct volume_brick *brick, uint64_t generation,
                          enum known *held, struct fault *fault)
{
        const struct gluster_volume *real = ((struct observe_only *)context)->real_gluster;

        return real->canary(real->context, volume, brick, generation, held, fault);
}

static int gluster_compare(void *context, const char *volume, const struct address *peers, size_t peer_count,
                           const struct access_list *list, struct volume_differences *found, struct fault *fault)
{
        const struct gluster_volume *real = ((struct observe_only *)context)->real_gluster;

        return real->compare(real->context, volume, peers, peer_count, list, found, fault);
}

static int gluster_put_filter_back(void *context, struct fault *fault)
{
        (void)context;
        return refuse(fault, "put the volfile filter back");
}

/* The helper notes at the first look since when there is a filter. */
static int gluster_bricks_look(void *context, const char *volume, bool heal, struct bricks_seen *seen,
                               struct fault *fault)
{
        (void)context;
        (void)volume;
        (void)heal;
        (void)seen;
        return refuse(fault, "look for bricks from before the filter");
}

static int gluster_brick_restart(void *context, const char *volume, const char *path, struct fault *fault)
{
        (void)context;
        (void)volume;
        (void)path;
        return refuse(fault, "start the brick again");
}

/* --- Directories -------------------------------------------------------------------------------------------- */

static void files_inspect(void *context, const struct storage *storage, struct path_item *items, size_t count,
                          int deadline_ms)
{
        const struct storage_files *real = ((struct observe_only *)context)->real_files;

        real->inspect(real->context, storage, items, count, deadline_ms);
}

/* Says yes to those that are there. */
static void files_make_directories(void *context, const struct storage *storage, struct path_item *items,
                                   size_t count, int deadline_ms)
{
        files_inspect(context, storage, items, count, deadline_ms);
        for (size_t i = 0; i < count; i++)
                if (items[i].fault.code == FAULT_NONE && items[i].seen.kind != PATH_DIRECTORY)
                        refuse(&items[i].fault, "make the directory");
}

static int files_check_storage(void *context, const struct storage *storage, int deadline_ms, struct fault *fault)
{
        const struct storage_files *real = ((struct observe_only *)context)->real_files;

        return real->check_storage(real->context, storage, deadline_ms, fault);
}

static int files_capacity(void *context, const struct storage *storage, int deadline_ms,
                          struct storage_capacity *capacity, struct fault *fault)
{
        const struct storage_files *real = ((struct observe_only *)context)->real_files;

        return real->capacity(real->context, storage, deadline_ms, capacity, fault);
}

/* --- The packet filter -------------------------------------------------------------------------------------- */

static int firewall_observe(void *context, enum known *known, struct firewall_set *set, struct fault *fault)
{
        const struct firewall *real = ((struct observe_only *)context)->real_firewall;

        return real->observe(real->context, known, set, fault);
}

/* Says yes when the kernel holds just that. */
static int firewall_install(void *context, const struct firewall_set *set, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set held = { 0 };
        enum known known = KNOWN_UNKNOWN;
        int failed = firewall_observe(context, &known, &held, fault);

        if (!failed && (known != KNOWN_PRESENT || !firewall_set_equal(&held, set)))
                failed = refuse(fault, "install the packet filter");
        return failed;
}

static int firewall_change(void *context, const struct firewall_pair *closed, size_t closed_count,
                           const struct firewall_pair *opened, size_t opened_count, unsigned *ended,
                           struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set held = { 0 };
        enum known known = KNOWN_UNKNOWN;
        int failed = firewall_observe(context, &known, &held, fault);
        bool differs = known != KNOWN_PRESENT;

        (void)ended; /* none */
        for (size_t i = 0; i < closed_count; i++)
                differs = differs || firewall_set_has(&held, &closed[i]);
        for (size_t i = 0; i < opened_count; i++)
                differs = differs || !firewall_set_has(&held, &opened[i]);
        if (!failed && differs)
                failed = refuse(fault, "change the packet filter");
        return failed;
}

static int firewall_count_sessions(void *context, const struct firewall_pair *pairs, size_t count, int deadline_ms,
                                   size_t *connections, struct fault *fault)
{
        const struct firewall *real = ((struct observe_only *)context)->real_firewall;

        return real->count_sessions(real->context, pairs, count, deadline_ms, connections, fault);
}

static int firewall_hold_nfs(void *context, bool held, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set seen = { 0 };
        enum known known = KNOWN_UNKNOWN;
        int failed = firewall_observe(context, &known, &seen, fault);

        if (!failed && (known != KNOWN_PRESENT || seen.nfs_held != held))
                failed = refuse(fault, held ? "keep NFS clients waiting" : "let NFS clients go on");
        return failed;
}

static int firewall_bind(void *context, const struct firewall_binding *removed, size_t removed_count,
                         const struct firewall_binding *added, size_t added_count, struct fault *fault)
{
        AUTO_FIREWALL_SET struct firewall_set seen = { 0 }, wanted = { 0 };
        enum known known = KNOWN_UNKNOWN;
        int failed = firewall_observe(context, &known, &seen, fault);

        firewall_set_peers(&wanted, seen.peers, seen.peer_count);
        firewall_set_open_all(&wanted, seen.pairs, seen.pair_count);
        firewall_set_bindings(&wanted, seen.bindings, seen.binding_count);
        wanted.nfs_held = seen.nfs_held;
        firewall_set_rebind(&wanted, removed, removed_count, added, added_count);
        if (!failed && (known != KNOWN_PRESENT || !firewall_set_equal(&seen, &wanted)))
                failed = refuse(fault, "bind addresses to their interfaces");
        return failed;
}

static int firewall_remove(void *context, struct fault *fault)
{
        (void)context;
        return refuse(fault, "take the packet filter away");
}

/* --- gatehouse-volfiled ------------------------------------------------------------------------------------- */

static int door_observe(void *context, bool *told, struct fault *fault)
{
        const struct native_door *real = ((struct observe_only *)context)->real_door;

        return real->observe(real->context, told, fault);
}

/* Says yes when it has been told before: what exactly cannot be asked. */
static int door_publish(void *context, const char *volume, const struct volume_brick *bricks, size_t brick_count,
                        const struct address *clients, size_t client_count, struct fault *fault)
{
        bool told = false;
        int failed = door_observe(context, &told, fault);

        (void)volume;
        (void)bricks;
        (void)brick_count;
        (void)clients;
        (void)client_count;
        if (!failed && !told)
                failed = refuse(fault, "tell gatehouse-volfiled what to serve");
        return failed;
}

void observe_only_wrap(struct observe_only *only)
{
        only->nfs = (struct nfs_server){ .add = nfs_add,
                                         .update = nfs_update,
                                         .remove = nfs_remove,
                                         .display = nfs_display,
                                         .list = nfs_list,
                                         .version = nfs_version,
                                         .wait = nfs_wait,
                                         .context = only };
        only->gluster = (struct gluster_volume){ .observe = gluster_observe,
                                                 .secure = gluster_secure,
                                                 .install = gluster_install,
                                                 .canary = gluster_canary,
                                                 .compare = gluster_compare,
                                                 .put_filter_back = gluster_put_filter_back,
                                                 .bricks_look = gluster_bricks_look,
                                                 .brick_restart = gluster_brick_restart,
                                                 .context = only };
        only->files = (struct storage_files){ .inspect = files_inspect,
                                              .make_directories = files_make_directories,
                                              .check_storage = files_check_storage,
                                              .capacity = files_capacity,
                                              .context = only };
        only->firewall = (struct firewall){ .install = firewall_install,
                                            .change = firewall_change,
                                            .hold_nfs = firewall_hold_nfs,
                                            .bind = firewall_bind,
                                            .observe = firewall_observe,
                                            .count_sessions = firewall_count_sessions,
                                            .remove = firewall_remove,
                                            .context = only };
        only->door = (struct native_door){ .publish = door_publish, .observe = door_observe, .context = only };
}
