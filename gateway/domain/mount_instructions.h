/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a client mounts a grant: commands for a shell, a line for fstab(5) and a systemd.mount(5) unit, each
 * quoted by the rules of its own format. Pure text; Gatehouse runs none of it.
 */
#pragma once

#include "domain/grant.h"

struct mount_instructions {
        char *type;     /* "nfs4" or "glusterfs" */
        char *source;   /* "10.0.0.1:/exports/ex-..." or "10.0.0.1:/data/shared/site" */
        char *options;  /* "hard,_netdev,..." */
        char **servers; /* addresses that it can be mounted from, that of `source` first. For NFS those of a single
                           storage; of a cluster the first alone, where NFS-Ganesha is */
        size_t server_count;
        char *remote;    /* what follows the colon of `source` */
        char **commands; /* POSIX sh, one command each: make the mount point, make it unwritable (mode 0,
                            chattr +i) while nothing is mounted, mount, check with mountpoint -q */
        size_t command_count;
        char *fstab;     /* one line, blanks and backslashes as \040 and \134 (fstab(5)) */
        char *unit_name; /* systemd.unit(5) path escaping: "srv-site.mount"; NULL when that would be longer than
                            the 255 bytes that systemd allows */
        char *unit;      /* text of the unit; NULL without a name */
};

/* Fills `mount` for an admitted grant whose storage is there. Freed with mount_instructions_fini. */
void mount_instructions_make(const struct grant *grant, struct mount_instructions *mount);
void mount_instructions_fini(struct mount_instructions *mount);
