#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the API answers in a second, how it grows with the number of exports, what each export takes of memory, how
# long a restart takes, and what it costs to think. No server is behind it, so that nothing else is measured: all grants
# are pending. Beside each round of requests the same number is sent to libmicrohttpd answering a constant body of the same size.
# shellcheck disable=SC2034 # bench.sh reads it
figures=(get_one list_page list_page_made list_flat memory_idle memory memory_at_50000 restart restart_at_50000
        plan plan_one_node plan_one_node_ms)
# shellcheck source=tests/bench/bench.sh
. "$(dirname "$0")/bench.sh"
api_rounds=$(rounds 7 3) flat_rounds=$(rounds 15 3)
api_seconds=1; # of each half of a round

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
load() { # load COMMAND...: the requests that it prints, from 64 connections
        "$@" | on storage "$testbed/http-load" --connections 64 --header "Authorization: Bearer $token" $api_url >"$testbed/load.json" ||
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
        load environments $((population / 100)) $(($1 / 100))
        load nodes $((population / 100)) $(($1 / 100))
        load exports $((population / 100)) $(($1 / 100))
        population=$1
}

# small_start: beside all that on a second machine, with what the first one has now.
small_start() {
        machine_start storage2
        testbed_node=storage2 gatehouse_prepare 'listen = 127.0.0.1:8080'
        daemon_stop storage gatehoused
        on storage tar -C "$statedir" -c . | on storage2 tar -C "$statedir" -x || fail 'the store cannot be copied'
        gatehoused_start
        testbed_node=storage2 gatehoused_start
}

# requests_a_second URL TOKEN [FIELD [MACHINE]]: 16 kept connections
requests_a_second() {
        local said
        said=$(on "${4-storage}" wrk --threads 1 --connections 16 --duration ${api_seconds}s -H "Authorization: Bearer $2" ${3:+-H "$3"} "$1") || fail "wrk: $said"
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

# restart_rounds FIGURE MEMORY-FIGURE: until it answers, and what it then takes of memory for an export, with its nodes'
# and environments' share. What it takes now, as it has grown by requests, is the first sample of that.
restart_rounds() {
        local round began
        say "$1, $2: $api_rounds rounds"
        memory_now "$2"
        for ((round = 0; round < api_rounds; round++)); do
                daemon_stop storage gatehoused KILL
                began=$(now_us)
                gatehoused_start
                sample "$1" "$(milliseconds $(($(now_us) - began)))"
                memory_now "$2"
        done
}
memory_now() {
        sample "$1" "$(jq -n --argjson now "$(daemon_resident_kib gatehoused)" --argjson idle "$idle_kib" --argjson count $population '($now - $idle) / $count')"
}
idle_rounds() {
        local round
        for ((round = 0; round < api_rounds; round++)); do
                daemon_stop storage gatehoused KILL
                gatehoused_start
                idle_kib=$(daemon_resident_kib gatehoused)
                sample memory_idle "$(jq -n --argjson kib "$idle_kib" '$kib / 1024')"
        done
}

flat_repeat() {
        local round
        say "list_flat: $flat_rounds rounds"
        for ((round = 0; round < flat_rounds; round++)); do
                sample list_flat "$(requests_a_second "$api_url$page" "$token")" "$(requests_a_second "$api_url$page" "$token" '' storage2)"
        done
        figure list_flat median /s '>=0.95' 'pages of 100 at 50,000 exports, 16 connections' 'at 1,000 exports'
}

# A node of one environment of many becomes another one: what is looked at that does not name it is too much.
plan_rounds() {
        local round said
        say "plan: $api_rounds rounds"
        for ((round = 0; round < api_rounds; round++)); do
                said=$("$testbed/plan-cost" 10000) || fail 'plan-cost fails'
                sample plan "$(jq .whole_ms <<<"$said")"
                sample plan_one_node "$(jq '.change_exports - .change_differing' <<<"$said")"
                sample plan_one_node_ms "$(jq .change_ms <<<"$said")"
        done
        figure plan median ms '<=50' 'protocol and grants of 10,000 exports for 3 nodes each, all anew'
        figure plan_one_node maximum exports '<=0' 'looked at for a change of one node without being for it, of 10,000'
        figure plan_one_node_ms median ms - 'grants of the 100 exports that are for a node, after a change of it'
}

api_figures() {
        local one
        api_start
        ! measures memory_idle || say "memory_idle: $api_rounds rounds"
        idle_rounds # what the memory of exports is counted from
        figure memory_idle median MiB '<=24' 'resident memory of gatehoused without any export'
        populate 1000
        [ -n "${BENCH_QUICK-}" ] || ! measures list_flat || small_start
        measured=()
        populate 10000
        if measures restart memory; then
                restart_rounds restart memory
                figure restart maximum ms '<=1000' 'kill -9 of gatehoused with 10,000 exports until the API answers'
                figure memory median KiB '<=3' 'resident memory of gatehoused for an export with 3 grants, at 10,000: after each start, and once after it was asked for all of them'
        fi
        page='/v1/exports?limit=100'
        one=$(api GET '/v1/exports?limit=1' | jq -r '.items[0].id')
        ! measures get_one || against_constant get_one "/v1/exports/$one"
        figure get_one median /s '>=0.8' 'GET of one export, 16 connections' 'libmicrohttpd, constant body'
        ! measures list_page || against_constant list_page "$page"
        figure list_page median /s '>=0.7' 'pages of 100 at 10,000 exports, 16 connections' 'libmicrohttpd, constant body'
        ! measures list_page_made || against_constant list_page_made "$page" 'X-Request-Id: bench'
        figure list_page_made median /s - 'the same pages, none given again: each is asked for with an X-Request-Id' 'libmicrohttpd, constant body'
        if [ -z "${BENCH_QUICK-}" ] && measures list_flat memory_at_50000 restart_at_50000; then
                populate 50000
                ! measures list_flat || flat_repeat
                measures memory_at_50000 restart_at_50000 || return 0
                restart_rounds restart_at_50000 memory_at_50000
                figure memory_at_50000 median KiB '<=3' 'as memory, at 50,000'
                figure restart_at_50000 maximum ms - 'kill -9 of gatehoused with 50,000 exports until the API answers'
        fi
}

! measures plan plan_one_node plan_one_node_ms || plan_rounds
measured=()
! wanted get_one list_page list_page_made list_flat memory_idle memory memory_at_50000 restart restart_at_50000 || api_figures
