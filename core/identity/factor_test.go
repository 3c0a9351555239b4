package identity_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// The codes of RFC 6238, appendix B (SHA-1), in six digits.
func TestCodesOfTheStandard(t *testing.T) {
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		equal(t, identity.TOTP([]byte("12345678901234567890"), time.Unix(at, 0)), want)
	}
}

// enrolled gives an account a second factor and returns its secret and recovery codes.
func (o *office) enrolled(in identity.SignedIn) (secret []byte, codes []string) {
	o.Helper()
	e, err := o.Factors.Begin(o.Context(), in.Session, password, o.client)
	o.ok(err)
	secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(e.Secret)
	o.ok(err)
	if !strings.Contains(e.URI, "secret="+e.Secret) || !strings.HasPrefix(e.URI, "otpauth://totp/") {
		o.Fatalf("the QR code says %s", e.URI)
	}
	codes, err = o.Factors.Confirm(o.Context(), in.Session, identity.TOTP(secret, o.now()), o.client)
	o.ok(err)
	equal(o, len(codes), identity.RecoveryCodes)
	return secret, codes
}

// second signs the owner in up to the challenge.
func (o *office) second() string {
	o.Helper()
	in := o.signIn(ownerEmail)
	if in.Challenge == "" || in.Token != "" {
		o.Fatalf("no second step is asked for: %+v", in)
	}
	return in.Challenge
}

func TestSecondFactor(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	mine, other := o.signIn(ownerEmail), o.signIn(ownerEmail)
	_, err := o.Factors.Begin(t.Context(), mine.Session, "not the password", o.client)
	o.refuses(err, "/password wrong")
	secret, codes := o.enrolled(mine)
	_, _, err = o.Sessions.Authenticate(t.Context(), other.Token)
	o.fails(err, identity.SessionEnded())
	_, _, err = o.Sessions.Authenticate(t.Context(), mine.Token)
	o.ok(err)

	answer := func(challenge, code string) error {
		_, err := o.Sessions.SignInSecond(t.Context(), challenge, code, o.client)
		return err
	}
	// The code that confirmed is used up; its neighbours in time work, once.
	o.fails(answer(o.second(), identity.TOTP(secret, o.now())), identity.WrongCode())
	o.pass(30 * time.Second)
	challenge := o.second()
	code := identity.TOTP(secret, o.now())
	o.ok(answer(challenge, code[:3]+" "+code[3:]))
	o.fails(answer(challenge, code), identity.ChallengeOver())
	o.fails(answer(o.second(), code), identity.WrongCode())
	o.ok(answer(o.second(), identity.TOTP(secret, o.now().Add(30*time.Second))))
	for _, off := range []time.Duration{-60 * time.Second, 90 * time.Second} {
		o.pass(time.Hour)
		o.fails(answer(o.second(), identity.TOTP(secret, o.now().Add(off))), identity.WrongCode())
	}
	// A challenge ends by time, and after five wrong codes.
	o.pass(time.Hour)
	challenge = o.second()
	o.pass(identity.ChallengeLife)
	o.fails(answer(challenge, identity.TOTP(secret, o.now())), identity.ChallengeOver())
	challenge = o.second()
	for range identity.ChallengeAttempts {
		o.pass(5 * time.Second)
		o.fails(answer(challenge, "000000"), identity.WrongCode())
	}
	o.fails(answer(challenge, identity.TOTP(secret, o.now())), identity.ChallengeOver())

	// A recovery code works once, however it is typed.
	o.pass(24 * time.Hour)
	o.ok(answer(o.second(), strings.ToLower(strings.ReplaceAll(codes[0], "-", " "))))
	o.fails(answer(o.second(), codes[0]), identity.WrongCode())
	state, err := o.Factors.State(t.Context(), mine.Account.ID)
	o.ok(err)
	equal(t, state.CodesLeft, identity.RecoveryCodes-1)

	o.pass(time.Hour)
	mine.Session.ID = "ses_now"
	o.refuses(o.Factors.Disable(t.Context(), mine.Session, password, "000000", o.client), "/code wrong")
	fresh, err := o.Factors.NewCodes(t.Context(), mine.Session, identity.TOTP(secret, o.now()), o.client)
	o.ok(err)
	o.refuses(o.Factors.Disable(t.Context(), mine.Session, password, codes[1], o.client), "/code wrong")
	o.ok(o.Factors.Disable(t.Context(), mine.Session, password, fresh[0], o.client))
	if in := o.signIn(ownerEmail); in.Token == "" {
		t.Error("a second step is asked for without a second factor")
	}
}

