package manifest_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// The reference pages have every key of the manifest and every scope.
func TestReferencePages(t *testing.T) {
	words := append(keys(reflect.TypeFor[manifest.Manifest](), ""), manifest.Scopes()...)
	for _, page := range []string{"manifest.md", "manifest.zh-CN.md"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "docs", "build-plugins", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(string(data), "`"+word+"`") {
				t.Errorf("%s does not have %s", page, word)
			}
		}
	}
}

// What is at stake with each scope is told, too.
func TestSecurityPages(t *testing.T) {
	for _, page := range []string{"security.md", "security.zh-CN.md"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "docs", "build-plugins", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, scope := range manifest.Scopes() {
			if !strings.Contains(string(data), "`"+scope+"`") {
				t.Errorf("%s does not have %s", page, scope)
			}
		}
	}
}

// keys returns the keys of a struct and of the structs in it.
func keys(s reflect.Type, prefix string) []string {
	var out []string
	for f := range s.Fields() {
		name := prefix + f.Tag.Get("yaml")
		kind := f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.Struct {
			out = append(out, name)
			kind, name = kind.Elem(), name+"[]"
		}
		if kind.Kind() == reflect.Struct {
			out = append(out, keys(kind, name+".")...)
			continue
		}
		out = append(out, name)
	}
	return out
}
