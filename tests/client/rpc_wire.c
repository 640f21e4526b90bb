/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/client/rpc_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TIMEOUT_S = 10 };

uint32_t word_at(const struct record *record, size_t index)
{
        uint32_t word = 0;

        if ((index + 1) * sizeof word <= record->length)
                memcpy(&word, record->bytes + index * sizeof word, sizeof word);
        return ntohl(word);
}

int server_connect(const char *host, const char *port)
{
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *found = NULL;
        struct timeval patience = { .tv_sec = TIMEOUT_S };
        int fd = -1;

        if (getaddrinfo(host, port, &hints, &found) != 0)
                return -1;
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
                setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
                setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
                if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
                        close(fd);
                        fd = -1;
                }
        }
        freeaddrinfo(found);
        return fd;
}

static enum outcome bytes_take(int fd, void *bytes, size_t length)
{
        while (length > 0) {
                ssize_t got = recv(fd, bytes, length, 0);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                        return OUTCOME_NO_ANSWER;
                if (got <= 0)
                        return OUTCOME_UNREACHABLE;
                bytes = (char *)bytes + got;
                length -= (size_t)got;
        }
        return OUTCOME_OK;
}

enum outcome reply_take(int fd, struct record *record)
{
        enum outcome outcome;
        uint32_t mark;

        do {
                outcome = bytes_take(fd, &mark, sizeof mark);
                if (outcome != OUTCOME_OK)
                        return outcome;
                record->length = ntohl(mark) & ~LAST_FRAGMENT;
                if (!(ntohl(mark) & LAST_FRAGMENT) || record->length > sizeof record->bytes)
                        return OUTCOME_FAILED;
                outcome = bytes_take(fd, record->bytes, record->length);
        } while (outcome == OUTCOME_OK && word_at(record, 1) != 1);
        return outcome;
}
