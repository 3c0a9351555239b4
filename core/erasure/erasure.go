// Package erasure forgets a person: a contact, those merged into it, all that
// they said and were told, their files, their traces on the site, and what is
// queued about them. What stays is a record that it was done, by whom, when and
// how much, with the contact's random ids, so that it can be done again after an
// older backup was restored.
//
// Erase commits at once. Files follow, then Scrub takes what databases and
// indexes keep of deleted rows: a Record says how far it is.
package erasure

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/page"
)

// Changed is the event that a contact has gone, with everything about it. Its
// subject is the contact.
const Changed = "erasure.changed"

// erased is the action that the audit log names.
const erased = "contact.erased"

// ID is an erasure's.
type ID string

// Reason is why somebody is forgotten: one of a few words, never text, which
// could name the person.
type Reason string

// The reasons.
const (
	Unsaid    Reason = ""
	Requested Reason = "request" // the person asked for it
	Withdrawn Reason = "consent" // they took their consent back
	Unneeded  Reason = "unneeded"
	Mistaken  Reason = "mistake" // spam, a test, a wrong entry
)

// Reasons lists them, in the order to offer.
func Reasons() []Reason { return []Reason{Requested, Withdrawn, Unneeded, Mistaken} }

// Counts says how many rows of each kind went: conversations, messages, ...
type Counts map[string]int64

// Subject is who is to be erased.
type Subject struct {
	Workspace identity.WorkspaceID
	Contact   contact.ID
	Contacts  []contact.ID // with those merged into it
	Name      string
	Email     string
	Phone     string
	MergedTo  contact.ID // "" = it stands for itself
	Counts    Counts
}

// Record is an erasure that was done. It says nothing of the person but ids.
type Record struct {
	Workspace  identity.WorkspaceID
	ID         ID
	Contact    contact.ID
	Contacts   []contact.ID
	Counts     Counts
	Proof      string // a keyed hash of what identified the person
	Actor      identity.Actor
	Reason     Reason
	At         time.Time
	FilesAt    time.Time // zero: files are still to be removed
	ScrubbedAt time.Time // zero: free pages, copies and indexes may still hold something
}

// Ref names an erasure, as the list that survives a lost database holds it.
type Ref struct {
	Workspace identity.WorkspaceID `json:"workspace"`
	Contact   contact.ID           `json:"contact"`
	At        time.Time            `json:"at"`
}

// Store keeps records and deletes rows.
type Store interface {
	// Subject counts what an erasure would take, or errs.Absent.
	Subject(ctx context.Context, w identity.WorkspaceID, c contact.ID) (Subject, error)
	// Erase deletes all rows of a subject as it then is, in one transaction, in
	// which decide may refuse and says what is recorded.
	Erase(ctx context.Context, w identity.WorkspaceID, c contact.ID, decide func(Subject) (Record, []event.Event, error)) (Record, error)
	// List returns a workspace's records, newest first.
	List(ctx context.Context, w identity.WorkspaceID, p page.Request) (page.Page[Record], error)
	// Files lists files that are still to be removed, of any workspace.
	Files(ctx context.Context, limit int) ([]media.ID, error)
	// Removed notes that a file is gone.
	Removed(ctx context.Context, file media.ID) error
	// Unscrubbed reports whether there are erasures without files to remove
	// that were not scrubbed.
	Unscrubbed(ctx context.Context) (bool, error)
	// Scrubbed notes that everything erased before a time is nowhere any more.
	Scrubbed(ctx context.Context, before, at time.Time) error
}

// Files removes attachments.
type Files interface {
	Remove(id media.ID) error
}

// Deps is what the service needs.
type Deps struct {
	Store  Store
	Circle contact.Circle
	Files  Files
	// Scrub takes what deleted rows leave behind: free pages, copies, indexes.
	Scrub func(ctx context.Context) error
	// Note writes down a Ref where it survives the database.
	Note func(Ref) error
	Key  []byte // of proofs
	Now  func() time.Time
	Log  *slog.Logger
}

// Service erases.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

// Preview says what an erasure would take.
func (s *Service) Preview(ctx context.Context, scope identity.Scope, c contact.ID) (Subject, error) {
	if err := scope.Require(identity.ContactErase); err != nil {
		return Subject{}, err
	}
	if err := contact.Reached(ctx, s.Circle, scope, c); err != nil {
		return Subject{}, err
	}
	return s.Store.Subject(ctx, scope.Workspace, c)
}

// Order is what an erasure is asked for with.
type Order struct {
	Confirm string
	Reason  Reason
}

