package instance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Sealer keeps secrets so that the database alone does not reveal them.
type Sealer interface {
	// Seal returns the stored form of a secret that belongs to about.
	Seal(secret []byte, about string) string
	// Open returns the secret; an error when it was changed, belongs to
	// something else, or the key is another.
	Open(sealed, about string) ([]byte, error)
}

// Sealed are the secrets of an instance as they are stored, by JSON pointer.
type Sealed map[string]string

// Owner is whose the secrets are: they open for nobody else.
type Owner struct {
	Workspace string
	Instance  string
}

func (o Owner) about(pointer string) string {
	return "instance-secret/" + o.Workspace + "/" + o.Instance + pointer
}

// Vault seals and opens the secrets of instances.
type Vault struct {
	sealer Sealer
}

// NewVault returns a Vault.
func NewVault(s Sealer) Vault { return Vault{sealer: s} }

// Open returns the secrets of an instance in clear. Those that cannot be
// opened, because the master key was lost, are left out; the error is that of
// the first.
func (v Vault) Open(o Owner, sealed Sealed) (map[string]string, error) {
	var failed error
	out := make(map[string]string, len(sealed))
	for pointer, s := range sealed {
		secret, err := v.sealer.Open(s, o.about(pointer))
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		out[pointer] = string(secret)
	}
	return out, failed
}

// Change is what a request makes of a configuration and its secrets.
type Change struct {
	Config  json.RawMessage    // nil = stays
	Secrets map[string]*string // by JSON pointer: nil takes it away, one that is absent stays
}

// Touches reports whether it changes anything.
func (c Change) Touches() bool { return c.Config != nil || len(c.Secrets) > 0 }

// Plan is a change that was read: what is to be judged, and how it is stored.
type Plan struct {
	Candidate
	set  map[string]string // secrets that are new, in clear
	drop []string          // secrets to be taken away
}

// Kept is what is stored of an instance's settings.
type Kept struct {
	Owner  Owner
	Config json.RawMessage
	Sealed Sealed
}

// Read reads a change of what is kept of an instance. Secrets that stand in the configuration are taken out of it. The fields
// are the faults that it takes no schema to see.
func (f Form) Read(v Vault, k Kept, c Change) (Plan, []errs.Field) {
	open, _ := v.Open(k.Owner, k.Sealed) // one that is lost is one that is missing: the form asks for it
	for pointer := range open {
		if !f.secret(pointer) { // of an older version of the plugin
			delete(open, pointer)
		}
	}
	p := Plan{Candidate: Candidate{Config: k.Config, Secrets: open}, set: make(map[string]string)}
	var bad errs.Refusals
	if c.Config != nil {
		p.config(f, c.Config, &bad)
	}
	for pointer, value := range c.Secrets {
		switch {
		case !f.secret(pointer):
			bad.Refuse("/secrets/"+escape(pointer), "unknown", "is no secret of this plugin's settings")
		case value == nil:
			delete(p.Secrets, pointer)
			delete(p.set, pointer)
			p.drop = append(p.drop, pointer)
		default:
			p.put(pointer, *value, &bad)
		}
	}
	for pointer := range k.Sealed {
		if !f.secret(pointer) {
			p.drop = append(p.drop, pointer)
		}
	}
	if len(p.Config) == 0 {
		p.Config = json.RawMessage(`{}`)
	}
	return p, bad.Fields
}

// Judge reads a change as Read does and, where nothing is amiss, has ask judge
// what comes of it.
func (f Form) Judge(v Vault, k Kept, c Change, ask func(Candidate) ([]Problem, error)) (Plan, []errs.Field, error) {
	plan, faults := f.Read(v, k, c)
	if len(faults) > 0 {
		return plan, faults, nil
	}
	problems, err := ask(plan.Candidate)
	for _, p := range problems {
		faults = append(faults, errs.Field{Pointer: "/config" + p.Pointer, Code: "invalid", Detail: p.Message})
	}
	return plan, faults, err
}

// Trial is a configuration that somebody types, which is judged and not saved.
type Trial struct {
	Change
	Probe  bool   // the plugin may ask its far side
	Locale string // of who reads what is wrong, BCP 47; "" = not known
}

// Try reads what is typed, as Read does, and has ask judge it. What is wrong
// is told by pointers into the configuration. Secrets that are kept and that
// the trial does not name count as they are.
func (f Form) Try(v Vault, k Kept, t Trial, ask func(Candidate) ([]Problem, error)) ([]Problem, error) {
	if t.Config == nil {
		t.Config = json.RawMessage(`{}`)
	}
	plan, faults := f.Read(v, k, t.Change)
	if len(faults) > 0 {
		out := make([]Problem, len(faults))
		for i, fault := range faults {
			out[i] = Problem{Pointer: strings.TrimPrefix(fault.Pointer, "/config"), Message: fault.Detail}
		}
		return out, nil
	}
	plan.Probe, plan.Locale = t.Probe, t.Locale
	return ask(plan.Candidate)
}

