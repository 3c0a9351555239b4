package thread_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/plugins/email/thread"
)

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

// kept is what the store knows.
type kept map[string]thread.Known

func (k kept) lookup(_ context.Context, ids []string) (*thread.Known, error) {
	for _, id := range ids {
		if known, ok := k[id]; ok {
			return &known, nil
		}
	}
	return nil, nil
}

func find(t *testing.T, k *thread.Keys, m *message.Message, known kept) thread.Match {
	t.Helper()
	got, err := k.Find(t.Context(), m, known.lookup)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func ours(tb testing.TB, k *thread.Keys, conversation string) string {
	tb.Helper()
	id, err := k.MessageID(conversation, "msg_1", "shop.example")
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

func TestTokensAreReadFromAnywhere(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	id := ours(t, k, "cnv_01JD3X4Z5Y6W7V8T9S0R1Q2P3N")
	plus, err := k.PlusAddress("cnv_01JD3X4Z5Y6W7V8T9S0R1Q2P3N", "support@shop.example")
	if err != nil {
		t.Fatal(err)
	}
	if local, _, _ := strings.Cut(plus, "@"); len(local) > 64 || !strings.HasPrefix(plus, "support+") {
		t.Errorf("%q", plus)
	}
	for name, field := range map[string]string{
		"in-reply-to":       "In-Reply-To: <" + id + ">",
		"references":        "References: <x@y> <" + id + "> <z@y>",
		"folded references": "References: <x@y>\r\n\t<" + id + ">",
		"upper case":        "References: <" + strings.ToUpper(id) + ">",
		"to":                "To: Support <" + plus + ">",
		"upper to":          "To: " + strings.ToUpper(plus),
		"cc":                "Cc: a@b.example, " + plus,
		"delivered":         "To: support@shop.example\r\nDelivered-To: " + plus,
		"our own copy":      "Message-ID: <" + id + ">",
	} {
		got := find(t, k, read("From: c@x.example", field), nil)
		if got.Conversation != "cnv_01jd3x4z5y6w7v8t9s0r1q2p3n" || got.Evidence != thread.Token || len(got.Refused) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	k, other := keys(t, "a"), keys(t, "b")
	id := ours(t, k, "cnv_1")
	plus, _ := k.PlusAddress("cnv_1", "support@shop.example")
	for name, field := range map[string]string{
		"another's key":          "References: <" + ours(t, other, "cnv_1") + ">",
		"another conversation":   "References: <" + strings.Replace(id, "cnv_1", "cnv_2", 1) + ">",
		"another message":        "References: <" + strings.Replace(id, "msg_1", "msg_2", 1) + ">",
		"plus of another":        "To: " + strings.Replace(plus, "cnv_1", "cnv_2", 1),
		"an id's mac in address": "To: support+pb-cnv_1-" + strings.Split(strings.Split(id, "@")[0], ".")[3] + "@shop.example",
		"no mac":                 "References: <pb.cnv_1.msg_1.@shop.example>",
	} {
		got := find(t, k, read("From: c@x.example", field), nil)
		if got.Evidence != thread.None || len(got.Refused) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	got := find(t, k, read("From: c@x.example", "References: <"+id+"> <"+ours(t, other, "cnv_9")+">"), nil)
	if got.Conversation != "cnv_1" || len(got.Refused) != 1 {
		t.Errorf("a genuine one beside a forged one: %+v", got)
	}
}

func TestReplacedKeys(t *testing.T) {
	t.Parallel()
	id := ours(t, keys(t, "a"), "cnv_1")
	if !keys(t, "b", "a").Own(id) || keys(t, "b").Own(id) || keys(t, "a").Own("x@y") {
		t.Error("keys")
	}
	if _, err := thread.New([]byte("short")); !errors.Is(err, thread.ErrShortKey) {
		t.Error(err)
	}
	if _, err := thread.New(); !errors.Is(err, thread.ErrShortKey) {
		t.Error(err)
	}
	k := keys(t, "a")
	if _, err := k.MessageID("a b", "m", "x"); !errors.Is(err, thread.ErrBadRef) {
		t.Error(err)
	}
	if _, err := k.PlusAddress("cnv_1", strings.Repeat("a", 50)+"@x.example"); !errors.Is(err, thread.ErrTooLong) {
		t.Error(err)
	}
	if id, err := k.MessageID("c", "m", "x\r\nBcc: y@z"); err != nil || strings.ContainsAny(id, "\r\n :") {
		t.Errorf("%q %v", id, err)
	}
}

// Chatwoot #885, #3868: a customer's answers to our answers, again and again,
// are one conversation, and need no server of a particular make.
func TestEveryReplyStaysInItsConversation(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	refs := []string{"first@customer.example"}
	for range 20 {
		id := ours(t, k, "cnv_1")
		refs = append(refs, id)
		got := find(t, k, read("From: c@x.example", "In-Reply-To: <"+id+">", "References: <"+strings.Join(refs, "> <")+">"), nil)
		if got.Conversation != "cnv_1" {
			t.Fatalf("%+v", got)
		}
		refs = append(refs, "again@customer.example")
	}
}

// Chatwoot #10028: a colleague answers from Outlook, and the customer's next
// mail answers that. The colleague's copy in Sent is known by its id.
func TestInReplyToChangesWhenStaffReplyOutside(t *testing.T) {
	t.Parallel()
	known := kept{
		"first@customer.example": {"cnv_1", []string{"c@x.example", "support@shop.example"}},
		"staff@outlook.example":  {"cnv_1", []string{"c@x.example", "support@shop.example"}},
	}
	got := find(t, keys(t, "a"), read("From: c@x.example", "In-Reply-To: <staff@outlook.example>"), known)
	if got.Conversation != "cnv_1" || got.Evidence != thread.KnownID {
		t.Errorf("%+v", got)
	}
	got = find(t, keys(t, "a"), read("From: c@x.example", "In-Reply-To: <unseen@outlook.example>", "References: <first@customer.example> <unseen@outlook.example>"), known)
	if got.Conversation != "cnv_1" {
		t.Errorf("by the references alone: %+v", got)
	}
}

// Libredesk #176: Apple Mail writes References of its own and keeps ours in
// In-Reply-To only.
func TestAppleMailOverwritesReferences(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	got := find(t, k, read("From: c@x.example", "In-Reply-To: <"+ours(t, k, "cnv_1")+">", "References: <A1B2C3@customer.example>"), kept{"A1B2C3@customer.example": {"cnv_2", []string{"c@x.example"}}})
	if got.Conversation != "cnv_1" || got.Evidence != thread.Token {
		t.Errorf("%+v", got)
	}
}

// Libredesk #233: a server that refuses plus-addresses; the headers suffice.
func TestPlusAddressesAreOptional(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	got := find(t, k, read("From: c@x.example", "To: support@shop.example", "References: <"+ours(t, k, "cnv_1")+">"), nil)
	if got.Conversation != "cnv_1" {
		t.Errorf("%+v", got)
	}
}

// Chatwoot #10750, #10791: the first mail was ours, sent over a server that
// gives messages ids of its own. The plus-address still tells.
func TestAnswerToAConversationThatWeBegan(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	plus, _ := k.PlusAddress("cnv_1", "support@shop.example")
	got := find(t, k, read("From: c@x.example", "To: "+plus, "In-Reply-To: <0100018-rewritten@relay.example>", "References: <0100018-rewritten@relay.example>"), nil)
	if got.Conversation != "cnv_1" {
		t.Errorf("%+v", got)
	}
}

// Chatwoot #14993 asks for the contrary: mails with one subject are different
// conversations, since anybody can write a subject.
func TestTheSubjectIsNoEvidence(t *testing.T) {
	t.Parallel()
	got := find(t, keys(t, "a"), read("From: c@x.example", "Subject: Re: [#123] Order 5"), kept{"first@x": {"cnv_1", []string{"c@x.example"}}})
	if got.Evidence != thread.None {
		t.Errorf("%+v", got)
	}
}

// Chatwoot #13502: subscribers who answer one newsletter are strangers to each
// other.
func TestAnswersToANewsletterAreNotOneConversation(t *testing.T) {
	t.Parallel()
	known := kept{"newsletter@shop.example": {"cnv_1", []string{"ann@x.example", "support@shop.example"}}}
	got := find(t, keys(t, "a"), read("From: bob@y.example", "In-Reply-To: <newsletter@shop.example>"), known)
	if got.Evidence != thread.Foreign || got.Conversation != "" {
		t.Errorf("%+v", got)
	}
}

// FreeScout #2086: somebody in Cc answers the customer's first mail.
func TestAnswerOfSomebodyInCc(t *testing.T) {
	t.Parallel()
	known := kept{"first@customer.example": {"cnv_1", []string{"c@x.example", "boss@x.example", "support@shop.example"}}}
	got := find(t, keys(t, "a"), read("From: The Boss <Boss@X.example>", "In-Reply-To: <first@customer.example>"), known)
	if got.Conversation != "cnv_1" {
		t.Errorf("%+v", got)
	}
}

func TestLookupErrorsAreTold(t *testing.T) {
	t.Parallel()
	broken := errors.New("no store")
	_, err := keys(t, "a").Find(t.Context(), read("From: c@x.example", "In-Reply-To: <x@y>"), func(context.Context, []string) (*thread.Known, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestOrderOfIds(t *testing.T) {
	t.Parallel()
	got := thread.IDs(read("In-Reply-To: <b@x>", "References: <a@x> <b@x> <c@x>"))
	if !slices.Equal(got, []string{"b@x", "c@x", "a@x"}) {
		t.Errorf("%q", got)
	}
}

// No change of a token, however small, is accepted.
func TestTokensCannotBeChanged(t *testing.T) {
	t.Parallel()
	k := keys(t, "a")
	rapid.Check(t, func(r *rapid.T) {
		conversation := rapid.StringMatching(`[a-z0-9_]{1,30}`).Draw(r, "conversation")
		id, err := k.MessageID(conversation, "m", "x.example")
		if err != nil || !k.Own(id) {
			r.Fatalf("%q %v", id, err)
		}
		local := strings.TrimSuffix(id, "@x.example")
		i := rapid.IntRange(0, len(local)-1).Draw(r, "at")
		c := rapid.SampledFrom([]byte("abcdefghijklmnopqrstuvwxyz0123456789_.")).Draw(r, "byte")
		if local[i] == c {
			return
		}
		if changed := local[:i] + string(c) + local[i+1:]; k.Own(changed + "@x.example") {
			r.Fatalf("%q is accepted", changed)
		}
	})
}

func FuzzFind(f *testing.F) {
	k := keys(f, "a")
	f.Add("<"+ours(f, k, "cnv_1")+">", "support+pb-cnv_1-aaaa@shop.example")
	f.Fuzz(func(t *testing.T, references, to string) {
		genuine := strings.Contains(strings.ToLower(strings.Join(strings.Fields(references+to), "")), strings.Split(ours(t, k, "cnv_1"), "@")[0])
		got := k.Read(read("References: "+references, "To: "+to))
		if got.Evidence == thread.Token && !genuine {
			t.Fatalf("%q %q: %+v", references, to, got)
		}
	})
}
