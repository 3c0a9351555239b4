package contact

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Email returns an e-mail address as it is stored and compared: without space
// around it, in lower case, in Unicode's normal form C. (RFC 5321, 2.4 lets the
// part before the @ tell cases apart; no provider that people use does.) It
// reports whether the shape is right: local@domain, nothing that needs
// quoting. "" is right.
func Email(s string) (string, bool) {
	s = norm.NFC.String(strings.ToLower(strings.TrimSpace(s)))
	if s == "" {
		return "", true
	}
	local, domain, found := strings.Cut(s, "@")
	ok := found && len(s) <= MaxEmail && local != "" && len(local) <= 64 &&
		!slices.Contains(strings.Split(local, "."), "") && !strings.ContainsFunc(s, unmailable) && Domain(domain)
	return s, ok
}

func unmailable(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r) || unicode.In(r, unicode.Bidi_Control) || strings.ContainsRune(`()<>[],;:\"`, r)
}

// Domain reports whether s is a domain name with at least one dot, in lower case.
func Domain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.N) || unicode.IsUpper(r) {
				return false
			}
		}
	}
	return true
}

// DomainOf returns the domain of an e-mail address; "" when it is none.
func DomainOf(email string) string {
	email, ok := Email(email)
	if !ok || email == "" {
		return ""
	}
	return email[strings.LastIndexByte(email, '@')+1:]
}

// FreeMail reports whether anybody can get an address at the domain, so that
// it says nothing about where a person works.
func FreeMail(domain string) bool {
	switch domain {
	case "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "live.cn", "msn.com",
		"yahoo.com", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com.cn", "yahoo.cn", "ymail.com", "aol.com", "icloud.com", "me.com", "mac.com",
		"qq.com", "vip.qq.com", "foxmail.com", "163.com", "vip.163.com", "126.com", "vip.126.com", "yeah.net", "188.com",
		"sina.com", "sina.cn", "vip.sina.com", "sohu.com", "vip.sohu.com", "tom.com", "21cn.com", "139.com", "189.cn", "wo.cn",
		"aliyun.com", "proton.me", "protonmail.com", "gmx.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "mail.com",
		"mail.ru", "yandex.ru", "yandex.com", "zoho.com", "fastmail.com", "hey.com", "tutanota.com", "naver.com", "daum.net",
		"hanmail.net", "orange.fr", "free.fr", "laposte.net", "libero.it", "hotmail.co.uk", "hotmail.fr", "live.co.uk":
		return true
	default:
		return false
	}
}

// Phone returns a telephone number as it is stored: in E.164 ("+8613812345678")
// when it is written with a country code, after a + or 00 (ITU-T E.123 and
// E.164, at most 15 digits). A number without one stays as it was written,
// with single spaces: which country is meant is never guessed. It reports
// whether the text can be a number at all: at least three digits, and nothing
// but what people write around digits. "" can.
func Phone(s string) (string, bool) {
	s = strings.Join(strings.Fields(norm.NFKC.String(s)), " ")
	if s == "" {
		return "", true
	}
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune("+ -–.()/*#,;", r):
		case strings.ContainsRune("extEXT转分机", r): // an extension
		default:
			return s, false
		}
	}
	if full := e164(s); full != "" {
		return full, true
	}
	return s, digits >= 3
}

// e164 returns the number with its country code; "" when it has none, or when
// something in it is not plainly part of the number.
func e164(s string) string {
	s = strings.Replace(s, "(0)", "", 1) // +44 (0)20: the zero is for callers at home
	rest, plus := strings.CutPrefix(s, "+")
	if !plus {
		if rest, plus = strings.CutPrefix(s, "00"); !plus {
			return ""
		}
	}
	var b strings.Builder
	for _, r := range rest {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune(" -–.()/", r):
		default:
			return ""
		}
	}
	n := b.String()
	if len(n) < 7 || len(n) > 15 || n[0] == '0' {
		return ""
	}
	return "+" + n
}
