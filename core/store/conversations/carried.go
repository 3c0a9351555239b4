package conversations

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/quote"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// carriedRow is conversation.Carried as a part of extras.
type carriedRow struct {
	External    string          `json:"external,omitempty"`
	HTML        bool            `json:"html,omitempty"`
	Cut         bool            `json:"cut,omitempty"`
	Quoted      string          `json:"quoted,omitempty"`
	Envelope    *envelopeRow    `json:"envelope,omitempty"`
	Location    *locationRow    `json:"location,omitempty"`
	Unsupported *unsupportedRow `json:"unsupported,omitempty"`
	Verdict     string          `json:"verdict,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Automatic   bool            `json:"automatic,omitempty"`
	NoReply     bool            `json:"no_reply,omitempty"`
	Elsewhere   bool            `json:"elsewhere,omitempty"`
	Participant bool            `json:"participant,omitempty"`
	Member      *groupMemberRow `json:"group_member,omitempty"`
	Forwards    *forwardRow     `json:"forwards,omitempty"`
	Template    *templateRow    `json:"template,omitempty"`
	WrittenAt   int64           `json:"written_at,omitempty"`
	EditedAt    int64           `json:"edited_at,omitempty"`
	RecalledAt  int64           `json:"recalled_at,omitempty"`
	Changing    *changingRow    `json:"changing,omitempty"`
}

type changingRow struct {
	Act     string      `json:"act"`
	Text    string      `json:"text,omitempty"`
	Altered *alteredRow `json:"altered,omitempty"`
	Target  string      `json:"target,omitempty"`
	Kind    string      `json:"kind"`
	By      string      `json:"by"`
	Name    string      `json:"name,omitempty"`
	At      int64       `json:"at"`
	Seq     uint64      `json:"seq"`
	State   string      `json:"state"`
	Error   string      `json:"error,omitempty"`
}

func changingOf(c *conversation.Changing) *changingRow {
	if c == nil {
		return nil
	}
	return &changingRow{
		Act: string(c.Act), Text: c.Text, Altered: alteredOf(c.Altered), Target: c.Target, Kind: string(c.By.Kind), By: c.By.ID, Name: c.By.Name,
		At: db.Micros(c.At), Seq: c.Seq, State: string(c.State), Error: c.Error,
	}
}

func (r *changingRow) domain() *conversation.Changing {
	if r == nil {
		return nil
	}
	return &conversation.Changing{
		Act: conversation.Act(r.Act), Text: r.Text, Altered: r.Altered.domain(), Target: r.Target,
		By: identity.Actor{Kind: identity.ActorKind(r.Kind), ID: r.By, Name: r.Name},
		At: db.Time(r.At), Seq: r.Seq, State: conversation.DeliveryState(r.State), Error: r.Error,
	}
}

type groupMemberRow struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

type forwardRow struct {
	ID  string `json:"id"`
	Seq uint64 `json:"seq"`
}

type templateRow struct {
	ID       string            `json:"id"`
	Language string            `json:"language,omitempty"`
	Name     string            `json:"name"`
	Values   map[string]string `json:"values,omitempty"`
}

type envelopeRow struct {
	Subject string     `json:"subject,omitempty"`
	From    partyRow   `json:"from,omitzero"`
	ReplyTo partyRow   `json:"reply_to,omitzero"`
	To      []partyRow `json:"to,omitempty"`
	CC      []partyRow `json:"cc,omitempty"`
	BCC     []partyRow `json:"bcc,omitempty"`
}

type partyRow struct {
	Address string `json:"address"`
	Name    string `json:"name,omitempty"`
}

type locationRow struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

type unsupportedRow struct {
	Kind    string `json:"kind"`
	Summary string `json:"summary,omitempty"`
}

// carriedOf returns the part of extras; nil for a message that is text alone.
func carriedOf(c *conversation.Carried) *carriedRow {
	if *c == (conversation.Carried{}) {
		return nil
	}
	r := &carriedRow{
		External: c.External, HTML: c.HTML, Cut: c.Cut, Quoted: c.Quoted, Verdict: string(c.Trust.Verdict), Reason: c.Trust.Reason,
		Automatic: c.Automatic, NoReply: c.NoReply, Elsewhere: c.Elsewhere, Participant: c.Participant, WrittenAt: db.Micros(c.WrittenAt), EditedAt: db.Micros(c.EditedAt), RecalledAt: db.Micros(c.RecalledAt),
		Location: (*locationRow)(c.Location), Unsupported: (*unsupportedRow)(c.Unsupported), Changing: changingOf(c.Changing),
	}
	if who := c.Member; who != nil {
		r.Member = &groupMemberRow{ID: who.External, Name: who.Name}
	}
	if f := c.Forwards; f != nil {
		r.Forwards = &forwardRow{ID: string(f.ID), Seq: f.Seq}
	}
	if t := c.Template; t != nil {
		r.Template = &templateRow{ID: t.ID, Language: t.Language, Name: t.Name, Values: t.Values}
	}
	if e := c.Envelope; e != nil {
		r.Envelope = &envelopeRow{
			Subject: e.Subject, From: partyRow(e.From), ReplyTo: partyRow(e.ReplyTo),
			To: mapped[partyRow](e.To), CC: mapped[partyRow](e.CC), BCC: mapped[partyRow](e.BCC),
		}
	}
	return r
}

// party is both sides of the mapping.
type party interface{ partyRow | channel.Party }

func mapped[To, From party](in []From) []To {
	var out []To
	for _, p := range in {
		out = append(out, To(p))
	}
	return out
}

func (r *carriedRow) domain() conversation.Carried {
	if r == nil {
		return conversation.Carried{}
	}
	c := conversation.Carried{
		External: r.External, HTML: r.HTML, Cut: r.Cut, Quoted: r.Quoted, Trust: channel.Trust{Verdict: channel.Verdict(r.Verdict), Reason: r.Reason},
		Automatic: r.Automatic, NoReply: r.NoReply, Elsewhere: r.Elsewhere, Participant: r.Participant, WrittenAt: db.Time(r.WrittenAt), EditedAt: db.Time(r.EditedAt), RecalledAt: db.Time(r.RecalledAt),
		Location: (*channel.Location)(r.Location), Unsupported: (*channel.Unsupported)(r.Unsupported), Changing: r.Changing.domain(),
	}
	if who := r.Member; who != nil {
		c.Member = &channel.Member{External: who.ID, Name: who.Name}
	}
	if f := r.Forwards; f != nil {
		c.Forwards = &conversation.Forwarded{ID: conversation.MessageID(f.ID), Seq: f.Seq}
	}
	if t := r.Template; t != nil {
		c.Template = &conversation.Template{Name: t.Name, TemplateUse: channel.TemplateUse{ID: t.ID, Language: t.Language, Values: t.Values}}
	}
	if e := r.Envelope; e != nil {
		c.Envelope = &channel.Envelope{
			Subject: e.Subject, From: channel.Party(e.From), ReplyTo: channel.Party(e.ReplyTo),
			To: mapped[channel.Party](e.To), CC: mapped[channel.Party](e.CC), BCC: mapped[channel.Party](e.BCC),
		}
	}
	return c
}

// saveHTML writes the HTML of a message that is being saved, in place of what it
// had; "" = none came.
func (t *Tx) saveHTML(ctx context.Context, m *conversation.Message, html string) error {
	if html == "" {
		return nil
	}
	return t.tx.Queue(ctx, `INSERT INTO message_html (workspace_id, conversation_id, seq, html) VALUES (?, ?, ?, ?)
ON CONFLICT (workspace_id, conversation_id, seq) DO UPDATE SET html = excluded.html`,
		string(t.workspace), string(m.Conversation), db.Signed(m.Seq), html)
}

// HTML implements conversation.MessageReader.
func (s *Store) HTML(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, message conversation.MessageID) (string, error) {
	const query = `SELECT h.html FROM message m
JOIN message_html h ON h.workspace_id = m.workspace_id AND h.conversation_id = m.conversation_id AND h.seq = m.seq
WHERE m.workspace_id = ? AND m.conversation_id = ? AND m.message_id = ? ORDER BY m.seq DESC LIMIT 1`
	var html string
	err := s.db.Row(ctx, query, []any{string(workspace), string(id), string(message)}, &html)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errs.Absent()
	}
	return html, err
}

// saveParties writes down who is on the envelope of a message.
func (t *Tx) saveParties(ctx context.Context, m *conversation.Message) error {
	for _, address := range m.Parties() {
		err := t.tx.Queue(ctx, `INSERT INTO conversation_party (workspace_id, conversation_id, address) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			string(t.workspace), string(m.Conversation), address)
		if err != nil {
			return err
		}
	}
	return nil
}

