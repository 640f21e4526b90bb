/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "api_sockets.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon.h"
#include "rest/listener.h"
#include "rest/tls.h"

static int listeners_open(struct api_sockets *sockets, const struct configuration *configuration, gid_t group,
                          struct fault *fault)
{
        struct daemon_place place = { DAEMON_STREAM, sockets->listeners, .most = API_SOCKETS_MAX };
        int failed = daemon_sockets_inherit(&place, 1, "listening stream sockets are", fault), fd;

        sockets->count = place.count;
        if (failed || place.count > 0)
                return failed;
        fd = listener_open_unix(configuration->socket, group, fault);
        for (char **address = configuration->listen; fd >= 0; address++) {
                sockets->listeners[sockets->count++] = fd;
                if (!*address)
                        return 0;
                fd = listener_open_tcp(*address, fault);
        }
        return fd;
}

/* Tells until when the certificate is valid, or that it is not, or not for long. */
static void tls_announce(struct api_sockets *sockets)
{
        struct fault fault = { 0 };
        char until[CLOCK_TEXT_SIZE];

        tls_validity(sockets->tls, clock_wall_ms(clock_system()), &fault);
        sockets->told = fault.code;
        if (fault.code != FAULT_NONE)
                log_warning("%s", fault.text);
        else
                log_notice("TLS by %s, which is valid until %s", sockets->certificate,
                           clock_format(tls_expires_ms(sockets->tls), until));
}

static int tls_start(struct api_sockets *sockets, const struct configuration *configuration, struct fault *fault)
{
        int failed;

        if (!configuration->tls_certificate[0])
                return 0;
        sockets->certificate = configuration->tls_certificate;
        failed = tls_open(configuration->tls_certificate, configuration->tls_key,
                          (enum tls_minimum)configuration->tls_minimum, &sockets->tls, fault);
        if (!failed)
                tls_announce(sockets);
        return failed;
}

/* Sockets that were passed in are held to listen_plaintext as those of `listen` are. */
static int listeners_check(const struct api_sockets *sockets, const struct configuration *configuration,
                           struct fault *fault)
{
        if (sockets->tls || configuration->listen_plaintext == PLAINTEXT_ANYWHERE)
                return 0;
        for (size_t i = 0; i < sockets->count; i++)
                if (!listener_is_private(sockets->listeners[i]))
                        return fault_set(
                                fault, FAULT_INVALID,
                                "listen on descriptor %d: it is reached from outside, and plain HTTP shows "
                                "tokens to everybody on the way; TLS (tls_certificate, tls_key) is "
                                "allowed, or listen_plaintext = anywhere",
                                sockets->listeners[i]);
        return 0;
}

int api_sockets_open(struct api_sockets *sockets, const struct configuration *configuration, gid_t group,
                     struct fault *fault)
{
        return listeners_open(sockets, configuration, group, fault) ?: tls_start(sockets, configuration, fault)
                       ?: listeners_check(sockets, configuration, fault);
}

void api_sockets_look(struct api_sockets *sockets, struct status *status)
{
        struct fault fault = { 0 };

        if (!sockets->tls)
                return;
        tls_validity(sockets->tls, clock_wall_ms(clock_system()), &fault);
        status_note_backend(status, BACKEND_TLS, &fault);
        if (fault.code != sockets->told)
                tls_announce(sockets);
}

void api_sockets_renew(struct api_sockets *sockets, struct status *status)
{
        struct fault fault = { 0 };

        if (!sockets->tls)
                log_notice("SIGHUP: there is no certificate (tls_certificate) that could be read again");
        else if (tls_reload(sockets->tls, &fault) != 0)
                log_error("SIGHUP: %s; connections go on with the certificate from before", fault.text);
        else
                tls_announce(sockets);
        api_sockets_look(sockets, status);
}

int api_sockets_check(const struct configuration *configuration, const char *path, int64_t now_ms,
                      struct text *problems)
{
        struct fault faults[2];
        static const char *const keys[] = { "tls_certificate", "tls_key" };
        int failed = 0;

        tls_check(configuration->tls_certificate, configuration->tls_key, now_ms, &faults[0], &faults[1]);
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
                if (faults[i].code != FAULT_NONE) {
                        text_addf(problems, "%s: %s: %s\n", path, keys[i], faults[i].text);
                        failed = faults[i].code == FAULT_EXPIRING ? failed : -1;
                }
        return failed;
}
