/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/access_policy.h"

#include <assert.h>
#include <string.h>

static const struct {
        const char *word;
        const char *sentence;
        bool is_suspension;
} access_table[ACCESS_VERDICT_COUNT] = {
#define ACCESS_ROW(verdict, word, sentence, suspends) [verdict] = { word, sentence, suspends },
        ACCESS_TABLE(ACCESS_ROW)
#undef ACCESS_ROW
};

/* Whether they are who the export means, and all of one account. */
static enum access_verdict judge_owners(const struct export *export, const struct storage *storage,
                                        const struct environment *environment, const struct node *node)
{
        if (!environment || strcmp(environment->uid, export->environment_uid) != 0 ||
            strcmp(node->environment_uid, export->environment_uid) != 0)
                return ACCESS_ENVIRONMENT_UNKNOWN;
        if (strcmp(environment->account, export->account) != 0)
                return ACCESS_ENVIRONMENT_OTHER_ACCOUNT;
        if (!storage)
                return ACCESS_STORAGE_UNKNOWN;
        if (strcmp(storage->account, export->account) != 0)
                return ACCESS_STORAGE_OTHER_ACCOUNT;
        return ACCESS_ADMITTED;
}

static enum access_verdict judge_export(const struct export *export, int64_t now_ms)
{
        if (!export->enabled)
                return ACCESS_EXPORT_DISABLED;
        if (export->expires_at_ms != 0 && now_ms >= export->expires_at_ms)
                return ACCESS_EXPORT_EXPIRED;
        return ACCESS_ADMITTED;
}

/* A migration moves nodes to new addresses: one that was written after it began is where it says. */
static bool node_is_confirmed(const struct environment *environment, const struct node *node)
{
        uint64_t since =
                environment->state_revision ? environment->state_revision : environment->document.revision;

        return node->document.revision > since;
}

/* `starting` admits, so that mounts at boot work. */
static enum access_verdict judge_state(const struct environment *environment, const struct node *node)
{
        switch (environment->state) {
        case ENVIRONMENT_STARTING:
        case ENVIRONMENT_RUNNING:
                return ACCESS_ADMITTED;
        case ENVIRONMENT_SLEEPING:
                return ACCESS_ENVIRONMENT_SLEEPING;
        case ENVIRONMENT_MIGRATING:
                return node_is_confirmed(environment, node) ? ACCESS_ADMITTED : ACCESS_ENVIRONMENT_MIGRATING;
        case ENVIRONMENT_STOPPED:
        case ENVIRONMENT_STATE_COUNT:
                break;
        }
        return ACCESS_ENVIRONMENT_STOPPED;
}

/* The newest of what the grant is made of; an export's, since it last let anybody in. */
static uint64_t newest_revision(const struct export *export, const struct environment *environment,
                                const struct node *node)
{
        uint64_t newest = export->widened_revision ? export->widened_revision : export->document.revision;

        if (environment->document.revision > newest)
                newest = environment->document.revision;
        return node->document.revision > newest ? node->document.revision : newest;
}

/* Who was let in when its inventory fell silent stays so, unless the operator wants it otherwise. */
static enum access_verdict judge_inventory(const struct export *export, const struct environment *environment,
                                           const struct node *node, const struct access_facts *facts)
{
        const char *const sources[] = { environment->origin.source, node->origin.source };
        enum access_verdict verdict = ACCESS_ADMITTED;

        for (size_t i = 0; i < 2 && facts->inventory; i++) {
                const struct inventory *inventory =
                        sources[i] ? facts->inventory(facts->context, sources[i]) : NULL;

                if (!inventory || inventory->state != INVENTORY_EXPIRED)
                        continue;
                if (inventory->suspends)
                        return ACCESS_INVENTORY_SUSPENDED;
                if (newest_revision(export, environment, node) > inventory_expired_since(inventory))
                        verdict = ACCESS_INVENTORY_EXPIRED;
        }
        return verdict;
}

/* One address in doubt is enough: which of them the node will come from is not known. */
static enum access_verdict judge_addresses(const struct node *node, const struct access_facts *facts)
{
        if (node->address_count == 0)
                return ACCESS_NODE_NO_ADDRESS;
        for (size_t i = 0; i < node->address_count; i++)
                if (facts->is_contested && facts->is_contested(facts->context, &node->addresses[i]))
                        return ACCESS_ADDRESS_CONTESTED;
        for (size_t i = 0; i < node->address_count; i++)
                if (address_kind(&node->addresses[i]) != ADDRESS_USABLE ||
                    (facts->is_storage_node && facts->is_storage_node(facts->context, &node->addresses[i])))
                        return ACCESS_ADDRESS_NOT_CLIENT;
        return ACCESS_ADMITTED;
}

enum access_verdict access_judge(const struct export *export, const struct storage *storage,
                                 const struct environment *environment, const struct node *node,
                                 const struct access_facts *facts)
{
        enum access_verdict verdict = judge_owners(export, storage, environment, node);

        if (verdict == ACCESS_ADMITTED)
                verdict = judge_export(export, facts->now_ms);
        if (verdict == ACCESS_ADMITTED)
                verdict = judge_state(environment, node);
        if (verdict == ACCESS_ADMITTED)
                verdict = judge_inventory(export, environment, node, facts);
        if (verdict == ACCESS_ADMITTED)
                verdict = judge_addresses(node, facts);
        return verdict;
}

const char *access_word(enum access_verdict verdict)
{
        assert(verdict < ACCESS_VERDICT_COUNT);
        return access_table[verdict].word;
}

const char *access_sentence(enum access_verdict verdict)
{
        assert(verdict < ACCESS_VERDICT_COUNT);
        return access_table[verdict].sentence;
}

bool access_is_suspension(enum access_verdict verdict)
{
        assert(verdict < ACCESS_VERDICT_COUNT);
        return access_table[verdict].is_suspension;
}
