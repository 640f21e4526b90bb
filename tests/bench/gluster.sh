#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a native export takes from the request until every brick is seen to let its clients in, beside one option that
# is set with the stock command line on the same volume; what a client at work feels of it; and how fast the client's
# volfile is told, and mounted by, beside glusterd, to which a storage node is let through.
# shellcheck disable=SC2034 # bench.sh reads it
figures=(gluster_add gluster_burst gluster_burst_waiting gluster_live_client volfiled_getspec volfiled_mount
        gluster_at_10000 gluster_live_client_100 memory_gatehoused memory_helper memory_workers memory_volfiled)
# shellcheck source=tests/bench/bench.sh
. "$(dirname "$0")/bench.sh"
add_rounds=$(rounds 15 5) burst_rounds=$(rounds 7 3) live_rounds=$(rounds 7 2) mount_rounds=$(rounds 15 5)
at_rounds=$(rounds 9 3)
changes=8  # while a client works, in each round; in all rounds 50
crowd=94   # with the connections of web1, of NFS-Ganesha, of a worker and of the servers themselves a hundred
callers=500

gluster_start() {
        testbed_configuration=('reconcile_interval = 1h')
        cluster_storage='{"kind": "cluster", "account": "acme", "addresses": ["10.77.0.11", "10.77.0.99", "10.77.0.98"], "volume": "data", "mount_root": "/data"}'
        cluster_with web1
        machine_start peer 99
        machine_start peer2 98
        machine_start web2 22
        machine_start web3 23
        put_node shop cp keeper '"10.77.0.22"' "$debian"
        put_node shop cp third '"10.77.0.23"' "$debian"
        directories 1 1100
        make_export '{"storage": "files", "path": "/kept", "environment": "shop", "target": {"layer": "cp"}, "mount_path": "/var/www/kept"}'
        [ "$(grant_of web1 .protocol)" = gluster ] || fail "web1 is not granted Gluster Native: $(grants)"
}
# On the volume, by a mount of the storage node's own.
directories() { # directories FROM TO
        on "$testbed_node" sh -ec 'mkdir -p /mnt/data && mount -t glusterfs "$0:/data" /mnt/data && mkdir -p /mnt/data/a
                cd /mnt/data/a && seq "$1" "$2" | xargs mkdir -p; cd / && umount /mnt/data' "$(address4 "$testbed_node")" "$@" || fail 'no directories on the volume'
}
target='{"node": "keeper"}'
exports() {
        local number
        for ((number = $2; number <= $3; number++)); do
                echo "POST /v1/exports {\"storage\": \"files\", \"path\": \"/a/$number\", \"environment\": \"$1\", \"target\": $target, \"mount_path\": \"/mnt/$number\"}"
        done
}

# Leaves in $option_ms how long glusterd took for one option.
sets=0
option_set() {
        local began
        began=$(now_us)
        gluster volume set data user.bench $((++sets)) >/dev/null || fail 'an option cannot be set'
        option_ms=$(milliseconds $(($(now_us) - began)))
}

add_repeat() {
        local round
        say "gluster_add: $add_rounds rounds"
        for ((round = 0; round < add_rounds; round++)); do
                make 1 shop 1 1
                option_set
                sample gluster_add "$(jq .max_ms <<<"$ours")" "$option_ms"
                unmake
        done
}
# Taken back without waiting for each: only until all is done.
nothing_runs() { api GET /metrics | grep -x 'gatehouse_tasks_running 0'; }
unmake_burst() {
        http_prefer='' http_load 64 "$testbed/unmade" removals
        wait_until 60 nothing_runs || fail 'the burst is not taken back'
}
# Asked for as fast as requests are taken; then until every grant was seen on the bricks.
active_natives() { api GET /metrics | sed -n 's/^gatehouse_grants{protocol="gluster",state="active"} //p'; }
natives_are() { [ "$(active_natives)" = "$1" ]; }
burst_once() {
        local before began took
        before=$(active_natives) began=$(now_us)
        http_prefer='' http_load 64 "$testbed/made" exports shop 1 1000
        wait_until 60 natives_are $((before + 1000)) || fail 'not all of the burst are active'
        took=$(milliseconds $(($(now_us) - began)))
        option_set
        sample gluster_burst "$took" "$option_ms"
        unmake_burst
}
# Each connection asks for its next one when the one before is active: 16 lists, one after the other, at the least.
burst_waiting_once() {
        make 64 shop 1 1000
        option_set
        sample gluster_burst_waiting "$(jq '.seconds * 1000' <<<"$ours")" "$option_ms"
        unmake_burst
}
burst_repeat() { # burst_repeat ROUND-FUNCTION FIGURE
        local round
        say "$2: $burst_rounds rounds"
        for ((round = 0; round < burst_rounds; round++)); do $1; done
}

