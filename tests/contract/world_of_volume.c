/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/world_of_volume.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "protocols/gluster/brick_probe.h"
#include "protocols/gluster/gluster_volume.h"
#include "protocols/gluster/glusterd_acts.h"
#include "protocols/gluster/volume_health_acts.h"
#include "tests/fakes/direct_caller.h"

struct volume_world world;
struct fake_gluster_volume fake;

/* --- The fake's world --------------------------------------------------------------------------------------- */

static void fake_run_brick(size_t brick, bool running)
{
        fake_gluster_volume_run(&fake, brick, running);
}

static void fake_age_brick(size_t brick)
{
        fake.bricks[brick].older = true;
}

static void fake_run_server(bool running)
{
        fake.down = !running;
}

static void fake_tamper(enum difference_kind part)
{
        fake.option_set = fake.option_set || part == DIFFERENCE_VOLUME_OPTION;
        fake.list_edited = fake.list_edited || part == DIFFERENCE_VOLUME_LIST;
        fake.volfile_edited = fake.volfile_edited || part == DIFFERENCE_VOLUME_VOLFILE;
        if (part == DIFFERENCE_VOLUME_GENERATION)
                fake.generation = 1;
}

void world_of_fake(void)
{
        fake_gluster_volume_init(&fake, VOLUME);
        world = (struct volume_world){ .volume = fake_gluster_volume_seam(&fake),
                                       .health = fake_gluster_health_seam(&fake),
                                       .node = { ADDRESS_V4, { 10, 77, 0, 11 } },
                                       .run_brick = fake_run_brick,
                                       .age_brick = fake_age_brick,
                                       .run_server = fake_run_server,
                                       .tamper = fake_tamper };
}

/* --- The real one ------------------------------------------------------------------------------------------- */

static void run(char *const *arguments)
{
        pid_t child = fork();
        int status;

        assert_true(child >= 0);
        if (child == 0) {
                execvp(arguments[0], arguments);
                _exit(127);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0)
                fail_msg("%s %s: status %d", arguments[0], arguments[1], status);
}

void pause_a_little(void)
{
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
}

/* Ends the process of a PID file and waits until it is gone. */
static void kill_of_file(const char *path)
{
        AUTO_FCLOSE FILE *file = fopen(path, "r");
        int pid = 0;

        if (!file || fscanf(file, "%d", &pid) != 1)
                fail_msg("no PID in %s", path);
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (kill(pid, 0) == 0)
                pause_a_little();
}

/* Caller frees. */
static char *real_pid_file(size_t brick)
{
        char address[ADDRESS_TEXT_SIZE];

        return memory_format("/run/gluster/vols/" VOLUME "/%s-run-bricks-%zu-data.pid",
                             address_format(&world.node, address), brick + 1);
}

static void real_age_brick(size_t brick)
{
        AUTO_FREE char *path = real_pid_file(brick);
        const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void real_run_brick(size_t brick, bool running)
{
        AUTO_FREE char *path = real_pid_file(brick);

        if (running)
                run((char *[]){ "gluster", "--mode=script", "volume", "start", VOLUME, "force", NULL });
        else
                kill_of_file(path);
}

static void real_run_server(bool running)
{
        if (running)
                run((char *[]){ "glusterd", "-p", "/run/glusterd.pid", NULL });
        else
                kill_of_file("/run/glusterd.pid");
}

static void file_append(const char *path, const char *line)
{
        AUTO_FCLOSE FILE *file = fopen(path, "a");

        if (!file || fputs(line, file) < 0)
                fail_msg("%s cannot be written", path);
}

/*
 * Gives the last translator of a volfile one more option. The file stays one that a brick can read, for a brick
 * may be reading it now: after a syntax error GlusterFS 10.3 takes no volfile any more until the brick is
 * restarted
 * (`curr` of libglusterfs/src/graph.y is never forgotten).
 */
static void volfile_append_option(const char *path, const char *option)
{
        static const char end[] = "end-volume\n";
        AUTO_FCLOSE FILE *file = fopen(path, "r+");
        char tail[sizeof end] = "";

        if (!file || fseek(file, -(long)strlen(end), SEEK_END) || !fgets(tail, sizeof tail, file))
                fail_msg("%s cannot be read", path);
        assert_string_equal(tail, end);
        if (fseek(file, -(long)strlen(end), SEEK_END) || fprintf(file, "    option %s\n%s", option, end) < 0)
                fail_msg("%s cannot be written", path);
}

static void real_tamper(enum difference_kind part)
{
        char address[ADDRESS_TEXT_SIZE];
        AUTO_FREE char *volfile =
                memory_format("/var/lib/glusterd/vols/" VOLUME "/" VOLUME ".%s.run-bricks-1-data.vol",
                              address_format(&world.node, address));

        if (part == DIFFERENCE_VOLUME_OPTION)
                run((char *[]){ "gluster", "--mode=script", "volume", "set", VOLUME, "auth.allow", "*", NULL });
        else if (part == DIFFERENCE_VOLUME_GENERATION)
                run((char *[]){ "gluster", "--mode=script", "volume", "set", VOLUME, "user.gatehouse-generation",
                                "1", NULL });
        else if (part == DIFFERENCE_VOLUME_LIST)
                file_append(GATEHOUSE_ACCESSDIR "/" VOLUME ".access", "#\n");
        else
                volfile_append_option(volfile, "auth.addr./x.allow *");
}

void world_of_real(const char *node)
{
        static struct direct_caller helper = { .table = glusterd_acts }, worker = { .table = brick_probe_acts };
        static struct gluster_volume_callers callers;

        callers = (struct gluster_volume_callers){ direct_caller_acts(&helper), direct_caller_acts(&worker) };
        world = (struct volume_world){ .volume = gluster_volume_over(&callers),
                                       .health = gluster_health_over(&callers.helper),
                                       .run_brick = real_run_brick,
                                       .age_brick = real_age_brick,
                                       .run_server = real_run_server,
                                       .tamper = real_tamper };
        if (address_parse(node, &world.node))
                exit(2);
}
