package quote

import (
	"regexp"
	"strings"
)

// maxLine bounds the lines that may be something else than text, in bytes.
const maxLine = 1000

func classify(lines []string) []piece {
	pieces := make([]piece, len(lines))
	for i, l := range lines {
		l = strings.TrimSpace(strings.ReplaceAll(l, "&nbsp;", " ")) // as QQ Mail writes it in plain text, too
		pieces[i] = piece{kindOf(l), l}
	}
	markOriginals(pieces)
	markAttributions(pieces)
	markSignatures(lines, pieces)
	return pieces
}

func kindOf(trimmed string) kind {
	switch {
	case strings.Trim(trimmed, "\u200b\u200c\u200d\ufeff\u00a0") == "":
		return blank
	case strings.HasPrefix(trimmed, ">") || strings.HasPrefix(trimmed, "＞"):
		return quoted
	case matches(device, trimmed):
		return signature
	}
	return plain
}

func matches(what *regexp.Regexp, text string) bool {
	return len(text) <= maxLine && what.MatchString(text)
}

var (
	device = regexp.MustCompile(`(?i)^(sent from (my|mail for|outlook|yahoo|samsung|proton|aqua).{0,60}|get outlook for .{1,40}|(von meinem|gesendet von).{1,60}|envoyé de(puis)? mon .{1,40}|enviado desde mi .{1,40}|发自我的.{1,40}|發自我的.{1,40}|发自(qq邮箱|网易邮箱|网易邮箱大师|新浪邮箱).{0,20}|(来自|发送自)(我的)?(iphone|ipad|android|华为|小米|荣耀|oppo|vivo|outlook|qq邮箱).{0,30}|(获取|下载|取得)\s*outlook for .{1,40}|.{1,20}から送信|나의 .{1,20}에서 보냄)$`)
	// "On Monday, Ann wrote:", "在 2026年11月23日，李雷写道：", "Am 23.11.26 schrieb Ann:"
	wrote   = regexp.MustCompile(`(?i)(\bwrote\b|\bschrieb\b|a écrit|escribió|ha scritto|escreveu|schreef|\bskrev\b|napisał|написал|пишет|写道|寫道|写到|のメッセージ|さんは書きました|님이 작성).{0,120}[:：]\s*$`)
	dated   = regexp.MustCompile(`\d|@`)
	divider = regexp.MustCompile(`(?i)^[-_=*\s]{2,}\s*(original( (message|appointment|e-?mail))?|reply message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|mensagem original|原始邮件|原始郵件|原邮件|原始信息|回复的原(始)?邮件|元のメッセージ|원본 메시지)\s*[-_=*\s]{2,}$`)
	forward = regexp.MustCompile(`(?i)^[-_=*\s]*((begin |original )?forwarded (message|by .{1,80})|(anfang der )?weitergeleitete[nr]? (nachricht|e-?mail)|(début du )?message (réexpédié|transféré)|mensaje reenviado|(下面是被|开始|以下是)?(已)?转发的?(邮件|消息)(信息)?|(以下是)?轉寄的?郵件)[-_=*\s:：]*$`)
	rule    = regexp.MustCompile(`^[-_]{3,}$`)
	author  = regexp.MustCompile(`(?i)^[*|\s]*(from|von|de|da|van|från|fra|от|发件人|寄件者|寄件人|差出人|보낸 사람)[*\s]*[:：|]`)
	label   = regexp.MustCompile(`(?i)^[*|\s]*(sent|date|to|cc|bcc|subject|importance|attachments|reply-to|gesendet|datum|an|betreff|envoyé|à|objet|enviado( el)?|fecha|para|asunto|inviato|a|oggetto|data|assunto|发送时间|发件时间|发送日期|日期|时间|收件人|抄送|抄送人|密送|主题|附件|重要性|寄件日期|收件者|副本|主旨|送信日時|宛先|件名|отправлено|кому|тема|дата|보낸 날짜|받는 사람|제목)[*\s]*[:：|]`)
	// What tables of headers become in plain text.
	bare = regexp.MustCompile(`(?i)^(发件人|发送时间|发送日期|日期|时间|收件人|抄送|抄送人|主题|from|date|sent|to|cc|subject)(\s|$)`)
)

// repeatsHeader says whether a quoted line is what programs put above a message.
func repeatsHeader(text string) bool {
	if text = strings.TrimLeft(text, ">＞ "); len(text) > maxLine {
		return false
	}
	return wrote.MatchString(text) || author.MatchString(text) || label.MatchString(text) || divider.MatchString(text)
}

// markOriginals finds the headers of a message that is repeated without marks;
// everything below them is that message.
func markOriginals(pieces []piece) {
	for i, p := range pieces {
		if text := strings.TrimLeft(p.text, ">＞ "); (p.kind == plain || p.kind == quoted) && matches(forward, text) {
			unmark(pieces[i:])
			return
		}
		if p.kind != plain {
			continue
		}
		if n := max(header(pieces, i), divided(pieces, i)); n > 0 {
			markBelow(pieces, i)
			return
		}
	}
}

// unmark takes the marks from what is forwarded: they are no reason to fold it.
func unmark(pieces []piece) {
	for i := range pieces {
		if pieces[i].kind == quoted {
			pieces[i].kind = original
		}
	}
}

// markBelow marks the headers that begin at a piece, those further down, and
// what is below them as originals.
func markBelow(pieces []piece, at int) {
	markRules(pieces[:at])
	for j := at; j < len(pieces); {
		n := max(header(pieces, j), divided(pieces, j), attributed(pieces, j))
		for k := j; k < j+n; k++ {
			if pieces[k].kind != blank {
				pieces[k].kind = heading
			}
		}
		if n == 0 {
			if pieces[j].kind == plain {
				pieces[j].kind = original
			}
			n = 1
		} else {
			markRules(pieces[:j])
		}
		j += n
	}
}

