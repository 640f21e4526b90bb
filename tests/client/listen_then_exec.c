/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * listen_then_exec ADDRESS:PORT PROGRAM [ARGUMENT...]: listens on an IPv4 address of the network namespace it was
 * started in and becomes PROGRAM with that socket as descriptor 3, the way systemd passes sockets in
 * (sd_listen_fds(3)). The program may have gone to another network namespace by the time it accepts. Exit code
 * 3 when the address is taken.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(const char *where)
{
        char host[INET_ADDRSTRLEN];
        struct sockaddr_in address = { .sin_family = AF_INET };
        const char *colon = strchr(where, ':');

        if (!colon || (size_t)(colon - where) >= sizeof host)
                return -EINVAL;
        memcpy(host, where, (size_t)(colon - where));
        host[colon - where] = '\0';
        address.sin_port = htons((in_port_t)strtoul(colon + 1, NULL, 10));
        if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
                return -EINVAL;

        int listener = socket(AF_INET, SOCK_STREAM, 0);
        if (listener < 0)
                return -errno;
        if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
            bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 64) < 0) {
                int failed = -errno;
                close(listener);
                return failed;
        }
        return listener;
}

int main(int argc, char **argv)
{
        if (argc < 3) {
                fprintf(stderr, "Usage: listen_then_exec ADDRESS:PORT PROGRAM [ARGUMENT...]\n");
                return 2;
        }
        int listener = listen_on(argv[1]);
        if (listener < 0) {
                fprintf(stderr, "listen_then_exec: %s: %s\n", argv[1], strerror(-listener));
                return listener == -EADDRINUSE ? 3 : 1;
        }
        if (listener != 3) {
                if (dup2(listener, 3) < 0)
                        return 1;
                close(listener);
        }
        setenv("LISTEN_FDS", "1", 1);
        execvp(argv[2], argv + 2);
        fprintf(stderr, "listen_then_exec: %s: %s\n", argv[2], strerror(errno));
        return 127;
}
