# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What somebody does by hand to the servers of the storage node, and what Gatehouse says of it. Sourced by tests of
# drift after shop.sh; $export is one that NFS-Ganesha serves.

drift() { api GET /v1/drift; }
# noted CODE ACTION [FILTER]: such a difference is shown.
noted() {
        drift | jq -e --arg code "$1" --arg action "$2" \
                "[.differences[] | select(.code == \$code and .action == \$action and (${3-true}))] | length > 0"
}
expect_noted() {
        wait_until 30 noted "$@" || { drift | jq -c '.differences[]' >&2; log_tail gatehoused; fail "no $1 is noted as $2"; }
}

# stored FILTER: out of the document of $export in the store.
stored() {
        on storage sqlite3 -readonly "$statedir/gatehouse.db" "select text from documents where id = '$export'" | jq -r "$1"
}
events() { # events ACTION CODE: their number in the audit trail
        on storage sqlite3 -readonly "$statedir/gatehouse.db" \
                "select count(*) from events where actor = 'gatehouse' and action = '$1' and after like '%\"$2\"%'"
}

manager() { # manager METHOD ARGUMENT...: a call of NFS-Ganesha's export manager, by hand
        local method=$1
        shift
        on storage dbus-send --system --print-reply --dest=org.ganesha.nfsd /org/ganesha/nfsd/ExportMgr \
                "org.ganesha.nfsd.exportmgr.$method" "$@"
}
# by_hand METHOD NUMBER: AddExport or UpdateExport with the block on standard input.
by_hand() {
        on storage sh -c 'cat >/run/by-hand.conf' && manager "$1" string:/run/by-hand.conf "string:EXPORT(Export_Id=$2)"
}
# change_by_hand ACCESS CLIENT...: the block of $export, but with this Access_Type for all who are in none of its CLIENT
# blocks, which are these.
change_by_hand() {
        local access=$1
        shift
        by_hand UpdateExport "$(stored .number)" <<END
EXPORT {
  Export_Id = $(stored .number); Filesystem_id = $(stored .file_system_id).$(stored .number);
  Path = "$(stored .path)"; Pseudo = "/exports/$export"; Access_Type = $access; Protocols = 4; Transports = TCP; SecType = sys;
  FSAL { Name = GLUSTER; Hostname = "$(address4 storage)"; Volume = "data"; Volpath = "$(stored .path)"; }
  $(printf 'CLIENT { %s }\n' "$@")
}
END
}
# client_block NODE: as Gatehouse writes it, and the one after it that refuses everybody else.
client_block() {
        echo "Clients = $(address4 "$1"); Access_Type = RW; Protocols = 4; Squash = No_Root_Squash; Anonymous_uid = 65534; Anonymous_gid = 65534; PrivilegedPort = false;"
}
refusal() { echo 'Clients = *; Access_Type = NONE; Protocols = 4;'; }
open_to_all() { change_by_hand NONE 'Clients = *; Access_Type = RW; Protocols = 4; Squash = None;'; }
# lets_all_in NUMBER: whether the row * of the export has any access (EXPORT_OPTION_ACCESS_MASK, the fourth u).
lets_all_in() {
        shown "$1" | awk '/string "\*"/ { star = 1; n = 0 } star && /uint32/ && ++n == 4 { open = int($2 / 32) % 16; star = 0 } END { exit !open }'
}
foreign_add() { # foreign_add NUMBER DIRECTORY PSEUDO
        by_hand AddExport "$1" <<END
EXPORT {
  Export_Id = $1; Filesystem_id = 9.$1; Path = "$2"; Pseudo = "$3"; Access_Type = NONE; Protocols = 4;
  FSAL { Name = VFS; }
  CLIENT { Clients = 10.77.0.99; Access_Type = RW; Protocols = 4; }
}
END
}
shown() { manager DisplayExport "uint16:$1"; }
