/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The kernel's packet filter, through libnftables in this process and, for what the library would end the process
 * over or say in words only, through one netlink question. Needs CAP_NET_ADMIN, for reading too. Thread-safe: one
 * call at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

/* The number of the present ruleset of this network namespace: it grows by one with each transaction, whosoever.
 * UNAVAILABLE when the kernel has no nftables (ask before anything else here: the library would call exit);
 * FORBIDDEN without CAP_NET_ADMIN. */
int nftables_generation(uint32_t *generation, struct fault *fault);

/* Whether there is a table inet `name`. Faults as nftables_generation. */
int nftables_table_exists(const char *name, bool *exists, struct fault *fault);

/* Runs commands in one transaction: all or nothing. INTERNAL with the library's first line when it refuses. */
int nftables_run(const char *commands, struct fault *fault);

/* Runs a `list` command and puts what it prints into `output`: numbers as numbers, no counters; `terse` leaves the
 * elements of named sets out. */
int nftables_list(const char *command, bool terse, struct text *output, struct fault *fault);
