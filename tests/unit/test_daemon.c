/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sockets that a service manager passes in, as sd_listen_fds(3) has it: each goes to a place of its kind, or the
 * daemon does not start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "daemon.h"

#define FIRST_FD 3 /* sd_listen_fds(3) */
#define ASIDE_FD 50
#define PASSED_MAX 4

/* One letter for each socket: t TCP, T TCP that nobody listens on, s AF_UNIX stream, c AF_UNIX SOCK_SEQPACKET. */
static int socket_made(char letter)
{
        const struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        const struct sockaddr_un unnamed = { .sun_family = AF_UNIX }; /* the kernel picks a name */
        bool is_tcp = letter == 't' || letter == 'T';
        int fd = socket(is_tcp ? AF_INET : AF_UNIX, letter == 'c' ? SOCK_SEQPACKET : SOCK_STREAM, 0);

        if (fd < 0 || bind(fd, is_tcp ? (const void *)&loopback : (const void *)&unnamed,
                           is_tcp ? sizeof loopback : sizeof unnamed.sun_family) < 0)
                abort();
        if (letter != 'T' && listen(fd, 1) < 0)
                abort();
        return fd;
}

/* As a service manager leaves them to the process that it starts. */
static void sockets_pass(const char *passed)
{
        char text[16];
        int aside[PASSED_MAX], count = (int)strlen(passed);

        for (int i = 0; i < count; i++)
                aside[i] = fcntl(socket_made(passed[i]), F_DUPFD, ASIDE_FD);
        for (int i = 0; i < count; i++)
                if (dup2(aside[i], FIRST_FD + i) < 0)
                        abort();
        snprintf(text, sizeof text, "%d", count);
        setenv("LISTEN_FDS", text, 1);
        snprintf(text, sizeof text, "%d", (int)getpid());
        setenv("LISTEN_PID", text, 1);
}

struct inherit_case {
        const char *passed;
        enum fault_code code;
        int channel;    /* descriptor, -1 = none */
        int streams[2]; /* the same */
        bool any;       /* streams of any family; else TCP alone */
};

/* In a process of its own. */
static bool case_holds(const struct inherit_case *expected)
{
        int channel = -1, streams[2] = { -1, -1 };
        struct daemon_place places[] = { { DAEMON_CHANNEL, &channel, .most = 1 },
                                         { expected->any ? DAEMON_STREAM : DAEMON_TCP, streams, .most = 2 } };
        struct fault fault = { 0 };
        int failed;

        sockets_pass(expected->passed);
        failed = daemon_sockets_inherit(places, ARRAY_SIZE(places), "others are", &fault);
        if (failed != -(int)expected->code || (failed && !strstr(fault.text, "others are expected")))
                return false;
        return failed || (channel == expected->channel && places[0].count == (channel >= 0) &&
                          memcmp(streams, expected->streams, sizeof streams) == 0 &&
                          places[1].count == (size_t)((streams[0] >= 0) + (streams[1] >= 0)));
}

static void sockets_go_to_places_of_their_kind_or_are_refused(void **test)
{
        static const struct inherit_case cases[] = {
                { "", FAULT_NONE, -1, { -1, -1 }, false }, { "c", FAULT_NONE, 3, { -1, -1 }, false },
                { "tc", FAULT_NONE, 4, { 3, -1 }, false }, { "tct", FAULT_NONE, 4, { 3, 5 }, false },
                { "st", FAULT_NONE, -1, { 3, 4 }, true },  { "s", FAULT_INVALID, 0, { 0 }, false },
                { "T", FAULT_INVALID, 0, { 0 }, false },   { "cc", FAULT_INVALID, 0, { 0 }, false },
                { "ttt", FAULT_INVALID, 0, { 0 }, false },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int status = -1;
                pid_t child;

                fflush(NULL);
                if ((child = fork()) == 0)
                        _exit(case_holds(&cases[i]) ? 0 : 1);
                assert_int_equal(waitpid(child, &status, 0), child);
                print_message("# passed: \"%s\"\n", cases[i].passed);
                assert_int_equal(status, 0);
        }
}

static void an_unknown_user_cannot_be_become(void **test)
{
        const struct passwd *user = NULL;
        struct fault fault = { 0 };

        (void)test;
        if (geteuid() != 0) {
                assert_int_equal(daemon_user_find("no-such-user-here", &user, &fault), 0);
                assert_null(user);
                return;
        }
        assert_int_equal(daemon_user_find("no-such-user-here", &user, &fault), -FAULT_INVALID);
        assert_int_equal(daemon_user_find("root", &user, &fault), -FAULT_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sockets_go_to_places_of_their_kind_or_are_refused),
                cmocka_unit_test(an_unknown_user_cannot_be_become),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
