/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/export_json.h"
#include "domain/json_writer.h"
#include "violations_for_test.h"

#define REST "'storage': 'files', 'environment': 'shop', 'path': '/shared/site'"
#define EXPORT REST ", 'mount_path': '/var/www/site'"

static struct export *export_of(const char *source, struct violations *violations)
{
        json_t *body = json_of(source);
        struct export *export = export_from_json(body, violations);

        json_decref(body);
        return export;
}

static void export_body_is_accepted_or_refused_where_it_is_wrong(void **test)
{
        static const struct {
                const char *body, *refused;
        } cases[] = {
                { "{" EXPORT "}", "" },
                { "{" EXPORT ", 'target': {'all': true}}", "" },
                { "{" EXPORT ", 'target': {'layer': 'cp', 'except': ['1003']}}", "" },
                { "{" EXPORT ", 'target': {'all': true, 'except': ['1003']}}", "" },
                { "{" EXPORT ", 'target': {'node': '1001'}}", "" },
                { "{" EXPORT ", 'target': {'node': '1001', 'except': ['1001']}}",
                  "/target/except target.except_of_node" },
                { "{" EXPORT ", 'target': {}}", "/target target.ambiguous" },
                { "{" EXPORT ", 'target': {'except': ['1003']}}", "/target target.ambiguous" },
                { "{" EXPORT ", 'target': {'layer': 'cp', 'node': '1001'}}", "/target target.ambiguous" },
                { "{" EXPORT ", 'target': {'all': true, 'layer': 'cp'}}", "/target target.ambiguous" },
                { "{" EXPORT ", 'target': {'all': false}}", "/target/all word.unknown" },
                { "{" EXPORT ", 'target': {'all': 1}}", "/target/all type.wrong" },
                { "{" EXPORT ", 'target': {'layer': ''}}", "/target/layer text.empty" },
                { "{" EXPORT ", 'target': {'layer': 'cp', 'except': ['a b', 'x', 'x']}}",
                  "/target/except/0 name.malformed /target/except/2 array.doubled" },
                { "{" EXPORT ", 'target': {'layer': 'cp', 'zone': 1}}", "/target/zone key.unknown" },
                { "{" EXPORT ", 'target': 'cp'}", "/target type.wrong" },
                { "{" EXPORT ", 'except': ['1003']}", "/except key.unknown" },
                { "{" EXPORT ", 'access': 'ro', 'squash': 'root', 'protocol': 'nfs', 'mount_style': 'soft'}", "" },
                { "{" EXPORT ", 'access': 'rx', 'squash': 'some', 'protocol': 'smb', 'mount_style': 'firm'}",
                  "/access word.unknown /squash word.unknown /protocol word.unknown /mount_style word.unknown" },
                { "{" EXPORT ", 'squash': 'none', 'anonymous_uid': 33, 'anonymous_gid': 33}", "" },
                { "{" EXPORT ", 'anonymous_uid': 4294967294}", "" },
                { "{" EXPORT ", 'anonymous_uid': 4294967295, 'anonymous_gid': -1}",
                  "/anonymous_uid number.out_of_range /anonymous_gid number.out_of_range" },
                { "{" EXPORT ", 'directory': {'uid': 33, 'gid': 33, 'mode': '0750'}}", "" },
                { "{" EXPORT ", 'directory': {'mode': '07777'}}", "" },
                { "{" EXPORT ", 'directory': {'mode': '10000'}}", "/directory/mode mode.malformed" },
                { "{" EXPORT ", 'directory': {'mode': '0798'}}", "/directory/mode mode.malformed" },
                { "{" EXPORT ", 'directory': {'mode': '75'}}", "/directory/mode mode.malformed" },
                { "{" EXPORT ", 'directory': {'mode': 755}}", "/directory/mode type.wrong" },
                { "{" EXPORT ", 'directory': {'owner': 'root'}}", "/directory/owner key.unknown" },
                { "{" EXPORT ", 'labels': {'app/tier': 'web', 'empty': ''}}", "" },
                { "{" EXPORT ", 'labels': {'a b': 'x', 'c': 1, '': 'y'}}",
                  "/labels/a b label.key_malformed /labels/c type.wrong /labels/ label.key_malformed" },
                { "{" EXPORT ", 'labels': []}", "/labels type.wrong" },
                { "{" EXPORT
                  ", 'labels': {'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk': 'longest'}}",
                  "" },
                { "{" EXPORT
                  ", 'labels': {'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk': 'longer'}}",
                  "/labels/kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk label.key_malformed" },
                { "{" EXPORT ", 'manager': 'terraform', 'enabled': false, 'expires_at': '2001-01-01T00:00:00Z'}",
                  "" },
                { "{" EXPORT ", 'manager': 'a\\nb', 'enabled': 0, 'expires_at': 'soon'}",
                  "/manager text.control_character /enabled type.wrong /expires_at time.malformed" },
                { "{" REST ", 'mount_path': '/'}", "/mount_path mount_path.forbidden" },
                { "{" REST ", 'mount_path': '/proc/x'}", "/mount_path mount_path.forbidden" },
                { "{'storage': 'files', 'environment': 'shop', 'path': '../x', 'mount_path': 'y'}",
                  "/path path.not_absolute /mount_path path.not_absolute" },
                { "{" EXPORT ", 'id': 'ex-1', 'number': 3, 'account': 'acme'}",
                  "/id key.unknown /number key.unknown /account key.unknown" },
                { "{}",
                  "/storage key.missing /environment key.missing /path key.missing /mount_path key.missing" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                struct export *export = export_of(cases[i].body, &violations);

                assert_true(is_refused_for(cases[i].body, export, &violations, cases[i].refused));
                shared_put(export);
        }
}

/* `labels` labels whose values have `bytes` bytes. */
static char *export_with_labels(int labels, int bytes)
{
        AUTO_TEXT struct text text = { 0 };

        text_add(&text, "{" EXPORT ", 'labels': {");
        for (int i = 0; i < labels; i++)
                text_addf(&text, "%s'key%d': '%0*d'", i == 0 ? "" : ", ", i, bytes, 0);
        text_add(&text, "}}");
        return text_take(&text);
}

static void labels_have_limits_of_number_and_size(void **test)
{
        static const struct {
                int labels, bytes;
                const char *refused;
        } cases[] = {
                { EXPORT_LABELS_MAX, 255, "" },
                { EXPORT_LABELS_MAX + 1, 1, "/labels array.too_long" },
                { 1, 256, "/labels/key0 text.too_long" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                AUTO_FREE char *body = export_with_labels(cases[i].labels, cases[i].bytes);
                struct export *export = export_of(body, &violations);
                AUTO_FREE char *refused = violations_text(&violations);

                assert_string_equal(refused, cases[i].refused);
                shared_put(export);
        }
}

static void expiry_in_the_past_is_refused_only_when_asked_for(void **test)
{
        static const struct {
                const char *body;
                int64_t now_ms;
                const char *refused;
        } cases[] = {
                { "{" EXPORT "}", INT64_MAX / 2, "" },
                { "{" EXPORT ", 'expires_at': '1970-01-01T00:00:01Z'}", 999, "" },
                { "{" EXPORT ", 'expires_at': '1970-01-01T00:00:01Z'}", 1000, "/expires_at export.expired" },
                { "{" EXPORT ", 'expires_at': '1970-01-01T00:00:01Z'}", 1764000000000,
                  "/expires_at export.expired" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                struct export *export = export_of(cases[i].body, &violations);
                AUTO_FREE char *refused = NULL;

                assert_non_null(export);
                export_check_request(export, cases[i].now_ms, &violations);
                refused = violations_text(&violations);
                assert_string_equal(refused, cases[i].refused);
                shared_put(export);
        }
}

static void export_is_shown_with_its_defaults(void **test)
{
        static const struct {
                const char *body, *shown;
        } cases[] = {
                { "{" EXPORT "}",
                  "{'id': 'ex-1', 'account': 'acme', " EXPORT ", 'target': {'all': true}, 'access': 'rw',"
                  "'squash': 'none', 'anonymous_uid': 65534, 'anonymous_gid': 65534, 'privileged_ports': false, "
                  "'protocol': 'auto',"
                  "'mount_style': 'hard', 'directory': {'uid': 0, 'gid': 0, 'mode': '0755'}, 'labels': {},"
                  "'enabled': true, 'environment_uid': 'e-1', 'number': 12, 'revision': 9,"
                  "'created_at': '2025-11-24T16:00:00.123Z'}" },
                { "{" EXPORT ", 'target': {'layer': 'cp', 'except': ['1003']}, 'access': 'ro', 'squash': 'all',"
                  "'anonymous_uid': 33, 'anonymous_gid': 34, 'privileged_ports': true, 'protocol': 'nfs', "
                  "'mount_style': 'soft',"
                  "'directory': {'uid': 1, 'gid': 2, 'mode': '02750'}, 'labels': {'b': '1', 'a': '2'},"
                  "'manager': 'ci', 'enabled': false, 'expires_at': '2030-01-31T12:00:00+02:00'}",
                  "{'id': 'ex-1', 'account': 'acme', " EXPORT ", 'target': {'layer': 'cp', 'except': ['1003']},"
                  "'access': 'ro', 'squash': 'all', 'anonymous_uid': 33, 'anonymous_gid': 34, 'privileged_ports': "
                  "true, 'protocol': 'nfs',"
                  "'mount_style': 'soft', 'directory': {'uid': 1, 'gid': 2, 'mode': '2750'},"
                  "'labels': {'b': '1', 'a': '2'}, 'manager': 'ci', 'enabled': false,"
                  "'expires_at': '2030-01-31T10:00:00.000Z', 'environment_uid': 'e-1', 'number': 12, 'revision': "
                  "9,"
                  "'created_at': '2025-11-24T16:00:00.123Z'}" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                struct export *export = export_of(cases[i].body, &violations);
                AUTO_TEXT struct text text = { 0 };
                struct json_writer writer = { .text = &text };
                json_t *shown, *expected = json_of(cases[i].shown);

                assert_non_null(export);
                document_set_id(&export->document, "ex-1");
                export->document.revision = 9;
                export->document.created_at_ms = 1764000000123;
                export->account = memory_text("acme");
                export->environment_uid = memory_text("e-1");
                export->number = 12;
                json_write_begin(&writer, NULL, '{');
                export_write(export, &writer);
                json_write_end(&writer, '}');
                shown = json_from_written(&text);
                assert_true(json_equal(shown, expected));
                json_decref(shown);
                json_decref(expected);
                shared_put(export);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(export_body_is_accepted_or_refused_where_it_is_wrong),
                cmocka_unit_test(labels_have_limits_of_number_and_size),
                cmocka_unit_test(expiry_in_the_past_is_refused_only_when_asked_for),
                cmocka_unit_test(export_is_shown_with_its_defaults),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
