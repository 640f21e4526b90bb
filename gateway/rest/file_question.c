/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/file_question.h"

static void file_question_put(struct question *question, int left_ms)
{
        struct file_question *asked = (struct file_question *)question;
        const struct storage_files *files = asked->files;

        if (asked->path)
                files->inspect(files->context, asked->storage, asked->path, left_ms, &asked->seen,
                               &question->fault);
        else
                files->check_storage(files->context, asked->storage, left_ms, &question->fault);
}

void file_question_ask(struct request *request, struct file_question *question,
                       void (*next)(struct request *request))
{
        question->files = request->context->files;
        question->question = (struct question){ .put = file_question_put,
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
