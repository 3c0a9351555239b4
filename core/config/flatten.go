package config

import (
	"fmt"
	"net/url"
	"reflect"
)

// flatten returns "path: value" for every setting.
func flatten(c Config) []string {
	var out []string
	walk(reflect.ValueOf(c), "", func(path string, secret bool, v any) {
		s := fmt.Sprint(v)
		switch {
		case secret && s != "":
			s = "********"
		case path == "database.url" || path == "bus.url":
			s = redactURL(s)
		}
		out = append(out, path+": "+s)
	})
	return out
}

func redactURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "********"
	}
	return u.Redacted()
}

func walk(v reflect.Value, prefix string, visit func(path string, secret bool, value any)) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		path := prefix + f.Tag.Get("key")
		if f.Type.Kind() == reflect.Struct {
			walk(v.Field(i), path+".", visit)
			continue
		}
		visit(path, f.Tag.Get("secret") == "true", v.Field(i).Interface())
	}
}
