/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What struct nfs_server promises, asked of the fake and of a real ganesha.nfsd. Without arguments: the fake. With
 * --real, started by with_ganesha: the real one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tests/contract/nfs_worlds.h"

enum { DEADLINE_MS = 20000 };

static int64_t now_ms(void)
{
        return clock_monotonic_ms(clock_system());
}

static int add(const struct nfs_export *export, struct fault *fault)
{
        return world.server.add(world.server.context, export, fault);
}

static int update(const struct nfs_export *export, struct fault *fault)
{
        return world.server.update(world.server.context, export, fault);
}

static int take_away(uint16_t number, struct fault *fault)
{
        return world.server.remove(world.server.context, number, fault);
}

/* Makes the calls that must work, and says why when they do not. */
#define assert_works(call)                                                                   \
        do {                                                                                 \
                struct fault works_fault = { 0 };                                            \
                struct fault *fault = &works_fault;                                          \
                if ((call) != 0)                                                             \
                        fail_msg("%s: %s: %s", #call, fault_word(fault->code), fault->text); \
        } while (0)

#define assert_fails(call, expected)                                                                           \
        do {                                                                                                   \
                struct fault fails_fault = { 0 };                                                              \
                struct fault *fault = &fails_fault;                                                            \
                int fails_status = (call);                                                                     \
                if (fails_status != -(expected) || fault->code != (expected) || fault->text[0] == '\0')        \
                        fail_msg("%s: %d, %s: %s", #call, fails_status, fault_word(fault->code), fault->text); \
        } while (0)

static enum known display(uint16_t number, const struct nfs_export *wanted)
{
        struct nfs_export_seen seen = { 0 };
        struct fault fault = { 0 };
        enum known known;

        if (world.server.display(world.server.context, number, &seen, &fault) != 0)
                fail_msg("display %u: %s: %s", number, fault_word(fault.code), fault.text);
        assert_int_equal(fault.code, FAULT_NONE);
        known = seen.known;
        if (wanted && known == KNOWN_PRESENT && !nfs_export_seen_matches(&seen, wanted))
                known = KNOWN_UNKNOWN;
        nfs_export_seen_fini(&seen);
        return known;
}

#define assert_shown(wanted) assert_int_equal(display((wanted)->number, (wanted)), KNOWN_PRESENT)
#define assert_absent(number) assert_int_equal(display((number), NULL), KNOWN_ABSENT)

static struct address address(const char *text)
{
        struct address parsed;

        assert_int_equal(address_parse(text, &parsed), 0);
        return parsed;
}

/* An export of its own directory, let in to `count` clients of `clients` (copied). */
static struct nfs_export *export_new_for(uint16_t number, const struct nfs_client *clients, size_t count)
{
        struct nfs_export *export = NEW(struct nfs_export);

        export->number = number;
        export->file_system_id = 77000u + number;
        export->backing = NFS_BACKING_VFS;
        export->path = memory_format("%s/%u", world.root, number);
        export->pseudo = memory_format("/exports/ex-%u", number);
        export->anonymous_uid = 65534;
        export->anonymous_gid = 65534;
        export->clients = memory_new(count + 1, sizeof *clients);
        export->client_count = count;
        if (count > 0)
                memcpy(export->clients, clients, count * sizeof *clients);
        world.make_directory(export->path);
        return export;
}

static struct nfs_export *export_sample(uint16_t number)
{
        const struct nfs_client clients[] = {
                { address("10.77.0.21"), EXPORT_READ_WRITE },
                { address("10.77.0.22"), EXPORT_READ_ONLY },
                { address("fd77::21"), EXPORT_READ_WRITE },
                { address("fd77::22"), EXPORT_READ_ONLY },
        };

        return export_new_for(number, clients, ARRAY_SIZE(clients));
}

static size_t list_sorted(struct nfs_export_listed **listed);

static void list_free(struct nfs_export_listed *listed, size_t count)
{
        while (count > 0)
                free(listed[--count].path);
        free(listed);
}

/* Each test begins with a server that is there and empty. */
static int setup(void **test)
{
        struct nfs_export_listed *listed;
        size_t count;

        (void)test;
        if (world.server.wait(world.server.context, -1, 0) == 0) {
                world.start();
                assert_true(world.server.wait(world.server.context, -1, DEADLINE_MS) > 0);
        }
        world.forbid(NULL);
        count = list_sorted(&listed);
        for (size_t i = 0; i < count; i++)
                assert_works(take_away(listed[i].number, fault));
        list_free(listed, count);
        return 0;
}

static void export_added_is_shown_as_wanted(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);

        (void)test;
        assert_absent(7);
        assert_works(add(wanted, fault));
        assert_shown(wanted);
}

static void export_without_clients_is_shown_without_any(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_new_for(7, NULL, 0);

        (void)test;
        assert_works(add(wanted, fault));
        assert_shown(wanted);
}

static void number_that_is_taken_is_a_conflict_and_changes_nothing(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *first = export_sample(7);
        AUTO_NFS_EXPORT struct nfs_export *second = export_new_for(7, NULL, 0);

        (void)test;
        assert_works(add(first, fault));
        assert_fails(add(second, fault), FAULT_CONFLICT);
        assert_shown(first);
}

static void pseudo_path_that_is_taken_is_refused(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *first = export_sample(7);
        AUTO_NFS_EXPORT struct nfs_export *second = export_sample(8);

        (void)test;
        free(second->pseudo);
        second->pseudo = memory_text(first->pseudo);
        assert_works(add(first, fault));
        assert_fails(add(second, fault), FAULT_INVALID);
        assert_absent(8);
        assert_shown(first);
}

static void path_that_is_not_there_is_refused(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(9);

        (void)test;
        world.forbid(wanted->path);
        assert_fails(add(wanted, fault), FAULT_INVALID);
        assert_absent(9);
}

/* Whatever was seen of a path before: a link made since leads nowhere, be it last or on the way. */
static void path_through_a_link_is_refused(void **test)
{
        static const char *const ends[] = { "", "/within" };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
                AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample((uint16_t)(19 + i));
                AUTO_FREE char *elsewhere = memory_format("%s/elsewhere", world.root);
                AUTO_FREE char *within = memory_format("%s/within", elsewhere);
                AUTO_FREE char *path = memory_format("%s%s", wanted->path, ends[i]);

                world.make_directory(elsewhere);
                world.make_directory(within);
                world.link(wanted->path, elsewhere);
                free(wanted->path);
                wanted->path = memory_text(path);
                assert_fails(add(wanted, fault), FAULT_INVALID);
                assert_absent(wanted->number);
        }
}

