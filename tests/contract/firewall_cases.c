/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/firewall_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"

void nfs_that_is_held_is_observed_so_until_it_is_let_go(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        assert_fails(firewall.hold_nfs(firewall.context, true, fault), FAULT_NOT_FOUND);
        sample(&set);
        assert_works(install(&set, fault));
        for (int i = 0; i < 4; i++) { /* each twice */
                set.nfs_held = i < 2;
                assert_works(firewall.hold_nfs(firewall.context, set.nfs_held, fault));
                assert_holds(&set);
        }
        set.nfs_held = true;
        assert_works(install(&set, fault));
        assert_holds(&set);
        assert_works(close_pair(pair(SERVICE_NFS, "10.77.0.1"), fault));
        assert_holds(&set);
}

static struct firewall_binding binding(const char *text, uint8_t last)
{
        return (struct firewall_binding){ address(text), { { 2, [5] = last } } };
}

void bindings_are_observed_as_they_were_put_in(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct firewall_binding first[] = { binding("10.77.0.21", 1), binding("10.77.0.21", 2),
                                                  binding("fd77::21", 1) };
        const struct firewall_binding next[] = { binding("10.77.0.21", 3), binding("10.77.0.5", 2) };

        (void)state;
        assert_fails(firewall.bind(firewall.context, NULL, 0, first, 1, fault), FAULT_NOT_FOUND);
        sample(&set);
        firewall_set_bindings(&set, first, ARRAY_SIZE(first));
        assert_works(install(&set, fault));
        assert_holds(&set);
        for (int i = 0; i < 2; i++) { /* the second time nothing is left to do */
                assert_works(firewall.bind(firewall.context, first, 2, next, ARRAY_SIZE(next), fault));
                firewall_set_rebind(&set, first, 2, next, ARRAY_SIZE(next));
                assert_holds(&set);
        }
        assert_int_equal(set.binding_count, 3);
        assert_fails(firewall.bind(firewall.context, NULL, 0,
                                   &(struct firewall_binding){ address("10.77.0.9"), { { 0 } } }, 1, fault),
                     FAULT_INVALID);
        assert_fails(firewall.bind(firewall.context, NULL, 0,
                                   &(struct firewall_binding){ address("127.0.0.1"), next[0].mac }, 1, fault),
                     FAULT_INVALID);
        assert_holds(&set);
}

/* What root says holds against whoever asks, until root says otherwise. */
void table_that_root_has_switched_off_cannot_be_installed(void **state)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };

        (void)state;
        sample(&set);
        assert_works(install(&set, fault));
        for (int i = 0; i < 2; i++) {
                if (fake)
                        fake_firewall_switch(fake, true);
                else
                        assert_works(firewall_off(fault));
                assert_absent();
                assert_fails(install(&set, fault), FAULT_PRECONDITION);
                assert_fails(close_pair(set.pairs[0], fault), FAULT_NOT_FOUND);
                assert_absent();
        }
        if (fake)
                fake_firewall_switch(fake, false);
        else
                assert_works(firewall_on(fault));
        assert_absent();
        assert_works(install(&set, fault));
        assert_holds(&set);
}
