/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Both sides of gatehouse-volfiled from a shell, for tests that run inside gluster_node:
 *   publish SOCKET VOLUME [ADDRESS...]   what glusterd has for clients of VOLUME, to those addresses
 *   status SOCKET                        its status, as name=value
 *   call ADDRESS PROGRAM VERSION NUMBER  one call to port 24007 there, without arguments; says what came back
 *   gfapi ADDRESS VOLUME DIRECTORY FILE  reads FILE as a gfapi client that mounts DIRECTORY
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <glusterfs/api/glfs.h>

#include "auth/privilege.h"
#include "base/memory.h"
#include "protocols/gluster/client_volfile.h"
#include "protocols/gluster/gluster_volume.h"
#include "protocols/gluster/glusterd_acts.h"
#include "protocols/gluster/volfile_publish.h"
#include "tests/fakes/direct_caller.h"

#define GLUSTERD_PORT 24007

static int say(const struct fault *fault)
{
        fprintf(stderr, "%s: %s\n", fault_word(fault->code), fault->text);
        return 1;
}

static int publish(const struct act_caller *volfiled, const char *name, int count, char **admitted)
{
        static struct direct_caller direct = { .table = glusterd_acts };
        const struct act_caller helper = direct_caller_acts(&direct);
        struct gluster_volume_callers callers = { .helper = helper };
        const struct gluster_volume volume = gluster_volume_over(&callers);
        AUTO_FREE struct address *addresses = memory_new((size_t)count + 1, sizeof *addresses);
        struct volume_seen seen = { 0 };
        AUTO_TEXT struct text volfile = { 0 };
        struct fault fault = { 0 };

        for (int i = 0; i < count; i++)
                if (address_parse(admitted[i], &addresses[i]))
                        return 2;
        if (volume.observe(volume.context, name, &seen, &fault) ||
            client_volfile_get(&helper, name, &volfile, &fault))
                return say(&fault);
        const struct volfile_served served = { (char *)(uintptr_t)name, volfile.data, volfile.length, seen.bricks,
                                               seen.brick_count };
        int failed = volfile_publish(volfiled, &served, addresses, (size_t)count, &fault);
        volume_seen_fini(&seen);
        return failed ? say(&fault) : 0;
}

static int status(const struct act_caller *volfiled)
{
        struct volfile_status seen;
        struct fault fault = { 0 };

        if (volfile_publish_status(volfiled, &seen, &fault))
                return say(&fault);
        printf("number=%ju admitted=%ju connections=%ju current=%ju behind=%ju requests=%ju refused=%ju\n",
               (uintmax_t)seen.number, (uintmax_t)seen.admitted, (uintmax_t)seen.connections,
               (uintmax_t)seen.current, (uintmax_t)seen.behind, (uintmax_t)seen.requests, (uintmax_t)seen.refused);
        return 0;
}

/* RFC 5531's accept_stat in the words of this test. */
static const char *call_once(const char *address, uint32_t program, uint32_t version, uint32_t number)
{
        static const char *const said[] = { "answered", "no such program", "no such version", "no such procedure",
                                            "garbage" };
        const uint32_t words[] = { 0x80000028, 7, 0, 2, program, version, number, 0, 0, 0, 0 };
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(GLUSTERD_PORT) };
        AUTO_CLOSE int client = socket(AF_INET, SOCK_STREAM, 0);
        uint32_t out[ARRAY_SIZE(words)], reply[7];
        const struct timeval wait = { .tv_sec = 5 };

        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
            connect(client, (struct sockaddr *)&to, sizeof to) < 0)
                return "refused";
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                out[i] = htonl(words[i]);
        if (send(client, out, sizeof out, MSG_NOSIGNAL) != sizeof out ||
            recv(client, reply, sizeof reply, MSG_WAITALL) != sizeof reply)
                return "closed";
        uint32_t accepted = ntohl(reply[6]);
        return ntohl(reply[3]) == 0 && accepted < ARRAY_SIZE(said) ? said[accepted] : "denied";
}

static int gfapi(const char *address, const char *volume, const char *directory, const char *file)
{
        glfs_t *fs = glfs_new(volume);
        char bytes[256];

        if (!fs || glfs_set_volfile_server(fs, "tcp", address, GLUSTERD_PORT) ||
            glfs_set_logging(fs, "/dev/null", 1) ||
            glfs_set_xlator_option(fs, "*-client-*", "subdir-mount", directory) || glfs_init(fs)) {
                perror("gfapi: mount");
                return 1;
        }
        glfs_fd_t *open = glfs_open(fs, file, 0);
        ssize_t got = open ? glfs_read(open, bytes, sizeof bytes, 0) : -1;
        if (got < 0) {
                perror("gfapi: read");
                return 1;
        }
        fwrite(bytes, 1, (size_t)got, stdout);
        fflush(stdout);
        _Exit(0); /* closing a volume takes gfapi seconds */
}

static uint32_t number_of(const char *word)
{
        return (uint32_t)strtoul(word, NULL, 10);
}

int main(int argc, char **argv)
{
        if (argc == 6 && strcmp(argv[1], "call") == 0) {
                puts(call_once(argv[2], number_of(argv[3]), number_of(argv[4]), number_of(argv[5])));
                return 0;
        }
        if (argc == 6 && strcmp(argv[1], "gfapi") == 0)
                return gfapi(argv[2], argv[3], argv[4], argv[5]);
        if (argc < 3)
                return 2;
        struct privilege_caller *caller = privilege_caller_new(argv[2]);
        const struct act_caller volfiled = privilege_caller_acts(caller);
        int code = 2;
        if (argc >= 4 && strcmp(argv[1], "publish") == 0)
                code = publish(&volfiled, argv[3], argc - 4, argv + 4);
        else if (argc == 3 && strcmp(argv[1], "status") == 0)
                code = status(&volfiled);
        privilege_caller_free(caller);
        return code;
}
