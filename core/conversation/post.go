package conversation

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Post is a message or note that a member writes.
type Post struct {
	Conversation  ID
	ClientID      string
	Kind          MessageKind // Text or Note
	Text          string      // may be empty beside attachments
	Attachments   []media.ID
	ReplyTo       MessageID            // "" = answers none in particular
	Mentions      []identity.MemberID  // of a note
	GroupMentions []string             // ids of members of the group whom the text names by "@" and their name
	Forwards      MessageID            // passed on to those of Envelope, with its files; "" = none
	Envelope      *channel.Envelope    // subject, to, cc and bcc; nil = as the channel would
	Template      *channel.TemplateUse // in place of Text; nil = an ordinary message
	Bringer       string               // the instance of a plugin that brought the attachments; "" = the member did

	prepared *prepared // what Template comes to
}

// Posted is the answer to a post.
type Posted struct {
	Change   Change
	Replayed bool // the post had been accepted before; Change is the one it made then
}

// Post appends a member's message or note. It is idempotent by
// (conversation, member, client id). When it returns, the message is committed.
func (s *Service) Post(ctx context.Context, scope identity.Scope, p Post) (Posted, error) {
	before, err := s.prepare(ctx, scope, &p)
	if err != nil {
		return Posted{}, err
	}
	if before != nil {
		return Posted{Change: *before, Replayed: true}, nil
	}
	return s.post(ctx, scope, p)
}

// post is Post for what is prepared.
func (s *Service) post(ctx context.Context, scope identity.Scope, p Post) (Posted, error) {
	if err := s.checkPost(ctx, scope, &p); err != nil {
		return Posted{}, err
	}
	passed, err := s.sending(ctx, scope, p)
	if err != nil {
		return Posted{}, err
	}
	var out Posted
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := Take(ctx, tx, scope, p.Conversation)
		if err != nil {
			return err
		}
		before, err := tx.Sent(ctx, c.ID, scope.Actor.ID, p.ClientID)
		if err != nil {
			return err
		}
		if before != nil {
			if !p.made(before.Message) {
				return errReused()
			}
			out = Posted{Change: *before, Replayed: true}
			return nil
		}
		if c.MergedInto != "" {
			return errMerged(c)
		}
		if p.Kind == Text {
			if err := s.maySend(c.Plugin); err != nil {
				return err
			}
		}
		ch, err := s.write(ctx, tx, scope, c, p, passed)
		if err != nil {
			return err
		}
		out = Posted{Change: *ch}
		return tx.Save(ctx, c)
	})
	s.wrote(p, err)
	return out, err
}

// sending asks the interceptors about a message that a member sends. They are
// not asked about one that was sent before under its client id: an answer that
// was lost is given again.
func (s *Service) sending(ctx context.Context, scope identity.Scope, p Post) (Passed, error) {
	if p.Kind != Text || !s.asks(ctx, scope.Workspace) {
		return Passed{Text: p.Text}, nil
	}
	var limit int
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		limit = 0
		c, err := Take(ctx, tx, scope, p.Conversation)
		if err != nil {
			return err
		}
		if c.MergedInto != "" {
			return errMerged(c)
		}
		before, err := tx.Sent(ctx, c.ID, scope.Actor.ID, p.ClientID)
		if err == nil && before == nil {
			limit = s.textLimit(c.Plugin)
		}
		return err
	})
	if err != nil || limit == 0 {
		return Passed{Text: p.Text}, err
	}
	passed, err := s.intercepted(ctx, scope.Workspace, scope.Actor, Outgoing{
		Key: scope.Actor.ID + "/" + p.ClientID, Conversation: p.Conversation, Text: p.Text, Files: p.Attachments, Limit: limit,
	})
	if err == nil && passed.Altered != nil && p.prepared != nil {
		err = errAltered()
	}
	return passed, err
}

// made reports whether a message is what this post would make.
func (p Post) made(m *Message) bool {
	text := p.Text
	if p.Template != nil {
		text = m.wrote() // which the template and its values make
	}
	return m.Kind == p.Kind && p.uses(m.Template) && m.says(text, p.Attachments, p.ReplyTo) && sameEnvelope(m.Envelope, p.Envelope) && m.forwards() == p.Forwards &&
		slices.EqualFunc(m.Mentions, id.Once(p.Mentions), func(a Mention, b identity.MemberID) bool { return a.Member == b }) &&
		p.kept(m.GroupMentions)
}

// wrote is the text as the author wrote it, whatever interceptors made of it.
func (m *Message) wrote() string {
	if m.Altered != nil {
		return m.Altered.Original
	}
	return m.Text
}

// says reports whether a message has this content, as its author wrote it.
func (m *Message) says(text string, attachments []media.ID, replyTo MessageID) bool {
	quoted := MessageID("")
	if m.ReplyTo != nil {
		quoted = m.ReplyTo.ID
	}
	return m.wrote() == text && quoted == replyTo &&
		slices.EqualFunc(m.Attachments, attachments, func(a media.Attachment, b media.ID) bool { return a.ID == b })
}

