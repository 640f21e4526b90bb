/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The text forms of an access list: the file <access folder>/<volume>.access, which the helper writes and
 * gatehouse-volfile-filter reads, and the value that a brick's volfile carries. Pure text. Reading is strict:
 * what this would not have printed, byte for byte, is refused, and so is a file that was cut.
 *
 *     gatehouse-access 1              version of the form
 *     volume data
 *     id 6f0c2c1e-...                 the volume's id, or "-"
 *     generation 17
 *     peers 2                         then that many addresses, sorted, one a line
 *     10.77.0.11
 *     10.77.0.12
 *     entries 1                       then that many directories, sorted, each with its addresses
 *     /shared/site 1
 *     10.77.0.21
 *     end 1c291ca3                    CRC-32 (IEEE 802.3) of every byte before this line
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"
#include "domain/access_list.h"

#define ACCESS_TEXT_MAX (1024 * 1024) /* bytes: 40,000 addresses fit; bricks were seen to take 1 MB */
#define ACCESS_ADDRESSES_MAX 40000    /* peers and clients of all entries together, measured on GlusterFS 10.3 */
#define ACCESS_PEERS_MAX 160          /* "/(peer|...)" then fits into the 4,080 bytes that glusterd stores */
#define ACCESS_VOLUME_MAX 255         /* bytes of a volume's name */
#define ACCESS_VOLUME_ID_SIZE 37      /* "6f0c2c1e-....": 36 characters and the NUL */

/* A list and the volume that it is for. */
struct access_file {
        char volume[ACCESS_VOLUME_MAX + 1];
        char volume_id[ACCESS_VOLUME_ID_SIZE]; /* "" = not said */
        struct access_list list;
};

#define AUTO_ACCESS_FILE __attribute__((cleanup(access_file_fini)))
void access_file_fini(struct access_file *file);

/* Whether `name` can be a volume's: 1 to ACCESS_VOLUME_MAX of [A-Za-z0-9_-], as glusterd has them. */
bool access_volume_is_valid(const char *name);

/* Whether `path` may stand in a list: canonical, not "/", only [A-Za-z0-9._/-], at most PATH_MAX_BYTES with
 * components of at most PATH_COMPONENT_MAX_BYTES, and neither ".glusterfs" nor a name of
 * Gatehouse's, but for the directory of domain/canary.h. glusterfs executes backticks in volfiles and the lists
 * have no escape, so nothing else can be let through. */
bool access_path_is_plain(const char *path);

/* Appends the file form. INVALID when the list cannot be said: a path that is not plain, an address that is not
 * IPv4, no address in an entry; TOO_LARGE over the limits above. `out` is then as it was. */
int access_file_print(const struct access_file *file, struct text *out, struct fault *fault);

/* Parses `length` bytes into a zeroed `file`. MALFORMED names the line. When the part up to and including the
 * peers could be read, file->volume, volume_id and the list's peers are kept also on a fault, everything else is
 * empty: the storage nodes may go on while the list is in doubt. */
int access_file_parse(const char *text, size_t length, struct access_file *file, struct fault *fault);

/* Appends the value of a brick's address list: "/(peer|peer),/.gatehouse-canary-N(peer|peer),/dir(a|b),...", one
 * entry for each directory. Without peers, "/(0.0.0.0)", which no connection comes from, stands in their place.
 * The list must be one that access_file_print or access_file_parse accepted. */
void access_value_print(const struct access_list *list, struct text *out);

/* Appends "/(peer|peer)": the storage nodes alone, without a canary. None: "/(0.0.0.0)". */
void access_value_print_peers(const struct address *peers, size_t count, struct text *out);