// markRules marks the lines that are drawn above headers.
func markRules(above []piece) {
	for i := len(above) - 1; i >= 0; i-- {
		p := &above[i]
		switch {
		case p.kind == blank:
		case (p.kind == plain || p.kind == original) && (matches(rule, p.text) || matches(divider, p.text)):
			p.kind = heading
		default:
			return
		}
	}
}

// header is how many lines the headers take that begin at i; 0 if none do. The
// author and two others are what it takes.
func header(pieces []piece, i int) int {
	if pieces[i].kind != plain || !matches(author, pieces[i].text) {
		return 0
	}
	n, found := labels(pieces, i+1, label)
	if found < 2 {
		return 0
	}
	return n - i
}

// divided is how many lines "-- Original message --" takes, with the headers below it.
func divided(pieces []piece, i int) int {
	if pieces[i].kind != plain || !matches(divider, pieces[i].text) {
		return 0
	}
	next := i + 1
	for next < len(pieces) && pieces[next].kind == blank {
		next++
	}
	if next == len(pieces) || pieces[next].kind != plain {
		return 1
	}
	if n := header(pieces, next); n > 0 {
		return next + n - i
	}
	if n, found := labels(pieces, next, bare); found >= 2 {
		return n - i
	}
	return 1
}

// labels returns where the headers end that are expected at i, and how many they
// are. Some programs put a blank between all of them, some above the subject.
func labels(pieces []piece, i int, what *regexp.Regexp) (end, found int) {
	end = i
	widest, gap := 0, 0
	for j := i; j < len(pieces) && j < i+24 && gap <= 1; j++ {
		text := pieces[j].text
		switch {
		case pieces[j].kind == blank:
			gap++
			continue
		case pieces[j].kind != plain || found > 0 && gap > widest && !matches(subject, text):
			return end, found
		case matches(what, text):
			if found == 0 {
				widest = gap
			}
			found++
		case gap == 0 && found > 0 && what == bare && len(strings.Fields(pieces[j-1].text)) == 1 && matches(bare, pieces[j-1].text): // its value
		case gap > 0 || !goesOn(pieces[j-1].text) || !matches(addresses, text):
			return end, found
		}
		end, gap = j+1, 0
	}
	return end, found
}

var subject = regexp.MustCompile(`(?i)^[*|\s]*(subject|betreff|objet|asunto|oggetto|assunto|主题|主旨|件名|тема|제목)[*\s]*[:：|]`)

// Where a header has more addresses than one line holds.
var addresses = regexp.MustCompile(`^(("[^"<>@]{0,80}"|[^"<>@,;，；]{0,80})\s*<[^<>\s]+@[^<>\s]+>|[^\s<>@]+@[^\s<>@]+)([,;，；]|$)`)

func goesOn(header string) bool {
	return strings.HasSuffix(header, ",") || strings.HasSuffix(header, ";") || strings.HasSuffix(header, "，") || strings.HasSuffix(header, "；")
}

// attributed is how many lines "On Monday Ann wrote:" takes, which begins at i;
// programs break it into up to three.
func attributed(pieces []piece, i int) int {
	joined := ""
	for n := 0; n < 3 && i+n < len(pieces) && pieces[i+n].kind == plain; n++ {
		text := pieces[i+n].text
		switch joined = strings.TrimSpace(joined + " " + text); {
		case len(joined) > 400 || n > 0 && (!opens(joined) || opens(text)):
			return 0
		case wrote.MatchString(text) && dated.MatchString(joined):
			return n + 1
		case !moment.MatchString(joined) || strings.ContainsAny(joined[len(joined)-1:], ".!?") || strings.HasSuffix(joined, "。"):
			return 0 // a sentence
		}
	}
	return 0
}

// markAttributions finds the lines above a quote that say whose it is. Below one
// without a quote follows an original.
func markAttributions(pieces []piece) {
	for i := range pieces {
		n := attributed(pieces, i)
		next := i + n
		for next < len(pieces) && pieces[next].kind == blank {
			next++
		}
		if n == 0 || next == len(pieces) {
			continue
		}
		for j := i; j < i+n; j++ {
			pieces[j].kind = attribution
		}
		if pieces[next].kind == plain {
			markBelow(pieces, next)
			return
		}
	}
}

var (
	beginning = regexp.MustCompile(`(?i)^(on|at|am|le|el|il|em|op|den|dnia)\b|^(在|в |\d{4}年)`)
	moment    = regexp.MustCompile(`\d:\d\d|\d{4}`)
)

func opens(s string) bool { return beginning.MatchString(s) }

// markSignatures takes what follows "-- " for a signature if it is short.
func markSignatures(lines []string, pieces []piece) {
	for i, l := range lines {
		l = strings.TrimRight(l, "\r\n")
		limit := 12
		switch {
		case pieces[i].kind != plain:
			continue
		case l == "-- ":
		case l == "--" || l == "—":
			limit = 5
		default:
			continue
		}
		end, ok := short(pieces, i+1, limit)
		if !ok {
			continue
		}
		for j := i; j < end; j++ {
			if pieces[j].kind == plain {
				pieces[j].kind = signature
			}
		}
	}
}

// short finds where the lines from i on end, before a quote. Not ok: there are
// more than the limit, or long ones.
func short(pieces []piece, i, limit int) (end int, ok bool) {
	n := 0
	for end = i; end < len(pieces); end++ {
		switch p := pieces[end]; {
		case p.kind == blank:
		case p.kind != plain && p.kind != signature:
			return end, true
		case len(p.text) > 120:
			return end, false
		default:
			if n++; n > limit {
				return end, false
			}
		}
	}
	return end, true
}
