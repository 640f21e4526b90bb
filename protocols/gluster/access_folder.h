/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The folder of access lists, as the helper writes it, and what can be seen on this node's disk of whether
 * gatehouse-volfile-filter does its work. For root only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/fault.h"
#include "protocols/gluster/access_list_text.h"

/* Writes <folder>/<volume>.access (0644), all or nothing and through to the disk; makes the folder (0755) if it
 * is not there. INVALID or TOO_LARGE as access_file_print, INTERNAL when the disk refuses. */
int access_folder_write(const char *folder, const struct access_file *file, struct fault *fault);

/* The same for any text under any name. */
int access_folder_put(const char *folder, const char *name, const struct text *text, struct fault *fault);

/* Whether <folder>/<volume>.access is there, so that the filter treats the volume as Gatehouse's. */
bool access_folder_manages(const char *folder, const char *volume);

/* The generation of the list in <folder>/<volume>.access; 0 when there is none, or it is not in order. */
uint64_t access_folder_generation(const char *folder, const char *volume);

/* Whether gatehouse-volfile-filter stands, as a program that only root can change, in the filter folder of every
 * version of glusterd under `library_folder` ("/usr/lib/x86_64-linux-gnu/glusterfs"). glusterd looks into
 * <library folder>/<its version>/filter; which version runs can only be asked with CAP_SYS_PTRACE, so each one
 * that is installed must have it. */
bool access_filter_is_installed(const char *library_folder);

/* When the filter was put there, for the last of these versions: when its directory entry, a link of root's, was
 * made. False: nowhere. */
bool access_filter_since(const char *library_folder, struct timespec *since);
bool time_is_before(const struct timespec *a, const struct timespec *b);

#define ACCESS_FILTER_NAME "gatehouse-volfile-filter"
#define ACCESS_FILTER_PROGRAM GATEHOUSE_LIBEXECDIR "/" ACCESS_FILTER_NAME

/* Links `program` where access_filter_is_installed looks for it; what stands there in its place goes. FORBIDDEN
 * when `program` is not one that only root can change. */
int access_filter_put_back(const char *library_folder, const char *program, struct fault *fault);

/* Looks through the volfiles of a managed volume: FORBIDDEN naming the first that holds a credential, so that the
 * filter did not run, or, with a value of the bricks' address list (access_value_print), a brick whose list is any
 * other, so that the filter did not take it; NOT_FOUND when there are none. Waits up to a second for what glusterd
 * is just writing: it puts a file in place first and runs the filter on it then. */
int access_filter_check_volfiles(const char *work_folder, const char *volume, const char *value,
                                 struct fault *fault);

/* The same, telling each volfile that is not as it must be: what stands there, and what should. */
void access_filter_compare_volfiles(const char *work_folder, const char *volume, const char *value,
                                    void (*each)(void *context, const char *name, const char *observed,
                                                 size_t length, const char *desired),
                                    void *context);

/* Appends what <folder>/<volume>.access holds. Returns NULL, or what is wrong with the file: it is not there,
 * others than root can write it, ... */
const char *access_folder_read(const char *folder, const char *volume, struct text *text);

/* The same of any file in the folder; access_no_file when there is none. */
const char *access_folder_take(const char *folder, const char *name, struct text *text);
extern const char access_no_file[];
