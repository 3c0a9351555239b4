package alerttest_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// here are the labels that Prometheus gives what it scrapes.
const here = `{instance="a:9464",job="patchbay"}`

// scene is a rule on made-up series, one sample a minute, in promtool's
// notation: "2+3x4" is 2, 5, 8, 11, 14; "5x2" is 5, 5, 5; "_x3" is nothing, three times.
type scene struct {
	alert  string
	series map[string]string // samples by series; LABELS stands for here's
	after  time.Duration
	says   string // what the summary holds when it fires; "" = it must not fire
}

// scenes has at least one scene of each rule in which it fires, and one in
// which it does not and nearly does.
func scenes() []scene {
	const (
		minute = time.Minute
		day    = 24 * time.Hour
	)
	fast := `patchbay_http_request_duration_seconds_bucket{le="1",route="/a"}`
	all := `patchbay_http_request_duration_seconds_bucket{le="+Inf",route="/a"}`
	slow := `patchbay_http_request_duration_seconds_bucket{le="5",route="/a"}`
	return []scene{
		{"PatchbayDown", map[string]string{"up" + here: "1x3 0x5", "patchbay_build_info" + here: "1x8"}, 7 * minute, "does not answer"},
		{"PatchbayDown", map[string]string{"other": "1x10"}, 3 * minute, "does not answer"},
		{"PatchbayDown", map[string]string{"up" + here: "1x3 0 1x5", "patchbay_build_info" + here: "1x10"}, 5 * minute, ""},
		{"PatchbayDown", map[string]string{"up" + here: "1x9", `up{job="node"}`: "0x9", "patchbay_build_info" + here: "1x9"}, 9 * minute, ""},

		{"PatchbayDatabaseDown", map[string]string{"patchbay_database_up" + here: "0x5"}, 2 * minute, "does not answer"},
		{"PatchbayDatabaseDown", map[string]string{"patchbay_database_up" + here: "1x3 0 1x3"}, 5 * minute, ""},
		{"PatchbayDatabaseSlow", map[string]string{"patchbay_database_ping_seconds" + here: "0.4x10"}, 8 * minute, "takes 400ms"},
		{"PatchbayDatabaseSlow", map[string]string{"patchbay_database_ping_seconds" + here: "0.4x3 0.1x10"}, 8 * minute, ""},

		{"PatchbayErrors", map[string]string{`patchbay_http_requests_total{status="200"}`: "0+90x20", `patchbay_http_requests_total{status="502"}`: "0+10x20"}, 15 * minute, "10% of requests"},
		{"PatchbayErrors", map[string]string{`patchbay_http_requests_total{status="200"}`: "0+98x20", `patchbay_http_requests_total{status="500"}`: "0+2x20"}, 15 * minute, ""},
		{"PatchbayErrors", map[string]string{`patchbay_http_requests_total{status="200"}`: "0+50x20", `patchbay_http_requests_total{status="404"}`: "0+50x20"}, 15 * minute, ""},
		{"PatchbayErrors", map[string]string{`patchbay_http_requests_total{status="200"}`: "7x20", `patchbay_http_requests_total{status="500"}`: "7x20"}, 15 * minute, ""}, // nobody asks

		{"PatchbaySlow", map[string]string{fast: "0+90x30", slow: "0+100x30", all: "0+100x30"}, 25 * minute, "longer than"},
		{"PatchbaySlow", map[string]string{fast: "0+99x30", slow: "0+100x30", all: "0+100x30"}, 25 * minute, ""},
		{"PatchbaySlow", map[string]string{
			strings.Replace(fast, "/a", "/api/v1/live/{inbox}/socket", 1): "0+1x30", strings.Replace(slow, "/a", "/api/v1/live/{inbox}/socket", 1): "0+100x30",
			strings.Replace(all, "/a", "/api/v1/live/{inbox}/socket", 1): "0+100x30",
		}, 25 * minute, ""}, // a socket is open for long

		{"PatchbayPluginDown", map[string]string{`patchbay_plugin_up{plugin="patchbay/webchat"}`: "0x10"}, 8 * minute, "patchbay/webchat"},
		{"PatchbayPluginDown", map[string]string{`patchbay_plugin_up{plugin="patchbay/webchat"}`: "0x3 1x7"}, 8 * minute, ""},
		{"PatchbayPluginRestarts", map[string]string{`patchbay_plugin_restarts_total{plugin="a/b"}`: "0+0x10 1+1x10"}, 22 * minute, "a/b"},
		{"PatchbayPluginRestarts", map[string]string{`patchbay_plugin_restarts_total{plugin="a/b"}`: "0x10 1x20"}, 25 * minute, ""},

		{"PatchbayPluginRolledBack", map[string]string{`patchbay_plugin_rolled_back{plugin="a/b"}`: "0x5 1x10"}, 8 * minute, "a/b"},
		{"PatchbayPluginRolledBack", map[string]string{`patchbay_plugin_rolled_back{plugin="a/b"}`: "1x5 0x10"}, 8 * minute, ""},
		{"PatchbayPluginUnconfined", map[string]string{`patchbay_plugin_unconfined{plugin="a/b"}`: "1x10"}, 8 * minute, "a/b"},
		{"PatchbayPluginUnconfined", map[string]string{`patchbay_plugin_unconfined{plugin="a/b"}`: "1x3 0x7"}, 8 * minute, ""},

		{"PatchbayAccountFailing", map[string]string{`patchbay_accounts{state="credentials"}`: "0x5 2x20", `patchbay_accounts{state="ok"}`: "9x30"}, 20 * minute, "2 inboxes or connections do not work (credentials)"},
		{"PatchbayAccountFailing", map[string]string{`patchbay_accounts{state="failing"}`: "1x8 0x20", `patchbay_accounts{state="ok"}`: "9x30"}, 20 * minute, ""},

		{"PatchbayDeliveriesStuck", map[string]string{`patchbay_delivery_oldest_seconds{kind="channel"}`: "0+60x40"}, 25 * minute, "waits for 25m"},
		{"PatchbayDeliveriesStuck", map[string]string{`patchbay_delivery_oldest_seconds{kind="channel"}`: "0+60x16 0x20"}, 25 * minute, ""},
		{"PatchbayDeliveriesStuck", map[string]string{`patchbay_delivery_oldest_seconds{kind="webhook"}`: "1000x30"}, 25 * minute, ""},
		{"PatchbayWebhooksStuck", map[string]string{`patchbay_delivery_oldest_seconds{kind="webhook"}`: "8000x30"}, 25 * minute, "2h 13m"},
		{"PatchbayWebhooksStuck", map[string]string{`patchbay_delivery_oldest_seconds{kind="webhook"}`: "1000x30"}, 25 * minute, ""},

		{"PatchbayDiskFull", map[string]string{"patchbay_disk_free_bytes" + here: "40x10", "patchbay_disk_size_bytes" + here: "1000x10"}, 8 * minute, "4% of the disk"},
		{"PatchbayDiskFull", map[string]string{"patchbay_disk_free_bytes" + here: "60x10", "patchbay_disk_size_bytes" + here: "1000x10"}, 8 * minute, ""},
		{"PatchbayDiskFilling", map[string]string{"patchbay_disk_free_bytes" + here: "100000-20x500"}, 8 * time.Hour, "full within four days"},
		{"PatchbayDiskFilling", map[string]string{"patchbay_disk_free_bytes" + here: "100000-10x500"}, 8 * time.Hour, ""},       // a week
		{"PatchbayDiskFilling", map[string]string{"patchbay_disk_free_bytes" + here: "100000x60 50000x500"}, 9 * time.Hour, ""}, // a large file came, once

		{"PatchbayBackupOld", map[string]string{"patchbay_backup_last_success_timestamp_seconds" + here: "60x3100"}, 51 * time.Hour, "2d 2h"},
		{"PatchbayBackupOld", map[string]string{"patchbay_backup_last_success_timestamp_seconds" + here: "60x1500 90000x1600"}, 51 * time.Hour, ""},
		{"PatchbayBackupOld", map[string]string{"patchbay_backup_last_success_timestamp_seconds" + here: "0x3100"}, 51 * time.Hour, ""}, // that is the next one
		{"PatchbayBackupNever", map[string]string{"patchbay_backup_last_success_timestamp_seconds" + here: "0x1600"}, 26*time.Hour + minute, "no verified backup"},
		{"PatchbayBackupNever", map[string]string{"patchbay_backup_last_success_timestamp_seconds" + here: "0x1500"}, day, ""}, // a new one may have none yet
		{"PatchbayBackupNever", map[string]string{"patchbay_backup_last_success_timestamp_seconds" + here: "0x600 36000x1000"}, 26*time.Hour + minute, ""},

		{"PatchbayCertificateExpires", map[string]string{"patchbay_certificate_expiry_timestamp_seconds" + here: "432000x30"}, 20 * minute, "ends in 4d 23h"},
		{"PatchbayCertificateExpires", map[string]string{"patchbay_certificate_expiry_timestamp_seconds" + here: "864000x30"}, 20 * minute, ""},
		{"PatchbayCertificateExpires", map[string]string{"other": "1x30"}, 20 * minute, ""}, // no TLS here

		{"PatchbayFiles", map[string]string{"process_open_fds" + here: "950x5", "process_max_fds" + here: "1000x5", "patchbay_build_info" + here: "1x5"}, 4 * minute, "95% of the files"},
		{"PatchbayFiles", map[string]string{"process_open_fds" + here: "800x5", "process_max_fds" + here: "1000x5", "patchbay_build_info" + here: "1x5"}, 4 * minute, ""},
		{"PatchbayFiles", map[string]string{`process_open_fds{instance="b:1",job="node"}`: "950x5", `process_max_fds{instance="b:1",job="node"}`: "1000x5", "patchbay_build_info" + here: "1x5"}, 4 * minute, ""}, // another's
	}
}

