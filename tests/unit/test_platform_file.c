/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "base/text.h"

#define TREE "/1.0/environment/file/rest/"
#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded"

/* Storage files is environment vault, layer storage, nodes 501 and 502; media is films, 601. All of acme. */
static void platform_world(struct api *api)
{
        static const char *const puts[][2] = {
                { "/v1/environments/shop/nodes/103",
                  "{'layer':'cp','addresses':['10.77.0.23'],'os':{'id':'debian'}}" },
                { "/v1/environments/other/nodes/201", "{'layer':'cp','addresses':['10.77.0.41']}" },
                { "/v1/environments/vault", "{'uid':'e-3','account':'acme','state':'running','platform_version':'"
                                            "8.3','layers':['storage']}" },
                { "/v1/environments/vault/nodes/501", "{'layer':'storage','addresses':['10.77.0.51']}" },
                { "/v1/environments/films", "{'uid':'e-4','account':'acme','state':'running','platform_version':'"
                                            "8.3','layers':['storage']}" },
                { "/v1/environments/films/nodes/601", "{'layer':'storage','addresses':['10.77.0.61']}" },
                { "/v1/storages/media", "{'kind':'single','account':'acme','addresses':['10.77.0.12'],"
                                        "'environment':'films','layer':'storage','node_ids':['601'],"
                                        "'mount_root':'/srv/media'}" },
        };

        api_world(api);
        for (size_t i = 0; i < ARRAY_SIZE(puts); i++)
                expect(api, "PUT", puts[i][0], puts[i][1], "201");
        expect(api, "PUT", "/v1/storages/files",
               "{'kind':'cluster','account':'acme','addresses':['10.77.0.11'],'environment':'vault',"
               "'layer':'storage','node_ids':['501','502']}",
               "200");
        api_tokens(api);
}

static int platform_start(void **state)
{
        int result = api_start(state);

        platform_world(*state);
        return result;
}

/* One call with the session of acme's token in the body. */
static struct answer platform(struct api *api, const char *method, const char *form)
{
        AUTO_FREE char *path = memory_format(TREE "%s", method);
        AUTO_FREE char *body = memory_format("%s&session=%s", form, api->tokens[2]);

        return call(api, (struct call){ .method = "POST",
                                        .path = path,
                                        .body = body,
                                        .raw_length = strlen(body),
                                        .headers = { FORM_TYPE, "Prefer: wait=0" },
                                        .token = "" });
}

/* "90422 path mount_path.forbidden": the result, then each parameter that is wrong. */
static const char *result_of(const struct answer *answer)
{
        static _Thread_local char text[512];
        const json_t *error;
        size_t index;

        snprintf(text, sizeof text, "%s", answer_at(answer, "result"));
        json_array_foreach(json_object_get(answer->json, "errors"), index, error)
        {
                size_t length = strlen(text);

                snprintf(text + length, sizeof text - length, " %s %s",
                         json_string_value(json_object_get(error, "parameter")),
                         json_string_value(json_object_get(error, "code")));
        }
        return text;
}

static void expect_result(struct api *api, const char *method, const char *form, const char *wanted)
{
        AUTO_ANSWER struct answer answer = platform(api, method, form);

        if (strcmp(result_of(&answer), wanted) != 0)
                print_error("%s %s: %s\n", method, form, answer.text);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_field(&answer, "Content-Type"), "application/json");
        assert_string_equal(result_of(&answer), wanted);
        if (strcmp(wanted, "0") != 0) {
                assert_string_not_equal(answer_at(&answer, "error"), "");
                assert_string_equal(answer_at(&answer, "source"), "gatehouse");
                assert_true(strtol(answer_at(&answer, "reason"), NULL, 10) >= 400);
        }
}

static void expect_member(struct api *api, const char *method, const char *form, const char *member,
                          const char *wanted)
{
        AUTO_ANSWER struct answer answer = platform(api, method, form);

        if (strcmp(answer_at(&answer, member), wanted) != 0)
                print_error("%s %s: %s\n", method, form, answer.text);
        assert_string_equal(answer_at(&answer, member), wanted);
}

/* The one export that there is, at `member`. */
static void expect_export(struct api *api, const char *member, const char *wanted)
{
        AUTO_ANSWER struct answer answer = call_of(api, "GET", "/v1/exports", NULL);
        AUTO_FREE char *path = memory_format("items/0/%s", member);

        assert_string_equal(answer_at(&answer, path), wanted);
}

