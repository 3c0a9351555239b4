package survey_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/survey/surveytest"
)

// desk is a conversation of a chat window whose customers are asked.
type desk struct {
	*conversationtest.World
	fake    *conversationtest.Fake
	surveys *survey.Service
	talks   *conversation.Service
	at      time.Time
	asks    bool
	id      conversation.ID
}

// Asks implements conversation.RatingPolicy.
func (d *desk) Asks(context.Context, identity.WorkspaceID, channel.InboxID) (bool, error) {
	return d.asks, nil
}

// Tongues implements survey.Tongues.
func (*desk) Tongues(context.Context, identity.WorkspaceID, contact.ID) ([]string, error) {
	return []string{"zh-CN"}, nil
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{fake: conversationtest.NewFake(), asks: true, at: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	d.World = conversationtest.NewWorld(t, d.fake.Fixture())
	now := func() time.Time { return d.at }
	d.surveys = survey.NewService(survey.Deps{
		Store: surveytest.Fake{Conversations: d.fake}, Conversations: d.fake, Reader: d.fake, Tongues: d, Key: []byte("key"), Now: now,
	})
	d.talks = conversation.NewService(conversation.Deps{
		Store: d.fake, Reader: d.fake, Marks: d.fake, Visitors: d.fake, Writing: d.fake, Inboxes: d.fake.Inboxes, Contacts: d.fake.Contacts,
		Plugins: &channeltest.Plugins{T: t, Installed: []channel.Type{{Plugin: d.Live.Plugin, Live: true}}},
		Teams:   d.fake.Teams, Catalog: d.fake.Catalog, Ratings: d, Now: now,
	})
	d.id = d.says("hello")
	return d
}

// says lets the customer write.
func (d *desk) says(text string) conversation.ID {
	d.Helper()
	c, err := d.TryReceive(d.Live, "customer", "", text, d.at)
	d.OK(err)
	return c.ID
}

func (d *desk) change(fn func(c *conversation.Conversation, t conversation.Turn) error) {
	d.Helper()
	d.Change(d.id, func(c *conversation.Conversation) error {
		t := d.Turn(d.Owner)
		t.At = d.at
		return fn(c, t)
	})
}

func (d *desk) answers() {
	d.Helper()
	d.change(func(c *conversation.Conversation, t conversation.Turn) error {
		_, err := c.Send(t, conversation.Words("", "an answer"))
		return err
	})
}

func (d *desk) scope() identity.Scope {
	return identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(d.Owner.ID), Role: identity.RoleAgent}}
}

// sets changes the state as a member does.
func (d *desk) sets(state conversation.State) {
	d.Helper()
	_, err := d.talks.SetState(d.Context(), d.scope(), d.id, state, time.Time{})
	d.OK(err)
}

func (d *desk) link() (string, time.Time) {
	d.Helper()
	token, until, err := d.surveys.Link(d.Context(), d.scope(), d.id)
	d.OK(err)
	return token, until
}

// noLink expects that a rating cannot be asked for.
func (d *desk) noLink(code string) {
	d.Helper()
	if _, _, err := d.surveys.Link(d.Context(), d.scope(), d.id); err == nil || errs.As(err).Code != code || !errs.Is(err, errs.Conflict) {
		d.Errorf("a link: %v, want %s", err, code)
	}
}

// gives answers a link; code "" = accepted.
func (d *desk) gives(token string, score int, comment, code string) {
	d.Helper()
	got := ""
	if err := d.surveys.AnswerLink(d.Context(), token, score, comment); err != nil {
		got = errs.As(err).Code
	}
	if got != code {
		d.Errorf("%d by link: %q, want %q", score, got, code)
	}
}

func (d *desk) opens(token string, want survey.State) {
	d.Helper()
	sheet, err := d.surveys.Open(d.Context(), token)
	if err != nil || sheet.State != want || strings.Join(sheet.Tongues, " ") != "zh-CN" {
		d.Errorf("the link opens %+v, %v, want %s", sheet, err, want)
	}
}

// asked counts how often the customer was asked.
func (d *desk) asked() int {
	d.Helper()
	n := 0
	for _, ch := range d.Timeline(d.id, 0) {
		if ch.Type == conversation.RatingRequested {
			n++
		}
	}
	return n
}

