package httpapi

import "github.com/patchbay-im/patchbay/core/channel"

// acknowledgementBody is what an inbox answers by itself.
type acknowledgementBody struct {
	Enabled   bool              `json:"enabled" doc:"Whether customers are told that their message has arrived: once a day at most, when they begin or reopen a conversation; never machines, lists, and senders who are not verified."`
	Texts     map[string]string `json:"texts" doc:"By locale: en, zh-CN. It is answered in Chinese to who writes Chinese, else in English."`
	Defaults  map[string]string `json:"defaults" doc:"What is sent in a locale without a text of your own."`
	Variables []string          `json:"variables" doc:"What is filled in for {{name}}."`
}

// acknowledgementChange is what an inbox answers by itself from now on.
type acknowledgementChange struct {
	Enabled bool              `json:"enabled"`
	Texts   map[string]string `json:"texts,omitempty" doc:"By locale: en, zh-CN; at most 2,000 characters each. One that is absent or empty has the default."`
}

func acknowledgementOf(a channel.Acknowledgement) *acknowledgementBody {
	out := &acknowledgementBody{Enabled: a.Enabled, Texts: a.Texts, Defaults: channel.OurAcknowledgements(), Variables: channel.AcknowledgementVariables()}
	if out.Texts == nil {
		out.Texts = map[string]string{}
	}
	return out
}

func (c *acknowledgementChange) domain() *channel.Acknowledgement {
	if c == nil {
		return nil
	}
	return &channel.Acknowledgement{Enabled: c.Enabled, Texts: c.Texts}
}