static void expect_no_exports(struct api *api)
{
        AUTO_ANSWER struct answer answer = call_of(api, "GET", "/v1/exports", NULL);

        assert_string_equal(answer_at(&answer, "items"), "[]");
}

#define BY_GROUP "envName=shop&nodeGroup=cp&path=/var/www/site"
#define BY_NODE "envName=shop&nodeId=103&path=/var/www/site"

static void mount_becomes_the_export_that_it_says(void **state)
{
        static const struct {
                const char *method, *form, *member, *wanted;
        } cases[] = {
                { "addmountpointbygroup", BY_GROUP "&sourcePath=/data/site&sourceNodeId=501", "target",
                  "{\"layer\":\"cp\"}" },
                { "AddMountPointById", BY_NODE "&sourcePath=/data/site&sourceNodeId=502", "target",
                  "{\"node\":\"103\"}" },
                { "addmountpointbyid", BY_NODE "/&sourcePath=/data/&sourceNodeId=501", "path", "/" },
                { "addmountpointbyid", BY_NODE "/&sourcePath=/data/&sourceNodeId=501", "mount_path",
                  "/var/www/site" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/a%20b+c&sourceHost=10.77.0.11", "path",
                  "/a b c" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceHost=files", "storage", "files" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/srv/media/x&sourceHost=films&sourceAddressType=1",
                  "storage", "media" },
                { "addmountpointbyid",
                  "envName=vault&nodeId=501&path=/m&sourcePath=/data/"
                  "x&sourceHost=storage&sourceAddressType=NODE_GROUP",
                  "storage", "files" },
                { "addmountpointbyid",
                  BY_NODE "&sourcePath=/data/x&sourceNodeId=501&sourceHost=10.77.0.11&sourceAddressType=IP",
                  "storage", "files" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&readOnly=true", "access",
                  "ro" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&readOnly=0", "access", "rw" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&protocol=", "protocol",
                  "auto" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&protocol=nfs4", "protocol",
                  "nfs" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&protocol=NFS3", "protocol",
                  "nfs" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&protocol=GLUSTER", "protocol",
                  "gluster" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&protocol=GLUSTER&readOnly=1",
                  "protocol", "auto" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&name=site", "labels", "{}" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&name=My+site", "labels",
                  "{\"name\":\"My site\"}" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501&appid=cluster&ruk=1",
                  "manager", "platform" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                bool by_group = strstr(cases[i].form, "nodeGroup") != NULL;
                const char *node =
                        strstr(cases[i].form, "=501&path=/m&") ? "envName=vault&nodeId=501&path=/m" : BY_NODE;

                expect_result(*state, cases[i].method, cases[i].form, "0");
                expect_export(*state, cases[i].member, cases[i].wanted);
                expect_result(*state, by_group ? "RemoveMountPointByGroup" : "removemountpointbyid",
                              by_group ? BY_GROUP : node, "0");
                expect_no_exports(*state);
        }
}

static void what_cannot_be_mounted_is_refused_with_its_parameter(void **state)
{
        static const struct {
                const char *form, *wanted;
        } cases[] = {
                { "", "90400 envName parameter.missing nodeId parameter.missing path parameter.missing sourcePath "
                      "parameter.missing" },
                { BY_NODE "&sourcePath=/data/x", "90422 sourceNodeId source.missing" },
                { BY_NODE "&sourcePath=/data/x&sourceNodeId=999", "5 sourceNodeId source.unknown" },
                { BY_NODE "&sourcePath=/data/x&sourceNodeId=201", "5 sourceNodeId source.unknown" },
                { BY_NODE "&sourcePath=/data/x&sourceNodeId=102", "90422 sourceNodeId source.not_storage" },
                { BY_NODE "&sourcePath=/data/x&sourceHost=10.77.0.22", "90422 sourceHost source.not_storage" },
                { BY_NODE "&sourcePath=/data/x&sourceHost=10.77.0.41", "90422 sourceHost source.external" },
                { BY_NODE "&sourcePath=/data/x&sourceHost=192.0.2.1", "90422 sourceHost source.external" },
                { BY_NODE "&sourcePath=/data/x&sourceHost=nas.example.com", "90422 sourceHost source.external" },
                { BY_NODE "&sourcePath=/data/x&sourceHost=nas&sourceAddressType=IP",
                  "90422 sourceHost address.malformed" },
                { BY_NODE "&sourcePath=/data/x&sourceHost=storage&sourceAddressType=2",
                  "90422 sourceHost source.ambiguous" },
                { BY_NODE "&sourcePath=/data/x&sourceHost=cp&sourceAddressType=2", "5 sourceHost source.unknown" },
                { BY_NODE "&sourcePath=/data/x&sourceNodeId=501&sourceAddressType=3",
                  "90422 sourceAddressType source.type_unknown" },
                { BY_NODE "&sourcePath=/data/x&sourceNodeId=501&sourceHost=media",
                  "90422 sourceHost source.contradiction" },
                { BY_NODE "&sourcePath=/database&sourceNodeId=501", "90422 sourcePath path.outside_root" },
                { BY_NODE "&sourcePath=/etc&sourceNodeId=501", "90422 sourcePath path.outside_root" },
                { BY_NODE "&sourcePath=/data/../etc&sourceNodeId=501", "90422 sourcePath path.dot_component" },
                { BY_NODE "&sourcePath=/data/a%22b&sourceNodeId=501",
                  "90422 sourcePath path.forbidden_character" },
                { "envName=shop&nodeId=103&path=/proc/x&sourcePath=/data/x&sourceNodeId=501",
                  "90422 path mount_path.forbidden" },
                { "envName=shop&nodeId=103&path=/&sourcePath=/data/x&sourceNodeId=501",
                  "90422 path mount_path.forbidden" },
                { "envName=shop&nodeId=103&path=var&sourcePath=/etc&sourceNodeId=501&protocol=smb&readOnly=maybe",
                  "90422 sourcePath path.outside_root readOnly read_only.malformed protocol protocol.unknown path "
                  "path.not_absolute" },
                { "envName=nowhere&nodeId=103&path=/m&sourcePath=/data/x&sourceNodeId=501",
                  "5 envName environment.unknown" },
                { "envName=other&nodeId=201&path=/m&sourcePath=/data/x&sourceNodeId=501",
                  "5 envName environment.unknown" },
                { "envName=shop&nodeId=501&path=/m&sourcePath=/data/x&sourceNodeId=501", "5 nodeId node.unknown" },
                { BY_NODE "&sourcePath=/data/x&sourceNodeId=501&readonly=true", "90400 readOnly parameter.case" },
                { BY_NODE "&sourcePath=/data/x&sourceNodeId=501&path=/other", "90400 path parameter.repeated" },
                { BY_NODE "&sourcePath=/data/%00&sourceNodeId=501", "90400" },
                { BY_NODE "&sourcePath=/data/%ff&sourceNodeId=501", "90400" },
                { BY_NODE "&sourcePath=/data/%4&sourceNodeId=501", "90400" },
                { BY_NODE
                  "&sourcePath=/data/x&sourceNodeId=501&a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y&z&A",
                  "90400" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect_result(*state, "addmountpointbyid", cases[i].form, cases[i].wanted);
        expect_result(*state, "addmountpointbygroup",
                      "envName=shop&nodeGroup=bl&path=/m&sourcePath=/data/x&sourceNodeId=501",
                      "5 nodeGroup layer.unknown");
        expect_no_exports(*state);
}

static void file_is_refused(void **state)
{
        struct api *api = *state;

        files_say(&api->fake, FAULT_NONE, PATH_OTHER);
        expect_result(api, "addmountpointbyid", BY_NODE "&sourcePath=/data/file&sourceNodeId=501",
                      "90422 sourcePath path.not_directory");
        files_say(&api->fake, FAULT_NONE, PATH_DIRECTORY);
        expect_no_exports(api);
}

static void repeated_mount_exists_and_others_are_in_its_way(void **state)
{
        static const struct {
                const char *method, *form, *wanted;
        } cases[] = {
                { "addmountpointbygroup", BY_GROUP "&sourcePath=/data/site&sourceNodeId=501", "0" },
                { "addmountpointbygroup", BY_GROUP "&sourcePath=/data/site&sourceNodeId=502",
                  "2030  export.exists" },
                { "addmountpointbygroup", BY_GROUP "&sourcePath=/data/site&sourceNodeId=501&readOnly=true",
                  "90409 path mount_path.taken" },
                { "addmountpointbygroup", BY_GROUP "&sourcePath=/data/else&sourceNodeId=501",
                  "90409 path mount_path.taken" },
                { "addmountpointbyid", BY_NODE "&sourcePath=/data/site&sourceNodeId=501",
                  "90409 path mount_path.taken" },
                { "addmountpointbygroup", BY_GROUP "/in&sourcePath=/data/site&sourceNodeId=501",
                  "90409 path mount_path.nested" },
                { "removemountpointbygroup", "envName=shop&nodeGroup=cache&path=/var/www/site", "5" },
                { "removemountpointbygroup", "envName=other&nodeGroup=cp&path=/var/www/site", "5" },
                { "removemountpointbygroup", "envName=shop&nodeGroup=cp&path=/var/www", "5" },
                { "removemountpointbygroup", BY_GROUP "/", "0" },
                { "removemountpointbygroup", BY_GROUP, "5" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect_result(*state, cases[i].method, cases[i].form, cases[i].wanted);
        expect_no_exports(*state);
}

static void node_is_taken_out_of_a_layer_and_put_back(void **state)
{
        struct api *api = *state;
        const char *mount = BY_GROUP "&sourcePath=/data/site&sourceNodeId=501";

        expect_result(api, "addmountpointbygroup", mount, "0");
        expect_result(api, "removemountpointbyid", BY_NODE, "0");
        expect_export(api, "target", "{\"layer\":\"cp\",\"except\":[\"103\"]}");
        expect_result(api, "removemountpointbyid", BY_NODE, "5");
        expect_member(api, "getmountpoints", "envName=shop&nodeId=103", "array", "[]");
        expect_member(api, "getmountpoints", "envName=shop&nodeId=101", "array/0/path", "/var/www/site");
        expect_result(api, "addmountpointbyid", BY_NODE "&sourcePath=/data/else&sourceNodeId=501",
                      "90409 path mount_path.taken");
        expect_result(api, "addmountpointbyid", BY_NODE "&sourcePath=/data/site&sourceNodeId=501", "0");
        expect_export(api, "target", "{\"layer\":\"cp\"}");
        expect_result(api, "removemountpointbyid", BY_NODE, "0");
        expect_result(api, "removemountpointbyid", "envName=shop&nodeId=101&path=/var/www/site", "0");
        expect_result(api, "addmountpointbygroup", mount, "0");
        expect_export(api, "target", "{\"layer\":\"cp\"}");
        expect_result(api, "addmountpointbygroup", mount, "2030  export.exists");
        expect_result(api, "removemountpointbygroup", BY_GROUP, "0");
        expect_no_exports(api);
}

static void group_loses_the_mounts_of_its_nodes_too(void **state)
{
        struct api *api = *state;

        expect_result(api, "addmountpointbyid", BY_NODE "&sourcePath=/data/site&sourceNodeId=501", "0");
        expect_result(api, "addmountpointbyid",
                      "envName=shop&nodeId=101&path=/var/www/site&sourcePath=/data/site&sourceNodeId=501", "0");
        expect_result(api, "removemountpointbygroup", BY_GROUP, "0");
        expect_no_exports(api);
        expect(api, "POST", "/v1/exports",
               "{'storage':'files','path':'/a','environment':'shop','mount_path':'/var/www/site'}", "201");
        expect_result(api, "removemountpointbygroup", BY_GROUP, "90409");
        expect_result(api, "removemountpointbyid", BY_NODE, "0");
        expect_export(api, "target", "{\"all\":true,\"except\":[\"103\"]}");
}

static void lists_show_what_either_api_made(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *method, *form, *member, *wanted;
        } cases[] = {
                { "getmountpoints", "envName=shop&nodeGroup=cp", "array/0/name", "site" },
                { "getmountpoints", "envName=shop&nodeGroup=cp", "array/0/sourcePath", "/data/site" },
                { "getmountpoints", "envName=shop&nodeGroup=cp", "array/0/sourceNodeId", "501" },
                { "getmountpoints", "envName=shop&nodeGroup=cp", "array/0/type", "INTERNAL" },
                { "getmountpoints", "envName=shop&nodeGroup=cp", "array/0/readOnly", "false" },
                { "getmountpoints", "envName=shop&nodeGroup=cp", "array/0/protocol", "GLUSTER" },
                { "getmountpoints", "envName=shop&nodeGroup=cp", "array/1", "" },
                { "getmountpoints", "envName=shop&nodeGroup=cache", "array", "[]" },
                { "getmountpoints", "envName=shop", "array/2", "" },
                { "getmountpoints", "envName=shop&nodeId=102", "array/0/name", "My uploads" },
                { "getmountpoints", "envName=shop&nodeId=102", "array/0/protocol", "NFS4" },
                { "getmountpoints", "envName=shop&nodeId=102", "array/0/protocolReason/code", "export.nfs" },
                { "getmountpoints", "envName=shop&nodeId=102", "array/0/readOnly", "true" },
                { "getmountpoints", "envName=shop&nodeId=102", "array/0/nodeId", "102" },
                { "getmountpoints", "envName=shop&nodeId=501", "result", "5" },
                { "getmountpoints", "envName=shop&nodeGroup=bl", "result", "5" },
                { "getmountpoints", "envName=other", "result", "5" },
                { "getexportedlist", "envName=vault&nodeId=502", "array/0/path", "/data/site" },
                { "getexportedlist", "envName=vault&nodeId=502", "array/0/clients/1/nodeId", "103" },
                { "getexportedlist", "envName=vault&nodeId=502", "array/0/clients/1/envName", "shop" },
                { "getexportedlist", "envName=vault&nodeId=501&path=/data/uploads", "array/0/clients/0/path",
                  "/uploads" },
                { "getexportedlist", "envName=vault&nodeId=501&path=/data/uploads", "array/1", "" },
                { "getexportedlist", "envName=vault&nodeId=501&path=/etc", "array", "[]" },
                { "getexportedlist", "envName=shop&nodeId=501", "result", "5" },
                { "getexportedlist", "envName=shop&nodeId=101", "result", "5" },
        };

        api_export(api, "/site", "/var/www/site");
        expect_result(
                api, "addmountpointbyid",
                "envName=shop&nodeId=102&path=/uploads&sourcePath=/data/uploads&sourceNodeId=501&readOnly=true"
                "&name=My+uploads&protocol=NFS",
                "0");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect_member(api, cases[i].method, cases[i].form, cases[i].member, cases[i].wanted);
        expect_result(api, "removeexport",
                      "envName=vault&nodeId=501&path=/data/uploads&clientNodeId=103&clientPath=/var/www/site",
                      "5");
        expect_result(api, "removeexport",
                      "envName=vault&nodeId=501&path=/data/site/&clientNodeId=103&clientPath=/var/www/site", "0");
        expect_result(api, "removeexport",
                      "envName=vault&nodeId=501&path=/etc&clientNodeId=103&clientPath=/var/www/site", "5");
        expect_result(api, "removeexport",
                      "envName=vault&nodeId=502&path=/data/uploads&clientNodeId=102&clientPath=/uploads", "0");
        expect_export(api, "target", "{\"layer\":\"cp\",\"except\":[\"103\"]}");
}

static void cross_mount_is_told_and_refused_by_both(void **state)
{
        struct api *api = *state;

        expect_member(api, "checkcrossmount", "envName=vault&nodeId=501&sourceNodeId=601", "object", "false");
        expect_result(api, "addmountpointbygroup",
                      "envName=films&nodeGroup=storage&path=/m&sourcePath=/data/x&sourceNodeId=501", "0");
        expect_member(api, "checkcrossmount", "envName=vault&nodeId=501&sourceNodeId=601", "object", "true");
        expect_member(api, "checkcrossmount", "envName=films&nodeId=601&sourceNodeId=501", "object", "false");
        expect_result(api, "checkcrossmount", "envName=shop&nodeId=501&sourceNodeId=601", "5 nodeId node.unknown");
        expect_result(api, "addmountpointbyid",
                      "envName=vault&nodeId=501&path=/m&sourcePath=/srv/media/x&sourceNodeId=601",
                      "90409 sourceNodeId mount.cross");
        expect(api, "POST", "/v1/exports",
               "{'storage':'media','path':'/x','environment':'vault','mount_path':'/m'}",
               "409 /storage mount.cross");
        expect_result(api, "addmountpointbyid", BY_NODE "&sourcePath=/srv/media/x&sourceNodeId=601", "0");
}

static void every_answer_is_json_with_a_result(void **state)
{
        struct api *api = *state;
        AUTO_FREE char *large = memory_new(80000, 1);
        AUTO_FREE char *operators = memory_format("envName=shop&session=%s", api->tokens[0]);
        AUTO_FREE char *inventory = memory_format("envName=shop&session=%s", api->tokens[1]);
        AUTO_ANSWER struct answer token =
                call_of(api, "POST", "/v1/tokens", "{'name':'n','scope':'node','node':'101'}");
        AUTO_FREE char *node = memory_format("envName=shop&session=%s", answer_at(&token, "secret"));
        AUTO_FREE char *query = memory_format(TREE "GetMountPoints?envName=shop&session=%s", api->tokens[2]);
        const struct {
                const char *method, *path, *body, *type, *wanted;
        } cases[] = {
                { "POST", TREE "getmountpoints", "envName=shop", FORM_TYPE, "90401" },
                { "POST", TREE "getmountpoints", "envName=shop&session=gh_wrong", FORM_TYPE, "90401" },
                { "POST", TREE "getmountpoints", operators, FORM_TYPE, "8" },
                { "POST", TREE "getmountpoints", inventory, FORM_TYPE, "8" },
                { "POST", TREE "getmountpoints", node, FORM_TYPE, "8" },
                { "POST", TREE "getmountpoints", "{}", "Content-Type: application/json", "90415" },
                { "POST", TREE "getmountpoints", "\xff=\xfe", FORM_TYPE, "90400" },
                { "POST", TREE "getmountpoints", large, FORM_TYPE, "90413" },
                { "POST", TREE "getenvs", "envName=shop", FORM_TYPE, "90405" },
                { "PUT", TREE "getmountpoints", "envName=shop", FORM_TYPE, "90405" },
                { "DELETE", TREE "getmountpoints", NULL, NULL, "90405" },
                { "OPTIONS", TREE "getmountpoints", NULL, NULL, "90405" },
                { "POST", "/1.0/environment/control/rest/getenvs", "session=x", FORM_TYPE, "5" },
                { "POST", "/1.0/%ff", "session=x", FORM_TYPE, "90400" },
                { "POST", "/1%2e0/environment", "session=x", FORM_TYPE, "5" },
                { "GET", TREE "getmountpoints?envName=%zz", NULL, NULL, "90400" },
                { "GET", query, NULL, NULL, "0" },
                { "POST", query, NULL, NULL, "0" },
        };

        memset(large, 'a', 79999);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_ANSWER struct answer answer =
                        call(api, (struct call){ .method = cases[i].method,
                                                 .path = cases[i].path,
                                                 .body = cases[i].body,
                                                 .raw_length = cases[i].body ? strlen(cases[i].body) : 0,
                                                 .headers = { cases[i].type },
                                                 .token = "" });

                if (strcmp(answer_at(&answer, "result"), cases[i].wanted) != 0)
                        print_error("%s %s: %s\n", cases[i].method, cases[i].path, answer.text);
                assert_int_equal(answer.status, 200);
                assert_string_equal(answer_field(&answer, "Content-Type"), "application/json");
                assert_string_equal(answer_at(&answer, "result"), cases[i].wanted);
                assert_null(strstr(answer.text, "gh_"));
        }
}

/* For another account nothing of acme's is there. */
static void other_account_finds_nothing(void **state)
{
        static const struct {
                const char *method, *form, *wanted;
        } cases[] = {
                { "addmountpointbyid", "envName=other&nodeId=201&path=/m&sourcePath=/data/x&sourceNodeId=501",
                  "5 sourceNodeId source.unknown" },
                { "addmountpointbyid", "envName=other&nodeId=201&path=/m&sourcePath=/data/x&sourceNodeId=102",
                  "5 sourceNodeId source.unknown" },
                { "addmountpointbyid", "envName=other&nodeId=201&path=/m&sourcePath=/data/x&sourceHost=10.77.0.11",
                  "90422 sourceHost source.external" },
                { "addmountpointbyid", "envName=other&nodeId=201&path=/m&sourcePath=/data/x&sourceHost=files",
                  "90422 sourceHost source.external" },
                { "removemountpointbygroup", BY_GROUP, "5" },
                { "removemountpointbyid", "envName=shop&nodeId=101&path=/var/www/site", "5" },
                { "removemountpointbyid", "envName=other&nodeId=101&path=/var/www/site", "5" },
                { "removeexport",
                  "envName=vault&nodeId=501&path=/data/site&clientNodeId=101&clientPath=/var/www/site",
                  "5 nodeId storage.unknown" },
                { "getmountpoints", "envName=shop", "5 envName environment.unknown" },
                { "getmountpoints", "envName=other&nodeId=101", "5 nodeId node.unknown" },
                { "getexportedlist", "envName=vault&nodeId=501", "5 nodeId storage.unknown" },
        };
        struct api *api = *state;
        AUTO_ANSWER struct answer token =
                call_of(api, "POST", "/v1/tokens", "{'name':'f','scope':'account','account':'foreign'}");

        api_export(api, "/site", "/var/www/site");
        snprintf(api->tokens[2], sizeof api->tokens[2], "%s", answer_at(&token, "secret"));
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect_result(api, cases[i].method, cases[i].form, cases[i].wanted);
        expect_export(api, "target", "{\"layer\":\"cp\"}");
}

/* What only looks may not change anything, although GET may. */
static void head_changes_nothing(void **state)
{
        struct api *api = *state;
        AUTO_FREE char *path =
                memory_format(TREE "addmountpointbyid?" BY_NODE "&sourcePath=/data/x&sourceNodeId=501&session=%s",
                              api->tokens[2]);
        AUTO_ANSWER struct answer head =
                call(api, (struct call){ .method = "HEAD", .path = path, .headers = { NULL }, .token = "" });

        assert_int_equal(head.status, 200);
        expect_no_exports(api);
        AUTO_ANSWER struct answer get = call(
                api, (struct call){ .method = "GET", .path = path, .headers = { "Prefer: wait=0" }, .token = "" });
        assert_string_equal(answer_at(&get, "result"), "0");
        expect_export(api, "target", "{\"node\":\"103\"}");
}

/* A token with the right to read lists, and changes nothing by either verb. */
static void token_that_reads_changes_nothing(void **state)
{
        struct api *api = *state;
        AUTO_ANSWER struct answer token = call_of(
                api, "POST", "/v1/tokens", "{'name':'r','scope':'account','account':'acme','right':'read'}");

        expect_result(api, "addmountpointbyid", BY_NODE "&sourcePath=/data/x&sourceNodeId=501", "0");
        snprintf(api->tokens[2], sizeof api->tokens[2], "%s", answer_at(&token, "secret"));
        expect_member(api, "getmountpoints", "envName=shop&nodeId=103", "array/0/name", "site");
        expect_result(api, "addmountpointbyid", BY_NODE "/2&sourcePath=/data/x&sourceNodeId=501", "8");
        expect_result(api, "removemountpointbyid", BY_NODE, "8");
        expect_result(api, "removeexport",
                      "envName=vault&nodeId=501&path=/data/x&clientNodeId=103&clientPath=/var/www/site", "8");
        expect_export(api, "target", "{\"node\":\"103\"}");
}

/* On the Unix socket too it is the session that counts, not who is at its other end. */
static void operator_at_the_socket_is_nobody_here(void **state)
{
        AUTO_ANSWER struct answer answer = call(
                *state,
                (struct call){ .method = "GET", .path = TREE "getmountpoints?envName=shop", .headers = { NULL } });

        assert_string_equal(answer_at(&answer, "result"), "90401");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(mount_becomes_the_export_that_it_says, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(what_cannot_be_mounted_is_refused_with_its_parameter,
                                                platform_start, api_stop),
                cmocka_unit_test_setup_teardown(file_is_refused, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(repeated_mount_exists_and_others_are_in_its_way, platform_start,
                                                api_stop),
                cmocka_unit_test_setup_teardown(node_is_taken_out_of_a_layer_and_put_back, platform_start,
                                                api_stop),
                cmocka_unit_test_setup_teardown(group_loses_the_mounts_of_its_nodes_too, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(lists_show_what_either_api_made, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(cross_mount_is_told_and_refused_by_both, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(every_answer_is_json_with_a_result, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(other_account_finds_nothing, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(head_changes_nothing, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(token_that_reads_changes_nothing, platform_start, api_stop),
                cmocka_unit_test_setup_teardown(operator_at_the_socket_is_nobody_here, platform_start, api_stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
