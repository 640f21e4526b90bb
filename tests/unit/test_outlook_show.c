/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/outlook_show.h"

/* What is shown of an answer, written with ' for ". Caller frees. */
static char *shown(const char *answer)
{
        AUTO_FREE char *json = memory_text(answer);
        struct text text = { 0 };
        json_t *parsed;

        for (char *at = json; *at; at++)
                *at = *at == '\'' ? '"' : *at;
        parsed = json_loads(json, 0, NULL);
        assert_non_null(parsed);
        show_outlook(parsed, 0, &text);
        json_decref(parsed);
        return text_take(&text);
}

static void each_part_is_a_table_with_marks(void **state)
{
        AUTO_FREE char *text = shown(
                "{'dry_run': true, 'revision': 42, 'object': {'sentence': 'the object is replaced'},"
                "'grants': {'appear': [], 'change': [{'export': 'ex-1', 'node': '101', 'addresses': ['10.0.0.1'],"
                "  'protocol': 'nfs', 'access': 'ro', 'state': 'admitted', 'cause': {'code': 'admitted'},"
                "  'reason': {'code': 'export.read_only'},"
                "  'before': {'protocol': 'gluster', 'access': 'rw', 'state': 'admitted'}}],"
                " 'vanish': [], 'counts': {'appear': 0, 'change': 1, 'vanish': 0}},"
                "'ganesha': {'appear': [{'export': null, 'settings': {'path': {'before': null, 'after': '/b'}},"
                "  'clients': {'appear': [{'address': '10.0.0.3', 'access': 'rw'}], 'change': [], 'vanish': [],"
                "  'counts': {'appear': 1, 'change': 0, 'vanish': 0}}}],"
                " 'change': [{'export': 'ex-1', 'settings': {'anonymous_uid': {'before': 1, 'after': 2}},"
                "  'clients': {'appear': [{'address': '10.0.0.1', 'access': 'ro'}],"
                "  'change': [{'address': '10.0.0.2', 'access': 'ro', 'before': 'rw'}], 'vanish': [],"
                "  'counts': {'appear': 1, 'change': 4, 'vanish': 0}}}], 'vanish': [],"
                " 'counts': {'appear': 1, 'change': 1, 'vanish': 0}},"
                "'access_list': {'appear': [], 'change': [], 'vanish': [{'volume': 'data', 'directory': '/a',"
                "  'address': '10.0.0.1', 'node': '101'}], 'counts': {'appear': 0, 'change': 0, 'vanish': 3}},"
                "'firewall': {'appear': [], 'change': [], 'vanish': [{'address': '10.0.0.1', 'service': 'gluster',"
                "  'node': '101'}], 'counts': {'appear': 0, 'change': 0, 'vanish': 1}},"
                "'clients_cut': {'items': [{'address': '10.0.0.1', 'service': 'gluster', 'node': '101',"
                "  'connections': 3}], 'clients': 1, 'connections': 3}}");

        (void)state;
        assert_string_equal(text,
                            "the object is replaced; dry run at revision 42\n"
                            "\nGrants\n"
                            "   EXPORT  NODE  ADDRESSES  PROTOCOL        ACCESS    STATE     WHY\n"
                            "~  ex-1    101   10.0.0.1   gluster -> nfs  rw -> ro  admitted  export.read_only\n"
                            "\nNFS server\n"
                            "   EXPORT  WHAT\n"
                            "+  (new)   the whole block\n"
                            "+  (new)   client 10.0.0.3 rw\n"
                            "~  ex-1    anonymous_uid 1 -> 2\n"
                            "+  ex-1    client 10.0.0.1 ro\n"
                            "~  ex-1    client 10.0.0.2 rw -> ro\n"
                            "   ex-1    and 3 more clients\n"
                            "\nAccess lists of bricks\n"
                            "   VOLUME  DIRECTORY  ADDRESS   NODE\n"
                            "-  data    /a         10.0.0.1  101\n"
                            "and 2 more\n"
                            "\nPacket filter\n"
                            "   ADDRESS   NODE  SERVICE\n"
                            "-  10.0.0.1  101   gluster\n"
                            "\nLive clients that would be cut\n"
                            "ADDRESS   NODE  SERVICE  CONNECTIONS\n"
                            "10.0.0.1  101   gluster  3\n");
}

static void nothing_is_said_in_a_line(void **state)
{
        AUTO_FREE char *text =
                shown("{'revision': 7, 'object': {'sentence': 'as it is'}, 'clients_cut': {'items': []}}");

        (void)state;
        assert_string_equal(text, "as it is; dry run at revision 7\n"
                                  "Nothing would be different for any client.\n");
}

static void reason_is_told_when_nobody_knows_who_is_connected(void **state)
{
        AUTO_FREE char *text =
                shown("{'revision': 7, 'object': null, 'firewall': {'vanish': [{'address': '10.0.0.1',"
                      "'service': 'nfs', 'node': '1'}]}, 'clients_cut': null,"
                      "'clients_cut_reason': {'sentence': 'the helper is away'}}");

        (void)state;
        assert_non_null(strstr(text, "several objects are written; dry run at revision 7\n"));
        assert_non_null(strstr(text, "\nLive clients: the helper is away\n"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_part_is_a_table_with_marks),
                cmocka_unit_test(nothing_is_said_in_a_line),
                cmocka_unit_test(reason_is_told_when_nobody_knows_who_is_connected),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
