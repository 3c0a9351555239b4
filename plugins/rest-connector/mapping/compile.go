package mapping

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// What a mapping gets that does not say otherwise.
const (
	defaultPerSecond = 10
	defaultBurst     = 20
	defaultAtOnce    = 8
	defaultTimeout   = 10
	defaultResponse  = 2048
	defaultOverlap   = 120 * time.Second
	defaultSize      = 100
)

// compiler compiles a document and gathers its faults.
type compiler struct {
	faults  []Fault
	session names // what signing in makes
}

func (c *compiler) fault(pointer, message string, args ...any) {
	c.faults = append(c.faults, Fault{Pointer: pointer, Message: fmt.Sprintf(message, args...)})
}

func (c *compiler) mapping(d document) *Mapping {
	m := &Mapping{Name: d.Name, Limits: Limits{
		PerSecond: cmp.Or(d.Limits.PerSecond, defaultPerSecond),
		Burst:     cmp.Or(d.Limits.Burst, defaultBurst),
		AtOnce:    cmp.Or(d.Limits.AtOnce, defaultAtOnce),
		Timeout:   time.Duration(cmp.Or(d.Limits.TimeoutS, defaultTimeout)) * time.Second,
		Response:  cmp.Or(d.Limits.ResponseKB, defaultResponse) << 10,
	}}
	m.Auth = c.auth(d)
	m.Headers = c.texts(d.Headers, "/headers", c.common())
	m.Errors = c.rules(d)
	seen := map[string]bool{}
	for i, o := range d.Objects {
		at := "/objects/" + strconv.Itoa(i)
		if seen[o.Name] {
			c.fault(at+"/name", "is there twice")
		}
		seen[o.Name] = true
		m.Objects = append(m.Objects, c.object(o, at, d.Times))
	}
	return m
}

func (c *compiler) auth(d document) Auth {
	a := Auth{Type: cmp.Or(d.Auth.Type, AuthNone), Name: d.Auth.Name, Lifetime: time.Duration(d.Auth.LifetimeS) * time.Second}
	const at = "/auth"
	words := map[string]*string{"username": d.Auth.Username, "password": d.Auth.Password, "token": d.Auth.Token, "value": d.Auth.Value}
	takes := map[string][]string{
		AuthBasic: {"username", "password"}, AuthBearer: {"token"}, AuthHeader: {"name", "value"}, AuthQuery: {"name", "value"}, AuthLogin: {"login"},
	}
	there := map[string]bool{"name": d.Auth.Name != "", "login": d.Auth.Login != nil}
	for name, text := range words {
		there[name] = text != nil
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if wanted := slices.Contains(takes[a.Type], name); wanted && !there[name] {
			c.fault(at, "of the type %s needs %q", a.Type, name)
		} else if !wanted && there[name] {
			c.fault(at+"/"+name, "does not belong to the type %s", a.Type)
		}
	}
	basics := c.base()
	compiled := func(name string) *expr.Text {
		if words[name] == nil {
			return nil
		}
		return c.text(*words[name], at+"/"+name, basics)
	}
	a.Username, a.Password, a.Token, a.Value = compiled("username"), compiled("password"), compiled("token"), compiled("value")
	for i, step := range d.Auth.Login {
		a.Login = append(a.Login, c.login(step, at+"/login/"+strconv.Itoa(i)))
	}
	a.Headers = c.texts(d.Auth.Headers, at+"/headers", c.common())
	a.Query = c.texts(d.Auth.Query, at+"/query", c.common())
	return a
}

func (c *compiler) login(s loginStep, at string) LoginStep {
	step := LoginStep{Request: c.request(s.request, at, c.common()), Take: map[string]expr.Pointer{}}
	for name, p := range s.Take {
		step.Take[name] = c.pointer(p, at+"/take/"+name)
		c.session = append(c.session, "session."+name)
	}
	made := c.common()
	for _, name := range slices.Sorted(maps.Keys(s.Make)) {
		if step.Make == nil {
			step.Make = map[string]*expr.Text{}
		}
		step.Make[name] = c.text(s.Make[name], at+"/make/"+name, made)
		c.session = append(c.session, "session."+name)
	}
	if s.ExpiresIn != nil {
		p := c.pointer(*s.ExpiresIn, at+"/expires_in")
		step.ExpiresIn = &p
	}
	return step
}

func (c *compiler) rules(d document) []Rule {
	var out []Rule
	for i, e := range d.Errors {
		at := "/errors/" + strconv.Itoa(i)
		r := Rule{Status: e.Status, In: e.In, Means: e.Means, Code: e.Code}
		if e.At != nil {
			p := c.pointer(*e.At, at+"/at")
			r.At = &p
		}
		if e.Message != nil {
			p := c.pointer(*e.Message, at+"/message")
			r.Message = &p
		}
		if len(r.Status) == 0 && r.At == nil {
			c.fault(at, `needs "status" or "at"`)
		}
		if len(r.In) > 0 && r.At == nil {
			c.fault(at+"/in", `needs "at"`)
		}
		out = append(out, r)
	}
	return out
}

