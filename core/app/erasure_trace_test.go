package app_test

import (
	"bytes"
	_ "embed"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
)

// TestErasureReachesEverything: a person's words stand in every column that can
// hold any, and none is anywhere after the erasure: in no column of any table
// that the database has, in no file of the data folder, in nothing that the
// server printed. A column that is filled by nothing here must be named in
// testdata/untraced.txt with its reason: so a table that is added later is met
// by this test.
func TestErasureReachesEverything(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { erasesAll(t, "") })
	t.Run("postgres", func(t *testing.T) { erasesAll(t, pgtest.Start(t).Schema(t)) })
}

func erasesAll(t *testing.T, source string) {
	t.Helper()
	p := &planting{}
	p.drilled, p.raw = drillOn(t, source, "PATCHBAY_OUTBOUND_ALLOW_NETWORKS=127.0.0.0/8", "PATCHBAY_WEBHOOKS_RETRY=1h", "PATCHBAY_LOG_LEVEL=debug")
	p.plant()
	columns := p.raw.columns()
	p.settles(columns)
	p.complete(columns)
	if n := p.raw.one(`SELECT COUNT(*) FROM request_claim WHERE answer <> ''`); n == "0" {
		t.Error("no answer is kept for a repeated request")
	}
	if got := p.reported(); len(got) > 0 {
		t.Errorf("the server prints what people say: %v", got)
	}

	p.owned(http.MethodPost, "/contacts/"+p.contact+"/erase", map[string]any{"confirm": p.contact, "reason": "request"})
	p.scrubbed(p.contact)
	for column, words := range p.hits(columns) {
		t.Errorf("%s has %v", column, words)
	}
	if got := p.found(t, p.options.DataDir); len(got) > 0 {
		t.Errorf("files have %v", got)
	}
	if got := p.reported(); len(got) > 0 {
		t.Errorf("the server printed %v", got)
	}
	if n := p.raw.one(`SELECT COUNT(*) FROM request_claim WHERE answer <> ''`); n > "1" { // the erasure's own
		t.Errorf("%s sealed answers are left", n)
	}
	p.blobless()
	p.others()
}

// hits lists the columns that have the person's words, with some of them.
func (p *planting) hits(columns []textual) map[string][]string {
	p.t.Helper()
	out := map[string][]string{}
	for _, c := range columns {
		for _, value := range p.raw.texts(`SELECT ` + c.text + ` FROM ` + c.table) {
			value = strings.ToLower(value)
			for _, w := range p.all {
				if strings.Contains(value, w) && !slices.Contains(out[c.String()], w) {
					out[c.String()] = append(out[c.String()], w)
				}
			}
		}
	}
	return out
}

// settles waits until what follows by itself has followed: notifications,
// webhooks, the search index.
func (p *planting) settles(columns []textual) {
	p.t.Helper()
	late := []string{"notification.text", "webhook_attempt.body", "webhook_delivery.body", "delivery_step.detail"}
	p.until("the words are everywhere", func() bool {
		hits := p.hits(slices.DeleteFunc(slices.Clone(columns), func(c textual) bool { return !slices.Contains(late, c.String()) }))
		return len(hits) == len(late)
	})
	p.indexed(p.sought)
}

//go:embed testdata/untraced.txt
var untraced string

// untracedColumns reads the columns that are filled by nothing, "table.column",
// "table.*" or "*.column", with their reasons.
func (p *planting) untracedColumns() map[string]bool {
	p.t.Helper()
	out := map[string]bool{}
	for line := range strings.Lines(untraced) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		names, reason, ok := strings.Cut(line, ": ")
		if !ok || reason == "" {
			p.t.Fatalf("no reason: %s", line)
		}
		for name := range strings.FieldsSeq(names) {
			out[name] = false
		}
	}
	return out
}

// complete checks that every column is filled or has a reason not to be, and
// that every reason is true.
func (p *planting) complete(columns []textual) {
	p.t.Helper()
	reasons, hits := p.untracedColumns(), p.hits(columns)
	var unknown []string
	for _, c := range columns {
		covered := false
		for _, name := range []string{c.String(), c.table + ".*", "*." + c.name} {
			if _, ok := reasons[name]; ok {
				reasons[name], covered = true, true
			}
		}
		_, filled := hits[c.String()]
		switch {
		case filled && covered:
			p.t.Errorf("%s can hold what people say, though untraced.txt has a reason why not: %v", c, hits[c.String()])
		case !filled && !covered:
			unknown = append(unknown, c.String())
		}
	}
	if len(unknown) > 0 {
		p.t.Errorf("new to the erasure: have plant fill them with p.word, or name them in testdata/untraced.txt with the reason why they never hold anything of a person: %v", unknown)
	}
	for name, used := range reasons {
		if !used && !strings.HasPrefix(name, "search_") {
			p.t.Errorf("untraced.txt names %s, which is not there", name)
		}
	}
}

// reported are the person's words that the server printed.
func (p *planting) reported() []string {
	var out []string
	for line := range strings.Lines(p.out.String()) {
		for _, w := range p.all {
			if strings.Contains(strings.ToLower(line), w) {
				out = append(out, w+": "+line)
			}
		}
	}
	return out
}

// blobless checks that the files which are left are those of rows that are.
func (p *planting) blobless() {
	p.t.Helper()
	id := regexp.MustCompile(`att_[0-9A-Z]{26}`)
	must(p.t, filepath.WalkDir(filepath.Join(p.options.DataDir, "media"), func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		if m := id.FindString(name); m != "" && p.raw.one(`SELECT COUNT(*) FROM attachment WHERE attachment_id = ?`, m) == "0" {
			p.t.Errorf("%s is left", name)
		}
		return nil
	}))
	if left, err := filepath.Glob(filepath.Join(p.options.DataDir, "exports", "*")); err != nil || len(left) > 0 {
		p.t.Errorf("exports are left: %v %v", left, err)
	}
}

// others checks that nobody else lost anything.
func (p *planting) others() {
	p.t.Helper()
	for _, c := range []string{p.neighbour, p.host, p.guest} {
		var one struct {
			MergedInto string `json:"merged_into"`
		}
		p.ask(p.owner.API, http.MethodGet, p.owner.At("/conversations/"+c), nil, &one)
		p.ask(p.owner.API, http.MethodGet, p.owner.At("/conversations/"+c+"/timeline"), nil, nil)
		if one.MergedInto != "" {
			p.t.Errorf("%s is hidden in what was erased", c)
		}
	}
	for _, ticket := range []string{p.linked, p.given} {
		var one struct{ Links []any }
		p.ask(p.owner.API, http.MethodGet, p.owner.At("/tickets/"+ticket), nil, &one)
		p.ask(p.owner.API, http.MethodGet, p.owner.At("/tickets/"+ticket+"/changes"), nil, nil)
		if len(one.Links) > 0 {
			p.t.Errorf("%s is linked with what was erased", ticket)
		}
	}
	a, err := p.owner.Raw(p.t.Context(), http.MethodGet, p.owner.At("/audit/verification"), nil)
	if err != nil || !bytes.Contains(a.Body, []byte(`"ok":true`)) && bytes.Contains(a.Body, []byte(`"fault"`)) {
		p.t.Errorf("the audit log is %s, %v", a.Body, err)
	}
	p.sound()
}
