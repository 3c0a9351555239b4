package entity

import (
	"bytes"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/charset"
)

// Content returns the body without its encoding for transfer, and what was
// wrong with that. What cannot be decoded is returned as it stands.
func (e *Entity) Content() ([]byte, []Problem) {
	out, code := e.decode()
	if code != "" {
		return out, []Problem{{code, e.Type + ": " + e.encoding()}}
	}
	return out, nil
}

// Text returns the body as text in UTF-8 with lines that end in "\n".
func (e *Entity) Text() (string, []Problem) {
	raw, problems := e.Content()
	label := e.Params["charset"]
	if label == "" && e.Type == "text/html" {
		label = metaCharset(raw)
	}
	if label != "" && !charset.Known(label) {
		problems = append(problems, Problem{UnknownCharset, label})
	}
	text, _ := charset.Decode(label, raw)
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	if strings.EqualFold(e.Params["format"], "flowed") && e.Type == "text/plain" {
		text = unflow(text, strings.EqualFold(e.Params["delsp"], "yes"))
	}
	return text, problems
}

// FileName is the name that the sender gave, from Content-Disposition or
// Content-Type, without folders. Empty: none.
func (e *Entity) FileName() string {
	for _, name := range []string{e.DispositionParams["filename"], e.Params["name"], e.Params["filename"], e.DispositionParams["name"]} {
		if i := strings.LastIndexAny(name, `/\`); i >= 0 {
			name = name[i+1:]
		}
		if name = strings.TrimSpace(name); name != "" && name != "." && name != ".." {
			return name
		}
	}
	return ""
}

// ContentID is the name by which HTML refers to the part, without brackets.
func (e *Entity) ContentID() string {
	return strings.Trim(strings.TrimSpace(strings.ToValidUTF8(e.Header.Get("Content-ID"), "?")), "<> ")
}

func (e *Entity) encoding() string {
	enc, _, _ := strings.Cut(e.Header.Get("Content-Transfer-Encoding"), ";")
	return strings.ToLower(strings.Trim(strings.TrimSpace(enc), `"'.`))
}

func (e *Entity) decode() (content []byte, problem string) {
	switch e.encoding() {
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits":
		return e.Body, ""
	case "base64":
		return transferBase64(e.Body)
	case "quoted-printable", "quotedprintable":
		return quotedPrintable(e.Body)
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return uudecode(e.Body)
	}
	return e.Body, UnknownEncoding
}

// transferBase64 decodes a body. Text that a list or a scanner has put below
// the padding is not taken for base64; a body that is no base64 at all stays.
func transferBase64(b []byte) (content []byte, problem string) {
	foreign, blanks, digits, padded, end := 0, 0, 0, false, len(b)
	for i, c := range b {
		switch {
		case c == '=':
			padded = true
		case c == '\r' || c == '\n':
			if padded && c == '\n' && !onlyBase64(b[i:]) {
				end = i
			}
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			digits++
		case c == ' ' || c == '\t':
			blanks++
		default:
			foreign++
		}
		if end < len(b) {
			break
		}
	}
	if foreign > 0 && (foreign+blanks)*8 > digits {
		return b, BadEncoding
	}
	if foreign > 0 {
		problem = BadEncoding
	}
	return decodeBase64(b[:end]), problem
}

// onlyBase64 says whether the next bytes could be more base64.
func onlyBase64(b []byte) bool {
	b = bytes.TrimSpace(b[:min(len(b), 200)])
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/', c == '=', c == '\r', c == '\n':
		default:
			return false
		}
	}
	return true
}

func quotedPrintable(b []byte) (content []byte, problem string) {
	out := make([]byte, 0, len(b))
	for line := range bytes.Lines(b) {
		text := bytes.TrimRight(line, "\r\n")
		end := line[len(text):]
		text = bytes.TrimRight(text, " \t")
		soft := len(text) > 0 && text[len(text)-1] == '='
		if soft {
			text = text[:len(text)-1]
		}
		for i := 0; i < len(text); i++ {
			if text[i] != '=' {
				out = append(out, text[i])
				continue
			}
			if c, ok := octet(text[i+1:]); ok {
				out = append(out, c)
				i += 2
				continue
			}
			out = append(out, '=')
			problem = BadEncoding
		}
		if !soft {
			out = append(out, end...)
		}
	}
	return out, problem
}

func uudecode(b []byte) (content []byte, problem string) {
	var out []byte
	begun := false
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case bytes.HasPrefix(line, []byte("begin ")):
			begun = true
		case !begun || len(line) == 0:
		case bytes.Equal(line, []byte("end")):
			return out, ""
		default:
			out = append(out, uuline(line)...)
		}
	}
	if !begun {
		return b, BadEncoding
	}
	return out, BadEncoding
}

func uuline(line []byte) []byte {
	n := int(line[0]-' ') & 63
	var out []byte
	for i := 1; i < len(line) && len(out) < n; i += 4 {
		var v [4]byte
		for j := range v {
			if i+j < len(line) {
				v[j] = (line[i+j] - ' ') & 63
			}
		}
		out = append(out, v[0]<<2|v[1]>>4, v[1]<<4|v[2]>>2, v[2]<<6|v[3])
	}
	return out[:min(n, len(out))]
}

// metaCharset is what HTML says of itself.
func metaCharset(raw []byte) string {
	head := strings.ToLower(string(raw[:min(len(raw), 4096)]))
	_, rest, found := strings.Cut(head, "charset=")
	if !found {
		return ""
	}
	rest = strings.TrimLeft(rest, `"' `)
	if i := strings.IndexAny(rest, "\"' />;\r\n\t"); i >= 0 {
		rest = rest[:i]
	}
	if !charset.Known(rest) || strings.HasPrefix(rest, "utf-16") {
		return ""
	}
	return rest
}

// unflow joins the lines of RFC 3676, each with its own depth of quotes.
func unflow(text string, delsp bool) string {
	var out strings.Builder
	flowing, depth := false, 0
	for line := range strings.SplitSeq(text, "\n") {
		d := len(line) - len(strings.TrimLeft(line, ">"))
		content := strings.TrimPrefix(line[d:], " ")
		if flowing && (d != depth || content == "-- ") {
			out.WriteByte('\n')
			flowing = false
		}
		if !flowing {
			out.WriteString(line[:d])
			if d > 0 && content != "" {
				out.WriteByte(' ')
			}
		}
		depth, flowing = d, strings.HasSuffix(content, " ") && content != "-- "
		if flowing && delsp {
			content = strings.TrimSuffix(content, " ")
		}
		out.WriteString(content)
		if !flowing {
			out.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(out.String(), "\n")
}
