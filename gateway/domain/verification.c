/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/verification.h"

#include <stdio.h>

#include "base/memory.h"

static const char *const check_words[CHECK_COUNT] = { "admitted", "packet_filter", "access_list" };

const char *verification_result_word(enum verification_result result)
{
        static const char *const words[] = { "unverified", "passed", "failed" };

        return words[result];
}

const char *verification_check_word(enum verification_check check)
{
        return check_words[check];
}

/* What a check must find, of all that were tried; what else there is to say of it. */
static const struct {
        enum probe_verdict wanted;
        const char *failed_code, *failed_sentence;
} checks[CHECK_COUNT] = {
        [CHECK_ADMITTED] = { PROBE_LET_IN, "admitted.refused", "a client that is admitted is refused" },
        [CHECK_PACKET_FILTER] = { PROBE_CLOSED, "packet_filter.open",
                                  "a client that is admitted nowhere gets past the packet filter" },
        [CHECK_ACCESS_LIST] = { PROBE_REFUSED, "access_list.open",
                                "a client that is on no access list is let in by the server; the packet filter "
                                "alone "
                                "keeps others out" },
};

/* A stranger is judged by whatever let it get furthest, the admitted client by what let it get least far. */
static enum verification_result check_judge(enum verification_check check, enum probe_verdict least,
                                            enum probe_verdict most)
{
        switch (check) {
        case CHECK_ADMITTED:
                return least == PROBE_LET_IN    ? VERIFICATION_PASSED
                       : least == PROBE_REFUSED ? VERIFICATION_FAILED
                                                : VERIFICATION_UNVERIFIED;
        case CHECK_PACKET_FILTER:
                if (most > PROBE_CLOSED)
                        return VERIFICATION_FAILED;
                return least == PROBE_CLOSED ? VERIFICATION_PASSED : VERIFICATION_UNVERIFIED;
        case CHECK_ACCESS_LIST:
                if (most == PROBE_LET_IN)
                        return VERIFICATION_FAILED;
                return least == PROBE_REFUSED ? VERIFICATION_PASSED : VERIFICATION_UNVERIFIED;
        case CHECK_COUNT:
                break;
        }
        return VERIFICATION_UNVERIFIED;
}

/* Failed is worse than unverified, and that than passed; what was said first stays. */
static bool is_worse(enum verification_result a, enum verification_result b)
{
        static const int badness[] = {
                [VERIFICATION_PASSED] = 0, [VERIFICATION_UNVERIFIED] = 1, [VERIFICATION_FAILED] = 2
        };

        return badness[a] > badness[b];
}

static void row_set(struct verification *row, enum verification_result result, const char *code,
                    const char *sentence)
{
        row->result = result;
        snprintf(row->code, sizeof row->code, "%s", code);
        snprintf(row->sentence, sizeof row->sentence, "%s", sentence);
}

void verification_skip(struct verification *row, const char *code, const char *sentence)
{
        row_set(row, VERIFICATION_UNVERIFIED, code, sentence);
}

void verification_not_served(struct verification *row)
{
        verification_skip(row, "nfs.not_served", "a member of the pool serves Gluster Native and no NFS");
        row->not_served = true;
}

void verification_note(struct verification *row, enum verification_check check, int failed,
                       enum probe_verdict least, enum probe_verdict most, int64_t latency_us,
                       const struct fault *fault)
{
        enum verification_result result = failed ? VERIFICATION_UNVERIFIED : check_judge(check, least, most);
        bool first = check == CHECK_ADMITTED;

        row->checks[check] = (struct check_seen){
                .tried = true,
                .result = result,
                .verdict = failed                    ? PROBE_UNKNOWN
                           : check == CHECK_ADMITTED ? least
                                                     : most,
                .latency_us = latency_us,
        };
        if (!first && !is_worse(result, row->result))
                return;
        if (result == VERIFICATION_PASSED) {
                row_set(row, result, "passed", "");
        } else if (result == VERIFICATION_FAILED) {
                AUTO_FREE char *sentence =
                        fault->code == FAULT_NONE
                                ? memory_text(checks[check].failed_sentence)
                                : memory_format("%s: %s", checks[check].failed_sentence, fault->text);

                row_set(row, result, checks[check].failed_code, sentence);
        } else {
                bool closed = !failed && least == PROBE_CLOSED;

                row_set(row, result, closed ? "closed" : fault_word(fault->code), fault->text);
        }
}

bool verification_is_breach(const struct verification *row)
{
        return row->checks[CHECK_PACKET_FILTER].result == VERIFICATION_FAILED ||
               row->checks[CHECK_ACCESS_LIST].result == VERIFICATION_FAILED;
}
