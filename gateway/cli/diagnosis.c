/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/diagnosis.h"

#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/show.h"

#define NEEDS(hop) (1u << (hop))

/* What is known of each hop beforehand. */
static const struct {
        const char *name;
        const char *backend; /* in the answer of /healthz; NULL = it is judged otherwise */
        unsigned needs;      /* hops without which nothing can be said of it */
        const char *unused;  /* why /healthz does not speak of it */
        const char *type;    /* what to type when it is broken */
        const char *logs;
} hops[HOP_COUNT] = {
        [HOP_CONFIG] = { "config", NULL, 0, NULL,
                         "edit " GATEHOUSE_SYSCONFDIR "/gatehouse.conf (gatehouse.conf(5)), then: gatehoused "
                         "--check-config && systemctl restart gatehoused",
                         "journalctl -u gatehoused" },
        [HOP_DAEMON] = { "daemon", NULL, 0, NULL,
                         "systemctl status gatehoused; systemctl restart gatehoused.socket gatehoused",
                         "journalctl -u gatehoused" },
        [HOP_TLS] = { "tls", "tls", NEEDS(HOP_CONFIG) | NEEDS(HOP_DAEMON),
                      "the API speaks plain HTTP (no tls_certificate)",
                      "gatehoused --check-config; put a renewed certificate and its key in place, then: systemctl "
                      "reload gatehoused",
                      "journalctl -u gatehoused" },
        [HOP_STORE] = { "store", "store", 0, "the gateway does not say",
                        "df " GATEHOUSE_STATEDIR "; ls -ld " GATEHOUSE_STATEDIR
                        "; systemd-tmpfiles --create; a copy is put back as in \"Restoring the store\" of "
                        "operate.md",
                        "journalctl -u gatehoused" },
        [HOP_HELPER] = { "helper", "helper", NEEDS(HOP_DAEMON), "the gateway does not say",
                         "systemctl restart gatehouse-helper.socket gatehouse-helper",
                         "journalctl -u gatehouse-helper" },
        [HOP_GLUSTERD] = { "glusterd", "glusterd", NEEDS(HOP_DAEMON) | NEEDS(HOP_HELPER),
                           "no cluster storage is registered",
                           "systemctl restart glusterd; gluster pool list; gatehouse drift",
                           "journalctl -u glusterd, /var/log/glusterfs/glusterd.log" },
        [HOP_BRICKS] = { "bricks", "bricks", NEEDS(HOP_DAEMON) | NEEDS(HOP_HELPER) | NEEDS(HOP_GLUSTERD),
                         "no cluster storage is registered",
                         "gluster volume status; gluster volume start VOLUME force; gatehouse drift",
                         "/var/log/glusterfs/bricks/" },
        [HOP_FILTER] = { "filter", "filter", NEEDS(HOP_DAEMON) | NEEDS(HOP_HELPER) | NEEDS(HOP_GLUSTERD),
                         "no cluster storage is registered",
                         GATEHOUSE_LIBEXECDIR "/install-filter; " GATEHOUSE_LIBEXECDIR "/install-filter --status",
                         "journalctl -u glusterd -u gatehoused, /var/log/glusterfs/glusterd.log" },
        [HOP_VOLFILED] = { "volfiled", "volfiled", NEEDS(HOP_DAEMON),
                           "no cluster storage is registered, or native clients reach glusterd itself "
                           "(volfiled_socket, firewall)",
                           "systemctl restart gatehouse-volfiled.socket gatehouse-volfiled",
                           "journalctl -u gatehouse-volfiled" },
        [HOP_FIREWALL] = { "firewall", "firewall", NEEDS(HOP_DAEMON) | NEEDS(HOP_HELPER), "firewall = off",
                           "gatehouse firewall show; gatehouse firewall on; gatehouse drift; nft list ruleset",
                           "journalctl -u gatehoused -u gatehouse-helper" },
        [HOP_GANESHA] = { "ganesha", "ganesha", NEEDS(HOP_DAEMON), "the gateway does not say",
                          "systemctl restart nfs-ganesha; gatehouse drift",
                          "journalctl -u nfs-ganesha, /var/log/ganesha/ganesha.log" },
        [HOP_PROBE] = { "probe", NULL,
                        NEEDS(HOP_DAEMON) | NEEDS(HOP_HELPER) | NEEDS(HOP_GLUSTERD) | NEEDS(HOP_BRICKS) |
                                NEEDS(HOP_FILTER) | NEEDS(HOP_VOLFILED) | NEEDS(HOP_FIREWALL) | NEEDS(HOP_GANESHA),
                        NULL, "gatehouse verify; gatehouse drift",
                        "journalctl -u gatehoused; gatehouse event list --action verification" },
};

