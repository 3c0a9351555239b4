package main

import (
	"testing"

	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
)

func TestChannel(t *testing.T) {
	subject := channeltest.Subject{
		Manifest:   manifest,
		Config:     `{"prefix":"> "}`,
		BadConfigs: []string{`{"prefix":1}`, `{"prefix":"p","suffix":"s"}`, `[]`},
		Requests: []channeltest.Request{
			{Name: "said", Body: `{"id":"m1","from":"alice","name":"Alice","text":"hi"}`},
			{Name: "anonymous", Body: `{"id":"m2","from":"bob","text":"你好 👋"}`},
		},
		Refused: []channeltest.Request{
			{Name: "empty"},
			{Name: "cut off", Body: `{"id":"m1","from":`},
			{Name: "no id", Body: `{"from":"alice","text":"hi"}`},
			{Name: "no sender", Body: `{"id":"m1","text":"hi"}`},
			{Name: "no text", Body: `{"id":"m1","from":"alice"}`},
			{Name: "wrong type", Body: `{"id":1,"from":"alice","text":"hi"}`},
		},
		Arrived: func(host channeltest.Host) []string { return host.Ingested() },
	}
	t.Run("in process", func(t *testing.T) {
		subject.Open = channeltest.InProcess(newEcho)
		channeltest.Run(t, subject)
	})
	t.Run("process", func(t *testing.T) {
		subject.Open = channeltest.Process(t, ".")
		channeltest.Run(t, subject)
	})
}
