/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the packet filter does to packets: a storage node (this process's network namespace) with listeners on its
 * ports, and two client machines `a` and `b` as further namespaces (tests/contract/with_firewall makes them). All
 * sockets are this process's: a socket stays in the namespace in which it was made.
 */
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/firewall/firewall_acts.h"
#include "protocols/firewall/firewall_calls.h"
#include "protocols/firewall/nftables.h"
#include "tests/contract/world_of_packets.h"
#include "tests/fakes/direct_caller.h"

static struct direct_caller helper = { .table = firewall_acts };
static struct firewall_calls calls;
static struct firewall firewall;

/* The session has ended on both sides. How long that takes is contrib/bench's to measure. */
static void session_is_cut(const struct session *session)
{
        char byte;

        if (!happens(session->client, POLLIN, PATIENCE_MS))
                fail_msg("the client waits for ever");
        assert_int_equal(read(session->client, &byte, 1), -1);
        assert_int_equal(errno, ECONNRESET);
        assert_int_equal(sockets_of(session->client_port), 0);
}

/* --- The firewall -------------------------------------------------------------------------------------------- */

#define assert_works(call)                        \
        do {                                      \
                struct fault why = { 0 };         \
                struct fault *fault = &why;       \
                if (call)                         \
                        fail_msg("%s", why.text); \
        } while (0)

static struct firewall_pair pair(enum way way, enum firewall_service service)
{
        return (struct firewall_pair){ address(ways[way].own), service };
}

static void install(const struct firewall_set *set)
{
        assert_works(firewall.install(firewall.context, set, fault));
}

static void install_pair(enum way way, enum firewall_service service)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_pair only = pair(way, service);

        firewall_set_open(&set, &only);
        install(&set);
}

static void open_pair(struct firewall_pair opened)
{
        assert_works(firewall.change(firewall.context, NULL, 0, &opened, 1, NULL, fault));
}

/* How many connections that has ended. */
static unsigned close_pair(struct firewall_pair closed)
{
        unsigned ended = 0;

        assert_works(firewall.change(firewall.context, &closed, 1, NULL, 0, &ended, fault));
        return ended;
}

/* No table, and nothing left over from the case before. */
static int setup(void **state)
{
        struct fault fault = { 0 };

        (void)state;
        calls.ports = FIREWALL_PORTS_DEFAULT;
        if (nftables_run("flush ruleset\n", &fault))
                return -1;
        for (size_t i = 0; i < LISTENERS; i++) {
                int left;
                char byte;

                while ((left = accept4(listeners[i].tcp, NULL, NULL, SOCK_CLOEXEC)) >= 0)
                        close(left);
                while (recv(listeners[i].udp, &byte, 1, 0) >= 0)
                        ;
        }
        return 0;
}

/* --- Who gets through ---------------------------------------------------------------------------------------- */

static void assert_tcp(enum way way, uint16_t port, bool admitted)
{
        AUTO_SESSION struct session session;
        int error = session_connect(&session, way, port, PATIENCE_MS);

        if (error != (admitted ? 0 : ECONNREFUSED))
                fail_msg("TCP %s to %u: %s", ways[way].own, port, strerror(error));
        if (admitted)
                session_accept(&session, way, port);
}

/* A datagram arrives; or none does, and an error comes back. The kernel answers 1,000 datagrams in a second, so it
 * is sent again until it does. */
static void assert_udp(enum way way, uint16_t port, bool admitted)
{
        const struct listener *listener = listener_at(port, way);
        struct sockaddr_storage end;
        socklen_t size = end_make(ways[way].node, port, &end);
        AUTO_CLOSE int client = socket_on(ways[way].machine, end.ss_family, SOCK_DGRAM);
        int64_t deadline = now_us() + PATIENCE_MS * 1000;
        char byte = 'x';

        assert_int_equal(connect(client, (struct sockaddr *)&end, size), 0);
        do {
                assert_int_equal(send(client, &byte, 1, 0), 1);
                if (now_us() > deadline)
                        fail_msg("UDP %s to %u: nothing happens", ways[way].own, port);
        } while (!happens(admitted ? listener->udp : client, POLLIN, admitted ? PATIENCE_MS : 20));
        assert_int_equal(recv(listener->udp, &byte, 1, 0), admitted ? 1 : -1);
        if (!admitted) {
                assert_int_equal(recv(client, &byte, 1, 0), -1);
                assert_int_equal(errno, ECONNREFUSED);
        }
}

