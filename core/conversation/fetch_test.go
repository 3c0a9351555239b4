package conversation_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

// library is a far side that keeps files, and fails on demand.
type library struct {
	channel.FarSide
	mu    sync.Mutex
	files map[string]string // by reference
	fail  map[string]error
	asked map[string]int
	on    func(ctx context.Context, reference string) // called in the middle of a file
}

func (l *library) FetchFile(ctx context.Context, _ channel.Inbox, fetch string, most int64, w io.Writer) (channel.Fetched, error) {
	l.mu.Lock()
	l.asked[fetch]++
	text, err, on := l.files[fetch], l.fail[fetch], l.on
	l.mu.Unlock()
	if err != nil {
		return channel.Fetched{}, err
	}
	if int64(len(text)) > most {
		return channel.Fetched{}, errs.New(errs.Invalid, channel.CodeFileTooLarge, "too large")
	}
	if _, err := io.WriteString(w, text[:1]); err != nil {
		return channel.Fetched{}, err
	}
	if on != nil {
		on(ctx, fetch)
	}
	if ctx.Err() != nil {
		return channel.Fetched{}, ctx.Err()
	}
	_, err = io.WriteString(w, text[1:])
	return channel.Fetched{Name: "told.txt"}, err
}

func (l *library) times(reference string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[reference]
}

// post is a desk whose channel names files.
type post struct {
	*desk
	far     *library
	bytes   *mediatest.FakeFiles
	media   *media.Service
	fetcher *conversation.Fetcher
}

func newPost(t *testing.T) *post {
	t.Helper()
	d := newDesk(t)
	p := &post{desk: d, far: &library{files: map[string]string{}, fail: map[string]error{}, asked: map[string]int{}}, bytes: mediatest.NewFakeFiles(d.now)}
	rows := d.fake.Media.Store()
	p.media = media.NewService(media.Deps{
		Store: rows, Ledger: rows, Files: p.bytes, Now: d.now, Log: slog.New(slog.DiscardHandler),
		Limits: media.Limits{Upload: 100, Pixels: 1e6, DecodeMemory: 1 << 20},
	})
	p.fetcher = p.newFetcher()
	d.service.FilesNamed = func() { p.fetcher.Wake() }
	return p
}

func (p *post) newFetcher() *conversation.Fetcher {
	return conversation.NewFetcher(conversation.FetcherDeps{
		Conversations: p.service, FarSide: p.far, Errands: p.fake.Media.Store(), Files: p.media, Most: 100, Log: slog.New(slog.DiscardHandler),
	})
}

// run fetches until the test ends or stop is called.
func (p *post) run() (stop func()) {
	ctx, cancel := context.WithCancel(p.Context())
	var done sync.WaitGroup
	done.Go(func() { p.fetcher.Run(ctx) })
	stop = func() { cancel(); done.Wait() }
	p.Cleanup(stop)
	return stop
}

// names takes a message that names files by reference.
func (p *post) names(references ...string) conversation.Message {
	p.Helper()
	in := item(p.Inbox, "m1", "wang", "")
	for _, r := range references {
		in.Content.Files = append(in.Content.Files, channel.File{Fetch: r, Type: "Image/PNG; x=1", Size: 9})
	}
	if r := p.receive(in)[0]; r.Outcome != channel.OutcomeAccepted {
		p.Fatalf("%+v", r)
	}
	c := p.of(p.Inbox, "wang")
	for _, ch := range p.Timeline(c.ID, 0) {
		if ch.Message != nil && ch.Message.ClientID == "m1" {
			return *ch.Message
		}
	}
	p.Fatal("the message is not there")
	return conversation.Message{}
}

// until waits until the files of a message are as wanted.
func (p *post) until(m conversation.Message, states ...media.Arrival) []media.Attachment {
	p.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		now, err := p.service.Message(p.Context(), as(p.agent), m.Conversation, m.ID)
		p.OK(err)
		ok := len(now.Attachments) == len(states)
		for i := range states {
			ok = ok && now.Attachments[i].Arrival == states[i]
		}
		if ok {
			return now.Attachments
		}
		if time.Now().After(deadline) {
			p.Fatalf("the files are %+v, want %v", now.Attachments, states)
		}
		p.fetcher.Wake()
		time.Sleep(time.Millisecond)
	}
}

// A message is there at once; its files follow by changes of their own.
func TestFilesFollowTheirMessage(t *testing.T) {
	p := newPost(t)
	p.far.files["one"], p.far.files["vast"] = "plain text", string(make([]byte, 101))
	p.far.fail["old"] = errs.New(errs.NotFound, "file.gone", "The far side does not have the file any more: expired")
	m := p.names("one", "old", "vast")
	for _, a := range m.Attachments {
		if a.Arrival != media.Fetching || a.Name != "file" || a.Type != "image/png" || a.Kind != media.Image || a.Size != 9 {
			t.Errorf("before it came: %+v", a)
		}
	}
	if c := p.Get(m.Conversation); c.Last.Attachment != media.Image {
		t.Errorf("the list shows %+v", c.Last)
	}
	before := p.Get(m.Conversation).LastSeq
	p.run()
	got := p.until(m, media.Here, media.Gone, media.Failed)
	if a := got[0]; a.Name != "told.txt" || a.Type != "text/plain" || a.Kind != media.File || a.Size != 10 || a.SHA256 == "" || a.Trouble.Code != "" {
		t.Errorf("what came is %+v", a)
	}
	if a := got[1]; a.Trouble.Code != "file.gone" || a.Trouble.Detail == "" {
		t.Errorf("what is gone is %+v", a)
	}
	if a := got[2]; a.Trouble.Code != channel.CodeFileTooLarge {
		t.Errorf("what is too large is %+v", a)
	}
	told := p.Timeline(m.Conversation, before)
	if len(told) != 3 {
		t.Fatalf("%d changes tell of three files", len(told))
	}
	for _, ch := range told {
		if ch.Type != conversation.MessageFile || ch.PublicSeq != 0 || ch.Message.ID != m.ID || ch.Actor.ID != string(p.Inbox.Plugin) {
			t.Errorf("told by %+v", ch)
		}
	}
	if c := p.Get(m.Conversation); c.Last.Attachment != media.File || c.Last.Text != "told.txt" {
		t.Errorf("the list shows %+v", c.Last)
	}
	for _, r := range []string{"one", "old", "vast"} {
		if n := p.far.times(r); n != 1 {
			t.Errorf("%s was asked for %d times", r, n)
		}
	}
}

