package httpapi_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/media"
)

func mapKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// talkTape is what is said: messages with files and quotes, notes, delivery,
// marks of both sides.
func talkTape(t *testing.T) tape {
	t.Helper()
	r := record(t, "talk")
	lin := r.Member(r.WS, "lin@example.com", "林晓", 5)
	mail := r.follow(r.Receive(r.Inbox, "mail", "m1", "by mail").ID)
	chat := r.admit()
	path := "/conversations/" + string(chat)
	r.begin()
	var file media.ID
	offer := func(c *conversation.Conversation) error {
		return c.Offer(r.System(), lin.ID, lin.Name, r.Tick().Add(20*time.Second))
	}
	r.change("it is offered", chat, offer)
	r.change("nobody answers", chat, func(c *conversation.Conversation) error {
		c.TakeBack(r.System(), conversation.OfferUnanswered)
		return nil
	})
	r.change("the customer leaves", chat, func(c *conversation.Conversation) error {
		c.Abandon(r.System())
		return nil
	})
	r.change("it is offered again", chat, offer)
	r.change("dispatch gives it to the owner", chat, func(c *conversation.Conversation) error {
		return c.Assign(r.System(), r.Owner.ID, r.Owner.Name, "dispatch")
	})
	r.step("a stranger writes: a conversation begins", func() { r.follow(r.Receive(r.Inbox, "stranger", "s1", "first").ID) })
	r.step("the visitor writes", func() { r.say("v2", "还在吗？") })
	r.step("the owner has read it", func() { r.do(http.StatusNoContent, http.MethodPut, path+"/read", `{"seq":100}`) })
	r.tape.Steps[len(r.tape.Steps)-1].Own = fmt.Sprintf(`{"conversation_id":%q,"seq":100}`, chat)
	r.step("it goes back to the queue, read", func() { r.do(http.StatusOK, http.MethodPost, path+"/assign", `{"member_id":""}`) })
	var asked string
	r.step("the owner answers with a quote", func() {
		for _, ch := range r.Timeline(chat, 0) {
			if ch.Message != nil {
				asked = string(ch.Message.ID)
			}
		}
		r.do(http.StatusCreated, http.MethodPost, path+"/messages", `{"client_msg_id":"a1","kind":"text","text":"在的 🙂","reply_to":"`+asked+`"}`)
	})
	r.step("and with a file", func() {
		file = media.ID(r.IDs.New("att"))
		r.fake.Media.Put(media.Attachment{Workspace: r.WS, ID: file, CreatedAt: r.Tick(), Name: "猫.png", Type: "image/png", Size: 2048, Kind: media.Image, Width: 640, Height: 480}, media.Uploader{Kind: media.ByMember, ID: string(r.Owner.ID)})
		r.do(http.StatusCreated, http.MethodPost, path+"/messages", `{"client_msg_id":"a2","kind":"text","text":"","attachment_ids":["`+string(file)+`"]}`)
	})
	r.step("the visitor reads it", func() {
		r.want(http.StatusNoContent, http.MethodPost, "/api/v1/live/"+string(r.Live.ID)+"/read", `{"seq":100}`)
	})
	r.step("a note calls a colleague", func() {
		r.do(http.StatusCreated, http.MethodPost, path+"/messages", `{"client_msg_id":"n1","kind":"note","text":"@林晓 look","mentions":["`+string(lin.ID)+`"]}`)
	})
	var sent conversation.Message
	r.step("an answer that waits for its way", func() {
		r.Change(mail, func(c *conversation.Conversation) error {
			ch, err := c.Send(r.Turn(r.Owner), conversation.Words("d1", "by return"))
			if err == nil {
				sent = *ch.Message
			}
			return err
		})
	})
	r.change("it was sent", mail, func(c *conversation.Conversation) error {
		c.SetDelivery(r.System(), sent, conversation.DeliverySent, "")
		return nil
	})
	r.change("it came back", mail, func(c *conversation.Conversation) error {
		c.SetDelivery(r.System(), sent, conversation.DeliveryFailed, "blocked")
		return nil
	})
	r.change("the visitor changes what was written", chat, func(c *conversation.Conversation) error {
		c.Edit(r.Turn(r.Owner), r.firstOf(chat), conversation.Words("", "你好 <b>there</b>!"), nil)
		return nil
	})
	r.change("and takes it back", chat, func(c *conversation.Conversation) error {
		c.Recall(r.Turn(r.Owner), r.firstOf(chat))
		return nil
	})
	r.change("the customer presses a button", mail, func(c *conversation.Conversation) error {
		c.Happen(r.Turn(r.Owner), conversation.Happened{Text: "Pressed <b>yes</b>", Trigger: "pressed"})
		return nil
	})
	var named media.ID
	r.step("a file that the channel names", func() { named = r.names(mail) })
	r.step("it does not come", func() {
		r.settles(media.Attachment{Arrival: media.Failed, Name: "票.png", Type: "image/png", Kind: media.Image, Size: 9, Trouble: media.Trouble{Code: "plugin.no_answer", Detail: "The plugin did not answer."}})
	})
	r.step("somebody tries again", func() {
		m := r.lastOf(mail)
		r.do(http.StatusOK, http.MethodPost, "/conversations/"+string(mail)+"/messages/"+string(m.ID)+"/attachments/"+string(named)+"/fetch", "")
	})
	r.step("it comes", func() {
		r.settles(media.Attachment{Name: "票.png", Type: "image/png", Kind: media.Image, Size: 2048, Width: 64, Height: 48, Preview: "image/png"})
	})
	return r.tape
}

