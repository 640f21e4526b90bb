#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an export by NFS takes from the request until clients are let in: beside it, in each round, ganesha-floor gives
# the same blocks to the same NFS-Ganesha, and appends 4 KiB to the file system of the store for each. The store is on
# a disk of this machine, so that a sync costs what it costs.
# shellcheck disable=SC2034 # bench.sh reads it
figures=(nfs_add nfs_add_seen nfs_add_p99 nfs_add_100_clients nfs_add_100_clients_seen nfs_add_100_clients_p99 nfs_burst
        nfs_burst_seen nfs_add_at_10000 nfs_add_at_10000_seen nfs_add_at_10000_p99 restart_calls ganesha_back ganesha_back_connected ganesha_back_grace)
# shellcheck source=tests/bench/bench.sh
. "$(dirname "$0")/bench.sh"
cp "$top_builddir/ganesha-floor" "$testbed/"
add_rounds=$(rounds 9 5) burst_rounds=$(rounds 7 3) back_rounds=$(rounds 7 2)
adds=50 # of each half of a round of single ones
floor_first=40000

# One node, and another hundred, for whom everything is by NFS.
environments() {
        local number
        put /v1/environments/one '{"uid": "e-1", "account": "acme", "state": "running", "layers": ["cache"]}'
        put /v1/environments/many '{"uid": "e-2", "account": "acme", "state": "running", "layers": ["cache"]}'
        put_node one cache one '"10.77.1.1"' "$alpine"
        for number in {1..100}; do put_node many cache "many$number" "\"10.77.2.$number\"" "$alpine"; done
        put /v1/environments/working '{"uid": "e-3", "account": "acme", "state": "running", "layers": ["cache"]}'
        put_node working cache working "\"$(address4 cache1)\"" "$alpine"
}
directories() { on "$testbed_node" sh -c 'mkdir -p /srv/data/a && cd /srv/data/a && seq "$0" "$1" | xargs mkdir -p' "$1" "$2"; }

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

# single_floor CLIENTS [--look]: leaves what was said in $floor.
single_floor() { floor=$(add_floor --append "$statedir/floor" --clients "$@" /srv/data/a $floor_first $adds); }
compared() { jq -rn --argjson ours "$ours" --argjson floor "$floor" "\"\\(\$ours.$1) \\(\$floor.$1)\""; } # compared KEY

