package httpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/search/searchtest"
	"github.com/patchbay-im/patchbay/core/ticket"
)

func TestListsAndViews(t *testing.T) {
	s := newSite(t, nil)
	open, done := s.Receive(s.Inbox, "a", "m1", "hello"), s.Receive(s.Inbox, "b", "m2", "hello")
	s.Change(done.ID, func(c *conversation.Conversation) error { c.Resolve(s.Turn(s.Owner)); return nil })
	cookie := s.signIn(s.Owner)
	path := "/api/v1/workspaces/" + string(s.WS)
	ids := func(a answer) string {
		t.Helper()
		var body struct{ Items []struct{ ID string } }
		if err := json.Unmarshal([]byte(a.text), &body); err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("a list: %d %s", a.StatusCode, a.text)
		}
		var out []string
		for _, i := range body.Items {
			out = append(out, i.ID)
		}
		return strings.Join(out, " ")
	}
	filter := `{"field":"state","op":"is","value":"open"}`
	if got := ids(s.ask(http.MethodGet, path+"/conversations?filter="+url.QueryEscape(filter), "", "Cookie", cookie)); got != string(open.ID) {
		t.Errorf("a filter in the address lists %s", got)
	}
	if got := ids(s.ask(http.MethodPost, path+"/conversations/query", `{"filter":`+filter+`}`, "Cookie", cookie)); got != string(open.ID) {
		t.Errorf("a filter in the body lists %s", got)
	}
	if got := ids(s.ask(http.MethodGet, path+"/conversations?sort=created_asc", "", "Cookie", cookie)); got != string(open.ID)+" "+string(done.ID) {
		t.Errorf("the oldest first are %s", got)
	}
	a := s.ask(http.MethodPost, path+"/conversations/query", `{"filter":{"and":[{"field":"state","op":"best"}]}}`, "Cookie", cookie)
	if a.StatusCode != http.StatusUnprocessableEntity || a.code != "filter.op" || !strings.Contains(a.text, `"/and/0/op"`) {
		t.Errorf("a wrong filter answers %d %s", a.StatusCode, a.text)
	}
	a = s.ask(http.MethodPost, path+"/views", `{"name":"Open","filter":`+filter+`,"sort":"created_desc"}`, "Cookie", cookie)
	var v struct{ ID, Scope string }
	if err := json.Unmarshal([]byte(a.text), &v); err != nil || a.StatusCode != http.StatusCreated || v.Scope != "personal" {
		t.Fatalf("a view: %d %s", a.StatusCode, a.text)
	}
	if got := ids(s.ask(http.MethodGet, path+"/conversations?view="+v.ID, "", "Cookie", cookie)); got != string(open.ID) {
		t.Errorf("the view lists %s", got)
	}
	if a := s.ask(http.MethodGet, path+"/conversations/counts?views=all,"+v.ID, "", "Cookie", cookie); a.text != `{"counts":{"all":1,"`+v.ID+`":1}}`+"\n" {
		t.Errorf("the counts are %s", a.text)
	}
	asked := `{"ids":["` + string(done.ID) + `","cnv_none","` + string(open.ID) + `"],"view":"` + v.ID + `"}`
	if a := s.ask(http.MethodPost, path+"/conversations/check", asked, "Cookie", cookie); a.text != `{"ids":["`+string(open.ID)+`"]}`+"\n" {
		t.Errorf("of two conversations the view holds %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodPost, path+"/conversations/check", `{"ids":["`+string(done.ID)+`"],"view":"all","state":"open"}`, "Cookie", cookie); a.text != `{"ids":[]}`+"\n" {
		t.Errorf("what is open holds what is resolved: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodPatch, path+"/views/"+v.ID, `{"name":"Mine","unknown":1}`, "Cookie", cookie); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown field answers %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodDelete, path+"/views/"+v.ID, "", "Cookie", cookie); a.StatusCode != http.StatusNoContent {
		t.Errorf("deleting answers %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodGet, path+"/conversations?view="+v.ID, "", "Cookie", cookie); a.StatusCode != http.StatusNotFound {
		t.Errorf("a deleted view answers %d %s", a.StatusCode, a.text)
	}
}

func TestBulkAssign(t *testing.T) {
	s := newSite(t, nil)
	c := s.Receive(s.Inbox, "a", "m1", "hello")
	path := "/api/v1/workspaces/" + string(s.WS) + "/conversations/bulk"
	body := `{"ids":["` + string(c.ID) + `"],"action":"assign","member_id":"` + string(s.Owner.ID) + `"}`
	a := s.ask(http.MethodPost, path, body, "Cookie", s.signIn(s.Owner))
	if a.StatusCode != http.StatusOK || a.text != `{"items":[{"id":"`+string(c.ID)+`","ok":true}]}`+"\n" {
		t.Fatalf("it answers %d %s", a.StatusCode, a.text)
	}
	if got := s.theirs(s.WS, c.ID).Assignee; got != s.Owner.ID {
		t.Errorf("the conversation is with %q", got)
	}
}

func TestSearch(t *testing.T) {
	s := newSite(t, nil)
	c := s.Receive(s.Inbox, "a", "m1", "请问什么时候<b>退款</b>？")
	x := search.NewIndexer(s.index, searchtest.NewSource(s.tickets), func(context.Context) ([]string, error) { return nil, nil }, time.Now, slog.New(slog.DiscardHandler))
	s.OK(x.CatchUp(t.Context(), s.WS))
	cookie := s.signIn(s.Owner)
	path := "/api/v1/workspaces/" + string(s.WS) + "/search?"
	a := s.ask(http.MethodGet, path+"q="+url.QueryEscape("退款"), "", "Cookie", cookie)
	var body struct {
		Items []struct {
			Type         string
			Conversation struct{ ID string }
			Message      struct{ Seq uint64 }
			Highlights   []struct {
				Field string
				Parts []struct {
					Text string
					Hit  bool
				}
			}
		}
		Behind         bool
		IndexedThrough uint64 `json:"indexed_through"`
	}
	s.OK(json.Unmarshal([]byte(a.text), &body))
	if len(body.Items) != 1 || body.Items[0].Type != "message" || body.Items[0].Conversation.ID != string(c.ID) || body.Behind || body.IndexedThrough == 0 {
		t.Fatalf("it answers %s", a.text)
	}
	parts := body.Items[0].Highlights[0].Parts
	if len(parts) != 3 || !parts[1].Hit || parts[1].Text != "退款" || parts[0].Text != "请问什么时候<b>" {
		t.Errorf("the highlight is %+v", parts)
	}
	for query, code := range map[string]string{"q=": "search.query", "q=%21": "search.query", "q=a&cursor=x": "page.cursor_invalid", "q=a&type=all&filter=%7B": "request.invalid", "q=a&type=comments": "request.invalid", "q=a&type=tickets&filter=%7B%22and%22%3A%5B%5D%7D": "search.filter"} {
		a := s.ask(http.MethodGet, path+query, "", "Cookie", cookie)
		if a.StatusCode != http.StatusUnprocessableEntity || code != "request.invalid" && a.code != code {
			t.Errorf("%s answers %d %s", query, a.StatusCode, a.text)
		}
	}
}

// TestSearchTickets: by number and by an internal comment, which is said to be one.
func TestSearchTickets(t *testing.T) {
	s := newSite(t, nil)
	first := s.ticket(s.WS, "退款没有到账")
	s.workTicket(string(first.ID), func(turn ticket.Turn, k *ticket.Ticket) error {
		_, err := k.Comment(turn, ticket.Written{ClientID: "c1", Text: "仓库说明天回复"})
		return err
	})
	x := search.NewIndexer(s.index, searchtest.NewSource(s.tickets), func(context.Context) ([]string, error) { return nil, nil }, time.Now, slog.New(slog.DiscardHandler))
	s.OK(x.CatchUp(t.Context(), s.WS))
	type found struct {
		Items []struct {
			Type    string
			Ticket  struct{ Number uint64 }
			Comment *struct {
				Seq    uint64
				Public bool
				Author struct{ Kind string }
			}
		}
	}
	ask := func(q string) (out found) {
		a := s.ask(http.MethodGet, "/api/v1/workspaces/"+string(s.WS)+"/search?q="+url.QueryEscape(q), "", "Cookie", s.signIn(s.Owner))
		s.OK(json.Unmarshal([]byte(a.text), &out))
		if len(out.Items) != 1 || out.Items[0].Type != "ticket" || out.Items[0].Ticket.Number != first.Number {
			t.Fatalf("%s answers %s", q, a.text)
		}
		return out
	}
	if got := ask("T-1").Items[0]; got.Comment != nil {
		t.Errorf("a number is found in %+v", got.Comment)
	}
	if got := ask("仓库").Items[0].Comment; got == nil || got.Public || got.Seq < 2 || got.Author.Kind != "system" {
		t.Errorf("a comment is found as %+v", got)
	}
}
