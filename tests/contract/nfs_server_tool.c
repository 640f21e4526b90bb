/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nfs_server_tool FOLDER COMMAND...: the calls of struct nfs_server on the bus that GATEHOUSE_TEST_BUS names, one
 * at a time, for shell tests and measurements. EXPORT blocks are handed over in FOLDER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "protocols/nfs/ganesha.h"
#include "protocols/nfs/nfs_probe.h"
#include "tests/fakes/direct_caller.h"

static struct nfs_server server;

/* An export of `path` by FSAL_VFS that lets in the addresses, in ascending order, to read and write. */
static struct nfs_export *export_of(const char *number, const char *path, char **addresses, size_t count)
{
        struct nfs_export *export = NEW(struct nfs_export);

        export->number = (uint16_t)atoi(number);
        export->file_system_id = 77000u + export->number;
        export->backing = NFS_BACKING_VFS;
        export->path = memory_text(path);
        export->pseudo = memory_format("/exports/ex-%u", export->number);
        export->anonymous_uid = 65534;
        export->anonymous_gid = 65534;
        export->clients = memory_new(count + 1, sizeof *export->clients);
        for (; export->client_count < count; export->client_count++)
                if (address_parse(addresses[export->client_count], &export->clients[export->client_count].address))
                        abort();
        return export;
}

static int run_add(char **arguments, int count, struct fault *fault)
{
        AUTO_NFS_EXPORT struct nfs_export *export =
                export_of(arguments[0], arguments[1], arguments + 2, (size_t)count - 2);

        return server.add(server.context, export, fault);
}

static int run_update(char **arguments, int count, struct fault *fault)
{
        AUTO_NFS_EXPORT struct nfs_export *export =
                export_of(arguments[0], arguments[1], arguments + 2, (size_t)count - 2);

        return server.update(server.context, export, fault);
}

static int run_remove(char **arguments, int count, struct fault *fault)
{
        (void)count;
        return server.remove(server.context, (uint16_t)atoi(arguments[0]), fault);
}

static int run_display(char **arguments, int count, struct fault *fault)
{
        struct nfs_export_seen seen = { 0 };
        char address[ADDRESS_TEXT_SIZE];
        int failed = server.display(server.context, (uint16_t)atoi(arguments[0]), &seen, fault);

        (void)count;
        if (!failed && seen.known == KNOWN_ABSENT)
                puts("absent");
        else if (!failed)
                printf("%s %s%s\n", seen.path, seen.pseudo, seen.foreign ? " foreign" : "");
        for (size_t i = 0; i < seen.client_count; i++)
                printf("%s %s\n", export_access_word(seen.clients[i].access),
                       address_format(&seen.clients[i].address, address));
        nfs_export_seen_fini(&seen);
        return failed;
}

static int run_list(char **arguments, int count, struct fault *fault)
{
        struct nfs_export_listed *listed;
        size_t listed_count;
        int failed = server.list(server.context, &listed, &listed_count, fault);

        (void)arguments;
        (void)count;
        for (size_t i = 0; !failed && i < listed_count; i++) {
                printf("%u %s\n", listed[i].number, listed[i].path);
                free(listed[i].path);
        }
        if (!failed)
                free(listed);
        return failed;
}

/* probe SERVER PSEUDO DEADLINE-MS: the worker's act, in this process. */
static int run_probe(char **arguments, int count, struct fault *fault)
{
        static const char *const words[] = {
                [NFS_PROBE_UNREACHABLE] = "unreachable", [NFS_PROBE_ADMITTED] = "admitted",
                [NFS_PROBE_REFUSED] = "refused",         [NFS_PROBE_CLOSED] = "closed",
                [NFS_PROBE_SILENT] = "silent",
        };
        struct direct_caller caller = { .table = nfs_probe_acts };
        struct act_caller worker = direct_caller_acts(&caller);
        enum nfs_probe_verdict verdict;
        struct address address;
        int failed;

        (void)count;
        if (address_parse(arguments[0], &address))
                abort();
        failed = nfs_probe(&worker, &address, arguments[1], atoi(arguments[2]), &verdict, fault);
        if (!failed)
                printf("%s %s\n", words[verdict], fault->text);
        return failed;
}

static double now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare_doubles(const void *a, const void *b)
{
        double left = *(const double *)a, right = *(const double *)b;

        return (left > right) - (left < right);
}

static void show_latencies(const char *what, double *samples, size_t count)
{
        qsort(samples, count, sizeof *samples, compare_doubles);
        printf("%-8s n=%zu p50=%.3f p90=%.3f p99=%.3f max=%.3f ms\n", what, count, samples[count / 2],
               samples[count * 9 / 10], samples[count * 99 / 100], samples[count - 1]);
}

/* bench PATH COUNT: adds, updates, displays and removes exports 1 to COUNT of one directory, a line of latencies
 * for each kind of call. */
static int run_bench(char **arguments, int count, struct fault *fault)
{
        static const char *const names[] = { "add", "update", "display", "remove" };
        size_t exports = (size_t)atoi(arguments[1]);
        AUTO_FREE double *samples = memory_new(exports + 1, sizeof *samples);
        char *client[] = { (char *)"10.77.0.21" };
        int failed = 0;

        (void)count;
        for (size_t kind = 0; kind < ARRAY_SIZE(names); kind++) {
                for (size_t i = 0; i < exports && !failed; i++) {
                        AUTO_FREE char *number = memory_format("%zu", i + 1);
                        AUTO_NFS_EXPORT struct nfs_export *export = export_of(number, arguments[0], client, 1);
                        struct nfs_export_seen seen = { 0 };
                        double started = now_ms();

                        failed = kind == 0   ? server.add(server.context, export, fault)
                                 : kind == 1 ? server.update(server.context, export, fault)
                                 : kind == 2 ? server.display(server.context, export->number, &seen, fault)
                                             : server.remove(server.context, export->number, fault);
                        samples[i] = now_ms() - started;
                        nfs_export_seen_fini(&seen);
                }
                if (failed)
                        return failed;
                show_latencies(names[kind], samples, exports);
        }
        return 0;
}

static const struct command {
        const char *name;
        int least; /* arguments */
        int (*run)(char **arguments, int count, struct fault *fault);
} commands[] = {
        { "add", 2, run_add },     { "update", 2, run_update },   { "remove", 1, run_remove },
        { "probe", 3, run_probe }, { "display", 1, run_display }, { "list", 0, run_list },
        { "bench", 2, run_bench },
};

int main(int count, char **arguments)
{
        struct fault fault = { 0 };
        struct ganesha *ganesha;
        int failed = -1;

        if (count < 3)
                return 2;
        ganesha = ganesha_new(getenv("GATEHOUSE_TEST_BUS"), arguments[1], 0);
        server = ganesha_server(ganesha);
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                if (strcmp(arguments[2], commands[i].name) == 0 && count - 3 >= commands[i].least)
                        failed = commands[i].run(arguments + 3, count - 3, &fault);
        ganesha_free(ganesha);
        if (failed)
                fprintf(stderr, "nfs_server_tool: %s: %s\n", fault_word(fault.code), fault.text);
        return failed ? 1 : 0;
}
