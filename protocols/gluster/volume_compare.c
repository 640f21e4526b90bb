/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/volume_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/sealed_memory.h"
#include "protocols/gluster/access_folder.h"
#include "protocols/gluster/glusterd_acts.h"
#include "protocols/gluster/glusterd_rpc.h"

#define ASK_MS 15000   /* the act's own question, and volfiles that glusterd is just writing */
#define TOLD_BYTES 256 /* of a value: lists have up to a megabyte */

/* --- In the helper ------------------------------------------------------------------------------------------ */

/* What is being compared, and the answer so far. */
struct comparison {
        struct message *reply;
        struct text rows; /* kind, name, observed, desired, each ended by a NUL */
        size_t count;
};

static void value_add(struct text *rows, const char *value, size_t length)
{
        text_add_bytes(rows, value, length > TOLD_BYTES ? TOLD_BYTES : length);
        if (length > TOLD_BYTES)
                text_addf(rows, "... (%zu bytes)", length);
        text_add_char(rows, '\0');
}

static void difference_add(struct comparison *comparison, enum difference_kind kind, const char *name,
                           const char *observed, size_t observed_length, const char *desired)
{
        if (comparison->count++ >= VOLUME_DIFFERENCES_MAX)
                return;
        text_addf(&comparison->rows, "%d%c%s%c", (int)kind, '\0', name, '\0');
        value_add(&comparison->rows, observed, observed_length);
        value_add(&comparison->rows, desired, strlen(desired));
}

static void options_compare(struct comparison *comparison, const struct glusterd_volume *seen, const char *allow)
{
        struct glusterd_option wanted[GLUSTERD_SECURE_OPTIONS_MAX];
        size_t count = glusterd_secure_options(seen, allow, wanted);

        for (size_t i = 0; i < count; i++) {
                const char *value = glusterd_volume_option(seen, wanted[i].key);

                if (value && strcmp(value, wanted[i].value) == 0)
                        continue;
                difference_add(comparison, DIFFERENCE_VOLUME_OPTION, wanted[i].key, value ? value : "",
                               value ? strlen(value) : 0, wanted[i].value);
        }
}

static void generation_compare(struct comparison *comparison, const struct glusterd_volume *seen,
                               const struct access_list *list)
{
        const char *value = glusterd_volume_option(seen, GLUSTERD_GENERATION_OPTION);
        char wanted[24];

        snprintf(wanted, sizeof wanted, "%" PRIu64, list->generation);
        if (!value || strcmp(value, wanted) != 0)
                difference_add(comparison, DIFFERENCE_VOLUME_GENERATION, GLUSTERD_GENERATION_OPTION,
                               value ? value : "", value ? strlen(value) : 0, wanted);
}

/* The line of `text` that byte `at` stands in. */
static const char *line_at(const struct text *text, size_t at, size_t *length)
{
        size_t start = at;

        while (start > 0 && text_get(text)[start - 1] != '\n')
                start--;
        *length = strcspn(text_get(text) + start, "\n");
        return text_get(text) + start;
}

/* Tells the first line in which the two differ. */
static void lists_compare(struct comparison *comparison, const char *name, const struct text *held,
                          const struct text *wanted)
{
        size_t at = 0, held_length, wanted_length;

        while (at < held->length && at < wanted->length && held->data[at] == wanted->data[at])
                at++;
        if (at == held->length && at == wanted->length)
                return;
        const char *held_line = line_at(held, at, &held_length), *line = line_at(wanted, at, &wanted_length);
        AUTO_FREE char *wanted_line = memory_format("%.*s", (int)wanted_length, line);

        difference_add(comparison, DIFFERENCE_VOLUME_LIST, name, held_line, held_length, wanted_line);
}

static int list_compare(struct comparison *comparison, const struct access_file *file, struct fault *fault)
{
        AUTO_TEXT struct text wanted = { 0 }, held = { 0 };
        AUTO_FREE char *name = memory_format("%s.access", file->volume);
        int failed = access_file_print(file, &wanted, fault);

        if (failed)
                return failed;
        const char *why = access_folder_read(GATEHOUSE_ACCESSDIR, file->volume, &held);
        if (why)
                difference_add(comparison, DIFFERENCE_VOLUME_LIST, name, why, strlen(why),
                               "the list, of root's alone");
        else
                lists_compare(comparison, name, &held, &wanted);
        return 0;
}

