/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What root does with the packet filter by options of gatehouse-helper, without anybody to ask: at the start of
 * the machine, and at three in the morning.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"

/* --firewall-closed: loads the ruleset in `path`. PRECONDITION: switched
 * off. */
int firewall_load_closed(const char *path, struct fault *fault);

/* --firewall-off: takes the table away together with what is loaded at the next start, and lets nobody put one
 * there until --firewall-on. */
int firewall_off(struct fault *fault);
int firewall_on(struct fault *fault);

/* The two with --dry-run: what they would change, a line each, "- " before what would go and "+ " before what
 * would come, in the words of firewall_show and with the files; nothing when nothing would. Nothing is changed. */
int firewall_off_foretell(struct text *text, struct fault *fault);
int firewall_on_foretell(struct text *text, struct fault *fault);

/* --firewall-show: what the kernel holds, one line each: "firewall on" (off: switched off; absent: no table),
 * "held nfs", "peer ADDRESS", "nfs ADDRESS", "gluster ADDRESS", "mac ADDRESS MAC". It does not know whether the
 * rules around the lists are as installed: only the helper that installed them does. */
int firewall_show(struct text *text, struct fault *fault);
