package notifytest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
	"time"
)

const slackPath = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"

// Slack starts an incoming webhook of Slack: one message a second
// (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
func Slack(tb testing.TB) *Robot {
	tb.Helper()
	return open(tb, slackPath, "hooks.slack.com", "", slack)
}

func slack(r *Robot, req *http.Request, body []byte) answer {
	refuse := func(status int, word string) answer {
		return answer{status: status, header: map[string]string{"Content-Type": "text/html"}, body: word}
	}
	switch {
	case req.URL.Path != slackPath:
		return refuse(http.StatusNotFound, "no_service")
	case r.disabled:
		return refuse(http.StatusGone, "channel_is_archived")
	case malformed(req, body):
		return refuse(http.StatusBadRequest, "invalid_payload")
	}
	if r.tooOften(1, time.Second) {
		a := refuse(http.StatusTooManyRequests, "rate_limited")
		a.header["Retry-After"] = "1"
		return a
	}
	r.counted()
	var m struct {
		Text string `json:"text"`
	}
	switch err := json.Unmarshal(body, &m); {
	case err != nil:
		return refuse(http.StatusBadRequest, "invalid_payload")
	case m.Text == "":
		return refuse(http.StatusBadRequest, "no_text")
	case len(m.Text) > 40000:
		return refuse(http.StatusBadRequest, "msg_too_long")
	}
	out := refuse(http.StatusOK, "ok")
	out.message = &Message{Text: m.Text}
	for _, at := range regexp.MustCompile(`<[@!]([^>|]+)>`).FindAllStringSubmatch(m.Text, -1) {
		out.message.Mentions = append(out.message.Mentions, at[1])
	}
	return out
}
