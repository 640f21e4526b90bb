/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/environment.h"
#include "domain/export.h"
#include "domain/storage.h"
#include "domain/token.h"
#include "violations_for_test.h"

static const struct stored_case {
        enum document_kind kind;
        const char *stored; /* with ' for " */
} stored_cases[] = {
        { DOCUMENT_ENVIRONMENT,
          "{'uid':'e-1','account':'acme','state':'migrating','platform_version':'8.3.1','layers':['cp','cache'],"
          "'state_revision':'18446744073709551615','created_at_ms':1764000000123}" },
        { DOCUMENT_ENVIRONMENT,
          "{'uid':'e-1','account':'acme','state':'starting','layers':[],'state_revision':'0','created_at_ms':0}" },
        { DOCUMENT_NODE,
          "{'environment':'shop','environment_uid':'e-1','layer':'cp','addresses':['10.77.0.21','fd77::21'],"
          "'image':'nginx:1.27','os':{'id':'debian','id_like':'a b','version':'12'},'client_types':['nfs'],"
          "'created_at_ms':1764000000123}" },
        { DOCUMENT_NODE, "{'environment':'shop','environment_uid':'e-1','layer':'cp','addresses':['10.77.0.21'],"
                         "'created_at_ms':1764000000123}" },
        { DOCUMENT_STORAGE,
          "{'kind':'cluster','account':'acme','environment':'files','layer':'storage','node_ids':['2001'],"
          "'addresses':['10.77.0.11'],'volume':'data','mount_root':'/data','default_protocol':'gluster',"
          "'created_at_ms':1764000000123}" },
        { DOCUMENT_STORAGE,
          "{'kind':'single','account':'acme','node_ids':[],'addresses':['10.77.0.11'],'mount_root':'/srv',"
          "'default_protocol':'auto','created_at_ms':1}" },
        { DOCUMENT_EXPORT,
          "{'number':65470,'file_system_id':'18446744073709551615','account':'acme','environment_uid':'e-1',"
          "'storage':'files','path':'/shared/site','environment':'shop',"
          "'target':{'layer':'cp','except':['1003','1004']},'mount_path':'/var/www/\xc3\xa4','access':'ro',"
          "'squash':'all','anonymous_uid':4294967294,'anonymous_gid':1,'privileged_ports':true,'protocol':'nfs','"
          "mount_style':'soft',"
          "'directory':{'uid':33,'gid':34,'mode':'7777'},'labels':{'z':'1','a':'\xc3\xa4'},'manager':'ci',"
          "'enabled':false,'expires_at':'2001-01-31T12:00:00.001Z','created_at_ms':1764000000123}" },
        { DOCUMENT_EXPORT,
          "{'number':1,'file_system_id':'0','account':'acme','environment_uid':'e-1','storage':'files','path':'/',"
          "'environment':'shop','target':{'all':true},'mount_path':'/mnt','access':'rw','squash':'none',"
          "'anonymous_uid':65534,'anonymous_gid':65534,'privileged_ports':false,'protocol':'auto','mount_style':'"
          "hard',"
          "'directory':{'uid':0,'gid':0,'mode':'0755'},'labels':{},'enabled':true,'created_at_ms':"
          "1764000000123}" },
        { DOCUMENT_TOKEN, "{'scope':'account','right':'write','account':'acme',"
                          "'hash':'00ff10e0deadbeef000102030405060708090a0b0c0d0e0f1011121314151617',"
                          "'created_at_ms':1764000000123}" },
        { DOCUMENT_TOKEN, "{'scope':'operator','right':'read','hash':"
                          "'0000000000000000000000000000000000000000000000000000000000000000',"
                          "'created_at_ms':9223372036854775807}" },
        { DOCUMENT_TOKEN,
          "{'scope':'node','right':'write','account':'acme','node':'101','expires_at':'2027-01-31T12:00:00.000Z',"
          "'last_used_at':'2026-11-22T12:00:00.000Z','environment_uid':'e-1',"
          "'hash':'0000000000000000000000000000000000000000000000000000000000000000',"
          "'created_at_ms':1764000000123}" },
        { DOCUMENT_REPLY,
          "{'request_hash':'00ff10e0deadbeef000102030405060708090a0b0c0d0e0f1011121314151617','status':201,"
          "'location':'/v1/exports/ex-1','tagged_revision':'7','body':'{}','created_at_ms':1764000000123}" },
        { DOCUMENT_REPLY,
          "{'request_hash':'00ff10e0deadbeef000102030405060708090a0b0c0d0e0f1011121314151617','status':200,"
          "'tagged_revision':'0','created_at_ms':1764000000123}" },
        { DOCUMENT_COUNTER, "{'value':'18446744073709551615','created_at_ms':1764000000123}" },
        { DOCUMENT_ENVIRONMENT,
          "{'uid':'e-1','account':'acme','state':'starting','layers':[],'state_revision':'0','source':'platform',"
          "'source_revision':9007199254740991,'created_at_ms':0}" },
        { DOCUMENT_NODE, "{'environment':'shop','environment_uid':'e-1','layer':'cp','addresses':['10.77.0.21'],"
                         "'source':'platform','source_revision':0,'created_at_ms':1764000000123}" },
        { DOCUMENT_EXPORT,
          "{'number':1,'file_system_id':'0','account':'acme','environment_uid':'e-1',"
          "'widened_revision':'18446744073709551615','creation':{'actor':'token:ci','sides':3,'ended_at_ms':"
          "1700000000000},'storage':'files','path':'/',"
          "'environment':'shop','target':{'all':true},'mount_path':'/mnt','access':'rw','squash':'none',"
          "'anonymous_uid':65534,'anonymous_gid':65534,'privileged_ports':false,'protocol':'auto','mount_style':'"
          "hard',"
          "'directory':{'uid':0,'gid':0,'mode':'0755'},'labels':{},'enabled':true,'created_at_ms':"
          "1764000000123}" },
        { DOCUMENT_INVENTORY,
          "{'source_revision':9007199254740991,'beats':true,'heard_at_ms':1764000000123,'state':'expired',"
          "'suspends':true,'spared':true,'expired_revision':'18446744073709551615',"
          "'report_digest':'00ff10e0deadbeef000102030405060708090a0b0c0d0e0f1011121314151617',"
          "'created_at_ms':1764000000123}" },
        { DOCUMENT_INVENTORY, "{'source_revision':1,'beats':false,'heard_at_ms':0,'state':'fresh',"
                              "'suspends':false,'spared':false,'expired_revision':'0','created_at_ms':0}" },
        { DOCUMENT_TASK, "{'kind':'environment.delete','subject':'shop','account':'acme','actor':'token:ci',"
                         "'exports':[{'id':'ex-1','number':65534,'storage':'files'},{'storage':'files'}],"
                         "'clients':[{'address':'10.77.0.21'},{'address':'fd77::21'}],'steps':[],'cuts':[],"
                         "'created_at_ms':1764000000123}" },
        { DOCUMENT_TASK,
          "{'kind':'export.revoke','subject':'ex-1','actor':'uid:0','exports':[],'clients':[],"
          "'steps':[{'storage_node':'a.example','layer':'firewall','state':'off','at_ms':0},"
          "{'storage_node':'a.example','layer':'volfiled','state':'confirmed','at_ms':1764000000124}],"
          "'cuts':[{'address':'10.77.0.21','service':'gluster','connections':4294967295}],"
          "'ended_at_ms':1764000000125,'created_at_ms':1764000000123}" },
};

