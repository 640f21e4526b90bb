/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * contract_firewall [real | install | look]: what every `struct firewall` answers. Without arguments the fake is
 * asked; `real` asks the kernel through the helper's acts, in a network namespace that nobody else uses. For tests
 * of other processes: `install` puts the sample in place, `look` ends with what it sees (enum known) as exit
 * status.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/firewall/closed_ruleset.h"
#include "protocols/firewall/firewall_acts.h"
#include "protocols/firewall/firewall_calls.h"
#include "protocols/firewall/firewall_root.h"
#include "protocols/firewall/nftables.h"
#include "tests/contract/firewall_cases.h"
#include "tests/fakes/direct_caller.h"

#define CLOSED_RULESET GATEHOUSE_ACCESSDIR "/" CLOSED_RULESET_NAME

struct firewall firewall;
struct fake_firewall *fake;
static struct direct_caller helper = { .table = firewall_acts };
static struct firewall_calls calls;

/* --- Saying things in few words ----------------------------------------------------------------------------- */

struct address address(const char *text)
{
        struct address parsed;

        assert_int_equal(address_parse(text, &parsed), 0);
        return parsed;
}

struct firewall_pair pair(enum firewall_service service, const char *text)
{
        return (struct firewall_pair){ address(text), service };
}

int install(const struct firewall_set *set, struct fault *fault)
{
        return firewall.install(firewall.context, set, fault);
}

int close_pair(struct firewall_pair closed, struct fault *fault)
{
        return firewall.change(firewall.context, &closed, 1, NULL, 0, NULL, fault);
}

static int open_pair(struct firewall_pair opened, struct fault *fault)
{
        return firewall.change(firewall.context, NULL, 0, &opened, 1, NULL, fault);
}

static enum known look(struct firewall_set *set)
{
        enum known known = KNOWN_UNKNOWN;

        firewall_set_fini(set);
        assert_works(firewall.observe(firewall.context, &known, set, fault));
        return known;
}

void assert_holds(const struct firewall_set *expected)
{
        AUTO_FIREWALL_SET struct firewall_set seen = { 0 };

        assert_int_equal(look(&seen), KNOWN_PRESENT);
        assert_true(firewall_set_equal(&seen, expected));
}

void assert_absent(void)
{
        AUTO_FIREWALL_SET struct firewall_set seen = { 0 };

        assert_int_equal(look(&seen), KNOWN_ABSENT);
        assert_int_equal(seen.peer_count + seen.pair_count, 0);
}

/* Two storage nodes, five pairs. */
void sample(struct firewall_set *set)
{
        const struct address peers[] = { address("fd77::11"), address("10.77.0.11") };
        const struct firewall_pair pairs[] = {
                pair(SERVICE_NFS, "10.77.0.21"),         pair(SERVICE_GLUSTER, "10.77.0.21"),
                pair(SERVICE_GLUSTER, "10.77.0.22"),     pair(SERVICE_NFS, "fd77::21"),
                pair(SERVICE_GLUSTER, "fd77:0:0:1::21"),
        };

        firewall_set_peers(set, peers, ARRAY_SIZE(peers));
        firewall_set_open_all(set, pairs, ARRAY_SIZE(pairs));
}

/* --- What others do ----------------------------------------------------------------------------------------- */

static void nft(const char *commands)
{
        assert_works(nftables_run(commands, fault));
}

static void flush(void)
{
        if (fake)
                fake_firewall_flush(fake);
        else
                nft("flush ruleset\n");
}

/* What `list` prints. */
static char *listed(const char *command)
{
        AUTO_TEXT struct text text = { 0 };

        assert_works(nftables_list(command, false, &text, fault));
        return text_take(&text);
}

static int setup(void **state)
{
        (void)state;
        flush();
        helper.withheld = 0;
        calls.ports = FIREWALL_PORTS_DEFAULT;
        if (fake)
                fake_firewall_switch(fake, false);
        else
                unlink(CLOSED_RULESET);
        return fake ? 0 : firewall_on(NULL);
}

