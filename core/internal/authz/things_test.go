package authz_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Whose a thing is, as the agent of their own sees it.
const (
	isOwn       = "own"
	isOthers    = "other agent's"
	isOuter     = "other inbox's"
	isForeign   = "other workspace's"
	isDeleted   = "deleted"
	isRandom    = "random"
	isMalformed = "malformed"
)

// variants are all there are of a parameter. A thing that never was comes
// first: what it gets is what all others get that one may not see.
func variants() []string {
	return []string{isRandom, isOwn, isOthers, isOuter, isForeign, isDeleted, isMalformed}
}

// held is how a kind of thing is held.
type held int

const (
	byReach     held = iota // by who holds the conversation, the ticket or the contact
	byWorkspace             // by everybody of the workspace
	byMember                // by who made it
)

// kind is a kind of thing that a parameter names.
type kind struct {
	prefix string // of its ids
	held   held
	make   func(w *world, s *set) string
	// gone deletes it through the API; nil = it cannot be deleted.
	gone func(s *set) (method, tail, body string)
	// seenWith is a permission with which byMember things are seen by others, too.
	seenWith string
	// under are the kinds of the parameters that its route also has.
	under []string
}

func del(tail string) func(*set) (string, string, string) {
	return func(s *set) (string, string, string) { return http.MethodDelete, s.fill(tail), "" }
}

// posted makes a thing by one request of the workspace's owner.
func posted(tail, body string) func(*world, *set) string {
	return func(w *world, s *set) string { return w.make(s.in.owner, s.fill(tail), s.fill(body)) }
}

// mine makes a thing by one request of whom the set belongs to.
func mine(tail, body string) func(*world, *set) string {
	return func(w *world, s *set) string { return w.make(s.by, s.fill(tail), s.fill(body)) }
}

