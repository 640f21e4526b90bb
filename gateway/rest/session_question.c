/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/session_question.h"

#include <stdlib.h>

#include "base/memory.h"

void session_question_fini(struct session_question *question)
{
        free(question->connections);
        question->connections = NULL;
}

static void session_question_put(struct question *question, int left_ms)
{
        struct session_question *asked = (struct session_question *)question;

        asked->firewall->count_sessions(asked->firewall->context, asked->pairs, asked->count, left_ms,
                                        asked->connections, &question->fault);
}

void session_question_ask(struct request *request, struct session_question *question,
                          void (*next)(struct request *request))
{
        question->firewall = request->context->firewall;
        question->connections = memory_new(question->count, sizeof *question->connections);
        question->question = (struct question){ .put = session_question_put, .deadline_ms = SESSION_QUESTION_MS };
        request_ask(request, &question->question, next);
}
