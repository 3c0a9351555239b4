package schema_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
)

const form = `{"type":"object","additionalProperties":false,"required":["token","port"],"properties":{
	"token":{"type":"string","minLength":3},"port":{"type":"integer","maximum":65535},
	"hosts":{"type":"array","items":{"type":"string","format":"hostname"}},"a/b~c":{"const":1},
	"color":{"type":"string","format":"color"},"mail":{"type":"string","format":"email"},"n":{"maxProperties":1}}}`

func TestValidate(t *testing.T) {
	s, err := schema.Compile([]byte(form))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]string{
		`{"token":"abc","port":1,"color":"anything","mail":"a@b.example"}`: nil,
		`{}`:                          {"/port is missing", "/token is missing"},
		`{"token":"ab","port":70000}`: {"/port must be at most 65535", "/token must have at least 3 characters"},
		`{"token":"abc","port":1,"hosts":["ok","not ok"],"a/b~c":2,"more":1}`: {
			"/a~1b~0c must be 1", "/hosts/1 must be a valid hostname", "/more is not known here",
		},
		`{"token":"abc","port":1.5}`: {"/port must be of the type integer"},
		`[]`:                         {" must be of the type object"},
		`{"token":"abc","port":1,"n":{"a":1,"b":2}}`: {"/n maxProperties: got 2, want 1"},
		`{"token":"abc","port":1,"mail":"no"}`:       {"/mail must be a valid email"},
	}
	for config, want := range tests {
		problems := s.Validate([]byte(config))
		var got []string
		for _, p := range problems {
			got = append(got, p.Pointer+" "+p.Message)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s\ngot  %q\nwant %q", config, got, want)
		}
	}
	if problems := s.Validate([]byte(`{`)); len(problems) != 1 || problems[0].Pointer != "" {
		t.Errorf("no JSON: %+v", problems)
	}
}

func TestCompile(t *testing.T) {
	for _, bad := range []string{``, `{`, `{"type":"thing"}`, `{"$ref":"https://example.com"}`, `{"$ref":"#/nowhere"}`, `{"pattern":"("}`} {
		if _, err := schema.Compile([]byte(bad)); err == nil {
			t.Errorf("%q compiles", bad)
		}
	}
	if _, err := schema.Compile([]byte(`{"$defs":{"a":{"type":"string"}},"$ref":"#/$defs/a"}`)); err != nil {
		t.Errorf("a reference to itself: %v", err)
	}
}
