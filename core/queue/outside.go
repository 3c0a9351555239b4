package queue

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/markup"
)

// Do is what happens to a customer who comes while a queue is closed. They are
// told when it opens in any case.
type Do string

// What can happen.
const (
	Message  Do = "message"  // they wait until it opens
	Callback Do = "callback" // they wait, there is a ticket for the queue's team, and who cannot be reached is asked how
	Pass     Do = "overflow" // they wait in the overflow queue, if that one is open
)

// Outside is what happens outside a queue's hours.
type Outside struct {
	Do    Do                // "" = Message
	Texts map[string]string // what customers are told, by locale, with {{variables}}; a locale without one has ours
}

// Does returns what happens.
func (o Outside) Does() Do { return cmp.Or(o.Do, Message) }

func (o Outside) equal(other Outside) bool {
	return o.Does() == other.Does() && maps.Equal(o.Texts, other.Texts)
}

// MaxOutside bounds a text, in characters.
const MaxOutside = 2000

// The locales that customers are told in.
const (
	English = "en"
	Chinese = "zh-CN"
)

// OpensAt is the variable that says when the queue opens.
const OpensAt = "queue.opens_at"

// OurTexts are what customers are told by who wrote nothing, by locale.
func OurTexts() map[string]string {
	return map[string]string{
		English: "Thank you for your message. We are closed at the moment and will answer you when we are back: {{queue.opens_at}}.",
		Chinese: "您好，现在是非服务时间，您的消息我们已经收到，恢复服务后会尽快回复您。恢复服务时间：{{queue.opens_at}}。",
	}
}

// asks is what who cannot be reached is asked beside, by locale.
func asks() map[string]string {
	return map[string]string{
		English: "Please leave us an e-mail address or a phone number, so that we can reach you.",
		Chinese: "请留下您的邮箱或电话，方便我们与您联系。",
	}
}

// Ask returns the text that asks a customer how they can be reached.
func Ask(locale string) string { return asks()[locale] }

// OutsideVariables lists what can stand in a text as {{name}}.
func OutsideVariables() []string {
	return []string{"contact.first_name", "contact.name", "conversation.number", "inbox.name", OpensAt, "workspace.name"}
}

// Text is what a customer is told in a locale, with the variables filled in.
func (o Outside) Text(locale string, variables map[string]string) string {
	return markup.Fill(cmp.Or(strings.TrimSpace(o.Texts[locale]), OurTexts()[locale]), variables)
}

// OpeningText says an opening time, in the zone that it is in, as people of a
// locale do; the zero time is one that nobody knows.
func OpeningText(at time.Time, locale string) string {
	if at.IsZero() {
		if locale == Chinese {
			return "另行通知"
		}
		return "we will let you know when"
	}
	zone := "UTC" + at.Format("-07:00")
	if hours, even := strings.CutSuffix(zone, ":00"); even {
		zone = strings.NewReplacer("+0", "+", "-0", "-").Replace(hours)
	}
	if locale != Chinese {
		return at.Format("Monday, 2 January, 15:04") + " (" + zone + ")"
	}
	if name := at.Location().String(); name == "Asia/Shanghai" || name == "PRC" {
		zone = "北京时间"
	}
	day := []string{"日", "一", "二", "三", "四", "五", "六"}[at.Weekday()]
	return fmt.Sprintf("%d月%d日（周%s）%s（%s）", at.Month(), at.Day(), day, at.Format("15:04"), zone)
}

// outside refuses what cannot happen outside hours.
func (w *wrong) outside(p Plan) Outside {
	out := Outside{Do: p.Outside.Do}
	switch {
	case !slices.Contains([]Do{Message, Callback, Pass}, out.Does()):
		w.Refuse("/outside/do", "enum", "is message, callback or overflow")
	case out.Do == Pass && p.Overflow.Queue == "":
		w.Refuse("/outside/do", "no_overflow", "needs an overflow queue")
	}
	for _, locale := range slices.Sorted(maps.Keys(p.Outside.Texts)) {
		at := "/outside/texts/" + locale
		if _, known := OurTexts()[locale]; !known {
			w.Refuse(at, "locale", "is in English (en) or Chinese (zh-CN)")
			continue
		}
		text := w.Text(at, strings.TrimSpace(p.Outside.Texts[locale]), MaxOutside, true)
		if name := markup.Unfilled(text, OutsideVariables()); name != "" {
			w.Refuse(at, "variable", "names {{"+name+"}}, which nobody fills in")
		}
		if text == "" {
			continue
		}
		if out.Texts == nil {
			out.Texts = map[string]string{}
		}
		out.Texts[locale] = text
	}
	return out
}