void diagnosis_fini(struct diagnosis *diagnosis)
{
        for (int hop = 0; hop < HOP_COUNT; hop++)
                free(diagnosis->findings[hop].sentence);
        *diagnosis = (struct diagnosis){ 0 };
}

void diagnosis_note(struct diagnosis *diagnosis, enum hop hop, enum hop_state state, char *sentence)
{
        struct finding *finding = &diagnosis->findings[hop];

        if (finding->state == HOP_BROKEN) {
                free(sentence);
                return;
        }
        free(finding->sentence);
        *finding = (struct finding){ state, sentence };
}

static const char *text_of(const json_t *object, const char *member)
{
        return json_string_value(json_object_get(object, member)) ?: "";
}

/* "seen 3 s ago" of "at"; NULL when it does not say. */
static char *age_make(const json_t *object, int64_t now_ms)
{
        int64_t at_ms;

        if (clock_parse(text_of(object, "at"), &at_ms) != 0 || at_ms > now_ms)
                return NULL;
        return memory_format("seen %lld s ago", (long long)((now_ms - at_ms) / 1000));
}

static void backend_judge(struct diagnosis *diagnosis, enum hop hop, const json_t *backends, int64_t now_ms)
{
        const json_t *backend = json_object_get(backends, hops[hop].backend);
        const char *status = text_of(backend, "status"), *detail = text_of(backend, "detail");

        if (!backend)
                diagnosis_note(diagnosis, hop, HOP_NOT_CHECKED, memory_text(hops[hop].unused));
        else if (strcmp(status, "ok") == 0 || strcmp(status, "reconcile.observe") == 0)
                diagnosis_note(diagnosis, hop, HOP_OK, age_make(backend, now_ms));
        else if (strcmp(status, "expiring") == 0)
                diagnosis_note(diagnosis, hop, HOP_OK, memory_text(detail[0] ? detail : status));
        else
                diagnosis_note(diagnosis, hop, HOP_BROKEN,
                               memory_format("%s%s%s", status, detail[0] ? ": " : "", detail));
}

/* The hop that a difference speaks of. */
static enum hop difference_hop(const json_t *difference)
{
        static const struct {
                const char *beginning;
                enum hop hop;
        } rows[] = { { "filter.", HOP_FILTER },
                     { "brick.", HOP_BRICKS },
                     { "volume.", HOP_GLUSTERD },
                     { "firewall.", HOP_FIREWALL } };
        const char *code = text_of(difference, "code");

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (strncmp(code, rows[i].beginning, strlen(rows[i].beginning)) == 0)
                        return rows[i].hop;
        return HOP_GANESHA;
}

/* What was repaired is history; what was left or could not be put right stands. */
static void drift_judge(struct diagnosis *diagnosis, const json_t *drift)
{
        const json_t *differences = json_object_get(drift, "differences");

        for (size_t i = 0; i < json_array_size(differences); i++) {
                const json_t *difference = json_array_get(differences, i);

                if (strcmp(text_of(difference, "action"), "repaired") != 0)
                        diagnosis_note(diagnosis, difference_hop(difference), HOP_BROKEN,
                                       memory_format("%s: %s", text_of(difference, "code"),
                                                     text_of(difference, "sentence")));
        }
}

