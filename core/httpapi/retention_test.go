package httpapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/retention"
)

// policies is retention.Store that keeps rules. What is deleted is tested on the
// real stores: core/store.
type policies struct {
	feed *eventtest.Feed
	of   map[identity.WorkspaceID]retention.Policy
}

func (s *site) retention() *retention.Service {
	return retention.NewService(retention.Deps{
		Store: &policies{feed: s.fake.Feed, of: map[identity.WorkspaceID]retention.Policy{}},
		Rest:  func(context.Context, time.Duration) {}, Now: s.now, Log: slog.New(slog.DiscardHandler),
	})
}

func (p *policies) Policy(_ context.Context, w identity.WorkspaceID) (retention.Policy, error) {
	if found, ok := p.of[w]; ok {
		return found, nil
	}
	return retention.Policy{Workspace: w}, nil
}

func (p *policies) SetPolicy(ctx context.Context, w identity.WorkspaceID, change func(*retention.Policy) ([]event.Event, error)) (retention.Policy, error) {
	found, _ := p.Policy(ctx, w)
	events, err := change(&found)
	if err == nil {
		p.of[w] = found
		p.feed.Append(events...)
	}
	return found, err
}

func (*policies) Forecast(_ context.Context, _ identity.WorkspaceID, k retention.Kind, before time.Time) (retention.Forecast, error) {
	return retention.Forecast{Kind: k, Count: 1234, Oldest: before.AddDate(-1, 0, 0)}, nil
}

func (*policies) Delete(context.Context, retention.Sweep) (int, error) { return 0, nil }
func (*policies) Settle(context.Context, retention.Policy, time.Time, func([]retention.Tally) []event.Event) error {
	return nil
}
func (*policies) Files(context.Context, int) ([]media.ID, error) { return nil, nil }
func (*policies) Removed(context.Context, []media.ID) error      { return nil }

// TestRetention: rules have bounds, and a preview tells before anything goes.
func TestRetention(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	ask := func(method, path, body string) answer {
		t.Helper()
		return s.ask(method, "/api/v1/workspaces/"+string(s.WS)+"/retention"+path, body, "Cookie", cookie)
	}
	if a := ask(http.MethodGet, "", ""); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `{"kind":"conversations","min_days":30,"max_days":36500}`) || strings.Contains(a.text, "updated_at") {
		t.Errorf("a new workspace has %d %s", a.StatusCode, a.text)
	}
	if a := ask(http.MethodGet, "/preview?conversations=365", ""); !strings.Contains(a.text, `"items":[{"kind":"conversations","count":1234,"oldest_at":`) {
		t.Errorf("the preview says %d %s", a.StatusCode, a.text)
	}
	a := ask(http.MethodPatch, "", `{"conversations":7,"page_views":400,"files":365}`)
	if a.StatusCode != http.StatusUnprocessableEntity || a.code != "retention.days" || !strings.Contains(a.text, `/conversations`) || !strings.Contains(a.text, `/page_views`) || strings.Contains(a.text, `"/files"`) {
		t.Errorf("what is out of bounds answers %d %s", a.StatusCode, a.text)
	}
	if a := ask(http.MethodGet, "/preview?files=1", ""); a.code != "retention.days" {
		t.Errorf("a preview out of bounds answers %d %s", a.StatusCode, a.text)
	}
	a = ask(http.MethodPatch, "", `{"conversations":365}`)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.text, `{"kind":"conversations","days":365,"min_days":30`) || !strings.Contains(a.text, "updated_at") {
		t.Errorf("setting a rule answers %d %s", a.StatusCode, a.text)
	}
	if a = ask(http.MethodPatch, "", `{"conversations":0}`); strings.Contains(a.text, `"days":365`) {
		t.Errorf("a rule does not go: %s", a.text)
	}
	for _, bad := range []string{`{"conversations":"x"}`, `{"conversations":-1}`, `{"audit":30}`, `{"conversations":30.5}`} {
		if a := ask(http.MethodPatch, "", bad); a.code != "request.invalid" {
			t.Errorf("%s answers %d %s", bad, a.StatusCode, a.text)
		}
	}
}
