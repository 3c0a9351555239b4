package card_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/panel/card"
)

func Example() {
	c := card.New(
		card.Text{Text: "Order 1042", Weight: card.Bolder},
		card.Facts{{"Status", "Shipped"}, {"Total", "12.50 EUR"}},
	).With(card.Submit{Title: "Refund", Action: "refund", Data: map[string]any{"order": "1042"}, Style: card.Destructive})
	raw, err := c.JSON()
	fmt.Println(string(raw), err)
	// Output:
	// {"actions":[{"data":{"action":"refund","order":"1042"},"style":"destructive","title":"Refund","type":"Action.Submit"}],"body":[{"text":"Order 1042","type":"TextBlock","weight":"bolder","wrap":true},{"facts":[{"title":"Status","value":"Shipped"},{"title":"Total","value":"12.50 EUR"}],"type":"FactSet"}],"type":"AdaptiveCard","version":"1.5"} <nil>
}

func ExampleCheck() {
	for _, p := range card.Check([]byte(`{"type":"AdaptiveCard","version":"1.5","body":[
		{"type":"TextBlock","text":"hi","onclick":"alert(1)"},
		{"type":"Image","url":"https://tracker.example/x.png"},
		{"type":"Media","sources":[]}]}`)) {
		fmt.Println(p.Pointer, p.Message)
	}
	// Output:
	// /body/0/onclick is not known here
	// /body/1/url must be data:image/png, jpeg, gif or webp in base64, or blob: and the id of a file; other addresses would tell the far side who looks
	// /body/2/type "Media" has no place here; there may be: TextBlock, FactSet, Image, ColumnSet, Container, Table, ActionSet, Input.Text, Input.Number, Input.Date, Input.Toggle, Input.ChoiceSet
}

// everything has every element, input and button, with every value set.
func everything() card.Card {
	ten := 10.5
	return card.New(
		card.Text{Text: "t", Size: card.ExtraLarge, Weight: card.Lighter, Color: card.Attention, Subtle: true, NoWrap: true},
		card.Text{},
		card.Facts{{"a", "b"}}, card.Facts{},
		card.Image{MediaType: "image/png", Bytes: []byte("png"), Alt: "dot", Width: 16}, card.Image{BlobID: "blb_1"},
		card.Columns{{Weight: 2, Items: []card.Element{card.Text{Text: "x"}}}, {Narrow: true}, {}},
		card.Container{Style: card.StyleEmphasis, Items: []card.Element{card.Container{}}},
		card.Table{Columns: []int{1, 2}, Header: true, Rows: [][]card.Cell{card.Row("a", "b"), {{}, {card.Text{Text: "<b>"}}}}},
		card.TextInput{Field: card.Field{ID: "text", Label: "l", Required: true, Error: "e"}, Value: "v", Placeholder: "p", Lines: true, MaxLength: 9},
		card.NumberInput{Field: card.Field{ID: "number"}, Value: &ten, Min: new(float64), Max: &ten, Placeholder: "p"},
		card.DateInput{Field: card.Field{ID: "date"}, Value: "2026-02-28", Min: "2026-01-01", Max: "2026-12-31"},
		card.Toggle{Field: card.Field{ID: "toggle"}, Title: "on?", On: true},
		card.ChoiceInput{Field: card.Field{ID: "choice"}, Choices: []card.Choice{{"A", "a"}}, Value: "a", Many: true, Expanded: true, Placeholder: "p"},
		card.Buttons{card.Insert{Title: "Insert", Text: "Dear customer"}, card.Open{Title: "Open", URL: "https://shop.example/1042"}},
		nil,
	).With(
		card.Show{Title: "More", Card: card.New(card.Text{Text: "inner"}).With(card.Submit{Title: "Go", Style: card.Positive, Action: "go", Data: map[string]any{"action": "x"}})},
	)
}

// Whatever can be built from well-formed values is accepted, and reads back.
func TestBuilt(t *testing.T) {
	raw, err := everything().JSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := card.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := again.JSON(); err != nil || string(back) != string(raw) {
		t.Errorf("read back: %s %v", back, err)
	}
	if raw, err := (card.Card{}).JSON(); raw != nil || err != nil || !(card.Card{}).IsZero() || again.IsZero() {
		t.Errorf("the zero value: %s %v", raw, err)
	}
}

