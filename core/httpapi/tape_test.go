package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/wire"
)

// The tape is what the law of resume is held to in the clients: answers of the
// API before and after each step of a story, and what the sockets said between.
// web/client and web/console replay it through the code that people use.
const tapeFile = "../../web/client/test/law.json"

var update = flag.Bool("update", false, "write what the tests compare with anew: the tape of the clients' law tests, headers")

// tape is one story in a workspace of its own.
type tape struct {
	Name      string                     `json:"name"`
	Workspace string                     `json:"workspace"`
	Member    string                     `json:"member"`
	Inbox     string                     `json:"inbox"`
	Start     map[string]json.RawMessage `json:"start"` // answers by path
	Steps     []tapeStep                 `json:"steps"`
}

// tapeStep is one thing that happens.
type tapeStep struct {
	Name   string                     `json:"name"`
	Events []json.RawMessage          `json:"events"`             // of the member's feed
	Public []json.RawMessage          `json:"public"`             // the visitor's changes
	Read   uint64                     `json:"read"`               // how far members have read, as the visitor is told
	Own    string                     `json:"own_read,omitempty"` // JSON: what the member read, which no event tells
	After  map[string]json.RawMessage `json:"after"`              // the answers that are others than before
}

// recorder makes a tape.
type recorder struct {
	*site
	tape    tape
	cookie  string
	bearer  string // of the visitor
	visitor conversation.Visitor
	paths   []string
	now     map[string]json.RawMessage
	feed    uint64
	people  uint64
	public  uint64
}

func record(t *testing.T, name string) *recorder {
	t.Helper()
	ticking := func(w *conversationtest.World) func() time.Time { return w.Tick }
	r := &recorder{site: newSiteOn(t, ticking, nil)}
	// The addresses of files are signed with the time: they must not change under the tape.
	r.fake.Media.Sign = media.NewSigner(bytes.Repeat([]byte("k"), 32), func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) })
	r.plugins.Installed[0].Capabilities.Content = []string{channel.ContentText, channel.ContentImage, channel.ContentFile, channel.ContentReply}
	r.cookie = r.signIn(r.Owner)
	r.tape = tape{Name: name, Workspace: string(r.WS), Member: string(r.Owner.ID), Inbox: string(r.Live.ID)}
	r.watch("/conversations?limit=50&state=open&view=mine", "/conversations?limit=50&state=open&view=unassigned", "/conversations?limit=50&state=any&view=all")
	return r
}

// watch adds answers to the tape.
func (r *recorder) watch(paths ...string) { r.paths = append(r.paths, paths...) }

// follow adds all that the console shows of a conversation.
func (r *recorder) follow(id conversation.ID) conversation.ID {
	path := "/conversations/" + string(id)
	r.watch(path, path+"/timeline?limit=50", path+"/scheduled")
	return id
}

// admit opens the session of a visitor, who says something.
func (r *recorder) admit() conversation.ID {
	r.Helper()
	live := "/api/v1/live/" + string(r.Live.ID)
	var session struct {
		Token     string
		SessionID conversation.VisitorID `json:"session_id"`
	}
	r.OK(json.Unmarshal([]byte(r.want(http.StatusCreated, http.MethodPost, live+"/sessions", `{"locale":"zh-CN"}`).text), &session))
	r.bearer = "Bearer " + session.Token
	v, err := r.fake.Visitor(r.Context(), session.SessionID)
	r.OK(err)
	r.visitor = v
	r.say("v1", "你好 <b>there</b>")
	c, err := r.F.Reader.OfContact(r.Context(), r.WS, r.Live.ID, string(v.ID))
	r.OK(err)
	r.watch(live + "/changes?after=0")
	return r.follow(c.ID)
}

// say is a message of the visitor.
func (r *recorder) say(client, text string) {
	r.Helper()
	r.want(http.StatusCreated, http.MethodPost, "/api/v1/live/"+string(r.Live.ID)+"/messages", `{"client_msg_id":"`+client+`","text":`+strconv.Quote(text)+`}`)
}

// do is something that the owner does over the API.
func (r *recorder) do(want int, method, path, body string) answer {
	r.Helper()
	return r.want(want, method, "/api/v1/workspaces/"+string(r.WS)+path, body)
}

