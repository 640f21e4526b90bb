/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fakes/fake_nfs_server.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "domain/path_rules.h"
#include "base/text.h"
#include "protocols/nfs/ganesha_config.h"

/* The answer to a call that was sent ahead. */
struct answer {
        enum nfs_call call;
        uint16_t number;
        int failed;
        struct fault fault;
        struct nfs_export_seen seen; /* of a display */
};

struct fake_nfs_server {
        struct answer answers[NFS_CALLS_AHEAD]; /* the oldest first; of the thread that calls */
        size_t answer_count;
        atomic_size_t most_ahead;
        pthread_mutex_t lock;
        struct nfs_export *exports[UINT16_MAX + 1];
        bool loose[UINT16_MAX + 1];       /* by hand: does not refuse others */
        uint16_t openers[UINT16_MAX + 1]; /* the export by which the volume of this one was opened */
        bool opener_taken;                /* by hand: what opens the volume again is not for Gatehouse to choose */
        bool orphaned;
        size_t count;
        uint64_t instance, instances, waited_instance;
        int changed_fd; /* eventfd: readable after stop and start */
        unsigned calls;
        unsigned fail_at; /* value of `calls` at which `fail_what` happens; 0 = never */
        enum fake_nfs_fault fail_what;
        char *forbidden_path;
        struct text journal;
};

static struct nfs_export *export_dup(const struct nfs_export *export)
{
        struct nfs_export *copy = NEW(struct nfs_export);

        *copy = *export;
        copy->path = memory_text(export->path);
        copy->pseudo = memory_text(export->pseudo);
        copy->volume = memory_text(export->volume);
        copy->clients = memory_new(export->client_count + 1, sizeof *copy->clients);
        if (export->client_count > 0)
                memcpy(copy->clients, export->clients, export->client_count * sizeof *copy->clients);
        return copy;
}

/* The number of an export of `volume`, which is not NULL, or 0. */
static uint16_t volume_find(const struct fake_nfs_server *fake, const char *volume)
{
        for (size_t number = 1; number <= EXPORT_NUMBER_MAX; number++)
                if (fake->exports[number] && fake->exports[number]->volume &&
                    strcmp(fake->exports[number]->volume, volume) == 0)
                        return (uint16_t)number;
        return 0;
}

/* NFS-Ganesha hands what a volume tells it of changes to the export that opened it, also when that one is gone. */
static void opener_note(struct fake_nfs_server *fake, const struct nfs_export *export)
{
        uint16_t other = export->volume ? volume_find(fake, export->volume) : 0;

        fake->openers[export->number] = other ? fake->openers[other] : export->number;
}

static void opener_gone(struct fake_nfs_server *fake, uint16_t number)
{
        for (size_t other = 1; other <= EXPORT_NUMBER_MAX; other++)
                if (fake->exports[other] && fake->openers[other] == number && !fake->opener_taken)
                        fake->orphaned = true;
}

/* Puts `export` (taken; NULL = nothing) in the place of its number. */
static void place(struct fake_nfs_server *fake, uint16_t number, struct nfs_export *export)
{
        if (export && !fake->exports[number])
                opener_note(fake, export);
        fake->count -= fake->exports[number] != NULL;
        fake->count += export != NULL;
        nfs_export_free(fake->exports[number]);
        fake->exports[number] = export;
        fake->loose[number] = false;
}

static void lose_all(struct fake_nfs_server *fake)
{
        for (size_t number = 0; number <= EXPORT_NUMBER_MAX; number++)
                place(fake, (uint16_t)number, NULL);
        fake->opener_taken = false;
}

static void stop(struct fake_nfs_server *fake)
{
        lose_all(fake);
        fake->instance = 0;
        eventfd_write(fake->changed_fd, 1);
}

