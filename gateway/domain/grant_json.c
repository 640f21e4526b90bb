/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>

#include "domain/export_json.h"
#include "domain/json_reader.h"
#include "domain/mount_instructions.h"

/* {code, sentence}: why something is as it is. */
static json_t *reason_json(const char *code, const char *sentence)
{
        json_t *reason = json_object();

        json_set_text(reason, "code", code);
        json_set_text(reason, "sentence", sentence);
        return reason;
}

static json_t *mount_json(const struct grant *grant)
{
        struct mount_instructions mount = { 0 };
        json_t *object = json_object();

        mount_instructions_make(grant, &mount);
        json_set_text(object, "type", mount.type);
        json_set_text(object, "source", mount.source);
        json_set_text(object, "options", mount.options);
        json_object_set_new(object, "servers", json_from_names(mount.servers, mount.server_count));
        json_set_text(object, "remote", mount.remote);
        json_set_text(object, "path", grant->export->mount_path);
        json_object_set_new(object, "commands", json_from_names(mount.commands, mount.command_count));
        json_set_text(object, "fstab", mount.fstab);
        json_set_text(object, "unit_name", mount.unit_name);
        json_set_text(object, "unit", mount.unit);
        mount_instructions_fini(&mount);
        return object;
}

struct json_t *grant_to_json(const struct grant *grant, enum grant_state state, const char *cause_code,
                             const char *cause)
{
        const struct node *node = grant->node;
        char sentence[PROTOCOL_SENTENCE_SIZE];
        json_t *object = json_object();

        json_set_text(object, "export", grant->export->document.id);
        json_set_text(object, "node", node->document.id);
        json_set_text(object, "environment", grant->export->environment);
        json_set_text(object, "layer", node->layer);
        json_object_set_new(object, "addresses", json_from_addresses(node->addresses, node->address_count));
        if (grant->storage && grant->environment) {
                json_set_text(object, "protocol", protocol_word(grant->choice.protocol));
                json_object_set_new(
                        object, "reason",
                        reason_json(protocol_rule_word(grant->choice.rule),
                                    protocol_sentence(grant->choice.rule, grant->choice.member, sentence)));
        }
        json_set_text(object, "access", export_access_word(grant->export->access));
        json_set_text(object, "state", grant_state_word(state));
        if (cause_code)
                json_object_set_new(object, "cause", reason_json(cause_code, cause));
        if (grant->verdict == ACCESS_ADMITTED && grant->storage)
                json_object_set_new(object, "mount", mount_json(grant));
        return object;
}

void grant_json_set_writes(struct json_t *object, const struct grant_list *writes)
{
        json_t *also, *exports;

        if (writes->count == 0)
                return;
        also = reason_json(GRANT_ALSO_RW_CODE, GRANT_ALSO_RW_SENTENCE);
        exports = json_array();
        for (size_t i = 0; i < writes->count; i++) {
                json_t *item = json_object();

                json_set_text(item, "export", writes->items[i].export->document.id);
                json_set_text(item, "path", writes->items[i].export->path);
                json_array_append_new(exports, item);
        }
        json_object_set_new(also, "exports", exports);
        json_object_set_new(object, "also_rw", also);
}