/* Without this every refusal below could have another cause. */
static void without_a_table_everybody_gets_through(void **state)
{
        (void)state;
        for (enum way way = 0; way < WAYS; way++)
                for (size_t i = 0; i < LISTENERS; i++) {
                        assert_tcp(way, listeners[i].port, true);
                        assert_udp(way, listeners[i].port, true);
                }
}

/* Each way to each port: as ruleset_admits says, which is held to a table of its own (test_ruleset). */
static void assert_traffic(const struct firewall_set *set)
{
        for (enum way way = 0; way < WAYS; way++) {
                struct address from = address(ways[way].own);
                AUTO_FIREWALL_SET struct firewall_set peers_only = { 0 };

                firewall_set_peers(&peers_only, set->peers, set->peer_count);
                for (size_t i = 0; i < LISTENERS; i++) {
                        uint16_t port = listeners[i].port;

                        assert_tcp(way, port, ruleset_admits(set, &calls.ports, port, &from));
                        assert_udp(way, port, ruleset_admits(&peers_only, &calls.ports, port, &from));
                }
        }
}

static void each_address_reaches_its_service_and_no_other(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_pair pairs[] = { pair(A4, SERVICE_NFS), pair(B4, SERVICE_GLUSTER),
                                               pair(B6, SERVICE_NFS), pair(A6, SERVICE_GLUSTER) };

        (void)state;
        install(&set); /* nobody */
        assert_traffic(&set);
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
                open_pair(pairs[i]);
                firewall_set_open(&set, &pairs[i]);
                assert_traffic(&set);
        }
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
                close_pair(pairs[i]);
                firewall_set_close(&set, &pairs[i]);
        }
        assert_traffic(&set);
}

static void storage_nodes_reach_everything(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct address peers[] = { address(ways[A4].own), address(ways[B6].own) };

        (void)state;
        firewall_set_peers(&set, peers, ARRAY_SIZE(peers));
        install(&set);
        assert_traffic(&set);
}

static void node_reaches_itself(void **state)
{
        static const char *const own[] = { "127.0.0.1", "::1", "10.98.1.1", "fd98:2::1" };
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct session sessions[ARRAY_SIZE(own)];

        (void)state;
        install(&set);
        for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
                struct sockaddr_storage end;
                socklen_t size = end_make(own[i], 2049, &end);

                sessions[i] = (struct session){ socket_on(STORAGE, end.ss_family, SOCK_STREAM), -1, 0 };
                assert_true(connect(sessions[i].client, (struct sockaddr *)&end, size) == 0 ||
                            errno == EINPROGRESS);
                session_accept(&sessions[i], A4, 2049);
                session_goes_on(&sessions[i]);
        }
        install(&set); /* what the node says to itself goes on */
        for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
                session_goes_on(&sessions[i]);
                session_fini(&sessions[i]);
        }
}

