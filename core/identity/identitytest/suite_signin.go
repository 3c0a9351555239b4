package identitytest

import (
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func (w *world) policyKept() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	p, err := w.Policies.SignInPolicy(w.Context(), f.Workspace.ID)
	w.ok(err)
	same(w, p, identity.NewSignInPolicy())
	p = identity.SignInPolicy{TwoFactorRequired: true, Idle: time.Hour, Life: 9 * time.Hour, UpdatedAt: w.tick()}
	e := w.event(f.Workspace.ID, "x")
	for range 2 {
		w.ok(w.Policies.PutSignInPolicy(w.Context(), f.Workspace.ID, p, e))
		got, err := w.Policies.SignInPolicy(w.Context(), f.Workspace.ID)
		w.ok(err)
		same(w, got, p)
		p.TwoFactorRequired = false
	}
	p.ProviderOnly = true
	w.fails(w.Policies.PutSignInPolicy(w.Context(), f.Workspace.ID, p, e), identity.LastProvider())
	w.events(f.Workspace.ID, e, e)
	got, err := w.Policies.SignInPolicy(w.Context(), other.Workspace.ID)
	w.ok(err)
	same(w, got, identity.NewSignInPolicy())
	w.fails(w.Policies.PutSignInPolicy(w.Context(), "wsp_none", identity.NewSignInPolicy()), errs.Absent())
}

// enrol gives an account a second factor with recovery codes "one" and "two".
func (w *world) enrol(a identity.AccountID, keep identity.SessionID) identity.Factor {
	w.Helper()
	x := identity.Factor{Account: a, Sealed: "sealed " + string(a), CreatedAt: w.now}
	w.ok(w.Factors.PutFactor(w.Context(), x))
	w.ok(w.Factors.ConfirmFactor(w.Context(), identity.Confirmation{
		Account: a, Sealed: x.Sealed, Step: 100, Codes: []string{"one", "two"}, Keep: keep, At: w.now,
	}))
	x.ConfirmedAt, x.LastStep = w.now, 100
	return x
}

func (w *world) factorKept() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	_, err := w.Factors.Factor(w.Context(), f.Account.ID)
	w.fails(err, errs.Absent())
	w.fails(w.Factors.PutFactor(w.Context(), identity.Factor{Account: "acc_none", Sealed: "x", CreatedAt: w.now}), errs.Absent())
	w.ok(w.Factors.PutFactor(w.Context(), identity.Factor{Account: f.Account.ID, Sealed: "first try", CreatedAt: w.now}))
	keep, end, foreign := w.newSession(f.Account.ID), w.newSession(f.Account.ID), w.newSession(other.Account.ID)
	for _, s := range []identity.Session{keep, end, foreign} {
		w.ok(w.Sessions.CreateSession(w.Context(), s))
	}
	x := w.enrol(f.Account.ID, keep.ID)
	got, err := w.Factors.Factor(w.Context(), f.Account.ID)
	w.ok(err)
	same(w, got, x)
	_, err = w.Sessions.Session(w.Context(), end.ID)
	w.fails(err, errs.Absent())
	for _, s := range []identity.Session{keep, foreign} {
		_, err = w.Sessions.Session(w.Context(), s.ID)
		w.ok(err)
	}
	w.fails(w.Factors.PutFactor(w.Context(), identity.Factor{Account: f.Account.ID, Sealed: "y", CreatedAt: w.now}), identity.FactorExists())
	w.fails(w.Factors.ConfirmFactor(w.Context(), identity.Confirmation{Account: f.Account.ID, Sealed: x.Sealed, At: w.now}), identity.FactorMissing())

	w.codesKept(f.Account.ID)
	e := w.event(f.Workspace.ID, "x")
	w.ok(w.Challenges.CreateChallenge(w.Context(), w.newChallenge(f.Account.ID)))
	w.ok(w.Factors.DeleteFactor(w.Context(), f.Account.ID, identity.Proof{}, "", e))
	_, err = w.Factors.Factor(w.Context(), f.Account.ID)
	w.fails(err, errs.Absent())
	_, err = w.Sessions.Session(w.Context(), keep.ID)
	w.fails(err, errs.Absent())
	_, err = w.Challenges.Challenge(w.Context(), "challenge")
	w.fails(err, errs.Absent())
	left, err := w.Factors.RecoveryCodesLeft(w.Context(), f.Account.ID)
	w.ok(err)
	same(w, left, 0)
	w.events(f.Workspace.ID, e)
}

