package channel

import (
	"net/url"
	"slices"
	"strings"
)

// ShownValue is a header or a parameter of a request as members see it.
type ShownValue struct {
	Name   string
	Value  string // "" when it is hidden
	Hidden bool   // it may be a secret
}

// secretWords lists what names of secrets hold, in small letters.
func secretWords() []string {
	return []string{"auth", "cookie", "sign", "token", "secret", "key", "passw", "pwd", "hmac", "credential", "session", "jwt", "sig", "hash"}
}

// secret reports whether a value of this name may be one.
func secret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(secretWords(), func(w string) bool { return strings.Contains(name, w) })
}

// hookPath begins the address of a webhook, whose rest is its token. Proxies
// repeat the address in headers of their own.
const hookPath = "/hooks/"

func shownValue(name, value string) ShownValue {
	if secret(name) || strings.Contains(value, hookPath) {
		return ShownValue{Name: name, Hidden: true}
	}
	return ShownValue{Name: name, Value: strings.ToValidUTF8(value, "\uFFFD")}
}

// shownHeaders lists headers by name.
func shownHeaders(headers map[string][]string) []ShownValue {
	out := []ShownValue{}
	for name, values := range headers {
		for _, v := range values {
			out = append(out, shownValue(name, v))
		}
	}
	slices.SortStableFunc(out, func(a, b ShownValue) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out
}

// shownQuery lists the parameters of a query string in its order.
func shownQuery(query string) []ShownValue {
	out := []ShownValue{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		out = append(out, shownValue(plain(name), plain(value)))
	}
	return out
}

// plain decodes a part of a query, as far as it can be.
func plain(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		s = decoded
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
