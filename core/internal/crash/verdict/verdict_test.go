package verdict_test

import (
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
)

// A small history that holds: a visitor writes, dispatch gives the
// conversation to an agent, who adds a note and answers; and a person of the
// echo channel, whose answer came back.
func history() (*verdict.Snapshot, verdict.Evidence) {
	chat := &verdict.Conversation{
		ID: "cnv_a",
		Row: verdict.Row{
			Inbox: "inb_live", Contact: "con_v", State: "open", Responder: "agent", Assignee: "mem_1",
			LastSeq: 6, LastPublicSeq: 3, LastInboundSeq: 2, LastText: "hello", LastSender: "agent", LastKind: "text",
		},
		Changes: []verdict.Change{
			{Seq: 1, ID: "chg_1", Type: "conversation.created"},
			{Seq: 2, PublicSeq: 1, ID: "chg_2", Type: "message.created", At: 7, MessageSeq: 2},
			{Seq: 3, ID: "chg_3", Type: "conversation.queued", Data: map[string]string{"reason": "new"}},
			{Seq: 4, PublicSeq: 2, ID: "chg_4", Type: "conversation.assigned", Data: map[string]string{"assignee_id": "mem_1", "by": "dispatch"}},
			{Seq: 5, ID: "chg_5", Type: "note.created", MessageSeq: 5},
			{Seq: 6, PublicSeq: 3, ID: "chg_6", Type: "message.created", MessageSeq: 6},
		},
		Messages: []verdict.Message{
			{Seq: 2, ID: "msg_2", ClientID: "c2", Kind: "text", SenderKind: "contact", SenderID: "con_v", Text: "hi"},
			{Seq: 5, ID: "msg_5", ClientID: "c5", Kind: "note", SenderKind: "agent", SenderID: "mem_1", Text: "careful"},
			{Seq: 6, ID: "msg_6", ClientID: "c6", Kind: "text", SenderKind: "agent", SenderID: "mem_1", Text: "hello"},
		},
	}
	echo := &verdict.Conversation{
		ID: "cnv_b",
		Row: verdict.Row{
			Inbox: "inb_echo", Contact: "con_p", State: "open", Responder: "agent", Assignee: "mem_2", Waiting: 9,
			LastSeq: 7, LastPublicSeq: 4, LastInboundSeq: 6, LastText: "echo: yes", LastSender: "contact", LastKind: "text",
		},
		Changes: []verdict.Change{
			{Seq: 1, ID: "chg_b1", Type: "conversation.created"},
			{Seq: 2, PublicSeq: 1, ID: "chg_b2", Type: "message.created", At: 8, MessageSeq: 2},
			{Seq: 3, ID: "chg_b3", Type: "conversation.queued"},
			{Seq: 4, PublicSeq: 2, ID: "chg_b4", Type: "conversation.assigned", Data: map[string]string{"assignee_id": "mem_2", "by": "member"}},
			{Seq: 5, PublicSeq: 3, ID: "chg_b5", Type: "message.created", MessageSeq: 5},
			{Seq: 6, PublicSeq: 4, ID: "chg_b6", Type: "message.created", At: 9, MessageSeq: 6},
			{Seq: 7, ID: "chg_b7", Type: "message.delivery", MessageSeq: 5},
		},
		Messages: []verdict.Message{
			{Seq: 2, ID: "msg_b2", ClientID: "p1", Kind: "text", SenderKind: "contact", SenderID: "con_p", Text: "hey"},
			{Seq: 5, ID: "msg_b5", ClientID: "d1", Kind: "text", SenderKind: "agent", SenderID: "mem_2", Text: "yes", Delivery: "sent"},
			{Seq: 6, ID: "msg_b6", ClientID: "echo-dlv_1", Kind: "text", SenderKind: "contact", SenderID: "con_p", Text: "echo: yes"},
		},
	}
	s := &verdict.Snapshot{
		Conversations: map[string]*verdict.Conversation{"cnv_a": chat, "cnv_b": echo},
		People:        map[string]string{"inb_live/vis_1": "con_v", "inb_echo/bob": "con_p"},
		Agents:        map[string]verdict.Agent{"mem_1": {Capacity: 1, Used: 1}, "mem_2": {Capacity: 0, Used: 1}},
		Dedups:        map[string]int{"inb_echo/p1": 1, "inb_echo/echo-dlv_1": 1},
		Deliveries:    []verdict.Delivery{{ID: "dlv_1", Inbox: "inb_echo", Conversation: "cnv_b", State: "sent", Seq: 5}},
		Attachments: []verdict.Attachment{
			{ID: "att_1", State: "taken", SHA256: "one", Size: 3, Received: 3, Conversation: "cnv_a", Seq: 5},
			{ID: "att_2", State: "uploading", Size: 9, Received: 4},
		},
		Files: []verdict.Stored{
			{Attachment: "att_1", Part: "original", Size: 3, SHA256: "one"}, {Attachment: "att_2", Part: "incoming", Size: 5},
		},
	}
	for _, c := range []*verdict.Conversation{chat, echo} {
		for _, ch := range c.Changes {
			s.Feed++
			s.Events = append(s.Events, verdict.Event{Feed: s.Feed, ID: ch.ID, Type: ch.Type, Subject: c.ID, Seq: ch.Seq, PublicSeq: ch.PublicSeq})
		}
	}
	tell(s)
	return s, evidence(s)
}

