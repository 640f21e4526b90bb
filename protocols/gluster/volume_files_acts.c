/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volume_files.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <glusterfs/api/glfs-handles.h>
#include <glusterfs/api/glfs.h>

#include "base/memory.h"
#include "protocols/gluster/path_crew.h"
#include "protocols/gluster/volume_mount.h"

#define LOOKS_MAX 8 /* at one component that others make and remove while it is looked at */

#define AUTO_OBJECT __attribute__((cleanup(object_close)))
static void object_close(struct glfs_object **object)
{
        if (*object)
                glfs_h_close(*object);
        *object = NULL;
}

/* Gives what is at `name` in *directory, itself if it is a link. */
static struct glfs_object *object_find(glfs_t *fs, struct glfs_object *directory, const char *name,
                                       struct stat *status)
{
        return glfs_h_lookupat(fs, directory, name, status, 0);
}

static enum path_kind kind_of(const struct stat *status)
{
        return S_ISDIR(status->st_mode) ? PATH_DIRECTORY : S_ISLNK(status->st_mode) ? PATH_LINK : PATH_OTHER;
}

static void seen_set(struct path_seen *seen, enum path_kind kind, const char *at)
{
        seen->kind = kind;
        snprintf(seen->at, sizeof seen->at, "%s", kind == PATH_LINK || kind == PATH_OTHER ? at : "");
}

/* --- Paths ------------------------------------------------------------------------------------------------- */

/* The paths of one call. Threads that hang in it keep it. */
struct path_work {
        glfs_t *fs;
        bool make;
        pthread_mutex_t making;  /* one makes at a time: two makers of one directory can leave it in split brain */
        struct path_item *items; /* each with a path of its own */
        size_t count;
};

/* Where one thread stands: paths of a call are often in one directory, which is walked to once. What is there is
 * held by its handle, as between two components of a single path. */
struct walker {
        glfs_t *fs;
        struct glfs_object *here;     /* NULL: nowhere */
        char at[EXPORT_PATH_MAX + 1]; /* its path, "" for the root */
};

static int walker_fail(const char *at, const char *what, struct fault *fault)
{
        return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "%s %s", what, at);
}

static void walker_leave(struct walker *walker)
{
        object_close(&walker->here);
}

static int walker_to_root(struct walker *walker, struct fault *fault)
{
        struct stat status;

        walker_leave(walker);
        walker->at[0] = '\0';
        walker->here = object_find(walker->fs, NULL, "/", &status);
        return walker->here ? 0 : walker_fail("/", "look at", fault);
}

/* Steps into *directory (taken), which is at `at`. */
static void walker_enter(struct walker *walker, struct glfs_object **directory, const char *at)
{
        walker_leave(walker);
        walker->here = *directory;
        *directory = NULL;
        snprintf(walker->at, sizeof walker->at, "%s", at);
}

/* Begins to walk to `path`: in its last directory when it stands there, or else at the root. */
static int walk_begin(struct walker *walker, struct directory_walk *walk, const char *path, struct fault *fault)
{
        size_t parent = (size_t)(strrchr(path, '/') - path);

        directory_walk_init(walk, path);
        if (!walker->here || strlen(walker->at) != parent || memcmp(walker->at, path, parent) != 0)
                return walker_to_root(walker, fault);
        walk->end = parent;
        return 0;
}

static int path_inspect(struct walker *walker, struct path_item *item)
{
        struct path_seen *seen = &item->seen;
        struct directory_walk walk;
        struct stat status;
        int failed = walk_begin(walker, &walk, item->path, &item->fault);

        if (failed)
                return failed;
        seen_set(seen, PATH_DIRECTORY, "");
        while (seen->kind == PATH_DIRECTORY && directory_walk_next(&walk)) {
                AUTO_OBJECT struct glfs_object *next = object_find(walker->fs, walker->here, walk.name, &status);

                if (!next && errno != ENOENT && errno != ESTALE)
                        return walker_fail(walk.at, "look at", &item->fault);
                if (!next && errno == ESTALE)
                        walker_leave(walker); /* the next path is not looked for where nothing is any more */
                seen_set(seen, next ? kind_of(&status) : PATH_ABSENT, walk.at);
                if (seen->kind == PATH_DIRECTORY && !walk.last)
                        walker_enter(walker, &next, walk.at);
                else if (seen->kind == PATH_DIRECTORY && directory_is_unfinished(status.st_mode))
                        seen->kind = PATH_ABSENT;
        }
        return 0;
}

