#!/usr/bin/env bash
# unit.sh <gotestsum> [flags of go test]: runs the Go tests of all packages. Up to
# three tests that failed are run once more: one that passes then is named as
# unsteady, and must be mended all the same.
set -uo pipefail

report=$(mktemp)
trap 'rm -f "$report"' EXIT

code=0
"$1" --format standard-quiet --hide-summary skipped --packages ./... \
  --rerun-fails=1 --rerun-fails-max-failures=3 --rerun-fails-run-root-test --rerun-fails-abort-on-data-race --rerun-fails-report "$report" \
  -- "${@:2}" || code=$?
awk -F': | runs, | failures' '$2 > $3 { print "unsteady: " $0 }' "$report"
exit "$code"
