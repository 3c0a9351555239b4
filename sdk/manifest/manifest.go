// Package manifest reads what a plugin says of itself: plugin.yaml as authors
// write it, and plugin.json as a bundle carries it. Both are the same document,
// and both are read strictly: a key that nobody knows is refused, with its line.
//
// Everything an administrator sees before a plugin runs (its name, its form,
// what it asks to be allowed) comes from here, so none of it needs a process.
package manifest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Names of the two files.
const (
	SourceFile = "plugin.yaml"
	BundleFile = "plugin.json"
)

// Manifest is what a plugin says of itself.
type Manifest struct {
	ManifestVersion int          `yaml:"manifest_version" json:"manifest_version"` // 1
	ID              string       `yaml:"id"               json:"id"`               // "<publisher>/<name>"
	Version         string       `yaml:"version"          json:"version"`          // semantic version
	Name            Text         `yaml:"name"             json:"name"`
	Summary         Text         `yaml:"summary"          json:"summary"`
	Publisher       Publisher    `yaml:"publisher"        json:"publisher"`
	License         string       `yaml:"license"          json:"license"` // SPDX expression, or LicenseRef-<name>
	Core            string       `yaml:"core"             json:"core"`    // range of versions, with an upper bound
	Protocol        []int        `yaml:"protocol"         json:"protocol"`
	Kinds           []Kind       `yaml:"kinds"            json:"kinds"`
	Runtime         Runtime      `yaml:"runtime"          json:"runtime,omitzero"`
	Resources       Resources    `yaml:"resources"        json:"resources,omitzero"`
	Limits          Limits       `yaml:"limits"           json:"limits,omitzero"`
	Permissions     []Permission `yaml:"permissions"      json:"permissions,omitempty"`
	Network         []Network    `yaml:"network"          json:"network,omitempty"`
	ConfigSchema    Schema       `yaml:"config_schema"    json:"config_schema,omitempty"`
	Channel         *Channel     `yaml:"channel"          json:"channel,omitempty"`   // of the kind channel
	Tools           []Tool       `yaml:"tools"            json:"tools,omitempty"`     // of the kind tool
	Hooks           *Hooks       `yaml:"hooks"            json:"hooks,omitempty"`     // of the kind hook
	Analyzer        *Analyzer    `yaml:"analyzer"         json:"analyzer,omitempty"`  // of the kind analyzer
	Panels          []Panel      `yaml:"panels"           json:"panels,omitempty"`    // of the kind panel
	Templates       []Template   `yaml:"templates"        json:"templates,omitempty"` // of the kind template
	Routes          []Route      `yaml:"routes"           json:"routes,omitempty"`
	Commerce        *Commerce    `yaml:"commerce"         json:"commerce,omitempty"` // of a paid plugin
}

// Publisher is who answers for a plugin.
type Publisher struct {
	Name       string `yaml:"name"        json:"name"`
	SupportURL string `yaml:"support_url" json:"support_url,omitempty"`
}

// Kind is what a plugin adds.
type Kind string

// The kinds.
const (
	KindChannel   Kind = "channel"
	KindBot       Kind = "bot"
	KindConnector Kind = "connector"
	KindTemplate  Kind = "template"
	KindTool      Kind = "tool"
	KindHook      Kind = "hook"
	KindAnalyzer  Kind = "analyzer"
	KindPanel     Kind = "panel"
)

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{KindChannel, KindBot, KindConnector, KindTemplate, KindTool, KindHook, KindAnalyzer, KindPanel}
}

// Permission is a scope the plugin asks for, and why: the sentence is shown
// when the plugin is installed.
type Permission struct {
	Scope    string `yaml:"scope"    json:"scope"`
	Reason   Text   `yaml:"reason"   json:"reason"`
	Optional bool   `yaml:"optional" json:"optional,omitempty"` // the plugin works without it
}

// Network is a place outside that the plugin talks to: shown when it is
// installed, and all that the SDK's HTTP client dials.
type Network struct {
	Host       string `yaml:"host"        json:"host,omitempty"`        // a name, or "*.example.com"
	FromConfig string `yaml:"from_config" json:"from_config,omitempty"` // instead: JSON pointer to a field that holds an address
	Ports      []int  `yaml:"ports"       json:"ports,omitempty"`       // empty = 443
	Reason     Text   `yaml:"reason"      json:"reason"`
}

// Text is a text by locale. "en" is always there.
type Text map[string]string

// In returns the text in a locale, or in English when there is none.
func (t Text) In(locale string) string {
	if s, ok := t[locale]; ok {
		return s
	}
	return t["en"]
}

// Schema is a JSON Schema (2020-12) as JSON, its keys in the order the author
// wrote them: forms show the fields in that order.
type Schema json.RawMessage

// MarshalJSON returns the schema as it is.
func (s Schema) MarshalJSON() ([]byte, error) { return json.RawMessage(s).MarshalJSON() }

// Has reports whether the plugin is of a kind.
func (m Manifest) Has(k Kind) bool { return slices.Contains(m.Kinds, k) }

// Live reports whether the plugin is a channel whose visitors the core serves.
func (m Manifest) Live() bool { return m.Channel != nil && m.Channel.Live }

// Asks reports whether the plugin asks for a scope.
func (m Manifest) Asks(scope string) bool {
	return slices.ContainsFunc(m.Permissions, func(p Permission) bool { return p.Scope == scope })
}

// Speaks reports whether the plugin speaks a major of the protocol.
func (m Manifest) Speaks(protocol int) bool { return slices.Contains(m.Protocol, protocol) }

// Folder returns the id as a file name: "<publisher>-<name>".
func (m Manifest) Folder() string { return strings.ReplaceAll(m.ID, "/", "-") }

// RunsOn reports whether the plugin says that it works with a version of the
// core. A pre-release of the core counts as the release it leads to.
func (m Manifest) RunsOn(core string) bool {
	allowed, err := semver.NewConstraint(m.Core)
	if err != nil {
		return false
	}
	v, err := semver.NewVersion(core)
	if err != nil {
		return false
	}
	return allowed.Check(semver.New(v.Major(), v.Minor(), v.Patch(), "", ""))
}

// Scopes returns the scopes a plugin can ask for, sorted.
func Scopes() []string {
	return []string{
		"blobs:read", "blobs:write", "contacts:read", "contacts:read.pii", "contacts:write",
		"conversations:read", "conversations:write", "database", "events:subscribe", "health:report",
		"hooks:intercept", "lease", "license", "members:read", "members:read.pii", "messages:ingest", "messages:send", "metrics", "schedule",
		"secrets", "state", "tickets:read", "tickets:write", "tools:invoke",
	}
}
