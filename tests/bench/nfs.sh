#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an export by NFS takes from the request until clients are let in: beside it, in each round, ganesha-floor gives
# the same blocks to the same NFS-Ganesha, and appends 4 KiB to the file system of the store for each. The store is on
# a disk of this machine, so that a sync costs what it costs.
# shellcheck disable=SC2034 # bench.sh reads it
figures=(nfs_add nfs_add_p99 nfs_add_100_clients nfs_add_100_clients_p99 nfs_burst nfs_burst_seen
        restart_calls ganesha_back nfs_add_at_10000 nfs_add_at_10000_p99)
# shellcheck source=tests/bench/bench.sh
. "$(dirname "$0")/bench.sh"
cp "$top_builddir/ganesha-floor" "$testbed/"
add_rounds=$(rounds 9 5) burst_rounds=$(rounds 7 3)
adds=50 # of each half of a round of single ones
floor_first=40000

# One node, and another hundred, for whom everything is by NFS.
environments() {
        local number
        put /v1/environments/one '{"uid": "e-1", "account": "acme", "state": "running", "layers": ["cache"]}'
        put /v1/environments/many '{"uid": "e-2", "account": "acme", "state": "running", "layers": ["cache"]}'
        put_node one cache one '"10.77.1.1"' "$alpine"
        for number in {1..100}; do put_node many cache "many$number" "\"10.77.2.$number\"" "$alpine"; done
}
directories() { on storage sh -c 'mkdir -p /srv/data/a && cd /srv/data/a && seq "$0" "$1" | xargs mkdir -p' "$1" "$2"; }

nfs_start() {
        machine_start storage
        gatehouse_prepare 'listen = none' 'reconcile_interval = 1h'
        store_on_disk
        machine_disk storage /srv/data
        dbus_start
        ganesha_prepare
        ganesha_start /etc/ganesha/gatehouse.conf
        helper_start
        gatehoused_start
        put /v1/storages/files "$single_storage"
        environments
        directories 1 2000
        directories $floor_first $((floor_first + 1000))
        make 16 one 1 100
}

# exports ENVIRONMENT FROM TO: the requests that make them, each of a directory of its own.
exports() {
        local number
        for ((number = $2; number <= $3; number++)); do
                echo "POST /v1/exports {\"storage\": \"files\", \"path\": \"/a/$number\", \"environment\": \"$1\", \"mount_path\": \"/mnt/$number\"}"
        done
}
add_floor() { on storage "$testbed/ganesha-floor" "$@"; }

# add_round NAME ENVIRONMENT CLIENTS: leaves what was said in $ours and $floor.
add_round() {
        make 1 "$1" 1001 $((1000 + adds))
        unmake
        floor=$(add_floor --append "$statedir/floor" --clients "$2" /srv/data/a $floor_first $adds)
}
compared() { jq -rn --argjson ours "$ours" --argjson floor "$floor" "\"\\(\$ours.$1) \\(\$floor.$1)\""; } # compared KEY

add_repeat() { # add_repeat FIGURE ENVIRONMENT CLIENTS
        local round
        say "$1: $add_rounds rounds"
        for ((round = 0; round < add_rounds; round++)); do
                add_round "$2" "$3"
                sample "$1" "$(compared p50_ms)"
                sample "$1_p99" "$(compared p99_ms)"
        done
}

burst_repeat() {
        local round
        say "nfs_burst: $burst_rounds rounds"
        for ((round = 0; round < burst_rounds; round++)); do
                make 64 one 1001 2000
                unmake
                floor=$(add_floor /srv/data/a $floor_first 1000)
                sample nfs_burst "$(compared seconds)"
                floor=$(add_floor --look /srv/data/a $floor_first 1000)
                sample nfs_burst_seen "$(compared seconds)"
        done
}