add_repeat() { # add_repeat FIGURE ENVIRONMENT CLIENTS
        local round
        say "$1: $add_rounds rounds"
        for ((round = 0; round < add_rounds; round++)); do
                make 1 "$2" 1001 $((1000 + adds))
                unmake
                single_floor "$3"
                sample "$1" "$(compared p50_ms)"
                sample "$1_p99" "$(compared p99_ms)"
                single_floor "$3" --look
                sample "$1_seen" "$(compared p50_ms)"
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
added_seen() { # dbus-monitor runs before it listens
        on storage "$testbed/ganesha-floor" /srv/data/a $floor_first 1 && [ "$(calls AddExport)" -ge 1 ] && [ "$(calls RemoveExport)" -ge 1 ]
}
restart_repeat() {
        local round before
        say "restart_calls: $burst_rounds rounds"
        for ((round = 0; round < burst_rounds; round++)); do
                : >"$(log_of storage dbus-monitor)"
                daemon_start storage dbus-monitor dbus-monitor --system "type='method_call',interface='org.ganesha.nfsd.exportmgr'"
                wait_until 60 added_seen || fail 'dbus-monitor sees nothing'
                sleep 1 # until it has written down all of that
                before=$(calls "$changing")
                daemon_stop storage gatehoused KILL
                gatehoused_start
                wait_until 120 displayed "$exports_there" || fail "only $(calls DisplayExport) of $exports_there exports are looked at after a restart"
                sample restart_calls $(($(calls "$changing") - before))
                daemon_stop storage dbus-monitor
        done
}

# --- The NFS server comes back -----------------------------------------------------------------------------
# A second one, on a machine of its own, is given the same blocks by hand, and both are killed in turn. A client is at
# work on the first one, and opens its file anew until it is let in again.
bare_start() {
        local testbed_node=storage2
        machine_start storage2
        machine_disk storage2 /srv/data
        dbus_start
        ganesha_prepare
        ganesha_start /etc/ganesha/gatehouse.conf
        directories $floor_first $((floor_first + exports_there))
}
client_start() {
        machine_start cache1
        make_export '{"storage": "files", "path": "/a/working", "environment": "working", "mount_path": "/mnt/working"}'
        on storage sh -c 'echo x >/srv/data/a/working/file'
        # Who is connected is asked at each look, and that is what a server that comes back is given first.
        on storage sed -i 's/reconcile_interval = .*/reconcile_interval = 20s/' "$sysconfdir/gatehouse/gatehouse.conf"
        daemon_stop storage gatehoused
        gatehoused_start
        wait_until 240 all_active || fail 'not all exports are active after a restart'
        daemon_start cache1 client "$testbed/nfs4-client" --timeout 0.2 "$(address4 storage)" "/exports/$export" hold /file 3600
}
# What the client sees, a line for each change: seconds.milliseconds, and after a word more the outcome.
client_is_well() { tail -n 1 "$(log_of cache1 client)" | grep ' ok$' >/dev/null; }
client_is_known() { api GET /metrics | grep "^gatehouse_export_clients_connected{.*$export" | grep ' 1$' >/dev/null; }
client_came_in() { # client_came_in BEGAN WORDS: in microseconds, when it first was told one of them after it was cut off then
        awk -v began="$1" -v words="$2" '{ at = $1 "000"; sub(/\./, "", at) } at + 0 < began { next }
                $3 != "ok" { cut = 1 } cut && /^[^ ]+ [^ ]+ (ok|refused GRACE)/ && $3 " " $4 ~ words { print at; exit }' "$(log_of cache1 client)"
}

all_active() { api GET /metrics | grep -E "^gatehouse_grants\{protocol=\"nfs\",state=\"active\"\} $exports_there\$" >/dev/null; }
not_all_active() { ! all_active; }
# Asked rarely: to count all grants costs what some hundred exports cost.
all_active_again() { # all_active_again UNTIL-US
        until all_active; do
                [ "$(now_us)" -lt "$1" ] || return
                sleep 0.5
        done
}
seconds() { jq -n --argjson us "$1" '$us / 1e6'; }
back_round() {
        local began ours
        wait_until 60 client_is_well || { cat "$(log_of cache1 client)" >&2; fail 'the client is not let in'; }
        wait_until 90 client_is_known || fail 'nobody has seen the client'
        began=$(now_us)
        daemon_stop storage ganesha KILL
        wait_until 10 not_all_active || fail 'nobody has seen that NFS-Ganesha is gone'
        ganesha_start /etc/ganesha/gatehouse.conf
        all_active_again $((began + 240000000)) || fail "not all exports are back: $(api GET /metrics | grep ^gatehouse_grants)"
        ours=$(seconds $(($(now_us) - began)))
        wait_until 60 client_is_well || { cat "$(log_of cache1 client)" >&2; fail 'the client is not let in again'; }
        sample ganesha_back_connected "$(milliseconds $(($(client_came_in "$began" .) - began)))"
        sample ganesha_back_grace "$(milliseconds $(($(client_came_in "$began" ^ok) - began)))"
        bare_back
        sample ganesha_back "$ours $bare"
}
bare_back() { # leaves in $bare how many seconds it took
        local testbed_node=storage2 began
        began=$(now_us)
        daemon_stop storage2 ganesha KILL
        ganesha_start /etc/ganesha/gatehouse.conf
        on storage2 "$testbed/ganesha-floor" --keep /srv/data/a $floor_first "$exports_there" >/dev/null || fail 'the bare exports are not added'
        bare=$(seconds $(($(now_us) - began)))
}
back_repeat() {
        local round
        exports_there=$((exports_there + 1))
        bare_start
        client_start
        say "ganesha_back: $back_rounds rounds"
        for ((round = 0; round < back_rounds; round++)); do back_round; done
}

floor_words='AddExport of the same block and a synced 4 KiB append'
seen_words='AddExport and DisplayExport of the same block and a synced 4 KiB append'
nfs_start
if measures nfs_add nfs_add_seen nfs_add_p99; then
        add_repeat nfs_add one 1
        figure nfs_add median ms '<=1.5' 'POST until active, one client, 100 exports there: p50' "$floor_words"
        figure nfs_add_seen median ms - 'POST until active, one client, 100 exports there: p50' "$seen_words"
        figure nfs_add_p99 median ms '<=2' 'POST until active, one client, 100 exports there: p99' "$floor_words"
fi
if measures nfs_add_100_clients nfs_add_100_clients_seen nfs_add_100_clients_p99; then
        add_repeat nfs_add_100_clients many 100
        figure nfs_add_100_clients median ms '<=1.5' 'POST until active for 100 clients: p50' "$floor_words"
        figure nfs_add_100_clients_seen median ms - 'POST until active for 100 clients: p50' "$seen_words"
        figure nfs_add_100_clients_p99 median ms - 'POST until active for 100 clients: p99' "$floor_words"
fi
if measures nfs_burst nfs_burst_seen; then
        burst_repeat
        figure nfs_burst median s '<=1.15' '1,000 exports from 64 connections, all active' '1,000 AddExport calls, no sync'
        figure nfs_burst_seen median s - '1,000 exports from 64 connections, all active' '1,000 AddExport and DisplayExport calls, no sync'
fi
if measures nfs_add_at_10000 nfs_add_at_10000_seen nfs_add_at_10000_p99 restart_calls ganesha_back ganesha_back_connected ganesha_back_grace; then
        measured=()
        exports_there=10000
        [ -z "${BENCH_QUICK-}" ] || exports_there=1000
        say "until there are $exports_there exports"
        directories 10001 $((10000 + exports_there))
        make 64 one 10101 $((10000 + exports_there))
        there=$(printf "%'d exports" $exports_there)
        if measures nfs_add_at_10000 nfs_add_at_10000_seen nfs_add_at_10000_p99; then
                add_repeat nfs_add_at_10000 one 1
                figure nfs_add_at_10000 median ms '<=1.3' "POST until active, one client, $there there: p50" "$floor_words"
                figure nfs_add_at_10000_seen median ms - "POST until active, one client, $there there: p50" "$seen_words"
                figure nfs_add_at_10000_p99 median ms - "POST until active, one client, $there there: p99" "$floor_words"
        fi
        if measures restart_calls; then
                restart_repeat
                figure restart_calls maximum calls '<=0' "kill -9 of gatehoused with $there: Add, Update and RemoveExport calls until all are looked at"
        fi
        if measures ganesha_back ganesha_back_connected ganesha_back_grace; then
                back_repeat
                figure ganesha_back median s '<=1.1' "kill -9 of ganesha.nfsd with $there until all are active" 'the same blocks added by hand'
                figure ganesha_back_connected median ms '<=1000' "the same until a client that was connected is answered again: let in, or told to wait for the server's grace to end"
                figure ganesha_back_grace median ms - 'the same until its open succeeds; the server waits for its old clients meanwhile, here 5 s at most'
        fi
fi
