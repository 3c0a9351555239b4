package main

import (
	"encoding/json"
	"strings"
	"testing"

	sdkmanifest "github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
)

// bare is what the widget of an inbox without a configuration gets.
const bare = `{"title":"","greeting":"","color":"#2563eb","locale":"auto","position":"right",
	"theme":{"color":"#2563eb","position":"right","launcher_text":"","dark":"auto","radius":12},
	"languages":{"default":"","offered":[]},"pre_chat":{"enabled":false,"fields":[],"consent_text":""},
	"offline":{"enabled":false,"text":""},"identity":{"required":false},"page_views":"off","attachments":true,
	"rating":{"enabled":true},"transcript":true,"proactive":[]}`

// full sets everything away from its default.
const full = `{"title":"店","greeting":"嗨","color":"#000000","locale":"en","position":"left","allowed_origins":["https://shop.example"],
	"theme":{"color":"#ff0000","position":"right","launcher_text":"问我","dark":"dark","radius":0},
	"languages":{"default":"zh-CN","offered":["zh-CN","en","ar"]},
	"pre_chat":{"enabled":true,"consent_text":"ok?","fields":[{"key":"email","required":true,"type":"email","label":{"en":"Mail","zh-CN":"邮箱"}},{"key":"attributes.order_no"}]},
	"offline":{"enabled":true,"text":"Back at 9."},"identity":{"required":true},"page_views":"consent","attachments":false,
	"rating":{"enabled":false},"transcript":false,
	"proactive":[{"id":"price","when":{"path_is":"/price","seconds_on_page":0,"returning":false},"message":{"en":"Help?"},"once":"ever","agents_online":false},
		{"id":"any","when":{"scroll_percent":50},"message":{"en":"Hi"}}]}`

func TestSettings(t *testing.T) {
	for name, tt := range map[string]struct{ config, want string }{
		"bare": {`{}`, bare},
		"full": {full, `{"title":"店","greeting":"嗨","color":"#ff0000","locale":"en","position":"right",
			"theme":{"color":"#ff0000","position":"right","launcher_text":"问我","dark":"dark","radius":0},
			"languages":{"default":"zh-CN","offered":["zh-CN","en","ar"]},
			"pre_chat":{"enabled":true,"fields":[{"key":"email","label":{"en":"Mail","zh-CN":"邮箱"},"required":true,"type":"email"},{"key":"attributes.order_no","required":false,"type":"text"}],"consent_text":"ok?"},
			"offline":{"enabled":true,"text":"Back at 9."},"identity":{"required":true},"page_views":"consent","attachments":false,
			"rating":{"enabled":false},"transcript":false,
			"proactive":[{"id":"price","when":{"path_is":"/price","seconds_on_page":0,"returning":false},"message":{"en":"Help?"},"once":"ever","agents_online":false},
				{"id":"any","when":{"scroll_percent":50},"message":{"en":"Hi"},"once":"session","agents_online":true}]}`},
	} {
		var c config
		if err := json.Unmarshal([]byte(tt.config), &c); err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(c.settings())
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.NewReplacer("\n", "", "\t", "").Replace(tt.want); string(got) != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestSchema(t *testing.T) {
	m, err := sdkmanifest.Parse(sdkmanifest.SourceFile, manifest)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(m.ConfigSchema)
	if err != nil {
		t.Fatal(err)
	}
	// What the form offers is what the schema takes: defaults included. What the
	// widget gets is a configuration, too.
	for _, fine := range []string{`{}`, full, bare, `{"title":"","greeting":"","color":"#2563eb","locale":"auto","position":"right","allowed_origins":[]}`} {
		if problems := s.Validate([]byte(strings.Replace(fine, `"languages":{"default":"",`, `"languages":{`, 1))); len(problems) > 0 {
			t.Errorf("%s: %+v", fine, problems)
		}
	}
	long := strings.Repeat("长", 201)
	for _, bad := range []string{
		`{"secret":"x"}`, `{"identity":{"secret":"x"}}`, `{"theme":{"radius":25}}`, `{"theme":{"dark":"maybe"}}`, `{"theme":{"color":"red"}}`,
		`{"languages":{"offered":["english!"]}}`, `{"languages":{"offered":["en","en"]}}`, `{"pre_chat":{"fields":[{"key":"password"}]}}`,
		`{"pre_chat":{"fields":[{"key":"attributes.Ä"}]}}`, `{"pre_chat":{"fields":[{"label":{"en":"x"}}]}}`,
		`{"pre_chat":{"fields":[{"key":"name","label":{"en":""}}]}}`, `{"pre_chat":{"fields":[{"key":"name","label":{"<b>":"x"}}]}}`,
		`{"page_views":true}`, `{"attachments":"yes"}`, `{"offline":{"text":"` + long + long + long + `"}}`,
		`{"proactive":[{"id":"a","when":{},"message":{"en":"x"}}]}`, `{"proactive":[{"id":"a","when":{"path_is":"price"},"message":{"en":"x"}}]}`,
		`{"proactive":[{"id":"A b","when":{"returning":true},"message":{"en":"x"}}]}`, `{"proactive":[{"id":"a","when":{"returning":true},"message":{}}]}`,
		`{"proactive":[{"id":"a","when":{"returning":true},"message":{"en":"` + long + `"}}]}`,
		`{"proactive":[{"id":"a","when":{"script":"alert(1)"},"message":{"en":"x"}}]}`,
	} {
		if len(s.Validate([]byte(bad))) == 0 {
			t.Errorf("%.200s is taken", bad)
		}
	}
}
