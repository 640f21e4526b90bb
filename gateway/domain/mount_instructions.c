/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/mount_instructions.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define UNIT_NAME_MAX_BYTES 255 /* systemd.unit(5) */

/* POSIX sh, 2.2.2: between single quotes every character is itself; a single quote is written outside them. */
static char *shell_quote(const char *word)
{
        struct text quoted = { 0 };

        text_add_char(&quoted, '\'');
        for (; *word; word++)
                if (*word == '\'')
                        text_add(&quoted, "'\\''");
                else
                        text_add_char(&quoted, *word);
        text_add_char(&quoted, '\'');
        return text_take(&quoted);
}

/* fstab(5): blanks, tabs, newlines and the backslash itself as three octal digits. */
static void text_add_fstab(struct text *text, const char *field)
{
        for (; *field; field++)
                if (strchr(" \t\n\\", *field))
                        text_addf(text, "\\%03o", (unsigned)(unsigned char)*field);
                else
                        text_add_char(text, *field);
}

/* systemd.unit(5), "Specifiers": a percent sign is written twice. What=, Where= and Options= take the rest of the
 * line as it is, quotes included. */
static void unit_add_line(struct text *unit, const char *key, const char *value)
{
        text_addf(unit, "%s=", key);
        for (; *value; value++)
                text_add(unit, *value == '%' ? "%%" : (char[]){ *value, '\0' });
        text_add_char(unit, '\n');
}

/* systemd.unit(5), "String escaping for inclusion in unit names", as systemd-escape --path: slashes become "-",
 * a leading dot and whatever is not [A-Za-z0-9:_.] becomes \xNN. NULL when the name gets too long for a unit. */
static char *unit_name_make(const char *mount_path)
{
        struct text name = { 0 };

        for (const char *at = mount_path + 1; *at; at++)
                if (*at == '/')
                        text_add_char(&name, '-');
                else if ((isascii((unsigned char)*at) && isalnum((unsigned char)*at)) || strchr(":_", *at) ||
                         (*at == '.' && at > mount_path + 1))
                        text_add_char(&name, *at);
                else
                        text_addf(&name, "\\x%02x", (unsigned)(unsigned char)*at);
        text_add(&name, ".mount");
        if (name.length > UNIT_NAME_MAX_BYTES) {
                text_fini(&name);
                return NULL;
        }
        return text_take(&name);
}

static bool node_has_family(const struct node *node, enum address_family family)
{
        for (size_t i = 0; i < node->address_count; i++)
                if (node->addresses[i].family == family)
                        return true;
        return false;
}

/* Whether what is at the storage address serves the grant's protocol. */
static bool grant_is_served(const struct grant *grant, const struct address *address)
{
        if (grant->choice.protocol == PROTOCOL_IS_GLUSTER)
                return address->family == ADDRESS_V4;
        for (size_t i = 0; i < grant->member_count; i++)
                if (address_equal(&grant->members[i], address))
                        return false;
        return true;
}

/* Whether the node can reach it there by an address that its grant admits. */
static bool grant_can_reach(const struct grant *grant, const struct address *address)
{
        return grant_is_served(grant, address) &&
               node_has_family(grant->node, (enum address_family)address->family);
}

/* The first storage address that serves it, of a family that the node has; of any when there is none. */
static const struct address *server_find(const struct grant *grant)
{
        const struct storage *storage = grant->storage;

        assert(storage->address_count > 0);
        for (size_t i = 0; i < storage->address_count; i++)
                if (grant_can_reach(grant, &storage->addresses[i]))
                        return &storage->addresses[i];
        for (size_t i = 0; i < storage->address_count; i++)
                if (grant_is_served(grant, &storage->addresses[i]))
                        return &storage->addresses[i];
        return &storage->addresses[0];
}

static char *remote_make(const struct grant *grant)
{
        const char *root = strcmp(grant->export->path, "/") == 0 ? "" : grant->export->path;

        if (grant->choice.protocol == PROTOCOL_IS_GLUSTER)
                return memory_format("/%s%s", grant->storage->volume, root);
        return memory_format("/exports/%s", grant->export->document.id);
}

static char *source_make(const struct address *server, const char *remote)
{
        char address[ADDRESS_TEXT_SIZE];

        address_format(server, address);
        return memory_format(server->family == ADDRESS_V6 ? "[%s]:%s" : "%s:%s", address, remote);
}

/* Whether a storage address serves the grant besides `server`, which does. */
static bool server_serves_too(const struct grant *grant, const struct address *other, const struct address *server)
{
        return !address_equal(other, server) && grant_can_reach(grant, other) &&
               (grant->choice.protocol == PROTOCOL_IS_GLUSTER || grant->storage->kind == STORAGE_SINGLE);
}

static void servers_make(struct mount_instructions *mount, const struct grant *grant, const struct address *server)
{
        const struct storage *storage = grant->storage;
        char address[ADDRESS_TEXT_SIZE];

        mount->servers = memory_new(storage->address_count, sizeof *mount->servers);
        mount->servers[mount->server_count++] = memory_text(address_format(server, address));
        for (size_t i = 0; i < storage->address_count; i++)
                if (server_serves_too(grant, &storage->addresses[i], server))
                        mount->servers[mount->server_count++] =
                                memory_text(address_format(&storage->addresses[i], address));
}

