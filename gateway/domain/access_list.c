/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/access_list.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void access_list_fini(struct access_list *list)
{
        for (size_t i = 0; i < list->entry_count; i++) {
                free(list->entries[i].path);
                free(list->entries[i].addresses);
        }
        free(list->entries);
        free(list->peers);
        *list = (struct access_list){ 0 };
}

/* Where `address` is in the sorted array, or belongs. */
static size_t address_place(const struct address *addresses, size_t count, const struct address *address)
{
        size_t low = 0;

        while (low < count) {
                size_t middle = low + (count - low) / 2;

                if (address_compare(&addresses[middle], address) < 0)
                        low = middle + 1;
                else
                        count = middle;
        }
        return low;
}

static bool address_is_at(const struct address *addresses, size_t count, size_t place,
                          const struct address *address)
{
        return place < count && address_equal(&addresses[place], address);
}

static void address_insert(struct address **addresses, size_t *count, const struct address *address)
{
        size_t place = address_place(*addresses, *count, address);

        if (address_is_at(*addresses, *count, place, address))
                return;
        *addresses = memory_grow(*addresses, *count, sizeof **addresses);
        memmove(*addresses + place + 1, *addresses + place, (*count - place) * sizeof **addresses);
        (*addresses)[place] = *address;
        ++*count;
}

/* Where the entry of `path` is, or belongs. */
static size_t entry_place(const struct access_list *list, const char *path)
{
        size_t low = 0, high = list->entry_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(list->entries[middle].path, path) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static bool entry_is_at(const struct access_list *list, size_t place, const char *path)
{
        return place < list->entry_count && strcmp(list->entries[place].path, path) == 0;
}

static struct access_entry *entry_insert(struct access_list *list, const char *path)
{
        size_t place = entry_place(list, path);

        if (!entry_is_at(list, place, path)) {
                list->entries = memory_grow(list->entries, list->entry_count, sizeof *list->entries);
                memmove(list->entries + place + 1, list->entries + place,
                        (list->entry_count - place) * sizeof *list->entries);
                list->entries[place] = (struct access_entry){ .path = memory_text(path) };
                list->entry_count++;
        }
        return &list->entries[place];
}

void access_list_init(struct access_list *list, const struct address *peers, size_t peer_count)
{
        *list = (struct access_list){ 0 };
        for (size_t i = 0; i < peer_count; i++)
                address_insert(&list->peers, &list->peer_count, &peers[i]);
}

void access_list_add(struct access_list *list, const char *path, const struct address *address)
{
        struct access_entry *entry;

        assert(path[0] == '/' && path[1] != '\0');
        assert(address->family == ADDRESS_V4);
        entry = entry_insert(list, path);
        address_insert(&entry->addresses, &entry->address_count, address);
}

static bool addresses_equal(const struct address *a, size_t a_count, const struct address *b, size_t b_count)
{
        if (a_count != b_count)
                return false;
        for (size_t i = 0; i < a_count; i++)
                if (!address_equal(&a[i], &b[i]))
                        return false;
        return true;
}

void access_list_copy(struct access_list *copy, const struct access_list *list)
{
        access_list_init(copy, list->peers, list->peer_count);
        copy->generation = list->generation;
        for (size_t i = 0; i < list->entry_count; i++)
                for (size_t k = 0; k < list->entries[i].address_count; k++)
                        access_list_add(copy, list->entries[i].path, &list->entries[i].addresses[k]);
}

bool access_list_covers(const struct access_list *list, const struct access_list *other)
{
        for (size_t i = 0; i < other->entry_count; i++)
                for (size_t k = 0; k < other->entries[i].address_count; k++)
                        if (!access_list_admits(list, other->entries[i].path, &other->entries[i].addresses[k]))
                                return false;
        return true;
}

bool access_list_equal(const struct access_list *a, const struct access_list *b)
{
        if (a->entry_count != b->entry_count || !addresses_equal(a->peers, a->peer_count, b->peers, b->peer_count))
                return false;
        for (size_t i = 0; i < a->entry_count; i++) {
                const struct access_entry *left = &a->entries[i], *right = &b->entries[i];

                if (strcmp(left->path, right->path) != 0 ||
                    !addresses_equal(left->addresses, left->address_count, right->addresses, right->address_count))
                        return false;
        }
        return true;
}

struct comparison {
        void (*each)(void *context, const char *path, const struct address *address, bool appears);
        void *context;
};

/* Tells what one of two sorted arrays alone has. */
static void addresses_compare(const struct comparison *comparison, const char *path, const struct address *was,
                              size_t was_count, const struct address *is, size_t is_count)
{
        size_t i = 0, j = 0;

        while (i < was_count || j < is_count) {
                int order = i == was_count ? 1 : j == is_count ? -1 : address_compare(&was[i], &is[j]);

                if (order < 0)
                        comparison->each(comparison->context, path, &was[i], false);
                else if (order > 0)
                        comparison->each(comparison->context, path, &is[j], true);
                i += order <= 0;
                j += order >= 0;
        }
}

void access_list_compare(const struct access_list *was, const struct access_list *is,
                         void (*each)(void *context, const char *path, const struct address *address,
                                      bool appears),
                         void *context)
{
        static const struct access_entry none;
        const struct comparison comparison = { each, context };
        size_t i = 0, j = 0;

        addresses_compare(&comparison, "/", was->peers, was->peer_count, is->peers, is->peer_count);
        while (i < was->entry_count || j < is->entry_count) {
                int order = i == was->entry_count  ? 1
                            : j == is->entry_count ? -1
                                                   : strcmp(was->entries[i].path, is->entries[j].path);
                const struct access_entry *left = order <= 0 ? &was->entries[i++] : &none;
                const struct access_entry *right = order >= 0 ? &is->entries[j++] : &none;

                addresses_compare(&comparison, order <= 0 ? left->path : right->path, left->addresses,
                                  left->address_count, right->addresses, right->address_count);
        }
}

bool access_list_admits(const struct access_list *list, const char *path, const struct address *address)
{
        size_t place = entry_place(list, path);
        const struct access_entry *entry;

        if (!entry_is_at(list, place, path))
                return false;
        entry = &list->entries[place];
        return address_is_at(entry->addresses, entry->address_count,
                             address_place(entry->addresses, entry->address_count, address), address);
}

char *access_list_canary(uint64_t generation, char path[ACCESS_CANARY_SIZE])
{
        snprintf(path, ACCESS_CANARY_SIZE, "/.gatehouse-canary-%" PRIu64, generation);
        return path;
}