func (d *desk) wants(n int, when string) {
	d.Helper()
	if got := d.asked(); got != n {
		d.Errorf("%s: asked %d times, want %d", when, got, n)
	}
}

// The chat window asks when an answered conversation is resolved, and again
// only a day later, after the customer wrote and somebody answered.
func TestAskedOnceForEachPart(t *testing.T) {
	d := newDesk(t)
	d.sets(conversation.Resolved)
	d.wants(0, "resolved without an answer")
	d.sets(conversation.Open)
	d.answers()
	d.sets(conversation.Resolved)
	d.wants(1, "resolved after an answer")
	d.sets(conversation.Resolved)
	d.wants(1, "resolved once more")
	d.sets(conversation.Open)
	d.sets(conversation.Resolved)
	d.wants(1, "reopened and resolved")

	d.at = d.at.Add(conversation.RatingPause)
	d.sets(conversation.Open)
	d.answers()
	d.sets(conversation.Resolved)
	d.wants(1, "a day later, and the customer has not written")

	d.says("one more thing")
	d.sets(conversation.Resolved)
	d.wants(2, "a day later, after the customer wrote and an answer since the request")

	d.at = d.at.Add(conversation.RatingPause - time.Second)
	d.says("and another")
	d.answers()
	d.sets(conversation.Resolved)
	d.wants(2, "a second less than a day later")
	d.at = d.at.Add(time.Second)
	d.sets(conversation.Open)
	d.sets(conversation.Resolved)
	d.wants(3, "a day later")

	d.at = d.at.Add(2 * conversation.RatingPause)
	d.says("hm")
	d.sets(conversation.Resolved)
	d.wants(3, "days later, without an answer since the request")

	d.asks = false
	d.says("hello?")
	d.answers()
	d.sets(conversation.Resolved)
	d.wants(3, "where nobody is asked")
}

func TestLinkIsAnsweredOnce(t *testing.T) {
	d := newDesk(t)
	d.noLink("rating.not_due")
	d.answers()
	token, until := d.link()
	if again, same := d.link(); again != token || !same.Equal(until) || !until.Equal(d.at.Add(conversation.RatingTTL)) {
		t.Errorf("the link again is %s until %v, before %s until %v", again, same, token, until)
	}
	d.wants(1, "by two links")
	d.opens(token, survey.StateAsk)
	d.gives(token, 0, "", "rating.score")
	d.gives(token, conversation.MaxScore+1, "", "rating.score")
	d.gives(token, 3, strings.Repeat("字", conversation.MaxRatingComment+1), "rating.comment_too_long")
	d.opens(token, survey.StateAsk)
	d.gives(token, 4, "谢谢", "")
	d.opens(token, survey.StateGiven)
	d.gives(token, 4, "谢谢", "") // the answer was lost, and is sent again
	d.gives(token, 5, "谢谢", "rating.given")
	d.gives(token, 4, "", "rating.given")
	d.noLink("rating.given")

	found, sum, err := d.surveys.List(d.Context(), d.scope(), survey.Filter{Reach: identity.Everywhere()}, page.Request{})
	d.OK(err)
	if len(found.Items) != 1 || found.Items[0].Score != 4 || found.Items[0].Comment != "谢谢" || sum.Count() != 1 {
		t.Errorf("listed %+v", found.Items)
	}
}

func TestAGroupIsAskedForNothing(t *testing.T) {
	d := newDesk(t)
	d.answers()
	d.OK(d.fake.Within(d.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
		_, err := tx.Contacts().Gather(ctx, string(d.Live.ID), "customer", "Tea", d.at, func(c contact.Contact) event.Event {
			return event.Event{ID: "chg_tea", Workspace: string(c.Workspace), Type: contact.Changed, Subject: string(c.ID), At: c.UpdatedAt}
		})
		return err
	}))
	d.noLink("rating.group")
}

