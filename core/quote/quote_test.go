package quote_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/quote"
)

// said is our message that the replies below repeat.
const said = "Your order has left the warehouse.\nIt will be with you on Friday.\n\nKind regards\nSupport"

// talk is a conversation in which nothing was folded.
func talk(texts ...string) []quote.Folded {
	var out []quote.Folded
	for _, s := range texts {
		out = append(out, quote.Folded{New: s})
	}
	return out
}

func TestText(t *testing.T) {
	t.Parallel()
	const quoted = "> Your order has left the warehouse.\n> It will be with you on Friday."
	const bare = "Your order has left the warehouse.\nIt will be with you on Friday.\n\nKind regards\nSupport"
	for name, c := range map[string]struct{ in, want string }{
		"no quote":         {"Thank you!\n\nAnn", "Thank you!\n\nAnn"},
		"gmail":            {"Thank you!\n\nOn Mon, Nov 23, 2026 at 9:30 AM Support <support@shop.example> wrote:\n\n" + quoted, "Thank you!"},
		"gmail, broken":    {"Thank you!\n\nOn Mon, Nov 23, 2026 at 9:30 AM Support\n<support@shop.example>\nwrote:\n\n" + quoted, "Thank you!"},
		"apple mail":       {"Thank you!\n\nSent from my iPhone\n\n> On 23 Nov 2026, at 09:30, Support <support@shop.example> wrote:\n> \n" + quoted, "Thank you!"},
		"german":           {"Danke!\n\nAm 23.11.2026 um 09:30 schrieb Support:\n" + quoted, "Danke!"},
		"french":           {"Merci !\n\nLe lun. 23 nov. 2026 à 09:30, Support <s@shop.example> a écrit :\n" + quoted, "Merci !"},
		"chinese gmail":    {"谢谢！\n\nSupport <support@shop.example> 于2026年11月23日周一 09:30写道：\n\n" + quoted, "谢谢！"},
		"chinese apple":    {"谢谢！\n\n发自我的iPhone\n\n> 在 2026年11月23日，09:30，Support <support@shop.example> 写道：\n> \n" + quoted, "谢谢！"},
		"163":              {"谢谢！\n\n\n在 2026-11-23 09:30:00，\"Support\" <support@shop.example> 写道：\n" + quoted, "谢谢！"},
		"163 in English":   {"Thanks\nAt 2026-11-23 09:30:00, \"Support\" <support@shop.example> wrote:\n" + strings.ReplaceAll(quoted, "> ", ">"), "Thanks"},
		"qq":               {"谢谢！\n\n\n------------------ 原始邮件 ------------------\n发件人: \"Support\" <support@shop.example>;\n发送时间: 2026年11月23日(星期一) 上午9:30\n收件人: \"Ann\"<ann@x.example>;\n主题: Re: 订单\n\n" + bare, "谢谢！"},
		"foxmail":          {"谢谢！\n\n\n\nann@x.example\n \n发件人： Support\n发送时间： 2026-11-23 09:30\n收件人： ann\n主题： Re: 订单\n" + bare, "谢谢！\n\n\n\nann@x.example"},
		"outlook":          {"Thank you!\n\n-----Original Message-----\nFrom: Support <support@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n" + bare, "Thank you!"},
		"outlook web":      {"Thank you!\n________________________________\nFrom: Support <support@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n" + bare, "Thank you!"},
		"outlook, German":  {"Danke!\n\nVon: Support <support@shop.example>\nGesendet: Montag, 23. November 2026 09:30\nAn: Ann\nBetreff: AW: Bestellung\n\n" + bare, "Danke!"},
		"signature":        {"Thank you!\n\n-- \nAnn Example\nPhone 123", "Thank you!"},
		"signature, quote": {"Thank you!\n\n-- \nAnn\n\nOn 23 Nov 2026 Support wrote:\n" + quoted, "Thank you!"},
		"device":           {"谢谢\n\n发自我的 iPhone", "谢谢"},
	} {
		got := quote.Read(c.in).Fold(talk(said)...)
		if got.New != c.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got.New, c.want)
		}
		if (got.Rest == "") != (c.want == c.in) {
			t.Errorf("%s: rest %q", name, got.Rest)
		}
	}
}

