/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http-load: sends the requests of its standard input, one a line (METHOD TARGET [BODY]), over a number of kept
 * connections, as fast as they are answered, and says on one line of JSON how that went. Used by contrib/bench for
 * what writes; wrk measures what only reads.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/memory.h"

enum { CONNECTIONS_MAX = 256, TIMEOUT_MS = 600000 };

struct lane { /* one connection, which keeps its handle and so its socket */
        CURL *curl;
        char *line; /* of the request that is on its way; the body stands in it */
        long long started_us;
        char reply[512]; /* its beginning */
        size_t reply_length;
};

struct load {
        const char *base, *unix_socket;
        struct curl_slist *headers;
        CURLM *multi;
        struct lane lanes[CONNECTIONS_MAX];
        size_t lane_count, busy;
        long long *latencies_us;
        size_t done, failed;
        bool echo; /* the beginning of each reply, a line each */
};

static long long now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static size_t keep_beginning(char *bytes, size_t size, size_t count, void *context)
{
        struct lane *lane = context;
        size_t room = sizeof lane->reply - 1 - lane->reply_length;
        size_t kept = size * count < room ? size * count : room;

        memcpy(lane->reply + lane->reply_length, bytes, kept);
        lane->reply_length += kept;
        lane->reply[lane->reply_length] = '\0';
        return size * count;
}

/* Sends the next line of standard input; false at its end. */
static bool lane_start(struct load *load, struct lane *lane)
{
        size_t room = 0;
        ssize_t length;
        char *rest, *method, *target, *body;
        AUTO_FREE char *url = NULL;

        free(lane->line);
        lane->line = NULL;
        length = getline(&lane->line, &room, stdin);
        if (length <= 0)
                return false;
        lane->line[strcspn(lane->line, "\n")] = '\0';
        rest = lane->line;
        method = strsep(&rest, " ");
        target = strsep(&rest, " ");
        body = rest;
        url = memory_format("%s%s", load->base, target ? target : "/");
        curl_easy_setopt(lane->curl, CURLOPT_URL, url);
        curl_easy_setopt(lane->curl, CURLOPT_CUSTOMREQUEST, method);
        if (body) {
                curl_easy_setopt(lane->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
                curl_easy_setopt(lane->curl, CURLOPT_POSTFIELDS, body);
        } else {
                curl_easy_setopt(lane->curl, CURLOPT_HTTPGET, 1L);
        }
        lane->reply_length = 0;
        lane->reply[0] = '\0';
        lane->started_us = now_us();
        curl_multi_add_handle(load->multi, lane->curl);
        load->busy++;
        return true;
}

static void lane_ended(struct load *load, struct lane *lane, CURLcode code)
{
        long status = 0;

        curl_easy_getinfo(lane->curl, CURLINFO_RESPONSE_CODE, &status);
        curl_multi_remove_handle(load->multi, lane->curl);
        load->busy--;
        load->latencies_us = memory_grow(load->latencies_us, load->done, sizeof *load->latencies_us);
        load->latencies_us[load->done++] = now_us() - lane->started_us;
        if (code != CURLE_OK || status < 200 || status > 299) {
                if (load->failed++ == 0)
                        fprintf(stderr, "http-load: %s: %s: status %ld: %s\n", lane->line,
                                curl_easy_strerror(code), status, lane->reply);
        } else if (load->echo) {
                puts(lane->reply);
        }
}

static void work(struct load *load)
{
        for (size_t i = 0; i < load->lane_count && lane_start(load, &load->lanes[i]); i++)
                ;
        while (load->busy > 0) {
                int running, left;
                CURLMsg *message;

                curl_multi_perform(load->multi, &running);
                while ((message = curl_multi_info_read(load->multi, &left))) {
                        struct lane *lane;

                        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&lane);
                        lane_ended(load, lane, message->data.result);
                        lane_start(load, lane);
                }
                if (load->busy > 0)
                        curl_multi_poll(load->multi, NULL, 0, 1000, NULL);
        }
}

