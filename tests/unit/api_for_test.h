/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For tests of the API: a whole server on a Unix socket and a TCP port, over the memory store, a status that the
 * test notes by hand and storages that it makes up; and a client that speaks real HTTP to it.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <jansson.h>

#include "auth/secret.h"
#include "domain/seams.h"
#include "reconcile/drift.h"
#include "reconcile/status.h"
#include "reconcile/verify.h"
#include "rest/server.h"
#include "store/writer.h"
#include "tests/fakes/fake_firewall.h"
#include "tests/fakes/fake_probe.h"

/* Storages that say what the test wants. Under the lock. */
struct files_for_test {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        enum fault_code code; /* NONE: `kind`, else this failure */
        enum path_kind kind;
        bool held;                /* questions are not answered until it is false */
        unsigned asked, answered; /* calls, of however many paths */
};
void files_say(struct files_for_test *files, enum fault_code code, enum path_kind kind);
void files_hold(struct files_for_test *files, bool held);
unsigned files_asked(struct files_for_test *files);
void files_await_asked(struct files_for_test *files, unsigned count);

/* Verification from a made-up probe place (api_start_verified). */
struct verification_for_test {
        bool on;
        struct fake_probe *fake;
        struct probe probe;
        struct gate *gate; /* over the packet filter of the server */
        struct versions *versions;
        struct side_world world;
        struct verify *verify; /* NULL: it is off */
};

struct api {
        char folder[32], socket[64];
        unsigned short port, second_port; /* of 127.0.0.1 */
        unsigned request_timeout_s;
        unsigned connections;             /* 0 = the preset */
        unsigned connections_per_address; /* 0 = the preset */
        struct tls *tls;                  /* what is shown on TCP; NULL = plain */
        const char *authorities;          /* with tls: what calls check it against */
        char *const *cors_origins;
        struct store *store; /* the writer's */
        struct writer *writer;
        struct status *status;
        struct drift *drift; /* writes its events */
        struct latency *latency;
        struct files_for_test fake;
        struct storage_files files;
        struct fake_firewall *filter;
        struct firewall firewall;
        struct verification_for_test verification;
        struct rest_server *server;
        struct inventory_watch *inventory;
        atomic_llong wall_offset_ms;      /* how far the server's wall clock is ahead */
        atomic_llong monotonic_offset_ms; /* and the monotonic one */
        struct clock clock;
        char tokens[3][SECRET_TEXT_SIZE]; /* api_tokens: operator, inventory, account acme */
};

/* Group set-up and tear-down of cmocka: *state is the struct api. */
int api_start(void **state);
int api_start_unfiltered(void **state); /* the operator has switched the packet filter off */
int api_start_impatient(void **state);  /* a client may be silent for 1 s only */
int api_start_cors(void **state);       /* browsers may show pages of API_ORIGIN what they ask */
#define API_ORIGIN "https://dashboard.example"
/* With TLS on TCP: `tls` is the caller's. */
int api_start_tls(void **state, struct tls *tls);
int api_start_crowded(void **state); /* a client may be silent for 1 s, and have API_CROWD connections */
#define API_CROWD 8
int api_start_few(void **state); /* there may be API_FEW connections on TCP */
#define API_FEW 5
int api_start_verified(void **state); /* verification is on */
int api_stop(void **state);
void api_stop_server(struct api *api);

/* A TCP client from `address` (of 127.0.0.0/8) that has asked something, was answered, and stays; -1 when it was
 * hung up on. */
int api_tcp_client(unsigned short port, const char *address);

struct call {
        const char *method, *path;
        const char *body;       /* JSON with ' for " (raw: as it is); NULL = none */
        size_t raw_length;      /* > 0: body is sent as it is */
        const char *headers[4]; /* "Name: value" */
        const char *token;      /* NULL: over the Unix socket; else over TCP, "" without any */
};

struct answer {
        long status; /* 0 = no reply came */
        char *header;
        char *text;
        json_t *json; /* NULL when the body is none */
};
#define AUTO_ANSWER __attribute__((cleanup(answer_fini)))
void answer_fini(struct answer *answer);

struct answer call(struct api *api, struct call call);
struct answer call_of(struct api *api, const char *method, const char *path, const char *body);

/* The member at `path` ("errors/0/code", "status/active") as text, "" when there is none. Valid until the next
 * call from this thread. */
const char *answer_at(const struct answer *answer, const char *path);
/* A header field's value, "" when there is none. */
const char *answer_field(const struct answer *answer, const char *name);
/* "422 /path path.is_link /storage storage.unknown": the status, then each violation. */
const char *answer_summary(const struct answer *answer);

/* Sends and checks that the summary is `wanted`. */
void expect(struct api *api, const char *method, const char *path, const char *body, const char *wanted);

/* Environment shop (e-1, acme, layers cp and cache, nodes 101 (cp) and 102 (cache)), other (e-2, of foreign) and
 * storage files (cluster, acme). */
void api_world(struct api *api);
/* Makes the three tokens. */
void api_tokens(struct api *api);
/* Makes an export of `path` at `mount` to layer cp of shop; its id lives as long as the process. */
const char *api_export(struct api *api, const char *path, const char *mount);

/* Both clocks go on by so much while nobody says anything. Sources are stale after 100 s, expired after 1000 s. */
void api_silence(struct api *api, int64_t ms);

/* What the sides do: they follow the newest snapshot, and are seen to have let go of whatever it takes away
 * (status layers are firewall, gluster and nfs of "node1"). */
void api_follow(struct api *api);
void api_let_go(struct api *api, enum task_layer layer);
void api_let_all_go(struct api *api);

/* Both sides come to hold every export as it is now, canaries included. */
void api_hold_all(struct api *api);

/* The newest committed revision. */
uint64_t api_revision(struct api *api);

/* Another thread that makes one request; caller_join waits for the answer, which the caller frees. */
struct caller {
        struct api *api;
        struct call call;
        struct answer answer;
        pthread_t thread;
};
void caller_start(struct caller *caller, struct api *api, struct call what);
struct answer caller_join(struct caller *caller);

/* Waits until `count` exports are committed; fails after 10 s. */
void api_await_exports(struct api *api, size_t count);
