package manifest

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a form: how deep it is read, and how many nodes of it. A schema that
// refers to itself has no end.
const (
	maxFormDepth = 12
	maxFormNodes = 5000
)

// formField is one field of a form.
type formField struct {
	kind    string // its type, "" = several, or not said
	secret  bool
	inArray bool
}

// formNode is the part of a JSON Schema that can hold fields.
type formNode struct {
	Type       any                        `json:"type"`
	Ref        string                     `json:"$ref"`
	Default    json.RawMessage            `json:"default"`
	Properties map[string]json.RawMessage `json:"properties"`
	Items      json.RawMessage            `json:"items"`
	Dependent  map[string]json.RawMessage `json:"dependentSchemas"`
	AllOf      []json.RawMessage          `json:"allOf"`
	AnyOf      []json.RawMessage          `json:"anyOf"`
	OneOf      []json.RawMessage          `json:"oneOf"`
	If         json.RawMessage            `json:"if"`
	Then       json.RawMessage            `json:"then"`
	Else       json.RawMessage            `json:"else"`
}

// formReader finds the fields of a form. It calls visit at each of them, with
// the keys that lead there in the schema.
type formReader struct {
	whole  Schema
	fields map[string]formField
	nodes  int
	visit  func(keys []string, pointer string, f formField, raw json.RawMessage)
}

// fieldsOf returns the fields of a form by their JSON pointers.
func fieldsOf(s Schema) map[string]formField {
	r := formReader{whole: s, fields: make(map[string]formField)}
	r.read(json.RawMessage(s), []string{"config_schema"}, "", formField{})
	return r.fields
}

func (r *formReader) read(raw json.RawMessage, keys []string, pointer string, above formField) {
	var n formNode
	if r.nodes++; r.nodes > maxFormNodes || len(keys) > 3*maxFormDepth || json.Unmarshal(raw, &n) != nil {
		return
	}
	if target, ok := r.resolve(n.Ref); ok {
		r.read(target, append(slices.Clone(keys), "$ref"), pointer, above)
	}
	for name, sub := range n.Properties {
		r.field(sub, append(slices.Clone(keys), "properties", name), pointer+"/"+escape(name), above)
	}
	if len(n.Items) > 0 {
		inside := above
		inside.inArray = true
		r.field(n.Items, append(slices.Clone(keys), "items"), pointer+"/0", inside)
	}
	for key, list := range map[string][]json.RawMessage{
		"allOf": n.AllOf, "anyOf": n.AnyOf, "oneOf": n.OneOf, "then": {n.Then}, "else": {n.Else}, "if": {n.If},
	} {
		for _, sub := range list {
			r.read(sub, append(slices.Clone(keys), key), pointer, above)
		}
	}
	for key, sub := range n.Dependent {
		r.read(sub, append(slices.Clone(keys), "dependentSchemas", key), pointer, above)
	}
}

// field notes a field and reads what is in it.
func (r *formReader) field(raw json.RawMessage, keys []string, pointer string, above formField) {
	var n struct {
		Type   any    `json:"type"`
		Ref    string `json:"$ref"`
		Secret any    `json:"x-secret"`
	}
	if json.Unmarshal(raw, &n) != nil {
		return
	}
	if target, ok := r.resolve(n.Ref); ok && n.Type == nil {
		var referred formNode
		if json.Unmarshal(target, &referred) == nil {
			n.Type = referred.Type
		}
	}
	f := formField{inArray: above.inArray, secret: n.Secret == true}
	f.kind, _ = n.Type.(string)
	if old, seen := r.fields[pointer]; seen && f.kind == "" {
		f.kind = old.kind // a condition says more about a field, not what it is
	}
	f.secret = f.secret || r.fields[pointer].secret
	r.fields[pointer] = f
	if r.visit != nil {
		r.visit(keys, pointer, f, raw)
	}
	r.read(raw, keys, pointer, formField{inArray: above.inArray})
}

// resolve returns what a reference within the schema leads to.
func (r *formReader) resolve(ref string) (json.RawMessage, bool) {
	if !strings.HasPrefix(ref, "#/") {
		return nil, false
	}
	at := json.RawMessage(r.whole)
	for token := range strings.SplitSeq(ref[2:], "/") {
		var object map[string]json.RawMessage
		if json.Unmarshal(at, &object) != nil {
			return nil, false
		}
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
	}
	return at, len(at) > 0
}

func escape(token string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(token) }

// form checks what forms add to JSON Schema: x-secret, x-oauth, x-depends, ...
func (c *checker) form(m Manifest) {
	fields := fieldsOf(m.ConfigSchema)
	r := formReader{whole: m.ConfigSchema, fields: make(map[string]formField)}
	r.visit = func(keys []string, _ string, f formField, raw json.RawMessage) {
		var words map[string]json.RawMessage
		if json.Unmarshal(raw, &words) != nil {
			return
		}
		for word := range words {
			at := append(slices.Clone(keys), word)
			switch word {
			case "x-secret":
				c.secret(at, f, words)
			case "x-oauth":
				c.oauth(at, fields, f, words[word])
				c.needs(at, m, true, "secrets")
			case "x-depends":
				c.depends(at, fields, words[word])
			default:
				c.shown(at, word, words[word])
			}
		}
	}
	r.read(json.RawMessage(m.ConfigSchema), []string{"config_schema"}, "", formField{})
}

