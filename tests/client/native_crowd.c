/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * native-crowd: many native clients in one process, each with connections of its own to gatehouse-volfiled and to
 * each brick. Prints `ready` when all are let in, and stays until its standard input ends. Used by contrib/bench.
 */
#include <glusterfs/api/glfs.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CLIENTS_MAX = 200, PORT = 24007 };

static int client_open(const char *server, const char *volume, const char *directory)
{
        glfs_t *fs = glfs_new(volume);
        struct stat stat;

        if (!fs || glfs_set_volfile_server(fs, "tcp", server, PORT) || glfs_set_logging(fs, "/dev/null", 1) ||
            glfs_set_xlator_option(fs, "*-client-*", "subdir-mount", directory) || glfs_init(fs) ||
            glfs_stat(fs, "/", &stat)) {
                perror("native-crowd");
                return -1;
        }
        return 0;
}

int main(int argc, char **argv)
{
        unsigned long count = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
        char byte;

        if (count == 0 || count > CLIENTS_MAX) {
                fprintf(stderr, "usage: native-crowd SERVER VOLUME DIRECTORY 1..%d\n", CLIENTS_MAX);
                return 2;
        }
        for (unsigned long i = 0; i < count; i++)
                if (client_open(argv[1], argv[2], argv[3]) < 0)
                        return 1;
        puts("ready");
        fflush(stdout);
        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
        _exit(0); /* closing a volume takes gfapi seconds */
}