/* --- What all of them answer -------------------------------------------------------------------------------- */

static void table_that_was_not_installed_is_absent(void **state)
{
        (void)state;
        assert_absent();
}

static void set_installed_is_observed(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        assert_holds(&set);
}

static void empty_set_is_installed_and_observed(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        assert_works(install(&set, fault));
        assert_holds(&set);
}

static void installation_replaces_what_is_there(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 }, other = { 0 };
        const struct address peer = address("10.77.0.12");
        const struct firewall_pair only = pair(SERVICE_NFS, "10.77.0.99");

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        firewall_set_peers(&other, &peer, 1);
        firewall_set_open(&other, &only);
        assert_works(install(&other, fault));
        assert_holds(&other);
        assert_works(install(&other, fault));
        assert_holds(&other);
}

static void change_closes_and_opens(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_pair closed[] = { pair(SERVICE_NFS, "10.77.0.21"), pair(SERVICE_NFS, "fd77::21") };
        const struct firewall_pair opened[] = { pair(SERVICE_NFS, "10.77.0.22"),
                                                pair(SERVICE_GLUSTER, "fd77::21") };

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        for (int i = 0; i < 2; i++) { /* the second time nothing is left to do */
                assert_works(firewall.change(firewall.context, closed, ARRAY_SIZE(closed), opened,
                                             ARRAY_SIZE(opened), NULL, fault));
                for (size_t j = 0; j < ARRAY_SIZE(closed); j++)
                        firewall_set_close(&set, &closed[j]);
                firewall_set_open_all(&set, opened, ARRAY_SIZE(opened));
                assert_holds(&set);
        }
        assert_works(firewall.change(firewall.context, NULL, 0, NULL, 0, NULL, fault));
        assert_holds(&set);
}

static void pair_that_is_closed_and_opened_at_once_is_open(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_pair there = pair(SERVICE_NFS, "10.77.0.21"),
                                   absent = pair(SERVICE_NFS, "10.77.0.5");

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        assert_works(firewall.change(firewall.context, &there, 1, &there, 1, NULL, fault));
        assert_holds(&set);
        assert_works(firewall.change(firewall.context, &absent, 1, &absent, 1, NULL, fault));
        firewall_set_open(&set, &absent);
        assert_holds(&set);
}

static void change_without_a_table_is_not_found(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        assert_fails(open_pair(pair(SERVICE_NFS, "10.77.0.21"), fault), FAULT_NOT_FOUND);
        assert_absent();
        sample(&set);
        assert_works(install(&set, fault));
        flush();
        assert_fails(close_pair(pair(SERVICE_NFS, "10.77.0.21"), fault), FAULT_NOT_FOUND);
        assert_fails(firewall.change(firewall.context, NULL, 0, NULL, 0, NULL, fault), FAULT_NOT_FOUND);
        assert_absent();
}

static void flushed_table_is_absent_until_it_is_installed_again(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        flush();
        assert_absent();
        assert_works(install(&set, fault));
        assert_holds(&set);
}

/* Rules that are not as they were installed are not ours, whatever the difference does; a change still closes. */
static void table_that_others_changed_is_absent(void **state)
{
        static const char *const changes[] = {
                "insert rule inet gatehouse input accept\n",
                "add rule inet gatehouse guarded accept\n",
                "insert rule inet gatehouse guarded ip saddr 10.77.0.99 accept\n",
                "flush chain inet gatehouse guarded\n",
                "flush chain inet gatehouse input\n",
                "add chain inet gatehouse more\n",
                "add set inet gatehouse more { type ipv4_addr; }\n",
                "add table inet gatehouse { flags dormant; }\n",
                "flush chain inet gatehouse input\ndelete chain inet gatehouse input\n",
                "add element inet gatehouse nfs4 { 10.77.0.99 comment \"mine\" }\n",
                "add element inet gatehouse peers4 { 127.0.0.1 }\n",
                "add element inet gatehouse held { 111 }\n",
                "add element inet gatehouse known4 { 10.77.0.99 }\n",
        };
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        sample(&set);
        for (size_t i = 0; i < (fake ? 1 : ARRAY_SIZE(changes)); i++) {
                AUTO_FIREWALL_SET struct firewall_set seen = { 0 };

                assert_works(install(&set, fault));
                assert_holds(&set);
                if (fake)
                        fake_firewall_tamper(fake);
                else
                        nft(changes[i]);
                if (look(&seen) != KNOWN_ABSENT)
                        fail_msg("taken for ours after: %s", changes[i]);
        }
        assert_works(install(&set, fault));
        assert_holds(&set);
}

