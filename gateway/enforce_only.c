/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce_only.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "protocols/member/member_acts.h"
#include "reconcile/enforcer.h"

#define TURN_S 2

struct member {
        int listener, stop_fd;
        struct address decider;
        struct pool_key key;
        struct pool_member seam;
        struct enforcer *enforcer;
        pthread_t thread;
};

static void *serve(void *argument)
{
        struct member *member = argument;
        struct fault fault = { 0 };

        if (member_serve(member->listener, member->stop_fd, &member->decider, &member->key, member_acts,
                         &member->seam, &fault) != 0)
                log_error("serve the deciding storage node: %s", fault.text);
        return NULL;
}

static void signals_await(const struct member *member, const sigset_t *signals)
{
        const struct timespec pause = { .tv_sec = TURN_S };
        int number;

        do {
                enforcer_turn(member->enforcer);
                sd_notify(0, "WATCHDOG=1");
                number = sigtimedwait(signals, NULL, &pause);
        } while (number != SIGTERM && number != SIGINT);
}

static int member_start(struct member *member, const struct configuration *configuration,
                        const struct world *world, const char *mark_path, struct fault *fault)
{
        struct enforcer_world enforced = {
                .firewall = world->firewall,
                .gluster = &world->gluster,
                .node = &world->node,
                .door = world->door,
                .probe = world->probe,
                .clock = clock_system(),
                .mark_path = mark_path,
                .interval_ms = configuration->reconcile_interval_ms,
        };
        int failed;

        address_parse(configuration->enforce_for, &enforced.decider); /* looked at when it was read */
        member->decider = enforced.decider;
        if ((failed = pool_key_read(configuration->pool_key, &member->key, fault)) ||
            (failed = enforcer_new(&enforced, &member->enforcer, fault)))
                return failed;
        member->seam = enforcer_member(member->enforcer);
        if ((member->listener = member_listen(MEMBER_PORT, fault)) < 0)
                return member->listener;
        if ((member->stop_fd = eventfd(0, EFD_CLOEXEC)) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make an eventfd");
        if (pthread_create(&member->thread, NULL, serve, member) != 0)
                return fault_set(fault, FAULT_INTERNAL, "start a thread for the deciding storage node");
        return 0;
}

int enforce_only_run(const struct configuration *configuration, const struct world *world, const sigset_t *signals,
                     struct fault *fault)
{
        AUTO_FREE char *mark_path = memory_format("%s/obeyed", configuration->state_dir);
        struct member member = { .listener = -1, .stop_fd = -1 };
        int failed = member_start(&member, configuration, world, mark_path, fault);

        if (!failed) {
                log_notice("gatehoused " GATEHOUSE_VERSION " enforces what %s decides",
                           configuration->enforce_for);
                sd_notify(0, "READY=1");
                signals_await(&member, signals);
                sd_notify(0, "STOPPING=1");
                eventfd_write(member.stop_fd, 1);
                pthread_join(member.thread, NULL);
                log_notice("gatehoused ends");
        }
        enforcer_free(member.enforcer);
        memory_auto_close(&member.listener);
        memory_auto_close(&member.stop_fd);
        pool_key_wipe(&member.key);
        return failed;
}