static char *quoted(const char *source)
{
        char *text = memory_text(source);

        for (char *at = text; *at; at++)
                if (*at == '\'')
                        *at = '"';
        return text;
}

static void stored_form_comes_back_byte_for_byte(void **test)
{
        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(stored_cases); i++) {
                AUTO_FREE char *stored = quoted(stored_cases[i].stored), *again = NULL;
                struct fault fault = { 0 };
                struct document *document =
                        document_parse(stored_cases[i].kind, "the-id", 42, stored, strlen(stored), &fault);

                if (!document)
                        fail_msg("%s", fault.text);
                assert_int_equal(document->kind, stored_cases[i].kind);
                assert_string_equal(document->id, "the-id");
                assert_int_equal(document->revision, 42);
                again = document_render(document);
                assert_string_equal(again, stored);
                shared_put(document);
        }
}

/* What the first test cannot see: that a member went into the field it names. */
static void stored_export_fills_its_fields(void **test)
{
        AUTO_FREE char *stored = quoted(stored_cases[6].stored);
        struct fault fault = { 0 };
        struct export *export =
                (struct export *)document_parse(DOCUMENT_EXPORT, "ex-1", 42, stored, strlen(stored), &fault);

        (void)test;
        assert_non_null(export);
        assert_int_equal(export->number, EXPORT_NUMBER_LAST);
        assert_true(export->file_system_id == UINT64_MAX);
        assert_string_equal(export->account, "acme");
        assert_string_equal(export->environment_uid, "e-1");
        assert_string_equal(export->environment, "shop");
        assert_string_equal(export->storage, "files");
        assert_int_equal(export->target, TARGET_LAYER);
        assert_string_equal(export->target_name, "cp");
        assert_int_equal(export->except_count, 2);
        assert_string_equal(export->except[1], "1004");
        assert_int_equal(export->anonymous_uid, 4294967294u);
        assert_int_equal(export->anonymous_gid, 1);
        assert_int_equal(export->directory_uid, 33);
        assert_int_equal(export->directory_gid, 34);
        assert_int_equal(export->directory_mode, 07777);
        assert_int_equal(export->label_count, 2);
        assert_string_equal(export->labels[0].key, "z");
        assert_int_equal(export->expires_at_ms, 980942400001);
        assert_int_equal(export->document.created_at_ms, 1764000000123);
        shared_put(export);
}

