/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * constant-server: answers every request with the bytes of one file, as fast as libmicrohttpd can: the floor that
 * contrib/bench holds the API to. It is started the way gateway/rest/server.c starts it, one thread with epoll.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

enum { BODY_MAX = 1 << 20 };

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body, size_t *body_size,
                              void **state)
{
        struct MHD_Response *response = context;

        (void)url, (void)method, (void)version, (void)body, (void)body_size;
        if (!*state) { /* the header is there, the body is not: as every server that reads bodies does */
                *state = response;
                return MHD_YES;
        }
        return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

int main(int argc, char **argv)
{
        static char body[BODY_MAX];
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct MHD_Response *response;
        struct MHD_Daemon *server;
        FILE *file = argc == 3 ? fopen(argv[2], "re") : NULL;
        size_t length;

        if (!file) {
                fputs("usage: constant-server PORT FILE\nAnswers on 127.0.0.1 until it is killed.\n", stderr);
                return 2;
        }
        length = fread(body, 1, sizeof body, file);
        fclose(file);
        address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
        response = MHD_create_response_from_buffer(length, body, MHD_RESPMEM_PERSISTENT);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
        server = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, response,
                                  MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
        if (!server) {
                perror("constant-server");
                return 1;
        }
        for (;;)
                pause();
}
