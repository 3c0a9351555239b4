# Patchbay. `make` or `make help` lists what there is to do.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

# Tools, pinned. Each lands in .tools/<name>@<version>/, so another version here
# is another file there. The formatters gofumpt and gci come inside golangci-lint.
GOLANGCI_VERSION           := v2.15.0
BUF_VERSION                := v1.73.0
PROTOC_GEN_GO_VERSION      := v1.36.12
PROTOC_GEN_GO_GRPC_VERSION := v1.6.2
ACTIONLINT_VERSION         := v1.7.12
GOTESTSUM_VERSION          := v1.13.0

GOLANGCI           := .tools/golangci-lint@$(GOLANGCI_VERSION)/golangci-lint
BUF                := .tools/buf@$(BUF_VERSION)/buf
PROTOC_GEN_GO      := .tools/protoc-gen-go@$(PROTOC_GEN_GO_VERSION)/protoc-gen-go
ACTIONLINT         := .tools/actionlint@$(ACTIONLINT_VERSION)/actionlint
GOTESTSUM          := .tools/gotestsum@$(GOTESTSUM_VERSION)/gotestsum
PROTOC_GEN_GO_GRPC := .tools/protoc-gen-go-grpc@$(PROTOC_GEN_GO_GRPC_VERSION)/protoc-gen-go-grpc

comma := ,
empty :=
TOOL_PATH := $(subst $(empty) $(empty),:,$(abspath $(dir $(BUF) $(PROTOC_GEN_GO) $(PROTOC_GEN_GO_GRPC))))

# A static binary everywhere; RACE=1 turns the race detector on for the tests.
export CGO_ENABLED := $(if $(RACE),1,0)

# A semantic version: plugins say which cores they run on. After the + is what it was built from.
RELEASE := 0.1.0
VERSION := $(RELEASE)+$(shell git describe --always --dirty --exclude '*' 2>/dev/null || echo dev)
PLUGINS := $(patsubst plugins/%/plugin.yaml,%,$(wildcard plugins/*/plugin.yaml))

##@ Use

.PHONY: run
run: build ## Build and start with demo data in ./data; prints the links to open
	bin/patchbay serve --demo

.PHONY: build
build: build-web build-core build-plugins ## Console, widget, bin/patchbay and bin/plugins

# Built anew when a source changed. What runs plugins needs it: webchat carries the widget.
WEB := bin/.web-built
$(WEB): node_modules/.package-lock.json $(shell find web plugins/*/ui -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path 'web/e2e/*' -not -path 'web/screenshots/*' -not -name '*.go')
	npm run build
	@mkdir -p bin && touch $@

.PHONY: build-web
build-web: $(WEB)

.PHONY: build-core
build-core:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/patchbay ./core/cmd/patchbay

.PHONY: build-plugins
build-plugins: build-core
	for name in $(PLUGINS); do bin/patchbay plugin build plugins/$$name --out bin/plugins; done

node_modules/.package-lock.json: package.json package-lock.json $(wildcard web/*/package.json plugins/*/ui/package.json)
	npm ci
	@touch $@

##@ Ship

# The echo plugin is an example for authors; it ships as source.
SHIPPED := $(patsubst %,plugins/%,$(filter-out echo,$(PLUGINS)))
SHIP     = SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || true)} go run ./core/internal/ship \
  -version '$(VERSION)' -plugins $(subst $(empty) $(empty),$(comma),$(SHIPPED)) -out dist $(if $(findstring +,$(VERSION)),-snapshot)

.PHONY: image
image: build ## Container images for two architectures in dist/, without docker
	rm -rf dist && $(SHIP) image
	PATCHBAY_TEST_DIST=dist go test -count=1 -v ./core/internal/ship/...

.PHONY: release-snapshot
release-snapshot: build ## All of a release but signing and publishing, in dist/: archives, images, SBOMs, checksums, chart
	rm -rf dist && $(SHIP) image archives
	scripts/kube-tools.sh crane helm4
	PATCHBAY_TEST_DIST=dist go test -count=1 -v ./core/internal/ship/...

.PHONY: release
release: ## What the release workflow publishes, from the tagged commit of a clean tree, in dist/
	scripts/release-notes.sh $(RELEASE) >/dev/null
	$(MAKE) release-snapshot VERSION=$(RELEASE)

