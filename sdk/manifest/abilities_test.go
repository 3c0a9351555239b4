package manifest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// whole has every kind but channel, and every key.
const whole = `manifest_version: 1
id: acme/all
version: 1.0.0
name: {en: All}
summary: {en: Everything at once.}
publisher: {name: Acme}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [bot, connector, tool, hook, analyzer, panel, template]
runtime: {type: executable, placement: single, upgrade: exclusive}
resources: {memory_mb: 256, cpu: 0.5, pids: 32}
permissions:
  - {scope: "hooks:intercept", reason: {en: Looks at messages before they go.}}
  - {scope: "events:subscribe", reason: {en: Counts what happens.}, optional: true}
  - {scope: secrets, reason: {en: Signs in at the shop.}}
network:
  - {host: "*.shop.example", ports: [443, 8443], reason: {en: Reads orders.}}
  - {from_config: /server/url, reason: {en: Reads orders elsewhere.}}
tools:
  - name: refund
    title: {en: Refund}
    description: {en: Pays an order back.}
    args_schema: {type: object, properties: {order: {type: string}}}
    output_schema: {type: object}
    writes: true
    approval: always
    timeout_s: 30
hooks:
  intercept:
    - {point: message.send, budget_ms: 200, on_timeout: deny, priority: -5}
    - {point: conversation.route}
  events: [message.created, conversation.resolved]
analyzer: {messages: [customer, agent]}
panels:
  - {name: orders, slot: conversation.sidebar, title: {en: Orders}}
  - {name: map, slot: navigation, title: {en: Map}, page: map/index.html}
templates:
  - {name: retail, path: retail, title: {en: Retail}, summary: {en: For shops.}}
routes:
  - {path: /export/*, methods: [GET, POST], max_body_kb: 1024}
  - {path: /, methods: [GET]}
config_schema:
  type: object
  $defs:
    text: {type: string}
  properties:
    server:
      type: object
      properties:
        url: {type: string, format: uri, x-section: Server, x-placeholder: "https://"}
        password: {type: string, x-secret: true}
    region: {$ref: "#/$defs/text"}
    client: {type: string}
    client_secret: {type: string, x-secret: true}
    mode: {type: string, enum: [a, b]}
    token:
      type: string
      x-oauth: {authorize_url: "{/server/url}/authorize", token_url: "https://{/region}.shop.example/token", client_id: /client, client_secret: /client_secret, scopes: [read], pkce: true}
      x-depends: {field: /mode, in: [a, b]}
    note: {type: string, x-multiline: true, x-depends: {field: /mode, equals: a}, x-i18n: {zh-CN: {title: 备注}}}
    list: {type: array, items: {type: object, properties: {name: {type: string}}}}
limits: {rate_per_s: 20, burst: 40, max_in_flight: 8}
`

func TestWhole(t *testing.T) {
	m, err := manifest.Parse("plugin.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Tools) != 1 || len(m.Panels) != 2 || m.Hooks.Intercept[0].Priority != -5 || !m.Permissions[1].Optional {
		t.Errorf("%+v", m)
	}
}

// files needs no program.
const files = `manifest_version: 1
id: acme/files
version: 1.0.0
name: {en: Files}
summary: {en: Files alone.}
publisher: {name: Acme}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [template, panel]
runtime: {type: none}
templates:
  - {name: retail, path: shops/retail, title: {en: Retail}, summary: {en: For shops.}}
panels:
  - {name: help, slot: report.page, title: {en: Help}, page: help.html}
`

func TestFiles(t *testing.T) {
	if _, err := manifest.Parse("plugin.yaml", []byte(files)); err != nil {
		t.Fatal(err)
	}
	for change, want := range map[[2]string]string{
		{"[template, panel]", "[template, panel, bot]"}:                                         `plugin.yaml:11: runtime.type: "bot" needs a program`,
		{", page: help.html", ""}:                                                               "plugin.yaml:15: panels.0: a card needs a program",
		{"runtime: {type: none}", "runtime: {type: none, placement: single}"}:                   "plugin.yaml:11: runtime: placement and upgrade are for programs",
		{"runtime: {type: none}", "runtime: {type: none}\nconfig_schema: {type: object}"}:       "plugin.yaml:12: config_schema: needs a program",
		{"runtime: {type: none}", "runtime: {type: none}\nroutes: [{path: /, methods: [GET]}]"}: "plugin.yaml:12: routes: needs a program",
	} {
		refused(t, files, change[0], change[1], want)
	}
}

// refused checks that a manifest with one change has a problem.
func refused(t *testing.T, source, old, changed, want string) {
	t.Helper()
	altered := strings.Replace(source, old, changed, 1)
	if altered == source {
		t.Errorf("%q: nothing was replaced", old)
		return
	}
	_, err := manifest.Parse("plugin.yaml", []byte(altered))
	e, ok := errors.AsType[*manifest.Error](err)
	if !ok || !slices.ContainsFunc(strings.Split(e.Error(), "\n"), func(line string) bool { return strings.HasPrefix(line, want) }) {
		t.Errorf("%q: no line begins with %q in: %v", changed, want, err)
	}
}

