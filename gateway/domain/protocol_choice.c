/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/protocol_choice.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "domain/path_rules.h"

/* What a rule looks at. `environment` and `node` are NULL when an export is written: rules that forbid Gluster
 * Native outright do not look at them. */
struct protocol_case {
        const struct export *export;
        const struct storage *storage;
        const struct environment *environment;
        const struct node *node;
        const struct protocol_facts *facts;
};

static bool export_asks_nfs(const struct protocol_case *c)
{
        return c->export->protocol == PROTOCOL_NFS;
}

static bool storage_is_single(const struct protocol_case *c)
{
        return c->storage->kind == STORAGE_SINGLE;
}

static bool storage_peer_is_unenforced(const struct protocol_case *c)
{
        return c->facts->pool_enforced == KNOWN_ABSENT;
}

static bool export_is_read_only(const struct protocol_case *c)
{
        return c->export->access == EXPORT_READ_ONLY;
}

static bool export_squashes(const struct protocol_case *c)
{
        return c->export->squash != SQUASH_NONE;
}

static bool export_wants_privileged_ports(const struct protocol_case *c)
{
        return c->export->privileged_ports;
}

static bool path_is_not_expressible(const struct protocol_case *c)
{
        return !path_is_gluster_expressible(c->export->path);
}

static bool path_is_root(const struct protocol_case *c)
{
        return strcmp(c->export->path, "/") == 0;
}

static bool mount_path_is_not_mountable(const struct protocol_case *c)
{
        return !path_is_gluster_mountable(c->export->mount_path);
}

/* The environment's own version, else the operator's default. */
static struct platform_version case_version(const struct protocol_case *c)
{
        return c->environment->platform_version.present ? c->environment->platform_version
                                                        : c->facts->default_platform_version;
}

static bool platform_is_before_6_1(const struct protocol_case *c)
{
        struct platform_version version = case_version(c);

        return version.present && (version.major < 6 || (version.major == 6 && version.minor < 1));
}

static bool platform_is_unknown(const struct protocol_case *c)
{
        return !case_version(c).present;
}

static bool client_is_alpine(const struct protocol_case *c)
{
        return node_is_alpine(c->node);
}

static bool client_is_narrowed(const struct protocol_case *c)
{
        return c->node->nfs_only;
}

static bool image_is_known(const char *image, const char *const *known_stacks)
{
        for (; image && known_stacks && *known_stacks; known_stacks++)
                if (strncasecmp(image, *known_stacks, strlen(*known_stacks)) == 0)
                        return true;
        return false;
}

static bool client_is_unknown(const struct protocol_case *c)
{
        bool os_is_known = c->node->os_id && c->node->os_id[0] != '\0';

        return !os_is_known && !image_is_known(c->node->image, c->facts->known_stacks);
}

/* Debian builds volumes with transport.address-family inet. */
static bool client_is_ipv6_only(const struct protocol_case *c)
{
        for (size_t i = 0; i < c->node->address_count; i++)
                if (c->node->addresses[i].family == ADDRESS_V4)
                        return false;
        return c->node->address_count > 0;
}

/* A default speaks where nothing was asked for. */
static bool storage_has_default(const struct protocol_case *c)
{
        return c->export->protocol == PROTOCOL_AUTO && c->storage->default_protocol != PROTOCOL_AUTO;
}

static bool export_asks_gluster(const struct protocol_case *c)
{
        return c->export->protocol == PROTOCOL_GLUSTER;
}

static bool always(const struct protocol_case *c)
{
        (void)c;
        return true;
}

static const struct {
        const char *word;
        const char *sentence;
        bool refuses;
} rule_texts[PROTOCOL_RULE_COUNT] = {
#define PROTOCOL_RULE_ROW(rule, word, sentence, refuses) [rule] = { word, sentence, refuses },
        PROTOCOL_RULE_TABLE(PROTOCOL_RULE_ROW)
#undef PROTOCOL_RULE_ROW
};

/* Whether a rule speaks, and for what (storage.default: what the storage says). */
static const struct {
        bool (*speaks)(const struct protocol_case *c);
        enum protocol protocol;
} rules[PROTOCOL_RULE_COUNT] = {
        [RULE_EXPORT_NFS] = { export_asks_nfs, PROTOCOL_IS_NFS },
        [RULE_STORAGE_SINGLE] = { storage_is_single, PROTOCOL_IS_NFS },
        [RULE_STORAGE_PEER_UNENFORCED] = { storage_peer_is_unenforced, PROTOCOL_IS_NFS },
        [RULE_EXPORT_READ_ONLY] = { export_is_read_only, PROTOCOL_IS_NFS },
        [RULE_EXPORT_SQUASH] = { export_squashes, PROTOCOL_IS_NFS },
        [RULE_EXPORT_PRIVILEGED_PORTS] = { export_wants_privileged_ports, PROTOCOL_IS_NFS },
        [RULE_PATH_NOT_EXPRESSIBLE] = { path_is_not_expressible, PROTOCOL_IS_NFS },
        [RULE_PATH_ROOT] = { path_is_root, PROTOCOL_IS_NFS },
        [RULE_MOUNT_PATH_NOT_MOUNTABLE] = { mount_path_is_not_mountable, PROTOCOL_IS_NFS },
        [RULE_PLATFORM_BEFORE_6_1] = { platform_is_before_6_1, PROTOCOL_IS_NFS },
        [RULE_PLATFORM_UNKNOWN] = { platform_is_unknown, PROTOCOL_IS_NFS },
        [RULE_CLIENT_ALPINE] = { client_is_alpine, PROTOCOL_IS_NFS },
        [RULE_CLIENT_NARROWED] = { client_is_narrowed, PROTOCOL_IS_NFS },
        [RULE_CLIENT_UNKNOWN] = { client_is_unknown, PROTOCOL_IS_NFS },
        [RULE_CLIENT_IPV6_ONLY] = { client_is_ipv6_only, PROTOCOL_IS_NFS },
        [RULE_STORAGE_DEFAULT] = { storage_has_default, PROTOCOL_IS_GLUSTER },
        [RULE_EXPORT_GLUSTER] = { export_asks_gluster, PROTOCOL_IS_GLUSTER },
        [RULE_DEFAULT] = { always, PROTOCOL_IS_GLUSTER },
};

