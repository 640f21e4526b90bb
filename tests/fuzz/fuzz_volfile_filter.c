/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * No volfile, however hostile, brings a credential, a backtick or an address list of its own through the filter.
 * The output is read here the way glusterfs does (libglusterfs/src/graph.l, GlusterFS 10.3), not the filter's.
 * First byte of the input: which rules hold; then the volfile.
 */
#include "fuzz.h"

#include "protocols/gluster/access_list_text.c"
#include "protocols/gluster/volfile_filter.c"

#define LIST "/(10.0.0.1),/.gatehouse-canary-3(10.0.0.1),/a(10.0.0.2)"
#define PEERS "/(10.0.0.1)"

/* A token of glusterfs's reader; false at the end, or where it would stop. */
static bool token_take(struct span *rest, struct span *token)
{
        while (rest->length > 0 && strchr(" \t\r\n", rest->at[0])) {
                rest->at++;
                rest->length--;
        }
        if (rest->length == 0)
                return false;
        *token = (struct span){ rest->at, 0 };
        if (rest->at[0] == '#') {
                while (token->length < rest->length && rest->at[token->length] != '\n')
                        token->length++;
        } else if (rest->at[0] == '"') {
                const char *end = memchr(rest->at + 1, '"', rest->length - 1);

                FUZZ_HOLDS(end && !memchr(rest->at, '\\', (size_t)(end - rest->at)));
                token->length = (size_t)(end - rest->at) + 1;
        } else {
                while (token->length < rest->length && !strchr(" \t\r\n\"\\", rest->at[token->length]))
                        token->length++;
                FUZZ_HOLDS(token->length > 0);
        }
        rest->at += token->length;
        rest->length -= token->length;
        return true;
}

static void check_option(struct span key, struct span value)
{
        FUZZ_HOLDS(!span_is_any_case(key, "username") && !span_is_any_case(key, "password"));
        if (span_has(key, "auth.login.")) {
                FUZZ_HOLDS(span_is(value, VOLFILE_NO_LOGIN));
                return;
        }
        if (span_has(key, "auth.addr.") || span_has(key, "auth.ip.") || span_has(key, "auth.allow"))
                FUZZ_HOLDS(span_is(value, LIST) || span_is(value, PEERS) || span_is(value, "/(0.0.0.0)") ||
                           span_is(value, "0.0.0.0"));
        if (span_is(value, LIST))
                FUZZ_HOLDS(span_begins(key, "auth.addr./") && span_ends(key, ".allow"));
}

static void check_output(const struct text *out)
{
        struct span rest = { text_get(out), out->length }, token, key, value;

        FUZZ_HOLDS(!memchr(text_get(out), '`', out->length) && !memchr(text_get(out), '\0', out->length));
        while (token_take(&rest, &token))
                if (span_is_any_case(token, "option") && token_take(&rest, &key) && token_take(&rest, &value))
                        check_option(key, value);
        FUZZ_HOLDS(!volfile_has_credentials(text_get(out), out->length));
}

static bool every_volume(void *context, const char *volume)
{
        (void)context;
        return access_volume_is_valid(volume);
}

static void check_idempotent(const struct text *once, const struct volfile_rules *rules)
{
        AUTO_TEXT struct text twice = { 0 };

        if (volfile_filter_apply(text_get(once), once->length, rules, &twice) != VOLFILE_FOREIGN)
                FUZZ_HOLDS(twice.length == once->length &&
                           memcmp(text_get(&twice), text_get(once), once->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct address peer = { ADDRESS_V4, { 10, 0, 0, 1 } }, client = { ADDRESS_V4, { 10, 0, 0, 2 } };
        AUTO_ACCESS_LIST struct access_list list = { 0 };
        AUTO_TEXT struct text out = { 0 };
        struct volfile_rules rules = { 0 };

        if (size == 0)
                return 0;
        access_list_init(&list, &peer, 1);
        access_list_add(&list, "/a", &client);
        list.generation = 3;
        rules.is_managed = data[0] & 1 ? every_volume : NULL;
        rules.list = data[0] & 2 ? &list : NULL;
        rules.peers = list.peers;
        rules.peer_count = data[0] & 4 ? 1 : 0;
        rules.volume_id = data[0] & 8 ? "1cac9581-2778-4bb5-bb00-2e51824a55da" : "";
        switch (volfile_filter_apply((const char *)data + 1, size - 1, &rules, &out)) {
        case VOLFILE_FOREIGN:
                FUZZ_HOLDS(rules.is_managed && out.length == 0);
                return 0;
        case VOLFILE_TOO_LARGE:
                return 0;
        default:
                break;
        }
        FUZZ_HOLDS(!memchr(text_get(&out), '`', out.length));
        if (!rules.is_managed)
                check_output(&out);
        check_idempotent(&out, &rules);
        return 0;
}