// TestAlerts plays every scene, and wants for each rule one in which it fires
// and one in which it does not.
func TestAlerts(t *testing.T) {
	fired, quiet := map[string]bool{}, map[string]bool{}
	for n, s := range scenes() {
		firing := s.play(t)
		of := func(a *rules.Alert) bool { return a.Labels.Get("alertname") == s.alert }
		at := slices.IndexFunc(firing, of)
		switch {
		case s.says == "" && at >= 0:
			t.Errorf("scene %d: %s fires: %s", n, s.alert, firing[at].Annotations.Get("summary"))
		case s.says == "":
			quiet[s.alert] = true
		case at < 0:
			t.Errorf("scene %d: %s does not fire", n, s.alert)
		default:
			fired[s.alert] = true
			if said := firing[at].Annotations.Get("summary"); !strings.Contains(said, s.says) || strings.Contains(said, "error") || strings.Contains(said, "no value") {
				t.Errorf("scene %d: %s says %q, without %q", n, s.alert, said, s.says)
			}
		}
	}
	total := 0
	for _, g := range ruleGroups(t).Groups {
		for _, r := range g.Rules {
			if total++; !fired[r.Alert] || !quiet[r.Alert] {
				t.Errorf("%s: fired %v, quiet %v", r.Alert, fired[r.Alert], quiet[r.Alert])
			}
		}
	}
	t.Logf("%d rules, %d scenes", total, len(scenes()))
}

