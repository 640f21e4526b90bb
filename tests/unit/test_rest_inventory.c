/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "base/text.h"

#define SHOP_OF(state) "{'uid':'e-1','account':'acme','state':'" state "','layers':['cp','cache']}"
#define SHOP SHOP_OF("running")
#define NODE_AT(address) "{'layer':'cp','addresses':['" address "'],'os':{'id':'debian'}}"
#define REPORT(revision, environments) \
        "{'source':'platform','revision':" #revision ",'environments':[" environments "]}"
#define REPORTED_SHOP(nodes)                                                                                    \
        "{'name':'shop','uid':'e-1','account':'acme','state':'running','layers':['cp','cache'],'nodes':[" nodes \
        "]}"
#define REPORTED(id, address) "{'id':'" id "','layer':'cp','addresses':['" address "'],'os':{'id':'debian'}}"
#define SHOP_PATH "/v1/environments/shop"
#define NODE_PATH SHOP_PATH "/nodes/101"
#define BEAT "/v1/inventory/heartbeat"

/* One write in the name of a source; revision NULL: by hand. */
struct step {
        const char *method, *path, *body, *source, *revision, *wanted;
};

static struct answer claim(struct api *api, const struct step *step)
{
        AUTO_FREE char *source = step->source ? memory_format("Inventory-Source: %s", step->source) : NULL;
        AUTO_FREE char *revision = step->revision ? memory_format("Inventory-Revision: %s", step->revision) : NULL;

        return call(api, (struct call){ .method = step->method,
                                        .path = step->path,
                                        .body = step->body,
                                        .headers = { source ? source : revision, source ? revision : NULL } });
}

static void steps_run(struct api *api, const struct step *steps, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                AUTO_ANSWER struct answer answer = claim(api, &steps[i]);

                if (strcmp(answer_summary(&answer), steps[i].wanted) != 0)
                        print_error("step %zu: %s\n", i, answer.text);
                assert_string_equal(answer_summary(&answer), steps[i].wanted);
        }
}

static void revision_of_a_source_never_goes_back(void **state)
{
        static const struct step steps[] = {
                { "PUT", SHOP_PATH, SHOP, "platform", "5", "201" },
                { "PUT", NODE_PATH, NODE_AT("10.77.0.21"), "platform", "6", "201" },
                { "PUT", NODE_PATH, NODE_AT("10.77.0.22"), "platform", "5",
                  "409 header/Inventory-Revision inventory.outdated" },
                /* Older than the source's newest, though not than the object's. */
                { "PUT", SHOP_PATH, SHOP_OF("sleeping"), "platform", "5",
                  "409 header/Inventory-Revision inventory.outdated header/Inventory-Revision "
                  "inventory.contradicted" },
                { "PUT", NODE_PATH, NODE_AT("10.77.0.21"), "platform", "6", "200" },
                { "PUT", NODE_PATH, NODE_AT("10.77.0.22"), "platform", "6",
                  "409 header/Inventory-Revision inventory.contradicted" },
                { "PUT", NODE_PATH, NODE_AT("10.77.0.22"), "platform", "7", "200" },
                { "PUT", NODE_PATH, NODE_AT("10.77.0.23"), "panel", "1",
                  "409 header/Inventory-Source inventory.other_source" },
                { "DELETE", NODE_PATH, NULL, "platform", "6", "409 header/Inventory-Revision inventory.outdated" },
                { "DELETE", NODE_PATH, NULL, "panel", "9", "409 header/Inventory-Source inventory.other_source" },
                { "DELETE", NODE_PATH, NULL, "platform", "8", "202" },
                /* A PUT that the DELETE has overtaken does not bring it back. */
                { "PUT", NODE_PATH, NODE_AT("10.77.0.22"), "platform", "7",
                  "409 header/Inventory-Revision inventory.outdated" },
                { "DELETE", SHOP_PATH, NULL, "platform", "7", "409 header/Inventory-Revision inventory.outdated" },
                { "DELETE", SHOP_PATH, NULL, "platform", "9", "202" },
        };

        steps_run(*state, steps, ARRAY_SIZE(steps));
}