static void verification_judge(struct diagnosis *diagnosis, const json_t *verification)
{
        const json_t *items = json_object_get(verification, "items");
        const char *mode = text_of(verification, "verify");

        if (strcmp(mode, "on") != 0)
                diagnosis_note(diagnosis, HOP_PROBE, HOP_NOT_CHECKED,
                               memory_text(!verification              ? "this takes an operator"
                                           : strcmp(mode, "off") == 0 ? "verify = off"
                                                                      : "nothing is tried: reconcile = observe"));
        else if (json_array_size(items) == 0)
                diagnosis_note(diagnosis, HOP_PROBE, HOP_NOT_CHECKED, memory_text("nothing has been tried yet"));
        else
                diagnosis_note(diagnosis, HOP_PROBE, HOP_OK,
                               memory_text("who is admitted gets in, and strangers do not"));
        for (size_t i = 0; i < json_array_size(items); i++) {
                const json_t *row = json_array_get(items, i);
                const char *result = text_of(row, "result");

                if (strcmp(mode, "on") != 0 || strcmp(result, "passed") == 0)
                        continue;
                diagnosis_note(diagnosis, HOP_PROBE, strcmp(result, "failed") == 0 ? HOP_BROKEN : HOP_NOT_CHECKED,
                               memory_format("storage %s by %s on %s: %s: %s", text_of(row, "storage"),
                                             text_of(row, "protocol"), text_of(row, "node"), text_of(row, "code"),
                                             text_of(row, "sentence")));
        }
}

void diagnosis_judge(struct diagnosis *diagnosis, const struct json_t *health, const struct json_t *drift,
                     const struct json_t *verification, int64_t now_ms)
{
        const json_t *backends = json_object_get(health, "backends");
        const char *observes = json_string_value(json_object_get(health, "reconcile"));

        diagnosis_note(diagnosis, HOP_DAEMON, HOP_OK, observes ? memory_text(observes) : NULL);
        for (int hop = 0; hop < HOP_COUNT; hop++)
                if (hops[hop].backend)
                        backend_judge(diagnosis, (enum hop)hop, backends, now_ms);
        drift_judge(diagnosis, drift);
        verification_judge(diagnosis, verification);
}

void diagnosis_settle(struct diagnosis *diagnosis)
{
        for (int hop = 0; hop < HOP_COUNT; hop++)
                for (int needed = 0; needed < hop; needed++) {
                        struct finding *finding = &diagnosis->findings[hop];

                        if (!(hops[hop].needs & NEEDS(needed)) || diagnosis->findings[needed].state != HOP_BROKEN)
                                continue;
                        free(finding->sentence);
                        *finding =
                                (struct finding){ HOP_NOT_CHECKED, memory_format("%s is broken, which this needs",
                                                                                 hops[needed].name) };
                        break;
                }
}

bool diagnosis_is_broken(const struct diagnosis *diagnosis)
{
        for (int hop = 0; hop < HOP_COUNT; hop++)
                if (diagnosis->findings[hop].state == HOP_BROKEN)
                        return true;
        return false;
}

void diagnosis_show(const struct diagnosis *diagnosis, bool colour, struct text *text)
{
        static const struct {
                const char *word, *colour;
        } states[] = { [HOP_NOT_CHECKED] = { "not checked", "\033[33m" },
                       [HOP_OK] = { "ok", "\033[32m" },
                       [HOP_BROKEN] = { "BROKEN", "\033[1;31m" } };

        for (int hop = 0; hop < HOP_COUNT; hop++) {
                const struct finding *finding = &diagnosis->findings[hop];

                text_addf(text, "%-9s %s%s%s", hops[hop].name, colour ? states[finding->state].colour : "",
                          states[finding->state].word, colour ? "\033[0m" : "");
                if (finding->sentence) {
                        text_addf(text, "%*s", (int)(13 - strlen(states[finding->state].word)), "");
                        show_plain(finding->sentence, text);
                }
                text_add_char(text, '\n');
                if (finding->state == HOP_BROKEN)
                        text_addf(text, "          type:        %s\n          logs:        %s\n", hops[hop].type,
                                  hops[hop].logs);
        }
}

json_t *diagnosis_to_json(const struct diagnosis *diagnosis)
{
        static const char *const states[] = { "not_checked", "ok", "broken" };
        json_t *list = json_array();

        for (int hop = 0; hop < HOP_COUNT; hop++) {
                const struct finding *finding = &diagnosis->findings[hop];
                json_t *row = json_pack("{s:s, s:s}", "hop", hops[hop].name, "state", states[finding->state]);

                if (finding->sentence)
                        json_object_set_new(row, "sentence", json_string(finding->sentence));
                if (finding->state == HOP_BROKEN) {
                        json_object_set_new(row, "type", json_string(hops[hop].type));
                        json_object_set_new(row, "logs", json_string(hops[hop].logs));
                }
                json_array_append_new(list, row);
        }
        return json_pack("{s:o}", "hops", list);
}
