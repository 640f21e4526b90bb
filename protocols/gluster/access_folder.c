/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/access_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/memory.h"
#include "protocols/gluster/volfile_filter.h"

#define LOOKS 20                      /* at a volfile that may be about to be filtered */
#define LOOK_PAUSE_MS 50              /* between them; a run of the filter takes 3 */
#define VOLFILE_MAX (8 * 1024 * 1024) /* bytes looked at: glusterd's own text and the list */

const char access_no_file[] = "no file";

int access_folder_put(const char *folder, const char *name, const struct text *text, struct fault *fault)
{
        AUTO_FREE char *temporary = memory_format(".%s.new", name);
        AUTO_CLOSE int folder_fd = -1;

        if (mkdir(folder, 0755) && errno != EEXIST)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make %s", folder);
        folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0 || !durable_file_put(folder_fd, name, temporary, text))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "write %s/%s", folder, name);
        return 0;
}

int access_folder_write(const char *folder, const struct access_file *file, struct fault *fault)
{
        AUTO_TEXT struct text text = { 0 };
        AUTO_FREE char *name = memory_format("%s.access", file->volume);
        int failed = access_file_print(file, &text, fault);

        return failed ? failed : access_folder_put(folder, name, &text, fault);
}

bool access_folder_manages(const char *folder, const char *volume)
{
        AUTO_FREE char *path = memory_format("%s/%s.access", folder, volume);

        return access(path, F_OK) == 0 || errno != ENOENT;
}

uint64_t access_folder_generation(const char *folder, const char *volume)
{
        AUTO_FREE char *path = memory_format("%s/%s.access", folder, volume);
        AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };
        char block[16384];
        ssize_t got = 0;

        while (fd >= 0 && text.length <= ACCESS_TEXT_MAX && (got = read(fd, block, sizeof block)) > 0)
                text_add_bytes(&text, block, (size_t)got);
        if (fd < 0 || got != 0 || access_file_parse(text_get(&text), text.length, &file, &fault))
                return 0;
        return file.list.generation;
}