func TestLinkExpires(t *testing.T) {
	d := newDesk(t)
	d.answers()
	first, until := d.link()
	d.at = until.Add(-time.Second)
	d.opens(first, survey.StateAsk)
	d.at = until
	d.opens(first, survey.StateExpired)
	d.gives(first, 5, "", "rating.expired")
	d.noLink("rating.not_due") // nothing was said since

	d.says("again")
	d.answers()
	second, _ := d.link()
	if second == first {
		t.Fatal("the same link")
	}
	d.opens(second, survey.StateAsk)
	d.at = d.at.Add(conversation.RatingPause)
	d.says("and again")
	d.answers()
	d.sets(conversation.Resolved) // asks anew: by the chat window
	d.wants(3, "in all")
	d.opens(second, survey.StateExpired)
	d.gives(second, 5, "", "rating.expired")
}

func TestForgedTokens(t *testing.T) {
	d := newDesk(t)
	d.answers()
	token, _ := d.link()
	name, mac, _ := strings.Cut(token, ".")
	other := survey.NewService(survey.Deps{
		Store: surveytest.Fake{Conversations: d.fake}, Conversations: d.fake, Reader: d.fake, Tongues: d, Key: []byte("another key"), Now: d.surveys.Now,
	})
	for _, forged := range []string{
		"", ".", name, name + ".", "." + mac, token + "A", token[1:], token + strings.Repeat("A", 100), strings.ToLower(token), name + "." + strings.Repeat("A", len(mac)),
		"rat_" + token, string(d.id) + "." + mac, "\x00." + mac,
	} {
		_, err := d.surveys.Open(d.Context(), forged)
		d.Fails(err, errs.NotFound)
		d.Fails(d.surveys.AnswerLink(d.Context(), forged, 5, ""), errs.NotFound)
	}
	_, err := other.Open(d.Context(), token)
	d.Fails(err, errs.NotFound)
	d.opens(token, survey.StateAsk)
}

// Many answers at once: one counts, whoever else said another is told so.
func TestManyAnswersAtOnce(t *testing.T) {
	d := newDesk(t)
	d.answers()
	token, _ := d.link()
	var wg sync.WaitGroup
	results := make([]error, 10)
	for n := range results {
		wg.Go(func() { results[n] = d.surveys.AnswerLink(d.Context(), token, 1+n%conversation.MaxScore, "") })
	}
	wg.Wait()
	c := d.Get(d.id)
	for n, err := range results {
		won := 1+n%conversation.MaxScore == c.Score
		if won != (err == nil) || !won && errs.As(err).Code != "rating.given" {
			t.Errorf("%d of %d: %v", 1+n%conversation.MaxScore, c.Score, err)
		}
	}
	given := 0
	for _, ch := range d.Timeline(d.id, 0) {
		if ch.Type == conversation.RatingGiven {
			given++
		}
	}
	if given != 1 {
		t.Errorf("given %d times", given)
	}
}

func TestAgentsSeeTheirOwnRatings(t *testing.T) {
	d := newDesk(t)
	d.answers()
	token, _ := d.link()
	d.gives(token, 2, "", "")
	lin := d.Member(d.WS, "lin@example.com", "Lin", 5)
	for who, tt := range map[string]struct {
		member identity.MemberID
		role   identity.Role
		asked  identity.MemberID
		want   int
	}{
		"whose work it is":           {d.Owner.ID, identity.RoleAgent, "", 1},
		"another agent":              {lin.ID, identity.RoleAgent, "", 0},
		"another agent, by name":     {lin.ID, identity.RoleAgent, d.Owner.ID, 0},
		"a supervisor":               {lin.ID, identity.RoleSupervisor, "", 1},
		"a supervisor, of the agent": {lin.ID, identity.RoleSupervisor, d.Owner.ID, 1},
		"a supervisor, of their own": {lin.ID, identity.RoleSupervisor, lin.ID, 0},
	} {
		scope := identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(tt.member), Role: tt.role}}
		found, sum, err := d.surveys.List(d.Context(), scope, survey.Filter{Reach: identity.Everywhere(), Member: tt.asked}, page.Request{})
		d.OK(err)
		if len(found.Items) != tt.want || sum.Count() != tt.want {
			t.Errorf("%s sees %d, %d counted, want %d", who, len(found.Items), sum.Count(), tt.want)
		}
	}
	nobody := identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorContact, ID: "con_x"}}
	_, _, err := d.surveys.List(d.Context(), nobody, survey.Filter{Reach: identity.Everywhere()}, page.Request{})
	d.Fails(err, errs.Forbidden)
}