/* Counts a call; 0, or what went wrong with it. *silent: it must do nothing and say that it did. */
static int begin(struct fake_nfs_server *fake, const char *what, uint16_t number, bool *silent,
                 struct fault *fault)
{
        *silent = false;
        fake->calls++;
        if (fake->instance == 0 || (fake->waited_instance && fake->waited_instance != fake->instance))
                return fault_set(fault, FAULT_UNAVAILABLE, "%s NFS export %u: the server is not there", what,
                                 number);
        if (fake->calls != fake->fail_at)
                return 0;
        switch (fake->fail_what) {
        case FAKE_NFS_CRASH:
                stop(fake);
                return fault_set(fault, FAULT_UNAVAILABLE, "%s NFS export %u: the server ended", what, number);
        case FAKE_NFS_LATE:
                return fault_set(fault, FAULT_TIMEOUT, "%s NFS export %u: no answer", what, number);
        case FAKE_NFS_SILENT:
                *silent = true;
                return 0;
        case FAKE_NFS_REFUSED:
                return fault_set(fault, FAULT_INVALID, "%s NFS export %u: refused", what, number);
        case FAKE_NFS_BROKEN:
                break;
        }
        return fault_set(fault, FAULT_INTERNAL, "%s NFS export %u: broken", what, number);
}

static bool pseudo_is_taken(const struct fake_nfs_server *fake, const struct nfs_export *export)
{
        for (size_t number = 1; number <= EXPORT_NUMBER_MAX && fake->count > 0; number++)
                if (number != export->number && fake->exports[number] &&
                    strcmp(fake->exports[number]->pseudo, export->pseudo) == 0)
                        return true;
        return false;
}

/* What the server looks at before it takes a block. */
static int inspect(const struct fake_nfs_server *fake, const char *what, const struct nfs_export *export,
                   struct fault *fault)
{
        if (pseudo_is_taken(fake, export))
                return fault_set(fault, FAULT_INVALID, "%s NFS export %u: its pseudo path is taken", what,
                                 export->number);
        if (fake->forbidden_path && path_is_within(export->path, fake->forbidden_path))
                return fault_set(fault, FAULT_INVALID, "%s NFS export %u: its path cannot be opened", what,
                                 export->number);
        return 0;
}

static int inspect_add(const struct fake_nfs_server *fake, const struct nfs_export *export, struct fault *fault)
{
        if (fake->exports[export->number])
                return fault_set(fault, FAULT_CONFLICT,
                                 "add NFS export %u: an export of this number is there already", export->number);
        return inspect(fake, "add", export, fault);
}

static int inspect_update(const struct fake_nfs_server *fake, const struct nfs_export *export, struct fault *fault)
{
        const struct nfs_export *present = fake->exports[export->number];
        int failed = inspect(fake, "update", export, fault);

        if (!failed && present &&
            (strcmp(present->path, export->path) != 0 || present->file_system_id != export->file_system_id))
                return fault_set(
                        fault, FAULT_INVALID,
                        "update NFS export %u: its path or file system id is not the one it was added with",
                        export->number);
        return failed;
}

static int change(struct fake_nfs_server *fake, const char *what, const struct nfs_export *export,
                  int (*inspect_change)(const struct fake_nfs_server *fake, const struct nfs_export *export,
                                        struct fault *fault),
                  struct fault *fault)
{
        AUTO_TEXT struct text block = { 0 };
        bool silent;
        int failed = ganesha_config_render(export, &block, fault);

