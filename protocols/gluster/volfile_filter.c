/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volfile_filter.h"

#include <string.h>
#include <strings.h>

#include "protocols/gluster/access_list_text.h"

#define VALUE_NOBODY "0.0.0.0" /* no connection comes from it */

/* A part of the input; not NUL-terminated. */
struct span {
        const char *at;
        size_t length;
};

enum line_kind { LINE_BLANK, LINE_VOLUME, LINE_TYPE, LINE_OPTION, LINE_SUBVOLUMES, LINE_END, LINE_ODD };

struct line {
        enum line_kind kind;
        struct span whole; /* without the newline */
        struct span name;  /* VOLUME: its name; OPTION: the key */
        struct span value; /* OPTION */
};

static bool span_is(struct span span, const char *word)
{
        return span.length == strlen(word) && memcmp(span.at, word, span.length) == 0;
}

static bool span_is_any_case(struct span span, const char *word)
{
        return span.length == strlen(word) && strncasecmp(span.at, word, span.length) == 0;
}

static bool span_begins(struct span span, const char *word)
{
        return span.length >= strlen(word) && memcmp(span.at, word, strlen(word)) == 0;
}

static bool span_ends(struct span span, const char *word)
{
        size_t length = strlen(word);

        return span.length >= length && memcmp(span.at + span.length - length, word, length) == 0;
}

static bool span_ends_any_case(struct span span, const char *word)
{
        size_t length = strlen(word);

        return span.length >= length && strncasecmp(span.at + span.length - length, word, length) == 0;
}

/* Whether `word` is somewhere in it, in any case. */
static bool span_has(struct span span, const char *word)
{
        size_t length = strlen(word);

        for (size_t i = 0; i + length <= span.length; i++)
                if (strncasecmp(span.at + i, word, length) == 0)
                        return true;
        return false;
}

static bool is_blank(char character)
{
        return character == ' ' || character == '\t';
}

static void skip_blanks(struct span *rest)
{
        while (rest->length > 0 && is_blank(rest->at[0])) {
                rest->at++;
                rest->length--;
        }
}

/* Whether a byte may stand in a bare word. Quotes, backslashes and backticks mean something to the reader of
 * volfiles; so does '#' at the beginning of a word. */
static bool is_word_byte(char character, bool first)
{
        unsigned char byte = (unsigned char)character;

        return byte > 0x20 && byte != 0x7F && !strchr("\"\\`", character) && !(first && character == '#');
}

/* Takes the next bare word; false when there is none or it holds what it must not. */
static bool take_word(struct span *rest, struct span *word)
{
        skip_blanks(rest);
        *word = (struct span){ rest->at, 0 };
        while (word->length < rest->length && !is_blank(rest->at[word->length])) {
                if (!is_word_byte(rest->at[word->length], word->length == 0))
                        return false;
                word->length++;
        }
        rest->at += word->length;
        rest->length -= word->length;
        return word->length > 0;
}

/* Whether the reader of volfiles takes a word for the beginning of the next statement, wherever it stands. */
static bool is_keyword(struct span word)
{
        static const char *const keywords[] = { "volume", "type", "option", "subvolumes", "end-volume" };

        for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
                if (span_is_any_case(word, keywords[i]))
                        return true;
        return false;
}

/* Takes a bare word that is no keyword. */
static bool take_name(struct span *rest, struct span *name)
{
        return take_word(rest, name) && !is_keyword(*name);
}

/* Takes a value: a bare word, or one quoted string without escapes. */
static bool take_value(struct span *rest, struct span *value)
{
        size_t length = 1;

        skip_blanks(rest);
        if (rest->length == 0 || rest->at[0] != '"')
                return take_name(rest, value);
        while (length < rest->length && rest->at[length] != '"') {
                if (rest->at[length] != ' ' && !is_word_byte(rest->at[length], false))
                        return false;
                length++;
        }
        if (length == rest->length)
                return false;
        *value = (struct span){ rest->at, length + 1 };
        rest->at += length + 1;
        rest->length -= length + 1;
        return true;
}

static bool at_end(struct span *rest)
{
        skip_blanks(rest);
        return rest->length == 0;
}

static bool take_names(struct span *rest)
{
        struct span word;

        while (!at_end(rest))
                if (!take_name(rest, &word))
                        return false;
        return true;
}

static enum line_kind line_kind(struct span rest, struct line *line)
{
        struct span word;

