/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the cases about the packet filter share: whom they ask, and words for what they ask. Cases that are about
 * something else than pairs stand in firewall_cases.c.
 */
#pragma once

#include "protocols/firewall/firewall_root.h"
#include "tests/fakes/fake_firewall.h"

extern struct firewall firewall;
extern struct fake_firewall *fake; /* NULL = the real one is asked */

#define assert_works(call)                        \
        do {                                      \
                struct fault why = { 0 };         \
                struct fault *fault = &why;       \
                if (call)                         \
                        fail_msg("%s", why.text); \
        } while (0)

#define assert_fails(call, expected)                                      \
        do {                                                              \
                struct fault why = { 0 };                                 \
                struct fault *fault = &why;                               \
                int failed = call;                                        \
                if (failed != -(int)(expected) || why.code != (expected)) \
                        fail_msg("%d \"%s\"", failed, why.text);          \
        } while (0)

struct address address(const char *text);
struct firewall_pair pair(enum firewall_service service, const char *text);
int install(const struct firewall_set *set, struct fault *fault);
int close_pair(struct firewall_pair closed, struct fault *fault);
void assert_holds(const struct firewall_set *expected);
void assert_absent(void);

/* Two storage nodes, five pairs. */
void sample(struct firewall_set *set);

/* Cases. */
void nfs_that_is_held_is_observed_so_until_it_is_let_go(void **state);
void bindings_are_observed_as_they_were_put_in(void **state);
void table_that_root_has_switched_off_cannot_be_installed(void **state);
