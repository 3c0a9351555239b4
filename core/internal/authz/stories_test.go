package authz_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// story lets something happen to the things of a set, so that topics are told.
type story struct {
	told string // the types of events, at least one of each
	act  func(w *world, c *cast)
}

// cast is a set with what the stories need beside it.
type cast struct {
	*set
	beside  *set    // held likewise; what is merged, erased or resolved for good
	visitor *person // whose chat it is
	chat    string
	link    string // of the last thing made
}

// asks is one request of the workspace's owner.
func asks(told, method, tail, body string) story {
	return story{told, func(w *world, c *cast) {
		w.must(c.in.owner, method, w.at(c.in, c.fill(tail)), c.fill(body))
	}}
}

// stories provoke every topic there is, in an order in which each finds what it
// needs. Only what moves a thing from one holder to another says who holds it.
func stories() []story {
	return slices.Concat(arrivals(), conversationStories(), chatStories(), scheduledStories(), ticketStories(), workspaceStories(), endings())
}

// soon is a time that comes while the test waits.
func soon() string { return time.Now().Add(1200 * time.Millisecond).UTC().Format(time.RFC3339Nano) }

func arrivals() []story {
	return []story{
		{"conversation.created message.created", func(w *world, c *cast) {
			c.ids["conversation"], c.ids["contact"] = w.arrive(c.in, c.inbox())
		}},
		{"conversation.assigned", func(w *world, c *cast) { w.give(c.set, c.id("conversation")) }},
		{"conversation.queued", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPost, w.at(c.in, c.fill("/conversations/{conversation}/assign")), `{"member_id":""}`)
		}},
		{"conversation.team", func(w *world, c *cast) {
			other := c.in.front
			if c.held.team == other {
				other = c.in.back
			}
			w.must(c.in.owner, http.MethodPost, w.at(c.in, c.fill("/conversations/{conversation}/assign")), fmt.Sprintf(`{"team_id":%q}`, other))
		}},
		{"conversation.assigned conversation.team", func(w *world, c *cast) { w.give(c.set, c.id("conversation")) }},
		{"ticket.created", func(_ *world, c *cast) { c.id("ticket") }},
	}
}

func conversationStories() []story {
	const at = "/conversations/{conversation}"
	return []story{
		asks("message.created message.delivery", http.MethodPost, at+"/messages", `{"client_msg_id":"t{n}","kind":"text","text":"hello"}`),
		asks("note.created", http.MethodPost, at+"/messages", `{"client_msg_id":"t{n}","kind":"note","text":"private"}`),
		asks("conversation.priority", http.MethodPut, at+"/priority", `{"priority":"high"}`),
		asks("conversation.labeled", http.MethodPut, at+"/labels", `{"label_ids":["{label}"]}`),
		{"conversation.attributes attribute.changed", func(w *world, c *cast) {
			key := fmt.Sprint("told", w.next())
			w.make(c.in.owner, "/attributes", fmt.Sprintf(`{"target":"conversation","key":%q,"name":%q,"type":"text"}`, key, key))
			w.must(c.in.owner, http.MethodPatch, w.at(c.in, c.fill(at+"/attributes")), fmt.Sprintf(`{"set":{%q:"x"}}`, key))
		}},
		{"conversation.participants", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPut, w.at(c.in, c.fill(at+"/participants")), fmt.Sprintf(`{"member_ids":[%q]}`, c.in.owner.member))
		}},
		{"message.created message.file", func(w *world, c *cast) {
			w.must(nobody(), http.MethodPost, c.inbox().hook, fmt.Sprintf(`{"id":"m%d","from":%q,"text":"look","file":"far/1.png"}`, w.next(), w.senders[c.id("conversation")]))
		}},
		{"message.edited", func(w *world, c *cast) { w.revises(c, "edit") }},
		{"message.recalled", func(w *world, c *cast) { w.revises(c, "recall") }},
		{"conversation.event", func(w *world, c *cast) {
			w.must(nobody(), http.MethodPost, c.inbox().hook, fmt.Sprintf(`{"id":"e%d","from":%q,"kind":"event","text":"pressed a button"}`, w.next(), w.senders[c.id("conversation")]))
		}},
		{"rating.requested", func(w *world, c *cast) {
			w.decode(w.must(c.in.owner, http.MethodPost, w.at(c.in, c.fill(at+"/rating-link")), ""), &struct{ URL *string }{&c.link})
		}},
		{"rating.given", func(w *world, c *cast) { w.form(c.path(), url.Values{"score": {"5"}}) }},
		asks("conversation.snoozed", http.MethodPost, at+"/state", `{"state":"snoozed","snoozed_until":"{tomorrow}"}`),
		asks("conversation.unsnoozed", http.MethodPost, at+"/state", `{"state":"open"}`),
		asks("conversation.resolved", http.MethodPost, at+"/state", `{"state":"resolved"}`),
		asks("conversation.reopened", http.MethodPost, at+"/state", `{"state":"open"}`),
		{"conversation.merged conversation.absorbed", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPost, w.at(c.in, c.beside.fill(at+"/merge")), c.fill(`{"into":"{conversation}"}`))
		}},
		{"conversation.unmerged", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPost, w.at(c.in, c.beside.fill(at+"/unmerge")), "")
		}},
	}
}

