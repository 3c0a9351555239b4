package conversation_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// guard is a scanner that finds what is named, and stops in the middle on demand.
type guard struct {
	mu     sync.Mutex
	finds  map[media.ID]string
	broken error
	asked  int
	on     func(ctx context.Context)
}

func (g *guard) Scan(ctx context.Context, id media.ID, _ media.Part) (media.Verdict, error) {
	g.mu.Lock()
	g.asked++
	found, err, on := g.finds[id], g.broken, g.on
	g.mu.Unlock()
	if on != nil {
		on(ctx)
	}
	if ctx.Err() != nil {
		return media.Verdict{}, ctx.Err()
	}
	return media.Verdict{Infected: found != "", Finding: found}, err
}

func (g *guard) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

func (g *guard) times() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

func newGuardedPost(t *testing.T) (*post, *guard) {
	t.Helper()
	p := newPost(t)
	g := &guard{finds: map[media.ID]string{}}
	p.media.Scanner = g
	return p, g
}

// A file that a channel named is fetched once, then scanned until there is a
// verdict; an infected one is kept back, and nobody can have it scanned again.
func TestFetchedFilesAreScanned(t *testing.T) {
	p, g := newGuardedPost(t)
	p.far.files["good"], p.far.files["bad"] = "plain text", "evil"
	g.broken = errs.New(errs.Unavailable, media.CodeNotScanned, "The virus scanner could not look at this file.")
	p.run()
	m := p.names("good", "bad")
	p.until(m, media.Scanning, media.Scanning)
	eventually(t, func() bool { return g.times() >= 2 })
	g.set(func() { g.broken, g.finds[m.Attachments[1].ID] = nil, "Eicar FOUND" })
	p.pass(time.Hour)
	got := p.until(m, media.Here, media.Infected)
	if got[1].Trouble != (media.Trouble{Code: media.CodeInfected, Detail: "Eicar FOUND"}) || got[0].Trouble.Code != "" || got[0].SHA256 == "" {
		t.Errorf("%+v", got)
	}
	for _, r := range []string{"good", "bad"} {
		if n := p.far.times(r); n != 1 {
			t.Errorf("%s was fetched %d times", r, n)
		}
	}
	_, err := p.service.RefetchFile(p.Context(), as(p.agent), m.Conversation, m.ID, got[1].ID)
	p.refused(err, errs.Conflict, media.CodeInfected)
	for _, ch := range p.Timeline(m.Conversation, m.Seq) {
		if ch.Type == conversation.MessageFile && strings.Contains(string(ch.Data), `"infected"`) && ch.Actor.Kind != identity.ActorSystem {
			t.Errorf("told by %+v", ch.Actor)
		}
	}
}

// Without a verdict for a day a file stays kept back, until a person has it
// scanned again; a server that stops gives back what it was scanning.
func TestAFileWithoutAVerdict(t *testing.T) {
	p, g := newGuardedPost(t)
	p.far.files["one"] = "plain text"
	g.broken = errors.New("no daemon")
	begun := make(chan struct{}, 1)
	g.on = func(ctx context.Context) { begun <- struct{}{}; <-ctx.Done() }
	stop := p.run()
	m := p.names("one")
	<-begun
	stop()
	p.until(m, media.Scanning)
	g.set(func() { g.on = nil })
	p.fetcher = p.newFetcher()
	p.run()
	p.pass(25 * time.Hour)
	got := p.until(m, media.Failed)
	if got[0].Trouble.Code != media.CodeNotScanned || got[0].SHA256 == "" {
		t.Errorf("%+v", got[0])
	}
	g.set(func() { g.broken = nil })
	again, err := p.service.RefetchFile(p.Context(), as(p.agent), m.Conversation, m.ID, got[0].ID)
	p.OK(err)
	if again.Attachments[0].Arrival != media.Scanning {
		t.Errorf("again: %+v", again.Attachments[0])
	}
	p.until(m, media.Here)
	if n := p.far.times("one"); n != 1 {
		t.Errorf("fetched %d times", n)
	}
}

// A file that was uploaded is scanned before or after its message takes it.
func TestFilesByBlobAreScanned(t *testing.T) {
	p, g := newGuardedPost(t)
	by := media.Uploader{Kind: media.ByPlugin, ID: string(p.Inbox.ID)}
	u, err := p.media.Begin(p.Context(), p.WS, by, media.Announcement{Name: "a.txt", Size: 4}, 0)
	p.OK(err)
	u, err = p.media.Append(p.Context(), p.WS, by, u.ID, 0, []byte("evil"))
	p.OK(err)
	if u.Arrival != media.Scanning {
		t.Fatalf("%+v", u)
	}
	g.finds[u.ID] = "Eicar FOUND"
	in := item(p.Inbox, "m9", "wang", "")
	in.Content.Files = []channel.File{{ID: u.ID}}
	if r := p.receive(in)[0]; r.Outcome != channel.OutcomeAccepted {
		t.Fatalf("%+v", r)
	}
	c := p.of(p.Inbox, "wang")
	var m conversation.Message
	for _, ch := range p.Timeline(c.ID, 0) {
		if ch.Message != nil && ch.Message.ClientID == "m9" {
			m = *ch.Message
		}
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Arrival != media.Scanning {
		t.Fatalf("%+v", m)
	}
	p.run()
	p.until(m, media.Infected)
}