/* Whether the node's own connection from `port` to somebody who is not admitted comes about. */
static bool node_connects_from(uint16_t port, int patience_ms)
{
        AUTO_CLOSE int listener = bound(B, "0.0.0.0", 8080, SOCK_STREAM);
        AUTO_CLOSE int node = socket_on(STORAGE, AF_INET, SOCK_STREAM);
        struct sockaddr_storage end;
        socklen_t size = end_make("0.0.0.0", port, &end);
        int yes = 1, error = 0;

        (void)listener; /* the kernel accepts */
        setsockopt(node, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        assert_int_equal(bind(node, (struct sockaddr *)&end, size), 0);
        size = end_make(ways[B4].own, 8080, &end);
        assert_true(connect(node, (struct sockaddr *)&end, size) < 0 && errno == EINPROGRESS);
        if (!happens(node, POLLOUT, patience_ms))
                return false;
        size = sizeof error;
        assert_int_equal(getsockopt(node, SOL_SOCKET, SO_ERROR, &error, &size), 0);
        return error == 0;
}

/* Why the ports of bricks must be reserved: the answers come to a guarded port. */
static void node_connects_from_all_but_guarded_ports(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        assert_true(node_connects_from(50000, PATIENCE_MS));
        install(&set);
        assert_true(node_connects_from(40000, PATIENCE_MS));
        assert_true(node_connects_from(61001, PATIENCE_MS));
        assert_false(node_connects_from(50000, 300));
}

/* --- gatehouse-volfiled -------------------------------------------------------------------------------------- */

static void glusterd_is_out_of_reach_behind_volfiled(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct address peer = address(ways[A4].own);
        const struct firewall_pair pairs[] = { pair(B4, SERVICE_GLUSTER), pair(A6, SERVICE_GLUSTER) };
        static const enum way redirected[] = { B4, A6 };

        (void)state;
        firewall_set_peers(&set, &peer, 1);
        firewall_set_open_all(&set, pairs, ARRAY_SIZE(pairs));
        calls.ports.volfiled = VOLFILED;
        install(&set);
        for (size_t i = 0; i < ARRAY_SIZE(redirected); i++) {
                struct session session;

                assert_int_equal(session_connect(&session, redirected[i], 24007, PATIENCE_MS), 0);
                session_accept(&session, redirected[i], VOLFILED); /* and not at 24007 */
                session_goes_on(&session);
                close_pair(pairs[i]);
                session_is_cut(&session);
                session_fini(&session);
                assert_tcp(redirected[i], 24007, false);
                assert_tcp(redirected[i], VOLFILED, false);
        }
        assert_tcp(A4, 24007, true);
        assert_tcp(B6, 24007, false);
}

static void session_with_glusterd_itself_is_cut_when_volfiled_comes(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_pair only = pair(B4, SERVICE_GLUSTER);
        AUTO_SESSION struct session direct, brick;

        (void)state;
        firewall_set_open(&set, &only);
        install(&set);
        session_open(&direct, B4, 24007);
        session_open(&brick, B4, 55555);
        calls.ports.volfiled = VOLFILED;
        install(&set);
        session_is_cut(&direct);
        session_goes_on(&brick);
}

/* --- Sessions that are cut ----------------------------------------------------------------------------------- */

static const struct {
        enum way way;
        uint16_t port;
        enum firewall_service service;
} services[] = {
        { A4, 2049, SERVICE_NFS },      { A6, 2049, SERVICE_NFS },      { A4, 24007, SERVICE_GLUSTER },
        { A6, 24007, SERVICE_GLUSTER }, { A4, 49152, SERVICE_GLUSTER }, { A6, 49152, SERVICE_GLUSTER },
        { A4, 60999, SERVICE_GLUSTER }, { A6, 60999, SERVICE_GLUSTER },
};

static void session_of_a_closed_pair_is_cut_and_no_other(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
                enum firewall_service service = services[i].service;
                enum firewall_service other_service = service == SERVICE_NFS ? SERVICE_GLUSTER : SERVICE_NFS;
                enum way way = services[i].way, other_way = way == A4 ? B4 : B6;
                AUTO_SESSION struct session session, same_port, same_client;
                char byte = 'x';

                install_pair(way, service);
                open_pair(pair(other_way, service));
                open_pair(pair(way, other_service));
                session_open(&session, way, services[i].port);
                session_open(&same_port, other_way, services[i].port);
                session_open(&same_client, way, service == SERVICE_NFS ? 55555 : 2049);
                const struct firewall_pair again = pair(way, service);
                assert_works(firewall.change(firewall.context, &again, 1, &again, 1, NULL, fault));
                session_goes_on(&session);
                assert_int_equal(close_pair(pair(way, service)), 1);
                session_is_cut(&session);
                assert_int_equal(recv(session.server, &byte, 1, 0), -1);
                assert_int_equal(errno, ECONNABORTED);
                session_goes_on(&same_port);
                session_goes_on(&same_client);
                assert_tcp(way, services[i].port, false);
                open_pair(pair(way, service));
                assert_tcp(way, services[i].port, true);
        }
}

