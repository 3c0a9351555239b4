package main

import (
	"context"

	"github.com/patchbay-im/patchbay/plugins/vouchers/ledger"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
)

// Panels of the manifest.
const (
	panelCustomer = "customer"
	panelQuick    = "quick"
	panelSettings = "settings"
	panelReport   = "report"
)

const actionGive = "give"

// shownGifts is how many vouchers of a customer a card shows.
const shownGifts = 10

// Render implements panel.Panel.
func (p *plugin) Render(ctx context.Context, req panel.RenderRequest) (panel.RenderResponse, error) {
	var out panel.RenderResponse
	var err error
	switch req.Context.Panel {
	case panelCustomer, panelQuick:
		out.Card, err = p.customer(ctx, req.Instance, req.Context)
	case panelReport:
		out.Card, err = p.report(ctx, req.Instance, textsFor(req.Context.Locale))
		out.Fresh = freshReport
	}
	return out, err
}

// Act implements panel.Actor.
func (p *plugin) Act(ctx context.Context, req panel.ActRequest) (panel.ActResponse, error) {
	t, at := textsFor(req.Context.Locale), req.Context
	var data struct{ Campaign, Note string }
	switch {
	case req.Action != actionGive || at.Panel != panelCustomer && at.Panel != panelQuick:
		return panel.ActResponse{}, errs.Reject(codeNoAction, t.notPressed)
	case !at.Allows(panel.MayWrite):
		return panel.ActResponse{}, errs.Reject(codeNotAllowed, t.readOnly)
	}
	if err := req.Decode(&data); err != nil {
		return panel.ActResponse{}, errs.Reject(errs.CodeBadRequest, t.noParams).WithCause(err)
	}
	if data.Campaign == "" {
		return panel.ActResponse{}, errs.Reject(codeNoCampaign, t.pickOne)
	}
	s, err := settingsOf(req.Instance)
	if err != nil {
		return panel.ActResponse{}, err
	}
	w := wish{
		// The press is named by the browser: two members may choose one name.
		id: "agent/" + at.MemberID + "/" + req.ID, campaign: data.Campaign, note: data.Note, contact: at.ContactID, conversation: at.ConversationID,
		by: ledger.Giver{Kind: "agent", ID: at.MemberID, Name: at.MemberName},
	}
	if !at.Allows(panel.MayManage) {
		w.upTo = s.AgentsUpTo
	}
	given, err := p.give(ctx, req.Instance, t, w)
	if err != nil {
		return panel.ActResponse{}, err
	}
	shown, err := p.customer(ctx, req.Instance, at)
	if err != nil {
		p.log.WarnContext(ctx, "a voucher was given, and the card cannot be drawn", "instance", req.Instance.ID, "error", err)
	}
	return panel.ActResponse{Card: shown, Message: t.gave(given.Code), InsertText: given.sentence}, nil
}

// customer is what a customer has, and the form to give another; of the quick
// panel the form alone.
func (p *plugin) customer(ctx context.Context, in instance.Instance, at panel.Context) (card.Card, error) {
	if at.ContactID == "" {
		return card.Card{}, nil
	}
	t := textsFor(at.Locale)
	s, book, err := p.desk(ctx, in)
	if err != nil {
		return card.Card{}, err
	}
	var parts []card.Element
	if at.Panel == panelCustomer {
		had, err := book.Of(ctx, at.ContactID, shownGifts)
		if err != nil {
			return card.Card{}, errs.Unavailable(err, t.noDatabase)
		}
		parts = append(parts, t.gifts(in, s, had, at.Allows(panel.MayWrite))...)
	}
	if !at.Allows(panel.MayWrite) {
		return card.New(parts...), nil
	}
	form, err := p.form(ctx, in, book, at)
	if err != nil {
		return card.Card{}, errs.Unavailable(err, t.noDatabase)
	}
	return card.New(append(parts, form...)...), nil
}

// gifts lists what a customer has.
func (t texts) gifts(in instance.Instance, s settings, had []ledger.Gift, write bool) []card.Element {
	if len(had) == 0 {
		return []card.Element{card.Text{Text: t.none, Subtle: true}}
	}
	out := make([]card.Element, 0, len(had))
	for _, g := range had {
		worth := s.title(g.Campaign)
		if g.Value > 0 {
			worth = money(g.Value, g.Currency) + " · " + worth
		}
		lines := []card.Element{
			card.Text{Text: g.Code, Weight: card.Bolder},
			card.Text{Text: worth},
			card.Text{Text: t.date(g.At.In(zoneOf(in))) + " · " + t.by(g.By), Subtle: true, Size: card.Small},
		}
		if g.Note != "" {
			lines = append(lines, card.Text{Text: g.Note, Subtle: true, Size: card.Small})
		}
		if write {
			lines = append(lines, card.Buttons{card.Insert{Title: t.giveAgain, Text: s.sentence(in, g)}})
		}
		out = append(out, card.Container{Style: card.StyleEmphasis, Items: lines})
	}
	return out
}

// form is what gives a voucher, or why none may be given now.
func (p *plugin) form(ctx context.Context, in instance.Instance, book *ledger.Ledger, at panel.Context) ([]card.Element, error) {
	t := textsFor(at.Locale)
	s, err := settingsOf(in)
	if err != nil {
		return nil, err
	}
	soon, err := book.Allowed(ctx, at.ContactID, p.now(), s.perCustomer(), s.within())
	if err != nil {
		return nil, err
	}
	if soon != nil {
		return warning(t.hadOne(p.now(), zoneOf(in), soon)), nil
	}
	counts, err := book.Counts(ctx)
	if err != nil {
		return nil, err
	}
	var choices []card.Choice
	for _, c := range s.Campaigns {
		free := counts[c.ID].Free
		tooMuch := s.AgentsUpTo != nil && c.Value > *s.AgentsUpTo && !at.Allows(panel.MayManage)
		if free == 0 || tooMuch || c.over(p.now(), zoneOf(in)) {
			continue
		}
		title := c.Name + " · " + t.left(free)
		if c.Value > 0 {
			title = c.Name + " · " + s.price(c) + " · " + t.left(free)
		}
		choices = append(choices, card.Choice{Title: title, Value: c.ID})
	}
	if len(choices) == 0 {
		return warning(t.noCampaigns), nil
	}
	return []card.Element{
		card.ChoiceInput{Field: card.Field{ID: "campaign", Label: t.campaign, Required: true, Error: t.pickOne}, Choices: choices, Value: choices[0].Value},
		card.TextInput{Field: card.Field{ID: "note", Label: t.note}, Value: s.Note, Placeholder: t.noteHint, MaxLength: maxNote},
		card.Buttons{card.Submit{Title: t.give, Style: card.Positive, Action: actionGive}},
	}, nil
}

func warning(text string) []card.Element {
	return []card.Element{card.Container{Style: card.StyleWarning, Items: []card.Element{card.Text{Text: text}}}}
}
