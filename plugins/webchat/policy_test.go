package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

const shop = `{"title":"Shop","greeting":"嗨 👋","color":"#Ff0000","locale":"auto","position":"left",
	"allowed_origins":["https://Shop.example:443","http://localhost:8080"]}`

func TestLiveChannel(t *testing.T) {
	settings := strings.NewReplacer(`"title":""`, `"title":"Shop"`, `"greeting":""`, `"greeting":"嗨 👋"`,
		`#2563eb`, `#Ff0000`, `"position":"right"`, `"position":"left"`).Replace(bare)
	subject := channeltest.LiveSubject{
		Manifest: manifest,
		Config:   shop,
		BadConfigs: []string{
			`{"color":"red"}`, `{"locale":"fr"}`, `{"position":"top"}`, `{"tittle":"x"}`,
			`{"allowed_origins":["shop.example"]}`, `{"allowed_origins":["https://shop.example/"]}`,
			`{"allowed_origins":["https://shop.example; script-src *"]}`, `{"allowed_origins":["https://a","https://a"]}`,
		},
		Visits: []channeltest.Visit{
			{Name: "of the shop", EmbedOrigin: "https://shop.example", Allow: true, Settings: settings},
			{Name: "of the shop, in capitals", EmbedOrigin: "HTTPS://SHOP.EXAMPLE", Allow: true},
			{Name: "of a developer", EmbedOrigin: "http://localhost:8080", Allow: true},
			{Name: "from elsewhere", EmbedOrigin: "https://shop.example.evil.example", Locale: "de", Reason: "not available on this website", Settings: settings},
			{Name: "from elsewhere, Chinese", EmbedOrigin: "https://evil.example", Locale: "zh-TW", Reason: "此网站"},
			{Name: "by another scheme", EmbedOrigin: "http://shop.example"},
			{Name: "by another port", EmbedOrigin: "https://shop.example:444"},
			{Name: "from nowhere", EmbedOrigin: ""},
			{Name: "from a sandbox", EmbedOrigin: "null"},
		},
	}
	t.Run("in process", func(t *testing.T) {
		subject.Open = channeltest.InProcessLive(newPolicy)
		channeltest.RunLive(t, subject)
	})
	t.Run("process", func(t *testing.T) {
		subject.Open = channeltest.Process(t, ".")
		channeltest.RunLive(t, subject)
	})
}

func TestDefaults(t *testing.T) {
	got, err := policy{}.OpenSession(t.Context(), channel.OpenSessionRequest{EmbedOrigin: "https://any.example"})
	if err != nil || !got.Allow || len(got.Origins) != 0 || !reflect.DeepEqual(got.Settings, config{}.settings()) {
		t.Errorf("an inbox without a configuration: %+v %v", got, err)
	}
}

// Origins are told as browsers write them: the core puts them into a policy.
func TestOriginsAreNormal(t *testing.T) {
	got, err := policy{}.OpenSession(t.Context(), channel.OpenSessionRequest{Instance: instance.Instance{Config: []byte(shop)}})
	if want := []string{"https://shop.example", "http://localhost:8080"}; err != nil || !slices.Equal(got.Origins, want) {
		t.Errorf("origins %v %v, want %v", got.Origins, err, want)
	}
}

// The language an inbox is set to wins over the visitor's.
func TestRefusalLanguage(t *testing.T) {
	for _, tt := range []struct{ set, browser, want string }{
		{"", "en-GB", "This chat"}, {"auto", "zh-CN", "此网站"}, {"en", "zh-CN", "This chat"}, {"zh-CN", "en", "此网站"}, {"auto", "", "This chat"},
	} {
		if got := refusal(tt.set, tt.browser); got[:len(tt.want)] != tt.want {
			t.Errorf("set to %q, browser %q: %q", tt.set, tt.browser, got)
		}
	}
}