// Erase forgets a contact for good. What is confirmed must be their name, e-mail, phone
// or id as it is now: what cannot be undone is not done by a slip.
func (s *Service) Erase(ctx context.Context, scope identity.Scope, c contact.ID, o Order) (Record, error) {
	if err := scope.Require(identity.ContactErase); err != nil {
		return Record{}, err
	}
	if o.Reason != Unsaid && !slices.Contains(Reasons(), o.Reason) {
		return Record{}, errs.New(errs.Invalid, "erasure.reason", "There is no such reason.").WithFields(errs.Field{Pointer: "/reason", Code: "unknown", Detail: "is none of the reasons"})
	}
	if err := contact.Reached(ctx, s.Circle, scope, c); err != nil {
		return Record{}, err
	}
	return s.erase(ctx, scope.Workspace, c, func(u Subject) (Record, *event.Record, error) {
		if u.MergedTo != "" {
			return Record{}, nil, errs.New(errs.Conflict, "erasure.merged", "The contact was merged into another. Erase that one: this one goes with it.")
		}
		if !u.is(o.Confirm) {
			return Record{}, nil, errs.New(errs.Invalid, "erasure.confirm", "Write the contact's name, e-mail, phone or id exactly, to show that this is the one.").
				WithFields(errs.Field{Pointer: "/confirm", Code: "mismatch", Detail: "It is not this contact's."})
		}
		// The name is what goes: the audit log keeps the id.
		r := identity.Record(ctx, scope, erased, event.Party{Kind: "contact", ID: string(c)})
		if o.Reason != Unsaid {
			r = r.Say(map[string]string{"reason": string(o.Reason)})
		}
		return Record{Actor: scope.Actor, Reason: o.Reason}, r, nil
	})
}

func (u Subject) is(confirm string) bool {
	confirm = strings.TrimSpace(confirm)
	for _, name := range []string{u.Name, u.Email, u.Phone, string(u.Contact)} {
		if confirm != "" && confirm == strings.TrimSpace(name) {
			return true
		}
	}
	return false
}

// Again erases a contact that a restored backup brought back. One that is not
// there is no error: it reports whether there was one.
func (s *Service) Again(ctx context.Context, r Ref) (bool, error) {
	_, err := s.erase(ctx, r.Workspace, r.Contact, func(Subject) (Record, *event.Record, error) {
		by := identity.Actor{Kind: identity.ActorSystem}
		return Record{Actor: by}, &event.Record{
			Action: erased, Actor: event.Party{Kind: string(by.Kind)}, Target: event.Party{Kind: "contact", ID: string(r.Contact)},
		}, nil
	})
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *Service) erase(ctx context.Context, w identity.WorkspaceID, c contact.ID, decide func(Subject) (Record, *event.Record, error)) (Record, error) {
	now := s.Now()
	r, err := s.Store.Erase(ctx, w, c, func(u Subject) (Record, []event.Event, error) {
		r, said, err := decide(u)
		if err != nil {
			return r, nil, err
		}
		r.Workspace, r.ID, r.Contact, r.Contacts, r.Counts, r.At = w, ID(s.ids.New("era")), u.Contact, u.Contacts, u.Counts, now
		r.Proof = s.proof(u)
		return r, []event.Event{{
			ID: s.ids.New("chg"), Workspace: string(w), Type: Changed, Subject: string(u.Contact), At: now, Audit: said,
		}}, nil
	})
	if err != nil {
		return r, err
	}
	s.Log.InfoContext(ctx, "a contact was erased", slog.String("workspace", string(w)), slog.String("erasure", string(r.ID)))
	if err := s.Note(Ref{Workspace: w, Contact: c, At: now}); err != nil {
		s.Log.ErrorContext(ctx, "the list of erasures could not be written: keep this erasure by hand, for a restore", slog.String("erasure", string(r.ID)), slog.Any("error", err))
	}
	return r, nil
}

// proof is a hash by which it can be shown later that this person was erased.
func (s *Service) proof(u Subject) string {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte(strings.Join([]string{string(u.Workspace), u.Email, u.Phone, string(u.Contact)}, "\x00")))
	return hex.EncodeToString(mac.Sum(nil))
}

// List returns what was erased, newest first.
func (s *Service) List(ctx context.Context, scope identity.Scope, p page.Request) (page.Page[Record], error) {
	if err := scope.Require(identity.ContactErase); err != nil {
		return page.Page[Record]{}, err
	}
	return s.Store.List(ctx, scope.Workspace, p)
}

// fileBatch is how many files are removed between two looks.
const fileBatch = 200

// Finish removes files that erasures left to remove, then scrubs. What a
// backup holds waits for the next call.
func (s *Service) Finish(ctx context.Context) error {
	for {
		files, err := s.Store.Files(ctx, fileBatch)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			break
		}
		for _, f := range files {
			err := s.Files.Remove(f)
			if errors.Is(err, media.ErrHeld) {
				return nil
			}
			if err == nil {
				err = s.Store.Removed(ctx, f)
			}
			if err != nil {
				return err
			}
		}
	}
	open, err := s.Store.Unscrubbed(ctx)
	if err != nil || !open {
		return err
	}
	before := s.Now()
	if err := s.Scrub(ctx); err != nil {
		return err
	}
	return s.Store.Scrubbed(ctx, before, s.Now())
}
