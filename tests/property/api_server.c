/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The API as the property test meets it: the server of the unit tests over a small world, on a TCP port and a Unix
 * socket, which are told in the first line. Each line on standard input is answered with the store's newest
 * revision, so that the test knows from outside of the API whether anything was changed. Ends with its input.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_for_test.h"

/* How often the made-up servers follow what is wanted. */
#define FOLLOW_MS 20

/* Answers each line with the revision; false at the end of the input. */
static bool lines_answer(struct api *api)
{
        char bytes[64];
        ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);

        for (ssize_t i = 0; i < got; i++)
                if (bytes[i] == '\n')
                        printf("%" PRIu64 "\n", api_revision(api));
        fflush(stdout);
        return got > 0;
}

int main(void)
{
        struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
        void *state = NULL;
        uint64_t seen = 0;

        api_start_verified(&state);
        struct api *api = state;
        api_world(api);
        printf("%u %s\n", api->port, api->socket);
        fflush(stdout);
        for (bool more = true; more;) {
                int ready = poll(&input, 1, FOLLOW_MS);
                uint64_t revision = api_revision(api);

                if (revision != seen) {
                        api_let_all_go(api);
                        api_hold_all(api);
                        fake_probe_fail(api->verification.fake, 3, FAULT_TIMEOUT); /* a row that tells nothing */
                }
                seen = revision;
                more = ready <= 0 || lines_answer(api);
        }
        return api_stop(&state);
}
