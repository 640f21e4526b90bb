# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the files of tests/bench share: each names its figures, sources this, measures them in a testbed of its own,
# and says each on one line of JSON. contrib/bench builds, runs them, and makes a table of that.
#
# From contrib/bench: BENCH_LIST (only say what the figures are called), BENCH_ONLY (a shell pattern), BENCH_DONE (figures
# that were said already), BENCH_ROUNDS (empty: what the figure asks for), BENCH_QUICK.
if [ -n "${BENCH_LIST-}" ]; then
        # shellcheck disable=SC2154 # of the file that sources this
        printf '%s\n' "${figures[@]}"
        exit 0
fi
[ "${TESTBED_INSIDE-}" = yes ] || exec 7>&1 >&2 # figures go to 7, everything else is progress
TESTBED_MODE=bench
# shellcheck source=tests/scenario/shop.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scenario/shop.sh"
cp "$top_builddir"/{http-load,constant-server,nfs-speed,native-crowd,plan-cost} "$testbed/"

wanted() { # wanted FIGURE...: whether any of them is asked for
        local figure
        for figure; do
                [[ " ${BENCH_DONE-} " != *" $figure "* ]] || continue
                # shellcheck disable=SC2254 # it is a pattern
                case $figure in ${BENCH_ONLY:-*}) return ;; esac
        done
        return 1
}
# measures FIGURE...: the same; and what fails from now on until the next call is theirs.
measured=()
measures() {
        wanted "$@" || return
        measured=("$@")
}
rounds() { # rounds USUAL QUICK: how often
        if [ -n "${BENCH_ROUNDS-}" ]; then echo "$BENCH_ROUNDS"; elif [ -n "${BENCH_QUICK-}" ]; then echo "$2"; else echo "$1"; fi
}
say() { printf '[%3d s] %s\n' "$SECONDS" "$*" >&2; }
# Ends this file. Those that were being measured have failed, all that are left when none was; contrib/bench goes on with the others.
fail() {
        printf 'bench: FAILED: %s\n' "$*" >&2
        if mkdir "$testbed/failed" 2>/dev/null; then # said once, also when it is in a subshell that something fails first
                failed_figures "${measured[@]}" | grep . || failed_figures "${figures[@]}"
        fi | jq -cR --arg why "$*" '{name: ., value: null, unit: "", reference: "failed", reference_value: null, ratio: null, goal: "-",
                                     met: false, rounds: 0, spread: [null, null], what: $why, failed: true}' >&7
        for log in "$testbed"/log/gatehouse*; do
                [ ! -s "$log" ] || { echo "--- $(basename "$log"):"; tail -n 25 "$log"; } >&2
        done
        exit 1
}

trap 'status=$?; [ $status = 0 ] || [ -e "$testbed/failed" ] || fail "it ended with exit code $status"' EXIT
failed_figures() { # failed_figures FIGURE...: those that are wanted and were not said yet
        local figure
        for figure; do
                if wanted "$figure" && [ ! -e "$testbed/said-$figure" ]; then echo "$figure"; fi
        done
}

# store_on_disk: the store of `storage` is on a disk of this machine, not in memory: on a file without a name.
store_on_disk() {
        local image loop
        image=$(mktemp "${TMPDIR:-/var/tmp}/gatehouse-bench.XXXXXX") && truncate -s 512M "$image" && mkfs.ext4 -qF "$image" &&
                loop=$(losetup --find --show "$image") || fail 'no disk for the store'
        rm "$image"
        on storage mount "$loop" "$statedir" || fail 'the disk for the store cannot be mounted'
        losetup --detach "$loop" # when nothing uses it any more
        on storage sh -c 'chown gatehouse:gatehouse "$0" && chmod 700 "$0"' "$statedir"
}

now_us() { echo "${EPOCHREALTIME/./}"; }
milliseconds() { jq -n --argjson us "$1" '$us / 1000'; }
resident_kib() { on storage awk '/^VmRSS/ { kib += $2 } END { print kib + 0 }' "${@/%//status}"; } # resident_kib /proc/PID...
daemon_resident_kib() { resident_kib "/proc/$(daemon_pid storage "$1")"; }