static void claim_has_both_fields(void **state)
{
        static const struct step steps[] = {
                { "PUT", SHOP_PATH, SHOP, "platform", NULL, "422 header/Inventory-Revision inventory.malformed" },
                { "PUT", SHOP_PATH, SHOP, NULL, "5", "422 header/Inventory-Source inventory.malformed" },
                { "PUT", SHOP_PATH, SHOP, "a b", "5", "422 header/Inventory-Source inventory.malformed" },
                { "PUT", SHOP_PATH, SHOP, "platform", "0", "422 header/Inventory-Revision inventory.malformed" },
                { "PUT", SHOP_PATH, SHOP, "platform", "-1", "422 header/Inventory-Revision inventory.malformed" },
                { "PUT", SHOP_PATH, SHOP, "platform", "9007199254740992",
                  "422 header/Inventory-Revision inventory.malformed" },
                { "DELETE", SHOP_PATH, NULL, "platform", "x",
                  "400 header/Inventory-Revision inventory.malformed" },
                { "PUT", SHOP_PATH, SHOP, "platform", "9007199254740991", "201" },
        };

        steps_run(*state, steps, ARRAY_SIZE(steps));
}

static void change_by_hand_stands_until_the_source_speaks(void **state)
{
        static const struct step steps[] = {
                { "PUT", SHOP_PATH, SHOP, NULL, NULL, "201" },
                { "PUT", SHOP_PATH, SHOP, "platform", "5", "200" }, /* taken over */
                { "PUT", SHOP_PATH, SHOP_OF("sleeping"), NULL, NULL, "200" },
                { "PUT", SHOP_PATH, SHOP, "platform", "5", "200" },
                { "PUT", SHOP_PATH, SHOP, NULL, NULL, "200" }, /* changes nothing */
        };
        struct api *api = *state;

        steps_run(api, steps, 3);
        AUTO_ANSWER struct answer by_hand = call_of(api, "GET", SHOP_PATH, NULL);
        assert_string_equal(answer_at(&by_hand, "source"), "platform");
        assert_string_equal(answer_at(&by_hand, "source_revision"), "0");
        steps_run(api, steps + 3, 2);
        AUTO_ANSWER struct answer told = call_of(api, "GET", SHOP_PATH, NULL);
        assert_string_equal(answer_at(&told, "state"), "running");
        assert_string_equal(answer_at(&told, "source_revision"), "5");
}

/* Every document of the inventory, one a line. */
static char *inventory_text(struct api *api)
{
        static const enum document_kind kinds[] = { DOCUMENT_ENVIRONMENT, DOCUMENT_NODE };
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        struct text text = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                const struct document *document;
                struct snapshot_walk walk;

                snapshot_walk_start(&walk, now->kinds[kinds[i]], NULL, NULL);
                while ((document = snapshot_walk_next(&walk))) {
                        const struct origin *origin = kinds[i] == DOCUMENT_NODE
                                                              ? &((const struct node *)document)->origin
                                                              : &((const struct environment *)document)->origin;

                        text_addf(&text, "%s%s%s%s ", i == 0 ? "@" : "", document->id, origin->source ? ":" : "",
                                  origin->source ? origin->source : "");
                }
        }
        return text_take(&text);
}

static void assert_inventory(struct api *api, const char *wanted)
{
        AUTO_FREE char *text = inventory_text(api);

        assert_string_equal(text, wanted);
}

#define EMPTY_SHOP REPORTED_SHOP("")

