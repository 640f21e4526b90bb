/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "reconcile/nfs_plan.h"
#include "domain/canary.h"
#include "simulation.h"

const char *const simulated_volume_names[SIMULATED_VOLUMES] = { "data", "old" };

/* --- NFS: the fake, looked at after every change ------------------------------------------------------------ */

static void look(struct simulation *simulation, const char *where)
{
        pthread_mutex_lock(&simulation->lock);
        rights_check(simulation, where);
        pthread_mutex_unlock(&simulation->lock);
}

/* What it does takes place when it is sent, not when its answer is had. */
static void nfs_ahead(void *context, enum nfs_call call, uint16_t number, const struct nfs_export *export)
{
        struct simulation *simulation = context;

        simulation->nfs_seam.ahead(simulation->nfs_seam.context, call, number, export);
        if (fake_nfs_server_is_orphaned(simulation->nfs))
                simulation_fail(simulation, "export %u opened a volume and goes before others of it", number);
        look(simulation, "an nfs call");
}

static int nfs_add(void *context, const struct nfs_export *export, struct fault *fault)
{
        struct simulation *simulation = context;

        return simulation->nfs_seam.add(simulation->nfs_seam.context, export, fault);
}

static int nfs_update(void *context, const struct nfs_export *export, struct fault *fault)
{
        struct simulation *simulation = context;

        return simulation->nfs_seam.update(simulation->nfs_seam.context, export, fault);
}

static int nfs_remove(void *context, uint16_t number, struct fault *fault)
{
        struct simulation *simulation = context;

        return simulation->nfs_seam.remove(simulation->nfs_seam.context, number, fault);
}

static int nfs_display(void *context, uint16_t number, struct nfs_export_seen *seen, struct fault *fault)
{
        struct simulation *simulation = context;

        return simulation->nfs_seam.display(simulation->nfs_seam.context, number, seen, fault);
}

static int nfs_list(void *context, struct nfs_export_listed **listed, size_t *count, struct fault *fault)
{
        struct simulation *simulation = context;

        return simulation->nfs_seam.list(simulation->nfs_seam.context, listed, count, fault);
}

static int nfs_version(void *context, char version[SERVER_VERSION_SIZE], struct fault *fault)
{
        struct simulation *simulation = context;

        return simulation->nfs_seam.version(simulation->nfs_seam.context, version, fault);
}

static uint64_t nfs_wait(void *context, int wake_fd, int timeout_ms)
{
        struct simulation *simulation = context;

        return simulation->nfs_seam.wait(simulation->nfs_seam.context, wake_fd, timeout_ms);
}

/* --- Gluster: two volumes behind one seam, each with all its lists ------------------------------------------ */

static struct simulated_volume *volume_find(struct simulation *simulation, const char *name)
{
        for (size_t i = 0; i < SIMULATED_VOLUMES; i++)
                if (strcmp(simulation->volumes[i].fake.name, name) == 0)
                        return &simulation->volumes[i];
        abort();
}

static int gluster_observe(void *context, const char *name, struct volume_seen *seen, struct fault *fault)
{
        struct simulation *simulation = context;
        struct simulated_volume *volume = volume_find(simulation, name);

        pthread_mutex_lock(&simulation->lock);
        int failed = volume->seam.observe(volume->seam.context, name, seen, fault);
        pthread_mutex_unlock(&simulation->lock);
        return failed;
}

static int gluster_secure(void *context, const char *name, const struct address *peers, size_t peer_count,
                          struct fault *fault)
{
        struct simulation *simulation = context;
        struct simulated_volume *volume = volume_find(simulation, name);

        pthread_mutex_lock(&simulation->lock);
        int failed = volume->seam.secure(volume->seam.context, name, peers, peer_count, fault);
        pthread_mutex_unlock(&simulation->lock);
        return failed;
}

static void list_remember(struct simulated_volume *volume, const struct access_list *list)
{
        struct access_list copy;

        access_list_init(&copy, list->peers, list->peer_count);
        copy.generation = list->generation;
        for (size_t i = 0; i < list->entry_count; i++)
                for (size_t k = 0; k < list->entries[i].address_count; k++)
                        access_list_add(&copy, list->entries[i].path, &list->entries[i].addresses[k]);
        volume->lists = memory_grow(volume->lists, volume->list_count, sizeof *volume->lists);
        volume->lists[volume->list_count++] = copy;
}

static int gluster_install(void *context, const char *name, const struct access_list *list, struct fault *fault)
{
        struct simulation *simulation = context;
        struct simulated_volume *volume = volume_find(simulation, name);

        pthread_mutex_lock(&simulation->lock);
        list_remember(volume, list);
        int failed = volume->seam.install(volume->seam.context, name, list, fault);
        rights_check(simulation, "gluster install");
        pthread_mutex_unlock(&simulation->lock);
        return failed;
}