static void change_of_a_table_that_others_changed_is_not_found(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        if (fake)
                fake_firewall_tamper(fake);
        else
                nft("add rule inet gatehouse guarded ip saddr 10.77.0.99 accept\n");
        assert_fails(close_pair(pair(SERVICE_NFS, "10.77.0.21"), fault), FAULT_NOT_FOUND);
        if (!fake) {
                AUTO_FREE char *nfs = listed("list set inet gatehouse nfs4\n");

                assert_null(strstr(nfs, "10.77.0.21")); /* closed all the same */
        }
}

static void pair_that_others_put_in_is_seen(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_pair more = pair(SERVICE_NFS, "10.77.0.99");

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        if (fake)
                fake_firewall_slip_in(fake, &more);
        else
                nft("add element inet gatehouse nfs4 { 10.77.0.99 }\n");
        firewall_set_open(&set, &more);
        assert_holds(&set);
        assert_works(close_pair(more, fault));
        firewall_set_close(&set, &more);
        assert_holds(&set);
}

static void table_removed_is_absent_and_removing_it_again_is_no_fault(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        assert_works(firewall.remove(firewall.context, fault));
        sample(&set);
        assert_works(install(&set, fault));
        assert_works(firewall.remove(firewall.context, fault));
        assert_absent();
        assert_works(firewall.remove(firewall.context, fault));
        assert_works(install(&set, fault));
        assert_holds(&set);
}

static void address_that_no_client_can_have_is_refused(void **state)
{
        static const char *const unusable[] = { "0.0.0.0",   "127.0.0.1",   "255.255.255.255",
                                                "224.0.0.1", "169.254.1.1", "::",
                                                "::1",       "ff02::1",     "fe80::1" };
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        for (size_t i = 0; i < ARRAY_SIZE(unusable); i++) {
                AUTO_FIREWALL_SET struct firewall_set as_pair = { 0 }, as_peer = { 0 };
                const struct firewall_pair bad = pair(SERVICE_NFS, unusable[i]);

                firewall_set_open(&as_pair, &bad);
                firewall_set_peers(&as_peer, &bad.address, 1);
                assert_fails(install(&as_pair, fault), FAULT_INVALID);
                assert_fails(install(&as_peer, fault), FAULT_INVALID);
                assert_fails(open_pair(bad, fault), FAULT_INVALID);
                assert_fails(close_pair(bad, fault), FAULT_INVALID);
        }
        assert_holds(&set);
}

static int64_t now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int count(const struct firewall_pair *pairs, size_t number, size_t *connections, struct fault *fault)
{
        return firewall.count_sessions(firewall.context, pairs, number, 5000, connections, fault);
}

