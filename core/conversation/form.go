package conversation

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
)

// Form is what a visitor says of themselves before the chat, or when nobody is
// there. Nothing of it is proved: it never leads to somebody else's contact.
type Form struct {
	ClientID   string // of the message
	Name       string
	Email      string
	Phone      string
	Message    string
	Attributes map[string]string
}

// VisitorSettings returns the inbox of a visitor and its settings.
func (s *Service) VisitorSettings(ctx context.Context, v Visitor) (channel.Inbox, channel.LiveSettings, error) {
	inbox, err := s.LiveInbox(ctx, v.Inbox)
	if err != nil {
		return channel.Inbox{}, channel.LiveSettings{}, err
	}
	policy, err := s.Policy(ctx, inbox)
	return inbox, policy.Live(), err
}

// PreChat takes the form before the chat: what it says is kept with the session
// and told to the contact where that has nothing, and its message is sent.
func (s *Service) PreChat(ctx context.Context, v Visitor, f Form) error {
	_, settings, err := s.VisitorSettings(ctx, v)
	if err != nil {
		return err
	}
	if !settings.PreChat.Enabled {
		return errs.New(errs.Forbidden, "prechat.off", "This chat has no form before it.")
	}
	if err := f.check(settings.PreChat); err != nil {
		return err
	}
	if err := s.remember(ctx, v, f); err != nil || f.Message == "" {
		return err
	}
	_, err = s.VisitorSend(ctx, v, VisitorPost{ClientID: f.ClientID, Text: f.Message})
	return err
}

// LeaveMessage takes the form for when nobody is there. It is idempotent by the
// message's client id.
func (s *Service) LeaveMessage(ctx context.Context, v Visitor, f Form) (Posted, error) {
	inbox, settings, err := s.VisitorSettings(ctx, v)
	if err != nil {
		return Posted{}, err
	}
	if !settings.Offline.Enabled {
		return Posted{}, errs.New(errs.Forbidden, "offline.off", "This chat has no form for when nobody is there.")
	}
	if err := checkClientID(f.ClientID); err != nil {
		return Posted{}, err
	}
	required := []channel.PreChatField{{Key: "name", Required: true}, {Key: "email", Required: true}}
	if err := f.check(channel.PreChat{Fields: required}); err != nil {
		return Posted{}, err
	}
	if err := checkText(f.Message, s.textLimit(inbox.Plugin)); err != nil {
		return Posted{}, pointTo(err, "/message")
	}
	if err := s.remember(ctx, v, f); err != nil {
		return Posted{}, err
	}
	return s.accept(ctx, inbox, accepted{
		kind: InboundVisitor, external: v.dedup(f.ClientID), visitor: v.ID, said: Words(f.ClientID, f.Message),
		sender: channel.Person{External: v.External(), Name: f.Name, Attributes: v.Attributes}, offline: &f,
	})
}

// pointTo names the member of a form that an error about a text means.
func pointTo(err error, pointer string) error {
	e := *errs.As(err)
	e.Fields = []errs.Field{{Pointer: pointer, Code: e.Code, Detail: e.Message}}
	return &e
}

// remember keeps what a form says with the session, and tells the contact if
// there is one. What the site vouched for stays.
func (s *Service) remember(ctx context.Context, v Visitor, f Form) error {
	var kept Visitor
	err := s.Store.Within(ctx, v.Workspace, func(ctx context.Context, tx Tx) error {
		got, err := tx.VisitorSession(ctx, v.ID)
		if err != nil {
			return err
		}
		for into, said := range map[*string]string{&got.Name: f.Name, &got.Email: f.Email, &got.Phone: f.Phone} {
			if said != "" && (*into == "" || !got.Verified()) {
				*into = said
			}
		}
		known := maps.Clone(f.Attributes)
		if known == nil {
			known = make(map[string]string)
		}
		for key, value := range got.Attributes {
			if _, said := known[key]; !said || got.Verified() {
				known[key] = value
			}
		}
		got.Attributes = attributes(known)
		kept = got
		return tx.PutVisitor(ctx, got)
	})
	if err != nil {
		return err
	}
	c, err := s.VisitorConversation(ctx, kept)
	if err != nil || c == nil {
		return err
	}
	return s.changeContact(ctx, v.Workspace, c.Contact, func(who *contact.Contact) bool { return fill(who, kept) })
}

