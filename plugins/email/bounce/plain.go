package bounce

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/automatic"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// maxText bounds what of a plain report is looked at.
const maxText = 64 << 10

var (
	// What Postfix, qmail, Exim, Exchange, Gmail, QQ Mail, NetEase and others
	// write above or beside the reason.
	phrases = regexp.MustCompile(`(?i)could not be delivered|was(n't| not) delivered|undeliver(able|ed)|delivery (has )?failed|delivery (status|failure)|failure notice|returned (mail|to sender)|i wasn't able to deliver|permanent error|unable to deliver|mail delivery (failed|system)|delivery (is )?delayed|unzustellbar|non remis|退信|退回|无法(送达|投递|发送)|投递失败|未能送达|無法(送達|遞送)|配信できません`)
	later   = regexp.MustCompile(`(?i)delayed|will (be retried|keep trying|continue trying|retry)|still being retried|warning message only|推迟|延迟|稍后重试`)
	// The line with the address: "<a@b.example>: host said", or after a word.
	bracketed = regexp.MustCompile(`(?m)^\s*<([^<>\s]+@[^<>\s]+)>:?`)
	named     = regexp.MustCompile(`(?im)(?:recipients?( address)?|to|addressee|收件人(邮件地址|地址)?|收信人|无法发送到|empfänger|宛先)\s*[:：]?\s*[<"']?([^<>\s"'，。：:,;()]+@[^<>\s"'，。,;()]+)`)
	alone     = regexp.MustCompile(`(?m)^\s{0,8}([^<>\s"'，。：:,;()]+@[^<>\s"'，。,;()]+?)(?:<mailto:[^>]*>)?:?\s*$`)
	smtpCode  = regexp.MustCompile(`(?m)\b([45]\d\d)[ -]`)
	quotedID  = regexp.MustCompile(`(?im)^[\s>]*message-id\s*:\s*(<[^<>\s]+>)`)
	below     = regexp.MustCompile(`(?im)^-+ ?(below this line is a copy|this is a copy of|original message|原邮件|the original message)`)
)

func unescape(s string) string {
	n, err := strconv.ParseInt(s[3:len(s)-1], 16, 32)
	if err != nil || n < 0x20 || n > utf8.MaxRune {
		return ""
	}
	return string(rune(n))
}

// readPlain recognises a report by who wrote it and what it says.
func readPlain(m *message.Message) (*Report, bool) {
	failed := address.Emails(address.Parse(m.Header.Get("X-Failed-Recipients")))
	if len(failed) == 0 && !fromServer(m) {
		return nil, false
	}
	text := strings.ToValidUTF8(m.Text[:min(len(m.Text), maxText)], "")
	if !phrases.MatchString(m.Subject) && !phrases.MatchString(text) {
		return nil, false
	}
	said, copied := text, ""
	if at := below.FindStringIndex(text); at != nil {
		said, copied = text[:at[0]], text[at[0]:]
	}
	if len(failed) == 0 {
		failed = recipients(said, m)
	}
	if len(failed) == 0 {
		return nil, false
	}
	r := &Report{}
	if id := quotedID.FindStringSubmatch(copied + "\n" + said); id != nil {
		r.MessageID = first(message.IDs(id[1])...)
	}
	for _, email := range failed[:min(len(failed), maxRecipients)] {
		r.Recipients = append(r.Recipients, judge(email, m.Subject, said))
	}
	return r, true
}

// fromServer says whether a mail server wrote the message. A sender of no mail,
// or of the name that servers use; a machine of another kind is none.
func fromServer(m *message.Message) bool {
	v := automatic.Judge(m, nil)
	if v.Reason == automatic.System || v.Reason == automatic.NullReturnPath || v.Reason == automatic.Report {
		return true
	}
	local, _, _ := strings.Cut(m.Author().Email, "@")
	return v.Automatic && strings.EqualFold(local, "postmaster") || strings.EqualFold(local, "mailer-daemon") || strings.EqualFold(local, "postmaster")
}

func recipients(said string, m *message.Message) []string {
	var found []address.Address
	for _, pattern := range []struct {
		re    *regexp.Regexp
		group int
	}{{bracketed, 1}, {named, 3}, {alone, 1}} {
		for _, hit := range pattern.re.FindAllStringSubmatch(said, maxRecipients) {
			for _, a := range address.Parse(strings.TrimRight(hit[pattern.group], ".")) {
				if !strings.EqualFold(a.Email, m.Author().Email) {
					found = append(found, a)
				}
			}
		}
		if len(found) > 0 {
			break
		}
	}
	return address.Emails(found)
}

func judge(email, subject, said string) Recipient {
	around := said
	if at := strings.Index(strings.ToLower(said), strings.ToLower(email)); at >= 0 {
		around = strings.ToValidUTF8(said[at:min(len(said), at+maxDiagnostic)], "")
	}
	r := Recipient{Address: email, Status: statusCode.FindString(around), Outcome: Permanent, Diagnostic: cut(strings.Join(strings.Fields(around), " "))}
	code := smtpCode.FindStringSubmatch(around)
	switch {
	case later.MatchString(subject) || later.MatchString(said):
		r.Outcome = Delayed
	case strings.HasPrefix(r.Status, "4."), r.Status == "" && code != nil && code[1][0] == '4':
		r.Outcome = Temporary
	}
	return r
}