// What the values get wrong is told with the place.
func TestBuiltWrongly(t *testing.T) {
	deep := card.Element(card.Text{Text: "x"})
	for range card.MaxDepth {
		deep = card.Container{Items: []card.Element{deep}}
	}
	var many []card.Element
	for range card.MaxElements + 1 {
		many = append(many, card.Text{Text: "x"})
	}
	tests := map[string]struct {
		element card.Element
		at      string
	}{
		"address":       {card.Buttons{card.Open{Title: "t", URL: "http://shop.example"}}, "/body/0/actions/0/url"},
		"script":        {card.Buttons{card.Open{Title: "t", URL: "javascript:alert(1)"}}, "/body/0/actions/0/url"},
		"password":      {card.Buttons{card.Open{Title: "t", URL: "https://u:p@shop.example"}}, "/body/0/actions/0/url"},
		"no title":      {card.Buttons{card.Submit{Action: "a"}}, "/body/0/actions/0/title"},
		"no action":     {card.Buttons{card.Submit{Title: "t"}}, "/body/0/actions/0/data/action"},
		"nothing typed": {card.Buttons{card.Insert{Title: "t"}}, "/body/0/actions/0/patchbay/insertText"},
		"no buttons":    {card.Buttons{}, "/body/0/actions"},
		"svg":           {card.Image{MediaType: "image/svg+xml", Bytes: []byte("<svg/>")}, "/body/0/url"},
		"no picture":    {card.Image{}, "/body/0/url"},
		"no id":         {card.TextInput{}, "/body/0/id"},
		"id of action":  {card.TextInput{Field: card.Field{ID: "action"}}, "/body/0/id"},
		"same id": {card.Container{Items: []card.Element{
			card.TextInput{Field: card.Field{ID: "a"}}, card.Toggle{Field: card.Field{ID: "a"}, Title: "t"},
		}}, "/body/0/items/1/id"},
		"no day":      {card.DateInput{Field: card.Field{ID: "a"}, Value: "2026-02-30"}, "/body/0/value"},
		"no choices":  {card.ChoiceInput{Field: card.Field{ID: "a"}}, "/body/0/choices"},
		"long text":   {card.Text{Text: strings.Repeat("长", 4001)}, "/body/0/text"},
		"weight":      {card.Columns{{Weight: -1}}, "/body/0/columns/0/width"},
		"wide":        {card.Image{BlobID: "b", Width: 5000}, "/body/0/width"},
		"colour":      {card.Text{Text: "x", Color: "pink"}, "/body/0/color"},
		"short row":   {card.Table{Columns: []int{1, 1}, Rows: [][]card.Cell{card.Row("a")}}, "/body/0/rows/0/cells"},
		"no columns":  {card.Table{}, "/body/0/columns"},
		"inner":       {card.Buttons{card.Show{Title: "t", Card: card.New(card.Image{})}}, "/body/0/actions/0/card/body/0/url"},
		"deep":        {deep, "/body/0" + strings.Repeat("/items/0", card.MaxDepth)},
		"many":        {card.Container{Items: many[1:]}, fmt.Sprintf("/body/0/items/%d", card.MaxElements-1)},
		"too large":   {card.Image{MediaType: "image/png", Bytes: make([]byte, card.MaxBytes)}, ""},
		"not encoded": {card.Buttons{card.Submit{Title: "t", Action: "a", Data: map[string]any{"x": func() {}}}}, "-"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := card.New(tt.element).JSON()
			if err == nil {
				t.Fatal("it is accepted")
			}
			e, ok := errors.AsType[*card.Error](err)
			switch {
			case tt.at == "-":
				if ok {
					t.Errorf("got %v", err)
				}
			case !ok || e.Problems[0].Pointer != tt.at:
				t.Errorf("got %v, want it at %s", err, tt.at)
			}
		})
	}
}

