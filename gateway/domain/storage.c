/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/storage.h"

#include <string.h>

#include "domain/environment.h"

const char *const storage_kind_words[] = { [STORAGE_CLUSTER] = "cluster", [STORAGE_SINGLE] = "single", NULL };
const char *const protocol_wish_words[] = {
        [PROTOCOL_AUTO] = "auto", [PROTOCOL_GLUSTER] = "gluster", [PROTOCOL_NFS] = "nfs", NULL
};

static void storage_free(void *object)
{
        struct storage *storage = object;

        for (size_t i = 0; i < storage->node_count; i++)
                free(storage->node_ids[i]);
        free(storage->account);
        free(storage->environment);
        free(storage->layer);
        free(storage->volume);
        free(storage->mount_root);
        document_fini(&storage->document);
        free(storage);
}

struct storage *storage_new(const char *name)
{
        struct storage *storage = NEW(struct storage);

        document_init(&storage->document, DOCUMENT_STORAGE, name, storage_free);
        return storage;
}

const char *storage_kind_word(enum storage_kind kind)
{
        return storage_kind_words[kind];
}

const char *protocol_wish_word(enum protocol_wish wish)
{
        return protocol_wish_words[wish];
}

bool storage_has_address(const struct storage *storage, const struct address *address)
{
        for (size_t i = 0; i < storage->address_count; i++)
                if (address_equal(&storage->addresses[i], address))
                        return true;
        return false;
}

static bool node_is_in_layer(const struct storage *storage, const struct node *node)
{
        return storage->environment && storage->layer && strcmp(storage->environment, node->environment) == 0 &&
               strcmp(storage->layer, node->layer) == 0;
}

bool storage_has_node(const struct storage *storage, const char *id, const struct node *node)
{
        for (size_t i = 0; i < storage->node_count; i++)
                if (strcmp(storage->node_ids[i], id) == 0)
                        return true;
        if (node && node_is_in_layer(storage, node))
                return true;
        for (size_t i = 0; node && i < node->address_count; i++)
                if (storage_has_address(storage, &node->addresses[i]))
                        return true;
        return false;
}
