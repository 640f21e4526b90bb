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
                assert_int_equal(principal_from_bearer(header, snapshot, &principal, &fault), 0);
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

                if (principal_from_bearer(headers[i], snapshot, &principal, &fault) != -FAULT_UNAUTHENTICATED)
                        fail_msg("case %zu", i);
                assert_int_equal(principal.kind, PRINCIPAL_NONE);
                assert_null(strstr(fault.text, secret)); /* no secret in an answer or a log */
        }
        /* A token that was deleted lets nobody in. */
        assert_true(snapshot_remove(snapshot, DOCUMENT_TOKEN, "ci"));
        AUTO_FREE char *deleted = memory_format("Bearer %s", secret);
        struct principal principal;
        assert_int_equal(principal_from_bearer(deleted, snapshot, &principal, NULL), -FAULT_UNAUTHENTICATED);
        shared_put(snapshot);
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

static void permit_follows_its_table(void **state)
{
        /* For an object of one's own account, of another's, and of none: 0 let, F forbidden, N not found,
         * U unauthenticated. */
        static const struct {
                enum permit_action action;
                const char *operators, *inventory, *account;
        } cases[] = {
                { PERMIT_READ_INVENTORY, "000", "000", "0NN" }, { PERMIT_WRITE_INVENTORY, "000", "000", "FNF" },
                { PERMIT_READ_STORAGE, "000", "000", "0NN" },   { PERMIT_WRITE_STORAGE, "000", "FFF", "FNF" },
                { PERMIT_READ_EXPORT, "000", "000", "0NN" },    { PERMIT_WRITE_EXPORT, "000", "FFF", "0NN" },
                { PERMIT_TOKENS, "000", "FFF", "FNF" },
        };
        static const char *const accounts[] = { "acme", "rival", NULL };
        const struct principal principals[] = { { .kind = PRINCIPAL_OPERATOR },
                                                { .kind = PRINCIPAL_INVENTORY },
                                                { .kind = PRINCIPAL_ACCOUNT, .account = "acme" },
                                                { .kind = PRINCIPAL_NONE } };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(principals) * ARRAY_SIZE(accounts); i++) {
                size_t row = i % ARRAY_SIZE(cases), who = i / ARRAY_SIZE(cases) % ARRAY_SIZE(principals);
                size_t whose = i / ARRAY_SIZE(cases) / ARRAY_SIZE(principals);
                const char *const expected[] = { cases[row].operators, cases[row].inventory, cases[row].account,
                                                 "UUU" };
                struct fault fault = { 0 };
                int failed = permit(&principals[who], cases[row].action, accounts[whose], &fault);
                char seen = failed == 0                        ? '0'
                            : failed == -FAULT_FORBIDDEN       ? 'F'
                            : failed == -FAULT_NOT_FOUND       ? 'N'
                            : failed == -FAULT_UNAUTHENTICATED ? 'U'
                                                               : '?';

                if (seen != expected[who][whose])
                        fail_msg("action %d, principal %zu, account %zu: %c", (int)cases[row].action, who, whose,
                                 seen);
                assert_null(strstr(fault.text, "rival"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bearer_is_who_the_token_says),
                cmocka_unit_test(bearer_that_is_none_is_unauthenticated),
                cmocka_unit_test(peer_is_operator_by_user_or_group),
                cmocka_unit_test(peer_over_tcp_is_nobody),
                cmocka_unit_test(permit_follows_its_table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
