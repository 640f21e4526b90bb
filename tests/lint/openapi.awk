# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints one line for each operation, "GET /v1/exports: limit cursor": of gateway/rest/route.c, or of openapi.yaml.

FILENAME ~ /\.c$/ && /^static const char \*const [a-z_]+_query\[\] = / {
        name = $5
        sub(/\[\].*/, "", name)
        list = $0
        sub(/^[^{]*\{ /, "", list)
        sub(/,? NULL.*/, "", list)
        gsub(/[",]/, "", list)
        queries[name] = " " list
}
FILENAME ~ /\.c$/ && /^        \{ "[A-Z]+", "\// {
        split($0, part, "\"")
        split($0, field, ", ")
        print part[2] " " part[4] ":" queries[field[4]]
}

function operation_print()
{
        if (method)
                print toupper(method) " " path ":" found
        method = found = ""
}
FILENAME ~ /\.yaml$/ && /^[a-z]/ { operation_print(); in_paths = ($0 == "paths:") }
in_paths && /^  \// { operation_print(); path = $1; sub(/:$/, "", path) }
in_paths && /^    [a-z]+:/ {
        operation_print()
        method = $1
        sub(/:$/, "", method)
        if (method == "parameters")
                method = ""
}
in_paths && match($0, /parameters\/query-[a-z_]+/) {
        found = found " " substr($0, RSTART + length("parameters/query-"), RLENGTH - length("parameters/query-"))
}
