# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Names made to escape from wherever they are written: EXPORT blocks, volfiles, access lists, sets of the packet filter,
# commands for a shell, fstab lines, logs. Each is asked for over the API, as storage path and as mount path, and is
# either refused with a sentence or served exactly: what the client writes lies in the directory of that name. The
# caller has started everything and says with directory_of where a storage path lies on the storage node.
# The plain name goes first: it shows that the checks see what they look for. With the second every machine has been
# let in by each protocol that it will ever have, and from then on the packet filter stays as it is.
# shellcheck source=tests/scenario/intrusion.sh
. "$(dirname "${BASH_SOURCE[0]}")/intrusion.sh"

repeated() { printf "%$2s" '' | tr ' ' "$1"; } # repeated CHARACTER COUNT

# Served or refused, one a line; %b of printf makes the bytes. `/run/pwned` is the canary.
names_to_try() {
        cat <<'LIST'
plain
it's
`touch /run/pwned`
$(touch /run/pwned)
${HOME}
a; touch /run/pwned; b
' ; touch /run/pwned ; '
a | touch /run/pwned &
a} EXPORT { Export_Id = 999; Path = '/'; Pseudo = '/pwned'; Access_Type = RW; } #
{
a; } CLIENT { Clients = *; Access_Type = RW; }
a,/b(10.77.0.41)
(10.77.0.41)
a(*)
10.77.0.41, 0.0.0.0-255.255.255.255 } ; flush ruleset
%s%n%p%1000000d
%include '/etc/shadow'
%url 'http://10.77.0.41/'
# comment
a#b
// no comment
-rf
--help
*
?[a-z]
~
!!
a=b&c<d>e|f
  blanks \u0020
option username x
\u202egnp.exe
\u2066a\u2069\u200b
\u00e9\u4e2d\U0001f600
\u2028line
LIST
        repeated d 255
        echo
        printf '%s/%s/%s/%s\n' "$(repeated a 250)" "$(repeated b 250)" "$(repeated c 250)" "$(repeated d 250)"
}

# Refused, as words of JSON that stand for a whole path.
paths_to_refuse() {
        cat <<'LIST'
"/names/a\"b"
"/names/a\\b"
"/names/a\nb"
"/names/a\tb"
"/names/a\u0000b"
"/names/a\u001b[31mb"
"/names/a\u007fb"
"/names/a\u0085b"
"/names/\ud800"
"/names/../etc"
"/names/."
"/names//a"
"/names/"
"names"
""
"/.glusterfs/00"
"/.gatehouse-canary-1"
LIST
        printf '"/names/%s"\n' "$(repeated e 256)"
        printf '"/%s"\n' "$(repeated 'f/' 511)ff"
        printf '"/names/\xff\xfe"\n"/names/\xc0\xaf"\n'
}

# A mount(8) that mounts nothing and notes what it was asked to.
machine_notes_mounts() {
        on "$1" sh -ec 'mkdir /run/stub; cd /run/stub
                printf "#!/bin/sh\nprintf \"%%s\\\\n\" \"\$@\" >/run/stub/asked\n" >mount
                printf "#!/bin/sh\nexit 0\n" >mountpoint; cp mountpoint chattr; chmod +x mount mountpoint chattr'
}

# The commands that its grant names, by the shell of that machine: they make the directory and mount there.
commands_are_exact() { # commands_are_exact MACHINE MOUNT-PATH
        local command
        while IFS= read -r -d '' command; do
                on "$1" env "PATH=/run/stub:$PATH" sh -c "$command" >"$testbed/said" 2>&1 ||
                        fail "$1 cannot do for $2: $command: $(cat "$testbed/said")"
        done < <(grants | jq -j ".items[] | select(.node == \"$1\") | .mount.commands[] + \"\\u0000\"")
        [ "$(on "$1" tail -n 1 /run/stub/asked)" = "$2" ] || fail "$1 would mount at $(on "$1" tail -n 1 /run/stub/asked) instead of $2"
        on "$1" test -d "$2" || fail "$1 has no directory $2"
}

fstab_is_exact() { # fstab_is_exact MACHINE MOUNT-PATH
        grant_of "$1" .mount.fstab >"$testbed/fstab"
        [ "$(findmnt --tab-file "$testbed/fstab" --json --output TARGET | jq -r '.filesystems | map(.target) | join("\n")')" = "$2" ] ||
                fail "the fstab line for $2 is: $(cat "$testbed/fstab")"
}

