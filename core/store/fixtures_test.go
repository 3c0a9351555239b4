package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/calendar/calendartest"
	"github.com/patchbay-im/patchbay/core/catalog/catalogtest"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery/deliverytest"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/idempotency/idempotencytest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/instance/instancetest"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
	"github.com/patchbay-im/patchbay/core/notification/notificationtest"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/queue/queuetest"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/team/teamtest"
)

// fixture is the store as the conversation suite sees it.
func fixture(s *store.Store) conversationtest.Fixture {
	c := s.Conversations()
	return conversationtest.Fixture{
		Store: c, Reader: c, Marks: c, Visitors: c, Writing: c, Log: s.Events(),
		Identities: s.Identities(), Inboxes: s.Channels(), Contacts: s.Contacts(), Teams: s.Teams(), Catalog: s.Catalog(),
	}
}

func contactFixture(t *testing.T, s *store.Store) contacttest.Fixture {
	t.Helper()
	w := conversationtest.NewWorld(t, fixture(s))
	n := 0
	return contacttest.Fixture{
		Store: s.Contacts(), Pages: s.Contacts(), Notes: s.Contacts(), Organisations: s.Contacts(), Merges: s.Contacts(), Imports: s.Imports(), Log: s.Events(),
		Within: func(tb testing.TB, w identity.WorkspaceID, fn func(contact.Tx) error) error {
			tb.Helper()
			return s.Conversations().Within(tb.Context(), w, func(_ context.Context, tx conversation.Tx) error { return fn(tx.Contacts()) })
		},
		Workspace: func(testing.TB) (identity.WorkspaceID, string) {
			n++
			ws, _ := w.Workspace(fmt.Sprintf("%d@contact.example", n))
			return ws, string(w.NewInbox(ws, false).ID)
		},
		Create: func(tb testing.TB, c contact.Contact, who contact.Identity) error {
			tb.Helper()
			return s.Conversations().Within(tb.Context(), c.Workspace, func(ctx context.Context, tx conversation.Tx) error {
				return tx.Contacts().Create(ctx, c, who)
			})
		},
	}
}

func mediaFixture(t *testing.T, s *store.Store) mediatest.Fixture {
	t.Helper()
	w := conversationtest.NewWorld(t, fixture(s))
	n := 0
	return mediatest.Fixture{
		Store: s.Attachments(), Ledger: s.Attachments(), Of: s.Attachments().Of,
		Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			ws, _ := w.Workspace(fmt.Sprintf("%d@media.example", n))
			return ws
		},
		Within: func(ctx context.Context, ws identity.WorkspaceID, fn func(context.Context, media.Tx) error) error {
			return s.Conversations().Within(ctx, ws, func(ctx context.Context, tx conversation.Tx) error { return fn(ctx, tx.Media()) })
		},
	}
}

func teamFixture(t *testing.T, s *store.Store) teamtest.Fixture {
	t.Helper()
	w := conversationtest.NewWorld(t, fixture(s))
	n := 0
	email := func() string {
		n++
		return fmt.Sprintf("%d@team.example", n)
	}
	return teamtest.Fixture{
		Store: s.Teams(), Directory: s.Teams(), Graveyard: s.Teams(), Log: s.Events(),
		Workspace: func(testing.TB) identity.WorkspaceID {
			ws, _ := w.Workspace(email())
			return ws
		},
		Member: func(_ testing.TB, ws identity.WorkspaceID) identity.MemberID {
			return w.Member(ws, email(), "Agent", 5).ID
		},
		Inbox: func(_ testing.TB, ws identity.WorkspaceID) string { return string(w.NewInbox(ws, false).ID) },
	}
}

func calendarFixture(t *testing.T, s *store.Store) calendartest.Fixture {
	t.Helper()
	return calendartest.Fixture{
		Store: s.Calendars(), Log: s.Events(), Workspace: teamFixture(t, s).Workspace,
		Follow: func(tb testing.TB, ws identity.WorkspaceID, id calendar.ID, name string) {
			tb.Helper()
			q := queue.Queue{Workspace: ws, ID: queue.ID("que_" + name), Name: name, Plan: queue.Plan{Calendar: id}}
			if err := s.Queues().Create(tb.Context(), q); err != nil {
				tb.Fatal(err)
			}
		},
	}
}