func (r *recorder) want(want int, method, path, body string) answer {
	r.Helper()
	header := []string{"Cookie", r.cookie}
	if strings.HasPrefix(path, "/api/v1/live/") {
		header = []string{"Authorization", r.bearer}
	}
	a := r.ask(method, path, body, header...)
	if a.StatusCode != want {
		r.Fatalf("%s %s answers %d %s", method, path, a.StatusCode, a.text)
	}
	return a
}

// snapshot asks for all that is watched.
func (r *recorder) snapshot() map[string]json.RawMessage {
	r.Helper()
	out := make(map[string]json.RawMessage)
	for _, path := range r.paths {
		full := path
		if !strings.HasPrefix(path, "/api/") {
			full = "/api/v1/workspaces/" + string(r.WS) + path
		}
		out[path] = json.RawMessage(strings.TrimSpace(r.want(http.StatusOK, http.MethodGet, full, "").text))
	}
	return out
}

// begin ends the preparations.
func (r *recorder) begin() {
	r.Helper()
	r.events()
	r.changes()
	r.now = r.snapshot()
	r.tape.Start = r.now
}

// events returns what the feed has since it was last asked.
func (r *recorder) events() []json.RawMessage {
	r.Helper()
	people, err := r.fake.Identities.Since(r.Context(), string(r.WS), r.people, 100) // the fake of people has a feed of its own
	r.OK(err)
	r.people += uint64(len(people))
	r.fake.Feed.Append(people...)
	var page struct {
		Items []json.RawMessage
		Feed  uint64
	}
	r.OK(json.Unmarshal([]byte(r.do(http.StatusOK, http.MethodGet, "/events?limit=200&after="+strconv.FormatUint(r.feed, 10), "").text), &page))
	r.feed = page.Feed
	return page.Items
}

// changes returns what the visitor is told since it was last asked.
func (r *recorder) changes() []json.RawMessage {
	r.Helper()
	if r.bearer == "" {
		return nil
	}
	var page struct {
		Items         []json.RawMessage
		LastPublicSeq uint64 `json:"last_public_seq"`
	}
	path := "/api/v1/live/" + string(r.Live.ID) + "/changes?after=" + strconv.FormatUint(r.public, 10)
	r.OK(json.Unmarshal([]byte(r.want(http.StatusOK, http.MethodGet, path, "").text), &page))
	r.public += uint64(len(page.Items))
	return page.Items
}

// read returns how far members have read, as the visitor may know.
func (r *recorder) read() uint64 {
	r.Helper()
	if r.bearer == "" {
		return 0
	}
	c, err := r.F.Reader.OfContact(r.Context(), r.WS, r.Live.ID, string(r.visitor.ID))
	r.OK(err)
	seq, err := r.conversations.VisitorReadByMembers(r.Context(), *c)
	r.OK(err)
	return seq
}

// step records what fn does.
func (r *recorder) step(name string, fn func()) {
	r.Helper()
	fn()
	s := tapeStep{Name: name, After: make(map[string]json.RawMessage), Events: r.events(), Public: r.changes(), Read: r.read()}
	if s.Events == nil {
		s.Events = []json.RawMessage{}
	}
	if s.Public == nil {
		s.Public = []json.RawMessage{}
	}
	after := r.snapshot()
	for path, a := range after {
		if !bytes.Equal(a, r.now[path]) {
			s.After[path] = a
		}
	}
	r.now = after
	r.tape.Steps = append(r.tape.Steps, s)
}

// change is a step that no request of the API makes.
func (r *recorder) change(name string, id conversation.ID, fn func(c *conversation.Conversation) error) {
	r.Helper()
	r.step(name, func() { r.Change(id, fn) })
}

// identifier finds what is made anew in each run.
var identifier = regexp.MustCompile(`\b([a-z]{3})_[0-9A-HJKMNP-TV-Z]{26}\b`)

// steady gives identifiers the same names in each run. Those made at one
// instant are told apart by where they stand; the others keep their order.
func steady(raw []byte) []byte {
	found := make(map[string][]string)
	for _, m := range identifier.FindAllSubmatch(raw, -1) {
		if prefix, one := string(m[1]), string(m[0]); !slices.Contains(found[prefix], one) {
			found[prefix] = append(found[prefix], one)
		}
	}
	names := make(map[string]string)
	for prefix, all := range found {
		const made = 10 // characters of the time in an identifier
		slices.SortStableFunc(all, func(a, b string) int { return strings.Compare(a[:4+made], b[:4+made]) })
		for i, one := range all {
			names[one] = fmt.Sprintf("%s_%03d", prefix, i+1)
		}
	}
	return identifier.ReplaceAllFunc(raw, func(b []byte) []byte { return []byte(names[string(b)]) })
}

