package operation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// The names of fields that hold a body.
const (
	fieldBody    = "Body"
	fieldRawBody = "RawBody"
)

const contentJSON = "application/json"

// Limits of a body, where the route sets none of its own.
const (
	patience = 5 * time.Second
	maxBody  = 1 << 20
)

// body is where an input keeps what was sent: nowhere, parsed, or as it came.
type body struct {
	parsed, raw []int
	schema      *huma.Schema
	standards   []standard
}

func (b body) any() bool { return b.parsed != nil }

// bodyOf finds the body of an input, and writes it into the document.
func (o *operation) bodyOf(t reflect.Type) body {
	var out body
	if f, ok := t.FieldByName(fieldBody); ok {
		out.parsed = f.Index
		out.schema = o.documentBody(t, f)
		out.standards = o.standardsOf(f.Type, nil)
	}
	if f, ok := t.FieldByName(fieldRawBody); ok {
		out.raw = f.Index
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			f.Tag.Get("contentType"): {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}
		if f.Type != reflect.TypeFor[[]byte]() || f.Tag.Get("contentType") == "" || out.any() {
			o.refuse("a raw body is bytes of a content type, and the only body")
		}
	}
	return out
}

func (o *operation) documentBody(t reflect.Type, f reflect.StructField) *huma.Schema {
	schema := huma.SchemaFromField(o.registry(), f, hint(t, f.Name, o.OperationID+"Request"))
	schema.PrecomputeMessages()
	optional := f.Type.Kind() == reflect.Pointer || f.Type.Kind() == reflect.Interface
	o.RequestBody = &huma.RequestBody{Required: !optional || f.Tag.Get("required") == "true", Content: map[string]*huma.MediaType{contentJSON: {Schema: schema}}}
	if o.BodyReadTimeout == 0 {
		o.BodyReadTimeout = patience
	}
	if o.MaxBodyBytes == 0 {
		o.MaxBodyBytes = maxBody
	}
	return schema
}

// standard is the value of a field of a body that is not sent.
type standard struct {
	index []int
	value string
}

// standardsOf finds the defaults of a body: of its own fields, and of those of
// structs that it embeds.
func (o *operation) standardsOf(t reflect.Type, index []int) []standard {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var out []standard
	for f := range t.Fields() {
		at := append(slices.Clone(index), f.Index...)
		switch value := f.Tag.Get("default"); {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			out = append(out, o.standardsOf(f.Type, at)...)
		case value == "":
		case readable(f.Type) && f.Type.Kind() != reflect.Slice && !isTime(f.Type):
			out = append(out, standard{at, value})
		default:
			o.refuse("the default of %s in the body cannot be set", f.Name)
		}
	}
	return out
}

// readBody sets the body of an input, and finds what is wrong with it. It
// reports whether there is more to do: what cannot be read is answered already.
func (o *operation) readBody(ctx huma.Context, in reflect.Value, found *findings) bool {
	if o.body.parsed == nil && o.body.raw == nil {
		return true
	}
	o.setDeadline(ctx)
	sent, status, err := receive(ctx.BodyReader(), o.MaxBodyBytes)
	if err == nil && len(sent) == 0 && o.RequestBody.Required {
		status, err = http.StatusBadRequest, errors.New("request body is required")
	}
	if err != nil {
		_ = huma.WriteErr(o.api, ctx, status, err.Error(), found.Errors...)
		return false
	}
	switch {
	case o.body.raw != nil:
		in.FieldByIndex(o.body.raw).SetBytes(sent)
	case len(sent) > 0:
		o.parseBody(ctx, in.FieldByIndex(o.body.parsed), sent, found)
	}
	return true
}

// setDeadline says how long a body may take; not every connection can be told.
func (o *operation) setDeadline(ctx huma.Context) {
	switch {
	case o.BodyReadTimeout > 0:
		_ = ctx.SetReadDeadline(time.Now().Add(o.BodyReadTimeout)) //nolint:forbidigo // of a connection, in real time
	case o.BodyReadTimeout < 0:
		_ = ctx.SetReadDeadline(time.Time{})
	}
}

// receive reads a body of fewer than most bytes; 0 = of any length. An error
// has the status to answer with.
func receive(r io.Reader, most int64) (sent []byte, status int, err error) {
	if r == nil {
		return nil, 0, nil
	}
	if closer, ok := r.(io.Closer); ok {
		defer func() { _ = closer.Close() }()
	}
	if most > 0 {
		r = io.LimitReader(r, most)
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(r)
	var late net.Error
	switch {
	case most > 0 && n == most:
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("request body is too large limit=%d bytes", most)
	case errors.As(err, &late) && late.Timeout():
		return nil, http.StatusRequestTimeout, errors.New("request body read timeout")
	case err != nil:
		return nil, http.StatusInternalServerError, errors.New("cannot read request body")
	}
	return b.Bytes(), 0, nil
}

// parseBody reads a body twice: into what can be compared with the schema, and
// into its field.
func (o *operation) parseBody(ctx huma.Context, field reflect.Value, sent []byte, found *findings) {
	media := ctx.Header("Content-Type")
	if media == "" {
		media = contentJSON
	}
	before := len(found.Errors)
	if !o.SkipValidateBody {
		var shape any
		if err := o.api.Unmarshal(media, sent, &shape); err != nil {
			found.status = http.StatusBadRequest
			if errors.Is(err, huma.ErrUnknownContentType) {
				found.status = http.StatusUnsupportedMediaType
			}
			found.Errors = append(found.Errors, &huma.ErrorDetail{Location: "body", Message: err.Error(), Value: string(sent)})
			return
		}
		found.at("body")
		huma.Validate(o.registry(), o.body.schema, found.path, huma.ModeWriteToServer, shape, &found.ValidateResult)
	}
	if err := o.api.Unmarshal(media, sent, field.Addr().Interface()); err != nil {
		if len(found.Errors) == before {
			found.Errors = append(found.Errors, &huma.ErrorDetail{Location: "body", Message: err.Error(), Value: string(sent)})
		}
		return
	}
	o.body.complete(reflect.Indirect(field))
}

// complete sets what was not sent.
func (b body) complete(field reflect.Value) {
	if !field.IsValid() {
		return // null was sent
	}
	for _, s := range b.standards {
		if f := field.FieldByIndex(s.index); f.IsZero() {
			_, _ = parse(f, s.value, "") // a wrong default is found by the schema, when the server starts
		}
	}
}
