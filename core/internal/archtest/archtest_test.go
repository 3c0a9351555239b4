package archtest_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/archtest"
)

// TestHouse holds the whole repository to the import rule.
func TestHouse(t *testing.T) {
	rules := archtest.House()
	packages, err := archtest.List("../../..", rules.Module)
	if err != nil {
		t.Fatal(err)
	}
	self := rules.Module + "/core/internal/archtest"
	if !slices.ContainsFunc(packages, func(p archtest.Package) bool { return p.Path == self }) {
		t.Fatalf("the list of %d packages lacks %s: it cannot be whole", len(packages), self)
	}
	for _, violation := range rules.Check(packages) {
		t.Error(violation)
	}
}

// TestList finds imports behind a build tag and in tests, and nothing where
// the go command does not look.
func TestList(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/a.go":                 "package a\n\nimport _ \"one\"\n",
		"a/a_mutant.go":          "//go:build mutant\n\npackage a\n\nimport _ \"two\"\n",
		"a/a_windows.go":         "package a\n\nimport _ \"three\"\n",
		"a/a_test.go":            "package a\n\nimport _ \"four\"\n",
		"a/b_test.go":            "package a_test\n\nimport _ \"five\"\n",
		"a/testdata/x.go":        "package x\n",
		"node_modules/n/n.go":    "package n\n",
		"_old/o.go":              "package o\n",
		"own/go.mod":             "module example.com/own\n",
		"own/o.go":               "package own\n",
		"docs/nothing/README.md": "no Go here",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := archtest.List(root, "example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	want := []archtest.Package{{
		Path: "example.com/m/a", Imports: []string{"one", "three", "two"}, Tests: []string{"five", "four"},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestHouseCatches runs the rule on invented packages: each must be caught for
// the reason given, and the innocent ones must pass.
func TestHouseCatches(t *testing.T) {
	const ours = "github.com/patchbay-im/patchbay/"
	for _, test := range []struct {
		name    string
		path    string
		imports string
		tests   string
		want    string // part of the one violation; "" = none
	}{
		{name: "no layer", path: "core/utils", want: "core/utils belongs to no layer"},
		{name: "no layer at the root", path: "models", want: "models belongs to no layer"},
		{name: "no layer among the tools", path: "core/internal/helpers", want: "belongs to no layer"},
		{name: "module's own root", path: "", want: "belongs to no layer"},

		{name: "foundation imports ours", path: "core/id", imports: ours + "core/errs", want: "core/id (foundation) must not import core/errs; it may import nothing of ours"},
		{name: "foundation imports domain", path: "core/page", imports: ours + "core/identity", want: "must not import core/identity"},
		{name: "page may fail", path: "core/page", imports: ours + "core/errs"},

		{name: "downhill", path: "core/conversation", imports: ours + "core/contact"},
		{name: "uphill", path: "core/contact", imports: ours + "core/conversation", want: "core/contact (domain) must not import core/conversation"},
		{name: "sideways", path: "core/conversation", imports: ours + "core/dispatch", want: "must not import core/dispatch"},
		{name: "dispatch knows work items only", path: "core/dispatch", imports: ours + "core/conversation", want: "must not import core/conversation"},
		{name: "domain imports an adapter", path: "core/conversation", imports: ours + "core/store", want: "must not import core/store"},
		{name: "domain imports the sdk", path: "core/channel", imports: ours + "sdk/message", want: "must not import sdk/message"},
		{name: "domain imports technology", path: "core/conversation", imports: "gorm.io/gorm", want: "must not import gorm.io/gorm: it belongs to core/store/..."},
		{name: "domain test uses a neighbour's fake", path: "core/contact", tests: ours + "core/conversation/conversationtest"},
		{name: "domain test uses an adapter", path: "core/contact", tests: ours + "core/store", want: "must not import core/store in its tests"},

		{name: "adapter imports domain", path: "core/store", imports: ours + "core/conversation"},
		{name: "gateway imports the views", path: "core/realtime", imports: ours + "core/wire"},
		{name: "storage imports the views", path: "core/store", imports: ours + "core/wire", want: "core/store (adapter) must not import core/wire"},
		{name: "domain imports the views", path: "core/conversation", imports: ours + "core/wire", want: "must not import core/wire"},
		{name: "adapter imports its own tree", path: "core/store/conversations", imports: ours + "core/store/db"},
		{name: "adapter imports an adapter", path: "core/httpapi", imports: ours + "core/store", want: "core/httpapi (adapter) must not import core/store"},
		{name: "adapter test beside real parts", path: "core/httpapi", tests: ours + "core/store"},
		{name: "adapter imports the sdk", path: "core/httpapi", imports: ours + "sdk", want: "must not import sdk"},
		{name: "plugin host imports the sdk", path: "core/pluginhost/process", imports: ours + "sdk/manifest"},
		{name: "adapter imports configuration", path: "core/bus", imports: ours + "core/config", want: "must not import core/config"},
		{name: "adapter imports assembly", path: "core/bus", imports: ours + "core/app", want: "must not import core/app"},
		{name: "adapter test starts PostgreSQL", path: "core/store", tests: ours + "core/internal/pgtest"},
		{name: "adapter ships a test helper", path: "core/store", imports: ours + "core/internal/pgtest", want: "must not import core/internal/pgtest"},
		{name: "adapter ships a suite", path: "core/store", imports: ours + "core/conversation/conversationtest", want: "it is a conformance suite"},
		{name: "suite uses a suite", path: "core/conversation/conversationtest", imports: ours + "core/contact/contacttest"},

		{name: "app imports an adapter", path: "core/app", imports: ours + "core/store"},
		{name: "command goes past app", path: "core/cmd/patchbay", imports: ours + "core/store", want: "core/cmd/patchbay (command) must not import core/store"},
		{name: "nobody imports a command", path: "core/app", imports: ours + "core/cmd/patchbay", want: "must not import core/cmd/patchbay"},

		{name: "sdk imports the core", path: "sdk/channel", imports: ours + "core/errs", want: "sdk/channel (sdk) must not import core/errs"},
		{name: "sdk test imports the core", path: "sdk/channel", tests: ours + "core/pluginhost", want: "must not import core/pluginhost in its tests"},
		{name: "plugin imports the sdk", path: "plugins/echo", imports: ours + "sdk/channel"},
		{name: "plugin imports the core", path: "plugins/echo", imports: ours + "core/errs", want: "plugins/echo (plugin) must not import core/errs"},
		{name: "plugin test imports the core", path: "plugins/echo", tests: ours + "core/pluginhost", want: "must not import core/pluginhost in its tests"},
		{name: "plugin imports another", path: "plugins/echo", imports: ours + "plugins/webchat/page", want: "must not import plugins/webchat/page"},
		{name: "plugin imports its own tree", path: "plugins/webchat", imports: ours + "plugins/webchat/page"},
		{name: "marketplace imports the manifest", path: "marketplace/bundle", imports: ours + "sdk/manifest"},
		{name: "marketplace imports more of the sdk", path: "marketplace/bundle", imports: ours + "sdk/channel", want: "must not import sdk/channel"},
		{name: "web imports the core", path: "web", imports: ours + "core/errs", want: "must not import core/errs"},

		{name: "owner", path: "core/httpapi/problem", imports: "github.com/gofiber/fiber/v2"},
		{name: "not the owner", path: "core/realtime", imports: "github.com/gofiber/fiber/v2", want: "it belongs to core/httpapi/..."},
		{name: "a longer name is another module", path: "core/httpapi", imports: "github.com/gofiberish/x", want: "has no owner"},
		{name: "no owner", path: "core/store", imports: "github.com/pkg/errors", want: "has no owner"},
		{name: "test module in a test", path: "core/store", tests: "pgregory.net/rapid"},
		{name: "test module in what ships", path: "core/store", imports: "pgregory.net/rapid", want: "has no owner outside tests"},
		{name: "standard library", path: "core/store", imports: "database/sql"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := archtest.Package{
				Path:    strings.TrimSuffix(ours+test.path, "/"),
				Imports: strings.Fields(test.imports),
				Tests:   strings.Fields(test.tests),
			}
			got := archtest.House().Check([]archtest.Package{p})
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("an innocent package was reported: %q", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("got %q, want one violation with %q", got, test.want)
			}
		})
	}
}

// TestRuleItself gives the checker rules that are wrong in themselves.
func TestRuleItself(t *testing.T) {
	for _, test := range []struct {
		name   string
		layers []archtest.Layer
		want   string
	}{
		{
			name:   "two layers",
			layers: []archtest.Layer{{Pattern: "core/..."}, {Pattern: "core/store"}},
			want:   "core/store belongs to two layers: core/... and core/store",
		},
		{
			name:   "a permission that leads nowhere",
			layers: []archtest.Layer{{Pattern: "core/store", May: []string{"core/nowhere/..."}}},
			want:   "the rule of core/store: core/nowhere belongs to no layer",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			rules := archtest.Rules{Module: "example.com/m", Layers: test.layers}
			got := rules.Check([]archtest.Package{{Path: "example.com/m/core/store"}})
			if len(got) != 1 || !strings.Contains(got[0], test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
