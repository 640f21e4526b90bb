/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/firewall/ruleset.h"

static struct address address(const char *text)
{
        struct address parsed;

        assert_int_equal(address_parse(text, &parsed), 0);
        return parsed;
}

static void open_pair(struct firewall_set *set, enum firewall_service service, const char *text)
{
        assert_true(firewall_set_open(set, &(struct firewall_pair){ address(text), service }));
}

static void set_fill(struct firewall_set *set)
{
        struct address peers[] = { address("10.0.0.12"), address("10.0.0.11"), address("fd77::11") };
        const struct firewall_binding bindings[] = { { address("fd77::21"), { { 2, 0, 0, 0, 0, 1 } } },
                                                     { address("10.0.0.21"), { { 2, 0, 0, 0, 0, 2 } } },
                                                     { address("10.0.0.21"), { { 2, 0, 0, 0, 0, 1 } } } };

        firewall_set_peers(set, peers, ARRAY_SIZE(peers));
        open_pair(set, SERVICE_NFS, "10.0.0.21");
        open_pair(set, SERVICE_NFS, "fd77::21");
        open_pair(set, SERVICE_GLUSTER, "10.0.0.22");
        open_pair(set, SERVICE_GLUSTER, "10.0.0.21");
        firewall_set_bindings(set, bindings, ARRAY_SIZE(bindings));
        set->nfs_held = true;
}

#define PORTS "111-111, 2049-2049, 2379-2380, 20048-20048, 24007-24009, 24108-24108, 49152-60999"

static const char ruleset[] = "table inet gatehouse\n"
                              "delete table inet gatehouse\n"
                              "table inet gatehouse {\n"
                              "\tset peers4 {\n"
                              "\t\ttype ipv4_addr\n"
                              "\t\telements = { 10.0.0.11, 10.0.0.12 }\n"
                              "\t}\n"
                              "\tset peers6 {\n"
                              "\t\ttype ipv6_addr\n"
                              "\t\telements = { fd77::11 }\n"
                              "\t}\n"
                              "\tset nfs4 {\n"
                              "\t\ttype ipv4_addr\n"
                              "\t\telements = { 10.0.0.21 }\n"
                              "\t}\n"
                              "\tset nfs6 {\n"
                              "\t\ttype ipv6_addr\n"
                              "\t\telements = { fd77::21 }\n"
                              "\t}\n"
                              "\tset gluster4 {\n"
                              "\t\ttype ipv4_addr\n"
                              "\t\telements = { 10.0.0.21, 10.0.0.22 }\n"
                              "\t}\n"
                              "\tset gluster6 {\n"
                              "\t\ttype ipv6_addr\n"
                              "\t}\n"
                              "\tset bound4 {\n"
                              "\t\ttype ipv4_addr . ether_addr\n"
                              "\t\telements = { 10.0.0.21 . 02:00:00:00:00:01, 10.0.0.21 . 02:00:00:00:00:02 }\n"
                              "\t}\n"
                              "\tset bound6 {\n"
                              "\t\ttype ipv6_addr . ether_addr\n"
                              "\t\telements = { fd77::21 . 02:00:00:00:00:01 }\n"
                              "\t}\n"
                              "\tset known4 {\n"
                              "\t\ttype ipv4_addr\n"
                              "\t\telements = { 10.0.0.21 }\n"
                              "\t}\n"
                              "\tset known6 {\n"
                              "\t\ttype ipv6_addr\n"
                              "\t\telements = { fd77::21 }\n"
                              "\t}\n"
                              "\tset held {\n"
                              "\t\ttype inet_service\n"
                              "\t\telements = { 2049 }\n"
                              "\t}\n"
                              "\tchain input {\n"
                              "\t\ttype filter hook input priority -10; policy accept;\n"
                              "\t\tiif lo accept\n"
                              "\t\ttcp dport { " PORTS " } goto guarded\n"
                              "\t\tudp dport { " PORTS " } goto guarded\n"
                              "\t}\n"
                              "\tchain guarded {\n"
                              "\t\tip saddr @peers4 accept\n"
                              "\t\tip6 saddr @peers6 accept\n"
                              "\t\tip saddr @known4 ip saddr . ether saddr != @bound4 drop\n"
                              "\t\tip6 saddr @known6 ip6 saddr . ether saddr != @bound6 drop\n"
                              "\t\ttcp dport @held drop\n"
                              "\t\ttcp dport 2049 ip saddr @nfs4 goto nfs\n"
                              "\t\ttcp dport 2049 ip6 saddr @nfs6 goto nfs\n"
                              "\t\ttcp dport { 24007, 49152-60999 } ip saddr @gluster4 accept\n"
                              "\t\ttcp dport { 24007, 49152-60999 } ip6 saddr @gluster6 accept\n"
                              "\t\tmeta l4proto tcp reject with tcp reset\n"
                              "\t\treject with icmpx port-unreachable\n"
                              "\t}\n"
                              "\tchain nfs {\n"
                              "\t\ttcp flags & (syn | ack) != syn accept\n"
                              "\t\tsocket transparent 0 accept\n"
                              "\t\tsocket transparent 1 accept\n"
                              "\t\tdrop\n"
                              "\t}\n"
                              "}\n";

