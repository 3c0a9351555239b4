#!/usr/bin/env bash
# kube-tools.sh [offline|api|TOOL...]: builds what the chart is tested with, and
# what publishes it, once, from the Go module proxy, and prints the folders.
#
#   offline  helm3 helm4 kubeconform helm-unittest crds schemas   (the default)
#   api      etcd kube-apiserver kubectl
#   crane cosign, which scripts/publish.sh needs, by their names
#
# All of it stays outside the repository, one folder for each version:
#   ${PATCHBAY_CACHE:-${XDG_CACHE_HOME:-~/.cache}/patchbay}/kube-tools/<name>@<version>/<name>
# --path prints that folder for one tool and builds nothing. Every build is
# whole or absent: it is made beside its place and moved there at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

HELM3=v3.22.0
HELM4=v4.3.1
KUBECONFORM=v0.8.0
UNITTEST=v1.1.2
KUBERNETES=v1.36.3
ETCD=v3.6.8
CRANE=v0.22.1
COSIGN=v2.6.5
GATEWAY=v1.6.3
PROMETHEUS=v0.85.0

cache=${PATCHBAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/patchbay}/kube-tools
export CGO_ENABLED=0 GOWORK=off
GOFLAGS="-trimpath ${GOFLAGS:-}"
export GOFLAGS
unset GOBIN

version() {
  case $1 in
    helm3) echo $HELM3 ;;
    helm4) echo $HELM4 ;;
    kubeconform) echo $KUBECONFORM ;;
    helm-unittest) echo $UNITTEST ;;
    kube-apiserver | kubectl) echo $KUBERNETES ;;
    crds) echo "gateway-$GATEWAY-prometheus-$PROMETHEUS-rules" ;;
    schemas) echo "$KUBERNETES-gateway-$GATEWAY-prometheus-$PROMETHEUS-rules" ;;
    etcd) echo $ETCD ;;
    crane) echo $CRANE ;;
    cosign) echo $COSIGN ;;
    *)
      echo "kube-tools: no tool is called $1" >&2
      return 2
      ;;
  esac
}

place() {
  local v
  v=$(version "$1")
  echo "$cache/$1@$v"
}

# installed <folder> <name> <package@version>
installed() {
  GOBIN=$1 go install -ldflags "-s -w" "$3"
  local built
  built=$1/$(basename "${3%@*}")
  [[ $built == "$1/$2" ]] || mv "$built" "$1/$2"
}

# module <path@version>: prints the folder of the downloaded module.
module() { (cd "$work" && go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'); }

# go install refuses a module that has a replace directive: build a copy of it.
build_unittest() {
  local source
  source=$(module "github.com/helm-unittest/helm-unittest@$UNITTEST")
  cp -r "$source" "$work/unittest"
  chmod -R u+w "$work/unittest"
  (cd "$work/unittest" && go build -ldflags "-s -w" -o "$1/helm-unittest" ./cmd/helm-unittest)
}

# The module of Kubernetes replaces its own parts by folders that its zip does
# not hold; they are published as modules of their own, 1.x.y as 0.x.y.
build_kubernetes() { # <folder> <command>
  local parts=v0.${KUBERNETES#v1.} mod
  mod=$(cd "$work" && go mod download -json "k8s.io/kubernetes@$KUBERNETES" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
  mkdir -p "$work/kubernetes"
  {
    printf 'module kubetools\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes %s\n\nreplace (\n' "$KUBERNETES"
    sed -n '/^replace (/,/^)/p' "$mod" | grep -oE '^\s+k8s.io/[a-z-]+' | grep -v sample- |
      while read -r part; do printf '\t%s => %s %s\n' "$part" "$part" "$parts"; done
    printf ')\n'
  } >"$work/kubernetes/go.mod"
  local x=k8s.io/component-base/version
  (
    cd "$work/kubernetes"
    printf '//go:build tools\n\npackage tools\n\nimport _ "k8s.io/kubernetes/cmd/%s"\n' "$2" >tools.go
    go mod tidy -e >/dev/null 2>&1 || true
    go build -mod=mod -ldflags "-s -w -X $x.gitVersion=$KUBERNETES -X $x.gitMajor=1 -X $x.gitMinor=$(cut -d. -f2 <<<"$KUBERNETES")" \
      -o "$1/$2" "k8s.io/kubernetes/cmd/$2"
  )
}

# The root module of etcd has replaces; its server module builds.
build_etcd() {
  mkdir -p "$work/etcd"
  (
    cd "$work/etcd"
    printf 'module etcdtool\n\ngo 1.26.0\n\nrequire go.etcd.io/etcd/server/v3 %s\n' "$ETCD" >go.mod
    go build -mod=mod -ldflags "-s -w" -o "$1/etcd" go.etcd.io/etcd/server/v3
  )
}

# The custom resources that the chart may make: HTTPRoute, ServiceMonitor, PrometheusRule.
build_crds() {
  local gateway prometheus
  gateway=$(module "sigs.k8s.io/gateway-api@$GATEWAY")
  prometheus=$(module "github.com/prometheus-operator/prometheus-operator@$PROMETHEUS")
  install -m 644 "$gateway/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml" "$1/httproutes.yaml"
  install -m 644 "$prometheus/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml" "$1/servicemonitors.yaml"
  install -m 644 "$prometheus/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml" "$1/prometheusrules.yaml"
}

build_schemas() {
  local source crds
  source=$(module "k8s.io/kubernetes@$KUBERNETES")
  crds=$work/crds
  mkdir -p "$crds"
  build_crds "$crds"
  go run ./core/internal/kubeschema/write "$source/api/openapi-spec/swagger.json" "$1" "$crds"/*.yaml
}

build() {
  case $1 in
    helm3) installed "$2" helm3 "helm.sh/helm/v3/cmd/helm@$HELM3" ;;
    helm4) installed "$2" helm4 "helm.sh/helm/v4/cmd/helm@$HELM4" ;;
    kubeconform) installed "$2" kubeconform "github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM" ;;
    crane) installed "$2" crane "github.com/google/go-containerregistry/cmd/crane@$CRANE" ;;
    cosign) installed "$2" cosign "github.com/sigstore/cosign/v2/cmd/cosign@$COSIGN" ;;
    helm-unittest) build_unittest "$2" ;;
    kube-apiserver | kubectl) build_kubernetes "$2" "$1" ;;
    etcd) build_etcd "$2" ;;
    crds) build_crds "$2" ;;
    schemas) build_schemas "$2" ;;
  esac
}

if [[ ${1:-} == --path ]]; then
  place "$2"
  exit
fi

names=()
for name in "${@:-offline}"; do
  case $name in
    offline) names+=(kubeconform helm-unittest crds schemas helm3 helm4) ;;
    api) names+=(etcd kube-apiserver kubectl) ;;
    *)
      version "$name" >/dev/null
      names+=("$name")
      ;;
  esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'module work\n' >"$work/go.mod"
mkdir -p "$cache"

for name in "${names[@]}"; do
  target=$(place "$name")
  if [[ ! -d $target ]]; then
    echo "kube-tools: $name $(version "$name") is being built, once" >&2
    start=$SECONDS
    rm -rf "$target.new"
    mkdir -p "$target.new"
    build "$name" "$target.new"
    [[ -d $target ]] || mv -T "$target.new" "$target"
    echo "kube-tools: $name $(version "$name") built in $((SECONDS - start)) s" >&2
  fi
  echo "$target"
done
