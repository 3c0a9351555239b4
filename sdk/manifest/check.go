package manifest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"

	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
)

// Limits, in characters.
const (
	maxName      = 60
	maxSummary   = 140
	minReason    = 10
	maxReason    = 200
	maxTextLimit = 100_000

	minAttachmentLimit = 1 << 10 // bytes
	maxAttachmentLimit = 4 << 30
)

// farAway is above every version that a range with an upper bound allows.
const farAway = 1 << 30

// checker collects the problems of one manifest.
type checker struct {
	root     *yaml.Node
	problems []Problem
}

// fault notes a problem at the value that path leads to.
func (c *checker) fault(path []string, format string, args ...any) {
	line := 0
	node := c.root
	for _, key := range path {
		next := child(node, key)
		if next == nil {
			break
		}
		node, line = next, next.Line
	}
	message := strings.Join(path, ".") + ": " + fmt.Sprintf(format, args...)
	c.problems = append(c.problems, Problem{Line: line, Message: message})
}

func child(node *yaml.Node, key string) *yaml.Node {
	if node.Kind == yaml.SequenceNode {
		for i, item := range node.Content {
			if key == strconv.Itoa(i) {
				return item
			}
		}
		return nil
	}
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

func (c *checker) manifest(m Manifest) {
	if m.ManifestVersion != 1 {
		c.fault([]string{"manifest_version"}, "must be 1")
	}
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,38}/[a-z0-9][a-z0-9-]{1,62}$`).MatchString(m.ID) {
		c.fault([]string{"id"}, `must be "<publisher>/<name>", both of lower case letters, digits and hyphens`)
	}
	if v, err := semver.StrictNewVersion(m.Version); err != nil || v.Metadata() != "" {
		c.fault([]string{"version"}, "must be a semantic version without build metadata, for example 1.4.2")
	}
	c.text([]string{"name"}, m.Name, 1, maxName)
	c.text([]string{"summary"}, m.Summary, 1, maxSummary)
	if strings.TrimSpace(m.Publisher.Name) == "" {
		c.fault([]string{"publisher", "name"}, "is missing")
	}
	if u, err := url.Parse(m.Publisher.SupportURL); m.Publisher.SupportURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		c.fault([]string{"publisher", "support_url"}, "must be an https address")
	}
	if strings.TrimSpace(m.License) == "" {
		c.fault([]string{"license"}, "is missing: an SPDX expression, or LicenseRef-<name>")
	}
	c.core(m.Core)
	c.protocol(m.Protocol)
	c.kinds(m)
	c.permissions(m.Permissions)
	c.configSchema(m.ConfigSchema)
	c.runtime(m)
	c.resources(m.Resources)
	c.limits(m.Limits)
	c.form(m)
	c.network(m)
	c.tools(m.Tools)
	c.hooks(m)
	c.analyzer(m.Analyzer)
	c.panels(m.Panels)
	c.templates(m.Templates)
	c.routes(m.Routes)
	c.commerce(m)
	slices.SortStableFunc(c.problems, func(a, b Problem) int { // as they stand in the file
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Message, b.Message))
	})
}

func (c *checker) text(path []string, t Text, least, most int) {
	if _, ok := t["en"]; !ok {
		c.fault(path, `has no text for "en"`)
	}
	locale := regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)
	keys := make([]string, 0, len(t))
	for key := range t {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		here := append(slices.Clone(path), key)
		if !locale.MatchString(key) {
			c.fault(here, `is no locale: "en", "zh-CN", ...`)
		}
		if n := utf8.RuneCountInString(strings.TrimSpace(t[key])); n < least || n > most {
			c.fault(here, "must have %d to %d characters", least, most)
		}
	}
}

func (c *checker) core(allowed string) {
	path := []string{"core"}
	r, err := semver.NewConstraint(allowed)
	if err != nil || allowed == "" {
		c.fault(path, `must be a range of versions, for example ">=0.1.0 <1.0.0"`)
		return
	}
	if r.Check(semver.New(farAway, farAway, farAway, "", "")) {
		c.fault(path, `has no upper bound: nobody can promise to work with every core to come, so write for example ">=0.1.0 <1.0.0"`)
	}
}

func (c *checker) protocol(versions []int) {
	path := []string{"protocol"}
	if len(versions) == 0 {
		c.fault(path, "is missing: the versions of the plugin protocol it speaks, for example [1]")
	}
	for i, v := range versions {
		if v < 1 || slices.Contains(versions[:i], v) {
			c.fault(path, "must be whole numbers from 1, each once")
			return
		}
	}
}

func (c *checker) kinds(m Manifest) {
	if len(m.Kinds) == 0 {
		c.fault([]string{"kinds"}, "is missing; there are: %s", kindList())
	}
	for i, k := range m.Kinds {
		if !slices.Contains(Kinds(), k) || slices.Contains(m.Kinds[:i], k) {
			c.fault([]string{"kinds", strconv.Itoa(i)}, `%q is not known here, or stands twice; there are: %s`, k, kindList())
		}
	}
	c.sections(m)
	if m.Has(KindChannel) && m.Channel != nil {
		c.channel(*m.Channel)
		c.needs([]string{"channel", "content"}, m, !m.Channel.Live && m.Channel.Files(), "blobs:read")
	}
}

// sections checks that each kind has its section, and each section its kind.
func (c *checker) sections(m Manifest) {
	for _, s := range []struct {
		kind    Kind
		key     string
		there   bool
		missing string
	}{
		{KindChannel, "channel", m.Channel != nil, "say what the channel can carry"},
		{KindTool, "tools", len(m.Tools) > 0, "say which tools there are"},
		{KindHook, "hooks", m.Hooks != nil, "say which points and events it wants"},
		{KindAnalyzer, "analyzer", m.Analyzer != nil, "say whose messages it reads"},
		{KindPanel, "panels", len(m.Panels) > 0, "say which panels there are"},
		{KindTemplate, "templates", len(m.Templates) > 0, "say which templates there are"},
	} {
		switch path := []string{s.key}; {
		case m.Has(s.kind) && !s.there:
			c.fault(path, "is missing: %s", s.missing)
		case !m.Has(s.kind) && s.there:
			c.fault(path, "is only for the kind %q", s.kind)
		}
	}
}

func kindList() string {
	names := make([]string, 0, len(Kinds()))
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func (c *checker) permissions(asked []Permission) {
	seen := make(map[string]bool, len(asked))
	for i, p := range asked {
		path := []string{"permissions", strconv.Itoa(i)}
		if !slices.Contains(Scopes(), p.Scope) {
			c.fault(append(path, "scope"), "%q is not known here; there are: %s", p.Scope, strings.Join(Scopes(), ", "))
		}
		if seen[p.Scope] {
			c.fault(append(path, "scope"), "%q is asked for twice", p.Scope)
		}
		seen[p.Scope] = true
		c.text(append(slices.Clone(path), "reason"), p.Reason, minReason, maxReason)
	}
}

func (c *checker) configSchema(s Schema) {
	if len(s) == 0 {
		return
	}
	path := []string{"config_schema"}
	var top struct {
		Type any `json:"type"`
	}
	if err := json.Unmarshal(s, &top); err != nil || top.Type != "object" {
		c.fault(path, `must be a schema of an object: "type: object"`)
		return
	}
	if _, err := schema.Compile(s); err != nil {
		c.fault(path, "%v", err)
	}
}
