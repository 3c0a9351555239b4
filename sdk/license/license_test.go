package license_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"

	"github.com/patchbay-im/patchbay/sdk/license"
)

func keyOf(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func publicOf(t *testing.T, key ed25519.PrivateKey) ed25519.PublicKey {
	t.Helper()
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("no public key")
	}
	return public
}

func day(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

func sold() license.License {
	return license.License{
		ID: "L-1001", Vendor: "Acme", Product: "acme/crm", Edition: "pro", Features: []string{"sync", "sso"},
		Limits: map[string]int64{"agents": 25}, Customer: "Kiosk GmbH", IssuedAt: day(0), ExpiresAt: day(365),
		MaintainedUntil: day(100), GraceDays: 20,
	}
}

func vendor(t *testing.T, keys ...ed25519.PrivateKey) license.Vendor {
	t.Helper()
	v := license.Vendor{Product: "acme/crm"}
	for _, key := range keys {
		v.Keys = append(v.Keys, publicOf(t, key))
	}
	return v
}

func issue(t *testing.T, key ed25519.PrivateKey, l license.License) string {
	t.Helper()
	token, err := license.Issue(key, l)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestWhatIsIssuedIsRead(t *testing.T) {
	old, current := keyOf(1), keyOf(2)
	v := vendor(t, old, current)
	for _, key := range []ed25519.PrivateKey{old, current} {
		token := issue(t, key, sold())
		got, err := v.Read("\n  " + token + "\r\n")
		if err != nil {
			t.Fatal(err)
		}
		want := sold()
		if got.ID != want.ID || got.Edition != want.Edition || !slices.Equal(got.Features, want.Features) || !maps.Equal(got.Limits, want.Limits) ||
			got.Customer != want.Customer || !got.ExpiresAt.Equal(want.ExpiresAt) || !got.MaintainedUntil.Equal(want.MaintainedUntil) || got.GraceDays != 20 || !got.Has("sso") || got.Has("s") {
			t.Errorf("got %+v", got)
		}
		if again := issue(t, key, sold()); again != token {
			t.Error("the same license is another token")
		}
		if len(token) > 600 {
			t.Errorf("an ordinary license has %d bytes", len(token))
		}
	}
	if got := license.Product(issue(t, current, sold())); got != "acme/crm" {
		t.Errorf("product %q", got)
	}
}

// A library that knows nothing of us reads our tokens, and we read its.
func TestTokensAreJWS(t *testing.T) {
	key := keyOf(1)
	parsed, err := jose.ParseSigned(issue(t, key, sold()))
	if err != nil {
		t.Fatal(err)
	}
	body, err := parsed.Verify(publicOf(t, key))
	if err != nil || !bytes.Contains(body, []byte(`"maint_until"`)) {
		t.Errorf("%s %v", body, err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: license.KeyID(publicOf(t, key))}},
		(&jose.SignerOptions{}).WithType("patchbay-license"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vendor(t, key).Read(token); err != nil {
		t.Error(err)
	}
}

func encode(data string) string { return base64.RawURLEncoding.EncodeToString([]byte(data)) }

// made is a token with any header and content, properly signed.
func made(key ed25519.PrivateKey, head, body string) string {
	signed := encode(head) + "." + encode(body)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(signed)))
}

func TestWhatIsRefused(t *testing.T) {
	key, other := keyOf(1), keyOf(9)
	public := publicOf(t, key)
	kid := license.KeyID(public)
	good := issue(t, key, sold())
	parts := strings.Split(good, ".")
	head := `{"alg":"EdDSA","kid":"` + kid + `","typ":"patchbay-license"}`
	body := `{"lid":"L1","product":"acme/crm","iat":1767225600}`
	mac := hmac.New(sha256.New, public) // the oldest trick: the public key as the secret of an HMAC
	confused := encode(`{"alg":"HS256","kid":"`+kid+`","typ":"patchbay-license"}`) + "." + parts[1]
	mac.Write([]byte(confused))
	elsewhere := sold()
	elsewhere.Product = "acme/other"
	for name, tt := range map[string]struct {
		token string
		want  error
	}{
		"nothing":               {"", license.ErrMalformed},
		"words":                 {"my license, please", license.ErrMalformed},
		"two parts":             {parts[0] + "." + parts[1], license.ErrMalformed},
		"four parts":            {good + ".x", license.ErrMalformed},
		"cut off":               {good[:len(good)-4], license.ErrMalformed},
		"no base64":             {parts[0] + "." + parts[1] + "!." + parts[2], license.ErrMalformed},
		"padding":               {parts[0] + "." + parts[1] + "." + parts[2] + "==", license.ErrMalformed},
		"line break inside":     {parts[0] + ".\n" + parts[1] + "." + parts[2], license.ErrMalformed},
		"loose last bits":       {good[:len(good)-1] + loose(good[len(good)-1:]), license.ErrMalformed},
		"too long":              {strings.Repeat("a", license.MaxToken) + "." + parts[1] + "." + parts[2], license.ErrMalformed},
		"NUL":                   {good + "\x00", license.ErrMalformed},
		"alg none":              {encode(`{"alg":"none"}`) + "." + parts[1] + ".", license.ErrMalformed},
		"alg none, signed":      {made(key, `{"alg":"none","kid":"`+kid+`","typ":"patchbay-license"}`, body), license.ErrAlgorithm},
		"HMAC by public key":    {confused + "." + base64.RawURLEncoding.EncodeToString(append(mac.Sum(nil), mac.Sum(nil)...)), license.ErrAlgorithm},
		"a key in the header":   {made(other, `{"alg":"EdDSA","kid":"`+kid+`","typ":"patchbay-license","jwk":{"kty":"OKP"}}`, body), license.ErrMalformed},
		"crit":                  {made(key, `{"alg":"EdDSA","kid":"`+kid+`","typ":"patchbay-license","crit":["x"]}`, body), license.ErrMalformed},
		"another type":          {made(key, `{"alg":"EdDSA","kid":"`+kid+`","typ":"JWT"}`, body), license.ErrMalformed},
		"unknown key":           {issue(t, other, sold()), license.ErrKey},
		"no key":                {made(key, `{"alg":"EdDSA","typ":"patchbay-license"}`, body), license.ErrKey},
		"another's signature":   {made(other, head, body), license.ErrSignature},
		"changed content":       {parts[0] + "." + encode(strings.Replace(body, "L1", "L2", 1)) + "." + parts[2], license.ErrSignature},
		"unknown claim":         {made(key, head, `{"lid":"L1","product":"acme/crm","iat":1767225600,"bind":"dep_1"}`), license.ErrMalformed},
		"two objects":           {made(key, head, body+body), license.ErrMalformed},
		"no object":             {made(key, head, `[]`), license.ErrMalformed},
		"text for a number":     {made(key, head, `{"lid":"L1","product":"acme/crm","iat":"now"}`), license.ErrMalformed},
		"never issued":          {made(key, head, `{"lid":"L1","product":"acme/crm"}`), license.ErrMalformed},
		"ends before it begins": {made(key, head, `{"lid":"L1","product":"acme/crm","iat":1767225600,"exp":1767225599}`), license.ErrMalformed},
		"a time far away":       {made(key, head, `{"lid":"L1","product":"acme/crm","iat":9223372036854775807}`), license.ErrMalformed},
		"a negative time":       {made(key, head, `{"lid":"L1","product":"acme/crm","iat":1767225600,"exp":-1}`), license.ErrMalformed},
		"a trial for ever":      {made(key, head, `{"lid":"L1","product":"acme/crm","iat":1767225600,"trial":true}`), license.ErrMalformed},
		"grace for ever":        {made(key, head, `{"lid":"L1","product":"acme/crm","iat":1767225600,"grace_days":9000}`), license.ErrMalformed},
		"a negative limit":      {made(key, head, `{"lid":"L1","product":"acme/crm","iat":1767225600,"limits":{"agents":-1}}`), license.ErrMalformed},
		"another product":       {issue(t, key, elsewhere), license.ErrProduct},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := vendor(t, key).Read(tt.token)
			if !errors.Is(err, tt.want) || l.ID != "" {
				t.Errorf("got %+v %v, want %v", l, err, tt.want)
			}
		})
	}
	if _, err := vendor(t).Read(good); !errors.Is(err, license.ErrKey) {
		t.Errorf("without any key: %v", err)
	}
}

