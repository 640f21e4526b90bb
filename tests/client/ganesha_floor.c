/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ganesha-floor: the least that adding exports can cost. Hands NFS-Ganesha the blocks that Gatehouse would, one
 * after the other over one kept D-Bus connection, with one append and sync for each where that is asked for, and
 * says on one line of JSON how long that took. Looks at nothing and remembers nothing. The reference of
 * contrib/bench.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "protocols/nfs/ganesha_config.h"

enum { APPENDED_BYTES = 4096 };

struct floor {
        sd_bus *bus;
        const char *directory; /* of the storage; export N is <directory>/N */
        char *block_path;
        int log; /* -1: nothing is appended */
        unsigned first, count, client_count;
        bool keep; /* they stay */
        bool look; /* at each, once it is added */
};

static long long now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void die(const char *what, unsigned number, const char *why)
{
        fprintf(stderr, "ganesha-floor: %s %u: %s\n", what, number, why);
        exit(1);
}

/* With a pseudo path as long as those of Gatehouse, and the clients 10.77.1.0 and up. */
static void block_render(const struct floor *floor, unsigned number, struct text *block)
{
        AUTO_NFS_EXPORT struct nfs_export *export = NEW(struct nfs_export);
        struct fault fault = { 0 };

        export->number = (uint16_t)number;
        export->file_system_id = 7700000000000000000u + number;
        export->backing = NFS_BACKING_VFS;
        export->path = memory_format("%s/%u", floor->directory, number);
        export->pseudo = memory_format("/exports/ex_reference0000000000%05u", number);
        export->anonymous_uid = export->anonymous_gid = 65534;
        export->clients = memory_new(floor->client_count, sizeof *export->clients);
        for (; export->client_count < floor->client_count; export->client_count++) {
                AUTO_FREE char *text = memory_format("10.77.%zu.%zu", 1 + export->client_count / 250,
                                                     1 + export->client_count % 250);

                address_parse(text, &export->clients[export->client_count].address);
        }
        if (ganesha_config_render(export, block, &fault) != 0)
                die("render", number, fault.text);
}

static void block_write(const struct floor *floor, const struct text *block, unsigned number)
{
        int file = open(floor->block_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        if (file < 0 || write(file, block->data, block->length) != (ssize_t)block->length || close(file) != 0)
                die("write", number, "the file of the block");
}

static void log_append(const struct floor *floor, unsigned number)
{
        static const char bytes[APPENDED_BYTES];

        if (floor->log >= 0 && (write(floor->log, bytes, sizeof bytes) != sizeof bytes || fsync(floor->log) != 0))
                die("append", number, "the log");
}

static void manager_call(const struct floor *floor, const char *method, unsigned number, const char *types, ...)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *request = NULL, *reply = NULL;
        va_list arguments;
        int status = sd_bus_message_new_method_call(floor->bus, &request, "org.ganesha.nfsd",
                                                    "/org/ganesha/nfsd/ExportMgr", "org.ganesha.nfsd.exportmgr",
                                                    method);

        va_start(arguments, types);
        if (status >= 0)
                status = sd_bus_message_appendv(request, types, arguments);
        va_end(arguments);
        if (status >= 0)
                status = sd_bus_call(floor->bus, request, 0, &error, &reply);
        if (status < 0)
                die(method, number, error.message ? error.message : strerror(-status));
        sd_bus_message_unref(request);
        sd_bus_message_unref(reply);
}

static void export_add(const struct floor *floor, unsigned number)
{
        char expression[GANESHA_EXPRESSION_SIZE];
        struct text block = { 0 };
        struct fault fault = { 0 };

        block_render(floor, number, &block);
        if (ganesha_config_expression((uint16_t)number, expression, &fault) != 0)
                die("name", number, fault.text);
        log_append(floor, number);
        block_write(floor, &block, number);
        manager_call(floor, "AddExport", number, "ss", floor->block_path, expression);
        text_fini(&block);
}

static int by_time(const void *left, const void *right)
{
        long long difference = *(const long long *)left - *(const long long *)right;

        return (difference > 0) - (difference < 0);
}

static void work(const struct floor *floor)
{
        AUTO_FREE long long *took_us = memory_new(floor->count, sizeof *took_us);
        long long began_us = now_us(), all_us;

        for (unsigned i = 0; i < floor->count; i++) {
                long long started_us = now_us();

                export_add(floor, floor->first + i);
                if (floor->look)
                        manager_call(floor, "DisplayExport", floor->first + i, "q", (uint16_t)(floor->first + i));
                took_us[i] = now_us() - started_us;
        }
        all_us = now_us() - began_us;
        for (unsigned i = 0; i < floor->count && !floor->keep; i++)
                manager_call(floor, "RemoveExport", floor->first + i, "q", (uint16_t)(floor->first + i));
        qsort(took_us, floor->count, sizeof *took_us, by_time);
        printf("{\"exports\":%u,\"seconds\":%.6f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n", floor->count,
               (double)all_us / 1e6, (double)took_us[(floor->count - 1) / 2] / 1e3,
               (double)took_us[(floor->count - 1) * 99 / 100] / 1e3);
}

static int usage(void)
{
        fputs("usage: ganesha-floor [--append FILE] [--clients N] [--keep] [--look] DIRECTORY FIRST COUNT\n"
              "Adds exports FIRST and up, of DIRECTORY/NUMBER, and removes them again; prints how long adding "
              "took.\n",
              stderr);
        return 2;
}

int main(int argc, char **argv)
{
        static const struct option options[] = { { "append", required_argument, NULL, 'a' },
                                                 { "clients", required_argument, NULL, 'c' },
                                                 { "keep", no_argument, NULL, 'k' },
                                                 { "look", no_argument, NULL, 'l' },
                                                 { NULL, 0, NULL, 0 } };
        struct floor floor = { .log = -1, .client_count = 1 };

        for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                if (option == 'a')
                        floor.log = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
                else if (option == 'c')
                        floor.client_count = (unsigned)strtoul(optarg, NULL, 10);
                else if (option == 'k')
                        floor.keep = true;
                else if (option == 'l')
                        floor.look = true;
                else
                        return usage();
        }
        if (argc - optind != 3)
                return usage();
        floor.directory = argv[optind];
        floor.first = (unsigned)strtoul(argv[optind + 1], NULL, 10);
        floor.count = (unsigned)strtoul(argv[optind + 2], NULL, 10);
        if (floor.first == 0 || floor.count == 0 || floor.first + floor.count > EXPORT_NUMBER_MAX)
                return usage();
        if (sd_bus_open_system(&floor.bus) < 0)
                die("connect", 0, "no system bus");
        floor.block_path = memory_format("/run/ganesha-floor.%d", getpid());
        work(&floor);
        unlink(floor.block_path);
        free(floor.block_path);
        sd_bus_close_unref(floor.bus);
        return 0;
}