        if (at_end(&rest))
                return LINE_BLANK;
        if (!take_word(&rest, &word))
                return LINE_ODD;
        if (span_is(word, "option"))
                return take_name(&rest, &line->name) && take_value(&rest, &line->value) && at_end(&rest)
                               ? LINE_OPTION
                               : LINE_ODD;
        if (span_is(word, "volume"))
                return take_name(&rest, &line->name) && at_end(&rest) ? LINE_VOLUME : LINE_ODD;
        if (span_is(word, "type"))
                return take_name(&rest, &word) && at_end(&rest) ? LINE_TYPE : LINE_ODD;
        if (span_is(word, "subvolumes"))
                return !at_end(&rest) && take_names(&rest) ? LINE_SUBVOLUMES : LINE_ODD;
        return span_is(word, "end-volume") && at_end(&rest) ? LINE_END : LINE_ODD;
}

/* Takes the next line; false at the end. */
static bool take_line(struct span *rest, struct line *line)
{
        const char *end;

        *line = (struct line){ 0 };
        if (rest->length == 0)
                return false;
        end = memchr(rest->at, '\n', rest->length);
        line->whole = (struct span){ rest->at, end ? (size_t)(end - rest->at) : rest->length };
        rest->at += line->whole.length + (end ? 1 : 0);
        rest->length -= line->whole.length + (end ? 1 : 0);
        line->kind = line_kind(line->whole, line);
        return true;
}

static bool all_digits(struct span span)
{
        for (size_t i = 0; i < span.length; i++)
                if (span.at[i] < '0' || span.at[i] > '9')
                        return false;
        return span.length > 0;
}

/* The volume of a section name that glusterd gives to clients of bricks: "V-client-0", "V-ta-2" (thin arbiter),
 * "V-snapd-client", "V-gfproxy-client", and to servers: "gfproxyd-V", "snapd-V". False for any other name. */
static bool section_volume(struct span name, char volume[ACCESS_VOLUME_MAX + 1])
{
        static const char *const numbered[] = { "-client-", "-ta-" };
        static const char *const suffixes[] = { "-snapd-client", "-gfproxy-client" };
        static const char *const prefixes[] = { "gfproxyd-", "snapd-" };
        struct span found = { 0 };

        for (size_t i = 0; i < 2 && found.length == 0; i++)
                if (span_ends(name, suffixes[i]))
                        found = (struct span){ name.at, name.length - strlen(suffixes[i]) };
        for (size_t i = 0; i < 2 && found.length == 0; i++) {
                size_t digits = 0, length = strlen(numbered[i]);

                while (digits < name.length && all_digits((struct span){ name.at + name.length - digits - 1, 1 }))
                        digits++;
                if (digits > 0 && span_ends((struct span){ name.at, name.length - digits }, numbered[i]))
                        found = (struct span){ name.at, name.length - digits - length };
        }
        for (size_t i = 0; i < 2 && found.length == 0; i++)
                if (span_begins(name, prefixes[i]))
                        found = (struct span){ name.at + strlen(prefixes[i]), name.length - strlen(prefixes[i]) };
        if (found.length == 0 || found.length > ACCESS_VOLUME_MAX)
                return false;
        memcpy(volume, found.at, found.length);
        volume[found.length] = '\0';
        return access_volume_is_valid(volume);
}

void volfile_each_volume(const char *in, size_t length, void (*each)(void *context, const char *volume),
                         void *context)
{
        struct span rest = { in, length };
        char volume[ACCESS_VOLUME_MAX + 1];
        struct line line;

        while (take_line(&rest, &line))
                if (line.kind == LINE_VOLUME && section_volume(line.name, volume))
                        each(context, volume);
}

static bool section_is_managed(const struct volfile_rules *rules, struct span name)
{
        char volume[ACCESS_VOLUME_MAX + 1];

        return section_volume(name, volume) && rules->is_managed(rules->context, volume);
}

static bool key_is_login(struct span key)
{
        return span_has(key, "auth.login.");
}

static bool key_is_credential(struct span key)
{
        return span_is_any_case(key, "username") || span_is_any_case(key, "password") || key_is_login(key);
}

/* auth.addr.X.allow and .reject, the older auth.ip., the NFS server's rpc-auth.addr., glusterd's auth.allow. */
static bool key_is_address_list(struct span key)
{
        return (span_has(key, "auth.addr.") || span_has(key, "auth.ip.") || span_has(key, "auth.allow") ||
                span_has(key, "auth.reject")) &&
               (span_ends_any_case(key, "allow") || span_ends_any_case(key, "reject"));
}

/* "auth.addr./bricks/1.allow": who may mount by way of this brick. */
static bool key_admits_to_brick(struct span key)
{
        return span_begins(key, "auth.addr./") && span_ends(key, ".allow");
}

/* Work on one file. */
struct filter {
        const struct volfile_rules *rules;
        bool list_holds; /* rules->list is for the volume of this file */
        bool managed;    /* the present section is a managed volume's */
        unsigned lists;  /* times the list was written */
        enum volfile_outcome outcome;
        struct text *out;
};

