/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The certificate and the key that the API shows on TCP, read from files, and read again when that is asked for.
 * Each connection keeps what it began with. Used by main.c and by server.c; the one file that knows GnuTLS.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"

#define TLS_FILE_MAX 65536 /* bytes of each file: a chain of a dozen certificates */

enum tls_minimum { TLS_MINIMUM_1_2, TLS_MINIMUM_1_3 };

struct tls;
struct tls_identity;
struct gnutls_session_int;

/* Reads `certificate` (PEM: the server's own first, then what leads to a root that its clients know) and `key`
 * (PEM, without a password). INVALID: the files are no pair; FORBIDDEN: somebody else than its owner may read the
 * key, or it is no file; UNAVAILABLE: cannot be read; when both files are wrong the sentence tells of both. A
 * certificate out of its time is taken: tls_validity tells. The paths are copied. Caller frees with tls_free. */
int tls_open(const char *certificate, const char *key, enum tls_minimum minimum, struct tls **tls,
             struct fault *fault);
void tls_free(struct tls *tls);

/* Reads the files again, for connections that come from now on. On a fault, which is tls_open's, everything stays
 * as it was. From any thread. */
int tls_reload(struct tls *tls, struct fault *fault);

/* What tls_open and then tls_validity at `now_ms` would find wrong, all of it, told by the file that it is about:
 * FAULT_NONE for one that is right. A file that is not named ("") is not looked at. */
void tls_check(const char *certificate, const char *key, int64_t now_ms, struct fault *of_certificate,
               struct fault *of_key);

/* Until when the certificate is valid: milliseconds since 1970. From any thread, as the next. */
int64_t tls_expires_ms(struct tls *tls);

/* Whether it is at `now_ms`: 0, or EXPIRING (for TLS_WARN_MS at most), or INVALID (no more, or not yet). */
#define TLS_WARN_MS \
        (30 * INT64_C(86400000)) /* who has a machine renew it does so by then: ACME at a third of 90 days */
int tls_validity(struct tls *tls, int64_t now_ms, struct fault *fault);

/* What GnuTLS is told of versions and ciphers: nothing below the minimum, forward secrecy and AEAD alone. Static
 * storage. */
const char *tls_priorities(const struct tls *tls);

/* Makes `session`, whose handshake has not begun, show the newest certificate. What it gives is for
 * tls_session_end when the session is over. NULL: out of memory, the handshake fails. */
struct tls_identity *tls_session_begin(struct tls *tls, struct gnutls_session_int *session);
void tls_session_end(struct tls_identity *identity);

/* For who must name a certificate beforehand (a gnutls_certificate_retrieve_function2): there is none. */
void (*tls_no_certificate(void))(void);
