package searchtest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Fixture is an index and a source over one storage with conversations.
type Fixture struct {
	Index         search.Index
	Source        search.Source
	Filters       search.Filters // nil = the filter cases are left out
	Conversations conversationtest.Fixture
	Tickets       ticket.Store
	Rename        func(t *testing.T, c conversation.Conversation, name, phone string) // of the contact, with its event
	Organise      func(t *testing.T, c conversation.Conversation, name string)        // names the organisation of the contact, made at first, with the events; nil = no such storage
}

// desk is a workspace that is searched.
type desk struct {
	*conversationtest.World
	f       Fixture
	service *search.Service
	indexer *search.Indexer
}

// RunUseCases runs the cases of searching what was written: source, index and
// service together.
func RunUseCases(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*desk){
		"found when it was there before": testBefore,
		"found when it comes":            testComes,
		"notes are found":                testNotes,
		"contacts by name and number":    testContacts,
		"a renamed contact":              testRenamed,
		"a renamed organisation":         testOrganisation,
		"pages of messages":              testMessagePages,
		"neighbours that are not asked":  testFalseHits,
		"merged":                         testMergedFound,
		"a filter":                       testFilter,
		"refused questions":              testRefused,
		"another tenant":                 testOtherTenant,
		"highlights are the text":        testHighlights,
		"tickets":                        testTickets,
		"tickets as they change":         testTicketsChange,
		"tickets within reach":           testTicketsReached,
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			d := &desk{World: conversationtest.NewWorld(t, f.Conversations), f: f}
			d.service = search.NewService(f.Index, f.Source, f.Filters, d.Tick)
			d.indexer = search.NewIndexer(f.Index, f.Source, func(context.Context) ([]string, error) { return []string{string(d.WS)}, nil }, time.Now, slog.New(slog.DiscardHandler))
			run(d)
		})
	}
}

func (d *desk) catchUp() {
	d.Helper()
	d.OK(d.indexer.CatchUp(d.Context(), d.WS))
}

func (d *desk) scope() identity.Scope {
	return identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(d.Owner.ID), Role: identity.RoleAgent}}
}

func (d *desk) ask(q search.Question) search.Answer {
	d.Helper()
	a, err := d.service.Find(d.Context(), d.scope(), q)
	d.OK(err)
	return a
}

// finds lists what a question finds, best first: kind and text.
func (d *desk) finds(kind search.Kind, text string) string {
	d.Helper()
	return told(d.ask(search.Question{Text: text, Kind: kind}).Items)
}

func told(items []search.Item) string {
	var out []string
	for _, i := range items {
		switch {
		case i.Message != nil:
			out = append(out, i.Message.Text)
		case i.Person != nil:
			out = append(out, "@"+i.Person.Name)
		case i.Comment != nil:
			out = append(out, ticket.Label(i.Ticket.Number)+": "+i.Comment.Text)
		case i.Ticket != nil:
			out = append(out, ticket.Label(i.Ticket.Number))
		default:
			out = append(out, fmt.Sprint("#", i.Conversation.Number))
		}
	}
	return strings.Join(out, "|")
}

func testBefore(d *desk) {
	d.Receive(d.Inbox, "a", "", "请问退款多久到账")
	d.Receive(d.Inbox, "b", "", "Where is my parcel?")
	a := d.ask(search.Question{Text: "退款", Kind: search.Message})
	if len(a.Items) != 0 || !a.Behind || a.Through != 0 {
		d.Fatalf("before anything is indexed: %+v", a)
	}
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Message, "退款"), "请问退款多久到账")
	conversationtest.Same(d.World, d.finds(search.Message, "parc"), "Where is my parcel?")
	a = d.ask(search.Question{Text: "退款"})
	head, err := d.f.Source.Head(d.Context(), d.WS)
	d.OK(err)
	if a.Behind || a.Through != head || len(a.Items) != 1 || a.Items[0].Conversation == nil {
		d.Errorf("the answer is %+v", a)
	}
}

func testComes(d *desk) {
	d.catchUp()
	c := d.Receive(d.Inbox, "a", "", "first 你好")
	if a := d.ask(search.Question{Text: "first"}); !a.Behind {
		d.Error("the index says it knows what it does not")
	}
	d.catchUp()
	d.Receive(d.Inbox, "a", "", "second 你好")
	d.Change(c.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(d.Turn(d.Owner), conversation.Written{Text: "third 你好"})
		return err
	})
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Message, "你好"), "third 你好|second 你好|first 你好")
	conversationtest.Same(d.World, d.finds(search.Message, "你好 second"), "second 你好")
	d.OK(d.f.Index.Reset(d.Context()))
	conversationtest.Same(d.World, d.finds(search.Message, "你好"), "")
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Message, "你好"), "third 你好|second 你好|first 你好")
}

