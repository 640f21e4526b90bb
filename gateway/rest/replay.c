/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/replay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "auth/secret.h"
#include "base/memory.h"

/* Old records of others are looked for among this many with each new one, so that they cannot pile up. */
#define SWEEP_COUNT 16

/* Half of an id stands for the principal, so that its records lie side by side, and half for the key. */
#define ID_HALF TOKEN_HASH_SIZE

struct replays {
        pthread_mutex_t lock;
        struct replay *first;
};

struct replays *replays_new(void)
{
        struct replays *replays = NEW(struct replays);

        pthread_mutex_init(&replays->lock, NULL);
        return replays;
}

void replays_free(struct replays *replays)
{
        pthread_mutex_destroy(&replays->lock);
        free(replays);
}

void replay_check_key(const struct request *request, struct violations *violations)
{
        const char *key = request->headers[HEADER_IDEMPOTENCY_KEY];
        size_t length = key ? strlen(key) : 1;
        bool visible = true;

        for (size_t i = 0; key && i < length; i++)
                visible = visible && key[i] > ' ' && key[i] <= '~';
        if (length < 1 || length > REPLAY_KEY_MOST || !visible)
                violation_add(violations, "header/Idempotency-Key", "idempotency.key_malformed",
                              "an Idempotency-Key has 1 to %d visible ASCII characters", REPLAY_KEY_MOST);
}

/* --- Whose key it is, and for what ----------------------------------------------------------------------------
 */

static void half_write(const struct text *text, char *half)
{
        uint8_t hash[TOKEN_HASH_SIZE];

        digest_bytes(text->data, text->length, hash);
        for (size_t i = 0; i < ID_HALF / 2; i++)
                snprintf(half + 2 * i, 3, "%02x", hash[i]);
}

/* A token that was made anew under its old name may speak for another account. */
static void id_write(struct replay *replay, const struct principal *principal, const char *key)
{
        AUTO_TEXT struct text who = { 0 };
        AUTO_TEXT struct text what = { 0 };

        text_addf(&who, "%d", (int)principal->kind);
        text_add_bytes(&who, principal->name, strlen(principal->name) + 1);
        text_add(&who, principal->account);
        text_add(&what, key);
        half_write(&who, replay->id);
        half_write(&what, replay->id + ID_HALF);
}

static void request_digest(const struct request *request, const json_t *body, uint8_t hash[TOKEN_HASH_SIZE])
{
        AUTO_FREE char *canonical = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
        AUTO_TEXT struct text text = { 0 };

        if (!canonical)
                abort();
        text_addf(&text, "%s %s\n%s", request->method, request->path, canonical);
        digest_bytes(text.data, text.length, hash);
}

/* --- Under way ------------------------------------------------------------------------------------------------
 */

/* Lists it, unless a request with this key is there already. */
static bool running_add(struct replays *replays, struct replay *replay)
{
        struct replay *other;

        pthread_mutex_lock(&replays->lock);
        for (other = replays->first; other && strcmp(other->id, replay->id) != 0; other = other->next)
                ;
        if (!other) {
                replay->running = replays;
                replay->next = replays->first;
                replays->first = replay;
        }
        pthread_mutex_unlock(&replays->lock);
        return !other;
}

void replay_end(struct replay *replay)
{
        struct replays *replays = replay->running;
        struct replay **at;

        if (!replays)
                return;
        pthread_mutex_lock(&replays->lock);
        for (at = &replays->first; *at != replay; at = &(*at)->next)
                ;
        *at = replay->next;
        pthread_mutex_unlock(&replays->lock);
        replay->running = NULL;
}

/* --- What was answered ----------------------------------------------------------------------------------------
 */

static void replay_reply(struct request *request, const struct reply_record *record)
{
        char tag[REPLY_ETAG_SIZE];

        reply_text(&request->reply, record->status, record->body);
        if (record->location)
                reply_field(&request->reply, "Location", "%s", record->location);
        if (record->tagged_revision)
                reply_field(&request->reply, "ETag", "%s", reply_etag(record->tagged_revision, tag));
        reply_field(&request->reply, "Idempotency-Replayed", "true");
}

static void replay_refuse(struct request *request, enum fault_code code, const char *word, const char *sentence)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };

        violation_add(&violations, "header/Idempotency-Key", word, "%s", sentence);
        reply_violations(&request->reply, code, &violations);
}

