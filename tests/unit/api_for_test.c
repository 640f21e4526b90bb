/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <poll.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <cmocka.h>

#include <curl/curl.h>

#include "api_for_test.h"
#include "reconcile/drift_event.h"
#include "reconcile/verification_event.h"

#include "base/memory.h"
#include "base/text.h"
#include "rest/listener.h"

void files_say(struct files_for_test *files, enum fault_code code, enum path_kind kind)
{
        pthread_mutex_lock(&files->lock);
        files->code = code;
        files->kind = kind;
        pthread_mutex_unlock(&files->lock);
}

void files_hold(struct files_for_test *files, bool held)
{
        pthread_mutex_lock(&files->lock);
        files->held = held;
        pthread_cond_broadcast(&files->changed);
        pthread_mutex_unlock(&files->lock);
}

unsigned files_asked(struct files_for_test *files)
{
        pthread_mutex_lock(&files->lock);
        unsigned asked = files->asked;
        pthread_mutex_unlock(&files->lock);
        return asked;
}

void files_await_asked(struct files_for_test *files, unsigned count)
{
        pthread_mutex_lock(&files->lock);
        while (files->asked < count)
                pthread_cond_wait(&files->changed, &files->lock);
        pthread_mutex_unlock(&files->lock);
}

/* Waits while held, then fails if the test says so. */
static int files_answer(struct files_for_test *files, enum path_kind *kind, struct fault *fault)
{
        pthread_mutex_lock(&files->lock);
        files->asked++;
        pthread_cond_broadcast(&files->changed);
        while (files->held)
                pthread_cond_wait(&files->changed, &files->lock);
        files->answered++;
        enum fault_code code = files->code;
        *kind = files->kind;
        pthread_mutex_unlock(&files->lock);
        return code == FAULT_NONE ? 0 : fault_set(fault, code, "the made-up storage says %s", fault_word(code));
}

static void fake_inspect(void *context, const struct storage *storage, struct path_item *items, size_t count,
                         int deadline_ms)
{
        assert_true(deadline_ms > 0);
        assert_true(count > 0 && count <= storage_paths_together(storage));
        files_answer(context, &items[0].seen.kind, &items[0].fault);
        for (size_t i = 0; i < count; i++) {
                snprintf(items[i].seen.at, sizeof items[i].seen.at, "%s", items[i].path);
                items[i].seen.kind = items[0].seen.kind;
                items[i].fault = items[0].fault;
        }
}

static int fake_check(void *context, const struct storage *storage, int deadline_ms, struct fault *fault)
{
        enum path_kind kind;

        (void)storage;
        (void)deadline_ms;
        return files_answer(context, &kind, fault);
}

static int64_t test_wall_ms(void *context)
{
        return clock_wall_ms(clock_system()) + atomic_load(&((struct api *)context)->wall_offset_ms);
}

static int64_t test_monotonic_ms(void *context)
{
        return clock_monotonic_ms(clock_system()) + atomic_load(&((struct api *)context)->monotonic_offset_ms);
}

static void published(void *context)
{
        inventory_watch_wake(((struct api *)context)->inventory);
}

void api_silence(struct api *api, int64_t ms)
{
        atomic_fetch_add(&api->wall_offset_ms, ms);
        atomic_fetch_add(&api->monotonic_offset_ms, ms);
        inventory_watch_wake(api->inventory);
}

static const struct snapshot *api_snapshot(void *context)
{
        return writer_snapshot(((struct api *)context)->writer);
}

static void nobody_told(void *context)
{
        (void)context;
}

/* Runs follow each other by themselves only when something has come to be held, or did not pass. */
static void verification_start(struct api *api)
{
        struct verification_for_test *its = &api->verification;
        const struct verify_settings settings = { .probe = &its->probe,
                                                  .interval_ms = 3600000,
                                                  .report = verification_event_write,
                                                  .report_context = api->writer };
        struct fault fault = { 0 };
        struct address node;

        its->fake = fake_probe_new(api->filter);
        its->probe = fake_probe_table(its->fake);
        its->gate = gate_new(&api->firewall, api->status, NULL, &api->clock, 3600000);
        its->versions = versions_new();
        its->world = (struct side_world){ .snapshot = api_snapshot,
                                          .snapshot_context = api,
                                          .status = api->status,
                                          .gate = its->gate,
                                          .versions = its->versions,
                                          .clock = &api->clock,
                                          .facts_changed = nobody_told };
        assert_int_equal(address_parse("10.77.0.11", &node), 0);
        assert_int_equal(gate_peers(its->gate, &node, 1, &fault), 0);
        assert_int_equal(verify_start(&its->world, &settings, &its->verify, &fault), 0);
}

