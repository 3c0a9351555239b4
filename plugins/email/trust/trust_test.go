package trust_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/plugins/email/trust"
)

func judge(c *trust.Checker, mail string) trust.Verdict {
	mail = strings.ReplaceAll(strings.ReplaceAll(mail, "\r\n", "\n"), "\n", "\r\n")
	return c.Judge([]byte(mail), message.Read([]byte(mail), message.Limits{}))
}

func TestServerResults(t *testing.T) {
	t.Parallel()
	c := &trust.Checker{Servers: []string{"mx.shop.example"}}
	const from = "From: Ann <ann@x.example>\n\nhi"
	for name, tc := range map[string]struct {
		fields string
		want   trust.Verdict
	}{
		"dmarc":               {"Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom=ann@x.example; dkim=pass header.d=x.example; dmarc=pass (p=REJECT) header.from=x.example\n", trust.Verdict{Result: trust.Verified, Reason: trust.DMARCPassed, Domain: "x.example"}},
		"dmarc fails":         {"Authentication-Results: MX.shop.example 1; spf=pass smtp.mailfrom=evil.example; dmarc=fail header.from=x.example\n", trust.Verdict{Result: trust.Failed, Reason: trust.DMARCFailed, Domain: "x.example"}},
		"dkim aligned":        {"Authentication-Results: mx.shop.example; dkim=pass header.i=@mail.x.example\n", trust.Verdict{Result: trust.Verified, Reason: trust.DKIMPassed, Domain: "mail.x.example"}},
		"dkim of another":     {"Authentication-Results: mx.shop.example; dkim=pass header.d=bulk.example\n", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
		"spf aligned":         {"Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom=bounce@news.x.example\n", trust.Verdict{Result: trust.Verified, Reason: trust.SPFPassed, Domain: "news.x.example"}},
		"spf of another":      {"Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom=evil@y.example\n", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
		"none":                {"Authentication-Results: mx.shop.example; none\n", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
		"no field":            {"", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
		"of another server":   {"Authentication-Results: mx.evil.example; dmarc=pass header.from=x.example\n", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
		"forged below":        {"Authentication-Results: mx.shop.example; dmarc=fail header.from=x.example\nReceived: from evil\nAuthentication-Results: mx.shop.example; dmarc=pass header.from=x.example\n", trust.Verdict{Result: trust.Failed, Reason: trust.DMARCFailed, Domain: "x.example"}},
		"forged, not topmost": {"Authentication-Results: relay.example; none\nAuthentication-Results: mx.shop.example; dmarc=pass header.from=x.example\n", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
		"in a comment":        {"Authentication-Results: mx.shop.example; spf=none (domain of \"x; dmarc=pass header.from=x.example; y\") smtp.mailfrom=e\n", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
		"in a quoted text":    {"Authentication-Results: mx.shop.example; spf=none reason=\"x; dmarc=pass header.from=x.example\"\n", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
		"dmarc of another":    {"Authentication-Results: mx.shop.example; dmarc=pass header.from=evil.example\n", trust.Verdict{Result: trust.Unverified, Reason: trust.NotChecked, Domain: "x.example"}},
	} {
		if got := judge(c, tc.fields+from); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

func TestSenders(t *testing.T) {
	t.Parallel()
	c := &trust.Checker{Servers: []string{"mx.shop.example"}}
	const passed = "Authentication-Results: mx.shop.example; dmarc=pass header.from=x.example\n"
	for in, want := range map[string]trust.Verdict{
		passed + "From: a@x.example\nFrom: b@y.example\n\n": {Result: trust.Failed, Reason: trust.SeveralFroms},
		passed + "From: a@x.example, b@y.example\n\n":       {Result: trust.Unverified, Reason: trust.SeveralFroms},
		passed + "Subject: x\n\n":                           {Result: trust.Unverified, Reason: trust.NoSender},
		passed + "From: nobody\n\n":                         {Result: trust.Unverified, Reason: trust.NoSender},
	} {
		if got := judge(c, in); got != want {
			t.Errorf("%q: %+v", in, got)
		}
	}
}

// raw is the mail that is signed.
const raw = "From: Ann <ann@x.example>\nTo: support@shop.example\nSubject: order\n\nPlease send it.\n"

func sign(t *testing.T, domain string) (signed string, lookup func(string) ([]string, error)) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	var out bytes.Buffer
	err := dkim.Sign(&out, strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n")), &dkim.SignOptions{Domain: domain, Selector: "s1", Signer: private, HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed})
	if err != nil {
		t.Fatal(err)
	}
	record := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	return out.String(), func(name string) ([]string, error) {
		if name == "s1._domainkey."+domain {
			return []string{record}, nil
		}
		return nil, &net.DNSError{IsNotFound: true}
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	signed, lookup := sign(t, "x.example")
	by, _ := sign(t, "mail.x.example")
	_, byLookup := sign(t, "mail.x.example")
	bulk, bulkLookup := sign(t, "bulk.example")
	down := func(string) ([]string, error) { return nil, &net.DNSError{IsTemporary: true} }
	for name, tc := range map[string]struct {
		raw    string
		lookup func(string) ([]string, error)
		result trust.Result
		reason trust.Reason
	}{
		"fits":               {signed, lookup, trust.Verified, trust.DKIMPassed},
		"of a subdomain":     {by, byLookup, trust.Verified, trust.DKIMPassed},
		"bare line feeds":    {strings.ReplaceAll(signed, "\r\n", "\n"), lookup, trust.Verified, trust.DKIMPassed},
		"of another domain":  {bulk, bulkLookup, trust.Unverified, trust.NoSignature},
		"changed body":       {strings.Replace(signed, "Please send it.", "Please send money.", 1), lookup, trust.Failed, trust.DKIMBroken},
		"changed sender":     {strings.Replace(signed, "ann@x.example", "bob@x.example", 1), lookup, trust.Failed, trust.DKIMBroken},
		"another sender":     {strings.Replace(signed, "ann@x.example", "ann@bank.example", 1), lookup, trust.Unverified, trust.NoSignature},
		"DNS is down":        {signed, down, trust.Unverified, trust.LookupFailed},
		"no key":             {signed, func(string) ([]string, error) { return nil, &net.DNSError{IsNotFound: true} }, trust.Unverified, trust.NoSignature},
		"not signed":         {raw, lookup, trust.Unverified, trust.NoSignature},
		"no way to check":    {signed, nil, trust.Unverified, trust.NotChecked},
		"a second From":      {"From: bank@bank.example\r\n" + signed, lookup, trust.Failed, trust.SeveralFroms},
		"rubbish signatures": {strings.Repeat("DKIM-Signature: v=1; a=x\r\n", 50) + raw, lookup, trust.Unverified, trust.NoSignature},
	} {
		got := judge(&trust.Checker{LookupTXT: tc.lookup}, tc.raw)
		if got.Result != tc.result || got.Reason != tc.reason {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("Authentication-Results: mx.shop.example; dmarc=pass header.from=x.example\nFrom: a@x.example\n\nhi")
	f.Add("DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; h=from; bh=; b=\nFrom: a@x.example\n\nhi")
	f.Fuzz(func(t *testing.T, mail string) {
		c := &trust.Checker{Servers: []string{"mx.shop.example"}, LookupTXT: func(string) ([]string, error) { return []string{"v=DKIM1; p="}, nil }}
		got := judge(c, mail)
		if got.Result == trust.Verified && !strings.Contains(strings.ToLower(mail), "pass") {
			t.Fatalf("%q is %+v", mail, got)
		}
	})
}
