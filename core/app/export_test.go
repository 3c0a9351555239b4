package app_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// exported is an export that was fetched.
type exported struct {
	raw   []byte
	files map[string][]byte
}

func unzip(t *testing.T, raw []byte) exported {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(t, err)
	out := exported{raw: raw, files: map[string][]byte{}}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		out.files[f.Name], err = io.ReadAll(r)
		must(t, err)
		must(t, r.Close())
	}
	return out
}

// all is the content of everything in it.
func (e exported) all() string {
	var b strings.Builder
	for _, text := range e.files {
		b.Write(text)
	}
	return b.String()
}

// TestExport: what was said comes out, with its files, and no secret does; of
// one person comes what is theirs; an erasure throws exports away.
func TestExport(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { exports(t, "") })
	t.Run("postgres", func(t *testing.T) { exports(t, pgtest.Start(t).Schema(t)) })
}

func exports(t *testing.T, source string) {
	t.Helper()
	d, raw := drillOn(t, source)
	var c canaries
	person := d.person(&c)
	call := func(method, path string, in, out any) {
		t.Helper()
		if _, err := d.owner.Call(t.Context(), method, d.owner.At(path), in, out); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	call(http.MethodPatch, "/contacts/"+person.contact, map[string]any{"name": "=cmd|' /C calc'!A0"}, nil)
	whole := d.export(map[string]any{})
	d.manifest(whole)
	d.complete(raw, whole)
	if text := whole.all(); !strings.Contains(text, c.all[2]) || !strings.Contains(text, "收据") {
		t.Error("what was said is not in the export")
	}
	if table := string(whole.files["contacts.csv"]); !strings.Contains(table, `'=cmd`) || strings.Contains(table, `,=cmd`) {
		t.Errorf("a cell begins a formula: %s", table)
	}
	d.secretless(raw, whole)

	one := d.export(map[string]any{"contact_id": person.contact})
	d.manifest(one)
	if text := one.all(); !strings.Contains(text, c.all[2]) || strings.Contains(text, d.chat) || strings.Contains(text, `"role":"owner"`) {
		t.Error("the export of a person is not theirs alone")
	}
	if len(one.files["data/conversations.jsonl"]) == 0 || bytes.Count(one.files["data/contacts.jsonl"], []byte("\n")) != 1 {
		t.Error("the export of a person lacks them")
	}

	file := filepath.Join(d.dir, "cli.zip")
	if out, err := d.run("export", "--to", file); err != nil || !strings.Contains(out, "2 contacts") {
		t.Errorf("on the command line: %v\n%s", err, out)
	}
	zipped, err := os.ReadFile(file)
	must(t, err)
	byHand := unzip(t, zipped)
	d.manifest(byHand)
	d.complete(raw, byHand)
	if !bytes.Equal(byHand.files["data/messages.jsonl"], whole.files["data/messages.jsonl"]) {
		t.Error("the command line exports other messages than the server")
	}
	if out, err := d.run("export", "--to", file); err == nil {
		t.Errorf("it writes over a file: %s", out)
	}

	call(http.MethodPost, "/contacts/"+person.contact+"/erase", map[string]string{"confirm": person.contact, "reason": "request"}, nil)
	d.scrubbed(person.contact)
	if left, err := filepath.Glob(filepath.Join(d.options.DataDir, "exports", "*")); err != nil || len(left) > 0 {
		t.Errorf("exports of an erased person are left: %v %v", left, err)
	}
}

// export makes one and fetches it.
func (d *drilled) export(in map[string]any) exported {
	d.t.Helper()
	var job struct {
		ID, State, SHA256 string
		Size              int
	}
	if _, err := d.owner.Call(d.t.Context(), http.MethodPost, d.owner.At("/exports"), in, &job); err != nil {
		d.t.Fatal(err)
	}
	d.until("the export ends", func() bool {
		if _, err := d.owner.Call(d.t.Context(), http.MethodGet, d.owner.At("/exports/"+job.ID), nil, &job); err != nil {
			d.t.Fatal(err)
		}
		return job.State == "done" || job.State == "failed"
	})
	if job.State == "failed" {
		d.t.Fatalf("the export is %+v\n%s", job, d.out.Tail())
	}
	a, err := d.owner.Raw(d.t.Context(), http.MethodGet, d.owner.At("/exports/"+job.ID+"/file"), nil)
	must(d.t, err)
	if sum := sha256.Sum256(a.Body); a.Status != http.StatusOK || len(a.Body) != job.Size || hex.EncodeToString(sum[:]) != job.SHA256 {
		d.t.Fatalf("the file is not what was made: %d, %d bytes of %d", a.Status, len(a.Body), job.Size)
	}
	if _, err := rig.NewAPI(d.server.URL()).Raw(d.t.Context(), http.MethodGet, d.owner.At("/exports/"+job.ID+"/file"), nil); err != nil {
		d.t.Logf("without a session: %v", err)
	}
	return unzip(d.t, a.Body)
}

// manifest checks what an export says of itself.
func (d *drilled) manifest(e exported) {
	d.t.Helper()
	var m struct {
		Format  string
		Counts  map[string]int
		Entries []struct {
			Name, SHA256 string
			Lines        int
		}
		Missing []string `json:"missing_files"`
	}
	must(d.t, json.Unmarshal(e.files["manifest.json"], &m))
	if m.Format != "patchbay-export/1" || len(m.Entries) != len(e.files)-1 || len(m.Missing) > 0 || m.Counts["messages"] == 0 {
		d.t.Errorf("the manifest is %s", e.files["manifest.json"])
	}
	for _, one := range m.Entries {
		if sum := sha256.Sum256(e.files[one.Name]); hex.EncodeToString(sum[:]) != one.SHA256 {
			d.t.Errorf("%s has another hash", one.Name)
		}
		if strings.HasSuffix(one.Name, ".jsonl") && bytes.Count(e.files[one.Name], []byte("\n")) != one.Lines {
			d.t.Errorf("%s has not %d lines", one.Name, one.Lines)
		}
	}
}

// complete compares the counts with the database's own.
func (d *drilled) complete(raw *database, e exported) {
	d.t.Helper()
	var m struct{ Counts map[string]int }
	must(d.t, json.Unmarshal(e.files["manifest.json"], &m))
	from := map[string]string{
		"members": "member", "messages": "message", "contacts": "contact", "contact_identities": "contact_identity", "contact_notes": "contact_note",
		"conversations": "conversation", "conversation_changes": "conversation_change", "tickets": "ticket", "ticket_comments": "ticket_comment",
		"attachments": "attachment WHERE state = 'taken'", "inboxes": "inbox", "ticket_types": "ticket_type", "ratings": "rating WHERE given_at > 0",
		"visitor_sessions": "visitor_session", "scheduled_messages": "scheduled",
	}
	seen := 0
	for noun, table := range from {
		want, err := strconv.Atoi(raw.one(`SELECT COUNT(*) FROM ` + table))
		must(d.t, err)
		if got, ok := m.Counts[noun]; !ok || got != want {
			d.t.Errorf("the export has %d %s, the database %d", got, noun, want)
		}
		seen += want
	}
	if seen < 30 {
		d.t.Errorf("%d rows were compared", seen)
	}
}

// secretless looks for every value of every column that holds a secret, by its
// name.
func (d *drilled) secretless(raw *database, e exported) {
	d.t.Helper()
	text, seen := e.all(), 0
	for _, c := range raw.columns() {
		secret := slices.ContainsFunc([]string{"hash", "secret", "sealed", "token"}, func(s string) bool { return strings.Contains(c.name, s) }) ||
			c.name == "renewal" || c.name == "config" || c.table == "meta" && c.name == "value"
		if !secret || strings.HasPrefix(c.table, "audit_") {
			continue
		}
		for _, v := range raw.texts(`SELECT ` + c.text + ` FROM ` + c.table) {
			if len(v) < 8 {
				continue
			}
			if seen++; strings.Contains(text, v) {
				d.t.Errorf("the export has what %s holds", c)
			}
		}
	}
	if seen < 5 || strings.Contains(text, d.secret) {
		d.t.Errorf("%d secrets were looked for", seen)
	}
}