static void volfile_differs(void *context, const char *name, const char *observed, size_t length,
                            const char *desired)
{
        difference_add(context, DIFFERENCE_VOLUME_VOLFILE, name, observed, length, desired);
}

/* The list of the request, for this volume; file->volume "" when there is none. */
static int take_wanted(struct message *request, const char *volume, struct access_file *file, struct fault *fault)
{
        AUTO_TEXT struct text text = { 0 };
        uint64_t listed = message_take_u64(request);
        int failed;

        if (!message_is_consumed(request) || listed > 1)
                return fault_set(fault, FAULT_MALFORMED, "read request: not the fields of act %u", request->act);
        if (!listed)
                return 0;
        if ((failed = sealed_memory_read(request->fd, ACCESS_TEXT_MAX, &text, fault)) ||
            (failed = access_file_parse(text_get(&text), text.length, file, fault)))
                return failed;
        return strcmp(file->volume, volume) == 0
                       ? 0
                       : fault_set(fault, FAULT_INVALID, "compare volume %s: the list is not for it", volume);
}

/* What is on this node's disk, with the list that should be there. */
static int disk_compare(struct comparison *comparison, const struct glusterd_volume *seen,
                        struct access_file *file, struct fault *fault)
{
        AUTO_TEXT struct text value = { 0 };
        int failed;

        if (!file->volume[0])
                return 0;
        memcpy(file->volume_id, seen->id, sizeof file->volume_id);
        generation_compare(comparison, seen, &file->list);
        if ((failed = list_compare(comparison, file, fault)))
                return failed;
        access_value_print(&file->list, &value);
        access_filter_compare_volfiles(GLUSTERD_WORK_FOLDER, file->volume, text_get(&value), volfile_differs,
                                       comparison);
        return 0;
}

static void comparison_put(struct comparison *comparison)
{
        size_t count = comparison->count > VOLUME_DIFFERENCES_MAX ? VOLUME_DIFFERENCES_MAX : comparison->count;
        const char *at = comparison->rows.data;

        message_put_u64(comparison->reply, count);
        for (size_t i = 0; i < count; i++) {
                message_put_u64(comparison->reply, strtoull(at, NULL, 10));
                for (int field = 0; field < 3; field++) {
                        at += strlen(at) + 1;
                        message_put_text(comparison->reply, at);
                }
                at += strlen(at) + 1;
        }
}

int volume_compare_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        AUTO_ACCESS_FILE struct access_file file = { 0 };
        AUTO_GLUSTERD_VOLUME struct glusterd_volume seen = { 0 };
        AUTO_TEXT struct text allow = { 0 };
        struct comparison comparison = { .reply = reply };
        AUTO_CLOSE int glusterd = -1;
        const char *volume;
        int failed;

        (void)context;
        if ((failed = glusterd_take_volume(request, &volume, fault)) ||
            (failed = glusterd_take_peers(request, &allow, fault)) ||
            (failed = take_wanted(request, volume, &file, fault)))
                return failed;
        if ((glusterd = glusterd_open(GLUSTERD_SOCKET, fault)) < 0)
                return glusterd;
        if ((failed = glusterd_volume_get(glusterd, volume, GLUSTERD_ASK_MS, &seen, fault)))
                return failed;
        if (!seen.exists)
                return fault_set(fault, FAULT_NOT_FOUND, "compare volume: there is no volume %s", volume);
        if (!access_filter_is_installed(GATEHOUSE_GLUSTERFS_LIBDIR))
                difference_add(&comparison, DIFFERENCE_FILTER, ACCESS_FILTER_NAME, "", 0, ACCESS_FILTER_PROGRAM);
        options_compare(&comparison, &seen, text_get(&allow));
        if (!(failed = disk_compare(&comparison, &seen, &file, fault)))
                comparison_put(&comparison);
        text_fini(&comparison.rows);
        return failed;
}

