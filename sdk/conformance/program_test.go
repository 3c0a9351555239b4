package conformance_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/conformance"
)

// A program that does not play along is told of in words, and nothing of it is left.
func TestProgramsOfAuthors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		run  []string
		want string
	}{
		"is not there":      {[]string{"./no-such-program"}, "start the provider ./no-such-program"},
		"ends at once":      {[]string{"false"}, "does not begin with a line of JSON"},
		"says why it fails": {[]string{"sh", "-c", "echo no port is free >&2; exit 1"}, "no port is free"},
		"says no JSON":      {[]string{"echo", "hello"}, "does not begin with a line of JSON"},
		"names no control":  {[]string{"echo", "{}"}, "it names no control"},
	} {
		_, err := conformance.TryProgram(t.Context(), tt.run...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("one that %s: %v, want %q", name, err, tt.want)
		}
	}
	plays, err := conformance.TryProgram(t.Context(), "sh", "-c", `echo '{"control":"http://127.0.0.1:1"}'; cat`)
	if plays || err == nil || !strings.Contains(err.Error(), "/manner") {
		t.Errorf("one that does not listen: %t, %v", plays, err)
	}
}

func TestSpecOfPrograms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"provider: {kind: program, run: [./far]}":  "",
		"provider: {kind: program}":                "provider.run",
		"provider: {kind: http, run: [./far]}":     "provider.run",
		"provider: {kind: pigeon}":                 "none, http, core and program",
		"{recipient: a@b.example, provider: {}}\n": "",

		"provider: {kind: http, answers: [{path: x}]}":                      "provider.answers[0].path",
		"provider: {kind: none, answers: [{path: /x}]}":                     "only a provider of the kind http",
		"webhooks: [{name: a}, {name: b, kind: edit, of: a}]":               "",
		"webhooks: [{name: a}, {name: b, kind: undo, of: a}]":               "webhooks[1].kind",
		"webhooks: [{name: a}, {name: b, kind: recall, of: c}]":             "webhooks[1].of",
		"webhooks: [{name: a, silent: true}, {name: b, kind: edit, of: a}]": "webhooks[1].of",
		"webhooks: [{name: a}, {name: b, of: a}]":                           "webhooks[1].of",
	} {
		_, err := conformance.ParseSpec([]byte(text))
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
