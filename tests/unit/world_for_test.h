/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A small world for tests of the pure heart: objects that go well together, to be spoilt one thing at a time.
 * Account "acme" owns environment "shop" (uid "e-1", running, platform 8.3, layers cp and cache) and storage
 * "files" (cluster, volume "data", 10.77.0.11 and .12).
 */
#pragma once

#include "domain/environment.h"
#include "domain/export.h"
#include "domain/storage.h"
#include "domain/task.h"

/* Puts a copy of `text` (NULL: none) over what is in `slot`. */
void world_set(char **slot, const char *text);

/* Parses addresses parted by blanks into an array; returns how many. */
size_t world_addresses(const char *text, struct address *addresses);
struct address world_address(const char *text);

/* Each at one reference, revision 1 (nodes: 2). */
struct environment *world_environment(void);
struct storage *world_storage(void);

/* A Debian node of "shop"; addresses parted by blanks. */
struct node *world_node(const char *id, const char *layer, const char *addresses);

/* Number `number`; "/shared/site" of "files" to all nodes of "shop" at "/var/www/site", rw. */
struct export *world_export(const char *id, uint16_t number);

/* A task that takes export `export_id` (of "files") away from whoever had it; one that concerns none with NULL. */
struct task *world_task(const char *id, const char *export_id, uint16_t number);

/* Deterministic numbers: a linear congruential generator (Knuth's MMIX constants). */
uint32_t world_random(uint64_t *state);

/* Leaves the processor to the threads that are waited for, a millisecond: between two looks at a condition. */
void world_pause(void);
