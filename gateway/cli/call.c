/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/call.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"

#define CONNECT_TIMEOUT_S 10
#define ANSWER_TIMEOUT_S 60 /* besides what a call is told to wait */
#define TOKEN_MAX_BYTES 512

struct call_line {
        CURL *curl;
        char *base;          /* "http://gatehouse" or the URL, without a final slash */
        char *name;          /* for sentences: the socket's path or the URL */
        char *authorization; /* header line, or NULL */
};

void answer_fini(struct answer *answer)
{
        json_decref(answer->body);
        answer->body = NULL;
        free(answer->text);
        answer->text = NULL;
}

/* Reads the token out of `path` and drops the newline at its end. Caller frees. */
static int token_read(const char *path, char **token, struct fault *fault)
{
        char bytes[TOKEN_MAX_BYTES + 2];
        AUTO_FCLOSE FILE *file = fopen(path, "re");
        size_t length;

        if (!file)
                return fault_set_errno(fault, FAULT_INVALID, errno, "read token file %s", path);
        length = fread(bytes, 1, sizeof bytes - 1, file);
        bytes[length] = '\0';
        bytes[strcspn(bytes, "\r\n")] = '\0';
        *token = memory_text(bytes);
        explicit_bzero(bytes, sizeof bytes);
        return 0;
}

/* Whether `token` can stand in a header: the characters of RFC 6750, which leave no way out of the line. */
static bool token_is_valid(const char *token)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
        size_t length = strlen(token);

        return length > 0 && length <= TOKEN_MAX_BYTES && strspn(token, alphabet) == length;
}

static int authorization_make(const struct call_settings *settings, char **authorization, struct fault *fault)
{
        AUTO_FREE char *token = NULL;
        int failed = 0;

        if (settings->token_file)
                failed = token_read(settings->token_file, &token, fault);
        else
                token = memory_text(settings->token);
        if (failed || !token)
                return failed;
        if (!token_is_valid(token))
                return fault_set(fault, FAULT_INVALID, "read token: what is in %s is none",
                                 settings->token_file ? settings->token_file : "GATEHOUSE_TOKEN");
        *authorization = memory_format("Authorization: Bearer %s", token);
        explicit_bzero(token, strlen(token));
        return 0;
}

