/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/versions.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"

struct versions {
        pthread_mutex_t lock;
        char said[2][SERVER_VERSION_SIZE]; /* by enum protocol */
};

struct versions *versions_new(void)
{
        struct versions *versions = NEW(struct versions);

        pthread_mutex_init(&versions->lock, NULL);
        return versions;
}

void versions_free(struct versions *versions)
{
        if (versions)
                pthread_mutex_destroy(&versions->lock);
        free(versions);
}

void versions_note(struct versions *versions, enum protocol protocol, const char *version)
{
        pthread_mutex_lock(&versions->lock);
        server_version_take(version, versions->said[protocol]);
        pthread_mutex_unlock(&versions->lock);
}

void versions_get(struct versions *versions, enum protocol protocol, char version[SERVER_VERSION_SIZE])
{
        pthread_mutex_lock(&versions->lock);
        memcpy(version, versions->said[protocol], SERVER_VERSION_SIZE);
        pthread_mutex_unlock(&versions->lock);
}