func queueFixture(t *testing.T, s *store.Store) queuetest.Fixture {
	t.Helper()
	f := teamFixture(t, s)
	n := 0
	return queuetest.Fixture{
		Store: s.Queues(), Skills: s.Queues(), Directory: s.Queues(), Log: s.Events(), Workspace: f.Workspace, Member: f.Member, Inbox: f.Inbox,
		Team: func(tb testing.TB, ws identity.WorkspaceID) team.ID {
			tb.Helper()
			n++
			at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			made := team.Team{Workspace: ws, ID: team.ID(fmt.Sprintf("tea_%d", n)), Name: fmt.Sprint("Team ", n), CreatedAt: at, UpdatedAt: at}
			if err := s.Teams().Create(tb.Context(), made); err != nil {
				tb.Fatal(err)
			}
			return made.ID
		},
		Calendar: func(tb testing.TB, ws identity.WorkspaceID) calendar.ID {
			tb.Helper()
			n++
			made := calendar.Calendar{Workspace: ws, ID: calendar.ID(fmt.Sprintf("cal_%d", n)), Name: fmt.Sprint("Hours ", n), Revision: 1, Hours: calendar.Hours{Zone: "UTC"}}
			if err := s.Calendars().Create(tb.Context(), made); err != nil {
				tb.Fatal(err)
			}
			return made.ID
		},
	}
}

func notificationFixture(t *testing.T, s *store.Store) notificationtest.Fixture {
	t.Helper()
	f := teamFixture(t, s)
	return notificationtest.Fixture{Store: s.Notifications(), Inbox: s.Notifications(), Log: s.Events(), Workspace: f.Workspace, Member: f.Member}
}

func catalogFixture(t *testing.T, s *store.Store) catalogtest.Fixture {
	t.Helper()
	w, n := conversationtest.NewWorld(t, fixture(s)), 0
	return catalogtest.Fixture{Store: s.Catalog(), Log: s.Events(), Workspace: func(testing.TB) (identity.WorkspaceID, identity.MemberID, [2]team.ID) {
		n++
		ws, m := w.Workspace(fmt.Sprint(n, "@catalog.example"))
		return ws, m.ID, [2]team.ID{w.Team(ws, "one"), w.Team(ws, "two")}
	}}
}

func channelFixture(t *testing.T, s *store.Store) channeltest.Fixture {
	t.Helper()
	w := conversationtest.NewWorld(t, fixture(s))
	n := 0
	return channeltest.Fixture{
		Store: s.Channels(), Requests: s.Channels(), Secrets: s.Channels(), Log: s.Events(),
		Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			ws, _ := w.Workspace(fmt.Sprintf("%d@channel.example", n))
			return ws
		},
	}
}

func conditionFixture(t *testing.T, s *store.Store) instancetest.Fixture {
	t.Helper()
	f := channelFixture(t, s)
	return instancetest.Fixture{
		Store: s.Conditions(), Workspace: f.Workspace,
		Account: func(tb testing.TB, w identity.WorkspaceID, id string, enabled bool) {
			tb.Helper()
			var err error
			if strings.HasPrefix(id, extension.ConnectionPrefix) {
				err = s.Extensions().CreateConnection(tb.Context(), extension.Connection{Workspace: w, ID: extension.ConnectionID(id), Config: []byte(`{}`), Enabled: enabled}, nil)
			} else {
				err = f.Store.CreateInbox(tb.Context(), channel.Inbox{Workspace: w, ID: channel.InboxID(id), HookHash: id, Enabled: enabled}, nil)
			}
			if err != nil {
				tb.Fatal(err)
			}
		},
	}
}

