package manifest_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/manifest"
)

const good = `manifest_version: 1
id: acme/sms
version: 1.4.2-rc.1
name: {en: SMS, zh-CN: 短信}
summary: {en: Text messages.}
publisher:
  name: Acme
  support_url: https://acme.example/support
license: LicenseRef-Acme
core: ">=0.1.0 <2.0.0"
protocol: [1]
kinds: [channel]
permissions:
  - scope: messages:ingest
    reason: {en: Brings in what customers write.}
channel:
  content: [text]
  text_limit: 160
config_schema:
  type: object
  required: [token]
  properties:
    token: {type: string, minLength: 3, title: Token}
    account: {type: string, pattern: "^[a-z]+$"}
    also: {type: integer, default: 12345678901234567890}
`

func TestGood(t *testing.T) {
	m, err := manifest.Parse("plugin.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if m.ID != "acme/sms" || m.Folder() != "acme-sms" || m.Live() || !m.Has(manifest.KindChannel) || m.Channel.TextLimit != 160 {
		t.Errorf("%+v", m)
	}
	if !m.Asks("messages:ingest") || m.Asks("health:report") || !m.Speaks(1) || m.Speaks(2) {
		t.Error("permissions or protocol")
	}
	if m.Name.In("zh-CN") != "短信" || m.Summary.In("zh-CN") != "Text messages." {
		t.Errorf("texts: %v %v", m.Name, m.Summary)
	}
	want := `{"type":"object","required":["token"],"properties":{"token":{"type":"string","minLength":3,"title":"Token"},` +
		`"account":{"type":"string","pattern":"^[a-z]+$"},"also":{"type":"integer","default":12345678901234567890}}}`
	if string(m.ConfigSchema) != want {
		t.Errorf("the schema, in the author's order:\n%s\nwant\n%s", m.ConfigSchema, want)
	}
	for core, runs := range map[string]bool{
		"0.1.0": true, "0.1.0-dev": true, "1.9.9+abc": true, "2.0.0": false, "2.0.0-rc.1": false, "0.0.9": false, "": false, "dev": false,
	} {
		if m.RunsOn(core) != runs {
			t.Errorf("core %q: %v", core, !runs)
		}
	}
}

