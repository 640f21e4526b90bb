/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A path is walked component by component, each opened by openat2(2) from the descriptor of the one before, on the
 * storage's file system and nowhere else. What a component is gets asked of the descriptor, so that nobody can
 * swap it between the question and the use.
 */
#include "protocols/files/local_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "protocols/files/file_system.h"

#define DEADLINE_MS 10000
#define LOOKS_MAX 8 /* at one component that others make and remove while it is looked at */

struct place {
        const char *mount_root;
        const char *path;
};

static int place_take(struct message *request, struct place *place, struct fault *fault)
{
        place->mount_root = message_take_text(request, STORAGE_PATH_MAX);
        place->path = message_take_text(request, EXPORT_PATH_MAX);
        if (request->broken)
                return fault_set(fault, FAULT_MALFORMED, "look at a path: the request is malformed");
        if (!directory_path_is_canonical(place->path))
                return fault_set(fault, FAULT_INVALID, "look at a path: it is not canonical");
        return 0;
}

/* Opens `name` in `directory` (O_PATH), itself if it is a link. -1 and errno; EXDEV: a mount point. */
static int component_open(int directory, const char *name)
{
        struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
                                           RESOLVE_NO_XDEV };

        return (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
}

static void seen_set(struct path_seen *seen, enum path_kind kind, const char *at)
{
        seen->kind = kind;
        snprintf(seen->at, sizeof seen->at, "%s", kind == PATH_LINK || kind == PATH_OTHER ? at : "");
}

static int kind_look(int fd, struct stat *status, enum path_kind *kind)
{
        if (fstatat(fd, "", status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
                return -1;
        *kind = S_ISDIR(status->st_mode) ? PATH_DIRECTORY : S_ISLNK(status->st_mode) ? PATH_LINK : PATH_OTHER;
        return 0;
}

/* Opens the component `walk` stands at; *fd is -1 when it is absent or a mount point. */
static int component_look(const struct directory_walk *walk, int directory, int *fd, struct stat *status,
                          struct path_seen *seen, struct fault *fault)
{
        enum path_kind kind = PATH_ABSENT;

        *fd = component_open(directory, walk->name);
        if (*fd < 0 && errno == EXDEV)
                kind = PATH_OTHER;
        else if ((*fd < 0 && errno != ENOENT) || (*fd >= 0 && kind_look(*fd, status, &kind) < 0))
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "look at %s", walk->at);
        seen_set(seen, kind, walk->at);
        return 0;
}

/* Puts `next` in the place of *here. */
static void descriptor_move(int *here, int next)
{
        memory_auto_close(here);
        *here = next;
}

static int inspect_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct directory_walk walk;
        struct path_seen seen;
        struct stat status;
        struct place place;
        int failed = place_take(request, &place, fault);

        (void)context;
        if (!failed && !message_is_consumed(request))
                failed = fault_set(fault, FAULT_MALFORMED, "inspect a path: the request is malformed");
        if (failed)
                return failed;
        AUTO_CLOSE int here = file_system_open(place.mount_root, fault);
        if (here < 0)
                return here;
        seen_set(&seen, PATH_DIRECTORY, "");
        directory_walk_init(&walk, place.path);
        while (seen.kind == PATH_DIRECTORY && directory_walk_next(&walk)) {
                int next;

                failed = component_look(&walk, here, &next, &status, &seen, fault);
                descriptor_move(&here, next);
                if (failed)
                        return failed;
                if (seen.kind == PATH_DIRECTORY && walk.last && directory_is_unfinished(status.st_mode))
                        seen.kind = PATH_ABSENT;
        }
        directory_put_seen(reply, &seen);
        return 0;
}

/* Gives a directory that is in the making its owner, then its mode: in this order, since the mode marks it. */
static int directory_finish(int directory, const struct directory_wish *wish, const char *at, struct fault *fault)
{
        AUTO_CLOSE int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 || fchown(fd, wish->uid, wish->gid) < 0 || fchmod(fd, wish->mode) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "set owner and mode of %s", at);
        return 0;
}

