/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "domain/address.h"

#define BACKLOG 128

/* Whether somebody accepts connections at `address`. */
static bool socket_is_alive(const struct sockaddr_un *address)
{
        AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        return fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
}

/* Hands over a descriptor that AUTO_CLOSE would close. */
static int descriptor_take(int *fd)
{
        int taken = *fd;

        *fd = -1;
        return taken;
}

int listener_open_unix(const char *path, gid_t group, struct fault *fault)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        AUTO_CLOSE int fd = -1;

        if (strlen(path) >= sizeof address.sun_path)
                return fault_set(fault, FAULT_INVALID, "listen on %s: a socket's path has at most %zu bytes", path,
                                 sizeof address.sun_path - 1);
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (socket_is_alive(&address))
                return fault_set(fault, FAULT_CONFLICT, "listen on %s: another process answers there", path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        /* The mode of the descriptor becomes the file's: nobody gets in before the group is set. */
        if (fd < 0 || fchmod(fd, 0600) < 0 || (unlink(path) < 0 && errno != ENOENT) ||
            bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
            (group != (gid_t)-1 && lchown(path, (uid_t)-1, group) < 0) || chmod(path, 0660) < 0 ||
            listen(fd, BACKLOG) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "listen on %s", path);
        return descriptor_take(&fd);
}

/* Takes "host:port" or "[host]:port" apart. */
static int address_split(const char *text, char host[INET6_ADDRSTRLEN], uint16_t *port)
{
        bool bracketed = text[0] == '[';
        const char *from = bracketed ? text + 1 : text;
        const char *to = strchr(from, bracketed ? ']' : ':');
        const char *digits = !to ? NULL : bracketed ? (to[1] == ':' ? to + 2 : NULL) : to + 1;
        size_t length = to ? (size_t)(to - from) : 0;

        if (!digits || length == 0 || length >= INET6_ADDRSTRLEN || strlen(digits) == 0 || strlen(digits) > 5 ||
            strspn(digits, "0123456789") != strlen(digits) || strtoul(digits, NULL, 10) > UINT16_MAX)
                return -1;
        memcpy(host, from, length);
        host[length] = '\0';
        *port = (uint16_t)strtoul(digits, NULL, 10);
        return 0;
}

static int address_resolve(const char *text, struct sockaddr_storage *storage, socklen_t *length)
{
        struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
        char host[INET6_ADDRSTRLEN];
        uint16_t port;

        if (address_split(text, host, &port) < 0)
                return -1;
        memset(storage, 0, sizeof *storage);
        if (text[0] != '[' && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons(port);
                *length = sizeof *v4;
                return 0;
        }
        if (text[0] == '[' && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
                v6->sin6_family = AF_INET6;
                v6->sin6_port = htons(port);
                *length = sizeof *v6;
                return 0;
        }
        return -1;
}

bool listener_address_is_valid(const char *address)
{
        struct sockaddr_storage storage;
        socklen_t length;

        return address_resolve(address, &storage, &length) == 0;
}

/* Whether what is bound there is a Unix socket, or a loopback address. */
static bool is_private(const struct sockaddr_storage *storage)
{
        struct address address;

        return storage->ss_family == AF_UNIX ||
               (address_from_socket((const struct sockaddr *)storage, &address) == 0 &&
                address_kind(&address) == ADDRESS_LOOPBACK);
}

bool listener_is_private(int fd)
{
        struct sockaddr_storage storage = { 0 };
        socklen_t length = sizeof storage;

        return getsockname(fd, (struct sockaddr *)&storage, &length) == 0 && is_private(&storage);
}

bool listener_address_is_private(const char *address)
{
        struct sockaddr_storage storage;
        socklen_t length;

        return address_resolve(address, &storage, &length) == 0 && is_private(&storage);
}

int listener_open_tcp(const char *address, struct fault *fault)
{
        struct sockaddr_storage storage;
        socklen_t length = 0;
        const int on = 1;
        AUTO_CLOSE int fd = -1;

        if (address_resolve(address, &storage, &length) < 0)
                return fault_set(fault, FAULT_INVALID,
                                 "listen on %s: an address and a port are wanted, as 127.0.0.1:8470 or [::1]:8470",
                                 address);
        fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
            (storage.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) ||
            bind(fd, (const struct sockaddr *)&storage, length) < 0 || listen(fd, BACKLOG) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "listen on %s", address);
        return descriptor_take(&fd);
}
