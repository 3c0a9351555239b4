package compose

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// Reply returns an answer to a message, without a text: to whom, under which
// subject, in which thread. Own are the addresses of our mailboxes, which are
// left out, with all their plus-addresses. All: to everybody who received it.
func Reply(m *message.Message, own []string, all bool) Mail {
	out := Mail{Subject: ReplySubject(m.Subject), InReplyTo: m.ID, References: m.References}
	if len(out.References) == 0 {
		out.References = m.InReplyTo
	}
	r := &recipients{own: own}
	out.To = r.add(m.ReplyTo)
	if len(out.To) == 0 {
		out.To = r.add(m.From)
	}
	if len(out.To) == 0 { // our own message: the answer goes where that went
		out.To = r.add(m.To)
	}
	if all {
		out.Cc = append(r.add(m.To), r.add(m.Cc)...)
	}
	return out
}

// recipients gives each address once, and ours never.
type recipients struct {
	own  []string
	seen []string
}

func (r *recipients) add(list []address.Address) []address.Address {
	var out []address.Address
	for _, a := range list {
		same := func(other string) bool { return address.Same(other, a.Email) }
		if !address.Valid(a.Email) || slices.ContainsFunc(r.own, same) || slices.ContainsFunc(r.seen, func(s string) bool { return strings.EqualFold(s, a.Email) }) {
			continue
		}
		r.seen = append(r.seen, a.Email)
		out = append(out, a)
	}
	return out
}

var (
	replied   = regexp.MustCompile(`(?i)^\s*(re|aw|sv|vs|antw|odp|res|rif|回复|答复|回覆|答覆|返信)(\s*\[\d+\]|\s*\(\d+\)|\*\d+)?\s*[:：]\s*`)
	forwarded = regexp.MustCompile(`(?i)^\s*(fwd?|wg|tr|rv|enc|vs|转发|轉寄|転送)\s*[:：]\s*`)
)

// ReplySubject puts "Re: " before a subject, once, whatever words of other
// languages stand there.
func ReplySubject(subject string) string {
	return strings.TrimSpace("Re: " + strip(subject, replied))
}

// ForwardSubject puts "Fwd: " before a subject, once.
func ForwardSubject(subject string) string {
	return strings.TrimSpace("Fwd: " + strip(subject, forwarded))
}

func strip(subject string, prefix *regexp.Regexp) string {
	for {
		at := prefix.FindStringIndex(subject)
		if at == nil {
			return strings.TrimSpace(subject)
		}
		subject = subject[at[1]:]
	}
}

// Words are the labels above a forwarded message.
type Words struct{ Divider, From, Date, Subject, To, Cc string }

// WordsIn returns the labels in a language: Chinese for "zh" and its kin, else
// English.
func WordsIn(locale string) Words {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return Words{"转发的邮件", "发件人", "日期", "主题", "收件人", "抄送"}
	}
	return Words{"Forwarded message", "From", "Date", "Subject", "To", "Cc"}
}

// Forward returns a mail that hands a message on, below what is said about it,
// with its files. It begins a thread of its own.
func Forward(m *message.Message, note string, w Words) Mail {
	out := Mail{Subject: ForwardSubject(m.Subject), Attachments: m.Attachments, Inline: m.Inline}
	head := [][2]string{{w.From, list(m.From)}, {w.Date, m.Date.Format("2006-01-02 15:04 -0700")}, {w.Subject, m.Subject}, {w.To, list(m.To)}, {w.Cc, list(m.Cc)}}
	if m.Date.IsZero() {
		head[1][1] = ""
	}
	var text, page strings.Builder
	text.WriteString(note + "\n\n---------- " + w.Divider + " ----------\n")
	page.WriteString(`<div style="white-space: pre-wrap">` + html.EscapeString(note) + "</div><br><div>---------- " + html.EscapeString(w.Divider) + " ----------<br>")
	for _, h := range head {
		if h[1] == "" {
			continue
		}
		text.WriteString(h[0] + ": " + h[1] + "\n")
		page.WriteString("<b>" + html.EscapeString(h[0]) + ":</b> " + html.EscapeString(h[1]) + "<br>")
	}
	out.Text = text.String() + "\n" + m.Text
	if m.HTML != "" {
		out.HTML = page.String() + "</div><br>" + m.HTML
	}
	return out
}

func list(addresses []address.Address) string {
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = a.String()
	}
	return strings.Join(out, ", ")
}