// config takes a new configuration and the secrets out of it.
func (p *Plan) config(f Form, raw json.RawMessage, bad *errs.Refusals) {
	object, err := decode(raw)
	if err != nil || len(raw) > MaxConfig {
		bad.Refuse("/config", "too_large", "must be a JSON object of at most 64 KiB")
		return
	}
	for _, pointer := range f.Secrets {
		value, there := take(object, split(pointer))
		if !there || value == nil {
			continue
		}
		if text, ok := value.(string); ok {
			p.put(pointer, text, bad)
		} else {
			bad.Refuse("/config"+pointer, "type", "must be a text")
		}
	}
	for _, o := range f.OAuth { // got by signing in, and by nothing else
		take(object, split(o.Pointer))
	}
	p.Config = encode(object)
	if strings.Contains(string(p.Config), `\u0000`) {
		bad.Refuse("/config", "characters", "must not hold NUL")
	}
}

func (p *Plan) put(pointer, value string, bad *errs.Refusals) {
	switch {
	case len(value) > MaxSecret || len(p.Secrets) >= MaxSecrets:
		bad.Refuse("/config"+pointer, "too_large", "must have at most 16,384 bytes")
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		bad.Refuse("/config"+pointer, "characters", "must be text without NUL")
	case value == "": // a form that was left empty
		delete(p.Secrets, pointer)
		p.drop = append(p.drop, pointer)
	default:
		p.Secrets[pointer], p.set[pointer] = value, value
	}
}

// Seal applies the plan to the secrets as they are stored now.
func (p *Plan) Seal(v Vault, o Owner, now Sealed) Sealed {
	out := make(Sealed)
	maps.Copy(out, now)
	for _, pointer := range p.drop {
		if _, again := p.set[pointer]; !again {
			delete(out, pointer)
		}
	}
	for pointer, value := range p.set {
		out[pointer] = v.sealer.Seal([]byte(value), o.about(pointer))
	}
	return out
}

// Merged returns the configuration with the secrets in their places, as the
// schema describes it.
func (c Candidate) Merged() json.RawMessage {
	object, err := decode(c.Config)
	if err != nil {
		return c.Config // what judges it says why
	}
	for pointer, value := range c.Secrets {
		place(object, split(pointer), value)
	}
	return encode(object)
}

func decode(raw json.RawMessage) (map[string]any, error) {
	object := make(map[string]any)
	if len(bytes.TrimSpace(raw)) == 0 {
		return object, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) || object == nil {
		return nil, errs.New(errs.Invalid, "config.object", "The configuration is no JSON object.")
	}
	return object, nil
}

func encode(object map[string]any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(object) // it was decoded from JSON
	return bytes.TrimSpace(b.Bytes())
}

// take removes a member of nested objects and returns it; the last object that
// held nothing else stays, empty.
func take(object map[string]any, path []string) (value any, there bool) {
	for i, name := range path {
		if i == len(path)-1 {
			value, there = object[name]
			delete(object, name)
			return value, there
		}
		next, ok := object[name].(map[string]any)
		if !ok {
			return nil, false
		}
		object = next
	}
	return nil, false
}

// place sets a member of nested objects, making those that are missing. Where
// something else stands in the way it sets nothing: the schema refuses that.
func place(object map[string]any, path []string, value string) {
	for i, name := range path {
		if i == len(path)-1 {
			object[name] = value
			return
		}
		next, there := object[name]
		inner, ok := next.(map[string]any)
		if there && !ok {
			return
		}
		if !there {
			inner = make(map[string]any)
			object[name] = inner
		}
		object = inner
	}
}

// Hide takes the secrets out of a text that came back from a plugin.
func (c Candidate) Hide(text string) string {
	for _, value := range c.Secrets {
		if len(value) >= minHidden {
			text = strings.ReplaceAll(text, value, "***")
		}
	}
	return text
}

// minHidden is how short a secret may be and still be taken out of texts: a
// single letter would take the words apart.
const minHidden = 4

// Text returns the text at a pointer, of the configuration or a secret; "" when
// there is none.
func (c Candidate) Text(pointer string) string {
	if secret, ok := c.Secrets[pointer]; ok {
		return secret
	}
	object, err := decode(c.Config)
	if err != nil || pointer == "" {
		return ""
	}
	value, _ := take(object, split(pointer))
	text, _ := value.(string)
	return text
}
