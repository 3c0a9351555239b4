// Package automatic tells the mail of machines from that of people, so that no
// machine of ours answers a machine (RFC 3834). The message itself is always
// kept and shown; what is suppressed are automations.
package automatic

import (
	"regexp"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/entity"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// LoopHeader marks mail of ours that no person has written. Its value names
// the mailbox.
const LoopHeader = "X-Patchbay-Loop"

// Verdict is what is known of a message.
type Verdict struct {
	Automatic bool   // a machine wrote it
	Answer    bool   // a machine may answer it
	Reason    Reason // why it may not; empty if it may
}

// Reason is a stable code.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	OwnLoop        Reason = "own_loop"         // carries our loop header
	Report         Reason = "report"           // a bounce, a receipt
	AutoSubmitted  Reason = "auto_submitted"   // says so itself
	AutoReply      Reason = "auto_reply"       // an older way to say so
	NullReturnPath Reason = "null_return_path" // nobody is there to read an answer
	System         Reason = "system_sender"    // mailer-daemon and the like
	OwnAddress     Reason = "own_address"      // from a mailbox of ours
	NoReply        Reason = "no_reply"         // from an address that nobody reads
	Bulk           Reason = "bulk"             // Precedence
	List           Reason = "list"             // a mailing list or newsletter
	Suppressed     Reason = "suppressed"       // asks not to be answered by machines
	SubjectSaysSo  Reason = "subject"          // begins as answers of machines do
	NoSender       Reason = "no_sender"        // there is no address to answer to
)

// Judge judges a message. Own are the addresses of our mailboxes. A list that
// is one of them is no list: many teams receive their mail through one.
func Judge(m *message.Message, own []string) Verdict {
	checks := []struct {
		reason    Reason
		automatic bool
		met       bool
	}{
		{OwnLoop, true, m.Header.Has(LoopHeader)},
		{Report, true, isReport(m) || m.Header.Has("X-Failed-Recipients")},
		{AutoSubmitted, true, autoSubmitted(m.Header.Get("Auto-Submitted"))},
		{AutoReply, true, autoReply(m)},
		{NullReturnPath, true, nullReturnPath(m)},
		{System, true, sender(m, systemLocal)},
		{OwnAddress, false, isOwn(m.Author().Email, own)},
		{NoReply, false, sender(m, noReplyLocal)},
		{Bulk, true, precedence(m, "bulk") || precedence(m, "junk")},
		{List, false, isList(m, own)},
		{Suppressed, false, suppressed(m.Header.Get("X-Auto-Response-Suppress"))},
		{SubjectSaysSo, true, subject.MatchString(m.Subject)},
		{NoSender, false, m.Author().Email == ""},
	}
	for _, c := range checks {
		if c.met {
			return Verdict{Automatic: c.automatic, Reason: c.reason}
		}
	}
	return Verdict{Answer: true}
}

var (
	systemLocal  = regexp.MustCompile(`^(mailer-daemon|mail-daemon|postmaster|bounces?|bounce[+-].*|double-bounce|root)$`)
	noReplyLocal = regexp.MustCompile(`(^|[._+-])(no|do[._-]?not|never)[._-]?(reply|respond|answer)([._+-]|$)|^noreply|(^|[._-])nicht-?antworten`)
	subject      = regexp.MustCompile(`(?i)^\s*(\[?auto(matic|matische?|mated)?[ -]?(reply|response|antwort|answer)\]?|out of (the )?office|abwesenheits(notiz|meldung)|自动(回复|答复)|自動(回覆|返信|応答)|réponse automatique|respuesta automática|risposta automatica|автоответ)`)
)

func isReport(m *message.Message) bool {
	kind, _ := entity.Parameters(m.Header.Get("Content-Type"))
	return kind == "multipart/report"
}

// autoSubmitted reads RFC 3834: everything but "no" is a machine's.
func autoSubmitted(value string) bool {
	word, _, _ := strings.Cut(value, ";")
	word, _, _ = strings.Cut(word, "(")
	word = strings.ToLower(strings.TrimSpace(word))
	return word != "" && word != "no"
}

func autoReply(m *message.Message) bool {
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Mail-Autoreply", "Auto-Reply"} {
		if v := strings.ToLower(strings.TrimSpace(m.Header.Get(name))); v != "" && v != "no" && v != "false" {
			return true
		}
	}
	return precedence(m, "auto_reply") || precedence(m, "auto-reply")
}

func precedence(m *message.Message, word string) bool {
	return slices.ContainsFunc(m.Header.All("Precedence"), func(v string) bool { return strings.EqualFold(strings.TrimSpace(v), word) })
}

func nullReturnPath(m *message.Message) bool {
	for _, v := range m.Header.All("Return-Path") {
		if strings.Join(strings.Fields(v), "") == "<>" {
			return true
		}
	}
	return false
}

// sender looks at every address that an answer could go to.
func sender(m *message.Message, local *regexp.Regexp) bool {
	to := m.From
	if len(m.ReplyTo) > 0 {
		to = m.ReplyTo
	}
	for _, a := range to {
		name, _, _ := strings.Cut(strings.ToLower(a.Email), "@")
		if a.Email == "" {
			name = strings.ToLower(a.Text)
		}
		if local.MatchString(name) {
			return true
		}
	}
	return false
}

func isOwn(email string, own []string) bool {
	return slices.ContainsFunc(own, func(o string) bool { return address.Same(o, email) })
}

// isList knows mailing lists by RFC 2369 and RFC 2919.
func isList(m *message.Message, own []string) bool {
	list := precedence(m, "list")
	for _, name := range []string{"List-Id", "List-Post", "List-Unsubscribe", "List-Help", "List-Subscribe", "Mailing-List", "X-Mailing-List"} {
		list = list || m.Header.Has(name)
	}
	if !list {
		return false
	}
	text := strings.ToLower(m.Header.Get("List-Id") + " " + m.Header.Get("List-Post"))
	for _, o := range own {
		base, _ := address.Split(strings.ToLower(o))
		if base != "" && (strings.Contains(text, "<"+strings.Replace(base, "@", ".", 1)+">") || strings.Contains(text, "<mailto:"+base+">")) {
			return false
		}
	}
	return true
}

func suppressed(value string) bool {
	for word := range strings.SplitSeq(strings.ToLower(value), ",") {
		switch strings.TrimSpace(word) {
		case "all", "oof", "autoreply":
			return true
		}
	}
	return false
}
