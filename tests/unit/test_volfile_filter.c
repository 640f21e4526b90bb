/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tests/data/gluster holds volfiles as glusterd 10.3 wrote them for a volume `data` of 2 x 3 bricks with quota,
 * bitrot and snapshots on, next to a volume `data-client-0`. Credentials were replaced: feedf00d-... are those of
 * `data`, beefbeef-... the other's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/gluster/access_list_text.h"
#include "protocols/gluster/volfile_filter.h"

#define ID "1cac9581-2778-4bb5-bb00-2e51824a55da"
#define VALUE "/(10.98.0.11),/.gatehouse-canary-7(10.98.0.11),/shared/site(10.98.0.21)"

static const char *const files[] = { "brick.vol",          "bitd.vol",   "client.vol", "gfproxyd.vol",
                                     "gfproxy-client.vol", "quotad.vol", "shd.vol",    "snapd.vol" };

static char *file_load(const char *name)
{
        const char *top = getenv("top_srcdir");
        AUTO_FREE char *path = memory_format("%s/tests/data/gluster/%s", top ? top : ".", name);
        AUTO_FCLOSE FILE *file = fopen(path, "r");
        char *text = memory_new(1, 65536);

        if (!file)
                fail_msg("%s is not here", path);
        assert_true(fread(text, 1, 65535, file) > 0);
        return text;
}

/* Storage node 10.98.0.11, client 10.98.0.21 in /shared/site, generation 7. */
struct fixture {
        struct access_list list;
        struct volfile_rules rules;
};

static int fixture_make(void **state)
{
        static struct fixture fixture;
        struct address peer = { ADDRESS_V4, { 10, 98, 0, 11 } }, client = { ADDRESS_V4, { 10, 98, 0, 21 } };

        access_list_init(&fixture.list, &peer, 1);
        fixture.list.generation = 7;
        access_list_add(&fixture.list, "/shared/site", &client);
        fixture.rules = (struct volfile_rules){ .peers = fixture.list.peers,
                                                .peer_count = fixture.list.peer_count,
                                                .list = &fixture.list,
                                                .volume_id = ID };
        *state = &fixture;
        return 0;
}

static int fixture_drop(void **state)
{
        access_list_fini(&((struct fixture *)*state)->list);
        return 0;
}

static bool is_named(void *context, const char *volume)
{
        return strcmp(volume, context) == 0;
}

static enum volfile_outcome apply(const char *in, const struct volfile_rules *rules, struct text *out)
{
        return volfile_filter_apply(in, strlen(in), rules, out);
}

static void each_file_of_a_managed_volume_loses_its_credentials(void **state)
{
        const struct fixture *fixture = *state;

        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                AUTO_FREE char *in = file_load(files[i]);
                AUTO_TEXT struct text out = { 0 };

                assert_int_equal(apply(in, &fixture->rules, &out), VOLFILE_LISTED);
                if (strstr(text_get(&out), "feedf00d") || strstr(text_get(&out), "beefbeef") ||
                    volfile_has_credentials(text_get(&out), out.length))
                        fail_msg("%s", files[i]);
        }
}

static void each_file_comes_out_of_a_second_run_unchanged(void **state)
{
        const struct fixture *fixture = *state;

        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                AUTO_FREE char *in = file_load(files[i]);
                AUTO_TEXT struct text once = { 0 }, twice = { 0 };

                apply(in, &fixture->rules, &once);
                apply(text_get(&once), &fixture->rules, &twice);
                assert_string_equal(text_get(&once), text_get(&twice));
        }
}

/* What a run makes of the brick's file, line by line: all else is as it was. */
static void brick_changes_in_its_address_list_and_login_lines_alone(void **state)
{
        const struct fixture *fixture = *state;
        AUTO_FREE char *in = file_load("brick.vol");
        AUTO_TEXT struct text out = { 0 }, wanted = { 0 };

        for (char *rest = in, *line; (line = strsep(&rest, "\n")) && rest;) {
                if (strstr(line, ".password"))
                        continue;
                if (strstr(line, "auth.addr."))
                        line = "    option auth.addr./run/bricks/1/data.allow " VALUE;
                if (strstr(line, "auth.login."))
                        line = "    option auth.login./run/bricks/1/data.allow " VOLFILE_NO_LOGIN;
                text_addf(&wanted, "%s\n", line);
        }
        free(in);
        in = file_load("brick.vol");
        assert_int_equal(apply(in, &fixture->rules, &out), VOLFILE_LISTED);
        assert_string_equal(text_get(&out), text_get(&wanted));
}