static void export_that_cannot_be_written_is_refused(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(9);

        (void)test;
        free(wanted->pseudo);
        wanted->pseudo = memory_text("/exports/\"; }");
        assert_fails(add(wanted, fault), FAULT_INVALID);
        assert_fails(update(wanted, fault), FAULT_INVALID);
        assert_absent(9);
}

static void update_changes_clients_and_squash(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);
        static const enum export_squash squashes[] = { SQUASH_ALL, SQUASH_ROOT, SQUASH_NONE };

        (void)test;
        assert_works(add(wanted, fault));
        wanted->clients[0].access = EXPORT_READ_ONLY;
        wanted->clients[1].access = EXPORT_READ_WRITE;
        assert_works(update(wanted, fault));
        assert_shown(wanted);
        for (size_t i = 0; i < ARRAY_SIZE(squashes); i++) {
                wanted->squash = squashes[i];
                wanted->anonymous_uid = i == 0 ? 0 : 4294967294u;
                wanted->anonymous_gid = (uint32_t)i;
                wanted->privileged_ports = i == 1;
                assert_works(update(wanted, fault));
                assert_shown(wanted);
        }
        wanted->client_count = 0;
        assert_works(update(wanted, fault));
        assert_shown(wanted);
}

static void update_of_a_number_that_is_not_there_adds_it(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);

        (void)test;
        assert_works(update(wanted, fault));
        assert_shown(wanted);
}

static void update_can_change_neither_path_nor_file_system_id(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *first = export_sample(7);
        AUTO_NFS_EXPORT struct nfs_export *other_path = export_new_for(7, NULL, 0);
        AUTO_NFS_EXPORT struct nfs_export *other_id = export_new_for(7, NULL, 0);

        (void)test;
        free(other_path->path);
        other_path->path = memory_format("%s/other", world.root);
        world.make_directory(other_path->path);
        other_id->file_system_id++;
        assert_works(add(first, fault));
        assert_fails(update(other_path, fault), FAULT_INVALID);
        assert_fails(update(other_id, fault), FAULT_INVALID);
        assert_shown(first);
}