// kinds are the kinds of things, by the name of their parameter.
func kinds() map[string]kind {
	erased := func(s *set) (string, string, string) {
		return http.MethodPost, s.fill("/contacts/{contact}/erase"), s.fill(`{"confirm":"{contact}"}`)
	}
	return map[string]kind{
		"conversation": {prefix: "cnv", make: (*world).talk, gone: erased},
		"contact":      {prefix: "con", make: contactOf, gone: erased},
		"message":      {prefix: "msg", make: messageOf, gone: erased, under: []string{"conversation"}},
		"scheduled":    {prefix: "sch", make: posted("/conversations/{conversation}/scheduled", `{"client_msg_id":"s{n}","text":"later","send_at":"{tomorrow}"}`), gone: erased, under: []string{"conversation"}},
		"note":         {prefix: "nte", make: posted("/contacts/{contact}/notes", `{"text":"a note"}`), gone: erased, under: []string{"contact"}},
		"ticket":       {prefix: "tkt", make: (*world).ticket, gone: erased},
		"link":         {prefix: "tlk", make: (*world).link, gone: erased, under: []string{"ticket"}},
		"merge":        {prefix: "mrg", make: (*world).merge},
		"finding":      {prefix: "fnd", make: (*world).finding, gone: erased},

		"inbox":        {prefix: "inb", held: byWorkspace, make: posted("/inboxes", `{"name":"Spare {n}","plugin":"test/channel","config":{}}`)},
		"request":      {prefix: "whk", held: byWorkspace, make: (*world).request, under: []string{"inbox"}},
		"kid":          {prefix: "key", held: byWorkspace, make: (*world).kid, gone: del("/inboxes/{chat}/identity-secret/{kid}"), under: []string{"chat"}},
		"chat":         {prefix: "inb", held: byWorkspace, make: func(_ *world, s *set) string { return s.in.live.id }},
		"member":       {prefix: "mem", held: byWorkspace, make: func(w *world, s *set) string { return s.mate(w).member }},
		"session":      {prefix: "ses", held: byWorkspace, make: (*world).session, gone: del("/members/{member}/sessions/{session}"), under: []string{"member"}},
		"invitation":   {prefix: "inv", held: byWorkspace, make: posted("/invitations", `{"email":"x{n}@example.com","role":"agent"}`)},
		"team":         {prefix: "tea", held: byWorkspace, make: posted("/teams", `{"name":"T{n}"}`), gone: del("/teams/{team}")},
		"calendar":     {prefix: "cal", held: byWorkspace, make: posted("/calendars", `{"name":"H{n}","time_zone":"UTC","week":{"monday":[{"from":"09:00","to":"17:00"}]}}`), gone: del("/calendars/{calendar}")},
		"queue":        {prefix: "que", held: byWorkspace, make: posted("/queues", `{"name":"Q{n}"}`), gone: del("/queues/{queue}")},
		"skill":        {prefix: "skl", held: byWorkspace, make: posted("/skills", `{"name":"S{n}"}`), gone: del("/skills/{skill}")},
		"role":         {prefix: "rol", held: byWorkspace, make: posted("/roles", `{"name":"R{n}"}`), gone: del("/roles/{role}")},
		"label":        {prefix: "lab", held: byWorkspace, make: posted("/labels", `{"name":"L{n}","color":"#2f80ed"}`), gone: del("/labels/{label}")},
		"attribute":    {prefix: "cat", held: byWorkspace, make: posted("/attributes", `{"target":"contact","key":"k{n}","name":"A{n}","type":"text"}`), gone: del("/attributes/{attribute}")},
		"provider":     {prefix: "idp", held: byWorkspace, make: (*world).provider, gone: del("/sign-in/providers/{provider}")},
		"webhook":      {prefix: "whk", held: byWorkspace, make: posted("/webhooks", `{"url":"{sink}","events":["*"],"active":false}`), gone: del("/webhooks/{webhook}")},
		"connection":   {prefix: "pin", held: byWorkspace, make: posted("/connections", `{"plugin":"test/channel","name":"C{n}","config":{"client_id":"c"}}`), gone: del("/connections/{connection}")},
		"delivery":     {prefix: "whd", held: byWorkspace, make: (*world).delivery},
		"secret":       {prefix: "whs", held: byWorkspace, make: (*world).rotated, under: []string{"webhook"}},
		"type":         {prefix: "tty", held: byWorkspace, make: posted("/ticket-types", `{"name":"Y{n}"}`), gone: del("/ticket-types/{type}")},
		"approval":     {prefix: "tci", held: byWorkspace, make: (*world).never},
		"alert":        {prefix: "alr", held: byWorkspace, make: (*world).never},
		"organisation": {prefix: "org", held: byWorkspace, make: posted("/organisations", `{"name":"O{n}"}`), gone: del("/organisations/{organisation}")},
		"export":       {prefix: "exp", held: byWorkspace, make: (*world).export},
		"import":       {prefix: "imp", held: byWorkspace, make: (*world).sheet},
		"sandbox":      {prefix: "wsp", held: byWorkspace, make: posted("/sandboxes", `{"name":"Sand {n}"}`), gone: del("/sandboxes/{sandbox}")},

		"canned":       {prefix: "can", held: byMember, make: mine("/canned", `{"shortcut":"c{n}","title":"x","text":"x","scope":"personal"}`), gone: del("/canned/{canned}")},
		"view":         {prefix: "vie", held: byMember, make: mine("/views", `{"name":"V{n}","filter":{"field":"state","op":"is","value":"open"}}`), gone: del("/views/{view}")},
		"upload":       {prefix: "att", held: byMember, make: mine("/uploads", `{"name":"a.txt","size":1}`), gone: del("/uploads/{upload}")},
		"notification": {prefix: "ntf", held: byMember, make: (*world).notice},
		"attachment":   {prefix: "att", held: byMember, make: (*world).attachment},
		"key":          {prefix: "key", held: byMember, make: mine("/api-keys", `{"name":"K{n}","scopes":["member.read"]}`), seenWith: "apikey.manage"},
	}
}

// set is one thing of each kind, made when first asked for.
type set struct {
	w    *world
	name string // its variant
	in   *workspace
	by   *person // whose the personal things are
	held holding
	ids  map[string]string
	pal  *person
}

// newSet begins a set of a variant.
func (w *world) newSet(variant string) *set {
	s := &set{w: w, name: variant, in: w.here, by: w.people["agent of their own"], ids: map[string]string{}}
	owner := w.here.owner.member
	switch variant {
	case isOthers:
		s.by = w.people["agent"]
		s.held = holding{assignee: s.by.member, creator: owner, team: w.here.front, inbox: w.here.shop.id}
	case isOuter:
		s.by = w.people["agent outside the inbox"]
		s.held = holding{creator: owner, team: w.here.back, inbox: w.here.desk.id}
	case isForeign:
		s.in, s.by = w.there, w.there.owner
		s.held = holding{creator: w.there.owner.member, team: w.there.front, inbox: w.there.shop.id}
	default:
		s.held = holding{assignee: s.by.member, creator: owner, team: w.here.front, inbox: w.here.shop.id}
	}
	return s
}

