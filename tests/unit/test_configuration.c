/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Holds gatehouse.conf(5) and the example file to the table of the parser, in both directions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "configuration.h"

/* The whole of a file below the top of the source tree; caller frees. */
static char *source_read(const char *name)
{
        const char *top = getenv("top_srcdir");
        AUTO_FREE char *path = memory_format("%s/%s", top ? top : ".", name);
        AUTO_FCLOSE FILE *file = fopen(path, "re");
        struct text text = { 0 };
        char bytes[4096];
        size_t length;

        if (!file)
                fail_msg("%s cannot be read", path);
        while ((length = fread(bytes, 1, sizeof bytes, file)) > 0)
                text_add_bytes(&text, bytes, length);
        return text_take(&text);
}

/* Documents name the folders of a package built with --prefix=/usr --sysconfdir=/etc --localstatedir=/var. */
static char *preset_documented(const struct setting *setting)
{
        static const struct {
                const char *built, *documented;
        } folders[] = {
                { GATEHOUSE_STATEDIR, "/var/lib/gatehouse" },
                { GATEHOUSE_SYSCONFDIR, "/etc/gatehouse" },
                { GATEHOUSE_LIBEXECDIR, "/usr/libexec/gatehouse" },
                { GATEHOUSE_RUNTIMEDIR, "/run/gatehouse" },
        };

        for (size_t i = 0; setting->type == SETTING_PATH && i < ARRAY_SIZE(folders); i++)
                if (strncmp(setting->preset, folders[i].built, strlen(folders[i].built)) == 0)
                        return memory_format("%s%s", folders[i].documented,
                                             setting->preset + strlen(folders[i].built));
        return memory_text(setting->preset);
}

/* `help` as comment lines of at most 100 columns. */
static void help_wrap(struct text *text, const char *help)
{
        size_t column = 0;

        for (const char *word = help; *word;) {
                size_t length = strcspn(word, " ");

                if (column == 0 || column + 1 + length > 100) {
                        text_add(text, column ? "\n#" : "#");
                        column = 1;
                }
                text_add_char(text, ' ');
                text_add_bytes(text, word, length);
                column += 1 + length;
                word += length + strspn(word + length, " ");
        }
        text_add_char(text, '\n');
}

static void example_render(struct text *text)
{
        text_add(text, "# SPDX-License-Identifier: GPL-2.0-or-later\n"
                       "# gatehouse.conf(5): every key, commented out, at its default. After a change:\n"
                       "# gatehoused --check-config, then systemctl restart gatehoused.\n");
        for (const struct setting *setting = configuration_table; setting->key; setting++) {
                AUTO_FREE char *preset = preset_documented(setting);

                text_add_char(text, '\n');
                help_wrap(text, setting->help);
                text_addf(text, preset[0] ? "#%s = %s\n" : "#%s =\n", setting->key, preset);
        }
}

static void example_has_every_key_at_its_default(void **state)
{
        AUTO_FREE char *example = source_read("contrib/gatehouse.conf");
        AUTO_TEXT struct text expected = { 0 };

        (void)state;
        example_render(&expected);
        if (strcmp(example, text_get(&expected)) != 0) {
                AUTO_FCLOSE FILE *file = fopen("gatehouse.conf.expected", "we");

                if (file)
                        fputs(text_get(&expected), file);
                fail_msg("contrib/gatehouse.conf differs from the table; gatehouse.conf.expected is what it says");
        }
}

/* With the comment signs taken off, the example means what no file at all means. */
static void example_uncommented_is_taken(void **state)
{
        AUTO_FREE char *example = source_read("contrib/gatehouse.conf");
        struct configuration configuration = { 0 };
        AUTO_TEXT struct text problems = { 0 };

        (void)state;
        for (char *at = example; (at = strstr(at, "\n#")); at++)
                if (at[2] != ' ')
                        at[1] = ' ';
        if (settings_parse(configuration_table, &configuration, "example", example, strlen(example), &problems))
                fail_msg("%s", text_get(&problems));
        assert_int_equal(configuration.log_level, LOG_LEVEL_INFO);
        assert_string_equal(configuration.listen[0], "127.0.0.1:8470");
        assert_null(configuration.listen[1]);
        assert_int_equal(configuration.reconcile_interval_ms, 60000);
        configuration_fini(&configuration);
}

