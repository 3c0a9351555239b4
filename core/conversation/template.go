package conversation

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Template says which template of the far side a message is. The message's text
// is what the customer reads.
type Template struct {
	channel.TemplateUse
	Name string // as agents knew it when it was sent
}

// Templates knows the templates of inboxes.
type Templates interface {
	// Template returns a template that an inbox has, or errs.Invalid
	// (message.template_unknown).
	Template(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID, id, language string) (channel.Template, error)
}

// prepared is a template that is to be sent.
type prepared struct {
	says Template
	file string // the kind of the one file that the message has; "" = none
}

// prepare makes a post of a template what a message of it is; any other post
// stays. before is the change that the post made when it was sent before: an
// answer that was lost is given again, whatever became of the template.
func (s *Service) prepare(ctx context.Context, scope identity.Scope, p *Post) (before *Change, err error) {
	if p.Template == nil {
		return nil, nil
	}
	if err := scope.Require(identity.ConversationReply); err != nil {
		return nil, err
	}
	if err := checkClientID(p.ClientID); err != nil {
		return nil, err
	}
	if err := p.alone(); err != nil {
		return nil, err
	}
	var c Conversation
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		found, err := Take(ctx, tx, scope, p.Conversation)
		if err != nil {
			return err
		}
		c = *found
		before, err = tx.Sent(ctx, c.ID, scope.Actor.ID, p.ClientID)
		if err == nil && before != nil && !p.made(before.Message) {
			err = errReused()
		}
		return err
	})
	if err != nil || before != nil {
		return before, err
	}
	return nil, s.fill(ctx, &c, p)
}

// CodeTemplateKind refuses what no template can be, or have beside it.
const CodeTemplateKind = "message.template_kind"

// alone refuses what cannot stand beside a template.
func (p Post) alone() error {
	refuse := func(code, pointer, sentence string) error {
		return errs.New(errs.Invalid, code, sentence).WithFields(errs.Field{Pointer: pointer, Code: "template", Detail: sentence})
	}
	switch {
	case p.Kind != Text:
		return refuse(CodeTemplateKind, "/kind", "A note is no template: nobody prepares what colleagues tell each other.")
	case p.ReplyTo != "":
		return refuse(CodeTemplateKind, "/reply_to", "A template quotes no message.")
	case p.Envelope != nil:
		return refuse(CodeTemplateKind, "/envelope", "A template has no subject and no copies.")
	case p.Forwards != "":
		return refuse(CodeTemplateKind, "/forwards", "A template passes no message on.")
	case len(p.Mentions) > 0:
		return refuse(CodeTemplateKind, "/mentions", "A template mentions no colleagues.")
	case len(p.GroupMentions) > 0:
		return refuse(CodeTemplateKind, "/group_mentions", "A template names no members of a group.")
	case p.Text != "":
		return refuse("message.template_text", "/text", "A template says what was prepared: leave the text out, and give values.")
	default:
		return nil
	}
}

// fill looks a post's template up, and fills it in.
func (s *Service) fill(ctx context.Context, c *Conversation, p *Post) error {
	if s.Templates == nil || !s.capabilities(c.Plugin).Able(channel.CanTemplates) {
		return unsupported("/template", "This channel has no templates.")
	}
	t, err := s.Templates.Template(ctx, c.Workspace, c.Inbox, p.Template.ID, p.Template.Language)
	if err != nil {
		return err
	}
	if t.Unusable != "" {
		return errs.New(errs.Conflict, "message.template_unusable", "The template cannot be sent now: "+t.Unusable)
	}
	wrong := t.Check(p.Template.Values)
	text := t.Fill(p.Template.Values)
	if len(wrong) == 0 && (checkStorable(text, MaxText) != nil || !storable(p.Template.Values)) {
		detail := "holds what cannot be sent, such as control characters"
		if utf8.RuneCountInString(text) > MaxText {
			detail = "makes the message longer than 10,000 characters"
		}
		wrong = []errs.Field{{Pointer: "/template/values", Code: "text", Detail: detail}}
	}
	if len(wrong) > 0 {
		return errs.New(errs.Invalid, "message.template_values", "Some values of the template are not right.").WithFields(wrong...)
	}
	if want := min(len(t.File), 1); len(p.Attachments) != want {
		return errTemplateFile(t.File)
	}
	p.Text = text
	p.prepared = &prepared{file: t.File, says: Template{Name: t.Title(), TemplateUse: channel.TemplateUse{
		ID: t.ID, Language: t.Language, Values: given(p.Template.Values),
	}}}
	return nil
}

// storable reports whether values can be kept, each by itself.
func storable(values map[string]string) bool {
	for _, v := range values {
		if checkStorable(v, MaxText) != nil {
			return false
		}
	}
	return true
}

// given are the values that say something; nil = none.
func given(values map[string]string) map[string]string {
	out := maps.Clone(values)
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	if len(out) == 0 {
		return nil
	}
	return out
}

func errTemplateFile(kind string) error {
	sentence := "The template has no file."
	switch kind {
	case "":
	case channel.ContentImage:
		sentence = "The template has a picture: attach one, and nothing else."
	case channel.ContentAudio:
		sentence = "The template has a recording: attach one, and nothing else."
	default:
		sentence = "The template has a file: attach one, and nothing else."
	}
	return errs.New(errs.Invalid, "message.template_file", sentence).WithFields(errs.Field{Pointer: "/attachment_ids", Code: "template", Detail: sentence})
}

// checkFile refuses a file of another kind than the template has.
func (t *prepared) checkFile(files []media.Attachment) error {
	if t == nil || t.file == "" || t.file == channel.ContentFile {
		return nil
	}
	kinds := map[string]media.Kind{channel.ContentImage: media.Image, channel.ContentAudio: media.Audio}
	if slices.ContainsFunc(files, func(a media.Attachment) bool { return a.Kind != kinds[t.file] }) {
		return errTemplateFile(t.file)
	}
	return nil
}

// template is what is kept of it with the message.
func (t *prepared) template() *Template {
	if t == nil {
		return nil
	}
	says := t.says
	return &says
}

// uses reports whether a message is of the template that a post names, with its
// values; of no template where it names none.
func (p Post) uses(t *Template) bool {
	if p.Template == nil || t == nil {
		return p.Template == nil && t == nil
	}
	return t.ID == p.Template.ID && t.Language == p.Template.Language && maps.Equal(t.Values, given(p.Template.Values))
}

// errAltered refuses a template that an interceptor would change: the far side
// takes what was approved.
func errAltered() error {
	return errs.New(errs.Conflict, "message.template_altered", "A plugin that looks at what is sent would change the text. A template can be sent as it is, or not.")
}
