/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The path rules agree with a check written in another way, and no accepted path breaks out of the quoting of a
 * mount command, an fstab line or a unit: each is taken apart here by the rules of its reader.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/mount_instructions.h"
#include "domain/path_rules.h"

/* Decodes one UTF-8 character by arithmetic; -1 when it is not one. */
static long character_decode(const unsigned char *at, size_t left, size_t *step)
{
        static const long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        size_t length = at[0] < 0x80 ? 1 : (at[0] & 0xE0) == 0xC0 ? 2 : (at[0] & 0xF0) == 0xE0 ? 3 : 4;
        long value = length == 1 ? at[0] : at[0] & (0xFF >> (length + 1));

        if (length > left || (length == 4 && (at[0] & 0xF8) != 0xF0))
                return -1;
        for (size_t i = 1; i < length; i++) {
                if ((at[i] & 0xC0) != 0x80)
                        return -1;
                value = value << 6 | (at[i] & 0x3F);
        }
        *step = length;
        return value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000) ? -1 : value;
}

static bool characters_are_allowed(const char *path)
{
        const unsigned char *at = (const unsigned char *)path;
        size_t left = strlen(path), step;

        for (; left > 0; at += step, left -= step) {
                long character = character_decode(at, left, &step);

                if (character < 0x20 || (character >= 0x7F && character < 0xA0) || character == '"' ||
                    character == '\\')
                        return false;
        }
        return true;
}

/* The form as a state machine over the text with a slash behind it: "/" (name "/")*. */
static bool form_is_allowed(const char *path)
{
        AUTO_FREE char *closed = memory_format("%s/", path);
        const char *start = closed + 1;

        if (path[0] != '/' || strlen(path) > 1023)
                return false;
        if (strcmp(path, "/") == 0)
                return true;
        if (strstr(closed, "//") || strstr(closed, "/./") || strstr(closed, "/../"))
                return false;
        for (const char *at = start; *at; at++)
                if (*at == '/') {
                        if (at - start > 255)
                                return false;
                        start = at + 1;
                }
        return true;
}

static bool begins(const char *text, const char *before)
{
        return strncmp(text, before, strlen(before)) == 0;
}

static bool naive_storage(const char *path)
{
        AUTO_FREE char *closed = memory_format("%s/", path);

        return form_is_allowed(path) && characters_are_allowed(path) && !begins(path, "/.gatehouse") &&
               !begins(closed, "/.glusterfs/");
}

static bool naive_mount(const char *path)
{
        static const char system_paths[] =
                "|/|/bin|/lib|/lib32|/lib64|/usr|/usr/bin|/usr/sbin|/usr/lib|/usr/lib64|";
        AUTO_FREE char *closed = memory_format("%s/", path);
        AUTO_FREE char *between = memory_format("|%s|", path);

        return form_is_allowed(path) && characters_are_allowed(path) && !strstr(system_paths, between) &&
               !begins(closed, "/proc/") && !begins(closed, "/dev/") && !begins(closed, "/sys/") &&
               !begins(closed, "/run/");
}

static bool is_accepted(void (*check)(const char *path, const char *pointer, struct violations *violations),
                        const char *path)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };

        check(path, "", &violations);
        return !violations_any(&violations);
}

/* Reads a command as sh does; what is quoted becomes Q in `outside` and is kept, one a line, in `words`. */
static void command_read(const char *command, struct text *outside, struct text *words)
{
        bool in_word = false;

        for (const char *at = command; *at; at++)
                if (*at == '\'') {
                        const char *end = strchr(at + 1, '\'');

                        FUZZ_HOLDS(end);
                        if (!in_word)
                                text_add_char(outside, 'Q');
                        in_word = true;
                        text_add_bytes(words, at + 1, (size_t)(end - at - 1));
                        at = end;
                } else if (*at == '\\') {
                        FUZZ_HOLDS(at[1] == '\'' && in_word);
                        text_add_char(words, *++at);
                } else {
                        if (in_word)
                                text_add_char(words, '\n');
                        in_word = false;
                        text_add_char(outside, *at);
                }
        if (in_word)
                text_add_char(words, '\n');
}

static void commands_check(const struct mount_instructions *mount, const char *path)
{
        static const char skeleton[] = "mkdir -p Q\nmountpoint -q Q || chattr -i Q 2>/dev/null || :\n"
                                       "mountpoint -q Q || chmod 0 Q\n"
                                       "mountpoint -q Q || chattr +i Q 2>/dev/null || :\n"
                                       "mount -t T -o Q Q Q\nmountpoint -q Q\n";
        AUTO_TEXT struct text outside = { 0 }, words = { 0 };

        for (size_t i = 0; i < mount->command_count; i++) {
                command_read(mount->commands[i], &outside, &words);
                text_add_char(&outside, '\n');
        }
        AUTO_FREE char *expected = memory_format("%.*s%s%s", (int)(strstr(skeleton, "T -o") - skeleton), skeleton,
                                                 mount->type, strstr(skeleton, "T -o") + 1);
        FUZZ_HOLDS(strcmp(text_get(&outside), expected) == 0);
        AUTO_FREE char *said = memory_format("%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n", path, path, path,
                                             path, path, path, path, mount->options, mount->source, path, path);
        FUZZ_HOLDS(strcmp(text_get(&words), said) == 0);
}

