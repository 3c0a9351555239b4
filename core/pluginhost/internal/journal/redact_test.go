package journal_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/journal"
)

func TestRedactor(t *testing.T) {
	t.Parallel()
	r := journal.NewRedactor(func() []string { return []string{"correct-horse-battery", "correct-horse", "other-secret", "tiny"} })
	for text, want := range map[string]string{
		"the key is correct-horse":                         "the key is [hidden]",
		"the key is correct-horse-battery, said it":        "the key is [hidden], said it",
		"tiny things and other-secret":                     "tiny things and [hidden]",
		"Authorization: Bearer abcdefgh.ijk":               "[hidden]",
		"sent bearer AbCdEf0123456789":                     "[hidden]",
		"jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc_-9":     "[hidden]",
		"using sk-abcdefghijklmnopqrstuv":                  "using [hidden]",
		`{"access_token": "abc123def"}`:                    "[hidden]",
		"GET https://x.example/a?api_key=s3cr3tvalue&b=1":  "[hidden]",
		"dial postgres://app:hunter2@db/x":                 "dial postgres://[hidden]@db/x",
		"bot 123456789:AAabcdefghijklmnopqrstuvwxyz012345": "bot [hidden]",
		"nothing here: 42 items of cnv_01JD3X4Z5Y6W7V8T9S": "nothing here: 42 items of cnv_01JD3X4Z5Y6W7V8T9S",
	} {
		got := r.Clean(text)
		if want == "[hidden]" {
			if !strings.Contains(got, want) || strings.Contains(got, "abc") || strings.Contains(got, "s3cr3t") || strings.Contains(got, "AbCd") {
				t.Errorf("%q became %q", text, got)
			}
		} else if got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
