package conversationtest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Fixture is an implementation under test, with its neighbours in the same
// storage.
type Fixture struct {
	Store    conversation.Store
	Reader   conversation.Reader
	Marks    conversation.ReadMarks
	Visitors conversation.VisitorStore
	Writing  conversation.WritingStore
	Log      event.Log

	Identities identity.Stores
	Inboxes    channel.Store
	Contacts   contact.Store
	Teams      team.Store
	Catalog    catalog.Store
}

// Fixture returns the suite's view of the fake.
func (f *Fake) Fixture() Fixture {
	return Fixture{
		Store: f, Reader: f, Marks: f, Visitors: f, Writing: f, Log: f.Feed,
		Identities: f.Identities.Stores(), Inboxes: f.Inboxes, Contacts: f.Contacts, Teams: f.Teams, Catalog: f.Catalog,
	}
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*World){
		"a new conversation":             testNew,
		"where a bot stands":             testBotTalk,
		"which bots have work":           testBotsDue,
		"findings":                       testFindings,
		"every change obeys the law":     testLaw,
		"events tell of every change":    testEvents,
		"windows":                        testWindows,
		"a failed transaction":           testRollback,
		"a cancelled transaction":        testCancelled,
		"saving nothing":                 testNothing,
		"delivery states":                testDelivery,
		"sent by client id":              testSent,
		"one client id at once":          testSentOnce,
		"inbound is remembered":          testInbound,
		"one inbound item at once":       testInboundOnce,
		"gapless under load":             testGapless,
		"broken text":                    testText,
		"long text, emoji, Chinese":      testLong,
		"names are joined":               testNames,
		"tenants apart":                  testTenants,
		"references stay in the tenant":  testReferences,
		"list filters":                   testFilters,
		"list in pages":                  testPages,
		"timeline ranges":                testRanges,
		"the public timeline":            testPublic,
		"hydrate":                        testHydrate,
		"snoozed":                        testSnoozed,
		"read marks":                     testMarks,
		"the customer's mark":            testSeen,
		"one message":                    testMessage,
		"quotes and mentions":            testExtras,
		"what channels carry":            testCarried,
		"what was said":                  testSaid,
		"what is edited and taken back":  testRevised,
		"what customers do":              testEvent,
		"what machines write":            testAutomatic,
		"acknowledgements":               testAcknowledgements,
		"threads":                        testThreads,
		"who takes part":                 testParties,
		"who is one person":              testJoint,
		"groups":                         testGroups,
		"who writes in a group":          testGroupMembers,
		"drafts":                         testDrafts,
		"drafts of others":               testDraftsApart,
		"whispers":                       testWhispers,
		"take-overs at once":             testTakeOversAtOnce,
		"take-overs against claims":      testTakeOversAgainstClaims,
		"attendance":                     testAttendance,
		"scheduled":                      testScheduled,
		"scheduled once":                 testScheduledOnce,
		"visitors":                       testVisitors,
		"policy":                         testPolicy,
		"visitors in a transaction":      testVisitorTx,
		"used identity tokens":           testTokens,
		"ended sessions are swept":       testSweep,
		"who a visitor proves to be":     testProve,
		"ratings":                        testRatings,
		"current and by external id":     testCurrent,
		"merged contacts":                testMergedContacts,
		"organised things obey the law":  testOrganised,
		"numbers":                        testNumbers,
		"what is not routed yet":         testUnrouted,
		"organised references":           testOrganisedReferences,
		"merge and undo":                 testMerge,
		"merges at once":                 testMergesAtOnce,
		"found by label and team":        testReferring,
		"random histories obey the laws": testRandom,
	} {
		t.Run(name, func(t *testing.T) { run(NewWorld(t, open(t))) })
	}
}

// World is a workspace with an owner, a live inbox and one that delivers, for
// the cases of this suite and of those that build on it.
type World struct {
	*testing.T
	F   Fixture
	IDs id.Source

	now   time.Time
	WS    identity.WorkspaceID
	Owner identity.Member
	Inbox channel.Inbox // delivers
	Live  channel.Inbox
}

// NewWorld makes a World on an empty storage.
func NewWorld(t *testing.T, f Fixture) *World {
	t.Helper()
	w := &World{T: t, F: f, now: time.Date(2026, 3, 1, 12, 0, 0, 123_000_000, time.UTC)}
	w.IDs = id.NewSource(func() time.Time { return w.now })
	w.WS, w.Owner = w.Workspace("owner@example.com")
	w.Inbox, w.Live = w.NewInbox(w.WS, false), w.NewInbox(w.WS, true)
	return w
}

// Tick moves the clock and returns it.
func (w *World) Tick() time.Time {
	w.now = w.now.Add(time.Second)
	return w.now
}

// Workspace founds a workspace.
func (w *World) Workspace(email string) (identity.WorkspaceID, identity.Member) {
	w.Helper()
	at := w.Tick()
	a := identity.Account{ID: identity.AccountID(w.IDs.New("acc")), Email: email, Name: "Owner", Locale: "en", CreatedAt: at, UpdatedAt: at}
	ws := identity.Workspace{ID: identity.WorkspaceID(w.IDs.New("wsp")), Name: "接线台", Locale: "en", CreatedAt: at, UpdatedAt: at}
	m := identity.Member{
		Workspace: ws.ID, ID: identity.MemberID(w.IDs.New("mem")), Account: a.ID, Email: email, Name: "Owner",
		Role: identity.RoleOwner, Capacity: 5, CreatedAt: at, UpdatedAt: at,
	}
	w.OK(w.F.Identities.Setup.Found(w.Context(), identity.Founding{Account: a, Workspace: ws, Owner: m}))
	return ws.ID, m
}

