package mailcorpus

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// tongue is a language with a charset that writes it.
type tongue struct{ charset, name, text string }

// tongues are forty charsets of real mail, some of them under several labels.
func tongues() []tongue {
	group := func(name, text string, charsets ...string) []tongue {
		var out []tongue
		for _, c := range charsets {
			out = append(out, tongue{c, name, text})
		}
		return out
	}
	var all []tongue
	for _, g := range [][]tongue{
		group("李雷", "你好，我的订单还没有到，请帮我看一下。", "gb2312", "gbk", "gb18030", "hz-gb-2312", "utf-8", "cp936"),
		group("李𠮷", "龙𠮷与㐀，我的订单还没有到。", "x-gbk"), // four bytes each, labelled as none has them
		group("陳大文", "您好，我的訂單還沒有到，請幫我查詢。", "big5", "big5-hkscs", "utf-8"),
		group("山田太郎", "注文がまだ届きません。確認してください。", "iso-2022-jp", "shift_jis", "euc-jp", "cp932"),
		group("김철수", "주문이 아직 도착하지 않았습니다.", "euc-kr", "ks_c_5601-1987"),
		group("Иван Петров", "Мой заказ ещё не пришёл, проверьте, пожалуйста.", "koi8-r", "windows-1251", "iso-8859-5", "ibm866", "x-mac-cyrillic"),
		group("Олена", "Замовлення ще їде", "koi8-u"),
		group("Jörg Weiß", "Grüße, meine Bestellung ist noch nicht da. Schöne Woche!", "iso-8859-1", "iso-8859-15", "windows-1252", "iso-8859-9", "windows-1254", "ibm850", "ibm437", "macintosh"),
		group("Łukasz", "Zażółć gęślą jaźń, zamówienie nie dotarło", "iso-8859-2", "windows-1250", "iso-8859-16", "ibm852"),
		group("Ġorġ", "Ħaġa waħda", "iso-8859-3"),
		group("Žydrė", "Ačiū, dėl užsakymo", "iso-8859-4", "iso-8859-13", "windows-1257"),
		group("Νίκος", "Η παραγγελία μου δεν ήρθε", "iso-8859-7", "windows-1253"),
		group("דוד", "ההזמנה שלי לא הגיעה", "iso-8859-8", "windows-1255"),
		group("أحمد", "طلبي لم يصل بعد", "iso-8859-6", "windows-1256"),
		group("สมชาย", "คำสั่งซื้อของฉันยังไม่มา", "windows-874", "tis-620"),
		group("Sjöfn", "Ðað er gott að sjá", "iso-8859-10"),
		group("Siôn", "Ŵyth cŵn", "iso-8859-14"),
	} {
		all = append(all, g...)
	}
	return all
}

// Charsets are the labels under which the corpus writes.
func Charsets() []string {
	var out []string
	for _, t := range tongues() {
		out = append(out, t.charset)
	}
	return out
}

type person struct {
	tongue
	email string
}

func (c *Corpus) person() person {
	all := tongues()
	c.serial++
	return person{all[c.serial%len(all)], fmt.Sprintf("p%d@%s", c.serial, pick(c, []string{"gmail.example", "qq.example", "163.example", "outlook.example", "firma.example"}))}
}

// field is the person as From says it.
func (p person) field() string {
	return fmt.Sprintf("%s <%s>", p.word(p.name), p.email)
}

// word is an encoded word in the person's charset.
func (t tongue) word(s string) string {
	return "=?" + t.charset + "?B?" + base64.StdEncoding.EncodeToString(t.bytes(s)) + "?="
}

// bytes encodes a text. What the charset does not have becomes "?", so that
// texts here are chosen to fit.
func (t tongue) bytes(s string) []byte {
	b, err := encoding.ReplaceUnsupported(encoder(t.charset).NewEncoder()).Bytes([]byte(s))
	if err != nil {
		return []byte(s)
	}
	return b
}

func encoder(label string) encoding.Encoding {
	switch label {
	case "x-gbk":
		return simplifiedchinese.GB18030
	case "cp936":
		return simplifiedchinese.GBK
	case "hz-gb-2312":
		return simplifiedchinese.HZGB2312
	case "cp932":
		label = "shift_jis"
	}
	if e, err := htmlindex.Get(label); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.IANA.Encoding(label); err == nil && e != nil {
		return e
	}
	return encoding.Nop
}

// wrapped is base64 in lines.
func wrapped(b []byte) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out []string
	for len(s) > 76 {
		out, s = append(out, s[:76]), s[76:]
	}
	return strings.Join(append(out, s), "\r\n")
}