static void report_is_made_true(void **state)
{
        struct api *api = *state;

        expect(api, "PUT", "/v1/environments/hand",
               "{'uid':'e-9','account':'acme','state':'running','layers':['cp']}", "201");
        expect(api, "PUT", "/v1/inventory",
               REPORT(3, REPORTED_SHOP(REPORTED("101", "10.77.0.21") "," REPORTED("102", "10.77.0.22"))), "200");
        assert_inventory(api, "@hand @shop:platform 101:platform 102:platform ");
        expect(api, "PUT", SHOP_PATH "/nodes/200", NODE_AT("10.77.0.31"), "201");
        AUTO_ANSWER struct answer answer =
                call_of(api, "PUT", "/v1/inventory",
                        REPORT(4, REPORTED_SHOP(REPORTED("101", "10.77.0.41") "," REPORTED("103", "10.77.0.23"))));
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_at(&answer, "environments/unchanged"), "1");
        assert_string_equal(answer_at(&answer, "nodes/replaced"), "1");
        assert_string_equal(answer_at(&answer, "nodes/created"), "1");
        assert_string_equal(answer_at(&answer, "nodes/removed"), "1");
        assert_string_equal(answer_at(&answer, "left_alone/environments"), "1");
        assert_string_equal(answer_at(&answer, "left_alone/names/nodes"), "[\"200\"]");
        assert_inventory(api, "@hand @shop:platform 101:platform 103:platform 200 ");
        /* An environment goes with all its nodes, also those made by hand: they would be nobody's. */
        expect(api, "PUT", "/v1/inventory", REPORT(5, ""), "200");
        assert_inventory(api, "@hand ");
}

static void source_by_name_is_the_one_of_the_list(void **state)
{
        struct api *api = *state;

        expect(api, "GET", "/v1/inventory/platform", NULL, "404");
        expect(api, "PUT", "/v1/inventory", REPORT(3, EMPTY_SHOP), "200");
        AUTO_ANSWER struct answer list = call_of(api, "GET", "/v1/inventory", NULL);
        AUTO_ANSWER struct answer one = call_of(api, "GET", "/v1/inventory/platform", NULL);
        assert_int_equal(one.status, 200);
        assert_string_equal(answer_at(&one, "revision"), "3");
        assert_string_equal(answer_at(&one, "source"), answer_at(&list, "items/0/source"));
        AUTO_FREE char *known = memory_format("If-None-Match: %s", answer_field(&one, "ETag"));
        AUTO_ANSWER struct answer same =
                call(api, (struct call){ "GET", "/v1/inventory/platform", .headers = { known } });
        assert_int_equal(same.status, 304);
        api_tokens(api);
        AUTO_ANSWER struct answer account =
                call(api, (struct call){ "GET", "/v1/inventory/platform", .token = api->tokens[2] });
        assert_int_equal(account.status, 403);
}

static void same_report_changes_nothing(void **state)
{
        struct api *api = *state;
        const char *report =
                REPORT(3, REPORTED_SHOP(REPORTED("101", "10.77.0.21") "," REPORTED("102", "10.77.0.22")));
        uint64_t revision;

        expect(api, "PUT", "/v1/inventory", report, "200");
        revision = api_revision(api);
        expect(api, "PUT", "/v1/inventory", report, "200");
        /* In another order it is the same. */
        expect(api, "PUT", "/v1/inventory",
               REPORT(3, REPORTED_SHOP(REPORTED("102", "10.77.0.22") "," REPORTED("101", "10.77.0.21"))), "200");
        assert_int_equal(api_revision(api), revision);
        AUTO_SHARED const struct snapshot *before = writer_snapshot(api->writer);
        expect(api, "PUT", "/v1/inventory",
               REPORT(4, REPORTED_SHOP(REPORTED("102", "10.77.0.22") "," REPORTED("101", "10.77.0.21"))), "200");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_int_equal(now->revision, revision + 1); /* the source's revision alone */
        assert_ptr_equal(snapshot_node(before, "101"), snapshot_node(now, "101"));
        assert_ptr_equal(snapshot_environment(before, "shop"), snapshot_environment(now, "shop"));
        /* What was undone by hand is done again. */
        expect(api, "DELETE", NODE_PATH, NULL, "202");
        expect(api, "PUT", "/v1/inventory",
               REPORT(4, REPORTED_SHOP(REPORTED("102", "10.77.0.22") "," REPORTED("101", "10.77.0.21"))), "200");
        assert_inventory(api, "@shop:platform 101:platform 102:platform ");
}