/* Gives a directory that is in the making its owner and mode. */
static int directory_finish(glfs_t *fs, struct glfs_object *directory, const struct directory_wish *wish,
                            const char *at, struct fault *fault)
{
        struct stat status = { .st_mode = wish->mode, .st_uid = wish->uid, .st_gid = wish->gid };

        if (glfs_h_setattrs(fs, directory, &status, GFAPI_SET_ATTR_MODE | GFAPI_SET_ATTR_UID | GFAPI_SET_ATTR_GID))
                return walker_fail(at, "set owner and mode of", fault);
        return 0;
}

/* Gives what is at the component of `walk`, and makes a directory when nothing is. Whoever else makes or removes
 * it meanwhile: look again. NULL and errno. */
static struct glfs_object *directory_make(struct walker *walker, const struct directory_walk *walk, mode_t mode,
                                          struct stat *status)
{
        struct glfs_object *directory = NULL;

        for (int look = 0; look < LOOKS_MAX; look++) {
                directory = object_find(walker->fs, walker->here, walk->name, status);
                if (!directory && errno == ENOENT)
                        directory = glfs_h_mkdir(walker->fs, walker->here, walk->name, mode, status);
                if (directory || (errno != EEXIST && errno != ENOENT && errno != ESTALE))
                        break;
        }
        return directory;
}

static int component_refuse(const struct stat *status, const char *at, struct fault *fault)
{
        struct path_seen seen;

        seen_set(&seen, kind_of(status), at);
        return directory_refuse(&seen, fault);
}

/* What the directory at the component of `walk` shall be like: as the item says whose path ends there, be it
 * another one of this call; NULL: as parents are. */
static const struct path_item *component_wish(const struct path_work *work, const struct directory_walk *walk,
                                              const struct path_item *item)
{
        if (walk->last)
                return item;
        for (size_t i = 0; i < work->count; i++)
                if (strcmp(work->items[i].path, walk->at) == 0)
                        return &work->items[i];
        return NULL;
}

/* One component, which is made or finished where that is wanting: then nobody else does so. */
static int component_make(struct path_work *work, struct walker *walker, const struct directory_walk *walk,
                          struct path_item *item)
{
        struct stat status;
        const struct path_item *wish = component_wish(work, walk, item);
        AUTO_OBJECT struct glfs_object *directory = object_find(walker->fs, walker->here, walk->name, &status);
        bool wanting =
                !directory ? errno == ENOENT || errno == ESTALE : wish && directory_is_unfinished(status.st_mode);
        int failed = 0;

        if (wanting) {
                object_close(&directory);
                pthread_mutex_lock(&work->making);
                directory = directory_make(walker, walk, wish ? DIRECTORY_UNFINISHED_MODE : DIRECTORY_PARENT_MODE,
                                           &status);
        }
        if (!directory)
                failed = walker_fail(walk->at, "make directory", &item->fault);
        else if (!S_ISDIR(status.st_mode))
                failed = component_refuse(&status, walk->at, &item->fault);
        else if (wish && directory_is_unfinished(status.st_mode))
                failed = directory_finish(walker->fs, directory, &wish->wish, walk->at, &item->fault);
        if (wanting)
                pthread_mutex_unlock(&work->making);
        if (!failed && !walk->last)
                walker_enter(walker, &directory, walk->at);
        return failed;
}

static int path_make(struct path_work *work, struct walker *walker, struct path_item *item)
{
        struct directory_walk walk;
        int failed = walk_begin(walker, &walk, item->path, &item->fault);

        while (!failed && directory_walk_next(&walk))
                failed = component_make(work, walker, &walk, item);
        return failed;
}

/* The storage's owner of everything, whoever this process is: GlusterFS believes its clients. */
static void identity_set(void)
{
        glfs_setfsuid(0);
        glfs_setfsgid(0);
        glfs_setfsgroups(0, NULL);
}

static void *walker_new(void *context)
{
        const struct path_work *work = context;
        struct walker *walker = NEW(struct walker);

        identity_set();
        walker->fs = work->fs;
        return walker;
}

static void walker_free(void *mine)
{
        walker_leave(mine);
        free(mine);
}

/* One path. A failure on the way from where the walker stood may be that directory's, which others can remove:
 * then it is walked to from the root. */
static void path_see_to(void *context, void *mine, size_t index)
{
        struct path_work *work = context;
        struct walker *walker = mine;
        struct path_item *item = &work->items[index];
        bool stood = walker->here != NULL;
        int failed = 0;

        for (int tries = 0; tries <= stood; tries++) {
                item->fault = (struct fault){ 0 };
                failed = work->make ? path_make(work, walker, item) : path_inspect(walker, item);
                if (failed != -FAULT_UNAVAILABLE)
                        break;
                walker_leave(walker);
        }
}

