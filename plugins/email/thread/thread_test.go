package thread_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/plugins/email/thread"
)

const delivery = "dlv_01JD3X4Z5Y6W7V8T9S0R1Q2P3N"

func keys(tb testing.TB, seeds ...string) *thread.Keys {
	tb.Helper()
	var secrets [][]byte
	for _, s := range seeds {
		secrets = append(secrets, []byte(strings.Repeat(s, 32)))
	}
	k, err := thread.New(secrets...)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func read(l ...string) *message.Message {
	return message.Read([]byte(strings.Join(append(l, "", "hi"), "\r\n")), message.Limits{})
}

func ours(tb testing.TB, k *thread.Keys, of string) string {
	tb.Helper()
	id, err := k.MessageID(of, "shop.example")
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

func plus(tb testing.TB, k *thread.Keys) string {
	tb.Helper()
	email, err := k.PlusAddress(delivery, "support@shop.example")
	if err != nil {
		tb.Fatal(err)
	}
	return email
}

func TestTokensAreReadFromAnywhere(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	id, email := ours(t, k, delivery), plus(t, k)
	if local, _, _ := strings.Cut(email, "@"); len(local) > 64 || !strings.HasPrefix(email, "support+") {
		t.Errorf("%q", email)
	}
	for name, field := range map[string]string{
		"in-reply-to":       "In-Reply-To: <" + id + ">",
		"references":        "References: <x@y> <" + id + "> <z@y>",
		"folded references": "References: <x@y>\r\n\t<" + id + ">",
		"upper case":        "References: <" + strings.ToUpper(id) + ">",
		"to":                "To: Support <" + email + ">",
		"upper to":          "To: " + strings.ToUpper(email),
		"cc":                "Cc: a@b.example, " + email,
		"delivered":         "To: support@shop.example\r\nDelivered-To: " + email,
		"our own copy":      "Message-ID: <" + id + ">",
	} {
		if got := k.Read(read("From: c@x.example", field)); got.Delivery != delivery || len(got.Refused) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	k, other := keys(t, "a"), keys(t, "b")
	id, email := ours(t, k, "dlv_1"), plus(t, k)
	for name, field := range map[string]string{
		"another's key":          "References: <" + ours(t, other, "dlv_1") + ">",
		"another delivery":       "References: <" + strings.Replace(id, "dlv_1", "dlv_2", 1) + ">",
		"plus of another":        "To: " + strings.Replace(email, "dlv_0", "dlv_1", 1),
		"an id's mac in address": "To: support+pb-dlv_1-" + strings.Split(strings.Split(id, "@")[0], ".")[2] + "@shop.example",
		"no mac":                 "References: <pb.dlv_1.@shop.example>",
	} {
		if got := k.Read(read("From: c@x.example", field)); got.Delivery != "" || len(got.Refused) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	got := k.Read(read("From: c@x.example", "References: <"+id+"> <"+ours(t, other, "dlv_9")+">"))
	if got.Delivery != "dlv_1" || len(got.Refused) != 1 {
		t.Errorf("a genuine one beside a forged one: %+v", got)
	}
}

func TestKeysAndIDs(t *testing.T) {
	t.Parallel()
	id := ours(t, keys(t, "a"), "dlv_1")
	if d, ok := keys(t, "b", "a").Own(id); !ok || d != "dlv_1" {
		t.Errorf("a replaced key: %q %v", d, ok)
	}
	for _, k := range []*thread.Keys{keys(t, "b")} {
		if _, ok := k.Own(id); ok {
			t.Error("a key of another mailbox")
		}
	}
	if _, err := thread.New([]byte("short")); !errors.Is(err, thread.ErrShortKey) {
		t.Error(err)
	}
	if _, err := thread.New(); !errors.Is(err, thread.ErrShortKey) {
		t.Error(err)
	}
	k := keys(t, "a")
	for _, bad := range []string{"", "a b", "dlv", "dlv_abc", "DLV_1", "dlv_" + strings.Repeat("A", 40), "dlv_1\r\nx"} {
		if _, err := k.MessageID(bad, "x"); !errors.Is(err, thread.ErrBadID) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := k.PlusAddress(delivery, strings.Repeat("a", 50)+"@x.example"); !errors.Is(err, thread.ErrTooLong) {
		t.Error(err)
	}
	if id, err := k.MessageID("dlv_1", "x\r\nBcc: y@z"); err != nil || strings.ContainsAny(id, "\r\n :") {
		t.Errorf("%q %v", id, err)
	}
}

// Chatwoot #885, #3868, Libredesk #18: a customer's answers to our answers,
// again and again, name the newest of ours, and need no server of a particular
// make.
func TestEveryReplyNamesWhatItAnswers(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	refs := []string{"first@customer.example"}
	for i := range 20 {
		of := fmt.Sprintf("dlv_%d", i)
		id := ours(t, k, of)
		refs = append(refs, id)
		if got := k.Read(read("From: c@x.example", "In-Reply-To: <"+id+">", "References: <"+strings.Join(refs, "> <")+">")); got.Delivery != of {
			t.Fatalf("%+v, want %s", got, of)
		}
		refs = append(refs, fmt.Sprintf("again%d@customer.example", i))
	}
}

// Chatwoot #10028, Libredesk #623: a colleague answers from Outlook, and the
// customer's next mail answers that. Its id, known from the Sent folder, is
// named to the host, and so is the first mail's.
func TestInReplyToChangesWhenStaffReplyOutside(t *testing.T) {
	t.Parallel()
	m := read("From: c@x.example", "In-Reply-To: <staff@outlook.example>", "References: <first@customer.example> <staff@outlook.example>")
	if got := thread.References(m); !slices.Equal(got, []string{"first@customer.example", "staff@outlook.example"}) {
		t.Errorf("%q", got)
	}
}

// Libredesk #176: Apple Mail writes References of its own and keeps ours in
// In-Reply-To only.
func TestAppleMailOverwritesReferences(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	got := k.Read(read("From: c@x.example", "In-Reply-To: <"+ours(t, k, "dlv_1")+">", "References: <A1B2C3@customer.example> <"+ours(t, k, "dlv_2")+">"))
	if got.Delivery != "dlv_1" {
		t.Errorf("%+v", got)
	}
}

// Libredesk #233: a server that refuses plus-addresses; the headers suffice.
func TestPlusAddressesAreOptional(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	if got := k.Read(read("From: c@x.example", "To: support@shop.example", "References: <"+ours(t, k, "dlv_1")+">")); got.Delivery != "dlv_1" {
		t.Errorf("%+v", got)
	}
}

// Chatwoot #10750, #10791: the first mail was ours, sent over a server that
// gives messages ids of its own. The plus-address still tells.
func TestAnswerToAConversationThatWeBegan(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	got := k.Read(read("From: c@x.example", "To: "+plus(t, k), "In-Reply-To: <0100018-rewritten@relay.example>", "References: <0100018-rewritten@relay.example>"))
	if got.Delivery != delivery {
		t.Errorf("%+v", got)
	}
}

// Chatwoot #14993 asks for the contrary: mails with one subject are different
// conversations, since anybody can write a subject.
func TestTheSubjectIsNoEvidence(t *testing.T) {
	t.Parallel()
	m := read("From: c@x.example", "Subject: Re: [#123] Order 5 pb.dlv_1.aaaa")
	if got := keys(t, "a").Read(m); got.Delivery != "" || len(thread.References(m)) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	if got := thread.References(read("In-Reply-To: <b@x>", "References: <a@x> <b@x> <c@x>")); !slices.Equal(got, []string{"a@x", "c@x", "b@x"}) {
		t.Errorf("%q", got)
	}
	var many strings.Builder
	for i := range 150 {
		fmt.Fprintf(&many, " <m%d@x>", i)
	}
	if got := thread.References(read("References:" + many.String())); len(got) != 100 || got[0] != "m0@x" || got[99] != "m149@x" {
		t.Errorf("%d: %q", len(got), got)
	}
}

// No change of a token, however small, is accepted.
func TestTokensCannotBeChanged(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	rapid.Check(t, func(r *rapid.T) {
		of := rapid.StringMatching(`[a-z]{1,5}_[A-Z0-9]{1,30}`).Draw(r, "delivery")
		id, err := k.MessageID(of, "x.example")
		if d, ok := k.Own(id); err != nil || !ok || d != of {
			r.Fatalf("%q %q %v", id, d, err)
		}
		local := strings.TrimSuffix(id, "@x.example")
		i := rapid.IntRange(0, len(local)-1).Draw(r, "at")
		c := rapid.SampledFrom([]byte("abcdefghijklmnopqrstuvwxyz0123456789_.")).Draw(r, "byte")
		if local[i] == c {
			return
		}
		if changed := local[:i] + string(c) + local[i+1:]; accepted(k, changed+"@x.example") {
			r.Fatalf("%q is accepted", changed)
		}
	})
}

func accepted(k *thread.Keys, id string) bool {
	_, ok := k.Own(id)
	return ok
}

func FuzzRead(f *testing.F) {
	k := keys(f, "a")
	f.Add("<"+ours(f, k, "dlv_1")+">", "support+pb-dlv_1-aaaa@shop.example")
	f.Fuzz(func(t *testing.T, references, to string) {
		genuine := strings.Contains(strings.ToLower(strings.Join(strings.Fields(references+to), "")), strings.Split(ours(t, k, "dlv_1"), "@")[0])
		got := k.Read(read("References: "+references, "To: "+to))
		if got.Delivery != "" && !genuine {
			t.Fatalf("%q %q: %+v", references, to, got)
		}
	})
}