static void ruleset_is_printed_whole(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        AUTO_TEXT struct text text = { 0 };

        (void)state;
        set_fill(&set);
        ruleset_print(&set, &FIREWALL_PORTS_DEFAULT, true, &text);
        assert_string_equal(text_get(&text), ruleset);
}

/* Whether `part` stands in `text` once. */
static void assert_once(const char *text, const char *part)
{
        const char *found = strstr(text, part);

        if (!found || strstr(found + 1, part))
                fail_msg("not once: %s", part);
}

static void volfiled_takes_the_place_of_glusterd(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        AUTO_TEXT struct text text = { 0 };
        const struct firewall_ports ports = { 50000, 50100, 24107 };

        (void)state;
        ruleset_print(&set, &ports, true, &text);
        assert_once(text_get(&text), "tcp dport { 111-111, 2049-2049, 2379-2380, 20048-20048, 24007-24009, "
                                     "24108-24108, 50000-50100, 24107-24107 } goto guarded\n");
        assert_once(text_get(&text), "tcp dport { 24107, 50000-50100 } ip saddr @gluster4 accept\n");
        assert_once(text_get(&text), "tcp dport { 24107, 50000-50100 } ip6 saddr @gluster6 accept\n");
        assert_once(text_get(&text), "tcp dport 24007 ip saddr @gluster4 redirect to :24107\n");
        assert_once(text_get(&text), "tcp dport 24007 ip6 saddr @gluster6 redirect to :24107\n");
        assert_null(strstr(text_get(&text), "elements"));
}

static void kernel_that_knows_no_sockets_is_not_asked_for_any(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        AUTO_TEXT struct text text = { 0 };

        (void)state;
        ruleset_print(&set, &FIREWALL_PORTS_DEFAULT, false, &text);
        assert_null(strstr(text_get(&text), "socket"));
        assert_once(text_get(&text), "\tchain nfs {\n\t\taccept\n\t}\n");
}

static void bindings_and_the_hold_change_as_pairs_do(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set closed = { 0 }, opened = { 0 };
        AUTO_TEXT struct text text = { 0 };
        const struct firewall_binding older = { address("10.0.0.21"), { { 2, 0, 0, 0, 0, 1 } } },
                                      newer = { address("10.0.0.21"), { { 2, 0, 0, 0, 0, 2 } } };

        (void)state;
        firewall_set_bindings(&closed, &older, 1);
        firewall_set_bindings(&opened, &newer, 1);
        opened.nfs_held = true;
        ruleset_print_change(&closed, &opened, &text);
        assert_string_equal(text_get(&text),
                            "add element inet gatehouse bound4 { 10.0.0.21 . 02:00:00:00:00:01 }\n"
                            "add element inet gatehouse known4 { 10.0.0.21 }\n"
                            "delete element inet gatehouse bound4 { 10.0.0.21 . 02:00:00:00:00:01 }\n"
                            "delete element inet gatehouse known4 { 10.0.0.21 }\n"
                            "add element inet gatehouse bound4 { 10.0.0.21 . 02:00:00:00:00:02 }\n"
                            "add element inet gatehouse known4 { 10.0.0.21 }\n"
                            "add element inet gatehouse held { 2049 }\n");
}

