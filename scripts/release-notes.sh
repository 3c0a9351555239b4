#!/usr/bin/env bash
# release-notes.sh <version>: prints what CHANGELOG.md says of a version, and
# fails when that cannot be released: no section with a date, or an empty one, a
# tree with changes, a commit without the tag v<version>.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?"the version, for example 0.1.0"}
fail() {
  printf 'release %s: %s\n' "$version" "$*" >&2
  exit 1
}

[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail "no semantic version"
[[ -z $(git status --porcelain --untracked-files=no) ]] || fail "the tree has changes: commit them first"
[[ $(git tag --points-at HEAD) == *"v$version"* ]] || fail "this commit has no tag v$version: git tag -s v$version"
grep -q "^RELEASE := ${version//./\\.}$" Makefile || fail "the Makefile makes $(sed -n 's/^RELEASE := //p' Makefile): set RELEASE there first"

notes=$(awk -v v="[$version]" '
  $1 == "##" && $2 == v { here = 1; dated = ($4 ~ /^[0-9]+-[0-9]+-[0-9]+$/); if (!dated) exit 2; next }
  $1 == "##" { here = 0 }
  here' CHANGELOG.md) || fail "CHANGELOG.md gives its section no date: ## [$version] - 2026-01-31"
[[ $notes == *-\ * ]] || fail "CHANGELOG.md says nothing of it: give [Unreleased] its name"
printf '%s\n' "$notes"