static void report_against_something_changes_nothing(void **state)
{
        static const struct {
                const char *body, *wanted;
        } rows[] = {
                { REPORT(2, ""), "409 /revision inventory.outdated" },
                { REPORT(3, EMPTY_SHOP), "409 /revision inventory.contradicted" },
                { "{'source':'panel','revision':1,'environments':[" EMPTY_SHOP "]}",
                  "409 /environments/0 inventory.other_source" },
                { REPORT(4, REPORTED_SHOP(REPORTED("101", "10.77.0.11")) ",{'name':'two','uid':'e-9','account':"
                                                                         "'acme','state':'running','layers':[]}"),
                  "409 /environments/1/uid environment.uid_taken /environments/0/nodes/0/addresses/0 "
                  "address.storage_node" },
                { REPORT(4, REPORTED_SHOP(REPORTED("900", "10.77.0.21"))),
                  "409 /environments/0/nodes/0 node.elsewhere" },
                { REPORT(4, "{'name':'hand','uid':'e-8','account':'acme','state':'running','layers':[]}"),
                  "409 /environments/0/uid environment.uid_differs" },
                { REPORT(4, "{'name':'hand','uid':'e-9','account':'acme','state':'running','layers':['x']}"),
                  "409 /environments/0/layers environment.layer_in_use" },
                { REPORT(4, EMPTY_SHOP "," EMPTY_SHOP),
                  "422 /environments/1/name name.twice /environments/1/uid name.twice" },
                { REPORT(4, REPORTED_SHOP(REPORTED("1", "10.0.0.1") "," REPORTED("1", "10.0.0.2"))),
                  "422 /environments/0/nodes/1/id name.twice" },
                { REPORT(4, REPORTED_SHOP("{'id':'1','layer':'no','addresses':['10.0.0.1']},7")),
                  "422 /environments/0/nodes/0/layer layer.unknown /environments/0/nodes/1 type.wrong" },
                { REPORT(0, ""), "422 /revision number.out_of_range" },
                { "{'source':'p','revision':1}", "422 /environments key.missing" },
        };
        struct api *api = *state;

        expect(api, "PUT", "/v1/storages/files", "{'kind':'cluster','account':'acme','addresses':['10.77.0.11']}",
               "201");
        expect(api, "PUT", "/v1/environments/hand",
               "{'uid':'e-9','account':'acme','state':'running','layers':['cp']}", "201");
        expect(api, "PUT", "/v1/environments/hand/nodes/900", NODE_AT("10.77.0.90"), "201");
        expect(api, "PUT", "/v1/inventory", REPORT(3, REPORTED_SHOP(REPORTED("101", "10.77.0.21"))), "200");
        AUTO_FREE char *before = inventory_text(api);
        uint64_t revision = api_revision(api);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                expect(api, "PUT", "/v1/inventory", rows[i].body, rows[i].wanted);
                assert_inventory(api, before);
                assert_int_equal(api_revision(api), revision);
        }
}

/* An environment that comes back under its name is another one. */
static void report_may_replace_and_rename_environments(void **state)
{
        struct api *api = *state;

        expect(api, "PUT", "/v1/inventory", REPORT(3, REPORTED_SHOP(REPORTED("101", "10.77.0.21"))), "200");
        expect(api, "PUT", "/v1/inventory",
               REPORT(4, "{'name':'shop','uid':'e-2','account':'acme','state':'running','layers':['cp'],"
                         "'nodes':[" REPORTED("102",
                                              "10.77.0.22") "]},{'name':'old','uid':'e-1','account':'acme',"
                                                            "'state':'running','layers':['cp'],'nodes':[" REPORTED(
                                                                    "101", "10.77.0.21") "]}"),
               "200");
        assert_inventory(api, "@old:platform @shop:platform 101:platform 102:platform ");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_string_equal(snapshot_environment_by_uid(now, "e-1")->document.id, "old");
        assert_string_equal(snapshot_environment_by_uid(now, "e-2")->document.id, "shop");
        assert_string_equal(snapshot_node(now, "101")->environment, "old");
        /* A node that goes over to the other one. */
        expect(api, "PUT", "/v1/inventory",
               REPORT(5, "{'name':'shop','uid':'e-2','account':'acme','state':'running','layers':['cp'],"
                         "'nodes':[" REPORTED("101", "10.77.0.21") "]}"),
               "200");
        assert_inventory(api, "@shop:platform 101:platform ");
}

#define MIGRATING_SHOP                                                                                        \
        "{'name':'shop','uid':'e-1','account':'acme','state':'migrating','layers':['cp'],'nodes':[" REPORTED( \
                "101", "10.77.0.21") "]}"

