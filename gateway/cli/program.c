/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

extern char **environ;

static int program_start(char *const argv[], int out, pid_t *child)
{
        posix_spawn_file_actions_t actions;
        int error;

        if (posix_spawn_file_actions_init(&actions) != 0)
                abort();
        if (posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) != 0 ||
            posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) != 0 ||
            posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO) != 0)
                abort();
        error = posix_spawnp(child, argv[0], &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        return error;
}

/* Reads until the program has closed its outputs; false when the time is over before. */
static bool output_read(int fd, int64_t deadline_ms, struct text *said)
{
        for (;;) {
                int64_t left_ms = deadline_ms - clock_monotonic_ms(clock_system());
                struct pollfd ready = { .fd = fd, .events = POLLIN };
                char bytes[1024];
                ssize_t length;
                int found;

                if (left_ms <= 0)
                        return false;
                found = poll(&ready, 1, (int)left_ms);
                if (found == 0 || (found < 0 && errno == EINTR))
                        continue;
                length = read(fd, bytes, sizeof bytes);
                if (length <= 0)
                        return true;
                if (said->length + (size_t)length <= PROGRAM_SAYS_MAX)
                        text_add_bytes(said, bytes, (size_t)length);
        }
}

int program_run(char *const argv[], unsigned deadline_ms, struct text *said, int *exit_status, struct fault *fault)
{
        const int64_t until_ms = clock_monotonic_ms(clock_system()) + deadline_ms;
        int ends[2], error, status = 0;
        bool ended;
        pid_t child;

        if (pipe2(ends, O_CLOEXEC) != 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "run %s", argv[0]);
        error = program_start(argv, ends[1], &child);
        close(ends[1]);
        if (error != 0) {
                close(ends[0]);
                return fault_set_errno(fault, error == ENOENT ? FAULT_NOT_FOUND : FAULT_UNAVAILABLE, error,
                                       "run %s", argv[0]);
        }
        ended = output_read(ends[0], until_ms, said);
        close(ends[0]);
        if (!ended)
                kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        break;
        if (!ended)
                return fault_set(fault, FAULT_TIMEOUT, "run %s: it has not ended in %u ms", argv[0], deadline_ms);
        *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return 0;
}