int call_open(const struct call_settings *settings, struct call_line **line, struct fault *fault)
{
        struct call_line *opened = NEW(struct call_line);
        size_t length;

        *line = opened;
        opened->base = memory_text(settings->url ? settings->url : "http://gatehouse");
        opened->name = memory_text(settings->url ? settings->url : settings->socket);
        length = strlen(opened->base);
        while (length > 0 && opened->base[length - 1] == '/')
                opened->base[--length] = '\0';
        if (strncmp(opened->base, "http://", 7) != 0 && strncmp(opened->base, "https://", 8) != 0)
                return fault_set(fault, FAULT_INVALID,
                                 "call %s: a URL that begins with http:// or https:// is needed", opened->base);
        if (settings->url && authorization_make(settings, &opened->authorization, fault))
                return -(int)fault->code;
        opened->curl = curl_easy_init();
        if (!opened->curl)
                abort();
        curl_easy_setopt(opened->curl, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(opened->curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(opened->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
        curl_easy_setopt(opened->curl, CURLOPT_USERAGENT, "gatehouse/" GATEHOUSE_VERSION);
        curl_easy_setopt(opened->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (settings->authorities && access(settings->authorities, R_OK) < 0)
                return fault_set_errno(fault, FAULT_INVALID, errno, "read authorities %s", settings->authorities);
        if (settings->authorities)
                curl_easy_setopt(opened->curl, CURLOPT_CAINFO, settings->authorities);
        if (!settings->url &&
            curl_easy_setopt(opened->curl, CURLOPT_UNIX_SOCKET_PATH, settings->socket) != CURLE_OK)
                return fault_set(fault, FAULT_INVALID, "call by socket %s: not possible", settings->socket);
        return 0;
}

void call_close(struct call_line *line)
{
        if (!line)
                return;
        if (line->curl)
                curl_easy_cleanup(line->curl);
        if (line->authorization)
                explicit_bzero(line->authorization, strlen(line->authorization));
        free(line->authorization);
        free(line->name);
        free(line->base);
        free(line);
}

static size_t answer_take(char *bytes, size_t size, size_t count, void *context)
{
        struct text *text = context;

        if (text->length + size * count > ANSWER_MAX)
                return 0; /* ends the transfer: CURLE_WRITE_ERROR */
        text_add_bytes(text, bytes, size * count);
        return size * count;
}

/* Looks at one line of the answer's header. */
static size_t field_take(char *bytes, size_t size, size_t count, void *context)
{
        static const char name[] = "Gatehouse-Revision:";
        struct answer *answer = context;
        AUTO_FREE char *line = memory_format("%.*s", (int)(size * count), bytes);

        if (strncasecmp(line, name, sizeof name - 1) == 0) {
                const char *value = line + sizeof name - 1 + strspn(line + sizeof name - 1, " \t");

                snprintf(answer->revision, sizeof answer->revision, "%.*s", (int)strspn(value, "0123456789"),
                         value);
        }
        return size * count;
}

static struct curl_slist *headers_make(const struct call_line *line, const struct call *call)
{
        AUTO_FREE char *prefer = memory_format("Prefer: wait=%u", call->wait_s);
        AUTO_FREE char *key = memory_format("Idempotency-Key: %s", call->key ? call->key : "");
        AUTO_FREE char *last = memory_format("Last-Event-ID: %s", call->last_event_id ? call->last_event_id : "");
        AUTO_FREE char *if_match = memory_format("If-Match: %s", call->if_match ? call->if_match : "");
        AUTO_FREE char *if_revision =
                memory_format("Gatehouse-If-Revision: %s", call->if_revision ? call->if_revision : "");
        bool is_patch = strcmp(call->method, "PATCH") == 0;
        const struct {
                bool wanted;
                const char *header;
        } rows[] = {
                { !call->events && !call->text, "Accept: application/json, application/problem+json" },
                { call->text, "Accept: application/openmetrics-text, text/plain, application/problem+json" },
                { call->events, "Accept: text/event-stream, application/problem+json" },
                { true, "Expect:" }, /* curl would wait a second for "100 Continue" */
                { call->body && !is_patch, "Content-Type: application/json" },
                { call->body && is_patch, "Content-Type: application/merge-patch+json" },
                { call->wait_s > 0, prefer },
                { call->key != NULL, key },
                { call->last_event_id != NULL, last },
                { call->if_match != NULL, if_match },
                { call->if_revision != NULL, if_revision },
                { line->authorization != NULL, line->authorization },
        };
        struct curl_slist *headers = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (rows[i].wanted && !(headers = curl_slist_append(headers, rows[i].header)))
                        abort();
        return headers;
}

/* Why a transfer failed. For a socket curl speaks of a host and a port that nobody named: then it is the errno. */
static int transfer_fault(const struct call_line *line, CURLcode code, const char *detail, struct fault *fault)
{
        enum fault_code kind = code == CURLE_OPERATION_TIMEDOUT ? FAULT_TIMEOUT
                               : code == CURLE_WRITE_ERROR      ? FAULT_MALFORMED
                                                                : FAULT_UNAVAILABLE;
        long error_number = 0;

        curl_easy_getinfo(line->curl, CURLINFO_OS_ERRNO, &error_number);
        if (code == CURLE_COULDNT_CONNECT && error_number != 0)
                return fault_set_errno(fault, kind, (int)error_number, "call the gateway at %s", line->name);
        return fault_set(fault, kind, "call the gateway at %s: %s", line->name,
                         code == CURLE_WRITE_ERROR ? "the answer is too large, or not what a gateway says"
                         : detail[0]               ? detail
                                                   : curl_easy_strerror(code));
}

static int answer_read(const struct text *bytes, struct answer *answer, const char *name, struct fault *fault)
{
        json_error_t error;

        if (bytes->length == 0)
                return 0;
        answer->body = json_loadb(bytes->data, bytes->length, JSON_REJECT_DUPLICATES, &error);
        if (!answer->body)
                return fault_set(fault, FAULT_MALFORMED,
                                 "call the gateway at %s: status %d and no JSON; is it one?", name,
                                 answer->status);
        return 0;
}

/* One transfer: what it needs until it has ended. */
struct transfer {
        struct call_line *line;
        struct answer *answer;
        char *url;
        char *body;
        struct curl_slist *headers;
        struct text bytes;          /* of the answer */
        struct call_stream *stream; /* or NULL */
        bool text;                  /* success is not JSON */
        char detail[CURL_ERROR_SIZE];
};

static void transfer_fini(struct transfer *transfer)
{
        curl_slist_free_all(transfer->headers);
        text_fini(&transfer->bytes);
        free(transfer->url);
        free(transfer->body);
}

static void transfer_init(struct transfer *transfer, struct call_line *line, const struct call *call,
                          struct answer *answer)
{
        CURL *curl = line->curl;

        *transfer = (struct transfer){ .line = line, .answer = answer, .text = call->text };
        transfer->url = memory_format("%s%s", line->base, call->path);
        transfer->body = call->body ? json_dumps(call->body, JSON_COMPACT) : NULL;
        transfer->headers = headers_make(line, call);
        curl_easy_setopt(curl, CURLOPT_URL, transfer->url);
        curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->detail);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, answer_take);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer->bytes);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, field_take);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)call->wait_s + (long)(call->deadline_s ?: ANSWER_TIMEOUT_S));
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 0L);
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        if (transfer->body) {
                curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(transfer->body));
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, transfer->body);
        }
}

