/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/ganesha_config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static const char *const access_words[] = { [EXPORT_READ_WRITE] = "RW", [EXPORT_READ_ONLY] = "RO" };
static const char *const squash_words[] = {
        [SQUASH_NONE] = "No_Root_Squash",
        [SQUASH_ROOT] = "Root_Squash",
        [SQUASH_ALL] = "All_Squash",
};

static const char *bool_word(bool value)
{
        return value ? "true" : "false";
}

/* C0, DEL and, as U+0080 to U+009F in UTF-8, C1; and what could end a quoted string. */
static bool text_is_quotable(const char *text)
{
        size_t length = strlen(text);

        if (!text_is_utf8(text, length))
                return false;
        for (size_t i = 0; i < length; i++) {
                unsigned char byte = (unsigned char)text[i];

                if (byte < 0x20 || byte == 0x7F || byte == '"' || byte == '\\')
                        return false;
                if (byte == 0xC2 && (unsigned char)text[i + 1] < 0xA0)
                        return false;
        }
        return true;
}

/* Absolute, and each component a name: "/", "/a/b". */
static bool path_is_canonical(const char *path)
{
        if (path[0] != '/')
                return false;
        if (path[1] == '\0')
                return true;
        while (*path == '/') {
                size_t length = strcspn(++path, "/");

                if (length == 0 || (length == 1 && path[0] == '.') || (length == 2 && memcmp(path, "..", 2) == 0))
                        return false;
                path += length;
        }
        return true;
}

static int check_path(const char *what, const char *path, size_t most, struct fault *fault)
{
        if (!path || strnlen(path, most + 1) > most || !path_is_canonical(path) || !text_is_quotable(path))
                return fault_set(fault, FAULT_INVALID,
                                 "render export: its %s is not an absolute path of at most %zu bytes that "
                                 "NFS-Ganesha's configuration can carry",
                                 what, most);
        return 0;
}

static bool volume_is_valid(const char *volume)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        size_t length = volume ? strnlen(volume, GANESHA_VOLUME_MAX + 1) : 0;

        return length > 0 && length <= GANESHA_VOLUME_MAX && strspn(volume, alphabet) == length;
}

/* Whether the address prints as one literal of its family and no other address prints the same. IPv6 forms that
 * carry an IPv4 address (RFC 4291, 2.5.5) are out: Ganesha may take them for that address. */
static bool address_is_plain(const struct address *address)
{
        static const uint8_t zeros[16];

        if (address->family == ADDRESS_V4)
                return memcmp(address->bytes + 4, zeros, 12) == 0;
        if (address->family != ADDRESS_V6 || memcmp(address->bytes, zeros, 10) != 0)
                return address->family == ADDRESS_V6;
        return address->bytes[10] != 0xFF && memcmp(address->bytes, zeros, 12) != 0;
}

static int check_backing(const struct nfs_export *export, struct fault *fault)
{
        switch (export->backing) {
        case NFS_BACKING_VFS:
                if (strcmp(export->path, "/") == 0)
                        return fault_set(fault, FAULT_INVALID,
                                         "render export: the machine's own root is never exported");
                return 0;
        case NFS_BACKING_GLUSTER:
                if (!volume_is_valid(export->volume))
                        return fault_set(
                                fault, FAULT_INVALID,
                                "render export: a Gluster volume's name is made of letters, digits, _ and -");
                if (!address_is_plain(&export->volume_server))
                        return fault_set(fault, FAULT_INVALID,
                                         "render export: the address of the volume's server is none");
                return 0;
        }
        return fault_set(fault, FAULT_INVALID, "render export: unknown backing %d", (int)export->backing);
}

static int check_clients(const struct nfs_export *export, struct fault *fault)
{
        for (size_t i = 0; i < export->client_count; i++) {
                const struct nfs_client *client = &export->clients[i];

                if (!address_is_plain(&client->address) || address_kind(&client->address) != ADDRESS_USABLE)
                        return fault_set(fault, FAULT_INVALID, "render export: client %zu has no usable address",
                                         i);
                if ((size_t)client->access >= ARRAY_SIZE(access_words))
                        return fault_set(fault, FAULT_INVALID, "render export: client %zu has unknown access %d",
                                         i, (int)client->access);
                if (i > 0 && address_compare(&export->clients[i - 1].address, &client->address) >= 0)
                        return fault_set(fault, FAULT_INVALID,
                                         "render export: client %zu is out of order or there twice", i);
        }
        return 0;
}

