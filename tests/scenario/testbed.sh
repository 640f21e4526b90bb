# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016 # what stands in single quotes is expanded on another machine
#
# A storage node and its clients in namespaces, for the scenario tests and contrib/demo. To be sourced first
# thing:   . "$(dirname "$0")/testbed.sh"
#
# Sourcing starts the same script again inside namespaces of its own (mount, network, process, host name) and
# ends with its exit code. All files are written in memory, on a file system that only these namespaces have;
# when process 1 of them ends, for whatever reason, the kernel ends every process in them and takes back every
# mount, address and loop device. So nothing has a name on the host and there is nothing to clean up there.
#
# One bridge joins the machines. 10.77.0.0/24 and fd77::/64:
#   storage .11, storage2 .12, storage3 .13    web1 .21    cache1 .31    stranger .41

testbed_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
testbed_source=$(cd "$testbed_folder/../.." && pwd)
testbed_goodbye=${testbed_goodbye-} # said when all has been stopped by a signal
testbed_network4=10.77.0 testbed_network6=fd77:
# shellcheck source=contrib/machine.sh
. "$testbed_source/contrib/machine.sh"

# --- Outside: into the namespaces ------------------------------------------------------------------------
testbed_machine_serves() {
        local ready=yes
        machine_has_root || ready=
        [ -n "$ready" ] || return 1
        machine_has_namespaces || ready=
        machine_has_overlay || ready=
        machine_has_fuse || ready=
        machine_has_memory 700 || ready=
        [ -n "$ready" ]
}

# Ends process 1 of the namespaces, which ends all of them, and returns when they are gone: the kernel makes a zombie
# of it, or less, only after the last one. Killing unshare kills it, by --kill-child.
testbed_end() {
        local init state=''
        [ -n "${testbed_child-}" ] || return 0
        read -r init 2>/dev/null <"/proc/$testbed_child/task/$testbed_child/children"
        kill -KILL "$testbed_child"
        wait "$testbed_child" 2>/dev/null
        testbed_child=
        for _ in {1..200}; do
                { read -r _ _ state _ <"/proc/${init%% *}/stat"; } 2>/dev/null || return
                [ "$state" != Z ] || return
                sleep 0.05
        done
}

# testbed_enter ARGUMENTS...: runs this script again inside, and exits with its code. Descriptor 9 keeps the
# network of the host at hand, for a socket that is to be listened on there.
testbed_enter() {
        local status
        exec 9</proc/self/ns/net
        trap 'testbed_end; echo "$testbed_goodbye"; exit 130' INT
        trap 'testbed_end; echo "$testbed_goodbye"; exit 143' TERM HUP
        TESTBED_INSIDE=yes setpriv --pdeathsig KILL \
                unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc bash "$0" "$@" &
        testbed_child=$!
        wait "$testbed_child"
        status=$?
        testbed_child=
        exit $status
}

if [ "${TESTBED_INSIDE-}" != yes ]; then
        if [ "${TESTBED_MODE-test}" = test ]; then testbed_machine_serves || exit 77; fi
        testbed_enter "$@"
fi

# --- Inside: the ground ----------------------------------------------------------------------------------
set -uo pipefail
unset TESTBED_INSIDE


