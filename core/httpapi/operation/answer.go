package operation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

const fieldStatus = "Status"

// statusClosed is answered to who has gone, for the log.
const statusClosed = 499

// answer is where an answer keeps its parts; nil: it has none.
type answer struct {
	status, body []int
	headers      []header
}

type header struct {
	index []int
	name  string
}

func statusKey(status int) string { return strconv.Itoa(status) }

// answerOf finds the parts of an answer, and writes them into the document.
func (o *operation) answerOf(t reflect.Type) answer {
	var out answer
	if f, ok := t.FieldByName(fieldStatus); ok {
		out.status = f.Index
	}
	f, ok := t.FieldByName(fieldBody)
	if ok {
		out.body = f.Index
	}
	if o.DefaultStatus == 0 {
		if o.DefaultStatus = http.StatusNoContent; ok || o.Method == http.MethodHead {
			o.DefaultStatus = http.StatusOK
		}
	}
	said := o.Responses[statusKey(o.DefaultStatus)]
	if said == nil {
		said = &huma.Response{}
		o.Responses[statusKey(o.DefaultStatus)] = said
	}
	if said.Description == "" {
		said.Description = http.StatusText(o.DefaultStatus)
	}
	if ok && f.Type.Kind() != reflect.Func {
		o.documentAnswer(said, t, f)
	}
	out.headers = o.headersOf(said, t, nil)
	return out
}

func (o *operation) documentAnswer(said *huma.Response, t reflect.Type, f reflect.StructField) {
	schema := huma.SchemaFromField(o.registry(), f, hint(t, f.Name, o.OperationID+"Response"))
	if said.Content == nil {
		said.Content = map[string]*huma.MediaType{}
	}
	if len(said.Content) == 0 {
		media := contentJSON
		if filter, ok := reflect.TypeAssert[huma.ContentTypeFilter](reflect.New(f.Type)); ok {
			media = filter.ContentType(media)
		}
		said.Content[media] = &huma.MediaType{Schema: schema}
	}
}

// hint names the schema of a field whose type has no name of its own.
func hint(parent reflect.Type, field, other string) string {
	if parent.Name() != "" {
		return parent.Name() + field
	}
	return other
}

// headersOf finds the headers of an answer, those of structs that it embeds
// included, and writes them into the document.
func (o *operation) headersOf(said *huma.Response, t reflect.Type, index []int) []header {
	var out []header
	for i := range t.NumField() {
		f, at := t.Field(i), append(slices.Clone(index), i)
		if !f.IsExported() || f.Name == fieldStatus || f.Name == fieldBody {
			continue
		}
		if f.Anonymous {
			out = append(out, o.headersOf(said, f.Type, at)...)
			continue
		}
		h := header{at, f.Tag.Get(inHeader)}
		if h.name == "" {
			h.name = f.Name
		}
		out = append(out, h)
		if said.Headers == nil {
			said.Headers = map[string]*huma.Param{}
		}
		if f.Type.Kind() == reflect.Slice {
			f.Type = f.Type.Elem()
		}
		if reflect.PointerTo(f.Type).Implements(reflect.TypeFor[fmt.Stringer]()) && !isTime(f.Type) {
			f.Type = reflect.TypeFor[string]()
		}
		if f.Type.Kind() != reflect.String {
			o.refuse("the header %s is no text", h.name)
		}
		said.Headers[h.name] = &huma.Param{Schema: huma.SchemaFromField(o.registry(), f, "")}
	}
	return out
}

// write answers with what the handler returned.
func (o *operation) write(ctx huma.Context, out reflect.Value) {
	if !out.IsValid() || out.IsNil() {
		ctx.SetStatus(o.DefaultStatus)
		return
	}
	out = out.Elem()
	var media string
	for _, h := range o.answer.headers {
		f := out.FieldByIndex(h.index)
		if h.name == "Content-Type" && f.Kind() == reflect.String {
			media = f.String()
		}
		if f.Kind() != reflect.Slice {
			writeHeader(ctx.SetHeader, h.name, f)
			continue
		}
		for i := range f.Len() {
			writeHeader(ctx.AppendHeader, h.name, f.Index(i))
		}
	}
	status := o.DefaultStatus
	if o.answer.status != nil {
		status = int(out.FieldByIndex(o.answer.status).Int())
	}
	if o.answer.body == nil {
		ctx.SetStatus(status)
		return
	}
	switch body := out.FieldByIndex(o.answer.body).Interface().(type) {
	case func(huma.Context):
		body(ctx)
	case []byte:
		ctx.SetStatus(status)
		_, _ = ctx.BodyWriter().Write(body) // who asked has gone
	default:
		o.writeBody(ctx, status, media, body)
	}
}

// writeHeader writes a header; an empty text is none.
func writeHeader(write func(name, value string), name string, f reflect.Value) {
	if f.Kind() == reflect.String {
		if f.String() != "" {
			write(name, f.String())
		}
		return
	}
	write(name, fmt.Sprint(f.Addr().Interface()))
}

// writeBody answers with JSON, or with what of it who asks reads and we write.
func (o *operation) writeBody(ctx huma.Context, status int, media string, value any) {
	if media == "" {
		var err error
		if media, err = o.api.Negotiate(ctx.Header("Accept")); err != nil {
			_ = huma.WriteErr(o.api, ctx, http.StatusNotAcceptable, "unable to marshal response", err)
			return
		}
		if filter, ok := value.(huma.ContentTypeFilter); ok {
			media = filter.ContentType(media)
		}
		ctx.SetHeader("Content-Type", media)
	}
	value, err := o.api.Transform(ctx, statusKey(status), value)
	if err != nil {
		o.broken(err)
	}
	ctx.SetStatus(status)
	if status == http.StatusNoContent || status == http.StatusNotModified {
		return
	}
	if err := o.api.Marshal(ctx.BodyWriter(), media, value); err != nil {
		if errors.Is(ctx.Context().Err(), context.Canceled) {
			ctx.SetStatus(statusClosed)
			return
		}
		o.broken(err)
	}
}

// broken ends a request whose answer cannot be written: that is a fault of ours.
func (o *operation) broken(err error) {
	panic(fmt.Errorf("write the answer of %s %s: %w", o.Method, o.Path, err)) //nolint:forbidigo // a handler of huma returns nothing; the server recovers, logs and answers
}