static void session_that_was_there_before_the_table_is_cut(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
                enum way way = services[i].way, other_way = way == A4 ? B4 : B6;
                AUTO_SESSION struct session session, admitted;

                setup(NULL);
                session_open(&session, way, services[i].port);
                session_open(&admitted, other_way, services[i].port);
                install_pair(other_way, services[i].service);
                session_is_cut(&session);
                session_goes_on(&admitted);
                for (int j = 0; j < 20; j++) { /* over itself: nobody notices */
                        install_pair(other_way, services[i].service);
                        session_goes_on(&admitted);
                }
        }
}

static void session_with_a_port_for_storage_nodes_is_cut_at_installation(void **state)
{
        static const uint16_t ports[] = { 111, 2379, 20048, 24008 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
                AUTO_SESSION struct session session, unguarded;

                setup(NULL);
                session_open(&session, A4, ports[i]);
                session_open(&unguarded, A4, 2048);
                install_pair(A4, SERVICE_GLUSTER);
                session_is_cut(&session);
                session_goes_on(&unguarded);
        }
}

static void session_that_was_not_accepted_yet_is_cut(void **state)
{
        AUTO_SESSION struct session session;

        (void)state;
        install_pair(A4, SERVICE_NFS);
        assert_int_equal(session_connect(&session, A4, 2049, PATIENCE_MS), 0);
        close_pair(pair(A4, SERVICE_NFS));
        session_is_cut(&session);
}

/* The packets alone, as on a kernel that cannot end sockets: an element is taken out behind the helper's back. */
static void packets_of_an_open_session_are_refused(void **state)
{
        static const char *const removals[] = { "delete element inet gatehouse nfs4 { 10.98.1.2 }\n",
                                                "delete element inet gatehouse nfs6 { fd98:1::2 }\n" };

        (void)state;
        for (enum way way = A4; way <= A6; way++) {
                AUTO_SESSION struct session session;
                char byte = 'x';

                install_pair(way, SERVICE_NFS);
                session_open(&session, way, 2049);
                assert_works(nftables_run(removals[way - A4], fault));
                assert_int_equal(write(session.client, &byte, 1), 1);
                assert_true(happens(session.client, POLLIN, PATIENCE_MS));
                assert_int_equal(read(session.client, &byte, 1), -1);
                assert_int_equal(errno, ECONNRESET);
                assert_int_equal(recv(session.server, &byte, 1, 0), -1); /* it has seen nothing */
                assert_int_equal(errno, EAGAIN);
        }
}

static void expect_count(enum way way, enum firewall_service service, size_t wanted)
{
        const struct firewall_pair one = pair(way, service);
        size_t connections = 99;

        assert_works(firewall.count_sessions(firewall.context, &one, 1, PATIENCE_MS, &connections, fault));
        if (connections != wanted)
                fail_msg("%s has %zu connections to %s, not %zu", ways[way].own, connections,
                         firewall_service_word(service), wanted);
}