func testNotes(d *desk) {
	c := d.Receive(d.Inbox, "a", "", "question")
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.AddNote(d.Turn(d.Owner), conversation.Written{Text: "VIP 客户，小心"})
		return nil
	})
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Message, "客户"), "VIP 客户，小心")
}

func testContacts(d *desk) {
	c := d.Receive(d.Inbox, "a", "", "hello")
	other := d.Receive(d.Inbox, "b", "", "hello")
	d.catchUp()
	d.f.Rename(d.T, c, "李明 Li Ming", "+8613800138000")
	d.f.Rename(d.T, other, "Li", "")
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Contact, "李明"), "@李明 Li Ming")
	conversationtest.Same(d.World, d.finds(search.Contact, "li"), "@Li|@李明 Li Ming") // the whole name is the better match
	for _, phone := range []string{"13800138000", "138 0013 8000", "+86 138-0013-8000", "8000", "0138"} {
		conversationtest.Same(d.World, d.finds(search.Contact, phone), "@李明 Li Ming")
	}
	conversationtest.Same(d.World, d.finds(search.Contact, "13800138001"), "")
	conversationtest.Same(d.World, d.finds(search.Conversation, "李明"), fmt.Sprint("#", c.Number))
	conversationtest.Same(d.World, d.finds(search.Conversation, fmt.Sprint("#", other.Number)), fmt.Sprint("#", other.Number))
	conversationtest.Same(d.World, d.finds("", "李明"), fmt.Sprint("@李明 Li Ming|#", c.Number))
}

func testRenamed(d *desk) {
	c := d.Receive(d.Inbox, "a", "", "hello")
	d.catchUp()
	d.f.Rename(d.T, c, "Before", "")
	d.catchUp()
	d.f.Rename(d.T, c, "After", "")
	conversationtest.Same(d.World, d.finds(search.Contact, "before"), "") // the text decides, whatever the index says
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Contact, "after"), "@After")
	conversationtest.Same(d.World, d.finds(search.Conversation, "after"), fmt.Sprint("#", c.Number))
	conversationtest.Same(d.World, d.finds(search.Conversation, "before"), "")
}

func testOrganisation(d *desk) {
	if d.f.Organise == nil {
		d.Skip("the storage knows no organisations")
	}
	c := d.Receive(d.Inbox, "a", "", "hello")
	d.f.Rename(d.T, c, "Li", "")
	d.f.Organise(d.T, c, "青山茶业")
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Contact, "茶业"), "@Li")
	d.f.Organise(d.T, c, "Blue Mountain 茶厂") // nothing tells of the contact itself
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Contact, "茶厂"), "@Li")
	conversationtest.Same(d.World, d.finds(search.Contact, "mountain"), "@Li")
	conversationtest.Same(d.World, d.finds(search.Contact, "青山"), "")
}

func testMessagePages(d *desk) {
	for n := range 23 {
		d.Receive(d.Inbox, fmt.Sprint("c", n%4), "", fmt.Sprint("match ", n))
	}
	d.catchUp()
	seen := make(map[string]bool)
	for p := (page.Request{Limit: 5}); ; {
		a := d.ask(search.Question{Text: "match", Page: p})
		for _, i := range a.Items {
			if i.Message == nil || seen[i.Message.Text] {
				d.Fatalf("a page brings %s again", told(a.Items))
			}
			seen[i.Message.Text] = true
		}
		if p.Cursor = a.Next; p.Cursor == "" {
			break
		}
	}
	conversationtest.Same(d.World, len(seen), 23)
	for _, cursor := range []string{"rubbish", page.Encode("x", "y", "z"), page.Encode("1", "2")} {
		_, err := d.service.Find(d.Context(), d.scope(), search.Question{Text: "match", Page: page.Request{Cursor: cursor}})
		d.Fails(err, errs.Invalid)
	}
}

// testFalseHits: terms that are there, but not beside each other.
func testFalseHits(d *desk) {
	d.Receive(d.Inbox, "a", "", "申请了，请退货款项，退款另说")
	d.Receive(d.Inbox, "a", "", "申请退款")
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Message, "申请退款"), "申请退款")
}

