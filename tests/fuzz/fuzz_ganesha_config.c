/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * No export breaks out of its block: whatever is rendered is read back by a tokenizer that knows the lexical rules
 * of NFS-Ganesha's configuration and nothing of the renderer, and says what the export says. Input: number (2
 * bytes), file system id (8), kinds (1), anonymous ids (8), then path, pseudo path and volume, each closed by NUL,
 * then clients of 18 bytes: family, access, address.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "protocols/nfs/ganesha_config.h"

enum { CLIENTS_MAX = 64, CLIENT_BYTES = 18, TOKEN_SIZE = 8192 };

struct input {
        const uint8_t *data;
        size_t left;
};

/* Little-endian; zeros when the input is used up. */
static uint64_t take_number(struct input *input, size_t bytes)
{
        uint64_t number = 0;

        for (size_t i = 0; i < bytes && input->left > 0; i++, input->left--)
                number |= (uint64_t)*input->data++ << (8 * i);
        return number;
}

static char *take_text(struct input *input)
{
        size_t length = 0;
        char *text;

        while (length < input->left && input->data[length] != '\0')
                length++;
        text = memory_new(length + 1, 1);
        if (length > 0)
                memcpy(text, input->data, length);
        length += length < input->left;
        input->data += length;
        input->left -= length;
        return text;
}

static void take_client(struct input *input, struct nfs_client *client)
{
        client->address.family = (uint8_t)take_number(input, 1);
        client->access = (enum export_access)take_number(input, 1);
        for (size_t i = 0; i < sizeof client->address.bytes; i++)
                client->address.bytes[i] = (uint8_t)take_number(input, 1);
}

static struct nfs_export *take_export(struct input *input)
{
        struct nfs_export *export = NEW(struct nfs_export);
        unsigned kinds;

        export->number = (uint16_t)take_number(input, 2);
        export->file_system_id = take_number(input, 8);
        kinds = (unsigned)take_number(input, 1);
        export->backing = kinds & 1 ? NFS_BACKING_GLUSTER : NFS_BACKING_VFS;
        export->squash = (enum export_squash)((kinds >> 1) & 3);
        export->privileged_ports = kinds & 8;
        export->anonymous_uid = (uint32_t)take_number(input, 4);
        export->anonymous_gid = (uint32_t)take_number(input, 4);
        export->path = take_text(input);
        export->pseudo = take_text(input);
        export->volume = take_text(input);
        export->volume_server = (struct address){ ADDRESS_V4, { 10, 77, 0, 11 } };
        export->clients = memory_new(CLIENTS_MAX, sizeof *export->clients);
        while (input->left >= CLIENT_BYTES && export->client_count < CLIENTS_MAX)
                take_client(input, &export->clients[export->client_count++]);
        return export;
}

/* One token: a word, a quoted string (which keeps its first quote) or a sign. "" at the end. */
static void next_token(const char **at, char token[TOKEN_SIZE])
{
        size_t length = 0;

        while (**at == ' ' || **at == '\n')
                ++*at;
        if (**at == '"') {
                do {
                        FUZZ_HOLDS(**at != '\0' && **at != '\\' && **at != '\n' && length < TOKEN_SIZE - 1);
                        token[length++] = *(*at)++;
                } while (**at != '"');
                ++*at;
        } else if (**at && strchr("{}=;,", **at)) {
                token[length++] = *(*at)++;
        } else {
                for (; isalnum((unsigned char)**at) || (**at && strchr("_.:*", **at)); ++*at)
                        token[length++] = **at;
                FUZZ_HOLDS(length > 0 || **at == '\0');
        }
        token[length] = '\0';
}

static void expect(const char **at, const char *expected)
{
        char token[TOKEN_SIZE];

        next_token(at, token);
        FUZZ_HOLDS(strcmp(token, expected) == 0);
}

static void expect_statement(const char **at, const char *name, const char *value)
{
        expect(at, name);
        expect(at, "=");
        expect(at, value);
        expect(at, ";");
}

static void expect_number(const char **at, const char *name, uint64_t value)
{
        AUTO_FREE char *text = memory_format("%" PRIu64, value);

        expect_statement(at, name, text);
}

