package notifytest

import (
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

const dingtalkToken = "566cc69da782ec33e42541b09b08551f09fbe864eb8008112e994b43887"

// DingTalk starts a custom robot of DingTalk: signed with secret, unless that is
// ""; at most 20,000 bytes; 20 messages a minute, and silence for 10 minutes
// after more (open.dingtalk.com/document/orgapp/custom-robots-send-group-messages).
func DingTalk(tb testing.TB, secret string) *Robot {
	tb.Helper()
	return open(tb, "/robot/send?access_token="+dingtalkToken, "oapi.dingtalk.com", secret, dingtalk)
}

func dingtalk(r *Robot, req *http.Request, body []byte) answer {
	refuse := func(code int, words string) answer { return said(map[string]any{"errcode": code, "errmsg": words}) }
	switch {
	case req.URL.Path != "/robot/send":
		return answer{status: http.StatusNotFound}
	case req.URL.Query().Get("access_token") != dingtalkToken:
		return refuse(300005, "token is not exist")
	case malformed(req, body):
		return refuse(40035, "缺少参数 json")
	case r.disabled:
		return refuse(400102, "robot is disabled")
	}
	if words := r.signedTo(req); words != "" {
		return refuse(310000, words)
	}
	if r.now().Before(r.muted) || r.tooOften(20, time.Minute) {
		if r.muted.Before(r.now()) {
			r.muted = r.now().Add(10 * time.Minute)
		}
		return refuse(410100, "send too fast")
	}
	r.counted()
	var m struct {
		Type     string `json:"msgtype"`
		Markdown *struct {
			Title string `json:"title"`
			Text  string `json:"text"`
		} `json:"markdown"`
		At struct {
			Mobiles []string `json:"atMobiles"`
			Users   []string `json:"atUserIds"`
			All     bool     `json:"isAtAll"`
		} `json:"at"`
	}
	switch err := json.Unmarshal(body, &m); {
	case err != nil:
		return refuse(40035, "缺少参数 json")
	case m.Type != "markdown":
		return refuse(400105, "unsupported message type")
	case m.Markdown == nil || m.Markdown.Title == "" || m.Markdown.Text == "":
		return refuse(40035, "缺少参数 markdown")
	case len(body) > 20000:
		return refuse(460101, "message too long, exceed 20000 bytes")
	case r.keyword != "" && !strings.Contains(m.Markdown.Title+m.Markdown.Text, r.keyword):
		return refuse(310000, "keywords not in content, more: [https://ding-doc.dingtalk.com/]")
	}
	out := refuse(0, "ok")
	out.message = &Message{Text: m.Markdown.Text}
	for _, h := range append(m.At.Mobiles, m.At.Users...) {
		if strings.Contains(m.Markdown.Text, "@"+h) { // nobody is called whose name is not in the text
			out.message.Mentions = append(out.message.Mentions, h)
		}
	}
	return out
}

// signedTo says what is wrong with a signature; "" = nothing.
func (r *Robot) signedTo(req *http.Request) string {
	if r.Secret == "" {
		return ""
	}
	at := req.URL.Query().Get("timestamp")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || r.now().Sub(time.UnixMilli(ms)).Abs() > time.Hour {
		return "invalid timestamp"
	}
	mac := hmac.New(sha256.New, []byte(r.Secret))
	mac.Write([]byte(at + "\n" + r.Secret))
	if req.URL.Query().Get("sign") != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		return "sign not match"
	}
	return ""
}
