package entity_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/plugins/email/entity"
)

func lines(l ...string) []byte { return []byte(strings.Join(l, "\r\n")) }

// shape writes the tree in one line: types with the trimmed text of leaves.
func shape(e *entity.Entity) string {
	if len(e.Children) == 0 {
		text, _ := e.Text()
		return e.Type + "(" + strings.TrimSpace(text) + ")"
	}
	var parts []string
	for _, c := range e.Children {
		parts = append(parts, shape(c))
	}
	return e.Type + "[" + strings.Join(parts, " ") + "]"
}

func TestTrees(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		raw     []byte
		want    string
		problem string
	}{
		"nothing":         {nil, "text/plain()", ""},
		"a text":          {lines("Subject: x", "", "hi"), "text/plain(hi)", ""},
		"no header":       {lines("", "hi"), "text/plain(hi)", ""},
		"bare CR":         {[]byte("Subject: x\r\rhi"), "text/plain(hi)", ""},
		"mailbox line":    {lines("From a@b Mon Jan 1", "Content-Type: text/html", "", "hi"), "text/html(hi)", ""},
		"no empty line":   {lines("Subject: x", "Hello there, no colon here", "more"), "text/plain(Hello there, no colon here\nmore)", entity.BadHeaderLine},
		"unindented fold": {lines("Subject: a", "b c", "Content-Type: text/html", "", "hi"), "text/html(hi)", entity.BadHeaderLine},
		"two parts":       {lines("Content-Type: multipart/mixed; boundary=b", "", "preamble", "--b", "", "one", "--b", "Content-Type: text/html", "", "two", "--b--", "epilogue"), "multipart/mixed[text/plain(one) text/html(two)]", ""},
		"nested": {
			lines("Content-Type: multipart/mixed; boundary=\"b c\"", "", "--b c", "Content-Type: multipart/alternative; boundary=bb", "", "--bb", "", "one", "--bb--", "--b c", "", "two", "--b c--"),
			"multipart/mixed[multipart/alternative[text/plain(one)] text/plain(two)]", "",
		},
		"one boundary begins with the other": {
			lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: multipart/alternative; boundary=b1", "", "--b1", "", "one", "--b1--", "--b--"),
			"multipart/mixed[multipart/alternative[text/plain(one)]]", "",
		},
		"inner unclosed": {
			lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: multipart/alternative; boundary=c", "", "--c", "", "one", "--b", "", "two", "--b--"),
			"multipart/mixed[multipart/alternative[text/plain(one)] text/plain(two)]", entity.UnclosedParts,
		},
		"cut off":              {lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "one", "--b", "", "tw"), "multipart/mixed[text/plain(one) text/plain(tw)]", entity.UnclosedParts},
		"part after the close": {lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "one", "--b--", "", "--b", "", "two", "--b--"), "multipart/mixed[text/plain(one) text/plain(two)]", ""},
		"boundary not said":    {lines("Content-Type: multipart/mixed", "", "--zzz", "", "one", "--zzz", "", "two", "--zzz--"), "multipart/mixed[text/plain(one) text/plain(two)]", ""},
		"boundary not there":   {lines("Content-Type: multipart/mixed; boundary=b", "", "only this"), "text/plain(only this)", entity.NoBoundary},
		"bad type":             {lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: ;;==", "", "one", "--b--"), "multipart/mixed[text/plain(one)]", entity.BadContentType},
		"type text":            {lines("Content-Type: text; charset=utf-8", "", "hi"), "text/plain(hi)", entity.BadContentType},
		"encoded multipart":    {lines("Content-Type: multipart/mixed; boundary=b", "Content-Transfer-Encoding: base64", "", "LS1iCgpvbmUKLS1iLS0K"), "multipart/mixed[text/plain(one)]", ""},
		"digest":               {lines("Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: x", "--b--"), "multipart/digest[message/rfc822(Subject: x)]", ""},
	}
	for name, c := range cases {
		got, problems := entity.Read(c.raw, entity.Limits{})
		if shape(got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, shape(got), c.want)
		}
		if (len(problems) > 0) != (c.problem != "") || c.problem != "" && problems[0].Code != c.problem {
			t.Errorf("%s: problems %v, want %q", name, problems, c.problem)
		}
	}
}