bool replay_start(struct request *request, struct replay *replay, const json_t *body)
{
        const char *key = request->headers[HEADER_IDEMPOTENCY_KEY];
        const struct reply_record *record;

        if (!key || request->dry_run)
                return true;
        id_write(replay, &request->principal, key);
        request_digest(request, body, replay->request_hash);
        if (!running_add(request->replays, replay)) {
                replay_refuse(request, FAULT_CONFLICT, "idempotency.running",
                              "a request with this key is under way; send it again to learn what became of it");
                reply_field(&request->reply, "Retry-After", "1");
                return false;
        }
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        record = (const struct reply_record *)snapshot_find(now, DOCUMENT_REPLY, replay->id);
        if (!record || record->document.created_at_ms + REPLAY_KEPT_MS < clock_wall_ms(request->context->clock))
                return true;
        if (memcmp(record->request_hash, replay->request_hash, sizeof record->request_hash) != 0)
                replay_refuse(request, FAULT_INVALID, "idempotency.key_reused",
                              "this key came with another request before; a new one needs a new key");
        else if (record->body)
                replay_reply(request, record);
        return request->reply.status == 0;
}

/* --- What is kept ---------------------------------------------------------------------------------------------
 */

struct id_list {
        char **ids;
        size_t count;
};

static void id_list_add(struct id_list *list, const char *id)
{
        list->ids = memory_grow(list->ids, list->count, sizeof *list->ids);
        list->ids[list->count++] = memory_text(id);
}

/* A walk does not outlive a change of what it walks over: what goes is listed first. */
static void records_remove(struct write *write, struct id_list *list)
{
        for (size_t i = 0; i < list->count; i++) {
                write_remove(write, DOCUMENT_REPLY, list->ids[i]);
                free(list->ids[i]);
        }
        free(list->ids);
}

static bool record_is_old(const struct write *write, const struct document *document)
{
        return document->created_at_ms + REPLAY_KEPT_MS < write->now_ms;
}

struct kept_reply {
        const struct document *document;
        size_t bytes;
};

static int older_first(const void *a, const void *b)
{
        int64_t one = ((const struct kept_reply *)a)->document->created_at_ms,
                other = ((const struct kept_reply *)b)->document->created_at_ms;

        return (one > other) - (one < other);
}

/* Lists what the principal has that is too old, and its oldest if there are too many for one more of `bytes`. */
static void own_list(const struct write *write, const char *id, size_t bytes, struct id_list *leaving)
{
        char prefix[ID_HALF + 1];
        AUTO_FREE struct kept_reply *kept = NULL;
        const struct document *document;
        struct snapshot_walk walk;
        size_t count = 0;

        snprintf(prefix, sizeof prefix, "%.*s", ID_HALF, id);
        snapshot_walk_start(&walk, write->now->kinds[DOCUMENT_REPLY], NULL, prefix);
        while ((document = snapshot_walk_next(&walk)) && strncmp(document->id, prefix, ID_HALF) == 0) {
                if (record_is_old(write, document)) {
                        id_list_add(leaving, document->id);
                        continue;
                }
                kept = memory_grow(kept, count, sizeof *kept);
                kept[count].document = document;
                kept[count].bytes = ((const struct reply_record *)document)->body_length;
                bytes += kept[count++].bytes;
        }
        if (count < REPLAYS_KEPT_MOST && bytes <= REPLAY_BODIES_MOST)
                return;
        qsort(kept, count, sizeof *kept, older_first);
        for (size_t i = 0; i < count && (count - i >= REPLAYS_KEPT_MOST || bytes > REPLAY_BODIES_MOST); i++) {
                id_list_add(leaving, kept[i].document->id);
                bytes -= kept[i].bytes;
        }
}

/* Looks at a few records of anybody's: keys are hashes, so that every part of the range gets its turn. */
static void others_list(const struct write *write, const char *start, struct id_list *leaving)
{
        const struct document *document;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, write->now->kinds[DOCUMENT_REPLY], NULL, start);
        for (size_t i = 0; i < SWEEP_COUNT && (document = snapshot_walk_next(&walk)); i++)
                if (record_is_old(write, document))
                        id_list_add(leaving, document->id);
}

void replay_keep(const struct replay *replay, struct write *write, int status, const char *location,
                 uint64_t revision, const json_t *body)
{
        AUTO_SHARED struct reply_record *record = NULL;
        struct id_list leaving = { 0 };
        size_t length;
        char *text;

        if (!replay_is_wanted(replay))
                return;
        text = json_dumps(body, JSON_COMPACT);
        if (!text)
                abort();
        length = strlen(text);
        own_list(write, replay->id, length, &leaving);
        others_list(write, replay->id + ID_HALF, &leaving);
        records_remove(write, &leaving);
        /* An older one of this key is gone by now, or is to be made again: so is its time. */
        write_remove(write, DOCUMENT_REPLY, replay->id);
        record = reply_record_new(replay->id);
        memcpy(record->request_hash, replay->request_hash, sizeof record->request_hash);
        record->status = status;
        record->location = location ? memory_text(location) : NULL;
        record->tagged_revision = revision;
        if (length <= REPLAY_BODY_MOST) {
                record->body = text;
                record->body_length = length;
        } else {
                free(text);
        }
        write_put(write, &record->document);
}