static void change_closes_before_it_opens_and_does_not_mind_what_is_not_there(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set closed = { 0 }, opened = { 0 };
        AUTO_TEXT struct text text = { 0 };

        (void)state;
        ruleset_print_change(&closed, &opened, &text);
        assert_string_equal(text_get(&text), "");
        open_pair(&closed, SERVICE_NFS, "10.0.0.21");
        open_pair(&closed, SERVICE_NFS, "10.0.0.3");
        open_pair(&closed, SERVICE_GLUSTER, "fd77::21");
        open_pair(&opened, SERVICE_GLUSTER, "10.0.0.21");
        ruleset_print_change(&closed, &opened, &text);
        assert_string_equal(text_get(&text), "add element inet gatehouse nfs4 { 10.0.0.3, 10.0.0.21 }\n"
                                             "add element inet gatehouse gluster6 { fd77::21 }\n"
                                             "delete element inet gatehouse nfs4 { 10.0.0.3, 10.0.0.21 }\n"
                                             "delete element inet gatehouse gluster6 { fd77::21 }\n"
                                             "add element inet gatehouse gluster4 { 10.0.0.21 }\n");
}

static void ports_are_checked(void **state)
{
        static const struct {
                struct firewall_ports ports;
                const char *refusal; /* NULL = accepted */
        } cases[] = {
                { { 49152, 60999, 0 }, NULL },
                { { 49152, 49152, 24010 }, NULL },
                { { 49152, 65535, 24107 }, NULL },
                { { 24109, 49151, 49152 }, NULL },
                { { 0, 0, 0 }, "above 1023" },
                { { 1023, 2000, 0 }, "above 1023" },
                { { 50000, 49999, 0 }, "above 1023" },
                { { 49152, 60999, 1 }, "above 1023" },
                { { 24009, 30000, 0 }, "24007-24009 is in use" },
                { { 1024, 65535, 0 }, "2049-2049 is in use" },
                { { 49152, 60999, 24108 }, "24108-24108 is in use" },
                { { 49152, 60999, 2049 }, "2049-2049 is in use" },
                { { 49152, 60999, 24007 }, "24007-24009 is in use" },
                { { 49152, 60999, 50000 }, "49152-60999 is in use" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fault fault = { 0 };
                int failed = firewall_ports_check(&cases[i].ports, &fault);

                if (failed != (cases[i].refusal ? -FAULT_INVALID : 0) ||
                    (cases[i].refusal && !strstr(fault.text, cases[i].refusal)))
                        fail_msg("case %zu: %d \"%s\"", i, failed, fault.text);
        }
}

static void who_reaches_which_port(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        static const struct {
                const char *from;
                uint16_t port, volfiled;
                bool admitted;
        } cases[] = {
                { "10.0.0.9", 22, 0, true },         { "10.0.0.9", 2048, 0, true },
                { "10.0.0.9", 49151, 0, true },      { "10.0.0.9", 61000, 0, true },
                { "10.0.0.9", 111, 0, false },       { "10.0.0.9", 2049, 0, false },
                { "10.0.0.9", 24007, 0, false },     { "10.0.0.9", 49152, 0, false },
                { "10.0.0.9", 60999, 0, false },     { "10.0.0.11", 111, 0, true },
                { "fd77::11", 24008, 0, true },      { "10.0.0.21", 2049, 0, true },
                { "fd77::21", 2049, 0, true },       { "fd77::21", 24007, 0, false },
                { "fd77::21", 50000, 0, false },     { "10.0.0.22", 2049, 0, false },
                { "10.0.0.22", 24007, 0, true },     { "10.0.0.22", 24008, 0, false },
                { "10.0.0.22", 60999, 0, true },     { "10.0.0.22", 2379, 0, false },
                { "10.0.0.22", 20048, 0, false },    { "10.0.0.22", 24007, 24107, false },
                { "10.0.0.22", 24107, 24107, true }, { "10.0.0.9", 24107, 24107, false },
                { "10.0.0.9", 24107, 0, true },      { "10.0.0.11", 24007, 24107, true },
        };

        (void)state;
        set_fill(&set);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct firewall_ports ports = { 49152, 60999, cases[i].volfiled };
                struct address from = address(cases[i].from);

                if (ruleset_admits(&set, &ports, cases[i].port, &from) != cases[i].admitted)
                        fail_msg("%s to %u", cases[i].from, cases[i].port);
        }
}

