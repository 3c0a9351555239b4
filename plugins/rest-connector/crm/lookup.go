package crm

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// A customer is looked for by at most so many addresses of a kind, each of at
// most so many bytes.
const (
	maxValues  = 5
	maxAddress = 320
)

// Lookup finds the records of one customer, those of the mapping's first object
// first. What one request finds is worth showing though another fails; only
// when nothing was found is the failure told.
func (c *Connector) Lookup(ctx context.Context, req connector.LookupRequest) (connector.LookupResponse, error) {
	e, err := c.engine(req.Instance)
	if err != nil {
		return connector.LookupResponse{}, err
	}
	asks := e.asks(req)
	found := make([][]connector.Record, len(asks))
	failed := make([]error, len(asks))
	var wg sync.WaitGroup
	for i, a := range asks {
		wg.Go(func() {
			answer, err := e.do(ctx, a.request, a.values)
			if rejected(err) && errors.Is(err, expr.ErrUnusable) {
				return // a customer's id that is no id over there
			}
			if failed[i] = err; err == nil {
				found[i] = records(e.client, a.object, answer.Rows, connector.MaxLookup)
			}
		})
	}
	wg.Wait()
	out := unique(found)
	if err := errors.Join(failed...); len(out) == 0 && err != nil {
		return connector.LookupResponse{}, errs.As(err)
	}
	return connector.LookupResponse{Records: out}, nil
}

// unique takes records together, each once; at most MaxLookup.
func unique(found [][]connector.Record) []connector.Record {
	var out []connector.Record
	seen := map[string]bool{}
	for _, r := range slices.Concat(found...) {
		key := r.Object + "\x00" + r.ID
		if seen[key] || len(out) == connector.MaxLookup {
			continue
		}
		seen[key] = true
		out = append(out, r)
	}
	return out
}

// ask is one request for the records of a customer.
type ask struct {
	object  *mapping.Object
	request *mapping.Request
	values  expr.Scope
}

// asks lists the requests to make: of each object those that the customer's
// addresses suffice for.
func (e *engine) asks(req connector.LookupRequest) []ask {
	var out []ask
	for i := range e.mapping.Objects {
		o := &e.mapping.Objects[i]
		for j := range o.Lookup {
			for _, values := range e.addresses(&o.Lookup[j], req) {
				values["limit"] = connector.MaxLookup
				out = append(out, ask{o, &o.Lookup[j], values})
			}
		}
	}
	return out
}

// addresses are what the names of a request mean for a customer, once for each
// time it is to be made.
func (e *engine) addresses(r *mapping.Request, req connector.LookupRequest) []expr.Scope {
	emails, phones, ids := bounded(req.Emails), bounded(req.Phones), bounded(req.ExternalIDs)
	switch {
	case r.Uses("emails"):
		return all("emails", emails, func(s string) []string { return []string{s, strings.ToLower(s)} })
	case r.Uses("phones"):
		return all("phones", phones, e.forms)
	case r.Uses("external_ids"):
		return all("external_ids", ids, func(s string) []string { return []string{s} })
	case r.Uses("email"):
		return each(emails, func(s string) expr.Scope { return expr.Scope{"email": strings.ToLower(s)} })
	case r.Uses("external_id"):
		return each(ids, func(s string) expr.Scope { return expr.Scope{"external_id": s} })
	default:
		return each(phones, e.phone)
	}
}

// all makes one request of all values in all their forms.
func all(name string, values []string, forms func(string) []string) []expr.Scope {
	if len(values) == 0 {
		return nil
	}
	return []expr.Scope{{name: lists(values, forms)}}
}

// each makes a request of each value.
func each(values []string, scope func(string) expr.Scope) []expr.Scope {
	out := make([]expr.Scope, len(values))
	for i, s := range values {
		out[i] = scope(s)
	}
	return out
}

func bounded(values []string) []string {
	var out []string
	for _, s := range values {
		if s = strings.TrimSpace(s); s != "" && len(s) <= maxAddress && s == far.Clean(s) && !slices.Contains(out, s) && len(out) < maxValues {
			out = append(out, s)
		}
	}
	return out
}

func lists(values []string, forms func(string) []string) []any {
	var out []any
	for _, s := range values {
		for _, form := range forms(s) {
			if !slices.Contains(out, any(form)) {
				out = append(out, form)
			}
		}
	}
	return out
}

// phone is a number in its forms: in E.164 as far as that is known, its digits,
// and as it is dialled in the country of the configuration.
func (e *engine) phone(number string) expr.Scope {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	country := e.country
	national := digits
	switch {
	case strings.HasPrefix(strings.TrimSpace(number), "+"):
		if country != "" {
			national = strings.TrimPrefix(digits, country)
		}
	case country != "":
		digits = country + strings.TrimPrefix(digits, "0")
	default:
		return expr.Scope{"phone": digits, "phone_digits": digits, "phone_national": digits}
	}
	return expr.Scope{"phone": "+" + digits, "phone_digits": digits, "phone_national": national}
}

func (e *engine) forms(number string) []string {
	p := e.phone(number)
	return []string{expr.Plain(p["phone"]), expr.Plain(p["phone_digits"]), expr.Plain(p["phone_national"])}
}

// Search finds records by words.
func (c *Connector) Search(ctx context.Context, req connector.SearchRequest) (connector.SearchResponse, error) {
	e, o, err := c.object(req.Instance, req.Object)
	if err != nil {
		return connector.SearchResponse{}, err
	}
	if o.Search == nil {
		return connector.SearchResponse{}, cannot(o, "be searched")
	}
	limit := min(max(req.Limit, 1), connector.MaxSearch)
	query := strings.TrimSpace(far.Clean(req.Query))
	if query == "" {
		return connector.SearchResponse{}, nil
	}
	answer, err := e.do(ctx, o.Search, expr.Scope{"query": query, "limit": limit})
	if err != nil {
		return connector.SearchResponse{}, err
	}
	return connector.SearchResponse{Records: records(e.client, o, answer.Rows, limit)}, nil
}