func deliveryFixture(s *store.Store) deliverytest.Fixture {
	turn := func(tb testing.TB, in channel.Inbox, next func(instance.Condition) instance.Condition) {
		tb.Helper()
		_, err := s.Conditions().ChangeCondition(tb.Context(), in.Workspace, string(in.ID), func(c *instance.Condition) ([]event.Event, error) {
			*c = next(*c)
			return nil, nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return deliverytest.Fixture{
		Store: s.Deliveries(), History: s.Deliveries(), Conversations: fixture(s), Media: s.Attachments(),
		Pause: func(tb testing.TB, in channel.Inbox) {
			tb.Helper()
			turn(tb, in, instancetest.Rejected)
		},
		Resume: func(tb testing.TB, in channel.Inbox, at time.Time) {
			tb.Helper()
			turn(tb, in, func(c instance.Condition) instance.Condition { return c.Again(at) })
		},
	}
}

// desk lets the dispatch suite use conversations as its work items. Its
// methods may be called from any goroutine.
type desk struct {
	w *conversationtest.World
	s *store.Store
	n atomic.Int64

	mu      sync.Mutex
	inboxes map[identity.WorkspaceID]channel.Inbox
}

func dispatchFixture(t *testing.T, s *store.Store) dispatchtest.Fixture {
	t.Helper()
	d := &desk{w: conversationtest.NewWorld(t, fixture(s)), s: s, inboxes: make(map[identity.WorkspaceID]channel.Inbox)}
	return dispatchtest.Fixture{
		Store: s.Agents(), NewWorkspace: d.workspace, NewMember: d.member, NewItem: d.item, Do: d.do,
		SetCapacity: func(tb testing.TB, ws identity.WorkspaceID, id identity.MemberID, capacity int) {
			tb.Helper()
			d.change(tb, ws, id, func(m *identity.Member) { m.Capacity = capacity })
		},
		SetWrapUp: func(tb testing.TB, ws identity.WorkspaceID, wrapUp time.Duration) {
			tb.Helper()
			_, err := s.Identities().Workspaces.ChangeWorkspace(tb.Context(), ws, func(w *identity.Workspace) error {
				w.Settings.WrapUp = wrapUp
				return nil
			})
			if err != nil {
				tb.Fatal(err)
			}
		},
		Suspend: func(tb testing.TB, ws identity.WorkspaceID, id identity.MemberID) {
			tb.Helper()
			d.change(tb, ws, id, func(m *identity.Member) { m.Suspended = true })
		},
		SetOffering: func(tb testing.TB, ws identity.WorkspaceID, o dispatch.Offering) {
			tb.Helper()
			_, err := s.Identities().Workspaces.ChangeWorkspace(tb.Context(), ws, func(w *identity.Workspace) error {
				w.Settings.Offers = identity.OfferSettings{Mode: identity.AssignWork, Ring: o.Ring, Misses: o.Misses}
				if o.Ring > 0 {
					w.Settings.Offers.Mode = identity.OfferWork
				}
				return nil
			})
			if err != nil {
				tb.Fatal(err)
			}
		},
		Accept: d.answerer(func(c *conversation.Conversation, t conversation.Turn, m identity.MemberID) error {
			return c.Accept(t, m, "name")
		}),
		Reject: d.answerer(func(c *conversation.Conversation, t conversation.Turn, m identity.MemberID) error {
			return c.Reject(t, m, "")
		}),
		Retire:   d.retire,
		NewGroup: d.group, Route: d.route,
		Owner: func(tb testing.TB, ws identity.WorkspaceID, item dispatch.Key) identity.MemberID {
			tb.Helper()
			c, err := s.Conversations().Get(tb.Context(), ws, conversation.ID(item.ID))
			if err != nil {
				tb.Fatal(err)
			}
			return c.Assignee
		},
	}
}

// retire gives a member a role of the workspace that reads conversations and
// answers none, after one that does: who has that one may be given work.
func (d *desk) retire(tb testing.TB, ws identity.WorkspaceID, member identity.MemberID) {
	tb.Helper()
	for _, permissions := range [][]identity.Permission{
		{identity.MemberRead, identity.ConversationRead, identity.ConversationReply},
		{identity.MemberRead, identity.ConversationRead},
	} {
		r := identity.RoleDefinition{
			Workspace: ws, ID: identity.Role(id.NewSource(time.Now).New("rol")), Name: fmt.Sprint("role ", d.n.Add(1)),
			Permissions: permissions, Reach: identity.ReachAll, CreatedAt: time.Now(), UpdatedAt: time.Now(),
		}
		if err := d.s.Identities().Roles.CreateRole(tb.Context(), r); err != nil {
			tb.Fatal(err)
		}
		d.change(tb, ws, member, func(m *identity.Member) { m.Role = r.ID })
		rows, err := d.s.Agents().Loads(tb.Context(), ws, []identity.MemberID{member})
		if able := len(permissions) == 3; err != nil || (len(rows) == 1) != able {
			tb.Fatalf("with %v: %v, %v", permissions, rows, err)
		}
	}
}

func (d *desk) account() identity.Account {
	ids := id.NewSource(time.Now)
	return identity.Account{
		ID: identity.AccountID(ids.New("acc")), Email: fmt.Sprint(d.n.Add(1), "@dispatch.example"), Name: "name", Locale: "en",
		CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
}

func (d *desk) newMember(ws identity.WorkspaceID, a identity.Account, role identity.Role, capacity int) identity.Member {
	return identity.Member{
		Workspace: ws, ID: identity.MemberID(id.NewSource(time.Now).New("mem")), Account: a.ID, Name: a.Name, Role: role, Capacity: capacity,
		CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
}

// workspace makes a workspace whose founder may not work.
func (d *desk) workspace(tb testing.TB) identity.WorkspaceID {
	tb.Helper()
	a := d.account()
	ws := identity.Workspace{ID: identity.WorkspaceID(id.NewSource(time.Now).New("wsp")), Name: "w", Locale: "en", CreatedAt: time.Now(), UpdatedAt: time.Now()}
	owner := d.newMember(ws.ID, a, identity.RoleOwner, 1)
	owner.Suspended = true
	if err := d.s.Identities().Setup.Found(tb.Context(), identity.Founding{Account: a, Workspace: ws, Owner: owner}); err != nil {
		tb.Fatal(err)
	}
	return ws.ID
}

func (d *desk) member(tb testing.TB, ws identity.WorkspaceID, capacity int) identity.MemberID {
	tb.Helper()
	a := d.account()
	m := d.newMember(ws, a, identity.RoleAgent, capacity)
	err := d.s.Identities().Members.AddMember(tb.Context(), identity.Joining{Account: a, NewAccount: true, Member: m})
	if err != nil {
		tb.Fatal(err)
	}
	return m.ID
}

func (d *desk) group(tb testing.TB, ws identity.WorkspaceID, members ...identity.MemberID) dispatch.Class {
	tb.Helper()
	at := time.Now()
	t := team.Team{
		Workspace: ws, ID: team.ID(id.NewSource(time.Now).New("tea")), Name: fmt.Sprint("team ", d.n.Add(1)), Members: members, CreatedAt: at, UpdatedAt: at,
	}
	if err := d.s.Teams().Create(tb.Context(), t); err != nil {
		tb.Fatal(err)
	}
	return dispatch.Class(t.ID)
}

func (d *desk) route(tb testing.TB, ws identity.WorkspaceID, item dispatch.Key, class dispatch.Class) {
	tb.Helper()
	err := d.w.TryChange(ws, conversation.ID(item.ID), func(c *conversation.Conversation) error {
		c.Route(conversation.Turn{At: time.Now(), IDs: id.NewSource(time.Now), Actor: identity.Actor{Kind: identity.ActorSystem}}, team.ID(class))
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func (d *desk) change(tb testing.TB, ws identity.WorkspaceID, id identity.MemberID, fn func(*identity.Member)) {
	tb.Helper()
	_, err := d.s.Identities().Members.ChangeMember(tb.Context(), ws, id, func(m *identity.Member) error {
		fn(m)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func (d *desk) inbox(ws identity.WorkspaceID) channel.Inbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, ok := d.inboxes[ws]
	if !ok {
		i = d.w.NewInbox(ws, true)
		d.inboxes[ws] = i
	}
	return i
}

func (d *desk) item(tb testing.TB, ws identity.WorkspaceID, since time.Time) dispatch.Item {
	tb.Helper()
	c, err := d.w.TryReceive(d.inbox(ws), fmt.Sprint("customer", d.n.Add(1)), "", "text", since)
	if err != nil {
		tb.Fatal(err)
	}
	return dispatch.Item{Key: dispatch.Key{Kind: "conversation", ID: string(c.ID)}, Weight: 1, WaitingSince: since}
}

// answerer has a member answer an offer.
func (d *desk) answerer(answer func(*conversation.Conversation, conversation.Turn, identity.MemberID) error) func(testing.TB, identity.WorkspaceID, dispatch.Key, identity.MemberID) error {
	return func(_ testing.TB, ws identity.WorkspaceID, item dispatch.Key, m identity.MemberID) error {
		return d.w.TryChange(ws, conversation.ID(item.ID), func(c *conversation.Conversation) error {
			turn := conversation.Turn{At: time.Now(), IDs: id.NewSource(time.Now), Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m)}}
			return answer(c, turn, m)
		})
	}
}

func (d *desk) do(tb testing.TB, ws identity.WorkspaceID, item dispatch.Key, act dispatchtest.Act, member identity.MemberID) {
	tb.Helper()
	key := conversation.ID(item.ID)
	if act == dispatchtest.Ask {
		c, err := d.s.Conversations().Get(tb.Context(), ws, key)
		if err == nil {
			_, err = d.w.TryReceive(d.inbox(ws), c.Recipient, "", "again", time.Now())
		}
		if err != nil {
			tb.Fatal(err)
		}
		return
	}
	err := d.w.TryChange(ws, key, func(c *conversation.Conversation) error {
		turn := conversation.Turn{At: time.Now(), IDs: id.NewSource(time.Now), Actor: identity.Actor{Kind: identity.ActorMember, ID: string(c.Assignee)}}
		switch act {
		case dispatchtest.Answer:
			_, err := c.Send(turn, conversation.Words("", "answer"))
			return err
		case dispatchtest.Resolve:
			c.Resolve(turn)
		case dispatchtest.Snooze:
			return c.Snooze(turn, turn.At.Add(time.Hour))
		case dispatchtest.Assign:
			return c.Assign(turn, member, "name", "member")
		case dispatchtest.Requeue:
			return c.Release(turn, conversation.QueuedReleased)
		case dispatchtest.Ask:
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func claimFixture(t *testing.T, s *store.Store) idempotencytest.Fixture {
	t.Helper()
	f := teamFixture(t, s)
	return idempotencytest.Fixture{
		Store: s.Claims(), Workspace: f.Workspace(t), Other: f.Workspace(t),
		Write: func(ctx context.Context) error {
			return s.Identities().Keys.TouchKey(ctx, "wsp_none", "key_none", time.Now(), "")
		},
	}
}
