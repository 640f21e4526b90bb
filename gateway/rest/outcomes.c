/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/outcomes.h"

#include <jansson.h>

#include "domain/json_reader.h"

void outcomes_fini(struct outcomes *outcomes)
{
        for (int i = 0; i < OUTCOME_COUNT; i++)
                json_decref(outcomes->lists[i]);
        *outcomes = (struct outcomes){ 0 };
}

bool outcomes_count(struct outcomes *outcomes, enum outcome outcome)
{
        return outcomes->counts[outcome]++ < OUTCOMES_MOST;
}

void outcomes_add(struct outcomes *outcomes, enum outcome outcome, json_t *item)
{
        if (!outcomes->lists[outcome])
                outcomes->lists[outcome] = json_array();
        json_array_append_new(outcomes->lists[outcome], item);
}

json_t *outcomes_take(struct outcomes *outcomes)
{
        static const char *const words[OUTCOME_COUNT] = { "appear", "change", "vanish" };
        json_t *all = json_object(), *counts = json_object();

        for (int i = 0; i < OUTCOME_COUNT; i++) {
                json_object_set_new(all, words[i], outcomes->lists[i] ? outcomes->lists[i] : json_array());
                json_object_set_new(counts, words[i], json_integer((json_int_t)outcomes->counts[i]));
        }
        json_object_set_new(all, "counts", counts);
        *outcomes = (struct outcomes){ 0 };
        return all;
}

void json_set_reason(json_t *object, const char *code, const char *sentence)
{
        json_set_text(object, "code", code);
        json_set_text(object, "sentence", sentence);
}
