package channel

// Template is a message that was prepared, and mostly approved, at a far side. In
// Header, Text and Footer {{name}} stands for the value of a field.
type Template struct {
	ID       string // the far side's name; unique together with Language
	Language string // BCP 47; "" = none
	Name     string // for agents; "" = ID
	Category string // the far side's word; "" = none
	Header   string
	Text     string
	Footer   string
	Buttons  []string // labels, shown
	Fields   []TemplateField
	File     string // the message has one file: ContentImage, ContentAudio or ContentFile; "" = none
	Unusable string // why it cannot be sent now, for agents; "" = it can
}

// TemplateField is a value that whoever sends a template gives.
type TemplateField struct {
	Name      string
	Label     string // for agents; "" = Name
	Example   string
	MaxLength int // characters; 0 = as many as a message has
	Optional  bool
}

// TemplateUse is a template that is sent.
type TemplateUse struct {
	ID, Language string
	Values       map[string]string // by TemplateField.Name
}

// TemplatePage is a page of an inbox's templates.
type TemplatePage struct {
	Templates []Template // sound, each by itself
	Refused   []RefusedTemplate
	Next      string // there is more, and this is where to go on; "" = that was all
}

// RefusedTemplate is a template of a far side that is left out.
type RefusedTemplate struct {
	ID, Language string // as far as they can be shown
	Reason       string // a code of sdk/proto: undeclared, too_long
}
