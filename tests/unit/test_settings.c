/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/settings.h"

struct target {
        char *text;
        char *path;
        int64_t number;
        int64_t duration_ms;
        int word;
        char **list;
        char *colour;
        char **colours;
};

static const char *const words[] = { "low", "high", NULL };

static bool colour_is_valid(const char *value)
{
        return strcmp(value, "red") == 0 || strcmp(value, "blue") == 0;
}

#define AT(member) offsetof(struct target, member)
static const struct setting table[] = {
        { .key = "text",
          .type = SETTING_TEXT,
          .offset = AT(text),
          .preset = "plain",
          .most = 8,
          .help = "A text." },
        { .key = "path", .type = SETTING_PATH, .offset = AT(path), .preset = "/var/lib", .help = "A path." },
        { .key = "number",
          .type = SETTING_NUMBER,
          .offset = AT(number),
          .preset = "3",
          .least = 1,
          .most = 32,
          .help = "A number." },
        { .key = "duration",
          .type = SETTING_DURATION,
          .offset = AT(duration_ms),
          .preset = "2s",
          .least = 10,
          .most = 3600000,
          .help = "A duration." },
        { .key = "word",
          .type = SETTING_WORD,
          .offset = AT(word),
          .preset = "high",
          .words = words,
          .help = "A word." },
        { .key = "list",
          .type = SETTING_LIST,
          .offset = AT(list),
          .preset = "none",
          .most = 3,
          .help = "A list." },
        { .key = "colour",
          .type = SETTING_TEXT,
          .offset = AT(colour),
          .preset = "red",
          .most = 8,
          .help = "A colour.",
          .accepts = colour_is_valid,
          .form = "red or blue" },
        { .key = "colours",
          .type = SETTING_LIST,
          .offset = AT(colours),
          .preset = "red",
          .most = 2,
          .help = "Colours.",
          .accepts = colour_is_valid,
          .form = "red or blue" },
        { .key = NULL },
};

static void list_print(struct text *text, char **list)
{
        for (; *list; list++)
                text_addf(text, "<%s>", *list);
}

/* All values in one line, or what is wrong; caller frees. */
static char *parse(const char *bytes, size_t length)
{
        struct target target = { 0 };
        AUTO_TEXT struct text problems = { 0 };
        struct text seen = { 0 };
        int failed = settings_parse(table, &target, "f", bytes, length, &problems);

        assert_int_equal(failed, problems.length ? -1 : 0);
        if (failed) {
                text_add(&seen, text_get(&problems));
        } else {
                text_addf(&seen, "%s %s %d %d %d ", target.text, target.path, (int)target.number,
                          (int)target.duration_ms, target.word);
                list_print(&seen, target.list);
                text_addf(&seen, " %s ", target.colour);
                list_print(&seen, target.colours);
        }
        settings_fini(table, &target);
        assert_null(target.text);
        return text_take(&seen);
}

