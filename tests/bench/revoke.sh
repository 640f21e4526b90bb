#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long a client that is at work goes on after its export was deleted: from just before curl is started with the
# DELETE (its start is part of the figure) to the last write that reached the server, and to the reply, which says
# that every layer has confirmed. Each round makes an export, lets one client write to it without a pause, and
# deletes it. Clients that keep another grant are cut off by the server, those that lose their last one by the packet
# filter.
# shellcheck disable=SC2034 # bench.sh reads it
figures=(revoke_nfs revoke_nfs_reply revoke_nfs_one_of_several revoke_nfs_one_of_several_reply
        revoke_native_last revoke_native_last_reply revoke_native_one_of_several revoke_native_one_of_several_reply
        revoke_native_other_mount revoke_native_during_heal_info revoke_native_during_heal_info_reply)

# shellcheck source=tests/bench/bench.sh
. "$(dirname "$0")/bench.sh"
revoke_rounds=$(rounds 50 7) heal_rounds=$(rounds 9 3)

milliseconds_from() { jq -n --argjson from "$1" --argjson to "$2" '[$to - $from, 0] | max / 1000'; }

# revoke_round FIGURE: deletes $export while `live` works on it.
revoke_round() {
        local sent replied
        sent=$(now_us)
        api DELETE "/v1/exports/$export" '' 'Prefer: wait=60' >"$testbed/reply.json" || fail "the DELETE of $export is refused"
        replied=$(now_us)
        jq -e '.task.state == "done"' "$testbed/reply.json" >/dev/null || fail "the export is not seen gone: $(cat "$testbed/reply.json")"
        sleep 0.3 # a client that is let in again, or still, would show it
        live_end live
        sample "$1" "$(milliseconds_from "$sent" "$(jq .last_success_us <<<"$said")")"
        sample "$1_reply" "$(milliseconds_from "$sent" "$replied")"
}

export_of() { # export_of PATH TARGET MOUNT-PATH: for one node
        make_export "{\"storage\": \"files\", \"path\": \"$1\", \"environment\": \"shop\", \"target\": {\"node\": \"$2\"}, \"mount_path\": \"$3\"}"
}

nfs_round() { # nfs_round FIGURE
        export_of /bench/nfs cache1 /var/www/bench
        echo x | nfs cache1 put /live || fail 'cache1 cannot write'
        live_start live cache1 "$(address4 storage)" "/exports/$export" /live
        revoke_round "$1"
}

native_round() { # native_round FIGURE NUMBER
        local place=/var/www/bench$2
        export_of /bench/native web1 "$place"
        mount_by_grant web1
        live_start live web1 "$place/live"
        revoke_round "$1"
        on web1 umount -l "$place"
}

beside_round() { # as native_round, while the node works on another mount
        live_start other web1 /var/www/other/live
        native_round "$@"
        live_end other
        [ "$(jq .failures <<<"$said")" = 0 ] || fail "the other mount of web1 saw an error: $said"
        sample revoke_native_other_mount "$(milliseconds "$(jq .longest_us <<<"$said")")"
}

revoke_repeat() { # revoke_repeat FIGURE ROUND-FUNCTION [ROUNDS]
        local number
        say "$1: ${3-$revoke_rounds} rounds"
        for ((number = 1; number <= ${3-$revoke_rounds}; number++)); do $2 "$1" "$number"; done
}
# `heal info` goes over all bricks with a client of its own, and asks glusterd for the volume.
heal_info_repeat() {
        daemon_start storage heal-info sh -c 'while gluster --mode=script volume heal data info; do :; done'
        wait_until 30 grep -q 'Number of entries' "$(log_of storage heal-info)" || fail 'heal info says nothing'
        revoke_repeat revoke_native_during_heal_info native_round "$heal_rounds"
        daemon_runs storage heal-info || fail 'heal info has ended meanwhile'
        daemon_stop storage heal-info
}

revoke_figure() { # revoke_figure FIGURE GOAL WHAT
        figure "$1" maximum ms "$2" "$3: DELETE to the last write"
        figure "$1_reply" maximum ms - "$3: DELETE to the reply"
}

cluster_with web1 cache1
put_node shop cache keeper '"10.77.0.32"' "$alpine"
export_of /bench/kept keeper /var/www/kept # else each round ends what Ganesha has of the volume
if measures revoke_nfs revoke_nfs_reply; then
        revoke_repeat revoke_nfs nfs_round
        revoke_figure revoke_nfs '<=50' "the node's last NFS grant"
fi
export_of /bench/other cache1 /var/www/other
if measures revoke_nfs_one_of_several revoke_nfs_one_of_several_reply; then
        revoke_repeat revoke_nfs_one_of_several nfs_round
        revoke_figure revoke_nfs_one_of_several '<=50' 'one NFS grant of several'
fi
if measures revoke_native_last revoke_native_last_reply; then
        revoke_repeat revoke_native_last native_round
        revoke_figure revoke_native_last '<=50' "the node's last native grant"
fi
export_of /bench/other web1 /var/www/other
mount_by_grant web1
if measures revoke_native_one_of_several revoke_native_one_of_several_reply revoke_native_other_mount; then
        revoke_repeat revoke_native_one_of_several beside_round
        revoke_figure revoke_native_one_of_several '<=500' 'one native grant of several'
        figure revoke_native_other_mount maximum ms - "longest write on the node's other mount meanwhile, no error"
fi
if measures revoke_native_during_heal_info revoke_native_during_heal_info_reply; then
        heal_info_repeat
        revoke_figure revoke_native_during_heal_info - 'one native grant of several, heal info without a pause meanwhile'
fi
