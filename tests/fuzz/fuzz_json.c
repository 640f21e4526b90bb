/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/environment_json.h"
#include "domain/export_json.h"
#include "domain/json_writer.h"
#include "domain/json_reader.h"
#include "domain/storage_json.h"
#include "domain/token_json.h"

/* Either an object and nothing wrong with it, or no object and sentences that can be shown. */
static void check_outcome(const void *object, const struct violations *violations)
{
        FUZZ_HOLDS((object != NULL) == !violations_any(violations));
        for (size_t i = 0; i < violations->count; i++) {
                const struct violation *violation = &violations->items[i];

                FUZZ_HOLDS(text_is_utf8(violation->pointer, strlen(violation->pointer)));
                FUZZ_HOLDS(text_is_utf8(violation->detail, strlen(violation->detail)));
                FUZZ_HOLDS(violation->pointer[0] == '\0' || violation->pointer[0] == '/');
                FUZZ_HOLDS(violation->detail[0] != '\0');
        }
}

/* What was accepted goes into the store and comes back the same. */
static void check_stored_form(struct document *document)
{
        AUTO_FREE char *stored = document_render(document), *again = NULL;
        struct fault fault = { 0 };
        struct document *reparsed =
                document_parse(document->kind, document->id, 1, stored, strlen(stored), &fault);

        FUZZ_HOLDS(reparsed != NULL);
        again = document_render(reparsed);
        FUZZ_HOLDS(strcmp(stored, again) == 0);
        shared_put(reparsed);
        shared_put(document);
}

static void fuzz_environment(const json_t *body)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct environment *environment = environment_from_json("shop", body, &violations);

        check_outcome(environment, &violations);
        if (!environment)
                return;
        json_decref(environment_to_json(environment));
        check_stored_form(&environment->document);
}

static void fuzz_node(const json_t *body)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct node *node = node_from_json("n-1", body, &violations);

        check_outcome(node, &violations);
        if (!node)
                return;
        node->environment = memory_text("shop");
        node->environment_uid = memory_text("e-1");
        json_decref(node_to_json(node));
        check_stored_form(&node->document);
}

static void fuzz_storage(const json_t *body)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct storage *storage = storage_from_json("files", body, &violations);

        check_outcome(storage, &violations);
        if (!storage)
                return;
        json_decref(storage_to_json(storage));
        check_stored_form(&storage->document);
}

/* What is written of it without a tree reads as what the library would write. */
static void check_shown(const struct export *export)
{
        AUTO_TEXT struct text text = { 0 };
        struct json_writer writer = { .text = &text };
        json_t *shown;
        char *again;

        json_write_begin(&writer, NULL, '{');
        export_write(export, &writer);
        json_write_end(&writer, '}');
        shown = json_from_written(&text);
        again = json_dumps(shown, JSON_COMPACT);
        FUZZ_HOLDS(strlen(again) == text.length);
        free(again);
        json_decref(shown);
}

static void fuzz_export(const json_t *body)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct export *export = export_from_json(body, &violations);

        check_outcome(export, &violations);
        if (!export)
                return;
        document_set_id(&export->document, "ex-1");
        export->account = memory_text("acme");
        export->environment_uid = memory_text("e-1");
        export->number = 1;
        check_shown(export);
        check_stored_form(&export->document);
}

static void fuzz_token(const json_t *body)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        struct token *token = token_from_json(body, &violations);

        check_outcome(token, &violations);
        if (!token)
                return;
        json_decref(token_to_json(token));
        check_stored_form(&token->document);
}

static void fuzz_stored(const char *bytes, size_t size)
{
        for (int kind = 0; kind < DOCUMENT_KIND_COUNT; kind++) {
                struct document *document = document_parse((enum document_kind)kind, "id", 1, bytes, size, NULL);

                if (document)
                        check_stored_form(document);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fault fault = { 0 };
        json_t *body = json_document_parse((const char *)data, size, &fault);

        if (!body) {
                FUZZ_HOLDS(fault.code == FAULT_MALFORMED);
                FUZZ_HOLDS(text_is_utf8(fault.text, strlen(fault.text)));
                return 0;
        }
        fuzz_environment(body);
        fuzz_node(body);
        fuzz_storage(body);
        fuzz_export(body);
        fuzz_token(body);
        json_decref(body);
        fuzz_stored((const char *)data, size);
        return 0;
}