func (c *compiler) object(o object, at, times string) Object {
	times = cmp.Or(times, "rfc3339")
	out := Object{Name: o.Name, Label: o.Label, ID: c.pointer(o.ID, at+"/id"), Times: times}
	out.UpdatedAt = c.pointers(o.UpdatedAt, at+"/updated_at")
	if o.Deleted != nil {
		out.Deleted = &Mark{At: c.pointer(o.Deleted.At, at+"/deleted/at"), In: o.Deleted.In}
	}
	fields := names{}
	for i, f := range o.Fields {
		if slices.Contains(fields, "field."+f.Name) {
			c.fault(at+"/fields/"+strconv.Itoa(i)+"/name", "is there twice")
		}
		fields = append(fields, "field."+f.Name)
		out.Fields = append(out.Fields, c.field(f, at+"/fields/"+strconv.Itoa(i), times))
	}
	shown := c.with("id").with(fields...)
	out.Title = c.text(o.Title, at+"/title", shown)
	if o.URL != "" {
		out.URL = c.text(o.URL, at+"/url", shown)
	}
	for i, r := range o.Lookup {
		out.Lookup = append(out.Lookup, c.lookup(r, at+"/lookup/"+strconv.Itoa(i)))
	}
	out.Get = c.optional(o.Get, at+"/get", c.common().with("id"))
	out.Search = c.optional(o.Search, at+"/search", c.common().with("query", "limit"))
	if out.Search != nil && !out.Search.Uses("query") {
		c.fault(at+"/search", "does not use {{query}}")
	}
	if out.Get != nil && !out.Get.Uses("id") {
		c.fault(at+"/get", "does not use {{id}}")
	}
	c.upsert(o, &out, at, fields)
	c.activity(o, &out, at)
	c.pull(o, &out, at)
	if out.Lookup == nil && out.Search == nil && out.Upsert == nil && out.Activity == nil && out.Pull == nil {
		c.fault(at, "has none of lookup, search, upsert, activity and pull")
	}
	return out
}

func (c *compiler) field(f field, at, times string) Field {
	types := map[string]connector.FieldType{
		"": connector.Text, "text": connector.Text, "number": connector.Number, "boolean": connector.Boolean, "time": connector.Time,
		"url": connector.URL, "email": connector.Email, "phone": connector.Phone, "money": connector.Money,
	}
	out := Field{
		Name: f.Name, Label: f.Label, Type: types[f.Type], Times: cmp.Or(f.Times, times), Required: f.Required,
		Read: c.pointers(f.Read, at+"/read"),
	}
	if f.Write != nil {
		p := c.pointer(*f.Write, at+"/write")
		out.Write, out.Writable = &p, true
		if len(p) == 0 {
			c.fault(at+"/write", "must name a place in {{fields}}, for example /%s", f.Name)
		}
	}
	if f.Currency != nil {
		p := c.pointer(*f.Currency, at+"/currency")
		out.Currency = &p
		if out.Type != connector.Money {
			c.fault(at+"/currency", "belongs to the type money")
		}
	}
	return out
}

func (c *compiler) lookup(r request, at string) Request {
	out := c.request(r, at, c.common().with(lookupNames()...))
	uses := 0
	for _, kind := range [][]string{{"email", "emails"}, {"phone", "phones", "phone_digits", "phone_national"}, {"external_id", "external_ids"}} {
		if slices.ContainsFunc(kind, out.Uses) {
			uses++
		}
	}
	if uses != 1 {
		c.fault(at, "must use one of {{email}}, {{phone}} and {{external_id}}: each kind has a request of its own")
	}
	return out
}

func (c *compiler) upsert(o object, out *Object, at string, fields names) {
	if o.Upsert == nil {
		return
	}
	at += "/upsert"
	can := c.common().with("key", "key_short", "fields").with(fields...)
	u := &Upsert{Key: c.optional(o.Upsert.Key, at+"/key", c.common().with("key", "key_short"))}
	for i, r := range o.Upsert.Match {
		u.Match = append(u.Match, c.request(r, at+"/match/"+strconv.Itoa(i), c.common().with(fields...)))
	}
	u.Create = c.creating(o.Upsert.Create, at+"/create", can)
	u.Update = c.optional(o.Upsert.Update, at+"/update", can.with("id"))
	if u.Key != nil && !u.Key.Uses("key") && !u.Key.Uses("key_short") {
		c.fault(at+"/key", "does not use {{key}}")
	}
	if u.Update != nil && !u.Update.Uses("id") {
		c.fault(at+"/update", "does not use {{id}}")
	}
	if len(u.Match) > 0 && u.Update == nil {
		c.fault(at+"/match", "finds what there is no update for")
	}
	if out.Get == nil {
		c.fault(at, `needs "get": what was written is read again`)
	}
	out.Upsert = u
	for i := range out.Fields {
		name := "field." + out.Fields[i].Name
		if u.Create.Uses(name) || u.Update != nil && u.Update.Uses(name) {
			out.Fields[i].Writable = true
		}
		if out.Fields[i].Required && !out.Fields[i].Writable {
			c.fault(at, "nothing writes the field %q, which is required", out.Fields[i].Name)
		}
	}
}

