package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// SpecFile is the name of the file beside plugin.yaml.
const SpecFile = "conformance.yaml"

// Spec is what the kit must know of a plugin. Its zero value is that of a plugin
// that works with the configuration {} and talks to nobody.
type Spec struct {
	// Config is a configuration that works. {{provider}} in any text is the
	// address of the kit's provider.
	Config map[string]any `yaml:"config"`
	// Secrets are the fields with x-secret, by JSON pointer.
	Secrets map[string]string `yaml:"secrets"`
	// BadConfigs are refused, by the schema or by the plugin.
	BadConfigs []BadConfig `yaml:"bad_configs"`
	// Provider is the far side.
	Provider Provider `yaml:"provider"`
	// Recipient is who is written to, as the far side knows them; "" = alice.
	Recipient string `yaml:"recipient"`
	// IdempotentSend says that the far side takes our key: nothing may arrive
	// twice there, however often the plugin is killed.
	IdempotentSend bool `yaml:"idempotent_send"`
	// Window is how many messages may arrive twice for each crash, when the far
	// side takes no key; 0 = 64.
	Window int `yaml:"window"`
	// Webhooks are what the far side posts to a channel.
	Webhooks []Webhook `yaml:"webhooks"`
	// Signature is how it signs them; nil = not at all.
	Signature *Signature `yaml:"signature"`

	Bot       BotWork        `yaml:"bot"`
	Live      LiveWork       `yaml:"live"`
	Connector ConnectorWork  `yaml:"connector"`
	Tools     []ToolWork     `yaml:"tools"`
	Panels    []PanelWork    `yaml:"panels"`
	Templates []TemplateWork `yaml:"templates"`
	Routes    []RouteWork    `yaml:"routes"`

	// Folder is where Provider.Run runs: that of the file. "" = here.
	Folder string `yaml:"-"`
}

// BadConfig is a configuration that must be refused.
type BadConfig struct {
	Config  any               `yaml:"config"`
	Secrets map[string]string `yaml:"secrets"`
	// Pointers are the fields that must be named; empty = any.
	Pointers []string `yaml:"pointers"`
}

// Provider is the far side that the kit plays.
type Provider struct {
	Kind string `yaml:"kind"` // ProviderNone (also ""), ProviderHTTP, ProviderCore or ProviderProgram
	// Run is the program of a ProviderProgram with its arguments.
	Run []string `yaml:"run"`
	// Answer is what a request gets that no collection knows; status 0 = 200.
	Answer Answer `yaml:"answer"`
	// Answers go before it, by the end of a request's path and by its query: the
	// first that fits.
	Answers []PathAnswer `yaml:"answers"`
	// Collections are records that can be made, listed, read and changed.
	Collections []Collection `yaml:"collections"`
	// KeyHeader is the header that carries our key, where the provider knows
	// requests again by it.
	KeyHeader string `yaml:"key_header"`
	// KeyField is the same for a member of the request's JSON object.
	KeyField string `yaml:"key_field"`
}

// The kinds of providers.
const (
	ProviderNone = "none"
	ProviderHTTP = "http" // an HTTP server; {{provider}} is its address
	ProviderCore = "core" // what is sent comes back as a message to the core
	// A program of the author's plays it; {{word}} is what it says of that word.
	ProviderProgram = "program"
)

// Answer is an answer of the provider.
type Answer struct {
	Status int `yaml:"status"`
	Body   any `yaml:"body"` // as JSON; {{id}} in a text is a new id, "{{number}}" as a whole text the same as a number
}

// PathAnswer is the answer of some requests.
type PathAnswer struct {
	Path   string            `yaml:"path"`  // its end: /deleteMessage
	Query  map[string]string `yaml:"query"` // what its query has, of a list's second page for example; empty = whatever
	Answer `yaml:",inline"`
}

// Collection is a set of records: POST path makes one, GET path lists those
// whose members equal the query's, GET and PATCH path/<id> read and change one.
type Collection struct {
	Path  string           `yaml:"path"`
	Items string           `yaml:"items"` // the member of a list's answer that holds the records; "" = the answer itself
	Rows  []map[string]any `yaml:"rows"`  // that are there at first; "id" is made when missing
}

