package main

import (
	"context"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
)

const (
	freshReport = time.Minute
	// A row has five elements, and a card 200: the months of a year, while there
	// are no more campaigns in them than fit.
	reportMonths = 12
	reportRows   = 35
)

// report is what was given in each month, by campaign.
func (p *plugin) report(ctx context.Context, in instance.Instance, t texts) (card.Card, error) {
	s, book, err := p.desk(ctx, in)
	if err != nil {
		return card.Card{}, err
	}
	now := p.now().In(zoneOf(in))
	to := time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, now.Location())
	rows := [][]card.Cell{card.Row(t.month, t.campaign, t.given, t.value)}
	for range reportMonths {
		from := to.AddDate(0, -1, 0)
		sums, err := book.Sums(ctx, from, to)
		if err != nil {
			return card.Card{}, errs.Unavailable(err, t.noDatabase)
		}
		for _, sum := range sums {
			if len(rows) <= reportRows {
				rows = append(rows, card.Row(t.monthName(from), s.title(sum.Campaign), strconv.Itoa(sum.Gifts), money(sum.Value, sum.Currency)))
			}
		}
		to = from
	}
	if len(rows) == 1 {
		return card.New(card.Text{Text: t.nothingYet, Subtle: true}), nil
	}
	return card.New(card.Table{Columns: []int{3, 4, 2, 3}, Header: true, Rows: rows}), nil
}
