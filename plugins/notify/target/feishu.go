package target

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Feishu is a custom bot of a Feishu or Lark group: rich text, a request of at
// most 20 KB, 100 a minute and 5 a second, signed by a secret. Source:
// open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
type Feishu struct {
	By      Doer
	Address string // with its token
	Secret  string // "" = not signed
	Chinese bool   // the language that the text is marked with
	Now     func() time.Time
}

const feishuBytes = 15000 // of the lines as JSON

// Pace implements Target.
func (Feishu) Pace() Pace { return Pace{PerMinute: 90, Gap: 250 * time.Millisecond} }

type feishuTag struct {
	Tag    string `json:"tag"`
	Text   string `json:"text,omitempty"`
	Link   string `json:"href,omitempty"`
	UserID string `json:"user_id,omitempty"`
}

// Send implements Target.
func (f Feishu) Send(ctx context.Context, m Message) error {
	locale := "en_us"
	if f.Chinese {
		locale = "zh_cn"
	}
	request := map[string]any{"msg_type": "post", "content": map[string]any{"post": map[string]any{locale: map[string]any{
		"title": oneLine(m.Title), "content": feishuLines(m),
	}}}}
	if f.Secret != "" {
		at := strconv.FormatInt(f.Now().Unix(), 10)
		request["timestamp"], request["sign"] = at, feishuSign(at, f.Secret)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	got, err := post(ctx, f.By, f.Address, body)
	if err != nil {
		return err
	}
	var answer struct {
		Code int    `json:"code"`
		Said string `json:"msg"`
	}
	// It says with a status of 4xx, too, what is wrong.
	if json.Unmarshal(got.Body, &answer) == nil && answer.Code != 0 {
		return notDone(feishuFailure(answer.Code, answer.Said))
	}
	return read(got, &answer)
}

// feishuSign is HMAC-SHA256 over nothing, by "<seconds>\n<secret>", in base64.
func feishuSign(at, secret string) string {
	return base64.StdEncoding.EncodeToString(hmac.New(sha256.New, []byte(at+"\n"+secret)).Sum(nil))
}

func feishuLines(m Message) [][]feishuTag {
	var out [][]feishuTag
	size := 0
	for i, l := range m.Lines {
		var lines [][]feishuTag
		head := []feishuTag{{Tag: "text", Text: oneLine(l.Text)}}
		if l.Link != "" {
			head = []feishuTag{{Tag: "a", Text: oneLine(l.Text), Link: l.Link}}
		}
		if l.Note != "" {
			head = append(head, feishuTag{Tag: "text", Text: " · " + oneLine(l.Note)})
		}
		for _, h := range l.Mention {
			if handle(h) {
				head = append(head, feishuTag{Tag: "text", Text: " "}, feishuTag{Tag: "at", UserID: h})
			}
		}
		lines = append(lines, head)
		if l.Said != "" {
			lines = append(lines, []feishuTag{{Tag: "text", Text: "“" + oneLine(l.Said) + "”"}})
		}
		raw, err := json.Marshal(lines)
		if err != nil || size+len(raw) > feishuBytes {
			return append(out, []feishuTag{{Tag: "text", Text: m.More(m.Rest + len(m.Lines) - i)}})
		}
		out, size = append(out, lines...), size+len(raw)
	}
	if m.Rest > 0 {
		out = append(out, []feishuTag{{Tag: "text", Text: m.More(m.Rest)}})
	}
	return out
}

func feishuFailure(code int, words string) *Failure {
	said := strconv.Itoa(code)
	words = strings.ToLower(words)
	switch {
	case code == 11232, strings.Contains(words, "frequency limited"), strings.Contains(words, "too many request"):
		return &Failure{Sort: Later, Code: CodeBusy, After: time.Minute, Said: said}
	case code == 19021: // the signature, or a time more than an hour away
		return &Failure{Sort: Paused, Code: CodeSignature, Said: said}
	case code == 19022:
		return &Failure{Sort: Paused, Code: CodeAddress, Said: said}
	case code == 19024:
		return &Failure{Sort: Paused, Code: CodeKeyword, Said: said}
	case code == 19001 && strings.Contains(words, "token"), code == 19005: // no such bot
		return &Failure{Sort: Paused, Code: CodeKey, Said: said}
	case code == 19007, code == 10236: // it was turned off
		return &Failure{Sort: Paused, Code: CodeDisabled, Said: said}
	case code == 9499, code == 19002, code == 19001:
		return &Failure{Sort: Never, Code: CodeBadRequest, Said: said}
	default:
		return &Failure{Sort: Never, Code: CodeUnknown, Said: said}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