static int gluster_canary(void *context, const char *name, const struct volume_brick *brick, uint64_t generation,
                          enum known *held, struct fault *fault)
{
        struct simulation *simulation = context;
        struct simulated_volume *volume = volume_find(simulation, name);

        pthread_mutex_lock(&simulation->lock);
        int failed = volume->seam.canary(volume->seam.context, name, brick, generation, held, fault);
        rights_check(simulation, "gluster canary");
        pthread_mutex_unlock(&simulation->lock);
        return failed;
}

static int gluster_compare(void *context, const char *name, const struct address *peers, size_t peer_count,
                           const struct access_list *list, struct volume_differences *found, struct fault *fault)
{
        struct simulation *simulation = context;
        struct simulated_volume *volume = volume_find(simulation, name);

        pthread_mutex_lock(&simulation->lock);
        int failed = volume->seam.compare(volume->seam.context, name, peers, peer_count, list, found, fault);
        pthread_mutex_unlock(&simulation->lock);
        return failed;
}

static int gluster_bricks_look(void *context, const char *name, bool heal, struct bricks_seen *seen,
                               struct fault *fault)
{
        struct simulation *simulation = context;
        struct simulated_volume *volume = volume_find(simulation, name);

        pthread_mutex_lock(&simulation->lock);
        int failed = volume->seam.bricks_look(volume->seam.context, name, heal, seen, fault);
        pthread_mutex_unlock(&simulation->lock);
        return failed;
}

static int gluster_brick_restart(void *context, const char *name, const char *path, struct fault *fault)
{
        struct simulation *simulation = context;
        struct simulated_volume *volume = volume_find(simulation, name);

        pthread_mutex_lock(&simulation->lock);
        int failed = volume->seam.brick_restart(volume->seam.context, name, path, fault);
        pthread_mutex_unlock(&simulation->lock);
        return failed;
}

static int gluster_put_filter_back(void *context, struct fault *fault)
{
        struct simulation *simulation = context;
        int failed = 0;

        pthread_mutex_lock(&simulation->lock);
        for (size_t i = 0; i < SIMULATED_VOLUMES && !failed; i++)
                failed = simulation->volumes[i].seam.put_filter_back(&simulation->volumes[i].fake, fault);
        pthread_mutex_unlock(&simulation->lock);
        return failed;
}

/* --- What goes wrong. Called by main, under the lock -------------------------------------------------------- */

static void disturb_nfs(struct simulation *simulation)
{
        static const char *const words[] = { "crash", "late", "silent", "refused", "broken" };
        unsigned nth = 1 + random_below(simulation, 5), what = random_below(simulation, 5);

        fake_nfs_server_fail(simulation->nfs, nth, (enum fake_nfs_fault)what);
        simulation->nfs_crash = simulation->nfs_crash || what == FAKE_NFS_CRASH;
        simulation_tell(simulation, "nfs: call %u from now: %s", nth, words[what]);
}

static void disturb_nfs_server(struct simulation *simulation)
{
        simulation->nfs_stopped = !simulation->nfs_stopped;
        if (simulation->nfs_stopped)
                fake_nfs_server_stop(simulation->nfs);
        else
                fake_nfs_server_start(simulation->nfs);
        simulation_tell(simulation, "nfs: the server %s", simulation->nfs_stopped ? "ends" : "starts anew");
}

static void disturb_glusterd(struct simulation *simulation)
{
        static const char *const words[] = { "busy", "lost reply", "gone", "hangs" };
        unsigned number = random_below(simulation, SIMULATED_VOLUMES);
        struct fake_gluster_volume *fake = &simulation->volumes[number].fake;

        fake->fail_at = fake->calls + 1 + random_below(simulation, 6);
        fake->fail_count = 1 + random_below(simulation, 12);
        fake->fail_with = (enum fake_failure)random_below(simulation, 4);
        simulation_tell(simulation, "volume %s: calls %u to %u: %s", fake->name, fake->fail_at,
                        fake->fail_at + fake->fail_count - 1, words[fake->fail_with]);
}