static void brick_without_list_admits_the_peers(void **state)
{
        struct volfile_rules rules = ((struct fixture *)*state)->rules;
        AUTO_FREE char *in = file_load("brick.vol");
        AUTO_TEXT struct text out = { 0 };

        rules.list = NULL;
        assert_int_equal(apply(in, &rules, &out), VOLFILE_STRICT);
        assert_non_null(strstr(text_get(&out), "1/data.allow /(10.98.0.11)\n"));
}

static void brick_without_list_and_peers_admits_nobody(void **state)
{
        struct volfile_rules rules = { 0 };
        AUTO_FREE char *in = file_load("brick.vol");
        AUTO_TEXT struct text out = { 0 };

        (void)state;
        assert_int_equal(apply(in, &rules, &out), VOLFILE_STRICT);
        assert_non_null(strstr(text_get(&out), "1/data.allow /(0.0.0.0)\n"));
}

static void brick_of_another_volume_of_that_name_admits_the_peers(void **state)
{
        struct volfile_rules rules = ((struct fixture *)*state)->rules;
        AUTO_FREE char *in = file_load("brick.vol");
        AUTO_TEXT struct text out = { 0 };

        rules.volume_id = "00000000-2778-4bb5-bb00-2e51824a55da";
        assert_int_equal(apply(in, &rules, &out), VOLFILE_STRICT);
        assert_non_null(strstr(text_get(&out), "1/data.allow /(10.98.0.11)\n"));
}

static void snapshot_server_admits_the_peers_although_there_is_a_list(void **state)
{
        const struct fixture *fixture = *state;
        AUTO_FREE char *in = file_load("snapd.vol");
        AUTO_TEXT struct text out = { 0 };

        apply(in, &fixture->rules, &out);
        assert_non_null(strstr(text_get(&out), "option auth.addr.snapd-data.allow /(10.98.0.11)\n"));
        assert_null(strstr(text_get(&out), "10.98.0.21"));
}

static void shared_file_loses_the_credentials_of_managed_volumes_only(void **state)
{
        static const struct {
                const char *file, *managed;
                bool data, other; /* whose credentials are left */
                enum volfile_outcome outcome;
        } cases[] = {
                { "quotad.vol", "data", false, true, VOLFILE_LISTED },
                { "quotad.vol", "data-client-0", true, false, VOLFILE_LISTED },
                { "quotad.vol", "client", true, true, VOLFILE_FOREIGN },
                { "bitd.vol", "data", false, true, VOLFILE_LISTED },
                { "bitd.vol", "data-client-0", true, false, VOLFILE_LISTED },
                { "shd.vol", "data", false, false, VOLFILE_LISTED },
                { "shd.vol", "data-client-0", true, false, VOLFILE_FOREIGN },
                { "gfproxy-client.vol", "data", false, false, VOLFILE_LISTED },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct volfile_rules rules = { .is_managed = is_named,
                                               .context = (void *)(uintptr_t)cases[i].managed };
                AUTO_FREE char *in = file_load(cases[i].file);
                AUTO_TEXT struct text out = { 0 };

                assert_int_equal(apply(in, &rules, &out), cases[i].outcome);
                if (cases[i].outcome == VOLFILE_FOREIGN) {
                        assert_int_equal(out.length, 0);
                        continue;
                }
                if (!!strstr(text_get(&out), "feedf00d") != cases[i].data ||
                    !!strstr(text_get(&out), "beefbeef") != cases[i].other)
                        fail_msg("%s, %s is managed", cases[i].file, cases[i].managed);
        }
}