/* Line ends and what parts macro lines become one blank, so that a sentence may be broken anywhere. */
static void text_flatten(char *text)
{
        char *to = text;

        for (const char *from = text; *from; from++)
                if (*from != '\n' && *from != ' ')
                        *to++ = *from;
                else if (to > text && to[-1] != ' ')
                        *to++ = ' ';
        *to = '\0';
}

/* The block of `key` in the page: from its .It to the next .It or .El; caller frees. NULL when there is none, or
 * more than one. */
static char *page_block(const char *page, const char *key)
{
        AUTO_FREE char *start = memory_format("\n.It Cm %s\n", key);
        const char *block = strstr(page, start), *end, *list_end;

        if (!block || strstr(block + 1, start))
                return NULL;
        block += strlen(start);
        end = strstr(block, "\n.It ");
        list_end = strstr(block, "\n.El");
        if (!end || (list_end && list_end < end))
                end = list_end;
        return end ? memory_format("%.*s ", (int)(end - block), block) : NULL;
}

static void assert_block_says(const char *key, const char *block, const char *sentence)
{
        if (!strstr(block, sentence))
                fail_msg("gatehouse.conf.5: %s does not say: %s", key, sentence);
}

static void page_tells_of_every_key(void **state)
{
        AUTO_FREE char *page = source_read("docs/gatehouse.conf.5");

        (void)state;
        for (const struct setting *setting = configuration_table; setting->key; setting++) {
                AUTO_FREE char *block = page_block(page, setting->key);
                AUTO_FREE char *preset = preset_documented(setting);
                AUTO_FREE char *preset_said =
                        preset[0] ? memory_format("Default: .Ql %s .", preset) : memory_text("Default: empty.");
                AUTO_TEXT struct text allowed = { 0 };

                if (!block)
                        fail_msg("gatehouse.conf.5: there must be one \".It Cm %s\"", setting->key);
                text_flatten(block);
                text_add(&allowed, "Allowed: ");
                setting_allowed(setting, &allowed);
                text_add_char(&allowed, '.');
                assert_block_says(setting->key, block, setting->help);
                assert_block_says(setting->key, block, text_get(&allowed));
                assert_block_says(setting->key, block, preset_said);
        }
}

static void page_tells_of_no_other_key(void **state)
{
        AUTO_FREE char *page = source_read("docs/gatehouse.conf.5");
        size_t keys = 0, items = 0;

        (void)state;
        for (const struct setting *setting = configuration_table; setting->key; setting++)
                keys++;
        for (const char *at = page; (at = strstr(at, "\n.It Cm ")); at++)
                items++;
        assert_int_equal(items, keys);
}

/* The text of a configuration file, loaded; problems without the file's name. Caller frees. */
static char *problems_of(const char *bytes, struct configuration *configuration)
{
        char path[] = "/tmp/test-configuration.XXXXXX";
        struct text problems = { 0 }, plain = { 0 };
        int fd = mkstemp(path);

        assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
        close(fd);
        *configuration = (struct configuration){ 0 };
        int failed = configuration_load(path, configuration, &problems);
        assert_int_equal(failed, problems.length ? -1 : 0);
        unlink(path);
        for (const char *at = text_get(&problems); *at;) {
                const char *end = strchr(at, '\n') + 1;

                assert_memory_equal(at, path, strlen(path));
                text_add_bytes(&plain, at + strlen(path), (size_t)(end - at) - strlen(path));
                at = end;
        }
        text_fini(&problems);
        return text_take(&plain);
}