testbed_mount_memory() {
        local place
        for place in /mnt /media /opt /srv; do
                case $testbed_source/ in "$place"/*) continue ;; esac
                case ${top_builddir:-/}/ in "$place"/*) continue ;; esac
                if [ ! -d "$place" ] || ! mount -t tmpfs gatehouse -o mode=755 "$place"; then continue; fi
                testbed=$place
                mkdir -p "$testbed/log" "$testbed/run"
                return
        done
        echo "testbed: none of /mnt, /media, /opt and /srv is free to mount a file system on" >&2
        exit 77
}

testbed_switch() {
        if ! { ip link set lo up && ip link add br0 type bridge && ip link set br0 up; }; then
                echo 'testbed: the kernel makes no bridge between network namespaces' >&2
                exit 77
        fi
}

fail() { # fail SENTENCE: ends the test
        printf 'FAILED: %s\n' "$*" >&2
        exit 1
}

# A program of Gatehouse that made a system call which is not on its list lacks one: that fails any test, whatever it looks at.
testbed_ends() {
        local status=$?
        if grep -hs 'is not on the list of this program' "$testbed"/log/* >&2; then
                echo 'FAILED: a system call was refused, see base/sandbox_calls.c' >&2
                status=1
        fi
        exit $status
}
if [ "${TESTBED_MODE-test}" = test ]; then trap testbed_ends EXIT; fi

# wait_until SECONDS COMMAND...: tries again until it succeeds or the time is over.
wait_until() {
        local deadline=$(($(date +%s%N) + $1 * 1000000000))
        shift
        until "$@" >/dev/null 2>&1; do
                [ "$(date +%s%N)" -lt $deadline ] || return 1
                sleep 0.05
        done
}

# --- Machines --------------------------------------------------------------------------------------------
declare -A testbed_init testbed_number=([storage]=11 [storage2]=12 [storage3]=13 [web1]=21 [cache1]=31 [stranger]=41)

address4() { echo "$testbed_network4.${testbed_number[$1]}"; }
address6() { echo "$testbed_network6:${testbed_number[$1]}"; }

# on MACHINE COMMAND...: as root of that machine, in its namespaces.
on() {
        local machine=$1
        shift
        nsenter --target "${testbed_init[$machine]}" --mount --uts --ipc --net --pid -- "$@"
}

# machine_start NAME [NUMBER]: a machine without any program running. On those called storage* Gatehouse is installed.
machine_start() {
        local name=$1 folder=$testbed/$1 stage=- parent
        [ -z "${2-}" ] || testbed_number[$name]=$2
        if [[ $name == storage* && -d $testbed/stage ]]; then stage=$testbed/stage; fi
        mkdir -p "$folder"
        rm -f "$folder/ready"
        unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc \
                "$testbed_folder/node-init" "$name" "$folder" "$stage" </dev/null >"$testbed/log/$name.init" 2>&1 8<&- 9<&- &
        parent=$!
        disown
        wait_until 10 test -e "$folder/ready" || { cat "$testbed/log/$name.init" >&2; fail "machine $name does not start"; }
        read -r "testbed_init[$name]" _ <"/proc/$parent/task/$parent/children"
        ip link add "v-$name" type veth peer name eth0 netns "${testbed_init[$name]}"
        ip link set "v-$name" master br0 up
        on "$name" sh -ec "ip link set lo up; ip link set eth0 up; ip address add $(address4 "$name")/24 dev eth0
                ip -6 address add $(address6 "$name")/64 dev eth0 nodad" || fail "machine $name gets no address"
}

# machine_kill NAME: as if its power was cut. It can be started again, with what its disks hold.
machine_kill() {
        kill -KILL "${testbed_init[$1]}"
        unset "testbed_init[$1]"
        wait_until 20 machine_gone "$1" || fail "machine $1 does not go away"
}
machine_gone() { ! ip link show "v-$1"; }

# daemon_start MACHINE NAME COMMAND...: COMMAND stays in the foreground; its output goes to a log. The words in
# daemon_through come before all of it.
daemon_through=()
daemon_start() {
        local machine=$1 name=$2
        shift 2
        "${daemon_through[@]}" nsenter --target "${testbed_init[$machine]}" --mount --uts --ipc --net --pid -- \
                sh -c 'exec 8<&- 9<&-; echo $$ >"/run/testbed-$0.pid"; exec "$@"' "$name" "$@" \
                </dev/null >>"$(log_of "$machine" "$name")" 2>&1 &
        disown
}

log_of() { case $1 in storage) echo "$testbed/log/$2" ;; *) echo "$testbed/log/$1-$2" ;; esac; } # log_of MACHINE NAME

daemon_pid() { on "$1" cat "/run/testbed-$2.pid" 2>/dev/null; }
daemon_runs() { on "$1" sh -c 'kill -0 "$(cat "/run/testbed-$0.pid")"' "$2" 2>/dev/null; }
daemon_gone() { ! daemon_runs "$@"; }

# daemon_stop MACHINE NAME [SIGNAL]: returns when the process is gone.
daemon_stop() {
        on "$1" sh -c 'kill "-$1" "$(cat "/run/testbed-$0.pid")"' "$2" "${3-TERM}" 2>/dev/null
        wait_until 20 daemon_gone "$1" "$2" || fail "$2 does not end by SIG${3-TERM}"
}

# A file system that keeps what bricks need to keep: XFS, or plain memory where the kernel lacks XFS or loop devices.
# XFS is there again, with what is on it, after the machine was killed.
machine_disk() { # machine_disk MACHINE DIRECTORY
        local image=$testbed/$1/disk${2//\//-}
        on "$1" mkdir -p "$2"
        if [ ! -e "$image" ] && ! { truncate -s 1G "$image" && mkfs.xfs -q -i size=512 "$image"; }; then rm -f "$image"; fi
        if on "$1" mount -o loop "$image" "$2" 2>/dev/null; then return; fi
        rm -f "$image"
        on "$1" mount -t tmpfs "$1" -o mode=755 "$2"
}

# --- The storage node ------------------------------------------------------------------------------------
# What follows is done on this machine: `testbed_node=storage2 helper_start`.
testbed_node=storage

glusterd_answers() { on "$testbed_node" gluster --mode=script pool list; }
glusterd_start() {
        daemon_start "$testbed_node" glusterd glusterd --no-daemon --log-level "${GLUSTERD_LOG_LEVEL-WARNING}"
        wait_until 20 glusterd_answers || fail 'glusterd does not answer'
}

gluster() { on "$testbed_node" gluster --mode=script "$@"; }

volume_start() { # volume `data`: replica 3 on three brick directories of the one node
        local address
        address=$(address4 "$testbed_node")
        machine_disk "$testbed_node" /srv/bricks
        on "$testbed_node" mkdir -p /srv/bricks/{1,2,3}
        gluster volume create data replica 3 "$address":/srv/bricks/{1,2,3}/data force >/dev/null || fail 'the volume data cannot be made'
        gluster volume start data >/dev/null || fail 'the volume data does not start'
}

dbus_answers() { on "$testbed_node" test -S /run/dbus/system_bus_socket; }
dbus_start() { # a system bus reads policies below /usr/share and /etc only, wherever Gatehouse is installed
        on "$testbed_node" sh -c '[ ! -e "$0" ] || cp "$0" /etc/dbus-1/system.d/' "${pkgdatadir%/gatehouse}/dbus-1/system.d/org.gatehouse.conf"
        daemon_start "$testbed_node" dbus dbus-daemon --system --nofork --nopidfile --nosyslog
        wait_until 10 dbus_answers || fail 'dbus-daemon does not start'
}

ganesha_answers() {
        on "$testbed_node" dbus-send --system --print-reply --reply-timeout=2000 --dest=org.ganesha.nfsd /org/ganesha/nfsd/ExportMgr \
                org.ganesha.nfsd.exportmgr.ShowExports
}
ganesha_start() { # ganesha_start CONFIGURATION-FILE (on the storage node)
        daemon_start "$testbed_node" ganesha ganesha.nfsd -F -L /var/log/ganesha.log -f "$1" -p /run/ganesha.pid -N NIV_EVENT
        wait_until 20 ganesha_answers || { on "$testbed_node" tail -n 20 /var/log/ganesha.log >&2; fail 'NFS-Ganesha does not answer'; }
}

# --- Gatehouse, as `make install` leaves it ----------------------------------------------------------------
# Where things are installed, from the file `installed` in the stage.
bindir='' sbindir='' pkglibexecdir='' pkgdatadir='' sysconfdir='' statedir='' runtimedir='' accessdir=''

# testbed_take_stage FOLDER: what was installed into FOLDER (DESTDIR) is what the storage node will have.
testbed_take_stage() {
        cp -a "$1" "$testbed/stage"
        # shellcheck source=/dev/null
        . "$testbed/stage/installed"
        cp "$1"/../../../{nfs4-client,live-io,listen_then_exec,rpc-call,brick-call} "$testbed/"
}

# What the packages of systemd would do with sysusers.d, tmpfiles.d and units; and the configuration.
gatehouse_prepare() { # gatehouse_prepare LINE-OF-CONFIGURATION...
        [ -n "$sbindir" ] || { echo 'testbed: Gatehouse is not installed in tests/scenario/stage; run this by make check' >&2; exit 77; }
        on "$testbed_node" sh -ec '
                id gatehouse >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir "$1" --shell /usr/sbin/nologin gatehouse
                id gatehouse-volfiled >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin gatehouse-volfiled
                mkdir -p "$1" "$2" "$3" /run/gatehouse-helper /run/gatehouse-volfiled "$4/gatehouse"
                chown gatehouse:gatehouse "$1" "$2"; chmod 700 "$1"' sh "$statedir" "$runtimedir" "$accessdir" "$sysconfdir" ||
                fail 'the storage node cannot be prepared'
        printf '%s\n' "$@" | on "$testbed_node" sh -c 'cat >"$0/gatehouse/gatehouse.conf"' "$sysconfdir"
}

helper_start() {
        daemon_start "$testbed_node" gatehouse-helper "$pkglibexecdir/gatehouse-helper"
        wait_until 10 on "$testbed_node" test -S /run/gatehouse-helper/helper.sock || { log_tail gatehouse-helper; fail 'gatehouse-helper does not start'; }
}

volfiled_start() {
        daemon_start "$testbed_node" gatehouse-volfiled "$pkglibexecdir/gatehouse-volfiled"
        wait_until 10 on "$testbed_node" test -S /run/gatehouse-volfiled/control.sock || { log_tail gatehouse-volfiled; fail 'gatehouse-volfiled does not start'; }
}

gatehouse_answers() { on "$testbed_node" curl -sS --max-time 5 --unix-socket "$runtimedir/gatehouse.sock" http://localhost/healthz; }
# The words in gatehoused_through become gatehoused in the end, as daemon_through do.
gatehoused_through=()
gatehoused_start() { # as systemd would
        daemon_start "$testbed_node" gatehoused "${gatehoused_through[@]}" setpriv --reuid gatehouse --regid gatehouse --clear-groups --no-new-privs \
                --inh-caps -all --ambient-caps -all --bounding-set -all "$sbindir/gatehoused"
        wait_until 15 gatehouse_answers || { log_tail gatehoused; fail 'gatehoused does not answer'; }
}

log_tail() { echo "--- the end of the log of $1 on $testbed_node:" >&2; tail -n 25 "$(log_of "$testbed_node" "$1")" >&2; }

# api METHOD PATH [BODY [HEADER...]]: over the Unix socket as root; the answer on standard output, exit code 22 for
# a status of 400 and above.
api() {
        local method=$1 path=$2 body=${3-} words=() header
        shift $(($# < 3 ? $# : 3))
        for header; do words+=(-H "$header"); done
        case $method in PATCH) header=application/merge-patch+json ;; *) header=application/json ;; esac
        [ -z "$body" ] || words+=(-H "Content-Type: $header" --data-binary "$body")
        on "$testbed_node" curl -sS --fail-with-body --max-time 70 --unix-socket "$runtimedir/gatehouse.sock" -X "$method" \
                "${words[@]}" "http://gatehouse$path"
}

gatehouse() { on storage "$bindir/gatehouse" "$@"; }

# The whole storage node with a volume: glusterd, Ganesha, the helper and the daemon.
storage_start_cluster() {
        machine_start "$testbed_node"
        gatehouse_prepare "listen = $testbed_listen" "${testbed_configuration[@]}"
        on "$testbed_node" "$pkglibexecdir/install-filter" >/dev/null || fail 'the volfile filter cannot be installed'
        dbus_start
        glusterd_start
        volume_start
        ganesha_prepare
        ganesha_start /etc/ganesha/gatehouse.conf
        helper_start
        volfiled_start
        gatehoused_start
}

# The same without GlusterFS: a local file system of its own at /srv/data.
storage_start_single() {
        machine_start storage
        gatehouse_prepare 'listen = none' "${testbed_configuration[@]}"
        machine_disk storage /srv/data
        dbus_start
        ganesha_prepare
        ganesha_start /etc/ganesha/gatehouse.conf
        helper_start
        gatehoused_start
}
testbed_configuration=()
testbed_listen=none # where the API answers bearers of tokens

# As shipped, but for the time that a restarted server waits for its clients: nobody here reclaims anything.
ganesha_prepare() {
        on "$testbed_node" sh -c 'mkdir -p /etc/ganesha && sed "s/Lease_Lifetime = .*/Lease_Lifetime = 4;/; s/Grace_Period = .*/Grace_Period = 5;/" \
                "$0/ganesha.conf" >/etc/ganesha/gatehouse.conf' "$pkgdatadir"
}

testbed_mount_memory
testbed_switch
if [ -e "${top_builddir-}/tests/scenario/stage/installed" ]; then testbed_take_stage "$top_builddir/tests/scenario/stage"; fi
