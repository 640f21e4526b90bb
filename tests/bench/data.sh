#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an NFS client gets through the NFS-Ganesha and the volume that Gatehouse sets up, beside one with Debian's
# defaults: a second storage node with a volume and NFS-Ganesha of its own, which Gatehouse knows nothing of. In each
# round one client works on one and then on the other. libnfs 4 writes 1 KiB a call, so a write of 4 KiB is four calls.
# shellcheck disable=SC2034 # bench.sh reads it
figures=(nfs_data_write nfs_data_read nfs_data_write_4k nfs_data_read_4k nfs_data_attributes nfs_data_names)
# shellcheck source=tests/bench/bench.sh
. "$(dirname "$0")/bench.sh"
data_rounds=$(rounds 15 3)
read_mib=64 write_kib=8192 blocks=500 names=500

on_volume() { # on_volume MACHINE COMMAND: in the root of its volume
        on "$1" sh -ec 'mkdir -p /mnt/data && mount -t glusterfs "$0:/data" /mnt/data && cd /mnt/data && eval "$1"; cd /; umount /mnt/data' \
                "$(address4 "$1")" "$2" || fail "the volume of $1 does not take: $2"
}
directory_made="mkdir -p bench/names && cd bench/names && seq $names | xargs touch && head -c ${read_mib}M /dev/urandom >../big"

plain_configuration='NFS_CORE_PARAM { Protocols = 4; Enable_NLM = false; Enable_UDP = false; Enable_RQUOTA = false; }
NFSv4 { Lease_Lifetime = 4; Grace_Period = 5; } # as the other one has it here: nobody reclaims anything
EXPORT { Export_Id = 1; Path = "/bench"; Pseudo = "/bench"; Access_Type = RW; Squash = none; Protocols = 4;
        FSAL { Name = GLUSTER; Hostname = "10.77.0.12"; Volume = "data"; Volpath = "/bench"; } }'
plain_start() {
        local testbed_node=storage2
        machine_start storage2
        glusterd_start
        volume_start
        on storage2 sh -c 'mkdir -p /etc/ganesha && printf "%s\n" "$0" >/etc/ganesha/plain.conf' "$plain_configuration"
        on_volume storage2 "$directory_made"
        daemon_start storage2 ganesha ganesha.nfsd -F -L /var/log/ganesha.log -f /etc/ganesha/plain.conf -p /run/ganesha.pid -N NIV_EVENT
        wait_until 120 work_on storage2 4 1 || { on storage2 tail -n 20 /var/log/ganesha.log >&2; fail 'the plain NFS-Ganesha does not serve'; }
}

# work_on MACHINE KIB BLOCKS: by cache1.
work_on() {
        local path=/bench
        [ "$1" != storage ] || path=/exports/$export
        on cache1 "$testbed/nfs-speed" "$(address4 "$1")" "$path" /new "$2" /big /names "$3"
}
data_round() { # data_round FIRST SECOND: machines; each is the first one in every second round
        local machine key
        for machine; do
                work_on "$machine" $write_kib $blocks >"$testbed/speed-$machine" || fail "cache1 cannot work on $machine"
        done
        for key in write_mib_s read_mib_s write_4k_us read_4k_us attributes_us names_ms; do
                sample "nfs_data_${key%%_[mu]*}" "$(jq -rs "map(.$key) | join(\" \")" "$testbed"/speed-storage "$testbed"/speed-storage2)"
        done
}

measured=("${figures[@]}")
cluster_with cache1
on_volume storage "$directory_made"
make_export '{"storage": "files", "path": "/bench", "environment": "shop", "target": {"layer": "cache"}, "mount_path": "/var/www/bench"}'
expect_grant cache1 active
plain_start
wait_until 60 work_on storage 4 1 || fail 'cache1 cannot work on the export'
say "nfs_data: $data_rounds rounds"
for ((round = 0; round < data_rounds; round++)); do
        if ((round % 2)); then data_round storage2 storage; else data_round storage storage2; fi
done
plain='GlusterFS and NFS-Ganesha with defaults'
figure nfs_data_write median 'MiB/s' '>=0.9' "$write_kib KiB written from beginning to end and synced, one call of 1 KiB after the other" "$plain"
figure nfs_data_read median 'MiB/s' '>=0.9' "$read_mib MiB read from beginning to end, 16 calls of 256 KiB on their way" "$plain"
figure nfs_data_write_4k median us '<=1.11' "4 KiB written here and there, one at a time: median of $blocks" "$plain"
figure nfs_data_read_4k median us '<=1.11' "4 KiB read here and there, one at a time: median of $blocks" "$plain"
figure nfs_data_attributes median us - 'the price of coherence: attributes of a file' "$plain"
figure nfs_data_names median ms - "the price of coherence: a listing of $names names" "$plain"
