// Package identity is who may do what: accounts (a login), workspaces (a
// tenant), members (an account in a workspace, with a role), invitations and
// sessions. An account is global; everything else belongs to one workspace.
//
// Every use case of the domain takes a Scope, which names the workspace and
// the actor. A store never looks a thing up by its bare id, so a reference to
// another tenant's thing cannot be followed.
package identity

import "time"

// AccountID names an account: acc_.
type AccountID string

// WorkspaceID names a workspace: wsp_.
type WorkspaceID string

// MemberID names a member: mem_.
type MemberID string

// InvitationID names an invitation: inv_.
type InvitationID string

// SessionID names a session: ses_.
type SessionID string

// Account is a login.
type Account struct {
	ID           AccountID
	Email        string // lower case, unique
	Name         string
	Locale       string // "en" or "zh-CN"
	PasswordHash string // argon2id in PHC form; "" = cannot sign in by password
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Workspace is a tenant.
type Workspace struct {
	ID        WorkspaceID
	Name      string
	Locale    string
	Settings  Settings
	Parent    WorkspaceID // of a sandbox: the workspace whose it is; "" = this is none
	UsedAt    time.Time   // of a sandbox: when somebody entered it, to the hour
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Sandbox reports whether the workspace is one to try things out in. What it
// may not do is in Rights already.
func (w Workspace) Sandbox() bool { return w.Parent != "" }

// Settings are what a workspace chose; NewSettings are those of a new one.
type Settings struct {
	// WrapUp is how long members are given no work after they finish some, in
	// whole seconds; 0 = not at all, at most MaxWrapUp.
	WrapUp time.Duration
	// RatingAsk is how customers are asked to rate a resolved conversation; "" =
	// they are not.
	RatingAsk RatingAsk
	// Unattended is how long a customer waits, while nobody who could answer is
	// available, before members are told, in whole seconds; 0 = they are not
	// told, at most MaxUnattended.
	Unattended time.Duration
	// CloseTickets is after how many days solved tickets close by themselves; 0 =
	// never, at most MaxCloseTickets.
	CloseTickets int
	// Offers is how work that waits is given to members.
	Offers OfferSettings
}

// OfferSettings is how work that waits is given to members.
type OfferSettings struct {
	Mode   OfferMode
	Ring   time.Duration // how long an offer rings, in whole seconds: MinRing to MaxRing
	Misses int           // after so many unanswered offers in a row the member is away: 1 to MaxMisses
}

// OfferMode is a way of giving work.
type OfferMode string

// The ways.
const (
	AssignWork OfferMode = "assign" // it is the member's at once
	OfferWork  OfferMode = "offer"  // the member accepts or rejects it
)

// Limits of OfferSettings.
const (
	MinRing   = 5 * time.Second
	MaxRing   = 2 * time.Minute
	MaxMisses = 10
)

// NewSettings are the settings of a new workspace.
func NewSettings() Settings {
	return Settings{Unattended: time.Minute, CloseTickets: 7, Offers: OfferSettings{Mode: AssignWork, Ring: 20 * time.Second, Misses: 2}}
}

// MaxCloseTickets bounds Settings.CloseTickets.
const MaxCloseTickets = 365

// RatingAsk is a way of asking for a rating.
type RatingAsk string

// The ways.
const (
	RatingByWidget RatingAsk = "widget" // in the chat window, when the conversation is resolved
	RatingByLink   RatingAsk = "link"   // by a link that an agent sends
	RatingByBoth   RatingAsk = "both"
)

// InWidget reports whether the chat window asks.
func (a RatingAsk) InWidget() bool { return a == RatingByWidget || a == RatingByBoth }

// MaxWrapUp bounds Settings.WrapUp.
const MaxWrapUp = 10 * time.Minute

// MaxUnattended bounds Settings.Unattended.
const MaxUnattended = time.Hour

// Member is an account in a workspace.
type Member struct {
	Workspace WorkspaceID
	ID        MemberID
	Account   AccountID
	Email     string // of the account
	Name      string // shown to customers and colleagues
	Role      Role
	Capacity  int // how many conversations dispatch may give at once; 1 to MaxCapacity
	Limits    Limits
	Suspended bool
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MaxCapacity bounds Member.Capacity.
const MaxCapacity = 100

// Limits are how much of a kind of work dispatch may give a member at once,
// beside their capacity: 0 = as the capacity allows, -1 = none.
type Limits struct {
	Chat    int `json:"chat,omitempty"`    // somebody waits in front of a window
	Message int `json:"message,omitempty"` // of a messenger
	Mail    int `json:"mail,omitempty"`
	Ticket  int `json:"ticket,omitempty"` // where a queue gives them out
}

// Invitation asks somebody to join. Its token is stored hashed, works once and
// expires.
type Invitation struct {
	Workspace  WorkspaceID
	ID         InvitationID
	Email      string
	Role       Role
	InvitedBy  MemberID
	TokenHash  string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	AcceptedAt time.Time // zero = not yet
	RevokedAt  time.Time // zero = no
}

// Session is a signed-in browser. Its token is stored hashed.
type Session struct {
	ID        SessionID
	Account   AccountID
	TokenHash string
	UserAgent string
	Address   string // network address at sign-in
	// Workspace is the one workspace that the session opens: that of the
	// provider it was made by, whose word counts there alone. "" = every
	// workspace of the account.
	Workspace    WorkspaceID
	Provider     ProviderID // "" = by password or link
	SecondFactor bool       // one was shown when it began
	CreatedAt    time.Time
	SeenAt       time.Time // of a use, some minutes ago at most
	ExpiresAt    time.Time
}

// ActorKind is what kind of party acts.
type ActorKind string

// The kinds of actors.
const (
	ActorMember  ActorKind = "agent"
	ActorContact ActorKind = "contact"
	ActorBot     ActorKind = "bot" // a connection of a plugin that answers customers
	ActorPlugin  ActorKind = "plugin"
	ActorSystem  ActorKind = "system"
)

// Actor is who does something.
type Actor struct {
	Kind ActorKind
	ID   string // member, visitor session, plugin id; "" for the system
	Name string // as shown
	Role Role   // of a member; what it may do its Scope knows
}
