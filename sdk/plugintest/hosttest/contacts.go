package hosttest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/host"
)

func contacts(s *suite) {
	ctx := s.Context()
	got, err := s.on(s.Inbox).Contacts.Get(ctx, s.Contact)
	s.ok(err)
	if got.ID != s.Contact || got.Name != Customer || got.Revision == 0 || got.CreatedAt.IsZero() || !slices.Equal(got.Emails, []string{Email}) {
		s.Errorf("got %+v", got)
	}
	_, err = s.on(s.Inbox).Contacts.Get(ctx, s.Stranger)
	s.refused("whom the inbox does not know", err, "not_found")
	_, err = s.on(s.Connection).Contacts.Get(ctx, s.Stranger)
	s.ok(err)
	for _, email := range []string{Email, " ALICE@example.com"} {
		found, err := s.on(s.Inbox).Contacts.Find(ctx, host.FindRequest{Email: email})
		if err != nil || len(found) != 1 || found[0].ID != s.Contact {
			s.Errorf("found by %q: %+v %v", email, found, err)
		}
	}
	for what, req := range map[string]host.FindRequest{
		"nothing": {}, "two things": {Email: Email, Phone: "+15550100"}, "no address": {Email: "alice"}, "no number": {Phone: "call me"},
	} {
		_, err := s.on(s.Connection).Contacts.Find(ctx, req)
		s.refused("by "+what, err, invalid)
	}
	if none, err := s.on(s.Connection).Contacts.Find(ctx, host.FindRequest{ExternalID: "nobody"}); err != nil || len(none) > 0 {
		s.Errorf("nobody: %+v %v", none, err)
	}
}

// merges: whoever keeps something by contact sees where it went.
func merges(s *suite) {
	ctx, c := s.Context(), s.on(s.Connection).Contacts
	gone, err := c.Get(ctx, s.Merged)
	s.ok(err)
	into, err := c.Get(ctx, s.Contact)
	s.ok(err)
	if gone.ID != s.Merged || gone.MergedInto != s.Contact || into.MergedInto != "" {
		s.Errorf("merged: %+v into %+v", gone, into)
	}
}

func pii(s *suite) {
	blind := s.as(Process{Grants: without("contacts:read.pii")}, s.Connection).Contacts
	got, err := blind.Get(s.Context(), s.Contact)
	s.ok(err)
	if got.ID != s.Contact || got.Revision == 0 || got.Name != "" || got.Emails != nil || got.Phones != nil || got.ExternalID != "" || got.Attributes != nil {
		s.Errorf("without contacts:read.pii: %+v", got)
	}
	_, err = blind.Find(s.Context(), host.FindRequest{Email: Email})
	s.refused("find", err, host.CodeDenied)
}

func updates(s *suite) {
	ctx, c := s.Context(), s.on(s.Inbox).Contacts
	before, err := c.Get(ctx, s.Contact)
	s.ok(err)
	name, locale := "  Alice B.  ", "en-GB"
	s.Advance(time.Millisecond)
	after, err := c.Update(ctx, host.ContactUpdate{
		Key: "u1", Contact: s.Contact, IfRevision: before.Revision, Name: &name, Locale: &locale, Attributes: json.RawMessage(`{"plan":" gold ","seats":3}`),
	})
	s.ok(err)
	var attributes map[string]any
	s.ok(after.DecodeAttributes(&attributes))
	if after.Name != "Alice B." || after.Locale != locale || after.Revision <= before.Revision || attributes[Attribute] != "gold" || attributes[NumberAttr] != 3.0 {
		s.Errorf("updated: %+v %v", after, attributes)
	}
	_, err = c.Update(ctx, host.ContactUpdate{Key: "u2", Contact: s.Contact, IfRevision: before.Revision, Name: &name})
	s.refused("at an old revision", err, "contact.outdated")
	update := func(key string, u host.ContactUpdate) error {
		u.Key, u.Contact = key, s.Contact
		_, err := c.Update(ctx, u)
		return err
	}
	long, control := strings.Repeat("长", maxName+1), "a\x07b"
	for what, tt := range map[string]struct {
		u    host.ContactUpdate
		code string
	}{
		"a long name":                {host.ContactUpdate{Name: &long}, "contact.invalid"},
		"a name with a bell":         {host.ContactUpdate{Name: &control}, "contact.invalid"},
		"a long locale":              {host.ContactUpdate{Locale: &long}, "contact.invalid"},
		"an attribute nobody knows":  {host.ContactUpdate{Attributes: json.RawMessage(`{"none":"x"}`)}, "attribute.invalid"},
		"text where a number is due": {host.ContactUpdate{Attributes: json.RawMessage(`{"seats":"three"}`)}, "attribute.invalid"},
		"an empty text":              {host.ContactUpdate{Attributes: json.RawMessage(`{"plan":""}`)}, "attribute.invalid"},
		"no object":                  {host.ContactUpdate{Attributes: json.RawMessage(`[1]`)}, invalid},
		"no JSON":                    {host.ContactUpdate{Attributes: json.RawMessage(`{`)}, invalid},
	} {
		s.refused(what, update("u/"+what, tt.u), tt.code)
	}
	s.ok(update("u3", host.ContactUpdate{Attributes: json.RawMessage(`{"plan":null,"gone":null}`)}))
	now, err := c.Get(ctx, s.Contact)
	s.ok(err)
	attributes = nil
	s.ok(now.DecodeAttributes(&attributes))
	if _, there := attributes[Attribute]; there || attributes[NumberAttr] != 3.0 || now.Name != "Alice B." {
		s.Errorf("after one was taken away: %+v %v", now, attributes)
	}
	_, err = c.Update(ctx, host.ContactUpdate{Key: "u4", Contact: s.Stranger, Name: &name})
	s.refused("whom the inbox does not know", err, "not_found")
	blind := s.as(Process{Grants: without("contacts:read.pii")}, s.Connection).Contacts
	if unseen, err := blind.Update(ctx, host.ContactUpdate{Key: "u5", Contact: s.Contact, Locale: &locale}); err != nil || unseen.Name != "" {
		s.Errorf("the answer without contacts:read.pii: %+v %v", unseen, err)
	}
}
