#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a native export takes from the request until every brick is seen to let its clients in, beside one option that
# is set with the stock command line on the same volume; what a client at work feels of it; and how fast the client's
# volfile is told, and mounted by, beside glusterd, to which a storage node is let through.
# shellcheck disable=SC2034 # bench.sh reads it
figures=(gluster_add gluster_burst gluster_live_client volfiled_getspec volfiled_mount)
# shellcheck source=tests/bench/bench.sh
. "$(dirname "$0")/bench.sh"
add_rounds=$(rounds 15 5) burst_rounds=$(rounds 7 3) live_rounds=$(rounds 7 2) mount_rounds=$(rounds 15 5)
changes=50 # while a client works
callers=500

gluster_start() {
        testbed_configuration=('reconcile_interval = 1h')
        cluster_storage='{"kind": "cluster", "account": "acme", "addresses": ["10.77.0.11", "10.77.0.99", "10.77.0.98"], "volume": "data", "mount_root": "/data"}'
        cluster_with web1
        machine_start peer 99
        machine_start peer2 98
        machine_start web2 22
        put_node shop cp keeper '"10.77.0.22"' "$debian"
        directories 1 1100
        make_export '{"storage": "files", "path": "/kept", "environment": "shop", "target": {"layer": "cp"}, "mount_path": "/var/www/kept"}'
        [ "$(grant_of web1 .protocol)" = gluster ] || fail "web1 is not granted Gluster Native: $(grants)"
}
# On the volume, by a mount of the storage node's own.
directories() {
        on storage sh -ec 'mkdir -p /mnt/data && mount -t glusterfs 10.77.0.11:/data /mnt/data && mkdir -p /mnt/data/a
                cd /mnt/data/a && seq "$0" "$1" | xargs mkdir -p; cd / && umount /mnt/data' "$1" "$2" || fail 'no directories on the volume'
}
exports() {
        local number
        for ((number = $2; number <= $3; number++)); do
                echo "POST /v1/exports {\"storage\": \"files\", \"path\": \"/a/$number\", \"environment\": \"$1\", \"target\": {\"node\": \"keeper\"}, \"mount_path\": \"/mnt/$number\"}"
        done
}

# How long glusterd takes for one option, in milliseconds.
sets=0
option_set() {
        local began
        began=$(now_us)
        gluster volume set data user.bench $((++sets)) >/dev/null || fail 'an option cannot be set'
        milliseconds $(($(now_us) - began))
}
milliseconds() { jq -n --argjson us "$1" '$us / 1000'; }

add_repeat() {
        local round
        say "gluster_add: $add_rounds rounds"
        for ((round = 0; round < add_rounds; round++)); do
                make 1 shop 1 1
                sample gluster_add "$(jq .max_ms <<<"$ours")" "$(option_set)"
                unmake
        done
}
burst_repeat() {
        local round
        say "gluster_burst: $burst_rounds rounds"
        for ((round = 0; round < burst_rounds; round++)); do
                make 64 shop 1 1000
                sample gluster_burst "$(jq '.seconds * 1000' <<<"$ours")" "$(option_set)"
                unmake
        done
}

# longest_write COMMAND...: what the client at work feels while that is done, in milliseconds.
longest_write() {
        local pipe=$testbed/live input said
        rm -f "$pipe" "$pipe.out"
        mkfifo "$pipe"
        on web1 "$testbed/live-io" /var/www/kept/live <"$pipe" >"$pipe.out" 2>"$pipe.err" &
        exec {input}>"$pipe"
        wait_until 20 grep -q ready "$pipe.out" || { cat "$pipe.err" >&2; fail 'web1 cannot write'; }
        "$@"
        exec {input}>&-
        wait_until 20 grep -q last_success_us "$pipe.out" || fail 'the client at work does not say how it went'
        said=$(tail -n 1 "$pipe.out")
        [ "$(jq .failures <<<"$said")" = 0 ] || fail "the client at work saw an error: $said"
        longest=$(milliseconds "$(jq .longest_us <<<"$said")")
}
some_changes() { make 1 shop 1 $((changes / 2)); http_load 1 "$testbed/unmade" removals; }
live_repeat() {
        local round began took quiet
        mount_by_grant web1
        say "gluster_live_client: $live_rounds rounds"
        for ((round = 0; round < live_rounds; round++)); do
                began=$(now_us)
                longest_write some_changes
                took=$((($(now_us) - began) / 1000000 + 1)) quiet=$longest
                longest_write sleep $took
                sample gluster_live_client "$(jq -n --argjson busy "$quiet" --argjson quiet "$longest" '$busy - $quiet')"
        done
        on web1 umount -l /var/www/kept
}

# Half of them from each of two addresses, for gatehouse-volfiled keeps 256 connections of one at most.
getspec_from() { # getspec_from MACHINE MACHINE
        local machine
        for machine; do
                on "$machine" "$testbed/rpc-call" "$(address4 storage)" 24007 getspec data $((callers / 2)) >"$testbed/getspec-$machine" &
        done
        wait
        sed -n 's/ ms$//p' "${@/#/$testbed/getspec-}" | sort -n | tail -n 1
        ! grep -L ms "${@/#/$testbed/getspec-}" | grep -q . || fail "not all volfiles are told: $*"
}
mount_from() { # mount_from MACHINE DIRECTORY: until it can be read; a storage node may have the volume's root alone
        local began
        on "$1" mkdir -p /mnt/kept
        began=$(now_us)
        on "$1" sh -c 'mount -t glusterfs "$0" /mnt/kept && ls /mnt/kept >/dev/null && mountpoint -q /mnt/kept' "$(address4 storage):/data$2" || fail "$1 cannot mount"
        milliseconds $(($(now_us) - began))
        on "$1" umount /mnt/kept
}

gluster_start
! wanted gluster_add || add_repeat
! wanted gluster_burst || burst_repeat
! wanted gluster_live_client || live_repeat
if wanted volfiled_getspec; then
        say "volfiled_getspec: $mount_rounds rounds"
        for ((round = 0; round < mount_rounds; round++)); do sample volfiled_getspec "$(getspec_from web1 web2)" "$(getspec_from peer peer2)"; done
fi
if wanted volfiled_mount; then
        say "volfiled_mount: $mount_rounds rounds"
        for ((round = 0; round < mount_rounds; round++)); do sample volfiled_mount "$(mount_from web1 /kept)" "$(mount_from peer "")"; done
fi
option_words='gluster volume set of one option'
figure gluster_add median ms '<=0.8' 'POST until a native grant is seen on every brick' "$option_words"
figure gluster_burst median ms '<=5' '1,000 native exports from 64 connections, all active' "$option_words"
figure gluster_live_client median ms '<=30' "by how much $changes changes of grants make a client's longest write longer"
figure volfiled_getspec median ms '<=1' "$callers mounts ask gatehouse-volfiled for the volfile at once" 'they ask glusterd'
figure volfiled_mount median ms '<=1.05' 'mount of a directory, by gatehouse-volfiled' 'of the volume, by glusterd'
