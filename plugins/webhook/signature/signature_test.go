package signature_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
)

var now = time.Unix(1_763_717_415, 0)

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// TestOthers holds the schemes against values that other programs made:
// echo -n BODY | openssl dgst -HMAC.
func TestOthers(t *testing.T) {
	const body = `{"a":1}`
	for name, test := range map[string]struct {
		scheme signature.Scheme
		header http.Header
	}{
		"standard": {header: headers("Patchbay-Signature", "t=1763717415,kid=x,v1=00,v1=4b0d8c6f2b3b0a3c8e9f0000,v1="+standardSum)},
		"github": {
			scheme: signature.Scheme{Header: "X-Hub-Signature-256", Prefix: "sha256="},
			header: headers("X-Hub-Signature-256", "sha256="+bodySum256),
		},
		"sha1 in base64": {
			scheme: signature.Scheme{Header: "X-Signature", Algorithm: "sha1", Encoding: "base64"},
			header: headers("X-Signature", bodySum1),
		},
		"slack": {
			scheme: signature.Scheme{Header: "X-Slack-Signature", Prefix: "v0=", Timestamp: "X-Slack-Request-Timestamp", Over: "v0:{timestamp}:{body}"},
			header: headers("X-Slack-Signature", "v0="+slackSum, "X-Slack-Request-Timestamp", "1763717415"),
		},
	} {
		check := signature.Check{Secrets: []string{"", "other", "s3cret"}, Now: now}
		if got := test.scheme.Verify(test.header, []byte(body), check); got != signature.Good {
			t.Errorf("%s: %s", name, got)
		}
		if got := test.scheme.Verify(test.header, []byte(body+" "), check); got != signature.Wrong {
			t.Errorf("%s, another body: %s", name, got)
		}
		if got := test.scheme.Verify(http.Header{}, []byte(body), check); got != signature.Missing {
			t.Errorf("%s, unsigned: %s", name, got)
		}
		check.Secrets = []string{"", "other"}
		if got := test.scheme.Verify(test.header, []byte(body), check); got != signature.Wrong {
			t.Errorf("%s, another secret: %s", name, got)
		}
		if got := test.scheme.Verify(test.header, []byte(body), signature.Check{Secrets: []string{""}, Now: now}); got != signature.Wrong {
			t.Errorf("%s, no secret: %s", name, got)
		}
	}
}

func TestStale(t *testing.T) {
	var standard signature.Scheme
	slack := signature.Scheme{Header: "X-S", Timestamp: "X-T", Over: "{timestamp}{body}"}
	plain := signature.Scheme{Header: "X-S"}
	for _, test := range []struct {
		scheme signature.Scheme
		after  time.Duration
		late   bool
		want   signature.Verdict
	}{
		{standard, 5 * time.Minute, false, signature.Good},
		{standard, 5*time.Minute + time.Second, false, signature.Stale},
		{standard, -6 * time.Minute, false, signature.Stale},
		{standard, time.Hour, true, signature.Good},
		{slack, time.Hour, false, signature.Stale},
		{plain, time.Hour, false, signature.Good},
	} {
		header := test.scheme.Sign([]byte("x"), now, "s")
		got := test.scheme.Verify(header, []byte("x"), signature.Check{Secrets: []string{"s"}, Now: now.Add(test.after), Late: test.late})
		if got != test.want {
			t.Errorf("%+v after %s: %s, want %s", test.scheme, test.after, got, test.want)
		}
	}
	if header := standard.Sign([]byte("x"), now, "new", "", "old").Get(signature.Header); strings.Count(header, "v1=") != 2 {
		t.Errorf("signed with two: %s", header)
	}
	if len(standard.Sign(nil, now, "")) != 0 {
		t.Error("signed with nothing")
	}
}

func TestBearer(t *testing.T) {
	for value, want := range map[string]signature.Verdict{
		"Bearer t0ken": signature.Good, "bearer  old": signature.Good, "Bearer t0ke": signature.Wrong, "Bearer ": signature.Wrong,
		"Bearer": signature.Missing, "Basic t0ken": signature.Missing, "": signature.Missing,
	} {
		if got := signature.Bearer(headers("Authorization", value), "t0ken", "old", ""); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

// FuzzVerify: no header that nobody signed is good, whatever it looks like.
func FuzzVerify(f *testing.F) {
	for _, seed := range []string{"t=1763717415,v1=" + standardSum, "v0=" + slackSum, "t=,v1=", "v1=,,=", "t=9999999999999999999,v1=00"} {
		f.Add(seed, "1763717415", []byte(`{"a":1}`))
	}
	schemes := []signature.Scheme{{}, {Header: signature.Header, Prefix: "v0=", Timestamp: "X-T", Over: "{timestamp}{timestamp}"}, {Header: signature.Header, Encoding: "base64", Algorithm: "sha512"}}
	f.Fuzz(func(t *testing.T, value, stamp string, body []byte) {
		header := http.Header{signature.Header: {value}, "X-T": {stamp}}
		for _, s := range schemes {
			if s.Verify(header, body, signature.Check{Secrets: []string{"a secret that the fuzzer does not know"}, Now: now}) == signature.Good {
				t.Errorf("%q was taken", value)
			}
			again := s.Sign(body, now, "k")
			again.Add("X-Other", value)
			if got := s.Verify(again, body, signature.Check{Secrets: []string{"k"}, Now: now}); got != signature.Good {
				t.Errorf("our own is %s", got)
			}
		}
	})
}

// What openssl says of the body under the secret s3cret.
const (
	standardSum = "7f32f86d4d7eeb17fd343231812c99af057e8bf3fa1fd08b89f75d026ac9265a"
	bodySum256  = "5910e62016ef5034272c926c27071992a465c2335cecf41851bda071577f4f6d"
	bodySum1    = "eZmXhqG/8QzU190LB1JXSvdr4LU="
	slackSum    = "088c02168d91d85991b8c79272cdcac82e56eca663478babb27d8c6c83e4e20e"
)