// revises has the customer of a conversation edit or recall what they said first.
func (w *world) revises(c *cast, kind string) {
	from := w.senders[c.id("conversation")]
	w.must(nobody(), http.MethodPost, c.inbox().hook, fmt.Sprintf(`{"id":"r%d","from":%q,"kind":%q,"target":%q,"text":"hello again"}`, w.next(), from, kind, "m"+strings.TrimPrefix(from, "c")))
}

func chatStories() []story {
	as := func(told, method, tail, body string) story {
		return story{told, func(w *world, c *cast) {
			w.must(c.visitor, method, "/api/v1/live/"+c.in.live.id+tail, c.fill(body))
		}}
	}
	return []story{
		{"message.created", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPost, w.at(c.in, "/conversations/"+c.chat+"/messages"), c.fill(`{"client_msg_id":"t{n}","kind":"text","text":"hello"}`))
		}},
		as("conversation.read_by_contact", http.MethodPost, "/read", `{"seq":4}`),
		{"conversation.identified", func(w *world, c *cast) {
			who := w.identify(c.in, fmt.Sprint("person ", w.next()))
			w.decode(w.must(c.visitor, http.MethodPost, "/api/v1/live/"+c.in.live.id+"/sessions", fmt.Sprintf(`{"page_url":"https://shop.example/","locale":"en","token":%q,"identity":%q}`, c.visitor.visitor, who)),
				&struct{ Token *string }{&c.visitor.visitor})
			c.visitor.header = http.Header{"Authorization": {"Bearer " + c.visitor.visitor}}
		}},
		as("conversation.offline ticket.created", http.MethodPost, "/offline", `{"name":"A","email":"a{n}@example.com","message":"call me","client_msg_id":"f{n}"}`),
	}
}

func scheduledStories() []story {
	const at = "/conversations/{conversation}/scheduled"
	plan := func(w *world, s *set) {
		w.must(s.in.owner, http.MethodPost, w.at(s.in, s.fill(at)), s.fill(fmt.Sprintf(`{"client_msg_id":"t{n}","text":"soon","send_at":%q}`, soon())))
	}
	return []story{
		{"scheduled.created", func(_ *world, c *cast) { c.id("scheduled") }},
		asks("scheduled.changed", http.MethodPatch, at+"/{scheduled}", `{"text":"later still"}`),
		asks("scheduled.cancelled", http.MethodDelete, at+"/{scheduled}", ""),
		{"scheduled.sent", func(w *world, c *cast) { plan(w, c.set) }},
		{"scheduled.failed", func(w *world, c *cast) {
			plan(w, c.beside)
			w.must(c.in.owner, http.MethodPost, w.at(c.in, c.beside.fill("/conversations/{conversation}/state")), `{"state":"resolved"}`)
		}},
	}
}

