package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// ticketBody is a body that a route of tickets accepts.
func ticketBody(path string) string {
	for suffix, body := range map[string]string{
		"/tickets": `{"title":"x"}`, "/tickets/bulk": `{"ids":["tkt_none"],"action":"priority","priority":"high"}`, "/{ticket}": `{"title":"y"}`,
		"/comments": `{"client_id":"x","text":"hi","public":false}`, "/assign": `{"assignee_id":""}`,
		"/links": `{"kind":"relates","ticket_id":"tkt_none"}`, "/labels": `{"label_ids":[]}`, "/merge": `{"into":"tkt_none"}`,
		"/ticket-types": `{"name":"x"}`, "/{type}": `{"description":"y"}`,
	} {
		if strings.HasSuffix(path, suffix) {
			return body
		}
	}
	return ""
}

// ticketThings makes a ticket in a workspace and names what belongs to it.
func (s *site) ticketThings(places map[string]string, w identity.WorkspaceID) ticket.Ticket {
	s.Helper()
	t := s.ticket(w, "Broken")
	places["ticket"], places["link"], places["type"] = string(t.ID), "tlk_none", "tty_none"
	return t
}

// ticket makes a ticket of nobody.
func (s *site) ticket(w identity.WorkspaceID, title string) ticket.Ticket {
	s.Helper()
	var out ticket.Ticket
	s.OK(s.tickets.Within(s.Context(), w, func(ctx context.Context, tx ticket.Tx) error {
		turn := s.System()
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		t := ticket.Start(ticket.Turn{Actor: turn.Actor, At: turn.At, IDs: turn.IDs}, ticket.Ticket{Workspace: w, Type: types[0].ID, Title: title})
		if err := tx.Save(ctx, t); err != nil {
			return err
		}
		out = *t
		return nil
	}))
	return out
}

// ticketTape is the life of two tickets.
func ticketTape(t *testing.T) tape {
	t.Helper()
	r := record(t, "tickets")
	lin := r.Member(r.WS, "lin@example.com", "林晓", 5)
	talk := r.admit()
	vip, sales := r.Label(r.WS, "VIP"), r.team(r.WS, "Sales")
	first := r.idIn(r.do(http.StatusCreated, http.MethodPost, "/tickets", `{"title":"Where is my order?","conversation_id":"`+string(talk)+`"}`))
	second := r.idIn(r.do(http.StatusCreated, http.MethodPost, "/tickets", `{"title":"The parcel","priority":"high"}`))
	r.watch("/tickets?limit=50&sort=updated")
	for _, id := range []string{first, second} {
		r.watch("/tickets/"+id, "/tickets/"+id+"/changes?limit=50")
	}
	r.begin()
	path := "/tickets/" + first
	r.step("a third one", func() {
		r.do(http.StatusCreated, http.MethodPost, "/tickets", `{"title":"Something else"}`)
	})
	r.step("a type with a field", func() {
		r.do(http.StatusCreated, http.MethodPost, "/ticket-types", `{"name":"Parcel","fields":[{"key":"carrier","name":"Carrier","type":"list","options":["SF","EMS"]}]}`)
	})
	r.step("it goes to 林晓 of sales", func() {
		r.do(http.StatusOK, http.MethodPost, path+"/assign", `{"assignee_id":"`+string(lin.ID)+`","team_id":"`+string(sales)+`","note":"please look"}`)
	})
	r.step("it is edited", func() {
		types, err := r.tickets.Types(r.Context(), r.WS)
		r.OK(err)
		r.do(http.StatusOK, http.MethodPatch, path, `{"title":"Where is it?","priority":"urgent","due_at":"2026-12-01T00:00:00Z","type_id":"`+string(types[1].ID)+`","fields":{"carrier":"SF"}}`)
	})
	r.step("labels, and a follower", func() {
		r.do(http.StatusOK, http.MethodPut, path+"/labels", `{"label_ids":["`+string(vip)+`"]}`)
		r.do(http.StatusOK, http.MethodPut, path+"/followers/me", ``)
	})
	var link string
	r.step("linked", func() {
		var out struct{ Links []struct{ ID string } }
		a := r.do(http.StatusCreated, http.MethodPost, path+"/links", `{"kind":"blocked_by","ticket_id":"`+second+`"}`)
		r.OK(json.Unmarshal([]byte(a.text), &out))
		link = out.Links[0].ID
	})
	r.step("the other one gets another title", func() {
		r.do(http.StatusOK, http.MethodPatch, "/tickets/"+second, `{"title":"The lost parcel"}`)
	})
	r.step("an answer, and it waits", func() {
		r.do(http.StatusCreated, http.MethodPost, path+"/comments", `{"client_id":"c1","text":"We are looking. 在查","public":true,"status":"pending"}`)
	})
	r.step("it is overdue", func() {
		r.workTicket(first, func(turn ticket.Turn, k *ticket.Ticket) error {
			turn.At = k.DueAt
			k.PassDue(turn)
			return nil
		})
	})
	r.step("the link goes", func() { r.do(http.StatusOK, http.MethodDelete, path+"/links/"+link, ``) })
	r.step("solved and rated", func() {
		r.do(http.StatusOK, http.MethodPatch, path, `{"status":"solved"}`)
		r.workTicket(first, func(turn ticket.Turn, k *ticket.Ticket) error {
			turn.Actor = identity.Actor{Kind: identity.ActorContact, ID: string(k.Contact), Name: k.ContactName}
			return k.Rate(turn, ticket.Rating{Score: 5, Comment: "谢谢"})
		})
	})
	r.step("the other one is merged into it", func() {
		r.do(http.StatusOK, http.MethodPost, "/tickets/"+second+"/merge", `{"into":"`+first+`"}`)
	})
	r.step("and undone", func() { r.do(http.StatusOK, http.MethodPost, "/tickets/"+second+"/unmerge", ``) })
	r.step("closed", func() { r.do(http.StatusOK, http.MethodPatch, path, `{"status":"closed"}`) })
	return r.tape
}

// workTicket changes a ticket as no request of the API does.
func (s *site) workTicket(id string, fn func(ticket.Turn, *ticket.Ticket) error) {
	s.Helper()
	s.OK(s.tickets.Within(s.Context(), s.WS, func(ctx context.Context, tx ticket.Tx) error {
		t, err := tx.Ticket(ctx, ticket.ID(id))
		if err != nil {
			return err
		}
		turn := s.System()
		if err := fn(ticket.Turn{Actor: turn.Actor, At: turn.At, IDs: turn.IDs}, t); err != nil {
			return err
		}
		return tx.Save(ctx, t)
	}))
}
