# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is for those who source it
#
# A machine with a gateway and servers that are made up (client_world.py), for tests of mount.gatehouse by real sockets,
# routes and mounts. To be sourced first thing: it starts the same script again in namespaces of its own, which end with
# it, and leaves $work, $program and, in $work/bin, programs that mount memory in place of NFS and Gluster.
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${WORLD_FOLDER-}" ]; then
        for needed in "${world_needs[@]}" ip unshare; do command -v "$needed" >/dev/null || { echo "skipped: no $needed here"; exit 77; }; done
        unshare --net --mount true 2>/dev/null || { echo 'skipped: namespaces need root'; exit 77; }
        [ -c /dev/fuse ] || { echo 'skipped: there is no /dev/fuse'; exit 77; }
        WORLD_FOLDER=$(mktemp -d)
        export WORLD_FOLDER
        unshare --net --mount --pid --fork --kill-child --mount-proc bash "$0" "$@"
        status=$?
        find "$WORLD_FOLDER" -perm 0 -type d -exec chattr -i {} + 2>/dev/null
        rm -rf "$WORLD_FOLDER"
        exit $status
fi
work=$WORLD_FOLDER
program=$here/../../contrib/mount.gatehouse
export GATEHOUSE_CLIENT_CONF=$work/client.conf GATEHOUSE_CLIENT_STATE=$work/state
mkdir "$work"/{bin,stuck,state}
mount -t tmpfs tmpfs /run # the automounter's pid file is for one of a kind
ip link set lo up
ip link add near type veth peer name far
ip addr add 10.9.9.9/24 dev near
ip link set near up
ip link set far up
ip neighbor add 10.9.9.1 lladdr 02:00:00:00:00:01 dev near # what is sent there is never heard of again

for name in mount.nfs4 mount.glusterfs; do printf '#!/bin/sh\n' >"$work/bin/$name"; done
printf '#!/bin/sh\nexec %s -t tmpfs "$5" "$6"\n' "$(command -v mount)" >"$work/bin/mount"
chmod +x "$work"/bin/*

coproc world { exec /usr/bin/python3 -B "$here/client_world.py" "$work" "$work/stuck" 2>"$work/world.log"; }
read -r _ <&"${world[0]}" || { cat "$work/world.log"; exit 1; }
for ((i = 0; i < 600; i++)); do ! grep " $work/stuck fuse " /proc/mounts >/dev/null || break; sleep 0.1; done

configure() { # configure URL [TOKEN]
        printf 'url = %s\ntoken_file = %s\nnode = n1\n' "$1" "$work/token" >"$work/client.conf"
        echo "${2-gh_secret}" >"$work/token"
        chmod 600 "$work/client.conf" "$work/token"
}
wanted() { # wanted LINE...: without "grant "
        { echo "gatehouse-mounts 1 n1 $#"; [ $# -eq 0 ] || printf 'grant %s\n' "$@"; echo end; } >"$work/answer"
}
grant() { echo "ex-1 ${2-active} nfs rw nfs4 $1 /exports/ex-1 vers=4,hard $work/m default -"; } # grant SERVERS [STATE]
