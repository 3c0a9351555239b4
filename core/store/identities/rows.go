package identities

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// accountRow is an account as it is stored. Here and below autoUpdateTime:false
// keeps gorm from setting the field by its own clock.
type accountRow struct {
	AccountID, Email, Name, Locale, PasswordHash string
	CreatedAt                                    int64
	UpdatedAt                                    int64 `gorm:"autoUpdateTime:false"`
}

// TableName implements gorm's Tabler.
func (accountRow) TableName() string { return "account" }

func accountRowOf(a identity.Account) accountRow {
	return accountRow{
		AccountID: string(a.ID), Email: a.Email, Name: a.Name, Locale: a.Locale, PasswordHash: a.PasswordHash,
		CreatedAt: db.Micros(a.CreatedAt), UpdatedAt: db.Micros(a.UpdatedAt),
	}
}

func (r accountRow) domain() identity.Account {
	return identity.Account{
		ID: identity.AccountID(r.AccountID), Email: r.Email, Name: r.Name, Locale: r.Locale, PasswordHash: r.PasswordHash,
		CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt),
	}
}

type workspaceRow struct {
	WorkspaceID, Name, Locale string
	WrapUpSeconds             int64
	UnattendedSeconds         int64
	TicketCloseDays           int
	RatingAsk                 string
	OfferMode                 string
	OfferRingSeconds          int64
	OfferMisses               int
	ParentID                  string
	CreatedAt                 int64
	UsedAt                    int64
	UpdatedAt                 int64 `gorm:"autoUpdateTime:false"`
}

// TableName implements gorm's Tabler.
func (workspaceRow) TableName() string { return "workspace" }

func workspaceRowOf(w identity.Workspace) workspaceRow {
	return workspaceRow{
		WorkspaceID: string(w.ID), Name: w.Name, Locale: w.Locale, ParentID: string(w.Parent), UsedAt: db.Micros(w.UsedAt), RatingAsk: string(w.Settings.RatingAsk),
		WrapUpSeconds: int64(w.Settings.WrapUp / time.Second), UnattendedSeconds: int64(w.Settings.Unattended / time.Second),
		TicketCloseDays: w.Settings.CloseTickets,
		OfferMode:       string(w.Settings.Offers.Mode), OfferRingSeconds: int64(w.Settings.Offers.Ring / time.Second), OfferMisses: w.Settings.Offers.Misses,
		CreatedAt: db.Micros(w.CreatedAt), UpdatedAt: db.Micros(w.UpdatedAt),
	}
}

func (r workspaceRow) domain() identity.Workspace {
	return identity.Workspace{
		ID: identity.WorkspaceID(r.WorkspaceID), Name: r.Name, Locale: r.Locale, Parent: identity.WorkspaceID(r.ParentID), UsedAt: db.Time(r.UsedAt),
		Settings: identity.Settings{
			RatingAsk: identity.RatingAsk(r.RatingAsk),
			WrapUp:    time.Duration(r.WrapUpSeconds) * time.Second, Unattended: time.Duration(r.UnattendedSeconds) * time.Second,
			CloseTickets: r.TicketCloseDays,
			Offers:       identity.OfferSettings{Mode: identity.OfferMode(r.OfferMode), Ring: time.Duration(r.OfferRingSeconds) * time.Second, Misses: r.OfferMisses},
		},
		CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt),
	}
}

type memberRow struct {
	WorkspaceID, MemberID, AccountID string
	Email                            string `gorm:"->"` // joined
	Name, Role                       string
	Capacity                         int
	Limits                           string
	Suspended                        bool
	CreatedAt                        int64
	UpdatedAt                        int64 `gorm:"autoUpdateTime:false"`
}

// TableName implements gorm's Tabler.
func (memberRow) TableName() string { return "member" }

func memberRowOf(m identity.Member) memberRow {
	return memberRow{
		WorkspaceID: string(m.Workspace), MemberID: string(m.ID), AccountID: string(m.Account), Name: m.Name,
		Role: string(m.Role), Capacity: m.Capacity, Limits: limitsText(m.Limits), Suspended: m.Suspended,
		CreatedAt: db.Micros(m.CreatedAt), UpdatedAt: db.Micros(m.UpdatedAt),
	}
}