static void filter_address_list(struct filter *filter, struct span key)
{
        const struct volfile_rules *rules = filter->rules;
        bool brick = key_admits_to_brick(key);
        bool full = brick && filter->list_holds && filter->lists++ < VOLFILE_LISTS_MAX;

        text_add(filter->out, "    option ");
        text_add_bytes(filter->out, key.at, key.length);
        text_add_char(filter->out, ' ');
        if (span_has(key, "rpc-auth"))
                text_add(filter->out, VALUE_NOBODY);
        else if (!span_ends_any_case(key, "allow"))
                access_value_print_peers(NULL, 0, filter->out);
        else if (full)
                access_value_print(rules->list, filter->out);
        else
                access_value_print_peers(rules->peers, rules->peer_count, filter->out);
        if (brick && !full)
                filter->outcome = VOLFILE_STRICT;
        text_add_char(filter->out, '\n');
}

/* One option of a managed volume. */
static void filter_option(struct filter *filter, const struct line *line)
{
        if (span_begins(line->name, "auth.login.") && span_ends(line->name, ".allow")) {
                text_add(filter->out, "    option ");
                text_add_bytes(filter->out, line->name.at, line->name.length);
                text_add(filter->out, " " VOLFILE_NO_LOGIN "\n");
        } else if (!key_is_credential(line->name) && key_is_address_list(line->name)) {
                filter_address_list(filter, line->name);
        } else if (!key_is_credential(line->name) && !span_has(line->name, "auth.")) {
                text_add_bytes(filter->out, line->whole.at, line->whole.length);
                text_add_char(filter->out, '\n');
        }
}

static void filter_line(struct filter *filter, const struct line *line)
{
        if (line->kind == LINE_ODD)
                return;
        if (line->kind == LINE_VOLUME && filter->rules->is_managed)
                filter->managed = section_is_managed(filter->rules, line->name);
        if (line->kind == LINE_OPTION && filter->managed) {
                filter_option(filter, line);
                return;
        }
        text_add_bytes(filter->out, line->whole.at, line->whole.length);
        text_add_char(filter->out, '\n');
}

/* What has to be known of the file before its first line is written. */
static void filter_look(struct filter *filter, const char *in, size_t length)
{
        const struct volfile_rules *rules = filter->rules;
        const char *id = rules->volume_id ? rules->volume_id : "";
        struct span rest = { in, length };
        bool same = id[0] == '\0', other = false, managed = false;
        struct line line;

        while (take_line(&rest, &line)) {
                if (line.kind == LINE_VOLUME && rules->is_managed)
                        managed = managed || section_is_managed(rules, line.name);
                if (line.kind == LINE_OPTION && id[0] && span_is(line.name, "volume-id")) {
                        same = same || span_is(line.value, id);
                        other = other || !span_is(line.value, id);
                }
        }
        filter->list_holds = rules->list && !rules->is_managed && same && !other;
        filter->managed = !rules->is_managed;
        filter->outcome = managed || filter->managed ? VOLFILE_LISTED : VOLFILE_FOREIGN;
}

enum volfile_outcome volfile_filter_apply(const char *in, size_t length, const struct volfile_rules *rules,
                                          struct text *out)
{
        struct filter filter = { .rules = rules, .out = out };
        struct span rest = { in, length };
        struct line line;

        filter_look(&filter, in, length);
        if (filter.outcome == VOLFILE_FOREIGN)
                return VOLFILE_FOREIGN;
        while (take_line(&rest, &line)) {
                filter_line(&filter, &line);
                if (out->length > VOLFILE_OUT_MAX)
                        return VOLFILE_TOO_LARGE;
        }
        return filter.outcome;
}

bool volfile_has_credentials(const char *in, size_t length)
{
        struct span rest = { in, length };
        struct line line;

        while (take_line(&rest, &line)) {
                bool suspect = line.kind == LINE_ODD
                                       ? span_has(line.whole, "username") || span_has(line.whole, "password") ||
                                                 span_has(line.whole, "auth.login.")
                                       : line.kind == LINE_OPTION && key_is_credential(line.name);

                if (suspect && !(line.kind == LINE_OPTION && span_ends(line.name, ".allow") &&
                                 span_is(line.value, VOLFILE_NO_LOGIN)))
                        return true;
        }
        return false;
}

const char *volfile_other_list(const char *in, size_t length, const char *value, size_t *found)
{
        struct span rest = { in, length };
        struct line line;

        while (take_line(&rest, &line))
                if (line.kind == LINE_OPTION && key_admits_to_brick(line.name) && !span_is(line.value, value)) {
                        *found = line.value.length;
                        return line.value.at;
                }
        return NULL;
}
