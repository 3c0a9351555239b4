// Package deliverytest is the conformance suite of delivery.Store and an
// in-memory fake that passes it.
package deliverytest

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Fake is the ledger of the messages that a conversationtest.Fake holds. It is
// safe for concurrent use.
type Fake struct {
	conversations *conversationtest.Fake
	now           func() time.Time
	ids           id.Source

	settling sync.Mutex
	mu       sync.Mutex
	tried    map[delivery.ID]delivery.Delivery // the newest attempt of each
	paused   map[channel.InboxID]bool
	resumed  map[channel.InboxID]time.Time
	steps    map[stepKey][]delivery.Step
}

type stepKey struct {
	workspace    identity.WorkspaceID
	conversation string
	seq          uint64
}

// NewFake returns the ledger of a Fake. The clock dates what settlements change.
func NewFake(conversations *conversationtest.Fake, now func() time.Time) *Fake {
	return &Fake{conversations: conversations, now: now, ids: id.NewSource(now), tried: make(map[delivery.ID]delivery.Delivery), steps: make(map[stepKey][]delivery.Step), paused: make(map[channel.InboxID]bool), resumed: make(map[channel.InboxID]time.Time)}
}

// Pause pauses an inbox.
func (f *Fake) Pause(inbox channel.InboxID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused[inbox] = true
}

// Resume ends a pause.
func (f *Fake) Resume(inbox channel.InboxID, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused[inbox], f.resumed[inbox] = false, at
}

func (f *Fake) isPaused(inbox channel.InboxID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.paused[inbox]
}

// turns lists the pending deliveries of a plugin whose turn it is, the oldest first.
func (f *Fake) turns(ctx context.Context, plugin channel.PluginID) []delivery.Delivery {
	first := make(map[conversation.ID]delivery.Delivery)
	for _, m := range f.conversations.Outbound() {
		c, err := f.conversations.Get(ctx, m.Workspace, m.Conversation)
		if err != nil || c.Plugin != plugin {
			continue
		}
		if f.conversations.Joined(m.Conversation, m.Seq)[0] != m.Seq {
			continue // it leaves with one before it
		}
		d := f.delivery(ctx, c, m)
		if other, ok := first[c.ID]; !ok || d.Place < other.Place {
			first[c.ID] = d
		}
	}
	for _, d := range f.acts(ctx, plugin) {
		id := conversation.ID(d.Conversation)
		if other, ok := first[id]; !ok || d.Place < other.Place {
			first[id] = d
		}
	}
	var out []delivery.Delivery
	for _, d := range first {
		if !f.isPaused(d.Inbox) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b delivery.Delivery) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	return out
}

func (f *Fake) delivery(ctx context.Context, c conversation.Conversation, m conversation.Message) delivery.Delivery {
	d := delivery.Delivery{
		Workspace: c.Workspace, ID: delivery.ID("dlv_" + strings.TrimPrefix(string(m.ID), "msg_")), Inbox: c.Inbox, Plugin: c.Plugin,
		Conversation: string(c.ID), Message: string(m.ID), Seq: m.Seq, Place: m.Seq, Recipient: c.Address(), Content: channel.Content{Text: m.Text},
		State: delivery.Pending, NextAt: m.CreatedAt, CreatedAt: m.CreatedAt,
		Author: identity.Actor{Kind: m.Sender.Kind, ID: m.Sender.ID, Name: m.Sender.Name}, Automatic: m.Sender.Kind != identity.ActorMember,
	}
	d.Content.Mentions = m.GroupMentions
	d.Content.Envelope, d.ExpiresAt = m.Envelope, f.conversations.Deadline(c.Workspace, c.ID, m.Seq)
	if m.ReplyTo != nil {
		d.Quoted = m.ReplyTo.Seq
	}
	files := m.Attachments
	if m.Template != nil {
		d.Template = &m.Template.TemplateUse
	}
	if m.Forwards != nil {
		d.Forwards = m.Forwards.Seq
		of, err := f.conversations.Message(ctx, m.Workspace, m.Conversation, m.Forwards.ID)
		if err == nil {
			files = slices.Concat(files, slices.DeleteFunc(slices.Clone(of.Attachments), func(a media.Attachment) bool { return a.Role == media.RoleOriginal }))
		}
	}
	if len(files) > 0 {
		d.Content.Files = delivery.FilesOf(files)
	}
	for _, seq := range f.conversations.Joined(m.Conversation, m.Seq)[1:] {
		d.MergedTo = seq
		d.Content.Text += delivery.Between + f.textOf(ctx, m, seq)
	}
	return f.newest(c, d)
}

// newest returns a delivery as its last attempt left it.
func (f *Fake) newest(c conversation.Conversation, d delivery.Delivery) delivery.Delivery {
	f.mu.Lock()
	defer f.mu.Unlock()
	d.ResumedAt = f.resumed[d.Inbox]
	last, ok := f.tried[d.ID]
	last.ResumedAt = d.ResumedAt
	if !ok {
		return d
	}
	if last.State != delivery.Pending { // a member wants it sent again
		last.State, last.NextAt, last.CreatedAt = delivery.Pending, c.UpdatedAt, c.UpdatedAt
		last.ExpiresAt = d.ExpiresAt
	}
	last.MergedTo, last.Content.Text = d.MergedTo, d.Content.Text
	return last
}

