package testhost

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

const scopePII = "contacts:read.pii"

type contacts struct {
	pluginv1.UnimplementedHostContactServiceServer
	*desk
}

// seen is a contact as the plugin may see it.
func (h *desk) seen(p *person) *pluginv1.Contact {
	if h.may(scopePII) {
		return proto.CloneOf(p.Contact)
	}
	return &pluginv1.Contact{Id: p.GetId(), Locale: p.GetLocale(), CreatedAt: p.GetCreatedAt(), Revision: p.GetRevision(), MergedInto: p.GetMergedInto()}
}

// GetContact returns a contact that the instance sees.
func (h *contacts) GetContact(_ context.Context, req *pluginv1.GetContactRequest) (*pluginv1.GetContactResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.contact(req.GetInstanceId(), req.GetContactId())
	if p == nil {
		return nil, absent()
	}
	return &pluginv1.GetContactResponse{Contact: h.seen(p)}, nil
}

// FindContacts finds contacts by what identifies them.
func (h *contacts) FindContacts(_ context.Context, req *pluginv1.FindContactsRequest) (*pluginv1.FindContactsResponse, error) {
	const most = 20
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.may(scopePII) {
		return nil, status.Errorf(codes.PermissionDenied, "to find contacts by what identifies them needs %q too", scopePII)
	}
	var given []string
	for _, one := range []string{req.GetEmail(), req.GetPhone(), req.GetExternalId()} {
		if one != "" {
			given = append(given, one)
		}
	}
	if len(given) != 1 || req.GetEmail() != "" && !mailable(req.GetEmail()) || req.GetPhone() != "" && !callable(req.GetPhone()) {
		return nil, invalid("plugin.request", "Give one of email, phone and external_id, as it is written.")
	}
	out := &pluginv1.FindContactsResponse{}
	for _, id := range slices.Sorted(maps.Keys(h.records.contacts)) {
		p := h.contact(req.GetInstanceId(), id)
		if p == nil || len(out.GetContacts()) == most {
			continue
		}
		same := func(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }
		if req.GetExternalId() != "" && p.GetExternalId() == req.GetExternalId() ||
			slices.ContainsFunc(p.GetEmails(), func(e string) bool { return req.GetEmail() != "" && same(e, req.GetEmail()) }) ||
			slices.ContainsFunc(p.GetPhones(), func(n string) bool { return req.GetPhone() != "" && digits(n) == digits(req.GetPhone()) }) {
			out.Contacts = append(out.Contacts, h.seen(p))
		}
	}
	return out, nil
}

// mailable reports whether s can be an e-mail address.
func mailable(s string) bool {
	s = strings.TrimSpace(s)
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && strings.Contains(strings.Trim(domain, "."), ".") && !strings.ContainsAny(s, ` ()<>[],;:\"`) &&
		!strings.Contains(domain, "@")
}

// callable reports whether s can be a telephone number.
func callable(s string) bool {
	rest := strings.TrimFunc(s, unicode.IsSpace)
	const least = 3
	return len(digits(s)) >= least && strings.Trim(rest, "0123456789+ -–.()/*#,;extEXT转分机") == ""
}

// digits is a number without what people write between its digits.
func digits(s string) string {
	s = strings.Replace(s, "(0)", "", 1)
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// UpdateContact changes what is kept of a contact.
func (h *contacts) UpdateContact(_ context.Context, req *pluginv1.UpdateContactRequest) (*pluginv1.UpdateContactResponse, error) {
	return keyed(h.desk, req, func() (*pluginv1.UpdateContactResponse, error) {
		p := h.contact(req.GetInstanceId(), req.GetContactId())
		if p == nil {
			return nil, absent()
		}
		set, err := h.edited(req)
		if err != nil {
			return nil, err
		}
		if req.GetIfRevision() != 0 && req.GetIfRevision() != p.GetRevision() {
			return nil, conflict("contact.outdated", "The contact was changed meanwhile. Read it again.")
		}
		if p.Attributes, err = laid(p.GetAttributes(), set); err != nil {
			return nil, err
		}
		if req.Name != nil { //nolint:protogetter // nil is not ""
			p.Name = strings.TrimSpace(req.GetName())
		}
		if req.Locale != nil { //nolint:protogetter // as above
			p.Locale = strings.TrimSpace(req.GetLocale())
		}
		p.Revision = h.next()
		return &pluginv1.UpdateContactResponse{Contact: h.seen(p)}, nil
	})
}

// laid lays a change over attributes: nil takes one away.
func laid(raw []byte, set map[string]any) ([]byte, error) {
	attributes := make(map[string]any)
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &attributes); err != nil {
			return nil, err
		}
	}
	for key, value := range set {
		if attributes[key] = value; value == nil {
			delete(attributes, key)
		}
	}
	switch {
	case len(attributes) > maxAttributes:
		return nil, invalid("contact.invalid", "Some fields are not right.", [2]string{"/attributes", "would be more than 50"})
	case len(attributes) == 0:
		return nil, nil
	}
	return json.Marshal(attributes)
}

// edited checks a change and returns the attributes in it.
func (h *Host) edited(req *pluginv1.UpdateContactRequest) (map[string]any, error) {
	const maxLocale = 35
	set, err := objectOf("attributes", req.GetAttributes())
	if err != nil {
		return nil, err
	}
	var wrong [][2]string
	for _, f := range []struct {
		pointer, text string
		limit         int
	}{{"/name", req.GetName(), maxName}, {"/locale", req.GetLocale(), maxLocale}} {
		switch {
		case long(f.text, f.limit):
			wrong = append(wrong, [2]string{f.pointer, strings.Replace(tooLong(f.limit), "has more", "is longer", 1)})
		case control(f.text, false):
			wrong = append(wrong, [2]string{f.pointer, "holds characters that cannot be stored"})
		}
	}
	if len(wrong) > 0 {
		return nil, invalid("contact.invalid", "Some fields are not right.", wrong...)
	}
	return checked(h.records.attributes, "/attributes", set)
}
