package channel_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
)

const live = channel.InboxID("inb_1")

func clock() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) }

func keys() []channel.Key {
	return []channel.Key{{KID: "old", Secret: []byte("pbis_old")}, {KID: "new", Secret: []byte("pbis_new")}}
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// signed makes a token of a header and claims as they are written.
func signed(header, claims, secret string, h func() hash.Hash) string {
	text := b64(header) + "." + b64(claims)
	mac := hmac.New(h, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

// claims are good ones, changed.
func claims(change map[string]any) string {
	c := map[string]any{"sub": "42", "aud": live, "jti": "j1", "iat": clock().Unix(), "exp": clock().Add(5 * time.Minute).Unix()}
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	b, _ := json.Marshal(c) //nolint:errchkjson // plain values
	return string(b)
}

func token(change map[string]any) string {
	return signed(hs256, claims(change), "pbis_new", sha256.New)
}

func TestVerifyAccepts(t *testing.T) {
	end := clock().Add(5 * time.Minute)
	plain := channel.Assertion{Subject: "42", ID: "j1", ExpiresAt: end}
	with := func(change func(*channel.Assertion)) channel.Assertion { a := plain; change(&a); return a }
	for name, tt := range map[string]struct {
		token string
		want  channel.Assertion
	}{
		"the least":            {token(nil), plain},
		"the previous secret":  {signed(hs256, claims(nil), "pbis_old", sha256.New), plain},
		"a kid":                {signed(`{"alg":"HS256","kid":"old"}`, claims(nil), "pbis_old", sha256.New), plain},
		"typ in small letters": {signed(`{"alg":"HS256","typ":"jwt"}`, claims(nil), "pbis_new", sha256.New), plain},
		"a list of one aud":    {token(map[string]any{"aud": []string{string(live)}}), plain},
		"other claims":         {token(map[string]any{"iss": "shop", "role": map[string]any{"a": []int{1}}}), plain},
		"nbf":                  {token(map[string]any{"nbf": clock().Unix()}), plain},
		"a clock ahead":        {token(map[string]any{"iat": clock().Add(time.Minute).Unix()}), plain},
		"a whole day":          {token(map[string]any{"exp": clock().Add(24 * time.Hour).Unix()}), with(func(a *channel.Assertion) { a.ExpiresAt = clock().Add(24 * time.Hour) })},
		"parts of a second":    {token(map[string]any{"iat": float64(clock().Unix()) + 0.5}), plain},
		"a Chinese subject":    {token(map[string]any{"sub": "用户/王芳 #1"}), with(func(a *channel.Assertion) { a.Subject = "用户/王芳 #1" })},
		"a long subject":       {token(map[string]any{"sub": strings.Repeat("长", 200)}), with(func(a *channel.Assertion) { a.Subject = strings.Repeat("长", 200) })},
		"a decomposed subject": {token(map[string]any{"sub": "e\u0301"}), with(func(a *channel.Assertion) { a.Subject = "e\u0301" })},
		"a person": {
			token(map[string]any{"name": "王芳", "email": "wang@example.com", "phone": "+86 10 1234", "attributes": map[string]any{"plan": "pro", "seats": 12, "vip": true, "none": nil}}),
			with(func(a *channel.Assertion) {
				a.Name, a.Email, a.Phone = "王芳", "wang@example.com", "+86 10 1234"
				a.Attributes = map[string]string{"plan": "pro", "seats": "12", "vip": "true"}
			}),
		},
		"an empty person": {token(map[string]any{"name": "", "email": ""}), plain},
	} {
		if got, err := channel.Verify(tt.token, live, keys(), clock()); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	good := token(nil)
	parts := strings.Split(good, ".")
	raw := func(claims string) string { return signed(hs256, claims, "pbis_new", sha256.New) }
	header := func(h string) string { return signed(h, claims(nil), "pbis_new", sha256.New) }
	sub := func(s string) string { return token(map[string]any{"sub": s}) }
	at := func(claim string, d time.Duration) string { return token(map[string]any{claim: clock().Add(d).Unix()}) }
	fields := fmt.Sprintf(`"aud":"inb_1","jti":"j","iat":%d,"exp":%d`, clock().Unix(), clock().Add(time.Minute).Unix())
	many := map[string]any{}
	for n := range 51 {
		many[fmt.Sprint("k", n)] = n
	}
	for name, tt := range map[string]struct{ token, code string }{
		"nothing":                      {"", "malformed"},
		"rubbish":                      {"rubbish", "malformed"},
		"two parts":                    {parts[0] + "." + parts[1], "malformed"},
		"four parts":                   {good + ".x", "malformed"},
		"with padding":                 {parts[0] + "=." + parts[1] + "." + parts[2], "malformed"},
		"a line break":                 {parts[0] + "." + parts[1] + "\n." + parts[2], "signature"},
		"a break in the signature":     {good + "\n", "malformed"},
		"plain base64":                 {strings.Replace(good, parts[2], strings.Repeat("+", 43), 1), "malformed"},
		"stray bits":                   {good[:len(good)-1] + string(good[len(good)-1]+1), "malformed"},
		"JSON form":                    {`{"payload":"x","signature":"y"}`, "malformed"},
		"oversized":                    {token(map[string]any{"x": strings.Repeat("x", 8<<10)}), "too_large"},
		"alg none":                     {b64(`{"alg":"none"}`) + "." + parts[1] + ".", "algorithm"},
		"alg None, signed":             {header(`{"alg":"None"}`), "algorithm"},
		"alg none, signature of ours":  {b64(`{"alg":"none","typ":"JWT"}`) + "." + parts[1] + "." + parts[2], "algorithm"},
		"no alg":                       {header(`{"typ":"JWT"}`), "algorithm"},
		"alg in small letters":         {header(`{"alg":"hs256"}`), "algorithm"},
		"alg as a list":                {header(`{"alg":["HS256"]}`), "algorithm"},
		"Alg":                          {header(`{"Alg":"HS256"}`), "algorithm"},
		"HS512":                        {signed(`{"alg":"HS512"}`, claims(nil), "pbis_new", sha512.New), "algorithm"},
		"HS512 that says HS256":        {signed(hs256, claims(nil), "pbis_new", sha512.New), "signature"},
		"RS256, our text as its key":   {header(`{"alg":"RS256"}`), "algorithm"},
		"two algs":                     {header(`{"alg":"HS256","alg":"none"}`), "malformed"},
		"two algs, spelled apart":      {header(`{"alg":"none","\u0061lg":"HS256"}`), "malformed"},
		"a key in the header":          {header(`{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}`), "header"},
		"an address of keys":           {header(`{"alg":"HS256","jku":"https://evil.example"}`), "header"},
		"critical":                     {header(`{"alg":"HS256","crit":["exp"]}`), "header"},
		"typ":                          {header(`{"alg":"HS256","typ":"at+jwt"}`), "header"},
		"an unknown kid":               {header(`{"alg":"HS256","kid":"gone"}`), "key"},
		"a kid of a path":              {header(`{"alg":"HS256","kid":"../../etc/passwd"}`), "key"},
		"a kid of SQL":                 {header(`{"alg":"HS256","kid":"new' OR 1=1"}`), "key"},
		"an empty kid":                 {header(`{"alg":"HS256","kid":""}`), "key"},
		"a kid of null":                {header(`{"alg":"HS256","kid":null}`), "key"},
		"the other secret's kid":       {header(`{"alg":"HS256","kid":"old"}`), "signature"},
		"no secret":                    {signed(hs256, claims(nil), "", sha256.New), "signature"},
		"another secret":               {signed(hs256, claims(nil), "pbis_none", sha256.New), "signature"},
		"the kid as secret":            {signed(hs256, claims(nil), "new", sha256.New), "signature"},
		"no signature":                 {parts[0] + "." + parts[1] + ".", "signature"},
		"half a signature":             {parts[0] + "." + parts[1] + "." + b64("short"), "signature"},
		"other claims, same signature": {parts[0] + "." + b64(claims(map[string]any{"sub": "1"})) + "." + parts[2], "signature"},
		"no object":                    {raw(`[]`), "malformed"},
		"null":                         {raw(`null`), "malformed"},
		"something after it":           {raw(`{"sub":"42",` + fields + `}{}`), "malformed"},
		"two subjects":                 {raw(`{"sub":"42","sub":"1",` + fields + `}`), "malformed"},
		"two subjects, spelled apart":  {raw(`{"sub":"42","\u0073ub":"1",` + fields + `}`), "malformed"},
		"two names in attributes":      {raw(`{"sub":"42","attributes":{"a":1,"a":2},` + fields + `}`), "malformed"},
		"nested without end":           {raw(`{"sub":"42","x":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `,` + fields + `}`), "malformed"},
		"broken UTF-8":                 {raw("{\"sub\":\"4\xff2\"," + fields + `}`), "malformed"},
		"Sub":                          {raw(`{"Sub":"42",` + fields + `}`), "subject"},
		"no subject":                   {token(map[string]any{"sub": nil}), "subject"},
		"a number as subject":          {token(map[string]any{"sub": 42}), "subject"},
		"an empty subject":             {sub(""), "subject"},
		"a space as subject":           {sub(" "), "subject"},
		"a space after it":             {sub("42 "), "subject"},
		"a wide space after it":        {sub("42\u3000"), "subject"},
		"a NUL":                        {sub("4\x002"), "subject"},
		"a turned subject":             {sub("a\u202eb"), "subject"},
		"half a pair":                  {raw(`{"sub":"\ud800",` + fields + `}`), "subject"},
		"a long subject":               {sub(strings.Repeat("长", 201)), "subject"},
		"no jti":                       {token(map[string]any{"jti": nil}), "id"},
		"a number as jti":              {token(map[string]any{"jti": 1}), "id"},
		"a long jti":                   {token(map[string]any{"jti": strings.Repeat("j", 201)}), "id"},
		"no aud":                       {token(map[string]any{"aud": nil}), "audience"},
		"another inbox":                {token(map[string]any{"aud": "inb_2"}), "audience"},
		"an inbox among others":        {token(map[string]any{"aud": []string{"inb_1", "inb_2"}}), "audience"},
		"part of it":                   {token(map[string]any{"aud": "inb_"}), "audience"},
		"no exp":                       {token(map[string]any{"exp": nil}), "times"},
		"no iat":                       {token(map[string]any{"iat": nil}), "times"},
		"exp as text":                  {token(map[string]any{"exp": "2099-01-01"}), "times"},
		"exp beyond counting":          {token(map[string]any{"exp": 1e300}), "times"},
		"exp of null":                  {raw(`{"sub":"42","aud":"inb_1","jti":"j","iat":1,"exp":null}`), "times"},
		"a negative iat":               {token(map[string]any{"iat": -1}), "times"},
		"expired":                      {token(map[string]any{"iat": clock().Add(-time.Hour).Unix(), "exp": clock().Unix()}), "expired"},
		"from the future":              {at("iat", 61*time.Second), "not_yet"},
		"not before":                   {at("nbf", time.Hour), "not_yet"},
		"too long":                     {at("exp", 24*time.Hour+time.Second), "lifetime"},
		"in milliseconds":              {token(map[string]any{"iat": clock().UnixMilli(), "exp": clock().UnixMilli()}), "times"},
		"the end before the start":     {token(map[string]any{"iat": clock().Add(50 * time.Second).Unix(), "exp": clock().Add(40 * time.Second).Unix()}), "lifetime"},
		"a name of lines":              {token(map[string]any{"name": "a\nb"}), "claims"},
		"a name as object":             {token(map[string]any{"name": map[string]any{}}), "claims"},
		"no address":                   {token(map[string]any{"email": "Wang <w@example.com>"}), "claims"},
		"a long phone":                 {token(map[string]any{"phone": strings.Repeat("1", 33)}), "claims"},
		"nested attributes":            {token(map[string]any{"attributes": map[string]any{"a": []int{1}}}), "claims"},
		"attributes as a list":         {token(map[string]any{"attributes": []int{1}}), "claims"},
		"many attributes":              {token(map[string]any{"attributes": many}), "claims"},
		"a long attribute":             {token(map[string]any{"attributes": map[string]any{"a": strings.Repeat("x", 1001)}}), "claims"},
	} {
		got, err := channel.Verify(tt.token, live, keys(), clock())
		if e := errs.As(err); err == nil || e.Kind != errs.Unauthenticated || e.Code != "identity."+tt.code || len(e.Message) < 20 {
			t.Errorf("%s: %+v, %v, want %s", name, got, err, tt.code)
		}
	}
	if _, err := channel.Verify(good, live, nil, clock()); errs.As(err).Code != "identity.not_set_up" {
		t.Errorf("without a secret: %v", err)
	}
}

// Whatever comes: no panic, and nobody is let in who did not sign.
func FuzzVerify(f *testing.F) {
	f.Add(token(nil))
	f.Add(b64(`{"alg":"none"}`) + "." + b64(`{"sub":"1"}`) + ".")
	f.Add(signed(hs256, `{"sub":"42","sub":"1"}`, "x", sha256.New))
	mine := token(nil)
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := channel.Verify(text, live, keys(), clock()); err == nil && text != mine {
			t.Errorf("%q is taken for %+v", text, a)
		}
	})
}
