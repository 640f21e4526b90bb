/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/drift_event.h"

#include "base/log.h"
#include "base/memory.h"
#include "domain/difference_json.h"

/* Owned by itself until the writer is done with it. */
struct drift_event {
        struct write_job job; /* first */
        struct difference difference;
};

static int event_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        const struct difference *difference = &((struct drift_event *)job)->difference;
        AUTO_FREE char *action = memory_format("drift.%s", difference_action_word(difference->action));
        AUTO_FREE char *before = difference_event_before(difference);
        AUTO_FREE char *after = difference_event_after(difference);

        (void)fault;
        write_event_text(write, "gatehouse", "reconcile", action,
                         difference->export_id[0] ? difference->export_id : difference->object, before, after);
        return 0;
}

static void event_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        struct drift_event *event = (struct drift_event *)job;

        (void)published;
        if (fault->code != FAULT_NONE)
                log_warning("write the event of a repair: %s", fault->text);
        difference_fini(&event->difference);
        free(event);
}

void drift_event_write(void *writer, const struct difference *difference)
{
        struct drift_event *event = NEW(struct drift_event);

        event->job = (struct write_job){ .prepare = event_prepare, .done = event_done };
        difference_copy(&event->difference, difference);
        writer_submit(writer, &event->job);
}
