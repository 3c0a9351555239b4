package operation

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// The places of a parameter, which are the tags that name it, too.
const (
	inPath   = "path"
	inQuery  = "query"
	inHeader = "header"
)

// param is a field of an input that is read from the address or a header.
type param struct {
	index    []int
	in, name string
	required bool
	standard string // used where none is given
	layout   string // of a time
	schema   *huma.Schema
}

// paramsOf finds the parameters of a struct, those of structs that it embeds
// included, and writes them into the document.
func (o *operation) paramsOf(t reflect.Type, index []int) []param {
	var out []param
	for i := range t.NumField() {
		f, at := t.Field(i), append(slices.Clone(index), i)
		if !f.IsExported() || f.Name == fieldBody {
			continue
		}
		if f.Anonymous {
			out = append(out, o.paramsOf(f.Type, at)...)
			continue
		}
		if p, ok := o.paramOf(f); ok {
			p.index = at
			out = append(out, p)
		}
	}
	return out
}

func (o *operation) paramOf(f reflect.StructField) (param, bool) {
	p := param{standard: f.Tag.Get("default")}
	for _, p.in = range []string{inPath, inQuery, inHeader} {
		if p.name = f.Tag.Get(p.in); p.name != "" {
			break
		}
	}
	if p.name == "" {
		return param{}, false
	}
	if !readable(f.Type) || strings.Contains(p.name, ",") {
		o.refuse("the parameter %s cannot be read into %s", p.name, f.Type)
	}
	p.required = p.in == inPath || f.Tag.Get("required") == "true"
	if p.layout = time.RFC3339Nano; p.in == inHeader {
		p.layout = http.TimeFormat
	}
	p.schema = huma.SchemaFromField(o.registry(), f, "")
	o.documentParam(p)
	return p, true
}

func (o *operation) documentParam(p param) {
	if slices.ContainsFunc(o.Parameters, func(q *huma.Param) bool { return q.Name == p.name && q.In == p.in }) {
		return
	}
	documented := &huma.Param{Name: p.name, Description: p.schema.Description, In: p.in, Required: p.required, Schema: p.schema}
	if p.in == inQuery {
		documented.Explode = new(bool) // false: values of a list have commas between
	}
	o.Parameters = append(o.Parameters, documented)
}

// value is what a request says of a parameter; "" = nothing.
func (p param) value(ctx huma.Context) string {
	var given string
	switch p.in {
	case inPath:
		given = ctx.Param(p.name)
	case inQuery:
		given = ctx.Query(p.name)
	case inHeader:
		given = ctx.Header(p.name)
	}
	if given == "" {
		return p.standard
	}
	return given
}

// readParam sets a parameter's field of an input, and finds what is wrong with
// its value.
func (o *operation) readParam(ctx huma.Context, in reflect.Value, p param, found *findings) {
	found.at(p.in, p.name)
	given := p.value(ctx)
	if given == "" {
		if p.required && !o.SkipValidateParams {
			found.Add(found.path, "", "required "+p.in+" parameter is missing")
		}
		return
	}
	parsed, err := parse(in.FieldByIndex(p.index), given, p.layout)
	if err != nil {
		found.Add(found.path, given, err.Error())
		return
	}
	if !o.SkipValidateParams {
		huma.Validate(o.registry(), p.schema, found.path, huma.ModeWriteToServer, parsed, &found.ValidateResult)
	}
}

func isTime(t reflect.Type) bool { return t == reflect.TypeFor[time.Time]() }

// readable reports whether parse knows a type.
func readable(t reflect.Type) bool {
	switch {
	case isTime(t):
		return true
	case t.Kind() == reflect.Slice:
		return t.Elem().Kind() == reflect.String
	default:
		return t.Kind() == reflect.String || t.Kind() == reflect.Bool || t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64 || t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
	}
}

// parse sets a field to a value, and returns it as validation wants it.
func parse(f reflect.Value, given, layout string) (any, error) {
	const bits = 64
	switch {
	case isTime(f.Type()):
		at, err := time.Parse(layout, given)
		if err != nil {
			return nil, errors.New("invalid date/time for format " + layout)
		}
		f.Set(reflect.ValueOf(at))
		return given, nil
	case f.Kind() == reflect.String:
		f.SetString(given)
		return given, nil
	case f.Kind() == reflect.Slice:
		return parseList(f, given), nil
	case f.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(given)
		if err != nil {
			return nil, errors.New("invalid boolean")
		}
		f.SetBool(b)
		return b, nil
	case f.CanInt():
		n, err := strconv.ParseInt(given, 10, bits)
		if err != nil {
			return nil, errors.New("invalid integer")
		}
		f.SetInt(n)
		return n, nil
	case f.CanUint():
		n, err := strconv.ParseUint(given, 10, bits)
		if err != nil {
			return nil, errors.New("invalid integer")
		}
		f.SetUint(n)
		return n, nil
	default:
		x, err := strconv.ParseFloat(given, bits)
		if err != nil {
			return nil, errors.New("invalid float")
		}
		f.SetFloat(x)
		return x, nil
	}
}

func parseList(f reflect.Value, given string) []string {
	values := strings.Split(given, ",")
	f.Set(reflect.MakeSlice(f.Type(), len(values), len(values)))
	for i, v := range values {
		f.Index(i).SetString(v)
	}
	return values
}
