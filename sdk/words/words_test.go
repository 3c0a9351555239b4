package words_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/sdk/words"
)

func Example() {
	text := words.Of("我要投 诉！I WANT A ＲＥＦＵＮＤ.")
	for _, word := range []words.Word{words.New("投诉").Gapped(), words.New("refund"), words.New("fund")} {
		fmt.Println(word, word.All(text))
	}
	// Output:
	// 投诉 [{2 5}]
	// refund [{15 21}]
	// fund []
}

func TestAll(t *testing.T) {
	for _, tt := range []struct {
		word, text string
		gapped     bool
		want       string
	}{
		{"hi", "this is hi, Hi!", false, "[{8 10} {12 14}]"},
		{"hi", "hi5", false, "[]"},
		{"12315", "打12315举报", false, "[{1 6}]"},
		{"12315", "订单1231567", false, "[]"},
		{"lawyer", "我的lawyer会联系", false, "[{2 8}]"},
		{" call   my lawyer ", "I'll call  my\n\nlawyer", false, "[{5 21}]"},
		{"don't", "DON’T", false, "[{0 5}]"},
		{"投诉", "投诉投诉", false, "[{0 2} {2 4}]"},
		{"投诉", "投 诉", false, "[]"},
		{"投诉", "投 诉 投*诉 投——诉 投\u200b诉", true, "[{0 3} {4 7} {8 12} {13 16}]"},
		{"投诉", "投\u200b诉", false, "[{0 3}]"},
		{"投诉", "投，诉 投。诉 投a诉 投    诉", true, "[]"},
		{"ＶＩＰ", "vip", false, "[{0 3}]"},
		{"straße", "STRAßE", false, "[{0 6}]"},
		{"ñ", "n\u0303", false, "[]"},
		{"aa", "aaa aa", false, "[{4 6}]"},
		{"", "anything", true, "[]"},
		{" \u3000", "a b", true, "[]"},
		{"a", "", false, "[]"},
		{"İ", "i", false, "[{0 1}]"},
	} {
		word := words.New(tt.word)
		if tt.gapped {
			word = word.Gapped()
		}
		text := words.Of(tt.text)
		if got := fmt.Sprint(word.All(text)); got != tt.want {
			t.Errorf("%q in %q: %s, want %s", tt.word, tt.text, got, tt.want)
		}
		if word.In(text) != (tt.want != "[]") {
			t.Errorf("%q in %q: In says %v", tt.word, tt.text, word.In(text))
		}
	}
	if !(words.Span{1, 2}).Within(words.Span{0, 2}) || (words.Span{1, 3}).Within(words.Span{0, 2}) {
		t.Error("Within")
	}
}

// Whatever is written, places stay places.
func FuzzAll(f *testing.F) {
	f.Add("投*诉 refund", "投诉")
	f.Add("\xff\xfe", "\xff")
	f.Fuzz(func(t *testing.T, text, word string) {
		of, w := words.Of(text), words.New(word).Gapped()
		if of.Len() != utf8.RuneCountInString(text) {
			t.Fatalf("%d characters of %q", of.Len(), text)
		}
		last := 0
		for _, s := range w.All(of) {
			if s.Start < last || s.End <= s.Start || s.End > of.Len() {
				t.Fatalf("%v after %d in %q", s, last, text)
			}
			last = s.End
		}
	})
}

func BenchmarkAll(b *testing.B) {
	text, word := words.Of(strings.Repeat("长", 21_000)), words.New("投诉").Gapped()
	for b.Loop() {
		word.All(text)
	}
}
