#!/usr/bin/env bash
# conformance.sh: runs the conformance kit on the plugins of the tree, in process
# (their own Go tests) and as processes (patchbay plugin test), and prints a
# table. LONG=1 is the long form, ONLY=3,4 chooses scenarios, PLUGIN=echo a
# plugin. Exit status 1 when a scenario failed.
set -uo pipefail

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
plugins=()
for manifest in plugins/*/plugin.yaml; do
  name=$(basename "$(dirname "$manifest")")
  [[ -n ${PLUGIN:-} && $PLUGIN != "$name" ]] && continue
  if [[ -f plugins/$name/conformance.yaml ]]; then
    plugins+=("$name")
  else
    echo "== $name has no conformance.yaml yet: it is not run"
  fi
done
if ((${#plugins[@]} == 0)); then
  echo "conformance: there is no plugin ${PLUGIN:-} with a conformance.yaml below plugins/" >&2
  exit 1
fi

run='TestConformance'
flags=()
if [[ -n ${ONLY:-} ]]; then
  numbers=$(tr ',' '\n' <<<"$ONLY" | xargs printf '%02d|')
  run="TestConformance/.*/^(${numbers%|})_"
  flags+=(--only "$ONLY")
fi
if [[ -n ${LONG:-} ]]; then
  export PATCHBAY_TEST_LONG=1
  flags+=(--long)
fi

failed=0
for name in "${plugins[@]}"; do
  echo "== $name, in process"
  go test -count=1 -timeout 60m -run "$run" -v "./plugins/$name" >"$out/go" 2>&1 || failed=1
  grep -E '^ +(conformancetest\.go:.*docs/build-plugins|.*_test\.go)|^(panic|FAIL)' "$out/go" | grep -vE '^FAIL$' || true
  awk -v name="$name" '
    $1 == "---" && $3 ~ /\/[0-9][0-9]_/ {
      split($3, path, "/"); sub(":", "", $2)
      letter = $2 == "PASS" ? "ok" : $2 == "SKIP" ? "-" : "FAIL"
      print name, "in", substr(path[3], 1, 2) + 0, letter
    }' "$out/go" >>"$out/results"
  echo "== $name, as a process"
  bin/patchbay plugin test "plugins/$name" "${flags[@]}" >"$out/process" 2>&1 || failed=1
  cat "$out/process"
  awk -v name="$name" '
    $1 == "pass" || $1 == "FAIL" || $1 == "n.a." {
      print name, "process", $2, ($1 == "pass" ? "ok" : $1 == "n.a." ? "-" : "FAIL")
    }' "$out/process" >>"$out/results"
done

echo
awk '
  { column = $1 " " $2; if (!(column in seen)) { seen[column] = 1; columns[++n] = column }
    cell[$3, column] = $4; if ($3 > last) last = $3; rows[$3] = 1 }
  END {
    printf "%-28s", "plugin"
    for (row = 1; row <= last; row++) if (row in rows) printf "%5d", row
    print ""
    for (i = 1; i <= n; i++) {
      printf "%-28s", columns[i]
      for (row = 1; row <= last; row++) if (row in rows) printf "%5s", cell[row, columns[i]]
      print ""
    }
  }' "$out/results"
exit "$failed"