static void configuration_checks_what_is_more_than_words(void **state)
{
        struct configuration configuration;
        AUTO_FREE char *problems = problems_of("listen = 127.0.0.1:8470, [::1]:8470, localhost:80\n"
                                               "platform_version_default = eight\n"
                                               "listen_on = 1\n",
                                               &configuration);

        (void)state;
        configuration_fini(&configuration);
        assert_string_equal(
                problems,
                ":1: listen: \"127.0.0.1:8470, [::1]:8470, localhost:80\" is not allowed; allowed is up to "
                "8 words parted by blanks or commas, or none; each is an address and a port, as "
                "127.0.0.1:8470 or [::1]:8470\n"
                ":2: platform_version_default: \"eight\" is not allowed; allowed is a version, as 8.3 or "
                "8.3.1, or nothing\n"
                ":3: listen_on: there is no such key; did you mean listen?\n");
}

static void configuration_reads_what_is_allowed(void **state)
{
        struct configuration configuration;
        AUTO_FREE char *problems = problems_of("listen = none\nplatform_version_default = 8.3\nworkers=32\n"
                                               "known_stacks = nginx, jelastic/\nrequest_timeout = 5m\n",
                                               &configuration);

        (void)state;
        assert_string_equal(problems, "");
        assert_null(configuration.listen[0]);
        assert_true(configuration.platform_version.present);
        assert_int_equal(configuration.platform_version.major, 8);
        assert_int_equal(configuration.platform_version.minor, 3);
        assert_int_equal(configuration.workers, 32);
        assert_string_equal(configuration.known_stacks[1], "jelastic/");
        assert_int_equal(configuration.request_timeout_ms, 300000);
        assert_string_equal(configuration.state_dir, GATEHOUSE_STATEDIR);
        configuration_fini(&configuration);
}

/* Where others can listen TLS is spoken, or what is said is said on purpose. */
static void plain_http_needs_a_word_where_others_can_listen(void **state)
{
#define EXPOSED(address) ": listen: " address " is reached from outside"
        static const struct {
                const char *lines, *problem; /* "" = none */
        } rows[] = {
                { "listen = 127.0.0.1:1, [::1]:1, 127.9.9.9:1", "" },
                { "listen = none", "" },
                { "listen = 10.0.0.1:1", EXPOSED("10.0.0.1:1") },
                { "listen = 127.0.0.1:1 0.0.0.0:1", EXPOSED("0.0.0.0:1") },
                { "listen = [::]:1", EXPOSED("[::]:1") },
                { "listen = [fd77::1]:1", EXPOSED("[fd77::1]:1") },
                { "listen = 10.0.0.1:1\nlisten_plaintext = loopback", EXPOSED("10.0.0.1:1") },
                { "listen = 10.0.0.1:1\nlisten_plaintext = anywhere", "" },
                { "listen = 10.0.0.1:1\ntls_certificate = /c\ntls_key = /k", "" },
                { "tls_certificate = /c", ": tls_key: it is not set" },
                { "listen = 10.0.0.1:1\ntls_key = /k", ": tls_certificate: it is not set" },
                { "tls_certificate = c\ntls_key = /k", ":1: tls_certificate: \"c\" is not allowed" },
                { "tls_minimum = 1.1", ":1: tls_minimum: \"1.1\" is not allowed" },
        };
#undef EXPOSED

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct configuration configuration;
                AUTO_FREE char *problems = problems_of(rows[i].lines, &configuration);

                configuration_fini(&configuration);
                if (rows[i].problem[0] == '\0')
                        assert_string_equal(problems, "");
                else
                        assert_ptr_equal(strstr(problems, rows[i].problem), problems);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(example_has_every_key_at_its_default),
                cmocka_unit_test(example_uncommented_is_taken),
                cmocka_unit_test(page_tells_of_every_key),
                cmocka_unit_test(page_tells_of_no_other_key),
                cmocka_unit_test(configuration_checks_what_is_more_than_words),
                cmocka_unit_test(configuration_reads_what_is_allowed),
                cmocka_unit_test(plain_http_needs_a_word_where_others_can_listen),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
