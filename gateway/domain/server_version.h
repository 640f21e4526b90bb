/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a storage server says of its own version, for people to read: "4.3" of NFS-Ganesha, "op-version 100000" of
 * GlusterFS. Shown, and compared with nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SERVER_VERSION_SIZE 32 /* with the NUL; "" = not known */

/* Takes what a server said. False, and "", when that is nothing, too long, or not printable ASCII. */
bool server_version_take(const char *said, char version[SERVER_VERSION_SIZE]);

/* By what glusterd works; 0 = it did not say: "". */
void server_version_of_glusterd(uint32_t op_version, char version[SERVER_VERSION_SIZE]);