// play evaluates all rules again and again, as Prometheus does, and returns what
// fires at the end. What takes days is looked at more seldom.
func (s scene) play(t *testing.T) []*rules.Alert {
	t.Helper()
	var input strings.Builder
	input.WriteString("load 1m\n")
	for name, samples := range s.series {
		input.WriteString("  " + name + " " + samples + "\n")
	}
	suite, err := promqltest.NewLazyLoader(input.String(), promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		t.Fatalf("%s: %v\n%s", s.alert, err, input.String())
	}
	defer func() {
		if err := suite.Close(); err != nil {
			t.Error(err)
		}
	}()
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(suite.QueryEngine(), suite.Storage()), Appendable: suite.Storage(), Context: t.Context(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: promslog.NewNopLogger(), Parser: promQL(),
	})
	groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, rulesFile)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var all []*rules.AlertingRule
	for _, g := range groups {
		for _, r := range g.AlertingRules() {
			r.SetRestored(true) // else a restart is waited for
			all = append(all, r)
		}
	}
	const looks = 60
	begin, step := time.Unix(0, 0).UTC(), max(time.Minute, (s.after/looks).Truncate(time.Minute))
	for at := begin; !at.After(begin.Add(s.after)); at = at.Add(step) {
		suite.WithSamplesTill(at, func(err error) {
			if err != nil {
				t.Fatalf("%s: %v", s.alert, err)
			}
			for _, g := range groups {
				g.Eval(suite.Context(), at)
			}
			for _, r := range all {
				if err := r.LastError(); err != nil {
					t.Fatalf("%s: %s: %v", s.alert, r.Name(), err)
				}
			}
		})
	}
	var firing []*rules.Alert
	for _, r := range all {
		for _, a := range r.ActiveAlerts() {
			if a.State == rules.StateFiring {
				firing = append(firing, a)
			}
		}
	}
	return firing
}
