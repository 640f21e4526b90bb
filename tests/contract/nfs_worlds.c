/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/nfs_worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "protocols/nfs/ganesha.h"
#include "tests/fakes/fake_nfs_server.h"

extern char **environ;

struct world world;

static struct fake_nfs_server *fake;
static struct ganesha *real;

static void fake_make_directory(const char *path)
{
        (void)path;
}

static void fake_forbid(const char *path)
{
        fake_nfs_server_forbid_path(fake, path);
}

static void fake_link(const char *path, const char *to)
{
        (void)to;
        fake_forbid(path);
}

static void fake_stop(void)
{
        fake_nfs_server_stop(fake);
}

static void fake_start(void)
{
        fake_nfs_server_start(fake);
}

static void fake_crash(void)
{
        fake_nfs_server_fail(fake, 1, FAKE_NFS_CRASH);
}

static void fake_hang(void)
{
        fake_nfs_server_fail(fake, 1, FAKE_NFS_LATE);
}

static void fake_nothing(void)
{
}

void world_fake(void)
{
        fake = fake_nfs_server_new();
        world = (struct world){
                .server = fake_nfs_server_seam(fake),
                .root = "/srv",
                .make_directory = fake_make_directory,
                .forbid = fake_forbid,
                .link = fake_link,
                .stop = fake_stop,
                .start = fake_start,
                .crash_in_next_call = fake_crash,
                .hang = fake_hang,
                .resume = fake_nothing,
                .bus_stop = fake_stop, /* who is not on the bus is not there */
                .bus_start = fake_nothing,
        };
}

static void real_script(const char *command)
{
        char *arguments[] = { getenv("GATEHOUSE_TEST_GANESHA"), (char *)command, NULL };
        int status;
        pid_t pid;

        assert_int_equal(posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ), 0);
        while (waitpid(pid, &status, 0) < 0)
                assert_int_equal(errno, EINTR);
        assert_int_equal(status, 0);
}

static void real_make_directory(const char *path)
{
        assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
}

static void real_forbid(const char *path)
{
        if (path)
                assert_true(rmdir(path) == 0 || errno == ENOENT);
}

static void real_link(const char *path, const char *to)
{
        real_forbid(path);
        assert_int_equal(symlink(to, path), 0);
}

static void real_stop(void)
{
        real_script("kill");
}

static void real_start(void)
{
        real_script("start");
}

static void real_hang(void)
{
        real_script("hang");
}

static void real_resume(void)
{
        real_script("resume");
}

/* Hung, so that the call is surely in flight when it is killed a little later. */
static void real_crash(void)
{
        pid_t pid;

        real_hang();
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                poll(NULL, 0, 200);
                execl(getenv("GATEHOUSE_TEST_GANESHA"), "with_ganesha", "kill", (char *)NULL);
                _exit(1);
        }
}

static void real_bus_stop(void)
{
        real_script("bus-kill");
}

static void real_bus_start(void)
{
        real_script("bus-start");
}

void world_real(void)
{
        real = ganesha_new(getenv("GATEHOUSE_TEST_BUS"), "/run/gatehouse-test/blocks", WORLD_CALL_TIMEOUT_MS);
        world = (struct world){
                .server = ganesha_server(real),
                .root = getenv("GATEHOUSE_TEST_ROOT"),
                .make_directory = real_make_directory,
                .forbid = real_forbid,
                .link = real_link,
                .stop = real_stop,
                .start = real_start,
                .crash_in_next_call = real_crash,
                .hang = real_hang,
                .resume = real_resume,
                .bus_stop = real_bus_stop,
                .bus_start = real_bus_start,
        };
}

void world_end(void)
{
        ganesha_free(real);
        fake_nfs_server_free(fake);
        world = (struct world){ 0 };
}