static void expect_quoted(const char **at, const char *name, const char *value)
{
        AUTO_FREE char *text = memory_format("\"%s", value);

        expect_statement(at, name, text);
}

static void expect_squash(const char **at, const struct nfs_export *export)
{
        static const char *const words[] = { "No_Root_Squash", "Root_Squash", "All_Squash" };

        expect_statement(at, "Squash", words[export->squash]);
        expect_number(at, "Anonymous_uid", export->anonymous_uid);
        expect_number(at, "Anonymous_gid", export->anonymous_gid);
        expect_statement(at, "PrivilegedPort", export->privileged_ports ? "true" : "false");
}

static void expect_fsal(const char **at, const struct nfs_export *export)
{
        expect(at, "FSAL");
        expect(at, "{");
        expect_statement(at, "Name", export->backing == NFS_BACKING_VFS ? "VFS" : "GLUSTER");
        if (export->backing == NFS_BACKING_GLUSTER) {
                expect_quoted(at, "Hostname", "10.77.0.11");
                expect_quoted(at, "Volume", export->volume);
                expect_quoted(at, "Volpath", export->path);
        }
        expect(at, "}");
}

/* The clients of one kind of access, each by the very bytes of its address. */
static void expect_clients(const char **at, const struct nfs_export *export, enum export_access access)
{
        char token[TOKEN_SIZE];
        bool any = false;

        for (size_t i = 0; i < export->client_count; i++) {
                const struct address *address = &export->clients[i].address;
                uint8_t bytes[16] = { 0 };

                if (export->clients[i].access != access)
                        continue;
                if (!any) {
                        expect(at, "CLIENT");
                        expect(at, "{");
                        expect(at, "Clients");
                }
                expect(at, any ? "," : "=");
                any = true;
                next_token(at, token);
                FUZZ_HOLDS(inet_pton(address->family == ADDRESS_V4 ? AF_INET : AF_INET6, token, bytes) == 1);
                FUZZ_HOLDS(memcmp(bytes, address->bytes, sizeof bytes) == 0);
        }
        if (!any)
                return;
        expect(at, ";");
        expect_statement(at, "Access_Type", access == EXPORT_READ_WRITE ? "RW" : "RO");
        expect_statement(at, "Protocols", "4");
        expect_squash(at, export);
        expect(at, "}");
}

static void expect_refusal_of_others(const char **at)
{
        expect(at, "CLIENT");
        expect(at, "{");
        expect_statement(at, "Clients", "*");
        expect_statement(at, "Access_Type", "NONE");
        expect_statement(at, "Protocols", "4");
        expect(at, "}");
}

static void expect_block(const char *at, const struct nfs_export *export)
{
        AUTO_FREE char *file_system =
                memory_format("%" PRIu64 ".%" PRIu16, export->file_system_id, export->number);

        expect(&at, "EXPORT");
        expect(&at, "{");
        expect_number(&at, "Export_Id", export->number);
        expect_statement(&at, "Filesystem_id", file_system);
        expect_quoted(&at, "Path", export->path);
        expect_quoted(&at, "Pseudo", export->pseudo);
        expect_statement(&at, "Access_Type", "NONE");
        expect_statement(&at, "Protocols", "4");
        expect_statement(&at, "Transports", "TCP");
        expect_statement(&at, "SecType", "sys");
        expect_squash(&at, export);
        expect_fsal(&at, export);
        expect_clients(&at, export, EXPORT_READ_WRITE);
        expect_clients(&at, export, EXPORT_READ_ONLY);
        expect_refusal_of_others(&at);
        expect(&at, "}");
        expect(&at, "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input input = { data, size };
        AUTO_NFS_EXPORT struct nfs_export *export = take_export(&input);
        AUTO_TEXT struct text block = { 0 };
        struct fault fault = { 0 };
        int failed = ganesha_config_render(export, &block, &fault);

        if (failed) {
                FUZZ_HOLDS(failed == -FAULT_INVALID && fault.code == FAULT_INVALID && block.length == 0);
                return 0;
        }
        FUZZ_HOLDS(strlen(text_get(&block)) == block.length && text_is_utf8(block.data, block.length));
        expect_block(text_get(&block), export);
        return 0;
}