static void verification_stop(struct verification_for_test *its)
{
        verify_stop(its->verify);
        gate_free(its->gate);
        versions_free(its->versions);
        fake_probe_free(its->fake);
}

/* A listener on 127.0.0.1; its port to *port. */
static int tcp_listen(unsigned short *port)
{
        struct sockaddr_in address;
        socklen_t length = sizeof address;
        struct fault fault = { 0 };
        int fd = listener_open_tcp("127.0.0.1:0", &fault);

        assert_string_equal(fault.text, "");
        assert_return_code(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        *port = ntohs(address.sin_port);
        return fd;
}

static void server_start(struct api *api)
{
        struct fault fault = { 0 };
        int listeners[3];

        snprintf(api->folder, sizeof api->folder, "/tmp/rest.XXXXXX");
        assert_non_null(mkdtemp(api->folder));
        snprintf(api->socket, sizeof api->socket, "%s/api.sock", api->folder);
        listeners[0] = listener_open_unix(api->socket, (gid_t)-1, &fault);
        assert_string_equal(fault.text, "");
        listeners[1] = tcp_listen(&api->port);
        listeners[2] = tcp_listen(&api->second_port);
        struct rest_context context = { .writer = api->writer,
                                        .status = api->status,
                                        .drift = api->drift,
                                        .latency = api->latency,
                                        .inventory = api->inventory,
                                        .verify = api->verification.verify,
                                        .files = &api->files,
                                        .firewall = api->filter ? &api->firewall : NULL,
                                        .clock = &api->clock,
                                        .operator_gid = getgid(),
                                        .path_check_timeout_ms = 5000,
                                        .cors_origins = api->cors_origins,
                                        .tls = api->tls,
                                        .limits = { .heartbeat_ms = 100,
                                                    .connections = api->connections,
                                                    .connections_per_address = api->connections_per_address,
                                                    .request_timeout_s = api->request_timeout_s },
                                        .listeners = listeners,
                                        .listener_count = ARRAY_SIZE(listeners) };

        assert_int_equal(rest_start(&context, &api->server, &fault), 0);
}

static char *const origins[] = { (char *)(uintptr_t)API_ORIGIN, NULL };

static int api_start_with(void **state, const struct api *wanted, bool filters)
{
        struct api *api = NEW(struct api);
        struct fault fault = { 0 };

        *api = *wanted;
        curl_global_init(CURL_GLOBAL_DEFAULT);
        pthread_mutex_init(&api->fake.lock, NULL);
        pthread_cond_init(&api->fake.changed, NULL);
        api->fake.kind = PATH_DIRECTORY;
        api->files = (struct storage_files){ .inspect = fake_inspect,
                                             .check_storage = fake_check,
                                             .context = &api->fake };
        if (filters) {
                api->filter = fake_firewall_new();
                api->firewall = fake_firewall_table(api->filter);
        }
        api->clock = (struct clock){ test_wall_ms, test_monotonic_ms, api };
        api->status = status_new(&api->clock);
        struct protocol_facts facts = { .pool_enforced = KNOWN_PRESENT };
        status_set_facts(api->status, &facts);
        status_set_layers(
                api->status, "node1",
                (const bool[LAYER_COUNT]){ [LAYER_FIREWALL] = true, [LAYER_GLUSTER] = true, [LAYER_NFS] = true });
        api->store = store_memory_new();
        const struct inventory_ages ages = { 100000, 1000000, false };
        assert_int_equal(writer_new(api->store, &api->clock, published, api, &api->writer, &fault), 0);
        assert_int_equal(
                inventory_watch_new(api->writer, api->status, &api->clock, &ages, &api->inventory, &fault), 0);
        api->latency = latency_new();
        api->drift = drift_new(&api->clock, drift_event_write, api->writer);
        if (api->verification.on)
                verification_start(api);
        server_start(api);
        *state = api;
        return 0;
}

int api_start(void **state)
{
        return api_start_with(state, &(struct api){ .request_timeout_s = 20 }, true);
}

int api_start_unfiltered(void **state)
{
        return api_start_with(state, &(struct api){ .request_timeout_s = 20 }, false);
}

int api_start_impatient(void **state)
{
        return api_start_with(state, &(struct api){ .request_timeout_s = 1 }, true);
}

int api_start_cors(void **state)
{
        return api_start_with(state, &(struct api){ .request_timeout_s = 20, .cors_origins = origins }, true);
}

int api_start_tls(void **state, struct tls *tls)
{
        return api_start_with(state, &(struct api){ .request_timeout_s = 20, .tls = tls }, true);
}

int api_start_crowded(void **state)
{
        return api_start_with(state, &(struct api){ .request_timeout_s = 1, .connections_per_address = API_CROWD },
                              true);
}

int api_start_few(void **state)
{
        return api_start_with(state, &(struct api){ .request_timeout_s = 20, .connections = API_FEW }, true);
}

int api_tcp_client(unsigned short port, const char *address)
{
        struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct pollfd closed = { .fd = fd, .events = POLLIN | POLLRDHUP };
        static const char question[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        char byte;

        inet_pton(AF_INET, address, &from.sin_addr);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        assert_return_code(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
        assert_return_code(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
        send(fd, question, sizeof question - 1, MSG_NOSIGNAL);
        if (poll(&closed, 1, 10000) == 1 && recv(fd, &byte, 1, 0) == 1)
                return fd;
        close(fd);
        return -1;
}

int api_start_verified(void **state)
{
        return api_start_with(state, &(struct api){ .request_timeout_s = 20, .verification = { .on = true } },
                              true);
}

void api_stop_server(struct api *api)
{
        rest_stop(api->server);
        api->server = NULL;
}

int api_stop(void **state)
{
        struct api *api = *state;

        api_stop_server(api);
        verification_stop(&api->verification);
        inventory_watch_free(api->inventory);
        writer_free(api->writer);
        drift_free(api->drift);
        latency_free(api->latency);
        status_free(api->status);
        if (api->filter)
                fake_firewall_free(api->filter);
        unlink(api->socket);
        rmdir(api->folder);
        pthread_cond_destroy(&api->fake.changed);
        pthread_mutex_destroy(&api->fake.lock);
        free(api);
        curl_global_cleanup();
        return 0;
}

void answer_fini(struct answer *answer)
{
        free(answer->header);
        free(answer->text);
        json_decref(answer->json);
        *answer = (struct answer){ 0 };
}

static size_t text_receive(char *bytes, size_t size, size_t count, void *context)
{
        text_add_bytes(context, bytes, size * count);
        return size * count;
}

static char *body_expand(const struct call *call)
{
        char *body = memory_text(call->body);

        for (char *at = body; call->raw_length == 0 && at && *at; at++)
                if (*at == '\'')
                        *at = '"';
        return body;
}

/* The header fields of a call; JSON is said to be JSON unless the call says otherwise. */
static struct curl_slist *fields_make(const struct call *call)
{
        struct curl_slist *fields = curl_slist_append(NULL, "Expect:");
        bool typed = false;

        for (size_t i = 0; i < ARRAY_SIZE(call->headers) && call->headers[i]; i++) {
                typed = typed || strncasecmp(call->headers[i], "Content-Type", 12) == 0;
                fields = curl_slist_append(fields, call->headers[i]);
        }
        if (call->body && !typed)
                fields = curl_slist_append(fields, "Content-Type: application/json");
        if (call->token && call->token[0] != '\0') {
                AUTO_FREE char *field = memory_format("Authorization: Bearer %s", call->token);

                fields = curl_slist_append(fields, field);
        }
        return fields;
}

struct answer call(struct api *api, struct call call)
{
        AUTO_FREE char *body = body_expand(&call);
        AUTO_FREE char *url =
                memory_format("http%s://127.0.0.1:%u%s", api->tls && call.token ? "s" : "", api->port, call.path);
        struct curl_slist *fields = fields_make(&call);
        struct text header = { 0 }, text = { 0 };
        struct answer answer = { 0 };
        CURL *curl = curl_easy_init();

        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
        if (api->authorities)
                curl_easy_setopt(curl, CURLOPT_CAINFO, api->authorities);
        if (!call.token)
                curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, api->socket);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method);
        if (strcmp(call.method, "HEAD") == 0)
                curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        if (body) {
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
                curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
                                 (long)(call.raw_length ? call.raw_length : strlen(body)));
        }
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, text_receive);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, &header);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, text_receive);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
        if (curl_easy_perform(curl) == CURLE_OK)
                curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
        curl_easy_cleanup(curl);
        curl_slist_free_all(fields);
        answer.header = text_take(&header);
        answer.text = text_take(&text);
        answer.json = json_loads(answer.text, JSON_REJECT_DUPLICATES, NULL);
        return answer;
}

