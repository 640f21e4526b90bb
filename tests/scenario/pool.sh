# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034 # what stands in single quotes is expanded on another machine; testbed_node is read in testbed.sh
#
# A pool of three storage nodes with the volume `data`, one replica on each: gatehoused decides on `storage`, and
# enforces on storage2 and storage3. Scenario tests source this first thing; it sources shop.sh.
# shellcheck source=tests/scenario/shop.sh
. "$(dirname "${BASH_SOURCE[0]}")/shop.sh"

pool_nodes='storage storage2 storage3' pool_members='storage2 storage3'
pool_storage='{"kind": "cluster", "account": "acme", "addresses": ["10.77.0.11", "10.77.0.12", "10.77.0.13"],
        "volume": "data", "mount_root": "/data"}'
pool_configuration=('reconcile_interval = 2s')

# Everything but gatehoused on a machine that has been started. The pool key comes from `storage`, which must be first.
pool_node_boot() {
        local line='enforce_for = 10.77.0.11'
        [ "$testbed_node" != storage ] || line='members = 10.77.0.12, 10.77.0.13'
        gatehouse_prepare 'listen = none' "${pool_configuration[@]}" "$line"
        pool_key_install
        on "$testbed_node" "$pkglibexecdir/install-filter" >/dev/null || fail 'the volfile filter cannot be installed'
        machine_disk "$testbed_node" /srv/bricks
        on "$testbed_node" mkdir -p /srv/bricks/1
        glusterd_start
        helper_start
        volfiled_start
}

pool_key_install() {
        local key=$sysconfdir/gatehouse/pool.key
        if [ "$testbed_node" = storage ]; then
                on storage "$sbindir/gatehoused" --make-pool-key >/dev/null || fail 'no pool key can be made'
        else
                on storage cat "$key" | on "$testbed_node" sh -c 'umask 077; cat >"$0"; chown gatehouse "$0"' "$key"
        fi
}

member_answers() { on "$testbed_node" sh -c "ss -Hltn 'sport = 24108' | grep -q ."; }
member_start() { # member_start NODE: gatehoused --enforce-only
        local testbed_node=$1
        daemon_start "$1" gatehoused setpriv --reuid gatehouse --regid gatehouse --clear-groups --no-new-privs \
                --inh-caps -all --ambient-caps -all --bounding-set -all "$sbindir/gatehoused" --enforce-only
        wait_until 15 member_answers || { log_tail gatehoused; fail "gatehoused does not enforce on $1"; }
}

# Each node sees both others: making a volume needs it.
pool_is_joined() {
        local node
        for node in $pool_nodes; do
                [ "$(on "$node" gluster --mode=script peer status | grep -c 'Peer in Cluster (Connected)')" = 2 ] || return 1
        done
}

# The three nodes with the volume started, and no gatehoused yet.
pool_prepare() {
        local testbed_node member
        for testbed_node in $pool_nodes; do
                machine_start "$testbed_node"
                pool_node_boot
        done
        testbed_node=storage
        for member in $pool_members; do
                gluster peer probe "$(address4 "$member")" >/dev/null || fail "$member does not join the pool"
        done
        wait_until 20 pool_is_joined || fail 'the pool does not come together'
        gluster volume create data replica 3 10.77.0.1{1,2,3}:/srv/bricks/1/data force >/dev/null || fail 'the volume data cannot be made'
        gluster volume start data >/dev/null || fail 'the volume data does not start'
        dbus_start
        ganesha_prepare
        ganesha_start /etc/ganesha/gatehouse.conf
}

# pool_with CLIENT...: all of it, and what the platform says.
pool_with() {
        local machine
        pool_prepare
        for machine in $pool_members; do member_start "$machine"; done
        gatehoused_start
        for machine; do machine_start "$machine"; done
        register_clients
        put /v1/storages/files "$pool_storage"
}

# The grant of web1 is by NODE of PROTOCOL, and its reason is CODE and names NAME.
granted_by() { # granted_by PROTOCOL CODE [NAME]
        [ "$(grant_of web1 .state)" = active ] && [ "$(grant_of web1 .protocol)" = "$1" ] && [ "$(grant_of web1 .reason.code)" = "$2" ] &&
                grant_of web1 .reason.sentence | grep -F "${3-}" >/dev/null
}
expect_granted_by() {
        wait_until 60 granted_by "$@" && return
        grants | jq -c '.items[] | [.node, .protocol, .state, .reason, .cause]' >&2
        api GET /healthz >&2
        for testbed_node in $pool_nodes; do log_tail gatehoused; done
        fail "web1 is not granted by $*"
}