// loose returns another last character that decodes to the same bytes where
// unused bits are let pass.
func loose(last string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.Index(alphabet, last)^1])
}

// Not one changed bit of a token is taken, and nothing panics.
func TestEveryBitCounts(t *testing.T) {
	key := keyOf(1)
	v := vendor(t, key)
	good := []byte(issue(t, key, sold()))
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			if l, err := v.Read(string(bad)); err == nil {
				t.Fatalf("byte %d, bit %d: taken as %+v", i, bit, l)
			}
		}
		if _, err := v.Read(string(good[:i])); err == nil {
			t.Fatalf("the first %d bytes are taken", i)
		}
	}
}

func FuzzRead(f *testing.F) {
	key := keyOf(1)
	token, err := license.Issue(key, sold())
	if err != nil {
		f.Fatal(err)
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		f.Fatal("no public key")
	}
	v := license.Vendor{Product: "acme/crm", Keys: []ed25519.PublicKey{public}}
	f.Add(token)
	f.Add("..")
	f.Add(encode(`{"alg":"EdDSA"}`) + "." + encode(`{"lid":1}`) + ".")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := v.Read(s); err == nil && strings.TrimSpace(s) != token {
			t.Errorf("%q is taken", s)
		}
		if p := license.Product(s); p != "" && !license.IsProduct(p) {
			t.Errorf("the product of %q is %q", s, p)
		}
	})
}

