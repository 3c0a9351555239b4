package wire

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Scopes that a part of an event's data can need.
const (
	scopeText    = "conversations:read"
	scopeTickets = "tickets:read"
	scopePII     = "contacts:read.pii"
	scopeMembers = "members:read"
	scopeFiles   = "blobs:read"
	scopeMail    = "members:read.pii"
)

// CutRule says what a plugin must be allowed to be told a part of an event's data.
type CutRule struct {
	Path  string   // keys, "[]" for the entries of a list, "*" for any key; what is below goes with it
	Needs []string // all of them; empty = whoever is told of events
}

// byKind is the need of the name beside a kind: a customer's is personal, a
// colleague's needs scopeMembers, others' nothing.
const byKind = "kind"

// CutRules lists the parts of the data of events that plugins are told, and
// what they need for it. What is not in it is told to nobody.
func CutRules() []CutRule {
	var out []CutRule
	add := func(prefix string, needs []string, paths ...string) {
		for _, p := range paths {
			out = append(out, CutRule{Path: strings.TrimSuffix(prefix+p, "."), Needs: needs})
		}
	}
	text, work, members, pii := []string{scopeText}, []string{scopeTickets}, []string{scopeMembers}, []string{scopePII}
	actor := func(at string) {
		add(at, nil, "kind", "id")
		add(at, []string{byKind}, "name")
	}
	file := func(at string, reads string) {
		add(at, nil, "id", "type", "size", "kind", "width", "height", "duration_ms", "role", "state", "error_code")
		add(at, []string{reads}, "name", "content_id", "error")
		add(at, []string{reads, scopeFiles}, "url", "preview_url")
	}
	add("", nil, "id", "omitted")

	const change, said, conversation = "change.", "change.message.", "conversation."
	add(change, nil, "id", "conversation_id", "ticket_id", "seq", "type", "at", "public")
	actor(change + "actor.")
	add(said, nil, "id", "conversation_id", "kind", "created_at", "delivery", "altered.by[].connection_id", "altered.by[].plugin")
	actor(said + "sender.")
	add(said, text, "client_msg_id", "text", "altered.by[].name", "altered.by[].reason", "altered.original")
	add(said, []string{scopeText, scopePII}, "delivery_error")
	file(said+"attachments[].", scopeText)
	cutCarried(func(needs []string, paths ...string) { add(said, needs, paths...) })
	add(said, nil, "reply_to.id", "reply_to.seq", "reply_to.kind", "reply_to.attachment_kind", "mentions[].member_id")
	actor(said + "reply_to.sender.")
	add(said, text, "reply_to.text")
	add(said, members, "mentions[].name")

	const data = change + "data."
	add(data, nil, "by", "reason", "as", "trigger", "attachment_id", "act", "asked", "place", "handoff", "assignee_id", "from_id", "team_id", "from_team_id", "queue_id", "from_queue_id", "bot_id", "until", "since", "seq", "label_ids[]", "added[]", "removed[]",
		"priority", "member_ids[]", "member_id", "into", "number", "inbox_id", "contact_id", "messages", "state", "snoozed_until", "waiting_since",
		"rating_id", "via", "scheduled_id", "send_at", "author_id", "attachments", "unless_reply", "message_id", "message_seq", "finding_id", "connection_id", "level",
		"status", "from", "conversation_id", "ticket_id", "id", "kind", "due_at", "bot_name")
	add(data, members, "assignee_name", "author_name", "member_name")
	add(data, pii, "email", "phone", "recipient", "contact_name")
	add(data, text, "set", "code", "detail", "text", "comment", "score", "advice", "start", "end", "title")

	add(conversation, nil, "id", "inbox_id", "group", "contact.id", "state", "responder", "assignee_id", "offered_to", "offer_until", "snoozed_until", "waiting_since", "last_seq", "last_public_seq",
		"last_inbound_seq", "contact_read_seq", "last_message.sender_kind", "last_message.kind", "last_message.attachment_kind", "last_message.recalled", "last_message.at", "created_at",
		"updated_at", "number", "team_id", "queue_id", "priority", "labels[]", "participants[]", "merged_into", "verified", "rating.at")
	add(conversation, members, "assignee_name")
	add(conversation, pii, "contact.name")
	add(conversation, text, "last_message.text", "attributes", "rating.score", "rating.comment")

	const comment, ticket = "change.comment.", "ticket."
	add(comment, nil, "id", "ticket_id", "public", "created_at", "mentions[].member_id")
	add(comment, work, "client_id", "text")
	actor(comment + "author.")
	file(comment+"attachments[].", scopeTickets)
	add(comment, members, "mentions[].name")
	add(ticket, nil, "id", "number", "type_id", "status", "priority", "contact_id", "organisation_id", "conversation_id", "inbox_id", "assignee_id", "team_id",
		"follower_ids[]", "due_at", "links[].id", "links[].kind", "links[].ticket_id", "links[].number", "links[].status", "labels[]", "merged_into", "created_at",
		"updated_at", "solved_at", "closed_at", "last_seq", "comments", "rating.at")
	actor(ticket + "created_by.")
	add(ticket, members, "assignee_name")
	add(ticket, pii, "contact_name")
	add(ticket, work, "title", "description", "fields", "links[].title", "rating.score", "rating.comment")
	return append(out, cutNews()...)
}