/* --- Reading back ------------------------------------------------------------------------------------------- */

/* The listings, of which `at` (if any) is replaced by `text`. */
static int read_sets(int at, const char *text, struct firewall_set *set, struct fault *fault)
{
        static const char *const plain[RULESET_SETS] = {
                "table inet gatehouse {\n\tset peers4 {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.12, "
                "10.0.0.11 }\n\t}\n}\n",
                "table inet gatehouse {\n\tset peers6 {\n\t\ttype ipv6_addr\n\t\telements = { fd77::11 "
                "}\n\t}\n}\n",
                "table inet gatehouse {\n\tset nfs4 {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.21 }\n\t}\n}\n",
                "table inet gatehouse {\n\tset nfs6 {\n\t\ttype ipv6_addr\n\t\telements = { fd77::21 }\n\t}\n}\n",
                "table inet gatehouse {\n\tset gluster4 {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.22,\n\t\t\t"
                "     10.0.0.21 }\n\t}\n}\n",
                "table inet gatehouse {\n\tset gluster6 {\n\t\ttype ipv6_addr\n\t}\n}\n",
                "table inet gatehouse {\n\tset bound4 {\n\t\ttype ipv4_addr . ether_addr\n\t\telements = { "
                "10.0.0.21 "
                ". 02:00:00:00:00:02,\n\t\t\t     10.0.0.21 . 02:00:00:00:00:01 }\n\t}\n}\n",
                "table inet gatehouse {\n\tset bound6 {\n\t\ttype ipv6_addr . ether_addr\n\t\telements = { "
                "fd77::21 . "
                "02:00:00:00:00:01 }\n\t}\n}\n",
                "table inet gatehouse {\n\tset known4 {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.21 "
                "}\n\t}\n}\n",
                "table inet gatehouse {\n\tset known6 {\n\t\ttype ipv6_addr\n\t\telements = { fd77::21 "
                "}\n\t}\n}\n",
                "table inet gatehouse {\n\tset held {\n\t\ttype inet_service\n\t\telements = { 2049 }\n\t}\n}\n",
        };
        char *listings[RULESET_SETS];

        for (int i = 0; i < RULESET_SETS; i++)
                listings[i] = memory_text(i == at ? text : plain[i]);
        int failed = ruleset_read(listings, set, fault);
        for (int i = 0; i < RULESET_SETS; i++)
                free(listings[i]);
        return failed;
}

static void listing_is_read_back_as_it_was_printed(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set seen = { 0 }, expected = { 0 };
        struct fault fault = { 0 };

        (void)state;
        set_fill(&expected);
        assert_int_equal(read_sets(-1, NULL, &seen, &fault), 0);
        assert_true(firewall_set_equal(&seen, &expected));
}

