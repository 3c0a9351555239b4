#!/usr/bin/env bash
# check-shell.sh: every shell script parses, is executable and stops at the
# first failure it does not handle.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard '*.sh' .ci/run)
for script in "${scripts[@]}"; do
  bash -n "$script" || failed=1
  [[ -x $script ]] || { echo "$script: not executable (chmod +x)"; failed=1; }
  grep -qE '^set -[eu]*uo pipefail' "$script" || { echo "$script: lacks set -euo pipefail"; failed=1; }
done
echo "${#scripts[@]} shell scripts checked"
exit "$failed"
