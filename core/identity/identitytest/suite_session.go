package identitytest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func (w *world) session() {
	f := w.found("owner@example.com")
	s := w.newSession(f.Account.ID)
	w.fails(w.Sessions.CreateSession(w.Context(), w.newSession("acc_none")), errs.Absent())
	w.ok(w.Sessions.CreateSession(w.Context(), s))
	got, err := w.Sessions.Session(w.Context(), s.ID)
	w.ok(err)
	same(w, got, s)
	got, a, err := w.Sessions.SessionByToken(w.Context(), s.TokenHash)
	w.ok(err)
	same(w, got, s)
	same(w, a, f.Account)
	_, _, err = w.Sessions.SessionByToken(w.Context(), "none")
	w.fails(err, errs.Absent())

	s.SeenAt, s.ExpiresAt = w.now.Add(time.Minute), s.ExpiresAt.Add(time.Hour)
	w.ok(w.Sessions.TouchSession(w.Context(), s.ID, s.SeenAt, s.ExpiresAt))
	got, err = w.Sessions.Session(w.Context(), s.ID)
	w.ok(err)
	same(w, got, s)

	w.ok(w.Sessions.DeleteSessions(w.Context(), []identity.SessionID{s.ID}))
	w.ok(w.Sessions.DeleteSessions(w.Context(), []identity.SessionID{s.ID, "ses_none"}))
	w.ok(w.Sessions.TouchSession(w.Context(), s.ID, s.SeenAt, s.ExpiresAt))
	_, err = w.Sessions.Session(w.Context(), s.ID)
	w.fails(err, errs.Absent())
	_, _, err = w.Sessions.SessionByToken(w.Context(), s.TokenHash)
	w.fails(err, errs.Absent())
}

func (w *world) sessionExpiry() {
	f := w.found("owner@example.com")
	over, alive := w.newSession(f.Account.ID), w.newSession(f.Account.ID)
	alive.ExpiresAt = over.ExpiresAt.Add(time.Millisecond)
	for _, s := range []identity.Session{over, alive} {
		w.ok(w.Sessions.CreateSession(w.Context(), s))
		w.ok(w.Links.CreateLink(w.Context(), identity.SignInLink{
			TokenHash: string(s.ID), Account: f.Account.ID, CreatedAt: w.now, ExpiresAt: s.ExpiresAt,
		}))
	}
	w.ok(w.Sessions.DeleteExpired(w.Context(), over.ExpiresAt))
	_, err := w.Sessions.Session(w.Context(), over.ID)
	w.fails(err, errs.Absent())
	_, err = w.Sessions.Session(w.Context(), alive.ID)
	w.ok(err)
	_, err = w.Links.UseLink(w.Context(), string(over.ID), w.now)
	w.fails(err, identity.LinkNotValid())
	_, err = w.Links.UseLink(w.Context(), string(alive.ID), w.now)
	w.ok(err)
}

func (w *world) link() {
	f := w.found("owner@example.com")
	l := identity.SignInLink{TokenHash: "link", Account: f.Account.ID, CreatedAt: w.now, ExpiresAt: w.now.Add(time.Minute)}
	foreign := l
	foreign.Account = "acc_none"
	w.fails(w.Links.CreateLink(w.Context(), foreign), errs.Absent())
	w.ok(w.Links.CreateLink(w.Context(), l))

	_, err := w.Links.UseLink(w.Context(), "none", w.now)
	w.fails(err, identity.LinkNotValid())
	_, err = w.Links.UseLink(w.Context(), "link", l.ExpiresAt)
	w.fails(err, identity.LinkNotValid())
	a, err := w.Links.UseLink(w.Context(), "link", l.ExpiresAt.Add(-time.Millisecond))
	w.ok(err)
	same(w, a, f.Account)
	_, err = w.Links.UseLink(w.Context(), "link", w.now)
	w.fails(err, identity.LinkNotValid())
}

func (w *world) linkOnce() {
	f := w.found("owner@example.com")
	w.ok(w.Links.CreateLink(w.Context(), identity.SignInLink{
		TokenHash: "link", Account: f.Account.ID, CreatedAt: w.now, ExpiresAt: w.now.Add(time.Minute),
	}))
	w.onlyOne(w.atOnce(func(int) error {
		_, err := w.Links.UseLink(w.Context(), "link", w.now)
		return err
	}), identity.LinkNotValid())
}

func (w *world) sessionsOf() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	var mine []identity.Session
	for range 3 {
		w.tick()
		mine = append(mine, w.newSession(f.Account.ID))
	}
	for _, s := range append(mine, w.newSession(other.Account.ID)) {
		w.ok(w.Sessions.CreateSession(w.Context(), s))
	}
	mine[0].SeenAt = w.now.Add(time.Hour)
	w.ok(w.Sessions.TouchSession(w.Context(), mine[0].ID, mine[0].SeenAt, mine[0].ExpiresAt))
	all, err := w.Sessions.SessionsOf(w.Context(), f.Account.ID)
	w.ok(err)
	same(w, all, []identity.Session{mine[0], mine[2], mine[1]})
	w.ok(w.Sessions.DeleteSessions(w.Context(), []identity.SessionID{mine[0].ID, mine[1].ID}))
	all, err = w.Sessions.SessionsOf(w.Context(), f.Account.ID)
	w.ok(err)
	same(w, all, []identity.Session{mine[2]})
	all, err = w.Sessions.SessionsOf(w.Context(), other.Account.ID)
	w.ok(err)
	same(w, len(all), 1)
}
