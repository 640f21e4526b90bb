/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/settlement.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

/* Shared by the server and the waits that the status holds: the last one out frees it. */
struct settlements {
        struct shared shared;
        pthread_mutex_t lock;
        struct settlement *first;
        bool ended; /* nobody waits any more */
};

struct settlement {
        struct status_wait wait; /* first: the status hands back its address */
        struct settlements *all;
        struct request *request; /* NULL once it has gone on without us */
        bool *in_time;
        struct settlement *next, **at; /* linked while `request` is set */
};

static void settlements_release(void *object)
{
        struct settlements *settlements = object;

        pthread_mutex_destroy(&settlements->lock);
        free(settlements);
}

struct settlements *settlements_new(void)
{
        struct settlements *settlements = NEW(struct settlements);

        shared_init(settlements, settlements_release);
        pthread_mutex_init(&settlements->lock, NULL);
        return settlements;
}

void settlements_free(struct settlements *settlements)
{
        shared_put(settlements);
}

/* Takes the request off a settlement: whoever gets it must resume it. Under the lock. */
static struct request *request_take(struct settlement *settlement)
{
        struct request *request = settlement->request;

        if (request) {
                *settlement->at = settlement->next;
                if (settlement->next)
                        settlement->next->at = settlement->at;
                settlement->request = NULL;
        }
        return request;
}

static void settlement_settled(struct status_wait *wait, bool in_time)
{
        struct settlement *settlement = (struct settlement *)wait;
        struct settlements *all = settlement->all;
        struct request *request;

        pthread_mutex_lock(&all->lock);
        request = request_take(settlement);
        if (request)
                *settlement->in_time = in_time;
        pthread_mutex_unlock(&all->lock);
        if (request)
                request_resume(request);
        free(settlement);
        shared_put(all);
}

void settlements_end(struct settlements *settlements)
{
        struct request *request;

        do {
                pthread_mutex_lock(&settlements->lock);
                settlements->ended = true;
                request = settlements->first ? request_take(settlements->first) : NULL;
                pthread_mutex_unlock(&settlements->lock);
                if (request)
                        request_resume(request);
        } while (request);
}

/* Links it; false when the server has ended all waits already: then the request is for the caller to resume. */
static bool settlement_add(struct settlement *settlement)
{
        struct settlements *all = settlement->all;
        bool ended;

        pthread_mutex_lock(&all->lock);
        settlement->next = all->first;
        settlement->at = &all->first;
        if (all->first)
                all->first->at = &settlement->next;
        all->first = settlement;
        ended = all->ended;
        pthread_mutex_unlock(&all->lock);
        return !ended;
}

void settlement_wait(struct request *request, const struct status_wait *wait, unsigned wait_s, bool *in_time,
                     void (*next)(struct request *request))
{
        struct settlements *all = request->settlements;
        struct status *status = request->context->status;
        struct settlement *settlement;

        *in_time = false;
        if (!request_suspend(request, next)) {
                next(request);
                return;
        }
        settlement = NEW(struct settlement);
        settlement->wait = *wait;
        settlement->wait.next = NULL;
        settlement->wait.settled = settlement_settled;
        settlement->wait.deadline_ms = clock_monotonic_ms(request->context->clock) + (int64_t)wait_s * 1000;
        settlement->all = shared_get(all);
        settlement->request = request;
        settlement->in_time = in_time;
        if (settlement_add(settlement))
                status_wait_start(status, &settlement->wait);
        else
                settlement_settled(&settlement->wait, false);
}

/* How many bytes stand before the first of `stops` that is outside a quoted string, or before the end. */
static size_t span_until(const char *text, size_t length, const char *stops)
{
        bool quoted = false;
        size_t i;

        for (i = 0; i < length && (quoted || !strchr(stops, text[i])); i++) {
                if (text[i] == '"')
                        quoted = !quoted;
                else if (text[i] == '\\' && quoted && i + 1 < length)
                        i++;
        }
        return i;
}

/* Moves *text over leading blanks, and gives `length` without blanks at either end. */
static size_t trim(const char **text, size_t length)
{
        for (; length > 0 && strchr(" \t", **text); length--)
                (*text)++;
        while (length > 0 && strchr(" \t", (*text)[length - 1]))
                length--;
        return length;
}

static void wait_parse(const char *value, size_t length, unsigned *wait_s, struct violations *violations)
{
        unsigned number = 0;

        if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
                value++;
                length -= 2;
        }
        for (size_t i = 0; i < length && number <= PREFER_WAIT_MOST_S; i++)
                number = value[i] >= '0' && value[i] <= '9' ? number * 10 + (unsigned)(value[i] - '0')
                                                            : PREFER_WAIT_MOST_S + 1;
        if (length == 0 || number > PREFER_WAIT_MOST_S)
                violation_add(violations, "header/Prefer", "prefer.wait",
                              "wait is a number of seconds from 0 to %d, as in wait=10", PREFER_WAIT_MOST_S);
        else
                *wait_s = number;
}

/* Looks at one preference: token [= value] *( ; parameter). False when it is none that waits. */
static bool preference_parse(const char *text, size_t length, unsigned *wait_s, struct violations *violations)
{
        size_t most = span_until(text, length, ";"); /* wait has no parameters: what comes after is ignored */
        size_t name_length = span_until(text, most, "=");
        bool has_value = name_length < most;
        const char *value = text + name_length + has_value;
        size_t value_length = most - name_length - has_value;

        name_length = trim(&text, name_length);
        value_length = trim(&value, value_length);
        if (name_length != 4 || strncasecmp(text, "wait", 4) != 0)
                return false;
        wait_parse(value, value_length, wait_s, violations);
        return true;
}

bool prefer_parse(const char *field, unsigned *wait_s, struct violations *violations)
{
        const char *end = field ? field + strlen(field) : NULL;
        bool seen = false;

        *wait_s = 0;
        while (field < end && !seen) { /* RFC 7240, section 2: the first of a name counts */
                size_t length = span_until(field, (size_t)(end - field), ",");

                seen = preference_parse(field, length, wait_s, violations);
                field += length;
                field += field < end;
        }
        return seen;
}
