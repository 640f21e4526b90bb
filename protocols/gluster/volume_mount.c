/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volume_mount.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include <glusterfs/api/glfs.h>

#include "base/clock.h"
#include "base/memory.h"

#define GLUSTERD_PORT 24007
#define VOLUME_NAME_MAX 255
#define VOLUMES_MAX 8 /* mounted at a time; a gateway's storages belong to one account, and most have one */
#define OPENING_MAX_MS 60000

/* A volume that this process has open, or opens: in a thread of its own, because glfs_init takes 10 s while a
 * brick of a replica is silent (afr waits that long for each to show up), which is longer than a request may wait.
 * The request ends in time, and the next one finds the volume open. Never closed: glfs_fini takes seconds, and the
 * process is cheap. */
struct volume_mount {
        char *name;
        glfs_t *fs;
        enum { MOUNT_OPENING, MOUNT_OPEN, MOUNT_FAILED } state;
        int error_number;
        int64_t since_ms;
};

static struct {
        pthread_mutex_t lock; /* guards the states; the rest is the serving thread's */
        pthread_cond_t changed;
        struct volume_mount mounts[VOLUMES_MAX];
        size_t count;
        bool stale; /* the serving thread's */
} volumes = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

bool volume_mount_is_stale(void)
{
        return volumes.stale;
}

void volume_mount_doom(void)
{
        volumes.stale = true;
}

static bool volume_name_is_valid(const char *name)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

        return name[0] != '\0' && name[strspn(name, allowed)] == '\0';
}

int volume_place_take(struct message *request, struct volume_place *place, struct fault *fault)
{
        place->volume = message_take_text(request, VOLUME_NAME_MAX);
        place->until_ms = (int64_t)message_take_u64(request);
        uint64_t count = message_take_u64(request);

        if (request->broken || count == 0 || count > STORAGE_NODES_MAX)
                return fault_set(fault, FAULT_MALFORMED, "open a volume: the request is malformed");
        place->server_count = (size_t)count;
        for (size_t i = 0; i < place->server_count; i++)
                if (address_parse(message_take_text(request, ADDRESS_TEXT_SIZE - 1), &place->servers[i]))
                        return fault_set(fault, FAULT_MALFORMED, "open a volume: server %zu is no address", i);
        if (!volume_name_is_valid(place->volume))
                return fault_set(fault, FAULT_INVALID, "open a volume: \"%s\" is no name of one", place->volume);
        return 0;
}

/* After a failure of the volume itself: this process has had its last call. */
static int volume_fail(const struct volume_place *place, int error_number, const char *what, struct fault *fault)
{
        volumes.stale = true;
        return fault_set_errno(fault, FAULT_UNAVAILABLE, error_number, "%s volume %s", what, place->volume);
}

/* Whether a socket of this machine can have the address. */
static bool address_is_own(const struct address *address)
{
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        bool is_v4 = address->family == ADDRESS_V4;
        AUTO_CLOSE int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        memcpy(&v4.sin_addr, address->bytes, sizeof v4.sin_addr);
        memcpy(&v6.sin6_addr, address->bytes, sizeof v6.sin6_addr);
        return fd >= 0 && (is_v4 ? bind(fd, (struct sockaddr *)&v4, sizeof v4)
                                 : bind(fd, (struct sockaddr *)&v6, sizeof v6)) == 0;
}

/* This node's glusterd is asked first: one whose node is gone costs 3 s each time. */
static int volume_servers_set(glfs_t *fs, const struct volume_place *place)
{
        for (int own = 1; own >= 0; own--)
                for (size_t i = 0; i < place->server_count; i++) {
                        char text[ADDRESS_TEXT_SIZE];

                        if (address_is_own(&place->servers[i]) == own &&
                            glfs_set_volfile_server(fs, "tcp", address_format(&place->servers[i], text),
                                                    GLUSTERD_PORT))
                                return -1;
                }
        return 0;
}

/* What others have just made or removed must be seen: both caches of names and attributes are passed by, whatever
 * the volume's options are (with performance.nl-cache a new directory stays "not there" for a minute; seen on
 * 10.3). */
static int volume_options_set(glfs_t *fs)
{
        if (glfs_set_xlator_option(fs, "*-md-cache", "pass-through", "true") ||
            glfs_set_xlator_option(fs, "*-nl-cache", "pass-through", "true"))
                return -1;
        return glfs_set_logging(fs, "/dev/null", 1);
}

static void *mount_run(void *context)
{
        struct volume_mount *mount = context;
        int failed = glfs_init(mount->fs);
        int error_number = errno;

        pthread_mutex_lock(&volumes.lock);
        mount->state = failed ? MOUNT_FAILED : MOUNT_OPEN;
        mount->error_number = error_number;
        pthread_cond_broadcast(&volumes.changed);
        pthread_mutex_unlock(&volumes.lock);
        return NULL;
}

/* Begins to open the volume. */
static int mount_start(const struct volume_place *place, struct volume_mount **started, struct fault *fault)
{
        struct volume_mount *mount = &volumes.mounts[volumes.count];
        pthread_t thread;

        *mount = (struct volume_mount){ .fs = glfs_new(place->volume),
                                        .since_ms = clock_monotonic_ms(clock_system()) };
        if (!mount->fs || volume_servers_set(mount->fs, place) || volume_options_set(mount->fs))
                return volume_fail(place, errno, "open", fault);
        int failed = pthread_create(&thread, NULL, mount_run, mount);
        if (failed)
                return volume_fail(place, failed, "open", fault);
        pthread_detach(thread);
        mount->name = memory_text(place->volume);
        volumes.stale = ++volumes.count == VOLUMES_MAX;
        *started = mount;
        return 0;
}

static struct volume_mount *mount_find(const char *volume)
{
        for (size_t i = 0; i < volumes.count; i++)
                if (strcmp(volumes.mounts[i].name, volume) == 0)
                        return &volumes.mounts[i];
        return NULL;
}

/* Waits until the volume is open or has failed, or until it is time to answer. Gives a copy. */
static struct volume_mount mount_await(const struct volume_mount *mount, int64_t until_ms)
{
        struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
        bool in_time = true;

        pthread_mutex_lock(&volumes.lock);
        while (mount->state == MOUNT_OPENING && in_time)
                in_time = pthread_cond_clockwait(&volumes.changed, &volumes.lock, CLOCK_MONOTONIC, &until) !=
                          ETIMEDOUT;
        struct volume_mount now = *mount;
        pthread_mutex_unlock(&volumes.lock);
        return now;
}

/* The volume, opened unless it is. */
int volume_open(const struct volume_place *place, struct glfs **fs, struct fault *fault)
{
        struct volume_mount *mount = mount_find(place->volume);

        if (!mount) {
                int failed = mount_start(place, &mount, fault);
                if (failed)
                        return failed;
        }
        struct volume_mount now = mount_await(mount, place->until_ms);
        *fs = now.fs;
        if (now.state == MOUNT_OPEN)
                return 0;
        if (now.state == MOUNT_FAILED)
                return volume_fail(place, now.error_number, "open", fault);
        volumes.stale = volumes.stale || clock_monotonic_ms(clock_system()) - now.since_ms > OPENING_MAX_MS;
        return fault_set(fault, FAULT_TIMEOUT, "its bricks have not answered in time; it goes on");
}