static void disturb_volume(struct simulation *simulation)
{
        struct fake_gluster_volume *fake = &simulation->volumes[random_below(simulation, SIMULATED_VOLUMES)].fake;
        unsigned brick = random_below(simulation, FAKE_BRICKS);

        switch (random_below(simulation, 6)) {
        case 0:
                fake->down = !fake->down;
                simulation_tell(simulation, "volume %s: glusterd %s", fake->name, fake->down ? "ends" : "is back");
                break;
        case 1:
                fake->absent = !fake->absent;
                simulation_tell(simulation, "volume %s: %s", fake->name, fake->absent ? "is gone" : "is there");
                break;
        case 2:
                fake->canary_lag = random_below(simulation, 8);
                simulation_tell(simulation, "volume %s: bricks lag by %u", fake->name, fake->canary_lag);
                break;
        case 3:
                fake->bricks[brick].stuck = !fake->bricks[brick].stuck;
                simulation_tell(simulation, "volume %s: brick %u stuck: %d", fake->name, brick,
                                fake->bricks[brick].stuck);
                break;
        case 4:
                fake_gluster_volume_run(fake, brick, !fake->bricks[brick].running);
                simulation_tell(simulation, "volume %s: brick %u runs: %d", fake->name, brick,
                                fake->bricks[brick].running);
                break;
        default:
                for (size_t i = 0; i < SIMULATED_VOLUMES; i++) /* one glusterd serves them all */
                        simulation->volumes[i].fake.without_filter = !simulation->volumes[i].fake.without_filter;
                simulation_tell(simulation, "filter is away: %d", fake->without_filter);
        }
}

static void disturb_firewall(struct simulation *simulation)
{
        unsigned what = random_below(simulation, 6), nth = 1 + random_below(simulation, 4);
        struct firewall_pair pair = { .address = { ADDRESS_V4, { 10, 77, 0, 99 } }, .service = SERVICE_GLUSTER };

        if (what == 0)
                fake_firewall_flush(simulation->firewall);
        else if (what == 1)
                fake_firewall_tamper(simulation->firewall);
        else if (what == 2)
                fake_firewall_slip_in(simulation->firewall, &pair);
        else if (what == 3)
                fake_firewall_away(simulation->firewall, random_below(simulation, 2) == 0);
        else
                fake_firewall_fail(simulation->firewall, nth, FAULT_UNAVAILABLE, what == 5);
        simulation_tell(simulation, "packet filter: disturbance %u, call %u from now", what, nth);
}

/* --- A third party ------------------------------------------------------------------------------------------ */

/* An export that is there, with something of it changed; without any client, so that nobody is let in by it. */
static void export_spoil(void *context, const struct nfs_export *export)
{
        struct nfs_export **spoilt = context;

        if (*spoilt && (*spoilt)->number >= export->number)
                return;
        nfs_export_free(*spoilt);
        *spoilt = nfs_export_dup(export);
        (*spoilt)->client_count = 0;
}

static void meddle_with_nfs(struct simulation *simulation)
{
        char path[] = "/by-hand", ours[] = "/exports/ex-by-hand", foreign[] = "/by-hand";
        unsigned what = random_below(simulation, 4);
        AUTO_NFS_EXPORT struct nfs_export *spoilt = NULL;
        struct nfs_export extra = { .number = (uint16_t)(900 + what),
                                    .file_system_id = 9,
                                    .backing = NFS_BACKING_VFS,
                                    .path = path,
                                    .pseudo = what ? ours : foreign };

        fake_nfs_server_each(simulation->nfs, export_spoil, &spoilt);
        if (what < 2)
                fake_nfs_server_meddle(simulation->nfs, &extra);
        else if (spoilt && what == 2)
                fake_nfs_server_meddle(simulation->nfs, spoilt);
        else if (spoilt)
                fake_nfs_server_take_away(simulation->nfs, spoilt->number);
        simulation_tell(simulation, "by hand: NFS, change %u", what);
}

static void meddle_with_volume(struct simulation *simulation)
{
        unsigned number = random_below(simulation, SIMULATED_VOLUMES), what = random_below(simulation, 4);
        struct fake_gluster_volume *fake = &simulation->volumes[number].fake;
        bool *const flags[] = { &fake->filter_moved, &fake->option_set, &fake->list_edited,
                                &fake->volfile_edited };

        if (what == 0) /* one glusterd serves them all */
                for (size_t i = 0; i < SIMULATED_VOLUMES; i++)
                        simulation->volumes[i].fake.filter_moved = true;
        *flags[what] = true;
        simulation_tell(simulation, "by hand: volume %s, change %u", fake->name, what);
}

void servers_meddle(struct simulation *simulation)
{
        if (random_below(simulation, 2))
                meddle_with_nfs(simulation);
        else
                meddle_with_volume(simulation);
}

/* What is put there by hand is without a client, which nothing that is wanted is but a canary. */
static void export_judge(void *context, const struct nfs_export *export)
{
        if (nfs_plan_is_ours(export->pseudo) && export->client_count == 0 && export->number < CANARY_NUMBER_FIRST)
                *(unsigned *)context = export->number;
}