// check trims a form and refuses what cannot be kept, what is missing, and
// attributes that were not asked for.
func (f *Form) check(asked channel.PreChat) error {
	var wrong []errs.Field
	bad := func(pointer, code, detail string) {
		wrong = append(wrong, errs.Field{Pointer: pointer, Code: code, Detail: detail})
	}
	line := func(pointer string, v *string, limit int) {
		*v = strings.TrimSpace(*v)
		switch {
		case utf8.RuneCountInString(*v) > limit:
			bad(pointer, "too_long", "is too long")
		case !utf8.ValidString(*v) || strings.ContainsFunc(*v, unicode.IsControl):
			bad(pointer, "characters", "holds characters that cannot be stored")
		}
	}
	line("/name", &f.Name, contact.MaxName)
	line("/email", &f.Email, contact.MaxEmail)
	line("/phone", &f.Phone, contact.MaxPhone)
	if f.Email != "" {
		var ok bool
		if f.Email, ok = contact.Email(f.Email); !ok {
			bad("/email", "format", "is not an e-mail address")
		}
	}
	if f.Phone != "" {
		var ok bool
		if f.Phone, ok = contact.Phone(f.Phone); !ok {
			bad("/phone", "format", "is not a phone number")
		}
	}
	known := asked.Attributes()
	for _, key := range slices.Sorted(maps.Keys(f.Attributes)) {
		value := f.Attributes[key]
		if !slices.Contains(known, key) {
			bad("/attributes/"+key, "unknown", "was not asked for")
			continue
		}
		line("/attributes/"+key, &value, contact.MaxAttribute)
		f.Attributes[key] = value
	}
	for _, field := range asked.Fields {
		if field.Required && f.value(field.Key) == "" {
			bad("/"+strings.ReplaceAll(field.Key, ".", "/"), "required", "is missing")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return errs.New(errs.Invalid, "form.invalid", "Some fields are not right.").WithFields(wrong...)
}

func (f *Form) value(key string) string {
	switch key {
	case "name":
		return f.Name
	case "email":
		return f.Email
	case "phone":
		return f.Phone
	case "message":
		return strings.TrimSpace(f.Message)
	default:
		return f.Attributes[strings.TrimPrefix(key, channel.AttributePrefix)]
	}
}

// RecordsPages reports whether pages that a visitor opens are recorded. Consent
// that is given is remembered, and forgotten when it is taken back. Errors:
// errs.Forbidden when the inbox does not record pages, or the visitor has not
// agreed.
func (s *Service) RecordsPages(ctx context.Context, v Visitor, consent *bool) (bool, error) {
	_, settings, err := s.VisitorSettings(ctx, v)
	if err != nil {
		return false, err
	}
	if settings.PageViews != channel.PageViewsOn && settings.PageViews != channel.PageViewsConsent {
		return false, errs.New(errs.Forbidden, "page_views.off", "This chat does not record which pages are visited.")
	}
	agreed := !v.ConsentAt.IsZero()
	if consent != nil && *consent != agreed {
		if err := s.consent(ctx, v, *consent); err != nil {
			return false, err
		}
		agreed = *consent
	}
	if !agreed && consent == nil && settings.PageViews == channel.PageViewsConsent {
		return false, errs.New(errs.Forbidden, "page_views.consent", "The visitor has not agreed that pages are recorded.")
	}
	return agreed || consent == nil, nil
}

func (s *Service) consent(ctx context.Context, v Visitor, agreed bool) error {
	return s.Store.Within(ctx, v.Workspace, func(ctx context.Context, tx Tx) error {
		got, err := tx.VisitorSession(ctx, v.ID)
		if err != nil {
			return err
		}
		if got.ConsentAt = s.Now(); !agreed {
			got.ConsentAt = time.Time{}
		}
		return tx.PutVisitor(ctx, got)
	})
}