/* Whether or not there is a table. That connections are counted, contract_firewall_traffic shows. */
static void who_is_not_connected_has_no_connection(void **state)
{
        const struct firewall_pair pairs[] = { pair(SERVICE_NFS, "10.77.0.21"), pair(SERVICE_NFS, "fd77::21"),
                                               pair(SERVICE_GLUSTER, "10.77.0.21") };
        size_t connections[ARRAY_SIZE(pairs)] = { 7, 7, 7 };
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        assert_works(count(pairs, ARRAY_SIZE(pairs), connections, fault));
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
                assert_int_equal(connections[i], 0);
        assert_works(count(pairs, 0, connections, fault));
        sample(&set);
        assert_works(install(&set, fault));
        assert_works(count(pairs, ARRAY_SIZE(pairs), connections, fault));
        assert_holds(&set);
        const struct firewall_pair nobody = pair(SERVICE_NFS, "224.0.0.1");
        assert_fails(count(&nobody, 1, connections, fault), FAULT_INVALID);
}

static void ten_thousand_pairs_are_installed_at_once(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_pair one = { { ADDRESS_V4, { 10, 1, 0, 0 } }, SERVICE_NFS };
        AUTO_FREE struct firewall_pair *pairs = memory_new(10000, sizeof *pairs);
        int64_t at[5];

        (void)state;
        for (unsigned i = 0; i < 10000; i++) {
                struct address client = { ADDRESS_V4, { 10, 1, (uint8_t)(i >> 8), (uint8_t)i } };

                if (i % 4 >= 2)
                        client = (struct address){ ADDRESS_V6,
                                                   { 0xFD, 0x77, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i } };
                pairs[i] = (struct firewall_pair){ client, i % 2 ? SERVICE_NFS : SERVICE_GLUSTER };
        }
        firewall_set_open_all(&set, pairs, 10000);
        assert_int_equal(set.pair_count, 10000);
        at[0] = now_us();
        assert_works(install(&set, fault));
        at[1] = now_us();
        assert_holds(&set);
        at[2] = now_us();
        assert_works(open_pair(one, fault));
        at[3] = now_us();
        assert_works(close_pair(one, fault));
        at[4] = now_us();
        assert_holds(&set);
        print_message("# 10,000 pairs: install %" PRId64 " us, observe %" PRId64 " us, open one more %" PRId64
                      " us, close it %" PRId64 " us\n",
                      at[1] - at[0], at[2] - at[1], at[3] - at[2], at[4] - at[3]);
}

/* --- What only the real one has ----------------------------------------------------------------------------- */

static void tables_of_others_stay_as_they_are(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        nft("table inet theirs { chain input { type filter hook input priority 0; tcp dport 22 accept; }; }\n"
            "table ip gatehouse { set nfs4 { type ipv4_addr; elements = { 10.0.0.1 }; }; }\n");
        AUTO_FREE char *before = listed("list ruleset\n");
        sample(&set);
        assert_works(install(&set, fault));
        assert_works(close_pair(set.pairs[0], fault));
        assert_works(install(&set, fault));
        assert_works(firewall.remove(firewall.context, fault));
        AUTO_FREE char *after = listed("list ruleset\n");
        assert_string_equal(before, after);
}

static void rules_for_other_ports_are_not_those_asked_for(void **state)
{
        static const struct firewall_ports others[] = { { 49152, 60998, 0 },
                                                        { 49153, 60999, 0 },
                                                        { 49152, 60999, 24107 } };
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                calls.ports = others[i];
                assert_absent();
                assert_fails(close_pair(pair(SERVICE_NFS, "10.77.0.1"), fault), FAULT_NOT_FOUND);
        }
        assert_works(install(&set, fault)); /* with gatehouse-volfiled */
        assert_holds(&set);
        calls.ports = FIREWALL_PORTS_DEFAULT;
        assert_absent();
}

static void closed_ruleset_is_kept_for_the_next_start(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 }, closed = { 0 };

        (void)state;
        assert_fails(firewall_load_closed(CLOSED_RULESET, fault), FAULT_NOT_FOUND);
        sample(&set);
        assert_works(install(&set, fault));
        flush();
        assert_works(firewall_load_closed(CLOSED_RULESET, fault));
        firewall_set_peers(&closed, set.peers, set.peer_count);
        closed.nfs_held = true;
        assert_holds(&closed);
        assert_works(firewall.remove(firewall.context, fault));
        assert_int_equal(access(CLOSED_RULESET, F_OK), -1);
}