// names has the customer of a conversation send a file that their channel names.
func (r *recorder) names(in conversation.ID) media.ID {
	r.Helper()
	id, at := media.ID(r.IDs.New("att")), r.Tick()
	r.OK(r.fake.Within(r.Context(), r.WS, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, in)
		if err != nil {
			return err
		}
		ch := c.Receive(r.Turn(r.Owner), conversation.Words("named", ""))
		files, err := tx.Media().Bring(ctx, media.Uploader{Kind: media.ByPlugin, ID: string(r.Inbox.ID)}, []media.Brought{{
			ID: id, Fetch: media.Fetch{Reference: "far/1", Name: "票.png", Type: "image/png", Size: 9, At: at, Until: at.Add(time.Hour)},
		}}, media.Place{Conversation: string(in), Seq: ch.Message.Seq})
		if err != nil {
			return err
		}
		c.Attach(ch, files)
		return tx.Save(ctx, c)
	}))
	return id
}

// settles ends the one errand that there is.
func (r *recorder) settles(now media.Attachment) {
	r.Helper()
	at := r.Tick().Add(time.Hour)
	e, err := r.fake.Media.Store().Claim(r.Context(), at, at.Add(time.Minute), nil)
	r.OK(err)
	now.Workspace, now.ID, now.CreatedAt = e.Workspace, e.ID, e.CreatedAt // its address is signed anew in each run
	r.OK(r.fake.Within(r.Context(), r.WS, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, conversation.ID(e.In.Conversation))
		if err != nil {
			return err
		}
		m, err := tx.Message(ctx, c.ID, e.In.Seq)
		if err != nil {
			return err
		}
		if _, held, err := tx.Media().Settle(ctx, *e, now, media.Due{}); err != nil || !held {
			return fmt.Errorf("not settled: %w", err)
		}
		c.ChangeFile(r.System(), *m, now)
		return tx.Save(ctx, c)
	}))
}

// firstOf is the message that was written first, as it is now.
func (r *recorder) firstOf(in conversation.ID) (m conversation.Message) {
	r.Helper()
	for _, ch := range r.Timeline(in, 0) {
		if ch.Message != nil && (m.ID == "" || ch.Message.ID == m.ID) {
			m = *ch.Message
		}
	}
	return m
}

// lastOf is the message that was written last.
func (r *recorder) lastOf(in conversation.ID) (m conversation.Message) {
	r.Helper()
	for _, ch := range r.Timeline(in, 0) {
		if ch.Message != nil {
			m = *ch.Message
		}
	}
	return m
}

