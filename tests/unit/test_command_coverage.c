/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command line and the description of the API, held together: what each command calls is described, and what
 * is described, down to each filter and each member of a body, is called by some command with some of its options.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/example.h"
#include "gateway_by_script.h"
#include "rest/openapi.h"

#define EMPTY_LIST                                 \
        {                                          \
                200, "{'items': [], 'next': null}" \
        }

/* Each command, and together each of its options. FILE is a file that holds `file`, or what the help of the
 * command says that it may hold. */
static const struct {
        const char *line, *file;
        struct reply replies[5];
} lines[] = {
        { "apply FILE --manager ci --prune --wait 5 --if-revision 7 --dry-run",
          "{'exports': []}",
          { { 200, "{}" } } },
        { "environment apply FILE --prune --if-revision 7",
          NULL,
          { { 200, "{}" }, { 200, "{'items': [{'id': 'n2'}], 'next': null}" }, { 204, NULL }, { 200, "{}" } } },
        { "environment apply FILE --dry-run",
          "{'name': 'shop', 'nodes': [{'id': 'n1'}]}",
          { { 200, "{}" }, { 404, "{}" } } },
        { "environment apply FILE --dry-run --prune",
          "{'name': 'shop', 'nodes': [{'id': 'n1'}]}",
          { { 200, "{}" }, { 200, "{}" }, EMPTY_LIST, { 200, "{}" } } },
        { "environment list --account acme --state running", NULL, { EMPTY_LIST } },
        { "environment show shop", NULL, { { 200, "{}" }, EMPTY_LIST } },
        { "environment delete shop --wait 5 --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "inventory show", NULL, { EMPTY_LIST } },
        { "inventory source s", NULL, { { 200, "{}" } } },
        { "inventory apply FILE --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "inventory heartbeat s --revision 1 --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "inventory forget s --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "storage apply FILE --dry-run --if-revision 7",
          "{'name': 'files', 'kind': 'single'}",
          { { 200, "{}" } } },
        { "storage list --account acme", NULL, { EMPTY_LIST } },
        { "storage show files", NULL, { { 200, "{}" } } },
        { "storage delete files --wait 5 --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "event --account a --object o --action export --actor token:ci --outcome done --since "
          "2026-11-22T00:00:00Z "
          "--until 2026-11-23T00:00:00Z --limit 5",
          NULL,
          { EMPTY_LIST } },
        { "event list --account a --object o --action export --actor token:ci --outcome done --since "
          "2026-11-22T00:00:00Z --until 2026-11-23T00:00:00Z --limit 5",
          NULL,
          { EMPTY_LIST } },
        { "export create --storage files --path /a --environment shop --mount-path /m --layer cp --except n1 "
          "--access ro "
          "--squash all --anonymous-uid 1 --anonymous-gid 1 --privileged-ports yes --protocol nfs --mount-style "
          "soft "
          "--directory-uid 1 --directory-gid 1 --directory-mode 0755 --label a=b --manager ci --disabled "
          "--expires-at "
          "2030-01-01T00:00:00Z --key k --wait 5 --dry-run --if-revision 7",
          NULL,
          { { 200, "{}" } } },
        { "export create --node n1", NULL, { { 201, "{'id': 'ex-1'}" } } },
        { "export create --except n1", NULL, { { 201, "{'id': 'ex-1'}" } } },
        { "export list --environment shop --account acme --storage files --manager ci --sort path",
          NULL,
          { EMPTY_LIST } },
        { "export show ex-1", NULL, { { 200, "{}" } } },
        { "export change ex-1 --access ro --squash all --anonymous-uid 1 --anonymous-gid 1 --privileged-ports no "
          "--protocol nfs --mount-style soft --except n1 --label a=b --no-label c --manager ci --enable "
          "--expires-at never "
          "--revision 3 --wait 5 --dry-run --if-revision 7",
          NULL,
          { { 200, "{}" } } },
        { "export change ex-1 --no-except --disable", NULL, { { 200, "{}" } } },
        { "export revoke ex-1 --node n1 --wait 5 --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "export delete ex-1 --wait 5 --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "grant list ex-1 --state active --mount", NULL, { EMPTY_LIST } },
        { "mount-command ex-1 --node n1 --form unit", NULL, { EMPTY_LIST } },
        { "task list --state running --export ex-1 --kind export.create", NULL, { EMPTY_LIST } },
        { "task show ta-1", NULL, { { 200, "{'state': 'done'}" } } },
        { "task watch ta-1", NULL, { { 200, "{'state': 'done'}" } } },
        { "token create ci --scope node --right read --account acme --node n1 --expires-at 2030-01-01T00:00:00Z "
          "--dry-run "
          "--if-revision 7",
          NULL,
          { { 200, "{}" } } },
        { "token create ci --scope operator --for 1h", NULL, { { 201, "{'secret': 's'}" } } },
        { "token list", NULL, { EMPTY_LIST } },
        { "token show ci", NULL, { { 200, "{}" } } },
        { "token delete ci --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "status", NULL, { { 200, "{'status': 'ok'}" }, EMPTY_LIST, EMPTY_LIST, EMPTY_LIST, EMPTY_LIST } },
        { "drift", NULL, { { 200, "{}" } } },
        { "verify --wait 1", NULL, { { 202, "{'run': 7}" }, { 200, "{'run': 7, 'items': []}" } } },
        { "doctor --config /dev/null", NULL, { { 200, "{'status': 'ok'}" }, { 200, "{}" }, { 200, "{}" } } },
        { "node list --environment shop --layer cp", NULL, { EMPTY_LIST } },
        { "node show n1 --environment shop", NULL, { { 200, "{}" } } },
        { "node delete n1 --environment shop --wait 5 --dry-run --if-revision 7", NULL, { { 200, "{}" } } },
        { "node mounts n1", NULL, { EMPTY_LIST } },
        { "node mounted n1", NULL, { { 200, "{}" } } },
        { "node report n1 --file FILE", NULL, { { 200, "{}" } } },
        { "metrics", NULL, { { 200, NULL } } },
        { "openapi", NULL, { { 200, "{}" } } },
};

/* Commands and options that no line can run here. */
static const struct {
        const char *name, *reason;
} elsewhere[] = {
        { "firewall show", "asks the helper of the machine that it is typed on, not the gateway" },
        { "firewall off", "as above" },
        { "firewall on", "as above" },
        { "event --follow", "the same list as a stream: test_event_follow" },
        { "event --after", "as above" },
};

/* Operations that no command is for. */
static const struct {
        const char *operation, *reason;
} without_command[] = {
        { "platformFileGet", "the platform's own API: what it does `export` and `grant` do" },
        { "platformFilePost", "as above" },
};

/* Query parameters and members that no option is for: of every operation (NULL), or of one. */
static const struct {
        const char *operation, *name, *reason;
} without_option[] = {
        { NULL, "cursor", "lists are fetched whole: list_follows_the_pages" },
        { NULL, "limit", "as above" },
        { "changeExport", "target.all", "answers 422 export.fixed, but for except: make another export" },
        { "changeExport", "target.layer", "as above" },
        { "changeExport", "target.node", "as above" },
};

/* Bodies that are taken out of a file as they are, and not made of options. */
static const char *const of_a_file[] = { "apply",        "putEnvironment", "putNode",
                                         "putInventory", "putStorage",     "putMounted" };

static const char *const methods[] = { "get", "put", "post", "patch", "delete" };

/* What the lines have called: {operationId: {"query": {name}, "members": {"target.node"}}}. */
struct coverage {
        json_t *description, *called;
        unsigned wrong;
};

static void complain(struct coverage *coverage, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct coverage *coverage, const char *format, ...)
{
        va_list arguments;

        coverage->wrong++;
        va_start(arguments, format);
        vprint_error(format, arguments);
        va_end(arguments);
        print_error("\n");
}

/* What `object` refers to, or itself. */
static json_t *resolve(const struct coverage *coverage, json_t *object)
{
        const char *reference = json_string_value(json_object_get(object, "$ref"));
        AUTO_FREE char *path = memory_text(reference ? reference + 2 : NULL); /* behind "#/" */
        json_t *at = coverage->description;
        char *rest = NULL;

        if (!path)
                return object;
        for (char *part = strtok_r(path, "/", &rest); part; part = strtok_r(NULL, "/", &rest))
                at = json_object_get(at, part);
        assert_non_null(at);
        return at;
}

/* Whether `path`, as called, is one of "/v1/exports/{id}"; the more of it is literal, the larger. 0 = it is not.
 */
static unsigned path_matches(const char *template, const char *path)
{
        unsigned literal = 1;

        while (*template && *path) {
                size_t wanted = strcspn(template + 1, "/"), is = strcspn(path + 1, "/");

                if (template[1] != '{' && (wanted != is || memcmp(template, path, is + 1) != 0))
                        return 0;
                literal += template[1] != '{';
                template += wanted + 1;
                path += is + 1;
        }
        return *template || *path ? 0 : literal;
}

/* The operation of a call; NULL when it is not described. Its path item goes to *item. */
static json_t *operation_find(const struct coverage *coverage, const char *method, const char *path, json_t **item)
{
        AUTO_FREE char *lower = memory_text(method);
        unsigned best = 0;
        const char *template;
        json_t *found = NULL, *each;

        for (char *at = lower; *at; at++)
                *at = (char)(*at | 0x20);
        json_object_foreach(json_object_get(coverage->description, "paths"), template, each)
        {
                unsigned match = path_matches(template, path);

                if (match <= best)
                        continue;
                best = match;
                *item = each;
                found = json_object_get(each, lower);
        }
        return found;
}

/* Adds the names of an operation's query parameters to `names`. */
static void query_names_add(const struct coverage *coverage, json_t *operation, json_t *names)
{
        json_t *parameter;
        size_t index;

        json_array_foreach(json_object_get(operation, "parameters"), index, parameter)
        {
                parameter = resolve(coverage, parameter);
                if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") == 0)
                        json_object_set_new(names, json_string_value(json_object_get(parameter, "name")),
                                            json_true());
        }
}

/* Adds the members that a schema names, those of members as "target.node". */
static void schema_names_add(const struct coverage *coverage, json_t *schema, const char *prefix, json_t *names)
{
        static const char *const parts[] = { "allOf", "anyOf", "oneOf" };
        const char *name;
        json_t *each;
        size_t index;

        schema = resolve(coverage, schema);
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                json_array_foreach(json_object_get(schema, parts[i]), index, each)
                        schema_names_add(coverage, each, prefix, names);
        json_object_foreach(json_object_get(schema, "properties"), name, each)
        {
                AUTO_FREE char *path = memory_format("%s%s", prefix, name);
                AUTO_FREE char *inner = memory_format("%s.", path);
                size_t before = json_object_size(names);

                schema_names_add(coverage, each, inner, names);
                if (json_object_size(names) == before)
                        json_object_set_new(names, path, json_true());
        }
}

static json_t *body_names(const struct coverage *coverage, json_t *operation)
{
        json_t *names = json_object(), *media;
        const char *type;

        json_object_foreach(json_object_get(json_object_get(operation, "requestBody"), "content"), type, media)
                schema_names_add(coverage, json_object_get(media, "schema"), "", names);
        return names;
}

/* Notes each member of a body that was sent; what is not described is wrong. */
static void members_note(struct coverage *coverage, const char *line, json_t *body, const char *prefix,
                         const json_t *described, json_t *seen)
{
        const char *name;
        json_t *value;

        json_object_foreach(body, name, value)
        {
                AUTO_FREE char *path = memory_format("%s%s", prefix, name);
                AUTO_FREE char *inner = memory_format("%s.", path);

                json_object_set_new(seen, path, json_true());
                if (json_is_object(value) && strcmp(name, "labels") != 0)
                        members_note(coverage, line, value, inner, described, seen);
                else if (!json_object_get(described, path))
                        complain(coverage, "%s: sends a member %s that is not described", line, path);
        }
}

/* Notes one call, "PUT /v1/storages/files?dry_run=true {'kind':'single'} if-revision=7". */
static void call_note(struct coverage *coverage, const char *line, char *call)
{
        char *rest = NULL, *method = strtok_r(call, " ", &rest), *path = strtok_r(NULL, " ", &rest);
        char *body = rest, *query = strchr(path, '?');
        json_t *item = NULL, *operation, *seen, *sent, *described;
        const char *id;

        if (query)
                *query++ = '\0';
        operation = operation_find(coverage, method, path, &item);
        id = json_string_value(json_object_get(operation, "operationId"));
        if (!id) {
                complain(coverage, "%s: calls %s %s, which is not described", line, method, path);
                return;
        }
        if (!json_object_get(coverage->called, id))
                json_object_set_new(coverage->called, id, json_pack("{s:{}, s:{}}", "query", "members"));
        seen = json_object_get(coverage->called, id);
        described = json_object();
        query_names_add(coverage, operation, described);
        query_names_add(coverage, item, described);
        for (char *part = strtok_r(query, "&", &rest); query && part; part = strtok_r(NULL, "&", &rest)) {
                part[strcspn(part, "=")] = '\0';
                if (!json_object_get(described, part))
                        complain(coverage, "%s: %s has no query parameter %s", line, id, part);
                json_object_set_new(json_object_get(seen, "query"), part, json_true());
        }
        json_decref(described);
        if (body[0] != '{')
                return;
        quotes_swap(body);
        sent = json_loads(body, JSON_DISABLE_EOF_CHECK, NULL);
        assert_non_null(sent);
        described = body_names(coverage, operation);
        members_note(coverage, line, sent, "", described, json_object_get(seen, "members"));
        json_decref(described);
        json_decref(sent);
}

/* The first document of the example that the help of a line's command has. */
static json_t *example_of(const char *line)
{
        AUTO_FREE char *words_text = memory_text(line);
        char *words[60], *rest = NULL;
        struct invocation invocation;
        struct fault fault = { 0 };
        int count = 0;

        for (char *word = strtok_r(words_text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                words[count++] = word;
        assert_int_equal(invocation_parse(count, words, command_tables, &invocation, &fault), 0);
        return json_loads(example_find(invocation.command), JSON_DISABLE_EOF_CHECK, NULL);
}

/* A file for the FILE of a line. Caller frees its path. */
static char *file_for(size_t number)
{
        char path[] = "/tmp/test_command_coverage.XXXXXX";
        AUTO_CLOSE int fd = mkstemp(path);
        AUTO_FREE char *content = memory_text(lines[number].file);
        json_t *json;

        if (content)
                quotes_swap(content);
        json = content ? json_loads(content, 0, NULL) : example_of(lines[number].line);
        assert_non_null(json);
        assert_int_equal(json_dumpfd(json, fd, 0), 0);
        json_decref(json);
        return memory_text(path);
}

/* Runs a line, and notes what it calls. */
static void line_note(struct coverage *coverage, size_t number)
{
        const char *place = strstr(lines[number].line, "FILE");
        AUTO_FREE char *file = place ? file_for(number) : NULL;
        AUTO_FREE char *line = place ? memory_format("%.*s%s%s", (int)(place - lines[number].line),
                                                     lines[number].line, file, place + strlen("FILE"))
                                     : memory_text(lines[number].line);
        AUTO_OUTCOME struct outcome outcome = run(line, lines[number].replies);
        char *rest = NULL;

        if (file)
                unlink(file);
        if (outcome.calls[0] == '\0')
                complain(coverage, "%s: calls nobody: %s", lines[number].line, outcome.err);
        for (char *call = strtok_r(outcome.calls, "\n", &rest); call; call = strtok_r(NULL, "\n", &rest))
                call_note(coverage, lines[number].line, call);
}

static void is_open_for_option(struct coverage *coverage, const char *id, const char *kind, const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(without_option); i++)
                if (strcmp(without_option[i].name, name) == 0 &&
                    (!without_option[i].operation || strcmp(without_option[i].operation, id) == 0))
                        return;
        complain(coverage, "%s: no command sends its %s %s", id, kind, name);
}

/* Holds one operation against what was called. */
static void operation_check(struct coverage *coverage, const char *id, json_t *operation)
{
        json_t *seen = json_object_get(coverage->called, id), *names = json_object(), *unused;
        const char *name;
        bool excused = false;

        for (size_t i = 0; i < ARRAY_SIZE(without_command); i++)
                excused = excused || strcmp(without_command[i].operation, id) == 0;
        if (excused == (seen != NULL))
                complain(coverage,
                         excused ? "%s: a command calls it; strike it off the list" : "%s: no command calls it",
                         id);
        if (excused || !seen) {
                json_decref(names);
                return;
        }
        query_names_add(coverage, operation, names);
        json_object_foreach(names, name, unused) if (!json_object_get(json_object_get(seen, "query"), name))
                is_open_for_option(coverage, id, "query parameter", name);
        json_decref(names);
        names = body_names(coverage, operation);
        if (text_place(of_a_file, ARRAY_SIZE(of_a_file), id) < 0)
                json_object_foreach(names, name,
                                    unused) if (!json_object_get(json_object_get(seen, "members"), name))
                        is_open_for_option(coverage, id, "member", name);
        json_decref(names);
}

static void commands_and_description_cover_each_other(void **test)
{
        struct coverage coverage = { .description = json_loads(openapi_json, 0, NULL), .called = json_object() };
        const char *path;
        json_t *item;

        (void)test;
        assert_non_null(coverage.description);
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
                line_note(&coverage, i);
        json_object_foreach(json_object_get(coverage.description, "paths"), path,
                            item) for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        {
                json_t *operation = json_object_get(item, methods[i]);

                if (operation)
                        operation_check(&coverage, json_string_value(json_object_get(operation, "operationId")),
                                        operation);
        }
        assert_true(json_object_size(coverage.called) > 30);
        assert_int_equal(coverage.wrong, 0);
        json_decref(coverage.called);
        json_decref(coverage.description);
}

/* Whether a line of the table begins with the command `name`, and has ` option` (NULL = any). */
static bool is_in_a_line(const char *name, const char *option)
{
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                const char *line = lines[i].line, *at = line;
                size_t length = strlen(name);

                if (strncmp(line, name, length) != 0 || (line[length] != ' ' && line[length] != '\0'))
                        continue;
                if (!option)
                        return true;
                for (length = strlen(option); (at = strstr(at, option)); at++)
                        if (at[length] == ' ' || at[length] == '\0')
                                return true;
        }
        return false;
}

static bool is_elsewhere(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
                if (strcmp(elsewhere[i].name, name) == 0)
                        return true;
        return false;
}

static void each_command_with_each_option_is_a_line(void **test)
{
        unsigned missing = 0;

        (void)test;
        for (size_t i = 0; command_tables[i]; i++)
                for (const struct command *command = command_tables[i]; command->noun; command++) {
                        AUTO_FREE char *name = memory_format("%s%s%s", command->noun, command->verb ? " " : "",
                                                             command->verb ? command->verb : "");

                        if (is_elsewhere(name))
                                continue;
                        if (!is_in_a_line(name, NULL))
                                print_error("no line is of %s (%u)\n", name, ++missing);
                        for (const struct command_option *option = command->options; option && option->name;
                             option++) {
                                AUTO_FREE char *word = memory_format(" --%s", option->name);
                                AUTO_FREE char *both = memory_format("%s%s", name, word);

                                if (!is_elsewhere(both) && !is_in_a_line(name, word))
                                        print_error("no line has %s (%u)\n", both, ++missing);
                        }
                }
        assert_int_equal(missing, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(commands_and_description_cover_each_other),
                cmocka_unit_test(each_command_with_each_option_is_a_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
