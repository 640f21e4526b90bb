/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "cli/commands.h"
#include "cli/verification.h"

/* What was proved of it, as far as whoever asks may know. */
static void verification_show(struct session *session)
{
        const struct call call = { .method = "GET", .path = "/v1/verification" };
        AUTO_ANSWER struct answer answer = { 0 };
        struct fault fault = { 0 };

        if (session->caller.perform(session->caller.context, &call, &answer, &fault) == 0 &&
            answer.status == 200 && json_array_size(json_object_get(answer.body, "items")) > 0) {
                fputc('\n', session->out);
                verification_print(session, answer.body);
        }
}

/* /healthz answers 503 when a backend is not well; that is an answer, and is shown as one. */
static int status_show(struct session *session, const struct invocation *invocation)
{
        struct call call = { .method = "GET", .path = "/healthz" };
        AUTO_ANSWER struct answer answer = { 0 };
        AUTO_TEXT struct text text = { 0 };
        struct fault fault = { 0 };

        (void)invocation;
        if (session->caller.perform(session->caller.context, &call, &answer, &fault))
                return session_fault(session, &fault);
        if (session->json) {
                session_print_json(session, answer.body);
        } else {
                show_object(answer.body, &text);
                fputs(text_get(&text), session->out);
                verification_show(session);
        }
        return answer.status == 200 ? EXIT_DONE : EXIT_REFUSED;
}

const struct command status_commands[] = {
        { "status", NULL, NULL, "Say how the gateway and the servers behind it are", NULL, status_show },
        { 0 },
};
