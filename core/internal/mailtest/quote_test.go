package mailtest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/quote"
	"github.com/patchbay-im/patchbay/plugins/email/hypertext"
	"github.com/patchbay-im/patchbay/plugins/email/mailcorpus"
	read "github.com/patchbay-im/patchbay/plugins/email/message"
)

// ours is what the answers below repeat.
const ours = "您好，您的订单 5 已经发出，预计周五送到。\nIt left the warehouse on Monday: https://shop.test/orders/5\n\n祝好\nSupport"

// What every program writes is read, and parted from what it repeats: of its
// plain text and of its page alike.
func TestWhatProgramsRepeatIsFolded(t *testing.T) {
	t.Parallel()
	const words = "收到，谢谢。Please send an invoice, too."
	for _, p := range mailcorpus.Programs() {
		for form, text := range map[string]string{"text": p.Text(words, ours), "page": hypertext.Text(p.HTML(words, ours))} {
			got := quote.Read(text).Fold(quote.Folded{New: ours}, quote.Folded{New: "我的订单到哪里了？"})
			more := squeeze(strings.TrimPrefix(got.New, words))
			switch {
			case more != "" && !slices.Contains(programSignatures(), more) || !strings.HasPrefix(got.New, words):
				t.Errorf("%s, %s: new is %q", p.Name, form, got.New)
			case !strings.Contains(got.Rest, "预计周五送到") || !strings.Contains(got.Rest, "祝好"):
				t.Errorf("%s, %s: folded is %q", p.Name, form, got.Rest)
			}
		}
	}
}

// A program's answer to what nobody here has said is shown whole, where the
// program marks nothing.
func TestWhatNobodySaidIsShown(t *testing.T) {
	t.Parallel()
	const words, secret = "请看下面的内容。", "请在周五之前退款 300 元。"
	marks := 0
	for _, p := range mailcorpus.Programs() {
		text := p.Text(words, secret)
		got := quote.Read(text).Fold(quote.Folded{New: ours})
		if strings.Contains(text, "> "+secret) || strings.Contains(text, ">"+secret) || strings.Contains(text, "\ufeff> ") {
			marks++
			continue
		}
		if !strings.Contains(got.New, secret) {
			t.Errorf("%s: %q is folded away", p.Name, got.Rest)
		}
	}
	if marks != 5 {
		t.Errorf("%d programs mark what they repeat", marks)
	}
}

// What somebody writes into, below and above what their program repeats is shown.
func TestAnswersWithinWhatProgramsRepeat(t *testing.T) {
	t.Parallel()
	lines := strings.Split(ours, "\n")
	for _, p := range mailcorpus.Programs() {
		for i := range lines {
			mixed := strings.Join(lines[:i+1], "\n") + "\n周六不在家\n" + strings.Join(lines[i+1:], "\n")
			got := quote.Read(p.Text("见下文", mixed)).Fold(quote.Folded{New: ours})
			if marked := strings.Contains(p.Text("", mixed), "> 周六不在家"); !strings.Contains(got.New, "周六不在家") && (!marked || i+1 < len(lines)) {
				t.Errorf("%s: an answer below line %d is folded away: %q", p.Name, i+1, got.Rest)
			}
		}
	}
}

// The corpus's answers, as they are read and folded in their conversations.
func TestAnswersOfTheCorpusAreFolded(t *testing.T) {
	t.Parallel()
	c := mailcorpus.New(51)
	c.Openings(100)
	replies, err := c.Replies(200, mailcorpus.MadeUp)
	if err != nil {
		t.Fatal(err)
	}
	folded := 0
	for _, mail := range replies {
		if mail.Want.New == "" {
			continue
		}
		sent, err := mailcorpus.MadeUp(mail.Want.Conversation)
		if err != nil {
			t.Fatal(err)
		}
		m := read.Read(mail.Raw, read.Limits{})
		texts := []string{m.Text}
		if m.HTML != "" {
			texts = append(texts, hypertext.Text(m.HTML))
		}
		for _, text := range texts {
			got := quote.Read(text).Fold(quote.Folded{New: sent.Text})
			if !strings.Contains(got.New, mail.Want.New) || strings.Contains(got.New, "Sent from my") ||
				mail.Want.Folded != "" && (strings.Contains(got.New, mail.Want.Folded) || !strings.Contains(got.Rest, mail.Want.Folded)) {
				t.Errorf("%s: new %q, folded %q", mail.Kind, got.New, got.Rest)
			}
		}
		if mail.Want.Folded != "" {
			folded++
		}
	}
	if folded < 50 {
		t.Errorf("only %d have something to fold", folded)
	}
}
