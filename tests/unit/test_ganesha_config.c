/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/nfs/ganesha_config.h"

/* An export that renders; tests change one thing in it. Strings are borrowed. */
struct sample {
        struct nfs_export export;
        struct nfs_client clients[3];
};

static struct address address(const char *text)
{
        struct address parsed;

        assert_int_equal(address_parse(text, &parsed), 0);
        return parsed;
}

static void sample_make(struct sample *sample)
{
        *sample = (struct sample){
                .export = { .number = 7,
                            .file_system_id = 1234567890123456789u,
                            .backing = NFS_BACKING_GLUSTER,
                            .path = (char *)"/shared/site",
                            .pseudo = (char *)"/exports/ex-7",
                            .volume = (char *)"data",
                            .volume_server = address("10.77.0.11"),
                            .squash = SQUASH_ROOT,
                            .privileged_ports = true,
                            .anonymous_uid = 65534,
                            .anonymous_gid = 4294967295u },
        };
        sample->clients[0] = (struct nfs_client){ address("10.77.0.21"), EXPORT_READ_WRITE };
        sample->clients[1] = (struct nfs_client){ address("10.77.0.22"), EXPORT_READ_ONLY };
        sample->clients[2] = (struct nfs_client){ address("fd77::21"), EXPORT_READ_WRITE };
        sample->export.clients = sample->clients;
        sample->export.client_count = ARRAY_SIZE(sample->clients);
}

static void export_with_clients_renders_one_block_for_each_access(void **test)
{
        AUTO_TEXT struct text block = { 0 };
        struct fault fault = { 0 };
        struct sample sample;

        (void)test;
        sample_make(&sample);
        assert_int_equal(ganesha_config_render(&sample.export, &block, &fault), 0);
        assert_string_equal(
                text_get(&block),
                "EXPORT {\n"
                "  Export_Id = 7;\n"
                "  Filesystem_id = 1234567890123456789.7;\n"
                "  Path = \"/shared/site\";\n"
                "  Pseudo = \"/exports/ex-7\";\n"
                "  Access_Type = NONE;\n"
                "  Protocols = 4;\n"
                "  Transports = TCP;\n"
                "  SecType = sys;\n"
                "  Squash = Root_Squash;\n"
                "  Anonymous_uid = 65534;\n"
                "  Anonymous_gid = 4294967295;\n"
                "  PrivilegedPort = true;\n"
                "  FSAL { Name = GLUSTER; Hostname = \"10.77.0.11\"; Volume = \"data\"; Volpath = "
                "\"/shared/site\"; }\n"
                "  CLIENT { Clients = 10.77.0.21, fd77::21; Access_Type = RW; Protocols = 4; Squash = "
                "Root_Squash; "
                "Anonymous_uid = 65534; Anonymous_gid = 4294967295; PrivilegedPort = true; }\n"
                "  CLIENT { Clients = 10.77.0.22; Access_Type = RO; Protocols = 4; Squash = Root_Squash; "
                "Anonymous_uid = 65534; Anonymous_gid = 4294967295; PrivilegedPort = true; }\n"
                "  CLIENT { Clients = *; Access_Type = NONE; Protocols = 4; }\n"
                "}\n");
}

static void export_without_clients_refuses_everybody(void **test)
{
        AUTO_TEXT struct text block = { 0 };
        struct fault fault = { 0 };
        struct sample sample;

        (void)test;
        sample_make(&sample);
        sample.export.client_count = 0;
        sample.export.backing = NFS_BACKING_VFS;
        sample.export.volume = NULL;
        assert_int_equal(ganesha_config_render(&sample.export, &block, &fault), 0);
        assert_non_null(strstr(text_get(&block),
                               "  FSAL { Name = VFS; }\n"
                               "  CLIENT { Clients = *; Access_Type = NONE; Protocols = 4; }\n}\n"));
        assert_non_null(strstr(text_get(&block), "  Access_Type = NONE;\n"));
}

static void path_that_can_be_quoted_is_rendered_as_it_is(void **test)
{
        static const char *const paths[] = {
                "/",    "/a",      "/a b",     "/$HOME/#1, (50%); {x}=y'", "/\xC3\xA4\xE2\x82\xAC",
                "/...", "/..a/.b", "/%include"
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                AUTO_TEXT struct text block = { 0 };
                AUTO_FREE char *line = memory_format("  Path = \"%s\";\n", paths[i]);
                struct fault fault = { 0 };
                struct sample sample;

                sample_make(&sample);
                sample.export.path = (char *)paths[i];
                assert_int_equal(ganesha_config_render(&sample.export, &block, &fault), 0);
                assert_non_null(strstr(text_get(&block), line));
        }
}

/* Path or pseudo path: neither is let through. */
static void path_that_cannot_be_quoted_is_refused(void **test)
{
        static const char *const paths[] = {
                NULL,
                "",
                "a",
                "a/b",
                "//",
                "/a/",
                "/a//b",
                "/.",
                "/..",
                "/a/../b",
                "/a/.",
                "/a/..",
                "/a\"b",
                "/a\\b",
                "/a\nb",
                "/a\tb",
                "/a\x01",
                "/a\x7F",
                "/a\xC2\x85",
                "/a\xC2\x9F",
                "/\xFF",
                "/\xC0\xAF",
                "/\xED\xA0\x80",
                "/a\xC3",
                "/\";}EXPORT{",
        };

        (void)test;
        for (size_t i = 0; i < 2 * ARRAY_SIZE(paths); i++) {
                AUTO_TEXT struct text block = { 0 };
                struct fault fault = { 0 };
                struct sample sample;

                sample_make(&sample);
                if (i % 2)
                        sample.export.path = (char *)paths[i / 2];
                else
                        sample.export.pseudo = (char *)paths[i / 2];
                assert_int_equal(ganesha_config_render(&sample.export, &block, &fault), -FAULT_INVALID);
                assert_int_equal(fault.code, FAULT_INVALID);
                assert_string_equal(text_get(&block), "");
        }
}

