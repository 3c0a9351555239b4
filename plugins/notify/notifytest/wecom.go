package notifytest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
	"time"
)

const wecomKey = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"

// WeCom starts a group robot of WeCom: markdown of 1 to 4,096 bytes, 20 messages
// a minute (developer.work.weixin.qq.com/document/path/91770).
func WeCom(tb testing.TB) *Robot {
	tb.Helper()
	return open(tb, "/cgi-bin/webhook/send?key="+wecomKey, "qyapi.weixin.qq.com", "", wecom)
}

func wecom(r *Robot, req *http.Request, body []byte) answer {
	refuse := func(code int, words string) answer { return said(map[string]any{"errcode": code, "errmsg": words}) }
	switch {
	case req.URL.Path != "/cgi-bin/webhook/send":
		return answer{status: http.StatusNotFound}
	case req.URL.Query().Get("key") != wecomKey:
		return refuse(93000, "invalid webhook url, hint: [1]")
	case r.disabled:
		return refuse(93004, "robot is disabled")
	case malformed(req, body):
		return refuse(40035, "invalid json")
	}
	if r.tooOften(20, time.Minute) {
		return refuse(45009, "api freq out of limit, hint: [1]")
	}
	r.counted()
	var m struct {
		Type     string `json:"msgtype"`
		Markdown *struct {
			Content string `json:"content"`
		} `json:"markdown"`
	}
	switch err := json.Unmarshal(body, &m); {
	case err != nil:
		return refuse(40035, "invalid json")
	case m.Type != "markdown" || m.Markdown == nil:
		return refuse(40008, "invalid message type")
	case m.Markdown.Content == "":
		return refuse(44004, "empty content")
	case len(m.Markdown.Content) > 4096:
		return refuse(40058, "markdown.content exceed max length 4096")
	}
	shown := &Message{Text: m.Markdown.Content}
	for _, at := range regexp.MustCompile(`<@([^>]+)>`).FindAllStringSubmatch(shown.Text, -1) {
		shown.Mentions = append(shown.Mentions, at[1])
	}
	out := refuse(0, "ok")
	out.message = shown
	return out
}