static void listing_that_differs_in_a_word_is_not_ours(void **state)
{
        static const char *const cases[] = {
                "",
                "table",
                "table ip gatehouse { set nfs4 { type ipv4_addr } }",
                "table inet gatehous { set nfs4 { type ipv4_addr } }",
                "table inet gatehouse { set nfs6 { type ipv4_addr } }",
                "table inet gatehouse { set nfs4 { type ipv6_addr } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr flags interval } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr",
                "table inet gatehouse { set nfs4 { type ipv4_addr }",
                "table inet gatehouse { set nfs4 { type ipv4_addr } } more",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { 10.0.0.1, } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { , 10.0.0.1 } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { 10.0.0.1 10.0.0.2 } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { 10.0.0.1 timeout 1s } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { 10.0.0.1 comment \"a\" } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { 10.0.0.0/24 } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { 10.0.0.1-10.0.0.9 } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { fd77::1 } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { localhost } } }",
                "table inet gatehouse { set nfs4 { type ipv4_addr elements = { 10.0.0.1 } ",
                ("table inet gatehouse { set nfs4 { type ipv4_addr elements = { "
                 "1111111111111111111111111111111111111111111111 } } }"),
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FIREWALL_SET struct firewall_set set = { 0 };
                struct fault fault = { 0 };

                if (read_sets(2, cases[i], &set, &fault) != -FAULT_INVALID || !strstr(fault.text, "set nfs4"))
                        fail_msg("taken for ours: %s", cases[i]);
                assert_int_equal(set.pair_count + set.peer_count, 0);
        }
}

/* Each differs from what is there in one thing, in the set of that number. */
static void binding_or_hold_that_is_not_as_it_was_put_in_is_not_ours(void **state)
{
        static const struct {
                int set;
                const char *text;
        } cases[] = {
                { 6, "table inet gatehouse { set bound4 { type ipv4_addr } }" },
                { 6, "table inet gatehouse { set bound4 { type ipv4_addr . ether_addr } }" }, /* but it is known */
                { 6,
                  "table inet gatehouse { set bound4 { type ipv4_addr . ether_addr elements = { 10.0.0.21 } } }" },
                { 6, "table inet gatehouse { set bound4 { type ipv4_addr . ether_addr elements = { 10.0.0.21 . } "
                     "} }" },
                { 6, "table inet gatehouse { set bound4 { type ipv4_addr . ether_addr elements = { 10.0.0.21 . "
                     "02:00:00:00:00:0G } } }" },
                { 6, "table inet gatehouse { set bound4 { type ipv4_addr . ether_addr elements = { 10.0.0.21 . "
                     "02:00:00:00:00:01:02 } } }" },
                { 6, "table inet gatehouse { set bound4 { type ipv4_addr . ether_addr elements = { 10.0.0.21 . "
                     "ff:ff:ff:ff:ff:ff } } }" },
                { 8, "table inet gatehouse { set known4 { type ipv4_addr } }" }, /* but it is bound */
                { 8,
                  "table inet gatehouse { set known4 { type ipv4_addr elements = { 10.0.0.21, 10.0.0.22 } } }" },
                { 10, "table inet gatehouse { set held { type inet_service elements = { 2050 } } }" },
                { 10, "table inet gatehouse { set held { type inet_service elements = { 2049, 111 } } }" },
                { 10, "table inet gatehouse { set held { type inet_service elements = { nfs } } }" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FIREWALL_SET struct firewall_set set = { 0 };
                struct fault fault = { 0 };

                if (read_sets(cases[i].set, cases[i].text, &set, &fault) != -FAULT_INVALID)
                        fail_msg("taken for ours: %s", cases[i].text);
                assert_int_equal(set.pair_count + set.binding_count + set.nfs_held, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ruleset_is_printed_whole),
                cmocka_unit_test(volfiled_takes_the_place_of_glusterd),
                cmocka_unit_test(kernel_that_knows_no_sockets_is_not_asked_for_any),
                cmocka_unit_test(bindings_and_the_hold_change_as_pairs_do),
                cmocka_unit_test(change_closes_before_it_opens_and_does_not_mind_what_is_not_there),
                cmocka_unit_test(ports_are_checked),
                cmocka_unit_test(who_reaches_which_port),
                cmocka_unit_test(listing_is_read_back_as_it_was_printed),
                cmocka_unit_test(listing_that_differs_in_a_word_is_not_ours),
                cmocka_unit_test(binding_or_hold_that_is_not_as_it_was_put_in_is_not_ours),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
