package target

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// WeCom is a group robot of WeCom (企业微信群机器人): markdown of at most 4,096
// bytes, 20 messages a minute. Source: developer.work.weixin.qq.com/document/path/91770,
// its errors path/90313.
type WeCom struct {
	By      Doer
	Address string // with its key
}

const wecomBytes = 4096

// Pace implements Target.
func (WeCom) Pace() Pace { return Pace{PerMinute: 18} }

// Send implements Target.
func (w WeCom) Send(ctx context.Context, m Message) error {
	text, _ := fitted(m, wecomBytes, "**"+plain(m.Title)+"**\n", func(l Line) string {
		return markdown("", l, angled(l.Mention))
	})
	body, err := json.Marshal(map[string]any{"msgtype": "markdown", "markdown": map[string]string{"content": text}})
	if err != nil {
		return err
	}
	got, err := post(ctx, w.By, w.Address, body)
	if err != nil {
		return err
	}
	var answer struct {
		Code int `json:"errcode"`
	}
	if err := read(got, &answer); err != nil {
		return err
	}
	return notDone(wecomFailure(answer.Code))
}

func wecomFailure(code int) *Failure {
	said := strconv.Itoa(code)
	switch code {
	case 0:
		return nil
	case 45009, 45033: // too often; too many at once
		return &Failure{Sort: Later, Code: CodeBusy, After: time.Minute, Said: said}
	case -1: // busy
		return &Failure{Sort: Later, Code: CodeTrouble, Said: said}
	case 93000: // no such robot, or it was removed from the group
		return &Failure{Sort: Paused, Code: CodeKey, Said: said}
	case 93004: // the robot was turned off
		return &Failure{Sort: Paused, Code: CodeDisabled, Said: said}
	case 93008: // it is not in the group
		return &Failure{Sort: Paused, Code: CodeGone, Said: said}
	case 60020: // this server's address is not allowed
		return &Failure{Sort: Paused, Code: CodeAddress, Said: said}
	case 45002, 40058: // too long
		return &Failure{Sort: Never, Code: CodeTooLarge, Said: said}
	default:
		return &Failure{Sort: Never, Code: CodeUnknown, Said: said}
	}
}

// markdown is a line of the markup that WeCom and DingTalk share.
func markdown(mark string, l Line, mentions string) string {
	text := plain(l.Text)
	if l.Link != "" {
		text = "[" + text + "](" + link(l.Link) + ")"
	}
	out := mark + text
	if l.Note != "" {
		out += " · " + plain(l.Note)
	}
	if mentions != "" {
		out += " " + mentions
	}
	out += "\n"
	if l.Said != "" {
		out += "> " + plain(l.Said) + "\n"
	}
	return out
}

// link keeps an address from ending its own markup.
func link(s string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", "|", "%7C").Replace(s)
}

// angled are mentions as WeCom and Slack write them.
func angled(handles []string) string {
	var out []string
	for _, h := range handles {
		if handle(h) {
			out = append(out, "<@"+h+">")
		}
	}
	return strings.Join(out, " ")
}

// handle reports whether a name may stand in markup. Nobody calls everybody.
func handle(h string) bool {
	return regexp.MustCompile(`^\+?[A-Za-z0-9][A-Za-z0-9_.@=+-]{0,63}$`).MatchString(h) && !strings.EqualFold(h, "all")
}