/* The members of `stored` without which it is refused, parted by blanks. Caller frees. */
static char *needed_members(const struct stored_case *stored)
{
        AUTO_TEXT struct text needed = { 0 };
        json_t *whole = json_of(stored->stored);
        const char *key;
        json_t *value;

        json_object_foreach(whole, key, value)
        {
                struct fault fault = { 0 };
                json_t *less = json_copy(whole);
                json_object_del(less, key);
                AUTO_FREE char *text = json_dumps(less, 0);
                struct document *document = document_parse(stored->kind, "the-id", 1, text, strlen(text), &fault);

                if (!document)
                        text_addf(&needed, "%s%s", needed.length > 0 ? " " : "", key);
                shared_put(document);
                json_decref(less);
        }
        json_decref(whole);
        return text_take(&needed);
}

static void stored_form_without_a_needed_member_is_refused(void **test)
{
        static const struct {
                size_t stored;
                const char *needed;
        } cases[] = {
                { 0, "uid account state layers state_revision created_at_ms" },
                { 2, "environment environment_uid layer addresses created_at_ms" },
                { 4, "kind account addresses created_at_ms" },
                { 6, "number file_system_id account environment_uid storage path environment mount_path "
                     "created_at_ms" },
                { 8, "scope account hash created_at_ms" },
                { 10, "scope account node environment_uid hash created_at_ms" },
                { 11, "request_hash status tagged_revision created_at_ms" },
                { 13, "value created_at_ms" },
                { 20, "kind subject actor exports clients steps cuts created_at_ms" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *needed = needed_members(&stored_cases[cases[i].stored]);

                assert_string_equal(needed, cases[i].needed);
        }
}

static void stored_form_that_is_damaged_is_refused_naming_the_object(void **test)
{
        static const struct {
                enum document_kind kind;
                const char *stored, *says;
        } cases[] = {
                { DOCUMENT_COUNTER, "", "read stored counter the-id: parse JSON" },
                { DOCUMENT_COUNTER, "{'value':'1','created_at_ms':1", "read stored counter the-id: parse JSON" },
                { DOCUMENT_COUNTER, "{'value':'1'}",
                  "read stored counter the-id: /created_at_ms: created_at_ms is needed" },
                { DOCUMENT_COUNTER, "{'value':1,'created_at_ms':1}", "/value: value must be a text" },
                { DOCUMENT_COUNTER, "{'value':'18446744073709551616','created_at_ms':1}",
                  "/value: value must be a decimal number of 64 bits" },
                { DOCUMENT_COUNTER, "{'value':'99999999999999999999','created_at_ms':1}",
                  "/value: value must be a decimal number of 64 bits" },
                { DOCUMENT_COUNTER, "{'value':'-1','created_at_ms':1}", "/value: value must be a decimal number" },
                { DOCUMENT_COUNTER, "{'value':'0x1','created_at_ms':1}",
                  "/value: value must be a decimal number" },
                { DOCUMENT_COUNTER, "{'value':'1','created_at_ms':-1}", "/created_at_ms" },
                { DOCUMENT_COUNTER, "{'value':'1','created_at_ms':1,'more':1}", "/more: this key is not known" },
                { DOCUMENT_REPLY, "{'request_hash':'00','export':'ex-1','created_at_ms':1}", "/request_hash" },
                { DOCUMENT_REPLY,
                  "{'request_hash':'00ff10e0deadbeef000102030405060708090a0b0c0d0e0f1011121314151617','status':"
                  "409,"
                  "'tagged_revision':'0','created_at_ms':1}",
                  "/status" },
                { DOCUMENT_REPLY,
                  "{'request_hash':'00FF10e0deadbeef000102030405060708090a0b0c0d0e0f1011121314151617','export':'"
                  "ex-1',"
                  "'created_at_ms':1}",
                  "/request_hash: request_hash must have 64 hexadecimal digits in lower case" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *stored = quoted(cases[i].stored);
                struct fault fault = { 0 };

                assert_null(document_parse(cases[i].kind, "the-id", 1, stored, strlen(stored), &fault));
                assert_int_equal(fault.code, FAULT_MALFORMED);
                if (!strstr(fault.text, cases[i].says))
                        fail_msg("%s: %s", stored, fault.text);
                assert_null(document_parse(cases[i].kind, "the-id", 1, stored, strlen(stored), NULL));
        }
}

static void id_that_is_too_long_is_refused(void **test)
{
        const char *stored = "{\"value\":\"1\",\"created_at_ms\":1}";
        char id[DOCUMENT_ID_MAX + 2];
        struct fault fault = { 0 };

        (void)test;
        memset(id, 'a', sizeof id);
        id[DOCUMENT_ID_MAX + 1] = '\0';
        assert_null(document_parse(DOCUMENT_COUNTER, id, 1, stored, strlen(stored), &fault));
        assert_int_equal(fault.code, FAULT_MALFORMED);
        id[DOCUMENT_ID_MAX] = '\0';
        struct document *document = document_parse(DOCUMENT_COUNTER, id, 1, stored, strlen(stored), &fault);
        assert_non_null(document);
        shared_put(document);
}

static void kind_words_go_there_and_back(void **test)
{
        enum document_kind kind;

        (void)test;
        for (int i = 0; i < DOCUMENT_KIND_COUNT; i++) {
                assert_int_equal(document_kind_parse(document_word((enum document_kind)i), &kind), 0);
                assert_int_equal((int)kind, i);
        }
        assert_int_equal(document_kind_parse("exports", &kind), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(stored_form_comes_back_byte_for_byte),
                cmocka_unit_test(stored_export_fills_its_fields),
                cmocka_unit_test(stored_form_without_a_needed_member_is_refused),
                cmocka_unit_test(stored_form_that_is_damaged_is_refused_naming_the_object),
                cmocka_unit_test(id_that_is_too_long_is_refused),
                cmocka_unit_test(kind_words_go_there_and_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