static void export_removed_is_absent_and_removing_it_again_is_no_fault(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);

        (void)test;
        assert_works(add(wanted, fault));
        assert_works(take_away(7, fault));
        assert_absent(7);
        assert_works(take_away(7, fault));
        assert_works(add(wanted, fault));
        assert_shown(wanted);
}

static int compare_listed(const void *a, const void *b)
{
        const struct nfs_export_listed *left = a, *right = b;

        return left->number - right->number;
}

static size_t list_sorted(struct nfs_export_listed **listed)
{
        size_t count;

        assert_works(world.server.list(world.server.context, listed, &count, fault));
        if (count > 0)
                qsort(*listed, count, sizeof **listed, compare_listed);
        return count;
}

static void list_names_each_export_and_not_the_servers_own_root(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *first = export_sample(7);
        AUTO_NFS_EXPORT struct nfs_export *last = export_sample(EXPORT_NUMBER_MAX);
        struct nfs_export_listed *listed;
        size_t count;

        (void)test;
        count = list_sorted(&listed);
        assert_int_equal(count, 0);
        assert_null(listed);
        assert_works(add(last, fault));
        assert_works(add(first, fault));
        count = list_sorted(&listed);
        assert_int_equal(count, 2);
        assert_int_equal(listed[0].number, 7);
        assert_string_equal(listed[0].path, "/exports/ex-7");
        assert_int_equal(listed[1].number, EXPORT_NUMBER_MAX);
        list_free(listed, count);
}

static void server_tells_its_release(void **test)
{
        char version[SERVER_VERSION_SIZE];

        (void)test;
        assert_works(world.server.version(world.server.context, version, fault));
        assert_true(version[0] >= '1' && version[0] <= '9' && strchr(version, '.'));
        world.stop();
        assert_int_equal(world.server.wait(world.server.context, -1, DEADLINE_MS), 0);
        assert_fails(world.server.version(world.server.context, version, fault), FAULT_UNAVAILABLE);
}

/* Deterministic numbers: a linear congruential generator (Knuth's MMIX constants). */
static uint32_t random_next(uint64_t *state)
{
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(*state >> 33);
}

static int compare_clients(const void *a, const void *b)
{
        const struct nfs_client *left = a, *right = b;

        return address_compare(&left->address, &right->address);
}

/* Addresses with zeros in all places, where the short forms of IPv6 text are. */
static void clients_of_many_addresses_come_back_as_they_went(void **test)
{
        enum { CLIENTS = 600 };
        AUTO_FREE struct nfs_client *clients = memory_new(CLIENTS, sizeof *clients);
        uint64_t state = 7;
        size_t kept = 0;

        (void)test;
        for (size_t i = 0; i < CLIENTS; i++) {
                struct nfs_client *client = &clients[i];
                bool v6 = i % 3 != 0;

                client->access = random_next(&state) % 2 ? EXPORT_READ_ONLY : EXPORT_READ_WRITE;
                client->address.family = v6 ? ADDRESS_V6 : ADDRESS_V4;
                for (int at = 0; at < (v6 ? 16 : 4); at++)
                        client->address.bytes[at] = random_next(&state) % 2 ? 0 : (uint8_t)random_next(&state);
                client->address.bytes[0] = v6 ? 0x20 + (uint8_t)(i % 16) : 10;
        }
        qsort(clients, CLIENTS, sizeof *clients, compare_clients);
        for (size_t i = 0; i < CLIENTS; i++)
                if (kept == 0 || compare_clients(&clients[kept - 1], &clients[i]) != 0)
                        clients[kept++] = clients[i];
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_new_for(7, clients, kept);
        assert_works(add(wanted, fault));
        assert_shown(wanted);
}

static void path_of_odd_characters_comes_back_as_it_went(void **test)
{
        static const char *const names[] = {
                "a b", "$HOME", "#1, (50%); {x}=y'", "\xC3\xA4\xE2\x82\xAC", "%include", "~`!@^&*|<>?:", "-", "..."
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample((uint16_t)(20 + i));

                free(wanted->path);
                free(wanted->pseudo);
                wanted->path = memory_format("%s/%s", world.root, names[i]);
                wanted->pseudo = memory_format("/exports/%s", names[i]);
                world.make_directory(wanted->path);
                assert_works(add(wanted, fault));
                assert_shown(wanted);
        }
}

