package target

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// DingTalk is a custom robot of a DingTalk group: markdown, at most 20,000 bytes
// a message and 20 messages a minute (who says more is silenced for 10), signed
// by a secret. Source: open.dingtalk.com/document/orgapp/custom-robots-send-group-messages.
type DingTalk struct {
	By      Doer
	Address string // with its token
	Secret  string // "" = secured by a keyword, or by addresses
	Now     func() time.Time
}

const dingtalkBytes = 15000 // of the text; the rest is around it

// Pace implements Target.
func (DingTalk) Pace() Pace { return Pace{PerMinute: 18} }

// Send implements Target.
func (d DingTalk) Send(ctx context.Context, m Message) error {
	var mobiles, users []string
	text, told := fitted(m, dingtalkBytes, "#### "+plain(m.Title)+"\n", func(l Line) string {
		return markdown("- ", l, calls(l.Mention))
	})
	for _, l := range told {
		for _, h := range l.Mention {
			switch {
			case !handle(h):
			case mobile(h):
				mobiles = append(mobiles, h)
			default:
				users = append(users, h)
			}
		}
	}
	body, err := json.Marshal(map[string]any{
		"msgtype": "markdown", "markdown": map[string]string{"title": plain(m.Title), "text": text},
		"at": map[string]any{"atMobiles": mobiles, "atUserIds": users, "isAtAll": false},
	})
	if err != nil {
		return err
	}
	got, err := post(ctx, d.By, d.signed(), body)
	if err != nil {
		return err
	}
	var answer struct {
		Code int    `json:"errcode"`
		Said string `json:"errmsg"`
	}
	if err := read(got, &answer); err != nil {
		return err
	}
	return notDone(dingtalkFailure(answer.Code, answer.Said))
}

// signed is the address with the time and the signature that DingTalk asks for:
// HMAC-SHA256 by the secret over "<milliseconds>\n<secret>", in base64.
func (d DingTalk) signed() string {
	u, err := url.Parse(d.Address)
	if err != nil || d.Secret == "" {
		return d.Address
	}
	at := strconv.FormatInt(d.Now().UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(d.Secret))
	_, _ = mac.Write([]byte(at + "\n" + d.Secret)) // a hash takes everything
	q := u.Query()
	q.Set("timestamp", at)
	q.Set("sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	u.RawQuery = q.Encode()
	return u.String()
}

func dingtalkFailure(code int, words string) *Failure {
	said := strconv.Itoa(code)
	switch code {
	case 0:
		return nil
	case 130101, 410100, 90030: // too often: silent for up to 10 minutes
		return &Failure{Sort: Later, Code: CodeBusy, After: 10 * time.Minute, Said: said}
	case -1:
		return &Failure{Sort: Later, Code: CodeTrouble, Said: said}
	case 310000:
		return secured(words)
	case 300001, 300005, 400101, 40014, 88: // no such token
		return &Failure{Sort: Paused, Code: CodeKey, Said: said}
	case 400102: // the robot was turned off
		return &Failure{Sort: Paused, Code: CodeDisabled, Said: said}
	case 400013, 400106: // the group is no more; the robot is not in it
		return &Failure{Sort: Paused, Code: CodeGone, Said: said}
	case 430101, 430102, 430103, 430104: // links, texts, pictures, content that it does not let pass
		return &Failure{Sort: Never, Code: CodeContent, Said: said}
	case 460101: // too long
		return &Failure{Sort: Never, Code: CodeTooLarge, Said: said}
	default:
		return &Failure{Sort: Never, Code: CodeUnknown, Said: said}
	}
}

// secured is which of the robot's security settings refused: they share a code.
func secured(words string) *Failure {
	words = strings.ToLower(words)
	f := &Failure{Sort: Paused, Code: CodeSignature, Said: "310000"}
	switch {
	case strings.Contains(words, "keyword"):
		f.Code = CodeKeyword
	case strings.Contains(words, "whitelist"):
		f.Code = CodeAddress
	}
	return f
}

// calls are the mentions in the text; DingTalk wants each there, too.
func calls(handles []string) string {
	var out []string
	for _, h := range handles {
		if handle(h) {
			out = append(out, "@"+h)
		}
	}
	return strings.Join(out, " ")
}

// mobile reports whether a handle is a mobile number and not a user's id.
func mobile(h string) bool {
	return regexp.MustCompile(`^(\+[0-9]{1,3}-?)?1?[0-9]{10,12}$`).MatchString(h)
}