struct answer call_of(struct api *api, const char *method, const char *path, const char *body)
{
        return call(api, (struct call){ .method = method, .path = path, .body = body });
}

const char *answer_at(const struct answer *answer, const char *path)
{
        static _Thread_local char text[1024];
        AUTO_FREE char *parts = memory_text(path);
        const json_t *at = answer->json;
        char *rest = NULL;

        for (char *part = strtok_r(parts, "/", &rest); part && at; part = strtok_r(NULL, "/", &rest))
                at = json_is_array(at) ? json_array_get(at, strtoul(part, NULL, 10)) : json_object_get(at, part);
        text[0] = '\0';
        if (json_is_string(at))
                snprintf(text, sizeof text, "%s", json_string_value(at));
        else if (at) {
                AUTO_FREE char *dump = json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT);

                snprintf(text, sizeof text, "%s", dump);
        }
        return text;
}

const char *answer_field(const struct answer *answer, const char *name)
{
        static _Thread_local char text[256];
        size_t length = strlen(name);

        text[0] = '\0';
        for (const char *line = answer->header; line && *line; line = strchr(line, '\n') + 1)
                if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
                        const char *value = line + length + 1 + strspn(line + length + 1, " ");

                        snprintf(text, sizeof text, "%.*s", (int)strcspn(value, "\r\n"), value);
                        break;
                }
        return text;
}