static int check_export(const struct nfs_export *export, struct fault *fault)
{
        int failed = check_path("path", export->path, GANESHA_PATH_MAX, fault);

        if (!failed)
                failed = check_path("pseudo path", export->pseudo, EXPORT_PATH_MAX, fault);
        if (!failed && strcmp(export->pseudo, "/") == 0)
                failed = fault_set(fault, FAULT_INVALID, "render export: the pseudo path / is the server's own");
        if (!failed && export->file_system_id == 0)
                failed = fault_set(fault, FAULT_INVALID, "render export: it has no file system id");
        if (!failed && (size_t) export->squash >= ARRAY_SIZE(squash_words))
                failed = fault_set(fault, FAULT_INVALID, "render export: unknown squash %d", (int)export->squash);
        if (!failed)
                failed = check_backing(export, fault);
        if (!failed)
                failed = check_clients(export, fault);
        return failed;
}

static void render_fsal(const struct nfs_export *export, struct text *block)
{
        char address[ADDRESS_TEXT_SIZE];

        if (export->backing == NFS_BACKING_VFS) {
                text_add(block, "  FSAL { Name = VFS; }\n");
                return;
        }
        text_addf(block, "  FSAL { Name = GLUSTER; Hostname = \"%s\"; Volume = \"%s\"; Volpath = \"%s\"; }\n",
                  address_format(&export->volume_server, address), export->volume, export->path);
}

/* The clients of one kind of access in one CLIENT block, none when there are none. */
static void render_clients(const struct nfs_export *export, enum export_access access, struct text *block)
{
        char address[ADDRESS_TEXT_SIZE];
        bool any = false;

        for (size_t i = 0; i < export->client_count; i++) {
                if (export->clients[i].access != access)
                        continue;
                text_add(block, any ? ", " : "  CLIENT { Clients = ");
                text_add(block, address_format(&export->clients[i].address, address));
                any = true;
        }
        if (any)
                text_addf(block,
                          "; Access_Type = %s; Protocols = 4; Squash = %s; Anonymous_uid = %" PRIu32
                          "; Anonymous_gid = %" PRIu32 "; PrivilegedPort = %s; }\n",
                          access_words[access], squash_words[export->squash], export->anonymous_uid,
                          export->anonymous_gid, bool_word(export->privileged_ports));
}

int ganesha_config_render(const struct nfs_export *export, struct text *block, struct fault *fault)
{
        char expression[GANESHA_EXPRESSION_SIZE];
        int failed = ganesha_config_expression(export->number, expression, fault);

        if (!failed)
                failed = check_export(export, fault);
        if (failed)
                return failed;
        text_addf(block, "EXPORT {\n  Export_Id = %u;\n  Filesystem_id = %" PRIu64 ".%u;\n", export->number,
                  export->file_system_id, export->number);
        text_addf(block, "  Path = \"%s\";\n  Pseudo = \"%s\";\n", export->path, export->pseudo);
        text_addf(block,
                  "  Access_Type = NONE;\n  Protocols = 4;\n  Transports = TCP;\n  SecType = sys;\n"
                  "  Squash = %s;\n  Anonymous_uid = %" PRIu32 ";\n  Anonymous_gid = %" PRIu32 ";\n"
                  "  PrivilegedPort = %s;\n",
                  squash_words[export->squash], export->anonymous_uid, export->anonymous_gid,
                  bool_word(export->privileged_ports));
        render_fsal(export, block);
        render_clients(export, EXPORT_READ_WRITE, block);
        render_clients(export, EXPORT_READ_ONLY, block);
        text_add(block, "  CLIENT { Clients = *; Access_Type = NONE; Protocols = 4; }\n}\n");
        return 0;
}

int ganesha_config_expression(uint16_t number, char expression[GANESHA_EXPRESSION_SIZE], struct fault *fault)
{
        if (number == 0 || number > EXPORT_NUMBER_MAX)
                return fault_set(fault, FAULT_INVALID, "render export: number %u is not 1 to %d", number,
                                 EXPORT_NUMBER_MAX);
        snprintf(expression, GANESHA_EXPRESSION_SIZE, "EXPORT(Export_Id=%u)", number);
        return 0;
}
