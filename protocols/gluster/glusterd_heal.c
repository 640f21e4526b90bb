/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What glusterd and the self-heal daemons tell of heal. The keys are those of xlators/cluster/afr/src/
 * afr-self-heald.c and cli/src/cli-rpc-ops.c of GlusterFS 10.3.
 */
#include <inttypes.h>
#include <string.h>

#include "protocols/gluster/glusterd_answer.h"

#define CRAWLS_MAX 1000 /* that a self-heal daemon tells of: it keeps 50, and two that are under way */

static const struct gluster_procedure heal_volume = { GLUSTERD_PROGRAM, GLUSTERD_PROGRAM_VERSION, 31,
                                                      .has_sentence = true };

/* `gluster volume heal` with operation `number` (GF_SHD_OP_* of rpc/rpc-lib/src/protocol-common.h). */
static int heal_call(int socket, const char *volume, const char *number, const char *what, int deadline_ms,
                     struct gluster_answer *answer, struct fault *fault)
{
        AUTO_GLUSTER_DICT struct gluster_dict dict = { 0 };
        int failed;

        gluster_dict_add(&dict, "volname", volume);
        gluster_dict_add(&dict, "heal-op", number);
        failed = glusterd_call(socket, &heal_volume, &dict, deadline_ms, answer, fault);
        if (!failed && answer->op_ret != 0)
                failed = glusterd_answer_refusal(answer, what, volume, fault);
        return failed;
}

/* The brick that an answer numbers `i`, or NULL. */
static struct glusterd_brick *brick_of(const struct gluster_answer *answer, struct glusterd_volume *seen, size_t i)
{
        return glusterd_brick_find(seen, glusterd_answer_find(answer, "%zu-hostname", i),
                                   glusterd_answer_find(answer, "%zu-path", i));
}

int glusterd_volume_heals(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                          struct fault *fault)
{
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        int failed = heal_call(socket, volume, "8" /* STATISTICS_HEAL_COUNT */, "count what needs heal of",
                               deadline_ms, &answer, fault);

        for (size_t i = 0; !failed && i < seen->brick_count; i++) {
                struct glusterd_brick *brick = brick_of(&answer, seen, i);

                if (brick)
                        brick->counted = glusterd_answer_number(glusterd_answer_find(&answer, "%zu-hardlinks", i),
                                                                UINT64_MAX, &brick->heals) &&
                                         !glusterd_answer_find(&answer, "%zu-shd-status", i);
        }
        return failed;
}

/* The last crawl over a brick's index that has come to its end: what it could not decide. */
static void crawl_take(const struct gluster_answer *answer, size_t i, struct glusterd_brick *brick)
{
        uint64_t crawls, running;

        if (!glusterd_answer_number(glusterd_answer_find(answer, "statistics-%zu-count", i), CRAWLS_MAX, &crawls))
                return;
        while (crawls-- > 0 && !brick->judged) {
                const char *type = glusterd_answer_find(answer, "statistics_crawl_type-%zu-%" PRIu64, i, crawls);

                if (type && strcmp(type, "INDEX") == 0 &&
                    glusterd_answer_number(
                            glusterd_answer_find(answer, "statistics_inprogress-%zu-%" PRIu64, i, crawls), 1,
                            &running) &&
                    !running)
                        brick->judged = glusterd_answer_number(
                                glusterd_answer_find(answer, "statistics_sb_cnt-%zu-%" PRIu64, i, crawls),
                                UINT64_MAX, &brick->split_brain);
        }
}

int glusterd_volume_split_brains(int socket, const char *volume, int deadline_ms, struct glusterd_volume *seen,
                                 struct fault *fault)
{
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };
        int failed = heal_call(socket, volume, "7" /* STATISTICS */, "ask for the crawls of", deadline_ms, &answer,
                               fault);

        for (size_t i = 0; !failed && i < seen->brick_count; i++) {
                struct glusterd_brick *brick = brick_of(&answer, seen, i);

                if (brick)
                        crawl_take(&answer, i, brick);
        }
        return failed;
}

int glusterd_volume_heal(int socket, const char *volume, int deadline_ms, struct fault *fault)
{
        AUTO_GLUSTER_ANSWER struct gluster_answer answer = { 0 };

        return heal_call(socket, volume, "1" /* HEAL_INDEX */, "heal", deadline_ms, &answer, fault);
}
