/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The two NFS servers that the contract is asked of, behind one face: the fake, and a real ganesha.nfsd that
 * with_ganesha has started and that its sub-commands stop, start and hang.
 */
#pragma once

#include "domain/seams.h"

enum { WORLD_CALL_TIMEOUT_MS = 1500 };

/* A server, and what a test can do to it beside the seam. */
struct world {
        struct nfs_server server;
        const char *root; /* directories made by make_directory lie here */
        void (*make_directory)(const char *path);
        void (*forbid)(const char *path);               /* there is no such directory */
        void (*link)(const char *path, const char *to); /* there is a symbolic link */
        void (*stop)(void);
        void (*start)(void);
        void (*crash_in_next_call)(void);
        void (*hang)(void); /* the next call is answered only after resume */
        void (*resume)(void);
        void (*bus_stop)(void);
        void (*bus_start)(void);
};

/* The one in use: filled by one of the first two, emptied by the last. */
extern struct world world;
void world_fake(void);
void world_real(void);
void world_end(void);