// cutNews are the parts of Elsewhere beside the conversation and the ticket.
func cutNews() []CutRule {
	var out []CutRule
	rule := func(needs []string, names ...string) {
		for _, n := range names {
			out = append(out, CutRule{Path: "notification." + n, Needs: needs})
		}
	}
	rule(nil, "id", "kind", "at", "link", "read", "ids[]", "member.id", "conversation_id", "seq", "inbox.id", "inbox.name", "team.id", "team.name",
		"ticket.id", "ticket.number", "import", "plugin")
	rule([]string{scopeMembers}, "member.name")
	rule([]string{scopeMail}, "member.email")
	rule([]string{scopeText}, "text")
	rule([]string{scopeTickets}, "ticket.title", "ticket.text")
	rule(nil, "actor.kind", "actor.id")
	rule([]string{byKind}, "actor.name")
	return out
}

// cutCarried adds the rules for what channels carry beside text.
func cutCarried(add func(needs []string, paths ...string)) {
	add(nil, "changing.act", "changing.at", "changing.state", "changing.by.kind", "changing.by.id", "html", "cut", "trust.verdict", "automatic", "elsewhere", "participant", "forwards.id", "forwards.seq", "written_at", "edited_at", "recalled_at", "unsupported.kind", "template.id", "template.language", "template.name")
	add([]string{byKind}, "changing.by.name")
	add([]string{scopeText, scopePII}, "changing.error")
	add([]string{scopeText}, "changing.text", "quoted", "template.values", "envelope.subject", "unsupported.summary", "trust.reason")
	add([]string{scopePII}, "group_member.id", "group_member.name", "group_mentions[].id", "group_mentions[].name")
	who := []string{"location"}
	for _, of := range []string{"from", "reply_to", "to[]", "cc[]", "bcc[]"} {
		who = append(who, "envelope."+of+".address", "envelope."+of+".name")
	}
	add([]string{scopeText, scopePII}, who...)
}

// CutRulesOfTickets lists the parts of a ticket's change whose names those of a
// conversation have, too.
func CutRulesOfTickets() []CutRule {
	var out []CutRule
	for _, p := range []string{"title", "comment", "score", "fields"} {
		out = append(out, CutRule{Path: "change.data." + p, Needs: []string{scopeTickets}})
	}
	return out
}

// Cutter cuts the data of events to what plugins may know.
type Cutter struct{ talk, work map[string][]string }

// NewCutter reads the rules.
func NewCutter() Cutter {
	t := Cutter{talk: make(map[string][]string)}
	for _, r := range CutRules() {
		t.talk[r.Path] = r.Needs
	}
	t.work = maps.Clone(t.talk)
	for _, r := range CutRulesOfTickets() {
		t.work[r.Path] = r.Needs
	}
	return t
}

// Cut returns the data of an event (WebhookData as JSON) without what may does
// not allow.
func (t Cutter) Cut(data json.RawMessage, may func(scope string) bool) (json.RawMessage, error) {
	from := json.NewDecoder(bytes.NewReader(data))
	from.UseNumber()
	var whole map[string]any
	if err := from.Decode(&whole); err != nil {
		return nil, err
	}
	c := cutting{rules: t.talk, may: may}
	if change, ok := whole["change"].(map[string]any); ok && change["ticket_id"] != nil {
		c.rules = t.work
	}
	left, _ := c.value("", whole, "")
	if left == nil {
		left = map[string]any{}
	}
	return json.Marshal(left)
}

type cutting struct {
	rules map[string][]string
	may   func(scope string) bool
}

// value returns what is left of a value at a path; false when that is nothing.
// kind is what stands beside it under "kind".
func (c cutting) value(path string, v any, kind string) (any, bool) {
	if needs, known := c.rules[path]; known {
		return v, c.allowed(needs, kind)
	}
	switch v := v.(type) {
	case map[string]any:
		beside, _ := v["kind"].(string)
		for k, x := range v {
			left, ok := c.value(strings.TrimPrefix(path+"."+k, "."), x, beside)
			if !ok {
				delete(v, k)
				continue
			}
			v[k] = left
		}
		return v, len(v) > 0
	case []any:
		left := make([]any, 0, len(v))
		for _, x := range v {
			if y, ok := c.value(path+"[]", x, ""); ok {
				left = append(left, y)
			}
		}
		return left, c.lists(path)
	default:
		return nil, false
	}
}

// lists reports whether something of a list's entries is ever told.
func (c cutting) lists(path string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(c.rules)), func(p string) bool { return strings.HasPrefix(p, path+"[]") })
}

func (c cutting) allowed(needs []string, kind string) bool {
	for _, n := range needs {
		if n == byKind {
			switch kind {
			case "contact":
				n = scopePII
			case "agent":
				n = scopeMembers
			case "bot", "plugin", "system":
				continue
			default:
				return false
			}
		}
		if !c.may(n) {
			return false
		}
	}
	return true
}
