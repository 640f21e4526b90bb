/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The certificate of the API: what --check-config says of it, and that what the health tells follows it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_sockets.h"
#include "base/clock.h"
#include "base/memory.h"
#include "certificate_for_test.h"
#include "rest/tls.h"

#define DAY_S INT64_C(86400)

struct place {
        char folder[32];
        char *pem, *key, *socket;
        struct configuration configuration;
        char *nowhere[1]; /* the addresses of TCP: none */
};

static int place_make(void **state)
{
        struct place *place = NEW(struct place);

        snprintf(place->folder, sizeof place->folder, "/tmp/api-sockets.XXXXXX");
        assert_non_null(mkdtemp(place->folder));
        place->pem = memory_format("%s/tls.pem", place->folder);
        place->key = memory_format("%s.key", place->pem);
        place->socket = memory_format("%s/api.sock", place->folder);
        place->configuration = (struct configuration){ .tls_certificate = place->pem,
                                                       .tls_key = place->key,
                                                       .socket = place->socket,
                                                       .listen = place->nowhere };
        *state = place;
        return 0;
}

static int place_remove(void **state)
{
        struct place *place = *state;
        char *const paths[] = { place->pem, place->key, place->socket };

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                unlink(paths[i]);
                free(paths[i]);
        }
        rmdir(place->folder);
        free(place);
        return 0;
}

static void check_tells_each_problem_by_the_key_of_its_file(void **state)
{
        static const struct {
                int64_t from_days, until_days;
                mode_t mode; /* of the key; 0 = there is none */
                int is_refused;
                const char *says[2]; /* in this order */
        } rows[] = {
                { -1, 400, 0600, 0, { NULL } },
                { -1, 20, 0600, 0, { "f: tls_certificate: the certificate " } }, /* a warning */
                { -20, -1, 0600, -1, { "tls.pem has been invalid since 20" } },
                { 1, 400, 0600, -1, { "tls.pem is not valid before 20" } },
                { -1, 400, 0640, -1, { "f: tls_key: read " } },
                { -1, 400, 0, -1, { "tls.pem.key: No such file" } },
                { -20, -1, 0644, -1, { "f: tls_certificate: the certificate ", "\nf: tls_key: read " } },
        };
        struct place *place = *state;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_TEXT struct text problems = { 0 };
                const char *at;

                certificate_make(place->pem, rows[i].from_days * DAY_S, rows[i].until_days * DAY_S);
                assert_return_code(rows[i].mode ? chmod(place->key, rows[i].mode) : unlink(place->key), 0);
                assert_int_equal(
                        api_sockets_check(&place->configuration, "f", clock_wall_ms(clock_system()), &problems),
                        rows[i].is_refused);
                at = text_get(&problems);
                assert_int_equal(at[0] != '\0', rows[i].says[0] != NULL);
                for (size_t j = 0; j < ARRAY_SIZE(rows[i].says) && rows[i].says[j]; j++)
                        assert_non_null((at = strstr(at, rows[i].says[j])));
        }
}

static void health_follows_the_certificate_that_is_read_again(void **state)
{
        static const struct {
                int64_t from_days, until_days;
                enum fault_code code;
        } rows[] = {
                { -1, 10, FAULT_EXPIRING }, { -1, 400, FAULT_NONE },    { -20, -10, FAULT_INVALID },
                { 1, 400, FAULT_INVALID },  { -1, 29, FAULT_EXPIRING }, { -1, 31, FAULT_NONE },
        };
        struct place *place = *state;
        struct status *status = status_new(clock_system());
        struct api_sockets sockets = { 0 };
        struct fault fault = { 0 };

        certificate_make(place->pem, -DAY_S, 400 * DAY_S);
        assert_int_equal(api_sockets_open(&sockets, &place->configuration, getgid(), &fault), 0);
        assert_false(status_backend(status, BACKEND_TLS, &fault));
        api_sockets_look(&sockets, status);
        assert_true(status_backend(status, BACKEND_TLS, &fault));
        assert_int_equal(fault.code, FAULT_NONE);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                certificate_make(place->pem, rows[i].from_days * DAY_S, rows[i].until_days * DAY_S);
                api_sockets_renew(&sockets, status);
                assert_true(status_backend(status, BACKEND_TLS, &fault));
                assert_int_equal(fault.code, rows[i].code);
        }
        certificate_file_write(place->pem, "nonsense", 8, 0644);
        api_sockets_renew(&sockets, status);
        assert_true(status_backend(status, BACKEND_TLS, &fault));
        assert_int_equal(fault.code, FAULT_NONE); /* that of before is shown */
        for (size_t i = 0; i < sockets.count; i++)
                close(sockets.listeners[i]);
        tls_free(sockets.tls);
        status_free(status);
}

static void without_a_certificate_nothing_is_said_of_it(void **state)
{
        struct place *place = *state;
        struct status *status = status_new(clock_system());
        struct api_sockets sockets = { 0 };
        AUTO_TEXT struct text problems = { 0 };
        struct fault fault = { 0 };
        char nothing[] = "";

        place->configuration.tls_certificate = place->configuration.tls_key = nothing;
        assert_int_equal(api_sockets_open(&sockets, &place->configuration, getgid(), &fault), 0);
        api_sockets_look(&sockets, status);
        api_sockets_renew(&sockets, status);
        assert_false(status_backend(status, BACKEND_TLS, &fault));
        assert_int_equal(api_sockets_check(&place->configuration, "f", 0, &problems), 0);
        assert_string_equal(text_get(&problems), "");
        close(sockets.listeners[0]);
        status_free(status);
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                PLACE_TEST(check_tells_each_problem_by_the_key_of_its_file),
                PLACE_TEST(health_follows_the_certificate_that_is_read_again),
                PLACE_TEST(without_a_certificate_nothing_is_said_of_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