func testMergedFound(d *desk) {
	from, into := d.Receive(d.Inbox, "a", "", "written in the source"), d.Receive(d.Inbox, "b", "", "written in the target")
	d.catchUp()
	d.Change(from.ID, func(c *conversation.Conversation) error {
		c.MergedInto = into.ID
		c.AddNote(d.Turn(d.Owner), conversation.Written{Text: "merged"})
		return nil
	})
	a := d.ask(search.Question{Text: "source", Kind: search.Message})
	if len(a.Items) != 1 || a.Items[0].Conversation.ID != into.ID || a.Items[0].Message.Conversation != from.ID {
		d.Errorf("what was written before a merge is found as %+v", a.Items)
	}
	if got := d.finds(search.Conversation, strconv.FormatUint(from.Number, 10)); strings.Contains(got, fmt.Sprint("#", from.Number)) {
		d.Errorf("a merged conversation is found: %s", got)
	}
}

func testFilter(d *desk) {
	if d.f.Filters == nil {
		d.Skip("no filters")
	}
	open := d.Receive(d.Inbox, "a", "", "word one")
	done := d.Receive(d.Inbox, "b", "", "word two")
	d.Change(done.ID, func(c *conversation.Conversation) error { c.Resolve(d.Turn(d.Owner)); return nil })
	d.catchUp()
	filter := json.RawMessage(`{"field":"state","op":"is","value":"open"}`)
	conversationtest.Same(d.World, told(d.ask(search.Question{Text: "word", Filter: filter}).Items), "word one")
	a := d.ask(search.Question{Text: "customer", Kind: search.Conversation, Filter: filter})
	conversationtest.Same(d.World, told(a.Items), fmt.Sprint("#", open.Number))
	_, err := d.service.Find(d.Context(), d.scope(), search.Question{Text: "word", Filter: json.RawMessage(`{"field":"x"}`)})
	d.Fails(err, errs.Invalid)
	_, err = d.service.Find(d.Context(), d.scope(), search.Question{Text: "word", Kind: search.Contact, Filter: filter})
	d.Fails(err, errs.Invalid)
}

func testRefused(d *desk) {
	for _, q := range []search.Question{
		{Text: ""},
		{Text: " !? "},
		{Text: strings.Repeat("字", 201)},
		{Text: "a\x00b"},
		{Text: "a\xff"},
		{Text: "word", Kind: "comment"},
		{Text: "word", Kind: search.Ticket, Filter: json.RawMessage(`{"and":[]}`)},
	} {
		_, err := d.service.Find(d.Context(), d.scope(), q)
		d.Fails(err, errs.Invalid)
	}
	nobody := identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorContact}}
	_, err := d.service.Find(d.Context(), nobody, search.Question{Text: "word"})
	d.Fails(err, errs.Forbidden)
}

func testOtherTenant(d *desk) {
	d.Receive(d.Inbox, "a", "", "secret")
	d.catchUp()
	other, _ := d.Workspace("other@example.com")
	d.OK(d.indexer.CatchUp(d.Context(), other))
	scope := d.scope()
	scope.Workspace = other
	a, err := d.service.Find(d.Context(), scope, search.Question{Text: "secret"})
	d.OK(err)
	conversationtest.Same(d.World, len(a.Items), 0)
}

func testHighlights(d *desk) {
	text := strings.Repeat("前面的文字 ", 40) + "<b>Ärger</b> 退款" + strings.Repeat(" after it", 60)
	d.Receive(d.Inbox, "a", "", text)
	d.catchUp()
	a := d.ask(search.Question{Text: "退款 arger", Kind: search.Message})
	if len(a.Items) != 1 || len(a.Items[0].Highlights) != 1 {
		d.Fatalf("found %+v", a.Items)
	}
	h := a.Items[0].Highlights[0]
	var shown strings.Builder
	var hits []string
	for _, p := range h.Parts {
		shown.WriteString(p.Text)
		if p.Hit {
			hits = append(hits, p.Text)
		}
	}
	whole := shown.String()
	if strings.Join(hits, "|") != "Ärger|退款" || !strings.Contains(text, strings.Trim(whole, "…")) || len(whole) > 300 || h.Field != "text" {
		d.Errorf("the highlight is %+v", h)
	}
}