/* Runs `body` in a process of its own; its exit status. */
static int apart(int (*body)(void))
{
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0)
                _exit(body());
        assert_int_equal(waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int start_anew(void)
{
        execl("/proc/self/exe", "contract_firewall", "look", (char *)NULL);
        return -1;
}

static void helper_that_started_anew_does_not_take_the_table_for_its_own(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        assert_int_equal(apart(start_anew), KNOWN_ABSENT);
        assert_holds(&set);
}

static void without_the_capability_it_is_forbidden(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        enum known known;

        (void)state;
        assert_works(install(&set, fault));
        helper.withheld = 1ULL << CAP_NET_ADMIN;
        assert_fails(install(&set, fault), FAULT_FORBIDDEN);
        assert_fails(close_pair(pair(SERVICE_NFS, "10.77.0.1"), fault), FAULT_FORBIDDEN);
        assert_fails(firewall.observe(firewall.context, &known, &set, fault), FAULT_FORBIDDEN);
        assert_int_equal(known, KNOWN_UNKNOWN);
        assert_fails(firewall.remove(firewall.context, fault), FAULT_FORBIDDEN);
        const struct firewall_pair client = pair(SERVICE_NFS, "10.77.0.1");
        size_t connections;
        assert_works(count(&client, 1, &connections, fault)); /* that takes none */
        helper.withheld = 0;
        assert_holds(&set);
}

/* Makes socket(AF_NETLINK, *, NETLINK_NETFILTER) fail as a kernel without nfnetlink does. */
static int netfilter_hide(void)
{
#define WORD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, member))
#define UNLESS_PASS(value, passed) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, passed)
        struct sock_filter filter[] = {
                WORD(nr),
                UNLESS_PASS(SYS_socket, 5),
                WORD(args[0]),
                UNLESS_PASS(AF_NETLINK, 3),
                WORD(args[2]),
                UNLESS_PASS(NETLINK_NETFILTER, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { ARRAY_SIZE(filter), filter };

        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static bool says_unavailable(int failed, const struct fault *fault)
{
        return failed == -FAULT_UNAVAILABLE && strstr(fault->text, "the kernel has no nftables");
}

static int ask_without_nftables(void)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct fault fault = { 0 };
        struct firewall_pair closed = pair(SERVICE_NFS, "10.77.0.1");
        enum known known;

        if (netfilter_hide())
                return 2;
        return !says_unavailable(install(&set, &fault), &fault) ||
               !says_unavailable(close_pair(closed, &fault), &fault) ||
               !says_unavailable(firewall.observe(firewall.context, &known, &set, &fault), &fault) ||
               !says_unavailable(firewall.remove(firewall.context, &fault), &fault);
}

static void kernel_without_nftables_is_said_to_be_one(void **state)
{
        (void)state;
        assert_int_equal(apart(ask_without_nftables), 0);
}

/* --- What only the fake has --------------------------------------------------------------------------------- */

static void fake_fails_when_told_to(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_pair client = pair(SERVICE_NFS, "10.77.0.21");

        (void)state;
        sample(&set);
        fake_firewall_fail(fake, 2, FAULT_TIMEOUT, false);
        assert_works(install(&set, fault));
        assert_fails(close_pair(client, fault), FAULT_TIMEOUT);
        assert_true(fake_firewall_admits(fake, SERVICE_NFS, &client.address));
        unsigned cuts = fake_firewall_cuts(fake, &client), calls_before = fake_firewall_calls(fake);
        fake_firewall_fail(fake, 1, FAULT_TIMEOUT, true);
        assert_fails(close_pair(client, fault), FAULT_TIMEOUT);
        assert_false(fake_firewall_admits(fake, SERVICE_NFS, &client.address));
        assert_int_equal(fake_firewall_cuts(fake, &client), cuts + 1);
        fake_firewall_away(fake, true);
        assert_fails(install(&set, fault), FAULT_UNAVAILABLE);
        fake_firewall_away(fake, false);
        firewall_set_close(&set, &client);
        assert_holds(&set);
        assert_int_equal(fake_firewall_calls(fake), calls_before + 3);
}

/* As what a helper that was started anew would say: the exit status. */
static int look_only(void)
{
        AUTO_FIREWALL_SET struct firewall_set seen = { 0 };
        struct fault fault = { 0 };
        enum known known;

        return firewall.observe(firewall.context, &known, &seen, &fault) ? 99 : (int)known;
}

static int install_only(void)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct fault fault = { 0 };

        sample(&set);
        return install(&set, &fault);
}

int main(int count, char **arguments)
{
        /* The fake answers the first ones, the real one all but the very first. */
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(fake_fails_when_told_to, setup),
                cmocka_unit_test_setup(table_that_was_not_installed_is_absent, setup),
                cmocka_unit_test_setup(set_installed_is_observed, setup),
                cmocka_unit_test_setup(empty_set_is_installed_and_observed, setup),
                cmocka_unit_test_setup(installation_replaces_what_is_there, setup),
                cmocka_unit_test_setup(change_closes_and_opens, setup),
                cmocka_unit_test_setup(pair_that_is_closed_and_opened_at_once_is_open, setup),
                cmocka_unit_test_setup(nfs_that_is_held_is_observed_so_until_it_is_let_go, setup),
                cmocka_unit_test_setup(bindings_are_observed_as_they_were_put_in, setup),
                cmocka_unit_test_setup(table_that_root_has_switched_off_cannot_be_installed, setup),
                cmocka_unit_test_setup(change_without_a_table_is_not_found, setup),
                cmocka_unit_test_setup(flushed_table_is_absent_until_it_is_installed_again, setup),
                cmocka_unit_test_setup(table_that_others_changed_is_absent, setup),
                cmocka_unit_test_setup(change_of_a_table_that_others_changed_is_not_found, setup),
                cmocka_unit_test_setup(pair_that_others_put_in_is_seen, setup),
                cmocka_unit_test_setup(table_removed_is_absent_and_removing_it_again_is_no_fault, setup),
                cmocka_unit_test_setup(address_that_no_client_can_have_is_refused, setup),
                cmocka_unit_test_setup(who_is_not_connected_has_no_connection, setup),
                cmocka_unit_test_setup(ten_thousand_pairs_are_installed_at_once, setup),
                cmocka_unit_test_setup(tables_of_others_stay_as_they_are, setup),
                cmocka_unit_test_setup(rules_for_other_ports_are_not_those_asked_for, setup),
                cmocka_unit_test_setup(closed_ruleset_is_kept_for_the_next_start, setup),
                cmocka_unit_test_setup(helper_that_started_anew_does_not_take_the_table_for_its_own, setup),
                cmocka_unit_test_setup(without_the_capability_it_is_forbidden, setup),
                cmocka_unit_test_setup(kernel_without_nftables_is_said_to_be_one, setup),
        };
        const size_t of_fake_only = 1, of_real_only = 6;
        int failed;

        calls = (struct firewall_calls){ direct_caller_acts(&helper), FIREWALL_PORTS_DEFAULT };
        firewall = firewall_over(&calls);
        if (count > 1 && strcmp(arguments[1], "look") == 0)
                return look_only();
        if (count > 1 && strcmp(arguments[1], "install") == 0)
                return install_only();
        if (count > 1)
                return _cmocka_run_group_tests("firewall", tests + of_fake_only, ARRAY_SIZE(tests) - of_fake_only,
                                               NULL, NULL);
        fake = fake_firewall_new();
        firewall = fake_firewall_table(fake);
        failed = _cmocka_run_group_tests("firewall", tests, ARRAY_SIZE(tests) - of_real_only, NULL, NULL);
        fake_firewall_free(fake);
        return failed;
}
