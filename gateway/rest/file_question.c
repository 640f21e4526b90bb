/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/file_question.h"

#include "base/memory.h"

static struct file_question *asked_of(struct question *question)
{
        return (struct file_question *)question;
}

static void file_question_put(struct question *first, int left_ms)
{
        const struct storage_files *files = asked_of(first)->files;
        const struct storage *storage = asked_of(first)->storage;
        size_t count = 0;

        if (!asked_of(first)->path) {
                files->check_storage(files->context, storage, left_ms, &first->fault);
                return;
        }
        for (const struct question *question = first; question; question = question->next)
                count++;
        AUTO_FREE struct path_item *items = memory_new(count, sizeof *items);
        struct path_item *item = items;
        for (struct question *question = first; question; question = question->next)
                item++->path = asked_of(question)->path;
        files->inspect(files->context, storage, items, count, left_ms);
        item = items;
        for (struct question *question = first; question; question = question->next) {
                asked_of(question)->seen = item->seen;
                question->fault = item++->fault;
        }
}

/* What is at several paths of a storage is one question to it. */
static bool file_question_joins(const struct question *question, const struct question *first)
{
        const struct file_question *asked = (const struct file_question *)question;
        const struct file_question *other = (const struct file_question *)first;

        return asked->path && other->path && asked->storage == other->storage &&
               storage_paths_together(asked->storage) > 1;
}

void file_question_ask(struct request *request, struct file_question *question,
                       void (*next)(struct request *request))
{
        question->files = request->context->files;
        question->question = (struct question){ .put = file_question_put,
                                                .joins = file_question_joins,
                                                .deadline_ms = request->context->path_check_timeout_ms };
        request_ask(request, &question->question, next);
}

void file_question_check(const struct file_question *question, const char *pointer, struct violations *violations)
{
        const struct path_seen *seen = &question->seen;

        if (question->question.fault.code == FAULT_INVALID)
                violation_add(violations, pointer, "path.not_usable", "%s", question->question.fault.text);
        else if (question->question.fault.code != FAULT_NONE)
                return; /* nobody can say now: the grants will tell */
        else if (seen->kind == PATH_LINK)
                violation_add(violations, pointer, "path.is_link",
                              "%s is a symbolic link; say the directory that it leads to", seen->at);
        else if (seen->kind == PATH_OTHER)
                violation_add(violations, pointer, "path.not_directory", "%s is not a directory", seen->at);
}

bool file_question_found(const struct file_question *question)
{
        return question->question.fault.code == FAULT_NONE && question->seen.kind == PATH_DIRECTORY;
}
