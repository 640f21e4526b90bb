/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What one node should have mounted. A follower waits for what is not what it knows, told by the entity tag, which
 * is a digest of the answer: all that a client can see is in it, and nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/export_json.h"
#include "domain/mount_line.h"
#include "rest/handlers.h"
#include "rest/object.h"
#include "rest/settlement.h"

/* A follower looks again at least this often: an export that expires makes no noise. */
#define LOOK_AGAIN_S 5
/* And at most this often while change follows upon change, as at a start with 50,000 exports. */
#define LOOK_PAUSE_MS 200

struct mount_list {
        bool as_text; /* a line each (domain/mount_line.h) */
        bool waits;
        unsigned wait_s;
        int64_t until_ms;      /* monotonic: 304 when nothing else has come until then */
        int64_t look_again_ms; /* when the present wait ends by itself */
        bool in_time;
};

static char *lines_render(const struct request *request, const struct node *node, const struct grant_list *grants)
{
        struct text text = { 0 };

        text_addf(&text, "gatehouse-mounts 1 %s %zu\n", node->document.id, grants->count);
        for (size_t i = 0; i < grants->count; i++) {
                char cause[FAULT_TEXT_SIZE];
                const char *code;
                enum grant_state state =
                        status_grant_state(request->context->status, &grants->items[i], &code, cause);

                mount_line_add(&text, &grants->items[i], state, code, cause);
        }
        text_add(&text, "end\n");
        return text_take(&text);
}

static char *json_render(const struct request *request, const struct grant_list *grants)
{
        json_t *items = json_array(), *body;
        char *text;

        for (size_t i = 0; i < grants->count; i++) {
                char cause[FAULT_TEXT_SIZE];
                const char *code;
                enum grant_state state =
                        status_grant_state(request->context->status, &grants->items[i], &code, cause);

                json_array_append_new(items, grant_to_json(&grants->items[i], state, code, cause));
        }
        body = json_pack("{s:o, s:n}", "items", items, "next");
        text = json_dumps(body, JSON_COMPACT);
        json_decref(body);
        if (!text)
                abort();
        return text;
}

static char *mounts_render(const struct request *request, const struct snapshot *now, const struct node *node)
{
        const struct mount_list *list = request->work;
        const struct protocol_facts facts = status_facts(request->context->status);
        AUTO_GRANTS struct grant_list grants = { 0 };

        grant_derive_node(now, node, &facts, clock_wall_ms(request->context->clock), &grants);
        return list->as_text ? lines_render(request, node, &grants) : json_render(request, &grants);
}

static void mounts_look(struct request *request);

/* Whether the request goes on to wait; not when its time is over, nor when a wait was ended before its own: the
 * server is stopping. */
static bool mounts_wait(struct request *request, uint64_t version, int64_t now_ms)
{
        struct mount_list *list = request->work;
        struct status_wait wait = { .any_change = true, .version = version };
        int64_t left_s = (list->until_ms - now_ms + 999) / 1000;

        if (left_s <= 0 || (!list->in_time && now_ms < list->look_again_ms))
                return false;
        if (list->look_again_ms > 0)
                wait.not_until_ms = now_ms + LOOK_PAUSE_MS;
        if (left_s > LOOK_AGAIN_S)
                left_s = LOOK_AGAIN_S;
        list->look_again_ms = now_ms + left_s * 1000;
        settlement_wait(request, &wait, (unsigned)left_s, &list->in_time, mounts_look);
        return true;
}

/* One look: answers, or waits for the next. */
static void mounts_look(struct request *request)
{
        struct mount_list *list = request->work;
        uint64_t version = status_version(request->context->status); /* before anything is looked at */
        AUTO_SHARED const struct snapshot *now = writer_snapshot(request->context->writer);
        const struct node *node = node_find_mounts(request, now, PERMIT_READ_MOUNTS);
        AUTO_FREE char *body = node ? mounts_render(request, now, node) : NULL;
        const char *known = request->headers[HEADER_IF_NONE_MATCH];
        char tag[DIGEST_TAG_SIZE];

        if (!node)
                return;
        digest_tag_make(body, tag);
        if (!known || !reply_tag_matches(known, tag)) {
                reply_body(&request->reply, 200, list->as_text ? "text/plain; charset=utf-8" : "application/json",
                           body);
                body = NULL;
        } else if (mounts_wait(request, version, clock_monotonic_ms(request->context->clock))) {
                return;
        } else {
                reply_json(&request->reply, 304, NULL);
        }
        reply_field(&request->reply, "ETag", "%s", tag);
        reply_field(&request->reply, "Vary", "Accept");
        if (list->waits)
                reply_field(&request->reply, "Preference-Applied", "wait=%u", list->wait_s);
}

void rest_mount_list(struct request *request)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct mount_list *list = NEW(struct mount_list);
        const char *accept = request->headers[HEADER_ACCEPT];

        request->work = list;
        request->work_free = free;
        list->as_text = accept && strcasestr(accept, "text/plain");
        list->in_time = true;
        list->waits = prefer_parse(request->headers[HEADER_PREFER], &list->wait_s, &violations);
        list->until_ms = clock_monotonic_ms(request->context->clock) + (int64_t)list->wait_s * 1000;
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        else
                mounts_look(request);
}
