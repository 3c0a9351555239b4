#!/usr/bin/env bash
# install-tool.sh <package> <version> <target>: puts a Go program of exactly
# this version at <target>. A copy already in the Go bin folder is used when it
# was built from the same version; otherwise the module proxy is asked.
set -euo pipefail

package=$1 version=$2 target=$3
name=$(basename "$package")
mkdir -p "$(dirname "$target")"

gobin=$(go env GOBIN)
have="${gobin:-$(go env GOPATH)/bin}/$name"
if [[ -x $have ]] && go version -m "$have" | awk -v p="$package" -v v="$version" '
    $1 == "path" && $2 == p { path = 1 }
    $1 == "mod" && $3 == v { mod = 1 }
    END { exit !(path && mod) }'; then
  cp "$have" "$target"
  echo "$name $version: copied from $have"
  exit
fi

echo "$name $version: building (golangci-lint takes some minutes, once)"
CGO_ENABLED=0 GOFLAGS=-trimpath GOBIN=$(cd "$(dirname "$target")" && pwd) go install "$package@$version"