// What may work later is tried until a day is over, and then by a person's wish.
func TestAFileThatDoesNotCome(t *testing.T) {
	p := newPost(t)
	p.far.files["slow"] = "it came"
	p.far.fail["slow"] = errs.New(errs.Unavailable, "plugin.no_answer", "The plugin did not answer.")
	p.run()
	m := p.names("slow")
	for n := 1; n < 4; n++ {
		eventually(t, func() bool { return p.far.times("slow") >= n })
		p.pass(time.Hour)
		p.fetcher.Wake()
	}
	p.until(m, media.Fetching)
	p.pass(24 * time.Hour)
	got := p.until(m, media.Failed)
	if got[0].Trouble != (media.Trouble{Code: "plugin.no_answer", Detail: "The plugin did not answer."}) {
		t.Errorf("it failed with %+v", got[0].Trouble)
	}
	again := func(scope conversation.MessageID, file media.ID) error {
		_, err := p.service.RefetchFile(p.Context(), as(p.agent), m.Conversation, scope, file)
		return err
	}
	p.refused(again(m.ID, "att_none"), errs.NotFound, "not_found")
	p.far.mu.Lock()
	delete(p.far.fail, "slow")
	p.far.mu.Unlock()
	p.OK(again(m.ID, got[0].ID))
	p.until(m, media.Here)
	seq := p.Get(m.Conversation).LastSeq
	p.OK(again(m.ID, got[0].ID)) // it is here: nothing changes
	if now := p.Get(m.Conversation).LastSeq; now != seq {
		t.Errorf("%d changes for nothing", now-seq)
	}
}

// A server that stops gives back what it holds, and the next one goes on at once.
func TestFetchingIsGivenBack(t *testing.T) {
	p := newPost(t)
	p.far.files["one"] = "it came"
	begun := make(chan struct{})
	p.far.on = func(ctx context.Context, _ string) { close(begun); <-ctx.Done() }
	stop := p.run()
	m := p.names("one")
	<-begun
	stop()
	p.until(m, media.Fetching)
	p.far.mu.Lock()
	p.far.on = nil
	p.far.mu.Unlock()
	p.fetcher = p.newFetcher()
	p.run()
	p.until(m, media.Here)
	if n := p.far.times("one"); n != 2 {
		t.Errorf("asked for %d times", n)
	}
}

// Files of an inbox that hangs leave room for those of others, and what somebody
// erased meanwhile leaves no bytes.
func TestFilesOfManyInboxes(t *testing.T) {
	p := newPost(t)
	references := []string{"0", "1", "2", "3", "4"}
	for _, r := range references {
		p.far.files[r] = "it hangs"
	}
	hangs := make(chan struct{})
	p.far.on = func(context.Context, string) { <-hangs }
	asked := func() (which []int) {
		for i, r := range references {
			if p.far.times(r) > 0 {
				which = append(which, i)
			}
		}
		return which
	}
	p.run()
	m := p.names(references...)
	eventually(t, func() bool { return len(asked()) == 3 })
	first := asked()[0]
	erased := m.Attachments[first].ID
	if gone, err := p.fake.Media.Store().Erase(p.Context(), p.WS, erased); err != nil || !gone {
		t.Fatal(gone, err)
	}
	close(hangs)
	eventually(t, func() bool { return len(asked()) == 5 })
	states := slices.Repeat([]media.Arrival{media.Here}, 5)
	states[first] = media.Fetching
	p.until(m, states...)
	eventually(t, func() bool {
		_, err := p.bytes.Open(erased, media.Original)
		_, also := p.bytes.Open(erased, media.Incoming)
		return errors.Is(err, media.ErrLost) && errors.Is(also, media.ErrLost)
	})
}

// A file that an edit names is fetched as that of a message is; one that the
// message has already is left as it is.
func TestAnEditNamesFiles(t *testing.T) {
	p := newPost(t)
	p.far.files["one"], p.far.files["two"] = "the first", "the second"
	p.run()
	m := p.names("one")
	p.until(m, media.Here)
	edit := func(id, text, reference string) {
		in := p.change(id, "wang", "m1", text)
		in.Content.Files = []channel.File{{Fetch: reference, Name: "a.txt"}}
		p.became(t, in, channel.OutcomeAccepted, "")
	}
	edit("x1", "a caption", "one")
	got := p.until(m, media.Here)
	if got[0].ID != m.Attachments[0].ID || p.far.times("one") != 1 {
		t.Errorf("a caption makes of the file %+v, asked for %d times", got[0], p.far.times("one"))
	}
	edit("x2", "a caption", "two")
	if got = p.until(m, media.Here); got[0].ID == m.Attachments[0].ID || got[0].Size != int64(len("the second")) {
		t.Errorf("the other file is %+v", got[0])
	}
	if n := p.far.times("two"); n != 1 {
		t.Errorf("asked for %d times", n)
	}
}