static void report_confirms_no_addresses(void **state)
{
        struct api *api = *state;
        uint64_t revision;

        expect(api, "PUT", "/v1/inventory", REPORT(3, MIGRATING_SHOP), "200");
        AUTO_SHARED const struct snapshot *before = writer_snapshot(api->writer);
        revision = snapshot_node(before, "101")->document.revision;
        expect(api, "PUT", "/v1/inventory", REPORT(4, MIGRATING_SHOP), "200");
        AUTO_SHARED const struct snapshot *after = writer_snapshot(api->writer);
        assert_int_equal(snapshot_node(after, "101")->document.revision, revision);
        expect(api, "PUT", NODE_PATH, NODE_AT("10.77.0.21"), "200");
        AUTO_SHARED const struct snapshot *confirmed = writer_snapshot(api->writer);
        assert_true(snapshot_node(confirmed, "101")->document.revision > revision);
}

static void dry_run_of_a_report_changes_nothing(void **state)
{
        struct api *api = *state;
        uint64_t revision;

        api_world(api);
        api_export(api, "/a", "/mnt/a");
        revision = api_revision(api);
        AUTO_ANSWER struct answer answer =
                call_of(api, "PUT", "/v1/inventory?dry_run=true",
                        REPORT(3, REPORTED_SHOP(REPORTED("101", "10.77.0.21") "," REPORTED("103", "10.77.0.23"))));
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_at(&answer, "grants/counts/appear"), "1");
        AUTO_ANSWER struct answer beat =
                call_of(api, "POST", BEAT "?dry_run=true", "{'source':'platform','revision':3}");
        assert_string_equal(answer_at(&beat, "dry_run"), "true");
        assert_int_equal(api_revision(api), revision);
}

/* --- Silence --------------------------------------------------------------------------------------------------
 */

static const char *source_at(struct api *api, const char *member)
{
        AUTO_ANSWER struct answer answer = call_of(api, "GET", "/v1/inventory", NULL);
        AUTO_FREE char *path = memory_format("items/0/%s", member);
        static char text[256];

        assert_int_equal(answer.status, 200);
        snprintf(text, sizeof text, "%s", answer_at(&answer, path));
        return text;
}

static void await_state(struct api *api, const char *state)
{
        for (int i = 0; i < 5000 && strcmp(source_at(api, "state"), state) != 0; i++)
                poll(NULL, 0, 2);
        assert_string_equal(source_at(api, "state"), state);
}

static void heartbeats_cost_no_commit(void **state)
{
        struct api *api = *state;
        uint64_t revision;

        expect(api, "PUT", "/v1/inventory", REPORT(3, EMPTY_SHOP), "200");
        assert_string_equal(source_at(api, "heartbeats"), "false");
        expect(api, "POST", BEAT, "{'source':'platform','revision':3}", "200");
        assert_string_equal(source_at(api, "heartbeats"), "true");
        revision = api_revision(api);
        for (int i = 0; i < 20; i++)
                expect(api, "POST", BEAT, "{'source':'platform','revision':3}", "200");
        assert_int_equal(api_revision(api), revision);
        expect(api, "POST", BEAT, "{'source':'platform','revision':2}", "409 /revision inventory.outdated");
        AUTO_ANSWER struct answer ahead = call_of(api, "POST", BEAT, "{'source':'platform','revision':4}");
        assert_string_equal(answer_at(&ahead, "behind"), "true");
        assert_string_equal(answer_at(&ahead, "revision"), "3");
        assert_int_equal(api_revision(api), revision);
        expect(api, "POST", BEAT, "{'source':'a b','revision':0}",
               "422 /source name.malformed /revision number.out_of_range");
}

static void silence_of_a_source_without_heartbeats_does_not_count(void **state)
{
        struct api *api = *state;

        expect(api, "PUT", "/v1/inventory", REPORT(3, EMPTY_SHOP), "200");
        api_silence(api, 5000000);
        expect(api, "PUT", "/v1/environments/hand",
               "{'uid':'e-9','account':'acme','state':'running','layers':['cp']}", "201");
        assert_string_equal(source_at(api, "state"), "fresh");
        assert_true(strtol(source_at(api, "age_s"), NULL, 10) >= 5000);
}