bool servers_untouched(struct simulation *simulation, struct text *why)
{
        struct snapshot_walk walk;
        const struct storage *storage;
        unsigned number = 0;

        fake_nfs_server_each(simulation->nfs, export_judge, &number);
        if (number) {
                text_addf(why, "export %u is still as somebody has left it", number);
                return false;
        }

        snapshot_walk_start(&walk, simulation->snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk))) {
                const struct fake_gluster_volume *fake =
                        storage->volume ? &volume_find(simulation, storage->volume)->fake : NULL;

                if (fake && (fake->option_set || fake->list_edited || fake->volfile_edited)) {
                        text_addf(why, "volume %s is still as somebody has left it", fake->name);
                        return false;
                }
        }
        return true;
}

void servers_disturb(struct simulation *simulation)
{
        unsigned which = random_below(simulation, 64);

        if (which == 0) /* rare: it is tried again half a second of real time later */
                fake_storage_files_fail(simulation->files, 1 + random_below(simulation, 3), FAULT_UNAVAILABLE);
        else if (which < 20)
                disturb_nfs(simulation);
        else if (which < 26)
                disturb_nfs_server(simulation);
        else if (which < 40)
                disturb_glusterd(simulation);
        else if (which < 52)
                disturb_volume(simulation);
        else
                disturb_firewall(simulation);
}

void servers_calm(struct simulation *simulation)
{
        fake_nfs_server_fail(simulation->nfs, 0, FAKE_NFS_CRASH);
        if (simulation->nfs_stopped || simulation->nfs_crash)
                fake_nfs_server_start(simulation->nfs);
        simulation->nfs_stopped = simulation->nfs_crash = false;
        for (size_t i = 0; i < SIMULATED_VOLUMES; i++) {
                struct fake_gluster_volume *fake = &simulation->volumes[i].fake;

                fake->down = fake->absent = fake->without_filter = false;
                fake->filter_moved = false; /* a gateway that starts without it does not know that it was there */
                fake->fail_at = fake->canary_lag = 0;
                for (size_t k = 0; k < FAKE_BRICKS; k++) {
                        fake->bricks[k].stuck = false;
                        fake_gluster_volume_run(fake, k, true);
                }
        }
        fake_firewall_away(simulation->firewall, false);
        fake_firewall_fail(simulation->firewall, 0, FAULT_NONE, false);
        fake_storage_files_fail(simulation->files, 0, FAULT_NONE);
        rights_check(simulation, "the calm");
}

void servers_init(struct simulation *simulation)
{
        simulation->nfs = fake_nfs_server_new();
        simulation->nfs_seam = fake_nfs_server_seam(simulation->nfs);
        simulation->nfs_outer = (struct nfs_server){ nfs_ahead, nfs_add,     nfs_update, nfs_remove, nfs_display,
                                                     nfs_list,  nfs_version, nfs_wait,   simulation };
        for (size_t i = 0; i < SIMULATED_VOLUMES; i++) {
                fake_gluster_volume_init(&simulation->volumes[i].fake, simulated_volume_names[i]);
                simulation->volumes[i].fake.pool_members = simulation->unenforced ? 3 : 1;
                simulation->volumes[i].seam = fake_gluster_volume_seam(&simulation->volumes[i].fake);
        }
        simulation->gluster_outer = (struct gluster_volume){ .observe = gluster_observe,
                                                             .secure = gluster_secure,
                                                             .install = gluster_install,
                                                             .canary = gluster_canary,
                                                             .compare = gluster_compare,
                                                             .put_filter_back = gluster_put_filter_back,
                                                             .bricks_look = gluster_bricks_look,
                                                             .brick_restart = gluster_brick_restart,
                                                             .context = simulation };
        simulation->files = fake_storage_files_new();
        simulation->files_seam = fake_storage_files_table(simulation->files);
        simulation->firewall = fake_firewall_new();
        simulation->firewall_seam = fake_firewall_table(simulation->firewall);
}

void servers_fini(struct simulation *simulation)
{
        fake_nfs_server_free(simulation->nfs);
        fake_storage_files_free(simulation->files);
        fake_firewall_free(simulation->firewall);
        for (size_t i = 0; i < SIMULATED_VOLUMES; i++) {
                for (size_t k = 0; k < simulation->volumes[i].list_count; k++)
                        access_list_fini(&simulation->volumes[i].lists[k]);
                free(simulation->volumes[i].lists);
                fake_gluster_volume_fini(&simulation->volumes[i].fake);
        }
}