func TestGuessingCodesIsSlow(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	o.enrolled(o.signIn(ownerEmail))
	wrong := 0
	for n := 0; ; n++ {
		in, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "198.51." + string(rune('0'+n%10)) + ".7"})
		o.ok(err)
		_, err = o.Sessions.SignInSecond(t.Context(), in.Challenge, "000000", identity.Client{Address: "198.51." + string(rune('0'+n%10)) + ".7"})
		if errs.Is(err, errs.RateLimited) {
			break
		}
		if wrong++; wrong > 10 {
			t.Fatal("codes are guessed without a limit")
		}
	}
}

// A lost phone: an administrator resets it, and nobody above them.
func TestLostPhone(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail)
	w := owner.Workspace.ID
	admin, agent := o.hire(w, "admin@example.com", identity.RoleAdministrator), o.hire(w, "agent@example.com", identity.RoleAgent)
	mine := o.signIn("agent@example.com")
	o.enrolled(mine)
	o.enrolled(o.signIn(ownerEmail))
	o.fails(o.Factors.Reset(t.Context(), o.scope(agent), admin.ID), forbidden())
	o.fails(o.Factors.Reset(t.Context(), o.scope(admin), owner.Member.ID), identity.Outranked())
	o.fails(o.Factors.Reset(t.Context(), o.scope(admin), admin.ID), errs.New(errs.Conflict, "member.self", ""))
	o.ok(o.Factors.Reset(t.Context(), o.scope(admin), agent.ID))
	_, _, err := o.Sessions.Authenticate(t.Context(), mine.Token)
	o.fails(err, identity.SessionEnded())
	if in := o.signIn("agent@example.com"); in.Token == "" {
		t.Error("the lost phone is still asked for")
	}
	found := false
	for _, r := range o.fake.Recorded(w) {
		found = found || r.Action == identity.TwoFactorReset && r.Actor.ID == string(admin.ID) && r.Target.ID == string(agent.ID)
	}
	if !found {
		t.Error("the audit log does not know of it")
	}
}

// An account is one for all workspaces: who administers one does not reach
// into another through it.
func TestNobodyReachesElsewhere(t *testing.T) {
	o := newOffice(t)
	here, there := o.founded(ownerEmail), o.founded("boss@example.com")
	shared := o.hire(here.Workspace.ID, "boss@example.com", identity.RoleAgent)
	o.enrolled(o.signIn("boss@example.com"))
	o.fails(o.Factors.Reset(t.Context(), o.scope(here.Member), shared.ID), identity.Elsewhere())
	_, err := o.Resets.Create(t.Context(), o.scope(here.Member), shared.ID)
	o.fails(err, identity.Elsewhere())
	_ = there
}

func TestPasswordReset(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail)
	agent := o.hire(owner.Workspace.ID, "agent@example.com", identity.RoleAgent)
	in := o.signIn("agent@example.com")
	o.enrolled(in)
	_, err := o.Resets.Create(t.Context(), o.scope(agent), owner.Member.ID)
	o.fails(err, forbidden())
	old, err := o.Resets.Create(t.Context(), o.scope(owner.Member), agent.ID)
	o.ok(err)
	link, err := o.Resets.CreateFor(t.Context(), " AGENT@example.com")
	o.ok(err)
	_, err = o.Resets.CreateFor(t.Context(), "nobody@example.com")
	o.fails(err, absent())
	const fresh = "a wholly new password"
	for _, token := range []string{old.Token, "x", strings.Repeat("A", 43)} {
		o.fails(o.Resets.Use(t.Context(), token, fresh, o.client), identity.ResetNotValid())
	}
	o.refuses(o.Resets.Use(t.Context(), link.Token, "short", o.client), "/password too_short")
	account, err := o.Resets.Lookup(t.Context(), link.Token, o.client)
	o.ok(err)
	equal(t, account.Email, "agent@example.com")
	o.ok(o.Resets.Use(t.Context(), link.Token, fresh, o.client))
	o.fails(o.Resets.Use(t.Context(), link.Token, fresh, o.client), identity.ResetNotValid())
	_, _, err = o.Sessions.Authenticate(t.Context(), in.Token)
	o.fails(err, identity.SessionEnded())
	again, err := o.Sessions.SignIn(t.Context(), "agent@example.com", fresh, o.client)
	o.ok(err)
	if again.Challenge == "" {
		t.Error("a reset takes the second factor away")
	}
	late, err := o.Resets.Create(t.Context(), o.scope(owner.Member), agent.ID)
	o.ok(err)
	o.pass(identity.ResetLife)
	_, err = o.Resets.Lookup(t.Context(), late.Token, o.client)
	o.fails(err, identity.ResetNotValid())
}