func (r memberRow) domain() identity.Member {
	return identity.Member{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: identity.MemberID(r.MemberID), Account: identity.AccountID(r.AccountID),
		Email: r.Email, Name: r.Name, Role: identity.Role(r.Role), Capacity: r.Capacity, Limits: parseLimits(r.Limits), Suspended: r.Suspended,
		CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt),
	}
}

// limitsText is limits as they are stored: an object of numbers by channel; "" =
// none.
func limitsText(l identity.Limits) string {
	if l == (identity.Limits{}) {
		return ""
	}
	text, _ := json.Marshal(l) // numbers always marshal
	return string(text)
}

func parseLimits(text string) identity.Limits {
	var l identity.Limits
	if text != "" {
		_ = json.Unmarshal([]byte(text), &l) // we wrote it
	}
	return l
}

type invitationRow struct {
	WorkspaceID, InvitationID, Email, Role, InvitedBy, TokenHash string
	CreatedAt, ExpiresAt, AcceptedAt, RevokedAt                  int64
}

// TableName implements gorm's Tabler.
func (invitationRow) TableName() string { return "invitation" }

func invitationRowOf(i identity.Invitation) invitationRow {
	return invitationRow{
		WorkspaceID: string(i.Workspace), InvitationID: string(i.ID), Email: i.Email, Role: string(i.Role),
		InvitedBy: string(i.InvitedBy), TokenHash: i.TokenHash,
		CreatedAt: db.Micros(i.CreatedAt), ExpiresAt: db.Micros(i.ExpiresAt),
		AcceptedAt: db.Micros(i.AcceptedAt), RevokedAt: db.Micros(i.RevokedAt),
	}
}

func (r invitationRow) domain() identity.Invitation {
	return identity.Invitation{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: identity.InvitationID(r.InvitationID), Email: r.Email,
		Role: identity.Role(r.Role), InvitedBy: identity.MemberID(r.InvitedBy), TokenHash: r.TokenHash,
		CreatedAt: db.Time(r.CreatedAt), ExpiresAt: db.Time(r.ExpiresAt),
		AcceptedAt: db.Time(r.AcceptedAt), RevokedAt: db.Time(r.RevokedAt),
	}
}

type sessionRow struct {
	SessionID, AccountID, TokenHash, UserAgent, Address string
	WorkspaceID, ProviderID                             string
	SecondFactor                                        bool
	CreatedAt, SeenAt, ExpiresAt                        int64
}

// TableName implements gorm's Tabler.
func (sessionRow) TableName() string { return "session" }

func sessionRowOf(s identity.Session) sessionRow {
	return sessionRow{
		SessionID: string(s.ID), AccountID: string(s.Account), TokenHash: s.TokenHash, UserAgent: s.UserAgent,
		Address: s.Address, WorkspaceID: string(s.Workspace), ProviderID: string(s.Provider), SecondFactor: s.SecondFactor,
		CreatedAt: db.Micros(s.CreatedAt), SeenAt: db.Micros(s.SeenAt), ExpiresAt: db.Micros(s.ExpiresAt),
	}
}

func (r sessionRow) domain() identity.Session {
	return identity.Session{
		ID: identity.SessionID(r.SessionID), Account: identity.AccountID(r.AccountID), TokenHash: r.TokenHash,
		UserAgent: r.UserAgent, Address: r.Address, Workspace: identity.WorkspaceID(r.WorkspaceID), Provider: identity.ProviderID(r.ProviderID),
		SecondFactor: r.SecondFactor, CreatedAt: db.Time(r.CreatedAt), SeenAt: db.Time(max(r.SeenAt, r.CreatedAt)), ExpiresAt: db.Time(r.ExpiresAt),
	}
}

type linkRow struct {
	TokenHash, AccountID string
	CreatedAt, ExpiresAt int64
}

// TableName implements gorm's Tabler.
func (linkRow) TableName() string { return "sign_in_link" }

func linkRowOf(l identity.SignInLink) linkRow {
	return linkRow{
		TokenHash: l.TokenHash, AccountID: string(l.Account),
		CreatedAt: db.Micros(l.CreatedAt), ExpiresAt: db.Micros(l.ExpiresAt),
	}
}

type setupRow struct {
	Slot      int
	TokenHash string
	CreatedAt int64
}

// TableName implements gorm's Tabler.
func (setupRow) TableName() string { return "setup_token" }