##@ Test

.PHONY: test
test: ## Everything that must pass; brings what it needs (apt)
	@scripts/stage.sh "test dependencies" scripts/test-deps.sh
	@scripts/stage.sh "build" $(MAKE) build
	@scripts/stage.sh "unit tests" $(MAKE) unit
	@scripts/stage.sh "web tests" $(MAKE) unit-web
	@scripts/stage.sh "chart, offline" $(MAKE) chart LAYERS=offline
	@scripts/stage.sh "browser tests" $(MAKE) e2e
	@scripts/stage.sh "crash harness, short" $(MAKE) crash SHORT=1
	@scripts/stage.sh "mutants, short" $(MAKE) mutants SHORT=1
	@scripts/stage.sh "conformance kit, short" $(MAKE) conformance
	@scripts/stage.sh "plugin chaos, short" $(MAKE) plugin-chaos EVENTS=500 STORE=memory LIMIT=4m

.PHONY: unit
unit: $(GOTESTSUM) ## Go tests on the fakes, SQLite and PostgreSQL (RACE=1: with the race detector)
	scripts/unit.sh $(GOTESTSUM) -p $$(($$(nproc) + 1)) $(if $(RACE),-race) -timeout 25m

.PHONY: unit-web
unit-web: node_modules/.package-lock.json
	npm test

.PHONY: e2e
e2e: build ## Two real browsers against the real binary (PATCHBAY_CHROMIUM names another browser)
	npm run e2e

.PHONY: authz
authz: ## Every route and live event x everybody x everybody's things, and a thousand tokens of another workspace: none may appear
	PATCHBAY_TEST_LONG=1 go test -count=1 ./core/internal/authz -v | grep -vE '^(=== |    --- PASS|        --- PASS)'

FUZZ ?= 10s

.PHONY: hostile-content
hostile-content: build ## Text and files that mean harm, through the real server and into a real browser
	go test ./core/media/... ./core/blob/...
	go test ./core/media -run xxx -fuzz FuzzCleanName -fuzztime $(FUZZ)
	go test ./core/media -run xxx -fuzz FuzzSniff -fuzztime $(FUZZ)
	go test ./core/media -run xxx -fuzz FuzzFiles -fuzztime $(FUZZ)
	go test ./core/markup -run xxx -fuzz FuzzClean -fuzztime $(FUZZ)
	go test ./core/app -run 'Hostile|Bombs|Pieces|SurviveAKill|FilesOnAFullDisk' -v
	cd web/e2e && node --test --test-timeout=300000 test/hostile.test.js

.PHONY: hostile
hostile: ## Who means harm over the network: forbidden addresses, bad tokens, a flood of sign-ins, fields nobody declared, headers
	@export PATCHBAY_TEST_LONG=1; for run in app:SSRF internal/archtest:Dial 'httpapi:BadTokens|Keyhole' identity:LoginFlood 'internal/authz:LoginFlood|BadTokens' 'httpapi:NoRouteTakesAColumn|Headers'; do \
	  go test -count=1 ./core/$${run%%:*} -run "$${run#*:}" -v | grep -vE '^(=== |    --- PASS|        --- PASS)'; done

.PHONY: fuzz
fuzz: ## Filters into SQL, dispatch against its model, everything of plugins that reads: make fuzz FUZZ=60s
	go test ./core/store/filters -run xxx -fuzz FuzzCompile -fuzztime $(FUZZ)
	go test ./core/dispatch -run xxx -fuzz FuzzEngine -fuzztime $(FUZZ)
	@grep -rEo '^func Fuzz[A-Za-z]+' plugins --include='*_test.go' | sed -E 's|^(.*)/[^/]+:func |./\1 |' | while read -r package target; do \
	  go test $$package -run xxx -fuzz "$$target$$" -fuzztime $(FUZZ) || exit 1; done

.PHONY: budgets
budgets: build ## What a browser downloads, before and after a click, against its budget
	node web/console/dev/budget.mjs
	node plugins/webchat/ui/dev/budget.mjs
	cd web/e2e && node --test --test-timeout=300000 test/budgets.test.js

CYCLES ?= 60
CRASH   = go run ./core/internal/crash $(if $(SEED),-seed $(SEED)) $(if $(SHORT),-short,-cycles $(CYCLES))