static void wait_ends_when_woken_and_when_time_is_up(void **test)
{
        struct nfs_server server = world.server;
        uint64_t instance = server.wait(server.context, -1, 0);
        int wake_fd = eventfd(0, EFD_CLOEXEC);
        int64_t started = now_ms();

        (void)test;
        assert_true(instance > 0);
        assert_int_equal(server.wait(server.context, wake_fd, 50), instance);
        assert_in_range(now_ms() - started, 50, DEADLINE_MS);
        eventfd_write(wake_fd, 1);
        assert_int_equal(server.wait(server.context, wake_fd, DEADLINE_MS), instance);
        assert_in_range(now_ms() - started, 50, DEADLINE_MS - 1);
        close(wake_fd);
}

static void server_that_starts_anew_is_another_instance_and_empty(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);
        struct nfs_server server = world.server;
        uint64_t before = server.wait(server.context, -1, 0), after;

        (void)test;
        assert_works(add(wanted, fault));
        world.stop();
        assert_int_equal(server.wait(server.context, -1, DEADLINE_MS), 0);
        assert_fails(add(wanted, fault), FAULT_UNAVAILABLE);
        assert_fails(update(wanted, fault), FAULT_UNAVAILABLE);
        assert_fails(take_away(7, fault), FAULT_UNAVAILABLE);
        assert_fails(server.display(server.context, 7, &(struct nfs_export_seen){ 0 }, fault), FAULT_UNAVAILABLE);
        assert_fails(server.list(server.context, &(struct nfs_export_listed *){ NULL }, &(size_t){ 0 }, fault),
                     FAULT_UNAVAILABLE);
        world.start();
        after = server.wait(server.context, -1, DEADLINE_MS);
        assert_true(after != 0 && after != before);
        assert_absent(7);
        assert_works(add(wanted, fault));
        assert_shown(wanted);
}

/* Both changes are seen in one wait: what counts is that the instance is another one. */
static void server_that_started_anew_unwatched_is_noticed(void **test)
{
        struct nfs_server server = world.server;
        uint64_t before = server.wait(server.context, -1, 0), after;

        (void)test;
        world.stop();
        world.start();
        after = server.wait(server.context, -1, DEADLINE_MS);
        assert_true(after != 0 && after != before);
}

static void server_that_ends_in_a_call_is_unavailable(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);
        struct nfs_server server = world.server;

        (void)test;
        world.crash_in_next_call();
        assert_fails(add(wanted, fault), FAULT_UNAVAILABLE);
        assert_int_equal(server.wait(server.context, -1, DEADLINE_MS), 0);
}

static void server_that_hangs_is_a_timeout_and_may_take_the_change_later(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);
        int64_t deadline = now_ms() + DEADLINE_MS;

        (void)test;
        world.hang();
        assert_fails(add(wanted, fault), FAULT_TIMEOUT);
        world.resume();
        while (display(7, wanted) != KNOWN_PRESENT)
                assert_true(now_ms() < deadline);
        assert_fails(add(wanted, fault), FAULT_CONFLICT);
}

/* What was asked first and gave no answer is overtaken by what was asked last. */
static void removal_after_a_timeout_wins(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);

        (void)test;
        world.hang();
        assert_fails(add(wanted, fault), FAULT_TIMEOUT);
        world.resume();
        assert_works(take_away(7, fault));
        assert_absent(7);
}

static void send_ahead(enum nfs_call call, uint16_t number, const struct nfs_export *export)
{
        world.server.ahead(world.server.context, call, number, export);
}

static void calls_sent_ahead_are_answered_in_their_order(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *first = export_sample(7), *second = export_sample(8);
        AUTO_NFS_EXPORT struct nfs_export *refused = export_sample(9), *gone = export_sample(10);

        (void)test;
        free(refused->pseudo);
        refused->pseudo = memory_text(first->pseudo);
        assert_works(add(gone, fault));
        send_ahead(NFS_CALL_ADD, 7, first);
        send_ahead(NFS_CALL_DISPLAY, 7, NULL);
        send_ahead(NFS_CALL_ADD, 9, refused);
        send_ahead(NFS_CALL_DISPLAY, 9, NULL);
        send_ahead(NFS_CALL_ADD, 8, second);
        send_ahead(NFS_CALL_REMOVE, 10, NULL);
        send_ahead(NFS_CALL_DISPLAY, 10, NULL);
        send_ahead(NFS_CALL_DISPLAY, 8, NULL);
        assert_works(add(first, fault));
        assert_shown(first);
        assert_fails(add(refused, fault), FAULT_INVALID);
        assert_absent(9);
        assert_works(add(second, fault));
        assert_works(take_away(10, fault));
        assert_absent(10);
        assert_shown(second);
}