/* One line of a managed volume's file and what becomes of it. */
static void line_becomes_what_it_should(void **state)
{
        static const struct {
                const char *in, *out;
        } cases[] = {
                { "    option ping-timeout 42\n", "    option ping-timeout 42\n" },
                { "    option log-format \"with msg id\"\n", "    option log-format \"with msg id\"\n" },
                { "    option auth-path /run/bricks/1/data\n", "    option auth-path /run/bricks/1/data\n" },
                { "    option rpc-auth-allow-insecure on\n", "    option rpc-auth-allow-insecure on\n" },
                { "end-volume", "end-volume\n" },
                { "\n", "\n" },
                { "  subvolumes a b\n", "  subvolumes a b\n" },
                /* credentials in any spelling */
                { "option username x\n", "" },
                { "\toption\tpassword\tx\n", "" },
                { "    option UserName x\n", "" },
                { "    option auth.login.x.password y\n", "" },
                { "    option Auth.Login.x.allow y\n", "" },
                { "    option auth.login./b.ssl-allow y\n", "" },
                { "    option auth.login./b.allow y\n", "    option auth.login./b.allow " VOLFILE_NO_LOGIN "\n" },
                { "    option auth.other./b.allow *\n", "" },
                /* address lists in any spelling */
                { "    option auth.addr./b.allow *\n", "    option auth.addr./b.allow " VALUE "\n" },
                { "option auth.addr./b.allow \"a b\"\n", "    option auth.addr./b.allow " VALUE "\n" },
                { "    option auth.addr./b.reject /(10.98.0.11)\n",
                  "    option auth.addr./b.reject /(0.0.0.0)\n" },
                { "    option auth.ip./b.allow *\n", "    option auth.ip./b.allow /(10.98.0.11)\n" },
                { "    option Auth.Addr./b.Allow *\n", "    option Auth.Addr./b.Allow /(10.98.0.11)\n" },
                { "    option auth.allow *\n", "    option auth.allow /(10.98.0.11)\n" },
                { "    option rpc-auth.addr.data.allow *\n", "    option rpc-auth.addr.data.allow 0.0.0.0\n" },
                /* what glusterd does not write and glusterfs might read */
                { "    OPTION username x\n", "" },
                { "option username\n", "" },
                { "option a b option username c\n", "" },
                { "option a \"b\" username\n", "" },
                { "option a \"b\n", "" },
                { "option a \"b\\\" c\"\n", "" },
                { "option a b\\\n", "" },
                { "option a #b\n", "" },
                { "# comment\n", "" },
                { "option a `id`\n", "" },
                { "option a \"`id`\"\n", "" },
                { "option `id` b\n", "" },
                { "volume `id`\n", "" },
                { "type `id`\n", "" },
                { "subvolumes a `id`\n", "" },
                { "option a b\r\n", "" },
                { "option a b\voption c d\n", "" },
                { "end-volume x\n", "" },
                { "subvolumes a option username x\n", "" },
                { "subvolumes a OPTION username x\n", "" },
                { "type option\n", "" },
                { "volume end-volume\n", "" },
                { "option type x\n", "" },
                { "option a Option\n", "" },
                { "option a options\n", "option a options\n" },
                { "subvolumes\n", "" },
        };
        struct volfile_rules rules = ((struct fixture *)*state)->rules;

        rules.volume_id = "";
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text out = { 0 };

                apply(cases[i].in, &rules, &out);
                if (strcmp(text_get(&out), cases[i].out) != 0)
                        fail_msg("case %zu: %s became %s", i, cases[i].in, text_get(&out));
        }
}

static void line_with_nul_is_left_out(void **state)
{
        static const char in[] = "option a b\0c\noption d e\n";
        AUTO_TEXT struct text out = { 0 };

        volfile_filter_apply(in, sizeof in - 1, &((struct fixture *)*state)->rules, &out);
        assert_string_equal(text_get(&out), "option d e\n");
}

