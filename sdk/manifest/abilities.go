package manifest

// Runtime says how the plugin runs. The zero value is a program that may run on
// every node, beside its next version during an upgrade.
type Runtime struct {
	Type      string `yaml:"type"      json:"type,omitempty"`      // RuntimeExecutable (also ""), or RuntimeNone: files alone
	Placement string `yaml:"placement" json:"placement,omitempty"` // PlacementEveryNode (also ""), or PlacementSingle
	Upgrade   string `yaml:"upgrade"   json:"upgrade,omitempty"`   // UpgradeOverlap (also ""), or UpgradeExclusive
}

// What a Runtime can say.
const (
	RuntimeExecutable = "executable"
	RuntimeNone       = "none"

	PlacementEveryNode = "every_node"
	PlacementSingle    = "single" // one process in the whole installation

	UpgradeOverlap   = "overlap"
	UpgradeExclusive = "exclusive" // the old version ends before the new one starts
)

// Resources bound the plugin's process, where the system can.
type Resources struct {
	MemoryMB int     `yaml:"memory_mb" json:"memory_mb,omitempty"` // 0 = 128
	CPU      float64 `yaml:"cpu"       json:"cpu,omitempty"`       // cores; 0 = 1
	PIDs     int     `yaml:"pids"      json:"pids,omitempty"`      // threads and processes; 0 = 64
}

// Limits say what the far side bears; the host keeps to them. The zero value is
// none but the host's own.
type Limits struct {
	RatePerS    float64 `yaml:"rate_per_s"    json:"rate_per_s,omitempty"`    // messages, and calls, a second
	Burst       int     `yaml:"burst"         json:"burst,omitempty"`         // at once after a rest; 0 = a second's
	MaxInFlight int     `yaml:"max_in_flight" json:"max_in_flight,omitempty"` // messages, and calls, at the same time
}

// Tool is something that a bot, a rule or an agent may have done.
type Tool struct {
	Name         string `yaml:"name"          json:"name"` // unique in the plugin
	Title        Text   `yaml:"title"         json:"title"`
	Description  Text   `yaml:"description"   json:"description"` // when to use it: bots choose by it
	ArgsSchema   Schema `yaml:"args_schema"   json:"args_schema"`
	OutputSchema Schema `yaml:"output_schema" json:"output_schema,omitempty"`
	Writes       bool   `yaml:"writes"        json:"writes,omitempty"`    // changes something at the far side
	Approval     string `yaml:"approval"      json:"approval,omitempty"`  // ApprovalNever (also ""), or ApprovalAlways
	TimeoutS     int    `yaml:"timeout_s"     json:"timeout_s,omitempty"` // 0 = 20; at most 30
}

// Whether a person must agree before a tool is used.
const (
	ApprovalNever  = "never"
	ApprovalAlways = "always"
)

// Hooks are the points and events a plugin wants.
type Hooks struct {
	Intercept []Intercept `yaml:"intercept" json:"intercept,omitempty"`
	Events    []string    `yaml:"events"    json:"events,omitempty"` // types, as webhooks know them
}

// Intercept is one point at which the plugin is asked before something happens.
type Intercept struct {
	Point     string `yaml:"point"      json:"point"`
	BudgetMS  int    `yaml:"budget_ms"  json:"budget_ms,omitempty"`  // 0 = 150; at most 1000
	OnTimeout string `yaml:"on_timeout" json:"on_timeout,omitempty"` // "allow" (also ""), or "deny"
	Priority  int    `yaml:"priority"   json:"priority,omitempty"`   // -100 to 100; the lowest is asked first
}

// The points.
const (
	PointMessageSend       = "message.send"
	PointConversationRoute = "conversation.route"
)

// Points lists the points.
func Points() []string { return []string{PointMessageSend, PointConversationRoute} }

// Analyzer says which messages an analyzer reads.
type Analyzer struct {
	Messages []string `yaml:"messages" json:"messages"` // of "customer", "agent", "bot"
}

// Panel is something that the plugin shows in the console.
type Panel struct {
	Name  string `yaml:"name"  json:"name"` // unique in the plugin
	Slot  string `yaml:"slot"  json:"slot"`
	Title Text   `yaml:"title" json:"title"`
	Page  string `yaml:"page"  json:"page,omitempty"` // a file below ui/; "" = a card
}

// The slots.
const (
	SlotSettings     = "settings.page"
	SlotConversation = "conversation.sidebar"
	SlotTicket       = "ticket.sidebar"
	SlotComposer     = "composer.action"
	SlotReport       = "report.page"
	SlotNavigation   = "navigation"
)

// Slots lists the slots.
func Slots() []string {
	return []string{SlotSettings, SlotConversation, SlotTicket, SlotComposer, SlotReport, SlotNavigation}
}

// Template is an industry template: a folder of the bundle that says what to
// make in a workspace.
type Template struct {
	Name    string `yaml:"name"    json:"name"` // unique in the plugin
	Path    string `yaml:"path"    json:"path"` // folder below templates/
	Title   Text   `yaml:"title"   json:"title"`
	Summary Text   `yaml:"summary" json:"summary"`
}

// Route is a part of /x/<publisher>/<plugin>/<instance>/ that the plugin serves.
type Route struct {
	Path      string   `yaml:"path"        json:"path"`                  // exact, or with a last "/*"
	Methods   []string `yaml:"methods"     json:"methods"`               // of GET, POST, PUT, DELETE
	MaxBodyKB int      `yaml:"max_body_kb" json:"max_body_kb,omitempty"` // 0 = 64; at most 1024
}
