package instance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Secrets are the values of the fields that the schema marks x-secret, by JSON
// pointer into the configuration ("/token", "/smtp/password"). They never show
// up in a log: printed, they are their number.
type Secrets map[string]string

// String returns how many there are.
func (s Secrets) String() string { return fmt.Sprintf("[%d secrets]", len(s)) }

// GoString returns how many there are.
func (s Secrets) GoString() string { return s.String() }

// LogValue returns how many there are.
func (s Secrets) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON returns how many there are.
func (s Secrets) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// decode reads a configuration with the secrets put where they belong.
func decode(what string, config json.RawMessage, secrets Secrets, into any) error {
	if len(config) == 0 && len(secrets) == 0 {
		return nil
	}
	if len(secrets) > 0 {
		merged, err := merge(config, secrets)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		config = merged
	}
	if err := json.Unmarshal(config, into); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// merge puts each secret where its pointer says; objects that are missing on
// the way are made.
func merge(config json.RawMessage, secrets Secrets) (json.RawMessage, error) {
	top := make(map[string]any)
	if len(config) > 0 {
		d := json.NewDecoder(bytes.NewReader(config))
		d.UseNumber() // integers stay what they are
		if err := d.Decode(&top); err != nil {
			return nil, err
		}
	}
	for pointer, value := range secrets {
		if err := put(top, pointer, value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(top)
}

func put(object map[string]any, pointer, value string) error {
	tokens := strings.Split(pointer, "/")
	if len(tokens) < 2 || tokens[0] != "" {
		return fmt.Errorf("a secret at %q, which is no JSON pointer", pointer)
	}
	for i, token := range tokens[1:] {
		key := strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if i == len(tokens)-2 {
			object[key] = value
			break
		}
		if object[key] == nil {
			object[key] = make(map[string]any)
		}
		next, ok := object[key].(map[string]any)
		if !ok {
			return errors.New("a secret at " + pointer + ", which leads into what is no object")
		}
		object = next
	}
	return nil
}
