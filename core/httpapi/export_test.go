package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/identity"
)

// jobs is export.Store in memory.
type jobs struct {
	feed *eventtest.Feed
	all  []export.Job
}

// pressed is export.Press: a file of a few bytes.
type pressed struct{ gone []export.ID }

type bytesFile struct{ *bytes.Reader }

func (bytesFile) Close() error { return nil }

func (*pressed) Write(context.Context, export.ID, export.Of, func(int64, int64) error) (export.Made, error) {
	return export.Made{Size: 8, SHA256: "abc", Counts: map[string]int64{"contacts": 2}}, nil
}

func (*pressed) Open(export.ID) (export.File, error) {
	return bytesFile{bytes.NewReader([]byte("PK bytes"))}, nil
}
func (p *pressed) Remove(id export.ID) error { p.gone = append(p.gone, id); return nil }
func (*pressed) Sweep(time.Time) error       { return nil }

func (s *site) exports() *export.Service {
	s.exported = export.NewService(export.Deps{
		Store: &jobs{feed: s.fake.Feed}, Press: &pressed{},
		Known: func(ctx context.Context, w identity.WorkspaceID, c contact.ID) error {
			_, _, err := s.fake.Contacts.Get(ctx, w, c)
			return err
		},
		Days: func(context.Context, identity.WorkspaceID) (int, error) { return 7, nil }, Now: s.now, Log: slog.New(slog.DiscardHandler),
	})
	return s.exported
}

func (j *jobs) find(w identity.WorkspaceID, id export.ID) *export.Job {
	for i := range j.all {
		if j.all[i].Workspace == w && j.all[i].ID == id {
			return &j.all[i]
		}
	}
	return nil
}

func (j *jobs) Create(_ context.Context, job export.Job, events ...event.Event) error {
	for _, one := range j.all {
		if one.Workspace == job.Workspace && one.Busy() {
			return export.UnderWay()
		}
	}
	j.all = append(j.all, job)
	j.feed.Append(events...)
	return nil
}

func (j *jobs) Job(_ context.Context, w identity.WorkspaceID, id export.ID) (export.Job, error) {
	if found := j.find(w, id); found != nil {
		return *found, nil
	}
	return export.Job{}, errs.Absent()
}

func (j *jobs) Jobs(_ context.Context, w identity.WorkspaceID, _ int) ([]export.Job, error) {
	var out []export.Job
	for _, one := range j.all {
		if one.Workspace == w {
			out = append(out, one)
		}
	}
	return out, nil
}

func (j *jobs) Change(_ context.Context, w identity.WorkspaceID, id export.ID, change func(*export.Job) ([]event.Event, error)) (export.Job, error) {
	found := j.find(w, id)
	if found == nil {
		return export.Job{}, errs.Absent()
	}
	next := *found
	events, err := change(&next)
	if err == nil {
		*found = next
		j.feed.Append(events...)
	}
	return next, err
}

func (j *jobs) Busy(context.Context) ([]export.Job, error) {
	var out []export.Job
	for _, one := range j.all {
		if one.Busy() {
			out = append(out, one)
		}
	}
	return out, nil
}

func (j *jobs) Expired(_ context.Context, now time.Time) ([]export.Job, error) {
	var out []export.Job
	for _, one := range j.all {
		if !one.Busy() && one.HasFile && !now.Before(one.ExpiresAt) {
			out = append(out, one)
		}
	}
	return out, nil
}

// TestExporting: one at a time, made in the background, fetched by a person
// with the right, and gone when it is thrown away.
func TestExporting(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	ask := func(method, path, body string, header ...string) answer {
		t.Helper()
		return s.ask(method, "/api/v1/workspaces/"+string(s.WS)+"/exports"+path, body, append([]string{"Cookie", cookie}, header...)...)
	}
	var job struct{ ID, State string }
	made := ask(http.MethodPost, "", `{}`)
	s.OK(json.Unmarshal([]byte(made.text), &job))
	if made.StatusCode != http.StatusCreated || job.State != "queued" || !strings.Contains(made.text, `"with_files":true`) {
		t.Fatalf("starting answers %d %s", made.StatusCode, made.text)
	}
	if a := ask(http.MethodPost, "", `{"with_files":false}`); a.StatusCode != http.StatusConflict || a.code != "export.under_way" {
		t.Errorf("a second one answers %d %s", a.StatusCode, a.text)
	}
	if a := ask(http.MethodPost, "", `{"contact_id":"con_none"}`); a.StatusCode != http.StatusNotFound {
		t.Errorf("of nobody answers %d %s", a.StatusCode, a.text)
	}
	if a := ask(http.MethodGet, "/"+job.ID+"/file", ""); a.StatusCode != http.StatusNotFound || a.code != "export.expired" {
		t.Errorf("a file that is not made answers %d %s", a.StatusCode, a.text)
	}
	s.OK(s.exported.Work(t.Context(), true))
	if a := ask(http.MethodGet, "/"+job.ID, ""); !strings.Contains(a.text, `"state":"done"`) || !strings.Contains(a.text, `"expires_at"`) || !strings.Contains(a.text, `"counts":{"contacts":2}`) {
		t.Errorf("when it is done: %s", a.text)
	}
	a := ask(http.MethodGet, "/"+job.ID+"/file", "")
	if a.StatusCode != http.StatusOK || a.text != "PK bytes" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment; filename=\"patchbay-") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the file: %d %q %v", a.StatusCode, a.text, a.Header)
	}
	if a := ask(http.MethodGet, "/"+job.ID+"/file", "", "Authorization", "Bearer pbk_"+strings.Repeat("A", 26)+"_"+strings.Repeat("A", 43)); a.code != "key.not_here" {
		t.Errorf("by a key: %d %s", a.StatusCode, a.text)
	}
	if a := ask(http.MethodDelete, "/"+job.ID, ""); a.StatusCode != http.StatusNoContent {
		t.Errorf("throwing it away answers %d %s", a.StatusCode, a.text)
	}
	if a := ask(http.MethodGet, "/"+job.ID+"/file", ""); a.code != "export.expired" {
		t.Errorf("afterwards: %d %s", a.StatusCode, a.text)
	}
}
