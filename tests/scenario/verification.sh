# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of verification share, by themselves or after intrusion.sh. Runs come soon after one another here, so
# that a change shows.
# shellcheck source=tests/scenario/shop.sh
declare -p testbed_init >/dev/null 2>&1 || . "$(dirname "${BASH_SOURCE[0]}")/shop.sh"

testbed_configuration+=('verify_interval = 2s')

verification() { api GET /v1/verification | jq -r ".items[] | select(.protocol == \"$1\") | $2"; } # verification PROTOCOL FILTER
verification_is() { # verification_is PROTOCOL RESULT [CODE]
        [ "$(verification "$1" .result)" = "$2" ] && [ "$(verification "$1" .code)" = "${3-$(verification "$1" .code)}" ]
}
verification_fail() {
        api GET /v1/verification >&2
        log_tail gatehoused
        log_tail gatehouse-helper
        fail "$*"
}
