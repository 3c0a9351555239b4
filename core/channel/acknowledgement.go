package channel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/markup"
)

// Acknowledgement is what the company answers by itself when a customer begins
// or reopens a conversation. The zero value answers nothing.
type Acknowledgement struct {
	Enabled bool
	Texts   map[string]string // by locale, with {{variables}}; a locale without one has ours
}

// MaxAcknowledgement bounds a text, in characters.
const MaxAcknowledgement = 2000

// The locales that an acknowledgement can be in.
const (
	AcknowledgementEnglish = "en"
	AcknowledgementChinese = "zh-CN"
)

// OurAcknowledgements are the texts of who wrote none, by locale.
func OurAcknowledgements() map[string]string {
	return map[string]string{
		AcknowledgementEnglish: "Hello,\n\nthank you for writing to us. Your message has arrived and somebody will answer it. Its number is {{conversation.number}}.\n\n{{workspace.name}}",
		AcknowledgementChinese: "您好，\n\n您的来信我们已经收到，会尽快安排同事回复。本次咨询的编号是 {{conversation.number}}。\n\n{{workspace.name}}",
	}
}

// AcknowledgementVariables lists what can stand in a text as {{name}}.
func AcknowledgementVariables() []string {
	return []string{"contact.name", "contact.first_name", "conversation.number", "inbox.name", "message.subject", "workspace.name"}
}

// Text is the acknowledgement in a locale, with the variables filled in; what is
// not known is left out.
func (a Acknowledgement) Text(locale string, variables map[string]string) string {
	text := a.Texts[locale]
	if strings.TrimSpace(text) == "" {
		text = OurAcknowledgements()[locale]
	}
	return markup.Fill(text, variables)
}

// checked returns the acknowledgement as it is kept, or says what is wrong with
// it. A live inbox shows that a message arrived: it acknowledges nothing.
func (a Acknowledgement) checked(live bool) (Acknowledgement, error) {
	if live && a.Enabled {
		return a, badAcknowledgement("/enabled", "live", "A web chat shows at once that a message has arrived. It acknowledges nothing.")
	}
	out := Acknowledgement{Enabled: a.Enabled}
	for _, locale := range slices.Sorted(maps.Keys(a.Texts)) {
		text, at := strings.TrimSpace(a.Texts[locale]), "/texts/"+locale
		if _, known := OurAcknowledgements()[locale]; !known {
			return a, badAcknowledgement(at, "locale", "An acknowledgement is in English (en) or Chinese (zh-CN).")
		}
		if utf8.RuneCountInString(text) > MaxAcknowledgement || !utf8.ValidString(text) || strings.ContainsFunc(text, unwritable) {
			return a, badAcknowledgement(at, "text", "The text of an acknowledgement has at most 2,000 characters, and no control characters.")
		}
		if name := markup.Unfilled(text, AcknowledgementVariables()); name != "" {
			return a, badAcknowledgement(at, "variable", fmt.Sprintf("Nobody fills in {{%s}} here.", name))
		}
		if text == "" {
			continue
		}
		if out.Texts == nil {
			out.Texts = make(map[string]string, len(a.Texts))
		}
		out.Texts[locale] = text
	}
	return out, nil
}

func unwritable(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }

func badAcknowledgement(pointer, code, sentence string) error {
	return errs.New(errs.Invalid, "inbox.acknowledgement", sentence).
		WithFields(errs.Field{Pointer: "/acknowledgement" + pointer, Code: code, Detail: sentence})
}