// TakesPart implements conversation.InboundTx.
func (t *Tx) TakesPart(ctx context.Context, id conversation.ID, address string) (bool, error) {
	var n int
	err := t.tx.Row(ctx, `SELECT COUNT(*) FROM conversation_party WHERE workspace_id = ? AND conversation_id = ? AND address = ?`,
		[]any{string(t.workspace), string(id), address}, &n)
	return n > 0, err
}

// UnderWay implements conversation.InboundTx.
func (t *Tx) UnderWay(ctx context.Context, id conversation.ID) (bool, error) {
	var n int
	err := t.tx.Row(ctx, `SELECT COUNT(*) FROM delivery WHERE workspace_id = ? AND conversation_id = ? AND state = 'pending' AND act = ''`,
		[]any{string(t.workspace), string(id)}, &n)
	return n > 0, err
}

// LeftWith implements conversation.SentTx.
func (t *Tx) LeftWith(ctx context.Context, id conversation.ID, seq uint64) ([]uint64, error) {
	const query = `SELECT seq, merged_to FROM delivery WHERE workspace_id = ? AND conversation_id = ? AND act = '' AND seq <= ? AND merged_to >= ?`
	var first, last int64
	at := db.Signed(seq)
	err := t.tx.Row(ctx, query, []any{string(t.workspace), string(id), at, at}, &first, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return []uint64{seq}, nil
	}
	if err != nil {
		return nil, err
	}
	var out []uint64
	err = t.tx.Rows(ctx, `SELECT seq FROM delivery WHERE workspace_id = ? AND conversation_id = ? AND act = '' AND seq BETWEEN ? AND ? ORDER BY seq`,
		[]any{string(t.workspace), string(id), first, last}, func(sc db.Scanner) error {
			var one int64
			err := sc.Scan(&one)
			out = append(out, db.Unsigned(one))
			return err
		})
	return out, err
}