// codesKept uses up proofs of an account of enrol.
func (w *world) codesKept(a identity.AccountID) {
	w.Helper()
	has := func(hash string, want bool) {
		w.Helper()
		got, err := w.Factors.HasRecoveryCode(w.Context(), a, hash)
		w.ok(err)
		same(w, got, want)
	}
	has("one", true)
	has("none", false)
	replace := func(p identity.Proof, hashes ...string) error {
		return w.Factors.ReplaceCodes(w.Context(), a, p, hashes, w.now)
	}
	for _, p := range []identity.Proof{{Step: 100}, {Step: 99}, {Recovery: "none"}} {
		w.fails(replace(p, "bad"), identity.WrongCode())
	}
	w.ok(replace(identity.Proof{Step: 101}, "three", "four"))
	w.fails(replace(identity.Proof{Step: 101}, "bad"), identity.WrongCode())
	has("one", false)
	has("three", true)
	w.fails(w.Factors.DeleteFactor(w.Context(), a, identity.Proof{Recovery: "one"}, ""), identity.WrongCode())
	w.ok(replace(identity.Proof{Recovery: "three"}, "five"))
	left, err := w.Factors.RecoveryCodesLeft(w.Context(), a)
	w.ok(err)
	same(w, left, 1)
}

func (w *world) proofOnce() {
	f := w.found("owner@example.com")
	w.enrol(f.Account.ID, "")
	for _, p := range []identity.Proof{{Step: 101}, {Recovery: "one"}} {
		for n := range crowd {
			c := w.newChallenge(f.Account.ID)
			c.TokenHash = fmt.Sprint("challenge ", p, n)
			w.ok(w.Challenges.CreateChallenge(w.Context(), c))
		}
		sessions := make([]identity.Session, crowd)
		for n := range sessions {
			sessions[n] = w.newSession(f.Account.ID)
		}
		w.onlyOne(w.atOnce(func(n int) error {
			return w.Challenges.PassChallenge(w.Context(), identity.Passing{
				TokenHash: fmt.Sprint("challenge ", p, n), Proof: p, Session: sessions[n], At: w.now,
			})
		}), identity.WrongCode())
	}
}

func (w *world) newChallenge(a identity.AccountID) identity.Challenge {
	return identity.Challenge{
		TokenHash: "challenge", Account: a, Workspace: "wsp_x", Provider: "idp_x", CreatedAt: w.now, ExpiresAt: w.now.Add(time.Minute),
	}
}

func (w *world) challengeKept() {
	f := w.found("owner@example.com")
	w.enrol(f.Account.ID, "")
	w.fails(w.Challenges.CreateChallenge(w.Context(), w.newChallenge("acc_none")), errs.Absent())
	c := w.newChallenge(f.Account.ID)
	w.ok(w.Challenges.CreateChallenge(w.Context(), c))
	got, err := w.Challenges.Challenge(w.Context(), "challenge")
	w.ok(err)
	same(w, got, c)
	e := w.event(f.Workspace.ID, "x")
	w.ok(w.Challenges.MissChallenge(w.Context(), "challenge", 2, e))
	got, err = w.Challenges.Challenge(w.Context(), "challenge")
	w.ok(err)
	same(w, got.Attempts, 1)
	w.ok(w.Challenges.MissChallenge(w.Context(), "challenge", 2))
	_, err = w.Challenges.Challenge(w.Context(), "challenge")
	w.fails(err, errs.Absent())
	w.ok(w.Challenges.MissChallenge(w.Context(), "challenge", 2))

	w.ok(w.Challenges.CreateChallenge(w.Context(), c))
	s := w.newSession(f.Account.ID)
	pass := identity.Passing{TokenHash: "challenge", Proof: identity.Proof{Step: 50}, Session: s, At: w.now}
	w.fails(w.Challenges.PassChallenge(w.Context(), pass, e), identity.WrongCode())
	late, unknown := pass, pass
	late.Proof.Step, late.At = 200, c.ExpiresAt
	w.fails(w.Challenges.PassChallenge(w.Context(), late, e), identity.ChallengeOver())
	unknown.TokenHash = "none"
	w.fails(w.Challenges.PassChallenge(w.Context(), unknown, e), identity.ChallengeOver())
	_, err = w.Sessions.Session(w.Context(), s.ID)
	w.fails(err, errs.Absent())
	pass.Proof.Step = 200
	w.ok(w.Challenges.PassChallenge(w.Context(), pass, e))
	stored, err := w.Sessions.Session(w.Context(), s.ID)
	w.ok(err)
	same(w, stored, s)
	w.events(f.Workspace.ID, e, e)
}

func (w *world) challengeOnce() {
	f := w.found("owner@example.com")
	w.enrol(f.Account.ID, "")
	w.ok(w.Challenges.CreateChallenge(w.Context(), w.newChallenge(f.Account.ID)))
	sessions := make([]identity.Session, crowd)
	for n := range sessions {
		sessions[n] = w.newSession(f.Account.ID)
	}
	results := w.atOnce(func(n int) error {
		return w.Challenges.PassChallenge(w.Context(), identity.Passing{
			TokenHash: "challenge", Proof: identity.Proof{Step: int64(200 + n)}, Session: sessions[n], At: w.now,
		})
	})
	w.onlyOne(results, identity.ChallengeOver())
}

