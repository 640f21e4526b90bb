/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is asked of a storage on behalf of a request: what is at a path, or whether it can be exported from.
 */
#pragma once

#include "rest/request.h"
#include "rest/question.h"

/* Zeroed, with `storage` and `path` set; lives until it is answered. */
struct file_question {
        struct question question; /* first; its fault tells why nobody has answered */
        const struct storage_files *files;
        const struct storage *storage;
        const char *path;      /* NULL asks check_storage, else inspect */
        struct path_seen seen; /* of inspect */
};

/* Adds what was seen at the path, and cannot be exported, as a violation at `pointer`; nothing when nobody can say
 * now: the grants will tell. */
void file_question_check(const struct file_question *question, const char *pointer, struct violations *violations);

/* Whether a directory was seen at the path. */
bool file_question_found(const struct file_question *question);

/* Suspends the request until the question is answered, for path_check_timeout at most; then `next`. */
void file_question_ask(struct request *request, struct file_question *question,
                       void (*next)(struct request *request));