// What a person has written is never folded.
func TestTextThatMustBeSeen(t *testing.T) {
	t.Parallel()
	const head = "From: Support <support@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n"
	for name, c := range map[string]struct{ in, see string }{
		"below the quote":              {"On 23 Nov 2026 Support wrote:\n> It will be with you on Friday.\n\nNo, I am away on Friday.", "No, I am away on Friday."},
		"between quotes":               {"> Your order has left the warehouse.\n\nWhich one?\n\n> It will be with you on Friday.\n\nGood.\n\n> Kind regards", "Which one? Good."},
		"below an original":            {head + said + "\n\nI am away on Friday.", "I am away on Friday."},
		"within an original":           {"See my answers below.\n\n" + head + "Your order has left the warehouse.\nWhich one?\nIt will be with you on Friday.", "Which one?"},
		"within a quote":               {"Hi\n\n> Your order has left the warehouse.\n> Which one do you mean?\n> It will be with you on Friday.", "Which one do you mean?"},
		"only a quote":                 {"> It will be with you on Friday.", "> It will be with you on Friday."},
		"forwarded":                    {"FYI\n\n---------- Forwarded message ---------\nFrom: Boss <b@x.example>\nDate: Mon, Nov 23, 2026\nSubject: refund\nTo: Ann\n\nAsk them for the money.", "Ask them for the money."},
		"forwarded without a word":     {"FYI\n\nFrom: Boss <b@x.example>\nSent: Monday\nTo: Ann\nSubject: refund\n\nAsk them for the money.", "Ask them for the money."},
		"a long text below two dashes": {"A\n--\n1\n2\n3\n4\n5\n6\n7", "7"},
		"wrote at the end":             {"Please look at what Ann wrote on 23 Nov:", "Please look at what Ann wrote on 23 Nov:"},
		"text after an attribution":    {"On Monday 23 Ann wrote:\nplease refund me", "please refund me"},
		"below a signature's quote":    {"Hi\n\n> quoted\n\nAnswer\n-- \nAnn", "Answer"},
	} {
		got := quote.Read(c.in).Fold(talk(said)...)
		for w := range strings.FieldsSeq(c.see) {
			if !strings.Contains(got.New, w) {
				t.Errorf("%s: %q is folded: new %q, rest %q", name, c.see, got.New, got.Rest)
				break
			}
		}
	}
}

// Without a conversation nothing but marks counts: an original without marks is
// news.
func TestFirstMailOfAConversation(t *testing.T) {
	t.Parallel()
	in := "Please answer this.\n\nFrom: Boss <b@x.example>\nSent: Monday\nTo: Ann\nSubject: refund\n\nAsk them for the money."
	if got := quote.Read(in).Fold(); got.New != in || got.Rest != "" {
		t.Errorf("%+v", got)
	}
}

