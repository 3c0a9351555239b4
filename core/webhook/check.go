package webhook

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// prepare checks a draft and puts it into its stored form.
func (s *Service) prepare(ctx context.Context, scope identity.Scope, d *Draft) error {
	var c errs.Refusals
	if d.URL != nil {
		*d.URL = strings.TrimSpace(*d.URL)
		s.checkURL(&c, *d.URL)
	}
	if d.Description != nil {
		*d.Description = strings.TrimSpace(*d.Description)
		switch {
		case !utf8.ValidString(*d.Description) || strings.ContainsFunc(*d.Description, identity.Deceptive):
			c.Refuse("/description", "invalid_character", "A description has no control characters and no line breaks.")
		case utf8.RuneCountInString(*d.Description) > MaxDescription:
			c.Refuse("/description", "too_long", "A description has at most "+strconv.Itoa(MaxDescription)+" characters.")
		}
	}
	if d.Events != nil {
		*d.Events = checkEvents(&c, *d.Events)
	}
	if d.Inboxes != nil {
		if err := s.checkInboxes(ctx, scope, &c, d.Inboxes); err != nil {
			return err
		}
	}
	if err := c.Refused("webhook.invalid", "Some values are not accepted."); err != nil {
		return err
	}
	if len(d.Filter) == 0 || bytes.Equal(bytes.TrimSpace(d.Filter), []byte("null")) {
		return nil
	}
	filter, err := s.Filters.Check(ctx, scope.Workspace, d.Filter)
	d.Filter = filter
	return err
}

func (s *Service) checkURL(c *errs.Refusals, url string) {
	switch {
	case url == "":
		c.Refuse("/url", "required", "Enter the address to send to.")
	case len(url) > MaxURL:
		c.Refuse("/url", "too_long", "An address has at most "+strconv.Itoa(MaxURL)+" bytes.")
	case !utf8.ValidString(url) || strings.ContainsFunc(url, func(r rune) bool { return r == ' ' || identity.Deceptive(r) }):
		c.Refuse("/url", "invalid_character", "An address has no spaces and no control characters.")
	default:
		if err := s.Poster.Check(url); err != nil {
			c.Refuse("/url", "address", errs.As(err).Message)
		}
	}
}

// checkEvents returns the types in the order to show, each once.
func checkEvents(c *errs.Refusals, events []string) []string {
	if slices.Contains(events, All) {
		return []string{All}
	}
	if len(events) == 0 {
		c.Refuse("/events", "required", "Choose at least one event.")
	}
	for i, name := range events {
		if !Offered(name) {
			c.Refuse("/events/"+strconv.Itoa(i), "enum", "There is no such event.")
			return nil
		}
	}
	var out []string
	for _, t := range Types() {
		if slices.Contains(events, t.Name) {
			out = append(out, t.Name)
		}
	}
	return out
}

func (s *Service) checkInboxes(ctx context.Context, scope identity.Scope, c *errs.Refusals, inboxes *[]string) error {
	slices.Sort(*inboxes)
	*inboxes = slices.Compact(*inboxes)
	if len(*inboxes) > MaxInboxes {
		c.Refuse("/inbox_ids", "too_long", "Choose at most "+strconv.Itoa(MaxInboxes)+" inboxes.")
		return nil
	}
	for i, id := range *inboxes {
		there, err := s.Inboxes.HasInbox(ctx, scope.Workspace, id)
		if err != nil {
			return err
		}
		if !there {
			c.Refuse("/inbox_ids/"+strconv.Itoa(i), "absent", "There is no such inbox.")
		}
	}
	return nil
}

// apply changes an endpoint by a draft that was prepared.
func (d Draft) apply(e *Endpoint) {
	if d.URL != nil {
		e.URL = *d.URL
	}
	if d.Description != nil {
		e.Description = *d.Description
	}
	if d.Events != nil {
		e.Events = *d.Events
	}
	if d.Inboxes != nil {
		e.Inboxes = *d.Inboxes
	}
	if d.Active != nil {
		e.Active = *d.Active
	}
	if len(d.Filter) > 0 {
		e.Filter = d.Filter
		if bytes.Equal(bytes.TrimSpace(d.Filter), []byte("null")) {
			e.Filter = nil
		}
	}
}
