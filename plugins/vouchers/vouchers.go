package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/plugins/vouchers/ledger"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Codes of refusals; what people read beside them stands in texts.
const (
	codeNoCodes       = "no_codes"
	codeHadOne        = "had_one"
	codeNotAllowed    = "not_allowed"
	codeNeedsApproval = "needs_approval"
	codeNoCampaign    = "unknown_campaign"
	codeOver          = "campaign_over"
	codeNoCustomer    = "no_customer"
	codeReused        = "id_reused"
	codeNoMethod      = "unknown_method"
	codeNoAction      = "unknown_action"
)

// maxNote is how many characters a note has at most.
const maxNote = 200

// plugin is what the program offers.
type plugin struct {
	log  *slog.Logger
	host func(instance string) host.Instance
	now  func() time.Time

	mu    sync.Mutex
	books map[string]*book // by instance

	rechecks map[string]place // by instance
}

// book is an instance's ledger, opened when it is first needed.
type book struct {
	mu     sync.Mutex
	ledger *ledger.Ledger
}

func newPlugin(env sdk.Env, now func() time.Time) *plugin {
	return &plugin{log: env.Log, host: env.For, now: now, books: make(map[string]*book), rechecks: make(map[string]place)}
}

// open returns an instance's ledger.
func (p *plugin) open(ctx context.Context, in instance.Instance) (*ledger.Ledger, error) {
	p.mu.Lock()
	b := p.books[in.ID]
	if b == nil {
		b = &book{}
		p.books[in.ID] = b
	}
	p.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ledger != nil {
		return b.ledger, nil
	}
	at, err := p.host(in.ID).Database.Open(ctx)
	if err != nil {
		return nil, err
	}
	if b.ledger, err = ledger.Open(ctx, at.Driver, at.Source); err != nil {
		return nil, errs.Unavailable(err, "The database of the vouchers cannot be opened.")
	}
	return b.ledger, nil
}

// desk returns an instance's settings and its ledger.
func (p *plugin) desk(ctx context.Context, in instance.Instance) (settings, *ledger.Ledger, error) {
	s, err := settingsOf(in)
	if err != nil {
		return settings{}, nil, err
	}
	book, err := p.open(ctx, in)
	return s, book, err
}

// close closes an instance's ledger; calls that are under way fail.
func (p *plugin) close(id string) error {
	p.mu.Lock()
	b := p.books[id]
	delete(p.books, id)
	p.mu.Unlock()
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ledger == nil {
		return nil
	}
	return b.ledger.Close()
}

// ValidateConfig implements instance.ConfigValidator.
func (p *plugin) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var s settings
	if err := req.Decode(&s); err != nil {
		return instance.ValidateConfigResponse{}, errs.Reject(errs.CodeBadRequest, "These are no settings.").WithCause(err)
	}
	return instance.ValidateConfigResponse{Problems: s.check()}, nil
}

// RemoveInstance implements instance.Remover.
func (p *plugin) RemoveInstance(_ context.Context, req instance.RemoveInstanceRequest) (instance.RemoveInstanceResponse, error) { //nolint:unparam // as the interface has it
	return instance.RemoveInstanceResponse{}, p.close(req.Instance.ID)
}

// Drain implements instance.Drainer.
func (p *plugin) Drain(context.Context, instance.DrainRequest) (instance.DrainResponse, error) { //nolint:unparam // as the interface has it
	p.mu.Lock()
	ids := make([]string, 0, len(p.books))
	for id := range p.books {
		ids = append(ids, id)
	}
	p.mu.Unlock()
	var all error
	for _, id := range ids {
		all = errors.Join(all, p.close(id))
	}
	return instance.DrainResponse{}, all
}

// wish is a voucher that somebody wants to give.
type wish struct {
	id           string
	campaign     string
	note         string
	contact      string
	conversation string
	by           ledger.Giver
	upTo         *float64 // the largest value; nil = any
}

// gift is what came of a wish.
type gift struct {
	ledger.Gift
	sentence string // for the customer
}

// give gives a voucher once for the wish's id. Refusals are worded for whoever
// wishes.
func (p *plugin) give(ctx context.Context, in instance.Instance, t texts, w wish) (gift, error) {
	s, err := settingsOf(in)
	if err != nil {
		return gift{}, err
	}
	c, ok := s.named(w.campaign)
	note, fine := cleanNote(w.note)
	switch {
	case !ok:
		return gift{}, errs.Reject(codeNoCampaign, t.noCampaign)
	case w.contact == "":
		return gift{}, errs.Reject(codeNoCustomer, t.noCustomer)
	case !fine:
		return gift{}, errs.Reject(errs.CodeBadRequest, t.badNote)
	case w.upTo != nil && c.Value > *w.upTo:
		return gift{}, errs.Reject(codeNeedsApproval, t.tooMuch(money(hundredths(*w.upTo), s.currency())))
	case c.over(p.now(), zoneOf(in)):
		return gift{}, errs.Reject(codeOver, t.over(c.Name, c.Until))
	}
	book, err := p.open(ctx, in)
	if err != nil {
		return gift{}, err
	}
	given, err := book.Give(ctx, ledger.Request{
		ID: w.id, Campaign: c.ID, Value: hundredths(c.Value), Currency: s.currency(), Contact: w.contact, Conversation: w.conversation,
		By: w.by, Note: note, At: p.now(), Most: s.perCustomer(), Within: s.within(),
	})
	if err != nil {
		return gift{}, p.refusal(err, in, t, c)
	}
	return gift{Gift: given, sentence: s.sentence(in, given)}, nil
}

// refusal words what the ledger refused.
func (p *plugin) refusal(err error, in instance.Instance, t texts, c campaign) error {
	soon, ok := errors.AsType[*ledger.TooSoonError](err)
	switch {
	case ok:
		return errs.Reject(codeHadOne, t.hadOne(p.now(), zoneOf(in), soon))
	case errors.Is(err, ledger.ErrNoCodes):
		return errs.Reject(codeNoCodes, t.noCodes(c.Name))
	case errors.Is(err, ledger.ErrReused):
		return errs.Reject(codeReused, t.reused)
	}
	return errs.Unavailable(err, t.noDatabase)
}

// sentence is what a customer is told.
func (s settings) sentence(in instance.Instance, g ledger.Gift) string {
	text := strings.TrimSpace(s.Sentence)
	if text == "" {
		text = textsFor(in.Locale).sentence
		if g.Value == 0 {
			text = textsFor(in.Locale).plainSentence
		}
	}
	return strings.NewReplacer(codePlace, g.Code, "{value}", money(g.Value, g.Currency), "{campaign}", s.title(g.Campaign)).Replace(text)
}

// cleanNote cuts blanks off a note, and refuses one that is too long or holds
// what no database keeps.
func cleanNote(note string) (string, bool) {
	note = strings.TrimSpace(note)
	return note, len([]rune(note)) <= maxNote && !strings.ContainsRune(note, 0)
}