// tell adds a ticket that was made, commented twice and handed over.
func tell(s *verdict.Snapshot) {
	t := &verdict.Ticket{
		ID: "tkt_1", Number: 1, Title: "broken", Status: "open", Assignee: "mem_1", LastSeq: 5, LastPublicSeq: 3, CommentCount: 2,
		Changes: []verdict.TicketChange{
			{Seq: 1, PublicSeq: 1, ID: "chg_t1", Type: "ticket.created", Status: "new"},
			{Seq: 2, ID: "chg_t2", Type: "ticket.commented"},
			{Seq: 3, PublicSeq: 2, ID: "chg_t3", Type: "ticket.commented"},
			{Seq: 4, PublicSeq: 3, ID: "chg_t4", Type: "ticket.status", Status: "open"},
			{Seq: 5, ID: "chg_t5", Type: "ticket.assigned", Assignee: "mem_1"},
		},
		Comments: []verdict.TicketComment{{Seq: 2, Author: "mem_2", Client: "k1", Text: "for us"}, {Seq: 3, Author: "mem_2", Client: "k2", Text: "for you", Public: true}},
	}
	s.Tickets, s.LastTicket = map[string]*verdict.Ticket{t.ID: t}, 1
	for _, ch := range t.Changes {
		s.Feed++
		s.Events = append(s.Events, verdict.Event{Feed: s.Feed, ID: ch.ID, Type: ch.Type, Subject: t.ID, Seq: ch.Seq, PublicSeq: ch.PublicSeq})
	}
}

// evidence is what honest clients saw of the history.
func evidence(s *verdict.Snapshot) verdict.Evidence {
	feed := verdict.Stream{Client: "console"}
	console := verdict.MemberView{Client: "console", Conversations: map[string]*verdict.Shown{}}
	for _, e := range s.Events {
		feed.Seen = append(feed.Seen, verdict.Seen{Number: e.Feed, ID: e.ID})
	}
	for id, c := range s.Conversations {
		shown := &verdict.Shown{Row: c.Row}
		for _, ch := range c.Changes {
			entry := verdict.Entry{ID: ch.ID, Type: ch.Type}
			for _, m := range c.Messages {
				if m.Seq != ch.MessageSeq {
					continue
				}
				entry.Message, entry.Text, entry.Kind, entry.Client, entry.Sender = m.ID, m.Text, m.Kind, m.ClientID, m.SenderID
				if m.Seq == ch.Seq {
					entry.Delivery = m.Delivery
				}
			}
			shown.Changes = append(shown.Changes, entry)
		}
		console.Conversations[id] = shown
	}
	return verdict.Evidence{
		Live: "inb_live", Echo: "inb_echo", EchoPrefix: "echo: ",
		Acks: []verdict.Ack{
			{Client: "v", Party: verdict.Visitor, Sender: "vis_1", ClientID: "c2", Kind: "text", Text: "hi", Message: "msg_2", Seq: 1},
			{Client: "m", Party: verdict.Member, Sender: "mem_1", Conversation: "cnv_a", ClientID: "c5", Kind: "note", Text: "careful", Message: "msg_5", Seq: 5},
			{Client: "m", Party: verdict.Member, Sender: "mem_1", Conversation: "cnv_a", ClientID: "c6", Kind: "text", Text: "hello", Message: "msg_6", Seq: 6},
			{Client: "m", Party: verdict.Member, Sender: "mem_1", Conversation: "cnv_a", ClientID: "c6", Kind: "text", Text: "hello", Message: "msg_6", Seq: 6},
			{Client: "f", Party: verdict.Hook, Sender: "bob", ClientID: "p1", Text: "hey"},
		},
		Refused: []verdict.Ack{{Client: "m", Party: verdict.Member, Sender: "mem_1", Conversation: "cnv_a", ClientID: "c9"}},
		Files:   []verdict.File{{Client: "courier", ID: "att_1", Size: 3, SHA256: "one", ClientID: "c5", Conversation: "cnv_a"}},
		Tickets: []verdict.TicketAck{
			{Client: "s", Ticket: "tkt_1", Number: 1, Title: "broken", Seq: 1},
			{Client: "s", Ticket: "tkt_1", ClientID: "k2", Text: "for you", Public: true, Seq: 3},
			{Client: "s", Ticket: "tkt_1", Status: "open", Seq: 5},
		},
		Streams: []verdict.Stream{feed, {Client: "widget", Visitor: "vis_1", Seen: []verdict.Seen{{1, "msg_2"}, {2, ""}, {3, "msg_6"}}}},
		Members: []verdict.MemberView{console},
		Visitors: []verdict.VisitorView{{Client: "widget", Visitor: "vis_1", Changes: []verdict.PublicEntry{
			{Type: "message", Message: "msg_2", Text: "hi", Sender: "visitor"},
			{Type: "agent_joined"},
			{Type: "message", Message: "msg_6", Text: "hello", Sender: "agent"},
		}}},
	}
}

