/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/admission.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/throttle.h"
#include "base/log.h"
#include "base/memory.h"

/* How often uses are written down: a use is no reason for a commit of its own, and an hour is near enough to tell
 * a token that nobody needs. */
#define FLUSH_INTERVAL_MS (60 * 60 * 1000)

struct use {
        struct shared shared; /* first: a map holds it */
        int64_t last_ms;
};

/* One batch of uses on its way to the store; freed by its own end. */
struct flush {
        struct write_job job; /* first: the writer hands back its address */
        struct admission *admission;
        struct pmap uses; /* hash of the token -> struct use; nobody else has them any more */
};

struct admission {
        const struct rest_context *context;
        struct throttle *throttle;
        pthread_mutex_t lock;
        pthread_cond_t flushed;
        struct pmap uses; /* hash of the token -> struct use, under the lock, as all that follows */
        int64_t flushed_at_ms;
        unsigned flushing;
};

struct admission *admission_new(const struct rest_context *context)
{
        struct admission *admission = NEW(struct admission);

        admission->context = context;
        admission->throttle = throttle_new();
        admission->flushed_at_ms = clock_monotonic_ms(context->clock);
        pthread_mutex_init(&admission->lock, NULL);
        pthread_cond_init(&admission->flushed, NULL);
        return admission;
}

static int flush_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        struct flush *flush = (struct flush *)job;
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        (void)fault;
        pmap_first(flush->uses, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct token *token = snapshot_token_by_hash(write->now, entry.key);
                int64_t last_ms = ((const struct use *)entry.value)->last_ms;

                if (!token || token->last_used_at_ms >= last_ms)
                        continue;
                token_note_use(token, last_ms);
                write_note(write, &token->document);
        }
        return 0;
}

static void flush_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        struct flush *flush = (struct flush *)job;
        struct admission *admission = flush->admission;

        (void)published;
        if (fault->code != FAULT_NONE)
                log_warning("write down when tokens were used: %s", fault->text);
        pmap_fini(&flush->uses);
        free(flush);
        pthread_mutex_lock(&admission->lock);
        admission->flushing--;
        pthread_cond_broadcast(&admission->flushed);
        pthread_mutex_unlock(&admission->lock);
}

/* Under the lock: hands the uses that are not written down to the writer. */
static struct flush *flush_take(struct admission *admission)
{
        struct flush *flush;

        if (pmap_count(admission->uses) == 0)
                return NULL;
        flush = NEW(struct flush);
        flush->job = (struct write_job){ .prepare = flush_prepare, .done = flush_done };
        flush->admission = admission;
        flush->uses = admission->uses;
        admission->uses = (struct pmap){ 0 };
        admission->flushing++;
        return flush;
}

void admission_free(struct admission *admission)
{
        struct flush *flush;

        if (!admission)
                return;
        pthread_mutex_lock(&admission->lock);
        flush = flush_take(admission);
        if (flush)
                writer_submit(admission->context->writer, &flush->job);
        while (admission->flushing > 0)
                pthread_cond_wait(&admission->flushed, &admission->lock);
        pthread_mutex_unlock(&admission->lock);
        pthread_cond_destroy(&admission->flushed);
        pthread_mutex_destroy(&admission->lock);
        throttle_free(admission->throttle);
        free(admission);
}

static void use_note(struct admission *admission, const struct token *token, int64_t now_ms)
{
        int64_t monotonic_ms = clock_monotonic_ms(admission->context->clock);
        struct flush *flush = NULL;

        pthread_mutex_lock(&admission->lock);
        struct use *use = pmap_find(admission->uses, token->hash, sizeof token->hash);
        if (!use) {
                use = NEW(struct use);
                shared_init(use, free);
                pmap_put(&admission->uses, token->hash, sizeof token->hash, use);
                shared_put(use);
        }
        use->last_ms = now_ms;
        if (monotonic_ms - admission->flushed_at_ms >= FLUSH_INTERVAL_MS) {
                admission->flushed_at_ms = monotonic_ms;
                flush = flush_take(admission);
        }
        pthread_mutex_unlock(&admission->lock);
        if (flush)
                writer_submit(admission->context->writer, &flush->job);
}

int64_t admission_last_used_ms(struct admission *admission, const struct token *token)
{
        int64_t last_ms = token->last_used_at_ms;

        pthread_mutex_lock(&admission->lock);
        const struct use *use = pmap_find(admission->uses, token->hash, sizeof token->hash);
        if (use && use->last_ms > last_ms)
                last_ms = use->last_ms;
        pthread_mutex_unlock(&admission->lock);
        return last_ms;
}

/* The principal of `secret` now; a token that is one has been used. */
static int principal_find(struct admission *admission, const char *secret, struct principal *principal,
                          bool *is_token, struct fault *fault)
{
        int64_t now_ms = clock_wall_ms(admission->context->clock);
        AUTO_SHARED const struct snapshot *snapshot = writer_snapshot(admission->context->writer);
        const struct token *token;
        int failed = principal_from_secret(secret, snapshot, now_ms, principal, &token, fault);

        if (!failed)
                use_note(admission, token, now_ms);
        *is_token = token != NULL;
        return failed;
}

bool admission_holds(const struct request *request)
{
        const struct principal *then = &request->principal;
        struct fault fault = { 0 };
        struct principal now;
        bool is_token;

        if (strncmp(then->name, "token:", 6) != 0)
                return true;
        return principal_find(request->admission, principal_bearer(request->headers[HEADER_AUTHORIZATION]), &now,
                              &is_token, &fault) == 0 &&
               now.kind == then->kind && strcmp(now.name, then->name) == 0 &&
               strcmp(now.account, then->account) == 0;
}

int admission_by_secret(struct request *request, const char *secret, struct fault *fault)
{
        struct admission *admission = request->admission;
        struct address address;
        unsigned wait_s;
        bool is_token;
        int failed = principal_find(admission, secret, &request->principal, &is_token, fault);

        /* A token that has expired is no guess: its owner is told so, however often he asks. */
        if (!failed || is_token || address_parse(request->source, &address) < 0)
                return failed;
        wait_s = throttle_failure(admission->throttle, &address, clock_monotonic_ms(admission->context->clock));
        if (wait_s == 0)
                return failed;
        request->retry_after_s = wait_s;
        return fault_set(fault, FAULT_THROTTLED,
                         "too much came from this address that is no token; try again in %u s", wait_s);
}

void admission_refuse(struct request *request, const struct fault *fault)
{
        reply_problem(&request->reply, fault, NULL, NULL);
        if (fault->code != FAULT_THROTTLED)
                return;
        reply_retry_after(&request->reply, request->retry_after_s);
        reply_field(&request->reply, "Connection", "close");
}
