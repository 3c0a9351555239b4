package conversation_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// shelf is the templates of every inbox, by id.
type shelf map[string]channel.Template

// Template implements conversation.Templates.
func (s shelf) Template(_ context.Context, _ identity.WorkspaceID, _ channel.InboxID, id, language string) (channel.Template, error) {
	if t, ok := s[id]; ok && t.Language == language {
		return t, nil
	}
	return channel.Template{}, errs.New(errs.Invalid, "message.template_unknown", "The inbox has no such template.")
}

// prepared is a windowed desk, whose channel has templates and is closed.
func prepared(t *testing.T) (*desk, shelf, conversation.Conversation) {
	t.Helper()
	d := windowed(t)
	can := &d.plugins.Installed[0].Capabilities
	can.Can, can.Content = []string{channel.CanTemplates, channel.CanEdit, channel.CanRecall}, append(can.Content, channel.ContentImage, channel.ContentFile)
	all := shelf{
		"tea": {
			ID: "tea", Language: "en", Name: "Tea is ready", Header: "Teahouse", Text: "Hello {{name}}, your {{1}} is ready.", Footer: "Reply to us",
			Fields: []channel.TemplateField{{Name: "name"}, {Name: "1", MaxLength: 6}, {Name: "link", Optional: true}},
		},
		"picture": {ID: "picture", Text: "Look", File: channel.ContentImage},
		"paused":  {ID: "paused", Text: "Hello", Unusable: "in review"},
	}
	d.service.Templates = all
	d.receive(item(d.Inbox, "m1", "wang", "question"))
	c := d.of(d.Inbox, "wang")
	d.pass(49 * time.Hour)
	return d, all, *c
}

func use(c conversation.Conversation, clientID, id string, values map[string]string) conversation.Post {
	p := conversation.Post{Conversation: c.ID, ClientID: clientID, Kind: conversation.Text, Template: &channel.TemplateUse{ID: id, Values: values}}
	if id == "tea" {
		p.Template.Language = "en"
	}
	return p
}

