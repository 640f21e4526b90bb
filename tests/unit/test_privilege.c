/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/privilege.h"
#include "base/memory.h"

#define MASK(capability) (UINT64_C(1) << (capability))
#define CLIENT_UID 12345

/* The hexadecimal number of `key` in a status file of /proc (proc(5)). */
static uint64_t status_number(const char *path, const char *key)
{
        AUTO_FCLOSE FILE *file = fopen(path, "re");
        char line[256];
        size_t length = strlen(key);

        while (file && fgets(line, sizeof line, file))
                if (strncmp(line, key, length) == 0 && line[length] == ':')
                        return strtoull(line + length + 1, NULL, 16);
        return UINT64_MAX;
}

static int nothing_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context, (void)request, (void)reply, (void)fault;
        return 0;
}

static const struct act acts[] = {
        { 1, "test.one", "none", MASK(CAP_CHOWN) | MASK(CAP_NET_ADMIN), 0, nothing_run },
        { 2, "test.two", "none", MASK(CAP_KILL), 0, nothing_run },
        { 0 },
};

/* Runs `body` in a child and gives its exit status. */
static int child_run(int (*body)(void))
{
        pid_t child = fork();
        int status;

        if (child == 0)
                _exit(body());
        waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

static bool nothing_is_left(bool with_bounding)
{
        static const char path[] = "/proc/thread-self/status";

        return status_number(path, "CapPrm") == 0 && status_number(path, "CapEff") == 0 &&
               status_number(path, "CapInh") == 0 && status_number(path, "CapAmb") == 0 &&
               status_number(path, "NoNewPrivs") == 1 && (!with_bounding || status_number(path, "CapBnd") == 0);
}

static int drop_all_as_root(void)
{
        struct fault fault;

        return privilege_drop_all(&fault) == 0 && nothing_is_left(true) ? 0 : 1;
}

static int drop_all_as_user(void)
{
        struct fault fault;

        if (geteuid() == 0 && setresuid(CLIENT_UID, CLIENT_UID, CLIENT_UID) < 0)
                return 99;
        return privilege_drop_all(&fault) == 0 && nothing_is_left(false) ? 0 : 1;
}

/* The daemon started by hand: bounding set first, then another user, then the rest. */
static int drop_bounding_then_user(void)
{
        struct fault fault;

        if (privilege_drop_bounding(&fault) || setresuid(CLIENT_UID, CLIENT_UID, CLIENT_UID) < 0)
                return 99;
        return privilege_drop_all(&fault) == 0 && nothing_is_left(true) ? 0 : 1;
}

static int keep_only_as_user(void)
{
        struct fault fault;

        if (geteuid() == 0 && setresuid(CLIENT_UID, CLIENT_UID, CLIENT_UID) < 0)
                return 99;
        return privilege_keep_only(acts, &fault) == -FAULT_FORBIDDEN ? 0 : 1;
}

/* A program that the helper were brought to execute gets none of its capabilities, though it is user 0. */
static int keep_only_then_execute(void)
{
        struct fault fault;
        char *arguments[] = { (char[]){ "grep" }, (char[]){ "-q" }, (char[]){ "^CapPrm:[[:space:]]*0*$" },
                              (char[]){ "/proc/self/status" }, NULL };

        if (privilege_keep_only(acts, &fault))
                return 99;
        execv("/bin/grep", arguments);
        return 98;
}

static int raise_more_than_kept(void)
{
        struct fault fault;

        if (privilege_keep_only(acts, &fault))
                return 99;
        return privilege_raise(MASK(CAP_SYS_ADMIN), &fault) != 0 &&
                               status_number("/proc/thread-self/status", "CapEff") == 0
                       ? 0
                       : 1;
}

static void privileges_dropped_are_gone(void **state)
{
        (void)state;
        assert_int_equal(child_run(drop_all_as_user), 0);
        assert_int_equal(child_run(keep_only_as_user), 0);
        if (geteuid() != 0)
                return;
        assert_int_equal(child_run(drop_all_as_root), 0);
        assert_int_equal(child_run(drop_bounding_then_user), 0);
        assert_int_equal(child_run(keep_only_then_execute), 0);
        assert_int_equal(child_run(raise_more_than_kept), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(privileges_dropped_are_gone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