// write appends the message of a post and gives it its files.
func (s *Service) write(ctx context.Context, tx Tx, scope identity.Scope, c *Conversation, p Post, as Passed) (*Change, error) {
	w := Words(p.ClientID, as.Text)
	w.Altered, w.Carried.Envelope, w.Carried.Template = as.Altered, p.Envelope, p.prepared.template()
	var err error
	if w.ReplyTo, err = s.quote(ctx, scope.Workspace, c.ID, p.ReplyTo, p.Kind == Note); err != nil {
		return nil, err
	}
	if w.Mentions, err = s.mentions(ctx, scope, p.Mentions); err != nil {
		return nil, err
	}
	if w.GroupMentions, err = s.groupMentions(ctx, c, p); err != nil {
		return nil, err
	}
	if w.Carried.Forwards, err = s.forwarded(ctx, c, p); err != nil {
		return nil, err
	}
	ch, err := c.post(s.turn(scope), p.Kind, w)
	if err == nil && p.Kind == Text && p.prepared == nil { // the far side takes a template at any time
		err = c.Spend(s.windows(c.Plugin), ch.At, ch.Seq)
	}
	if err != nil {
		return nil, err
	}
	by := media.Uploader{Kind: media.ByMember, ID: scope.Actor.ID}
	if p.Bringer != "" {
		by = media.Uploader{Kind: media.ByPlugin, ID: p.Bringer}
	}
	if err := s.give(ctx, tx, c, ch, by, p.Attachments); err != nil {
		return nil, err
	}
	return ch, p.prepared.checkFile(ch.Message.Attachments)
}

func (c *Conversation) post(t Turn, kind MessageKind, w Written) (*Change, error) {
	switch {
	case kind == Note:
		return c.AddNote(t, w), nil
	case w.Carried.Forwards != nil:
		return c.Forward(t, w)
	default:
		return c.Send(t, w)
	}
}

// bring gives an inbound message its files: a visitor's as give does, and a
// channel's as it brought them.
func (s *Service) bring(ctx context.Context, tx Tx, c *Conversation, ch *Change, in accepted) error {
	if len(in.said.brought) == 0 {
		return s.give(ctx, tx, c, ch, in.by, in.files)
	}
	files, err := tx.Media().Bring(ctx, in.by, s.named(in.said.brought, ch.At), media.Place{Conversation: string(c.ID), Seq: ch.Message.Seq})
	if err == nil {
		c.Attach(ch, files)
	}
	return err
}

// give gives files to the message of a pending change, in its transaction.
func (s *Service) give(ctx context.Context, tx Tx, c *Conversation, ch *Change, by media.Uploader, ids []media.ID) error {
	if len(ids) == 0 {
		return nil
	}
	files, err := tx.Media().Take(ctx, by, ids, media.Place{Conversation: string(c.ID), Seq: ch.Message.Seq})
	if err != nil {
		return err
	}
	if ch.Message.Kind != Note {
		if err := s.checkFiles(c.Plugin, files); err != nil {
			return err
		}
	}
	c.Attach(ch, files)
	return nil
}

// checkPost checks a post, and makes its envelope what is kept.
func (s *Service) checkPost(ctx context.Context, scope identity.Scope, p *Post) error {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return err
	}
	if p.Kind != Text && p.Kind != Note {
		return errKind()
	}
	if len(p.Mentions) > 0 && p.Kind != Note {
		return errs.New(errs.Invalid, "message.mentions", "Only a note can mention colleagues. The customer would read it.").
			WithFields(errs.Field{Pointer: "/mentions", Code: "kind", Detail: "only a note can mention colleagues"})
	}
	if err := checkClientID(p.ClientID); err != nil {
		return err
	}
	return s.checkContent(ctx, scope, p)
}

// checkContent checks what is written against the rules, and, when a customer
// is to read it, against what their channel can carry.
func (s *Service) checkContent(ctx context.Context, scope identity.Scope, p *Post) error {
	if err := checkWritten(p.Text, p.Attachments, MaxText); err != nil {
		return err
	}
	carries := p.Envelope != nil || p.Forwards != "" || len(p.GroupMentions) > 0
	if err := media.CheckIDs(p.Attachments); err != nil || p.prepared != nil || p.Kind == Note && !carries {
		return err
	}
	if len(p.Attachments) == 0 && p.ReplyTo == "" && !carries && s.fitsAll(p.Text) {
		return nil
	}
	c, err := s.get(ctx, scope, p.Conversation)
	if err != nil {
		return err
	}
	if p.Envelope, err = s.checkEnvelope(c.Plugin, p.Kind, p.Envelope); err != nil {
		return err
	}
	if err := s.checkReply(c.Plugin, p.ReplyTo); err != nil {
		return err
	}
	if err := checkForward(c, p); err != nil {
		return err
	}
	if err := s.checkGroupMentions(c, p); err != nil {
		return err
	}
	return checkWritten(p.Text, p.Attachments, s.textLimit(c.Plugin))
}

func errKind() error {
	return errs.New(errs.Invalid, "message.kind", "kind must be text or note.").
		WithFields(errs.Field{Pointer: "/kind", Code: "enum", Detail: "must be text or note"})
}