func (c *compiler) activity(o object, out *Object, at string) {
	if o.Activity == nil {
		return
	}
	at += "/activity"
	can := c.common().with("record_id", "subject", "text", "note", "url", "at", "key", "key_short")
	out.Activity = &Activity{Create: c.creating(o.Activity.Create, at+"/create", can)}
	if o.Activity.Find != nil {
		found := c.creating(*o.Activity.Find, at+"/find", can)
		out.Activity.Find = &found
	}
	if !out.Activity.Create.Uses("record_id") {
		c.fault(at+"/create", "does not use {{record_id}}")
	}
	if !out.Activity.Create.Uses("text") && !out.Activity.Create.Uses("note") {
		c.fault(at+"/create", "uses neither {{text}} nor {{note}}")
	}
}

func (c *compiler) pull(o object, out *Object, at string) {
	if o.Pull == nil {
		return
	}
	p := &Pull{Overlap: defaultOverlap, Size: cmp.Or(o.Pull.Size, defaultSize)}
	if o.Pull.OverlapS != nil {
		p.Overlap = time.Duration(*o.Pull.OverlapS) * time.Second
	}
	seen := map[string]bool{}
	for i, f := range o.Pull.Feeds {
		where := at + "/pull/feeds/" + strconv.Itoa(i)
		compiled := Feed{
			Request: c.request(f.request, where, c.common().with("since", "since_id", "limit", "offset", "next").with(timeNames("since")...)),
			Name:    f.Name, ChangedAt: c.pointer(f.ChangedAt, where+"/changed_at"), Deleted: f.Deleted,
		}
		if f.Next != nil {
			next := c.pointer(*f.Next, where+"/next")
			compiled.Next = &next
		}
		if compiled.Uses("next") != (f.Next != nil) {
			c.fault(where, `"next" and {{next}} belong together`)
		}
		if seen[f.Name] {
			c.fault(where+"/name", "is there twice")
		}
		seen[f.Name] = true
		p.Feeds = append(p.Feeds, compiled)
	}
	out.Pull = p
}

func (c *compiler) optional(r *request, at string, can names) *Request {
	if r == nil {
		return nil
	}
	out := c.request(*r, at, can)
	return &out
}

func (c *compiler) creating(r creating, at string, can names) Creating {
	return Creating{Request: c.request(r.request, at, can), ID: c.pointer(r.ID, at+"/id")}
}

func (c *compiler) request(r request, at string, can names) Request {
	out := Request{Pointer: at, Method: r.Method, Items: c.pointer(r.Items, at+"/items"), names: map[string]bool{}}
	out.Path = c.path(r.Path, at+"/path", can, out.names)
	for name := range out.names {
		out.Single = out.Single || !strings.HasPrefix(name, "config.") && !strings.HasPrefix(name, "session.")
	}
	out.Query = c.noted(r.Query, at+"/query", can, out.names)
	out.Headers = c.noted(r.Headers, at+"/headers", can, out.names)
	out.Form = c.noted(r.Form, at+"/form", can, out.names)
	if r.Body != nil {
		node, faults := expr.CompileNode(r.Body, at+"/body")
		for _, f := range faults {
			c.faults = append(c.faults, Fault{Pointer: f.Pointer, Message: f.Message})
		}
		if len(faults) == 0 {
			c.uses(node.Uses(at+"/body"), can, out.names)
			out.Body = node
		}
	}
	if text, ok := r.Body.(string); ok && (!strings.HasPrefix(text, "{{") || strings.Index(text, "}}") != len(text)-2) {
		c.fault(at+"/body", "must be an object, a list, or exactly one placeholder")
	}
	if r.Body != nil && r.Form != nil {
		c.fault(at, `has both "body" and "form"`)
	}
	if out.Method == "" {
		out.Method = http.MethodGet
		if r.Body != nil || r.Form != nil {
			out.Method = http.MethodPost
		}
	}
	if out.Method == http.MethodGet && (r.Body != nil || r.Form != nil) {
		c.fault(at+"/method", "GET has no body")
	}
	return out
}

// path compiles a path: what would lead elsewhere is refused.
func (c *compiler) path(s, at string, can names, used map[string]bool) *expr.Text {
	switch {
	case strings.HasPrefix(s, "//"), strings.Contains(s, `\`):
		c.fault(at, "would lead to another place")
	case strings.ContainsAny(s, "?#"):
		c.fault(at, `has a "?" or "#"; queries stand in "query"`)
	case slices.ContainsFunc(strings.Split(s, "/"), func(step string) bool { return step == ".." || step == "." }):
		c.fault(at, "has steps of dots")
	}
	return c.noted(map[string]string{"": s}, at, can, used)[""]
}