// As many elements and as deep as allowed.
func TestBounds(t *testing.T) {
	var many []card.Element
	for range card.MaxElements {
		many = append(many, card.Text{Text: "x"})
	}
	deep := card.Element(card.Text{Text: "x"})
	for range card.MaxDepth - 1 {
		deep = card.Container{Items: []card.Element{deep}}
	}
	for _, c := range []card.Card{card.New(many...), card.New(deep)} {
		if _, err := c.JSON(); err != nil {
			t.Error(err)
		}
	}
}

func TestCheck(t *testing.T) {
	wrap := func(body string) string { return `{"type":"AdaptiveCard","version":"1.5","body":[` + body + `]}` }
	for raw, at := range map[string]string{
		``:     "",
		`{`:    "",
		`null`: "",
		`[]`:   "",
		`{}`:   "/type",
		`{"type":"AdaptiveCard","version":"1.5"} {}`:                                                              "",
		`{"type":"AdaptiveCard"}`:                                                                                 "/version",
		`{"type":"AdaptiveCard","version":"9"}`:                                                                   "/version",
		`{"type":"AdaptiveCard","version":"1.5","refresh":{}}`:                                                    "/refresh",
		`{"type":"AdaptiveCard","version":"1.5","body":{}}`:                                                       "/body",
		`{"type":"AdaptiveCard","version":"1.5","a/b~c":1}`:                                                       "/a~1b~0c",
		wrap(`{"type":"Action.Submit","title":"t","data":{"action":"a"}}`):                                        "/body/0/type",
		wrap(`{"type":"ActionSet","actions":[{"type":"Action.Execute","title":"t"}]}`):                            "/body/0/actions/0/type",
		wrap(`{"type":"ActionSet","actions":[{"type":"Action.Submit","title":"t"}]}`):                             "/body/0/actions/0",
		wrap(`{"type":"TextBlock","text":1}`):                                                                     "/body/0/text",
		wrap(`{"type":"TextBlock","text":"a\u0000b"}`):                                                            "/body/0/text",
		wrap(`{"type":"TextBlock","text":"x","wrap":"yes"}`):                                                      "/body/0/wrap",
		wrap(`{"type":"FactSet","facts":[{"title":"a"}]}`):                                                        "/body/0/facts/0/value",
		wrap(`{"type":"FactSet","facts":[{"type":"Fact","title":"a","value":"b"}]}`):                              "/body/0/facts/0/type",
		wrap(`{"type":"FactSet","facts":["a"]}`):                                                                  "/body/0/facts/0",
		wrap(`{"type":"Input.Number","id":"n","value":"1"}`):                                                      "/body/0/value",
		wrap(`{"type":"Image","url":"blob:a/b"}`):                                                                 "/body/0/url",
		wrap(`{"type":"Image","url":"data:image/png;base64,!"}`):                                                  "/body/0/url",
		wrap(`{"type":"Table","columns":[{"width":"2px"}],"rows":[]}`):                                            "/body/0/columns/0/width",
		wrap(`{"type":"Table","columns":[{}],"rows":[{"type":"TableRow","cells":[1]}]}`):                          "/body/0/rows/0/cells/0",
		wrap(`{"type":"ActionSet","actions":[{"type":"Action.Submit","title":"t","data":{"action":"a"},"x":1}]}`): "/body/0/actions/0/x",
	} {
		problems := card.Check([]byte(raw))
		if len(problems) == 0 || problems[0].Pointer != at || problems[0].Message == "" {
			t.Errorf("%s\ngot %+v, want it at %q", raw, problems, at)
		}
	}
	if problems := card.Check([]byte(wrap(strings.TrimSuffix(strings.Repeat(`{"type":"x"},`, 50), ",")))); len(problems) != 20 {
		t.Errorf("%d problems are told", len(problems))
	}
	if problems := card.Check([]byte(`{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.5","body":[{"type":"Table","columns":[{}],"rows":[]}]}`)); problems != nil {
		t.Errorf("%+v", problems)
	}
}

// Whatever it is, it is refused or reads as a card; nothing panics.
func FuzzCheck(f *testing.F) {
	raw, err := everything().JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(card.Check(data)) == 0 && !json.Valid(data) {
			t.Fatal("it is no JSON")
		}
	})
}
