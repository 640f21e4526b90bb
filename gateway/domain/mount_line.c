/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/mount_line.h"

#include <string.h>

#include "base/memory.h"
#include "domain/mount_instructions.h"

/* Adds a blank and the field. */
static void field_add(struct text *text, const char *field)
{
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/:,=-";

        text_add_char(text, ' ');
        if (!field || !*field)
                field = "-";
        for (; *field; field++)
                if (strchr(plain, *field))
                        text_add_char(text, *field);
                else
                        text_addf(text, "\\0%03o", (unsigned)(unsigned char)*field);
}

static void mount_add(struct text *text, const struct grant *grant)
{
        struct mount_instructions mount = { 0 };
        AUTO_TEXT struct text servers = { 0 };

        if (grant->verdict == ACCESS_ADMITTED && grant->storage)
                mount_instructions_make(grant, &mount);
        for (size_t i = 0; i < mount.server_count; i++)
                text_addf(&servers, "%s%s", i > 0 ? "," : "", mount.servers[i]);
        field_add(text, mount.type);
        field_add(text, text_get(&servers));
        field_add(text, mount.remote);
        field_add(text, mount.options);
        mount_instructions_fini(&mount);
}

void mount_line_add(struct text *text, const struct grant *grant, enum grant_state state, const char *cause_code,
                    const char *cause)
{
        bool is_chosen = grant->storage && grant->environment;
        char sentence[PROTOCOL_SENTENCE_SIZE];

        text_add(text, "grant");
        field_add(text, grant->export->document.id);
        field_add(text, grant_state_word(state));
        field_add(text, is_chosen ? protocol_word(grant->choice.protocol) : NULL);
        field_add(text, export_access_word(grant->export->access));
        mount_add(text, grant);
        field_add(text, grant->export->mount_path);
        if (!cause_code && is_chosen) {
                cause_code = protocol_rule_word(grant->choice.rule);
                cause = protocol_sentence(grant->choice.rule, grant->choice.member, sentence);
        }
        field_add(text, cause_code);
        field_add(text, cause);
        text_add_char(text, '\n');
}
