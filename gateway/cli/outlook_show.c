/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/outlook_show.h"

#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "cli/show.h"

static const struct {
        const char *word, *mark;
} outcomes[] = { { "appear", "+" }, { "change", "~" }, { "vanish", "-" } };

static const char *text_at(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

/* --- Rows ---------------------------------------------------------------------------------------------------- */

/* Puts "was -> is" in the place of a member that is another than it was; `before` may be NULL. */
static void member_compare(json_t *row, const json_t *before, const char *key)
{
        const char *is = text_at(row, key), *was = text_at(before, key);

        if (was && is && strcmp(was, is) != 0) {
                AUTO_FREE char *both = memory_format("%s -> %s", was, is);

                json_object_set_new(row, key, json_string(both));
        }
}

/* Why it is so, a cause before a reason that stays behind it. */
static void why_set(json_t *row)
{
        const char *code = text_at(json_object_get(row, "cause"), "code");
        const char *reason = text_at(json_object_get(row, "reason"), "code");

        if (!code || strcmp(code, "admitted") == 0)
                code = reason;
        if (code)
                json_object_set_new(row, "why", json_string(code));
}

static json_t *row_make(const json_t *item, const char *mark)
{
        static const char *const members[] = { "protocol", "access", "squash", "state" };
        json_t *row = json_copy((json_t *)(uintptr_t)item);

        json_object_set_new(row, "mark", json_string(mark));
        if (json_is_null(json_object_get(row, "export")))
                json_object_set_new(row, "export", json_string("(new)"));
        why_set(row);
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                member_compare(row, json_object_get(item, "before"), members[i]);
        return row;
}

/* How many there are of a part that are not shown. */
static long long part_more(const json_t *part)
{
        long long more = 0;

        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
                more += json_integer_value(json_object_get(json_object_get(part, "counts"), outcomes[i].word)) -
                        (long long)json_array_size(json_object_get(part, outcomes[i].word));
        return more;
}

static void table_add(const char *head, const json_t *rows, long long more, const struct show_column *columns,
                      size_t width, struct text *text)
{
        if (json_array_size(rows) == 0)
                return;
        text_addf(text, "\n%s\n", head);
        show_table(rows, columns, width, text);
        if (more > 0)
                text_addf(text, "and %lld more\n", more);
}

/* A part whose items are rows as they are. */
static void part_add(const char *head, const json_t *part, const struct show_column *columns, size_t width,
                     struct text *text)
{
        json_t *rows = json_array(), *item;
        size_t index;

        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
                json_array_foreach(json_object_get(part, outcomes[i].word), index, item)
                        json_array_append_new(rows, row_make(item, outcomes[i].mark));
        table_add(head, rows, part_more(part), columns, width, text);
        json_decref(rows);
}

/* --- Blocks: a row for each setting and client ----------------------------------------------------------------
 */

/* Adds a row "<mark> <export> <what>"; takes `what`. */
static void block_row(json_t *rows, const json_t *block, const char *mark, char *what)
{
        AUTO_FREE char *owned = what;
        const char *id = text_at(block, "export");
        json_t *row = json_object();

        json_object_set_new(row, "mark", json_string(mark));
        json_object_set_new(row, "export", json_string(id ? id : "(new)"));
        json_object_set_new(row, "what", json_string(owned));
        json_array_append_new(rows, row);
}

static char *value_text(const json_t *value)
{
        char *rendered = json_is_string(value)    ? memory_text(json_string_value(value))
                         : json_is_integer(value) ? memory_format("%lld", (long long)json_integer_value(value))
                                                  : memory_text("none");

        return rendered;
}

static void settings_rows(json_t *rows, const json_t *block)
{
        json_t *settings = json_object_get(block, "settings"), *setting;
        const char *name;

        json_object_foreach(settings, name, setting)
        {
                AUTO_FREE char *before = value_text(json_object_get(setting, "before"));
                AUTO_FREE char *after = value_text(json_object_get(setting, "after"));

                block_row(rows, block, "~", memory_format("%s %s -> %s", name, before, after));
        }
}

static void clients_rows(json_t *rows, const json_t *block)
{
        json_t *clients = json_object_get(block, "clients"), *client;
        size_t index;

        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
                json_array_foreach(json_object_get(clients, outcomes[i].word), index, client)
                {
                        const char *before = text_at(client, "before");

                        block_row(rows, block, outcomes[i].mark,
                                  memory_format("client %s %s%s%s", text_at(client, "address"),
                                                before ? before : "", before ? " -> " : "",
                                                text_at(client, "access")));
                }
        if (part_more(clients) > 0)
                block_row(rows, block, "", memory_format("and %lld more clients", part_more(clients)));
}

static void blocks_add(const json_t *part, size_t width, struct text *text)
{
        static const struct show_column columns[] = {
                { "", "mark" }, { "EXPORT", "export" }, { "WHAT", "what" }, { NULL, NULL }
        };
        json_t *rows = json_array(), *block;
        size_t index;

        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
                json_array_foreach(json_object_get(part, outcomes[i].word), index, block)
                {
                        if (strcmp(outcomes[i].word, "change") == 0)
                                settings_rows(rows, block);
                        else
                                block_row(rows, block, outcomes[i].mark, memory_text("the whole block"));
                        clients_rows(rows, block);
                }
        table_add("NFS server", rows, part_more(part), columns, width, text);
        json_decref(rows);
}

/* --- All of it ------------------------------------------------------------------------------------------------
 */

static void clients_cut_add(const json_t *answer, size_t width, struct text *text)
{
        static const struct show_column columns[] = { { "ADDRESS", "address" },
                                                      { "NODE", "node" },
                                                      { "SERVICE", "service" },
                                                      { "CONNECTIONS", "connections" },
                                                      { NULL, NULL } };
        const json_t *cut = json_object_get(answer, "clients_cut"), *items = json_object_get(cut, "items");
        const char *sentence = text_at(json_object_get(answer, "clients_cut_reason"), "sentence");
        long long clients = json_integer_value(json_object_get(cut, "clients"));

        table_add("Live clients that would be cut", items, clients - (long long)json_array_size(items), columns,
                  width, text);
        if (sentence)
                text_addf(text, "\nLive clients: %s\n", sentence);
}

void show_outlook(const json_t *answer, size_t width, struct text *text)
{
        static const struct show_column grants[] = {
                { "", "mark" },
                { "EXPORT", "export" },
                { "NODE", "node" },
                { "ADDRESSES", "addresses" },
                { "PROTOCOL", "protocol" },
                { "ACCESS", "access" },
                { "STATE", "state" },
                { "WHY", "why" },
                { NULL, NULL },
        };
        static const struct show_column lines[] = {
                { "", "mark" },           { "VOLUME", "volume" }, { "DIRECTORY", "directory" },
                { "ADDRESS", "address" }, { "NODE", "node" },     { NULL, NULL }
        };
        static const struct show_column pairs[] = { { "", "mark" },
                                                    { "ADDRESS", "address" },
                                                    { "NODE", "node" },
                                                    { "SERVICE", "service" },
                                                    { NULL, NULL } };
        const char *sentence = text_at(json_object_get(answer, "object"), "sentence");
        size_t before;

        text_addf(text, "%s; dry run at revision %lld\n", sentence ? sentence : "several objects are written",
                  (long long)json_integer_value(json_object_get(answer, "revision")));
        before = text->length;
        part_add("Grants", json_object_get(answer, "grants"), grants, width, text);
        blocks_add(json_object_get(answer, "ganesha"), width, text);
        part_add("Access lists of bricks", json_object_get(answer, "access_list"), lines, width, text);
        part_add("Packet filter", json_object_get(answer, "firewall"), pairs, width, text);
        if (text->length == before)
                text_add(text, "Nothing would be different for any client.\n");
        else
                clients_cut_add(answer, width, text);
}
