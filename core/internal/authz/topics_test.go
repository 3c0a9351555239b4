package authz_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// topics says under which permission each live event is told, and by which kind
// of thing it is held ("" = all of the workspace are told who hold the
// permission). It is held against the types that the API promises.
const topics = `
conversation.* conversation.read conversation
message.* conversation.read conversation
note.* conversation.read conversation
rating.* conversation.read conversation
finding.* conversation.read conversation
scheduled.* conversation.read conversation
ticket.* ticket.read ticket
ticket_type.changed ticket.read
contact.changed contact.read contact
organisation.changed contact.read
import.changed contact.import
member.changed member.read
erasure.changed contact.read
role.changed role.read
invitation.changed member.manage
workspace.changed workspace.read
inbox.changed inbox.read
inbox.health_changed inbox.read
team.changed team.read
calendar.changed team.read
queue.changed team.read
skill.changed team.read
policy.changed team.read
webhook.changed webhook.read
connection.changed plugin.read
connection.health_changed plugin.read
grant.changed plugin.read
approval.changed conversation.reply
label.changed catalog.read
attribute.changed catalog.read
canned.changed catalog.read
view.changed catalog.read
`

// topic is a row of topics.
type topic struct{ need, kind string }

// readTopics returns the topic of every type of event that the API promises.
func readTopics(t *testing.T) map[string]topic {
	t.Helper()
	rows, used := make(map[string]topic), make(map[string]bool)
	for line := range strings.Lines(topics) {
		if words := strings.Fields(line); len(words) >= 2 {
			rows[words[0]] = topic{words[1], strings.Join(words[2:], "")}
		}
	}
	out := make(map[string]topic)
	for _, typ := range openAPI(t).Components.Schemas["FeedEvent"].Properties["type"].Enum {
		name := fmt.Sprint(typ)
		if name == "skip" || strings.HasSuffix(name, ".gone") { // what who may not see is told instead
			continue
		}
		noun, _, _ := strings.Cut(name, ".")
		row, ok := rows[name]
		used[name] = true
		if !ok {
			row, ok = rows[noun+".*"]
			used[noun+".*"] = true
		}
		if !ok {
			t.Errorf("%s has no row: say in topics_test.go who is told of it", name)
		}
		out[name] = row
	}
	for name := range rows {
		if !used[name] {
			t.Errorf("%s has a row and is never told", name)
		}
	}
	if len(out) < 40 {
		t.Fatalf("only %d types of events are promised", len(out))
	}
	return out
}

// listener is a socket of somebody, with all that it was told.
type listener struct {
	p      *person
	socket *rig.Socket

	mu     sync.Mutex
	frames []frame
	raw    strings.Builder
	feed   uint64
	ready  bool
}

// frame is as much of a frame as the test reads.
type frame struct {
	Op, Ref, Code  string
	Feed           uint64
	Type           string
	ConversationID string `json:"conversation_id"`
	TicketID       string `json:"ticket_id"`
	Conversation   *struct{ ID string }
	Ticket         *struct{ ID string }
	Data           struct{ ID string }
}

// subject is what a frame is about.
func (f frame) subject() string {
	switch {
	case f.Conversation != nil:
		return f.Conversation.ID
	case f.Ticket != nil:
		return f.Ticket.ID
	default:
		return f.Data.ID + f.ConversationID + f.TicketID
	}
}

// listen opens a socket; nil and the refusal when it is refused.
func (w *world) listen(p *person, of *workspace) (*listener, error) {
	w.t.Helper()
	l := &listener{p: p}
	socket, err := rig.Dial(w.t.Context(), rig.Dialing{
		URL: "ws" + strings.TrimPrefix(w.base, "http") + w.at(of, "/live"), Header: p.header, Frame: l.take,
	})
	if err != nil {
		return nil, err
	}
	l.socket = socket
	w.t.Cleanup(socket.Cut)
	if err := socket.SendText([]byte(`{"op":"hello","epoch":"","feed":0}`)); err != nil {
		w.t.Fatal(err)
	}
	w.await(p.name+"'s socket", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.ready })
	return l, nil
}

func (l *listener) take(raw []byte) {
	var f frame
	if json.Unmarshal(raw, &f) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.raw.Write(raw)
	l.frames = append(l.frames, f)
	l.feed = max(l.feed, f.Feed)
	l.ready = l.ready || f.Op == "ready"
}

// said returns all that was told so far.
func (l *listener) said() ([]frame, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.frames), l.raw.String()
}

// reached reports whether a socket was told up to a number of the feed.
func (l *listener) reached(feed uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.feed >= feed
}

// gone fails the test when a socket was closed.
func (l *listener) gone(t *testing.T) bool {
	t.Helper()
	select {
	case <-l.socket.Closed():
		code, reason := l.socket.CloseCode()
		t.Errorf("%s's socket was closed: %d %s", l.p.name, code, reason)
		return true
	default:
		return false
	}
}

// await waits for what must come.
func (w *world) await(what string, so func() bool) {
	w.t.Helper()
	if !rig.Await(w.t.Context(), time.Minute, so) {
		w.t.Fatalf("it never came to that: %s\n%s", what, w.log.String()[max(0, len(w.log.String())-2000):])
	}
}

