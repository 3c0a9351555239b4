package app_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// scraped asks for the metrics and returns the series, by name and labels.
func scraped(t *testing.T, address string) map[string]bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // of a test
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		if name, _, ok := cutLast(line, " "); ok && !strings.HasPrefix(line, "#") {
			out[name] = true
		}
	}
	return out
}

func cutLast(s, sep string) (before, after string, found bool) {
	at := strings.LastIndex(s, sep)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(sep):], true
}

// TestMetrics reads the metrics of a server that works. Alert rules and
// dashboard ask for nothing that it does not answer; and what customers and
// strangers do makes no series, whatever they call it: the labels' values are
// those of the program, and none is an id.
func TestMetrics(t *testing.T) {
	metrics := freePort(t)
	s := open(t, func(o *rig.Options) { o.Env = append(o.Env, "PATCHBAY_METRICS_ADDRESS="+metrics) })
	round := func(n int) {
		if err := s.try(fmt.Sprintf("round %d", n)); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/%s", "/api/v1/%s", "/w/%s/loader.js", "/hooks/%s/x", "/t/%s", "/api/v1/trial/%s", "/api/v1/workspaces/%s/conversations", "/api/v1/workspaces/wsp_%s/tickets/tkt_1"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, fmt.Sprintf("ROUND%d", n)} {
				_, _ = rig.NewAPI(s.server.URL()).As("User-Agent", fmt.Sprint("round", n)).Raw(t.Context(), method, fmt.Sprintf(path, fmt.Sprintf("Round%d", n)), nil) // refused is right
			}
		}
	}
	s.until("the metrics", func() bool { return scraped(t, metrics)[`patchbay_deliveries_waiting{kind="webhook"}`] })
	round(0)
	before := scraped(t, metrics)
	for n := range 5 {
		round(n + 1)
	}
	after := scraped(t, metrics)
	id := regexp.MustCompile(`(?i)round\d|[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}|127\.0\.0\.1`)
	for series := range after {
		if strings.HasPrefix(series, "patchbay_") && (!before[series] || id.MatchString(series)) {
			t.Errorf("who asks makes a series: %s", series)
		}
	}
	t.Logf("%d series", len(after))

	names := make(map[string]bool)
	for series := range after {
		name, _, _ := strings.Cut(series, "{")
		names[name] = true
	}
	asked := make(map[string]bool)
	for _, file := range []string{"rules.yaml", "dashboard.json"} {
		text, err := os.ReadFile(filepath.Join("../../charts/patchbay/files", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\b(?:patchbay|process|go)_[a-z_]+\b`).FindAllString(string(text), -1) {
			asked[name] = true
		}
	}
	delete(asked, "patchbay_certificate_expiry_timestamp_seconds") // of a server with TLS: core/internal/alerttest has one
	if len(asked) < 20 {
		t.Errorf("rules and dashboard ask for %q only", slices.Sorted(maps.Keys(asked)))
	}
	for name := range asked {
		if !names[name] {
			t.Errorf("rules or dashboard ask for %s, which the server does not answer", name)
		}
	}
}
