// Package sheet reads tables that people export from spreadsheets: comma,
// semicolon or tab between the cells, in UTF-8, UTF-16 with a byte order mark,
// or GB18030, with whatever line ends and quotes came out.
package sheet

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// Error is why a table cannot be read.
type Error string

// Error implements error.
func (e Error) Error() string { return string(e) }

// The errors of Decode and Read.
const (
	ErrEncoding Error = "the file is neither UTF-8 nor GB18030"
	ErrCell     Error = "a cell is too long"
	ErrColumns  Error = "a row has too many cells"
)

// Limits of a table.
const (
	MaxColumns = 200
	MaxCell    = 64 << 10 // bytes
)

// Decode returns a file as UTF-8 without a byte order mark, and the name of
// its encoding. NUL characters become spaces.
func Decode(file []byte) (text []byte, name string, err error) {
	text, name = file, "utf-8"
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		text = file[3:]
	case bytes.HasPrefix(file, []byte("\xff\xfe")), bytes.HasPrefix(file, []byte("\xfe\xff")):
		name, from = "utf-16", unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case !utf8.Valid(file):
		name, from = "gb18030", simplifiedchinese.GB18030
	}
	if from != nil {
		if text, err = from.NewDecoder().Bytes(file); err != nil {
			return nil, name, ErrEncoding
		}
		if bytes.ContainsRune(text, utf8.RuneError) { // the decoder's word for what it could not read
			return nil, name, ErrEncoding
		}
	}
	if !utf8.Valid(text) {
		return nil, name, ErrEncoding
	}
	return bytes.ReplaceAll(text, []byte{0}, []byte{' '}), name, nil
}

// Delimiter guesses what stands between the cells: of comma, semicolon and tab
// the one that is most often in the first line, outside quotes.
func Delimiter(text []byte) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range string(text[:min(len(text), MaxCell)]) {
		if r == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if r == '\n' || r == '\r' {
			if len(counts) > 0 {
				break
			}
			continue
		}
		if r == ',' || r == ';' || r == '\t' {
			counts[r]++
		}
	}
	best := ','
	for _, r := range []rune{';', '\t'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

// Reader reads a table row by row.
type Reader struct {
	csv  *csv.Reader
	row  int
	last string // cell of the last row
}

// NewReader returns a Reader of UTF-8 text.
func NewReader(text io.Reader, delimiter rune) *Reader {
	r := csv.NewReader(text)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = delimiter, true, -1, true
	return &Reader{csv: r}
}

// Read returns the cells of the next row that is not empty, without the space
// around them, and its number as a spreadsheet shows it: 1 for the first row;
// io.EOF at the end. The cells are valid until the next call.
func (r *Reader) Read() (cells []string, row int, err error) {
	for {
		cells, err := r.csv.Read()
		if err != nil {
			return nil, r.row, err //nolint:wrapcheck // io.EOF, or the reader's own
		}
		r.row++
		if len(cells) > MaxColumns {
			return nil, r.row, ErrColumns
		}
		r.last = cells[len(cells)-1]
		empty := true
		for i, c := range cells {
			if len(c) > MaxCell {
				return nil, r.row, ErrCell
			}
			cells[i] = strings.TrimSpace(c)
			empty = empty && cells[i] == ""
		}
		if !empty {
			return cells, r.row, nil
		}
	}
}

// Open returns the number of the row in which a quote begins that the text does
// not close, and that so took the rows after it into one cell; 0 for none. It is
// asked at the end of the text that was read. Only a quoted cell holds a line
// break, and a text that ends with such a cell ends with its quote.
func (r *Reader) Open(text []byte) int {
	if strings.ContainsAny(strings.TrimSpace(r.last), "\r\n") && !bytes.HasSuffix(bytes.TrimSpace(text), []byte{'"'}) {
		return r.row
	}
	return 0
}

// Safe returns a cell that no spreadsheet takes for a formula: what begins
// with one of their signs gets an apostrophe before it; where people write with
// full-width characters, those are signs too. See OWASP, CSV Injection.
func Safe(cell string) string {
	if first, size := utf8.DecodeRuneInString(cell); size > 0 && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
