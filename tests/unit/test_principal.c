/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/principal.h"
#include "auth/secret.h"
#include "base/memory.h"
#include "domain/environment.h"

#define OPERATOR_GID 23456

static struct token *token_make(const char *name, enum token_scope scope, const char *account,
                                char secret[SECRET_TEXT_SIZE])
{
        struct token *token = token_new(name);

        token->scope = scope;
        token->account = memory_text(account);
        secret_make(secret, token->hash);
        return token;
}

#define NOW_MS 1800000000000

static int bearer_judge(const char *header, const struct snapshot *snapshot, struct principal *principal,
                        struct fault *fault)
{
        return principal_from_secret(principal_bearer(header), snapshot, NOW_MS, principal, NULL, fault);
}

static void bearer_is_who_the_token_says(void **state)
{
        static const struct {
                const char *name;
                enum token_scope scope;
                const char *account;
                enum principal_kind kind;
        } cases[] = {
                { "root-ci", TOKEN_OPERATOR, NULL, PRINCIPAL_OPERATOR },
                { "platform", TOKEN_INVENTORY, NULL, PRINCIPAL_INVENTORY },
                { "acme-ci", TOKEN_ACCOUNT, "acme", PRINCIPAL_ACCOUNT },
        };
        static const char *const forms[] = { "Bearer %s", "bearer %s", "BEARER  %s" };
        char secrets[ARRAY_SIZE(cases)][SECRET_TEXT_SIZE];
        struct snapshot *snapshot = snapshot_new();

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct token *token = token_make(cases[i].name, cases[i].scope, cases[i].account, secrets[i]);

                snapshot_put(snapshot, &token->document);
                shared_put(token);
        }
        for (size_t i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(forms); i++) {
                const char *secret = secrets[i % ARRAY_SIZE(cases)];
                char header[128], name[64];
                struct principal principal;
                struct fault fault = { 0 };

                /* The forms differ before the secret alone. */
                snprintf(header, sizeof header, "%.*s%s", (int)(strlen(forms[i / ARRAY_SIZE(cases)]) - 2),
                         forms[i / ARRAY_SIZE(cases)], secret);
                snprintf(name, sizeof name, "token:%s", cases[i % ARRAY_SIZE(cases)].name);
                assert_int_equal(bearer_judge(header, snapshot, &principal, &fault), 0);
                assert_int_equal(principal.kind, cases[i % ARRAY_SIZE(cases)].kind);
                assert_string_equal(principal.name, name);
                assert_string_equal(principal.account, cases[i % ARRAY_SIZE(cases)].account
                                                               ? cases[i % ARRAY_SIZE(cases)].account
                                                               : "");
        }
        shared_put(snapshot);
}

static void bearer_that_is_none_is_unauthenticated(void **state)
{
        char secret[SECRET_TEXT_SIZE], other[SECRET_TEXT_SIZE];
        uint8_t hash[TOKEN_HASH_SIZE];
        struct token *token = token_make("ci", TOKEN_OPERATOR, NULL, secret);
        struct snapshot *snapshot = snapshot_new();

        (void)state;
        secret_make(other, hash);
        snapshot_put(snapshot, &token->document);
        shared_put(token);
        AUTO_FREE char *unknown = memory_format("Bearer %s", other);
        AUTO_FREE char *scheme = memory_format("Basic %s", secret);
        AUTO_FREE char *glued = memory_format("Bearer%s", secret);
        AUTO_FREE char *longer = memory_format("Bearer %sA", secret);
        AUTO_FREE char *trailing = memory_format("Bearer %s ", secret);
        const char *const headers[] = { NULL,   "",    "Bearer", "Bearer ", "Bearer gh_", unknown,
                                        scheme, glued, secret,   longer,    trailing };

        for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
                struct principal principal = { .kind = PRINCIPAL_OPERATOR };
                struct fault fault = { 0 };

                if (bearer_judge(headers[i], snapshot, &principal, &fault) != -FAULT_UNAUTHENTICATED)
                        fail_msg("case %zu", i);
                assert_int_equal(principal.kind, PRINCIPAL_NONE);
                assert_null(strstr(fault.text, secret)); /* no secret in an answer or a log */
        }
        /* A token that was deleted lets nobody in. */
        assert_true(snapshot_remove(snapshot, DOCUMENT_TOKEN, "ci"));
        AUTO_FREE char *deleted = memory_format("Bearer %s", secret);
        struct principal principal;
        assert_int_equal(bearer_judge(deleted, snapshot, &principal, NULL), -FAULT_UNAUTHENTICATED);
        shared_put(snapshot);
}

