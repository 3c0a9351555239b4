package target

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Slack is an incoming webhook of Slack: mrkdwn, about one message a second, a
// text that is better short. Source: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
// docs.slack.dev/apis/web-api/rate-limits.
type Slack struct {
	By      Doer
	Address string // which is the secret
}

const slackBytes = 3500

// Pace implements Target.
func (Slack) Pace() Pace { return Pace{PerMinute: 50, Gap: 1100 * time.Millisecond} }

// Send implements Target.
func (s Slack) Send(ctx context.Context, m Message) error {
	text, _ := fitted(m, slackBytes, "*"+slackText(strings.ReplaceAll(m.Title, "*", "＊"))+"*\n", slackLine)
	body, err := json.Marshal(map[string]any{"text": text, "unfurl_links": false, "unfurl_media": false})
	if err != nil {
		return err
	}
	got, err := post(ctx, s.By, s.Address, body)
	if err != nil {
		return err
	}
	word := strings.TrimSpace(string(got.Body))
	if got.Status == http.StatusOK && word == "ok" {
		return nil
	}
	return notDone(slackFailure(word, status(got)))
}

func slackLine(l Line) string {
	out := slackText(l.Text)
	if l.Link != "" {
		out = "<" + link(strings.ReplaceAll(l.Link, "&", "&amp;")) + "|" + slackText(strings.ReplaceAll(l.Text, "|", "｜")) + ">"
	}
	out = "• " + out
	if l.Note != "" {
		out += " · " + slackText(l.Note)
	}
	if calls := angled(l.Mention); calls != "" {
		out += " " + calls
	}
	out += "\n"
	if l.Said != "" {
		out += "> " + slackText(l.Said) + "\n"
	}
	return out
}

// slackText escapes the three characters that Slack's markup is made of.
func slackText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(oneLine(s))
}

func slackFailure(word string, by *Failure) *Failure {
	if len(word) > 40 || strings.ContainsAny(word, " \n<{") {
		word = ""
	}
	switch word {
	case "no_service", "no_team", "no_active_hooks", "invalid_token", "action_prohibited", "team_disabled":
		return &Failure{Sort: Paused, Code: CodeKey, Said: word}
	case "channel_not_found", "channel_is_archived", "posting_to_general_channel_denied":
		return &Failure{Sort: Paused, Code: CodeGone, Said: word}
	case "msg_too_long":
		return &Failure{Sort: Never, Code: CodeTooLarge, Said: word}
	case "invalid_payload", "no_text", "user_not_found", "too_many_attachments", "invalid_blocks":
		return &Failure{Sort: Never, Code: CodeBadRequest, Said: word}
	case "rollup_error":
		return &Failure{Sort: Later, Code: CodeTrouble, Said: word}
	}
	if by == nil { // 200, and not its word for yes
		by = &Failure{Sort: Never, Code: CodeUnknown}
	}
	if word != "" {
		by.Said = word
	}
	return by
}