// Due implements delivery.Store.
func (f *Fake) Due(ctx context.Context, plugin channel.PluginID, now time.Time, limit int, skip delivery.Skip) ([]delivery.Delivery, error) {
	var out []delivery.Delivery
	for _, d := range f.turns(ctx, plugin) {
		if !d.NextAt.After(now) && !skip.Has(&d) && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, nil
}

// Complete implements delivery.Completer.
func (f *Fake) Complete(ctx context.Context, due []delivery.Delivery, _ bool) error {
	for i := range due {
		d := &due[i]
		c, err := f.conversations.Get(ctx, d.Workspace, conversation.ID(d.Conversation))
		if err != nil {
			return err
		}
		d.Thread = c.Thread
		for _, x := range f.conversations.Externals(d.Workspace, conversation.ID(d.Conversation)) {
			m, err := f.conversations.MessageAt(ctx, d.Workspace, conversation.ID(d.Conversation), x.Seq)
			if err != nil {
				return err
			}
			if m.Apart(d.Recipient, d.Content.Envelope) {
				continue
			}
			if d.Quoted > 0 && x.Seq == d.Quoted && d.ReplyTo == "" {
				d.ReplyTo = x.External
			}
			if x.Seq < d.Seq {
				d.References = append(d.References, x.External)
			}
		}
		if n := len(d.References); n > delivery.MaxReferences+1 {
			d.References = append(d.References[:1], d.References[n-delivery.MaxReferences:]...)
		}
	}
	return nil
}

// NextDue implements delivery.Store.
func (f *Fake) NextDue(ctx context.Context, plugin channel.PluginID) (time.Time, error) {
	var next time.Time
	for _, d := range f.turns(ctx, plugin) {
		if next.IsZero() || d.NextAt.Before(next) {
			next = d.NextAt
		}
	}
	return next, nil
}

// Settle implements delivery.Store.
func (f *Fake) Settle(ctx context.Context, settled []delivery.Settlement) error {
	f.settling.Lock()
	defer f.settling.Unlock()
	for _, x := range settled {
		if err := f.settle(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fake) settle(ctx context.Context, x delivery.Settlement) error {
	if x.Delivery.Act != delivery.Post {
		return f.settleAct(ctx, x)
	}
	m, waits := f.conversations.Outbound()[conversation.MessageID(x.Delivery.Message)]
	if !waits { // settled before
		return nil
	}
	d := f.try(x)
	together := f.conversations.Joined(m.Conversation, m.Seq)
	for _, seq := range together {
		of := x.Delivery
		of.Seq = seq
		f.add(of, x.Steps(f.now())...)
	}
	if x.State == delivery.Pending {
		return nil
	}
	return f.conversations.Within(ctx, d.Workspace, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, m.Conversation)
		if err != nil {
			return err
		}
		actor := identity.Actor{Kind: identity.ActorPlugin, ID: string(d.Plugin)}
		for _, external := range x.Externals() {
			known, err := tx.Inbound(ctx, d.Inbox, conversation.InboundSent, external)
			if err == nil && known == nil {
				err = tx.Remember(ctx, d.Inbox, conversation.Dedup{Kind: conversation.InboundSent, External: external, Conversation: c.ID, Seq: d.Seq})
			}
			if err != nil {
				return err
			}
		}
		early, err := tx.TakeEarly(ctx, d.Inbox, x.About(), f.now().Add(-conversation.EarlyFor))
		if err != nil {
			return err
		}
		state, detail := x.Told()
		c.Refund(d.ExpiresAt, len(together)-1)
		for _, seq := range together {
			m, err := tx.Message(ctx, c.ID, seq)
			if err != nil {
				return err
			}
			c.Settle(conversation.Turn{Actor: actor, At: f.now(), IDs: f.ids}, *m, state, detail, early)
		}
		return tx.Save(ctx, c)
	})
}

// try keeps what an attempt made of a delivery.
func (f *Fake) try(x delivery.Settlement) delivery.Delivery {
	d := x.Delivery
	d.State, d.Attempts, d.NextAt, d.Suspect = x.State, x.Attempts, x.NextAt, false
	d.LastCode, d.LastDetail, d.ProviderID = x.Result.Code, x.Result.Detail, x.Provider
	d.Began, d.Version = time.Time{}, ""
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried[d.ID] = d
	return d
}

func (f *Fake) add(d delivery.Delivery, steps ...delivery.Step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := stepKey{d.Workspace, d.Conversation, d.Seq}
	f.steps[k] = append(f.steps[k], steps...)
}

// Interrupted implements delivery.Store.
func (f *Fake) Interrupted(_ context.Context, items []delivery.Delivery) error {
	for _, d := range items {
		f.add(d, d.Interrupted())
	}
	return nil
}

// Steps implements delivery.History.
func (f *Fake) Steps(ctx context.Context, w identity.WorkspaceID, conv string, seq uint64) ([]delivery.Step, error) {
	f.mu.Lock()
	out := slices.Clone(f.steps[stepKey{w, conv, seq}])
	f.mu.Unlock()
	c, err := f.conversations.Get(ctx, w, conversation.ID(conv))
	if errs.Is(err, errs.NotFound) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	changes, err := f.conversations.Timeline(ctx, w, c.ID, conversation.Range{Limit: math.MaxInt32})
	for _, ch := range changes {
		if s, ok := delivery.StepOf(ch, c.Plugin); ok && ch.Message.Seq == seq {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b delivery.Step) int { return a.At.Compare(b.At) })
	return out, err
}