// endTape is how conversations wait, end, are rated and go on.
func endTape(t *testing.T) tape {
	t.Helper()
	r := record(t, "end")
	chat := r.admit()
	path := "/conversations/" + string(chat)
	form := r.follow(r.Receive(r.Inbox, "form", "f1", "nobody there?").ID)
	r.Change(chat, func(c *conversation.Conversation) error {
		return c.Assign(r.Turn(r.Owner), r.Owner.ID, r.Owner.Name, "member")
	})
	r.begin()
	r.change("an analyzer notices something", chat, func(c *conversation.Conversation) error {
		c.Raise(r.System(), conversation.Finding{
			ID: "fnd_1", Message: "msg_1", Seq: 2, Connection: "pin_1", Code: "complaint", Level: conversation.FindingWarning,
			Title: map[string]string{"en": "Complaint", "zh-CN": "投诉"}, Start: 1, End: 3, Score: 0.5,
		})
		return nil
	})
	r.change("somebody settles it", chat, func(c *conversation.Conversation) error { c.Dismiss(r.Turn(r.Owner), "fnd_1"); return nil })
	r.change("its agent disappears", chat, func(c *conversation.Conversation) error {
		return c.Release(r.System(), conversation.QueuedAgentLost)
	})
	r.step("the owner takes it", func() {
		r.do(http.StatusOK, http.MethodPost, path+"/assign", `{"member_id":"`+string(r.Owner.ID)+`"}`)
	})
	r.step("it sleeps", func() {
		r.do(http.StatusOK, http.MethodPost, path+"/state", `{"state":"snoozed","snoozed_until":"`+r.Tick().Add(time.Hour).Format(time.RFC3339)+`"}`)
	})
	r.change("it wakes", chat, func(c *conversation.Conversation) error { c.Reopen(r.System()); return nil })
	r.step("it is resolved", func() { r.do(http.StatusOK, http.MethodPost, path+"/state", `{"state":"resolved"}`) })
	r.step("a rating is asked for", func() {
		r.Change(chat, func(c *conversation.Conversation) error {
			c.RequestRating(r.System(), conversation.ViaWidget, r.Owner.ID)
			return nil
		})
	})
	r.step("the visitor rates", func() {
		r.want(http.StatusNoContent, http.MethodPost, "/api/v1/live/"+string(r.Live.ID)+"/rating", `{"score":4,"comment":"不错"}`)
	})
	r.step("the owner opens it again", func() { r.do(http.StatusOK, http.MethodPost, path+"/state", `{"state":"open"}`) })
	r.step("it is resolved once more", func() { r.do(http.StatusOK, http.MethodPost, path+"/state", `{"state":"resolved"}`) })
	r.step("the visitor writes again", func() { r.say("v3", "one more thing") })
	r.change("it is over, the customer writes once more and a bot answers", chat, func(c *conversation.Conversation) error {
		c.Resolve(r.System())
		c.ReceiveFor(r.System(), conversation.Words("b1", "hello?"), &conversation.Bot{ID: "pin_1", Name: "小助手"})
		return nil
	})
	r.change("the bot hands off", chat, func(c *conversation.Conversation) error { return c.HandOff(r.System(), "", "asked_for_agent") })
	r.change("somebody wrote by the form", form, func(c *conversation.Conversation) error {
		c.MarkOffline(r.System(), "a@example.com", "+8613800000000")
		return nil
	})
	r.change("and proved who they are", form, func(c *conversation.Conversation) error { c.Identify(r.System(), "sub:42"); return nil })
	return r.tape
}

