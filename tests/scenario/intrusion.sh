# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # variables for the tests
#
# What the tests that try to break in (intrusion_*.test) share. The attacker is `stranger`, whom no grant names, or a
# machine that holds a grant for another directory. Each test ends with the attack succeeding after the layer under
# test has been taken away, so that it shows what that layer is good for. All of it stays in the namespaces' network.
# shellcheck source=tests/scenario/shop.sh
. "$(dirname "${BASH_SOURCE[0]}")/shop.sh"

# rpc_call MACHINE PORT WORD...: one call of the storage node; see rpc-call for its exit codes.
rpc_call() {
        local machine=$1 port=$2
        shift 2
        on "$machine" "$testbed/rpc-call" "$(address4 storage)" "$port" "$@"
}
unreachable() { # unreachable MACHINE PORT WORD...: no connection came about
        rpc_call "$@" >/dev/null
        [ $? = 20 ]
}
answered() { # answered MACHINE PORT WORD...: a server spoke, be it to refuse
        rpc_call "$@" >/dev/null
        case $? in 0 | 10) ;; *) return 1 ;; esac
}

# Each volfile id that glusterd is known to answer, services that are off included, and tries to leave its folder.
volfile_ids() {
        local brick id
        printf '%s\n' data /data trusted-data data.tcp-fuse trusted-data.tcp-fuse data.tcp-gfproxy-fuse client_per_brick/data \
                shd/data xshd/data shd.data gfproxyd/data data.gfproxyd gfproxy-client/data snapd/data snapd/data/x rebalance/data \
                rebalance/data-rebalance gluster/glustershd gluster/quotad gluster/bitd gluster/scrub gluster/nfs \
                gluster/gfproxyd data-snapd data-rebalance data-shd ../vols/data/info data/../data/info ../../glusterd.info \
                shd/../data shd/../../glusterd.info snapd/../data/info data.10.77.0.11.srv-bricks-1-data/../info info shd/data/../info
        for brick in 1 2 3; do
                for id in data. data.client. /data. data/bricks/; do echo "${id}10.77.0.11.srv-bricks-$brick-data"; done
        done
}

brick_ports() { on storage sh -c 'ss -Hltn' | awk '{ n = split($4, a, ":"); if (a[n] >= 49152 && a[n] <= 49251) print a[n] }' | sort -u; }
credential() { on storage sed -n "s/^$1=//p" /var/lib/glusterd/vols/data/info; } # credential username|password

# leaking_ids MACHINE [EXPRESSION...]: the ids whose answer carries a credential, of `data` or that the expressions match,
# one a line; how many were answered in $testbed/answers.
leaking_ids() {
        local id secrets=(-e "$(credential username)" -e "$(credential password)")
        for id in "${@:2}"; do secrets+=(-e "$id"); done
        : >"$testbed/answers"
        while IFS= read -r id; do
                rpc_call "$1" 24007 getspec "$id" >"$testbed/answer" || continue
                [ ! -s "$testbed/answer" ] || echo "$id" >>"$testbed/answers"
                ! grep -q "${secrets[@]}" "$testbed/answer" || echo "$id"
        done < <(volfile_ids)
}

# Without gatehoused, which would put it back: volfiles as glusterd writes them by itself.
filter_take_away() {
        daemon_stop storage gatehoused
        on storage "$pkglibexecdir/install-filter" --remove || fail 'the volfile filter cannot be taken away'
        gluster volume set data user.unfiltered 1 >/dev/null || fail 'the volfiles cannot be written again'
}

firewall_take_away() {
        daemon_stop storage gatehoused
        on storage "$pkglibexecdir/gatehouse-helper" --firewall-off || fail 'the packet filter cannot be taken away'
}

firewall_give_back() { on storage "$pkglibexecdir/gatehouse-helper" --firewall-on || fail 'the packet filter stays off'; }

ganesha_call() { # ganesha_call METHOD ARGUMENT...
        on storage dbus-send --system --print-reply --dest=org.ganesha.nfsd /org/ganesha/nfsd/ExportMgr \
                "org.ganesha.nfsd.exportmgr.$1" "${@:2}" >"$testbed/said" 2>&1 || { cat "$testbed/said" >&2; return 1; }
}

# export_without_clients EXPORT PATH: NFS-Ganesha is made to serve it read-write to everybody, as if its block named nobody.
# Without gatehoused, which would put it right.
export_without_clients() {
        local number
        ganesha_call ShowExports
        number=$(awk -v path="/exports/$1" '/uint16/ { number = $2 } $0 ~ path { print number; exit }' "$testbed/said")
        [ -n "$number" ] || fail "NFS-Ganesha does not tell the number of $1"
        printf '%s\n' "EXPORT { Export_Id = $number; Path = \"$2\"; Pseudo = \"/exports/$1\"; Access_Type = RW; Protocols = 4;" \
                "Transports = TCP; SecType = sys; Squash = No_Root_Squash;" \
                "FSAL { Name = GLUSTER; Hostname = \"10.77.0.11\"; Volume = \"data\"; Volpath = \"$2\"; } }" |
                on storage sh -c 'cat >/run/open.conf'
        ganesha_call RemoveExport "uint16:$number" && ganesha_call AddExport string:/run/open.conf "string:EXPORT(Export_Id=$number)" ||
                fail "NFS-Ganesha does not take the block of $1"
}

# What speaks to a brick by hand. The brick that the next calls go to: brick_choose NUMBER. glusterd refuses to tell its
# port while it does something else of the cluster ("Another transaction is in progress").
brick_choose() {
        brick=/srv/bricks/$1/data
        wait_until 10 brick_port || { gluster volume status data >&2; fail "glusterd does not tell the port of $brick"; }
}
brick_port() {
        port=$(gluster --xml volume status data | sed 's/></>\n</g' |
                awk -F'[<>]' -v brick="$brick" '/<path>/ { path = $3 } /<port>/ && path == brick { print $3; exit }')
        [[ $port =~ ^[0-9]+$ ]]
}

# brick_call MACHINE STEP...: the last line that was said.
brick_call() {
        local machine=$1
        shift
        on "$machine" "$testbed/brick-call" "$(address4 storage)" "$port" "$brick" "$@" >"$testbed/steps"
        tail -n 1 "$testbed/steps"
}
expect_said() { # expect_said WANTED MACHINE STEP...
        local wanted=$1 said
        shift
        said=$(brick_call "$@")
        [ "$said" = "$wanted" ] || { cat "$testbed/steps" >&2; fail "$*: $said, not $wanted"; }
}
gfid_of() { on storage getfattr --absolute-names -h -n trusted.gfid -e hex "/srv/bricks/1/data$1" | sed -n 's/.*=0x//p'; }

# A call about a file without a handshake, or after one that was refused, is not looked at.
unheard='garbage arguments'
refused='errno 13'
