package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/vouchers/ledger"
)

// texts are the plugin's own sentences in one language.
type texts struct {
	chinese bool

	sentence, plainSentence                             string // for customers
	none, give, giveAgain, campaign, note, noteHint     string
	insert, colleague, bot, readOnly, pickOne           string
	noCampaign, noCustomer, badNote, reused, noDatabase string
	notAllowed, notPressed, noMethod, noParams          string
	month, given, value, nothingYet, noCampaigns        string
}

// textsFor returns the sentences of a language, of English for those there are
// none of.
func textsFor(locale string) texts {
	if language, _, _ := strings.Cut(strings.ToLower(locale), "-"); language == "zh" {
		return texts{
			chinese:  true,
			sentence: "送您一张优惠券：{code}（{value}），感谢您的支持。", plainSentence: "送您一张优惠券：{code}，感谢您的支持。",
			none: "该客户还没有优惠券。", give: "发放优惠券", giveAgain: "填入回复框", campaign: "活动", note: "备注", noteHint: "仅同事可见",
			insert: "填入", colleague: "同事", bot: "机器人", readOnly: "您没有发放优惠券的权限。", pickOne: "请选择活动",
			noCampaign: "没有这个活动。", noCustomer: "不知道是哪位客户。", badNote: "备注过长，最多 200 字。", reused: "这次操作的编号已用于另一张优惠券，请重试。",
			noDatabase: "优惠券数据库暂时无法访问，请稍后再试。", notAllowed: "您没有权限进行此操作。", notPressed: "没有这个按钮。",
			noMethod: "没有这个操作。", noParams: "请求内容无法读取。",
			month: "月份", given: "张数", value: "金额", nothingYet: "最近十二个月没有发放优惠券。", noCampaigns: "所有活动都没有剩余券码。请管理员在连接页面导入券码。",
		}
	}
	return texts{
		sentence: "Here is a voucher for you: {code} ({value}). Thank you for your patience.", plainSentence: "Here is a voucher for you: {code}. Thank you for your patience.",
		none: "This customer has no voucher yet.", give: "Give a voucher", giveAgain: "Put into the reply", campaign: "Campaign", note: "Note", noteHint: "For colleagues only",
		insert: "Insert", colleague: "a colleague", bot: "a bot", readOnly: "You may not give vouchers.", pickOne: "Choose a campaign",
		noCampaign: "There is no such campaign.", noCustomer: "It is not known which customer this is for.", badNote: "The note is too long: at most 200 characters.",
		reused: "This press was another voucher's already. Press again.", noDatabase: "The vouchers cannot be reached right now. Try again in a moment.",
		notAllowed: "You may not do this.", notPressed: "There is no such button.", noMethod: "There is nothing of this name to ask for.", noParams: "This request cannot be read.",
		month: "Month", given: "Given", value: "Value", nothingYet: "No voucher was given in the last twelve months.", noCampaigns: "No campaign has codes left. An administrator imports codes on the connection's page.",
	}
}

func (t texts) noCodes(campaign string) string {
	if t.chinese {
		return "活动“" + campaign + "”的券码已发完。"
	}
	return "The campaign “" + campaign + "” has no codes left."
}

func (t texts) over(campaign, until string) string {
	if t.chinese {
		return "活动“" + campaign + "”已于 " + until + " 结束。"
	}
	return "The campaign “" + campaign + "” ended on " + until + "."
}

func (t texts) tooMuch(upTo string) string {
	if t.chinese {
		return "超过 " + upTo + " 的优惠券须经批准。"
	}
	return "A voucher above " + upTo + " needs somebody's approval."
}

// hadOne says when a customer had a voucher, and when the next one may be given.
func (t texts) hadOne(now time.Time, zone *time.Location, e *ledger.TooSoonError) string {
	days := daysBetween(e.Last.In(zone), now.In(zone))
	if t.chinese {
		ago := "今天"
		if days > 0 {
			ago = strconv.Itoa(days) + " 天前"
		}
		return "该客户" + ago + "已得到优惠券，" + t.date(e.Until.In(zone)) + "起可再次发放。"
	}
	ago := "today"
	switch {
	case days == 1:
		ago = "yesterday"
	case days > 1:
		ago = strconv.Itoa(days) + " days ago"
	}
	return "This customer had a voucher " + ago + ". The next one may be given from " + t.date(e.Until.In(zone)) + "."
}

// daysBetween is how many midnights lie between two times of one zone.
func daysBetween(from, to time.Time) int {
	at := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(at(to).Sub(at(from)) / day)
}

func (t texts) date(at time.Time) string {
	if t.chinese {
		return fmt.Sprintf("%d年%d月%d日", at.Year(), at.Month(), at.Day())
	}
	return at.Format("2 Jan 2006")
}

func (t texts) monthName(at time.Time) string {
	if t.chinese {
		return fmt.Sprintf("%d年%d月", at.Year(), at.Month())
	}
	return at.Format("January 2006")
}

func (t texts) left(n int) string {
	if t.chinese {
		return "剩 " + strconv.Itoa(n) + " 张"
	}
	return strconv.Itoa(n) + " left"
}

// gave tells whoever gave a voucher that it was given.
func (t texts) gave(code string) string {
	if t.chinese {
		return "券码 " + code + " 已填入回复框。"
	}
	return "The code " + code + " is in the reply."
}

// by says who gave a voucher.
func (t texts) by(g ledger.Giver) string {
	switch {
	case g.Name != "":
		return g.Name
	case g.Kind == "agent":
		return t.colleague
	}
	return t.bot
}
