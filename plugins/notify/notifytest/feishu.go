package notifytest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

const feishuToken = "11111111-2222-4333-8444-555555555555"

// Feishu starts a custom bot of Feishu: signed with secret, unless that is ""; a
// request of at most 20 KB, 100 a minute and 5 a second
// (open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).
func Feishu(tb testing.TB, secret string) *Robot {
	tb.Helper()
	return open(tb, "/open-apis/bot/v2/hook/"+feishuToken, "open.feishu.cn", secret, feishu)
}

type feishuPost struct {
	Timestamp string `json:"timestamp"`
	Sign      string `json:"sign"`
	Type      string `json:"msg_type"`
	Content   struct {
		Post map[string]struct {
			Title   string `json:"title"`
			Content [][]struct {
				Tag    string `json:"tag"`
				Text   string `json:"text"`
				Href   string `json:"href"`
				UserID string `json:"user_id"`
			} `json:"content"`
		} `json:"post"`
	} `json:"content"`
}

func feishu(r *Robot, req *http.Request, body []byte) answer {
	refuse := func(code int, words string) answer {
		return said(map[string]any{"code": code, "msg": words, "data": map[string]any{}})
	}
	bad := func(words string) answer {
		a := refuse(9499, words)
		a.status = http.StatusBadRequest
		return a
	}
	var m feishuPost
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	switch {
	case req.URL.Path != "/open-apis/bot/v2/hook/"+feishuToken:
		return refuse(19001, "param invalid: incoming webhook access token invalid")
	case malformed(req, body) || len(body) > 20<<10 || strict.Decode(&m) != nil:
		return bad("Bad Request")
	case r.disabled:
		return refuse(19007, "Bot Not Enabled")
	}
	if !r.feishuSigned(m) {
		return refuse(19021, "sign match fail or timestamp is not within one hour from current time")
	}
	if r.tooOften(100, time.Minute) || r.tooOften(5, time.Second) {
		return refuse(11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]")
	}
	r.counted()
	shown, fine := m.shown()
	switch {
	case m.Type != "post" || !fine:
		return bad("Bad Request")
	case r.keyword != "" && !strings.Contains(shown.Text, r.keyword):
		return refuse(19024, "Key Words Not Found")
	}
	out := refuse(0, "success")
	out.message = shown
	return out
}

func (r *Robot) feishuSigned(m feishuPost) bool {
	if r.Secret == "" {
		return true
	}
	seconds, err := strconv.ParseInt(m.Timestamp, 10, 64)
	if err != nil || r.now().Sub(time.Unix(seconds, 0)).Abs() > time.Hour {
		return false
	}
	mac := hmac.New(sha256.New, []byte(m.Timestamp+"\n"+r.Secret))
	return m.Sign == base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// shown is how the group sees a post, and whether it is one.
func (m feishuPost) shown() (*Message, bool) {
	out := &Message{}
	for locale, post := range m.Content.Post {
		if locale != "zh_cn" && locale != "en_us" || len(post.Content) == 0 {
			return nil, false
		}
		out.Text += post.Title + "\n"
		for _, line := range post.Content {
			for _, part := range line {
				switch {
				case part.Tag == "text" && part.Text != "":
					out.Text += part.Text
				case part.Tag == "a" && part.Text != "" && strings.HasPrefix(part.Href, "http"):
					out.Text += part.Text + "(" + part.Href + ")"
				case part.Tag == "at" && part.UserID != "":
					out.Mentions = append(out.Mentions, part.UserID)
				default:
					return nil, false
				}
			}
			out.Text += "\n"
		}
	}
	return out, len(m.Content.Post) == 1
}
