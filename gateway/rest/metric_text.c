/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/metric_text.h"

void metric_family_add(struct text *text, const char *name, const char *type, const char *unit, const char *help)
{
        text_addf(text, "# TYPE gatehouse_%s %s\n# HELP gatehouse_%s %s\n", name, type, name, help);
        if (unit)
                text_addf(text, "# UNIT gatehouse_%s %s\n", name, unit);
}

void metric_label_add(struct text *text, const char *name, const char *value)
{
        text_addf(text, "%s=\"", name);
        for (; *value; value++) {
                if (*value == '\\' || *value == '"')
                        text_add_char(text, '\\');
                if (*value == '\n')
                        text_add(text, "\\n");
                else
                        text_add_char(text, *value);
        }
        text_add_char(text, '"');
}
