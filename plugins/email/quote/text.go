package quote

import (
	"regexp"
	"strings"
)

// Text folds a plain text. Known are the texts of the conversation so far.
func Text(text string, known ...string) Folded {
	lines := strings.SplitAfter(text, "\n")
	pieces := classify(lines)
	start := fold(pieces, known)
	if start == len(pieces) {
		return Folded{New: text}
	}
	return Folded{New: strings.TrimRight(strings.Join(lines[:start], ""), " \t\n"), Rest: strings.Trim(strings.Join(lines[start:], ""), "\n")}
}

func classify(lines []string) []piece {
	pieces := make([]piece, len(lines))
	for i, l := range lines {
		pieces[i] = piece{kindOf(l), strings.TrimSpace(l)}
	}
	markOriginals(pieces)
	markAttributions(pieces)
	markSignatures(lines, pieces)
	return pieces
}

func kindOf(line string) kind {
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "":
		return blank
	case strings.HasPrefix(trimmed, ">") || strings.HasPrefix(trimmed, "＞"):
		return quoted
	case device.MatchString(trimmed):
		return signature
	}
	return plain
}

var (
	device = regexp.MustCompile(`(?i)^(sent from (my|mail for|outlook|yahoo|samsung|proton|aqua).{0,60}|get outlook for .{1,40}|(von meinem|gesendet von).{1,60}|envoyé de(puis)? mon .{1,40}|enviado desde mi .{1,40}|发自我的.{1,40}|發自我的.{1,40}|发自(qq邮箱|网易邮箱|网易邮箱大师|新浪邮箱).{0,20}|(来自|发送自)(我的)?(iphone|ipad|android|华为|小米|荣耀|oppo|vivo|outlook|qq邮箱).{0,30}|.{1,20}から送信|나의 .{1,20}에서 보냄)$`)
	// "On Monday, Ann wrote:", "在 2026年11月23日，李雷写道：", "Am 23.11.26 schrieb Ann:"
	wrote   = regexp.MustCompile(`(?i)(\bwrote\b|\bschrieb\b|a écrit|escribió|ha scritto|escreveu|schreef|\bskrev\b|napisał|написал|пишет|写道|寫道|写到|のメッセージ|さんは書きました|님이 작성).{0,120}[:：]\s*$`)
	dated   = regexp.MustCompile(`\d|@`)
	divider = regexp.MustCompile(`(?i)^[-_=*\s]{2,}\s*(original (message|appointment|e-?mail)|reply message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|mensagem original|原始邮件|原始郵件|原邮件|原始信息|回复的原邮件|元のメッセージ|원본 메시지)\s*[-_=*\s]{2,}$`)
	forward = regexp.MustCompile(`(?i)(forwarded message|begin forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|转发的?邮件|轉寄的?郵件|转发邮件信息|已转发邮件)`)
	rule    = regexp.MustCompile(`^[-_]{10,}$`)
	author  = regexp.MustCompile(`(?i)^[*\s]*(from|von|de|da|van|från|fra|от|发件人|寄件者|寄件人|差出人|보낸 사람)[*\s]*[:：]`)
	label   = regexp.MustCompile(`(?i)^[*\s]*(sent|date|to|cc|subject|importance|reply-to|gesendet|datum|an|betreff|envoyé|à|objet|enviado( el)?|fecha|para|asunto|inviato|a|oggetto|data|assunto|发送时间|发件时间|发送日期|日期|时间|收件人|抄送|主题|寄件日期|收件者|副本|主旨|送信日時|宛先|件名|отправлено|кому|тема|дата|보낸 날짜|받는 사람|제목)[*\s]*[:：]`)
)

// markOriginals finds the headers of a message that is repeated without marks;
// everything below them is that message.
func markOriginals(pieces []piece) {
	forwarded := false
	for i, p := range pieces {
		switch {
		case p.kind != plain:
			continue
		case forward.MatchString(p.text) && len(p.text) < 120:
			forwarded = true
			continue
		}
		n := header(pieces, i)
		if n == 0 && divider.MatchString(p.text) {
			n = 1
		}
		if n == 0 || forwarded {
			continue
		}
		markBelow(pieces, i, n)
		return
	}
}

func markBelow(pieces []piece, at, n int) {
	for j := at; j < len(pieces); j++ {
		switch {
		case pieces[j].kind == blank || pieces[j].kind == quoted:
		case j < at+n || divider.MatchString(pieces[j].text) || label.MatchString(pieces[j].text) || author.MatchString(pieces[j].text):
			pieces[j].kind = heading
		default:
			pieces[j].kind = original
		}
	}
	for j := at - 1; j >= 0 && (pieces[j].kind == blank || rule.MatchString(pieces[j].text) || divider.MatchString(pieces[j].text)); j-- {
		if pieces[j].kind == plain {
			pieces[j].kind = heading
		}
	}
}

// header is how many lines the headers take that begin at i; 0 if none do. The
// author and two others are what it takes.
func header(pieces []piece, i int) int {
	if !author.MatchString(pieces[i].text) {
		return 0
	}
	found, end := 0, i+1
	for j := i + 1; j < min(len(pieces), i+10); j++ {
		if label.MatchString(pieces[j].text) {
			found++
			end = j + 1
		}
	}
	if found < 2 {
		return 0
	}
	return end - i
}

// markAttributions finds the lines above a quote that say whose it is; programs
// break them into up to three. Below one without a quote follows an original.
func markAttributions(pieces []piece) {
	for i := range pieces {
		if pieces[i].kind != plain || !wrote.MatchString(pieces[i].text) || len(pieces[i].text) > 300 {
			continue
		}
		from, joined := i, pieces[i].text
		for from > 0 && i-from < 2 && pieces[from-1].kind == plain && !strings.HasPrefix(joined, "在") && !opens(joined) {
			from--
			joined = pieces[from].text + " " + joined
		}
		if !opens(joined) {
			from = i
		}
		if !dated.MatchString(strings.Join(texts(pieces[from:i+1]), " ")) {
			continue
		}
		next := i + 1
		for next < len(pieces) && pieces[next].kind == blank {
			next++
		}
		if next == len(pieces) {
			continue
		}
		for j := from; j <= i; j++ {
			pieces[j].kind = attribution
		}
		if pieces[next].kind == plain {
			markBelow(pieces, next, 0)
			return
		}
	}
}

var beginning = regexp.MustCompile(`(?i)^(on|at|am|le|el|il|em|op|den|dnia|le|в|在|\d{4}年)\b?`)

func opens(s string) bool { return beginning.MatchString(s) }

func texts(pieces []piece) []string {
	out := make([]string, len(pieces))
	for i, p := range pieces {
		out[i] = p.text
	}
	return out
}

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
			return end, n <= limit
		case len(p.text) > 120:
			return end, false
		default:
			n++
		}
	}
	return end, n <= limit
}
