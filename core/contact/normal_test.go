package contact_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/contact"
)

func TestPhone(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "+86 138-1234-5678": "+8613812345678", "0086 138 1234 5678": "+8613812345678", "＋８６ １３８００００１２３４": "+8613800001234",
		"+44 (0)20 7946 0018": "+442079460018", "+1 (415) 555.0132": "+14155550132",
		"13812345678": "13812345678", "020 7946  0018": "020 7946 0018", // no country: as written
		"+49 30 12 ext 7": "+49 30 12 ext 7", "010-1234 转 8": "010-1234 转 8", "+0123456789": "+0123456789", "+1234567890123456": "+1234567890123456",
	} {
		if got, ok := contact.Phone(in); !ok || got != want {
			t.Errorf("%q becomes %q, %v, want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"abc", "12", "n/a", "call me", "<script>123456</script>"} {
		if got, ok := contact.Phone(in); ok {
			t.Errorf("%q passes as %q", in, got)
		}
	}
}

func TestEmail(t *testing.T) {
	for in, want := range map[string]string{"": "", " A@Example.COM ": "a@example.com", "用户@例子.中国": "用户@例子.中国"} {
		if got, ok := contact.Email(in); !ok || got != want {
			t.Errorf("%q becomes %q, %v, want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"a", "@b.c", "a@", "a@b", "a b@c.d", "a@b..c", "a..b@c.d", "a@-b.c", "a\u202e@b.c", "a@b.c,d@e.f"} {
		if got, ok := contact.Email(in); ok {
			t.Errorf("%q passes as %q", in, got)
		}
	}
	for email, want := range map[string]string{"a@Tea.example": "tea.example", "x": "", "": ""} {
		if got := contact.DomainOf(email); got != want {
			t.Errorf("the domain of %q is %q", email, got)
		}
	}
	if !contact.FreeMail("qq.com") || !contact.FreeMail("gmail.com") || contact.FreeMail("tea.example") {
		t.Error("free mail is taken for a company's, or the reverse")
	}
}