// Member adds an agent to a workspace.
func (w *World) Member(ws identity.WorkspaceID, email, name string, capacity int) identity.Member {
	w.Helper()
	at := w.Tick()
	a := identity.Account{ID: identity.AccountID(w.IDs.New("acc")), Email: email, Name: name, Locale: "en", CreatedAt: at, UpdatedAt: at}
	m := identity.Member{
		Workspace: ws, ID: identity.MemberID(w.IDs.New("mem")), Account: a.ID, Email: email, Name: name,
		Role: identity.RoleAgent, Capacity: capacity, CreatedAt: at, UpdatedAt: at,
	}
	w.OK(w.F.Identities.Members.AddMember(w.Context(), identity.Joining{Account: a, NewAccount: true, Member: m}))
	return m
}

// NewInbox makes an inbox.
func (w *World) NewInbox(ws identity.WorkspaceID, live bool) channel.Inbox {
	w.Helper()
	i := channel.Inbox{
		Workspace: ws, ID: channel.InboxID(w.IDs.New("inb")), Name: "inbox", Plugin: "patchbay/echo", Live: live,
		Config: json.RawMessage(`{}`), ConfigRevision: 1, HookHash: w.IDs.New("hash"), Enabled: true,
		CreatedAt: w.Tick(), UpdatedAt: w.now,
	}
	w.OK(w.F.Inboxes.CreateInbox(w.Context(), i, nil))
	return i
}

// Turn is a change by the member, at a new instant.
func (w *World) Turn(m identity.Member) conversation.Turn {
	return conversation.Turn{At: w.Tick(), IDs: w.IDs, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m.ID), Name: m.Name}}
}

// System is a change by nobody in particular.
func (w *World) System() conversation.Turn {
	return conversation.Turn{At: w.Tick(), IDs: w.IDs, Actor: identity.Actor{Kind: identity.ActorSystem}}
}

// Receive takes a message of a customer, known by an external id, at a time,
// as a channel brings it.
func (w *World) Receive(inbox channel.Inbox, external, clientID, text string) conversation.Conversation {
	w.Helper()
	c, err := w.TryReceive(inbox, external, clientID, text, w.Tick())
	w.OK(err)
	return c
}

// TryReceive is Receive at a given time, for any goroutine.
func (w *World) TryReceive(inbox channel.Inbox, external, clientID, text string, at time.Time) (conversation.Conversation, error) {
	var out conversation.Conversation
	err := w.F.Store.Within(w.Context(), inbox.Workspace, func(ctx context.Context, tx conversation.Tx) error {
		ids := id.NewSource(func() time.Time { return at })
		who, err := tx.Contacts().ByIdentity(ctx, string(inbox.ID), external)
		if err != nil {
			return err
		}
		if who == nil {
			who = &contact.Contact{
				Workspace: inbox.Workspace, ID: contact.ID(ids.New("con")), Name: "Customer " + external, CreatedAt: at, UpdatedAt: at,
			}
			key := contact.Identity{Workspace: inbox.Workspace, Inbox: string(inbox.ID), External: external, Contact: who.ID}
			if err := tx.Contacts().Create(ctx, *who, key); err != nil {
				return err
			}
		}
		t := conversation.Turn{At: at, IDs: ids, Actor: identity.Actor{Kind: identity.ActorContact, ID: string(who.ID), Name: who.Name}}
		c, err := tx.Current(ctx, inbox.ID, external)
		if err != nil {
			return err
		}
		if c == nil {
			c = conversation.Start(t, inbox, *who, external)
		}
		c.Receive(t, conversation.Words(clientID, text))
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		out = *c
		return nil
	})
	return out, err
}

// Change changes a conversation.
func (w *World) Change(id conversation.ID, fn func(c *conversation.Conversation) error) {
	w.Helper()
	w.OK(w.TryChange(w.WS, id, fn))
}

// TryChange is Change for any goroutine and workspace.
func (w *World) TryChange(ws identity.WorkspaceID, id conversation.ID, fn func(c *conversation.Conversation) error) error {
	return w.F.Store.Within(w.Context(), ws, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, id)
		if err != nil {
			return err
		}
		if err := fn(c); err != nil {
			return err
		}
		return tx.Save(ctx, c)
	})
}

// Get reads a conversation.
func (w *World) Get(id conversation.ID) conversation.Conversation {
	w.Helper()
	c, err := w.F.Reader.Get(w.Context(), w.WS, id)
	w.OK(err)
	return c
}

// Timeline reads the changes of a conversation after a seq.
func (w *World) Timeline(id conversation.ID, after uint64) []conversation.Change {
	w.Helper()
	changes, err := w.F.Reader.Timeline(w.Context(), w.WS, id, conversation.Range{After: &after, Limit: 10_000})
	w.OK(err)
	return changes
}

// OK fails the case on an error.
func (w *World) OK(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// Fails checks the kind of an error.
func (w *World) Fails(err error, want errs.Kind) {
	w.Helper()
	if !errs.Is(err, want) {
		w.Fatalf("got %v, want %s", err, want)
	}
}

// Same checks that two things look the same from outside.
func Same[T any](w *World, got, want T) {
	w.Helper()
	if g, x := Show(got), Show(want); g != x {
		w.Fatalf("got  %s\nwant %s", g, x)
	}
}

// Show writes what a thing shows to the outside; the role of an actor is not
// kept.
func Show(v any) string {
	switch x := v.(type) {
	case conversation.Change:
		x.Actor.Role = ""
		if x.Message != nil {
			m := *x.Message
			m.Sender.Role = ""
			x.Message = &m
		}
		v = x
	case []conversation.Change:
		var s strings.Builder
		for _, ch := range x {
			s.WriteString(Show(ch) + "\n")
		}
		return s.String()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
