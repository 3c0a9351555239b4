package compose

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"github.com/patchbay-im/patchbay/plugins/email/hypertext"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// part is a node of the message that is written.
type part struct {
	header   gomessage.Header
	content  []byte
	children []*part
}

// newBody builds the least structure that holds what there is:
// mixed(alternative(text, related(html, images)), files).
func newBody(m Mail) *part {
	b := &builder{seed: m.ID}
	text := lines(m.Text)
	if strings.TrimSpace(text) == "" && m.HTML != "" {
		text = lines(hypertext.Text(m.HTML))
	}
	body := b.text("text/plain", text)
	files := m.Attachments
	if m.HTML != "" {
		page := b.text("text/html", lines(m.HTML))
		var shown []*part
		for _, f := range m.Inline {
			if f.ContentID != "" && usableID(f.ContentID) && strings.Contains(m.HTML, "cid:"+f.ContentID) {
				shown = append(shown, b.file(f, "inline"))
			} else {
				files = append(slices.Clip(files), f)
			}
		}
		if len(shown) > 0 {
			page = b.multi("multipart/related", append([]*part{page}, shown...))
		}
		body = b.multi("multipart/alternative", []*part{body, page})
	} else {
		files = append(slices.Clip(files), m.Inline...)
	}
	if len(files) == 0 {
		return body
	}
	all := []*part{body}
	for _, f := range files {
		all = append(all, b.file(f, "attachment"))
	}
	return b.multi("multipart/mixed", all)
}

type builder struct {
	seed  string
	count int
}

// multi sets a boundary that neither quoted-printable nor base64 can contain,
// and everything here is one of them.
func (b *builder) multi(kind string, children []*part) *part {
	b.count++
	sum := sha256.Sum256([]byte(strconv.Itoa(b.count) + " " + b.seed))
	p := &part{children: children}
	p.header.SetContentType(kind, map[string]string{"boundary": "=_pb" + hex.EncodeToString(sum[:12])})
	return p
}

func (b *builder) text(kind, content string) *part {
	p := &part{content: []byte(content)}
	p.header.Set("Content-Transfer-Encoding", textEncoding(content))
	p.header.SetContentType(kind, map[string]string{"charset": "utf-8"})
	return p
}

func (b *builder) file(f message.File, disposition string) *part {
	p := &part{content: f.Data}
	name := oneLine(strings.NewReplacer("/", "_", `\`, "_").Replace(f.Name), maxName)
	if name == "" {
		name = "attachment"
	}
	if f.ContentID != "" && usableID(f.ContentID) {
		p.header.Set("Content-ID", "<"+f.ContentID+">")
	}
	p.header.Set("Content-Transfer-Encoding", "base64")
	p.header.Set("Content-Disposition", disposition+parameter("filename", name))
	p.header.Set("Content-Type", fileType(f.Type)+"; name="+legacyName(name))
	return p
}

func (p *part) write(w io.Writer, header mail.Header) error {
	for _, name := range []string{"Content-Transfer-Encoding", "Content-Type"} {
		if v := p.header.Get(name); v != "" {
			header.Set(name, v)
		}
	}
	header.Set("Mime-Version", "1.0")
	to, err := gomessage.CreateWriter(w, header.Header)
	if err != nil {
		return err
	}
	return p.fill(to)
}

func (p *part) fill(w *gomessage.Writer) error {
	for _, c := range p.children {
		to, err := w.CreatePart(c.header)
		if err != nil {
			return err
		}
		if err := c.fill(to); err != nil {
			return err
		}
	}
	if len(p.children) == 0 {
		if _, err := w.Write(p.content); err != nil {
			return err
		}
	}
	return w.Close()
}

var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,100}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}$`)

// fileType is the type under which a file is sent. Messages in messages may not
// be encoded for transfer (RFC 2046), so they go as files.
func fileType(t string) string {
	t = strings.ToLower(t)
	if !mediaType.MatchString(t) || strings.HasPrefix(t, "multipart/") || strings.HasPrefix(t, "message/") {
		return "application/octet-stream"
	}
	return t
}

// textEncoding is what makes the text shorter, and keeps lines short.
func textEncoding(s string) string {
	wide := 0
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			wide++
		}
	}
	if wide*6 > len(s) {
		return "base64"
	}
	return "quoted-printable"
}

// lines makes valid text with lines that end in CRLF.
func lines(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}