static void token_opens_nothing_from_its_expiry_on(void **state)
{
        static const struct {
                int64_t expires_at_ms;
                bool opens;
        } cases[] = { { 0, true }, { NOW_MS + 1, true }, { NOW_MS, false }, { 1, false } };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char secret[SECRET_TEXT_SIZE];
                struct token *token = token_make("ci", TOKEN_OPERATOR, NULL, secret);
                AUTO_SHARED struct snapshot *snapshot = snapshot_new();
                const struct token *found = NULL;
                struct principal principal;
                struct fault fault = { 0 };

                token->expires_at_ms = cases[i].expires_at_ms;
                snapshot_put(snapshot, &token->document);
                int failed = principal_from_secret(secret, snapshot, NOW_MS, &principal, &found, &fault);
                assert_int_equal(failed, cases[i].opens ? 0 : -FAULT_UNAUTHENTICATED);
                assert_int_equal(principal.kind, cases[i].opens ? PRINCIPAL_OPERATOR : PRINCIPAL_NONE);
                assert_ptr_equal(found, token); /* it is no guess: whoever sends it has had it */
                assert_true(cases[i].opens || strstr(fault.text, "expired"));
                shared_put(token);
        }
}

static void environment_put(struct snapshot *snapshot, const char *name, const char *uid, const char *account)
{
        struct environment *environment = environment_new(name);

        environment->uid = memory_text(uid);
        environment->account = memory_text(account);
        snapshot_put(snapshot, &environment->document);
        shared_put(environment);
}

static void node_put(struct snapshot *snapshot, const char *id, const char *environment_uid)
{
        struct node *node = node_new(id);

        node->environment = memory_text("any");
        node->environment_uid = memory_text(environment_uid);
        node->layer = memory_text("cp");
        snapshot_put(snapshot, &node->document);
        shared_put(node);
}

/* What the inventory says of the node since the token was made, and whether the token still opens anything. */
static void token_of_a_node_lives_with_it(void **state)
{
        static const struct {
                const char *environment_uid; /* that the node is in now; NULL = it is gone */
                const char *account;         /* of environment e-1 */
                bool opens;
        } cases[] = {
                { "e-1", "acme", true },   { NULL, "acme", false },     { "e-2", "acme", false },
                { "e-1", "rival", false }, { "e-none", "acme", false },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char secret[SECRET_TEXT_SIZE];
                struct token *token = token_make("n", TOKEN_NODE, "acme", secret);
                AUTO_SHARED struct snapshot *snapshot = snapshot_new();
                struct principal principal;

                token->node = memory_text("101");
                token->environment_uid = memory_text("e-1");
                environment_put(snapshot, "shop", "e-1", cases[i].account);
                environment_put(snapshot, "other", "e-2", "acme");
                if (cases[i].environment_uid)
                        node_put(snapshot, "101", cases[i].environment_uid);
                snapshot_put(snapshot, &token->document);
                if (principal_from_secret(secret, snapshot, NOW_MS, &principal, NULL, NULL) !=
                    (cases[i].opens ? 0 : -FAULT_UNAUTHENTICATED))
                        fail_msg("case %zu", i);
                assert_string_equal(principal.node, cases[i].opens ? "101" : "");
                assert_string_equal(principal.account, "");
                shared_put(token);
        }
}

