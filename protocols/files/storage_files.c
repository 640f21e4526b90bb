/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/files/storage_files.h"

#include "protocols/files/local_files.h"
#include "protocols/gluster/volume_files.h"

static int real_inspect(void *context, const struct storage *storage, const char *path, int deadline_ms,
                        struct path_seen *seen, struct fault *fault)
{
        const struct storage_files_real *real = context;

        if (storage->kind == STORAGE_SINGLE)
                return local_files_inspect(&real->helper, storage->mount_root, path, deadline_ms, seen, fault);
        return volume_files_inspect(&real->worker, storage->addresses, storage->address_count, storage->volume,
                                    path, deadline_ms, seen, fault);
}

static int real_make_directory(void *context, const struct storage *storage, const char *path, uint32_t uid,
                               uint32_t gid, uint16_t mode, int deadline_ms, struct fault *fault)
{
        const struct storage_files_real *real = context;
        struct directory_wish wish = { uid, gid, mode };

        if (storage->kind == STORAGE_SINGLE)
                return local_files_make_directory(&real->helper, storage->mount_root, path, &wish, deadline_ms,
                                                  fault);
        return volume_files_make_directory(&real->worker, storage->addresses, storage->address_count,
                                           storage->volume, path, &wish, deadline_ms, fault);
}

static int real_check_storage(void *context, const struct storage *storage, int deadline_ms, struct fault *fault)
{
        const struct storage_files_real *real = context;

        if (storage->kind == STORAGE_CLUSTER)
                return 0;
        return local_files_check(&real->helper, storage->mount_root, deadline_ms, fault);
}

struct storage_files storage_files_open(struct storage_files_real *real)
{
        return (struct storage_files){ .inspect = real_inspect,
                                       .make_directory = real_make_directory,
                                       .check_storage = real_check_storage,
                                       .context = real };
}
