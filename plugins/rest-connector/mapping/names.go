package mapping

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/expr"
)

// headerName is what names of headers are made of here: less than RFC 9110 allows.
const headerName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// names are names that mean something at a place.
type names []string

func (n names) with(more ...string) names { return append(slices.Clip(n), more...) }

// base is what is known before signing in.
func (c *compiler) base() names {
	return names{
		"config.base_url", "config.username", "config.database", "config.account", "config.country_code",
		"secret.password", "secret.token", "now",
	}.with(timeNames("now")...)
}

// common is what is known everywhere else.
func (c *compiler) common() names { return c.base().with(c.session...) }

// with is common and more.
func (c *compiler) with(more ...string) names { return c.common().with(more...) }

// lookupNames are what a customer may be found by. The plural is the list; with
// the singular the request is made once for each.
func lookupNames() []string {
	return []string{"email", "emails", "phone", "phones", "phone_digits", "phone_national", "external_id", "external_ids", "limit"}
}

func timeNames(of string) []string {
	var out []string
	for _, part := range expr.TimeParts() {
		out = append(out, of+"."+part)
	}
	return out
}

// uses faults names that mean nothing here, and notes the others.
func (c *compiler) uses(uses []expr.Use, can names, used map[string]bool) {
	for _, u := range uses {
		if !slices.Contains(can, u.Name) && (!strings.HasPrefix(u.Name, "at.") || !slices.Contains(can, "at")) {
			c.fault(u.Pointer, "{{%s}} means nothing here", u.Name)
			continue
		}
		used[u.Name] = true
	}
}

func (c *compiler) text(s, at string, can names) *expr.Text {
	return c.noted(map[string]string{"": s}, at, can, map[string]bool{})[""]
}

func (c *compiler) texts(texts map[string]string, at string, can names) map[string]*expr.Text {
	return c.noted(texts, at, can, map[string]bool{})
}

// noted compiles texts by name; the name "" stands for at itself.
func (c *compiler) noted(texts map[string]string, at string, can names, used map[string]bool) map[string]*expr.Text {
	out := make(map[string]*expr.Text, len(texts))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		where := at
		if name != "" {
			where += "/" + expr.Escape(name)
		}
		t, err := expr.Compile(texts[name])
		if err != nil {
			c.fault(where, "%s", err)
			continue
		}
		var uses []expr.Use
		for _, n := range t.Names() {
			uses = append(uses, expr.Use{Name: n, Pointer: where})
		}
		c.uses(uses, can, used)
		if strings.HasSuffix(at, "/headers") && strings.Trim(name, headerName) != "" {
			c.fault(where, "is no name of a header")
		}
		out[name] = t
	}
	return out
}

func (c *compiler) pointer(s, at string) expr.Pointer {
	p, err := expr.ParsePointer(s)
	if err != nil {
		c.fault(at, "%s", err)
	}
	return p
}

func (c *compiler) pointers(list pointers, at string) []expr.Pointer {
	out := make([]expr.Pointer, len(list))
	for i, s := range list {
		where := at
		if len(list) > 1 {
			where += "/" + strconv.Itoa(i)
		}
		out[i] = c.pointer(s, where)
	}
	return out
}
