package crm

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// CodeAmbiguous says that several records fit: a person must choose.
const CodeAmbiguous = "ambiguous"

// written is what is kept of a write: enough to answer it again.
type written struct {
	ID string `json:"id"`
}

// Upsert makes a record or changes one. Once under its key: what was made
// before is found by what this plugin keeps and, where the far side has a field
// for the key, by asking it.
func (c *Connector) Upsert(ctx context.Context, req connector.UpsertRequest) (connector.UpsertResponse, error) {
	e, o, err := c.object(req.Instance, req.Record.Object)
	if err != nil {
		return connector.UpsertResponse{}, err
	}
	if o.Upsert == nil {
		return connector.UpsertResponse{}, cannot(o, "be written")
	}
	if req.Record.ID != "" && o.Upsert.Update == nil {
		return connector.UpsertResponse{}, cannot(o, "be changed")
	}
	values, err := e.values(o, req)
	if err != nil {
		return connector.UpsertResponse{}, err
	}
	before := false
	kept, done, err := e.store.Once(ctx, req.Instance.ID, "upsert/"+o.Name+"/"+short(req.IdempotencyKey), repeatable(o, req.Record), func(ctx context.Context) ([]byte, error) {
		var id string
		var err error
		if id, before, err = e.write(ctx, o, req.Record.ID, values); err != nil {
			return nil, err
		}
		return json.Marshal(written{ID: id})
	})
	if err != nil {
		return connector.UpsertResponse{}, bare(err)
	}
	var w written
	if err := json.Unmarshal(kept, &w); err != nil {
		return connector.UpsertResponse{}, err
	}
	r, err := e.get(ctx, o, w.ID)
	if err != nil {
		// It is written; that it cannot be read now must not write it again.
		e.log.WarnContext(ctx, "a record was written and could not be read", "instance", req.Instance.ID, "object", o.Name, "error", err)
		r = connector.Record{Object: o.Name, ID: w.ID, Title: w.ID, Fields: map[string]any{}}
	} else if !done {
		e.echo(ctx, req.Instance.ID, r)
	}
	return connector.UpsertResponse{Record: r, Duplicate: done || before}, nil
}

// values are what the names of upsert's requests mean.
func (e *engine) values(o *mapping.Object, req connector.UpsertRequest) (expr.Scope, error) {
	field, fields := map[string]any{}, map[string]any{}
	known := map[string]*mapping.Field{}
	for i := range o.Fields {
		known[o.Fields[i].Name] = &o.Fields[i]
	}
	for name, v := range req.Record.Fields {
		f := known[name]
		if f == nil || !f.Writable {
			return nil, errs.Reject(errs.CodeBadRequest, fmt.Sprintf("%s has no field %q that can be written.", o.Name, name))
		}
		switch v := v.(type) {
		case nil, bool, json.Number, float64, int, int64, string:
			field[name] = e.normal(f, v)
		default:
			return nil, errs.Reject(errs.CodeBadRequest, fmt.Sprintf("The field %q takes no lists and no objects.", name))
		}
		if f.Write != nil {
			f.Write.Put(fields, field[name])
		}
	}
	for _, f := range o.Fields {
		if v := field[f.Name]; f.Required && req.Record.ID == "" && (v == nil || v == "") {
			return nil, errs.Reject(errs.CodeBadRequest, fmt.Sprintf("The field %q is required.", f.Name))
		}
	}
	return expr.Scope{"key": req.IdempotencyKey, "key_short": short(req.IdempotencyKey), "field": field, "fields": fields}, nil
}

// normal puts a value into the form that far sides expect.
func (e *engine) normal(f *mapping.Field, v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	s = far.Clean(s)
	switch f.Type {
	case connector.Email:
		return strings.TrimSpace(s)
	case connector.Phone:
		if strings.TrimSpace(s) == "" {
			return ""
		}
		return e.phone(s)["phone"]
	case connector.Number:
		return json.Number(strings.TrimSpace(s))
	default:
		return s
	}
}

// short is a key for fields that take few characters: 26 letters and digits.
func short(key string) string {
	sum := sha256.Sum256([]byte(key))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])[:26])
}

// write makes or changes the record and returns its id; true when it was
// written under the key before.
func (e *engine) write(ctx context.Context, o *mapping.Object, id string, values expr.Scope) (string, bool, error) {
	if id == "" && o.Upsert.Key != nil {
		made, err := e.only(ctx, o, o.Upsert.Key, values)
		if err != nil || made != "" {
			return made, made != "", err
		}
	}
	for i := range o.Upsert.Match {
		r := &o.Upsert.Match[i]
		if id != "" || r.Lacks(values) {
			continue
		}
		var err error
		if id, err = e.only(ctx, o, r, values); err != nil {
			return "", false, err
		}
	}
	if id == "" {
		made, err := e.create(ctx, &o.Upsert.Create, values)
		return made, false, err
	}
	values["id"] = id
	answer, err := e.do(ctx, o.Upsert.Update, values)
	if err == nil && !answer.Found {
		err = gone(o)
	}
	return id, false, err
}

// repeatable reports whether a write may be done again of which nobody knows
// whether it was done: a change, what the far side knows our key of, and what it
// is found by.
func repeatable(o *mapping.Object, r connector.Record) bool {
	if r.ID != "" || o.Upsert.Key != nil || keyed(&o.Upsert.Create.Request) {
		return true
	}
	values := expr.Scope{"field": r.Fields}
	return slices.ContainsFunc(o.Upsert.Match, func(m mapping.Request) bool { return !m.Lacks(values) })
}

