package farside_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/conformance/farside"
)

// The kit says how the far side is to be, who waits is told, and what came is
// read back as it was noted.
func TestBook(t *testing.T) {
	b := farside.NewBook(func(m farside.Manner) bool { return m.RetryAfter == 0 })
	ask := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	if code, got := ask(http.MethodGet, "/arrivals", ""); code != http.StatusOK || got != "[]" {
		t.Errorf("at first: %d %s", code, got)
	}
	want := farside.Manner{Status: 503, Dated: true, Hang: true, Cut: true, Garbage: true, Delay: 5 * time.Millisecond, Clock: -time.Hour}
	told, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	_, changed := b.Manner()
	if code, _ := ask(http.MethodPut, "/manner", string(told)); code != http.StatusNoContent {
		t.Errorf("a manner: %d", code)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody who waits is told")
	}
	if got, _ := b.Manner(); got != want {
		t.Errorf("it is %+v", got)
	}
	if code, _ := ask(http.MethodPut, "/manner", `{"status":429,"retry_after_ms":7000}`); code != http.StatusNotImplemented {
		t.Errorf("what it cannot play: %d", code)
	}
	if got, _ := b.Manner(); got != (farside.Manner{}) {
		t.Errorf("then it is %+v", got)
	}
	b.Note(farside.Arrival{Text: "kit-000001 你好", Made: "m7"})
	b.Note(farside.Arrival{Text: "again", Duplicate: true})
	if _, got := ask(http.MethodGet, "/arrivals", ""); got != `[{"text":"kit-000001 你好","duplicate":false,"made":"m7"},{"text":"again","duplicate":true}]` {
		t.Errorf("came %s", got)
	}
	for _, c := range []struct {
		method, path, body string
		code               int
	}{{http.MethodPut, "/manner", "{", 400}, {http.MethodPost, "/manner", "{}", 404}, {http.MethodGet, "/", "", 404}} {
		if code, _ := ask(c.method, c.path, c.body); code != c.code {
			t.Errorf("%s %s: %d", c.method, c.path, code)
		}
	}
}
