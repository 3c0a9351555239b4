// Package card builds the cards that the console draws: a subset of Adaptive
// Cards 1.5, described in docs/build-plugins. What cannot be drawn cannot be
// built; what only the values can get wrong (an address that is not https, two
// inputs of one id, a card that is too large) JSON and Check say, with the JSON
// pointer to it.
//
//	c := card.New(
//		card.Text{Text: "Order 1042", Weight: card.Bolder},
//		card.Facts{{"Status", "Shipped"}, {"Total", "12.50 EUR"}},
//		card.Buttons{card.Submit{Title: "Refund", Action: "refund", Data: map[string]any{"order": "1042"}}},
//	)
//
// Texts are plain: there is neither Markdown nor HTML in a card.
package card

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Bounds of a card.
const (
	MaxBytes    = 64 << 10 // of its JSON
	MaxElements = 200      // elements, columns, rows, cells and buttons together
	MaxDepth    = 8        // elements within one another
)

// Card is a card. The zero value is none: there is nothing to show.
type Card struct {
	body    []Element
	actions []Action
	raw     []byte // of Parse
}

// New returns a card of elements, one below the other.
func New(elements ...Element) Card { return Card{body: elements} }

// With returns the card with buttons at its foot.
func (c Card) With(actions ...Action) Card {
	c.actions = actions
	return c
}

// Parse returns a card that was written by hand, or the problems it has.
func Parse(raw []byte) (Card, error) {
	if problems := Check(raw); len(problems) > 0 {
		return Card{}, &Error{Problems: problems}
	}
	return Card{raw: bytes.Clone(raw)}, nil
}

// IsZero reports whether there is nothing to show.
func (c Card) IsZero() bool { return len(c.body) == 0 && len(c.actions) == 0 && len(c.raw) == 0 }

// JSON returns the card as the console takes it, nothing for the zero value.
// The error is an *Error with what is wrong with its values.
func (c Card) JSON() ([]byte, error) {
	if c.IsZero() || len(c.raw) > 0 {
		return c.raw, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(c.node()); err != nil {
		return nil, fmt.Errorf("encode the card: %w", err)
	}
	raw := bytes.TrimSpace(b.Bytes())
	if problems := Check(raw); len(problems) > 0 {
		return nil, &Error{Problems: problems}
	}
	return raw, nil
}

func (c Card) node() node {
	n := node{"type": "AdaptiveCard", "version": "1.5", "body": elements(c.body)}
	if len(c.actions) > 0 {
		n["actions"] = actions(c.actions)
	}
	return n
}

// Problem is one fault of a card.
type Problem struct {
	Pointer string // JSON pointer (RFC 6901) into the card; "" = the whole
	Message string
}

// Error is a card that the core would refuse.
type Error struct {
	Problems []Problem // at least one
}

// Error lists the problems.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Pointer + ": " + p.Message
	}
	return "the card is not accepted: " + strings.Join(lines, "; ")
}

// node is an object of the card's JSON; empty values are left out.
type node map[string]any

func newNode(kind string, pairs ...any) node {
	n := node{"type": kind}
	for i := 0; i+1 < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case string:
			if v == "" {
				continue
			}
		case bool:
			if !v {
				continue
			}
		case int:
			if v == 0 {
				continue
			}
		}
		n[pairs[i].(string)] = pairs[i+1] //nolint:forcetypeassert // keys are literals
	}
	return n
}

func elements(list []Element) []node {
	out := make([]node, 0, len(list))
	for _, e := range list {
		if e != nil {
			out = append(out, e.element())
		}
	}
	return out
}

func actions(list []Action) []node {
	out := make([]node, 0, len(list))
	for _, a := range list {
		if a != nil {
			out = append(out, a.action())
		}
	}
	return out
}
