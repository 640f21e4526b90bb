/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/firewall/firewall_wire.h"

static struct address address(const char *text)
{
        struct address parsed;

        assert_int_equal(address_parse(text, &parsed), 0);
        return parsed;
}

static void records_arrive_as_they_were_sent(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set sent = { 0 }, seen = { 0 };
        AUTO_MESSAGE struct message message;
        AUTO_TEXT struct text records = { 0 }, taken = { 0 };
        struct address peers[] = { address("10.0.0.1"), address("fd77::1") };
        const struct firewall_binding bindings[] = { { address("10.0.0.1"), { { 2, 0, 0, 0, 0, 1 } } },
                                                     { address("fd77::1"), { { 2, 0, 0, 0, 0, 1 } } } };
        struct fault fault = { 0 };

        (void)state;
        firewall_set_peers(&sent, peers, ARRAY_SIZE(peers));
        for (unsigned i = 0; i < 10000; i++) {
                struct firewall_pair pair = { { ADDRESS_V4, { 10, 1, (uint8_t)(i >> 8), (uint8_t)i } },
                                              i % 2 ? SERVICE_NFS : SERVICE_GLUSTER };

                firewall_set_open(&sent, &pair);
        }
        firewall_set_bindings(&sent, bindings, ARRAY_SIZE(bindings));
        sent.nfs_held = true;
        message_init(&message, 1);
        assert_int_equal(firewall_wire_add(&records, &sent), 10005);
        assert_int_equal(firewall_wire_put(&message, &records, &fault), 0);
        assert_int_equal(firewall_wire_take(&message, &taken, &fault), 0);
        assert_int_equal(firewall_wire_read(&taken, 0, 10005, &seen, &fault), 0);
        assert_true(firewall_set_equal(&sent, &seen));
        assert_int_equal(firewall_wire_read(&taken, 0, 10006, &seen, &fault), -FAULT_MALFORMED);
        assert_int_equal(firewall_wire_read(&taken, 10006, 0, &seen, &fault), -FAULT_MALFORMED);
        assert_int_equal(firewall_wire_read(&taken, UINT64_MAX, 2, &seen, &fault), -FAULT_MALFORMED);
        assert_int_equal(firewall_wire_read(&taken, 2, UINT64_MAX, &seen, &fault), -FAULT_MALFORMED);
}

static void nothing_arrives_as_nothing(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set seen = { 0 };
        AUTO_MESSAGE struct message message;
        AUTO_TEXT struct text records = { 0 }, taken = { 0 };
        struct fault fault = { 0 };

        (void)state;
        message_init(&message, 1);
        assert_int_equal(firewall_wire_put(&message, &records, &fault), 0);
        assert_int_equal(firewall_wire_take(&message, &taken, &fault), 0);
        assert_int_equal(firewall_wire_read(&taken, 0, 0, &seen, &fault), 0);
        assert_int_equal(seen.pair_count + seen.peer_count, 0);
}

static void records_that_are_none_are_refused(void **state)
{
        static const struct {
                unsigned char record[FIREWALL_RECORD_SIZE];
                int fault;
        } cases[] = {
                { { 1, 4, 10, 0, 0, 1 }, 0 },
                { { 2, 6, 0xFD, 0x77 }, 0 },
                { { 5, 4, 10, 0, 0, 1 }, FAULT_MALFORMED }, /* no such role */
                { { 3, 4, 10, 0, 0, 1, [18] = 2 }, 0 },     /* a binding */
                { { 3, 6, 0xFD, 0x77, [23] = 1 }, 0 },
                { { 3, 4, 10, 0, 0, 1 }, FAULT_INVALID },           /* to no interface */
                { { 3, 4, 10, 0, 0, 1, [18] = 1 }, FAULT_INVALID }, /* to a group of them */
                { { 3, 4, 127, 0, 0, 1, [18] = 2 }, FAULT_INVALID },
                { { 3, 0, [18] = 2 }, FAULT_MALFORMED },
                { { 4 }, 0 }, /* NFS is held */
                { { 4, 4 }, FAULT_MALFORMED },
                { { 4, 0, [2] = 1 }, FAULT_MALFORMED },
                { { 4, 0, [23] = 1 }, FAULT_MALFORMED },
                { { 1, 4, 10, 0, 0, 1, [18] = 2 }, FAULT_MALFORMED }, /* a pair has no MAC */
                { { 1, 0, 10, 0, 0, 1 }, FAULT_MALFORMED },           /* no such family */
                { { 1, 5, 10, 0, 0, 1 }, FAULT_MALFORMED },
                { { 1, 4, 10, 0, 0, 1, 1 }, FAULT_MALFORMED }, /* longer than IPv4 */
                { { 1, 4, 10, 0, 0, 1, [17] = 1 }, FAULT_MALFORMED },
                { { 1, 6, [12] = 0xFF, [13] = 0xFF, [14] = 10 }, FAULT_MALFORMED }, /* IPv4 in IPv6 */
                { { 1, 4, 0, 0, 0, 0 }, FAULT_INVALID },
                { { 1, 4, 127, 0, 0, 1 }, FAULT_INVALID },
                { { 2, 4, 255, 255, 255, 255 }, FAULT_INVALID },
                { { 2, 4, 224, 0, 0, 1 }, FAULT_INVALID },
                { { 0, 4, 169, 254, 0, 1 }, FAULT_INVALID },
                { { 2, 6 }, FAULT_INVALID },
                { { 2, 6, [17] = 1 }, FAULT_INVALID },
                { { 0, 6, 0xFE, 0x80, [17] = 1 }, FAULT_INVALID },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FIREWALL_SET struct firewall_set set = { 0 };
                AUTO_TEXT struct text records = { 0 };
                struct fault fault = { 0 };

                text_add_bytes(&records, cases[0].record, FIREWALL_RECORD_SIZE);
                text_add_bytes(&records, cases[i].record, FIREWALL_RECORD_SIZE);
                if (firewall_wire_read(&records, 0, 2, &set, &fault) != -cases[i].fault)
                        fail_msg("case %zu: %s", i, fault.text);
        }
}