// keyed reports whether a request shows the far side our key.
func keyed(r *mapping.Request) bool { return r.Uses("key") || r.Uses("key_short") }

// only returns the id of the one record that a request finds; "" for none.
func (e *engine) only(ctx context.Context, o *mapping.Object, r *mapping.Request, values expr.Scope) (string, error) {
	answer, err := e.do(ctx, r, values)
	if err != nil {
		return "", err
	}
	found := records(e.client, o, answer.Rows, 2)
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0].ID, nil
	default:
		return "", errs.Reject(CodeAmbiguous, fmt.Sprintf("More than one %s fits (%s, %s): choose one of them.", o.Name, found[0].Title, found[1].Title))
	}
}

// create makes something. When no answer came, or none that could be
// understood, it may have been made all the same.
func (e *engine) create(ctx context.Context, r *mapping.Creating, values expr.Scope) (string, error) {
	answer, err := e.do(ctx, &r.Request, values)
	switch {
	case err != nil && rejected(err), isAuth(err), isRateLimited(err), errors.Is(err, outbound.ErrNotSent):
		return "", err
	case err != nil:
		return "", uncertain{err}
	case !answer.Found:
		return "", errs.Reject(far.CodeNotFound, "The place where the mapping makes records is not there.")
	}
	v, _ := r.ID.In(answer.Body)
	id := text(v, maxTitle)
	if id == "" {
		return "", uncertain{errs.Unavailable(nil, "The answer to what was made lacks an id.").WithCode(far.CodeBadAnswer)}
	}
	return id, nil
}

// get reads a record.
func (e *engine) get(ctx context.Context, o *mapping.Object, id string) (connector.Record, error) {
	answer, err := e.do(ctx, o.Get, expr.Scope{"id": id})
	if err != nil {
		return connector.Record{}, err
	}
	for _, row := range answer.Rows {
		if r, ok := record(e.client, o, row); ok && r.ID == id {
			return r, nil
		}
	}
	return connector.Record{}, gone(o)
}

func gone(o *mapping.Object) error {
	return errs.Reject(far.CodeNotFound, fmt.Sprintf("There is no such %s any more.", o.Name))
}

// echo keeps what we wrote, so that a pull does not bring it back as news.
func (e *engine) echo(ctx context.Context, instance string, r connector.Record) {
	if err := e.store.Put(ctx, instance, echoKey(r), []byte(fingerprint(r)), echoTTL); err != nil {
		e.log.WarnContext(ctx, "our own write may come back as a change", "instance", instance, "error", err)
	}
}

func echoKey(r connector.Record) string { return "echo/" + r.Object + "/" + short(r.ID) }

// AddActivity writes a note at a record, once under its key.
func (c *Connector) AddActivity(ctx context.Context, req connector.AddActivityRequest) (connector.AddActivityResponse, error) {
	e, o, err := c.object(req.Instance, req.Object)
	if err != nil {
		return connector.AddActivityResponse{}, err
	}
	if o.Activity == nil {
		return connector.AddActivityResponse{}, cannot(o, "be written notes at")
	}
	values := expr.Scope{
		"record_id": req.RecordID, "subject": req.Subject, "text": req.Text, "url": req.URL, "at": req.At.UTC(),
		"note": note(req), "key": req.IdempotencyKey, "key_short": short(req.IdempotencyKey),
	}
	before := false
	kept, done, err := e.store.Once(ctx, req.Instance.ID, "activity/"+o.Name+"/"+short(req.IdempotencyKey), o.Activity.Find != nil || keyed(&o.Activity.Create.Request), func(ctx context.Context) ([]byte, error) {
		id, err := e.noted(ctx, o, values)
		if err != nil {
			return nil, err
		}
		if before = id != ""; !before {
			if id, err = e.create(ctx, &o.Activity.Create, values); err != nil {
				return nil, err
			}
		}
		return json.Marshal(written{ID: id})
	})
	if err != nil {
		return connector.AddActivityResponse{}, bare(err)
	}
	var w written
	if err := json.Unmarshal(kept, &w); err != nil {
		return connector.AddActivityResponse{}, err
	}
	return connector.AddActivityResponse{ID: w.ID, Duplicate: done || before}, nil
}

// noted returns the id of a note that is there already; "" for none.
func (e *engine) noted(ctx context.Context, o *mapping.Object, values expr.Scope) (string, error) {
	if o.Activity.Find == nil {
		return "", nil
	}
	answer, err := e.do(ctx, &o.Activity.Find.Request, values)
	if err != nil || len(answer.Rows) == 0 {
		return "", err
	}
	v, _ := o.Activity.Find.ID.In(answer.Rows[0])
	return text(v, maxTitle), nil
}

// note puts subject, text and address together, as a far side that has one
// field for them takes it.
func note(req connector.AddActivityRequest) string {
	var parts []string
	for _, s := range []string{req.Subject, req.Text, req.URL} {
		if s = strings.TrimSpace(far.Clean(s)); s != "" {
			parts = append(parts, s)
		}
	}
	if !req.At.IsZero() {
		parts = append(parts, req.At.UTC().Format(time.RFC3339))
	}
	return strings.Join(parts, "\n\n")
}