static void settings_are_read_as_written(void **state)
{
        static const struct {
                const char *bytes, *seen;
        } cases[] = {
                { "", "plain /var/lib 3 2000 1  red <red>" },
                { "# text = no\n\n   \t\n  # path = /no\n", "plain /var/lib 3 2000 1  red <red>" },
                { "text = other", "other /var/lib 3 2000 1  red <red>" },
                { "text=other\r\nword=low\r\n", "other /var/lib 3 2000 0  red <red>" },
                { " text\t=\t a  b \t\n", "a  b /var/lib 3 2000 1  red <red>" },
                { "text = \" a \"\n", " a  /var/lib 3 2000 1  red <red>" },
                { "text = \"\n", "\" /var/lib 3 2000 1  red <red>" },
                { "text =\n", " /var/lib 3 2000 1  red <red>" },
                { "text = a=b # c\n", "a=b # c /var/lib 3 2000 1  red <red>" },
                { "text = \xC3\xA9\n", "\xC3\xA9 /var/lib 3 2000 1  red <red>" },
                { "number = 1\npath = /", "plain / 1 2000 1  red <red>" },
                { "number = 0032\n", "plain /var/lib 32 2000 1  red <red>" },
                { "duration = 10ms\n", "plain /var/lib 3 10 1  red <red>" },
                { "duration = 500ms\n", "plain /var/lib 3 500 1  red <red>" },
                { "duration = 5m\n", "plain /var/lib 3 300000 1  red <red>" },
                { "duration = 1h\n", "plain /var/lib 3 3600000 1  red <red>" },
                { "list = a\n", "plain /var/lib 3 2000 1 <a> red <red>" },
                { "list = a, b\tc\n", "plain /var/lib 3 2000 1 <a><b><c> red <red>" },
                { "list =\n", "plain /var/lib 3 2000 1  red <red>" },
                { "list = none\n", "plain /var/lib 3 2000 1  red <red>" },
                { "colour = blue\ncolours = blue red\n", "plain /var/lib 3 2000 1  blue <blue><red>" },
                { "colours = none\n", "plain /var/lib 3 2000 1  red " },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *seen = parse(cases[i].bytes, strlen(cases[i].bytes));

                assert_string_equal(seen, cases[i].seen);
        }
}

