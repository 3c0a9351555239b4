package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// config is an inbox's configuration: see plugin.yaml.
type config struct {
	Token         string `json:"token"`
	Mode          string `json:"mode"`
	WebhookURL    string `json:"webhook_url"`
	WebhookSecret string `json:"webhook_secret"`
	Groups        string `json:"groups"`
	Server        string `json:"server"`
}

// Values of fields.
const (
	modeWebhook    = "webhook"
	groupsCustomer = "conversation"
)

func (c config) hooked() bool { return c.Mode == modeWebhook }
func (c config) groups() bool { return c.Groups == groupsCustomer }

// secret is what Telegram sends with each update that it posts. Without one of the
// administrator's own it is made of the token: the same on every node, new with
// a new token, and kept nowhere.
func (c config) secret(inbox string) string {
	if c.WebhookSecret != "" {
		return c.WebhookSecret
	}
	mac := hmac.New(sha256.New, []byte(c.Token))
	mac.Write([]byte("patchbay webhook " + inbox))
	return hex.EncodeToString(mac.Sum(nil))
}

// secretForm is what Telegram takes as a secret.
var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{16,256}$`)

// faults are those that can be seen without asking anybody.
func (c config) faults(w words) []instance.Problem {
	var out []instance.Problem
	add := func(pointer, message string) { out = append(out, instance.Problem{Pointer: pointer, Message: message}) }
	switch {
	case c.Token == "":
		add("/token", w.tokenMissing)
	case !api.Shaped(c.Token):
		add("/token", w.tokenForm)
	}
	if u, err := url.Parse(c.Server); c.Server != "" && (err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil) {
		add("/server", w.serverForm)
	}
	if !c.hooked() {
		return out
	}
	if u, err := url.Parse(c.WebhookURL); err != nil || u.Hostname() == "" || u.Scheme != "https" && (c.Server == "" || u.Scheme != "http") {
		add("/webhook_url", w.webhookForm)
	} else if port := u.Port(); c.Server == "" && !strings.Contains(" 443 80 88 8443  ", " "+port+" ") {
		add("/webhook_url", w.webhookPort)
	}
	if c.WebhookSecret != "" && !secretForm.MatchString(c.WebhookSecret) {
		add("/webhook_secret", w.secretForm)
	}
	return out
}
