/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/nfs/ganesha_seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
        OPTION_SQUASH = 0x7, /* root id, root, all: one bit each */
        OPTION_SQUASH_ROOT = 0x2,
        OPTION_SQUASH_ALL = 0x4,
        OPTION_ANONYMOUS_IDS = 0x18, /* in `set` alone */
        OPTION_ACCESS = 0x1E0,       /* read and write, of data and of metadata */
        OPTION_ACCESS_READ = 0xA0,
        OPTION_PRIVILEGED_PORT = 0x200,
        OPTION_PROTOCOLS = 0x700000,
        OPTION_PROTOCOL_NFSV4 = 0x200000,
        OPTION_ALWAYS_SET =
                OPTION_SQUASH | OPTION_ANONYMOUS_IDS | OPTION_ACCESS | OPTION_PRIVILEGED_PORT | OPTION_PROTOCOLS,
};

static int parse_address(const char *name, struct address *address)
{
        char literal[ADDRESS_TEXT_SIZE];
        const char *slash = strchr(name, '/');

        if (!slash || (size_t)(slash - name) >= sizeof literal)
                return -1;
        memcpy(literal, name, (size_t)(slash - name));
        literal[slash - name] = '\0';
        if (address_parse(literal, address))
                return -1;
        return strcmp(slash, address->family == ADDRESS_V4 ? "/32" : "/128") == 0 ? 0 : -1;
}

static int parse_access(uint32_t options, enum export_access *access)
{
        *access = (options & OPTION_ACCESS) == OPTION_ACCESS ? EXPORT_READ_WRITE : EXPORT_READ_ONLY;
        return *access == EXPORT_READ_WRITE || (options & OPTION_ACCESS) == OPTION_ACCESS_READ ? 0 : -1;
}

static int parse_squash(uint32_t options, enum export_squash *squash)
{
        switch (options & OPTION_SQUASH) {
        case 0:
                *squash = SQUASH_NONE;
                return 0;
        case OPTION_SQUASH_ROOT:
                *squash = SQUASH_ROOT;
                return 0;
        case OPTION_SQUASH_ALL:
                *squash = SQUASH_ALL;
                return 0;
        default:
                return -1;
        }
}

/* Squash, anonymous ids and ports belong to the export: the first client's are taken, the others must agree. */
static bool terms_agree(struct nfs_export_seen *seen, const struct ganesha_client_row *row,
                        enum export_squash squash)
{
        bool privileged = row->options & OPTION_PRIVILEGED_PORT;

        if (seen->client_count == 0) {
                seen->squash = squash;
                seen->anonymous_uid = row->anonymous_uid;
                seen->anonymous_gid = row->anonymous_gid;
                seen->privileged_ports = privileged;
        }
        return seen->squash == squash && seen->anonymous_uid == row->anonymous_uid &&
               seen->anonymous_gid == row->anonymous_gid && seen->privileged_ports == privileged;
}

/* Keeps the names of clients that Gatehouse would not have written, the first ones. */
static void odd_add(struct nfs_export_seen *seen, const struct ganesha_client_row *row)
{
        char *older = seen->odd;
        enum { NAMES_MAX = 512 };

        if (older && strlen(older) + strlen(row->name) > NAMES_MAX)
                return;
        seen->odd = memory_format("%s%s%.*s", older ? older : "", older ? ", " : "", NAMES_MAX, row->name);
        free(older);
}

/* Everybody who is not named before it is refused, whatever the export says of itself. */
static bool row_refuses_others(const struct ganesha_client_row *row)
{
        return strcmp(row->name, "*") == 0 && (row->set & OPTION_ACCESS) == OPTION_ACCESS &&
               (row->options & OPTION_ACCESS) == 0;
}

void ganesha_seen_add(struct nfs_export_seen *seen, const struct ganesha_client_row *row)
{
        struct nfs_client client;
        enum export_squash squash;

        if (!seen->refuses_others && row_refuses_others(row)) {
                seen->refuses_others = true;
                return;
        }
        if (seen->refuses_others || (row->set & OPTION_ALWAYS_SET) != OPTION_ALWAYS_SET ||
            parse_address(row->name, &client.address) || parse_access(row->options, &client.access) ||
            parse_squash(row->options, &squash) || (row->options & OPTION_PROTOCOLS) != OPTION_PROTOCOL_NFSV4 ||
            !terms_agree(seen, row, squash)) {
                seen->foreign = true;
                odd_add(seen, row);
                return;
        }
        seen->clients = memory_resize(seen->clients, seen->client_count + 1, sizeof *seen->clients);
        seen->clients[seen->client_count++] = client;
}

static int compare_clients(const void *a, const void *b)
{
        const struct nfs_client *left = a, *right = b;

        return address_compare(&left->address, &right->address);
}

void ganesha_seen_finish(struct nfs_export_seen *seen)
{
        if (seen->client_count == 0)
                return;
        qsort(seen->clients, seen->client_count, sizeof *seen->clients, compare_clients);
        for (size_t i = 1; i < seen->client_count; i++)
                if (compare_clients(&seen->clients[i - 1], &seen->clients[i]) == 0)
                        seen->foreign = true;
}
