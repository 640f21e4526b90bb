/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the gateway tells programs about itself, as it says it: figures, and the description of its API.
 */
#include <jansson.h>

#include "cli/commands.h"
#include "cli/session.h"

static int metrics(struct session *session, const struct invocation *invocation)
{
        const struct call call = { .method = "GET", .path = "/metrics", .text = true };
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code;

        (void)invocation;
        if (session->json)
                return session_usage(session, "metrics are OpenMetrics text: there is no JSON of them");
        exit_code = session_call(session, &call, NULL, &answer);
        if (exit_code == EXIT_DONE && answer.text)
                fputs(answer.text, session->out);
        return exit_code;
}

static int openapi(struct session *session, const struct invocation *invocation)
{
        const struct call call = { .method = "GET", .path = "/openapi.json" };
        AUTO_ANSWER struct answer answer = { 0 };
        int exit_code = session_call(session, &call, NULL, &answer);

        (void)invocation;
        if (exit_code == EXIT_DONE)
                session_print_json(session, answer.body);
        return exit_code;
}

const struct command gateway_commands[] = {
        { "metrics", NULL, NULL, "Print the gateway's figures, as Prometheus reads them", NULL, metrics },
        { "openapi", NULL, NULL, "Print the description of the API, as of the gateway that answers", NULL,
          openapi },
        { 0 },
};
