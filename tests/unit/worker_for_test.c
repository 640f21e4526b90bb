/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A worker for test_worker_pool: the number of the act says how it behaves.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "tests/unit/worker_for_test.h"

#define PARENT 3

static void send_answer(uint16_t act, const char *text)
{
        AUTO_MESSAGE struct message reply;

        message_init(&reply, act);
        message_put_text(&reply, text);
        message_send(PARENT, &reply, NULL);
}

/* Tells what is open besides 0 to 3, what the environment is, and what the signal mask is. */
static void answer_surroundings(void)
{
        extern char **environ;
        AUTO_FREE char *text = NULL;
        int open_count = 0;
        sigset_t mask;

        for (int fd = 4; fd < 1024; fd++)
                open_count += fcntl(fd, F_GETFD) >= 0;
        sigprocmask(SIG_SETMASK, NULL, &mask);
        text = memory_format("open=%d environment=%s second=%s usr1_blocked=%d stdin=%d", open_count, environ[0],
                             environ[1] ? environ[1] : "none", sigismember(&mask, SIGUSR1),
                             read(STDIN_FILENO, &open_count, 1) == 0);
        send_answer(WORKER_SURROUNDINGS, text);
}

static void answer_grown(void)
{
        size_t size = (size_t)WORKER_GROWS_MIB << 20;
        volatile char *memory = malloc(size);

        for (size_t i = 0; memory && i < size; i += 4096)
                memory[i] = 1;
        send_answer(WORKER_GROW, "grown");
}

static void serve(struct message *request)
{
        switch (request->act) {
        case WORKER_ECHO:
                send_answer(WORKER_ECHO, message_take_text(request, 1000));
                break;
        case WORKER_LAST_ECHO:
                send_answer(WORKER_LAST_ECHO, message_take_text(request, 1000));
                _exit(0);
        case WORKER_HANG:
                for (;;)
                        pause();
        case WORKER_ABORT:
                signal(SIGABRT, SIG_DFL);
                raise(SIGABRT);
                break;
        case WORKER_EXIT:
                _exit(7);
        case WORKER_NONSENSE:
                send(PARENT, "nonsense", 8, MSG_NOSIGNAL);
                break;
        case WORKER_OTHER_ACT:
                send_answer(WORKER_ECHO, "an answer to something else");
                break;
        case WORKER_FLOOD:
                for (int i = 0; i < 10; i++)
                        send_answer(WORKER_FLOOD, "again");
                break;
        case WORKER_REFUSE:
                message_init(request, WORKER_REFUSE);
                request->fault_code = FAULT_TIMEOUT;
                message_put_text(request, "the act's own timeout");
                message_send(PARENT, request, NULL);
                break;
        case WORKER_SURROUNDINGS:
                answer_surroundings();
                break;
        case WORKER_GROW:
                answer_grown();
                break;
        default:
                break;
        }
}

int main(void)
{
        for (;;) {
                AUTO_MESSAGE struct message request;

                message_init(&request, 0);
                if (message_receive(PARENT, &request, -1, NULL))
                        return 0;
                serve(&request);
        }
}