int filter_put_back_run(void *context, struct message *request, struct message *reply, struct fault *fault)
{
        (void)context;
        (void)reply;
        if (!message_is_consumed(request))
                return fault_set(fault, FAULT_MALFORMED, "put the filter back: the request has fields");
        return access_filter_put_back(GATEHOUSE_GLUSTERFS_LIBDIR, ACCESS_FILTER_PROGRAM, fault);
}

/* --- In the daemon ------------------------------------------------------------------------------------------ */

static char *take_value(struct message *reply)
{
        const char *text = message_take_text(reply, MESSAGE_BODY_MAX);

        return text && text[0] ? memory_text(text) : NULL;
}

static void take_difference(struct message *reply, const char *volume, struct volume_differences *found)
{
        struct difference *item = &found->items[found->count];
        uint64_t kind = message_take_u64(reply);
        const char *name = message_take_text(reply, MESSAGE_BODY_MAX);

        if (reply->broken || kind >= DIFFERENCE_KIND_COUNT ||
            difference_place((enum difference_kind)kind) != PLACE_GLUSTERD) {
                reply->broken = true;
                return;
        }
        item->kind = (enum difference_kind)kind;
        snprintf(item->object, sizeof item->object, "%s of volume %s", name, volume);
        item->observed = take_value(reply);
        item->desired = take_value(reply);
        found->count++;
}

static int take_differences(struct message *reply, const char *volume, struct volume_differences *found,
                            struct fault *fault)
{
        uint64_t count = message_take_u64(reply);

        if (count <= VOLUME_DIFFERENCES_MAX) {
                found->items = memory_new(count + 1, sizeof *found->items);
                while (found->count < count && !reply->broken)
                        take_difference(reply, volume, found);
        }
        if (message_is_consumed(reply) && found->count == count)
                return 0;
        volume_differences_fini(found);
        return fault_set(fault, FAULT_MALFORMED, "compare volume: not an answer of this helper");
}

/* Puts the list behind the request. */
static int put_list(struct message *request, const char *volume, const struct access_list *list,
                    struct fault *fault)
{
        AUTO_TEXT struct text text = { 0 };
        struct access_file file = { .list = *list }; /* borrowed, not freed here */
        int failed;

        memcpy(file.volume, volume, strlen(volume) + 1);
        if ((failed = access_file_print(&file, &text, fault)))
                return failed;
        request->fd = sealed_memory_make("gatehouse-access-list", text.data, text.length, fault);
        return request->fd < 0 ? request->fd : 0;
}

int volume_compare_ask(const struct act_caller *helper, const char *volume, const struct address *peers,
                       size_t peer_count, const struct access_list *list, struct volume_differences *found,
                       struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;
        int failed;

        message_init(&request, ACT_GLUSTERD_VOLUME_COMPARE);
        message_init(&reply, 0);
        if (!access_volume_is_valid(volume))
                return fault_set(fault, FAULT_INVALID, "compare volume: %s is not a volume's name", volume);
        message_put_text(&request, volume);
        message_put_u64(&request, peer_count);
        for (size_t i = 0; i < peer_count; i++) {
                if (peers[i].family != ADDRESS_V4)
                        return fault_set(fault, FAULT_INVALID,
                                         "compare volume %s: Gluster volumes have storage nodes with IPv4 only",
                                         volume);
                message_put_bytes(&request, peers[i].bytes, 4);
        }
        message_put_u64(&request, list != NULL);
        if (list && (failed = put_list(&request, volume, list, fault)))
                return failed;
        failed = helper->call(helper->context, &request, &reply, ASK_MS, fault);
        return failed ? failed : take_differences(&reply, volume, found, fault);
}

int filter_put_back_ask(const struct act_caller *helper, struct fault *fault)
{
        AUTO_MESSAGE struct message request, reply;

        message_init(&request, ACT_GLUSTERD_FILTER_PUT_BACK);
        message_init(&reply, 0);
        return helper->call(helper->context, &request, &reply, ASK_MS, fault);
}