// head is the last number of a workspace's feed, which came to after before.
func (w *world) head(of *workspace, after uint64) uint64 {
	w.t.Helper()
	for {
		var page struct{ Items []struct{ Feed uint64 } }
		w.decode(w.must(of.owner, http.MethodGet, w.at(of, fmt.Sprintf("/events?after=%d&limit=200", after)), ""), &page)
		if len(page.Items) == 0 {
			return after
		}
		after = page.Items[len(page.Items)-1].Feed
	}
}

// ofPlugins are the types of events that only a bot, an analyzer or a tool brings about:
// core/app's tests with plugin processes hold them against the reach. Offers are
// dispatch's, which everybody's sockets keep busy here: core/conversation's tests
// hold them.
func ofPlugins() []string {
	return []string{"conversation.bot", "finding.created", "finding.dismissed", "approval.changed", "conversation.offered", "conversation.offer_ended", "conversation.abandoned"}
}

// TestTopics opens a socket as everybody, lets everything happen to the things
// of everybody, and holds each frame against the table of topics and the reach.
// Every topic has to be seen: one that no story of stories_test.go provokes
// fails the test, and one of things that are held has to be kept from somebody.
func TestTopics(t *testing.T) {
	w := newWorld(t)
	s := &stage{world: w, all: readTopics(t), held: map[string][]holding{}, told: map[string]int{}, kept: map[string]int{}}
	sets := map[string]*set{}
	for _, variant := range []string{isOwn, isOthers, isOuter, isForeign} {
		sets[variant] = w.newSet(variant)
		s.casts = append(s.casts, w.newCast(sets[variant]))
	}
	s.ears, s.until = w.everybodyListens(), w.head(w.here, 0)
	w.await("everybody is told of what was", func() bool { return s.heard(s.until) })
	for _, one := range stories() {
		s.play(one)
	}
	for _, l := range s.ears {
		if _, raw := l.said(); strings.Contains(raw, w.there.id) || slices.ContainsFunc(sets[isForeign].everything(), func(id string) bool { return strings.Contains(raw, id) }) {
			t.Errorf("%s is told of another workspace", l.p.name)
		}
	}
	for typ, row := range s.all {
		if s.told[typ] == 0 && slices.Contains(ofPlugins(), typ) {
			continue
		}
		if s.told[typ] == 0 {
			t.Errorf("%s was never seen: give it a story in stories_test.go", typ)
		} else if row.kind != "" && s.kept[typ] == 0 {
			t.Errorf("%s was kept from nobody", typ)
		}
	}
	s.cases += w.frames(s.ears, sets)
	fmt.Printf("authz: %d sockets, %d of %d topics seen, %d cases\n", len(s.ears), len(s.told), len(s.all), s.cases)
}

// everybodyListens opens the sockets of all who may have one, and checks that
// nobody else may.
func (w *world) everybodyListens() []*listener {
	w.t.Helper()
	var out []*listener
	for name, p := range w.people {
		l, err := w.listen(p, w.here)
		want := map[standing]int{isNobody: http.StatusUnauthorized, isElsewhere: http.StatusNotFound, isKey: http.StatusForbidden}[p.standing]
		switch problem := rig.ProblemOf(err); {
		case want == 0 && err != nil:
			w.t.Fatalf("%s's socket: %v", name, err)
		case want == 0:
			out = append(out, l)
		case problem == nil || problem.Status != want && (p.standing != isKey || problem.Status != http.StatusUnauthorized):
			w.t.Errorf("%s's socket: %v, want %d", name, err, want)
		}
		if _, err := w.listen(p, &workspace{id: w.random("wsp")}); err == nil {
			w.t.Errorf("%s listens to a workspace that never was", name)
		}
	}
	return out
}

// everything are the ids of a set.
func (s *set) everything() []string {
	var out []string
	for _, id := range s.ids {
		out = append(out, id)
	}
	return out
}

// frames sends what members may send over their socket about things that they
// may not see: it is refused as for what never was.
func (w *world) frames(ears []*listener, sets map[string]*set) (cases int) {
	w.t.Helper()
	none := w.random("cnv")
	for _, l := range ears {
		for _, text := range []string{
			`{"op":"send","ref":"R","conversation_id":"C","client_msg_id":"F","kind":"note","text":"x"}`,
			`{"op":"typing","ref":"R","conversation_id":"C","on":true}`, `{"op":"look","ref":"R","conversation_id":"C"}`,
		} {
			want := l.answer(w, text, none)
			for variant, s := range sets {
				if l.p.reaches(s.held) && variant != isForeign {
					continue
				}
				cases++
				if got := l.answer(w, text, s.id("conversation")); got != want {
					w.t.Errorf("%s by %s of %s is answered %q, of nothing %q", text, l.p.name, variant, got, want)
				}
			}
		}
	}
	return cases
}

// answer sends a frame about a conversation and returns how it was refused.
func (l *listener) answer(w *world, text, conversation string) string {
	w.t.Helper()
	ref := fmt.Sprint("ref", w.next())
	if err := l.socket.SendText([]byte(strings.NewReplacer("R\"", ref+"\"", "\"C\"", `"`+conversation+`"`, "\"F\"", `"`+ref+`"`).Replace(text))); err != nil {
		w.t.Fatal(err)
	}
	var got frame
	w.await("an answer to "+text, func() bool {
		frames, _ := l.said()
		i := slices.IndexFunc(frames, func(f frame) bool { return f.Ref == ref })
		if i >= 0 {
			got = frames[i]
		}
		return i >= 0
	})
	return got.Op + " " + got.Code
}
