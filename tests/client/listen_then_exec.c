/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * listen_then_exec WHERE PROGRAM [ARGUMENT...]: listens at WHERE and becomes PROGRAM with that socket passed in as
 * systemd does it (sd_listen_fds(3)), behind those that it was passed in itself. WHERE is an IPv4 ADDRESS:PORT
 * in the network namespace that this was started in (PROGRAM may go to another), or unix:USER:PATH. Exit code 3
 * when the address is taken.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"

enum { FIRST_PASSED = 3, BACKLOG = 64 };

static int bind_and_listen(int listener, const struct sockaddr *address, socklen_t size)
{
        if (listener < 0)
                return -errno;
        if (bind(listener, address, size) < 0 || listen(listener, BACKLOG) < 0) {
                int failed = -errno;
                close(listener);
                return failed;
        }
        return listener;
}

static int listen_on_address(const char *where)
{
        AUTO_FREE char *host = memory_text(where);
        char *colon = strchr(host, ':');
        struct sockaddr_in address = { .sin_family = AF_INET };

        if (!colon)
                return -EINVAL;
        *colon = '\0';
        address.sin_port = htons((in_port_t)strtoul(colon + 1, NULL, 10));
        if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
                return -EINVAL;

        int listener = socket(AF_INET, SOCK_STREAM, 0);
        if (listener >= 0)
                setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
        return bind_and_listen(listener, (struct sockaddr *)&address, sizeof address);
}

/* Owner and mode are those of gatehoused.socket. */
static int listen_on_path(const char *user_and_path)
{
        AUTO_FREE char *user = memory_text(user_and_path);
        char *path = strchr(user, ':');
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (!path)
                return -EINVAL;
        *path++ = '\0';
        const struct passwd *owner = getpwnam(user);
        if (!owner || strlen(path) >= sizeof address.sun_path)
                return -EINVAL;
        strcpy(address.sun_path, path);
        unlink(path);

        int listener =
                bind_and_listen(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
        if (listener >= 0 && (chown(path, owner->pw_uid, owner->pw_gid) < 0 || chmod(path, 0660) < 0))
                return -errno;
        return listener;
}

/* Puts `listener` behind the descriptors passed in already. */
static int pass_on(int listener)
{
        const char *passed = getenv("LISTEN_FDS");
        int count = passed ? (int)strtol(passed, NULL, 10) : 0;
        char text[16];

        if (listener != FIRST_PASSED + count) {
                if (dup2(listener, FIRST_PASSED + count) < 0)
                        return -errno;
                close(listener);
        }
        snprintf(text, sizeof text, "%d", count + 1);
        setenv("LISTEN_FDS", text, 1);
        snprintf(text, sizeof text, "%ld", (long)getpid());
        setenv("LISTEN_PID", text, 1);
        return 0;
}

int main(int argc, char **argv)
{
        if (argc < 3) {
                fprintf(stderr, "usage: listen_then_exec ADDRESS:PORT|unix:USER:PATH PROGRAM [ARGUMENT...]\n");
                return 2;
        }
        int listener =
                strncmp(argv[1], "unix:", 5) == 0 ? listen_on_path(argv[1] + 5) : listen_on_address(argv[1]);
        int failed = listener < 0 ? listener : pass_on(listener);
        if (failed) {
                fprintf(stderr, "listen_then_exec: %s: %s\n", argv[1], strerror(-failed));
                return failed == -EADDRINUSE ? 3 : 1;
        }
        execvp(argv[2], argv + 2);
        fprintf(stderr, "listen_then_exec: %s: %s\n", argv[2], strerror(errno));
        return 127;
}
