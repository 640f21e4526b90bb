/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/probe.h"

const char *probe_verdict_word(enum probe_verdict verdict)
{
        static const char *const words[] = { "unknown", "closed", "refused", "let_in" };

        return words[verdict];
}
