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

	s.ExpiresAt = s.ExpiresAt.Add(time.Hour)
	w.ok(w.Sessions.TouchSession(w.Context(), s.ID, s.ExpiresAt))
	got, err = w.Sessions.Session(w.Context(), s.ID)
	w.ok(err)
	same(w, got, s)

	w.ok(w.Sessions.DeleteSession(w.Context(), s.ID))
	w.ok(w.Sessions.DeleteSession(w.Context(), s.ID))
	w.ok(w.Sessions.TouchSession(w.Context(), s.ID, s.ExpiresAt))
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
	_, err = w.Links.UseLink(w.Context(), string(over.ID), w.now, w.newSession(""))
	w.fails(err, identity.LinkNotValid())
	_, err = w.Links.UseLink(w.Context(), string(alive.ID), w.now, w.newSession(""))
	w.ok(err)
}

func (w *world) link() {
	f := w.found("owner@example.com")
	l := identity.SignInLink{TokenHash: "link", Account: f.Account.ID, CreatedAt: w.now, ExpiresAt: w.now.Add(time.Minute)}
	foreign := l
	foreign.Account = "acc_none"
	w.fails(w.Links.CreateLink(w.Context(), foreign), errs.Absent())
	w.ok(w.Links.CreateLink(w.Context(), l))

	s := w.newSession("")
	_, err := w.Links.UseLink(w.Context(), "none", w.now, s)
	w.fails(err, identity.LinkNotValid())
	_, err = w.Links.UseLink(w.Context(), "link", l.ExpiresAt, s)
	w.fails(err, identity.LinkNotValid())
	_, err = w.Sessions.Session(w.Context(), s.ID)
	w.fails(err, errs.Absent())
	a, err := w.Links.UseLink(w.Context(), "link", l.ExpiresAt.Add(-time.Millisecond), s)
	w.ok(err)
	same(w, a, f.Account)
	s.Account = f.Account.ID
	got, err := w.Sessions.Session(w.Context(), s.ID)
	w.ok(err)
	same(w, got, s)
	_, err = w.Links.UseLink(w.Context(), "link", w.now, w.newSession(""))
	w.fails(err, identity.LinkNotValid())
}

func (w *world) linkOnce() {
	f := w.found("owner@example.com")
	w.ok(w.Links.CreateLink(w.Context(), identity.SignInLink{
		TokenHash: "link", Account: f.Account.ID, CreatedAt: w.now, ExpiresAt: w.now.Add(time.Minute),
	}))
	sessions := make([]identity.Session, crowd)
	for n := range sessions {
		sessions[n] = w.newSession("")
	}
	results := w.atOnce(func(n int) error {
		_, err := w.Links.UseLink(w.Context(), "link", w.now, sessions[n])
		return err
	})
	winner := w.onlyOne(results, identity.LinkNotValid())
	for n, s := range sessions {
		if _, err := w.Sessions.Session(w.Context(), s.ID); (err == nil) != (n == winner) {
			w.Fatalf("session %d of %d (winner %d): %v", n, crowd, winner, err)
		}
	}
}