.PHONY: crash
crash: $(WEB) ## kill -9 the real binary under load and check the invariants: make crash CYCLES=60 SEED=7
	$(CRASH)
	$(if $(SHORT),,PATCHBAY_TEST_LONG=1 go test -count=1 ./core/app -run SurvivesKills -v)

.PHONY: restore-drill
restore-drill: $(WEB) ## Back up under load, destroy everything, bring it back; damage, kills, full disks, both databases
	go test -count=1 ./core/backup/... ./core/store/portable ./core/blob
	PATCHBAY_TEST_LONG=1 go test -count=1 -timeout 20m ./core/app -run 'RestoreDrill|BackupsAnd|Backups|OntoAFullDisk|OneDatabase' -v

.PHONY: mutants
mutants: $(WEB) ## Seeded bugs: the crash harness, the tests of stores and dispatch and the authorization tests must catch each
	$(CRASH) -mutants
	go test -count=1 -tags mutant -run Mutant -v ./core/dispatch ./core/store
	go run ./core/internal/authz/seeded $(if $(SHORT),-short)

.PHONY: conformance
conformance: $(WEB) build-core ## Does every plugin here keep the contract, in process and as a process: make conformance LONG=1 ONLY=3,4 PLUGIN=echo
	LONG=$(LONG) ONLY=$(ONLY) PLUGIN=$(PLUGIN) scripts/conformance.sh

.PHONY: conformance-kit
conformance-kit: ## The kit itself: a plugin for each scenario breaks one clause, and fails that scenario alone
	PATCHBAY_TEST_CONFORMANCE=1 go test -count=1 -parallel 2 -timeout 15m ./sdk/conformance

EVENTS ?= 2000

.PHONY: plugin-chaos
plugin-chaos: ## Harm to a real plugin under load, and what must hold: make plugin-chaos EVENTS=2000 SEED=7; BUGS=1 seeds bugs instead
	go run ./core/internal/pluginchaos $(if $(SEED),-seed $(SEED)) $(if $(BUGS),-bugs -events 60,-events $(EVENTS)) $(if $(STRICT),-strict) $(if $(STORE),-store $(STORE)) $(if $(LIMIT),-limit $(LIMIT))

.PHONY: tutorial
tutorial: build ## "Your first plugin in 15 minutes", word for word in both languages, in an empty folder; prints the times
	PATCHBAY_TEST_LONG=1 go test -count=1 -v ./core/cmd/patchbay -run TestTutorial | grep -vE '^=== '

LAYERS ?= offline,api

.PHONY: chart
chart: ## The Helm chart by Helm 3 and 4: schemas, refused values, a real API server (make kube-tools): make chart LAYERS=offline
	scripts/kube-tools.sh offline
	PATCHBAY_TEST_CHART=$(LAYERS) go test -count=1 -v ./core/internal/charttest ./core/internal/kubeschema | scripts/chart-report.sh

.PHONY: tryton
tryton: ## The REST connector, alone and behind a running server, against a real Tryton with a PostgreSQL of its own (apt); the database is made once and kept as a dump
	scripts/test-deps.sh tryton
	PATCHBAY_TEST_REQUIRE=1 PATCHBAY_TEST_TRYTON=1 go test -count=1 -timeout 10m -v -run TestTryton ./core/internal/trytontest | grep -vE '^=== '

.PHONY: mail-real
mail-real: ## E-mail against a real Dovecot and Postfix (apt, root), the plugin's packages and the whole product: 1,000 mails, servers and processes killed, the time to an agent's screen
	scripts/test-deps.sh
	PATCHBAY_TEST_REQUIRE=1 PATCHBAY_TEST_LONG=1 go test -count=1 -timeout 30m -v ./plugins/email/... ./core/internal/mailtest | grep -vE '^(=== |    --- PASS)'

.PHONY: observe
observe: ## Alert rules on made-up series in Prometheus's own engine; every name in them and in the dashboard against a running server
	cd core/internal/alerttest && go vet . && go test -count=1 -v .

.PHONY: kube-tools
kube-tools: ## Build what the chart is tested with, API server included, outside the repository: some 20 minutes, once
	scripts/kube-tools.sh offline api

.PHONY: bench
bench: build ## Throughput, latency, memory and start, as ratios to a bare loop in the same run; the desk in a browser
	go run ./core/internal/bench
	node web/e2e/bench/desk.js