const char *answer_summary(const struct answer *answer)
{
        static _Thread_local char text[1024];
        const json_t *errors = json_object_get(answer->json, "errors"), *error;
        size_t index, length = (size_t)snprintf(text, sizeof text, "%ld", answer->status);

        json_array_foreach((json_t *)(uintptr_t)errors, index, error) length +=
                (size_t)snprintf(text + length, sizeof text - length, " %s %s",
                                 json_string_value(json_object_get(error, "pointer")),
                                 json_string_value(json_object_get(error, "code")));
        return text;
}

void expect(struct api *api, const char *method, const char *path, const char *body, const char *wanted)
{
        AUTO_ANSWER struct answer answer = call_of(api, method, path, body);

        if (strcmp(answer_summary(&answer), wanted) != 0)
                print_error("%s %s %s: %s\n", method, path, body ? body : "", answer.text);
        assert_string_equal(answer_summary(&answer), wanted);
        if (answer.status >= 400) {
                assert_string_equal(answer_field(&answer, "Content-Type"), "application/problem+json");
                assert_int_equal(strtol(answer_at(&answer, "status"), NULL, 10), answer.status);
                assert_int_equal(strncmp(answer_at(&answer, "type"), "urn:gatehouse:problem:", 22), 0);
                assert_string_not_equal(answer_at(&answer, "title"), "");
                assert_string_not_equal(answer_at(&answer, "detail"), "");
        }
}

void api_world(struct api *api)
{
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'acme','state':'running','platform_version':'8.3','layers':['cp','cache']}",
               "201");
        expect(api, "PUT", "/v1/environments/other",
               "{'uid':'e-2','account':'foreign','state':'running','platform_version':'8.3','layers':['cp']}",
               "201");
        expect(api, "PUT", "/v1/environments/shop/nodes/101",
               "{'layer':'cp','addresses':['10.77.0.21','fd77::21'],'os':{'id':'debian'}}", "201");
        expect(api, "PUT", "/v1/environments/shop/nodes/102",
               "{'layer':'cache','addresses':['10.77.0.22'],'os':{'id':'alpine'}}", "201");
        expect(api, "PUT", "/v1/storages/files", "{'kind':'cluster','account':'acme','addresses':['10.77.0.11']}",
               "201");
}