bool time_is_before(const struct timespec *a, const struct timespec *b)
{
        return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Whether `path` is a program that only root can change; links are followed, as glusterd does. */
static bool is_program_of_root(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 &&
               (status.st_mode & S_IXUSR) && !(status.st_mode & (S_IWGRP | S_IWOTH));
}

static void auto_closedir(DIR **directory)
{
        if (*directory)
                closedir(*directory);
}
#define AUTO_CLOSEDIR __attribute__((cleanup(auto_closedir)))

bool access_filter_since(const char *library_folder, struct timespec *since)
{
        AUTO_CLOSEDIR DIR *directory = opendir(library_folder);
        const struct dirent *entry;
        bool found = false;

        while (directory && (entry = readdir(directory))) {
                AUTO_FREE char *filter =
                        memory_format("%s/%s/filter/" ACCESS_FILTER_NAME, library_folder, entry->d_name);
                struct stat status;

                if (entry->d_name[0] == '.' || lstat(filter, &status))
                        continue;
                if (!found || time_is_before(since, &status.st_ctim))
                        *since = status.st_ctim;
                found = true;
        }
        return found;
}

bool access_filter_is_installed(const char *library_folder)
{
        AUTO_CLOSEDIR DIR *directory = opendir(library_folder);
        const struct dirent *entry;
        bool found = false;

        while (directory && (entry = readdir(directory))) {
                AUTO_FREE char *server =
                        memory_format("%s/%s/xlator/mgmt/glusterd.so", library_folder, entry->d_name);
                AUTO_FREE char *filter =
                        memory_format("%s/%s/filter/gatehouse-volfile-filter", library_folder, entry->d_name);

                if (entry->d_name[0] == '.' || access(server, F_OK) != 0)
                        continue;
                if (!is_program_of_root(filter))
                        return false;
                found = true;
        }
        return found;
}

/* What is wrong with a volfile. */
struct volfile_flaw {
        const char *sentence; /* NULL = nothing */
        char *observed;       /* owned */
        size_t length;
        const char *desired;
};

static void flaw_fini(struct volfile_flaw *flaw)
{
        free(flaw->observed);
        *flaw = (struct volfile_flaw){ 0 };
}
#define AUTO_FLAW __attribute__((cleanup(flaw_fini)))

static void flaw_set(struct volfile_flaw *flaw, const char *sentence, const char *observed, size_t length,
                     const char *desired)
{
        flaw->sentence = sentence;
        flaw->observed = memory_new(1, length + 1);
        memcpy(flaw->observed, observed, length);
        flaw->length = length;
        flaw->desired = desired;
}

/* One look at a volfile; a file that glusterd has just taken away has no flaw. */
static void volfile_look(int folder, const char *name, const char *value, struct volfile_flaw *flaw)
{
        static const char credentials[] = "credentials";
        AUTO_CLOSE int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        AUTO_TEXT struct text text = { 0 };
        char block[16384];
        const char *other;
        size_t length;
        ssize_t got = 0;

        flaw_fini(flaw);
        if (fd < 0 && errno == ENOENT)
                return;
        while (fd >= 0 && text.length <= VOLFILE_MAX && (got = read(fd, block, sizeof block)) > 0)
                text_add_bytes(&text, block, (size_t)got);
        if (fd < 0 || got != 0)
                flaw_set(flaw, "it cannot be read", "", 0, "a volfile");
        else if (volfile_has_credentials(text_get(&text), text.length))
                flaw_set(flaw, "it holds credentials, so that glusterd did not run gatehouse-volfile-filter",
                         credentials, sizeof credentials - 1, "no credentials");
        else if (value && (other = volfile_other_list(text_get(&text), text.length, value, &length)))
                flaw_set(flaw, "gatehouse-volfile-filter did not take the list; the system log has its reason",
                         other, length, value);
}

static void volfile_check(int folder, const char *name, const char *value, struct volfile_flaw *flaw)
{
        volfile_look(folder, name, value, flaw);
        for (int look = 1; flaw->sentence && look < LOOKS; look++) {
                nanosleep(&(struct timespec){ .tv_nsec = LOOK_PAUSE_MS * 1000000L }, NULL);
                volfile_look(folder, name, value, flaw);
        }
}

static bool is_volfile(const char *name)
{
        size_t length = strlen(name);

        return length >= 4 && strcmp(name + length - 4, ".vol") == 0;
}

int access_filter_check_volfiles(const char *work_folder, const char *volume, const char *value,
                                 struct fault *fault)
{
        AUTO_FREE char *path = memory_format("%s/vols/%s", work_folder, volume);
        AUTO_CLOSEDIR DIR *directory = opendir(path);
        const struct dirent *entry;
        bool found = false;

        while (directory && (entry = readdir(directory))) {
                AUTO_FLAW struct volfile_flaw flaw = { 0 };

                if (!is_volfile(entry->d_name))
                        continue;
                volfile_check(dirfd(directory), entry->d_name, value, &flaw);
                if (flaw.sentence)
                        return fault_set(fault, FAULT_FORBIDDEN, "look at volfile %s: %s", entry->d_name,
                                         flaw.sentence);
                found = true;
        }
        return found ? 0 : fault_set(fault, FAULT_NOT_FOUND, "look at the volfiles in %s: there are none", path);
}

void access_filter_compare_volfiles(const char *work_folder, const char *volume, const char *value,
                                    void (*each)(void *context, const char *name, const char *observed,
                                                 size_t length, const char *desired),
                                    void *context)
{
        AUTO_FREE char *path = memory_format("%s/vols/%s", work_folder, volume);
        AUTO_CLOSEDIR DIR *directory = opendir(path);
        const struct dirent *entry;

        while (directory && (entry = readdir(directory))) {
                AUTO_FLAW struct volfile_flaw flaw = { 0 };

                if (!is_volfile(entry->d_name))
                        continue;
                volfile_check(dirfd(directory), entry->d_name, value, &flaw);
                if (flaw.sentence)
                        each(context, entry->d_name, flaw.observed, flaw.length, flaw.desired);
        }
}

/* Links `program` as <folder>/filter/<name>; by way of another name, so that there always is one. */
static int filter_link(const char *folder, const char *program, struct fault *fault)
{
        AUTO_FREE char *filters = memory_format("%s/filter", folder);
        AUTO_FREE char *name = memory_format("%s/" ACCESS_FILTER_NAME, filters);
        AUTO_FREE char *fresh = memory_format("%s/.gatehouse-new", folder); /* not among what glusterd runs */

        if (mkdir(filters, 0755) && errno != EEXIST)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make %s", filters);
        unlink(fresh);
        if (symlink(program, fresh) || rename(fresh, name))
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "link %s to %s", name, program);
        return 0;
}

int access_filter_put_back(const char *library_folder, const char *program, struct fault *fault)
{
        AUTO_CLOSEDIR DIR *directory = opendir(library_folder);
        const struct dirent *entry;
        int failed = 0;

        if (!is_program_of_root(program))
                return fault_set(fault, FAULT_FORBIDDEN, "put the filter back: %s is no program of root's",
                                 program);
        while (!failed && directory && (entry = readdir(directory))) {
                AUTO_FREE char *folder = memory_format("%s/%s", library_folder, entry->d_name);
                AUTO_FREE char *server = memory_format("%s/xlator/mgmt/glusterd.so", folder);

                if (entry->d_name[0] != '.' && access(server, F_OK) == 0)
                        failed = filter_link(folder, program, fault);
        }
        return failed;
}

const char *access_folder_read(const char *folder, const char *volume, struct text *text)
{
        AUTO_FREE char *name = memory_format("%s.access", volume);

        return access_folder_take(folder, name, text);
}

const char *access_folder_take(const char *folder, const char *name, struct text *text)
{
        AUTO_FREE char *path = memory_format("%s/%s", folder, name);
        AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        char block[16384];
        struct stat status;
        ssize_t got;

        if (fd < 0)
                return errno == ENOENT ? access_no_file : "the file cannot be opened";
        if (fstat(fd, &status) || !S_ISREG(status.st_mode))
                return "it is no file";
        if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)))
                return "others than root can write the file";
        while (text->length <= ACCESS_TEXT_MAX && (got = read(fd, block, sizeof block)) > 0)
                text_add_bytes(text, block, (size_t)got);
        return NULL;
}