/* The cause of the only grant of an export. */
static void expect_cause(struct api *api, const char *export, const char *node, const char *wanted)
{
        AUTO_FREE char *path = memory_format("/v1/exports/%s/grants", export);
        AUTO_ANSWER struct answer answer = call_of(api, "GET", path, NULL);
        const json_t *items = json_object_get(answer.json, "items");

        for (size_t i = 0; i < json_array_size(items); i++) {
                const json_t *item = json_array_get(items, i);
                const char *code = json_string_value(json_object_get(json_object_get(item, "cause"), "code"));

                if (strcmp(json_string_value(json_object_get(item, "node")), node) == 0) {
                        assert_string_equal(code ? code : "", wanted);
                        return;
                }
        }
        fail_msg("no grant for %s", node);
}

static void health_is(struct api *api, const char *wanted)
{
        AUTO_ANSWER struct answer answer = { 0 };

        for (int i = 0; i < 5000; i++) {
                answer_fini(&answer);
                answer = call_of(api, "GET", "/healthz", NULL);
                if (strcmp(answer_at(&answer, "backends/inventory/status"), wanted) == 0)
                        return;
                poll(NULL, 0, 2);
        }
        fail_msg("%s, not %s", answer.text, wanted);
}

static void silence_lets_nobody_new_in(void **state)
{
        struct api *api = *state;
        const char *old, *new;
        char path[96];

        api_world(api);
        expect(api, "PUT", "/v1/inventory",
               REPORT(3, REPORTED_SHOP(REPORTED("101", "10.77.0.21") "," REPORTED("104", "10.77.0.24"))), "200");
        expect(api, "POST", BEAT, "{'source':'platform','revision':3}", "200");
        old = api_export(api, "/old", "/mnt/old");
        expect_cause(api, old, "101", "");
        api_silence(api, 99000);
        health_is(api, "ok");
        api_silence(api, 1500);
        await_state(api, "stale");
        health_is(api, "timeout");
        expect_cause(api, old, "101", "");
        api_silence(api, 900000);
        await_state(api, "expired");
        expect_cause(api, old, "101", "");
        new = api_export(api, "/new", "/mnt/new");
        expect_cause(api, new, "101", "inventory.expired");
        expect(api, "PUT", SHOP_PATH "/nodes/105", NODE_AT("10.77.0.25"), "201"); /* by hand */
        expect_cause(api, old, "105", "inventory.expired");
        /* To take out one node costs the others nothing; nor does a label. */
        snprintf(path, sizeof path, "/v1/exports/%s/revoke", old);
        expect(api, "POST", path, "{'node':'104'}", "202");
        expect_cause(api, old, "101", "");
        expect(api, "POST", BEAT, "{'source':'platform','revision':3}", "200");
        assert_string_equal(source_at(api, "state"), "fresh");
        expect_cause(api, new, "101", "");
        expect_cause(api, old, "105", "");
        health_is(api, "ok");
}

static void any_word_of_the_source_ends_its_silence(void **state)
{
        static const struct step words[] = {
                { "PUT", SHOP_PATH, SHOP_OF("sleeping"), "platform", "4", "200" },
                { "PUT", SHOP_PATH, SHOP_OF("sleeping"), "platform", "4", "200" }, /* which changes nothing */
                { "PUT", NODE_PATH, NODE_AT("10.77.0.21"), "platform", "5", "201" },
                { "DELETE", NODE_PATH, NULL, "platform", "6", "202" },
                { "PUT", "/v1/inventory", REPORT(7, EMPTY_SHOP), NULL, NULL, "200" },
                { "PUT", "/v1/inventory", REPORT(7, EMPTY_SHOP), NULL, NULL, "200" },
                { "POST", BEAT, "{'source':'platform','revision':7}", NULL, NULL, "200" },
        };
        struct api *api = *state;

        expect(api, "PUT", "/v1/inventory", REPORT(3, EMPTY_SHOP), "200");
        expect(api, "POST", BEAT, "{'source':'platform','revision':3}", "200");
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                api_silence(api, 2000000);
                await_state(api, "expired");
                steps_run(api, &words[i], 1);
                assert_string_equal(source_at(api, "state"), "fresh");
        }
        /* Nor does what speaks of something newer than is here. */
        api_silence(api, 2000000);
        await_state(api, "expired");
        expect(api, "POST", BEAT, "{'source':'platform','revision':8}", "200");
        assert_string_equal(source_at(api, "state"), "expired");
        expect(api, "DELETE", "/v1/inventory/platform", NULL, "200");
        expect(api, "DELETE", "/v1/inventory/platform", NULL, "404");
}