func TestAHistoryThatHolds(t *testing.T) {
	r := verdict.Check(history())
	if len(r.Violations) > 0 {
		t.Errorf("violations:\n%s", &r)
	}
}

// world is a history and its evidence, to be broken.
type world struct {
	s          *verdict.Snapshot
	e          *verdict.Evidence
	chat, echo *verdict.Conversation
}

func (w world) ticket() *verdict.Ticket { return w.s.Tickets["tkt_1"] }

// Each fault must break the invariant that names it: a check that cannot fail
// proves nothing.
func TestEachFaultIsSeen(t *testing.T) {
	for name, tt := range map[string]struct {
		breaks string
		do     func(w world)
	}{
		"an acknowledged message is gone": {verdict.Acked, func(w world) { w.chat.Messages = w.chat.Messages[1:] }},
		"a visitor's conversation is gone": {verdict.Acked, func(w world) {
			delete(w.s.People, "inb_live/vis_1")
		}},
		"a message is stored twice": {verdict.Acked, func(w world) {
			w.chat.Messages = append(w.chat.Messages, w.chat.Messages[2])
		}},
		"a text is not what was sent":          {verdict.Acked, func(w world) { w.chat.Messages[0].Text = "ho" }},
		"a note became a message":              {verdict.Acked, func(w world) { w.chat.Messages[1].Kind = "text" }},
		"a refused message is stored":          {verdict.Acked, func(w world) { w.e.Refused[0].ClientID = "c6"; w.e.Acks = w.e.Acks[:2] }},
		"the far side's id is not remembered":  {verdict.Acked, func(w world) { delete(w.s.Dedups, "inb_echo/p1") }},
		"seq has a gap":                        {verdict.Sequences, func(w world) { w.chat.Changes[5].Seq = 7 }},
		"public seq has a gap":                 {verdict.Sequences, func(w world) { w.chat.Changes[5].PublicSeq = 4 }},
		"the row counts one change too many":   {verdict.Sequences, func(w world) { w.chat.LastSeq++ }},
		"the feed has a gap":                   {verdict.Sequences, func(w world) { w.s.Events[4].Feed++ }},
		"the workspace counts too many events": {verdict.Sequences, func(w world) { w.s.Feed++ }},
		"an answer told another seq":           {verdict.Answers, func(w world) { w.e.Acks[2].Seq = 5 }},
		"a repeated answer told another seq":   {verdict.Answers, func(w world) { w.e.Acks[3].Seq = 7 }},
		"a visitor's answer told seq":          {verdict.Answers, func(w world) { w.e.Acks[0].Seq = 2 }},
		"an answer told another message":       {verdict.Answers, func(w world) { w.e.Acks[1].Message = "msg_6" }},
		"a change is not in the outbox":        {verdict.Outbox, func(w world) { w.s.Events = w.s.Events[:len(w.s.Events)-1]; w.s.Feed-- }},
		"an event has no change":               {verdict.Outbox, func(w world) { w.echo.Changes = w.echo.Changes[:6]; w.echo.LastSeq-- }},
		"an event tells of another change":     {verdict.Outbox, func(w world) { w.s.Events[1].Type = "note.created" }},
		"an event is there twice":              {verdict.Outbox, func(w world) { w.s.Events[2] = w.s.Events[1] }},
		"a message has no change":              {verdict.Outbox, func(w world) { w.chat.Changes[5].Type = "conversation.queued" }},
		"a message has no delivery":            {verdict.Outbox, func(w world) { w.s.Deliveries = nil }},
		"a delivery has no message":            {verdict.Outbox, func(w world) { w.s.Deliveries[0].Seq = 3 }},
		"a subscriber missed the last event":   {verdict.Streams, func(w world) { w.e.Streams[0].Seen = w.e.Streams[0].Seen[:5] }},
		"a subscriber missed one in between": {verdict.Streams, func(w world) {
			w.e.Streams[0].Seen = slices.Delete(w.e.Streams[0].Seen, 3, 4)
		}},
		"a subscriber saw two in another order": {verdict.Streams, func(w world) {
			seen := w.e.Streams[0].Seen
			seen[2], seen[3] = seen[3], seen[2]
		}},
		"a visitor was sent another message":       {verdict.Streams, func(w world) { w.e.Streams[1].Seen[2].ID = "msg_5" }},
		"a visitor was sent what is not stored":    {verdict.Streams, func(w world) { w.e.Streams[1].Seen = append(w.e.Streams[1].Seen, verdict.Seen{Number: 4}) }},
		"a delivery is not settled":                {verdict.Effects, func(w world) { w.s.Deliveries[0].State = "pending" }},
		"an echo is missing":                       {verdict.Effects, func(w world) { w.echo.Messages[2].ClientID = "x" }},
		"an echo was never sent":                   {verdict.Effects, func(w world) { w.echo.Messages[0].ClientID = "echo-dlv_2" }},
		"an echo came twice":                       {verdict.Effects, func(w world) { w.echo.Messages = append(w.echo.Messages, w.echo.Messages[2]) }},
		"an echo says something else":              {verdict.Effects, func(w world) { w.echo.Messages[2].Text = "echo: no" }},
		"a message does not know it was sent":      {verdict.Effects, func(w world) { w.echo.Messages[1].Delivery = "pending" }},
		"a webhook request waits for ever":         {verdict.Effects, func(w world) { w.s.Waiting = 1 }},
		"a console shows an old row":               {verdict.Views, func(w world) { w.e.Members[0].Conversations["cnv_a"].Row.State = "resolved" }},
		"a console misses a conversation":          {verdict.Views, func(w world) { delete(w.e.Members[0].Conversations, "cnv_b") }},
		"a console shows one that is not there":    {verdict.Views, func(w world) { w.e.Members[0].Conversations["cnv_c"] = &verdict.Shown{} }},
		"a console misses a change":                {verdict.Views, func(w world) { shorten(w.e.Members[0].Conversations["cnv_a"]) }},
		"a console shows an old delivery":          {verdict.Views, func(w world) { w.e.Members[0].Conversations["cnv_b"].Changes[4].Delivery = "pending" }},
		"a widget shows a note":                    {verdict.Views, func(w world) { w.e.Visitors[0].Changes[2].Message = "msg_5" }},
		"a widget misses a message":                {verdict.Views, func(w world) { w.e.Visitors[0].Changes = w.e.Visitors[0].Changes[:2] }},
		"a note has a public number":               {verdict.Views, func(w world) { w.chat.Changes[4].PublicSeq = 3 }},
		"a row has another owner":                  {verdict.Owners, func(w world) { w.chat.Assignee = "mem_2" }},
		"a row has another state":                  {verdict.Owners, func(w world) { w.chat.State = "resolved" }},
		"dispatch gave more than fits":             {verdict.Capacity, func(w world) { w.s.Agents["mem_1"] = verdict.Agent{Capacity: 0, Used: 1} }},
		"something waits outside the queue":        {verdict.Queue, func(w world) { w.chat.Responder = "queue" }},
		"something is in the queue and waits not":  {verdict.Queue, func(w world) { w.chat.Queued = 1 }},
		"the sum of an agent is wrong":             {verdict.Counters, func(w world) { w.s.Agents["mem_1"] = verdict.Agent{Capacity: 1, Used: 2} }},
		"a preview is old":                         {verdict.Counters, func(w world) { w.chat.LastText = "hi" }},
		"the waiting time is wrong":                {verdict.Counters, func(w world) { w.echo.Waiting = 0 }},
		"the file is damaged":                      {verdict.Integrity, func(w world) { w.s.Damage = []string{"page 3"} }},
		"a file has no row":                        {verdict.Files, func(w world) { w.s.Attachments = w.s.Attachments[:1] }},
		"a file is gone":                           {verdict.Files, func(w world) { w.s.Files = w.s.Files[1:] }},
		"a file has other bytes":                   {verdict.Files, func(w world) { w.s.Files[0].SHA256 = "x" }},
		"a preview is gone":                        {verdict.Files, func(w world) { w.s.Attachments[0].Preview = "image/png" }},
		"acknowledged bytes of a half are gone":    {verdict.Files, func(w world) { w.s.Files[1].Size = 2 }},
		"a whole file became another":              {verdict.Files, func(w world) { w.e.Files[0].SHA256 = "x" }},
		"a message has lost its file":              {verdict.Files, func(w world) { w.s.Attachments[0].State = "ready" }},
		"a file went to another message":           {verdict.Files, func(w world) { w.s.Attachments[0].Seq = 6 }},
		"a file went to no message":                {verdict.Files, func(w world) { w.s.Attachments[0].Seq = 9 }},
		"a file was taken, and nobody sent it":     {verdict.Files, func(w world) { w.e.Files[0].ClientID = "" }},
		"an acknowledged ticket is gone":           {verdict.Acked, func(w world) { delete(w.s.Tickets, "tkt_1"); w.s.LastTicket = 0 }},
		"an acknowledged comment is gone":          {verdict.Acked, func(w world) { w.ticket().Comments[1].Client = "k3" }},
		"a comment is stored twice":                {verdict.Acked, func(w world) { w.ticket().Comments[0] = w.ticket().Comments[1] }},
		"an acknowledged status is not in history": {verdict.Acked, func(w world) { w.ticket().Changes[3].Status = "solved" }},
		"a ticket's seq has a gap":                 {verdict.Sequences, func(w world) { w.ticket().Changes[4].Seq = 6 }},
		"a ticket's public seq has a gap":          {verdict.Sequences, func(w world) { w.ticket().Changes[3].PublicSeq = 4 }},
		"a ticket's row counts too few":            {verdict.Sequences, func(w world) { w.ticket().LastSeq-- }},
		"a number of a ticket is left out":         {verdict.Sequences, func(w world) { w.ticket().Number = 2; w.s.LastTicket = 2 }},
		"a number was given to no ticket":          {verdict.Sequences, func(w world) { w.s.LastTicket = 2 }},
		"an answer told another number":            {verdict.Answers, func(w world) { w.e.Tickets[0].Number = 2 }},
		"an answer told another comment's seq":     {verdict.Answers, func(w world) { w.e.Tickets[1].Seq = 2 }},
		"a ticket's change is not in the outbox":   {verdict.Outbox, func(w world) { w.s.Events = w.s.Events[:len(w.s.Events)-1]; w.s.Feed-- }},
		"a comment has no change":                  {verdict.Outbox, func(w world) { w.ticket().Changes[1].Type = "ticket.edited" }},
		"an internal comment has a public number":  {verdict.Views, func(w world) { w.ticket().Changes[1].PublicSeq = 9 }},
		"a ticket's row has another status":        {verdict.Owners, func(w world) { w.ticket().Status = "solved" }},
		"a ticket's row has another assignee":      {verdict.Owners, func(w world) { w.ticket().Assignee = "" }},
		"a ticket counts too many comments":        {verdict.Counters, func(w world) { w.ticket().CommentCount++ }},
		"a client saw something":                   {verdict.Unexpected, func(w world) { w.e.Seen = []verdict.Violation{{Invariant: verdict.Unexpected}} }},
	} {
		t.Run(name, func(t *testing.T) {
			s, e := history()
			tt.do(world{s, &e, s.Conversations["cnv_a"], s.Conversations["cnv_b"]})
			r := verdict.Check(s, e)
			if !slices.Contains(r.Broken(), tt.breaks) {
				t.Errorf("%s holds; broken are %v\n%s", tt.breaks, r.Broken(), &r)
			}
		})
	}
}

func shorten(s *verdict.Shown) { s.Changes = s.Changes[:len(s.Changes)-1] }
