/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The channel between storage nodes: two that hold the key agree on keys, and nobody else gets a word in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "auth/member_channel.h"
#include "base/memory.h"

struct rig {
        struct member_channel *decider, *member;
        uint8_t hello[MEMBER_HELLO_SIZE], welcome[MEMBER_WELCOME_SIZE], finish[MEMBER_FINISH_SIZE];
};

static const struct pool_key key = { { 1, 2, 3 } }, other_key = { { 1, 2, 4 } };

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        rig->decider = member_channel_new(&key);
        rig->member = member_channel_new(&key);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        member_channel_free(rig->decider);
        member_channel_free(rig->member);
        free(rig);
        return 0;
}

static void agree(struct rig *rig)
{
        struct fault fault = { 0 };

        member_channel_hello(rig->decider, rig->hello);
        assert_int_equal(member_channel_welcome(rig->member, rig->hello, rig->welcome, &fault), 0);
        assert_int_equal(member_channel_finish(rig->decider, rig->welcome, rig->finish, &fault), 0);
        assert_int_equal(member_channel_begin(rig->member, rig->finish, &fault), 0);
}

/* Opens all frames of `sealed`; the fault of the first that is refused. */
static int open_all(struct member_channel *channel, const struct text *sealed, struct text *plain, bool *last)
{
        struct fault fault = { 0 };

        for (size_t at = 0; at < sealed->length;) {
                const uint8_t *head = (const uint8_t *)sealed->data + at;
                size_t length = member_frame_length(head);
                int failed = member_channel_open(channel, head + MEMBER_FRAME_HEAD, length, plain, last, &fault);

                if (failed)
                        return failed;
                at += MEMBER_FRAME_HEAD + length;
        }
        return 0;
}

static void what_is_sealed_is_opened_on_the_other_side(void **test)
{
        static const size_t lengths[] = { 0, 1, MEMBER_FRAME_PLAIN, MEMBER_FRAME_PLAIN + 1,
                                          3 * MEMBER_FRAME_PLAIN };
        struct rig *rig = *test;

        agree(rig);
        for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
                for (int back = 0; back < 2; back++) {
                        AUTO_FREE char *bytes = memory_new(1, lengths[i] + 1);
                        AUTO_TEXT struct text sealed = { 0 }, plain = { 0 };
                        bool last = false;

                        memset(bytes, 'a' + (int)i, lengths[i]);
                        member_channel_seal(back ? rig->member : rig->decider, bytes, lengths[i], &sealed);
                        assert_int_equal(open_all(back ? rig->decider : rig->member, &sealed, &plain, &last), 0);
                        assert_true(last);
                        assert_int_equal(plain.length, lengths[i]);
                        assert_memory_equal(text_get(&plain), bytes, lengths[i]);
                }
}

static void who_lacks_the_key_is_not_answered(void **test)
{
        struct member_channel *stranger = member_channel_new(&other_key);
        uint8_t nothing[MEMBER_WELCOME_SIZE] = { 0 };
        struct rig *rig = *test;
        struct fault fault = { 0 };

        member_channel_hello(stranger, rig->hello);
        assert_int_equal(member_channel_welcome(rig->member, rig->hello, rig->welcome, &fault), -FAULT_FORBIDDEN);
        assert_memory_equal(rig->welcome, nothing, sizeof nothing);
        member_channel_hello(rig->decider, rig->hello);
        assert_int_equal(member_channel_welcome(stranger, rig->hello, rig->welcome, &fault), -FAULT_FORBIDDEN);
        member_channel_free(stranger);
}

static void member_without_the_key_is_not_trusted(void **test)
{
        struct member_channel *stranger = member_channel_new(&other_key), *its = member_channel_new(&other_key);
        struct rig *rig = *test;
        struct fault fault = { 0 };
        uint8_t hello[MEMBER_HELLO_SIZE];

        member_channel_hello(its, hello);
        assert_int_equal(member_channel_welcome(stranger, hello, rig->welcome, &fault), 0);
        member_channel_hello(rig->decider, rig->hello);
        assert_int_equal(member_channel_finish(rig->decider, rig->welcome, rig->finish, &fault), -FAULT_FORBIDDEN);
        member_channel_free(stranger);
        member_channel_free(its);
}

static void every_byte_of_the_agreement_counts(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        for (size_t at = 0; at < MEMBER_HELLO_SIZE; at++) {
                member_channel_hello(rig->decider, rig->hello);
                rig->hello[at] ^= 1;
                assert_int_equal(member_channel_welcome(rig->member, rig->hello, rig->welcome, &fault),
                                 -FAULT_FORBIDDEN);
        }
        for (size_t at = 0; at < MEMBER_WELCOME_SIZE; at++) {
                member_channel_hello(rig->decider, rig->hello);
                assert_int_equal(member_channel_welcome(rig->member, rig->hello, rig->welcome, &fault), 0);
                rig->welcome[at] ^= 1;
                assert_int_equal(member_channel_finish(rig->decider, rig->welcome, rig->finish, &fault),
                                 -FAULT_FORBIDDEN);
        }
}

