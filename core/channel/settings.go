package channel

import (
	"encoding/json"
	"slices"
	"strings"
)

// LiveSettings is what the core itself needs to know of a live inbox: the
// members of SessionAnswer.Settings that it acts on. A plugin leaves out what
// its widget does not do.
type LiveSettings struct {
	PreChat     PreChat   `json:"pre_chat"`
	Offline     Switch    `json:"offline"`
	Identity    Identity  `json:"identity"`
	PageViews   PageViews `json:"page_views"`
	Attachments bool      `json:"attachments"` // visitors may send files
	Rating      Switch    `json:"rating"`
	Transcript  bool      `json:"transcript"` // visitors may download what was said
}

// Switch turns something on.
type Switch struct {
	Enabled bool `json:"enabled"`
}

// PreChat is the form before the chat.
type PreChat struct {
	Enabled bool           `json:"enabled"`
	Fields  []PreChatField `json:"fields"`
}

// PreChatField is a question of the form.
type PreChatField struct {
	Key      string `json:"key"` // name, email, phone, message or attributes.<key>
	Required bool   `json:"required"`
}

// AttributePrefix begins the Key of a field that is a custom attribute.
const AttributePrefix = "attributes."

// Asks reports whether the form has a field.
func (p PreChat) Asks(key string) bool {
	return slices.ContainsFunc(p.Fields, func(f PreChatField) bool { return f.Key == key })
}

// Attributes lists the custom attributes that the form asks for.
func (p PreChat) Attributes() []string {
	var out []string
	for _, f := range p.Fields {
		if key, ok := strings.CutPrefix(f.Key, AttributePrefix); ok {
			out = append(out, key)
		}
	}
	return out
}

// Identity says whether visitors must be vouched for by the site.
type Identity struct {
	Required bool `json:"required"`
}

// PageViews says whether pages are recorded that a visitor opens.
type PageViews string

// The values. Any other counts as PageViewsOff.
const (
	PageViewsOff     PageViews = "off"
	PageViewsOn      PageViews = "on"
	PageViewsConsent PageViews = "consent" // once the visitor agreed
)

// Live reads the settings. What has another shape than the contract counts as
// not set: it came from a plugin.
func (a SessionAnswer) Live() LiveSettings {
	var members map[string]json.RawMessage
	if json.Unmarshal(a.Settings, &members) != nil {
		return LiveSettings{}
	}
	var out LiveSettings
	for name, into := range map[string]any{
		"pre_chat": &out.PreChat, "offline": &out.Offline, "identity": &out.Identity, "page_views": &out.PageViews,
		"attachments": &out.Attachments, "rating": &out.Rating, "transcript": &out.Transcript,
	} {
		if raw, ok := members[name]; ok {
			_ = json.Unmarshal(raw, into) // another shape: not set
		}
	}
	return out
}
