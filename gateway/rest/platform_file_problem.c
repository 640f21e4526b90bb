/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/platform_file_problem.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"

/* The parameter that a place of the JSON body came from; what is none of these is a parameter already. */
static const char *parameter_of(const char *pointer)
{
        static const char *const parameters[][2] = {
                { "/storage", "sourceNodeId" },   { "/path", "sourcePath" },   { "/mount_path", "path" },
                { "/environment", "envName" },    { "/node", "nodeId" },       { "/target/node", "nodeId" },
                { "/target/layer", "nodeGroup" }, { "/protocol", "protocol" }, { "/labels/name", "name" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
                if (strcmp(parameters[i][0], pointer) == 0)
                        return parameters[i][1];
        return pointer[0] == '/' ? pointer + 1 : pointer;
}

static bool ends_with(const char *text, const char *end)
{
        size_t length = strlen(text), most = strlen(end);

        return length >= most && strcmp(text + length - most, end) == 0;
}

static int result_of(const struct fault *fault, const struct violations *violations)
{
        const char *first = violations && violations_any(violations) ? violations->items[0].code : "";

        if (strcmp(first, "export.exists") == 0)
                return PLATFORM_MOUNT_EXISTS;
        if (fault->code == FAULT_NOT_FOUND || ends_with(first, ".unknown"))
                return PLATFORM_NOT_FOUND;
        if (fault->code == FAULT_FORBIDDEN)
                return PLATFORM_FORBIDDEN;
        if (fault->code == FAULT_INTERNAL)
                return PLATFORM_INTERNAL;
        return PLATFORM_OURS + fault_status(fault->code);
}

/* Fills `errors`, and says all of it in one sentence for callers that show `error` alone. */
static void errors_tell(const struct violations *violations, json_t *errors, struct text *sentence)
{
        for (size_t i = 0; i < violations->count; i++) {
                const struct violation *violation = &violations->items[i];
                const char *parameter = parameter_of(violation->pointer);

                text_addf(sentence, "%s%s%s%s", i > 0 ? "; " : "", parameter, parameter[0] ? ": " : "",
                          violation->detail);
                json_array_append_new(errors, json_pack("{s:s, s:s, s:s}", "parameter", parameter, "code",
                                                        violation->code, "detail", violation->detail));
        }
}

void platform_problem_render(struct reply *reply, const struct fault *fault, const struct violations *violations)
{
        AUTO_TEXT struct text sentence = { 0 };
        json_t *errors = json_array();
        json_t *answer;

        if (violations && violations_any(violations))
                errors_tell(violations, errors, &sentence);
        else
                text_add(&sentence, fault->text);
        answer = json_pack("{s:i, s:s, s:s, s:i, s:o}", "result", result_of(fault, violations), "error",
                           text_get(&sentence), "source", "gatehouse", "reason", fault_status(fault->code),
                           "errors", errors);
        if (!answer)
                abort();
        reply_json(reply, 200, answer);
}