// Webhook is a request that the far side posts. {{id}}, {{number}} (the same as a
// number), {{text}} and {{now}} (seconds since 1970) are filled in.
type Webhook struct {
	Name    string            `yaml:"name"`
	Method  string            `yaml:"method"` // "" = POST
	Path    string            `yaml:"path"`   // "" = /
	Query   string            `yaml:"query"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
	// Silent requests bring no message, receipts for example.
	Silent bool `yaml:"silent"`
	// Kind of what a request brings: "" = a message, or "edit" or "recall" of the
	// one that the request named Of brought: {{target}} is its {{id}}, and
	// {{target_number}} its {{number}}.
	Kind string `yaml:"kind"`
	Of   string `yaml:"of"`
}

// Signature is a keyed hash over a request.
type Signature struct {
	Header    string `yaml:"header"`
	Algorithm string `yaml:"algorithm"` // hmac-sha256 (also ""), hmac-sha1, hmac-sha512, or token: the secret itself
	Secret    string `yaml:"secret"`    // JSON pointer into secrets
	Over      string `yaml:"over"`      // what is signed; "" = {{body}}. Also {{now}}, {{path}}, {{method}}
	Encoding  string `yaml:"encoding"`  // hex (also ""), or base64
	Prefix    string `yaml:"prefix"`    // before the value, for example sha256= or t={{now}},v1=
}

// BotWork is what a bot is asked.
type BotWork struct {
	Says []string `yaml:"says"` // what customers say; empty = texts of the kit
}

// LiveWork is who knocks at a live channel.
type LiveWork struct {
	Origin string `yaml:"origin"` // of the page; "" = https://kit.example
}

// ConnectorWork is what a connector is asked. {{text}} and {{key}} are filled in.
type ConnectorWork struct {
	Object string         `yaml:"object"` // upserted; "" = none is
	Fields map[string]any `yaml:"fields"`
	Emails []string       `yaml:"emails"` // looked up
}

// ToolWork is a call of a tool.
type ToolWork struct {
	Tool string         `yaml:"tool"`
	Args map[string]any `yaml:"args"`
}

// PanelWork is a panel that is looked at; a plugin's panels are all looked at
// where none is named.
type PanelWork struct {
	Panel string `yaml:"panel"`
}

// TemplateWork is a template that is planned.
type TemplateWork struct {
	Template string         `yaml:"template"`
	Answers  map[string]any `yaml:"answers"`
	// Bad are answers that must be refused.
	Bad []BadConfig `yaml:"bad"`
}

// RouteWork is a request to a plugin's own route.
type RouteWork struct {
	Method string `yaml:"method"` // "" = GET
	Path   string `yaml:"path"`
	Body   string `yaml:"body"`
}

// ReadSpec reads a folder's conformance.yaml; without one it is the zero Spec.
// A key that nobody knows is refused, with its line.
func ReadSpec(folder string) (Spec, error) {
	data, err := os.ReadFile(filepath.Join(folder, SpecFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Spec{}, nil
	}
	if err != nil {
		return Spec{}, fmt.Errorf("read %s: %w", SpecFile, err)
	}
	s, err := ParseSpec(data)
	s.Folder = folder
	return s, err
}

// ParseSpec reads the text of a conformance.yaml.
func ParseSpec(data []byte) (Spec, error) {
	var s Spec
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return Spec{}, wrongLines(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Spec{}, errors.New(SpecFile + ": holds more than one document")
	}
	return s, s.check()
}

// wrongLines words the decoder's faults as compilers do.
func wrongLines(err error) error {
	lines := []string{err.Error()}
	if several, ok := errors.AsType[*yaml.TypeError](err); ok {
		lines = several.Errors
	}
	at := regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	unknown := regexp.MustCompile(`field (\S+) not found in type \S+`)
	var out []error
	for _, line := range lines {
		line = unknown.ReplaceAllString(line, `unknown key "$1"`)
		out = append(out, errors.New(SpecFile+":"+at.ReplaceAllString(line, "$1: $2")))
	}
	return errors.Join(out...)
}

// check refuses what cannot work, whatever the plugin is.
func (s Spec) check() error {
	var all []error
	wrong := func(format string, args ...any) {
		all = append(all, fmt.Errorf(SpecFile+": "+format, args...))
	}
	s.Provider.check(wrong)
	s.checkKinds(wrong)
	if s.Window < 0 || s.Window > 4096 {
		wrong("window is %d; 1 to 4096 are possible", s.Window)
	}
	for pointer := range s.Secrets {
		if !strings.HasPrefix(pointer, "/") {
			wrong("secrets are named by JSON pointer, with a leading slash; %q has none", pointer)
		}
	}
	if sign := s.Signature; sign != nil {
		if sign.Header == "" {
			wrong("signature.header is missing")
		}
		if s.Secrets[sign.Secret] == "" {
			wrong("signature.secret is %q, which is none of secrets", sign.Secret)
		}
		if !slices.Contains(algorithms(), sign.algorithm()) {
			wrong("signature.algorithm is %q; there are %s", sign.Algorithm, strings.Join(algorithms(), ", "))
		}
	}
	return errors.Join(all...)
}

// check refuses a far side that nobody can play.
func (p Provider) check(wrong func(format string, args ...any)) {
	if !slices.Contains([]string{"", ProviderNone, ProviderHTTP, ProviderCore, ProviderProgram}, p.Kind) {
		wrong("provider.kind is %q; there are none, http, core and program", p.Kind)
	}
	if (p.Kind == ProviderProgram) != (len(p.Run) > 0) {
		wrong("provider.run is the program of a provider of the kind program, and nothing else")
	}
	if p.Kind != ProviderHTTP && (len(p.Collections)+len(p.Answers) > 0 || p.Answer.Status != 0 || p.Answer.Body != nil) {
		wrong("only a provider of the kind http answers, or has collections")
	}
	for i, c := range p.Collections {
		if !strings.HasPrefix(c.Path, "/") {
			wrong("provider.collections[%d].path must begin with a slash", i)
		}
	}
	for i, a := range p.Answers {
		if !strings.HasPrefix(a.Path, "/") {
			wrong("provider.answers[%d].path must begin with a slash", i)
		}
	}
}

// checkKinds refuses edits and recalls that are about nothing.
func (s Spec) checkKinds(wrong func(format string, args ...any)) {
	for i, w := range s.Webhooks {
		if !slices.Contains([]string{"", kindEdit, kindRecall}, w.Kind) {
			wrong("webhooks[%d].kind is %q; there are edit and recall", i, w.Kind)
		}
		known := slices.ContainsFunc(s.Webhooks, func(o Webhook) bool { return o.Name == w.Of && o.Kind == "" && !o.Silent })
		if w.Kind != "" && !known || w.Kind == "" && w.Of != "" {
			wrong("webhooks[%d].of names the request whose message an edit or a recall is about, and nothing else", i)
		}
	}
}

// fits refuses what the manifest does not have.
func (s Spec) fits(m manifest.Manifest) error {
	var all []error
	for i, w := range s.Tools {
		if !slices.ContainsFunc(m.Tools, func(t manifest.Tool) bool { return t.Name == w.Tool }) {
			all = append(all, fmt.Errorf("%s: tools[%d]: the manifest has no tool %q", SpecFile, i, w.Tool))
		}
	}
	for i, w := range s.Panels {
		if !slices.ContainsFunc(m.Panels, func(p manifest.Panel) bool { return p.Name == w.Panel }) {
			all = append(all, fmt.Errorf("%s: panels[%d]: the manifest has no panel %q", SpecFile, i, w.Panel))
		}
	}
	for i, w := range s.Templates {
		if !slices.ContainsFunc(m.Templates, func(t manifest.Template) bool { return t.Name == w.Template }) {
			all = append(all, fmt.Errorf("%s: templates[%d]: the manifest has no template %q", SpecFile, i, w.Template))
		}
	}
	if len(s.Webhooks) > 0 && (m.Channel == nil || m.Live()) {
		all = append(all, errors.New(SpecFile+": webhooks are for messaging channels"))
	}
	return errors.Join(all...)
}

// window is the declared one.
func (s Spec) window() int {
	if s.Window == 0 {
		return window
	}
	return s.Window
}

// config is the configuration that works, with what is known of the provider.
func (s Spec) config(words []string) []byte { return jsonOf(s.Config, "{}", words...) }

// recipient is who is written to.
func (s Spec) recipient() string { return cmp.Or(s.Recipient, "alice") }

// jsonOf encodes a value of the YAML with words filled in; otherwise when there
// is none.
func jsonOf[T any](value T, otherwise string, words ...string) []byte {
	encoded, err := json.Marshal(value)
	if err != nil || string(encoded) == "null" {
		return []byte(otherwise)
	}
	words = slices.Clone(words)
	for i := 1; i < len(words); i += 2 {
		quoted := strconv.Quote(words[i])
		if q, err := json.Marshal(words[i]); err == nil {
			quoted = string(q)
		}
		words[i] = quoted[1 : len(quoted)-1]
	}
	return []byte(strings.NewReplacer(words...).Replace(string(encoded)))
}

// readManifest reads the manifest of a source folder, or of a built bundle.
func readManifest(folder string) (manifest.Manifest, []byte, error) {
	for _, name := range []string{manifest.SourceFile, manifest.BundleFile} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return manifest.Manifest{}, nil, fmt.Errorf("read the manifest: %w", err)
		}
		m, err := manifest.Parse(name, data)
		return m, data, err
	}
	return manifest.Manifest{}, nil, fmt.Errorf("%s is no plugin's folder: it has neither %s nor %s", folder, manifest.SourceFile, manifest.BundleFile)
}
