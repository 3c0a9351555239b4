package sheet_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/patchbay-im/patchbay/core/contact/sheet"
)

func rows(t *testing.T, file []byte) ([][]string, []int) {
	t.Helper()
	text, _, err := sheet.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	r := sheet.NewReader(bytes.NewReader(text), sheet.Delimiter(text))
	var out [][]string
	var numbers []int
	for {
		cells, n, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, numbers
		}
		if err != nil {
			t.Fatal(err)
		}
		out, numbers = append(out, slices.Clone(cells)), append(numbers, n)
	}
}

func TestWhatSpreadsheetsWrite(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("姓名,城市\n王芳,杭州\n")
	if err != nil {
		t.Fatal(err)
	}
	chinese := [][]string{{"姓名", "城市"}, {"王芳", "杭州"}}
	latin := [][]string{{"name", "mail"}, {"a, b", "x"}}
	for name, tt := range map[string]struct {
		file string
		want [][]string
	}{
		"UTF-8":              {"姓名,城市\n王芳,杭州\n", chinese},
		"a byte order mark":  {"\xef\xbb\xbf姓名,城市\r\n王芳,杭州", chinese},
		"GB18030":            {gb, chinese},
		"UTF-16":             {"\xff\xfe\xd3\x59\x0d\x54,\x00\xce\x57\x02\x5e\n\x00\x8b\x73\xb3\x82,\x00\x6d\x67\xde\x5d\n\x00", chinese},
		"semicolons":         {"name;mail\n\"a, b\";x\n", latin},
		"tabs":               {"name\tmail\n a, b \tx\n", latin},
		"quoted lines":       {"name,mail\n\"a\nb\",\"say \"\"hi\"\"\"\n", [][]string{{"name", "mail"}, {"a\nb", `say "hi"`}}},
		"a stray quote":      {"name,mail\nthe \"A\" team,x\n", [][]string{{"name", "mail"}, {`the "A" team`, "x"}}},
		"rows of all sizes":  {"a,b\n1\n1,2,3\n", [][]string{{"a", "b"}, {"1"}, {"1", "2", "3"}}},
		"a NUL":              {"a,b\nx\x00y,z\n", [][]string{{"a", "b"}, {"x y", "z"}}},
		"a comma in a quote": {"\"a;b;c\",d\n1,2\n", [][]string{{"a;b;c", "d"}, {"1", "2"}}},
	} {
		if got, _ := rows(t, []byte(tt.file)); !slices.EqualFunc(got, tt.want, slices.Equal) {
			t.Errorf("%s: read %q, want %q", name, got, tt.want)
		}
	}
	if _, numbers := rows(t, []byte("a,b\n,\n1,2\n , \n3,4\n")); !slices.Equal(numbers, []int{1, 3, 5}) {
		t.Errorf("rows are numbered %v", numbers)
	}
}

func TestRefused(t *testing.T) {
	for _, file := range []string{"\xff", "a\x80\xff\xff", "\xff\xfe\x00\xd8"} {
		if text, name, err := sheet.Decode([]byte(file)); !errors.Is(err, sheet.ErrEncoding) {
			t.Errorf("%q is read as %s: %q, %v", file, name, text, err)
		}
	}
	wide := sheet.NewReader(strings.NewReader(strings.Repeat(",x", sheet.MaxColumns)), ',')
	if _, _, err := wide.Read(); !errors.Is(err, sheet.ErrColumns) {
		t.Errorf("too many cells: %v", err)
	}
	long := sheet.NewReader(strings.NewReader(strings.Repeat("x", sheet.MaxCell+1)), ',')
	if _, _, err := long.Read(); !errors.Is(err, sheet.ErrCell) {
		t.Errorf("a long cell: %v", err)
	}
}

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "Anna": "Anna", "=1+1": "'=1+1", "+86": "'+86", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "a=b": "a=b", "王": "王",
		"＝1+1": "'＝1+1", "＋86": "'＋86", "－1": "'－1", "＠SUM(A1)": "'＠SUM(A1)", "\n=1": "'\n=1", "\xff=1": "\xff=1",
	} {
		if got := sheet.Safe(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2", "\xef\xbb\xbfa;b\n\"x\ny\";2", "\xd0\xd5\xc3\xfb,b", "\xff\xfea\x00", "\"", "a\t\"b\"\"\t", "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		text, _, err := sheet.Decode(file)
		if err != nil {
			return
		}
		r := sheet.NewReader(bytes.NewReader(text), sheet.Delimiter(text))
		last := 0
		for {
			cells, n, err := r.Read()
			if err != nil {
				return
			}
			if n <= last || len(cells) == 0 || len(cells) > sheet.MaxColumns {
				t.Fatalf("row %d after %d has %d cells", n, last, len(cells))
			}
			last = n
			for _, c := range cells {
				if !utf8.ValidString(c) || strings.ContainsRune(c, 0) {
					t.Fatalf("a cell is %q", c)
				}
				if s := sheet.Safe(c); s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
					t.Fatalf("%q is not safe", s)
				}
			}
		}
	})
}