        if (failed)
                return failed;
        pthread_mutex_lock(&fake->lock);
        text_addf(&fake->journal, "%s %u\n", what, export->number);
        failed = begin(fake, what, export->number, &silent, fault);
        if (!failed && !silent)
                failed = inspect_change(fake, export, fault);
        else if (failed == -FAULT_TIMEOUT && inspect_change(fake, export, NULL))
                silent = true;
        if ((!failed || failed == -FAULT_TIMEOUT) && !silent)
                place(fake, export->number, export_dup(export));
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

static int take_away(struct fake_nfs_server *fake, uint16_t number, struct fault *fault)
{
        bool silent;
        int failed;

        pthread_mutex_lock(&fake->lock);
        text_addf(&fake->journal, "remove %u\n", number);
        failed = begin(fake, "remove", number, &silent, fault);
        if ((!failed || failed == -FAULT_TIMEOUT) && !silent && number <= EXPORT_NUMBER_MAX) {
                place(fake, number, NULL);
                opener_gone(fake, number);
        }
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

static void show(const struct fake_nfs_server *fake, const struct nfs_export *export, struct nfs_export_seen *seen)
{
        AUTO_NFS_EXPORT struct nfs_export *copy = export_dup(export);

        seen->known = KNOWN_PRESENT;
        seen->refuses_others = !fake->loose[export->number];
        seen->path = copy->path;
        seen->pseudo = copy->pseudo;
        seen->clients = copy->clients;
        seen->client_count = copy->client_count;
        copy->path = NULL;
        copy->pseudo = NULL;
        copy->clients = NULL;
        if (seen->client_count > 0) {
                seen->squash = copy->squash;
                seen->anonymous_uid = copy->anonymous_uid;
                seen->anonymous_gid = copy->anonymous_gid;
                seen->privileged_ports = copy->privileged_ports;
        }
}

static int display(struct fake_nfs_server *fake, uint16_t number, struct nfs_export_seen *seen,
                   struct fault *fault)
{
        const struct nfs_export *export;
        bool silent;
        int failed;

        pthread_mutex_lock(&fake->lock);
        failed = begin(fake, "display", number, &silent, fault);
        export = number <= EXPORT_NUMBER_MAX ? fake->exports[number] : NULL;
        if (!failed && silent)
                seen->known = KNOWN_UNKNOWN;
        else if (!failed && export)
                show(fake, export, seen);
        else if (!failed)
                seen->known = KNOWN_ABSENT;
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

static int perform(struct fake_nfs_server *fake, enum nfs_call call, uint16_t number,
                   const struct nfs_export *export, struct nfs_export_seen *seen, struct fault *fault)
{
        switch (call) {
        case NFS_CALL_ADD:
                return change(fake, "add", export, inspect_add, fault);
        case NFS_CALL_UPDATE:
                return change(fake, "update", export, inspect_update, fault);
        case NFS_CALL_REMOVE:
                return take_away(fake, number, fault);
        case NFS_CALL_DISPLAY:
                break;
        }
        return display(fake, number, seen, fault);
}

static void fake_ahead(void *context, enum nfs_call call, uint16_t number, const struct nfs_export *export)
{
        struct fake_nfs_server *fake = context;
        struct answer *answer = &fake->answers[fake->answer_count++];

        assert(fake->answer_count <= NFS_CALLS_AHEAD);
        if (fake->answer_count > fake->most_ahead)
                fake->most_ahead = fake->answer_count;
        *answer = (struct answer){ .call = call, .number = number };
        answer->failed = perform(fake, call, number, export, &answer->seen, &answer->fault);
}

/* What the call that was sent ahead has come to, or does it now. */
static int answer_to(struct fake_nfs_server *fake, enum nfs_call call, uint16_t number,
                     const struct nfs_export *export, struct nfs_export_seen *seen, struct fault *fault)
{
        struct answer answer = fake->answers[0];

        if (fake->answer_count == 0)
                return perform(fake, call, number, export, seen, fault);
        assert(answer.call == call && answer.number == number);
        memmove(fake->answers, fake->answers + 1, --fake->answer_count * sizeof *fake->answers);
        if (answer.failed && fault)
                *fault = answer.fault;
        if (seen)
                *seen = answer.seen;
        return answer.failed;
}

static int fake_add(void *context, const struct nfs_export *export, struct fault *fault)
{
        return answer_to(context, NFS_CALL_ADD, export->number, export, NULL, fault);
}

static int fake_update(void *context, const struct nfs_export *export, struct fault *fault)
{
        return answer_to(context, NFS_CALL_UPDATE, export->number, export, NULL, fault);
}

static int fake_remove(void *context, uint16_t number, struct fault *fault)
{
        return answer_to(context, NFS_CALL_REMOVE, number, NULL, NULL, fault);
}

static int fake_display(void *context, uint16_t number, struct nfs_export_seen *seen, struct fault *fault)
{
        return answer_to(context, NFS_CALL_DISPLAY, number, NULL, seen, fault);
}

static int fake_list(void *context, struct nfs_export_listed **listed, size_t *count, struct fault *fault)
{
        struct fake_nfs_server *fake = context;
        bool silent;
        int failed;

        *listed = NULL;
        *count = 0;
        assert(fake->answer_count == 0);
        pthread_mutex_lock(&fake->lock);
        failed = begin(fake, "list", 0, &silent, fault);
        if (!failed && silent) /* without its root the real one has not said what it has */
                failed = fault_set(fault, FAULT_UNAVAILABLE, "fake: list did not say");
        if (!failed && fake->count > 0) {
                *listed = memory_new(fake->count, sizeof **listed);
                for (size_t number = 1; number <= EXPORT_NUMBER_MAX; number++)
                        if (fake->exports[number])
                                (*listed)[(*count)++] = (struct nfs_export_listed){
                                        .number = (uint16_t)number,
                                        .path = memory_text(fake->exports[number]->pseudo),
                                };
        }
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

static int fake_version(void *context, char version[SERVER_VERSION_SIZE], struct fault *fault)
{
        struct fake_nfs_server *fake = context;
        bool silent;
        int failed;

        pthread_mutex_lock(&fake->lock);
        failed = begin(fake, "ask for the version of", 0, &silent, fault);
        if (!failed && !server_version_take(silent ? "" : FAKE_NFS_VERSION, version))
                failed = fault_set(fault, FAULT_INTERNAL, "fake: it says no version");
        pthread_mutex_unlock(&fake->lock);
        return failed;
}

static bool instance_is_news(struct fake_nfs_server *fake)
{
        eventfd_t ignored;
        bool news;

        pthread_mutex_lock(&fake->lock);
        eventfd_read(fake->changed_fd, &ignored);
        news = fake->instance != fake->waited_instance;
        pthread_mutex_unlock(&fake->lock);
        return news;
}

static void answers_forget(struct fake_nfs_server *fake)
{
        while (fake->answer_count > 0)
                nfs_export_seen_fini(&fake->answers[--fake->answer_count].seen);
}

static uint64_t fake_wait(void *context, int wake_fd, int timeout_ms)
{
        struct fake_nfs_server *fake = context;
        int64_t end = clock_monotonic_ms(clock_system()) + timeout_ms;
        bool woken = false;
        uint64_t instance;

        answers_forget(fake);
        while (!instance_is_news(fake) && !woken) {
                struct pollfd polled[2] = { { .fd = wake_fd, .events = POLLIN },
                                            { .fd = fake->changed_fd, .events = POLLIN } };
                int64_t left = timeout_ms < 0 ? -1 : end - clock_monotonic_ms(clock_system());

                if (timeout_ms >= 0 && left <= 0)
                        break;
                poll(polled, 2, (int)left);
                woken = polled[0].revents != 0;
        }
        pthread_mutex_lock(&fake->lock);
        instance = fake->waited_instance = fake->instance;
        pthread_mutex_unlock(&fake->lock);
        return instance;
}

struct fake_nfs_server *fake_nfs_server_new(void)
{
        struct fake_nfs_server *fake = NEW(struct fake_nfs_server);

        pthread_mutex_init(&fake->lock, NULL);
        fake->changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fake->changed_fd < 0)
                abort();
        fake->instance = fake->instances = 1;
        return fake;
}

void fake_nfs_server_free(struct fake_nfs_server *fake)
{
        if (!fake)
                return;
        lose_all(fake);
        answers_forget(fake);
        close(fake->changed_fd);
        free(fake->forbidden_path);
        text_fini(&fake->journal);
        pthread_mutex_destroy(&fake->lock);
        free(fake);
}

struct nfs_server fake_nfs_server_seam(struct fake_nfs_server *fake)
{
        return (struct nfs_server){
                .ahead = fake_ahead,
                .add = fake_add,
                .update = fake_update,
                .remove = fake_remove,
                .display = fake_display,
                .list = fake_list,
                .version = fake_version,
                .wait = fake_wait,
                .context = fake,
        };
}

void fake_nfs_server_stop(struct fake_nfs_server *fake)
{
        pthread_mutex_lock(&fake->lock);
        stop(fake);
        pthread_mutex_unlock(&fake->lock);
}

void fake_nfs_server_start(struct fake_nfs_server *fake)
{
        pthread_mutex_lock(&fake->lock);
        lose_all(fake);
        fake->instance = ++fake->instances;
        eventfd_write(fake->changed_fd, 1);
        pthread_mutex_unlock(&fake->lock);
}

void fake_nfs_server_fail(struct fake_nfs_server *fake, unsigned nth, enum fake_nfs_fault what)
{
        pthread_mutex_lock(&fake->lock);
        fake->fail_at = nth ? fake->calls + nth : 0;
        fake->fail_what = what;
        pthread_mutex_unlock(&fake->lock);
}

unsigned fake_nfs_server_calls(struct fake_nfs_server *fake)
{
        unsigned calls;

        pthread_mutex_lock(&fake->lock);
        calls = fake->calls;
        pthread_mutex_unlock(&fake->lock);
        return calls;
}

size_t fake_nfs_server_most_ahead(struct fake_nfs_server *fake)
{
        return fake->most_ahead;
}

void fake_nfs_server_forbid_path(struct fake_nfs_server *fake, const char *path)
{
        pthread_mutex_lock(&fake->lock);
        free(fake->forbidden_path);
        fake->forbidden_path = memory_text(path);
        pthread_mutex_unlock(&fake->lock);
}

bool fake_nfs_server_holds(struct fake_nfs_server *fake, const struct nfs_export *wanted)
{
        bool holds;

        pthread_mutex_lock(&fake->lock);
        holds = fake->exports[wanted->number] && !fake->loose[wanted->number] &&
                nfs_export_equal(fake->exports[wanted->number], wanted);
        pthread_mutex_unlock(&fake->lock);
        return holds;
}

void fake_nfs_server_loosen(struct fake_nfs_server *fake, uint16_t number)
{
        pthread_mutex_lock(&fake->lock);
        fake->loose[number] = fake->exports[number] != NULL;
        pthread_mutex_unlock(&fake->lock);
}

void fake_nfs_server_meddle(struct fake_nfs_server *fake, const struct nfs_export *export)
{
        pthread_mutex_lock(&fake->lock);
        if (fake->instance)
                place(fake, export->number, export_dup(export));
        pthread_mutex_unlock(&fake->lock);
}

void fake_nfs_server_take_away(struct fake_nfs_server *fake, uint16_t number)
{
        pthread_mutex_lock(&fake->lock);
        fake->opener_taken = fake->opener_taken || fake->openers[number] == number;
        place(fake, number, NULL);
        pthread_mutex_unlock(&fake->lock);
}

bool fake_nfs_server_is_orphaned(struct fake_nfs_server *fake)
{
        bool orphaned;

        pthread_mutex_lock(&fake->lock);
        orphaned = fake->orphaned;
        pthread_mutex_unlock(&fake->lock);
        return orphaned;
}

size_t fake_nfs_server_count(struct fake_nfs_server *fake)
{
        size_t count;

        pthread_mutex_lock(&fake->lock);
        count = fake->count;
        pthread_mutex_unlock(&fake->lock);
        return count;
}

void fake_nfs_server_each(struct fake_nfs_server *fake,
                          void (*each)(void *context, const struct nfs_export *export), void *context)
{
        pthread_mutex_lock(&fake->lock);
        size_t left = fake->count;
        for (size_t number = 1; number <= EXPORT_NUMBER_MAX && left > 0; number++)
                if (fake->exports[number]) {
                        each(context, fake->exports[number]);
                        left--;
                }
        pthread_mutex_unlock(&fake->lock);
}

char *fake_nfs_server_journal(struct fake_nfs_server *fake)
{
        char *journal;

        pthread_mutex_lock(&fake->lock);
        journal = memory_text(text_get(&fake->journal));
        pthread_mutex_unlock(&fake->lock);
        return journal;
}
