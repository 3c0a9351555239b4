#!/usr/bin/env bash
# check-fresh.sh <command...>: runs the generators and fails when a file of the
# repository came out different from what it was.
set -euo pipefail
cd "$(dirname "$0")/.."

sums() { git ls-files -z --cached --others --exclude-standard | xargs -0 sha256sum 2>/dev/null | sort -k 2 || true; }

before=$(sums)
"$@"
if changed=$(diff <(echo "$before") <(sums) | awk '/^[<>]/ { print $3 }' | sort -u) && [[ -n $changed ]]; then
  printf 'Generated files were stale. They are fresh now: look at the difference and commit it.\n%s\n' "$changed"
  exit 1
fi