// What is known is known in its order: words of an answer stand in what is
// answered, too.
func TestAnswersInTheWordsOfTheQuestion(t *testing.T) {
	t.Parallel()
	const question = "Do you want the chair in red or in blue?\nAnd when shall it come?\nMonday or Friday\nKind regards\nSupport"
	const head = "From: Support <support@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n"
	for name, c := range map[string]struct{ in, last string }{
		"a word of the line above":  {head + "Do you want the chair in red or in blue?\nblue\nAnd when shall it come?\nMonday or Friday\nKind regards\nSupport", "blue"},
		"the end of the line above": {head + "Do you want the chair in red or in blue?\nin blue?\nAnd when shall it come?\nMonday or Friday\nKind regards\nSupport", "in blue?"},
		"a word of the line below":  {head + "Do you want the chair in red or in blue?\nAnd when shall it come?\nFriday\nMonday or Friday\nKind regards\nSupport", "Friday"},
		"the line below begins so":  {head + "Do you want the chair in red or in blue?\nAnd when shall it come?\nMonday,\n" + "Monday, or Friday\nKind regards\nSupport", "Monday,"},
		"above the original":        {head + "blue\n\n" + question, "blue"},
		"below the original":        {head + question + "\nblue, Friday", "blue, Friday"},
		"a header of one's own":     {head + "Do you want the chair in red or in blue?\nAnd when shall it come?\nDate: Friday\nKind regards\nSupport", "Date: Friday"},
		"into a marked quote":       {"See below\n\n> Do you want the chair in red or in blue?\n> blue\n> And when shall it come?\n> Monday or Friday", "> blue"},
		"all over again":            {head + question + "\nDo you want the chair in red or in blue?\nyes", "yes"},
		"a link of one's own":       {head + "Do you want the chair in red or in blue? <https://evil.example/>\nAnd when shall it come?", "<https://evil.example/>"},
		"a sentence, then a quote":  {"On 23 Nov 2026 I ordered a chair.\nSupport <s@shop.example> wrote:\n> " + strings.ReplaceAll(question, "\n", "\n> "), "On 23 Nov 2026 I ordered a chair."},
	} {
		got := quote.Read(c.in).Fold(talk(question, "I want a chair")...)
		if !strings.Contains(got.New+"\n", c.last+"\n") {
			t.Errorf("%s: folded: new %q, rest %q", name, got.New, got.Rest)
		}
	}
}

// What programs and servers do to our texts does not make them new.
func TestOriginalsThatWereChanged(t *testing.T) {
	t.Parallel()
	const ours = "Hello Ann,\nyour order is on its way. Follow it at https://shop.example/orders/5 or write to support@shop.example, we’re here.\n- one chair\n\nKind regards\nSupport"
	const head = "Thanks!\n\nFrom: Support <support@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n"
	for name, in := range map[string]string{
		"lines broken anew":    strings.ReplaceAll(ours, "Follow ", "Follow\n"),
		"marks and blanks":     strings.ReplaceAll(strings.ReplaceAll(ours, "\n", "\n\n\u00a0\n"), "’", "'"),
		"bold":                 strings.ReplaceAll(ours, "Kind regards", "*Kind regards*"),
		"addresses repeated":   strings.ReplaceAll(strings.ReplaceAll(ours, "support@shop.example", "support@shop.example<mailto:support@shop.example>"), "orders/5", "orders/5<https://shop.example/orders/5>"),
		"links over Microsoft": strings.ReplaceAll(ours, "https://shop.example/orders/5", "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fshop.example%2Forders%2F5&data=05%7C02&reserved=0"),
		"links over a server":  strings.ReplaceAll(ours, "https://shop.example/orders/5", "https://urldefense.com/v3/__https://shop.example/orders/5__;!!abc$"),
		"a device":             ours + "\n\nGet Outlook for iOS<https://aka.ms/o0ukef>",
		"two of ours":          ours + "\n\n________________________________\nFrom: Ann <a@x.example>\nSent: Sunday, November 22, 2026 9:30 AM\nTo: Support <support@shop.example>;\n\"Boss\" <boss@shop.example>\nSubject: order\n\nI want a chair",
		"headers apart":        ours + "\n\n发件人: Ann\n\n发送时间: 2026年11月22日\n\n收件人: Support\n\n主题: order\n\nI want a chair",
		"a table of headers":   ours + "\n\n---- 回复的原邮件 ----\n| 发件人 | Ann<a@x.example> |\n| 发送日期 | 2026年11月22日 09:30 |\n| 收件人 | Support |\n| 主题 | order |\nI want a chair",
	} {
		if got := quote.Read(head + in).Fold(talk("OK", ours, "I want a chair")...); got.New != "Thanks!" || !strings.Contains(squeezed(got.Rest), "Support") {
			t.Errorf("%s:\n got %q\nrest %q", name, got.New, got.Rest)
		}
	}
}