/* A descriptor over `size` bytes with `seals`. */
static int memory_of(size_t size, int seals)
{
        int fd = memfd_create("test", MFD_ALLOW_SEALING);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
        return fd;
}

static void memory_that_could_change_is_refused(void **state)
{
        const int all = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
        const struct {
                size_t size;
                int seals;
                int fault;
        } cases[] = {
                { 48, all, 0 },
                { 48, all & ~F_SEAL_WRITE, FAULT_MALFORMED },
                { 48, all & ~F_SEAL_GROW, FAULT_MALFORMED },
                { 48, all & ~F_SEAL_SHRINK, FAULT_MALFORMED },
                { 47, all, FAULT_MALFORMED },
                { (size_t)FIREWALL_RECORD_SIZE * FIREWALL_RECORDS_MAX, all, 0 },
                { (size_t)FIREWALL_RECORD_SIZE * (FIREWALL_RECORDS_MAX + 1), all, FAULT_MALFORMED },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_MESSAGE struct message message;
                AUTO_TEXT struct text taken = { 0 };
                struct fault fault = { 0 };

                message_init(&message, 1);
                message.fd = memory_of(cases[i].size, cases[i].seals);
                if (firewall_wire_take(&message, &taken, &fault) != -cases[i].fault)
                        fail_msg("case %zu: %s", i, fault.text);
        }
}

static void message_without_memory_is_refused(void **state)
{
        AUTO_MESSAGE struct message message;
        AUTO_TEXT struct text taken = { 0 };
        struct fault fault = { 0 };

        (void)state;
        message_init(&message, 1);
        assert_int_equal(firewall_wire_take(&message, &taken, &fault), -FAULT_MALFORMED);
        message.fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        assert_int_equal(firewall_wire_take(&message, &taken, &fault), -FAULT_MALFORMED);
}

static void ports_travel_and_are_checked(void **state)
{
        static const struct {
                uint64_t first, last, volfiled;
                int fault;
        } cases[] = {
                { 49152, 60999, 0, 0 },
                { 49152, 60999, 24107, 0 },
                { 65536 + 49152, 60999, 0, FAULT_MALFORMED },
                { 49152, 65536, 0, FAULT_MALFORMED },
                { 49152, 60999, 65536, FAULT_MALFORMED },
                { 49152, 60999, 2049, FAULT_INVALID },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_MESSAGE struct message message;
                struct firewall_ports ports;
                struct fault fault = { 0 };

                message_init(&message, 1);
                message_put_u64(&message, cases[i].first);
                message_put_u64(&message, cases[i].last);
                message_put_u64(&message, cases[i].volfiled);
                if (firewall_wire_take_ports(&message, &ports, &fault) != -cases[i].fault)
                        fail_msg("case %zu: %s", i, fault.text);
                if (!cases[i].fault)
                        assert_true(ports.brick_first == cases[i].first && ports.brick_last == cases[i].last &&
                                    ports.volfiled == cases[i].volfiled && message_is_consumed(&message));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(records_arrive_as_they_were_sent),
                cmocka_unit_test(nothing_arrives_as_nothing),
                cmocka_unit_test(records_that_are_none_are_refused),
                cmocka_unit_test(memory_that_could_change_is_refused),
                cmocka_unit_test(message_without_memory_is_refused),
                cmocka_unit_test(ports_travel_and_are_checked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
