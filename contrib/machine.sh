# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a machine must have, asked before anything on it is changed. Sourced by packages, check and demo.
# Each machine_has_* answers 0, or 1 after one sentence on standard error saying what is missing.

machine_lacks() { printf '%s: %s\n' "${0##*/}" "$1" >&2; return 1; }

machine_has_root() {
        [ "$(id -u)" = 0 ] || machine_lacks "this needs root; run it as: sudo $0"
}

machine_has_apt() {
        command -v apt-get >/dev/null || machine_lacks 'apt-get is not here; packages are installed by name, on Debian 12'
}

machine_has_fuse() {
        [ -c /dev/fuse ] || machine_lacks '/dev/fuse is not here; clients mount GlusterFS by it (on a container, let the device in)'
}

# Network, mount, process and host name namespaces, made and given up again at once.
machine_has_namespaces() {
        unshare --mount --net --uts --pid --fork true 2>/dev/null ||
                machine_lacks 'network and mount namespaces cannot be made here; a container needs the privilege for them (CAP_SYS_ADMIN)'
}

machine_has_overlay() {
        unshare --mount sh -c 'mount -t tmpfs gatehouse /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m &&
                mount -t overlay gatehouse -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w /mnt/m' 2>/dev/null ||
                machine_lacks 'the kernel does not mount overlay file systems; they keep the files of the host untouched'
}

# machine_has_disk MEBIBYTES DIRECTORY
machine_has_disk() {
        local free
        free=$(df -Pm "$2" 2>/dev/null | awk 'NR == 2 { print $4 }')
        [ "${free:-0}" -ge "$1" ] || machine_lacks "$2 has ${free:-0} MiB free and $1 MiB are needed"
}

# machine_has_memory MEBIBYTES
machine_has_memory() {
        local free
        free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
        [ "${free:-0}" -ge "$1" ] || machine_lacks "${free:-0} MiB of memory are free and $1 MiB are needed"
}
