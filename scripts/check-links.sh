#!/usr/bin/env bash
# check-links.sh: every relative link in a committed Markdown file leads to a
# file. Addresses on the internet and anchors are not followed.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0 links=0
while IFS= read -r page; do
  while IFS= read -r target; do
    target=${target%%#*}
    case $target in
      '' | *://* | mailto:*) continue ;;
      /*) path=.$target ;;
      *) path=$(dirname "$page")/$target ;;
    esac
    links=$((links + 1))
    [[ -e $path ]] || { echo "$page: no such file: $target"; failed=1; }
  done < <(sed -e '/^```/,/^```/d' -e 's/`[^`]*`//g' "$page" | grep -oE '\]\([^) ]+' | sed 's/^](//')
done < <(git ls-files --cached --others --exclude-standard '*.md' | grep -v '/testdata/')
echo "$links links checked"
exit "$failed"
