/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Capabilities belong to threads: what is raised for an act is raised in the thread that runs it, and nowhere
 * else. libcap without libpsx (which is not linked) acts on the calling thread alone.
 */
#include "auth/privilege.h"

#include <errno.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "base/memory.h"

#define AUTO_CAP __attribute__((cleanup(cap_auto_free)))
static void cap_auto_free(cap_t *cap)
{
        if (*cap)
                cap_free(*cap);
}

#define ALL_CAPABILITIES UINT64_MAX

/* Makes permitted the capabilities of `mask` that the thread has, and clears effective and inheritable. */
static int sets_cut(uint64_t mask, struct fault *fault)
{
        AUTO_CAP cap_t now = cap_get_proc();
        AUTO_CAP cap_t next = cap_init();

        if (!now || !next)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read capabilities");
        for (cap_value_t value = 0; value < cap_max_bits(); value++) {
                cap_flag_value_t has = CAP_CLEAR;

                if (value >= 64 || !(mask >> value & 1))
                        continue;
                if (cap_get_flag(now, value, CAP_PERMITTED, &has) < 0 || has != CAP_SET)
                        return fault_set(fault, FAULT_FORBIDDEN, "keep capability %d: the process has not got it",
                                         value);
                cap_set_flag(next, CAP_PERMITTED, 1, &value, CAP_SET);
        }
        if (cap_set_proc(next) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "set capabilities");
        return 0;
}

/* Whether CAP_SETPCAP, which cutting the bounding set and the secure bits takes, is in force; raises it if it can.
 */
static bool setpcap_raise(void)
{
        static const cap_value_t setpcap = CAP_SETPCAP;
        AUTO_CAP cap_t now = cap_get_proc();

        return now && cap_set_flag(now, CAP_EFFECTIVE, 1, &setpcap, CAP_SET) == 0 && cap_set_proc(now) == 0;
}

/* Takes everything but `mask` out of the bounding set, for good. */
static int bounding_cut(uint64_t mask, struct fault *fault)
{
        for (cap_value_t value = 0; value < 64 && cap_get_bound(value) >= 0; value++)
                if (!(mask >> value & 1) && cap_get_bound(value) != 0 && cap_drop_bound(value) < 0)
                        return fault_set_errno(fault, FAULT_INTERNAL, errno,
                                               "drop capability %d from the bounding set", value);
        return 0;
}

/* From here on user 0 is a user like any other: executing a program gives it nothing. */
static int root_disarm(struct fault *fault)
{
        const unsigned bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                              SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                              SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

        if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "set secure bits");
        return 0;
}

static int new_privileges_refuse(struct fault *fault)
{
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "set no_new_privs");
        return 0;
}

/* Looks whether it took: nothing effective, inheritable or ambient, nothing permitted or (when `with_bounding`) in
 * the bounding set that is not in `mask`. */
static int sets_check(uint64_t mask, bool with_bounding, struct fault *fault)
{
        AUTO_CAP cap_t now = cap_get_proc();

        if (!now || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
                return fault_set(fault, FAULT_INTERNAL, "check privileges: no_new_privs is not in force");
        for (cap_value_t value = 0; value < 64 && cap_get_bound(value) >= 0; value++) {
                cap_flag_value_t permitted = CAP_SET, effective = CAP_SET, inheritable = CAP_SET;
                bool wanted = mask >> value & 1;

                cap_get_flag(now, value, CAP_PERMITTED, &permitted);
                cap_get_flag(now, value, CAP_EFFECTIVE, &effective);
                cap_get_flag(now, value, CAP_INHERITABLE, &inheritable);
                if (effective || inheritable || cap_get_ambient(value) > 0 || (permitted && !wanted) ||
                    (with_bounding && !wanted && cap_get_bound(value) > 0))
                        return fault_set(fault, FAULT_INTERNAL, "check privileges: capability %d is still there",
                                         value);
        }
        return 0;
}

/* Cuts every set down to `mask`. The bounding set first: it takes a capability that is gone afterwards. */
static int privilege_cut(uint64_t mask, bool may_bound, struct fault *fault)
{
        int failed = 0;

        if (may_bound && !(failed = bounding_cut(mask, fault)))
                failed = root_disarm(fault);
        if (!failed)
                failed = new_privileges_refuse(fault);
        if (!failed && cap_reset_ambient() < 0)
                failed = fault_set_errno(fault, FAULT_INTERNAL, errno, "clear ambient capabilities");
        if (!failed)
                failed = sets_cut(mask, fault);
        return failed ? failed : sets_check(mask, may_bound, fault);
}

int privilege_drop_all(struct fault *fault)
{
        return privilege_cut(0, setpcap_raise(), fault);
}

int privilege_drop_bounding(struct fault *fault)
{
        return setpcap_raise() ? bounding_cut(0, fault) : 0;
}

int privilege_keep_only(const struct act *table, struct fault *fault)
{
        uint64_t mask = 0;

        for (; table->run; table++)
                mask |= table->capabilities;
        if (!setpcap_raise())
                return fault_set(fault, FAULT_FORBIDDEN,
                                 "cut privileges down: it takes CAP_SETPCAP; the helper is started as root");
        return privilege_cut(mask, true, fault);
}

int privilege_raise(uint64_t mask, struct fault *fault)
{
        AUTO_CAP cap_t now = cap_get_proc();

        if (!now)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "read capabilities");
        cap_clear_flag(now, CAP_EFFECTIVE);
        for (cap_value_t value = 0; value < 64; value++)
                if (mask >> value & 1)
                        cap_set_flag(now, CAP_EFFECTIVE, 1, &value, CAP_SET);
        if (cap_set_proc(now) < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "raise capabilities");
        return 0;
}
