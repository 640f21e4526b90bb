/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the NFS server must hold for one export: made by grant_to_nfs_export out of an export's admitted NFS
 * grants, printed as an EXPORT block by protocols/nfs. Also what the server was seen to hold.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/address.h"
#include "domain/export.h"
#include "domain/grant.h"

enum nfs_backing { NFS_BACKING_VFS, NFS_BACKING_GLUSTER };

struct nfs_client {
        struct address address;
        enum export_access access;
};

struct nfs_export {
        uint16_t number;
        uint64_t file_system_id;
        enum nfs_backing backing;
        char *path;                   /* VFS: local directory; GLUSTER: path inside the volume, "/a/b" */
        char *pseudo;                 /* where clients mount it, "/exports/<id>" */
        char *volume;                 /* GLUSTER, else NULL */
        struct address volume_server; /* GLUSTER: where glusterd answers */
        enum export_squash squash;
        uint32_t anonymous_uid, anonymous_gid;
        bool privileged_ports;
        struct nfs_client *clients; /* by address, no doubles; may be empty = nobody */
        size_t client_count;
};

void nfs_export_free(struct nfs_export *export);
struct nfs_export *nfs_export_dup(const struct nfs_export *export); /* caller frees */
#define AUTO_NFS_EXPORT __attribute__((cleanup(nfs_export_auto)))
static inline void nfs_export_auto(struct nfs_export **export)
{
        nfs_export_free(*export);
}

/* The block that `list` (the grants of one export) asks for, or NULL when no admitted grant is by NFS; that of the
 * canary of a volume lets nobody in then. The storage must be there. Caller frees with nfs_export_free. */
struct nfs_export *nfs_export_wanted(const struct grant_list *list);

/* "/exports/<export id>": the pseudo path of an export. Caller frees. */
char *nfs_export_pseudo(const struct export *export);

/* Whether two blocks say the same, byte for byte. */
bool nfs_export_equal(const struct nfs_export *a, const struct nfs_export *b);

/* Orders two struct nfs_client by address, for qsort and bsearch. */
int nfs_client_compare(const void *a, const void *b);

/* What DisplayExport showed of one export. */
struct nfs_export_seen {
        enum known known; /* PRESENT: the rest holds; ABSENT: the server has no such export; UNKNOWN: it did not
                             say */
        char *path, *pseudo;
        struct nfs_client *clients; /* by address; a client block that is not a literal address makes `foreign` */
        size_t client_count;
        enum export_squash squash; /* this and the next two: shown with the clients, so known when there are any */
        uint32_t anonymous_uid, anonymous_gid;
        bool privileged_ports;
        bool refuses_others; /* its last client block: without it the export lets in whom its own access lets in,
                                which is not shown */
        bool foreign;        /* something in it is not as Gatehouse writes it */
        char *odd;           /* of that, the clients, for people: "*, 10.0.0.0/8"; NULL = none */
};
void nfs_export_seen_fini(struct nfs_export_seen *seen);

/* Whether what was seen is `wanted`: path, pseudo path and exactly its clients with their access,
 * squash and ports, and everybody else refused. */
bool nfs_export_seen_matches(const struct nfs_export_seen *seen, const struct nfs_export *wanted);

/* One line of ShowExports. */
struct nfs_export_listed {
        uint16_t number;
        char *path; /* the pseudo path or path, as the server lists it; owned by the list */
};