func TestTransferEncodings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ encoding, body, want, problem string }{
		{"base64", "aGVs\r\nbG8=\r\n", "hello", ""},
		{"BASE64", "aGVsbG8", "hello", ""},
		{"base64", "aGVs!bG8hIGFuZCB3ZWxjb21l", "hello! and welcome", entity.BadEncoding},
		{"base64", "aGVsbG8=\r\n_______\r\nA list's footer: see https://x.example\r\n", "hello", ""},
		{"base64", "aGVsbG8=\r\nIGFubg==\r\n", "hello ann", ""},
		{"base64", "This is plain text, not base64 at all.", "This is plain text, not base64 at all.", entity.BadEncoding},
		{"quoted-printable", "gr=C3=BC=\r\n=C3=9Fe  \r\nx", "grüße\nx", ""},
		{"quoted-printable", "a=b, 100%=", "a=b, 100%", entity.BadEncoding},
		{"x-uuencode", "begin 644 f\r\n%:&5L;&\\\r\n`\r\nend\r\n", "hello", ""},
		{"8bit", "grüße", "grüße", ""},
		{"rot13", "uryyb", "uryyb", entity.UnknownEncoding},
	} {
		e, _ := entity.Read([]byte("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "+c.encoding+"\r\n\r\n"+c.body), entity.Limits{})
		got, problems := e.Text()
		if got != c.want {
			t.Errorf("%s %q: %q, want %q", c.encoding, c.body, got, c.want)
		}
		if (len(problems) > 0) != (c.problem != "") || c.problem != "" && problems[0].Code != c.problem {
			t.Errorf("%s %q: %v", c.encoding, c.body, problems)
		}
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`attachment; filename=a.pdf`:                                              "a.pdf",
		`attachment; filename="a; b.pdf"`:                                         "a; b.pdf",
		`attachment; filename="say \"hi\".pdf"`:                                   `say "hi".pdf`,
		`attachment; filename*=utf-8''%E6%8A%A5%E5%91%8A.pdf`:                     "报告.pdf",
		`attachment; filename*=GB2312''%B1%A8%B8%E6.pdf`:                          "报告.pdf",
		`attachment; filename*0*=utf-8''%E6%8A; filename*1*=%A5.; filename*2=pdf`: "报.pdf",
		`attachment; filename*1=b.pdf; filename*0=a`:                              "ab.pdf",
		`attachment; filename="=?utf-8?B?5oql5ZGKLnBkZg==?="`:                     "报告.pdf",
		`attachment; filename==?gbk?B?sai45i5wZGY=?=`:                             "报告.pdf",
		"attachment; filename=\"\xb1\xa8\xb8\xe6.pdf\"":                           "报告.pdf",
		"attachment; filename=\"报告.pdf\"":                                         "报告.pdf",
		`attachment; filename="C:\Users\ann\a.pdf"`:                               "a.pdf",
		`attachment; filename="../../etc/passwd"`:                                 "passwd",
		`attachment; filename="a.pdf`:                                             "a.pdf",
		`attachment; filename=my report.pdf`:                                      "my report.pdf",
		`attachment; FILENAME=a.pdf; filename=b.pdf`:                              "a.pdf",
		`attachment; filename=""`:                                                 "",
		`attachment; filename=".."`:                                               "",
		`attachment`:                                                              "",
	} {
		e, _ := entity.Read([]byte("Content-Disposition: "+value+"\r\n\r\n"), entity.Limits{})
		if got := e.FileName(); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                                 "plain",
		"=?utf-8?B?5L2g5aW9?=":                  "你好",
		"=?utf-8?b?5L2g?= =?utf-8?b?5aW9?=":     "你好",
		"=?utf-8?B?5L0=?= =?utf-8?B?oOWlvQ==?=": "你好",
		"a =?utf-8?Q?b_c?= d":                   "a b c d",
		"=?utf-8?Q?b c?=":                       "b c",
		"=?utf-8?Q?=E4=BD=A0?=x":                "你x",
		"=?GB2312?B?xOO6ww?=":                   "你好",
		"=?utf-8*zh?Q?=E4=BD=A0?=":              "你",
		"=?bogus":                               "=?bogus",
		"=?utf-8?X?abc?=":                       "=?utf-8?X?abc?=",
		"\xc4\xe3\xba\xc3":                      "你好",
		"a\x00b\tc":                             "ab c",
		"=?utf-8?Q?a=0D=0ABcc:_x?=":             "a  Bcc: x",
		"=?us-ascii?Q??= x":                     "x",
	} {
		if got := entity.Decode(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestFlowedText(t *testing.T) {
	t.Parallel()
	raw := "Content-Type: text/plain; format=flowed\r\n\r\nOne \r\nline.\r\n> quoted \r\n> text\r\n>> deeper\r\n-- \r\nAnn\r\n"
	e, _ := entity.Read([]byte(raw), entity.Limits{})
	if got, _ := e.Text(); got != "One line.\n> quoted text\n>> deeper\n-- \nAnn\n" {
		t.Errorf("%q", got)
	}
}

// A bomb of parts within parts must not cost more than its bytes.
func TestBombs(t *testing.T) {
	t.Parallel()
	var deep, wide strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	wide.WriteString("Content-Type: multipart/mixed; boundary=b\n\n")
	for i := range 20000 {
		fmt.Fprintf(&wide, "--b\n\npart %d\n", i)
	}
	for name, c := range map[string]struct{ raw, problem string }{
		"deep":   {deep.String(), entity.TooDeep},
		"wide":   {wide.String(), entity.TooManyParts},
		"header": {"Subject: x\n" + strings.Repeat("X-A: "+strings.Repeat("b", 1000)+"\n", 5000) + "\nbody", entity.HeaderTooLarge},
		"large":  {"\n" + strings.Repeat("a", 51<<20), entity.TooLarge},
		"params": {"Content-Type: text/plain" + strings.Repeat("; a*0*=b", 100000) + "\n\nx", ""},
		"words":  {"Subject: " + strings.Repeat("=?", 200000) + "\n\nx", ""},
	} {
		began := time.Now()
		e, problems := entity.Read([]byte(c.raw), entity.Limits{})
		_ = e.Header.Text("Subject")
		if c.problem != "" && !has(problems, c.problem) {
			t.Errorf("%s: %v", name, problems)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	e, _ := entity.Read([]byte(wide.String()), entity.Limits{})
	if last := e.Children[len(e.Children)-1]; !bytes.Contains(last.Body, []byte("part 19999")) {
		t.Error("the rest of too many parts is lost")
	}
}

func has(problems []entity.Problem, code string) bool {
	for _, p := range problems {
		if p.Code == code {
			return true
		}
	}
	return false
}

func FuzzRead(f *testing.F) {
	f.Add(lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Disposition: attachment; filename*0*=utf-8''%41", "Content-Transfer-Encoding: base64", "", "aGk=", "--b--"))
	f.Add(lines("Subject: =?gb2312?B?xOO6ww==?=", "Content-Type: text/plain; format=flowed; delsp=yes", "Content-Transfer-Encoding: quoted-printable", "", "a=", "b =C3"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, _ := entity.Read(raw, entity.Limits{Parts: 50, Depth: 8})
		var visit func(*entity.Entity, int) int
		visit = func(e *entity.Entity, depth int) int {
			n := 1
			text, _ := e.Text()
			name := e.FileName()
			if !utf8.ValidString(text) || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\r\n") {
				t.Fatalf("%q %q", text, name)
			}
			for _, c := range e.Children {
				n += visit(c, depth+1)
			}
			if depth > 8 {
				t.Fatal("too deep")
			}
			return n
		}
		if n := visit(e, 0); n > 60 {
			t.Fatalf("%d parts", n)
		}
	})
}
