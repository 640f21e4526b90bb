/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What volume_files (a Gluster volume, in a worker) and local_files (a local file system, in the helper) have in
 * common: how a path, a wish and what was seen travel in a message, and how a path comes apart. Inline, because
 * both libraries use it and neither needs the other.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/message.h"
#include "domain/seams.h"

/* A directory is made with this mode and gets owner and mode in further steps. Nobody has a use for it, so one
 * that has it was left behind half made, by a kill between the steps, and is finished by whoever comes next. */
#define DIRECTORY_UNFINISHED_MODE 01000

/* The set-group-id bit is looked past: a directory inherits it. */
static inline bool directory_is_unfinished(unsigned mode)
{
        return (mode & 05777) == DIRECTORY_UNFINISHED_MODE;
}

#define DIRECTORY_PARENT_MODE 0755

static inline void directory_put_wish(struct message *request, const struct directory_wish *wish)
{
        message_put_u64(request, wish->uid);
        message_put_u64(request, wish->gid);
        message_put_u64(request, wish->mode);
}

/* False when a number is out of range. */
static inline bool directory_take_wish(struct message *request, struct directory_wish *wish)
{
        uint64_t uid = message_take_u64(request);
        uint64_t gid = message_take_u64(request);
        uint64_t mode = message_take_u64(request);

        /* 4294967295 is chown's "leave as it is". */
        if (uid >= UINT32_MAX || gid >= UINT32_MAX || mode > 07777)
                return false;
        *wish = (struct directory_wish){ (uint32_t)uid, (uint32_t)gid, (uint16_t)mode };
        return true;
}

static inline void directory_put_seen(struct message *reply, const struct path_seen *seen)
{
        message_put_u64(reply, seen->kind);
        message_put_text(reply, seen->at);
}

/* INTERNAL when the answer is none. More may follow. */
static inline int directory_take_seen(struct message *reply, struct path_seen *seen, struct fault *fault)
{
        uint64_t kind = message_take_u64(reply);
        const char *at = message_take_text(reply, EXPORT_PATH_MAX);

        if (reply->broken || kind > PATH_OTHER)
                return fault_set(fault, FAULT_INTERNAL, "inspect a path: the answer is malformed");
        seen->kind = (enum path_kind)kind;
        snprintf(seen->at, sizeof seen->at, "%s", at);
        return 0;
}

static inline void capacity_put(struct message *reply, const struct statvfs *room)
{
        message_put_u64(reply, (uint64_t)room->f_blocks * room->f_frsize);
        message_put_u64(reply, (uint64_t)room->f_bavail * room->f_frsize);
        message_put_u64(reply, room->f_files);
        message_put_u64(reply, room->f_favail);
}

/* MALFORMED when the answer is none. */
static inline int capacity_take(struct message *reply, struct storage_capacity *capacity, struct fault *fault)
{
        capacity->bytes_total = message_take_u64(reply);
        capacity->bytes_available = message_take_u64(reply);
        capacity->inodes_total = message_take_u64(reply);
        capacity->inodes_available = message_take_u64(reply);
        if (message_is_consumed(reply))
                return 0;
        return fault_set(fault, FAULT_MALFORMED, "ask how much room there is: the answer is malformed");
}

/* Whether `path` is "/" or "/a/b" without an empty, "." or ".." component, none over 255 bytes. The caller's
 * side has checked more (domain/path_rules.h); a process that acts on a path checks what keeps it below its root.
 */
static inline bool directory_path_is_canonical(const char *path)
{
        if (path[0] != '/')
                return false;
        if (path[1] == '\0')
                return true;
        for (const char *at = path; *at;) {
                size_t length = strcspn(++at, "/");

                if (length == 0 || length > 255 || (length == 1 && at[0] == '.') ||
                    (length == 2 && at[0] == '.' && at[1] == '.'))
                        return false;
                at += length;
        }
        return true;
}

/* Walks over the components of a canonical path: `name` is the present one, `at` the path up to and with it. */
struct directory_walk {
        const char *path;
        size_t end; /* bytes of `path` that `at` holds */
        char at[EXPORT_PATH_MAX + 1];
        char name[256];
        bool last;
};

static inline void directory_walk_init(struct directory_walk *walk, const char *path)
{
        walk->path = path;
        walk->end = 0;
}

/* False behind the last component. */
static inline bool directory_walk_next(struct directory_walk *walk)
{
        const char *rest = walk->path + walk->end;

        if (rest[0] != '/' || rest[1] == '\0')
                return false;
        int length = (int)strcspn(rest + 1, "/");
        snprintf(walk->name, sizeof walk->name, "%.*s", length, rest + 1);
        walk->end += 1 + (size_t)length;
        snprintf(walk->at, sizeof walk->at, "%.*s", (int)walk->end, walk->path);
        walk->last = walk->path[walk->end] == '\0';
        return true;
}

/* The sentence for what stands in the way of making a directory. */
static inline int directory_refuse(const struct path_seen *seen, struct fault *fault)
{
        return fault_set(fault, FAULT_INVALID, "make directory: %s is %s", seen->at,
                         seen->kind == PATH_LINK ? "a symbolic link" : "not a directory");
}