static void connections_are_counted_by_client_and_service(void **state)
{
        AUTO_SESSION struct session first, second, brick, six, volfile, other;

        (void)state;
        session_open(&first, A4, 2049);
        session_open(&second, A4, 2049);
        session_open(&brick, A4, 49152);
        session_open(&six, A6, 2049);
        session_open(&other, B4, 2048);
        expect_count(A4, SERVICE_NFS, 2);
        expect_count(A4, SERVICE_GLUSTER, 1);
        expect_count(A6, SERVICE_NFS, 1);
        expect_count(A6, SERVICE_GLUSTER, 0);
        expect_count(B4, SERVICE_NFS, 0);
        calls.ports.volfiled = VOLFILED; /* 24007 leads there */
        session_open(&volfile, A4, VOLFILED);
        expect_count(A4, SERVICE_GLUSTER, 2);
        session_fini(&second);
        second = (struct session){ -1, -1, 0 };
        expect_count(A4, SERVICE_NFS, 1);
        session_goes_on(&first);
        session_goes_on(&brick);
}

static void many_pairs_are_counted_at_once(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        AUTO_SESSION struct session session;
        size_t total = 0;

        (void)state;
        for (unsigned i = 0; i < 10000; i++) {
                AUTO_FREE char *text = memory_format("10.97.%u.%u", i / 200, 1 + i % 200);
                const struct firewall_pair one = { address(text), SERVICE_NFS };

                firewall_set_open(&set, &one);
        }
        const struct firewall_pair own = pair(A4, SERVICE_NFS);
        firewall_set_open(&set, &own);
        AUTO_FREE size_t *connections = memory_new(set.pair_count, sizeof *connections);
        session_open(&session, A4, 2049);
        assert_works(firewall.count_sessions(firewall.context, set.pairs, set.pair_count, PATIENCE_MS, connections,
                                             fault));
        for (size_t i = 0; i < set.pair_count; i++) {
                total += connections[i];
                assert_int_equal(connections[i], address_equal(&set.pairs[i].address, &own.address));
        }
        assert_int_equal(total, 1);
}

/* --- Silence --------------------------------------------------------------------------------------------------
 */

#define SILENCE_MS 300

/* No answer at all: neither an acknowledgement nor a refusal. */
static void assert_silent(enum way way, uint16_t port)
{
        AUTO_SESSION struct session session;
        int error = session_connect(&session, way, port, SILENCE_MS);

        if (error != ETIMEDOUT)
                fail_msg("TCP %s to %u: %s", ways[way].own, port, strerror(error));
}

static void hold(bool held)
{
        assert_works(firewall.hold_nfs(firewall.context, held, fault));
}

static void nfs_that_is_held_answers_nobody_and_goes_on_later(void **state)
{
        (void)state;
        for (enum way way = A4; way <= A6; way++) {
                const struct address peer = address(ways[way == A4 ? B4 : B6].own);
                AUTO_FIREWALL_SET struct firewall_set set = { 0 };
                AUTO_SESSION struct session session;
                const struct firewall_pair both[] = { pair(way, SERVICE_NFS), pair(way, SERVICE_GLUSTER) };
                char byte = 'x';

                firewall_set_peers(&set, &peer, 1);
                firewall_set_open_all(&set, both, ARRAY_SIZE(both));
                install(&set);
                session_open(&session, way, 2049);
                hold(true);
                assert_silent(way, 2049);
                assert_silent(way == A4 ? A6 : A4, 2049); /* nor one who would be refused */
                assert_tcp(way, 49152, true);
                assert_tcp(way == A4 ? B4 : B6, 2049, true);
                assert_int_equal(write(session.client, &byte, 1), 1);
                assert_false(happens(session.server, POLLIN, SILENCE_MS));
                hold(false);
                assert_true(happens(session.server, POLLIN, PATIENCE_MS)); /* sent again */
                assert_int_equal(read(session.server, &byte, 1), 1);
                session_goes_on(&session);
                assert_tcp(way, 2049, true);
        }
}

