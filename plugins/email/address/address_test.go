package address_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/plugins/email/address"
)

type list = []address.Address

func TestParse(t *testing.T) {
	t.Parallel()
	li := address.Address{Name: "李雷", Email: "lilei@shop.example"}
	ann := address.Address{Name: "Ann", Email: "ann@x.example"}
	bob := address.Address{Email: "bob@y.example"}
	for in, want := range map[string]list{
		"bob@y.example":                                {bob},
		"<bob@Y.EXAMPLE>":                              {bob},
		"Ann <ann@x.example>":                          {ann},
		`"Ann" <ann@x.example>, bob@y.example`:         {ann, bob},
		"Ann <ann@x.example>; bob@y.example;":          {ann, bob},
		"ann@x.example (Ann)":                          {ann},
		"=?utf-8?B?5p2O6Zu3?= <lilei@shop.example>":    {li},
		`"=?utf-8?B?5p2O6Zu3?=" <lilei@shop.example>`:  {li},
		"=?gb2312?B?wO7A1w==?=<lilei@shop.example>":    {li},
		"李雷 <lilei@shop.example>":                      {li},
		"=?utf-8?Q?Doe,_Jane?= <j@x.example>":          {{Name: "Doe, Jane", Email: "j@x.example"}},
		`"Doe, Jane" <j@x.example>`:                    {{Name: "Doe, Jane", Email: "j@x.example"}},
		`"a \"b\" c" <j@x.example>`:                    {{Name: `a "b" c`, Email: "j@x.example"}},
		`"bob@y.example" <bob@y.example>`:              {bob},
		"Friends: Ann <ann@x.example>, bob@y.example;": {ann, bob},
		"undisclosed-recipients:;":                     nil,
		"":                                             nil,
		"<>":                                           nil,
		"MAILER-DAEMON":                                {{Text: "MAILER-DAEMON"}},
		"Ann <ann at x.example>":                       {{Text: "Ann <ann at x.example>"}},
		"Ann <ann@x.example":                           {ann},
		"Ann ann@x.example":                            {{Email: "ann@x.example"}},
		"A <B> <ann@x.example>":                        {{Name: "A <B>", Email: "ann@x.example"}},
		"<@relay.example:bob@y.example>":               {bob},
		"'bob@y.example'":                              {bob},
		"用户@例子.中国":                                     {{Email: "用户@例子.中国"}},
		"a@b@c.example":                                {{Text: "a@b@c.example"}},
	} {
		if got := address.Parse(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %#v\nwant %#v", in, got, want)
		}
	}
}

func TestSplitAndSame(t *testing.T) {
	t.Parallel()
	if base, tag := address.Split("care+t1+x@shop.example"); base != "care@shop.example" || tag != "t1+x" {
		t.Errorf("%q %q", base, tag)
	}
	if base, tag := address.Split("care@shop.example"); base != "care@shop.example" || tag != "" {
		t.Errorf("%q %q", base, tag)
	}
	if !address.Same("Care+1@Shop.example", "care@shop.example") || address.Same("a@x.example", "b@x.example") || address.Same("", "") {
		t.Error("same")
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "a", "@b", "a@", "a b@c.example", "a@b c", "a@-b.example", "a@b..c", ".a@b.example", "a\r\n@b.example", "a@b.example\r\nBcc: x@y", "a<b@c.example", strings.Repeat("a", 65) + "@b.example"} {
		if address.Valid(bad) {
			t.Errorf("%q is valid", bad)
		}
	}
	for _, good := range []string{"a@b", "a.b+c@d.example", "o'neil@x.example", "a@[127.0.0.1]", "用户@例子.中国"} {
		if !address.Valid(good) {
			t.Errorf("%q is not valid", good)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Ann <ann@x.example>, \"b, c\" <d@e.example>; g: h@i.example;")
	f.Add("=?utf-8?Q?a,b?= <c@d.example> (x \\( y)")
	f.Fuzz(func(t *testing.T, in string) {
		for _, a := range address.Parse(in) {
			if a.Email != "" && !address.Valid(a.Email) || (a.Email == "") == (a.Text == "") && a.Text != "" {
				t.Fatalf("%#v", a)
			}
			if !utf8.ValidString(a.String()) {
				t.Fatalf("not a text: %q", a)
			}
			if strings.ContainsAny(a.String(), "\r\n") {
				t.Fatalf("a line break in %q", a)
			}
		}
	})
}