# --- Many requests -----------------------------------------------------------------------------------------
removals() { sed -n 's#.*"id": *"\(ex-[^"]*\).*#DELETE /v1/exports/\1#p' "$testbed/made"; }
# http_load CONNECTIONS REPLIES COMMAND...: sends the requests that it prints, and waits for what they ask for, unless
# http_prefer says otherwise.
http_prefer='Prefer: wait=60'
http_load() {
        local connections=$1 replies=$2
        shift 2
        "$@" | on "$testbed_node" "$testbed/http-load" --connections "$connections" --echo ${http_prefer:+--header "$http_prefer"} \
                --unix-socket "$runtimedir/gatehouse.sock" http://gatehouse >"$replies" || fail "not all requests are answered: $*"
}
# make CONNECTIONS ENVIRONMENT FROM TO: what `exports` of the file prints; leaves what was said of it in $ours.
make() {
        http_load "$1" "$testbed/made" exports "${@:2}"
        [ "$(grep -c '"status":{"pending":0,"active":[1-9]' "$testbed/made")" = $(($4 - $3 + 1)) ] || fail "not all of them are active: $*"
        # shellcheck disable=SC2034 # the files that source this read it
        ours=$(tail -n 1 "$testbed/made")
}
unmake() { http_load 64 "$testbed/unmade" removals; }

# --- A client at work -------------------------------------------------------------------------------------
# live_start NAME MACHINE ARGUMENTS...: live-io runs on that machine, and has succeeded once.
live_start() {
        local name=$1 machine=$2 pipe=$testbed/live-$1 input
        shift 2
        rm -f "$pipe" "$pipe".out
        mkfifo "$pipe"
        on "$machine" "$testbed/live-io" "$@" <"$pipe" >"$pipe.out" 2>"$pipe.err" &
        exec {input}>"$pipe"
        live_input[$name]=$input
        wait_until 20 grep -q ready "$pipe.out" || { cat "$pipe.err" >&2; fail "$name does not work on $machine: $*"; }
}
declare -A live_input

# live_end NAME: leaves what it says in the end in $said.
live_end() {
        local input=${live_input[$1]}
        exec {input}>&-
        wait_until 20 grep -q last_success_us "$testbed/live-$1.out" || fail "$1 does not say when it succeeded last"
        # shellcheck disable=SC2034 # the files that source this read it
        said=$(tail -n 1 "$testbed/live-$1.out")
}

# --- Figures ------------------------------------------------------------------------------------------------
# sample FIGURE VALUE [REFERENCE]: of one round.
sample() {
        [[ "${*:2}" =~ ^-?[0-9.]+(e-?[0-9]+)?(\ [0-9.]+(e-?[0-9]+)?)?$ ]] || fail "no value for $1: ${*:2}"
        echo "${*:2}" >>"$testbed/samples-$1"
}

# figure NAME STATISTIC UNIT GOAL WHAT [REFERENCE]: of its samples. STATISTIC is what counts of them, median or maximum.
# With a reference (what it is, in words) each sample has one measured right beside it, and the goal is one for the
# ratio; without, it is a budget for the value. GOAL: <=N, >=N, <=+N (by how much more than the reference), or -
# (reported only).
figure() {
        wanted "$1" || return 0
        [ -s "$testbed/samples-$1" ] || fail "no samples for $1"
        jq -ncR --arg name "$1" --arg statistic "$2" --arg unit "$3" --arg goal "$4" --arg what "$5" --arg reference "${6-}" '
                def median: sort | .[(length - 1) / 2 | floor];
                def counted: if $statistic == "maximum" then max else median end;
                [inputs | split(" ") | map(tonumber)] as $samples |
                [$samples[][0]] as $values | [$samples[][1] // empty] as $references |
                ($references | length > 0) as $beside | ($goal[:3] == "<=+") as $by_how_much |
                (if $beside then [$samples[] | .[0] / .[1]] else null end) as $ratios |
                (if $by_how_much then [$samples[] | .[0] - .[1]] else $ratios // $values end) as $held |
                (if $by_how_much then ($values | counted) - ($references | counted) else $held | counted end) as $counts |
                {name: $name, value: ($values | counted), unit: $unit,
                 reference: (if $beside then $reference elif $goal == "-" then "reported only" else "budget" end),
                 reference_value: (if $beside then $references | counted else null end),
                 ratio: (if $beside then $ratios | counted else null end), goal: $goal,
                 met: (if $by_how_much then $counts <= ($goal[3:] | tonumber)
                       elif $goal[:2] == "<=" then $counts <= ($goal[2:] | tonumber)
                       elif $goal[:2] == ">=" then $counts >= ($goal[2:] | tonumber) else null end),
                 rounds: ($samples | length), spread: ($held | [min, max]),
                 statistic: $statistic, median: ($values | median), what: $what}' "$testbed/samples-$1" >"$testbed/said-$1"
        cat "$testbed/said-$1" >&7
        say "$1: $(jq -r '"\(.value) \(.unit)\(if .ratio then ", ratio \(.ratio)" else "" end)"' "$testbed/said-$1")"
}