body_of() { # body_of STORAGE-PATH MOUNT-PATH
        jq -cn --arg path "$1" --arg mount "$2" '{storage: "files", path: $path, environment: "shop", mount_path: $mount}'
}

export_served_exactly() { # export_served_exactly NUMBER STORAGE-PATH MOUNT-PATH
        local directory
        directory=$(directory_of "$2")
        expect_grant cache1 active
        echo "number $1" | nfs cache1 put /file || fail "cache1 cannot write to $2"
        [ "$(nfs_reads cache1 file)" = "number $1" ] || fail "cache1 does not read from $2"
        [ "$(on storage cat "$directory/file")" = "number $1" ] || fail "what cache1 has written to $2 is not in $directory"
        [ "$(api GET "/v1/exports/$export" | jq -r .path)" = "$2" ] || fail "the API tells another path than $2"
        commands_are_exact cache1 "$3"
        fstab_is_exact cache1 "$3"
}

names_are_tried() {
        local name number=0 refused=0
        while IFS= read -r name; do
                # shellcheck disable=SC2059 # \u and \U are to be expanded, % and other backslashes are not there
                case $name in *\\u* | *\\U*) name=$(printf "$name") ;; esac
                number=$((number + 1))
                if ! api POST /v1/exports "$(body_of "/names/$name" "/srv/mounts/$name")" 'Prefer: wait=30' >"$testbed/made.json" 2>/dev/null; then
                        jq -e '.status == 422 and (.errors[0].detail | length > 10)' "$testbed/made.json" >/dev/null ||
                                fail "/names/$name is refused by $(cat "$testbed/made.json")"
                        refused=$((refused + 1))
                        continue
                fi
                export=$(jq -r .id "$testbed/made.json")
                export_served_exactly $number "/names/$name" "/srv/mounts/$name"
                [ $number != 2 ] || state_of_filter >"$testbed/filter.first"
        done < <(names_to_try)
        echo "$number names tried, $refused of them refused"
}

paths_are_refused() {
        local path key
        while IFS= read -r path; do
                for key in path mount_path; do
                        case $key$path in mount_path*'"/.g'*) continue ;; esac
                        body_of /names/plain /srv/refused | LC_ALL=C sed "s|\"$key\":\"[^\"]*\"|\"$key\":@|" >"$testbed/refused.json"
                        { LC_ALL=C sed 's/@.*//' "$testbed/refused.json" | tr -d '\n'; printf '%s' "$path"; LC_ALL=C sed 's/.*@//' "$testbed/refused.json"; } >"$testbed/body.json"
                        api POST /v1/exports "@$testbed/body.json" >"$testbed/said" 2>/dev/null && fail "$key $path is accepted"
                        jq -e '.status == 422 or .status == 400' "$testbed/said" >/dev/null || fail "$key $path: $(cat "$testbed/said")"
                done
        done < <(paths_to_refuse)
}

state_of_filter() { on storage nft --stateless list table inet gatehouse; }

nothing_has_escaped() {
        local machine log
        for machine in storage cache1 web1; do on "$machine" test -e /run/pwned && fail "something was executed on $machine"; done
        daemon_runs storage ganesha || fail 'NFS-Ganesha is gone'
        ganesha_answers >/dev/null || fail 'NFS-Ganesha does not answer'
        nfs_server=10.77.0.11 nfs_reads cache1 file >/dev/null || fail 'NFS is not served any more'
        state_of_filter >"$testbed/filter.last"
        cmp "$testbed/filter.first" "$testbed/filter.last" || fail 'the packet filter has changed with the names'
        ganesha_call ShowExports || fail 'NFS-Ganesha does not tell its exports'
        ! grep -q pwned "$testbed/said" || fail 'a name became an export'
        for log in gatehoused gatehouse-helper; do
                jq -R 'fromjson | objects | .message' "$testbed/log/$log" >"$testbed/messages" 2>&1 || fail "the log of $log is not one JSON object a line"
                [ "$(wc -l <"$testbed/messages")" = "$(wc -l <"$testbed/log/$log")" ] || fail "the log of $log has lines that are no JSON object"
        done
}
