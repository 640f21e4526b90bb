# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2119,SC2120 # functions that may be called without arguments
#
# The people of the scenario tests and of contrib/demo: the environment `shop` of account acme with web1 (Debian)
# and cache1 (Alpine), the environment `other` of account rival with stranger, the storage `files` of acme.
# Scenario tests source this first thing; it sources testbed.sh.
# shellcheck source=tests/scenario/testbed.sh
. "$(dirname "${BASH_SOURCE[0]}")/testbed.sh"

shop_environment='{"uid": "e-100", "account": "acme", "state": "running", "platform_version": "8.3", "layers": ["cp", "cache"]}'
other_environment='{"uid": "e-200", "account": "rival", "state": "running", "platform_version": "8.3", "layers": ["cp"]}'
debian='"image": "nginx:1.27", "os": {"id": "debian", "version": "12"}'
alpine='"image": "redis:7-alpine", "os": {"id": "alpine", "version": "3.20"}'

# put PATH BODY: the platform tells something.
put() { api PUT "$1" "$2" >"$testbed/put.json" || { cat "$testbed/put.json" >&2; fail "PUT $1 is not taken"; }; }

put_node() { # put_node ENVIRONMENT LAYER NODE ADDRESSES MEMBERS, with addresses as in JSON
        put "/v1/environments/$1/nodes/$3" "{\"layer\": \"$2\", \"addresses\": [$4], $5}"
}

register_clients() {
        put /v1/environments/shop "$shop_environment"
        put /v1/environments/other "$other_environment"
        put_node shop cp web1 '"10.77.0.21"' "$debian"
        put_node shop cache cache1 '"10.77.0.31"' "$alpine"
        put_node other cp stranger '"10.77.0.41"' "$debian"
}

cluster_storage='{"kind": "cluster", "account": "acme", "addresses": ["10.77.0.11"], "volume": "data", "mount_root": "/data"}'
single_storage='{"kind": "single", "account": "acme", "addresses": ["10.77.0.11", "fd77::11"], "mount_root": "/srv/data"}'

# The storage node, the clients named, and what the platform says about all of them.
cluster_with() {
        local machine
        storage_start_cluster
        for machine; do machine_start "$machine"; done
        register_clients
        put /v1/storages/files "$cluster_storage"
}

single_with() {
        local machine
        storage_start_single
        for machine; do machine_start "$machine"; done
        register_clients
        put /v1/storages/files "$single_storage"
}

site='{"storage": "files", "path": "/shared/site", "environment": "shop", "mount_path": "/var/www/site"}'

# make_export [BODY [HEADER...]]: waits for its grants; leaves its id in $export.
make_export() {
        local body=${1-$site} answer
        shift $(($# < 1 ? $# : 1))
        answer=$(api POST /v1/exports "$body" 'Prefer: wait=30' "$@") || { echo "$answer" >&2; fail 'the export is not made'; }
        export=$(jq -r .id <<<"$answer")
}

grants() { api GET "/v1/exports/${1-$export}/grants"; }
grant_of() { grants "${3-$export}" | jq -r ".items[] | select(.node == \"$1\") | $2"; } # grant_of NODE FILTER [EXPORT]
grant_is() { [ "$(grant_of "$1" .state "${3-$export}")" = "$2" ]; }                   # grant_is NODE STATE [EXPORT]
expect_grant() { # expect_grant NODE STATE [SECONDS]
        wait_until "${3-30}" grant_is "$1" "$2" || { grants | jq -c '.items[] | [.node, .protocol, .state, .cause]' >&2; log_tail gatehoused; fail "the grant of $1 is not $2"; }
}

# mount_by_grant MACHINE [EXPORT]: the commands that its grant names.
mount_by_grant() {
        local command
        while IFS= read -r command; do
                on "$1" sh -c "$command" || fail "$1 cannot do: $command"
        done < <(grant_of "$1" '.mount.commands[]' "${2-$export}")
}

# nfs MACHINE COMMAND...: on the export, as that machine.
nfs() {
        local machine=$1
        shift
        on "$machine" "$testbed/nfs4-client" --timeout 5 "${nfs_server-$(address4 storage)}" "/exports/$export" "$@"
}

mounted() { on "$1" mountpoint -q /var/www/site; }
not_mounted() { ! mounted "$1"; }

native_reads() { on "$1" timeout 10 cat "/var/www/site/$2"; }
native_cut_off() { ! native_reads "$@" >/dev/null 2>&1; } # in the end: what it read last it may have for a second
# Through to the bricks, whatever the client's kernel has in its page cache.
native_writes() { on "$1" timeout 10 dd if=/dev/zero of="/var/www/site/$2" bs=1 count=1 conv=notrunc,fsync status=none 2>/dev/null; }
nfs_reads() { nfs "$1" cat "/$2"; }
nfs_cut_off() { # refused for good, by the server (codes 10 to 13 of nfs4-client) or by the packet filter (20)
        nfs_reads "$@" >/dev/null 2>&1
        case $? in 1[0-3] | 20) ;; *) return 1 ;; esac
}

# What each server refuses by itself is shown without the packet filter in front: to be called before cluster_with.
without_firewall() { testbed_configuration+=('firewall = off'); }

# connects MACHINE PORT: whether a TCP connection to the storage node comes about.
connects() { on "$1" timeout 5 bash -c "exec 3<>/dev/tcp/$(address4 storage)/$2" 2>/dev/null; }
refused() { ! connects "$@"; }

# native_refused MACHINE SOURCE: tries to mount and expects to fail. mount(8) may say yes and be thrown out a moment
# later, so what counts is whether something is mounted and can be listed.
native_refused() {
        on "$1" mkdir -p /var/www/site
        on "$1" timeout 20 mount -t glusterfs "$2" /var/www/site >/dev/null 2>&1
        wait_until 15 not_mounted "$1"
}