// orderTape is what people keep in order with.
func orderTape(t *testing.T) tape {
	t.Helper()
	r := record(t, "order")
	lin := r.Member(r.WS, "lin@example.com", "林晓", 5)
	r.do(http.StatusCreated, http.MethodPost, "/attributes", `{"target":"conversation","key":"plan","name":"方案","type":"text","required":false}`)
	vip, late := r.Label(r.WS, "VIP"), r.Label(r.WS, "迟到")
	sales := r.Team(r.WS, "sales", lin.ID)
	chat := r.admit()
	path := "/conversations/" + string(chat)
	r.follow(r.Receive(r.Inbox, "other", "o1", "beside").ID)
	r.watch("/labels", "/teams")
	r.begin()
	r.step("labels", func() {
		r.do(http.StatusOK, http.MethodPut, path+"/labels", fmt.Sprintf(`{"label_ids":[%q,%q]}`, vip, late))
	})
	r.step("an attribute", func() {
		r.do(http.StatusOK, http.MethodPatch, path+"/attributes", `{"set":{"plan":"专业"}}`)
	})
	r.step("a priority", func() { r.do(http.StatusOK, http.MethodPut, path+"/priority", `{"priority":"urgent"}`) })
	r.step("participants", func() {
		r.do(http.StatusOK, http.MethodPut, path+"/participants", fmt.Sprintf(`{"member_ids":[%q,%q]}`, r.Owner.ID, lin.ID))
	})
	r.step("into a team's queue", func() {
		r.do(http.StatusOK, http.MethodPost, path+"/assign", `{"team_id":"`+string(sales)+`"}`)
	})
	r.step("the owner takes it", func() {
		r.do(http.StatusOK, http.MethodPost, path+"/assign", `{"member_id":"`+string(r.Owner.ID)+`"}`)
	})
	r.step("follow no more", func() { r.do(http.StatusOK, http.MethodDelete, path+"/participants/me", "") })
	r.step("a label less, an attribute less", func() {
		r.do(http.StatusOK, http.MethodPut, path+"/labels", fmt.Sprintf(`{"label_ids":[%q]}`, vip))
		r.do(http.StatusOK, http.MethodPatch, path+"/attributes", `{"set":{"plan":null}}`)
	})
	return r.tape
}

// mergeTape merges conversations, and takes it back.
func mergeTape(t *testing.T) tape {
	t.Helper()
	r := record(t, "merge")
	chat := r.admit()
	target := r.follow(r.Receive(r.Inbox, "mail", "m1", "the same again").ID)
	path := "/conversations/" + string(chat)
	merge := func() { r.do(http.StatusOK, http.MethodPost, path+"/merge", `{"into":"`+string(target)+`"}`) }
	r.begin()
	r.step("merged", merge)
	r.step("taken back", func() { r.do(http.StatusOK, http.MethodPost, path+"/unmerge", "") })
	r.step("merged again", merge)
	r.step("the customer writes in it", func() { r.say("v2", "and here?") })
	return r.tape
}

// laterTape is messages for later.
func laterTape(t *testing.T) tape {
	t.Helper()
	r := record(t, "later")
	chat := r.admit()
	path := "/conversations/" + string(chat) + "/scheduled"
	schedule := func(client string, in time.Duration) string {
		at := r.Tick().Add(in).Format(time.RFC3339)
		return r.idIn(r.do(http.StatusCreated, http.MethodPost, path, fmt.Sprintf(`{"client_msg_id":%q,"text":"how was %s?","send_at":%q,"unless_reply":false}`, client, client, at)))
	}
	due := func() {
		for range 200 { // each a second
			r.Tick()
		}
		n, err := r.conversations.SendDue(r.Context())
		r.OK(err)
		if n == 0 {
			t.Fatal("nothing was due")
		}
	}
	r.begin()
	var first, second string
	r.step("one is written", func() { first = schedule("tea", 3*time.Minute) })
	r.step("another", func() { second = schedule("coffee", time.Hour) })
	r.step("it is edited", func() { r.do(http.StatusOK, http.MethodPatch, path+"/"+first, `{"text":"how was the tea?"}`) })
	r.step("the other is given up", func() { r.do(http.StatusNoContent, http.MethodDelete, path+"/"+second, "") })
	r.step("it is sent", due)
	r.step("a third, and its conversation ends", func() {
		schedule("milk", 3*time.Minute)
		r.do(http.StatusOK, http.MethodPost, "/conversations/"+string(chat)+"/state", `{"state":"resolved"}`)
	})
	r.step("it cannot be sent", due)
	return r.tape
}

