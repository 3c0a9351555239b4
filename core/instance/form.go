package instance

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Form is what the core itself reads in a plugin's config_schema: which fields
// are secrets, and which are got by signing in.
type Form struct {
	Secrets []string // JSON pointers, sorted
	OAuth   []OAuth  // by pointer
}

// OAuth is a field whose value is got by signing in at a far side.
type OAuth struct {
	Pointer      string   // of the field
	AuthorizeURL string   // may hold {/pointer}s into the configuration
	TokenURL     string   // as above
	Scopes       []string // asked for
	ClientID     string   // pointer to the field that holds it
	ClientSecret string   // likewise; "" = a public client
	PKCE         bool     // RFC 7636; true unless the schema says otherwise

	depends *dependence // when the form shows the field; nil = always
}

// dependence is the schema's x-depends: a field, and the values it must have.
type dependence struct {
	Field  string            `json:"field"`
	Equals json.RawMessage   `json:"equals"`
	In     []json.RawMessage `json:"in"`
}

// Shown reports whether the form shows the field for a configuration: what it
// does not show nobody has to sign in for.
func (o OAuth) Shown(config json.RawMessage) bool {
	if o.depends == nil {
		return true
	}
	at := config
	for _, name := range split(o.depends.Field) {
		var members map[string]json.RawMessage
		if json.Unmarshal(at, &members) != nil {
			return false
		}
		at = members[name]
	}
	return slices.ContainsFunc(append(slices.Clone(o.depends.In), o.depends.Equals), func(want json.RawMessage) bool {
		return same(at, want)
	})
}

// same reports whether two JSON values are the same; nothing is the same as none.
func same(a, b json.RawMessage) bool {
	var x, y any
	return len(a) > 0 && len(b) > 0 && json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// maxNesting bounds how deep a schema is read.
const maxNesting = 12

// schemaNode is the part of a JSON Schema that can hold fields.
type schemaNode struct {
	Secret     bool                       `json:"x-secret"`
	OAuth      *oauthNode                 `json:"x-oauth"`
	Depends    *dependence                `json:"x-depends"`
	Properties map[string]json.RawMessage `json:"properties"`
	Dependent  map[string]json.RawMessage `json:"dependentSchemas"`
	AllOf      []json.RawMessage          `json:"allOf"`
	AnyOf      []json.RawMessage          `json:"anyOf"`
	OneOf      []json.RawMessage          `json:"oneOf"`
	If         json.RawMessage            `json:"if"`
	Then       json.RawMessage            `json:"then"`
	Else       json.RawMessage            `json:"else"`
	Ref        string                     `json:"$ref"`
}

type oauthNode struct {
	AuthorizeURL string   `json:"authorize_url"`
	TokenURL     string   `json:"token_url"`
	Scopes       []string `json:"scopes"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	PKCE         *bool    `json:"pkce"`
}

// FormOf reads a schema. Fields are found in objects of any depth, also where a
// condition holds alone; what is no schema has none.
func FormOf(schema json.RawMessage) Form {
	r := formReader{whole: schema, secrets: make(map[string]bool), oauth: make(map[string]OAuth)}
	r.read(schema, "", 0)
	out := Form{}
	for p := range r.secrets {
		if _, signedIn := r.oauth[p]; !signedIn {
			out.Secrets = append(out.Secrets, p)
		}
	}
	for _, o := range r.oauth {
		out.OAuth = append(out.OAuth, o)
	}
	slices.Sort(out.Secrets)
	slices.SortFunc(out.OAuth, func(a, b OAuth) int { return strings.Compare(a.Pointer, b.Pointer) })
	return out
}

// Signed returns the field that is got by signing in; false when it is none.
func (f Form) Signed(pointer string) (OAuth, bool) {
	for _, o := range f.OAuth {
		if o.Pointer == pointer {
			return o, true
		}
	}
	return OAuth{}, false
}

// secret reports whether a pointer is that of a secret field.
func (f Form) secret(pointer string) bool { return slices.Contains(f.Secrets, pointer) }

type formReader struct {
	whole   json.RawMessage
	secrets map[string]bool
	oauth   map[string]OAuth
	looked  int
}

// maxLooked bounds the work a schema can make: references may go in circles.
const maxLooked = 4096

func (r *formReader) read(raw json.RawMessage, at string, depth int) {
	r.looked++
	var n schemaNode
	if len(raw) == 0 || depth > maxNesting || r.looked > maxLooked || json.Unmarshal(raw, &n) != nil {
		return
	}
	if n.Secret && at != "" {
		r.secrets[at] = true
	}
	if o := n.OAuth; o != nil && at != "" {
		r.oauth[at] = OAuth{
			Pointer: at, AuthorizeURL: o.AuthorizeURL, TokenURL: o.TokenURL, Scopes: o.Scopes,
			ClientID: o.ClientID, ClientSecret: o.ClientSecret, PKCE: o.PKCE == nil || *o.PKCE,
			depends: n.Depends,
		}
	}
	for name, sub := range n.Properties {
		r.read(sub, at+"/"+escape(name), depth+1)
	}
	for _, sub := range n.Dependent {
		r.read(sub, at, depth+1)
	}
	for _, sub := range slices.Concat(n.AllOf, n.AnyOf, n.OneOf, []json.RawMessage{n.If, n.Then, n.Else}) {
		r.read(sub, at, depth+1)
	}
	if target, ok := strings.CutPrefix(n.Ref, "#"); ok {
		r.read(r.target(target), at, depth+1)
	}
}

// target resolves a reference of the schema into itself.
func (r *formReader) target(pointer string) json.RawMessage {
	at := r.whole
	for _, name := range split(pointer) {
		var members map[string]json.RawMessage
		if json.Unmarshal(at, &members) != nil {
			return nil
		}
		at = members[name]
	}
	return at
}

func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// split returns the members that a JSON pointer names.
func split(pointer string) []string {
	if pointer == "" {
		return nil
	}
	out := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, name := range out {
		out[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
	}
	return out
}