/* As in the moment after NFS-Ganesha has died. */
static void nfs_that_nobody_listens_for_is_silent_to_its_clients(void **state)
{
        struct listener *nfs = (struct listener *)(uintptr_t)listener_at(2049, A4);

        (void)state;
        for (enum way way = A4; way <= A6; way++) {
                AUTO_SESSION struct session session;

                install_pair(way, SERVICE_NFS);
                session_open(&session, way, 2049);
                close(nfs->tcp);
                session_goes_on(&session); /* an open connection has a socket of its own */
                assert_silent(way, 2049);
                assert_tcp(way == A4 ? A6 : A4, 2049, false);
                nfs->tcp = bound(STORAGE, nfs->at, nfs->port, SOCK_STREAM);
                assert_tcp(way, 2049, true);
        }
}

static struct mac mac_of(enum machine machine)
{
        AUTO_CLOSE int fd = socket_on(machine, AF_INET, SOCK_DGRAM);
        struct ifreq request = { .ifr_name = "eth0" };
        struct mac mac;

        assert_int_equal(ioctl(fd, SIOCGIFHWADDR, &request), 0);
        memcpy(mac.bytes, request.ifr_hwaddr.sa_data, sizeof mac.bytes);
        return mac;
}

static void bound_address_is_let_in_from_its_interface_alone(void **state)
{
        (void)state;
        for (enum way way = A4; way <= A6; way++) {
                AUTO_SESSION struct session session;
                const struct firewall_binding own = { address(ways[way].own), mac_of(A) },
                                              other = { own.address, { { 2, 0, 0, 0, 0, 9 } } };

                install_pair(way, SERVICE_NFS);
                session_open(&session, way, 2049); /* bound to none: from anywhere */
                assert_works(firewall.bind(firewall.context, NULL, 0, &other, 1, fault));
                assert_silent(way, 2049);
                assert_silent(way, 24007); /* whoever is refused is not told either */
                assert_tcp(way, 2048, true);
                assert_works(firewall.bind(firewall.context, NULL, 0, &own, 1, fault));
                session_goes_on(&session); /* from both of two */
                assert_works(firewall.bind(firewall.context, &other, 1, NULL, 0, fault));
                open_pair(pair(way, SERVICE_NFS));
                assert_works(firewall.bind(firewall.context, &own, 1, &own, 1, fault));
                assert_tcp(way, 2049, true);
                assert_tcp(way, 24007, false);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(without_a_table_everybody_gets_through, setup),
                cmocka_unit_test_setup(each_address_reaches_its_service_and_no_other, setup),
                cmocka_unit_test_setup(storage_nodes_reach_everything, setup),
                cmocka_unit_test_setup(node_reaches_itself, setup),
                cmocka_unit_test_setup(node_connects_from_all_but_guarded_ports, setup),
                cmocka_unit_test_setup(glusterd_is_out_of_reach_behind_volfiled, setup),
                cmocka_unit_test_setup(session_with_glusterd_itself_is_cut_when_volfiled_comes, setup),
                cmocka_unit_test_setup(session_of_a_closed_pair_is_cut_and_no_other, setup),
                cmocka_unit_test_setup(session_that_was_there_before_the_table_is_cut, setup),
                cmocka_unit_test_setup(session_with_a_port_for_storage_nodes_is_cut_at_installation, setup),
                cmocka_unit_test_setup(session_that_was_not_accepted_yet_is_cut, setup),
                cmocka_unit_test_setup(packets_of_an_open_session_are_refused, setup),
                cmocka_unit_test_setup(connections_are_counted_by_client_and_service, setup),
                cmocka_unit_test_setup(many_pairs_are_counted_at_once, setup),
                cmocka_unit_test_setup(nfs_that_is_held_answers_nobody_and_goes_on_later, setup),
                cmocka_unit_test_setup(nfs_that_nobody_listens_for_is_silent_to_its_clients, setup),
                cmocka_unit_test_setup(bound_address_is_let_in_from_its_interface_alone, setup),
        };

        calls = (struct firewall_calls){ direct_caller_acts(&helper), FIREWALL_PORTS_DEFAULT };
        firewall = firewall_over(&calls);
        if (machines_open()) {
                fputs("contract_firewall_traffic: run it by tests/contract/with_firewall\n", stderr);
                return 77;
        }
        listeners_start();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
