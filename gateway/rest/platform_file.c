/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/platform_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "rest/admission.h"
#include "rest/handlers.h"
#include "rest/settlement.h"

/* Of any one parameter. The longest that means anything is a path below a mount root. */
#define VALUE_MOST_BYTES 2048

#define BIT(parameter) (1u << (parameter))
#define SOURCE_BITS                                                                          \
        (BIT(PARAMETER_PROTOCOL) | BIT(PARAMETER_SOURCE_HOST) | BIT(PARAMETER_SOURCE_NODE) | \
         BIT(PARAMETER_NAME) | BIT(PARAMETER_READ_ONLY) | BIT(PARAMETER_SOURCE_ADDRESS_TYPE))

struct platform_method {
        const char *word; /* in lower case */
        unsigned required, optional;
        void (*handle)(struct request *request, const struct platform_call *call);
};

static const struct platform_method methods[] = {
        { "addmountpointbygroup",
          BIT(PARAMETER_ENVIRONMENT) | BIT(PARAMETER_GROUP) | BIT(PARAMETER_PATH) | BIT(PARAMETER_SOURCE_PATH),
          SOURCE_BITS, platform_mount_add },
        { "addmountpointbyid",
          BIT(PARAMETER_ENVIRONMENT) | BIT(PARAMETER_NODE) | BIT(PARAMETER_PATH) | BIT(PARAMETER_SOURCE_PATH),
          SOURCE_BITS, platform_mount_add },
        { "removemountpointbygroup", BIT(PARAMETER_ENVIRONMENT) | BIT(PARAMETER_GROUP) | BIT(PARAMETER_PATH), 0,
          platform_mount_remove },
        { "removemountpointbyid", BIT(PARAMETER_ENVIRONMENT) | BIT(PARAMETER_NODE) | BIT(PARAMETER_PATH), 0,
          platform_mount_remove },
        { "getmountpoints", BIT(PARAMETER_ENVIRONMENT), BIT(PARAMETER_GROUP) | BIT(PARAMETER_NODE),
          platform_mount_list },
        { "getexportedlist", BIT(PARAMETER_ENVIRONMENT) | BIT(PARAMETER_NODE), BIT(PARAMETER_PATH),
          platform_export_list },
        { "removeexport",
          BIT(PARAMETER_ENVIRONMENT) | BIT(PARAMETER_NODE) | BIT(PARAMETER_PATH) | BIT(PARAMETER_CLIENT_NODE) |
                  BIT(PARAMETER_CLIENT_PATH),
          0, platform_export_remove },
        { "checkcrossmount", BIT(PARAMETER_ENVIRONMENT) | BIT(PARAMETER_NODE) | BIT(PARAMETER_SOURCE_NODE), 0,
          platform_cross_check },
};

static const char *const parameter_words[] = {
#define PARAMETER_WORD(parameter, word) word,
        PLATFORM_PARAMETER_TABLE(PARAMETER_WORD)
#undef PARAMETER_WORD
};

char *platform_path(const char *path)
{
        char *plain = memory_text(path);

        for (size_t length = strlen(plain); length > 1 && plain[length - 1] == '/'; length--)
                plain[length - 1] = '\0';
        return plain;
}

static const struct platform_method *method_find(const char *word)
{
        for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
                if (strcasecmp(methods[i].word, word) == 0)
                        return &methods[i];
        return NULL;
}

/* One field that was sent. What the method does not take is passed over, as the platform does (its clients send
 * appid, ruk and the like along), but not a name that differs by case alone: whoever wrote readonly=true would get
 * a mount that can be written to. */
static void field_take(struct platform_call *call, unsigned taken, const struct form_field *field,
                       struct violations *violations)
{
        for (int parameter = 0; parameter < PLATFORM_PARAMETER_COUNT; parameter++) {
                const char *word = parameter_words[parameter];
                const char **value = &call->values[parameter];

                if (!(taken & BIT(parameter)) || strcasecmp(word, field->name) != 0)
                        continue;
                if (strcmp(word, field->name) != 0)
                        violation_add(violations, word, "parameter.case",
                                      "the name of the parameter is written %s", word);
                else if (strlen(field->value) > VALUE_MOST_BYTES)
                        violation_add(violations, word, "parameter.too_long", "at most %d bytes are taken",
                                      VALUE_MOST_BYTES);
                else if (*value && strcmp(*value, field->value) != 0)
                        violation_add(violations, word, "parameter.repeated",
                                      "the parameter is there more than once, with different values");
                else if (field->value[0] != '\0')
                        *value = field->value;
        }
}

static void required_check(const struct platform_call *call, unsigned required, struct violations *violations)
{
        for (int parameter = 0; parameter < PLATFORM_PARAMETER_COUNT; parameter++)
                if ((required & BIT(parameter)) && !call->values[parameter])
                        violation_add(violations, parameter_words[parameter], "parameter.missing",
                                      "the parameter is missing");
}

/* Whether the session is an account's token. False: the reply is set. */
static bool session_check(struct request *request, const char *session)
{
        struct fault fault = { 0 };

        if (!session)
                reply_fault(&request->reply, FAULT_UNAUTHENTICATED,
                            "let the caller in: send a token of Gatehouse's, of scope account, as session");
        else if (admission_by_secret(request, session, &fault) < 0)
                admission_refuse(request, &fault);
        else if (request->principal.kind != PRINCIPAL_ACCOUNT)
                reply_fault(
                        &request->reply, FAULT_FORBIDDEN,
                        "this API takes tokens of scope account alone as session: whoever holds it may do what "
                        "the account may");
        else
                return true;
        return false;
}

/* Fills `call` with what query and body say, which are both read before anything is refused: the session may be in
 * either. False: the reply is set. */
static bool call_read(struct request *request, const struct platform_method *method, struct platform_call *call)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        unsigned taken = method->required | method->optional | BIT(PARAMETER_SESSION);
        struct form form = request->query;
        struct fault fault = { 0 };

        if (request->body.length > 0 &&
            form_parse(&form, request->body.data, request->body.length, "the body", &fault) < 0) {
                reply_problem(&request->reply, &fault, NULL, NULL);
                return false;
        }
        for (size_t i = 0; i < form.count; i++)
                field_take(call, taken, &form.fields[i], &violations);
        if (!session_check(request, call->values[PARAMETER_SESSION]))
                return false;
        required_check(call, method->required, &violations);
        if (!prefer_parse(request->headers[HEADER_PREFER], &call->wait_s, &violations))
                call->wait_s = PLATFORM_WAIT_S;
        if (violations_any(&violations))
                reply_violations(&request->reply, FAULT_MALFORMED, &violations);
        return !violations_any(&violations);
}

void rest_platform_file(struct request *request)
{
        const struct platform_method *method = method_find(request->parameters[0]);
        struct platform_call call = { 0 };

        if (strcmp(request->method, "HEAD") == 0)
                reply_fault(&request->reply, FAULT_METHOD, "this path takes GET and POST");
        else if (!method)
                reply_fault(&request->reply, FAULT_METHOD,
                            "environment.file has no such method here; those of mount points and exports are in "
                            "docs/api.md");
        else if (call_read(request, method, &call))
                method->handle(request, &call);
}

const struct environment *platform_environment(const struct request *request, const struct snapshot *now,
                                               const struct platform_call *call, struct violations *violations)
{
        const char *name = call->values[PARAMETER_ENVIRONMENT];
        const struct environment *environment = snapshot_environment(now, name);

        if (environment && strcmp(environment->account, request->principal.account) == 0)
                return environment;
        violation_add(violations, "envName", "environment.unknown", "there is no environment %s", name);
        return NULL;
}
