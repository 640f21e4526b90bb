/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway_by_script.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/session.h"

/* A gateway by script: the answer to each call in turn, and the calls that came. */
struct script {
        const struct reply *replies;
        struct text calls;
};

void quotes_swap(char *text)
{
        for (; *text; text++)
                *text = *text == '\'' ? '"' : *text == '"' ? '\'' : *text;
}

static int script_perform(void *context, const struct call *call, struct answer *answer, struct fault *fault)
{
        struct script *script = context;
        const struct reply *reply = script->replies++;
        AUTO_FREE char *sent = call->body ? json_dumps(call->body, JSON_COMPACT) : NULL;
        AUTO_FREE char *body = memory_text(reply->body);

        if (sent)
                quotes_swap(sent);
        text_addf(&script->calls, "%s %s%s%s", call->method, call->path, sent ? " " : "", sent ? sent : "");
        if (call->key)
                text_addf(&script->calls, " key=%s", call->key);
        if (call->if_match)
                text_addf(&script->calls, " if-match=%s", call->if_match);
        if (call->if_revision)
                text_addf(&script->calls, " if-revision=%s", call->if_revision);
        if (call->wait_s)
                text_addf(&script->calls, " wait=%u", call->wait_s);
        text_add_char(&script->calls, '\n');
        if (reply->status == 0)
                return fault_set(fault, FAULT_UNAVAILABLE, "call the gateway at x: nobody there");
        answer->status = reply->status;
        if (body && call->text && reply->status == 200) {
                answer->text = memory_text(body);
        } else if (body) {
                quotes_swap(body);
                answer->body = json_loads(body, 0, NULL);
                assert_non_null(answer->body);
                snprintf(answer->revision, sizeof answer->revision, "%lld", /* as the header field says it */
                         (long long)json_integer_value(json_object_get(answer->body, "revision")));
        }
        return 0;
}

void outcome_fini(struct outcome *outcome)
{
        free(outcome->out);
        free(outcome->err);
        free(outcome->calls);
}

struct outcome run(const char *line, const struct reply *replies)
{
        return run_on_terminal(line, replies, 0);
}

struct outcome run_on_terminal(const char *line, const struct reply *replies, size_t width)
{
        AUTO_FREE char *words_text = memory_text(line);
        struct script script = { .replies = replies };
        struct outcome outcome = { 0 };
        struct invocation invocation;
        struct fault fault = { 0 };
        char *words[60], *rest = NULL;
        size_t out_size, err_size;
        int count = 0;

        for (char *word = strtok_r(words_text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                words[count++] = word;
        if (invocation_parse(count, words, command_tables, &invocation, &fault))
                fail_msg("%s: %s", line, fault.text);
        struct session session = { .caller = { .perform = script_perform, .context = &script },
                                   .width = width,
                                   .out = open_memstream(&outcome.out, &out_size),
                                   .err = open_memstream(&outcome.err, &err_size) };
        outcome.exit_code = session_take_options(&session, &invocation);
        if (outcome.exit_code == EXIT_DONE)
                outcome.exit_code = invocation.command->run(&session, &invocation);
        fclose(session.out);
        fclose(session.err);
        outcome.calls = text_take(&script.calls);
        return outcome;
}

void conversations_hold(const struct conversation *cases, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                AUTO_OUTCOME struct outcome outcome = run(cases[i].line, cases[i].replies);

                assert_string_equal(outcome.calls, cases[i].calls);
                assert_string_equal(outcome.out, cases[i].out);
                assert_int_equal(outcome.exit_code, cases[i].exit_code);
        }
}