func TestWhereALicenseStands(t *testing.T) {
	type states map[int]license.State // by day
	change := func(fn func(*license.License)) license.License {
		l := sold()
		fn(&l)
		return l
	}
	for name, tt := range map[string]struct {
		l        license.License
		released time.Time
		want     states
	}{
		"subscription, a version of after the maintenance": {sold(), day(101), states{-2: license.NotYet, -1: license.Valid, 0: license.Valid, 364: license.Valid, 365: license.Grace, 384: license.Grace, 385: license.Expired, 9000: license.Expired}},
		"subscription, a version it covers for ever":       {sold(), day(99), states{0: license.Valid, 365: license.Valid, 9000: license.Valid}},
		"begins later":                            {change(func(l *license.License) { l.NotBefore = day(10) }), day(99), states{0: license.NotYet, 9: license.NotYet, 10: license.Valid}},
		"bought once":                             {change(func(l *license.License) { l.ExpiresAt, l.MaintainedUntil = time.Time{}, time.Time{} }), day(9000), states{0: license.Valid, 20000: license.Valid}},
		"bought once, the version is covered":     {change(func(l *license.License) { l.ExpiresAt = time.Time{} }), day(99), states{0: license.Valid, 9000: license.Valid}},
		"bought once, the version is newer":       {change(func(l *license.License) { l.ExpiresAt = time.Time{} }), day(100), states{110: license.Grace, 120: license.TooNew}},
		"bought once, nobody knows how old it is": {change(func(l *license.License) { l.ExpiresAt = time.Time{} }), time.Time{}, states{9000: license.Valid}},
		"trial":                {change(func(l *license.License) { l.Trial = true }), day(99), states{0: license.Trial, 364: license.Trial, 365: license.Grace, 385: license.Expired}},
		"the manifest's grace": {change(func(l *license.License) { l.GraceDays, l.MaintainedUntil = 0, time.Time{} }), day(0), states{365: license.Grace, 378: license.Grace, 379: license.Expired}},
		"a subscription without maintenance for ever": {change(func(l *license.License) { l.MaintainedUntil = time.Time{} }), day(0), states{365: license.Grace, 385: license.Expired}},
	} {
		t.Run(name, func(t *testing.T) {
			v := license.Vendor{Released: tt.released}
			for n, want := range tt.want {
				got := v.At(tt.l, day(n))
				if got.State != want {
					t.Errorf("day %d: %s, want %s", n, got.State, want)
				}
				if (got.State == license.Grace) != !got.GraceUntil.IsZero() {
					t.Errorf("day %d: grace until %v", n, got.GraceUntil)
				}
			}
		})
	}
	late := license.Vendor{GraceDays: 30}.At(change(func(l *license.License) { l.GraceDays, l.MaintainedUntil = 0, time.Time{} }), day(394))
	if late.State != license.Grace || !late.GraceUntil.Equal(day(395)) {
		t.Errorf("30 days of grace: %+v", late)
	}
}

func TestWhatCannotBeIssued(t *testing.T) {
	for name, break1 := range map[string]func(*license.License){
		"no id":            func(l *license.License) { l.ID = "" },
		"no product":       func(l *license.License) { l.Product = "acme" },
		"not issued":       func(l *license.License) { l.IssuedAt = time.Time{} },
		"a trial for ever": func(l *license.License) { l.Trial, l.ExpiresAt = true, time.Time{} },
		"short grace":      func(l *license.License) { l.GraceDays = 6 },
		"two lines":        func(l *license.License) { l.Customer = "a\nb" },
		"no word":          func(l *license.License) { l.Features = []string{"a b"} },
		"too much":         func(l *license.License) { l.Features = make([]string, 65) },
		"expired before":   func(l *license.License) { l.ExpiresAt = l.IssuedAt },
	} {
		l := sold()
		break1(&l)
		if token, err := license.Issue(keyOf(1), l); err == nil {
			t.Errorf("%s: %s", name, token)
		}
	}
	if _, err := license.Issue(nil, sold()); err == nil {
		t.Error("signed without a key")
	}
}

func TestKeysAsText(t *testing.T) {
	key := keyOf(3)
	file, err := license.FormatPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := license.ParsePrivateKey(file)
	if err != nil || !got.Equal(key) {
		t.Errorf("%v", err)
	}
	public, err := license.ParseKey(license.FormatKey(publicOf(t, key)))
	if err != nil || !public.Equal(publicOf(t, key)) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "x", license.FormatKey(publicOf(t, key))[:40], license.FormatKey(publicOf(t, key)) + "\n", base64.StdEncoding.EncodeToString(make([]byte, 31))} {
		if _, err := license.ParseKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
	for _, bad := range []string{"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if _, err := license.ParsePrivateKey([]byte(bad)); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
}

// The claims' names are the contract with vendors who issue in other languages.
func TestNamesOfTheClaims(t *testing.T) {
	token := issue(t, keyOf(1), license.License{
		ID: "L1", Vendor: "v", Product: "acme/crm", Edition: "e", Features: []string{"f"}, Limits: map[string]int64{"l": 1}, Customer: "c", Trial: true,
		IssuedAt: day(0), NotBefore: day(1), ExpiresAt: day(2), MaintainedUntil: day(3), GraceDays: 7,
	})
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	want := []string{"customer", "edition", "exp", "features", "grace_days", "iat", "iss", "lid", "limits", "maint_until", "nbf", "product", "trial"}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
}
