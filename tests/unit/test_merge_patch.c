/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/memory.h"
#include "rest/merge_patch.h"

/* The examples of RFC 7396, appendix A, that are objects, with ' for ". */
static void patch_gives_what_rfc_7396_says(void **test)
{
        static const struct {
                const char *target, *patch, *wanted;
        } cases[] = {
                { "{'a':'b'}", "{'a':'c'}", "{'a':'c'}" },
                { "{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}" },
                { "{'a':'b'}", "{'a':null}", "{}" },
                { "{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}" },
                { "{'a':['b']}", "{'a':'c'}", "{'a':'c'}" },
                { "{'a':'c'}", "{'a':['b']}", "{'a':['b']}" },
                { "{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}" },
                { "{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}" },
                { "{'e':null}", "{'a':1}", "{'a':1,'e':null}" },
                { "{'a':'foo'}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}" },
                { "{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}" },
                { "{'a':1}", "{}", "{'a':1}" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *const texts[] = { cases[i].target, cases[i].patch };
                json_t *values[2];

                for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
                        AUTO_FREE char *text = memory_text(texts[j]);

                        for (char *at = text; *at; at++)
                                *at = *at == '\'' ? '"' : *at;
                        values[j] = json_loads(text, 0, NULL);
                        assert_non_null(values[j]);
                }
                merge_patch_apply(values[0], values[1]);
                AUTO_FREE char *result = json_dumps(values[0], JSON_COMPACT | JSON_SORT_KEYS);
                for (char *at = result; *at; at++)
                        *at = *at == '"' ? '\'' : *at;
                assert_string_equal(result, cases[i].wanted);
                json_decref(values[0]);
                json_decref(values[1]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(patch_gives_what_rfc_7396_says),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