func (w *world) newReset(a identity.AccountID, hash string) identity.Reset {
	return identity.Reset{TokenHash: hash, Account: a, CreatedAt: w.now, ExpiresAt: w.now.Add(time.Hour)}
}

func (w *world) resetKept() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	w.fails(w.Resets.CreateReset(w.Context(), w.newReset("acc_none", "x")), errs.Absent())
	e := w.event(f.Workspace.ID, "x")
	w.ok(w.Resets.CreateReset(w.Context(), w.newReset(f.Account.ID, "one"), e))
	w.ok(w.Resets.CreateReset(w.Context(), w.newReset(other.Account.ID, "theirs")))
	two := w.newReset(f.Account.ID, "two")
	w.ok(w.Resets.CreateReset(w.Context(), two))
	_, err := w.Resets.Reset(w.Context(), "one") // replaced
	w.fails(err, errs.Absent())
	got, err := w.Resets.Reset(w.Context(), "two")
	w.ok(err)
	same(w, got, two)

	s, foreign := w.newSession(f.Account.ID), w.newSession(other.Account.ID)
	w.ok(w.Sessions.CreateSession(w.Context(), s))
	w.ok(w.Sessions.CreateSession(w.Context(), foreign))
	w.ok(w.Links.CreateLink(w.Context(), identity.SignInLink{TokenHash: "link", Account: f.Account.ID, CreatedAt: w.now, ExpiresAt: two.ExpiresAt}))
	w.ok(w.Challenges.CreateChallenge(w.Context(), w.newChallenge(f.Account.ID)))
	w.fails(w.Resets.UseReset(w.Context(), "none", "fresh", w.now, e), identity.ResetNotValid())
	w.fails(w.Resets.UseReset(w.Context(), "two", "fresh", two.ExpiresAt, e), identity.ResetNotValid())
	at := two.ExpiresAt.Add(-time.Millisecond)
	w.ok(w.Resets.UseReset(w.Context(), "two", "fresh", at, e))
	w.fails(w.Resets.UseReset(w.Context(), "two", "again", at, e), identity.ResetNotValid())
	a, err := w.Accounts.Account(w.Context(), f.Account.ID)
	w.ok(err)
	want := f.Account
	want.PasswordHash, want.UpdatedAt = "fresh", at
	same(w, a, want)
	_, err = w.Sessions.Session(w.Context(), s.ID)
	w.fails(err, errs.Absent())
	_, err = w.Sessions.Session(w.Context(), foreign.ID)
	w.ok(err)
	_, err = w.Links.UseLink(w.Context(), "link", w.now)
	w.fails(err, identity.LinkNotValid())
	_, err = w.Challenges.Challenge(w.Context(), "challenge")
	w.fails(err, errs.Absent())
	_, err = w.Resets.Reset(w.Context(), "theirs")
	w.ok(err)
	w.events(f.Workspace.ID, e, e)
}

func (w *world) resetOnce() {
	f := w.found("owner@example.com")
	w.ok(w.Resets.CreateReset(w.Context(), w.newReset(f.Account.ID, "one")))
	w.onlyOne(w.atOnce(func(n int) error {
		return w.Resets.UseReset(w.Context(), "one", fmt.Sprint("fresh", n), w.now)
	}), identity.ResetNotValid())
}

func (w *world) signInExpiry() {
	f := w.found("owner@example.com")
	p := w.newProvider(f.Workspace.ID)
	w.ok(w.Providers.CreateProvider(w.Context(), p, 10))
	over := w.newChallenge(f.Account.ID)
	alive := over
	alive.TokenHash, alive.ExpiresAt = "alive", over.ExpiresAt.Add(time.Millisecond)
	for _, c := range []identity.Challenge{over, alive} {
		w.ok(w.Challenges.CreateChallenge(w.Context(), c))
		flow := w.newFlow(p, c.TokenHash)
		flow.ExpiresAt = c.ExpiresAt
		w.ok(w.Flows.CreateFlow(w.Context(), flow))
	}
	r := w.newReset(f.Account.ID, "reset")
	r.ExpiresAt = over.ExpiresAt
	w.ok(w.Resets.CreateReset(w.Context(), r))
	w.ok(w.Sessions.DeleteExpired(w.Context(), over.ExpiresAt))
	_, err := w.Challenges.Challenge(w.Context(), over.TokenHash)
	w.fails(err, errs.Absent())
	_, err = w.Challenges.Challenge(w.Context(), "alive")
	w.ok(err)
	_, err = w.Resets.Reset(w.Context(), "reset")
	w.fails(err, errs.Absent())
	_, err = w.Flows.TakeFlow(w.Context(), p.ID, over.TokenHash, "browser", w.now)
	w.fails(err, identity.FlowOver())
	_, err = w.Flows.TakeFlow(w.Context(), p.ID, "alive", "browser", w.now)
	w.ok(err)
}
