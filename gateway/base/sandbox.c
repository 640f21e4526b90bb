/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sandbox.h"

#include "base/memory.h"
#include "base/sandbox_calls.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(IS_SANITIZED)

int sandbox_enter(enum sandbox_program program, struct fault *fault)
{
        return fault_set(fault, FAULT_UNAVAILABLE, "filter system calls of %s: it is built with sanitizers",
                         sandbox_profiles[program].program);
}

#elif !defined(GATEHOUSE_SECCOMP)

int sandbox_enter(enum sandbox_program program, struct fault *fault)
{
        return fault_set(fault, FAULT_UNAVAILABLE, "filter system calls of %s: it is built without seccomp",
                         sandbox_profiles[program].program);
}

#else

#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define NUMBERS_MAX 512 /* Linux 6.12 has calls up to 466 */
#define NAME_SIZE 32
#define LINE_SIZE 256

/* What the signal handler needs is made beforehand. */
static struct {
        const char *program;
        bool to_journal;
        char names[NUMBERS_MAX][NAME_SIZE];
        atomic_bool said[NUMBERS_MAX];
} sandbox;

static void names_fill(void)
{
        for (int number = 0; number < NUMBERS_MAX; number++) {
                AUTO_FREE char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

                snprintf(sandbox.names[number], NAME_SIZE, "%s", name ? name : "unknown");
        }
}

/* --- In the handler: functions that are safe in one alone ---------------------------------------------------- */

static char *line_add(char *at, const char *end, const char *text)
{
        while (*text && at < end)
                *at++ = *text++;
        return at;
}

static char *line_add_number(char *at, const char *end, unsigned number)
{
        char digits[16];
        char *first = digits + sizeof digits - 1;

        *first = '\0';
        do
                *--first = (char)('0' + number % 10);
        while (number /= 10);
        return line_add(at, end, first);
}

/* The one line of a call, as base/log.h would write it: a priority for the journal, or JSON, without time. */
static void refusal_write(int number)
{
        const char *name = number >= 0 && number < NUMBERS_MAX ? sandbox.names[number] : "unknown";
        char line[LINE_SIZE];
        const char *end = line + sizeof line;
        char *at = line;

        if (!sandbox.to_journal) {
                at = line_add(at, end, "{\"level\":\"warning\",\"program\":\"");
                at = line_add(at, end, sandbox.program);
                at = line_add(at, end, "\",\"message\":\"");
        } else {
                at = line_add(at, end, "<4>");
                at = line_add(at, end, sandbox.program);
                at = line_add(at, end, ": ");
        }
        at = line_add(at, end, "system call ");
        at = line_add(at, end, name);
        at = line_add(at, end, " (");
        at = line_add_number(at, end, (unsigned)number);
        at = line_add(at, end, ") is not on the list of this program: refused");
        at = line_add(at, end, sandbox.to_journal ? "\n" : "\"}\n");
        if (write(STDERR_FILENO, line, (size_t)(at - line)) < 0)
                return; /* nobody is left to tell */
}

/* What the interrupted thread sees as the answer of its call. */
static void answer_set(ucontext_t *context, int answer)
{
#if defined(__x86_64__)
        context->uc_mcontext.gregs[REG_RAX] = answer;
#elif defined(__aarch64__)
        context->uc_mcontext.regs[0] = (unsigned long long)answer;
#endif
}

static void call_refused(int signal, siginfo_t *info, void *context)
{
        int before = errno, number = info->si_syscall;

        (void)signal;
        if (number < 0 || number >= NUMBERS_MAX || !atomic_exchange(&sandbox.said[number], true))
                refusal_write(number);
        answer_set(context, -ENOSYS);
        errno = before;
}

/* --- Putting it in force ------------------------------------------------------------------------------------- */

#if defined(__x86_64__) || defined(__aarch64__)
#define REFUSE SCMP_ACT_TRAP
#else /* no answer can be given in a handler whose context is not known here: the kernel's audit names the call \
       */
#define REFUSE SCMP_ACT_ERRNO(ENOSYS)
#endif

/* 0, also for a call that this machine does not have; else an errno. */
static int rule_add(scmp_filter_ctx filter, uint32_t action, const struct sandbox_call *call)
{
        int number = seccomp_syscall_resolve_name(call->name);
        const struct scmp_arg_cmp compare = { call->argument, SCMP_CMP_MASKED_EQ, call->mask, call->value };

        if (number < 0) /* negative: unknown, or of other machines */
                return 0;
        return -seccomp_rule_add_array(filter, action, number, call->mask ? 1 : 0, call->mask ? &compare : NULL);
}

static int rules_add(scmp_filter_ctx filter, const struct sandbox_profile *profile)
{
        int error = 0;

        for (const struct sandbox_call *const *set = profile->sets; !error && *set; set++)
                for (const struct sandbox_call *call = *set; !error && call->name; call++)
                        error = rule_add(filter, SCMP_ACT_ALLOW, call);
        for (const char *const *name = sandbox_deadly; !error && *name; name++)
                if (!sandbox_profile_has(profile, *name))
                        error = rule_add(filter, SCMP_ACT_KILL_PROCESS, &(struct sandbox_call){ .name = *name });
        for (const struct sandbox_quiet *quiet = sandbox_quiet; !error && quiet->call.name; quiet++)
                if (!sandbox_profile_allows(profile, &quiet->call))
                        error = rule_add(filter, SCMP_ACT_ERRNO((uint16_t)quiet->error), &quiet->call);
        return error;
}

static int handler_set(void)
{
        struct sigaction action = { .sa_sigaction = call_refused,
                                    .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER };

        sigemptyset(&action.sa_mask);
        return sigaction(SIGSYS, &action, NULL) < 0 ? errno : 0;
}

int sandbox_enter(enum sandbox_program program, struct fault *fault)
{
        const struct sandbox_profile *profile = &sandbox_profiles[program];
        scmp_filter_ctx filter = seccomp_init(REFUSE);
        int error = filter ? 0 : ENOMEM;

        sandbox.program = profile->program;
        sandbox.to_journal = getenv("JOURNAL_STREAM") != NULL;
        names_fill();
        if (!error)
                error = -seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        if (!error) /* not in libseccomp 2.4: a list that is searched from its beginning does as well */
                seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if (!error)
                error = rules_add(filter, profile);
        if (!error)
                error = handler_set();
        if (!error)
                error = -seccomp_load(filter);
        if (filter)
                seccomp_release(filter);
        if (error)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, error, "filter system calls of %s",
                                       profile->program);
        return 0;
}

#endif
