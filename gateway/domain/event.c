/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/event.h"

#include <string.h>

static void text_drop(const char *text)
{
        free((void *)(uintptr_t)text);
}

static void event_free(void *object)
{
        struct event *event = object;

        text_drop(event->actor);
        text_drop(event->source);
        text_drop(event->request);
        text_drop(event->action);
        text_drop(event->object);
        text_drop(event->account);
        text_drop(event->before);
        text_drop(event->after);
        free(event);
}

static char *text_keep(struct event *event, const char *text)
{
        event->bytes += text ? strlen(text) + 1 : 0;
        return memory_text(text);
}

struct event *event_new(const struct event *from)
{
        struct event *event = NEW(struct event);

        shared_init(event, event_free);
        event->number = from->number;
        event->revision = from->revision;
        event->at_ms = from->at_ms;
        event->refused = from->refused;
        event->bytes = sizeof *event;
        event->actor = text_keep(event, from->actor);
        event->source = text_keep(event, from->source);
        event->request = text_keep(event, from->request);
        event->action = text_keep(event, from->action);
        event->object = text_keep(event, from->object);
        event->account = text_keep(event, from->account);
        event->before = text_keep(event, from->before);
        event->after = text_keep(event, from->after);
        return event;
}

static bool is_wanted(const char *wanted, const char *text)
{
        return !wanted || (text && strcmp(wanted, text) == 0);
}

static bool action_matches(const char *wanted, const char *action)
{
        size_t length = wanted ? strlen(wanted) : 0;

        return !wanted ||
               (strncmp(action, wanted, length) == 0 && (action[length] == '\0' || action[length] == '.'));
}

bool event_matches(const struct event *event, const struct event_filter *filter)
{
        return event->at_ms >= filter->since_ms && event->at_ms < filter->until_ms &&
               (filter->refused == 0 || event->refused == (filter->refused > 0)) &&
               action_matches(filter->action, event->action) && is_wanted(filter->account, event->account) &&
               is_wanted(filter->object, event->object) && is_wanted(filter->actor, event->actor);
}