// houseTape is what changes around conversations.
func houseTape(t *testing.T) tape {
	t.Helper()
	r := record(t, "house")
	chat := r.admit()
	who := string(r.Get(chat).Contact)
	lin := r.Member(r.WS, "lin@example.com", "Lin", 5)
	con := "/contacts/" + who
	r.watch("", "/members?limit=200", "/invitations?limit=200", "/inboxes", "/labels?limit=200", "/attributes?limit=200", "/canned?limit=200",
		"/teams?limit=200", "/calendars?limit=200", "/views", "/organisations", "/imports", con, con+"/notes", "/checklist")
	r.begin()
	post := func(path, body string) string { return r.idIn(r.do(http.StatusCreated, http.MethodPost, path, body)) }
	made := func(name, path, body string) {
		r.step(name+" is made", func() { post(path, body) })
	}
	made("a label", "/labels", `{"name":"VIP","color":"#2f80ed"}`)
	made("an attribute", "/attributes", `{"target":"contact","key":"plan","name":"方案","type":"text","required":false}`)
	made("a canned reply", "/canned", `{"shortcut":"hi","title":"Hello","text":"Hello {{contact.name}}","scope":"workspace"}`)
	made("a team", "/teams", `{"name":"sales","member_ids":["`+string(lin.ID)+`"]}`)
	made("a calendar", "/calendars", `{"name":"office","time_zone":"Asia/Shanghai","week":{"monday":[{"from":"09:00","to":"18:00"}]}}`)
	r.step("a policy is drafted", func() {
		r.do(http.StatusOK, http.MethodPut, "/dispatch-policy/draft", `{"revision":0,"order":{"by":"value"}}`)
	})
	made("a queue", "/queues", `{"name":"VIP","target_s":60}`)
	made("a skill", "/skills", `{"name":"Deutsch"}`)
	made("a view", "/views", `{"name":"Open","filter":{"field":"state","op":"is","value":"open"},"sort":"created_desc"}`)
	made("an organisation", "/organisations", `{"name":"Tea House","domains":["tea.example"]}`)
	made("a connection", "/connections", `{"plugin":"test/link","name":"Shop","config":{"url":"https://shop.example"},"secrets":{"/key":"never told"}}`)
	r.step("a plugin may do less", func() { r.do(http.StatusOK, http.MethodPut, "/plugins/test/link/grants", `{"scopes":[]}`) })
	made("a webhook", "/webhooks", `{"url":"https://example.com/hook","events":["*"]}`)
	made("a role", "/roles", `{"name":"一线","reach":"team","permissions":["conversation.read"]}`)
	made("an invitation", "/invitations", `{"email":"mo@example.com","role":"agent"}`)
	r.step("a member is renamed", func() {
		r.do(http.StatusOK, http.MethodPatch, "/members/"+string(lin.ID), `{"name":"林晓","capacity":3}`)
	})
	r.step("the workspace is renamed", func() { r.do(http.StatusOK, http.MethodPatch, "", `{"name":"茶馆"}`) })
	r.step("an inbox is renamed", func() { r.do(http.StatusOK, http.MethodPatch, "/inboxes/"+string(r.Live.ID), `{"name":"网站"}`) })
	r.step("the contact is renamed", func() { r.do(http.StatusOK, http.MethodPatch, con, `{"name":"王芳","email":"wang@tea.example"}`) })
	r.step("a note about the contact", func() { post(con+"/notes", `{"text":"likes oolong"}`) })
	r.step("a contact is erased", func() {
		id := post("/contacts", `{"name":"Gone"}`)
		r.do(http.StatusOK, http.MethodPost, "/contacts/"+id+"/erase", `{"confirm":"Gone"}`)
	})
	r.step("a plugin is connected", func() {
		for _, typ := range []string{"grant.changed", "connection.changed", "connection.health_changed", "approval.changed", "inbox.health_changed"} {
			r.fake.Feed.Append(event.Event{ID: r.IDs.New("chg"), Workspace: string(r.WS), Type: typ, Subject: "pin_1", At: r.Tick(), Data: []byte(`{"id":"pin_1"}`)})
		}
	})
	r.step("an import begins", func() {
		a := r.ask(http.MethodPost, "/api/v1/workspaces/"+string(r.WS)+"/imports", "name,email\nLi,li@example.com\n", "Cookie", r.cookie, "Content-Type", "text/csv")
		if a.StatusCode != http.StatusCreated {
			t.Fatalf("an import answers %d %s", a.StatusCode, a.text)
		}
		imported := r.idIn(a)
		r.do(http.StatusOK, http.MethodPost, "/imports/"+imported+"/check", "")
		r.OK(r.work())
	})
	return r.tape
}