func ticketStories() []story {
	const at = "/tickets/{ticket}"
	return []story{
		asks("ticket.edited", http.MethodPatch, at, `{"title":"y{n}"}`),
		asks("ticket.commented", http.MethodPost, at+"/comments", `{"client_id":"t{n}","text":"private","public":false}`),
		asks("ticket.status", http.MethodPatch, at, `{"status":"pending"}`),
		asks("ticket.labeled", http.MethodPut, at+"/labels", `{"label_ids":["{label}"]}`),
		{"ticket.followers", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPut, w.at(c.in, c.fill(at+"/followers/"+c.in.owner.member)), "")
		}},
		{"ticket.assigned", func(w *world, c *cast) { w.hand(c.set, `{"assignee_id":""}`) }},
		{"ticket.assigned", func(w *world, c *cast) {
			w.hand(c.set, fmt.Sprintf(`{"assignee_id":%q,"team_id":%q}`, c.held.assignee, c.held.team))
		}},
		{"ticket.linked", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPost, w.at(c.in, c.fill(at+"/links")), c.beside.fill(`{"kind":"relates","ticket_id":"{ticket}"}`))
			var out struct{ Links []struct{ ID string } }
			w.decode(w.must(c.in.owner, http.MethodGet, w.at(c.in, c.fill(at)), ""), &out)
			c.link = out.Links[0].ID
		}},
		{"ticket.unlinked", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodDelete, w.at(c.in, c.fill(at+"/links/"+c.link)), "")
		}},
		{"ticket.overdue ticket.edited", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPatch, w.at(c.in, c.fill(at)), fmt.Sprintf(`{"due_at":%q}`, soon()))
		}},
		{"ticket.merged ticket.absorbed", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPost, w.at(c.in, c.beside.fill(at+"/merge")), c.fill(`{"into":"{ticket}"}`))
		}},
		{"ticket.unmerged", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPost, w.at(c.in, c.beside.fill(at+"/unmerge")), "")
		}},
		asks("ticket.status", http.MethodPatch, at, `{"status":"solved"}`),
		{"ticket.rated", func(w *world, c *cast) {
			w.decode(w.must(c.in.owner, http.MethodPost, w.at(c.in, c.fill(at+"/link")), ""), &struct{ URL *string }{&c.link})
			w.form(c.path()+"/rating", url.Values{"score": {"5"}})
		}},
	}
}

// retried tries an account again of which it is known how it fares.
func retried(told, account string) story {
	return story{told, func(w *world, c *cast) {
		w.await("how "+account+" fares", func() bool {
			var out struct{ Condition struct{ State string } }
			w.decode(w.must(c.in.owner, http.MethodGet, w.at(c.in, c.fill(account+"/health")), ""), &out)
			return out.Condition.State != "unknown"
		})
		w.must(c.in.owner, http.MethodPost, w.at(c.in, c.fill(account+"/retry")), "")
	}}
}

