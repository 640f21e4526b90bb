/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/verification_event.h"

#include "base/log.h"
#include "base/memory.h"
#include "domain/verification_json.h"

/* Owned by itself until the writer is done with it. */
struct verification_event {
        struct write_job job; /* first */
        struct verification older, row;
};

static int event_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        const struct verification_event *event = (struct verification_event *)job;
        const struct verification *row = &event->row;
        char node[ADDRESS_TEXT_SIZE];
        AUTO_FREE char *action = memory_format("verification.%s", verification_result_word(row->result));
        AUTO_FREE char *object = memory_format("%s on %s by %s", row->storage, address_format(&row->node, node),
                                               protocol_word(row->protocol));
        AUTO_FREE char *before = event->older.at_ms ? verification_render(&event->older) : NULL;
        AUTO_FREE char *after = verification_render(row);

        (void)fault;
        write_event_text(write, "gatehouse", "verify", action, object, before, after);
        return 0;
}

static void event_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        (void)published;
        if (fault->code != FAULT_NONE)
                log_warning("write the event of a verification: %s", fault->text);
        free(job);
}

void verification_event_write(void *writer, const struct verification *older, const struct verification *row)
{
        struct verification_event *event = NEW(struct verification_event);

        event->job = (struct write_job){ .prepare = event_prepare, .done = event_done };
        event->row = *row;
        if (older)
                event->older = *older;
        writer_submit(writer, &event->job);
}
