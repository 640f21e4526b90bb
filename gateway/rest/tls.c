/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/clock.h"
#include "base/memory.h"

/* RSA alone has no forward secrecy; nobody who speaks 1.2 lacks an AEAD cipher. */
#define PRIORITIES(older) \
        "PFS:-VERS-ALL:+VERS-TLS1.3" older ":-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305"

/* When a certificate is valid. */
struct period {
        int64_t from_ms, until_ms;
};

/* One certificate with its key, shared by the connections that began with it. */
struct tls_identity {
        struct shared shared;
        gnutls_certificate_credentials_t credentials;
        struct period period;
};

struct tls {
        char *certificate_path, *key_path;
        enum tls_minimum minimum;
        pthread_mutex_t lock;
        struct tls_identity *newest;
};

#define AUTO_PEM __attribute__((cleanup(pem_fini)))
static void pem_fini(gnutls_datum_t *pem)
{
        if (pem->data)
                explicit_bzero(pem->data, pem->size);
        free(pem->data);
}

static int pem_read(const char *path, bool is_secret, gnutls_datum_t *pem, struct fault *fault)
{
        AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat status;
        ssize_t got;

        if (fd < 0 || fstat(fd, &status) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "read %s", path);
        if (!S_ISREG(status.st_mode))
                return fault_set(fault, FAULT_FORBIDDEN, "read %s: it is no file", path);
        if (is_secret && (status.st_mode & (S_IRWXG | S_IRWXO)))
                return fault_set(fault, FAULT_FORBIDDEN,
                                 "read %s: its mode is %04o, and a key is for the user of gatehoused alone: "
                                 "chown it to that user, chmod 0600",
                                 path, (unsigned)(status.st_mode & 07777));
        if (status.st_size > TLS_FILE_MAX)
                return fault_set(fault, FAULT_INVALID, "read %s: it has more than %d bytes", path, TLS_FILE_MAX);
        pem->data = memory_new(1, (size_t)status.st_size + 1);
        if ((got = read(fd, pem->data, (size_t)status.st_size)) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "read %s", path);
        pem->size = (unsigned)got;
        return 0;
}

static void identity_free(void *object)
{
        struct tls_identity *identity = object;

        gnutls_certificate_free_credentials(identity->credentials);
        free(identity);
}

/* Reads a certificate: the time of the server's own, which is the first, into `period`. */
static int certificate_read(const char *path, gnutls_datum_t *pem, struct period *period, struct fault *fault)
{
        gnutls_x509_crt_t *chain = NULL;
        unsigned count = 0;
        int failed = pem_read(path, false, pem, fault);

        if (failed)
                return failed;
        failed = gnutls_x509_crt_list_import2(&chain, &count, pem, GNUTLS_X509_FMT_PEM, 0);
        if (failed < 0)
                return fault_set(fault, FAULT_INVALID, "use %s as a certificate: %s", path,
                                 gnutls_strerror(failed));
        period->from_ms = (int64_t)gnutls_x509_crt_get_activation_time(chain[0]) * 1000;
        period->until_ms = (int64_t)gnutls_x509_crt_get_expiration_time(chain[0]) * 1000;
        for (unsigned i = 0; i < count; i++)
                gnutls_x509_crt_deinit(chain[i]);
        gnutls_free(chain);
        return 0;
}

static int period_check(const char *path, const struct period *period, int64_t now_ms, struct fault *fault)
{
        char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

        clock_format(period->from_ms, from);
        clock_format(period->until_ms, until);
        if (now_ms >= period->until_ms)
                return fault_set(fault, FAULT_INVALID, "the certificate %s has been invalid since %s", path,
                                 until);
        if (now_ms < period->from_ms)
                return fault_set(fault, FAULT_INVALID, "the certificate %s is not valid before %s", path, from);
        if (now_ms >= period->until_ms - TLS_WARN_MS)
                return fault_set(fault, FAULT_EXPIRING, "the certificate %s is valid only until %s", path, until);
        return 0;
}

/* Reads what is named of the two files, and both as a pair into `credentials` (NULL when they are none). What is
 * wrong with one is in its fault. */
static void pair_read(const char *certificate_path, const char *key_path, struct period *period,
                      gnutls_certificate_credentials_t *credentials, struct fault *of_certificate,
                      struct fault *of_key)
{
        AUTO_PEM gnutls_datum_t certificate = { 0 }, key = { 0 };
        bool has_certificate = certificate_path[0] &&
                               certificate_read(certificate_path, &certificate, period, of_certificate) == 0;
        bool has_key = key_path[0] && pem_read(key_path, true, &key, of_key) == 0;

