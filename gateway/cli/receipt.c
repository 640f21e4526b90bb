/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/receipt.h"

#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/show.h"

#define BAR_CELLS 20
#define BAR_WIDTH_LEAST 60

static const struct show_column layer_columns[] = {
        { "STORAGE NODE", "storage_node" }, { "LAYER", "layer" }, { "STATE", "state" },
        { "CONFIRMED", "confirmed_at" },    { "WHY", "why" },     { NULL, NULL },
};

static const struct show_column client_columns[] = {
        { "CLIENT CUT", "address" },
        { "SERVICE", "service" },
        { "CONNECTIONS", "connections" },
        { NULL, NULL },
};

bool receipt_is_done(const struct json_t *task)
{
        const char *state = json_string_value(json_object_get(task, "state"));

        return state && strcmp(state, "done") == 0;
}

/* Each layer as a row of its own, with its storage node and, in one sentence, what stands in the way. */
static json_t *rows_make(const json_t *task)
{
        json_t *rows = json_array(), *nodes = json_object_get(task, "storage_nodes");

        for (size_t i = 0; i < json_array_size(nodes); i++) {
                const json_t *node = json_array_get(nodes, i);
                json_t *layers = json_object_get(node, "layers");

                for (size_t k = 0; k < json_array_size(layers); k++) {
                        json_t *row = json_copy(json_array_get(layers, k));
                        json_t *cause = json_object_get(row, "cause");

                        json_object_set(row, "storage_node", json_object_get(node, "storage_node"));
                        if (cause)
                                json_object_set_new(
                                        row, "why",
                                        json_sprintf("%s: %s", json_string_value(json_object_get(cause, "code")),
                                                     json_string_value(json_object_get(cause, "sentence"))));
                        json_array_append_new(rows, row);
                }
        }
        return rows;
}

void receipt_bar(const struct json_t *task, size_t width, struct text *text)
{
        json_t *rows = rows_make(task);
        size_t total = json_array_size(rows), done = 0;

        for (size_t i = 0; i < total; i++)
                done += strcmp(json_string_value(json_object_get(json_array_get(rows, i), "state")) ?: "",
                               "confirmed") == 0;
        json_decref(rows);
        if (width >= BAR_WIDTH_LEAST && total > 0) {
                text_add_char(text, '[');
                for (size_t i = 0; i < BAR_CELLS; i++)
                        text_add_char(text, i * total < done * BAR_CELLS ? '#' : '-');
                text_add(text, "] ");
        }
        text_addf(text, "%zu of %zu layers have let go", done, total);
}

static void left_out_add(const json_t *task, const char *key, const char *what, struct text *text)
{
        json_int_t count = json_integer_value(json_object_get(task, key));

        if (count > 0)
                text_addf(text, "%" JSON_INTEGER_FORMAT " more %s than a task holds: nothing is said of them\n",
                          count, what);
}

void receipt_show(const struct json_t *task, size_t width, struct text *text)
{
        const json_t *clients = json_object_get(task, "clients");
        json_t *rows = rows_make(task);

        show_table(rows, layer_columns, width, text);
        json_decref(rows);
        left_out_add(task, "exports_left_out", "exports", text);
        left_out_add(task, "clients_left_out", "clients", text);
        if (json_array_size(clients) == 0)
                return;
        text_add_char(text, '\n');
        show_table(clients, client_columns, width, text);
}

/* "a.example firewall: waiting, unavailable: ..." */
static char *row_line(const json_t *row)
{
        const char *why = json_string_value(json_object_get(row, "why"));

        return memory_format("%s %s: %s%s%s", json_string_value(json_object_get(row, "storage_node")) ?: "",
                             json_string_value(json_object_get(row, "layer")) ?: "",
                             json_string_value(json_object_get(row, "state")) ?: "", why ? ", " : "", why ?: "");
}

void receipt_show_progress(const struct json_t *before, const struct json_t *task, struct text *text)
{
        json_t *older = before ? rows_make(before) : json_array(), *rows = rows_make(task);

        for (size_t i = 0; i < json_array_size(rows); i++) {
                AUTO_FREE char *was =
                        i < json_array_size(older) ? row_line(json_array_get(older, i)) : memory_text("");
                AUTO_FREE char *line = row_line(json_array_get(rows, i));

                if (strcmp(was, line) != 0)
                        text_addf(text, "%s\n", line);
        }
        json_decref(older);
        json_decref(rows);
}