static void fstab_check(const struct mount_instructions *mount, const char *path)
{
        struct text fields[6] = { { 0 } };
        size_t field = 0;

        for (const char *at = mount->fstab; *at; at++) {
                FUZZ_HOLDS(field < 6 && *at != '\n' && *at != '\t');
                if (*at == ' ') {
                        field++;
                } else if (*at == '\\') {
                        char digits[4] = { at[1], at[2], at[3], '\0' };

                        FUZZ_HOLDS(strspn(digits, "01234567") == 3);
                        text_add_char(&fields[field], (char)strtol(digits, NULL, 8));
                        at += 3;
                } else {
                        text_add_char(&fields[field], *at);
                }
        }
        FUZZ_HOLDS(field == 5);
        FUZZ_HOLDS(strcmp(text_get(&fields[0]), mount->source) == 0);
        FUZZ_HOLDS(strcmp(text_get(&fields[1]), path) == 0);
        FUZZ_HOLDS(strcmp(text_get(&fields[3]), mount->options) == 0);
        for (size_t i = 0; i < 6; i++)
                text_fini(&fields[i]);
}

/* What systemd takes the name of the unit to stand for. */
static void unit_name_check(const char *name, const char *path)
{
        AUTO_TEXT struct text decoded = { 0 };
        const char *end = strstr(name, ".mount");

        while (end && end[6] != '\0')
                end = strstr(end + 1, ".mount");
        FUZZ_HOLDS(end && strlen(name) <= 255);
        text_add_char(&decoded, '/');
        for (const char *at = name; at < end; at++)
                if (*at == '\\') {
                        char digits[3] = { at[2], at[3], '\0' };

                        FUZZ_HOLDS(at[1] == 'x' && strspn(digits, "0123456789abcdef") == 2);
                        text_add_char(&decoded, (char)strtol(digits, NULL, 16));
                        at += 3;
                } else {
                        text_add_char(&decoded, *at == '-' ? '/' : *at);
                }
        FUZZ_HOLDS(strcmp(text_get(&decoded), path) == 0);
}

/* The value of the only line "key=...", trimmed and with its specifiers expanded as systemd does. */
static char *unit_value(const char *unit, const char *key, const char *path)
{
        AUTO_FREE char *before = memory_format("\n%s=", key);
        struct text value = { 0 };
        const char *at = strstr(unit, before);
        const char *end;

        FUZZ_HOLDS(at && !strstr(at + 1, before));
        at += strlen(before);
        for (end = strchr(at, '\n'); end > at && end[-1] == ' '; end--)
                ;
        for (; at < end; at++)
                if (*at == '%') {
                        FUZZ_HOLDS(at[1] == '%' || at[1] == 'f');
                        text_add(&value, *++at == 'f' ? path : "%");
                } else {
                        text_add_char(&value, *at);
                }
        return text_take(&value);
}

static void unit_check(const struct mount_instructions *mount, const char *path)
{
        size_t lines = 0;

        if (!mount->unit)
                return;
        unit_name_check(mount->unit_name, path);
        AUTO_FREE char *where = unit_value(mount->unit, "Where", path);
        AUTO_FREE char *what = unit_value(mount->unit, "What", path);
        FUZZ_HOLDS(strcmp(where, path) == 0);
        FUZZ_HOLDS(strcmp(what, mount->source) == 0);
        for (const char *at = mount->unit; *at; at++)
                lines += *at == '\n';
        FUZZ_HOLDS(lines == 13);
}

/* A grant whose texts are those of the input; nothing in it is owned. */
static void instructions_check(char *mount_path, char *path, enum protocol protocol)
{
        struct storage storage = { .volume = (char[]){ "data" }, .address_count = 1 };
        struct node node = { .address_count = 1 };
        struct export export = { .document = { .id = (char[]){ "ex-1" } },
                                 .path = path,
                                 .mount_path = mount_path };
        struct grant grant = { .export = &export,
                               .storage = &storage,
                               .node = &node,
                               .choice = { .protocol = protocol, .rule = 0 } };
        struct mount_instructions mount;

        address_parse("10.77.0.11", &storage.addresses[0]);
        address_parse("10.77.0.21", &node.addresses[0]);
        mount_instructions_make(&grant, &mount);
        commands_check(&mount, mount_path);
        fstab_check(&mount, mount_path);
        unit_check(&mount, mount_path);
        mount_instructions_fini(&mount);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_FREE char *path = memory_new(size + 1, 1);
        char site[] = "/site";

        if (size > 0)
                memcpy(path, data, size);
        bool storage_accepts = is_accepted(path_check_storage, path);
        bool mount_accepts = is_accepted(path_check_mount, path);
        FUZZ_HOLDS(storage_accepts == naive_storage(path));
        FUZZ_HOLDS(mount_accepts == naive_mount(path));
        if (mount_accepts)
                instructions_check(path, site, PROTOCOL_IS_NFS);
        if (storage_accepts && path_is_gluster_expressible(path))
                instructions_check(site, path, PROTOCOL_IS_GLUSTER);
        return 0;
}
