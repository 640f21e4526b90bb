/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/event_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void event_feed_fini(struct event_feed *feed)
{
        text_fini(&feed->line);
        text_fini(&feed->data);
}

void event_feed_restart(struct event_feed *feed)
{
        text_clear(&feed->line);
        text_clear(&feed->data);
        feed->next_id[0] = '\0';
}

/* The value behind "name:", without the one blank that may stand before it; NULL when `line` is another field. */
static const char *field_value(const char *line, const char *name)
{
        size_t length = strlen(name);

        if (strncmp(line, name, length) != 0 || line[length] != ':')
                return NULL;
        return line + length + 1 + (line[length + 1] == ' ');
}

/* An empty line: the event before it is whole. Its id counts once it has been taken, so that what was not shown is
 * asked for again. */
static bool event_end(struct event_feed *feed)
{
        bool goes_on = feed->data.length == 0 || feed->take(feed->context, text_get(&feed->data));

        if (feed->next_id[0])
                memcpy(feed->id, feed->next_id, sizeof feed->id);
        feed->next_id[0] = '\0';
        text_clear(&feed->data);
        return goes_on;
}

static bool line_end(struct event_feed *feed)
{
        const char *line = text_get(&feed->line), *value;
        bool goes_on = true;

        if (!line[0]) {
                goes_on = event_end(feed);
        } else if ((value = field_value(line, "data"))) {
                text_addf(&feed->data, "%s%s", feed->data.length > 0 ? "\n" : "", value);
                goes_on = feed->data.length <= EVENT_LINE_MOST;
        } else if ((value = field_value(line, "id")) && strlen(value) < EVENT_ID_SIZE &&
                   value[strspn(value, "0123456789")] == '\0') {
                snprintf(feed->next_id, sizeof feed->next_id, "%s", value);
        } else if ((value = field_value(line, "retry")) && strlen(value) < 9 &&
                   value[strspn(value, "0123456789")] == '\0') {
                feed->retry_ms = (unsigned)strtoul(value, NULL, 10);
        }
        text_clear(&feed->line);
        return goes_on;
}

bool event_feed_read(struct event_feed *feed, const char *bytes, size_t length)
{
        for (size_t i = 0; i < length; i++) {
                if (bytes[i] == '\n') {
                        if (!line_end(feed))
                                return false;
                } else if (bytes[i] != '\r' && bytes[i] != '\0') {
                        text_add_char(&feed->line, bytes[i]);
                        if (feed->line.length > EVENT_LINE_MOST)
                                return false;
                }
        }
        return true;
}
