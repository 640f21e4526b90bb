/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What verification has found out: for each storage, each of its storage nodes and each protocol, how far an
 * admitted client and a stranger get. Judged here, purely; tried by verify.c; shown by REST.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"
#include "domain/document.h"
#include "domain/probe.h"
#include "domain/protocol_choice.h"
#include "domain/server_version.h"

enum verification_result {
        VERIFICATION_UNVERIFIED, /* could not be tried, or nothing was learned */
        VERIFICATION_PASSED,
        VERIFICATION_FAILED,
};

/* What is tried, in this order. */
enum verification_check {
        CHECK_ADMITTED,      /* the admitted client gets to the canary */
        CHECK_PACKET_FILTER, /* the stranger gets no connection */
        CHECK_ACCESS_LIST, /* the stranger, with the packet filter open to it for as long as that takes, is refused
                            */
        CHECK_COUNT
};

struct check_seen {
        bool tried;
        enum verification_result result;
        enum probe_verdict verdict; /* of the try that decided */
        int64_t latency_us;
};

/* One row. Zeroed = nothing known. */
struct verification {
        char storage[DOCUMENT_ID_MAX + 1];
        struct address node;
        enum protocol protocol;
        char version[SERVER_VERSION_SIZE]; /* of the server, as it says it; "" = not known */
        enum verification_result result;
        char code[48]; /* "passed", "timeout", "packet_filter.open", ... */
        char sentence[FAULT_TEXT_SIZE];
        struct check_seen checks[CHECK_COUNT];
        int64_t at_ms;      /* wall clock: when it was last tried */
        int64_t started_ms; /* monotonic: before the first try */
        bool not_served;    /* the storage node does not serve the protocol: nothing is expected of it */
};

/* Takes in what came of one check: 0 with the verdicts and (unless LET_IN) their cause in `fault`, or the fault
 * that kept anybody from trying. Sets the row's result, code and sentence while nothing worse stands there. */
void verification_note(struct verification *row, enum verification_check check, int failed,
                       enum probe_verdict least, enum probe_verdict most, int64_t latency_us,
                       const struct fault *fault);

/* The row could not be tried: why, as a stable code and a sentence. */
void verification_skip(struct verification *row, const char *code, const char *sentence);

/* The storage node, a member of the pool, serves no NFS. */
void verification_not_served(struct verification *row);

/* Whether somebody got in who must not. */
bool verification_is_breach(const struct verification *row);

const char *verification_result_word(enum verification_result result); /* "unverified", "passed", "failed" */
const char *
verification_check_word(enum verification_check check); /* "admitted", "packet_filter", "access_list" */