# longest_write COMMAND...: what the client at work feels while that is done, in milliseconds.
longest_write() {
        live_start live web1 --pause 20 /var/www/kept/live
        "$@"
        live_end live
        [ "$(jq .failures <<<"$said")" = 0 ] || fail "the client at work saw an error: $said"
        longest=$(milliseconds "$(jq .longest_us <<<"$said")")
}
some_changes() { make 1 shop 1 $((changes / 2)); http_load 1 "$testbed/unmade" removals; }
live_repeat() { # live_repeat FIGURE
        local round began took busy
        mount_by_grant web1
        say "$1: $live_rounds rounds"
        for ((round = 0; round < live_rounds; round++)); do
                began=$(now_us)
                longest_write some_changes
                took=$((($(now_us) - began) / 1000000 + 1)) busy=$longest
                longest_write sleep $took
                sample "$1" "$busy $longest"
        done
        on web1 umount -l /var/www/kept
}

# A second storage node without a grant beside the one with 10,000, each with servers and a Gatehouse of its own.
empty_start() {
        local testbed_node=storage2
        storage_start_cluster
        directories 1 10
        register_clients
        put_node shop cp keeper '"10.77.0.22"' "$debian"
        put /v1/storages/files "${cluster_storage//10.77.0.11/10.77.0.12}"
}
# A layer of ten nodes, for each of which is each of a thousand directories.
crowd_start() {
        local number input
        put /v1/environments/crowd '{"uid": "e-300", "account": "acme", "state": "running", "platform_version": "8.3", "layers": ["cp"]}'
        for number in {1..10}; do put_node crowd cp "crowd$number" "\"10.77.3.$number\"" "$debian"; done
        say 'until there are 10,000 native grants'
        target='{"layer": "cp"}'
        make 64 crowd 101 1100
        target='{"node": "keeper"}'
        say "until there are $crowd connections more"
        mkfifo "$testbed/crowd"
        on web1 "$testbed/native-crowd" "$(address4 storage)" data /kept $crowd <"$testbed/crowd" >"$testbed/crowd.out" 2>&1 &
        exec {input}>"$testbed/crowd"
        wait_until 120 grep -q ready "$testbed/crowd.out" || fail "not all clients come in: $(cat "$testbed/crowd.out")"
}
one_added() { # one_added MACHINE: leaves in $added_ms how long that took
        local testbed_node=$1
        make 1 shop 1 1
        added_ms=$(jq .max_ms <<<"$ours")
        unmake
}
at_10000_repeat() {
        local round here
        say "gluster_at_10000: $at_rounds rounds"
        for ((round = 0; round < at_rounds; round++)); do
                one_added storage
                here=$added_ms
                one_added storage2
                sample gluster_at_10000 "$here $added_ms"
                memory_samples
        done
}
memory_samples() {
        local name workers
        for name in gatehoused gatehouse-helper gatehouse-volfiled; do
                sample "memory_${name#gatehouse-}" "$(mebibytes "$(daemon_resident_kib "$name")")"
        done
        mapfile -t workers < <(on storage pgrep -x gatehouse-worke | sed 's#^#/proc/#') # of a name the kernel keeps 15 bytes
        [ ${#workers[@]} != 0 ] || fail 'there is no worker'
        sample memory_workers "$(mebibytes "$(resident_kib "${workers[@]}")")"
}
mebibytes() { jq -n --argjson kib "$1" '$kib / 1024'; }

# As many of them from each, for gatehouse-volfiled keeps 256 connections of one address at most. Leaves in $slowest how
# long it took until all had an answer.
getspec_from() { # getspec_from MACHINE...
        local machine
        for machine; do
                on "$machine" "$testbed/rpc-call" "$(address4 storage)" 24007 getspec data $((callers / $#)) >"$testbed/getspec-$machine" &
        done
        wait
        slowest=$(sed -n 's/ ms$//p' "${@/#/$testbed/getspec-}" | sort -n | tail -n 1)
        [ "$(sed -n 's/ ms$//p' "${@/#/$testbed/getspec-}" | wc -l)" = $# ]
}
# An address may ask 500 times a second lastingly, and waits then: rounds are so far apart that none does.
getspec_round() {
        local ours
        sleep 0.5
        getspec_from web1 web2 web3 || fail 'gatehouse-volfiled does not answer all of them'
        ours=$slowest
        getspec_from peer peer2 || fail 'glusterd does not answer all of them'
        sample volfiled_getspec "$ours" "$slowest"
}
mount_from() { # mount_from MACHINE DIRECTORY: until it can be read; a storage node may have the volume's root alone
        local began
        on "$1" mkdir -p /mnt/kept
        began=$(now_us)
        on "$1" sh -c 'mount -t glusterfs "$0" /mnt/kept && ls /mnt/kept >/dev/null && mountpoint -q /mnt/kept' "$(address4 storage):/data$2" || fail "$1 cannot mount"
        milliseconds $(($(now_us) - began))
        on "$1" umount /mnt/kept
}

live_words="the longest write of a client that writes each 20 ms, during $((live_rounds * changes)) changes of grants"
quiet_words='the same client while nothing changes'
gluster_start
option_words='gluster volume set of one option'
if measures gluster_add; then
        add_repeat
        figure gluster_add median ms '<=0.8' 'POST until a native grant is seen on every brick' "$option_words"
fi
if measures gluster_burst; then
        burst_repeat burst_once gluster_burst
        figure gluster_burst median ms '<=5' '1,000 native exports from 64 connections, all active' "$option_words"
fi
if measures gluster_burst_waiting; then
        burst_repeat burst_waiting_once gluster_burst_waiting
        figure gluster_burst_waiting median ms - '1,000 native exports from 64 connections, each waiting until its own is active' "$option_words"
fi
if measures gluster_live_client; then
        live_repeat gluster_live_client
        figure gluster_live_client maximum ms '<=+30' "$live_words, 6 connections to each brick" "$quiet_words"
fi
if measures volfiled_getspec; then
        say "volfiled_getspec: $mount_rounds rounds"
        for ((round = 0; round < mount_rounds; round++)); do getspec_round; done
        figure volfiled_getspec median ms '<=1' "$callers mounts ask gatehouse-volfiled for the volfile at once" 'they ask glusterd'
fi
if measures volfiled_mount; then
        say "volfiled_mount: $mount_rounds rounds"
        for ((round = 0; round < mount_rounds; round++)); do sample volfiled_mount "$(mount_from web1 /kept)" "$(mount_from peer "")"; done
        figure volfiled_mount median ms '<=1.05' 'mount of a directory, by gatehouse-volfiled' 'of the volume, by glusterd'
fi
if [ -z "${BENCH_QUICK-}" ] && measures gluster_at_10000 gluster_live_client_100 memory_gatehoused memory_helper memory_workers memory_volfiled; then
        empty_start
        crowd_start
        at_10000_repeat
        figure gluster_at_10000 median ms '<=3' 'as gluster_add with 10,000 native grants in 1,000 directories and 100 live connections' 'on a storage node without any'
        for name in gatehoused helper workers volfiled; do
                figure "memory_$name" maximum MiB - "resident memory of $name with 10,000 native grants"
        done
        if measures gluster_live_client_100; then
                live_repeat gluster_live_client_100
                figure gluster_live_client_100 maximum ms '<=+100' "$live_words, 100 connections to each brick" "$quiet_words"
        fi
fi