static void calls_sent_ahead_of_a_server_that_ends_are_unavailable(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *first = export_sample(7), *second = export_sample(8);
        struct nfs_server server = world.server;

        (void)test;
        world.crash_in_next_call();
        send_ahead(NFS_CALL_ADD, 7, first);
        send_ahead(NFS_CALL_ADD, 8, second);
        send_ahead(NFS_CALL_DISPLAY, 8, NULL);
        assert_fails(add(first, fault), FAULT_UNAVAILABLE);
        assert_fails(add(second, fault), FAULT_UNAVAILABLE);
        assert_fails(server.display(server.context, 8, &(struct nfs_export_seen){ 0 }, fault), FAULT_UNAVAILABLE);
        assert_int_equal(server.wait(server.context, -1, DEADLINE_MS), 0);
}

/* Nobody asks for their answers: the next call gets its own. */
static void calls_sent_ahead_and_not_made_are_forgotten_by_wait(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *first = export_sample(7), *second = export_sample(8);

        (void)test;
        send_ahead(NFS_CALL_ADD, 7, first);
        send_ahead(NFS_CALL_DISPLAY, 7, NULL);
        world.server.wait(world.server.context, -1, 0);
        assert_works(add(second, fault));
        assert_shown(first);
}

static void bus_that_starts_anew_is_found_again(void **test)
{
        AUTO_NFS_EXPORT struct nfs_export *wanted = export_sample(7);
        struct nfs_server server = world.server;

        (void)test;
        world.bus_stop();
        assert_int_equal(server.wait(server.context, -1, DEADLINE_MS), 0);
        assert_fails(add(wanted, fault), FAULT_UNAVAILABLE);
        world.bus_start();
        world.stop();
        world.start();
        assert_true(server.wait(server.context, -1, DEADLINE_MS) > 0);
        assert_works(add(wanted, fault));
        assert_shown(wanted);
}

int main(int count, char **arguments)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(export_added_is_shown_as_wanted, setup),
                cmocka_unit_test_setup(export_without_clients_is_shown_without_any, setup),
                cmocka_unit_test_setup(number_that_is_taken_is_a_conflict_and_changes_nothing, setup),
                cmocka_unit_test_setup(pseudo_path_that_is_taken_is_refused, setup),
                cmocka_unit_test_setup(path_that_is_not_there_is_refused, setup),
                cmocka_unit_test_setup(path_through_a_link_is_refused, setup),
                cmocka_unit_test_setup(export_that_cannot_be_written_is_refused, setup),
                cmocka_unit_test_setup(update_changes_clients_and_squash, setup),
                cmocka_unit_test_setup(update_of_a_number_that_is_not_there_adds_it, setup),
                cmocka_unit_test_setup(update_can_change_neither_path_nor_file_system_id, setup),
                cmocka_unit_test_setup(export_removed_is_absent_and_removing_it_again_is_no_fault, setup),
                cmocka_unit_test_setup(list_names_each_export_and_not_the_servers_own_root, setup),
                cmocka_unit_test_setup(server_tells_its_release, setup),
                cmocka_unit_test_setup(clients_of_many_addresses_come_back_as_they_went, setup),
                cmocka_unit_test_setup(path_of_odd_characters_comes_back_as_it_went, setup),
                cmocka_unit_test_setup(wait_ends_when_woken_and_when_time_is_up, setup),
                cmocka_unit_test_setup(server_that_starts_anew_is_another_instance_and_empty, setup),
                cmocka_unit_test_setup(server_that_started_anew_unwatched_is_noticed, setup),
                cmocka_unit_test_setup(server_that_ends_in_a_call_is_unavailable, setup),
                cmocka_unit_test_setup(server_that_hangs_is_a_timeout_and_may_take_the_change_later, setup),
                cmocka_unit_test_setup(removal_after_a_timeout_wins, setup),
                cmocka_unit_test_setup(calls_sent_ahead_are_answered_in_their_order, setup),
                cmocka_unit_test_setup(calls_sent_ahead_of_a_server_that_ends_are_unavailable, setup),
                cmocka_unit_test_setup(calls_sent_ahead_and_not_made_are_forgotten_by_wait, setup),
                cmocka_unit_test_setup(bus_that_starts_anew_is_found_again, setup),
        };
        int failed;

        if (count > 1 && strcmp(arguments[1], "--real") == 0)
                world_real();
        else
                world_fake();
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        world_end();
        return failed;
}