/* The other storage nodes: where the client asks for the volume when the first one is down. */
static void text_add_backup_servers(struct text *options, const struct mount_instructions *mount)
{
        for (size_t i = 1; i < mount->server_count; i++)
                text_addf(options, "%s%s", i == 1 ? ",backup-volfile-servers=" : ":", mount->servers[i]);
}

/* soft: the platform's documented NFSv4 options. Gluster Native has no such choice. */
static char *options_make(const struct grant *grant, const struct mount_instructions *mount)
{
        struct text options = { 0 };

        if (grant->choice.protocol == PROTOCOL_IS_GLUSTER) {
                text_add(&options, "_netdev");
                text_add_backup_servers(&options, mount);
        } else {
                text_add(&options, grant->export->mount_style == MOUNT_SOFT
                                           ? "nolock,soft,timeo=30,retrans=2,_netdev"
                                           : "vers=4,hard,_netdev");
        }
        if (grant->export->access == EXPORT_READ_ONLY)
                text_add(&options, ",ro");
        return text_take(&options);
}

/* Takes `command`. */
static void command_add(struct mount_instructions *mount, char *command)
{
        mount->commands = memory_grow(mount->commands, mount->command_count, sizeof *mount->commands);
        mount->commands[mount->command_count++] = command;
}

/* A directory that nobody can write into while nothing is mounted on it: a client that has lost its mount must not
 * fill the local disk instead. Not every file system knows the immutable flag; mode 0 then binds all but root.
 * Where it is set from the last time, it also speaks against chmod. */
static void commands_make(struct mount_instructions *mount, const char *mount_path)
{
        AUTO_FREE char *path = shell_quote(mount_path);
        AUTO_FREE char *source = shell_quote(mount->source);
        AUTO_FREE char *options = shell_quote(mount->options);

        command_add(mount, memory_format("mkdir -p %s", path));
        command_add(mount, memory_format("mountpoint -q %s || chattr -i %s 2>/dev/null || :", path, path));
        command_add(mount, memory_format("mountpoint -q %s || chmod 0 %s", path, path));
        command_add(mount, memory_format("mountpoint -q %s || chattr +i %s 2>/dev/null || :", path, path));
        command_add(mount, memory_format("mount -t %s -o %s %s %s", mount->type, options, source, path));
        command_add(mount, memory_format("mountpoint -q %s", path));
}

static char *fstab_make(const struct mount_instructions *mount, const char *mount_path)
{
        struct text line = { 0 };

        text_add_fstab(&line, mount->source);
        text_add_char(&line, ' ');
        text_add_fstab(&line, mount_path);
        text_addf(&line, " %s %s 0 0", mount->type, mount->options);
        return text_take(&line);
}

/* systemd cuts blanks off the end of a value: a path that ends with one is told as %f, the path that the name of
 * the unit stands for. */
static void unit_add_where(struct text *unit, const char *mount_path)
{
        if (mount_path[strlen(mount_path) - 1] == ' ')
                text_add(unit, "Where=%f\n");
        else
                unit_add_line(unit, "Where", mount_path);
}

static char *unit_make(const struct mount_instructions *mount, const struct export *export)
{
        struct text unit = { 0 };

        text_add(&unit, "[Unit]\n");
        text_addf(&unit, "Description=Gatehouse export %s\n", export->document.id);
        text_add(&unit, "Wants=network-online.target\nAfter=network-online.target\n\n[Mount]\n");
        unit_add_line(&unit, "What", mount->source);
        unit_add_where(&unit, export->mount_path);
        unit_add_line(&unit, "Type", mount->type);
        unit_add_line(&unit, "Options", mount->options);
        text_add(&unit, "\n[Install]\nWantedBy=remote-fs.target\n");
        return text_take(&unit);
}

void mount_instructions_make(const struct grant *grant, struct mount_instructions *mount)
{
        const struct address *server = server_find(grant);
        const char *mount_path = grant->export->mount_path;

        *mount = (struct mount_instructions){ 0 };
        mount->type = memory_text(grant->choice.protocol == PROTOCOL_IS_GLUSTER ? "glusterfs" : "nfs4");
        mount->remote = remote_make(grant);
        mount->source = source_make(server, mount->remote);
        servers_make(mount, grant, server);
        mount->options = options_make(grant, mount);
        commands_make(mount, mount_path);
        mount->fstab = fstab_make(mount, mount_path);
        mount->unit_name = unit_name_make(mount_path);
        if (mount->unit_name)
                mount->unit = unit_make(mount, grant->export);
}

void mount_instructions_fini(struct mount_instructions *mount)
{
        for (size_t i = 0; i < mount->command_count; i++)
                free(mount->commands[i]);
        free(mount->commands);
        for (size_t i = 0; i < mount->server_count; i++)
                free(mount->servers[i]);
        free(mount->servers);
        free(mount->remote);
        free(mount->type);
        free(mount->source);
        free(mount->options);
        free(mount->fstab);
        free(mount->unit_name);
        free(mount->unit);
        *mount = (struct mount_instructions){ 0 };
}
