package phrase_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
	"github.com/patchbay-im/patchbay/plugins/notify/phrase"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
)

func none(news.Member) []string { return nil }

func TestCompose(t *testing.T) {
	lin, mo := news.Member{ID: "mem_1", Name: "林晓"}, news.Member{ID: "mem_2", Name: "Mo"}
	en, zh := phrase.For("de"), phrase.For("zh-Hans-CN")
	for _, tt := range []struct {
		in                phrase.Language
		item              news.Item
		title, text, said string
	}{
		{
			en,
			news.Item{Kind: "ticket_mention", Number: 7, Title: "Broken kettle", Text: "please look", Who: "Mo", Member: lin},
			"Patchbay: a colleague mentions you on a ticket (T-7)", "林晓: a colleague mentions you on a ticket (T-7)", "Mo: Broken kettle: please look",
		},
		{zh, news.Item{Kind: "unattended", Member: lin}, "Patchbay：客户在等待而无人在线", "林晓：客户在等待而无人在线", ""},
		{
			zh,
			news.Item{Kind: "import_done", Import: &news.Import{State: "done", Created: 3, Updated: 2, Refused: 1}, Member: mo},
			"Patchbay：你的导入已结束：新建 3，更新 2，未导入 1", "Mo：你的导入已结束：新建 3，更新 2，未导入 1", "",
		},
		{en, news.Item{Kind: "import_done", Import: &news.Import{State: "failed"}}, "Patchbay: your import could not go on", "your import could not go on", ""},
		{
			zh,
			news.Item{Kind: "plugin_state", Plugin: &news.Plugin{Name: map[string]string{"en": "Shop", "zh-CN": "商城"}, Version: "1.2.0", State: "quarantined"}},
			"Patchbay：插件 商城 1.2.0 多次异常退出，已暂停运行", "插件 商城 1.2.0 多次异常退出，已暂停运行", "",
		},
		{en, news.Item{Kind: "of_the_future", Text: strings.Repeat("长", 300), Member: mo}, "Patchbay: there is news", "Mo: there is news", strings.Repeat("长", 199) + "…"},
	} {
		got := tt.in.Compose([]news.Item{tt.item}, 0, phrase.Options{Texts: true, Handles: none})
		if got.Title != tt.title || got.Lines[0].Text != tt.text || got.Lines[0].Said != tt.said {
			t.Errorf("%s: %q, %+v", tt.item.Kind, got.Title, got.Lines)
		}
		if got := tt.in.Compose([]news.Item{tt.item}, 0, phrase.Options{Handles: none}); got.Lines[0].Said != "" {
			t.Errorf("%s: %q was told", tt.item.Kind, got.Lines[0].Said)
		}
	}
}

// TestBothLanguages: neither has a word less than the other, and each code that
// a target gives has its sentence.
func TestBothLanguages(t *testing.T) {
	en, zh := phrase.For("en"), phrase.For("zh")
	a, b := reflect.ValueOf(en).FieldByName("words"), reflect.ValueOf(zh).FieldByName("words")
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if a.Field(i).Kind() == reflect.Map {
			for _, k := range a.Field(i).MapKeys() {
				if !b.Field(i).MapIndex(k).IsValid() {
					t.Errorf("Chinese has no %s of %s", name, k)
				}
			}
		}
		if a.Field(i).IsZero() || b.Field(i).IsZero() || a.Field(i).Kind() == reflect.Map && a.Field(i).Len() != b.Field(i).Len() {
			t.Errorf("%s is not whole in both", name)
		}
	}
	for _, code := range []string{
		target.CodeBusy, target.CodeTrouble, target.CodeKey, target.CodeSignature, target.CodeKeyword, target.CodeAddress, target.CodeGone,
		target.CodeDisabled, target.CodeContent, target.CodeTooLarge, target.CodeBadRequest, target.CodeUnknown, target.CodeNotAllowed,
		target.CodeTLS, target.CodeSignIn, target.CodeSender, target.CodeRecipient,
	} {
		if code != target.CodeUnknown && (en.Problem(code) == en.Problem(target.CodeUnknown) || zh.Problem(code) == zh.Problem("nonsense")) {
			t.Errorf("%s has no sentence of its own", code)
		}
	}
}
