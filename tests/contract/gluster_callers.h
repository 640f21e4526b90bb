/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The acts of protocols/gluster in two children of a test: the helper's, run as root without any capability, and
 * the worker's. Both end when the test does.
 */
#pragma once

#include "protocols/gluster/gluster_volume.h"

/* Starts both; exits the test when that cannot be done. */
struct gluster_volume_callers gluster_callers_start(void);