func TestAsks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"hello": false, "hi\n-- \nAnn": false, "hi\n> you": true, "hi\nFrom: a\nTo: b\nDate: c\nx": true} {
		if got := quote.Read(in).Asks(); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

// bombs are texts that are dear to read, beside conversations.
func bombs() map[string][2]string {
	long := strings.Repeat("a", 250<<10)
	head := "From: a\nTo: b\nDate: c\n"
	return map[string][2]string{
		"lines":        {strings.Repeat("> It will be with you\n", 200_000) + "seen", strings.Repeat("a b c ", 1<<18)},
		"one letter":   {head + strings.Repeat("a\n", 4_900), long},
		"long lines":   {head + strings.Repeat(strings.Repeat("a", 50)+"\n", 4_900), long},
		"nearly":       {head + strings.Repeat(strings.Repeat("a", 50)+"b\n", 4_900), long},
		"a long line":  {head + strings.Repeat("a\n", 20) + strings.Repeat("b\n", 1_000) + strings.Repeat("a", 200<<10), long},
		"headers":      {strings.Repeat("From: a\n", 4_900), long},
		"dashes":       {strings.Repeat("-- \n", 4_900), long},
		"attributions": {strings.Repeat("On 2026 9:30\n", 4_900), long},
		"links":        {head + strings.Repeat(strings.Repeat("a <http://a> ", 4)+"\n", 4_900), long},
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()
	for name, b := range bombs() {
		if got := quote.Read(b[0]).Fold(talk(b[1])...); got.New == "" {
			t.Errorf("%s: nothing is new", name)
		}
	}
}

func BenchmarkFold(b *testing.B) {
	mail := "Thank you!\n\n-----Original Message-----\nFrom: Support <support@shop.example>\nSent: Monday\nTo: Ann\nSubject: RE: order\n\n" + said
	texts := make([]string, 20)
	for i := range texts {
		texts[i] = strings.Repeat("What was said before, in more words. ", 20)
	}
	texts[0] = said
	b.Run("a reply, read", func(b *testing.B) {
		for b.Loop() {
			quote.Read(mail)
		}
	})
	b.Run("a reply, folded", func(b *testing.B) {
		for text := quote.Read(mail); b.Loop(); {
			text.Fold(talk(texts...)...)
		}
	})
	for name, bomb := range bombs() {
		b.Run(name+", read", func(b *testing.B) {
			for b.Loop() {
				quote.Read(bomb[0])
			}
		})
		b.Run(name+", folded", func(b *testing.B) {
			for text := quote.Read(bomb[0]); b.Loop(); {
				text.Fold(talk(bomb[1])...)
			}
		})
	}
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }

// Nothing is lost, whatever is folded; and without marks nothing is folded that
// was not said.
func FuzzFold(f *testing.F) {
	f.Add("Thank you!\n\nOn 23 Nov 2026 Support wrote:\n> x\n-- \nAnn", said)
	f.Add("a\n\n-----Original Message-----\nFrom: a\nSent: b\nTo: c\nIt will be with you on Friday.", said)
	f.Add("a\nFrom: a\nSent: b\nTo: c\nred,\n"+"red, or blue\n", "red, or blue")
	f.Fuzz(func(t *testing.T, in, known string) {
		text := quote.Read(in)
		got := text.Fold(talk(known, said)...)
		if strings.TrimSpace(in) != "" && strings.TrimSpace(got.New) == "" {
			t.Fatalf("nothing is new: %+v", got)
		}
		if squeezed(got.New+"\n"+got.Rest) != squeezed(in) {
			t.Fatalf("%q became %+v", in, got)
		}
		if marks := text.Fold(); strings.ContainsAny(marks.Rest, ">＞") || strings.Contains(in, "--") || strings.Contains(in, "—") {
			return
		}
		if rest := text.Fold().Rest; rest != "" && text.Asks() && !strings.ContainsAny(rest, ">＞:：") {
			t.Fatalf("%q: folded without a mark: %q", in, rest)
		}
	})
}