# What the NFS server is asked while gatehoused comes back to a world where nothing has changed, and looks at everything.
changing='AddExport|UpdateExport|RemoveExport'
calls() { grep -cE "member=($1)\$" "$(log_of storage dbus-monitor)"; } # calls METHOD|METHOD
displayed() { [ "$(calls DisplayExport)" -ge "$1" ]; }
added_seen() { [ "$(calls AddExport)" -ge 1 ] && [ "$(calls RemoveExport)" -ge 1 ]; }
restart_repeat() {
        local round before
        say 'restart_calls: 3 rounds'
        for round in 1 2 3; do
                : >"$(log_of storage dbus-monitor)"
                daemon_start storage dbus-monitor dbus-monitor --system "type='method_call',interface='org.ganesha.nfsd.exportmgr'"
                wait_until 10 on storage pgrep -x dbus-monitor || fail 'dbus-monitor does not start'
                on storage "$testbed/ganesha-floor" /srv/data/a $floor_first 1 >/dev/null
                wait_until 10 added_seen || fail 'dbus-monitor sees nothing'
                before=$(calls "$changing")
                daemon_stop storage gatehoused KILL
                gatehoused_start
                wait_until 60 displayed "$exports_there" || fail "only $(calls DisplayExport) of $exports_there exports are looked at after a restart"
                sample restart_calls $(($(calls "$changing") - before))
                daemon_stop storage dbus-monitor
        done
}

all_active() { api GET /metrics | grep -qE "^gatehouse_grants\{protocol=\"nfs\",state=\"active\"\} $exports_there\$"; }
ganesha_again() { daemon_stop storage ganesha KILL; ganesha_start /etc/ganesha/gatehouse.conf; }
gatehoused_signal() { on storage kill "-$1" "$(daemon_pid storage gatehoused)"; }
back_round() { # then Gatehouse is kept from working while the same is done by hand
        local began
        began=$(now_us)
        ganesha_again
        wait_until 120 all_active || fail "not all exports are back: $(api GET /metrics | grep ^gatehouse_grants)"
        ours=$(($(now_us) - began))
        gatehoused_signal STOP
        began=$(now_us)
        ganesha_again
        add_floor --keep /srv/data/a $floor_first "$exports_there" >/dev/null
        floor=$(($(now_us) - began))
        ganesha_again
        gatehoused_signal CONT
        wait_until 120 all_active || fail 'not all exports are back'
        sample ganesha_back "$(jq -rn --argjson ours $ours --argjson floor $floor '"\($ours / 1e6) \($floor / 1e6)"')"
}

floor_words='AddExport of the same block and a synced 4 KiB append'
nfs_start
! wanted nfs_add nfs_add_p99 || add_repeat nfs_add one 1
! wanted nfs_add_100_clients nfs_add_100_clients_p99 || add_repeat nfs_add_100_clients many 100
! wanted nfs_burst nfs_burst_seen || burst_repeat
exports_there=100
! wanted restart_calls || restart_repeat
if wanted ganesha_back; then
        make 64 one 1101 2000
        exports_there=1000
        say "ganesha_back: $burst_rounds rounds"
        for ((round = 0; round < burst_rounds; round++)); do back_round; done
        unmake
fi
if [ -z "${BENCH_QUICK-}" ] && wanted nfs_add_at_10000 nfs_add_at_10000_p99; then
        say 'until there are 10,000 exports'
        directories 10001 19900
        make 64 one 10001 19900
        add_repeat nfs_add_at_10000 one 1
        figure nfs_add_at_10000 median ms '<=1.3' 'POST until active, one client, 10,000 exports there: p50' "$floor_words"
        figure nfs_add_at_10000_p99 median ms - 'POST until active, one client, 10,000 exports there: p99' "$floor_words"
fi
figure nfs_add median ms '<=1.5' 'POST until active, one client, 100 exports there: p50' "$floor_words"
figure nfs_add_p99 median ms '<=2' 'POST until active, one client, 100 exports there: p99' "$floor_words"
figure nfs_add_100_clients median ms '<=1.5' 'POST until active for 100 clients: p50' "$floor_words"
figure nfs_add_100_clients_p99 median ms - 'POST until active for 100 clients: p99' "$floor_words"
figure nfs_burst median s '<=1.15' '1,000 exports from 64 connections, all active' '1,000 AddExport calls, no sync'
figure nfs_burst_seen median s - '1,000 exports from 64 connections, all active' '1,000 AddExport and DisplayExport calls, no sync'
figure restart_calls maximum calls '<=0' 'kill -9 of gatehoused: Add, Update and RemoveExport calls until all exports are looked at'
figure ganesha_back median s '<=1.1' 'kill -9 of ganesha.nfsd with 1,000 exports until all are active' 'the same blocks added by hand'