// beside is another set that is held as this one is.
func (s *set) beside() *set {
	return &set{w: s.w, name: s.name, in: s.in, by: s.by, held: s.held, ids: map[string]string{}}
}

// shared is the one set of a variant that all may look at.
func (w *world) shared(variant string) *set {
	s := w.here.sets[variant]
	if s == nil {
		s = w.newSet(variant)
		w.here.sets[variant] = s
	}
	return s
}

// id returns the thing of a kind.
func (s *set) id(name string) string {
	if id, ok := s.ids[name]; ok {
		return id
	}
	k, ok := kinds()[name]
	if !ok {
		s.w.t.Fatalf("there is no kind of thing %q: give it a row in kinds", name)
	}
	switch s.name {
	case isRandom:
		s.ids[name] = s.w.random(k.prefix)
	case isMalformed:
		s.ids[name] = s.malformed(k.prefix)
	case isDeleted:
		was := s.w.newSet(isDeleted)
		was.name = isOwn
		s.ids[name] = was.id(name)
		if k.gone != nil {
			method, tail, body := k.gone(was)
			who := s.in.owner
			if k.held == byMember {
				who = s.by
			}
			s.w.must(who, method, s.w.at(s.in, tail), body)
		}
	default:
		s.ids[name] = k.make(s.w, s)
	}
	return s.ids[name]
}

func (s *set) malformed(prefix string) string {
	all := []string{"x", prefix + "_", strings.Repeat("a", 300), "%27%20OR%20%271", strings.ToUpper(s.w.random(prefix)), prefix + "_0%0A", "%E6%8E%A5", "-1"}
	return all[s.w.next()%len(all)]
}

