/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/path_rules.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

const char *const path_forbidden_trees[] = { "/proc", "/dev", "/sys", "/run", NULL };

const char *const path_forbidden_exact[] = {
        "/", "/bin", "/lib", "/lib32", "/lib64", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", NULL,
};

/* What can be wrong with the form, each told once for a path however often it occurs. */
struct form {
        bool empty_component, dot_component, long_component;
        bool control_character, forbidden_character;
};

static bool component_is(const char *component, size_t length, const char *name)
{
        return length == strlen(name) && memcmp(component, name, length) == 0;
}

/* Looks at each component after the first slash. */
static void form_look_at_components(struct form *form, const char *path)
{
        const char *at = path + 1;

        for (;;) {
                size_t length = strcspn(at, "/");

                if (length == 0)
                        form->empty_component = true;
                else if (component_is(at, length, ".") || component_is(at, length, ".."))
                        form->dot_component = true;
                else if (length > PATH_COMPONENT_MAX_BYTES)
                        form->long_component = true;
                if (at[length] == '\0')
                        return;
                at += length + 1;
        }
}

/* Looks at each byte. C1 controls are U+0080 to U+009F: C2 80 to C2 9F in UTF-8. */
static void form_look_at_bytes(struct form *form, const char *path)
{
        const unsigned char *at = (const unsigned char *)path;

        for (; *at; at++) {
                if (*at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F))
                        form->control_character = true;
                else if (*at == '"' || *at == '\\')
                        form->forbidden_character = true;
        }
}

static void form_report(const struct form *form, const char *pointer, struct violations *violations)
{
        if (form->empty_component)
                violation_add(violations, pointer, "path.empty_component",
                              "a component is empty; write one slash between components and none at the end");
        if (form->dot_component)
                violation_add(violations, pointer, "path.dot_component",
                              "\".\" and \"..\" are not allowed; write the path they lead to");
        if (form->long_component)
                violation_add(violations, pointer, "path.component_too_long",
                              "a component is longer than %d bytes", PATH_COMPONENT_MAX_BYTES);
        if (form->control_character)
                violation_add(violations, pointer, "path.control_character", "control characters are not allowed");
        if (form->forbidden_character)
                violation_add(violations, pointer, "path.forbidden_character",
                              "double quotes and backslashes are not allowed");
}

/* Checks what storage and mount paths have in common; whether nothing was found. */
static bool form_check(const char *path, const char *pointer, struct violations *violations)
{
        size_t before = violations->count + violations->dropped;
        size_t length = strlen(path);
        struct form form = { 0 };

        if (path[0] != '/')
                violation_add(violations, pointer, "path.not_absolute", "the path must begin with \"/\"");
        else if (path[1] != '\0')
                form_look_at_components(&form, path);
        if (length > PATH_MAX_BYTES)
                violation_add(violations, pointer, "path.too_long",
                              "the path has %zu bytes, at most %d are allowed", length, PATH_MAX_BYTES);
        if (!text_is_utf8(path, length))
                violation_add(violations, pointer, "path.not_utf8", "the path must be well-formed UTF-8");
        form_look_at_bytes(&form, path);
        form_report(&form, pointer, violations);
        return violations->count + violations->dropped == before;
}

void path_check_storage(const char *path, const char *pointer, struct violations *violations)
{
        static const char own[] = "/.gatehouse";

        if (!form_check(path, pointer, violations))
                return;
        if (strncmp(path, own, sizeof own - 1) == 0 || path_is_within(path, "/.glusterfs"))
                violation_add(
                        violations, pointer, "path.reserved",
                        "names at the root that begin with \".gatehouse\", and \".glusterfs\", are reserved");
}

void path_check_mount(const char *path, const char *pointer, struct violations *violations)
{
        if (!form_check(path, pointer, violations))
                return;
        for (size_t i = 0; path_forbidden_trees[i]; i++)
                if (path_is_within(path, path_forbidden_trees[i]))
                        violation_add(violations, pointer, "mount_path.forbidden",
                                      "nothing may be mounted at or below %s", path_forbidden_trees[i]);
        for (size_t i = 0; path_forbidden_exact[i]; i++)
                if (strcmp(path, path_forbidden_exact[i]) == 0)
                        violation_add(violations, pointer, "mount_path.forbidden",
                                      "nothing may be mounted over %s, which the system needs", path);
}

bool path_is_within(const char *inner, const char *outer)
{
        size_t length = strlen(outer);

        if (strcmp(outer, "/") == 0)
                return true;
        return strncmp(inner, outer, length) == 0 && (inner[length] == '\0' || inner[length] == '/');
}

bool path_is_gluster_expressible(const char *path)
{
        return path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-")] == '\0';
}

bool path_is_gluster_mountable(const char *mount_path)
{
        return mount_path[strcspn(mount_path, " \\*?[")] == '\0';
}