static void list_is_not_written_more_often_than_bricks_can_be(void **state)
{
        struct volfile_rules rules = ((struct fixture *)*state)->rules;
        AUTO_TEXT struct text in = { 0 }, out = { 0 };
        unsigned lists = 0;

        rules.volume_id = "";
        for (unsigned i = 0; i < 3 * VOLFILE_LISTS_MAX; i++)
                text_addf(&in, "option auth.addr./%u.allow *\n", i);
        assert_int_equal(apply(text_get(&in), &rules, &out), VOLFILE_STRICT);
        for (const char *at = text_get(&out); (at = strstr(at, VALUE)); at++)
                lists++;
        assert_int_equal(lists, VOLFILE_LISTS_MAX);
}

static void credentials_are_seen_where_they_are(void **state)
{
        static const struct {
                const char *text;
                bool has;
        } cases[] = {
                { "option a b\n", false },
                { "option username x\n", true },
                { "option password x\n", true },
                { "option auth.login.x.password y\n", true },
                { "option auth.login./b.allow y\n", true },
                { "option auth.login./b.allow " VOLFILE_NO_LOGIN "\n", false },
                { "option\nusername x\n", true },
                { "OPTION USERNAME x\n", true },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (volfile_has_credentials(cases[i].text, strlen(cases[i].text)) != cases[i].has)
                        fail_msg("%s", cases[i].text);
}

static void list_of_every_brick_is_compared_byte_for_byte(void **state)
{
        static const struct {
                const char *text, *other;
        } cases[] = {
                { "option auth.addr./b.allow " VALUE "\n", NULL },
                { "option auth.addr./b.allow " VALUE "\noption auth.addr./c.allow /(10.98.0.11)\n",
                  "/(10.98.0.11)" },
                { "option auth.addr./b.allow " VALUE ",/x(10.98.0.99)\n", VALUE ",/x(10.98.0.99)" },
                { "option auth.addr./b.allow *\n", "*" },
                { "option auth.addr./b.reject *\noption auth.addr.snapd-data.allow *\n", NULL },
                { "", NULL },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                size_t length = 0;
                const char *other = volfile_other_list(cases[i].text, strlen(cases[i].text), VALUE, &length);

                assert_int_equal(other != NULL, cases[i].other != NULL);
                if (other) {
                        assert_int_equal(length, strlen(cases[i].other));
                        assert_memory_equal(other, cases[i].other, length);
                }
        }
}

static void volume_add(void *context, const char *volume)
{
        text_addf(context, "%s ", volume);
}

static void volumes_of_a_file_are_those_of_its_client_and_server_sections(void **state)
{
        static const struct {
                const char *text, *volumes;
        } cases[] = {
                { "volume data-client-0\n", "data " },
                { "volume data-client-12\nvolume other-ta-2\n", "data other " },
                { "volume data-client-0-client-3\n", "data-client-0 " },
                { "volume data-snapd-client\nvolume data-gfproxy-client\n", "data data " },
                { "volume gfproxyd-data\nvolume snapd-data\n", "data data " },
                { "volume data-client-\nvolume data-replicate-0\nvolume -client-0\nvolume client-0\n", "" },
                { "volume a/b-client-0\n", "" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_TEXT struct text volumes = { 0 };

                volfile_each_volume(cases[i].text, strlen(cases[i].text), volume_add, &volumes);
                assert_string_equal(text_get(&volumes), cases[i].volumes);
        }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(each_file_of_a_managed_volume_loses_its_credentials),
                CASE(each_file_comes_out_of_a_second_run_unchanged),
                CASE(brick_changes_in_its_address_list_and_login_lines_alone),
                CASE(brick_without_list_admits_the_peers),
                CASE(brick_without_list_and_peers_admits_nobody),
                CASE(brick_of_another_volume_of_that_name_admits_the_peers),
                CASE(snapshot_server_admits_the_peers_although_there_is_a_list),
                CASE(shared_file_loses_the_credentials_of_managed_volumes_only),
                CASE(line_becomes_what_it_should),
                CASE(line_with_nul_is_left_out),
                CASE(list_is_not_written_more_often_than_bricks_can_be),
                CASE(credentials_are_seen_where_they_are),
                CASE(list_of_every_brick_is_compared_byte_for_byte),
                CASE(volumes_of_a_file_are_those_of_its_client_and_server_sections),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
