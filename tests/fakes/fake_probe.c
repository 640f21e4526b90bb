/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fakes/fake_probe.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

struct fake_probe {
        pthread_mutex_t lock; /* guards what follows */
        struct fake_firewall *filter;
        struct probe_network network;
        enum probe_verdict verdicts[PROBE_CLIENT_COUNT];
        unsigned fail_in; /* calls; 0 = none fails */
        enum fault_code fail_with;
};

/* The outcome of one call. */
static int turn_take(struct fake_probe *fake, struct fault *fault)
{
        pthread_mutex_lock(&fake->lock);
        bool fails = fake->fail_in > 0 && --fake->fail_in == 0;
        enum fault_code code = fake->fail_with;
        pthread_mutex_unlock(&fake->lock);
        return fails ? fault_set(fault, code, "fake: nobody could try") : 0;
}

static int prepare(void *context, const struct probe_network *network, struct fault *fault)
{
        (void)network;
        return turn_take(context, fault);
}

static void leave(void *context)
{
        (void)context;
}

static bool is_here(void *context, const struct address *address)
{
        (void)context;
        (void)address;
        return true;
}

static int client_try(struct fake_probe *fake, enum firewall_service service, enum probe_client client,
                      enum probe_verdict *verdict, struct fault *fault)
{
        struct address address = probe_network_client(&fake->network, client);
        int failed = turn_take(fake, fault);

        if (failed)
                return failed;
        pthread_mutex_lock(&fake->lock);
        *verdict = fake->verdicts[client];
        pthread_mutex_unlock(&fake->lock);
        if (client == PROBE_STRANGER && !fake_firewall_admits(fake->filter, service, &address))
                *verdict = PROBE_CLOSED;
        if (*verdict != PROBE_LET_IN)
                fault_set(fault, FAULT_FORBIDDEN, "fake: %s", probe_verdict_word(*verdict));
        return 0;
}

static int nfs(void *context, enum probe_client client, const struct address *server, const char *pseudo,
               int deadline_ms, enum probe_verdict *verdict, struct fault *fault)
{
        (void)server;
        (void)pseudo;
        (void)deadline_ms;
        return client_try(context, SERVICE_NFS, client, verdict, fault);
}

static int native(void *context, enum probe_client client, const struct address *server, const char *volume,
                  const char *subdir, int deadline_ms, enum probe_verdict *least, enum probe_verdict *most,
                  struct fault *fault)
{
        (void)server;
        (void)volume;
        (void)subdir;
        (void)deadline_ms;
        int failed = client_try(context, SERVICE_GLUSTER, client, least, fault);
        *most = *least;
        return failed;
}

struct fake_probe *fake_probe_new(struct fake_firewall *filter)
{
        struct fake_probe *fake = NEW(struct fake_probe);

        pthread_mutex_init(&fake->lock, NULL);
        fake->filter = filter;
        fake->verdicts[PROBE_ADMITTED] = PROBE_LET_IN;
        fake->verdicts[PROBE_STRANGER] = PROBE_REFUSED;
        probe_network_parse("100.127.255.248/29", &fake->network);
        return fake;
}

void fake_probe_free(struct fake_probe *fake)
{
        if (!fake)
                return;
        pthread_mutex_destroy(&fake->lock);
        free(fake);
}

struct probe fake_probe_table(struct fake_probe *fake)
{
        return (struct probe){ prepare, leave, is_here, nfs, native, fake->network, fake };
}

void fake_probe_say(struct fake_probe *fake, enum probe_client client, enum probe_verdict verdict)
{
        pthread_mutex_lock(&fake->lock);
        fake->verdicts[client] = verdict;
        pthread_mutex_unlock(&fake->lock);
}

void fake_probe_fail(struct fake_probe *fake, unsigned nth, enum fault_code code)
{
        pthread_mutex_lock(&fake->lock);
        fake->fail_in = nth;
        fake->fail_with = code;
        pthread_mutex_unlock(&fake->lock);
}
