package main

import (
	"context"
	"errors"

	"github.com/patchbay-im/patchbay/plugins/vouchers/ledger"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

// Invoke implements tool.Tools.
func (p *plugin) Invoke(ctx context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	return tool.Map{"give_voucher": p.giveTool, "give_small_voucher": p.giveSmall, "voucher_balance": p.balance}.Invoke(ctx, req)
}

// giveTool gives a voucher that a colleague agreed to.
func (p *plugin) giveTool(ctx context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	return p.giveFor(ctx, req, nil)
}

// giveSmall gives a voucher that nobody was asked about.
func (p *plugin) giveSmall(ctx context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	s, err := settingsOf(req.Instance)
	if err != nil {
		return tool.InvokeResponse{}, err
	}
	return p.giveFor(ctx, req, &s.BotsUpTo)
}

func (p *plugin) giveFor(ctx context.Context, req tool.InvokeRequest, upTo *float64) (tool.InvokeResponse, error) {
	t := textsFor(req.Instance.Locale)
	var args struct{ Campaign, Note string }
	if err := req.Decode(&args); err != nil {
		return tool.InvokeResponse{}, errs.Reject(errs.CodeBadRequest, t.noParams).WithCause(err)
	}
	if upTo != nil && *upTo <= 0 {
		return tool.InvokeResponse{}, errs.Reject(codeNeedsApproval, t.tooMuch(money(0, "")))
	}
	contact, err := p.contactOf(ctx, req)
	if err != nil {
		return tool.InvokeResponse{}, err
	}
	given, err := p.give(ctx, req.Instance, t, wish{
		id: "tool/" + req.ID, campaign: args.Campaign, note: args.Note, contact: contact, conversation: req.ConversationID,
		by: ledger.Giver{Kind: req.Caller.Kind, ID: req.Caller.ID}, upTo: upTo,
	})
	if err != nil {
		return tool.InvokeResponse{}, err
	}
	s, err := settingsOf(req.Instance)
	return tool.InvokeResponse{Output: map[string]string{
		"code": given.Code, "campaign": s.title(given.Campaign), "value": money(given.Value, given.Currency), "sentence": given.sentence,
	}}, err
}

// contactOf is the customer that a tool is used for: of the request, or of its
// conversation. "" = none.
func (p *plugin) contactOf(ctx context.Context, req tool.InvokeRequest) (string, error) {
	if req.ContactID != "" || req.ConversationID == "" {
		return req.ContactID, nil
	}
	c, err := p.host(req.Instance.ID).Conversations.Get(ctx, req.ConversationID)
	return c.ContactID, err
}

// offer is a campaign as bots see it.
type offer struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	Value           string `json:"value"`
	Free            int    `json:"free"`
	WithoutApproval bool   `json:"without_approval"`
}

// balance says what there is, and whether the customer may have some of it.
func (p *plugin) balance(ctx context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	t := textsFor(req.Instance.Locale)
	s, err := settingsOf(req.Instance)
	if err != nil {
		return tool.InvokeResponse{}, err
	}
	contact, err := p.contactOf(ctx, req)
	if err != nil {
		return tool.InvokeResponse{}, err
	}
	book, err := p.open(ctx, req.Instance)
	if err != nil {
		return tool.InvokeResponse{}, err
	}
	counts, err := book.Counts(ctx)
	soon, reason := book.Allowed(ctx, contact, p.now(), s.perCustomer(), s.within())
	if err := errors.Join(err, reason); err != nil {
		return tool.InvokeResponse{}, errs.Unavailable(err, t.noDatabase)
	}
	offers, some := []offer{}, false
	for _, c := range s.Campaigns {
		o := offer{ID: c.ID, Name: c.Name, Value: s.price(c), Free: counts[c.ID].Free, WithoutApproval: s.BotsUpTo > 0 && c.Value <= s.BotsUpTo}
		if c.over(p.now(), zoneOf(req.Instance)) {
			o.Free = 0
		}
		some = some || o.Free > 0
		offers = append(offers, o)
	}
	out := map[string]any{"campaigns": offers, "may_have": some && soon == nil && contact != ""}
	switch {
	case contact == "":
		out["why"] = t.noCustomer
	case soon != nil:
		out["why"] = t.hadOne(p.now(), zoneOf(req.Instance), soon)
	case !some:
		out["why"] = t.noCampaigns
	}
	return tool.InvokeResponse{Output: out}, nil
}