static void settings_that_are_wrong_are_told(void **state)
{
#define NUMBER_ALLOWED "allowed is a number from 1 to 32\n"
#define DURATION_ALLOWED "allowed is a duration from 10ms to 1h with its unit: ms, s, m or h\n"
        static const struct {
                const char *bytes, *problem;
        } cases[] = {
                { "nummer = 3\n", "f:1: nummer: there is no such key; did you mean number?\n" },
                { "\n\nTEXT = x\n", "f:3: TEXT: there is no such key; did you mean text?\n" },
                { "text\n", "f:1: text: there is no \"=\"; write key = value\n" },
                { "= x\n", "f:1: : there is no such key; did you mean text?\n" },
                { "text = a\nnumber = 2\ntext = a\n", "f:3: text: is set already on line 1; once is allowed\n" },
                { "text = 123456789\n",
                  "f:1: text: \"123456789\" is not allowed; allowed is a text of at most 8 bytes "
                  "without control characters\n" },
                { "text = a\x01\n", "f:1: text: \"a\x01\" is not allowed; allowed is a text of at most 8 bytes "
                                    "without control characters\n" },
                { "path = var/lib\n",
                  "f:1: path: \"var/lib\" is not allowed; allowed is a path beginning with /\n" },
                { "path =\n", "f:1: path: \"\" is not allowed; allowed is a path beginning with /\n" },
                { "number = 0\n", "f:1: number: \"0\" is not allowed; " NUMBER_ALLOWED },
                { "number = 33\n", "f:1: number: \"33\" is not allowed; " NUMBER_ALLOWED },
                { "number = -1\n", "f:1: number: \"-1\" is not allowed; " NUMBER_ALLOWED },
                { "number = 3x\n", "f:1: number: \"3x\" is not allowed; " NUMBER_ALLOWED },
                { "number = \n", "f:1: number: \"\" is not allowed; " NUMBER_ALLOWED },
                { "number = 18446744073709551617\n",
                  "f:1: number: \"18446744073709551617\" is not allowed; " NUMBER_ALLOWED },
                { "duration = 9ms\n", "f:1: duration: \"9ms\" is not allowed; " DURATION_ALLOWED },
                { "duration = 61m\n", "f:1: duration: \"61m\" is not allowed; " DURATION_ALLOWED },
                { "duration = 5\n", "f:1: duration: \"5\" is not allowed; " DURATION_ALLOWED },
                { "duration = 5 s\n", "f:1: duration: \"5 s\" is not allowed; " DURATION_ALLOWED },
                { "duration = 9223372036854775000h\n",
                  "f:1: duration: \"9223372036854775000h\" is not allowed; " DURATION_ALLOWED },
                { "word = middle\n", "f:1: word: \"middle\" is not allowed; allowed is one of low, high\n" },
                { "list = a b c d\n", "f:1: list: \"a b c d\" is not allowed; allowed is up to 3 words parted by "
                                      "blanks or commas, or none\n" },
                { "colour = green\n", "f:1: colour: \"green\" is not allowed; allowed is red or blue\n" },
                { "colours = red green\n", "f:1: colours: \"red green\" is not allowed; allowed is up to 2 words "
                                           "parted by blanks or commas, or none; each is red or blue\n" },
                { "text = \xC3\n", "f: is not a UTF-8 text\n" },
                /* All at once, in the order of the file. */
                { "number = x\nnone = 1\nword = x\n",
                  "f:1: number: \"x\" is not allowed; " NUMBER_ALLOWED
                  "f:2: none: there is no such key; did you mean colour?\n"
                  "f:3: word: \"x\" is not allowed; allowed is one of low, high\n" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *seen = parse(cases[i].bytes, strlen(cases[i].bytes));

                if (i + 1 < ARRAY_SIZE(cases)) {
                        assert_string_equal(seen, cases[i].problem);
                        continue;
                }
                /* What is nearest to "none" is a matter of taste. */
                assert_non_null(strstr(seen, "f:1: number: "));
                assert_non_null(strstr(seen, "\nf:2: none: there is no such key"));
                assert_non_null(strstr(seen, "\nf:3: word: "));
        }
}

static void settings_with_nul_are_no_text(void **state)
{
        AUTO_FREE char *seen = parse("text = a\0b\n", 11);

        (void)state;
        assert_string_equal(seen, "f: is not a UTF-8 text\n");
}

static void settings_file_is_told_by_its_name(void **state)
{
        char path[] = "/tmp/test-settings.XXXXXX";
        struct target target = { 0 };
        AUTO_TEXT struct text problems = { 0 };
        AUTO_FREE char *large = memory_new(SETTINGS_FILE_MAX + 2, 1);
        int fd = mkstemp(path);

        (void)state;
        assert_int_equal(write(fd, "text = x\nbad\n", 13), 13);
        assert_int_equal(settings_load(table, &target, path, &problems), -1);
        AUTO_FREE char *expected = memory_format("%s:2: bad: there is no \"=\"; write key = value\n", path);
        assert_string_equal(text_get(&problems), expected);
        settings_fini(table, &target);

        memset(large, '\n', SETTINGS_FILE_MAX + 1);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, large, SETTINGS_FILE_MAX, 0), SETTINGS_FILE_MAX);
        text_clear(&problems);
        assert_int_equal(settings_load(table, &target, path, &problems), 0);
        settings_fini(table, &target);
        assert_int_equal(pwrite(fd, large, SETTINGS_FILE_MAX + 1, 0), SETTINGS_FILE_MAX + 1);
        assert_int_equal(settings_load(table, &target, path, &problems), -1);
        assert_non_null(strstr(text_get(&problems), "is larger than 64 KiB"));
        settings_fini(table, &target);

        close(fd);
        unlink(path);
        text_clear(&problems);
        assert_int_equal(settings_load(table, &target, path, &problems), -1);
        assert_non_null(strstr(text_get(&problems), "No such file"));
        /* The presets hold even so: the caller need not ask first. */
        assert_string_equal(target.text, "plain");
        settings_fini(table, &target);
        text_clear(&problems);
        assert_int_equal(settings_load(table, &target, "/tmp", &problems), -1);
        assert_non_null(strstr(text_get(&problems), "/tmp: "));
        settings_fini(table, &target);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(settings_are_read_as_written),
                cmocka_unit_test(settings_that_are_wrong_are_told),
                cmocka_unit_test(settings_with_nul_are_no_text),
                cmocka_unit_test(settings_file_is_told_by_its_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
