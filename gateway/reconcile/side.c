/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/side.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

int side_wake_init(struct side_wake *wake, struct fault *fault)
{
        *wake = (struct side_wake){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
        if (wake->fd < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make eventfd");
        return 0;
}

void side_wake_fini(struct side_wake *wake)
{
        if (wake->fd >= 0)
                close(wake->fd);
        wake->fd = -1;
}

void side_wake_call(struct side_wake *wake)
{
        uint64_t one = 1;

        if (write(wake->fd, &one, sizeof one) < 0)
                return; /* EAGAIN: it is ringing already */
}

bool side_wake_drain(struct side_wake *wake)
{
        uint64_t count;

        return read(wake->fd, &count, sizeof count) == sizeof count;
}

void side_bind(const struct side_world *world, const struct snapshot *snapshot)
{
        struct fault fault = { 0 };

        if (gate_bind(world->gate, snapshot, &fault) != 0)
                side_complain("tell the packet filter from where nodes may come", &fault);
}

void side_complain(const char *what, const struct fault *fault)
{
        if (fault->code != FAULT_OBSERVING)
                log_error("%s: %s", what, fault->text);
}

int64_t side_backoff_ms(unsigned failures)
{
        unsigned doublings = failures > 7 ? 7 : failures - 1;
        int64_t pause_ms = (int64_t)250 << doublings;

        return pause_ms > 30000 ? 30000 : pause_ms;
}