void api_tokens(struct api *api)
{
        static const char *const bodies[] = { "{'name':'op','scope':'operator'}",
                                              "{'name':'inv','scope':'inventory'}",
                                              "{'name':'acc','scope':'account','account':'acme'}" };

        for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
                AUTO_ANSWER struct answer answer = call_of(api, "POST", "/v1/tokens", bodies[i]);

                assert_int_equal(answer.status, 201);
                snprintf(api->tokens[i], sizeof api->tokens[i], "%s", answer_at(&answer, "secret"));
        }
}

const char *api_export(struct api *api, const char *path, const char *mount)
{
        AUTO_FREE char *body = memory_format(
                "{'storage':'files','path':'%s','environment':'shop','target':{'layer':'cp'},'mount_path':'%s'}",
                path, mount);
        AUTO_ANSWER struct answer answer = call_of(api, "POST", "/v1/exports", body);
        static char ids[64][EXPORT_ID_SIZE];
        static size_t count;
        char *id = ids[count++ % ARRAY_SIZE(ids)];

        if (answer.status != 201)
                print_error("%s\n", answer.text);
        assert_int_equal(answer.status, 201);
        snprintf(id, EXPORT_ID_SIZE, "%s", answer_at(&answer, "id"));
        return id;
}

uint64_t api_revision(struct api *api)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);

        return now->revision;
}

static void *caller_run(void *argument)
{
        struct caller *caller = argument;

        caller->answer = call(caller->api, caller->call);
        return NULL;
}

void caller_start(struct caller *caller, struct api *api, struct call what)
{
        *caller = (struct caller){ .api = api, .call = what };
        assert_int_equal(pthread_create(&caller->thread, NULL, caller_run, caller), 0);
}

struct answer caller_join(struct caller *caller)
{
        pthread_join(caller->thread, NULL);
        return caller->answer;
}

void api_await_exports(struct api *api, size_t count)
{
        for (int tries = 0; tries < 2000; tries++) {
                AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);

                if (pmap_count(now->kinds[DOCUMENT_EXPORT]) == count)
                        return;
                nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        }
        fail_msg("there are not %zu exports", count);
}

void api_follow(struct api *api)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);

        status_follow(api->status, now);
}

static enum let_go has_let_go(void *context, const struct task_export *export, struct fault *fault)
{
        (void)context;
        (void)export;
        (void)fault;
        return LET_GO_SEEN;
}

void api_let_go(struct api *api, enum task_layer layer)
{
        uint64_t revision = api_revision(api);

        api_follow(api);
        for (enum firewall_service service = 0; layer == LAYER_FIREWALL && service < SERVICE_COUNT; service++)
                status_review_firewall(api->status, service, revision, NULL);
        if (layer != LAYER_FIREWALL)
                status_review(api->status, &(struct let_go_question){ layer, revision, has_let_go, NULL });
}

void api_let_all_go(struct api *api)
{
        api_let_go(api, LAYER_FIREWALL);
        api_let_go(api, LAYER_GLUSTER);
        api_let_go(api, LAYER_NFS);
}

static void export_held(struct api *api, const struct export *export, uint64_t revision)
{
        for (int protocol = 0; protocol < 2; protocol++)
                status_note(api->status, export->document.id, (enum protocol)protocol, revision, NULL);
}

void api_hold_all(struct api *api)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        const struct document *document;
        const struct export *canary;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_EXPORT], NULL, NULL);
        while ((document = snapshot_walk_next(&walk)))
                export_held(api, (const struct export *)document, now->revision);
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((document = snapshot_walk_next(&walk)))
                if ((canary = snapshot_canary(now, document->id)))
                        export_held(api, canary, now->revision);
        /* A run that begins in this very millisecond could not tell that they were held before it. */
        for (int64_t held_ms = clock_monotonic_ms(clock_system()); clock_monotonic_ms(clock_system()) == held_ms;)
                sched_yield();
}
