// Package workbench is what the author of a plugin works with: the settings in
// dev.yaml, a far side that is started beside the plugin, a watch over the
// sources, and the page on which the plugin is tried.
package workbench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// SettingsFile is what a plugin's folder may hold for its development.
const SettingsFile = "dev.yaml"

// providerMark stands for the address of the far side in the settings.
const providerMark = "{{provider}}"

// Settings are what dev.yaml says.
type Settings struct {
	Provider string   // folder of a Go program below the plugin's; "" = none
	Request  *Request // how the far side posts a message; nil = the provider does it

	config *yaml.Node
	set    map[string]string // values given beside the file, by JSON pointer
}

// Request is a request of the far side with one message of a customer. {{id}},
// {{from}}, {{name}} and {{text}} stand for what is in it.
type Request struct {
	Path    string            `yaml:"path"`
	Headers map[string]string `yaml:"headers"`
	Body    map[string]any    `yaml:"body"`
}

// ReadSettings reads dev.yaml in a folder; without one there are none. set are
// values by JSON pointer that count before the file's.
func ReadSettings(folder string, set map[string]string) (Settings, error) {
	s := Settings{set: set}
	data, err := os.ReadFile(filepath.Join(folder, SettingsFile)) //nolint:gosec // the author's own
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the settings: %w", err)
	}
	var file struct {
		Provider string    `yaml:"provider"`
		Config   yaml.Node `yaml:"config"`
		Request  *Request  `yaml:"request"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return s, fmt.Errorf("%s: %s. It may hold provider, config and request", SettingsFile, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	s.Provider, s.Request = file.Provider, file.Request
	if file.Config.Kind != 0 {
		s.config = &file.Config
	}
	if s.Provider != "" && (filepath.IsAbs(s.Provider) || !filepath.IsLocal(s.Provider)) {
		return s, fmt.Errorf("%s: provider: %q is not a folder of the plugin's", SettingsFile, s.Provider)
	}
	return s, nil
}

// Config returns the configuration as JSON, with the provider's address where it
// is to stand.
func (s Settings) Config(provider string) (json.RawMessage, error) {
	config := map[string]any{}
	if s.config != nil {
		if err := s.config.Decode(&config); err != nil {
			return nil, fmt.Errorf("%s:%d: config must be a mapping: %w", SettingsFile, s.config.Line, err)
		}
	}
	for pointer, value := range s.set {
		if err := put(config, pointer, value); err != nil {
			return nil, err
		}
	}
	data, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("%s: config cannot be written as JSON: %w", SettingsFile, err)
	}
	if provider == "" && bytes.Contains(data, []byte(providerMark)) {
		return nil, fmt.Errorf("%s: %s stands in config, and there is no provider", SettingsFile, providerMark)
	}
	return bytes.ReplaceAll(data, []byte(providerMark), []byte(provider)), nil
}

// put sets a value at a pointer such as "/token" or "/smtp/password". What
// reads as a JSON value other than a text is one.
func put(config map[string]any, pointer, value string) error {
	keys := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for ; len(keys) > 1; keys = keys[1:] {
		next, ok := config[unescape(keys[0])].(map[string]any)
		if _, taken := config[unescape(keys[0])]; !ok && taken {
			return fmt.Errorf("--set %s: %s is not an object", pointer, keys[0])
		}
		if !ok {
			next = map[string]any{}
			config[unescape(keys[0])] = next
		}
		config = next
	}
	var v any
	if json.Unmarshal([]byte(value), &v) != nil {
		v = value
	}
	config[unescape(keys[0])] = v
	return nil
}

func unescape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
}

// Place says where in dev.yaml a JSON pointer leads: "dev.yaml:7". What is not
// there is placed at what would hold it.
func (s Settings) Place(pointer string) string {
	if s.config == nil {
		return SettingsFile
	}
	at, line := s.config, s.config.Line
	for key := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if at = child(at, unescape(key)); at == nil {
			break
		}
		line = at.Line
	}
	return fmt.Sprintf("%s:%d", SettingsFile, line)
}

func child(n *yaml.Node, key string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		var i int
		if _, err := fmt.Sscanf(key, "%d", &i); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	default:
	}
	return nil
}

// Said is what a customer says.
type Said struct {
	ID   string `json:"id"`
	From string `json:"from"`
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}

// Fill returns the body of a request with a message in it, as JSON.
func (r Request) Fill(said Said) ([]byte, error) {
	marks := strings.NewReplacer("{{id}}", said.ID, "{{from}}", said.From, "{{name}}", said.Name, "{{text}}", said.Text)
	data, err := json.Marshal(filled(r.Body, marks))
	if err != nil {
		return nil, fmt.Errorf("%s: request.body cannot be written as JSON: %w", SettingsFile, err)
	}
	return data, nil
}

func filled(v any, marks *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return marks.Replace(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = filled(x, marks)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = filled(x, marks)
		}
		return out
	}
	return v
}
