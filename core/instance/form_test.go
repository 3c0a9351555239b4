package instance_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/instance"
)

// A field that the form does not show is one that nobody has to sign in for.
func TestShown(t *testing.T) {
	form := instance.FormOf(json.RawMessage(`{"type":"object","properties":{"at":{"type":"object","properties":{"kind":{"type":"string"}}},
		"one":{"type":"string","x-oauth":{"client_id":"/id"},"x-depends":{"field":"/at/kind","equals":"a"}},
		"some":{"type":"string","x-oauth":{"client_id":"/id"},"x-depends":{"field":"/at/kind","in":["b","c"]}},
		"always":{"type":"string","x-oauth":{"client_id":"/id"}}}}`))
	for config, want := range map[string]string{
		`{"at":{"kind":"a"}}`: "/always /one", `{"at":{"kind":"c"}}`: "/always /some", `{"at":{"kind":"d"}}`: "/always", `{}`: "/always",
		`{"at":3}`: "/always", ``: "/always",
	} {
		var shown []string
		for _, o := range form.OAuth {
			if o.Shown(json.RawMessage(config)) {
				shown = append(shown, o.Pointer)
			}
		}
		if got := strings.Join(shown, " "); got != want {
			t.Errorf("%s: %s, want %s", config, got, want)
		}
	}
}
