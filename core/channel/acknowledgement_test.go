package channel_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/markup"
)

func TestAcknowledgementTexts(t *testing.T) {
	a := channel.Acknowledgement{Texts: map[string]string{"en": " {{ contact.name }}, {{message.subject}}{{nobody}}! ", "zh-CN": " "}}
	if got := a.Text("en", map[string]string{"contact.name": "Anna {{message.subject}}", "message.subject": "$1"}); got != "Anna {{message.subject}}, $1!" {
		t.Errorf("it says %q", got)
	}
	if got := a.Text("zh-CN", map[string]string{"conversation.number": "7"}); !strings.Contains(got, "编号是 7。") || strings.Contains(got, "{{") {
		t.Errorf("an empty text says %q", got)
	}
	for locale, text := range channel.OurAcknowledgements() {
		for _, found := range markup.Placeholders().FindAllStringSubmatch(text, -1) {
			if !slices.Contains(channel.AcknowledgementVariables(), found[1]) {
				t.Errorf("ours in %s has %s, which nobody fills in", locale, found[1])
			}
		}
	}
}

func TestAcknowledgementIsChecked(t *testing.T) {
	o := newOffice(t)
	inbox, _ := o.inbox(mail)
	set := func(a channel.Acknowledgement) (channel.Inbox, error) {
		return o.Update(t.Context(), as(identity.RoleOwner), inbox.ID, channel.Edit{Acknowledgement: &a})
	}
	got, err := set(channel.Acknowledgement{Enabled: true, Texts: map[string]string{"en": " Hi {{contact.name}}\n", "zh-CN": " "}})
	if err != nil || !got.Acknowledgement.Enabled || !maps.Equal(got.Acknowledgement.Texts, map[string]string{"en": "Hi {{contact.name}}"}) {
		t.Fatalf("%+v, %v", got.Acknowledgement, err)
	}
	for code, texts := range map[string]map[string]string{
		"locale": {"fr": "Bonjour"}, "text": {"en": strings.Repeat("x", channel.MaxAcknowledgement+1)}, "variable": {"zh-CN": "{{agent.name}}"},
	} {
		_, err := set(channel.Acknowledgement{Enabled: true, Texts: texts})
		if e := errs.As(err); err == nil || e.Code != "inbox.acknowledgement" || e.Fields[0].Code != code {
			t.Errorf("%v: %v", texts, err)
		}
	}
	if _, err := set(channel.Acknowledgement{Enabled: true, Texts: map[string]string{"en": "a\x00b"}}); err == nil {
		t.Error("a control character is taken")
	}
	live, _ := o.inbox(chat)
	_, err = o.Update(t.Context(), as(identity.RoleOwner), live.ID, channel.Edit{Acknowledgement: &channel.Acknowledgement{Enabled: true}})
	o.refused(err, errs.Invalid, "inbox.acknowledgement")
	if got, err := set(channel.Acknowledgement{}); err != nil || got.Acknowledgement.Enabled || got.Acknowledgement.Texts != nil {
		t.Errorf("turned off: %+v, %v", got.Acknowledgement, err)
	}
}
