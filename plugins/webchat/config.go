package main

import "cmp"

// config is what an administrator sets, as config_schema in plugin.yaml has it.
// Color, Position and Locale stand for theme.color, theme.position and
// languages.default where those are not given.
type config struct {
	Title          string    `json:"title"`
	Greeting       string    `json:"greeting"`
	Color          string    `json:"color"`
	Locale         string    `json:"locale"`
	Position       string    `json:"position"`
	AllowedOrigins []string  `json:"allowed_origins"`
	Theme          theme     `json:"theme"`
	Languages      languages `json:"languages"`
	PreChat        preChat   `json:"pre_chat"`
	Offline        offline   `json:"offline"`
	Identity       identity  `json:"identity"`
	PageViews      string    `json:"page_views"`
	Attachments    *bool     `json:"attachments"`
	Rating         struct {
		Enabled *bool `json:"enabled"`
	} `json:"rating"`
	Transcript *bool  `json:"transcript"`
	Proactive  []rule `json:"proactive"`
}

// settings is what the widget gets. Everybody can read it. It is the same for
// every visitor of an inbox: the core keeps it for when this process is down.
type settings struct {
	Title       string    `json:"title"`
	Greeting    string    `json:"greeting"`
	Color       string    `json:"color"`
	Locale      string    `json:"locale"` // "auto" or a language
	Position    string    `json:"position"`
	Theme       theme     `json:"theme"`
	Languages   languages `json:"languages"`
	PreChat     preChat   `json:"pre_chat"`
	Offline     offline   `json:"offline"`
	Identity    identity  `json:"identity"`
	PageViews   string    `json:"page_views"` // "off", "on" or "consent"
	Attachments bool      `json:"attachments"`
	Rating      rating    `json:"rating"`
	Transcript  bool      `json:"transcript"`
	Proactive   []rule    `json:"proactive"`
}

type theme struct {
	Color        string `json:"color"`
	Position     string `json:"position"`
	LauncherText string `json:"launcher_text"`
	Dark         string `json:"dark"`
	Radius       *int   `json:"radius"` // pixels
}

type languages struct {
	Default string   `json:"default"`
	Offered []string `json:"offered"` // empty = all that the widget speaks
}

type preChat struct {
	Enabled     bool    `json:"enabled"`
	Fields      []field `json:"fields"`
	ConsentText string  `json:"consent_text"`
}

type field struct {
	Key      string            `json:"key"`
	Label    map[string]string `json:"label,omitempty"` // by language
	Required bool              `json:"required"`
	Type     string            `json:"type"`
}

type offline struct {
	Enabled bool   `json:"enabled"`
	Text    string `json:"text"`
}

type identity struct {
	Required bool `json:"required"`
}

type rating struct {
	Enabled bool `json:"enabled"`
}

// rule says when the chat speaks first.
type rule struct {
	ID   string `json:"id"`
	When struct {
		PathContains  string `json:"path_contains,omitempty"`
		PathIs        string `json:"path_is,omitempty"`
		SecondsOnPage *int   `json:"seconds_on_page,omitempty"`
		ScrollPercent *int   `json:"scroll_percent,omitempty"`
		Returning     *bool  `json:"returning,omitempty"`
		Locale        string `json:"locale,omitempty"`
	} `json:"when"`
	Message      map[string]string `json:"message"` // by language
	Once         string            `json:"once"`
	AgentsOnline *bool             `json:"agents_online"`
}

// settings completes the configuration with the defaults of its schema. The
// list of allowed websites is not the visitors' business.
func (c config) settings() settings {
	s := settings{
		Title: c.Title, Greeting: c.Greeting,
		Color: cmp.Or(c.Theme.Color, c.Color, "#2563eb"), Position: cmp.Or(c.Theme.Position, c.Position, "right"),
		Locale: cmp.Or(c.Locale, "auto"), Theme: c.Theme, Languages: c.Languages, PreChat: c.PreChat, Offline: c.Offline,
		Identity: c.Identity, PageViews: cmp.Or(c.PageViews, "off"), Attachments: unless(c.Attachments, true),
		Rating: rating{Enabled: unless(c.Rating.Enabled, true)}, Transcript: unless(c.Transcript, true),
		Proactive: append([]rule{}, c.Proactive...),
	}
	s.Theme.Color, s.Theme.Position, s.Theme.Dark = s.Color, s.Position, cmp.Or(c.Theme.Dark, "auto")
	s.Theme.Radius = new(unless(c.Theme.Radius, 12))
	s.Languages.Offered = append([]string{}, c.Languages.Offered...)
	if s.Languages.Default == "" && s.Locale != "auto" {
		s.Languages.Default = s.Locale
	}
	s.PreChat.Fields = append([]field{}, c.PreChat.Fields...)
	for i := range s.PreChat.Fields {
		s.PreChat.Fields[i].Type = cmp.Or(s.PreChat.Fields[i].Type, "text")
	}
	for i := range s.Proactive {
		s.Proactive[i].Once = cmp.Or(s.Proactive[i].Once, "session")
		s.Proactive[i].AgentsOnline = new(unless(s.Proactive[i].AgentsOnline, true))
	}
	return s
}

// unless is *v, or def where it is not given.
func unless[T any](v *T, def T) T {
	if v == nil {
		return def
	}
	return *v
}