func workspaceStories() []story {
	return []story{
		asks("contact.changed", http.MethodPatch, "/contacts/{contact}", `{"note":"x{n}"}`),
		asks("team.changed", http.MethodPatch, "/teams/{team}", `{"description":"x"}`),
		{"calendar.changed", func(w *world, c *cast) {
			w.must(c.in.owner, http.MethodPost, w.at(c.in, "/calendars"), c.fill(`{"name":"Told {n}","time_zone":"UTC","week":{"monday":[{"from":"09:00","to":"17:00"}]}}`))
		}},
		{"policy.changed", func(w *world, c *cast) {
			var now struct{ Draft struct{ Revision int } }
			if err := json.Unmarshal([]byte(w.must(c.in.owner, http.MethodGet, w.at(c.in, "/dispatch-policy"), "").text), &now); err != nil {
				w.t.Fatal(err)
			}
			w.must(c.in.owner, http.MethodPut, w.at(c.in, "/dispatch-policy/draft"), fmt.Sprintf(`{"revision":%d}`, now.Draft.Revision))
		}},
		asks("queue.changed", http.MethodPatch, "/queues/{queue}", `{"description":"x"}`),
		asks("skill.changed", http.MethodPatch, "/skills/{skill}", `{"name":"Renamed {n}"}`),
		asks("role.changed", http.MethodPatch, "/roles/{role}", `{"description":"x"}`),
		asks("inbox.changed", http.MethodPatch, "/inboxes/{inbox}", `{"name":"Renamed {n}"}`),
		retried("inbox.health_changed", "/inboxes/{inbox}"),
		asks("webhook.changed", http.MethodPatch, "/webhooks/{webhook}", `{"description":"x"}`),
		asks("connection.changed", http.MethodPatch, "/connections/{connection}", `{"name":"Renamed {n}"}`),
		retried("connection.health_changed", "/connections/{connection}"),
		asks("grant.changed", http.MethodPut, "/plugins/test/channel/grants", `{"scopes":["messages:ingest"]}`),
		asks("label.changed", http.MethodPatch, "/labels/{label}", `{"description":"x"}`),
		asks("attribute.changed", http.MethodPatch, "/attributes/{attribute}", `{"name":"A{n}"}`),
		asks("canned.changed", http.MethodPost, "/canned", `{"shortcut":"t{n}","title":"x","text":"x","scope":"workspace"}`),
		asks("view.changed", http.MethodPost, "/views", `{"name":"V{n}","filter":{"and":[]},"scope":"workspace"}`),
		asks("organisation.changed", http.MethodPatch, "/organisations/{organisation}", `{"note":"x"}`),
		asks("ticket_type.changed", http.MethodPatch, "/ticket-types/{type}", `{"description":"x"}`),
		asks("invitation.changed", http.MethodDelete, "/invitations/{invitation}", ""),
		asks("member.changed", http.MethodPatch, "/members/{member}", `{"capacity":6}`),
		asks("workspace.changed", http.MethodPatch, "", `{"name":"Renamed {n}"}`),
		{"import.changed", func(_ *world, c *cast) { c.id("import") }},
	}
}

// endings come last: what they are about is no more.
func endings() []story {
	return []story{{"erasure.changed", func(w *world, c *cast) {
		w.must(c.in.owner, http.MethodPost, w.at(c.in, c.beside.fill("/contacts/{contact}/erase")), c.beside.fill(`{"confirm":"{contact}"}`))
	}}}
}

// happen lets everything happen to a set, once.
func (w *world) happen(s *set) {
	w.t.Helper()
	c := w.newCast(s)
	for _, one := range stories() {
		one.act(w, c)
	}
}

// newCast makes what the stories of a set need and do not make themselves.
func (w *world) newCast(s *set) *cast {
	w.t.Helper()
	c := &cast{set: s, beside: s.beside(), visitor: w.knock(s.in, "")}
	c.beside.id("ticket")
	w.must(c.visitor, http.MethodPost, "/api/v1/live/"+s.in.live.id+"/messages", `{"client_msg_id":"first","text":"hello"}`)
	c.chat = w.newest(s.in).ID
	w.give(s, c.chat)
	for name, k := range kinds() { // which no story is about the making of
		if k.held == byWorkspace && !slices.Contains([]string{"export", "import", "kid", "provider"}, name) {
			s.id(name)
		}
	}
	return c
}

// path is that of the link made last.
func (c *cast) path() string {
	u, err := url.Parse(c.link)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return u.Path
}

// form sends a form of a customer's page.
func (w *world) form(path string, values url.Values) {
	w.t.Helper()
	if a := w.ask(nobody(), http.MethodPost, path, values.Encode(), "Content-Type", "application/x-www-form-urlencoded"); a.status >= http.StatusBadRequest {
		w.t.Fatalf("POST %s answers %d %s", path, a.status, a.text)
	}
}

// hand hands a ticket over.
func (w *world) hand(s *set, body string) {
	w.t.Helper()
	w.must(s.in.owner, http.MethodPost, w.at(s.in, s.fill("/tickets/{ticket}/assign")), body)
}