static void every_byte_of_a_frame_counts(void **test)
{
        struct rig *rig = *test;

        for (size_t at = MEMBER_FRAME_HEAD; at < MEMBER_FRAME_HEAD + 4 + 17; at++) {
                AUTO_TEXT struct text sealed = { 0 }, plain = { 0 };
                bool last;

                agree(rig);
                member_channel_seal(rig->decider, "word", 4, &sealed);
                sealed.data[at] ^= 1;
                assert_int_equal(open_all(rig->member, &sealed, &plain, &last), -FAULT_FORBIDDEN);
                assert_int_equal(plain.length, 0);
        }
}

/* A hello that was recorded is answered, and that is all: the member's keys are new each time. */
static void recorded_session_is_worth_nothing(void **test)
{
        AUTO_TEXT struct text sealed = { 0 }, plain = { 0 };
        struct rig *rig = *test;
        struct fault fault = { 0 };
        uint8_t welcome[MEMBER_WELCOME_SIZE];
        bool last;

        agree(rig);
        member_channel_seal(rig->decider, "order", 5, &sealed);
        struct member_channel *again = member_channel_new(&key);
        assert_int_equal(member_channel_welcome(again, rig->hello, welcome, &fault), 0);
        assert_memory_not_equal(welcome, rig->welcome, sizeof welcome);
        assert_int_equal(member_channel_begin(again, rig->finish, &fault), 0);
        assert_int_equal(open_all(again, &sealed, &plain, &last), -FAULT_FORBIDDEN);
        member_channel_free(again);
}

static void frame_counts_once_and_in_its_place(void **test)
{
        AUTO_TEXT struct text first = { 0 }, second = { 0 }, plain = { 0 };
        struct rig *rig = *test;
        bool last;

        agree(rig);
        member_channel_seal(rig->decider, "first", 5, &first);
        member_channel_seal(rig->decider, "second", 6, &second);
        assert_int_equal(open_all(rig->member, &second, &plain, &last), -FAULT_FORBIDDEN);
        assert_int_equal(open_all(rig->member, &first, &plain, &last), 0);
        assert_int_equal(open_all(rig->member, &first, &plain, &last), -FAULT_FORBIDDEN);
        assert_int_equal(open_all(rig->member, &second, &plain, &last), 0);
        assert_string_equal(text_get(&plain), "firstsecond");
}

/* What one side has said is not taken by that side when somebody says it back. */
static void reflection_is_refused(void **test)
{
        AUTO_TEXT struct text sealed = { 0 }, plain = { 0 };
        struct rig *rig = *test;
        struct fault fault = { 0 };
        uint8_t welcome[MEMBER_WELCOME_SIZE] = { 0 };
        bool last;

        agree(rig);
        member_channel_seal(rig->decider, "word", 4, &sealed);
        assert_int_equal(open_all(rig->decider, &sealed, &plain, &last), -FAULT_FORBIDDEN);
        member_channel_hello(rig->decider, rig->hello);
        memcpy(welcome, rig->hello + 8, 64); /* its own public key and proof */
        memcpy(welcome + 56, rig->hello + 40, 32);
        assert_int_equal(member_channel_finish(rig->decider, welcome, rig->finish, &fault), -FAULT_FORBIDDEN);
}

static void lengths_that_are_none_are_refused(void **test)
{
        static const struct {
                uint8_t head[MEMBER_FRAME_HEAD];
                size_t length;
        } cases[] = {
                { { 0, 0, 0, 0 }, 0 },           { { 0, 0, 0, 16 }, 0 }, { { 0, 0, 0, 17 }, 17 },
                { { 0, 1, 0, 17 }, 65536 + 17 }, { { 0, 1, 0, 18 }, 0 }, { { 255, 255, 255, 255 }, 0 },
                { { 17, 0, 0, 0 }, 0 },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(member_frame_length(cases[i].head), cases[i].length);
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(what_is_sealed_is_opened_on_the_other_side),
                RIG_TEST(who_lacks_the_key_is_not_answered),
                RIG_TEST(member_without_the_key_is_not_trusted),
                RIG_TEST(every_byte_of_the_agreement_counts),
                RIG_TEST(every_byte_of_a_frame_counts),
                RIG_TEST(recorded_session_is_worth_nothing),
                RIG_TEST(frame_counts_once_and_in_its_place),
                RIG_TEST(reflection_is_refused),
                cmocka_unit_test(lengths_that_are_none_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