static void path_work_free(struct path_work *work)
{
        for (size_t i = 0; i < work->count; i++)
                free((void *)(uintptr_t)work->items[i].path);
        free(work->items);
        pthread_mutex_destroy(&work->making);
        free(work);
}

/* The paths of the request. INVALID: one is none. */
static int paths_take(struct message *request, struct path_work *work, struct fault *fault)
{
        uint64_t count = message_take_u64(request);

        if (request->broken || count == 0 || count > STORAGE_PATHS_MAX)
                return fault_set(fault, FAULT_MALFORMED, "look at paths: the request is malformed");
        work->items = memory_new((size_t)count, sizeof *work->items);
        for (uint64_t i = 0; i < count; i++) {
                struct path_item *item = &work->items[work->count++];

                item->path = memory_text(message_take_text(request, EXPORT_PATH_MAX));
                if (request->broken || (work->make && !directory_take_wish(request, &item->wish)))
                        return fault_set(fault, FAULT_MALFORMED, "look at paths: the request is malformed");
                if (!directory_path_is_canonical(item->path))
                        return fault_set(fault, FAULT_INVALID, "look at a path: it is not canonical");
        }
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "look at paths: the request is malformed");
        return 0;
}

/* Of a path that is not done only its name is read: a thread still is at work with the rest. */
static void outcome_put(struct message *reply, const struct path_work *work, size_t index, bool done)
{
        const struct path_item *item = &work->items[index];
        struct fault fault = { 0 };

        if (!done)
                fault_set(&fault, FAULT_TIMEOUT, "look at %s: the bricks have not answered in time", item->path);
        else
                fault = item->fault;
        if (fault.code == FAULT_UNAVAILABLE)
                volume_mount_doom();
        message_put_u64(reply, fault.code);
        message_put_text(reply, fault.text);
        if (fault.code == FAULT_NONE && !work->make)
                directory_put_seen(reply, &item->seen);
}

/* Sees to all paths at once. One that hangs is told so alone, and the process, whose thread hangs, ends. */
static bool paths_see_to(struct path_work *work, const struct volume_place *place, struct message *reply)
{
        const struct crew_task task = { walker_new, path_see_to, walker_free, work };
        bool done[STORAGE_PATHS_MAX] = { false };
        bool ended = crew_run(&task, work->count, place->until_ms, done);

        for (size_t i = 0; i < work->count; i++)
                outcome_put(reply, work, i, done[i]);
        if (!ended)
                volume_mount_doom();
        return ended;
}

static int paths_run(struct message *request, struct message *reply, bool make, struct fault *fault)
{
        struct path_work *work = NEW(struct path_work);
        struct volume_place place;
        bool ended = true;

        work->make = make;
        pthread_mutex_init(&work->making, NULL);
        int failed = volume_place_take(request, &place, fault);
        if (!failed)
                failed = paths_take(request, work, fault);
        if (!failed)
                failed = volume_open(&place, &work->fs, fault);
        if (!failed)
                ended = paths_see_to(work, &place, reply);
        if (ended)
                path_work_free(work);
        return failed;
}

static int inspect_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context;
        return paths_run(request, reply, false, fault);
}

static int make_directories_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context;
        return paths_run(request, reply, true, fault);
}

static int capacity_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct volume_place place;
        struct statvfs room;
        struct glfs *fs;
        int failed = volume_place_take(request, &place, fault);

        (void)context;
        if (!failed && !message_is_consumed(request))
                failed = fault_set(fault, FAULT_MALFORMED, "ask how much room there is: the request is malformed");
        if (!failed)
                failed = volume_open(&place, &fs, fault);
        if (failed)
                return failed;
        identity_set();
        if (glfs_statvfs(fs, "/", &room) != 0) {
                failed = fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "ask how much room volume %s has",
                                         place.volume);
                volume_mount_doom();
                return failed;
        }
        capacity_put(reply, &room);
        return 0;
}

const struct act volume_files_acts[] = {
        { .number = ACT_WORKER_VOLUME_INSPECT,
          .name = "volume.inspect",
          .reason = "gfapi waits without end for bricks that do not let it in",
          .deadline_ms = 60000,
          .run = inspect_run },
        { .number = ACT_WORKER_VOLUME_MAKE_DIRECTORIES,
          .name = "volume.make_directories",
          .reason = "gfapi waits without end for bricks that do not let it in",
          .deadline_ms = 60000,
          .run = make_directories_run },
        { .number = ACT_WORKER_VOLUME_CAPACITY,
          .name = "volume.capacity",
          .reason = "gfapi waits without end for bricks that do not let it in",
          .deadline_ms = 60000,
          .run = capacity_run },
        { 0 },
};
