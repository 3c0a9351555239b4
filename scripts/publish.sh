#!/usr/bin/env bash
# publish.sh <registry> [--plain-http]: puts what lies in dist/ into a registry
# of containers, for example ghcr.io/patchbay-im: the image as
# <registry>/patchbay and the chart as <registry>/charts/patchbay. With COSIGN
# naming a cosign, image, chart and the list of checksums are signed
# (COSIGN_FLAGS: its flags; without a key it signs as the workflow that runs it).
#
# A version is published once: the same bytes again change nothing, other bytes
# are refused before anything is sent. `crane` and `helm` must be logged in.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  printf 'publish: %s\n' "$*" >&2
  exit 1
}

registry=${1:?"the registry to publish to, for example ghcr.io/patchbay-im"}
crane_flags=() helm_flags=() cosign_flags=()
case ${2:-} in
  '') ;;
  --plain-http) crane_flags=(--insecure) helm_flags=(--plain-http) cosign_flags=(--allow-http-registry) ;;
  *) fail "no flag is called $2" ;;
esac

only() { # <end of a name>: the one file of the release that ends so
  local files=(dist/patchbay-*"$1")
  [[ ${#files[@]} -eq 1 && -f ${files[0]} ]] || fail "dist/ holds ${#files[@]} files that end in $1: make it anew"
  printf '%s\n' "${files[0]}"
}
sums=$(only -checksums.txt) layout=$(only -image.oci.tar) chart=$(only -chart.tgz)
(cd dist && sha256sum --quiet --strict --check "$(basename "$sums")") || fail "dist/ is not what its checksums say"
version=$(basename "$sums" -checksums.txt)
version=${version#patchbay-}
tag=${version//_/-}

tool() { printf '%s/%s\n' "$(scripts/kube-tools.sh --path "$1")" "$1"; }
crane() { "$(tool crane)" "$@" "${crane_flags[@]}"; }
helm() { "$(tool helm4)" "$@" "${helm_flags[@]}"; }
scripts/kube-tools.sh crane helm4 >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xf "$layout" -C "$work"

image=$registry/patchbay
charts=$registry/charts
# The layout's index is what is published, byte for byte, with what it names.
want=sha256:$(sha256sum "$work/index.json" | cut -d' ' -f1)
have=$(crane digest "$image:$tag" 2>/dev/null || true)
[[ -z $have || $have == "$want" ]] || fail "$image:$tag is published as $have, and this is $want. A version is published once: choose the next"

chart_sum=sha256:$(sha256sum "$chart" | cut -d' ' -f1)
published=$(crane manifest "$charts/patchbay:$version" 2>/dev/null || true)
[[ -z $published || $published == *"$chart_sum"* ]] || fail "$charts/patchbay:$version (the chart) is published with other bytes. A version is published once: choose the next"

if [[ -z $have ]]; then
  crane push --index "$work" "$image:$tag" >/dev/null 2>"$work/log" || fail "the image was not taken: $(cat "$work/log")"
  have=$(crane digest "$image:$tag")
  [[ $have == "$want" ]] || fail "$image:$tag arrived as $have, not as $want"
fi
if [[ $version =~ ^([0-9]+\.[0-9]+)\.[0-9]+$ ]]; then # a release; others get no short name
  crane tag "$image:$tag" "${BASH_REMATCH[1]}"
  crane tag "$image:$tag" latest
fi
[[ -n $published ]] || helm push "$chart" "oci://$charts" >/dev/null 2>"$work/log" || fail "the chart was not taken: $(cat "$work/log")"
chart_digest=$(crane digest "$charts/patchbay:$version")

if [[ -n ${COSIGN:-} ]]; then
  read -ra flags <<<"${COSIGN_FLAGS:-}"
  "$COSIGN" sign --yes "${cosign_flags[@]}" "${flags[@]}" "$image@$want"
  "$COSIGN" sign --yes "${cosign_flags[@]}" "${flags[@]}" "$charts/patchbay@$chart_digest"
  "$COSIGN" sign-blob --yes "${flags[@]}" --bundle "$sums.sigstore.json" "$sums" >/dev/null
  signed=signed
else
  signed='not signed: COSIGN names none'
fi
printf 'published %s@%s\npublished %s/patchbay@%s (%s)\n%s\n' "$image:$tag" "$want" "$charts" "$chart_digest" "${version/_/+}" "$signed"