/* Connects as the user and groups given and tells what principal_from_peer says of it. */
static int peer_judge(uid_t uid, gid_t gid, const gid_t *groups, size_t count, struct principal *principal)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX }; /* autobound to an abstract name */
        socklen_t size = sizeof(sa_family_t);
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
        size = sizeof address;
        assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        assert_int_equal(listen(listener, 1), 0);
        pid_t child = fork();
        if (child == 0) {
                int fd = socket(AF_UNIX, SOCK_STREAM, 0);
                char byte;

                if (setgroups(count, groups) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
                    connect(fd, (struct sockaddr *)&address, size) < 0)
                        _exit(1);
                _exit(read(fd, &byte, 1) == 0 ? 0 : 1);
        }
        int fd = accept(listener, NULL, NULL);
        int failed = principal_from_peer(fd, OPERATOR_GID, principal, NULL);
        int status;
        close(fd);
        close(listener);
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
        return failed;
}

static void peer_is_operator_by_user_or_group(void **state)
{
        gid_t many[200];
        static const gid_t own[] = { 7, OPERATOR_GID, 9 }, others[] = { 7, 8, 9 };
        const struct {
                uid_t uid;
                gid_t gid;
                const gid_t *groups;
                size_t count;
                const char *name; /* NULL = kept out */
        } cases[] = {
                { 0, 0, NULL, 0, "uid:0" },
                { 12345, OPERATOR_GID, NULL, 0, "uid:12345" },
                { 12345, 12345, own, ARRAY_SIZE(own), "uid:12345" },
                { 12345, 12345, many, ARRAY_SIZE(many), "uid:12345" },
                { 12345, 12345, many, ARRAY_SIZE(many) - 1, NULL },
                { 12345, 12345, others, ARRAY_SIZE(others), NULL },
                { 12345, 0, NULL, 0, NULL },
                { OPERATOR_GID, 12345, NULL, 0, NULL }, /* a number that is a group's makes no user */
        };

        (void)state;
        if (geteuid() != 0)
                return; /* becoming other users takes root */
        for (size_t i = 0; i < ARRAY_SIZE(many); i++)
                many[i] = i + 1 == ARRAY_SIZE(many) ? OPERATOR_GID : (gid_t)(1000 + i);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct principal principal = { .kind = PRINCIPAL_OPERATOR };
                int failed = peer_judge(cases[i].uid, cases[i].gid, cases[i].groups, cases[i].count, &principal);

                if (failed != (cases[i].name ? 0 : -FAULT_FORBIDDEN))
                        fail_msg("case %zu: %d", i, failed);
                assert_int_equal(principal.kind, cases[i].name ? PRINCIPAL_OPERATOR : PRINCIPAL_NONE);
                assert_string_equal(principal.name, cases[i].name ? cases[i].name : "");
        }
}

static void peer_over_tcp_is_nobody(void **state)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct principal principal;

        (void)state;
        assert_int_equal(principal_from_peer(fd, OPERATOR_GID, &principal, NULL), -FAULT_FORBIDDEN);
        assert_int_equal(principal.kind, PRINCIPAL_NONE);
        close(fd);
}

static char verdict(int failed)
{
        return failed == 0                        ? '0'
               : failed == -FAULT_FORBIDDEN       ? 'F'
               : failed == -FAULT_NOT_FOUND       ? 'N'
               : failed == -FAULT_UNAUTHENTICATED ? 'U'
                                                  : '?';
}

/* For an object of one's own account, of another's, and of none: 0 let, F forbidden, N not found. `writes`: with
 * the right to read alone, what is let is forbidden. */
static const struct {
        enum permit_action action;
        bool writes;
        const char *operators, *inventory, *account, *node;
} permit_cases[] = {
        { PERMIT_READ_INVENTORY, false, "000", "000", "0NN", "NNF" },
        { PERMIT_WRITE_INVENTORY, true, "000", "000", "FNF", "NNF" },
        { PERMIT_READ_STORAGE, false, "000", "000", "0NN", "NNF" },
        { PERMIT_WRITE_STORAGE, true, "000", "FFF", "FNF", "NNF" },
        { PERMIT_READ_EXPORT, false, "000", "000", "0NN", "NNF" },
        { PERMIT_WRITE_EXPORT, true, "000", "FFF", "0NN", "NNF" },
        { PERMIT_READ_SERVERS, false, "000", "FFF", "FNF", "NNF" },
        { PERMIT_READ_TOKENS, false, "000", "FFF", "FNF", "NNF" },
        { PERMIT_WRITE_TOKENS, true, "000", "FFF", "FNF", "NNF" },
        { PERMIT_READ_NODE_TOKENS, false, "000", "000", "FNF", "NNF" },
        { PERMIT_WRITE_NODE_TOKENS, true, "000", "000", "FNF", "NNF" },
        { PERMIT_READ_MOUNTS, false, "000", "000", "0NN", "NNF" },
        { PERMIT_REPORT_MOUNTS, true, "000", "FFF", "0NN", "NNF" },
};

