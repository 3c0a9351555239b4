package charset_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/patchbay-im/patchbay/plugins/email/charset"
)

// samples has a text for every script that the charsets write.
func samples() map[string][]string {
	return map[string][]string{
		"你好，我的订单还没有到。":            {"gb2312", "gbk", "gb18030", "hz-gb-2312", "utf-8", "utf-16le", "utf-16be"},
		"您好，我的訂單還沒有到。":            {"big5", "gb18030"},
		"注文がまだ届きません。":             {"iso-2022-jp", "shift_jis", "euc-jp"},
		"주문이 아직 도착하지 않았습니다.":      {"euc-kr", "ks_c_5601-1987"},
		"Мой заказ ещё не пришёл": {"koi8-r", "windows-1251", "iso-8859-5", "ibm866", "x-mac-cyrillic"},
		"Замовлення ще їде":       {"koi8-u", "windows-1251"},
		"Grüße, weiß schön café":  {"iso-8859-1", "iso-8859-15", "windows-1252", "iso-8859-9", "windows-1254", "ibm850", "ibm437", "macintosh"},
		"Zażółć gęślą jaźń":       {"iso-8859-2", "windows-1250", "iso-8859-16", "ibm852"},
		"Ħaġa":                    {"iso-8859-3"},
		"Ačiū, dėl užsakymo":      {"iso-8859-4", "iso-8859-13", "windows-1257"},
		"Η παραγγελία μου":        {"iso-8859-7", "windows-1253"},
		"ההזמנה שלי":              {"iso-8859-8", "windows-1255"},
		"طلبي لم يصل":             {"iso-8859-6", "windows-1256"},
		"คำสั่งซื้อของฉัน":        {"windows-874"},
		"Ðað er gott að sjá":      {"iso-8859-10"},
		"Ŵyth cŵn":                {"iso-8859-14"},
		"Tiếng Vi\u1ec7t":         {"utf-8"},
	}
}

func encode(t *testing.T, name, text string) []byte {
	t.Helper()
	if name == "hz-gb-2312" {
		b, err := simplifiedchinese.HZGB2312.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		e, err = ianaindex.IANA.Encoding(name)
	}
	if err != nil || e == nil {
		t.Fatalf("no encoder for %s: %v", name, err)
	}
	b, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

func TestDeclared(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for text, names := range samples() {
		for _, name := range names {
			seen[name] = true
			for _, label := range []string{name, strings.ToUpper(name), ` "` + name + `"`} {
				if got, _ := charset.Decode(label, encode(t, name, text)); got != text {
					t.Errorf("%q: %q, want %q", label, got, text)
				}
			}
			if !charset.Known(name) {
				t.Errorf("%s is not known", name)
			}
		}
	}
	if len(seen) < 38 {
		t.Errorf("only %d charsets are tried", len(seen))
	}
}

// Four bytes labelled GB2312: the label of nearly all Chinese mail, whatever is
// in it.
func TestGB18030UnderTheLabelsOfItsSubsets(t *testing.T) {
	t.Parallel()
	text := "龙𠮷与㐀"
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"gb2312", "GBK", "x-gbk", "cp936", "ms936", "EUC-CN", "gb18030"} {
		if got, used := charset.Decode(label, b); got != text || used != "gb18030" {
			t.Errorf("%s: %q as %s", label, got, used)
		}
	}
}

func TestUndeclared(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"gb18030":      "你好，我的订单还没有到，请帮我看一下。谢谢！",
		"utf-8":        "你好，我的订单",
		"shift_jis":    "ご注文はまだ届いていませんので、ごかくにんください",
		"euc-jp":       "ご注文はまだ届いていませんので、ごかくにんください",
		"big5":         "您好，我的訂單還沒有到，請幫我查詢一下，謝謝您",
		"windows-1251": "Здравствуйте, мой заказ ещё не пришёл",
		"koi8-r":       "здравствуйте, мой заказ до сих пор не пришел",
		"windows-1252": "Grüße aus Köln, schöne Woche",
		"iso-2022-jp":  "注文がまだ",
	}
	for name, text := range cases {
		b := encode(t, name, text)
		for _, label := range []string{"", "us-ascii", "x-unknown", "no-such-charset"} {
			if got, used := charset.Decode(label, b); got != text || used != name {
				t.Errorf("%s under %q: %q as %s", name, label, got, used)
			}
		}
	}
}

func TestWrongLabels(t *testing.T) {
	t.Parallel()
	cases := []struct{ label, from, text string }{
		{"utf-8", "gb18030", "您好，我的订单还没有到货"},
		{"iso-8859-1", "utf-8", "您好"},
		{"windows-1252", "utf-8", "Grüße"},
		{"us-ascii", "gb18030", "请问我的快递什么时候能到"},
		{"charset=utf-8", "utf-8", "您好"},
		{"utf-8*zh", "utf-8", "您好"},
		{"cp-850", "ibm850", "Grüße"},
		{"iso8859_15", "iso-8859-15", "5 €"},
		{"cp1251", "windows-1251", "заказ"},
	}
	for _, c := range cases {
		if got, _ := charset.Decode(c.label, encode(t, c.from, c.text)); got != c.text {
			t.Errorf("%s labelled %s: %q", c.from, c.label, got)
		}
	}
}

func TestSevenBits(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Hi Mom +Jjo-!":   "Hi Mom ☺!",
		"+ZeVnLIqe-":      "日本語",
		"1 +- 1":          "1 + 1",
		"a+!b":            "a+!b",
		"unfinished +ZeU": "unfinished 日",
	} {
		if got, _ := charset.Decode("utf-7", []byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	euc := encode(t, "euc-kr", "안녕")
	seven := []byte("\x1b$)C\x0e")
	for _, c := range euc {
		seven = append(seven, c&0x7f)
	}
	seven = append(seven, "\x0f ok"...)
	if got, _ := charset.Decode("iso-2022-kr", seven); got != "안녕 ok" {
		t.Errorf("iso-2022-kr: %q", got)
	}
}

func TestUTF8CutInTheMiddleStaysUTF8(t *testing.T) {
	t.Parallel()
	b := []byte("您好，我的订单还没有到")
	got, used := charset.Decode("utf-8", b[:len(b)-1])
	if used != "utf-8" || !strings.HasPrefix(got, "您好，我的订单还没有") {
		t.Errorf("%q as %s", got, used)
	}
}

func FuzzDecode(f *testing.F) {
	for text := range samples() {
		f.Add("utf-8", []byte(text))
		f.Add("gb2312", []byte(text))
	}
	f.Add("utf-7", []byte("+Jjo-"))
	f.Add("iso-2022-kr", []byte("\x1b$)C\x0e0!"))
	f.Fuzz(func(t *testing.T, label string, b []byte) {
		text, used := charset.Decode(label, b)
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			t.Fatalf("not a text: %q", text)
		}
		if used == "" {
			t.Fatal("nothing used")
		}
	})
}
