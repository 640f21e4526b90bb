/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/difference.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const struct {
        const char *code, *what;
        enum difference_place place;
} kinds[] = {
#define DIFFERENCE_ROW(kind, code, what, place) { code, what, place },
        DIFFERENCE_TABLE(DIFFERENCE_ROW)
#undef DIFFERENCE_ROW
};

/* What is found, to be followed by the object. */
static const char *const findings[] = {
        [DIFFERENCE_EXPORT_MISSING] = "NFS-Ganesha does not have %s",
        [DIFFERENCE_EXPORT_EXTRA] = "NFS-Ganesha has %s, which nobody wants any more",
        [DIFFERENCE_EXPORT_CHANGED] = "NFS-Ganesha has %s otherwise than it was given",
        [DIFFERENCE_UNMANAGED_OVERLAPS] = "NFS-Ganesha has %s, which Gatehouse does not manage and which opens a "
                                          "managed storage: whoever it "
                                          "lets in is not asked for a grant",
        [DIFFERENCE_VOLUME_OPTION] = "%s is set otherwise than Gatehouse sets it",
        [DIFFERENCE_VOLUME_GENERATION] = "%s is not the generation that was set last",
        [DIFFERENCE_VOLUME_LIST] = "%s is not the access list that was written",
        [DIFFERENCE_VOLUME_VOLFILE] = "%s does not hold exactly the access list, or holds a credential",
        [DIFFERENCE_FILTER] = "%s is not the program that takes credentials out of volfiles",
        [DIFFERENCE_BRICK_OLDER] = "%s runs since before the filter was in place, and may let in who came then",
        [DIFFERENCE_FIREWALL_MISSING] = "%s is gone, or its rules are not ours",
        [DIFFERENCE_FIREWALL_CHANGED] = "%s lets in others than it should",
};

void difference_fini(struct difference *difference)
{
        free(difference->observed);
        free(difference->desired);
        free(difference->detail);
        *difference = (struct difference){ 0 };
}

/* A copy of at most DIFFERENCE_TEXT_MAX bytes, cut at a character; NULL of NULL. */
static char *text_cut(const char *text)
{
        size_t kept = 0, length = text ? strlen(text) : 0;

        if (length <= DIFFERENCE_TEXT_MAX)
                return memory_text(text);
        while (kept < DIFFERENCE_TEXT_MAX - 4) {
                size_t step = text_character_length(text + kept, length - kept);

                kept += step ? step : 1;
        }
        return memory_format("%.*s...", (int)kept, text);
}

void difference_copy(struct difference *to, const struct difference *from)
{
        *to = *from;
        to->observed = text_cut(from->observed);
        to->desired = text_cut(from->desired);
        to->detail = text_cut(from->detail);
}

enum difference_place difference_place(enum difference_kind kind)
{
        return kinds[kind].place;
}

const char *difference_place_word(enum difference_place place)
{
        static const char *const words[PLACE_COUNT] = { "ganesha", "glusterd", "firewall" };

        return words[place];
}

const char *difference_code(enum difference_kind kind)
{
        return kinds[kind].code;
}

const char *difference_what(enum difference_kind kind)
{
        return kinds[kind].what;
}

const char *difference_action_word(enum difference_action action)
{
        static const char *const words[] = { "repaired", "reported", "failed" };

        return words[action];
}

char *difference_sentence(const struct difference *difference)
{
        AUTO_TEXT struct text sentence = { 0 };
        const char *object = strstr(findings[difference->kind], "%s");

        text_add_bytes(&sentence, findings[difference->kind], (size_t)(object - findings[difference->kind]));
        text_add(&sentence, difference->object);
        text_add(&sentence, object + 2);
        switch (difference->action) {
        case DIFFERENCE_REPAIRED:
                text_add(&sentence, "; it was put right");
                break;
        case DIFFERENCE_REPORTED:
                text_add(&sentence, "; it is left as it is");
                break;
        case DIFFERENCE_FAILED:
                text_add(&sentence, "; it could not be put right yet");
                break;
        }
        if (difference->detail)
                text_addf(&sentence, ": %s", difference->detail);
        return text_take(&sentence);
}

void volume_differences_fini(struct volume_differences *differences)
{
        for (size_t i = 0; i < differences->count; i++)
                difference_fini(&differences->items[i]);
        free(differences->items);
        *differences = (struct volume_differences){ 0 };
}

void unmanaged_export_fini(struct unmanaged_export *export)
{
        free(export->path);
        free(export->pseudo);
        free(export->overlaps);
        *export = (struct unmanaged_export){ 0 };
}
