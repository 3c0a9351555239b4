package httpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/page"
)

// erasures is erasure.Store that keeps records. What is deleted is tested on
// the real stores: core/store/erasures.
type erasures struct {
	contacts *contacttest.Fake
	feed     *eventtest.Feed
	records  []erasure.Record
}

func (s *site) erasures() *erasure.Service {
	return erasure.NewService(erasure.Deps{
		Store: &erasures{contacts: s.fake.Contacts, feed: s.fake.Feed}, Circle: s.fake.Contacts, Note: func(erasure.Ref) error { return nil }, Key: []byte("of the tests"),
		Now: s.now, Log: slog.New(slog.DiscardHandler),
	})
}

func (e *erasures) Subject(ctx context.Context, w identity.WorkspaceID, id contact.ID) (erasure.Subject, error) {
	c, _, err := e.contacts.Get(ctx, w, id)
	return erasure.Subject{
		Workspace: w, Contact: c.ID, Contacts: []contact.ID{c.ID}, Name: c.Name, Email: c.Email, Phone: c.Phone, MergedTo: c.Survivor,
		Counts: erasure.Counts{"contacts": 1},
	}, err
}

func (e *erasures) Erase(ctx context.Context, w identity.WorkspaceID, id contact.ID, decide func(erasure.Subject) (erasure.Record, []event.Event, error)) (erasure.Record, error) {
	u, err := e.Subject(ctx, w, id)
	if err != nil {
		return erasure.Record{}, err
	}
	r, events, err := decide(u)
	if err == nil {
		e.records = append(e.records, r)
		e.feed.Append(events...)
	}
	return r, err
}

func (e *erasures) List(_ context.Context, w identity.WorkspaceID, _ page.Request) (page.Page[erasure.Record], error) {
	var out page.Page[erasure.Record]
	for _, r := range e.records {
		if r.Workspace == w {
			out.Items = append(out.Items, r)
		}
	}
	return out, nil
}

func (e *erasures) Files(context.Context, int) ([]media.ID, error)       { return nil, nil }
func (e *erasures) Removed(context.Context, media.ID) error              { return nil }
func (e *erasures) Unscrubbed(context.Context) (bool, error)             { return false, nil }
func (e *erasures) Scrubbed(context.Context, time.Time, time.Time) error { return nil }

// TestErasing: only who names the contact erases it, and the record says nothing
// of the person.
func TestErasing(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	base := "/api/v1/workspaces/" + string(s.WS)
	ask := func(method, path, body string) answer {
		t.Helper()
		return s.ask(method, base+path, body, "Cookie", cookie)
	}
	var made struct{ ID string }
	s.OK(json.Unmarshal([]byte(ask(http.MethodPost, "/contacts", `{"name":"Zhang San","email":"zhang@example.com"}`).text), &made))
	con := "/contacts/" + made.ID
	if a := ask(http.MethodGet, con+"/erase", ""); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `"contacts":1`) {
		t.Errorf("the preview answers %d %s", a.StatusCode, a.text)
	}
	for body, code := range map[string]string{
		`{"confirm":"zhang san"}`: "erasure.confirm", `{"confirm":" "}`: "erasure.confirm", `{"confirm":""}`: "request.invalid",
		`{}`: "request.invalid", `{"confirm":"Zhang San","now":true}`: "request.invalid",
	} {
		if a := ask(http.MethodPost, con+"/erase", body); a.code != code {
			t.Errorf("%s answers %d %s, want %s", body, a.StatusCode, a.text, code)
		}
	}
	a := ask(http.MethodPost, con+"/erase", `{"confirm":" zhang@example.com "}`)
	if a.StatusCode != http.StatusOK || strings.Contains(a.text, "hang") {
		t.Errorf("erasing answers %d %s", a.StatusCode, a.text)
	}
	if a := ask(http.MethodGet, "/erasures", ""); !strings.Contains(a.text, con[len("/contacts/"):]) || strings.Contains(a.text, "hang") {
		t.Errorf("the list is %s", a.text)
	}
}
