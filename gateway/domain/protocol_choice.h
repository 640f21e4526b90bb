/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which protocol a client node gets, and why. The first rule that speaks wins; its code and sentence are shown
 * with every grant. Pure.
 */
#pragma once

#include <stdbool.h>

#include "domain/environment.h"
#include "domain/export.h"
#include "domain/storage.h"

enum protocol { PROTOCOL_IS_NFS, PROTOCOL_IS_GLUSTER };

/* code, word, sentence, whether an export that asks for gluster is refused when written (else: falls back) */
#define PROTOCOL_RULE_TABLE(X)                                                                                   \
        X(RULE_EXPORT_NFS, "export.nfs", "the export asks for NFS", false)                                       \
        X(RULE_STORAGE_SINGLE, "storage.single", "a single storage has no Gluster server, so NFS serves it",     \
          true)                                                                                                  \
        X(RULE_STORAGE_PEER_UNENFORCED, "storage.peer_unenforced",                                               \
          "a member of the Gluster pool does not report its access control in force, so native access is kept "  \
          "closed",                                                                                              \
          true)                                                                                                  \
        X(RULE_EXPORT_READ_ONLY, "export.read_only", "Gluster Native cannot enforce read-only access, NFS can",  \
          true)                                                                                                  \
        X(RULE_EXPORT_SQUASH, "export.squash", "Gluster Native cannot squash users, NFS can", true)              \
        X(RULE_EXPORT_PRIVILEGED_PORTS, "export.privileged_ports",                                               \
          "Gluster Native cannot ask one export's clients for a privileged port, NFS can", true)                 \
        X(RULE_PATH_NOT_EXPRESSIBLE, "path.not_expressible",                                                     \
          "the path has characters outside A-Z a-z 0-9 . _ - / that Gluster access lists cannot carry safely",   \
          true)                                                                                                  \
        X(RULE_PATH_ROOT, "path.root",                                                                           \
          "the root of the volume is the storage nodes' own on Gluster Native; NFS can serve it", true)          \
        X(RULE_MOUNT_PATH_NOT_MOUNTABLE, "mount_path.not_mountable",                                             \
          "the mount path has a blank, a backslash, * ? or [, which mount.glusterfs takes apart; NFS can", true) \
        X(RULE_PLATFORM_BEFORE_6_1, "platform.before_6_1",                                                       \
          "the platform offers Gluster Native clients since 6.1, this environment runs an older one", false)     \
        X(RULE_PLATFORM_UNKNOWN, "platform.unknown",                                                             \
          "the platform version of the environment is unknown; send platform_version to allow Gluster Native",   \
          false)                                                                                                 \
        X(RULE_CLIENT_ALPINE, "client.alpine",                                                                   \
          "the node is alpine-based, where the Gluster Native client does not work", false)                      \
        X(RULE_CLIENT_NARROWED, "client.narrowed", "the platform allows only NFS on this node", false)           \
        X(RULE_CLIENT_UNKNOWN, "client.unknown",                                                                 \
          "the operating system of the node is unknown; send os to allow Gluster Native", false)                 \
        X(RULE_CLIENT_IPV6_ONLY, "client.ipv6_only",                                                             \
          "the node has only IPv6 addresses and the volume serves IPv4", false)                                  \
        X(RULE_STORAGE_DEFAULT, "storage.default", "the operator's default for this storage", false)             \
        X(RULE_EXPORT_GLUSTER, "export.gluster", "the export asks for Gluster Native", false)                    \
        X(RULE_DEFAULT, "default", "nothing speaks against Gluster Native", false)

#define PROTOCOL_RULE_ENUM(rule, word, sentence, refuses) rule,
enum protocol_rule { PROTOCOL_RULE_TABLE(PROTOCOL_RULE_ENUM) PROTOCOL_RULE_COUNT };
#undef PROTOCOL_RULE_ENUM

/* What is known of the world when the choice is made. UNKNOWN never closes what was open: native access is
 * given only after the bricks were seen to hold it, so a doubt costs time, not safety. */
enum known { KNOWN_UNKNOWN, KNOWN_PRESENT, KNOWN_ABSENT };

#define PROTOCOL_MEMBER_SIZE 64
#define PROTOCOL_SENTENCE_SIZE 256

struct protocol_facts {
        enum known pool_enforced;                         /* every member of the Gluster pool enforces */
        char unenforced[PROTOCOL_MEMBER_SIZE];            /* a member that does not, "" = not known which */
        struct platform_version default_platform_version; /* from the configuration, for environments without */
        const char *const *known_stacks; /* NULL-terminated prefixes of image names known to be glibc-based, from
                                            the configuration; used when a node has no os. NULL = none */
        const struct address *members;   /* of the Gluster pool that only enforce: they serve no NFS. Borrowed from
                                            whoever keeps the facts */
        size_t member_count;
        struct address probe; /* of the admitted probe client (domain/probe_network.h); ADDRESS_NONE: there
                                 is no such place, and no canary is wanted */
};

struct protocol_choice {
        enum protocol protocol;
        enum protocol_rule rule;
        char member[PROTOCOL_MEMBER_SIZE]; /* RULE_STORAGE_PEER_UNENFORCED: which, "" = not known */
};

/* The choice for one node of one export. */
struct protocol_choice protocol_choose(const struct export *export, const struct storage *storage,
                                       const struct environment *environment, const struct node *node,
                                       const struct protocol_facts *facts);

/* The rule that forbids `export` (which asks for gluster) whatever the node, for a refusal when written.
 * False when none does. */
bool protocol_refuses_gluster(const struct export *export, const struct storage *storage,
                              const struct protocol_facts *facts, enum protocol_rule *rule);

/* Whether the node is alpine-based: os.id or a word of id_like is "alpine", or a component of the image tag
 * (parted by . - _) begins with "alpine" followed by nothing or digits ("alpine3.20"), or the image's last name
 * component is "alpine". Case is ignored. */
bool node_is_alpine(const struct node *node);

const char *protocol_word(enum protocol protocol); /* "nfs", "gluster" */
const char *protocol_rule_word(enum protocol_rule rule);
const char *protocol_rule_sentence(enum protocol_rule rule);

/* The rule's sentence, with the member that it is about ("" = none known). Returns `text`. */
char *protocol_sentence(enum protocol_rule rule, const char *member, char text[PROTOCOL_SENTENCE_SIZE]);
