package main

import (
	"strings"
	"unicode"

	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// askForPeople returns what customers say when they want a person.
func askForPeople() []string {
	return []string{
		"人工", "真人", "转客服", "找客服", "人工客服", "活人",
		"human", "agent", "operator", "representative", "real person", "talk to someone", "speak to someone", "customer service",
	}
}

// askForMenu returns what customers say when they want the menu again.
func askForMenu() []string {
	return []string{"菜单", "帮助", "返回", "menu", "help", "start", "back"}
}

// texts are the bot's own sentences in one language.
type texts struct {
	fallback    string
	handingOver string
	looking     string            // before a tool is asked
	done        string            // when a tool has nothing to tell
	asked       string            // before what the customer wrote
	reasons     map[string]string // why it gave the conversation to people
}

// textsFor returns the sentences in the customer's language: the one that is
// known, otherwise the one the customer writes, otherwise the workspace's.
func textsFor(req bot.TurnRequest) texts {
	locale := req.Locale
	if locale == "" {
		locale = req.Instance.Locale
		if said, ok := req.Said(); ok && strings.ContainsFunc(said.Content.Text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			locale = "zh"
		}
	}
	if language, _, _ := strings.Cut(strings.ToLower(locale), "-"); language == "zh" {
		return texts{
			fallback:    "抱歉，我没有听懂。请换个说法，或回复“人工”转人工客服。",
			handingOver: "正在为您转接人工客服，请稍候。",
			looking:     "请稍等，正在为您查询。",
			done:        "已完成。",
			asked:       "客户说：",
			reasons: map[string]string{
				bot.ReasonAskedForAgent: "客户要求人工。", bot.ReasonNoAnswer: "关键词机器人没有找到答案。", reasonRule: "按关键词规则转人工。", reasonTool: "关键词机器人调用的工具没有成功。",
			},
		}
	}
	return texts{
		fallback:    "Sorry, I did not understand. Please put it another way, or say “agent” for a person.",
		handingOver: "One moment: a person will take over.",
		looking:     "One moment, I am looking.",
		done:        "It is done.",
		asked:       "The customer wrote:",
		reasons: map[string]string{
			bot.ReasonAskedForAgent: "The customer asked for a person.", bot.ReasonNoAnswer: "The keyword bot found no answer.", reasonRule: "A rule of the keyword bot says so.", reasonTool: "A tool that the keyword bot used did not work.",
		},
	}
}

// Bounds of a summary.
const (
	summaryMessages = 5
	summaryLength   = 200 // characters of each
)

// summary is what the agent should know: why, and what was asked.
func (t texts) summary(history []message.Message, reason string) string {
	var said []string
	for _, m := range history {
		if text := strings.Join(strings.Fields(m.Content.Text), " "); m.Author == message.AuthorCustomer && text != "" {
			if runes := []rune(text); len(runes) > summaryLength {
				text = string(runes[:summaryLength]) + "…"
			}
			said = append(said, "- "+text)
		}
	}
	if len(said) > summaryMessages {
		said = said[len(said)-summaryMessages:]
	}
	if len(said) == 0 {
		return t.reasons[reason]
	}
	return t.reasons[reason] + "\n" + t.asked + "\n" + strings.Join(said, "\n")
}