// fill puts the set's things into a path or a body, and what every request
// needs anew.
func (s *set) fill(text string) string {
	for _, m := range placeholder().FindAllStringSubmatch(text, -1) {
		name := m[1]
		var value string
		switch name {
		case "n":
			value = strconv.Itoa(s.w.next())
		case "now", "tomorrow":
			at := time.Now().Add(map[string]time.Duration{"tomorrow": 24 * time.Hour}[name])
			value = at.UTC().Format(time.RFC3339)
		case "sink":
			value = s.w.sink.URL + "/" + s.in.id
		case "issuer":
			value = s.w.openid.Issuer()
		default:
			if _, ok := kinds()[name]; !ok {
				continue
			}
			value = s.id(name)
		}
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func (s *set) inbox() inbox {
	if s.held.inbox == s.in.desk.id {
		return s.in.desk
	}
	return s.in.shop
}

// mate is a member whom requests may harm.
func (s *set) mate(w *world) *person {
	if s.pal == nil {
		s.pal = w.invite(s.in.owner, fmt.Sprint("mate ", w.next()), "agent")
	}
	return s.pal
}

// talk lets a customer write, and gives the conversation to whom the set says.
func (w *world) talk(s *set) string {
	id, contact := w.arrive(s.in, s.inbox())
	s.ids["contact"] = contact
	w.give(s, id)
	return id
}

// arrive lets a customer write to an inbox.
func (w *world) arrive(of *workspace, in inbox) (conversation, contact string) {
	w.t.Helper()
	n := w.next()
	w.must(nobody(), http.MethodPost, in.hook, fmt.Sprintf(`{"id":"m%d","from":"c%d","name":"Customer %d","text":"hello %d"}`, n, n, n, n))
	one := w.newest(of)
	if one.Contact.Name != fmt.Sprint("Customer ", n) {
		w.t.Fatalf("the newest conversation is %+v", one)
	}
	w.senders[one.ID] = fmt.Sprint("c", n)
	return one.ID, one.Contact.ID
}

// talk is as much of a conversation as the tests read.
type talk struct {
	ID           string
	InboxID      string `json:"inbox_id"`
	AssigneeID   string `json:"assignee_id"`
	TeamID       string `json:"team_id"`
	Participants []string
	Contact      struct{ ID, Name string }
}

// newest is the conversation of a workspace that came last.
func (w *world) newest(of *workspace) talk {
	w.t.Helper()
	var list struct{ Items []talk }
	w.decode(w.must(of.owner, http.MethodGet, w.at(of, "/conversations?sort=created_desc&limit=1"), ""), &list)
	if len(list.Items) != 1 {
		w.t.Fatalf("there are %d newest conversations", len(list.Items))
	}
	return list.Items[0]
}

// give gives a conversation to whom the set says.
func (w *world) give(s *set, conversation string) {
	w.t.Helper()
	w.must(s.in.owner, http.MethodPost, w.at(s.in, "/conversations/"+conversation+"/assign"), fmt.Sprintf(`{"member_id":%q,"team_id":%q}`, s.held.assignee, s.held.team))
}

// newChat is a set whose conversation is a visitor's.
func (w *world) newChat() *set {
	s, v := w.newSet(isOwn), w.knock(w.here, "")
	w.must(v, http.MethodPost, "/api/v1/live/"+w.here.live.id+"/messages", `{"client_msg_id":"first","text":"hello"}`)
	one := w.newest(w.here)
	if one.InboxID != w.here.live.id {
		w.t.Fatalf("the newest conversation is %+v", one)
	}
	s.ids["conversation"], s.ids["contact"] = one.ID, one.Contact.ID
	w.must(w.here.owner, http.MethodPost, w.at(w.here, s.fill("/conversations/{conversation}/assign")), fmt.Sprintf(`{"member_id":%q}`, s.held.assignee))
	return s
}

func contactOf(_ *world, s *set) string {
	s.id("conversation")
	return s.ids["contact"]
}

func messageOf(w *world, s *set) string {
	var posted struct{ Message struct{ ID string } }
	w.decode(w.must(s.in.owner, http.MethodPost, w.at(s.in, s.fill("/conversations/{conversation}/messages")),
		fmt.Sprintf(`{"client_msg_id":"o%d","kind":"text","text":"answer"}`, w.next())), &posted)
	return posted.Message.ID
}

func (w *world) ticket(s *set) string {
	return w.make(s.in.owner, "/tickets", s.fill(fmt.Sprintf(`{"title":"Ticket {n}","conversation_id":"{conversation}","assignee_id":%q,"team_id":%q}`, s.held.assignee, s.held.team)))
}

func (w *world) link(s *set) string {
	other := s.beside().id("ticket") // a link is its other end's, too
	var out struct{ Links []struct{ ID string } }
	w.decode(w.must(s.in.owner, http.MethodPost, w.at(s.in, s.fill("/tickets/{ticket}/links")), fmt.Sprintf(`{"kind":"relates","ticket_id":%q}`, other)), &out)
	return out.Links[len(out.Links)-1].ID
}

// finding is as an analyzer leaves it.
func (w *world) finding(s *set) string {
	w.t.Helper()
	id := w.random("fnd")
	u := url.URL{Scheme: "file", Path: filepath.Join(w.dir, "patchbay.db"), RawQuery: "_txlock=immediate&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(w.t.Context(), `INSERT INTO finding (workspace_id, finding_id, conversation_id, message_id, message_seq, connection_id, analyzer, code, level,
 title, advice, start_at, end_at, score, created_at, dismissed_at, dismissed_kind, dismissed_by, dismissed_name)
VALUES (?, ?, ?, 'msg_1', 2, 'pin_1', 'Risk', ?, 'notice', '{"en":"x"}', '{}', 0, 0, 0, 1, 0, '', '', '')`, s.in.id, id, s.id("conversation"), fmt.Sprint("c", w.next()))
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) merge(s *set) string {
	into := s.id("contact")
	from := s.beside().id("contact")
	var out struct {
		ID      string
		MergeID string `json:"merge_id"`
		Merge   struct{ ID string }
	}
	w.decode(w.must(s.in.owner, http.MethodPost, w.at(s.in, "/contacts/"+from+"/merge"), fmt.Sprintf(`{"into":%q}`, into)), &out)
	if out.Merge.ID != "" {
		return out.Merge.ID
	}
	if out.MergeID != "" {
		return out.MergeID
	}
	return out.ID
}

// request is one that a far side posted to the inbox.
func (w *world) request(s *set) string {
	var hook struct {
		URL string `json:"hook_url"`
	}
	w.decode(w.must(s.in.owner, http.MethodPost, w.at(s.in, s.fill("/inboxes/{inbox}/rotate-hook")), "{}"), &hook)
	_, path, _ := strings.Cut(hook.URL, "/hooks/")
	w.ask(nobody(), http.MethodPost, "/hooks/"+path, "{}") // which its plugin refuses
	var list struct{ Items []struct{ ID string } }
	w.decode(w.must(s.in.owner, http.MethodGet, w.at(s.in, s.fill("/inboxes/{inbox}/requests")), ""), &list)
	return list.Items[0].ID
}

func (w *world) kid(s *set) string {
	var out struct{ KID string }
	w.decode(w.must(s.in.owner, http.MethodPost, w.at(s.in, s.fill("/inboxes/{chat}/identity-secret")), "{}"), &out)
	return out.KID
}

// session is one more session of the mate's.
func (w *world) session(s *set) string {
	s.mate(w)
	var list struct{ Items []struct{ ID string } }
	w.decode(w.must(s.in.owner, http.MethodGet, w.at(s.in, s.fill("/members/{member}/sessions")), ""), &list)
	return list.Items[0].ID
}

// delivery is what an endpoint of the tests was sent.
func (w *world) delivery(s *set) string {
	hook := w.make(s.in.owner, "/webhooks", s.fill(`{"url":"{sink}","events":["label.changed"]}`))
	w.make(s.in.owner, "/labels", s.fill(`{"name":"Told {n}","color":"#2f80ed"}`))
	if s.ids["webhook"] == "" {
		s.ids["webhook"] = hook
	}
	var list struct{ Items []struct{ ID, State string } }
	w.await("an endpoint is sent something", func() bool {
		w.decode(w.must(s.in.owner, http.MethodGet, w.at(s.in, "/webhooks/"+hook+"/deliveries"), ""), &list)
		return len(list.Items) > 0 && list.Items[0].State == "delivered"
	})
	return list.Items[0].ID
}

func (w *world) rotated(s *set) string {
	w.must(s.in.owner, http.MethodPost, w.at(s.in, s.fill("/webhooks/{webhook}/secrets")), `{"overlap_hours":1}`)
	var out struct{ Secrets []struct{ KID string } }
	w.decode(w.must(s.in.owner, http.MethodGet, w.at(s.in, s.fill("/webhooks/{webhook}")), ""), &out)
	return out.Secrets[0].KID
}

// provider is a sign-in provider that nobody signs in by.
func (w *world) provider(s *set) string {
	return w.make(s.in.owner, "/sign-in/providers", s.fill(`{"name":"P{n}","client_id":"c","client_secret":"s","issuer":"{issuer}"}`))
}

func (w *world) sheet(s *set) string {
	var out struct{ ID string }
	a := w.must(s.in.owner, http.MethodPost, w.at(s.in, "/imports"), "name,email\nX,x@example.com\n", "Content-Type", "text/csv")
	w.decode(a, &out)
	return out.ID
}

// attachment is a file that was sent up and is in no message yet.
func (w *world) attachment(s *set) string {
	upload := w.make(s.by, "/uploads", `{"name":"a.txt","size":6}`)
	var done struct{ Attachment struct{ ID string } }
	w.decode(w.must(s.by, http.MethodPatch, w.at(s.in, "/uploads/"+upload+"?offset=0"), "secret", "Content-Type", "application/octet-stream"), &done)
	return done.Attachment.ID
}

// notice is what somebody was told: that a conversation is theirs.
func (w *world) notice(s *set) string {
	talk := w.newSet(isOwn)
	talk.in, talk.held = s.in, holding{}
	id := talk.id("conversation")
	by := s.in.owner
	if s.by == by {
		by = w.people["supervisor"]
	}
	if s.in == w.there {
		by = w.people["administrator of another workspace"]
	}
	w.must(by, http.MethodPost, w.at(s.in, "/conversations/"+id+"/assign"), fmt.Sprintf(`{"member_id":%q}`, s.by.member))
	var list struct{ Items []struct{ ID string } }
	w.await(s.by.name+" is told", func() bool {
		w.decode(w.must(s.by, http.MethodGet, w.at(s.in, "/notifications?limit=1"), ""), &list)
		return len(list.Items) > 0
	})
	return list.Items[0].ID
}

// export is one that is ready to be fetched: what is another workspace's has
// something to lose.
func (w *world) export(s *set) string {
	return w.exported(s.in.owner, `{"with_files":false}`)
}

// exported asks for an export and waits until it is there: there is one at a
// time.
func (w *world) exported(by *person, body string) string {
	w.t.Helper()
	states := func() string {
		return w.must(by, http.MethodGet, w.at(by.workspace, "/exports"), "").text
	}
	busy := func() bool {
		all := states()
		return strings.Contains(all, `"state":"queued"`) || strings.Contains(all, `"state":"running"`)
	}
	w.await("the exports before", func() bool { return !busy() })
	id := w.make(by, "/exports", body)
	w.await("an export", func() bool { return !busy() })
	if one := w.must(by, http.MethodGet, w.at(by.workspace, "/exports/"+id), ""); !strings.Contains(one.text, `"state":"done"`) {
		w.t.Fatalf("an export is not made: %s", one.text)
	}
	return id
}

// never is an id of a thing that nobody made.
func (w *world) never(s *set) string { return s.fill("tci_none{n}") }