// print writes tapes with one answer or event on each line.
func print(tapes []tape) []byte { //nolint:predeclared // it says what it does
	var b bytes.Buffer
	line := func(v any) string {
		raw, _ := json.Marshal(v) // of ours
		return string(raw)
	}
	list := func(name string, items []json.RawMessage) {
		fmt.Fprintf(&b, "      %q: [", name)
		for i, item := range items {
			fmt.Fprintf(&b, "%s\n        %s", strings.Repeat(",", min(i, 1)), item)
		}
		b.WriteString("],\n")
	}
	answers := func(indent string, m map[string]json.RawMessage) {
		b.WriteString("{")
		for i, path := range slices.Sorted(mapKeys(m)) {
			fmt.Fprintf(&b, "%s\n%s  %s: %s", strings.Repeat(",", min(i, 1)), indent, line(path), m[path])
		}
		b.WriteString("}")
	}
	b.WriteString("[")
	for i, t := range tapes {
		fmt.Fprintf(&b, "%s{\n  \"name\": %q, \"workspace\": %q, \"member\": %q, \"inbox\": %q,\n  \"start\": ", strings.Repeat(",", min(i, 1)), t.Name, t.Workspace, t.Member, t.Inbox)
		answers("  ", t.Start)
		b.WriteString(",\n  \"steps\": [")
		for j, s := range t.Steps {
			fmt.Fprintf(&b, "%s\n    {\n      \"name\": %s, \"read\": %d,\n", strings.Repeat(",", min(j, 1)), line(s.Name), s.Read)
			if s.Own != "" {
				fmt.Fprintf(&b, "      \"own_read\": %s,\n", s.Own)
			}
			list("events", s.Events)
			list("public", s.Public)
			b.WriteString("      \"after\": ")
			answers("      ", s.After)
			b.WriteString("}")
		}
		b.WriteString("]\n}")
	}
	b.WriteString("]\n")
	return b.Bytes()
}

func TestTape(t *testing.T) {
	var tapes []tape
	for _, story := range []func(*testing.T) tape{talkTape, endTape, orderTape, mergeTape, laterTape, houseTape, ticketTape} {
		tapes = append(tapes, story(t))
	}
	got := steady(print(tapes))
	told(t, got)
	if *update {
		if err := os.WriteFile(tapeFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(tapeFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("line %d is\n%s\nand in the file\n%s\nrun the test with -update when this is meant", i+1, a[i], b[i])
			}
		}
		t.Fatal("the tape is of another length: run the test with -update when this is meant")
	}
}

// told checks that every type of the protocol is on the tape.
func told(t *testing.T, raw []byte) {
	t.Helper()
	var tapes []struct {
		Steps []struct{ Events, Public []struct{ Type string } }
	}
	if err := json.Unmarshal(raw, &tapes); err != nil {
		t.Fatal(err)
	}
	events, public := make(map[string]bool), make(map[string]bool)
	for _, one := range tapes {
		for _, s := range one.Steps {
			for _, e := range s.Events {
				events[e.Type] = true
			}
			for _, c := range s.Public {
				public[c.Type] = true
			}
		}
	}
	for of, seen := range map[reflect.Type]map[string]bool{reflect.TypeFor[wire.FeedEvent](): events, reflect.TypeFor[wire.PublicChange](): public} {
		f, _ := of.FieldByName("Type")
		for typ := range strings.SplitSeq(f.Tag.Get("enum"), ",") {
			if slices.Contains([]string{wire.TypeGone, wire.TypeTicketGone, wire.TypeSkip}, typ) {
				continue // who sees everything is not shown them
			}
			if !seen[typ] {
				t.Errorf("nothing on the tape is %s of %s", typ, of)
			}
		}
	}
}

// idIn reads the id of what was made.
func (r *recorder) idIn(a answer) string {
	r.Helper()
	var out struct{ ID string }
	r.OK(json.Unmarshal([]byte(a.text), &out))
	if out.ID == "" || !id.Valid(out.ID[:3], out.ID) {
		r.Fatalf("no id in %s", a.text)
	}
	return out.ID
}
