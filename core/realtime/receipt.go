package realtime

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// readEvery is how often the mark of one visitor goes to the database at most:
// fifty messages read one after the other are one change.
const readEvery = 2 * time.Second

// mark is how far a visitor has read. It is under session.mu.
type mark struct {
	seen uint64 // the last public seq they say to have seen
	kept uint64 // the last one that was kept
	at   int64  // when that was, in Unix milliseconds
}

// readers are the visitors of this node whose mark is to be kept.
type readers struct {
	mu  sync.Mutex
	all map[*visitor]struct{}
}

func (r *readers) add(v *visitor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[*visitor]struct{})
	}
	r.all[v] = struct{}{}
}

func (r *readers) remove(v *visitor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, v)
}

func (r *readers) list() []*visitor {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.all))
}

// reads takes a visitor's word that they have seen everything up to a number.
func (v *visitor) reads(ctx context.Context, f visitorReads) error {
	now := v.g.o.Now()
	v.mu.Lock()
	v.mark.seen = max(v.mark.seen, f.Seq)
	news := v.mark.seen > v.mark.kept
	soon := now.UnixMilli()-v.mark.at < readEvery.Milliseconds()
	v.mu.Unlock()
	switch {
	case !news:
		return nil
	case soon:
		v.g.readers.add(v)
		return nil
	default:
		return v.keepMark(ctx)
	}
}

// keepMark keeps how far the visitor has read.
func (v *visitor) keepMark(ctx context.Context) error {
	v.g.readers.remove(v)
	v.mu.Lock()
	before := v.mark
	if v.mark.seen <= v.mark.kept {
		v.mu.Unlock()
		return nil
	}
	v.mark.kept, v.mark.at = v.mark.seen, v.g.o.Now().UnixMilli()
	seen := v.mark.seen
	v.mu.Unlock()
	err := v.g.o.Conversations.VisitorRead(ctx, v.who(), seen)
	if err != nil {
		v.mu.Lock()
		v.mark.kept = min(v.mark.kept, before.kept) // the next word tries again
		v.mu.Unlock()
	}
	return err
}

// keepMarks keeps the marks whose time has come.
func (g *Gateway) keepMarks(now time.Time) {
	for _, v := range g.readers.list() {
		v.mu.Lock()
		due := now.UnixMilli()-v.mark.at >= readEvery.Milliseconds()
		v.mu.Unlock()
		if due {
			g.readers.remove(v)
			v.submit(v.lastMark)
		}
	}
}

// lastMark keeps a mark that nobody waits for.
func (v *visitor) lastMark(ctx context.Context) {
	if err := v.keepMark(ctx); err != nil && ctx.Err() == nil {
		v.g.o.Logger.WarnContext(ctx, "how far a visitor has read could not be kept", "error", err)
	}
}

// readNews tells a visitor how far agents have read.
func (g *Gateway) readNews(_ identity.WorkspaceID, data []byte) {
	var news ReadNews
	if !g.decode(data, &news) {
		return
	}
	frame := encode(readFrame{Op: "read", Seq: news.Seq})
	g.rooms.each(news.Inbox, news.Recipient, func(v *visitor) { v.ephemeral(frame) })
}

// draftNews shows a member's draft to their windows.
func (g *Gateway) draftNews(w identity.WorkspaceID, data []byte) {
	var news DraftNews
	if !g.decode(data, &news) {
		return
	}
	f := draftFrame{Op: "draft", ConversationID: news.Draft.ConversationID, Rev: news.Draft.Rev}
	if news.Draft.Text != "" || len(news.Draft.Attachments) > 0 {
		f.Draft = &news.Draft
	}
	frame := encode(f)
	each(g.hubs.of(w), func(m *member) {
		if string(m.id) == news.Member {
			m.ephemeral(frame)
		}
	})
}