// What is written as plugin.json reads back the same, byte for byte.
func TestRoundTrip(t *testing.T) {
	m, err := manifest.Parse("plugin.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	first, err := manifest.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), manifest.BundleFile)
	if err := os.WriteFile(path, first, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := manifest.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := manifest.Encode(again)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("first\n%s\nsecond\n%s", first, second)
	}
}

func TestProblemsHaveLines(t *testing.T) {
	tests := map[string]struct {
		old, new string
		want     []string // each must be a line of the error, or its beginning
	}{
		"unknown key":         {"license: L", "licence: L", []string{`plugin.yaml:9: unknown key "licence"`}},
		"unknown deep":        {"  text_limit", "  text_limits", []string{`plugin.yaml:18: unknown key "text_limits"`}},
		"wrong type":          {"text_limit: 160", "text_limit: many", []string{"plugin.yaml:18: cannot unmarshal"}},
		"twice":               {"version: 1.4", "id: x/y\nversion: 1.4", []string{`plugin.yaml:3: mapping key "id" already defined at line 2`}},
		"no YAML":             {"name: {", "name: {{", []string{"plugin.yaml:"}},
		"two documents":       {"manifest_version: 1", "manifest_version: 1\n---\nid: x", []string{"plugin.yaml"}},
		"version of format":   {"manifest_version: 1", "manifest_version: 2", []string{"plugin.yaml:1: manifest_version: must be 1"}},
		"id":                  {"acme/sms", "Acme SMS", []string{"plugin.yaml:2: id: must be"}},
		"version":             {"1.4.2-rc.1", "v1.4", []string{"plugin.yaml:3: version: must be"}},
		"build metadata":      {"1.4.2-rc.1", "1.4.2+5", []string{"plugin.yaml:3: version: must be"}},
		"no English":          {"{en: SMS, zh-CN", "{zh-CN", []string{`plugin.yaml:4: name: has no text for "en"`}},
		"no locale":           {"zh-CN: 短信", "chinese: 短信", []string{"plugin.yaml:4: name.chinese: is no locale"}},
		"long name":           {"en: SMS", "en: " + strings.Repeat("x", 61), []string{"plugin.yaml:4: name.en: must have 1 to 60"}},
		"no publisher":        {"name: Acme", "name: ' '", []string{"plugin.yaml:7: publisher.name: is missing"}},
		"support":             {"https://acme.example/support", "javascript:alert(1)", []string{"plugin.yaml:8: publisher.support_url: must be an https address"}},
		"no upper bound":      {`">=0.1.0 <2.0.0"`, `">=0.1.0"`, []string{"plugin.yaml:10: core: has no upper bound"}},
		"half an upper bound": {`">=0.1.0 <2.0.0"`, `"<1.0.0 || >=3.0.0"`, []string{"plugin.yaml:10: core: has no upper bound"}},
		"no range":            {`">=0.1.0 <2.0.0"`, `"newest"`, []string{"plugin.yaml:10: core: must be a range"}},
		"protocol":            {"protocol: [1]", "protocol: [1, 1]", []string{"plugin.yaml:11: protocol: must be"}},
		"no protocol":         {"protocol: [1]", "protocol: []", []string{"plugin.yaml:11: protocol: is missing"}},
		"unknown kind":        {"kinds: [channel]", "kinds: [channel, oracle]", []string{`plugin.yaml:12: kinds.1: "oracle" is not known`}},
		"unknown scope":       {"messages:ingest", "messages:steal", []string{`plugin.yaml:14: permissions.0.scope: "messages:steal" is not known`}},
		"no reason":           {"Brings in what customers write.", "So.", []string{"plugin.yaml:15: permissions.0.reason.en: must have 10 to 200"}},
		"unknown content":     {"content: [text]", "content: [text, smell]", []string{`plugin.yaml:17: channel.content.1: "smell" is not known`}},
		"files unread":        {"content: [text]", "content: [text, image]", []string{`plugin.yaml:17: channel.content: needs the scope "blobs:read" in permissions`}},
		"live and addressed":  {"content: [text]", "live: true\n  content: [text, envelope]", []string{`plugin.yaml:18: channel.content.1: "envelope" is not for live channels`}},
		"mentions of nobody":  {"content: [text]", "content: [text, mention]\n  can: [edit]", []string{`plugin.yaml:17: channel.content.1: "mention" is only for channels that can groups`}},
		"edits without end":   {"content: [text]", "content: [text]\n  edit_for_s: 60", []string{"plugin.yaml:18: channel.edit_for_s: is only for channels that can edit"}},
		"recalls in the past": {"content: [text]", "content: [text]\n  can: [recall]\n  recall_for_s: -1", []string{"plugin.yaml:19: channel.recall_for_s: must be 0 (always) to"}},
		"live and threads":    {"content: [text]", "live: true\n  content: [text]\n  threads: reply", []string{"plugin.yaml:19: channel.threads: is not for live channels"}},
		"unknown ability":     {"content: [text]", "content: [text]\n  can: [edit, fly]", []string{`plugin.yaml:18: channel.can.1: "fly" is not known`}},
		"begins with nobody":  {"content: [text]", "content: [text]\n  can: [begin]\n  threads: reply", []string{`plugin.yaml:18: channel.can.0: "begin" is for channels with addresses`}},
		"begins in a window":  {"content: [text]", "content: [text, envelope]\n  can: [begin]\n  threads: reply\n  windows: [{on: message, for_s: 5}]", []string{`plugin.yaml:18: channel.can.0: "begin" is for channels with addresses`}},
		"begins in the only":  {"content: [text]", "content: [text, envelope]\n  can: [begin]", []string{`plugin.yaml:18: channel.can.0: "begin" is for channels with addresses`}},
		"unknown threads":     {"content: [text]", "content: [text]\n  threads: subject", []string{`plugin.yaml:18: channel.threads: "subject" is not known`}},
		"endless window":      {"content: [text]", "content: [text]\n  windows: [{on: message, quota: 5}]", []string{"plugin.yaml:18: channel.windows.0.for_s: must be 1 to"}},
		"two alike windows":   {"content: [text]", "content: [text]\n  windows: [{on: message, for_s: 5}, {on: message, for_s: 6}]", []string{`plugin.yaml:18: channel.windows.1.on: must be "message" or a word`}},
		"rate of nothing":     {"content: [text]", "content: [text]\n  rates: [{per: account, count: 0, every_s: 1}]", []string{"plugin.yaml:18: channel.rates.0.count: must be 1 to"}},
		"rate of nobody":      {"content: [text]", "content: [text]\n  rates: [{per: planet, count: 1, every_s: 1}]", []string{"plugin.yaml:18: channel.rates.0.per: must be account or recipient"}},
		"limit without files": {"text_limit: 160", "attachment_limit: 5000", []string{"plugin.yaml:18: channel.attachment_limit: is only for channels whose content"}},
		"small limit":         {"content: [text]", "live: true\n  attachment_limit: 3\n  content: [text, file]", []string{"plugin.yaml:18: channel.attachment_limit: must be 0"}},
		"text limit":          {"text_limit: 160", "text_limit: -1", []string{"plugin.yaml:18: channel.text_limit: must be"}},
		"schema of a list":    {"  type: object\n  required", "  type: array\n  required", []string{"plugin.yaml:20: config_schema: must be a schema of an object"}},
		"broken schema":       {"minLength: 3", "minLength: three", []string{"plugin.yaml:20: config_schema: the schema does not compile"}},
		"lookahead":           {"^[a-z]+$", "^(?=a)[a-z]+$", []string{"plugin.yaml:20: config_schema: the schema does not compile"}},
		"foreign reference":   {"{type: string, minLength: 3, title: Token}", `{$ref: "https://example.com/x.json"}`, []string{"plugin.yaml:20: config_schema: the schema does not compile"}},
		"file reference":      {"{type: string, minLength: 3, title: Token}", `{$ref: "file:///etc/passwd"}`, []string{"plugin.yaml:20: config_schema: the schema does not compile"}},
		"key twice in schema": {"account: {", "token: {", []string{`plugin.yaml:24: the key "token" stands here twice`}},
		"alias in schema":     {"{type: string, minLength: 3, title: Token}", "&a {type: string}\n    other: *a", []string{"plugin.yaml:24: aliases have no place"}},
		"two faults":          {"kinds: [channel]", "kinds: []", []string{"plugin.yaml:12: kinds: is missing", `plugin.yaml:17: channel: is only for the kind`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			source := strings.Replace(good, tt.old, tt.new, 1)
			if source == good {
				t.Fatal("nothing was replaced")
			}
			_, err := manifest.Parse("plugin.yaml", []byte(source))
			if _, ok := errors.AsType[*manifest.Error](err); !ok {
				t.Fatalf("got %v", err)
			}
			lines := strings.Split(err.Error(), "\n")
			for _, want := range tt.want {
				found := false
				for _, line := range lines {
					found = found || strings.HasPrefix(line, want)
				}
				if !found {
					t.Errorf("no line begins with %q in:\n%v", want, err)
				}
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	if _, err := manifest.Parse("plugin.yaml", bytes.Repeat([]byte("#"), 1<<20+1)); err == nil {
		t.Error("more than 1 MiB was read")
	}
	for _, source := range []string{"", "- a", "text", "a: &x [*x]"} {
		if _, err := manifest.Parse("plugin.yaml", []byte(source)); err == nil {
			t.Errorf("%q was accepted", source)
		}
	}
	if _, err := manifest.Read(filepath.Join(t.TempDir(), "plugin.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"manifest_version":1,"id":"a/b"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := manifest.Parse("plugin.yaml", data)
		if err != nil {
			return
		}
		encoded, err := manifest.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := manifest.Parse("plugin.json", encoded); err != nil {
			t.Fatalf("what was accepted is refused when written: %v", err)
		}
	})
}
