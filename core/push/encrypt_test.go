package push_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/push/pushtest"
)

func decode(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func private(t *testing.T, raw []byte) *ecdh.PrivateKey {
	t.Helper()
	k, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The example of RFC 8291, section 5 and appendix A.
const (
	rfcText    = "When I grow up, I want to be a watermelon"
	rfcAuth    = "BTBZMqHH6r4Tts7J_aSIgg"
	rfcBrowser = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
	rfcSender  = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
	rfcSalt    = "DGv6ra1nlYgDCS1FRnbzlw"
	rfcBody    = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

func TestExampleOfRFC8291(t *testing.T) {
	browser := private(t, decode(t, rfcBrowser))
	got, err := push.Seal([]byte(rfcText+"\x02"), browser.PublicKey().Bytes(), decode(t, rfcAuth), private(t, decode(t, rfcSender)), decode(t, rfcSalt))
	if err != nil || !bytes.Equal(got, decode(t, rfcBody)) {
		t.Fatalf("got  %s, %v\nwant %s", base64.RawURLEncoding.EncodeToString(got), err, rfcBody)
	}
	plain, err := pushtest.Decrypt(got, browser, decode(t, rfcAuth))
	if err != nil || string(plain) != rfcText {
		t.Fatalf("read %q, %v", plain, err)
	}
}

func TestEncrypt(t *testing.T) {
	browser, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth, sizes, seen := bytes.Repeat([]byte{9}, 16), map[int]bool{}, map[string]bool{}
	for _, n := range []int{0, 1, 200, 254, 255, 256, 2900, 3500} {
		text := strings.Repeat("\x00", n) // ends as padding does
		body, err := push.Encrypt([]byte(text), browser.PublicKey().Bytes(), auth)
		if err != nil || len(body) > 4096 {
			t.Fatalf("%d bytes: %d, %v", n, len(body), err)
		}
		sizes[len(body)], seen[string(body[:16])] = true, true
		plain, err := pushtest.Decrypt(body, browser, auth)
		if err != nil || string(plain) != text {
			t.Fatalf("%d bytes: read %d, %v", n, len(plain), err)
		}
		if _, err := pushtest.Decrypt(body, browser, bytes.Repeat([]byte{8}, 16)); err == nil {
			t.Fatal("another browser reads it")
		}
	}
	if len(sizes) > 5 || len(seen) != 8 {
		t.Errorf("sizes %v, %d salts", sizes, len(seen))
	}
	if _, err := push.Encrypt(nil, []byte("no point"), auth); err == nil {
		t.Error("encrypted for nobody")
	}
}

func TestSigner(t *testing.T) {
	derive := func(fill byte) func(string) []byte {
		return func(string) []byte { return bytes.Repeat([]byte{fill}, 32) }
	}
	one, err := push.NewSigner(derive(1), "https://desk.example.com/")
	if err != nil {
		t.Fatal(err)
	}
	again, err := push.NewSigner(derive(1), "http://localhost:8080")
	if err != nil || again.Public() != one.Public() {
		t.Fatalf("the same master key is another pair: %v", err)
	}
	other, err := push.NewSigner(derive(2), "")
	if err != nil || other.Public() == one.Public() {
		t.Fatalf("another master key is the same pair: %v", err)
	}
	if _, err := push.NewSigner(derive(255), ""); err == nil {
		t.Error("no number of the curve is a key")
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	header := func(s *push.Signer, endpoint string, at time.Time) string {
		h, err := s.Header(endpoint, at)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := header(one, "https://push.example/a", at)
	if header(one, "https://push.example/b", at.Add(time.Hour)) != first {
		t.Error("a token is made for each message")
	}
	if header(one, "https://push.example/a", at.Add(7*time.Hour)) == first || header(one, "https://other.example/a", at) == first {
		t.Error("a token is used for too long, or for another service")
	}
	for s, want := range map[*push.Signer]string{one: `"sub":"https://desk.example.com"`, again: `"sub":"https://github.com/patchbay-im/patchbay"`} {
		if claims := string(decode(t, strings.Split(header(s, "https://push.example/a", at), ".")[1])); !strings.Contains(claims, want) {
			t.Errorf("%s, want %s", claims, want)
		}
	}
}
