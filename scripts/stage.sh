#!/usr/bin/env bash
# stage.sh <name> <command...>: runs one stage of make check or make test and
# says how long it took. Times and results also go to $STAGES_LOG, if set.
set -uo pipefail

name=$1
shift
printf '\n==> %s\n' "$name"
start=$SECONDS
"$@"
code=$?
took=$((SECONDS - start))
if ((code == 0)); then result=ok; else result=FAILED; fi
line=$(printf '%-6s %4d s  %s' "$result" "$took" "$name")
printf '<== %s\n' "$line"
if [[ -n ${STAGES_LOG:-} ]]; then printf '%s\n' "$line" >>"$STAGES_LOG"; fi
exit "$code"
