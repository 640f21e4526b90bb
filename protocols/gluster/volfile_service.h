/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gatehouse-volfiled's connections: who may connect, one request after the other, and a word to those that fetched
 * a volfile when there is a new one. One thread, no lock; it never waits: its owner polls volfile_service_fd. What
 * is answered is volfile_answer's business, what is served and to whom comes by volfile_service_configure.
 *
 * A peer that is slow, silent or floods costs the others nothing: addresses that are not admitted are reset when
 * they connect; a connection must have made its first request, finished one that it began and taken its answer
 * within patience_ms each; nothing is read from it while an answer waits; requests and connections of one address
 * are counted against a bucket, and wait when it is empty; memory is bounded in all. Who is admitted is turned
 * away for too many open connections alone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/fault.h"
#include "domain/address.h"
#include "protocols/gluster/volfile_answer.h"
#include "protocols/gluster/volfile_peers.h"

struct volfile_limits {
        size_t connections_max;  /* in all */
        size_t per_address_max;  /* connections of one client address: each mount keeps one */
        size_t output_bytes_max; /* of answers that wait, of all connections */
        int patience_ms;
        struct volfile_rate rate;
};

/* 4,096 connections, 256 for an address, 64 MiB, 10 s, 2,000 at once and 500 a second: a node that restarts with
 * a hundred mounts of three bricks makes some 1,100. */
extern const struct volfile_limits volfile_limits_default;

#define VOLFILE_ADMITTED_MAX 20000 /* addresses */

struct volfile_service;

/* Serves nobody until configured. Takes the listening TCP socket `listener`; limits, clock: borrowed, for as long
 * as the service lives. NULL and INTERNAL when the kernel refuses. */
struct volfile_service *volfile_service_new(int listener, const struct volfile_limits *limits,
                                            const struct clock *clock, struct fault *fault);
void volfile_service_free(struct volfile_service *service);

/* Readable when volfile_service_turn has something to do. The service's own. */
int volfile_service_fd(const struct volfile_service *service);
/* After how many milliseconds it must be called in any case; -1: never. */
int volfile_service_wait_ms(const struct volfile_service *service);
void volfile_service_turn(struct volfile_service *service);

/* Serves `served` (taken, left zeroed; also on a fault) to the `count` addresses of `admitted` in any order, and
 * no other: connections of who is not in it any more are reset. Connections that fetched another volfile are told
 * to fetch again. INVALID as volfile_served_check, or too many addresses; what was served goes on then. */
int volfile_service_configure(struct volfile_service *service, struct volfile_served *served,
                              const struct address *admitted, size_t count, struct fault *fault);

struct volfile_status {
        uint64_t number;      /* of the volfile served, grows with each other one; 0: none since the start */
        uint64_t admitted;    /* addresses */
        uint64_t connections; /* open */
        uint64_t current;     /* of these, those that fetched the volfile that is served now */
        uint64_t behind;      /* of these, those that fetched an older one */
        uint64_t requests;    /* answered since the start */
        uint64_t refused;     /* connections of addresses that were not admitted or had too many */
};
void volfile_service_status(const struct volfile_service *service, struct volfile_status *status);