func TestAbilityProblems(t *testing.T) {
	for _, tt := range []struct{ old, changed, want string }{
		{"kinds: [bot, connector, tool,", "kinds: [bot, connector,", `plugin.yaml:21: tools: is only for the kind "tool"`},
		{"kinds: [bot,", "kinds: [channel,", "plugin.yaml: channel: is missing"},
		{"analyzer: {messages: [customer, agent]}", "", "plugin.yaml: analyzer: is missing"},
		{"type: executable", "type: script", `plugin.yaml:11: runtime.type: "script" is not known`},
		{"placement: single", "placement: twice", `plugin.yaml:11: runtime.placement: "twice" is not known`},
		{"upgrade: exclusive", "upgrade: never", `plugin.yaml:11: runtime.upgrade: "never" is not known`},
		{"rate_per_s: 20", "rate_per_s: -1", "plugin.yaml:63: limits.rate_per_s: must be"},
		{"rate_per_s: 20, ", "", "plugin.yaml:63: limits.burst: goes with rate_per_s"},
		{"burst: 40", "burst: 99999", "plugin.yaml:63: limits.burst: must be"},
		{"max_in_flight: 8", "max_in_flight: -8", "plugin.yaml:63: limits.max_in_flight: must be"},
		{"memory_mb: 256", "memory_mb: 3", "plugin.yaml:12: resources.memory_mb: must be 16"},
		{"cpu: 0.5", "cpu: -1", "plugin.yaml:12: resources.cpu: must be"},
		{"pids: 32", "pids: 1", "plugin.yaml:12: resources.pids: must be"},
		{`"*.shop.example"`, "https://shop.example", "plugin.yaml:18: network.0.host: must be a name"},
		{`"*.shop.example"`, `"*.com"`, "plugin.yaml:18: network.0.host: must be a name"},
		{`"*.shop.example"`, `"*"`, "plugin.yaml:18: network.0.host: must be a name"},
		{`"*.shop.example"`, `"shop.example:443"`, "plugin.yaml:18: network.0.host: must be a name"},
		{`{host: "*.shop.example", ports`, `{ports`, "plugin.yaml:18: network.0: must have either host or from_config"},
		{"[443, 8443]", "[443, 443]", "plugin.yaml:18: network.0.ports.1: must be 1 to"},
		{"[443, 8443]", "[70000]", "plugin.yaml:18: network.0.ports.0: must be 1 to"},
		{"from_config: /server/url", "from_config: /server", `plugin.yaml:19: network.1.from_config: "/server" is no field`},
		{"Reads orders.", "So.", "plugin.yaml:18: network.0.reason.en: must have 10"},
		{"name: refund", "name: Re fund", "plugin.yaml:21: tools.0.name: must be 1 to 63"},
		{"Pays an order back.", "Pays.", "plugin.yaml:23: tools.0.description.en: must have 10"},
		{"args_schema: {type: object,", "args_schema: {type: array,", "plugin.yaml:24: tools.0.args_schema: must be a schema of an object"},
		{"    args_schema: {type: object, properties: {order: {type: string}}}\n", "", "plugin.yaml:21: tools.0.args_schema: is missing"},
		{"output_schema: {type: object}", "output_schema: {type: thing}", "plugin.yaml:25: tools.0.output_schema: the schema does not compile"},
		{"approval: always", "approval: sometimes", `plugin.yaml:27: tools.0.approval: "sometimes" is not known`},
		{"timeout_s: 30", "timeout_s: 31", "plugin.yaml:28: tools.0.timeout_s: must be 0"},
		{"point: conversation.route", "point: message.send", `plugin.yaml:32: hooks.intercept.1.point: "message.send" is not known`},
		{"budget_ms: 200", "budget_ms: 5000", "plugin.yaml:31: hooks.intercept.0.budget_ms: must be"},
		{"on_timeout: deny", "on_timeout: wait", `plugin.yaml:31: hooks.intercept.0.on_timeout: "wait" is not known`},
		{"priority: -5", "priority: 101", "plugin.yaml:31: hooks.intercept.0.priority: must be"},
		{"[message.created,", "[message,", `plugin.yaml:33: hooks.events.0: "message" is no type`},
		{`"hooks:intercept"`, `"tickets:read"`, `plugin.yaml:31: hooks.intercept: needs the scope "hooks:intercept"`},
		{`"events:subscribe"`, `"tickets:read"`, `plugin.yaml:33: hooks.events: needs the scope "events:subscribe"`},
		{"[customer, agent]", "[customer, system]", `plugin.yaml:34: analyzer.messages.1: "system" is not known`},
		{"[customer, agent]", "[]", "plugin.yaml:34: analyzer.messages: is missing"},
		{"name: map", "name: orders", `plugin.yaml:37: panels.1.name: "orders" stands twice`},
		{"slot: navigation", "slot: cellar", `plugin.yaml:37: panels.1.slot: "cellar" is not known`},
		{"map/index.html", "../index.html", "plugin.yaml:37: panels.1.page: must be an .html file"},
		{"map/index.html", "/index.html", "plugin.yaml:37: panels.1.page: must be an .html file"},
		{"map/index.html", "map/./index.html", "plugin.yaml:37: panels.1.page: must be an .html file"},
		{"map/index.html", "map/index.js", "plugin.yaml:37: panels.1.page: must be an .html file"},
		{"path: retail", "path: ..", "plugin.yaml:39: templates.0.path: must be a folder"},
		{"/export/*", "export", "plugin.yaml:41: routes.0.path: must begin"},
		{"/export/*", "/a/../b", "plugin.yaml:41: routes.0.path: must begin"},
		{"/export/*", "/a*/b", "plugin.yaml:41: routes.0.path: must begin"},
		{"/export/*", "/", `plugin.yaml:42: routes.1.path: "/" stands twice`},
		{"[GET, POST]", "[CONNECT]", `plugin.yaml:41: routes.0.methods.0: "CONNECT" is not known`},
		{"[GET, POST]", "[]", "plugin.yaml:41: routes.0.methods: is missing"},
		{"max_body_kb: 1024", "max_body_kb: 1025", "plugin.yaml:41: routes.0.max_body_kb: must be"},
		{"password: {type: string, x-secret: true}", "password: {type: string, x-secret: yes please}", "plugin.yaml:52: config_schema.properties.server.properties.password.x-secret: must be true or false"},
		{"password: {type: string, x-secret: true}", "password: {type: integer, x-secret: true}", "plugin.yaml:52: config_schema.properties.server.properties.password.x-secret: is for texts"},
		{"password: {type: string, x-secret: true}", "password: {type: string, default: p, x-secret: true}", "plugin.yaml:52: config_schema.properties.server.properties.password.x-secret: a secret has neither"},
		{"properties: {name: {type: string}}", "properties: {name: {type: string, x-secret: true}}", "plugin.yaml:62: config_schema.properties.list.items.properties.name.x-secret: a secret cannot stand in a list"},
		{"x-multiline: true", "x-multilines: true", "plugin.yaml:61: config_schema.properties.note.x-multilines: is not known"},
		{"x-section: Server", "x-section: 5", "plugin.yaml:51: config_schema.properties.server.properties.url.x-section: must be a text"},
		{"client_id: /client,", "client_id: /clients,", `plugin.yaml:59: config_schema.properties.token.x-oauth.client_id: "/clients" is no field`},
		{"client_secret: /client_secret,", "client_secret: /client,", `plugin.yaml:59: config_schema.properties.token.x-oauth.client_secret: "/client" is no field with x-secret`},
		{"https://{/region}.", "http://{/region}.", "plugin.yaml:59: config_schema.properties.token.x-oauth.token_url: must be an https address"},
		{"{/server/url}/authorize", "{/server}/authorize", `plugin.yaml:59: config_schema.properties.token.x-oauth.authorize_url: "/server" is no field`},
		{"pkce: true", "pkc: true", "plugin.yaml:59: config_schema.properties.token.x-oauth: must have authorize_url"},
		{"scope: secrets", "scope: state", `plugin.yaml:59: config_schema.properties.token.x-oauth: needs the scope "secrets"`},
		{"{field: /mode, equals: a}", "{field: /mood, equals: a}", `plugin.yaml:61: config_schema.properties.note.x-depends.field: "/mood" is no field`},
		{"{field: /mode, equals: a}", "{field: /mode, equals: a, in: [b]}", `plugin.yaml:61: config_schema.properties.note.x-depends: must have either`},
		{"{field: /mode, equals: a}", "{field: /mode}", `plugin.yaml:61: config_schema.properties.note.x-depends: must have either`},
		{"in: [a, b]", "in: []", `plugin.yaml:60: config_schema.properties.token.x-depends.in: must be a list`},
	} {
		refused(t, whole, tt.old, tt.changed, tt.want)
	}
}

// A schema that refers to itself has an end all the same.
func TestEndlessForm(t *testing.T) {
	var endless strings.Builder
	endless.WriteString("config_schema:\n  type: object\n  properties:\n")
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		endless.WriteString("    " + name + ": {$ref: '#'}\n")
	}
	source := whole[:strings.Index(whole, "config_schema:")]
	source = strings.Replace(source, "  - {from_config: /server/url, reason: {en: Reads orders elsewhere.}}\n", "", 1)
	if _, err := manifest.Parse("plugin.yaml", []byte(source+endless.String())); err != nil {
		t.Error(err)
	}
}