func TestPolicy(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail)
	w := owner.Workspace.ID
	agent := o.hire(w, "agent@example.com", identity.RoleAgent)
	yes, idle, life := true, 10*time.Minute, 2*time.Hour
	_, err := o.Policies.Update(t.Context(), o.scope(agent), identity.SignInPolicyPatch{})
	o.fails(err, forbidden())
	_, err = o.Policies.Update(t.Context(), o.scope(owner.Member), identity.SignInPolicyPatch{ProviderOnly: &yes})
	o.fails(err, identity.LastProvider())
	in := o.signIn("agent@example.com")
	o.told()
	_, err = o.Policies.Update(t.Context(), o.scope(owner.Member), identity.SignInPolicyPatch{TwoFactorRequired: &yes, Idle: &idle, Life: &life})
	o.ok(err)
	equal(t, len(o.told()), 1)
	_, err = o.Sessions.Enter(t.Context(), in.Session, w)
	o.fails(err, identity.TwoFactorRequired())
	_, err = o.Sessions.Recheck(t.Context(), in.Session.ID, w)
	o.fails(err, identity.TwoFactorRequired())
	barrier, err := o.Sessions.Barrier(t.Context(), in.Session, w)
	o.ok(err)
	equal(t, barrier, identity.BarrierTwoFactor)
	o.enrolled(in)
	_, err = o.Sessions.Enter(t.Context(), in.Session, w)
	o.ok(err)
	// It ends unused, and after its life however much it is used.
	for o.now().Before(in.Session.CreatedAt.Add(life)) {
		session, _, err := o.Sessions.Authenticate(t.Context(), in.Token)
		o.ok(err)
		_, err = o.Sessions.Enter(t.Context(), session, w)
		o.ok(err)
		o.pass(idle - time.Minute)
	}
	session, _, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	_, err = o.Sessions.Enter(t.Context(), session, w)
	o.fails(err, identity.SessionEnded())
}

func TestSessionsListed(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail)
	agent := o.hire(owner.Workspace.ID, "agent@example.com", identity.RoleAgent)
	one, two, three := o.signIn("agent@example.com"), o.signIn("agent@example.com"), o.signIn("agent@example.com")
	boss := o.signIn(ownerEmail)
	all, err := o.Sessions.List(t.Context(), one.Session)
	o.ok(err)
	equal(t, len(all), 3)
	o.fails(o.Sessions.End(t.Context(), one.Session, boss.Session.ID), absent())
	o.told()
	o.ok(o.Sessions.End(t.Context(), one.Session, two.Session.ID))
	equal(t, len(o.told()), 1) // sockets look again
	_, err = o.Sessions.OfMember(t.Context(), o.scope(agent), owner.Member.ID)
	o.fails(err, forbidden())
	seen, err := o.Sessions.OfMember(t.Context(), o.scope(owner.Member), agent.ID)
	o.ok(err)
	equal(t, len(seen), 2)
	o.fails(o.Sessions.EndOfMember(t.Context(), o.scope(owner.Member), agent.ID, boss.Session.ID), absent())
	o.ok(o.Sessions.EndOthers(t.Context(), one.Session))
	_, _, err = o.Sessions.Authenticate(t.Context(), three.Token)
	o.fails(err, identity.SessionEnded())
	o.ok(o.Sessions.EndOfMember(t.Context(), o.scope(owner.Member), agent.ID, ""))
	_, err = o.Sessions.Recheck(t.Context(), one.Session.ID, owner.Workspace.ID)
	o.fails(err, identity.SessionEnded())
}

func TestDevice(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0": "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1":   "Safari on iPhone",
		"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0":                                                "Firefox on Linux",
		"rubbish": " on ",
	} {
		browser, system := identity.Device(agent)
		equal(t, browser+" on "+system, want)
	}
}
