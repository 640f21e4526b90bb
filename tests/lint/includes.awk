# SPDX-License-Identifier: GPL-2.0-or-later
#
# Holds C files to the layers that docs/architecture.md draws, and to the rules that grep can see. The first file
# is architecture.md; the others are named from the root of the tree. Prints one complaint a line.

function complain(line, text) {
        print FILENAME ":" line ": " text
}

# The layer of a path from the root of the tree.
function layer_of_file(path,    parts) {
        split(path, parts, "/")
        if (parts[1] == "auth" || parts[1] == "protocols" || parts[1] == "tests" || parts[1] == "contrib")
                return parts[1]
        if (parts[1] == "gateway")
                return parts[3] == "" ? "main" : parts[2]
        return "?"
}

# The layer of what stands between the quotes of an include.
function layer_of_include(name,    parts) {
        if (split(name, parts, "/") == 1)
                return "main"
        return parts[1]
}

# "reconcile" may include what its row of the table says, and itself.
function may_include(layer, other) {
        return layer == other || (layer, other) in allowed
}

function check_include(name,    other) {
        if (layer == "tests" || layer == "contrib" || name == "config.h")
                return
        other = layer_of_include(name)
        if (!(other in known))
                complain(FNR, "include \"" name "\" from the root of the tree: no layer has that name")
        else if (!may_include(layer, other))
                complain(FNR, "layer " layer " must not include \"" name "\": it points up or sideways")
}

# Where a third-party header may be used: a pattern over paths. Tests and the fakes may use any.
function check_foreign(name,    place) {
        if (layer == "tests" || layer == "contrib")
                return
        if (name == "jansson.h")
                place = "^gateway/(domain/([a-z_]*_json|json_reader|json_writer)[.]c|rest/[a-z_]*[.]c|cli/[a-z_]*[.]c)$"
        else if (name == "sqlite3.h")
                place = "^gateway/store/(store_sqlite|sqlite_history)[.]c$"
        else if (name == "microhttpd.h")
                place = "^gateway/rest/([a-z_]*[.]c|http_listener[.]h)$"
        else if (name ~ /^gnutls\//)
                place = "^gateway/rest/tls[.]c$"
        else if (name ~ /^systemd\/sd-bus/)
                place = "^protocols/nfs/[a-z_]*[.]c$"
        else if (name ~ /^nfsc\//)
                place = "^protocols/nfs/[a-z_]*[.]c$"
        else if (name ~ /^glusterfs\// || name ~ /^rpc\//)
                place = "^protocols/gluster/[a-z_]*[.]c$"
        else if (name ~ /^curl\//)
                place = "^gateway/cli/[a-z_]*[.]c$"
        else if (name == "seccomp.h")
                place = "^gateway/base/sandbox[.]c$"
        else if (name == "sys/capability.h")
                place = "^auth/[a-z_]*[.]c$"
        else
                return
        if (FILENAME !~ place)
                complain(FNR, "<" name "> is used outside of its place, " place)
}

# The line without comments and strings; remembers an open comment in `in_comment`.
function code_of(line,    code, at) {
        code = ""
        gsub(/\\\\/, "", line)
        gsub(/\\"/, "", line)
        while (line != "") {
                if (in_comment) {
                        at = index(line, "*/")
                        if (at == 0)
                                return code
                        line = substr(line, at + 2)
                        in_comment = 0
                } else if (match(line, /"[^"]*"|\/\*|\/\//)) {
                        code = code substr(line, 1, RSTART - 1)
                        if (substr(line, RSTART, 2) == "//")
                                return code
                        in_comment = substr(line, RSTART, 2) == "/*"
                        line = substr(line, RSTART + RLENGTH)
                } else {
                        return code line
                }
        }
        return code
}

function check_length(    most) {
        most = last_name ~ /[.]h$/ ? 200 : last_layer == "tests" ? 700 : 500
        if (last_name != "" && last_lines > most)
                print last_name ":" most ": the file has " last_lines " lines, at most " most " are readable"
}

FNR == 1 {
        check_length()
        last_name = ""
        table = NR == 1
}

# | `domain` | `gateway/domain` | `base` | ... |
table && /^\| `/ {
        split($0, cells, "|")
        gsub(/[` ]/, "", cells[2])
        known[cells[2]] = 1
        gsub(/`/, "", cells[4])
        count = split(cells[4], words, /[ ,]+/)
        for (i = 1; i <= count; i++)
                if (words[i] != "")
                        allowed[cells[2], words[i]] = 1
}

table {
        next
}

FNR == 1 {
        layer = layer_of_file(FILENAME)
        last_name = FILENAME
        last_layer = layer
        in_comment = 0
        if (layer != "tests" && layer != "contrib" && !(layer in known))
                complain(1, "the folder has no row in the table of docs/architecture.md")
}

{
        last_lines = FNR
        code = code_of($0)
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
        split($0, quoted, "\"")
        check_include(quoted[2])
}

/^[ \t]*#[ \t]*include[ \t]*</ {
        match($0, /<[^>]*>/)
        check_foreign(substr($0, RSTART + 1, RLENGTH - 2))
}

code ~ /(^|[^A-Za-z0-9_])(system|popen|alloca)[ \t]*[(]/ {
        complain(FNR, "system(), popen() and alloca() are not called here: use posix_spawn with an argument list")
}

END {
        check_length()
}
