package main

import (
	"fmt"
	"slices"
	"strings"
)

// maxShown is how many characters of a word agents are told.
const maxShown = 40

// texts are what agents are told, in one language. A card number is never
// repeated.
type texts struct {
	word, phone, card         string
	hidWords, hidNumbers, and string
}

func textsFor(locale string) texts {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return texts{
			word: "“%s”不能发给客户。", phone: "不能把电话号码发给客户。", card: "不能把银行卡号发给客户。",
			hidWords: "已遮盖不能外发的词", hidNumbers: "已遮盖号码", and: "，",
		}
	}
	return texts{
		word: "“%s” must not be sent to customers.", phone: "Phone numbers must not be sent to customers.", card: "Card numbers must not be sent to customers.",
		hidWords: "Words that must not be sent are covered", hidNumbers: "Numbers are covered", and: ". ",
	}
}

// refusal says why a message is not sent.
func (t texts) refusal(h hit) string {
	switch {
	case h.reason != "":
		return h.reason
	case h.kind == kindPhone:
		return t.phone
	case h.kind == kindCard:
		return t.card
	}
	shown := []rune(h.text)
	if len(shown) > maxShown {
		shown = append(shown[:maxShown-1], '…')
	}
	return fmt.Sprintf(t.word, string(shown))
}

// masked says what was covered.
func (t texts) masked(all []hit) string {
	var said []string
	add := func(s string) {
		if !slices.Contains(said, s) {
			said = append(said, s)
		}
	}
	for _, h := range all {
		switch {
		case h.reason != "":
			add(h.reason)
		case h.kind == kindWord:
			add(t.hidWords)
		default:
			add(t.hidNumbers)
		}
	}
	return strings.Join(said, t.and)
}