/* Reads what has come, after the transfer has ended with `code`. */
static int transfer_finish(struct transfer *transfer, CURLcode code, struct fault *fault)
{
        long status = 0;

        if (code != CURLE_OK)
                return transfer_fault(transfer->line, code, transfer->detail, fault);
        curl_easy_getinfo(transfer->line->curl, CURLINFO_RESPONSE_CODE, &status);
        transfer->answer->status = (int)status;
        if (transfer->text && status == 200) {
                transfer->answer->text = text_take(&transfer->bytes);
                return 0;
        }
        return answer_read(&transfer->bytes, transfer->answer, transfer->line->name, fault);
}

static int line_perform(void *context, const struct call *call, struct answer *answer, struct fault *fault)
{
        struct transfer transfer;
        int failed;

        transfer_init(&transfer, context, call, answer);
        failed = transfer_finish(&transfer, curl_easy_perform(transfer.line->curl), fault);
        transfer_fini(&transfer);
        return failed;
}

/* A stream's bytes go to who follows it, those of a problem are kept, and a page of something else is refused. */
static size_t stream_take(char *bytes, size_t size, size_t count, void *context)
{
        static const char wanted[] = "text/event-stream";
        struct transfer *transfer = context;
        const char *type = NULL;
        long status = 0;

        curl_easy_getinfo(transfer->line->curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(transfer->line->curl, CURLINFO_CONTENT_TYPE, &type);
        if (status != 200)
                return answer_take(bytes, size, count, &transfer->bytes);
        if (!type || strncasecmp(type, wanted, sizeof wanted - 1) != 0)
                return 0;
        if (transfer->stream->take(transfer->stream->context, bytes, size * count))
                return size * count;
        transfer->stream->is_over = true;
        return 0;
}

/* Runs until the stream has ended by itself, or `until` happens. */
static CURLcode stream_run(CURLM *multi, struct call_stream *stream)
{
        int running = 1, left;

        while (running > 0) {
                if (curl_multi_perform(multi, &running) != CURLM_OK)
                        return CURLE_RECV_ERROR;
                if (poll(stream->until, (nfds_t)stream->until_count, 0) > 0) {
                        stream->is_over = true;
                        return CURLE_OK;
                }
                struct curl_waitfd others[CALL_UNTIL_MOST] = { 0 };
                unsigned count = 0;

                for (size_t i = 0; i < stream->until_count && count < CALL_UNTIL_MOST; i++)
                        if (stream->until[i].fd >= 0)
                                others[count++] = (struct curl_waitfd){
                                        .fd = stream->until[i].fd,
                                        .events = stream->until[i].events & POLLIN ? CURL_WAIT_POLLIN : 0,
                                };
                if (running > 0 && curl_multi_poll(multi, others, count, 1000, NULL) != CURLM_OK)
                        return CURLE_RECV_ERROR;
        }
        const CURLMsg *message = curl_multi_info_read(multi, &left);

        return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_RECV_ERROR;
}

static int line_follow(void *context, const struct call *call, struct call_stream *stream, struct answer *answer,
                       struct fault *fault)
{
        struct call asked = *call;
        struct transfer transfer;
        CURLM *multi = curl_multi_init();
        CURLcode code;
        int failed = 0;

        if (!multi)
                abort();
        asked.events = true;
        transfer_init(&transfer, context, &asked, answer);
        transfer.stream = stream;
        curl_easy_setopt(transfer.line->curl, CURLOPT_WRITEFUNCTION, stream_take);
        curl_easy_setopt(transfer.line->curl, CURLOPT_WRITEDATA, &transfer);
        curl_easy_setopt(transfer.line->curl, CURLOPT_TIMEOUT, 0L);
        curl_easy_setopt(transfer.line->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(transfer.line->curl, CURLOPT_LOW_SPEED_TIME, (long)STREAM_SILENCE_S);
        curl_multi_add_handle(multi, transfer.line->curl);
        code = stream_run(multi, stream);
        if (!stream->is_over)
                failed = transfer_finish(&transfer, code, fault);
        curl_multi_remove_handle(multi, transfer.line->curl);
        curl_multi_cleanup(multi);
        transfer_fini(&transfer);
        return failed;
}

struct caller call_line_caller(struct call_line *line)
{
        return (struct caller){ line_perform, line_follow, line };
}

/* Adds `part` with everything but RFC 3986's unreserved characters as %XX. */
static void encoded_add(struct text *text, const char *part)
{
        for (; *part; part++) {
                unsigned char byte = (unsigned char)*part;

                if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                    strchr("-._~", byte))
                        text_add_char(text, *part);
                else
                        text_addf(text, "%%%02X", byte);
        }
}

char *call_path(const char *first, ...)
{
        AUTO_TEXT struct text text = { 0 };
        va_list parts;

        va_start(parts, first);
        for (const char *part = first; part; part = va_arg(parts, const char *)) {
                text_add_char(&text, '/');
                encoded_add(&text, part);
        }
        va_end(parts);
        return text_take(&text);
}

char *call_path_query(char *path, const char *name, const char *value)
{
        AUTO_TEXT struct text text = { 0 };

        if (!value)
                return path;
        text_addf(&text, "%s%c%s=", path, strchr(path, '?') ? '&' : '?', name);
        encoded_add(&text, value);
        free(path);
        return text_take(&text);
}
