package main

import (
	"context"
	"encoding/csv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/vouchers/ledger"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/panel"
)

// Bounds of the settings page.
const (
	pageGifts = 25
	csvGifts  = 200
	csvBytes  = 128 << 10 // an answer to a page has at most 256 KiB, escaped
	maxSearch = 100
)

// Call implements panel.Caller: it answers the settings page.
func (p *plugin) Call(ctx context.Context, req panel.CallRequest) (panel.CallResponse, error) {
	t := textsFor(req.Context.Locale)
	methods := map[string]func(context.Context, panel.CallRequest, texts, *ledger.Ledger) (any, error){
		"overview": p.overview, "import": p.importCodes, "discard": p.discard, "given": p.given, "csv": p.csv,
	}
	method := methods[req.Method]
	switch {
	case method == nil || req.Context.Panel != panelSettings:
		return panel.CallResponse{}, errs.Reject(codeNoMethod, t.noMethod)
	case !req.Context.Allows(panel.MayManage):
		return panel.CallResponse{}, errs.Reject(codeNotAllowed, t.notAllowed)
	}
	book, err := p.open(ctx, req.Instance)
	if err != nil {
		return panel.CallResponse{}, err
	}
	value, err := method(ctx, req, t, book)
	if e := errs.As(err); e != nil && e.Source == errs.Own {
		err = errs.Unavailable(err, t.noDatabase)
	}
	return panel.CallResponse{Value: value}, err
}

// campaignRow is a campaign as the page shows it.
type campaignRow struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value string `json:"value"`
	Until string `json:"until,omitempty"`
	Over  bool   `json:"over,omitempty"`
	Gone  bool   `json:"gone,omitempty"` // it is in the settings no more
	Free  int    `json:"free"`
	Given int    `json:"given"`
}

// overview lists the campaigns: those of the settings, then those that only have
// codes.
func (p *plugin) overview(ctx context.Context, req panel.CallRequest, _ texts, book *ledger.Ledger) (any, error) {
	s, err := settingsOf(req.Instance)
	if err != nil {
		return nil, err
	}
	counts, err := book.Counts(ctx)
	if err != nil {
		return nil, err
	}
	rows := []campaignRow{}
	for _, c := range s.Campaigns {
		n := counts[c.ID]
		rows = append(rows, campaignRow{
			ID: c.ID, Name: c.Name, Value: s.price(c), Until: c.Until, Over: c.over(p.now(), zoneOf(req.Instance)), Free: n.Free, Given: n.Given,
		})
		delete(counts, c.ID)
	}
	for id, n := range counts {
		rows = append(rows, campaignRow{ID: id, Name: id, Gone: true, Free: n.Free, Given: n.Given})
	}
	return map[string]any{"campaigns": rows, "max_lines": ledger.MaxLines, "max_code": ledger.MaxCode}, nil
}

// importCodes adds codes, one for each line.
func (p *plugin) importCodes(ctx context.Context, req panel.CallRequest, t texts, book *ledger.Ledger) (any, error) {
	var in struct {
		Campaign string   `json:"campaign"`
		Lines    []string `json:"lines"`
	}
	s, err := settingsOf(req.Instance)
	if err != nil {
		return nil, err
	}
	if err := req.Decode(&in); err != nil || len(in.Lines) > ledger.MaxLines {
		return nil, errs.Reject(errs.CodeBadRequest, t.noParams).WithCause(err)
	}
	c, ok := s.named(in.Campaign)
	if !ok || c.ID != in.Campaign {
		return nil, errs.Reject(codeNoCampaign, t.noCampaign)
	}
	added, refused, err := book.Import(ctx, c.ID, in.Lines, req.Context.MemberID, p.now())
	if err != nil {
		return nil, err
	}
	type line struct {
		Line     int    `json:"line"`
		Why      string `json:"why"`
		Campaign string `json:"campaign,omitempty"`
	}
	lines := make([]line, len(refused))
	for i, r := range refused {
		lines[i] = line{Line: r.Line, Why: r.Why}
		if r.Campaign != "" {
			lines[i].Campaign = s.title(r.Campaign)
		}
	}
	p.log.InfoContext(ctx, "codes were imported", "instance", req.Instance.ID, "campaign", c.ID, "added", added, "refused", len(refused))
	return map[string]any{"added": added, "refused": lines}, nil
}

