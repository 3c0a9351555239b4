package panel_test

import (
	"context"
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
)

// visits counts for whom it is drawn.
type visits struct{}

func (visits) Render(_ context.Context, req panel.RenderRequest) (panel.RenderResponse, error) {
	if req.Context.ContactID == "" {
		return panel.RenderResponse{}, nil // nothing to show
	}
	return panel.RenderResponse{Card: card.New(card.Facts{{Title: "Visits", Value: "3"}})}, nil
}

func ExamplePanel() {
	answer, err := visits{}.Render(context.Background(), panel.RenderRequest{Context: panel.Context{ContactID: "con_1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	raw, err := answer.Card.JSON()
	fmt.Println(string(raw), err)
	// Output:
	// {"body":[{"facts":[{"title":"Visits","value":"3"}],"type":"FactSet"}],"type":"AdaptiveCard","version":"1.5"} <nil>
}
