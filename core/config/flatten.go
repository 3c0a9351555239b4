package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
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

// Shareable lists all settings for somebody who is to help: secrets, e-mail
// addresses and who signs in to a database are left out.
func (c Config) Shareable() string {
	var b strings.Builder
	walk(reflect.ValueOf(c), "", func(path string, secret bool, v any) {
		s := fmt.Sprint(v)
		switch {
		case s == "":
		case secret || strings.HasSuffix(path, ".email"):
			s = "(set)"
		case path == "database.url" || path == "bus.url":
			s = "(not readable)"
			if u, err := url.Parse(fmt.Sprint(v)); err == nil {
				s = u.Scheme + "://" + u.Host
			}
		}
		b.WriteString(path + ": " + s + "\n")
	})
	return b.String()
}
