package conversations

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/attachments"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// extras is what few messages have beside their text, as JSON in one column.
// Drafts and scheduled messages keep the ids of their files here; those of a
// message are found by its place.
type extras struct {
	ReplyTo       *quoteRow        `json:"reply_to,omitempty"`
	Mentions      []mentionRow     `json:"mentions,omitempty"`
	GroupMentions []groupMemberRow `json:"group_mentions,omitempty"`
	Files         []media.ID       `json:"files,omitempty"`
	Altered       *alteredRow      `json:"altered,omitempty"`
	Carried       *carriedRow      `json:"carried,omitempty"`
}

type alteredRow struct {
	By       []altererRow `json:"by"`
	Original string       `json:"original"`
}

type altererRow struct {
	Connection string `json:"connection"`
	Plugin     string `json:"plugin"`
	Name       string `json:"name"`
	Reason     string `json:"reason,omitempty"`
}

type quoteRow struct {
	ID         string `json:"id"`
	Seq        uint64 `json:"seq"`
	Kind       string `json:"kind"`
	SenderKind string `json:"sender_kind"`
	SenderID   string `json:"sender_id"`
	SenderName string `json:"sender_name"`
	Text       string `json:"text"`
	Attachment string `json:"attachment,omitempty"`
}

type mentionRow struct {
	Member string `json:"member"`
	Name   string `json:"name"`
}

// extrasOf is the column of extras; NULL when there are none.
func extrasOf(q *conversation.Quote, mentions []conversation.Mention, files []media.ID) any {
	if q == nil && len(mentions) == 0 && len(files) == 0 {
		return nil
	}
	return beginnings(q, mentions, files).column()
}

// extrasOfPlan is extrasOf for what is not sent yet.
func extrasOfPlan(q *conversation.Quote, files []media.ID, envelope *channel.Envelope) any {
	if envelope == nil {
		return extrasOf(q, nil, files)
	}
	e := beginnings(q, nil, files)
	e.Carried = carriedOf(&conversation.Carried{Envelope: envelope})
	return e.column()
}

func beginnings(q *conversation.Quote, mentions []conversation.Mention, files []media.ID) extras {
	e := extras{Files: files}
	if q != nil {
		e.ReplyTo = &quoteRow{
			ID: string(q.ID), Seq: q.Seq, Kind: string(q.Kind), SenderKind: string(q.Sender.Kind), SenderID: q.Sender.ID,
			SenderName: q.Sender.Name, Text: q.Text, Attachment: string(q.Attachment),
		}
	}
	for _, m := range mentions {
		e.Mentions = append(e.Mentions, mentionRow{Member: string(m.Member), Name: m.Name})
	}
	return e
}

// extrasOfMessage is extrasOf for a message that was sent.
func extrasOfMessage(m *conversation.Message) any {
	carried := carriedOf(&m.Carried)
	if m.Altered == nil && carried == nil && len(m.GroupMentions) == 0 {
		return extrasOf(m.ReplyTo, m.Mentions, nil)
	}
	e := beginnings(m.ReplyTo, m.Mentions, nil)
	e.Carried = carried
	e.Altered = alteredOf(m.Altered)
	for _, who := range m.GroupMentions {
		e.GroupMentions = append(e.GroupMentions, groupMemberRow{ID: who.External, Name: who.Name})
	}
	return e.column()
}

func alteredOf(a *conversation.Altered) *alteredRow {
	if a == nil {
		return nil
	}
	out := &alteredRow{Original: a.Original}
	for _, by := range a.By {
		out.By = append(out.By, altererRow(by))
	}
	return out
}

func (e extras) column() any {
	b, err := json.Marshal(e)
	if err != nil { // structs of strings always marshal
		return nil
	}
	return string(b)
}

// parseExtras reads the column. What another version wrote shows as far as it is known.
func parseExtras(text string) extras {
	var e extras
	_ = json.Unmarshal([]byte(text), &e)
	return e
}

func (e extras) quote() *conversation.Quote {
	q := e.ReplyTo
	if q == nil {
		return nil
	}
	return &conversation.Quote{
		ID: conversation.MessageID(q.ID), Seq: q.Seq, Kind: conversation.MessageKind(q.Kind),
		Sender: identity.Actor{Kind: identity.ActorKind(q.SenderKind), ID: q.SenderID, Name: q.SenderName},
		Text:   q.Text, Attachment: media.Kind(q.Attachment),
	}
}

func (r *alteredRow) domain() *conversation.Altered {
	if r == nil {
		return nil
	}
	out := &conversation.Altered{Original: r.Original}
	for _, by := range r.By {
		out.By = append(out.By, conversation.Alterer(by))
	}
	return out
}

func (e extras) mentions() []conversation.Mention {
	var out []conversation.Mention
	for _, m := range e.Mentions {
		out = append(out, conversation.Mention{Member: identity.MemberID(m.Member), Name: m.Name})
	}
	return out
}

func (e extras) groupMentions() []channel.Member {
	var out []channel.Member
	for _, m := range e.GroupMentions {
		out = append(out, channel.Member{External: m.ID, Name: m.Name})
	}
	return out
}

// fetchFiles fills in the files of those of the messages that have any.
func fetchFiles(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, messages ...*conversation.Message) error {
	var places []media.Place
	for _, m := range messages {
		if m != nil && m.Attachments != nil {
			places = append(places, placeOf(m))
		}
	}
	if len(places) == 0 {
		return nil
	}
	found, err := attachments.Of(ctx, q, workspace, places)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if m != nil && m.Attachments != nil {
			m.Attachments = found[placeOf(m)]
		}
	}
	return nil
}

func placeOf(m *conversation.Message) media.Place {
	return media.Place{Conversation: string(m.Conversation), Seq: m.Seq}
}
