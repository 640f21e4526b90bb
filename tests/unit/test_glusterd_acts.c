/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the helper refuses before it speaks to glusterd; what it then does is held by tests/contract.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/gluster/access_list_text.h"
#include "protocols/gluster/glusterd_acts.h"

static int run(struct message *request, struct fault *fault)
{
        AUTO_MESSAGE struct message reply;

        message_init(&reply, request->act);
        for (const struct act *act = glusterd_acts; act->run; act++)
                if (act->number == request->act)
                        return act->run(NULL, request, &reply, fault);
        fail_msg("act %u is not in the table", request->act);
        return 0;
}

static void name_of_no_volume_is_malformed(void **state)
{
        static const char *const names[] = { "", "..", "a/b", "a b", "a`id`", "a.b", "a\nb" };

        (void)state;
        for (uint16_t act = ACT_GLUSTERD_VOLUME_OBSERVE; act <= ACT_GLUSTERD_BRICK_RESTART; act++)
                for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                        AUTO_MESSAGE struct message request;
                        struct fault fault = { 0 };

                        message_init(&request, act);
                        message_put_text(&request, names[i]);
                        assert_int_equal(run(&request, &fault), -FAULT_MALFORMED);
                }
}

static void field_too_many_is_malformed(void **state)
{
        (void)state;
        for (uint16_t act = ACT_GLUSTERD_VOLUME_OBSERVE; act <= ACT_GLUSTERD_LIST_INSTALL; act++) {
                AUTO_MESSAGE struct message request;
                struct fault fault = { 0 };

                message_init(&request, act);
                message_put_text(&request, "data");
                message_put_u64(&request, 1);
                assert_int_equal(run(&request, &fault), -FAULT_MALFORMED);
        }
}

static void acts_about_bricks_take_their_fields_and_no_others(void **state)
{
        static const uint16_t acts[] = { ACT_GLUSTERD_BRICKS_LOOK, ACT_GLUSTERD_BRICK_RESTART };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
                for (int more = 0; more < 2; more++) {
                        AUTO_MESSAGE struct message request;
                        struct fault fault = { 0 };

                        message_init(&request, acts[i]);
                        message_put_text(&request, "data");
                        if (more && acts[i] == ACT_GLUSTERD_BRICKS_LOOK)
                                message_put_u64(&request, 0);
                        if (more && acts[i] == ACT_GLUSTERD_BRICK_RESTART)
                                message_put_text(&request, "/b");
                        if (more)
                                message_put_u64(&request, 0);
                        assert_int_equal(run(&request, &fault), -FAULT_MALFORMED);
                }
}

static void storage_nodes_that_cannot_be_are_refused(void **state)
{
        static const struct {
                uint64_t count;
                const char *bytes;
                size_t length;
                int answer;
        } cases[] = {
                { 0, "", 0, -FAULT_INVALID },
                { ACCESS_PEERS_MAX + 1, "\x0A\x4D\0\x0B", 4, -FAULT_INVALID },
                { 1, "\x0A\x4D\0", 3, -FAULT_MALFORMED },
                { 1, "\x0A\x4D\0\x0B\0", 5, -FAULT_MALFORMED },
                { 2, "\x0A\x4D\0\x0B", 4, -FAULT_MALFORMED },
                { 1, "\0\0\0\0", 4, -FAULT_INVALID },
                { 1, "\x7F\0\0\1", 4, -FAULT_INVALID },
                { 1, "\xE0\0\0\1", 4, -FAULT_INVALID },
                { 1, "\xFF\xFF\xFF\xFF", 4, -FAULT_INVALID },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_MESSAGE struct message request;
                struct fault fault = { 0 };

                message_init(&request, ACT_GLUSTERD_VOLUME_SECURE);
                message_put_text(&request, "data");
                message_put_u64(&request, cases[i].count);
                if (cases[i].length > 0)
                        message_put_bytes(&request, cases[i].bytes, cases[i].length);
                if (run(&request, &fault) != cases[i].answer)
                        fail_msg("case %zu: %s", i, fault.text);
        }
}

/* A memfd with `text` and these seals. */
static int memfd_with(const char *text, int seals)
{
        int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
        return fd;
}

static char *list_text(void)
{
        struct address peer = { ADDRESS_V4, { 10, 77, 0, 11 } };
        AUTO_ACCESS_FILE struct access_file file = { .volume = "data" };
        struct text text = { 0 };

        access_list_init(&file.list, &peer, 1);
        file.list.generation = 1;
        assert_int_equal(access_file_print(&file, &text, NULL), 0);
        return text_take(&text);
}

static int install(int fd, struct fault *fault)
{
        AUTO_MESSAGE struct message request;

        message_init(&request, ACT_GLUSTERD_LIST_INSTALL);
        message_put_text(&request, "data");
        request.fd = fd;
        return run(&request, fault);
}

static void list_that_can_change_or_hang_is_malformed(void **state)
{
        AUTO_FREE char *text = list_text();
        struct fault fault = { 0 };
        int pair[2];

        (void)state;
        assert_int_equal(install(-1, &fault), -FAULT_MALFORMED);
        assert_int_equal(install(open("/dev/null", O_RDONLY | O_CLOEXEC), &fault), -FAULT_MALFORMED);
        assert_int_equal(pipe(pair), 0);
        assert_int_equal(install(pair[0], &fault), -FAULT_MALFORMED);
        close(pair[1]);
        assert_int_equal(install(memfd_with(text, 0), &fault), -FAULT_MALFORMED);
        assert_int_equal(install(memfd_with(text, F_SEAL_WRITE | F_SEAL_GROW), &fault), -FAULT_MALFORMED);
        assert_int_equal(install(memfd_with(text, F_SEAL_SHRINK | F_SEAL_GROW), &fault), -FAULT_MALFORMED);
        assert_non_null(strstr(fault.text, "sealed"));
}

static void list_that_is_damaged_is_malformed(void **state)
{
        AUTO_FREE char *text = list_text();
        struct fault fault = { 0 };

        (void)state;
        text[strlen(text) - 2] ^= 1;
        assert_int_equal(install(memfd_with(text, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), &fault),
                         -FAULT_MALFORMED);
        assert_non_null(strstr(fault.text, "closing line"));
}

static void acts_need_no_capability(void **state)
{
        (void)state;
        for (const struct act *act = glusterd_acts; act->run; act++)
                assert_true(act->capabilities == 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(name_of_no_volume_is_malformed),
                cmocka_unit_test(field_too_many_is_malformed),
                cmocka_unit_test(acts_about_bricks_take_their_fields_and_no_others),
                cmocka_unit_test(storage_nodes_that_cannot_be_are_refused),
                cmocka_unit_test(list_that_can_change_or_hang_is_malformed),
                cmocka_unit_test(list_that_is_damaged_is_malformed),
                cmocka_unit_test(acts_need_no_capability),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
