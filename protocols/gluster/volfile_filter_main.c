/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gatehouse-volfile-filter VOLFILE [ACCESS-FOLDER]: glusterd runs every program of its filter folder, as root,
 * with the path of each volfile that it has written, one after another, and only logs what goes wrong
 * (volgen_apply_filters of glusterd-volgen.c, GlusterFS 10.3). So this must never leave a managed volume's
 * file as it found it: what it cannot filter, it empties.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/memory.h"
#include "base/sandbox.h"
#include "protocols/gluster/access_list_text.h"
#include "protocols/gluster/volfile_filter.h"

#define VOLFILE_MAX (4 * 1024 * 1024) /* bytes of a volfile: glusterd writes some 500 for each brick */
#define INFO_MAX (1024 * 1024)        /* bytes of vols/V/info */
#define GENERATION_KEY "user.gatehouse-generation="
#define PARENT_KEY "parent_volname="

/* The file at hand, and what its path says of it. */
struct volfile {
        const char *path;
        const char *name;  /* last component */
        int folder;        /* descriptor, to its directory */
        int access_folder; /* -1: there is none, no volume is managed */
        bool doubtful;     /* the access folder cannot be looked at: every volume may be managed */
        bool bricks;       /* in vols/V: may hold the list; any other file gets the peers at most */
        char volume[ACCESS_VOLUME_MAX + 1]; /* whose whole file it is; "" = shared */
        struct text text;
};

