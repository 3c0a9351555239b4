package channel_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
)

func TestLiveSettings(t *testing.T) {
	all := channel.LiveSettings{
		PreChat: channel.PreChat{Enabled: true, Fields: []channel.PreChatField{{Key: "email", Required: true}, {Key: "attributes.order"}}},
		Offline: channel.Switch{Enabled: true}, Identity: channel.Identity{Required: true}, PageViews: channel.PageViewsConsent,
		Attachments: true, Rating: channel.Switch{Enabled: true}, Transcript: true,
	}
	for settings, want := range map[string]channel.LiveSettings{
		`{"title":"x","pre_chat":{"enabled":true,"fields":[{"key":"email","required":true,"label":{"en":"x"}},{"key":"attributes.order"}]},
			"offline":{"enabled":true,"text":"x"},"identity":{"required":true},"page_views":"consent","attachments":true,
			"rating":{"enabled":true},"transcript":true}`: all,
		`{"attachments":"yes","transcript":true,"rating":[],"pre_chat":null}`: {Transcript: true},
		`{}`: {}, ``: {}, `[]`: {}, `null`: {}, `{"attachments":true`: {},
	} {
		if got := (channel.SessionAnswer{Settings: json.RawMessage(settings)}).Live(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", settings, got)
		}
	}
	if p := all.PreChat; !p.Asks("email") || p.Asks("phone") || !slices.Equal(p.Attributes(), []string{"order"}) {
		t.Errorf("the form %+v", p)
	}
}
