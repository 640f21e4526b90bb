/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Makes the listening sockets of the API, for a gatehoused that was not handed them by systemd.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/fault.h"

/* Listens on the Unix socket `path`, mode 0660, of group `group` ((gid_t)-1 = left as it is). A socket that
 * nobody answers on is replaced; CONFLICT when somebody does. The descriptor or a negative fault code. */
int listener_open_unix(const char *path, gid_t group, struct fault *fault);

/* Listens on `address`: "127.0.0.1:8470" or "[::1]:8470", a literal and a port (0 = any). The descriptor or a
 * negative fault code: INVALID when it is not of this form. */
int listener_open_tcp(const char *address, struct fault *fault);

/* Whether only this machine reaches the listening socket `fd`: a Unix socket, or one of a loopback address. */
bool listener_is_private(int fd);

/* Whether that would be so of `address`; of one that is not of the form: false. */
bool listener_address_is_private(const char *address);

/* Whether `address` is of the form that listener_open_tcp takes. */
bool listener_address_is_valid(const char *address);
