// Package operation serves operations of huma whose input and answer are
// structs. huma.Register does too, as a generic function that the compiler makes
// again for each pair of structs: for our few hundred routes that was most of
// the time and memory of a build. Here one piece of code that knows the structs
// by reflection serves all.
//
// What the structs may hold is what huma reads, less what we do not use. Of an
// input: parameters by the tags path, query and header (strings, numbers,
// booleans, times and lists of strings, with default and required), a Body as
// JSON, in which single values have defaults, or a RawBody of bytes. Of an
// answer: Status, headers of text and a Body, which is JSON, bytes or a
// func(huma.Context). What is refused is refused as huma does, with the same
// words and at the same place of the input; a test compares the two.
package operation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// Handle does an operation: it is given a pointer to its input, and returns one
// to its answer, or a nil one where there is no more to say than that it is done.
type Handle func(ctx context.Context, in any) (any, error)

type operation struct {
	*huma.Operation
	api    huma.API
	in     reflect.Type
	params []param
	body   body
	answer answer
	handle Handle
	unfit  []error
}

// Register adds an operation that takes an in and answers with an out, both
// structs, to the API and to its document. An error says what of the structs it
// cannot serve.
func Register(api huma.API, op huma.Operation, in, out reflect.Type, handle Handle) error {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	if in.Kind() != reflect.Struct || out.Kind() != reflect.Struct {
		return fmt.Errorf("%s %s: its input or its answer is no struct", op.Method, op.Path)
	}
	o := &operation{Operation: &op, api: api, in: in, handle: handle}
	o.params = o.paramsOf(in, nil)
	o.body = o.bodyOf(in)
	o.answer = o.answerOf(out)
	if len(o.unfit) > 0 {
		return fmt.Errorf("%s %s: %w", op.Method, op.Path, errors.Join(o.unfit...))
	}
	o.documentErrors()
	if !op.Hidden {
		api.OpenAPI().AddOperation(&op)
	}
	api.Adapter().Handle(&op, api.Middlewares().Handler(op.Middlewares.Handler(o.serve)))
	return nil
}

// refuse notes what cannot be served.
func (o *operation) refuse(format string, about ...any) {
	o.unfit = append(o.unfit, fmt.Errorf(format, about...))
}

func (o *operation) registry() huma.Registry { return o.api.OpenAPI().Components.Schemas }

// documentErrors says how the operation is refused: as its routes say, and as
// every operation is.
func (o *operation) documentErrors() {
	if len(o.Errors) == 0 {
		return
	}
	codes := slices.Clone(o.Errors)
	if len(o.params) > 0 || o.body.any() {
		codes = append(codes, http.StatusUnprocessableEntity)
	}
	o.Errors = append(codes, http.StatusInternalServerError)
	example := huma.NewError(0, "")
	media := contentJSON
	if filter, ok := example.(huma.ContentTypeFilter); ok {
		media = filter.ContentType(media)
	}
	t := reflect.TypeOf(example)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	schema := o.registry().Schema(t, true, t.Name())
	for _, code := range o.Errors {
		o.Responses[statusKey(code)] = &huma.Response{
			Description: http.StatusText(code), Content: map[string]*huma.MediaType{media: {Schema: schema}},
		}
	}
}

// serve answers one request.
func (o *operation) serve(ctx huma.Context) {
	const usualPath = 128
	in := reflect.New(o.in)
	found := &findings{path: huma.NewPathBuffer(make([]byte, 0, usualPath), 0)}
	for _, p := range o.params {
		o.readParam(ctx, in.Elem(), p, found)
	}
	if !o.readBody(ctx, in.Elem(), found) {
		return
	}
	if len(found.Errors) > 0 {
		_ = huma.WriteErr(o.api, ctx, found.code(), "validation failed", found.Errors...)
		return
	}
	out, err := o.handle(ctx.Context(), in.Interface())
	if err != nil {
		o.fail(ctx, err)
		return
	}
	o.write(ctx, reflect.ValueOf(out))
}

// fail answers with an error of the handler.
func (o *operation) fail(ctx huma.Context, err error) {
	if with, ok := errors.AsType[huma.HeadersError](err); ok {
		for name, values := range with.GetHeaders() {
			for _, v := range values {
				ctx.AppendHeader(name, v)
			}
		}
	}
	known, ok := errors.AsType[huma.StatusError](err)
	if !ok {
		known = huma.NewErrorWithContext(ctx, http.StatusInternalServerError, "unexpected error occurred", err)
	}
	o.writeBody(ctx, known.GetStatus(), "", known)
}

// findings is what is wrong with a request.
type findings struct {
	huma.ValidateResult
	path   *huma.PathBuffer
	status int // 0 = 422
}

// at sets the place that is looked at.
func (f *findings) at(place ...string) {
	f.path.Reset()
	for _, part := range place {
		f.path.Push(part)
	}
}

func (f *findings) code() int {
	if f.status != 0 {
		return f.status
	}
	return http.StatusUnprocessableEntity
}
