/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/files/storage_files.h"

#include "base/clock.h"
#include "protocols/files/local_files.h"
#include "protocols/gluster/volume_files.h"

/* The directories of a single storage, one after another. */
static void local_each(const struct storage_files_real *real, const struct storage *storage, bool make,
                       struct path_item *items, size_t count, int deadline_ms)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + deadline_ms;

        for (size_t i = 0; i < count; i++) {
                struct path_item *item = &items[i];
                int64_t left_ms = until_ms - clock_monotonic_ms(clock_system());

                if (left_ms <= 0)
                        fault_set(&item->fault, FAULT_TIMEOUT, "look at %s: others were before it", item->path);
                else if (make)
                        local_files_make_directory(&real->helper, storage->mount_root, item->path, &item->wish,
                                                   (int)left_ms, &item->fault);
                else
                        local_files_inspect(&real->helper, storage->mount_root, item->path, (int)left_ms,
                                            &item->seen, &item->fault);
        }
}

static void real_inspect(void *context, const struct storage *storage, struct path_item *items, size_t count,
                         int deadline_ms)
{
        const struct storage_files_real *real = context;

        if (storage->kind == STORAGE_SINGLE)
                local_each(real, storage, false, items, count, deadline_ms);
        else
                volume_files_inspect(&real->worker, storage, items, count, deadline_ms);
}

static void real_make_directories(void *context, const struct storage *storage, struct path_item *items,
                                  size_t count, int deadline_ms)
{
        const struct storage_files_real *real = context;

        if (storage->kind == STORAGE_SINGLE)
                local_each(real, storage, true, items, count, deadline_ms);
        else
                volume_files_make_directories(&real->worker, storage, items, count, deadline_ms);
}

static int real_check_storage(void *context, const struct storage *storage, int deadline_ms, struct fault *fault)
{
        const struct storage_files_real *real = context;

        if (storage->kind == STORAGE_CLUSTER)
                return 0;
        return local_files_check(&real->helper, storage->mount_root, deadline_ms, fault);
}

static int real_capacity(void *context, const struct storage *storage, int deadline_ms,
                         struct storage_capacity *capacity, struct fault *fault)
{
        const struct storage_files_real *real = context;

        if (storage->kind == STORAGE_SINGLE)
                return local_files_capacity(&real->room_worker, storage->mount_root, deadline_ms, capacity, fault);
        return volume_files_capacity(&real->worker, storage, deadline_ms, capacity, fault);
}

struct storage_files storage_files_open(struct storage_files_real *real)
{
        return (struct storage_files){ .inspect = real_inspect,
                                       .make_directories = real_make_directories,
                                       .check_storage = real_check_storage,
                                       .capacity = real_capacity,
                                       .context = real };
}