static void permit_follows_its_table(void **state)
{
        static const char *const accounts[] = { "acme", "rival", NULL };
        const struct principal principals[] = { { .kind = PRINCIPAL_OPERATOR },
                                                { .kind = PRINCIPAL_INVENTORY },
                                                { .kind = PRINCIPAL_ACCOUNT, .account = "acme" },
                                                { .kind = PRINCIPAL_NODE, .node = "101" },
                                                { .kind = PRINCIPAL_NONE } };
        size_t rows = ARRAY_SIZE(permit_cases), count = rows * ARRAY_SIZE(principals) * ARRAY_SIZE(accounts);

        (void)state;
        assert_int_equal(rows, PERMIT_ACTION_COUNT);
        for (size_t i = 0; i < 2 * count; i++) {
                size_t row = i % rows, who = i / rows % ARRAY_SIZE(principals);
                size_t whose = i % count / rows / ARRAY_SIZE(principals);
                const char *const expected[] = { permit_cases[row].operators, permit_cases[row].inventory,
                                                 permit_cases[row].account, permit_cases[row].node, "UUU" };
                struct principal principal = principals[who];
                struct fault fault = { 0 };
                char wanted = expected[who][whose];

                principal.reads_only = i >= count;
                wanted = wanted == '0' && principal.reads_only && permit_cases[row].writes ? 'F' : wanted;
                char seen = verdict(permit(&principal, permit_cases[row].action, accounts[whose], &fault));
                if (seen != wanted)
                        fail_msg("action %d, principal %zu, account %zu: %c", (int)permit_cases[row].action, who,
                                 whose, seen);
                assert_null(strstr(fault.text, "rival"));
        }
}

static void mounts_are_open_to_their_node(void **state)
{
        static const struct {
                struct principal principal;
                const char *read, *report; /* node 101 of acme, node 102 of acme, node 201 of rival */
        } cases[] = {
                { { .kind = PRINCIPAL_NODE, .node = "101" }, "0NN", "0NN" },
                { { .kind = PRINCIPAL_NODE, .node = "101", .reads_only = true }, "0NN", "FNN" },
                { { .kind = PRINCIPAL_ACCOUNT, .account = "acme" }, "00N", "00N" },
                { { .kind = PRINCIPAL_OPERATOR }, "000", "000" },
                { { .kind = PRINCIPAL_INVENTORY }, "000", "FFF" },
                { { .kind = PRINCIPAL_NONE }, "UUU", "UUU" },
        };
        static const char *const nodes[][2] = { { "101", "acme" }, { "102", "acme" }, { "201", "rival" } };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(nodes); i++) {
                size_t who = i / ARRAY_SIZE(nodes), which = i % ARRAY_SIZE(nodes);
                const struct principal *principal = &cases[who].principal;

                assert_int_equal(verdict(permit_mounts(principal, PERMIT_READ_MOUNTS, nodes[which][1],
                                                       nodes[which][0], NULL)),
                                 cases[who].read[which]);
                assert_int_equal(verdict(permit_mounts(principal, PERMIT_REPORT_MOUNTS, nodes[which][1],
                                                       nodes[which][0], NULL)),
                                 cases[who].report[which]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bearer_is_who_the_token_says),
                cmocka_unit_test(bearer_that_is_none_is_unauthenticated),
                cmocka_unit_test(token_opens_nothing_from_its_expiry_on),
                cmocka_unit_test(token_of_a_node_lives_with_it),
                cmocka_unit_test(peer_is_operator_by_user_or_group),
                cmocka_unit_test(peer_over_tcp_is_nobody),
                cmocka_unit_test(permit_follows_its_table),
                cmocka_unit_test(mounts_are_open_to_their_node),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