static int event_print(void *context, const struct event *event, struct fault *fault)
{
        (void)fault;
        text_addf(context, "%s %s\n", event->action, event->object);
        return 0;
}

static void events_tell_of_silence_and_contests(void **state)
{
        struct api *api = *state;
        AUTO_TEXT struct text events = { 0 };

        expect(api, "PUT", "/v1/inventory", REPORT(3, REPORTED_SHOP(REPORTED("101", "10.77.0.21"))), "200");
        expect(api, "POST", BEAT, "{'source':'platform','revision':3}", "200");
        api_silence(api, 100000);
        await_state(api, "stale");
        api_silence(api, 1000000);
        await_state(api, "expired");
        expect(api, "POST", BEAT, "{'source':'platform','revision':3}", "200");
        expect(api, "PUT", SHOP_PATH "/nodes/102", NODE_AT("10.77.0.21"), "201");
        expect(api, "DELETE", SHOP_PATH "/nodes/102", NULL, "202");
        expect(api, "PUT", "/v1/inventory",
               REPORT(4, REPORTED_SHOP(REPORTED("101", "10.77.0.21") "," REPORTED("103", "10.77.0.21"))), "200");
        expect(api, "PUT", "/v1/inventory", REPORT(5, ""), "200");
        api->store->operations->history(api->store, 0, false, event_print, &events, NULL);
        assert_string_equal(text_get(&events), "inventory.report platform\ninventory.create platform\n"
                                               "inventory.stale platform\ninventory.expired platform\n"
                                               "inventory.fresh platform\n"
                                               "node.put 102\naddress.contested 10.77.0.21\n"
                                               "node.delete 102\naddress.agreed 10.77.0.21\n"
                                               "inventory.report platform\naddress.contested 10.77.0.21\n"
                                               "inventory.report platform\naddress.agreed 10.77.0.21\n");
}

static void inventory_is_the_platforms_and_the_operators(void **state)
{
        static const struct {
                const char *method, *path, *body;
        } calls[] = {
                { "GET", "/v1/inventory", NULL },
                { "PUT", "/v1/inventory", REPORT(3, "") },
                { "POST", BEAT, "{'source':'platform','revision':3}" },
                { "DELETE", "/v1/inventory/platform", NULL },
        };
        struct api *api = *state;

        api_tokens(api);
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
                for (size_t token = 0; token < 3; token++) {
                        AUTO_ANSWER struct answer answer = call(api, (struct call){ .method = calls[i].method,
                                                                                    .path = calls[i].path,
                                                                                    .body = calls[i].body,
                                                                                    .token = api->tokens[token] });

                        if (token == 2)
                                assert_int_equal(answer.status, 403);
                        else
                                assert_true(answer.status == 200 || (i == 3 && token == 1));
                }
        }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(revision_of_a_source_never_goes_back),
                CASE(claim_has_both_fields),
                CASE(change_by_hand_stands_until_the_source_speaks),
                CASE(report_is_made_true),
                CASE(source_by_name_is_the_one_of_the_list),
                CASE(same_report_changes_nothing),
                CASE(report_against_something_changes_nothing),
                CASE(report_may_replace_and_rename_environments),
                CASE(report_confirms_no_addresses),
                CASE(dry_run_of_a_report_changes_nothing),
                CASE(heartbeats_cost_no_commit),
                CASE(silence_of_a_source_without_heartbeats_does_not_count),
                CASE(silence_lets_nobody_new_in),
                CASE(any_word_of_the_source_ends_its_silence),
                CASE(events_tell_of_silence_and_contests),
                CASE(inventory_is_the_platforms_and_the_operators),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