static void report(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void report(int priority, const char *format, ...)
{
        char line[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(line, sizeof line, format, arguments);
        va_end(arguments);
        fprintf(stderr, "gatehouse-volfile-filter: %s\n", line);
        syslog(priority, "%s", line);
}

/* Reads a regular file of at most `most` bytes, not through a link. 0 or -1 with errno. */
static int file_read(int folder, const char *name, size_t most, struct stat *status, struct text *out)
{
        AUTO_CLOSE int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        char block[16384];
        ssize_t got;

        if (fd < 0 || fstat(fd, status))
                return -1;
        errno = EFBIG;
        if (!S_ISREG(status->st_mode) || status->st_size < 0 || (size_t)status->st_size > most)
                return -1;
        while ((got = read(fd, block, sizeof block)) > 0) {
                text_add_bytes(out, block, (size_t)got);
                errno = EFBIG;
                if (out->length > most)
                        return -1;
        }
        return got < 0 ? -1 : 0;
}

/* Copies the value of the line that begins with `key` out of vols/V/info; false when the file cannot be read.
 * *value is "" when there is no such line. */
static bool info_value(int folder, const char *key, char *value, size_t size)
{
        AUTO_TEXT struct text info = { 0 };
        struct stat status;
        size_t length;
        const char *at;

        value[0] = '\0';
        if (file_read(folder, "info", INFO_MAX, &status, &info))
                return false;
        for (at = text_get(&info); strncmp(at, key, strlen(key)) != 0; at++)
                if (!(at = strchr(at, '\n')))
                        return true;
        at += strlen(key);
        length = strcspn(at, "\n");
        if (length >= size)
                return false;
        memcpy(value, at, length);
        value[length] = '\0';
        return true;
}

/* Whether the volume is Gatehouse's: <access folder>/<volume>.access is there, whatever it holds. */
static bool volume_is_managed(void *context, const char *volume)
{
        const struct volfile *file = context;
        char name[ACCESS_VOLUME_MAX + sizeof ".access"];
        struct stat status;

        if (file->doubtful)
                return true;
        if (file->access_folder < 0 || !access_volume_is_valid(volume))
                return false;
        snprintf(name, sizeof name, "%s.access", volume);
        return fstatat(file->access_folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* The generation that glusterd has stored for the volume; 0 = none yet. It stores vols/V/info after it has
 * written the volfiles, so that this is the previous one while a new one is being set. */
static bool stored_generation(int folder, uint64_t *generation)
{
        char value[32];
        char *end;

        *generation = 0;
        if (!info_value(folder, GENERATION_KEY, value, sizeof value))
                return false;
        if (value[0] == '\0')
                return true;
        errno = 0;
        *generation = strtoull(value, &end, 10);
        return errno == 0 && *end == '\0' && value[0] >= '0' && value[0] <= '9';
}

/* Loads the list of file->volume. Returns NULL when it is to be trusted, else what is wrong; what could be read
 * of the peers is in `access` all the same. */
static const char *access_load(const struct volfile *file, struct access_file *access, struct fault *fault)
{
        AUTO_TEXT struct text text = { 0 };
        char name[ACCESS_VOLUME_MAX + sizeof ".access"];
        struct stat status;
        uint64_t stored;

        snprintf(name, sizeof name, "%s.access", file->volume);
        if (file->access_folder < 0 || file_read(file->access_folder, name, ACCESS_TEXT_MAX, &status, &text))
                return "the access list cannot be read";
        if ((status.st_uid != 0 && status.st_uid != geteuid()) || (status.st_mode & (S_IWGRP | S_IWOTH)))
                return "others than root can write the access list";
        if (access_file_parse(text_get(&text), text.length, access, fault)) {
                if (strcmp(access->volume, file->volume) != 0)
                        access_file_fini(access);
                return fault->text;
        }
        if (strcmp(access->volume, file->volume) != 0) {
                access_file_fini(access);
                return "the access list is another volume's";
        }
        if (!stored_generation(file->folder, &stored))
                return "the volume's stored generation cannot be read";
        return access->list.generation < stored ? "the access list is older than the volume's generation" : NULL;
}

/* Puts `text` in place of the file, with its mode and owner, all or nothing. */
static bool file_replace(const struct volfile *file, const struct stat *status, const struct text *text)
{
        AUTO_FREE char *name = memory_format("%s.gatehouse-%ld", file->name, (long)getpid());
        AUTO_CLOSE int fd = -1;

        fd = openat(file->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return false;
        if (fchown(fd, status->st_uid, status->st_gid) == 0 && fchmod(fd, status->st_mode & 07777) == 0 &&
            durable_file_write(fd, text) && renameat(file->folder, name, file->folder, file->name) == 0)
                return fsync(file->folder) == 0;
        unlinkat(file->folder, name, 0);
        return false;
}

/* The last resort: a file without anything in it lets nobody in and starts nothing. */
static int file_empty(const struct volfile *file, const char *why)
{
        AUTO_CLOSE int fd = openat(file->folder, file->name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);

        report(LOG_ERR, fd >= 0 ? "%s: emptied, since %s" : "%s: UNFILTERED, since %s, and it cannot be emptied",
               file->path, why);
        if (fd >= 0)
                fsync(fd);
        return 1;
}

/* `wrong` = why rules->list is not there, if it should be. */
static int filter_apply(struct volfile *file, const struct stat *status, const struct volfile_rules *rules,
                        const char *wrong)
{
        AUTO_TEXT struct text out = { 0 };

        switch (volfile_filter_apply(text_get(&file->text), file->text.length, rules, &out)) {
        case VOLFILE_FOREIGN:
                return 0;
        case VOLFILE_TOO_LARGE:
                return file_empty(file, "it grows beyond what a volfile can be");
        case VOLFILE_STRICT:
                report(LOG_ERR, "%s: storage nodes only, since %s", file->path,
                       wrong ? wrong : "the access list is another volume's");
                break;
        case VOLFILE_LISTED:
                break;
        }
        if (out.length == file->text.length && memcmp(text_get(&out), text_get(&file->text), out.length) == 0)
                return 0;
        if (!file_replace(file, status, &out))
                return file_empty(file, strerror(errno));
        return 0;
}

/* A file that is one managed volume's alone. */
static int filter_own(struct volfile *file, const struct stat *status)
{
        AUTO_ACCESS_FILE struct access_file access = { 0 };
        struct volfile_rules rules = { 0 };
        struct fault fault = { 0 };
        const char *wrong = access_load(file, &access, &fault);

        if (!wrong && !file->bricks)
                wrong = "bricks of snapshots are for nobody else";
        rules.peers = access.list.peers;
        rules.peer_count = access.list.peer_count;
        rules.volume_id = access.volume_id;
        rules.list = wrong ? NULL : &access.list;
        return filter_apply(file, status, &rules, wrong);
}

/* Which volumes a file names: none, one, or several. */
struct named {
        char volume[ACCESS_VOLUME_MAX + 1];
        bool several;
};

static void named_note(void *context, const char *volume)
{
        struct named *named = context;

        if (named->volume[0] == '\0')
                memcpy(named->volume, volume, strlen(volume) + 1);
        else if (strcmp(named->volume, volume) != 0)
                named->several = true;
}

/* Finds whose file it is by its place: <work folder>/vols/V/file, and <work folder>/snaps/S/V/file, whose volume
 * is the parent's as far as access goes. Else by what it holds: glusterd compares new files in /tmp with the
 * ones in their place, so that one volume's must come out the same in both. */
static void volfile_place(struct volfile *file)
{
        AUTO_FREE char *path = memory_text(file->path);
        char *parts[4] = { NULL }; /* the last components before the name, nearest first */
        struct named named = { 0 };

        for (size_t i = 0; i < 4; i++) {
                char *slash = strrchr(path, '/');

                if (!slash)
                        break;
                *slash = '\0';
                parts[i] = strrchr(path, '/') ? strrchr(path, '/') + 1 : NULL;
        }
        if (parts[0] && parts[1] && strcmp(parts[1], "vols") == 0 && access_volume_is_valid(parts[0])) {
                file->bricks = true;
                memcpy(file->volume, parts[0], strlen(parts[0]) + 1);
        } else if (parts[2] && strcmp(parts[2], "snaps") == 0) {
                info_value(file->folder, PARENT_KEY, file->volume, sizeof file->volume);
        } else {
                volfile_each_volume(text_get(&file->text), file->text.length, named_note, &named);
                if (!named.several)
                        memcpy(file->volume, named.volume, sizeof file->volume);
        }
}

/* Opens the folder that holds the file and the one that holds the access lists. */
static int volfile_open(struct volfile *file, const char *access_folder)
{
        AUTO_FREE char *folder = memory_text(file->path);
        char *slash = strrchr(folder, '/');

        file->name = slash ? file->path + (slash - folder) + 1 : file->path;
        if (slash)
                *(slash == folder ? slash + 1 : slash) = '\0';
        file->folder = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (file->folder < 0) {
                report(LOG_ERR, "%s: UNFILTERED, since its folder cannot be opened: %s", file->path,
                       strerror(errno));
                return 1;
        }
        file->access_folder = open(access_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        file->doubtful = file->access_folder < 0 && errno != ENOENT;
        return 0;
}

static int volfile_filter(struct volfile *file)
{
        struct stat status;
        struct volfile_rules shared = { .is_managed = volume_is_managed, .context = file };

        if (file_read(file->folder, file->name, VOLFILE_MAX, &status, &file->text)) {
                int error = errno;

                volfile_place(file);
                return file->volume[0] && !volume_is_managed(file, file->volume)
                               ? 0
                               : file_empty(file, strerror(error));
        }
        volfile_place(file);
        if (file->volume[0] == '\0')
                return filter_apply(file, &status, &shared, NULL);
        return volume_is_managed(file, file->volume) ? filter_own(file, &status) : 0;
}

int main(int argc, char **argv)
{
        struct volfile file = { .folder = -1, .access_folder = -1 };
        int failed;

        if (argc < 2 || argc > 3 || argv[1][0] == '-') {
                if (argc == 2 && strcmp(argv[1], "--version") == 0)
                        return puts("gatehouse-volfile-filter " GATEHOUSE_VERSION) < 0;
                fprintf(stderr, "usage: gatehouse-volfile-filter VOLFILE [ACCESS-FOLDER]\n");
                return 2;
        }
        file.path = argv[1];
        openlog("gatehouse-volfile-filter", LOG_PID, LOG_DAEMON);
        sandbox_enter(SANDBOX_VOLFILE_FILTER, NULL); /* where there is none the file is filtered all the same */
        failed = volfile_open(&file, argc == 3 ? argv[2] : GATEHOUSE_ACCESSDIR);
        if (!failed && file.access_folder < 0 && !file.doubtful)
                return 0;
        if (!failed)
                failed = volfile_filter(&file);
        text_fini(&file.text);
        if (file.folder >= 0)
                close(file.folder);
        if (file.access_folder >= 0)
                close(file.access_folder);
        return failed;
}
