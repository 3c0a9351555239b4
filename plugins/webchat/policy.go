package main

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/channel"
)

// policy decides who may talk. It keeps nothing.
type policy struct{}

// OpenSession lets visitors in from the allowed origins; with none given, from
// anywhere. Settings and origins are told in any case: they belong to the
// inbox, not to the visitor.
func (policy) OpenSession(_ context.Context, req channel.OpenSessionRequest) (channel.OpenSessionResponse, error) {
	var c config
	if err := req.Instance.Decode(&c); err != nil {
		return channel.OpenSessionResponse{}, err
	}
	out := channel.OpenSessionResponse{Settings: c.settings()}
	for _, allowed := range c.AllowedOrigins {
		out.Origins = append(out.Origins, origin(allowed))
	}
	out.Allow = len(out.Origins) == 0 || slices.Contains(out.Origins, origin(req.EmbedOrigin))
	if !out.Allow {
		out.Reason = refusal(c.Locale, req.Locale)
	}
	return out, nil
}

// origin writes an origin as browsers do (RFC 6454, section 6.2): lower case,
// without the port that the scheme implies.
func origin(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if rest, ok := strings.CutPrefix(s, "https://"); ok {
		return "https://" + strings.TrimSuffix(rest, ":443")
	}
	if rest, ok := strings.CutPrefix(s, "http://"); ok {
		return "http://" + strings.TrimSuffix(rest, ":80")
	}
	return s
}

// refusal is the sentence for a visitor, in the language the inbox is set to
// or else in the visitor's own.
func refusal(set, browser string) string {
	if set == "" || set == "auto" {
		set = browser
	}
	if strings.HasPrefix(strings.ToLower(set), "zh") {
		return "此网站未获准使用这个聊天窗口。"
	}
	return "This chat is not available on this website."
}