// Acknowledged implements conversation.AcknowledgementTx.
func (t *Tx) Acknowledged(ctx context.Context, inbox channel.InboxID, external string, id conversation.ID, since time.Time) (time.Time, int, error) {
	var at int64
	err := t.tx.Row(ctx, `SELECT acknowledged_at FROM contact_identity WHERE workspace_id = ? AND inbox_id = ? AND external_id = ?`,
		[]any{string(t.workspace), string(inbox), external}, &at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, 0, err
	}
	var n int
	err = t.tx.Row(ctx, `SELECT COUNT(*) FROM message WHERE workspace_id = ? AND conversation_id = ? AND sender_kind = 'system' AND created_at >= ?`,
		[]any{string(t.workspace), string(id), db.Micros(since)}, &n)
	return db.Time(at), n, err
}

// Acknowledge implements conversation.AcknowledgementTx.
func (t *Tx) Acknowledge(ctx context.Context, inbox channel.InboxID, external string, at time.Time) error {
	return t.tx.Queue(ctx, `UPDATE contact_identity SET acknowledged_at = ? WHERE workspace_id = ? AND inbox_id = ? AND external_id = ?`,
		db.Micros(at), string(t.workspace), string(inbox), external)
}

// OfDelivery implements conversation.InboundTx.
func (t *Tx) OfDelivery(ctx context.Context, inbox channel.InboxID, delivery string) (*conversation.Dedup, error) {
	const query = `SELECT conversation_id, seq FROM delivery WHERE workspace_id = ? AND delivery_id = ? AND inbox_id = ? AND act = ''`
	var id string
	var seq int64
	err := t.tx.Row(ctx, query, []any{string(t.workspace), delivery, string(inbox)}, &id, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	return &conversation.Dedup{Kind: conversation.InboundSent, External: delivery, Conversation: conversation.ID(id), Seq: db.Unsigned(seq)}, err
}

// Said implements conversation.SaidTx.
func (t *Tx) Said(ctx context.Context, id conversation.ID, limit int) ([]quote.Folded, error) {
	const query = `SELECT text, COALESCE(extras, '') FROM message
WHERE workspace_id = ? AND conversation_id = ? AND kind <> ? ORDER BY seq DESC LIMIT ?`
	var out []quote.Folded
	err := t.tx.Rows(ctx, query, []any{string(t.workspace), string(id), string(conversation.Note), limit}, func(sc db.Scanner) error {
		var text, more string
		if err := sc.Scan(&text, &more); err != nil {
			return err
		}
		said := quote.Folded{New: text, Rest: parseExtras(more).Carried.domain().Quoted}
		if said != (quote.Folded{}) {
			out = append(out, said)
		}
		return nil
	})
	return out, err
}
