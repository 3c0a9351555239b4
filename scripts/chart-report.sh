#!/usr/bin/env bash
# chart-report.sh: of the output of `go test -v` on its input, shows what
# failed, what was skipped and why, and how many tests passed.
set -euo pipefail

awk '
  /^ *--- PASS/ { passed++; next }
  /^ *--- SKIP/ { skipped++; next }
  /^ *=== / { next }
  /SKIPPED: / { line = $0; sub(/.*SKIPPED: /, "SKIPPED: ", line); if (!seen[line]++) print line; next }
  { print }
  END { printf "chart: %d tests passed, %d skipped\n", passed, skipped }'