static int by_time(const void *left, const void *right)
{
        long long difference = *(const long long *)left - *(const long long *)right;

        return (difference > 0) - (difference < 0);
}

static void tell(struct load *load, long long took_us)
{
        const long long *sorted = load->latencies_us;

        if (load->done == 0) {
                puts("{\"requests\":0}");
                return;
        }
        qsort(load->latencies_us, load->done, sizeof *sorted, by_time);
        printf("{\"requests\":%zu,\"failed\":%zu,\"seconds\":%.6f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}"
               "\n",
               load->done, load->failed, (double)took_us / 1e6, (double)sorted[(load->done - 1) / 2] / 1e3,
               (double)sorted[(load->done - 1) * 99 / 100] / 1e3, (double)sorted[load->done - 1] / 1e3);
}

static void lanes_open(struct load *load)
{
        load->multi = curl_multi_init();
        for (size_t i = 0; i < load->lane_count; i++) {
                CURL *curl = curl_easy_init();

                curl_easy_setopt(curl, CURLOPT_NOSIGNAL,
                                 1L); /* else it asks the kernel about SIGPIPE at each turn */
                curl_easy_setopt(curl, CURLOPT_PRIVATE, &load->lanes[i]);
                curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_beginning);
                curl_easy_setopt(curl, CURLOPT_WRITEDATA, &load->lanes[i]);
                curl_easy_setopt(curl, CURLOPT_HTTPHEADER, load->headers);
                curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
                curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, load->unix_socket);
                load->lanes[i].curl = curl;
        }
        curl_multi_setopt(load->multi, CURLMOPT_MAXCONNECTS, (long)load->lane_count);
}

static void load_end(struct load *load)
{
        for (size_t i = 0; i < load->lane_count; i++) {
                curl_easy_cleanup(load->lanes[i].curl);
                free(load->lanes[i].line);
        }
        curl_multi_cleanup(load->multi);
        curl_slist_free_all(load->headers);
        free(load->latencies_us);
}

int main(int argc, char **argv)
{
        static const struct option options[] = { { "connections", required_argument, NULL, 'c' },
                                                 { "unix-socket", required_argument, NULL, 'u' },
                                                 { "header", required_argument, NULL, 'H' },
                                                 { "echo", no_argument, NULL, 'e' },
                                                 { NULL, 0, NULL, 0 } };
        static struct load load = { .lane_count = 1 };
        long long started_us;
        bool wrong = false;

        signal(SIGPIPE, SIG_IGN);
        for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                if (option == 'c')
                        load.lane_count = strtoul(optarg, NULL, 10);
                else if (option == 'u')
                        load.unix_socket = optarg;
                else if (option == 'H')
                        load.headers = curl_slist_append(load.headers, optarg);
                else if (option == 'e')
                        load.echo = true;
                else
                        wrong = true;
        }
        if (wrong || optind != argc - 1 || load.lane_count == 0 || load.lane_count > CONNECTIONS_MAX) {
                fprintf(stderr,
                        "usage: http-load [--connections 1..%d] [--unix-socket PATH] [--header FIELD]... [--echo] "
                        "URL\n"
                        "Sends each line of standard input, METHOD TARGET [BODY], and says how that went.\n",
                        CONNECTIONS_MAX);
                return 2;
        }
        load.base = argv[optind];
        curl_global_init(CURL_GLOBAL_DEFAULT);
        load.headers = curl_slist_append(load.headers, "Content-Type: application/json");
        load.headers = curl_slist_append(load.headers, "Expect:");
        lanes_open(&load);
        started_us = now_us();
        work(&load);
        tell(&load, now_us() - started_us);
        wrong = load.failed > 0;
        load_end(&load);
        curl_global_cleanup();
        return wrong ? 1 : 0;
}