        *credentials = NULL;
        if (!has_certificate || !has_key)
                return;
        if (gnutls_certificate_allocate_credentials(credentials) != 0)
                abort();
        int failed = gnutls_certificate_set_x509_key_mem2(*credentials, &certificate, &key, GNUTLS_X509_FMT_PEM,
                                                          NULL, 0);
        if (failed < 0) {
                gnutls_certificate_free_credentials(*credentials);
                *credentials = NULL;
                fault_set(of_key, FAULT_INVALID, "use %s with the key %s: %s", certificate_path, key_path,
                          gnutls_strerror(failed));
        }
}

static int identity_read(const struct tls *tls, struct tls_identity **identity, struct fault *fault)
{
        struct fault of_certificate = { 0 }, of_key = { 0 };
        gnutls_certificate_credentials_t credentials;
        struct period period;

        pair_read(tls->certificate_path, tls->key_path, &period, &credentials, &of_certificate, &of_key);
        if (!credentials) {
                bool both = of_certificate.code != FAULT_NONE && of_key.code != FAULT_NONE;
                const struct fault *first = of_certificate.code != FAULT_NONE ? &of_certificate : &of_key;

                return fault_set(fault, first->code, "%s%s%s", first->text, both ? "; " : "",
                                 both ? of_key.text : "");
        }
        *identity = NEW(struct tls_identity);
        shared_init(*identity, identity_free);
        (*identity)->credentials = credentials;
        (*identity)->period = period;
        return 0;
}

void tls_check(const char *certificate, const char *key, int64_t now_ms, struct fault *of_certificate,
               struct fault *of_key)
{
        gnutls_certificate_credentials_t credentials;
        struct period period;

        *of_certificate = *of_key = (struct fault){ 0 };
        pair_read(certificate, key, &period, &credentials, of_certificate, of_key);
        if (certificate[0] && of_certificate->code == FAULT_NONE)
                period_check(certificate, &period, now_ms, of_certificate);
        if (credentials)
                gnutls_certificate_free_credentials(credentials);
}

int tls_open(const char *certificate, const char *key, enum tls_minimum minimum, struct tls **opened,
             struct fault *fault)
{
        struct tls *tls = NEW(struct tls);
        int failed;

        tls->certificate_path = memory_text(certificate);
        tls->key_path = memory_text(key);
        tls->minimum = minimum;
        pthread_mutex_init(&tls->lock, NULL);
        failed = tls_reload(tls, fault);
        if (failed)
                tls_free(tls);
        *opened = failed ? NULL : tls;
        return failed;
}

void tls_free(struct tls *tls)
{
        if (!tls)
                return;
        shared_put(tls->newest);
        pthread_mutex_destroy(&tls->lock);
        free(tls->certificate_path);
        free(tls->key_path);
        free(tls);
}

int tls_reload(struct tls *tls, struct fault *fault)
{
        struct tls_identity *read = NULL, *before;
        int failed = identity_read(tls, &read, fault);

        if (failed)
                return failed;
        pthread_mutex_lock(&tls->lock);
        before = tls->newest;
        tls->newest = read;
        pthread_mutex_unlock(&tls->lock);
        shared_put(before);
        return 0;
}

static struct tls_identity *identity_newest(struct tls *tls)
{
        pthread_mutex_lock(&tls->lock);
        struct tls_identity *identity = shared_get(tls->newest);
        pthread_mutex_unlock(&tls->lock);
        return identity;
}

int64_t tls_expires_ms(struct tls *tls)
{
        AUTO_SHARED struct tls_identity *identity = identity_newest(tls);

        return identity->period.until_ms;
}

int tls_validity(struct tls *tls, int64_t now_ms, struct fault *fault)
{
        AUTO_SHARED struct tls_identity *identity = identity_newest(tls);

        return period_check(tls->certificate_path, &identity->period, now_ms, fault);
}

const char *tls_priorities(const struct tls *tls)
{
        return tls->minimum == TLS_MINIMUM_1_3 ? PRIORITIES("") : PRIORITIES(":+VERS-TLS1.2");
}

struct tls_identity *tls_session_begin(struct tls *tls, struct gnutls_session_int *session)
{
        struct tls_identity *identity = identity_newest(tls);

        if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, identity->credentials) == 0)
                return identity;
        shared_put(identity);
        return NULL;
}

void tls_session_end(struct tls_identity *identity)
{
        shared_put(identity);
}

static int certificate_refuse(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                              const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                              gnutls_pcert_st **certificates, unsigned *certificate_count, gnutls_privkey_t *key)
{
        (void)session;
        (void)names;
        (void)name_count;
        (void)algorithms;
        (void)algorithm_count;
        (void)certificates;
        (void)certificate_count;
        (void)key;
        return -1;
}

void (*tls_no_certificate(void))(void)
{
        gnutls_certificate_retrieve_function2 *refuse = certificate_refuse;

        return (void (*)(void))refuse;
}
