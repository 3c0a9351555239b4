package card

import "encoding/base64"

// Element is a part of a card.
type Element interface{ element() node }

// Size is the size of a Text.
type Size string

// The sizes; the zero value is the default one.
const (
	Small      Size = "small"
	Medium     Size = "medium"
	Large      Size = "large"
	ExtraLarge Size = "extraLarge"
)

// Weight is the weight of a Text.
type Weight string

// The weights; the zero value is the default one.
const (
	Lighter Weight = "lighter"
	Bolder  Weight = "bolder"
)

// Color says what a Text or a Container means; the console's theme says how
// that looks, in the light and in the dark.
type Color string

// The colours; the zero value is the default one.
const (
	Accent    Color = "accent"
	Good      Color = "good"
	Warning   Color = "warning"
	Attention Color = "attention"
)

// Text is a paragraph.
type Text struct {
	Text   string
	Size   Size
	Weight Weight
	Color  Color
	Subtle bool
	NoWrap bool // one line, cut where there is no more room
}

func (t Text) element() node {
	n := newNode("TextBlock", "size", string(t.Size), "weight", string(t.Weight), "color", string(t.Color), "isSubtle", t.Subtle, "wrap", !t.NoWrap)
	n["text"] = t.Text
	return n
}

// Facts are names with values, below one another.
type Facts []Fact

// Fact is a name with its value.
type Fact struct{ Title, Value string }

func (f Facts) element() node {
	list := make([]node, len(f))
	for i, fact := range f {
		list[i] = node{"title": fact.Title, "value": fact.Value}
	}
	return node{"type": "FactSet", "facts": list}
}

// Image is a picture: its bytes, or a file that the core has. There are no
// addresses: a picture from elsewhere would tell the far side who looks.
type Image struct {
	MediaType string // of Bytes: image/png, image/jpeg, image/gif or image/webp
	Bytes     []byte
	BlobID    string // instead of Bytes
	Alt       string // what it shows, for who does not see it
	Width     int    // in pixels, at most 1024; 0 = as wide as it is
}

func (i Image) element() node {
	address := "blob:" + i.BlobID
	if len(i.Bytes) > 0 {
		address = "data:" + i.MediaType + ";base64," + base64.StdEncoding.EncodeToString(i.Bytes)
	}
	return newNode("Image", "url", address, "altText", i.Alt, "width", i.Width)
}

// Columns stand side by side.
type Columns []Column

// Column is one of Columns.
type Column struct {
	Weight int  // its part of the room, from 1; 0 = what is left
	Narrow bool // instead: as narrow as its content
	Items  []Element
}

func (c Columns) element() node {
	list := make([]node, len(c))
	for i, column := range c {
		var width any = "stretch"
		switch {
		case column.Narrow:
			width = "auto"
		case column.Weight != 0:
			width = column.Weight
		}
		list[i] = node{"type": "Column", "width": width, "items": elements(column.Items)}
	}
	return node{"type": "ColumnSet", "columns": list}
}

// Container holds elements together.
type Container struct {
	Style Style
	Items []Element
}

// Style is how a Container stands out.
type Style string

// The styles; the zero value does not stand out.
const (
	StyleEmphasis  Style = "emphasis"
	StyleAccent    Style = "accent"
	StyleGood      Style = "good"
	StyleWarning   Style = "warning"
	StyleAttention Style = "attention"
)

func (c Container) element() node {
	n := newNode("Container", "style", string(c.Style))
	n["items"] = elements(c.Items)
	return n
}

// Table has rows of cells, as many in each as there are Columns.
type Table struct {
	Columns []int // the part of the room of each column, from 1
	Header  bool  // the first row says what the columns are
	Rows    [][]Cell
}

// Cell is a cell of a Table.
type Cell []Element

// Row returns a row of texts.
func Row(texts ...string) []Cell {
	out := make([]Cell, len(texts))
	for i, text := range texts {
		out[i] = Cell{Text{Text: text}}
	}
	return out
}

func (t Table) element() node {
	columns := make([]node, len(t.Columns))
	for i, width := range t.Columns {
		columns[i] = node{"width": width}
	}
	rows := make([]node, len(t.Rows))
	for i, row := range t.Rows {
		cells := make([]node, len(row))
		for j, cell := range row {
			cells[j] = node{"type": "TableCell", "items": elements(cell)}
		}
		rows[i] = node{"type": "TableRow", "cells": cells}
	}
	return node{"type": "Table", "columns": columns, "rows": rows, "firstRowAsHeader": t.Header}
}
