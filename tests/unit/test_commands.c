/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <cmocka.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/session.h"
#include "gateway_by_script.h"

static void answer_decides_the_exit_code(void **test)
{
        static const struct {
                struct reply reply;
                int exit_code;
                const char *err;
        } cases[] = {
                { { 200, "{'id': 'ex-1'}" }, EXIT_DONE, "" },
                { { 400, "{'detail': 'no'}" }, EXIT_REFUSED, "gatehouse: no\n" },
                { { 401, "{'detail': 'who?'}" },
                  EXIT_NOT_ALLOWED,
                  "gatehouse: who?\nTry: --token-file FILE with a token that is valid; on the gateway's machine, "
                  "as root, without --url\n" },
                { { 403, "{'detail': 'no'}" },
                  EXIT_NOT_ALLOWED,
                  "gatehouse: no\nTry: a token with that right or scope: gatehouse token create --help\n" },
                { { 404, "{'detail': 'gone'}" },
                  EXIT_NOT_FOUND,
                  "gatehouse: gone\nTry: the same noun with list tells what there is, as in: gatehouse export "
                  "list\n" },
                { { 409, "{'detail': 'taken'}" }, EXIT_REFUSED, "gatehouse: taken\n" },
                { { 500, NULL },
                  EXIT_REFUSED,
                  "gatehouse: the gateway answered with status 500\nTry: journalctl -u gatehoused\n" },
                { { 0, NULL },
                  EXIT_UNREACHABLE,
                  "gatehouse: call the gateway at x: nobody there\nTry: gatehouse doctor\n" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_OUTCOME struct outcome outcome = run("export show ex-1", &cases[i].reply);

                assert_int_equal(outcome.exit_code, cases[i].exit_code);
                assert_string_equal(outcome.err, cases[i].err);
                assert_string_equal(outcome.calls, "GET /v1/exports/ex-1\n");
        }
}

static void problem_is_json_where_json_is_wanted(void **test)
{
        static const struct reply reply = { 404, "{'detail':'gone'}" };
        AUTO_OUTCOME struct outcome outcome = run("export show ex-1 --json", &reply);

        (void)test;
        assert_string_equal(outcome.out, "");
        assert_string_equal(outcome.err, "{\n  \"detail\": \"gone\"\n}\n");
}

static void options_become_the_body_of_an_export(void **test)
{
        static const struct reply reply = { 201, "{'id': 'ex-1'}" };
        static const struct {
                const char *line, *call;
        } cases[] = {
                { "export create --storage files --path /a --environment shop --mount-path /m",
                  "POST /v1/exports {'storage':'files','path':'/a','environment':'shop','mount_path':'/m'}\n" },
                { "export create --layer cp --except 1 --except 2 --wait 30 --key k1",
                  "POST /v1/exports {'target':{'layer':'cp','except':['1','2']}} key=k1 wait=30\n" },
                { "export create --except 1", "POST /v1/exports {'target':{'except':['1'],'all':true}}\n" },
                { "export create --node n1 --disabled",
                  "POST /v1/exports {'target':{'node':'n1'},'enabled':false}\n" },
                { "export create --access ro --squash all --anonymous-uid 33 --anonymous-gid 34 "
                  "--privileged-ports yes --protocol nfs "
                  "--mount-style soft --manager ci --expires-at 2030-01-01T00:00:00Z",
                  "POST /v1/exports "
                  "{'access':'ro','squash':'all','anonymous_uid':33,'anonymous_gid':34,'privileged_ports':true,"
                  "'protocol':'nfs','mount_style':'soft','manager':'ci','expires_at':'2030-01-01T00:00:00Z'}\n" },
                { "export create --directory-uid 1 --directory-gid 2 --directory-mode 0750 --label a=b=c --label "
                  "d=",
                  "POST /v1/exports {'directory':{'uid':1,'gid':2,'mode':'0750'},'labels':{'a':'b=c','d':''}}\n" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_OUTCOME struct outcome outcome = run(cases[i].line, &reply);

                assert_string_equal(outcome.calls, cases[i].call);
                assert_string_equal(outcome.out, "ex-1\n");
                assert_int_equal(outcome.exit_code, EXIT_DONE);
        }
}

static void options_become_the_change_of_an_export(void **test)
{
        static const struct reply reply = { 200, "{'id': 'ex-1'}" };
        static const struct {
                const char *line, *call;
        } cases[] = {
                { "export change ex-1 --access ro --enable --wait 5",
                  "PATCH /v1/exports/ex-1 {'access':'ro','enabled':true} if-match=* wait=5\n" },
                { "export change ex-1 --disable --revision 42 --expires-at never",
                  "PATCH /v1/exports/ex-1 {'enabled':false,'expires_at':null} if-match=\"42\"\n" },
                { "export change ex-1 --except 1 --except 2 --label a=b --no-label c",
                  "PATCH /v1/exports/ex-1 {'target':{'except':['1','2']},'labels':{'a':'b','c':null}} "
                  "if-match=*\n" },
                { "export change ex-1 --no-except",
                  "PATCH /v1/exports/ex-1 {'target':{'except':null}} if-match=*\n" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_OUTCOME struct outcome outcome = run(cases[i].line, &reply);

                assert_string_equal(outcome.calls, cases[i].call);
                assert_string_equal(outcome.out, "export ex-1: changed\n");
                assert_int_equal(outcome.exit_code, EXIT_DONE);
        }
}

static void revocation_says_whether_it_was_seen(void **test)
{
        static const struct reply seen = { 200, "{'id': 'ex-1', 'task': {'id': 'ta-1', 'state': 'done', "
                                                "'storage_nodes': [{'storage_node': 'a', 'layers': ["
                                                "{'layer': 'nfs', 'state': 'confirmed', 'confirmed_at': 'T'}]}],"
                                                "'clients': [{'address': '10.0.0.1', 'service': 'nfs', "
                                                "'connections': 2}]}}" };
        static const struct reply unseen = { 202, "{'id': 'ex-1', 'task': {'id': 'ta-1', 'state': 'running'}}" };
        AUTO_OUTCOME struct outcome waited = run("export revoke ex-1 --node 101 --wait 9", &seen);
        AUTO_OUTCOME struct outcome hurried = run("export revoke ex-1 --node 101", &unseen);

        (void)test;
        assert_string_equal(waited.calls, "POST /v1/exports/ex-1/revoke {'node':'101'} wait=9\n");
        assert_string_equal(waited.out, "export ex-1: revoked for node 101, gone from the servers\n"
                                        "STORAGE NODE  LAYER  STATE      CONFIRMED  WHY\n"
                                        "a             nfs    confirmed  T\n\n"
                                        "CLIENT CUT  SERVICE  CONNECTIONS\n"
                                        "10.0.0.1    nfs      2\n");
        assert_string_equal(hurried.calls, "POST /v1/exports/ex-1/revoke {'node':'101'}\n");
        assert_string_equal(hurried.out, "export ex-1: revoked for node 101; see task ta-1\n");
}

static void wrong_value_of_an_option_calls_nobody(void **test)
{
        static const struct {
                const char *line, *err;
        } cases[] = {
                { "export create --anonymous-uid x", "gatehouse: option --anonymous-uid needs a number, not x\n" },
                { "export create --anonymous-uid -1",
                  "gatehouse: option --anonymous-uid needs a number, not -1\n" },
                { "export create --anonymous-uid 99999999999999999999",
                  "gatehouse: option --anonymous-uid needs a number, not 99999999999999999999\n" },
                { "export create --label x", "gatehouse: option --label needs KEY=VALUE, not x\n" },
                { "export create --wait 61", "gatehouse: option --wait needs a number from 0 to 60, not 61\n" },
                { "export delete ex-1 --wait 1s",
                  "gatehouse: option --wait needs a number from 0 to 60, not 1s\n" },
                { "export create --key=", "gatehouse: option --key needs one line of text\n" },
                { "export change ex-1",
                  "gatehouse: export change: say what is to change; see gatehouse export change --help\n" },
                { "export change ex-1 --disable --revision x",
                  "gatehouse: option --revision needs a number, not x\n" },
                { "export change ex-1 --no-except --except 1",
                  "gatehouse: options --except and --no-except exclude each other\n" },
                { "export revoke ex-1", "gatehouse: export revoke: option --node is needed\n" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_OUTCOME struct outcome outcome = run(cases[i].line, NULL);

                assert_int_equal(outcome.exit_code, EXIT_USAGE);
                assert_string_equal(outcome.err, cases[i].err);
                assert_string_equal(outcome.calls, "");
        }
}

static void list_follows_the_pages(void **test)
{
        static const struct reply replies[] = {
                { 200, "{'items': [{'name': 'a'}], 'next': 'x&y'}" },
                { 200, "{'items': [{'name': 'b', 'layers': ['cp', 'db']}], 'next': null}" },
        };
        AUTO_OUTCOME struct outcome outcome = run("environment list --account a/b", replies);

        (void)test;
        assert_string_equal(outcome.calls, "GET /v1/environments?account=a%2Fb&limit=1000\n"
                                           "GET /v1/environments?account=a%2Fb&limit=1000&cursor=x%26y\n");
        assert_string_equal(outcome.out, "NAME  ACCOUNT  STATE  PLATFORM  LAYERS  UID\n"
                                         "a\n"
                                         "b                               cp, db\n");
}

static void list_as_json_is_one_list(void **test)
{
        static const struct reply replies[] = {
                { 200, "{'items': [{'id': 'a'}], 'next': 'n'}" },
                { 200, "{'items': [{'id': 'b'}], 'next': null}" },
        };
        AUTO_OUTCOME struct outcome outcome = run("export list --storage files --json", replies);
        json_t *json = json_loads(outcome.out, 0, NULL);

        (void)test;
        assert_non_null(json);
        assert_int_equal(json_array_size(json_object_get(json, "items")), 2);
        json_decref(json);
}

/* A file with `text` (' for ") in it; its name is for the caller to unlink and free. */
static char *file_with(const char *text)
{
        char *name = memory_text("test_commands.XXXXXX");
        AUTO_FREE char *swapped = memory_text(text);
        int fd = mkstemp(name);

        assert_true(fd >= 0);
        quotes_swap(swapped);
        assert_int_equal(write(fd, swapped, strlen(swapped)), (ssize_t)strlen(swapped));
        close(fd);
        return name;
}

static void apply_puts_each_environment_and_then_its_nodes(void **test)
{
        static const struct {
                const char *options, *file;
                struct reply replies[5];
                int exit_code;
                const char *calls, *out, *err;
        } cases[] = {
                { "",
                  "{'name': 'shop', 'uid': 'e-1', 'nodes': [{'id': 'n 1', 'layer': 'cp'}]}",
                  { { 201, "{}" }, { 200, "{}" } },
                  EXIT_DONE,
                  "PUT /v1/environments/shop {'uid':'e-1'}\n"
                  "PUT /v1/environments/shop/nodes/n%201 {'layer':'cp'}\n",
                  "environment shop: created\nnode n 1 of shop: replaced\n",
                  "" },
                { "",
                  "[{'name': 'a'}, {'name': 'b'}]",
                  { { 422, "{'detail': 'bad'}" }, { 200, "{}" } },
                  EXIT_REFUSED,
                  "PUT /v1/environments/a {}\nPUT /v1/environments/b {}\n",
                  "environment b: replaced\n",
                  "gatehouse: environment a: bad\n" },
                { "",
                  "{'name': 'a', 'nodes': [{'id': 'n1'}]}",
                  { { 403, "{'detail': 'no'}" } },
                  EXIT_NOT_ALLOWED,
                  "PUT /v1/environments/a {}\n",
                  "",
                  "gatehouse: environment a: no\nTry: a token with that right or scope: gatehouse token create "
                  "--help\n" },
                { "--prune",
                  "{'name': 'a', 'nodes': [{'id': 'n1'}]}",
                  { { 200, "{}" },
                    { 200, "{'items': [{'id': 'n1'}, {'id': 'n2'}], 'next': null}" },
                    { 204, NULL },
                    { 200, "{}" } },
                  EXIT_DONE,
                  "PUT /v1/environments/a {}\n"
                  "GET /v1/environments/a/nodes?limit=1000\n"
                  "DELETE /v1/environments/a/nodes/n2\n"
                  "PUT /v1/environments/a/nodes/n1 {}\n",
                  "environment a: replaced\nnode n2 of a: deleted\nnode n1 of a: replaced\n",
                  "" },
                { "--prune",
                  "{'name': 'a'}",
                  { { 200, "{}" } },
                  EXIT_DONE,
                  "PUT /v1/environments/a {}\n",
                  "environment a: replaced\n",
                  "" },
                { "",
                  "{'uid': 'e-1'}",
                  { { 0, NULL } },
                  EXIT_USAGE,
                  "",
                  "",
                  "gatehouse: environment 1 of the file has no text \"name\"\n" },
                { "",
                  "{'name': 'a', 'nodes': [{'layer': 'cp'}]}",
                  { { 200, "{}" } },
                  EXIT_USAGE,
                  "PUT /v1/environments/a {}\n",
                  "environment a: replaced\n",
                  "gatehouse: node 1 of the file has no text \"id\"\n" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *file = file_with(cases[i].file);
                AUTO_FREE char *line = memory_format("environment apply %s %s", file, cases[i].options);
                AUTO_OUTCOME struct outcome outcome = run(line, cases[i].replies);

                unlink(file);
                assert_string_equal(outcome.calls, cases[i].calls);
                assert_string_equal(outcome.out, cases[i].out);
                assert_string_equal(outcome.err, cases[i].err);
                assert_int_equal(outcome.exit_code, cases[i].exit_code);
        }
}

static void file_that_is_no_inventory_calls_nobody(void **test)
{
        static const struct {
                const char *text, *says;
        } cases[] = {
                { "", "line 1" },
                { "{'name': 'a', 'name': 'b'}", "duplicate object key" },
                { "'a'", "line 1, column 3: '[' or '{' expected" },
                { "[1]", "item 1 is no object" },
                { "[{'name': 'a'}, []]", "item 2 is no object" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *file = file_with(cases[i].text);
                AUTO_FREE char *line = memory_format("storage apply %s", file);
                AUTO_OUTCOME struct outcome outcome = run(line, NULL);

                unlink(file);
                assert_int_equal(outcome.exit_code, EXIT_USAGE);
                if (!strstr(outcome.err, cases[i].says))
                        fail_msg("%s: %s", cases[i].text, outcome.err);
                assert_string_equal(outcome.calls, "");
        }
        AUTO_OUTCOME struct outcome outcome = run("storage apply /nonexistent", NULL);
        assert_string_equal(outcome.err, "gatehouse: read /nonexistent: No such file or directory\n");
}

static void grants_show_cause_before_reason(void **test)
{
        static const struct reply reply = {
                200, "{'items': [{'node': 'web1', 'layer': 'cp', 'addresses': ['10.0.0.1'], 'protocol': 'gluster',"
                     "'state': 'active', 'verified': {'state': 'verified'}, 'reason': {'code': 'default', "
                     "'sentence': 'nothing speaks against it'},"
                     "'mount': {'commands': ['mkdir -p /m', 'mount x']}},"
                     "{'node': 'web2', 'layer': 'cp', 'addresses': [], 'protocol': 'nfs', 'state': 'suspended',"
                     "'also_rw': {'sentence': 'no wall', 'exports': [{'export': 'ex-2', 'path': '/b'},"
                     "{'export': 'ex-3', 'path': '/c'}]},"
                     "'reason': {'code': 'client.alpine', 'sentence': 'alpine'},"
                     "'cause': {'code': 'environment.sleeping', 'sentence': 'it sleeps'}}], 'next': null}"
        };
        AUTO_OUTCOME struct outcome outcome = run("grant list ex-1 --mount", &reply);

        (void)test;
        assert_string_equal(outcome.calls, "GET /v1/exports/ex-1/grants?limit=1000\n");
        assert_string_equal(
                outcome.out,
                "NODE  LAYER  ADDRESSES  PROTOCOL  STATE      PROOF     WHY\n"
                "web1  cp     10.0.0.1   gluster   active     verified  default: nothing speaks against it\n"
                "web2  cp                nfs       suspended            environment.sleeping: it sleeps\n"
                "\nweb2: no wall (/b of ex-2, /c of ex-3)\n"
                "\nweb1:\n  mkdir -p /m\n  mount x\n");
}

static void dry_run_asks_and_shows(void **test)
{
        static const struct {
                const char *line, *call;
        } cases[] = {
                { "export delete ex-1 --dry-run", "DELETE /v1/exports/ex-1?dry_run=true\n" },
                { "export revoke ex-1 --node 101 --dry-run",
                  "POST /v1/exports/ex-1/revoke?dry_run=true {'node':'101'}\n" },
                { "export change ex-1 --access ro --dry-run",
                  "PATCH /v1/exports/ex-1?dry_run=true {'access':'ro'} if-match=*\n" },
                { "export create --storage files --dry-run",
                  "POST /v1/exports?dry_run=true {'storage':'files'}\n" },
                { "environment delete shop --dry-run", "DELETE /v1/environments/shop?dry_run=true\n" },
                { "token create ci --scope operator --dry-run",
                  "POST /v1/tokens?dry_run=true {'name':'ci','scope':'operator'}\n" },
                { "token delete ci --dry-run", "DELETE /v1/tokens/ci?dry_run=true\n" },
        };
        static const struct reply reply = { 200,
                                            "{'dry_run': true, 'revision': 42, 'object': {'sentence': 'gone'}}" };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *json_line = memory_format("%s --json", cases[i].line);
                AUTO_OUTCOME struct outcome outcome = run(cases[i].line, &reply);
                AUTO_OUTCOME struct outcome json = run(json_line, &reply);

                assert_int_equal(outcome.exit_code, EXIT_DONE);
                assert_string_equal(outcome.calls, cases[i].call);
                assert_string_equal(outcome.out, "gone; dry run at revision 42\n"
                                                 "Nothing would be different for any client.\n");
                assert_non_null(strstr(json.out, "\"revision\": 42"));
        }
}

/* Each write after the first one requires what the one before has made. */
static void writes_of_a_file_require_one_revision_after_the_other(void **test)
{
        static const struct reply replies[] = { { 200, "{'revision': 43}" }, { 201, "{'revision': 44}" } };
        AUTO_FREE char *file = file_with("[{'name': 'a'}, {'name': 'b'}]");
        AUTO_FREE char *line = memory_format("storage apply %s --if-revision 42", file);
        AUTO_OUTCOME struct outcome outcome = run(line, replies);

        (void)test;
        unlink(file);
        assert_string_equal(outcome.calls, "PUT /v1/storages/a {} if-revision=42\n"
                                           "PUT /v1/storages/b {} if-revision=43\n");
}

static void dry_run_of_an_environment_that_is_new_stops_at_its_nodes(void **test)
{
        static const struct reply replies[] = { { 200, "{'object': {'sentence': 'made'}}" },
                                                { 404, "{'detail': 'none'}" } };
        AUTO_FREE char *file = file_with("{'name': 'shop', 'nodes': [{'id': '101'}]}");
        AUTO_FREE char *line = memory_format("environment apply %s --dry-run", file);
        AUTO_OUTCOME struct outcome outcome = run(line, replies);

        (void)test;
        unlink(file);
        assert_int_equal(outcome.exit_code, EXIT_DONE);
        assert_string_equal(outcome.calls, "PUT /v1/environments/shop?dry_run=true {}\n"
                                           "GET /v1/environments/shop\n");
        assert_non_null(strstr(outcome.err, "environment shop is not there yet"));
}

static void inventory_apply_sends_each_report(void **test)
{
        static const struct reply replies[] = { { 409, "{'detail': 'too old'}" }, { 200, "{'revision': 4}" } };
        AUTO_FREE char *file = file_with("[{'source': 'a', 'revision': 3}, {'source': 'b', 'revision': 4}]");
        AUTO_FREE char *line = memory_format("inventory apply %s", file);
        AUTO_OUTCOME struct outcome outcome = run(line, replies);

        (void)test;
        unlink(file);
        assert_int_equal(outcome.exit_code, EXIT_REFUSED);
        assert_string_equal(outcome.calls, "PUT /v1/inventory {'source':'a','revision':3}\n"
                                           "PUT /v1/inventory {'source':'b','revision':4}\n");
        assert_non_null(strstr(outcome.err, "too old"));
        assert_non_null(strstr(outcome.out, "4"));
}

static void apply_sends_the_document_and_shows_what_differs(void **test)
{
        static const struct reply reply = {
                202, "{'counts':{'created':1,'changed':0,'unchanged':1,'removed':1},'task':{'id':'ta-1'},'items':["
                     "{'kind':'export','result':'unchanged','id':'ex-1','environment':'shop','mount_path':'/a'},"
                     "{'kind':'export','result':'created','id':'ex-2','environment':'shop','mount_path':'/b'},"
                     "{'kind':'export','result':'removed','id':'ex-3','environment':'shop','mount_path':'/c'}]}"
        };
        AUTO_FREE char *file = file_with("{'manager': 'file', 'exports': []}");
        AUTO_FREE char *line = memory_format("apply %s --manager ci --prune --wait 5", file);
        AUTO_OUTCOME struct outcome outcome = run(line, &reply);

        (void)test;
        unlink(file);
        assert_int_equal(outcome.exit_code, EXIT_DONE);
        assert_string_equal(outcome.calls, "POST /v1/apply {'manager':'ci','exports':[],'prune':true} wait=5\n");
        assert_null(strstr(outcome.out, "ex-1"));
        assert_non_null(strstr(outcome.out, "created  export  shop         /b          ex-2\n"));
        assert_non_null(strstr(outcome.out, "1 created, 0 changed, 1 unchanged, 1 removed\n"));
        assert_non_null(strstr(outcome.out, "see task ta-1"));
}

static void apply_takes_one_document(void **test)
{
        static const struct reply reply = { 200, "{}" };
        AUTO_FREE char *file = file_with("[{'manager': 'a'}, {'manager': 'b'}]");
        AUTO_FREE char *line = memory_format("apply %s", file);
        AUTO_OUTCOME struct outcome outcome = run(line, &reply);

        (void)test;
        unlink(file);
        assert_int_equal(outcome.exit_code, EXIT_USAGE);
        assert_string_equal(outcome.calls, "");
}

static void tokens_are_made_listed_and_deleted(void **test)
{
        static const struct conversation cases[] = {
                { "token create ci --scope account --account acme",
                  { { 201, "{'secret': 'gh_x'}" } },
                  "POST /v1/tokens {'name':'ci','scope':'account','account':'acme'}\n",
                  "gh_x\n",
                  EXIT_DONE },
                { "token create n --scope node --node 101 --right read --expires-at 2027-01-31T12:00:00Z",
                  { { 201, "{'secret': 'gh_x'}" } },
                  "POST /v1/tokens {'name':'n','scope':'node','right':'read','node':'101',"
                  "'expires_at':'2027-01-31T12:00:00Z'}\n",
                  "gh_x\n",
                  EXIT_DONE },
                { "token delete ci",
                  { { 204, NULL } },
                  "DELETE /v1/tokens/ci\n",
                  "token ci: deleted\n",
                  EXIT_DONE },
                { "token list",
                  { { 200, "{'items': [], 'next': null}" } },
                  "GET /v1/tokens?limit=1000\n",
                  "NAME  SCOPE  RIGHT  ACCOUNT  NODE  CREATED  EXPIRES  USED\n",
                  EXIT_DONE },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void what_is_deleted_or_shown_is_named_in_the_path(void **test)
{
        static const struct conversation cases[] = {
                { "export delete ex-1 --wait 5",
                  { { 202, "{'id': 'ex-1', 'task': {'id': 'ta-1', 'state': 'running', 'storage_nodes': "
                           "[{'storage_node': 'a', 'layers': [{'layer': 'gluster', 'state': 'waiting', "
                           "'cause': {'code': 'unavailable', 'sentence': 'no glusterd'}}]}]}}" } },
                  "DELETE /v1/exports/ex-1 wait=5\n",
                  "export ex-1: deleted; see task ta-1\n"
                  "STORAGE NODE  LAYER    STATE    CONFIRMED  WHY\n"
                  "a             gluster  waiting             unavailable: no glusterd\n",
                  EXIT_DONE },
                { "environment delete shop",
                  { { 204, NULL } },
                  "DELETE /v1/environments/shop\n",
                  "environment shop: deleted\n",
                  EXIT_DONE },
                { "environment show shop",
                  { { 200, "{'name': 'shop'}" }, { 200, "{'items': [{'id': 'n1'}], 'next': null}" } },
                  "GET /v1/environments/shop\nGET /v1/environments/shop/nodes?limit=1000\n",
                  "name                shop\n\nNODE  LAYER  ADDRESSES  IMAGE  OS\nn1\n",
                  EXIT_DONE },
                { "storage show a/../b",
                  { { 404, "{'detail': 'no'}" } },
                  "GET /v1/storages/a%2F..%2Fb\n",
                  "",
                  EXIT_NOT_FOUND },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void events_are_chosen_by_options(void **test)
{
        static const struct conversation cases[] = {
                { "event list --limit 5",
                  { { 200, "{'items': [], 'next': null}" } },
                  "GET /v1/events?limit=5\n",
                  "AT  ACTION  OBJECT  ACTOR  SOURCE  ID  OUTCOME  BEFORE  AFTER\n",
                  EXIT_DONE },
                { "event --action export",
                  { { 200, "{'items': [], 'next': null}" } },
                  "GET /v1/events?action=export&limit=100\n",
                  "AT  ACTION  OBJECT  ACTOR  SOURCE  ID  OUTCOME  BEFORE  AFTER\n",
                  EXIT_DONE },
                { "event --after 5", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "event --follow --limit 5", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "event --follow --after x", { { 0, NULL } }, "", "", EXIT_USAGE },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

static void inventory_is_told_of_and_forgotten(void **test)
{
        static const struct conversation cases[] = {
                { "inventory show",
                  { { 200, "{'items': [{'source': 'platform', 'state': 'stale', 'age_s': 130}], 'next': null}" } },
                  "GET /v1/inventory?limit=1000\n",
                  "SOURCE    STATE  REVISION  HEARD  AGE  ENVIRONMENTS  NODES  NOTE\n"
                  "platform  stale                   130\n",
                  EXIT_DONE },
                { "inventory heartbeat platform --revision 42",
                  { { 200, "{'state': 'fresh', 'behind': false}" } },
                  "POST /v1/inventory/heartbeat {'source':'platform','revision':42}\n",
                  "state               fresh\nbehind              false\n",
                  EXIT_DONE },
                { "inventory heartbeat platform", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "inventory heartbeat platform --revision 0", { { 0, NULL } }, "", "", EXIT_USAGE },
                { "inventory forget platform",
                  { { 200, "{'deleted': true}" } },
                  "DELETE /v1/inventory/platform\n",
                  "source platform: deleted\n",
                  EXIT_DONE },
        };

        (void)test;
        conversations_hold(cases, ARRAY_SIZE(cases));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answer_decides_the_exit_code),
                cmocka_unit_test(problem_is_json_where_json_is_wanted),
                cmocka_unit_test(options_become_the_body_of_an_export),
                cmocka_unit_test(options_become_the_change_of_an_export),
                cmocka_unit_test(revocation_says_whether_it_was_seen),
                cmocka_unit_test(wrong_value_of_an_option_calls_nobody),
                cmocka_unit_test(list_follows_the_pages),
                cmocka_unit_test(list_as_json_is_one_list),
                cmocka_unit_test(apply_puts_each_environment_and_then_its_nodes),
                cmocka_unit_test(file_that_is_no_inventory_calls_nobody),
                cmocka_unit_test(grants_show_cause_before_reason),
                cmocka_unit_test(dry_run_asks_and_shows),
                cmocka_unit_test(writes_of_a_file_require_one_revision_after_the_other),
                cmocka_unit_test(dry_run_of_an_environment_that_is_new_stops_at_its_nodes),
                cmocka_unit_test(inventory_apply_sends_each_report),
                cmocka_unit_test(apply_sends_the_document_and_shows_what_differs),
                cmocka_unit_test(apply_takes_one_document),
                cmocka_unit_test(tokens_are_made_listed_and_deleted),
                cmocka_unit_test(what_is_deleted_or_shown_is_named_in_the_path),
                cmocka_unit_test(events_are_chosen_by_options),
                cmocka_unit_test(inventory_is_told_of_and_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