static void number_zero(struct sample *sample)
{
        sample->export.number = 0;
}

static void number_last_of_all(struct sample *sample)
{
        sample->export.number = 65535;
}

static void file_system_id_none(struct sample *sample)
{
        sample->export.file_system_id = 0;
}

static void pseudo_root(struct sample *sample)
{
        sample->export.pseudo = (char *)"/";
}

static void vfs_root(struct sample *sample)
{
        sample->export.backing = NFS_BACKING_VFS;
        sample->export.path = (char *)"/";
}

static void backing_unknown(struct sample *sample)
{
        sample->export.backing = (enum nfs_backing)9;
}

static void squash_unknown(struct sample *sample)
{
        sample->export.squash = (enum export_squash)3;
}

static void volume_none(struct sample *sample)
{
        sample->export.volume = NULL;
}

static void volume_empty(struct sample *sample)
{
        sample->export.volume = (char *)"";
}

static void volume_with_quote(struct sample *sample)
{
        sample->export.volume = (char *)"da\"ta";
}

static void volume_server_none(struct sample *sample)
{
        sample->export.volume_server = (struct address){ 0 };
}

static void client_without_address(struct sample *sample)
{
        sample->clients[1].address = (struct address){ 0 };
}

static void client_any(struct sample *sample)
{
        sample->clients[0].address = address("0.0.0.0");
}

static void client_loopback(struct sample *sample)
{
        sample->clients[2].address = address("::1");
}

static void client_v4_in_v6(struct sample *sample)
{
        sample->clients[2].address = address("::10.77.0.21");
}

static void client_v4_mapped(struct sample *sample)
{
        sample->clients[2].address =
                (struct address){ ADDRESS_V6, { [10] = 0xFF, [11] = 0xFF, [12] = 10, [13] = 77, [15] = 21 } };
}

static void client_v4_with_more_bytes(struct sample *sample)
{
        sample->clients[1].address.bytes[9] = 1;
}

static void client_twice(struct sample *sample)
{
        sample->clients[1] = sample->clients[0];
}

static void clients_out_of_order(struct sample *sample)
{
        struct nfs_client first = sample->clients[0];

        sample->clients[0] = sample->clients[1];
        sample->clients[1] = first;
}

static void client_access_unknown(struct sample *sample)
{
        sample->clients[1].access = (enum export_access)2;
}

static void export_that_is_wrong_is_refused_and_renders_nothing(void **test)
{
        static void (*const changes[])(struct sample * sample) = {
                number_zero,
                number_last_of_all,
                file_system_id_none,
                pseudo_root,
                vfs_root,
                backing_unknown,
                squash_unknown,
                volume_none,
                volume_empty,
                volume_with_quote,
                volume_server_none,
                client_without_address,
                client_any,
                client_loopback,
                client_v4_in_v6,
                client_v4_mapped,
                client_v4_with_more_bytes,
                client_twice,
                clients_out_of_order,
                client_access_unknown,
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
                AUTO_TEXT struct text block = { 0 };
                struct fault fault = { 0 };
                struct sample sample;

                sample_make(&sample);
                changes[i](&sample);
                if (ganesha_config_render(&sample.export, &block, &fault) != -FAULT_INVALID)
                        fail_msg("change %zu was rendered", i);
                assert_string_equal(text_get(&block), "");
                assert_true(strlen(fault.text) > 0);
        }
}

static void path_of_the_greatest_length_is_rendered_and_a_longer_one_refused(void **test)
{
        AUTO_FREE char *path = memory_new(GANESHA_PATH_MAX + 2, 1);
        AUTO_TEXT struct text block = { 0 };
        struct fault fault = { 0 };
        struct sample sample;

        (void)test;
        sample_make(&sample);
        memset(path, 'a', GANESHA_PATH_MAX);
        path[0] = '/';
        sample.export.path = path;
        assert_int_equal(ganesha_config_render(&sample.export, &block, &fault), 0);
        path[GANESHA_PATH_MAX] = 'a';
        assert_int_equal(ganesha_config_render(&sample.export, &block, &fault), -FAULT_INVALID);
}

static void expression_names_the_export_and_is_never_empty(void **test)
{
        char expression[GANESHA_EXPRESSION_SIZE];
        struct fault fault = { 0 };

        (void)test;
        assert_int_equal(ganesha_config_expression(1, expression, &fault), 0);
        assert_string_equal(expression, "EXPORT(Export_Id=1)");
        assert_int_equal(ganesha_config_expression(EXPORT_NUMBER_MAX, expression, &fault), 0);
        assert_string_equal(expression, "EXPORT(Export_Id=65534)");
        assert_int_equal(ganesha_config_expression(0, expression, &fault), -FAULT_INVALID);
        assert_int_equal(ganesha_config_expression(65535, expression, &fault), -FAULT_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(export_with_clients_renders_one_block_for_each_access),
                cmocka_unit_test(export_without_clients_refuses_everybody),
                cmocka_unit_test(path_that_can_be_quoted_is_rendered_as_it_is),
                cmocka_unit_test(path_that_cannot_be_quoted_is_refused),
                cmocka_unit_test(path_of_the_greatest_length_is_rendered_and_a_longer_one_refused),
                cmocka_unit_test(export_that_is_wrong_is_refused_and_renders_nothing),
                cmocka_unit_test(expression_names_the_export_and_is_never_empty),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
