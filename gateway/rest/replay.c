/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "auth/secret.h"
#include "base/memory.h"
#include "base/text.h"

/* Old records are looked for among this many with each new one, so that they cannot pile up. */
#define SWEEP_COUNT 16

void replay_check_key(const char *key, struct violations *violations)
{
        size_t length = key ? strlen(key) : 1;
        bool visible = true;

        for (size_t i = 0; key && i < length; i++)
                visible = visible && key[i] > ' ' && key[i] <= '~';
        if (length < 1 || length > REPLAY_KEY_MOST || !visible)
                violation_add(violations, "header/Idempotency-Key", "idempotency.key_malformed",
                              "an Idempotency-Key has 1 to %d visible ASCII characters", REPLAY_KEY_MOST);
}

void replay_start(struct replay *replay, const struct principal *principal, const char *key, const json_t *body)
{
        AUTO_TEXT struct text scoped = { 0 };
        AUTO_FREE char *canonical = NULL;
        uint8_t hash[TOKEN_HASH_SIZE];

        *replay = (struct replay){ 0 };
        if (!key)
                return;
        text_add_bytes(&scoped, principal->name, strlen(principal->name) + 1);
        text_add(&scoped, key);
        digest_bytes(scoped.data, scoped.length, hash);
        for (size_t i = 0; i < sizeof hash; i++)
                snprintf(replay->id + 2 * i, 3, "%02x", hash[i]);
        canonical = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
        if (!canonical)
                abort();
        digest_bytes(canonical, strlen(canonical), replay->request_hash);
}

int replay_find(const struct replay *replay, const struct snapshot *now, const struct export **before,
                struct violations *violations, struct fault *fault)
{
        const struct reply_record *record;

        *before = NULL;
        if (replay->id[0] == '\0')
                return 0;
        record = (const struct reply_record *)snapshot_find(now, DOCUMENT_REPLY, replay->id);
        if (!record)
                return 0;
        if (memcmp(record->request_hash, replay->request_hash, sizeof record->request_hash) != 0) {
                violation_add(violations, "header/Idempotency-Key", "idempotency.key_reused",
                              "this key came with another body before; a new request needs a new key");
                return fault_set(fault, FAULT_INVALID, "%s", violations->items[0].detail);
        }
        *before = snapshot_export(now, record->export_id);
        if (*before)
                return 0;
        violation_add(violations, "header/Idempotency-Key", "idempotency.export_deleted",
                      "the export %s that this key made has been deleted; use a new key to make it again",
                      record->export_id);
        return fault_set(fault, FAULT_CONFLICT, "%s", violations->items[0].detail);
}

/* Looks at a few records from where `start` would stand, and drops those that nobody may still count on. */
static void records_sweep(struct write *write, const char *start)
{
        char *old[SWEEP_COUNT] = { 0 };
        const struct document *document;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, write->now->kinds[DOCUMENT_REPLY], NULL, start);
        for (size_t i = 0; i < SWEEP_COUNT && (document = snapshot_walk_next(&walk)); i++)
                if (document->created_at_ms + REPLAY_KEPT_MS < write->now_ms)
                        old[i] = memory_text(document->id);
        for (size_t i = 0; i < SWEEP_COUNT; i++) {
                if (old[i])
                        write_remove(write, DOCUMENT_REPLY, old[i]);
                free(old[i]);
        }
}

void replay_keep(const struct replay *replay, struct write *write, const struct export *export)
{
        AUTO_SHARED struct reply_record *record = NULL;

        if (replay->id[0] == '\0')
                return;
        records_sweep(write, replay->id); /* ids are hashes: every part of the range gets its turn */
        record = reply_record_new(replay->id);
        memcpy(record->request_hash, replay->request_hash, sizeof record->request_hash);
        record->export_id = memory_text(export->document.id);
        write_put(write, &record->document);
}
