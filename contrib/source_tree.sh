# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Building from a copy: the source tree may be read-only or another user's, and no file of root's is left in it.

# source_tree_copy FROM TO: what git knows and does not ignore; without git, all but what builds leave.
source_tree_copy() {
        local known file
        mkdir -p "$2"
        known=$2.files
        if git -c safe.directory='*' -C "$1" ls-files -coz --exclude-standard >"$known" 2>/dev/null && [ -s "$known" ]; then
                (
                        cd "$1" || exit
                        while IFS= read -r -d '' file; do
                                [ ! -e "$file" ] || printf '%s\0' "$file"
                        done <"$known" | tar -c --null --no-recursion -T - -f -
                ) | tar -x --no-same-owner -C "$2" -f -
        else
                tar -C "$1" -c --exclude=./.git --exclude=./build --exclude=./build-aux --exclude=./autom4te.cache \
                        --exclude='*.o' --exclude='*.a' --exclude=./config.status --exclude=./Makefile -f - . |
                        tar -x --no-same-owner -C "$2" -f -
        fi
        rm -f "$known"
}

# source_tree_build FROM FOLDER LOG [CFLAGS]: copies it to FOLDER/source, builds in FOLDER/build, and installs what the machines
# of the testbed have into FOLDER/build/tests/scenario/stage.
source_tree_build() {
        source_tree_copy "$1" "$2/source"
        mkdir -p "$2/build"
        (
                cd "$2/build" && ../source/bootstrap &&
                        ../source/configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var CFLAGS="${4--O1 -g}" &&
                        make -j"$(nproc)" && make tests/scenario/stage/installed
        ) </dev/null >"$3" 2>&1
}
