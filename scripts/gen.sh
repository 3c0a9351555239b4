#!/usr/bin/env bash
# gen.sh: writes every generated file that is committed. Called by make gen,
# which puts buf and the protoc plugins into PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

# A generator that fails must not leave an empty file behind.
write() { # <file> <command...>
  local file=$1 fresh
  shift
  fresh=$(mktemp)
  "$@" >"$fresh"
  [[ -s $fresh ]] || { echo "gen: $* printed nothing for $file" >&2; exit 1; }
  cmp -s "$fresh" "$file" || cp "$fresh" "$file"
  rm -f "$fresh"
}

(cd sdk/proto && buf generate)
(cd sdk/proto && buf build -o -) | go run ./sdk/internal/reference docs/build-plugins/reference
write docs/operate/configuration.md go run ./core/cmd/patchbay config reference
write web/client/openapi.json go run ./core/cmd/patchbay openapi
npm run gen