// A template leaves when the window is closed, spends none, and says what the
// customer reads.
func TestATemplateNeedsNoWindow(t *testing.T) {
	d, all, c := prepared(t)
	_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "a0", Kind: conversation.Text, Text: "hello"})
	d.refused(err, errs.Conflict, "message.window_closed")
	values := map[string]string{"name": "Wei", "1": "oolong", "link": ""}
	got, err := d.service.Post(t.Context(), as(d.agent), use(c, "a1", "tea", values))
	d.OK(err)
	m := got.Change.Message
	if m.Text != "Teahouse\n\nHello Wei, your oolong is ready.\n\nReply to us" || m.Delivery != conversation.DeliveryPending {
		t.Errorf("it says %q, %s", m.Text, m.Delivery)
	}
	if x := m.Template; x == nil || x.ID != "tea" || x.Language != "en" || x.Name != "Tea is ready" || !maps.Equal(x.Values, map[string]string{"name": "Wei", "1": "oolong"}) {
		t.Errorf("it is of %+v", m.Template)
	}
	if w := d.Get(c.ID).Windows; w[0].Used != 0 {
		t.Errorf("it spent %+v", w)
	}
	d.receive(item(d.Inbox, "m2", "wang", "thanks"))
	d.pass(time.Second)
	_, err = d.service.Post(t.Context(), as(d.agent), use(c, "a2", "tea", values))
	d.OK(err)
	if w := d.Get(c.ID).Windows; w[0].Used != 0 {
		t.Errorf("in an open window it spent %+v", w)
	}
	delete(all, "tea") // an answer that was lost is given again
	again, err := d.service.Post(t.Context(), as(d.agent), use(c, "a1", "tea", values))
	d.OK(err)
	if !again.Replayed || again.Change.Message.ID != m.ID {
		t.Errorf("again: %+v", again)
	}
	for name, p := range map[string]conversation.Post{
		"other values":   use(c, "a1", "tea", map[string]string{"name": "Lin", "1": "oolong"}),
		"other template": use(c, "a1", "picture", nil),
		"no template":    {Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Text: m.Text},
	} {
		_, err := d.service.Post(t.Context(), as(d.agent), p)
		if errs.As(err).Code != "message.client_id_reused" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNoUseOfATemplate(t *testing.T) {
	d, _, c := prepared(t)
	before := d.Get(c.ID).LastSeq
	picture, other := d.file(media.Image, byMember(d.agent)), d.file(media.File, byMember(d.agent))
	tea := func(change func(*conversation.Post)) conversation.Post {
		p := use(c, "a1", "tea", map[string]string{"name": "Wei", "1": "oolong"})
		change(&p)
		return p
	}
	for name, tt := range map[string]struct {
		post  conversation.Post
		wants string // the code, and pointers of fields
	}{
		"unknown":       {use(c, "a1", "coffee", nil), "message.template_unknown"},
		"of a language": {tea(func(p *conversation.Post) { p.Template.Language = "" }), "message.template_unknown"},
		"unusable":      {use(c, "a1", "paused", nil), "message.template_unusable"},
		"no values":     {use(c, "a1", "tea", nil), "message.template_values /template/values/name /template/values/1"},
		"too long": {
			use(c, "a1", "tea", map[string]string{"name": "Wei", "1": "pu-erh tea"}), "message.template_values /template/values/1",
		},
		"no field": {use(c, "a1", "tea", map[string]string{"name": "Wei", "1": "a", "x": "y"}), "message.template_values /template/values/x"},
		"control":  {use(c, "a1", "tea", map[string]string{"name": "\x00", "1": "a"}), "message.template_values /template/values"},
		"hidden":   {use(c, "a1", "tea", map[string]string{"name": "Wei", "1": "a", "link": "\x00"}), "message.template_values /template/values"},
		"much":     {use(c, "a1", "tea", map[string]string{"name": strings.Repeat("a", conversation.MaxText), "1": "a"}), "message.template_values /template/values"},
		"no file":  {use(c, "a1", "picture", nil), "message.template_file /attachment_ids"},
		"other file": {func() conversation.Post {
			p := use(c, "a1", "picture", nil)
			p.Attachments = []media.ID{other}
			return p
		}(), "message.template_file /attachment_ids"},
		"a file":      {tea(func(p *conversation.Post) { p.Attachments = []media.ID{picture} }), "message.template_file /attachment_ids"},
		"text":        {tea(func(p *conversation.Post) { p.Text = "and" }), "message.template_text /text"},
		"a note":      {tea(func(p *conversation.Post) { p.Kind = conversation.Note }), "message.template_kind /kind"},
		"a quote":     {tea(func(p *conversation.Post) { p.ReplyTo = "msg_1" }), "message.template_kind /reply_to"},
		"an envelope": {tea(func(p *conversation.Post) { p.Envelope = &channel.Envelope{} }), "message.template_kind /envelope"},
		"a forward":   {tea(func(p *conversation.Post) { p.Forwards = "msg_1" }), "message.template_kind /forwards"},
		"a mention":   {tea(func(p *conversation.Post) { p.Mentions = []identity.MemberID{d.agent.ID} }), "message.template_kind /mentions"},
	} {
		_, err := d.service.Post(t.Context(), as(d.agent), tt.post)
		if err == nil {
			t.Errorf("%s: it was sent", name)
			continue
		}
		got := []string{errs.As(err).Code}
		for _, f := range errs.As(err).Fields {
			got = append(got, f.Pointer)
		}
		if strings.Join(got, " ") != tt.wants {
			t.Errorf("%s: %q, wanted %q", name, got, tt.wants)
		}
	}
	d.plugins.Installed[0].Capabilities.Can = nil
	_, err := d.service.Post(t.Context(), as(d.agent), use(c, "a1", "paused", nil))
	d.refused(err, errs.Invalid, "message.unsupported")
	if seq := d.Get(c.ID).LastSeq; seq != before {
		t.Errorf("what was refused left changes: %d after %d", seq, before)
	}
	d.plugins.Installed[0].Capabilities.Can = []string{channel.CanTemplates}
	p := use(c, "a1", "picture", nil)
	p.Attachments = []media.ID{picture}
	sent, err := d.service.Post(t.Context(), as(d.agent), p)
	d.OK(err)
	if m := sent.Change.Message; len(m.Attachments) != 1 || m.Text != "Look" {
		t.Errorf("with its picture: %+v", m)
	}
}

// Interceptors are asked with what the customer reads, may refuse it, and may
// not change it.
func TestAnInterceptedTemplate(t *testing.T) {
	d, _, c := prepared(t)
	w := &watchman{sends: masks}
	d.service.Interceptor = w
	_, err := d.service.Post(t.Context(), as(d.agent), use(c, "a1", "tea", map[string]string{"name": "Wei", "1": "secret"}))
	d.refused(err, errs.Conflict, "message.template_altered")
	w.sends = refuses
	_, err = d.service.Post(t.Context(), as(d.agent), use(c, "a1", "tea", map[string]string{"name": "Wei", "1": "secret"}))
	d.refused(err, errs.Forbidden, conversation.CodeDenied)
	w.sends = masks
	_, err = d.service.Post(t.Context(), as(d.agent), use(c, "a1", "tea", map[string]string{"name": "Wei", "1": "oolong"}))
	d.OK(err)
	if !slices.ContainsFunc(w.asked, func(o conversation.Outgoing) bool { return strings.Contains(o.Text, "your oolong is ready") }) {
		t.Errorf("asked about %+v", w.asked)
	}
}

// What was sent of a template is not edited; taken back, it keeps no values; sent
// again, it spends no window.
func TestATemplateThatWasSent(t *testing.T) {
	d, _, c := prepared(t)
	got, err := d.service.Post(t.Context(), as(d.agent), use(c, "a1", "tea", map[string]string{"name": "Wei", "1": "oolong"}))
	d.OK(err)
	m := got.Change.Message
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), *m, conversation.DeliveryUnknown, "timeout")
		return nil
	})
	again, err := d.service.ResolveDelivery(t.Context(), as(d.agent), c.ID, m.ID, conversation.SendAgain)
	if err != nil || again.Delivery != conversation.DeliveryPending || again.Template == nil {
		t.Fatalf("sent again: %+v, %v", again, err)
	}
	_, err = d.service.EditMessage(t.Context(), as(d.agent), c.ID, m.ID, "something else")
	d.refused(err, errs.Conflict, "message.template_edit")
	d.Change(c.ID, func(c *conversation.Conversation) error {
		if ch := c.Recall(d.System(), again); ch.Message.Template != nil || ch.Message.Text != "" {
			return errors.New("taken back it keeps what it said")
		}
		return nil
	})
}

// What the far side makes of a template that was sent is of that template still.
func TestTemplateChangedElsewhere(t *testing.T) {
	var c conversation.Conversation
	was := conversation.Message{Seq: 1, Text: "Hello", Carried: conversation.Carried{Template: &conversation.Template{Name: "Tea is ready"}}}
	now := c.Edit(conversation.Turn{At: time.Now(), IDs: id.NewSource(time.Now)}, was, conversation.Words("", "Hello there"), nil).Message
	if now.Text != "Hello there" || now.Template == nil {
		t.Errorf("%+v", now)
	}
}