// shown checks the words that say how a field looks, and that there are no
// others: a misspelling would be one that nobody notices.
func (c *checker) shown(at []string, word string, value json.RawMessage) {
	switch word {
	case "x-section", "x-placeholder":
		if s, ok := decoded[string](value); !ok || s == "" || utf8.RuneCountInString(s) > maxName {
			c.fault(at, "must be a text of at most %d characters", maxName)
		}
	case "x-multiline":
		if _, ok := decoded[bool](value); !ok {
			c.fault(at, "must be true or false")
		}
	case "x-i18n":
		if _, ok := decoded[map[string]map[string]any](value); !ok {
			c.fault(at, "must have texts by locale")
		}
	default:
		if strings.HasPrefix(word, "x-") {
			c.fault(at, "is not known; there are: x-depends, x-i18n, x-multiline, x-oauth, x-placeholder, x-secret, x-section")
		}
	}
}

func (c *checker) secret(at []string, f formField, words map[string]json.RawMessage) {
	switch on, ok := decoded[bool](words["x-secret"]); {
	case !ok:
		c.fault(at, "must be true or false")
	case !on:
	case f.inArray:
		c.fault(at, "a secret cannot stand in a list: the entries of a list have no address of their own")
	case f.kind != "string":
		c.fault(at, `is for texts: "type: string"`)
	case words["default"] != nil || words["const"] != nil || words["enum"] != nil:
		c.fault(at, "a secret has neither a default nor a choice of values: everybody can read the manifest")
	}
}

// oauth checks a field whose value is got by signing in.
func (c *checker) oauth(at []string, fields map[string]formField, f formField, value json.RawMessage) {
	var o struct {
		AuthorizeURL string   `json:"authorize_url"`
		TokenURL     string   `json:"token_url"`
		Scopes       []string `json:"scopes"`
		ClientID     string   `json:"client_id"`
		ClientSecret string   `json:"client_secret"`
		PKCE         *bool    `json:"pkce"`
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		c.fault(at, "must have authorize_url, token_url, client_id, and may have client_secret, scopes and pkce: %v", err)
		return
	}
	if f.inArray || f.kind != "string" {
		c.fault(at, `is for texts that stand in no list: "type: string"`)
	}
	for key, address := range map[string]string{"authorize_url": o.AuthorizeURL, "token_url": o.TokenURL} {
		c.signInAddress(append(slices.Clone(at), key), fields, address)
	}
	if fields[o.ClientID].kind != "string" {
		c.fault(append(slices.Clone(at), "client_id"), "%q is no field that holds a text", o.ClientID)
	}
	if secret, ok := fields[o.ClientSecret]; o.ClientSecret != "" && (!ok || !secret.secret) {
		c.fault(append(slices.Clone(at), "client_secret"), "%q is no field with x-secret", o.ClientSecret)
	}
}

// signInAddress checks an address that may hold "{/pointer}"s into the
// configuration.
func (c *checker) signInAddress(at []string, fields map[string]formField, address string) {
	holes := regexp.MustCompile(`\{(/[^{}]*)\}`)
	for _, found := range holes.FindAllStringSubmatch(address, -1) {
		if fields[found[1]].kind != "string" {
			c.fault(at, "%q is no field that holds a text", found[1])
		}
	}
	if strings.HasPrefix(address, "{/") { // the whole beginning is an administrator's
		return
	}
	u, err := url.Parse(holes.ReplaceAllString(address, "x"))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		c.fault(at, "must be an https address; it may hold {/pointer}s to fields")
	}
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// depends checks the condition under which a field is shown.
func (c *checker) depends(at []string, fields map[string]formField, value json.RawMessage) {
	words, ok := decoded[map[string]json.RawMessage](value)
	pointer, text := decoded[string](words["field"])
	if !ok || !text {
		c.fault(at, `must have "field" (a JSON pointer), and "equals" or "in"`)
		return
	}
	if _, known := fields[pointer]; !known {
		c.fault(append(slices.Clone(at), "field"), "%q is no field of config_schema", pointer)
	}
	_, equals := words["equals"]
	choice, in := words["in"]
	if equals == in || len(words) != 2 {
		c.fault(at, `must have either "equals" or "in" beside "field", and nothing else`)
	}
	if list, ok := decoded[[]any](choice); in && (!ok || len(list) == 0) {
		c.fault(append(slices.Clone(at), "in"), "must be a list of values")
	}
}

// decoded reads a JSON value of one type; null is none.
func decoded[T any](raw json.RawMessage) (T, bool) {
	var v T
	return v, len(raw) > 0 && string(raw) != "null" && json.Unmarshal(raw, &v) == nil
}
