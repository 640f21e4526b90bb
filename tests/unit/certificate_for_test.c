/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "certificate_for_test.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/memory.h"

void certificate_file_write(const char *path, const void *bytes, size_t length, mode_t mode)
{
        AUTO_FCLOSE FILE *file = fopen(path, "we");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, length, file), length);
        assert_return_code(fchmod(fileno(file), mode), 0);
}

void certificate_make(const char *path, int64_t from_s, int64_t until_s)
{
        static unsigned char serial; /* many certificates made by one program must not look the same */
        AUTO_FREE char *key_path = memory_format("%s.key", path);
        struct in_addr loopback = { .s_addr = htonl(INADDR_LOOPBACK) };
        gnutls_x509_privkey_t key;
        gnutls_x509_crt_t certificate;
        gnutls_datum_t pem;

        gnutls_x509_privkey_init(&key);
        gnutls_x509_crt_init(&certificate);
        assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                         0);
        gnutls_x509_crt_set_version(certificate, 3);
        serial++;
        AUTO_FREE char *name = memory_format("CN=number %u", serial);
        gnutls_x509_crt_set_serial(certificate, &serial, 1);
        gnutls_x509_crt_set_dn(certificate, name, NULL);
        gnutls_x509_crt_set_activation_time(certificate, time(NULL) + from_s);
        gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + until_s);
        gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, &loopback, 4, 0);
        gnutls_x509_crt_set_basic_constraints(certificate, 1, -1);
        gnutls_x509_crt_set_key(certificate, key);
        assert_int_equal(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), 0);
        assert_int_equal(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem), 0);
        certificate_file_write(path, pem.data, pem.size, 0644);
        gnutls_free(pem.data);
        assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
        certificate_file_write(key_path, pem.data, pem.size, 0600);
        gnutls_free(pem.data);
        gnutls_x509_crt_deinit(certificate);
        gnutls_x509_privkey_deinit(key);
}
