/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>
#include <poll.h>
#include <string.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/verification.h"

#define WAIT_PRESET_S 60
#define LOOK_MS 200

static const struct show_column verification_columns[] = {
        { "STORAGE", "storage" }, { "NODE", "node" },     { "PROTOCOL", "protocol" },
        { "VERSION", "version" }, { "RESULT", "result" }, { "MS", "ms" },
        { "AT", "at" },           { "WHY", "why" },       { NULL, NULL },
};

/* "unverified: timeout", and the time that the admitted client took. */
static void row_word(json_t *row)
{
        const char *result = json_string_value(json_object_get(row, "result"));
        const char *code = json_string_value(json_object_get(row, "code"));
        const json_t *latency = json_object_get(json_array_get(json_object_get(row, "checks"), 0), "latency_us");
        const char *sentence = json_string_value(json_object_get(row, "sentence"));

        if (result && code && strcmp(result, "passed") != 0) {
                AUTO_FREE char *said = memory_format("%s: %s", result, code);

                json_object_set_new(row, "result", json_string(said));
                json_object_set_new(row, "why", json_string(sentence ? sentence : ""));
        }
        if (json_is_integer(latency)) {
                AUTO_FREE char *ms = memory_format("%.1f", (double)json_integer_value(latency) / 1000);

                json_object_set_new(row, "ms", json_string(ms));
        }
}

int verification_print(struct session *session, const json_t *verification)
{
        json_t *rows = json_deep_copy(json_object_get(verification, "items"));
        AUTO_TEXT struct text text = { 0 };
        int exit_code = EXIT_DONE;

        for (size_t i = 0; i < json_array_size(rows); i++) {
                json_t *row = json_array_get(rows, i);
                const char *result = json_string_value(json_object_get(row, "result"));

                if (result && strcmp(result, "failed") == 0)
                        exit_code = EXIT_REFUSED;
                row_word(row);
        }
        show_table(rows, verification_columns, session->width, &text);
        fputs(text_get(&text), session->out);
        json_decref(rows);
        return exit_code;
}

/* Looks until run number `run` has ended, or the time is over. */
static int run_await(struct session *session, json_int_t run, unsigned long long wait_s, struct answer *answer)
{
        const struct call look = { .method = "GET", .path = "/v1/verification" };

        for (unsigned long long looks = wait_s * 1000 / LOOK_MS;; looks--) {
                int exit_code = session_call(session, &look, NULL, answer);

                if (exit_code != EXIT_DONE)
                        return exit_code;
                if (json_integer_value(json_object_get(answer->body, "run")) >= run)
                        return EXIT_DONE;
                if (looks == 0)
                        break;
                answer_fini(answer);
                poll(NULL, 0, LOOK_MS);
        }
        fprintf(session->err, "gatehouse: verification has not ended in %llu s\n", wait_s);
        return EXIT_REFUSED;
}

static int verify_now(struct session *session, const struct invocation *invocation)
{
        const struct call order = { .method = "POST", .path = "/v1/verify" };
        const char *wait = invocation_option(invocation, "wait");
        AUTO_ANSWER struct answer ordered = { 0 };
        AUTO_ANSWER struct answer seen = { 0 };
        unsigned long long wait_s = WAIT_PRESET_S;
        int exit_code;

        if (wait && !number_parse(wait, 0, 3600, &wait_s))
                return session_usage(session, "--wait %s: it takes a number of seconds up to 3600", wait);
        exit_code = session_call(session, &order, NULL, &ordered);
        if (exit_code == EXIT_DONE)
                exit_code = run_await(session, json_integer_value(json_object_get(ordered.body, "run")), wait_s,
                                      &seen);
        if (exit_code != EXIT_DONE)
                return exit_code;
        if (!session->json)
                return verification_print(session, seen.body);
        session_print_json(session, seen.body);
        return EXIT_DONE;
}

static const struct command_option verify_options[] = {
        { "wait", "SECONDS", "for how long to wait for it to end; 60 unless given", false },
        { 0 },
};

const struct command verify_commands[] = {
        { "verify", NULL, NULL, "Try now, as clients do, who gets in and who does not, and show what came of it",
          verify_options, verify_now },
        { 0 },
};
