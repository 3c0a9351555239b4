package card

import "strconv"

// Field is what every input has.
type Field struct {
	ID       string // the key of the value in ActRequest.Data; unique in the card
	Label    string
	Required bool
	Error    string // what to say when it is required and empty, or out of bounds
}

func (f Field) node(kind string, pairs ...any) node {
	n := newNode(kind, append([]any{"label", f.Label, "isRequired", f.Required, "errorMessage", f.Error}, pairs...)...)
	n["id"] = f.ID
	return n
}

// TextInput takes a text.
type TextInput struct {
	Field
	Value       string
	Placeholder string
	Lines       bool // several lines
	MaxLength   int  // in characters; 0 = no bound
}

func (i TextInput) element() node {
	return i.node("Input.Text", "value", i.Value, "placeholder", i.Placeholder, "isMultiline", i.Lines, "maxLength", i.MaxLength)
}

// NumberInput takes a number.
type NumberInput struct {
	Field
	Value       *float64 // nil = empty
	Min, Max    *float64 // nil = no bound
	Placeholder string
}

func (i NumberInput) element() node {
	n := i.node("Input.Number", "placeholder", i.Placeholder)
	for key, v := range map[string]*float64{"value": i.Value, "min": i.Min, "max": i.Max} {
		if v != nil {
			n[key] = *v
		}
	}
	return n
}

// DateInput takes a day, as 2006-01-02.
type DateInput struct {
	Field
	Value    string // "" = empty
	Min, Max string // "" = no bound
}

func (i DateInput) element() node {
	return i.node("Input.Date", "value", i.Value, "min", i.Min, "max", i.Max)
}

// Toggle is on or off; its value is "true" or "false".
type Toggle struct {
	Field
	Title string // beside the switch
	On    bool
}

func (i Toggle) element() node {
	n := i.node("Input.Toggle", "value", strconv.FormatBool(i.On))
	n["title"] = i.Title
	return n
}

// ChoiceInput takes one of several values, or, with Many, any of them joined by
// commas.
type ChoiceInput struct {
	Field
	Choices     []Choice
	Value       string // values joined by commas with Many; "" = none
	Many        bool
	Expanded    bool // all choices below one another, instead of a list to open
	Placeholder string
}

// Choice is one of a ChoiceInput.
type Choice struct{ Title, Value string }

func (i ChoiceInput) element() node {
	list := make([]node, len(i.Choices))
	for j, c := range i.Choices {
		list[j] = node{"title": c.Title, "value": c.Value}
	}
	style := ""
	if i.Expanded {
		style = "expanded"
	}
	return i.node("Input.ChoiceSet", "choices", list, "value", i.Value, "isMultiSelect", i.Many, "style", style, "placeholder", i.Placeholder)
}

// Buttons stand side by side among the elements.
type Buttons []Action

func (b Buttons) element() node { return node{"type": "ActionSet", "actions": actions(b)} }

// Action is a button.
type Action interface{ action() node }

// ButtonStyle is how a button stands out.
type ButtonStyle string

// The styles; the zero value does not stand out.
const (
	Positive    ButtonStyle = "positive"
	Destructive ButtonStyle = "destructive"
)

// Submit tells the plugin: panel.Actor gets Action, and Data with the values of
// the card's inputs.
type Submit struct {
	Title  string
	Style  ButtonStyle
	Action string         // which button it is, for the plugin
	Data   map[string]any // without the key "action", and without those of inputs
}

func (s Submit) action() node {
	data := node{"action": s.Action}
	for key, value := range s.Data {
		if key != "action" {
			data[key] = value
		}
	}
	n := newNode("Action.Submit", "style", string(s.Style))
	n["title"], n["data"] = s.Title, data
	return n
}

// Insert puts text into the composer. The plugin is not asked.
type Insert struct {
	Title string
	Style ButtonStyle
	Text  string
}

func (i Insert) action() node {
	n := newNode("Action.Submit", "style", string(i.Style))
	n["title"], n["patchbay"] = i.Title, node{"insertText": i.Text}
	return n
}

// Open opens an https address in another tab.
type Open struct {
	Title string
	Style ButtonStyle
	URL   string
}

func (o Open) action() node {
	n := newNode("Action.OpenUrl", "style", string(o.Style))
	n["title"], n["url"] = o.Title, o.URL
	return n
}

// Show opens another card below the button.
type Show struct {
	Title string
	Style ButtonStyle
	Card  Card // made with New
}

func (s Show) action() node {
	n := newNode("Action.ShowCard", "style", string(s.Style))
	n["title"], n["card"] = s.Title, s.Card.node()
	return n
}
