#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the API answers in a second, how it grows with the number of exports, what each export takes of memory, and how
# long a restart takes. No server is behind it, so that nothing else is measured: all grants are pending. Beside each
# round of requests the same number is sent to libmicrohttpd answering a constant body of the same size.
# shellcheck disable=SC2034 # bench.sh reads it
figures=(get_one list_page list_page_made list_flat memory_idle memory memory_at_50000 restart)
# shellcheck source=tests/bench/bench.sh
. "$(dirname "$0")/bench.sh"
api_rounds=$(rounds 7 3)
api_seconds=1 # of each half of a round

api_url=http://127.0.0.1:8080
api_start() {
        machine_start storage
        gatehouse_prepare 'listen = 127.0.0.1:8080' "${testbed_configuration[@]}"
        machine_disk storage /srv/data
        helper_start
        gatehoused_start
        token=$(api POST /v1/tokens '{"name": "bench", "scope": "operator"}' | jq -r .secret)
        put /v1/storages/files "$single_storage"
}
load() { # load: the requests of standard input, from 64 connections
        on storage "$testbed/http-load" --connections 64 --header "Authorization: Bearer $token" $api_url >"$testbed/load.json" ||
                fail "not all requests are answered: $(cat "$testbed/load.json")"
}

# An environment of three nodes for each hundred exports, each of which is for all of them.
environments() { # environments FROM TO
        local number
        for ((number = $1; number < $2; number++)); do
                echo "PUT /v1/environments/e$number {\"uid\": \"u$number\", \"account\": \"acme\", \"state\": \"running\", \"platform_version\": \"8.3\", \"layers\": [\"cp\"]}"
        done
}
nodes() {
        local number node
        for ((number = $1; number < $2; number++)); do
                for node in 0 1 2; do
                        echo "PUT /v1/environments/e$number/nodes/n$number-$node {\"layer\": \"cp\", \"addresses\": [\"10.$((100 + node)).$((number / 250)).$((number % 250 + 1))\"], \"image\": \"redis:7-alpine\"}"
                done
        done
}
exports() {
        local number place
        for ((number = $1; number < $2; number++)); do
                for ((place = 0; place < 100; place++)); do
                        echo "POST /v1/exports {\"storage\": \"files\", \"path\": \"/shared/site$number/$place\", \"environment\": \"e$number\", \"target\": {\"layer\": \"cp\"}, \"mount_path\": \"/var/www/site$place\"}"
                done
        done
}
population=0
populate() { # populate EXPORTS: until there are as many
        say "until there are $1 exports"
        environments $((population / 100)) $(($1 / 100)) | load
        nodes $((population / 100)) $(($1 / 100)) | load
        exports $((population / 100)) $(($1 / 100)) | load
        population=$1
}

resident_kib() { on storage awk '/^VmRSS/ { print $2 }' "/proc/$(daemon_pid storage gatehoused)/status"; }

# requests_a_second URL TOKEN [FIELD]: 16 kept connections
requests_a_second() {
        local said
        said=$(on storage wrk --threads 1 --connections 16 --duration ${api_seconds}s -H "Authorization: Bearer $2" ${3:+-H "$3"} "$1") || fail "wrk: $said"
        ! grep -q Non-2xx <<<"$said" || fail "not all are answered: $said"
        awk '/^Requests\/sec/ { print $2 }' <<<"$said"
}
constant_answers() { on storage curl -sf -o "$testbed/constant-seen" http://127.0.0.1:8081/; }

# against_constant FIGURE PATH [FIELD]: samples of it, each beside the same requests answered with a constant body of its
# size
against_constant() {
        local round
        api GET "$2" >"$testbed/body" || fail "GET $2"
        daemon_start storage constant-server "$testbed/constant-server" 8081 "$testbed/body"
        wait_until 10 constant_answers || fail 'constant-server does not answer'
        cmp -s "$testbed/body" "$testbed/constant-seen" || fail 'constant-server answers something else'
        say "$1: $api_rounds rounds"
        for ((round = 0; round < api_rounds; round++)); do
                sample "$1" "$(requests_a_second "$api_url$2" "$token" "${@:3}")" "$(requests_a_second "http://127.0.0.1:8081$2" "$token" "${@:3}")"
        done
        daemon_stop storage constant-server KILL
}

memory_now() { # memory_now FIGURE: what an export takes, with its nodes' and environments' share
        wanted "$1" || return 0
        sample "$1" "$(jq -n --argjson now "$(resident_kib)" --argjson idle "$idle_kib" --argjson count $population '($now - $idle) / $count')"
}

restart_round() {
        local began
        daemon_stop storage gatehoused KILL
        began=$(now_us)
        gatehoused_start
        sample restart "$(jq -n --argjson us $(($(now_us) - began)) '$us / 1000')"
}

api_start
idle_kib=$(resident_kib)
sample memory_idle "$(jq -n --argjson kib "$idle_kib" '$kib / 1024')"
populate 1000
page='/v1/exports?limit=100'
if wanted list_flat; then
        for ((round = 0; round < api_rounds; round++)); do requests_a_second "$api_url$page" "$token"; done >"$testbed/at_1000"
fi
populate 10000
memory_now memory
one=$(api GET '/v1/exports?limit=1' | jq -r '.items[0].id')
! wanted get_one || against_constant get_one "/v1/exports/$one"
! wanted list_page || against_constant list_page "$page"
! wanted list_page_made || against_constant list_page_made "$page" 'X-Request-Id: bench'
if wanted restart; then
        say "restart: $api_rounds rounds"
        for ((round = 0; round < api_rounds; round++)); do restart_round; done
fi
if [ -z "${BENCH_QUICK-}" ] && wanted list_flat memory_at_50000; then
        populate 50000
        memory_now memory_at_50000
        while read -r reference; do
                sample list_flat "$(requests_a_second "$api_url$page" "$token")" "$reference"
        done <"$testbed/at_1000"
        figure list_flat median /s '>=0.95' 'pages of 100 at 50,000 exports' 'at 1,000 exports, the same run'
        figure memory_at_50000 median KiB '<=3' 'resident memory of gatehoused for an export with 3 grants, at 50,000'
fi
figure get_one median /s '>=0.8' 'GET of one export, 16 connections' 'libmicrohttpd, constant body'
figure list_page median /s '>=0.7' 'pages of 100 at 10,000 exports, 16 connections' 'libmicrohttpd, constant body'
figure list_page_made median /s - 'the same pages, none given again: each is asked for with an X-Request-Id' 'libmicrohttpd, constant body'
figure memory_idle median MiB '<=24' 'resident memory of gatehoused without any export'
figure memory median KiB '<=3' 'resident memory of gatehoused for an export with 3 grants, at 10,000'
figure restart maximum ms '<=1000' 'kill -9 of gatehoused with 10,000 exports until the API answers'