// discard removes a campaign's free codes.
func (p *plugin) discard(ctx context.Context, req panel.CallRequest, t texts, book *ledger.Ledger) (any, error) {
	var in struct {
		Campaign string `json:"campaign"`
	}
	if err := req.Decode(&in); err != nil || in.Campaign == "" || strings.ContainsRune(in.Campaign, 0) {
		return nil, errs.Reject(codeNoCampaign, t.noCampaign).WithCause(err)
	}
	n, err := book.Discard(ctx, in.Campaign)
	if err != nil {
		return nil, err
	}
	p.log.InfoContext(ctx, "codes were discarded", "instance", req.Instance.ID, "campaign", in.Campaign, "codes", n)
	return map[string]any{"discarded": n}, nil
}

// giftRow is a voucher that was given, as the page shows it.
type giftRow struct {
	Code         string    `json:"code"`
	Campaign     string    `json:"campaign"`
	Value        string    `json:"value"`
	By           string    `json:"by"`
	Note         string    `json:"note,omitempty"`
	Conversation string    `json:"conversation,omitempty"`
	At           time.Time `json:"at"`
}

type listParams struct {
	Search string `json:"search"`
	After  string `json:"after"`
}

func readList(req panel.CallRequest, t texts) (listParams, error) {
	var in listParams
	err := req.Decode(&in)
	if err != nil || len([]rune(in.Search)) > maxSearch || strings.ContainsRune(in.Search+in.After, 0) {
		return in, errs.Reject(errs.CodeBadRequest, t.noParams).WithCause(err)
	}
	return in, nil
}

// given lists what was given, the latest first.
func (p *plugin) given(ctx context.Context, req panel.CallRequest, t texts, book *ledger.Ledger) (any, error) {
	in, err := readList(req, t)
	if err != nil {
		return nil, err
	}
	s, err := settingsOf(req.Instance)
	if err != nil {
		return nil, err
	}
	page, err := book.Given(ctx, ledger.Search{Text: in.Search, Before: in.After, Limit: pageGifts})
	if err != nil {
		return nil, err
	}
	rows := make([]giftRow, len(page.Gifts))
	for i, g := range page.Gifts {
		rows[i] = giftRow{
			Code: g.Code, Campaign: s.title(g.Campaign), Value: money(g.Value, g.Currency), By: t.by(g.By), Note: g.Note, Conversation: g.Conversation, At: g.At,
		}
	}
	return map[string]any{"gifts": rows, "next": page.Next}, nil
}

// csv is what was given as text for a spreadsheet, a part at a time; the first
// part has the heading.
func (p *plugin) csv(ctx context.Context, req panel.CallRequest, t texts, book *ledger.Ledger) (any, error) {
	in, err := readList(req, t)
	if err != nil {
		return nil, err
	}
	page, err := book.Given(ctx, ledger.Search{Text: in.Search, Before: in.After, Limit: csvGifts})
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	if in.After == "" {
		_ = w.Write([]string{"code", "campaign", "value", "currency", "given_at", "given_by_kind", "given_by", "contact", "conversation", "note"})
	}
	next := page.Next
	for _, g := range page.Gifts {
		_ = w.Write(harmless(g.Code, g.Campaign, money(g.Value, ""), g.Currency, g.At.Format(time.RFC3339), g.By.Kind, g.By.Name, g.Contact, g.Conversation, g.Note))
		if w.Flush(); out.Len() > csvBytes {
			next = ledger.After(g)
			break
		}
	}
	w.Flush()
	return map[string]any{"text": out.String(), "next": next}, w.Error()
}

// harmless keeps a spreadsheet from taking what people wrote for a formula.
func harmless(cells ...string) []string {
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			cells[i] = "'" + cell
		}
	}
	return cells
}
