/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/nfs_export.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "domain/snapshot.h"

void nfs_export_free(struct nfs_export *export)
{
        if (!export)
                return;
        free(export->path);
        free(export->pseudo);
        free(export->volume);
        free(export->clients);
        free(export);
}

struct nfs_export *nfs_export_dup(const struct nfs_export *export)
{
        struct nfs_export *copy = NEW(struct nfs_export);

        *copy = *export;
        copy->path = memory_text(export->path);
        copy->pseudo = memory_text(export->pseudo);
        copy->volume = memory_text(export->volume);
        copy->clients = memory_new(export->client_count, sizeof *copy->clients);
        if (export->client_count > 0)
                memcpy(copy->clients, export->clients, export->client_count * sizeof *copy->clients);
        return copy;
}

char *nfs_export_pseudo(const struct export *export)
{
        return memory_format("/exports/%s", export->document.id);
}

static bool grant_is_open_by_nfs(const struct grant *grant)
{
        return grant->verdict == ACCESS_ADMITTED && grant->choice.protocol == PROTOCOL_IS_NFS;
}

int nfs_client_compare(const void *a, const void *b)
{
        const struct nfs_client *left = a, *right = b;

        return address_compare(&left->address, &right->address);
}

/* Sorts the clients and drops doubles: two nodes never share an address (contested), but one may name it twice. */
static void clients_tidy(struct nfs_export *export)
{
        size_t kept = 0;

        if (export->client_count == 0)
                return;
        qsort(export->clients, export->client_count, sizeof *export->clients, nfs_client_compare);
        for (size_t i = 1; i < export->client_count; i++)
                if (nfs_client_compare(&export->clients[kept], &export->clients[i]) != 0)
                        export->clients[++kept] = export->clients[i];
        export->client_count = kept + 1;
        /* There was room for every address that a node may have: with 10,000 exports that is most of what they
         * take. */
        export->clients = memory_resize(export->clients, export->client_count, sizeof *export->clients);
}

static void clients_add(struct nfs_export *export, const struct grant *grant)
{
        struct address addresses[NODE_ADDRESSES_MAX];
        size_t count = grant_addresses(grant, addresses);

        for (size_t i = 0; i < count; i++)
                export->clients[export->client_count++] =
                        (struct nfs_client){ .address = addresses[i], .access = grant->export->access };
}

/* Volumes are made with transport.address-family inet on Debian: an IPv4 address where there is one. */
static const struct address *storage_volume_server(const struct storage *storage)
{
        assert(storage->address_count > 0);
        for (size_t i = 0; i < storage->address_count; i++)
                if (storage->addresses[i].family == ADDRESS_V4)
                        return &storage->addresses[i];
        return &storage->addresses[0];
}

static void backing_set(struct nfs_export *wanted, const struct export *export, const struct storage *storage)
{
        if (storage->kind == STORAGE_CLUSTER) {
                wanted->backing = NFS_BACKING_GLUSTER;
                wanted->path = memory_text(export->path);
                wanted->volume = memory_text(storage->volume);
                wanted->volume_server = *storage_volume_server(storage);
        } else {
                wanted->backing = NFS_BACKING_VFS;
                wanted->path = strcmp(export->path, "/") == 0
                                       ? memory_text(storage->mount_root)
                                       : memory_format("%s%s", storage->mount_root, export->path);
        }
}

static struct nfs_export *wanted_new(const struct export *export, const struct storage *storage)
{
        struct nfs_export *wanted = NEW(struct nfs_export);

        wanted->number = export->number;
        wanted->file_system_id = export->file_system_id;
        wanted->pseudo = nfs_export_pseudo(export);
        wanted->squash = export->squash;
        wanted->anonymous_uid = export->anonymous_uid;
        wanted->anonymous_gid = export->anonymous_gid;
        wanted->privileged_ports = export->privileged_ports;
        backing_set(wanted, export, storage);
        return wanted;
}

/* The canary of a volume is there even when it lets nobody in. */
static struct nfs_export *canary_wanted(const struct grant_list *list)
{
        const struct storage *storage =
                list->canary ? snapshot_storage(list->snapshot, list->canary->storage) : NULL;

        return storage && storage->kind == STORAGE_CLUSTER ? wanted_new(list->canary, storage) : NULL;
}

struct nfs_export *nfs_export_wanted(const struct grant_list *list)
{
        struct nfs_export *wanted = NULL;

        for (size_t i = 0; i < list->count; i++) {
                const struct grant *grant = &list->items[i];

                if (!grant_is_open_by_nfs(grant))
                        continue;
                if (!wanted) {
                        wanted = wanted_new(grant->export, grant->storage);
                        wanted->clients =
                                memory_new((list->count - i) * NODE_ADDRESSES_MAX, sizeof *wanted->clients);
                }
                assert(grant->export->number == wanted->number);
                clients_add(wanted, grant);
        }
        if (!wanted)
                return canary_wanted(list);
        clients_tidy(wanted);
        return wanted;
}

static bool clients_equal(const struct nfs_client *a, size_t a_count, const struct nfs_client *b, size_t b_count)
{
        if (a_count != b_count)
                return false;
        for (size_t i = 0; i < a_count; i++)
                if (!address_equal(&a[i].address, &b[i].address) || a[i].access != b[i].access)
                        return false;
        return true;
}

/* NULL equals NULL alone. */
static bool texts_equal(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

bool nfs_export_equal(const struct nfs_export *a, const struct nfs_export *b)
{
        return a->number == b->number && a->file_system_id == b->file_system_id && a->backing == b->backing &&
               texts_equal(a->path, b->path) && texts_equal(a->pseudo, b->pseudo) &&
               texts_equal(a->volume, b->volume) && address_equal(&a->volume_server, &b->volume_server) &&
               a->squash == b->squash && a->anonymous_uid == b->anonymous_uid &&
               a->anonymous_gid == b->anonymous_gid && a->privileged_ports == b->privileged_ports &&
               clients_equal(a->clients, a->client_count, b->clients, b->client_count);
}

void nfs_export_seen_fini(struct nfs_export_seen *seen)
{
        free(seen->path);
        free(seen->pseudo);
        free(seen->odd);
        free(seen->clients);
        *seen = (struct nfs_export_seen){ 0 };
}

static bool terms_match(const struct nfs_export_seen *seen, const struct nfs_export *wanted)
{
        return seen->client_count == 0 ||
               (seen->squash == wanted->squash && seen->anonymous_uid == wanted->anonymous_uid &&
                seen->anonymous_gid == wanted->anonymous_gid &&
                seen->privileged_ports == wanted->privileged_ports);
}

bool nfs_export_seen_matches(const struct nfs_export_seen *seen, const struct nfs_export *wanted)
{
        return seen->known == KNOWN_PRESENT && !seen->foreign && seen->refuses_others &&
               texts_equal(seen->path, wanted->path) && texts_equal(seen->pseudo, wanted->pseudo) &&
               terms_match(seen, wanted) &&
               clients_equal(seen->clients, seen->client_count, wanted->clients, wanted->client_count);
}