/* Opens the component of `walk` in `parent`, making it when it is not there. Whoever else makes or removes it
 * meanwhile: look again. */
static int directory_step(const struct directory_walk *walk, int parent, int *directory, struct stat *status,
                          struct fault *fault)
{
        mode_t mode = walk->last ? DIRECTORY_UNFINISHED_MODE : DIRECTORY_PARENT_MODE;
        struct path_seen seen = { .kind = PATH_ABSENT };

        for (int look = 0; look < LOOKS_MAX; look++) {
                int failed = component_look(walk, parent, directory, status, &seen, fault);
                if (failed)
                        return failed;
                if (seen.kind != PATH_ABSENT)
                        break;
                if (mkdirat(parent, walk->name, mode) < 0 && errno != EEXIST)
                        return fault_set_errno(fault, errno == ENOSPC ? FAULT_EXHAUSTED : FAULT_UNAVAILABLE, errno,
                                               "make directory %s", walk->at);
        }
        if (seen.kind == PATH_ABSENT)
                return fault_set(fault, FAULT_UNAVAILABLE, "make directory: %s is made and removed by others",
                                 walk->at);
        return seen.kind == PATH_DIRECTORY ? 0 : directory_refuse(&seen, fault);
}

static int path_make(const struct place *place, const struct directory_wish *wish, struct fault *fault)
{
        AUTO_CLOSE int here = file_system_open(place->mount_root, fault);
        struct directory_walk walk;
        struct stat status;

        if (here < 0)
                return here;
        directory_walk_init(&walk, place->path);
        while (directory_walk_next(&walk)) {
                int next = -1;
                int failed = directory_step(&walk, here, &next, &status, fault);

                descriptor_move(&here, next);
                if (failed)
                        return failed;
                if (walk.last && directory_is_unfinished(status.st_mode))
                        return directory_finish(here, wish, walk.at, fault);
        }
        return 0;
}

static int make_directory_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        struct directory_wish wish = { 0 };
        struct place place;
        int failed = place_take(request, &place, fault);

        (void)context;
        (void)reply;
        if (!failed && (!directory_take_wish(request, &wish) || !message_is_consumed(request)))
                failed = fault_set(fault, FAULT_MALFORMED, "make directory: the request is malformed");
        return failed ? failed : path_make(&place, &wish, fault);
}

static int file_system_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        const char *mount_root = message_take_text(request, STORAGE_PATH_MAX);

        (void)context;
        (void)reply;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "check a file system: the request is malformed");
        AUTO_CLOSE int fd = file_system_open(mount_root, fault);
        return fd < 0 ? fd : 0;
}

#define CAPABILITY(number) (UINT64_C(1) << (number))

const struct act files_acts[] = {
        { .number = ACT_FILES_INSPECT,
          .name = "files.inspect",
          .reason = "CAP_DAC_READ_SEARCH: directories on the way may be open to their owner alone",
          .capabilities = CAPABILITY(CAP_DAC_READ_SEARCH),
          .deadline_ms = DEADLINE_MS,
          .run = inspect_run },
        { .number = ACT_FILES_MAKE_DIRECTORY,
          .name = "files.make_directory",
          .reason = "CAP_DAC_OVERRIDE: directories on the way belong to users; CAP_CHOWN: the new one shall; "
                    "CAP_FOWNER: its mode is set after its owner; CAP_FSETID: the mode may have the group bit",
          .capabilities = CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_FOWNER) |
                          CAPABILITY(CAP_FSETID),
          .deadline_ms = DEADLINE_MS,
          .run = make_directory_run },
        { .number = ACT_FILES_FILE_SYSTEM,
          .name = "files.file_system",
          .reason = "CAP_DAC_READ_SEARCH: the mount point may be below a directory open to its owner alone",
          .capabilities = CAPABILITY(CAP_DAC_READ_SEARCH),
          .deadline_ms = DEADLINE_MS,
          .run = file_system_run },
        { 0 },
};