struct protocol_choice protocol_choose(const struct export *export, const struct storage *storage,
                                       const struct environment *environment, const struct node *node,
                                       const struct protocol_facts *facts)
{
        const struct protocol_case c = { export, storage, environment, node, facts };
        struct protocol_choice choice = { 0 };

        while (!rules[choice.rule].speaks(&c))
                choice.rule++;
        if (choice.rule != RULE_STORAGE_DEFAULT || storage->default_protocol != PROTOCOL_NFS)
                choice.protocol = rules[choice.rule].protocol;
        if (choice.rule == RULE_STORAGE_PEER_UNENFORCED)
                memcpy(choice.member, facts->unenforced, sizeof choice.member);
        return choice;
}

bool protocol_refuses_gluster(const struct export *export, const struct storage *storage,
                              const struct protocol_facts *facts, enum protocol_rule *rule)
{
        const struct protocol_case c = { .export = export, .storage = storage, .facts = facts };

        for (enum protocol_rule each = 0; each < PROTOCOL_RULE_COUNT; each++)
                if (rule_texts[each].refuses && rules[each].speaks(&c)) {
                        *rule = each;
                        return true;
                }
        return false;
}

static bool word_is_alpine(const char *word, size_t length)
{
        return length == 6 && strncasecmp(word, "alpine", 6) == 0;
}

/* "alpine", or "alpine3" of "alpine3.20". */
static bool tag_component_is_alpine(const char *component, size_t length)
{
        if (length < 6 || !word_is_alpine(component, 6))
                return false;
        for (size_t i = 6; i < length; i++)
                if (!isdigit((unsigned char)component[i]))
                        return false;
        return true;
}

static bool tag_is_alpine(const char *tag, size_t length)
{
        while (length > 0) {
                size_t step = 0;

                while (step < length && !strchr(".-_", tag[step]))
                        step++;
                if (tag_component_is_alpine(tag, step))
                        return true;
                step += step < length;
                tag += step;
                length -= step;
        }
        return false;
}

/* Image references: [registry[:port]/]name[/name...][:tag][@digest] (OCI distribution specification). The last
 * slash comes first, so that a registry's port is not taken for a tag. */
static bool image_is_alpine(const char *image)
{
        size_t length = strcspn(image, "@");
        const char *slash = memrchr(image, '/', length);
        const char *name = slash ? slash + 1 : image;
        const char *end = image + length;
        const char *colon = memchr(name, ':', (size_t)(end - name));

        if (word_is_alpine(name, (size_t)((colon ? colon : end) - name)))
                return true;
        return colon && tag_is_alpine(colon + 1, (size_t)(end - colon - 1));
}

/* os-release(5) ID_LIKE: words parted by blanks. */
static bool id_like_has_alpine(const char *id_like)
{
        while (*id_like) {
                size_t length = strcspn(id_like, " \t");

                if (word_is_alpine(id_like, length))
                        return true;
                id_like += length;
                id_like += strspn(id_like, " \t");
        }
        return false;
}

bool node_is_alpine(const struct node *node)
{
        return (node->os_id && strcasecmp(node->os_id, "alpine") == 0) ||
               (node->os_id_like && id_like_has_alpine(node->os_id_like)) ||
               (node->image && image_is_alpine(node->image));
}

const char *protocol_word(enum protocol protocol)
{
        return protocol == PROTOCOL_IS_GLUSTER ? "gluster" : "nfs";
}

const char *protocol_rule_word(enum protocol_rule rule)
{
        assert(rule < PROTOCOL_RULE_COUNT);
        return rule_texts[rule].word;
}

const char *protocol_rule_sentence(enum protocol_rule rule)
{
        assert(rule < PROTOCOL_RULE_COUNT);
        return rule_texts[rule].sentence;
}

char *protocol_sentence(enum protocol_rule rule, const char *member, char text[PROTOCOL_SENTENCE_SIZE])
{
        const char *sentence = protocol_rule_sentence(rule);

        if (rule == RULE_STORAGE_PEER_UNENFORCED && member[0])
                snprintf(text, PROTOCOL_SENTENCE_SIZE, "%s: %s", sentence, member);
        else
                snprintf(text, PROTOCOL_SENTENCE_SIZE, "%s", sentence);
        return text;
}