.PHONY: dispatchbench
dispatchbench: ## Days of customers against the dispatch engine, queueing theory and the ways of others; writes docs/operate/dispatch-benchmark*.md
	PATCHBAY_TEST_LONG=1 go test -count=1 -timeout 30m -v ./core/dispatch/simulate -table $(CURDIR)/docs/operate | grep -vE '^=== '

.PHONY: bench-plugins
bench-plugins: ## What the plugin host costs beside go-plugin alone, in one run: make bench-plugins; JSON=file keeps all figures
	go run ./core/internal/pluginbench $(if $(JSON),-json $(JSON))

.PHONY: bench-dispatch
bench-dispatch: ## What a decision of dispatch costs, beside a bare loop over heaps, and how it grows: make bench-dispatch SHORT=1
	go run ./core/internal/bench/dispatch $(if $(SHORT),-short)

##@ Check

.PHONY: check
check: ## Layers, lint, format, generated code, TypeScript, shell, links
	@scripts/stage.sh "layers" go test ./core/internal/archtest
	@scripts/stage.sh "scripts and links" $(MAKE) check-text
	@scripts/stage.sh "web types and lint" $(MAKE) check-web
	@scripts/stage.sh "tools" $(MAKE) tools
	@scripts/stage.sh "generated code" $(MAKE) check-gen
	@scripts/stage.sh "go vet" $(MAKE) vet
	@scripts/stage.sh "golangci-lint" $(MAKE) lint

.PHONY: lint
lint: $(GOLANGCI)
	$(GOLANGCI) fmt --diff
	$(GOLANGCI) run

.PHONY: vet
vet:
	go vet ./...
	go vet -tags mutant ./...

.PHONY: check-web
check-web: node_modules/.package-lock.json
	npm run typecheck
	npm run lint

.PHONY: check-text
check-text: $(ACTIONLINT)
	$(ACTIONLINT)
	scripts/check-shell.sh
	scripts/check-links.sh

.PHONY: check-gen
check-gen: $(BUF)
	cd sdk/proto && $(abspath $(BUF)) lint
	cd sdk/proto && $(abspath $(BUF)) breaking --against baseline.binpb
	scripts/check-fresh.sh $(MAKE) gen

##@ Change

.PHONY: fmt
fmt: $(GOLANGCI) ## Format the Go code
	$(GOLANGCI) fmt

.PHONY: gen
gen: $(BUF) $(PROTOC_GEN_GO) $(PROTOC_GEN_GO_GRPC) node_modules/.package-lock.json ## Generate what is committed: protobuf, OpenAPI, API types, reference pages
	PATH="$(TOOL_PATH):$$PATH" scripts/gen.sh

.PHONY: tools
tools: $(GOLANGCI) $(ACTIONLINT) $(BUF) $(PROTOC_GEN_GO) $(PROTOC_GEN_GO_GRPC)

$(GOLANGCI):
	scripts/install-tool.sh github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(GOLANGCI_VERSION) $@
$(ACTIONLINT):
	scripts/install-tool.sh github.com/rhysd/actionlint/cmd/actionlint $(ACTIONLINT_VERSION) $@
$(GOTESTSUM):
	scripts/install-tool.sh gotest.tools/gotestsum $(GOTESTSUM_VERSION) $@
$(BUF):
	scripts/install-tool.sh github.com/bufbuild/buf/cmd/buf $(BUF_VERSION) $@
$(PROTOC_GEN_GO):
	scripts/install-tool.sh google.golang.org/protobuf/cmd/protoc-gen-go $(PROTOC_GEN_GO_VERSION) $@
$(PROTOC_GEN_GO_GRPC):
	scripts/install-tool.sh google.golang.org/grpc/cmd/protoc-gen-go-grpc $(PROTOC_GEN_GO_GRPC_VERSION) $@

.PHONY: ci
ci: ## What the workflow runs: check and test from a clean clone, with times
	.ci/run

.PHONY: clean
clean: ## Remove what was built; data and tools stay
	rm -rf bin dist node_modules web/*/node_modules plugins/*/ui/node_modules plugins/*/ui/dist
	find web -path '*/node_modules' -prune -o -path '*/dist/*' ! -name .gitkeep -type f -exec rm -f {} +

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { sub(/:.*/, "", $$1); printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
