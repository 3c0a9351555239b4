package identity_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// provision tries one value and returns the code it is refused with, "" = accepted.
func provision(t *testing.T, change func(*identity.Founder)) (string, identity.Membership) {
	t.Helper()
	o := newOffice(t)
	f := identity.Founder{WorkspaceName: "W", Name: "N", Email: "x@example.com", Password: password}
	change(&f)
	m, err := o.Setup.Provision(t.Context(), f)
	if err == nil {
		return "", m
	}
	fields := errs.As(err).Fields
	if len(fields) != 1 {
		t.Fatalf("%v names %d fields", err, len(fields))
	}
	return fields[0].Code, m
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, stored, code string }{
		{"Anna", "Anna", ""},
		{"  王小明\t", "王小明", ""},
		{"👩‍💻 Zoë O’Neil", "👩‍💻 Zoë O’Neil", ""},
		{"Zoe\u0308", "Zo\u00eb", ""},
		{strings.Repeat("名", identity.MaxName), strings.Repeat("名", identity.MaxName), ""},
		{strings.Repeat("名", identity.MaxName+1), "", "too_long"},
		{"", "", "required"},
		{" \u3000 ", "", "required"},
		{"\u200b\u200d", "", "required"},
		{"a\x00b", "", "invalid_character"},
		{"a\nb", "", "invalid_character"},
		{"a\u2028b", "", "invalid_character"},
		{"a\u202egnp.exe", "", "invalid_character"},
		{"a\xffb", "", "invalid_text"},
	} {
		code, m := provision(t, func(f *identity.Founder) { f.Name = c.name })
		if code != c.code || m.Member.Name != c.stored {
			t.Errorf("%q: %q, stored as %q", c.name, code, m.Member.Name)
		}
	}
}

func TestEmails(t *testing.T) {
	long := strings.Repeat("d", 60)
	for _, c := range []struct{ email, stored, code string }{
		{" A.b+c@Example.COM ", "a.b+c@example.com", ""},
		{"root@localhost", "root@localhost", ""},
		{"o'neil_%@x-y.example", "o'neil_%@x-y.example", ""},
		{"用户@例子.中国", "用户@例子.中国", ""},
		{strings.Repeat("l", 64) + "@" + long + "." + long + "." + long + ".ex", strings.Repeat("l", 64) + "@" + long + "." + long + "." + long + ".ex", ""},
		{strings.Repeat("l", 64) + "@" + long + "." + long + "." + long + "." + long, "", "too_long"},
		{strings.Repeat("l", 65) + "@example.com", "", "invalid_email"},
		{"", "", "required"},
		{"x", "", "invalid_email"},
		{"@example.com", "", "invalid_email"},
		{"x@", "", "invalid_email"},
		{"x@y@example.com", "", "invalid_email"},
		{"x y@example.com", "", "invalid_email"},
		{"x@example..com", "", "invalid_email"},
		{".x@example.com", "", "invalid_email"},
		{"x@-example.com", "", "invalid_email"},
		{"x@example.com\nBcc: y@example.com", "", "invalid_email"},
		{"X <x@example.com>", "", "invalid_email"},
		{"x@[127.0.0.1]", "", "invalid_email"},
		{"x\x00@example.com", "", "invalid_email"},
		{"x\u202e@example.com", "", "invalid_email"},
		{"\xff@example.com", "", "invalid_email"},
	} {
		code, m := provision(t, func(f *identity.Founder) { f.Email = c.email })
		if code != c.code || m.Member.Email != c.stored {
			t.Errorf("%q: %q, stored as %q", c.email, code, m.Member.Email)
		}
	}
}

func TestPasswords(t *testing.T) {
	for _, c := range []struct{ password, code string }{
		{"tenletters", ""},
		{"一二三四五六七八九十", ""},
		{strings.Repeat("长口令", 113), ""},
		{"x" + strings.Repeat("长口令", 200), "too_long"},
		{"nine char", "too_short"},
		{"一二三四五六七八九", "too_short"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "invalid_text"},
		{"aaaaaaaaaaaa", "too_common"},
		{"abababababab", "too_common"},
		{"Password123", "too_common"},
		{"1q2w3e4r5t", "too_common"},
		{"Somebody@Example.com", "too_common"},
		{"somebody2026!", "too_common"},
		{"Patchbay123", "too_common"},
	} {
		code, _ := provision(t, func(f *identity.Founder) { f.Email, f.Password = "somebody@example.com", c.password })
		if code != c.code {
			t.Errorf("%q: %q, want %q", c.password, code, c.code)
		}
	}
}

func TestUserAgents(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	for agent, stored := range map[string]string{
		"a\x00b\xffc":                            "abc",
		strings.Repeat("x", 1000):                strings.Repeat("x", 256),
		"x" + strings.Repeat("名", 100):           "x" + strings.Repeat("名", 85),
		strings.Repeat("\xff", 1000):             "",
		"x" + strings.Repeat("\x80", 300) + "yy": "x",
	} {
		o.client.UserAgent = agent
		equal(t, o.signIn(ownerEmail).Session.UserAgent, stored)
	}
}
