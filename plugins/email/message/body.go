package message

import (
	"html"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/calendar"
	"github.com/patchbay-im/patchbay/plugins/email/cms"
	"github.com/patchbay-im/patchbay/plugins/email/entity"
	"github.com/patchbay-im/patchbay/plugins/email/hypertext"
	"github.com/patchbay-im/patchbay/plugins/email/tnef"
)

// passage is a stretch of the text, in the forms in which it was sent.
type passage struct{ text, html string }

// reader walks the entities. Files with a content id wait until it is known
// whether the HTML shows them.
type reader struct {
	m     *Message
	files []File
}

func (m *Message) body() {
	r := &reader{m: m}
	passages := r.read(m.Root)
	m.Text, m.HTML = assemble(passages)
	if strings.TrimSpace(m.Text) == "" && len(m.Invitations) > 0 {
		m.Text = m.Invitations[0].Text()
	}
	r.place()
	switch {
	case strings.Contains(m.Text, "-----BEGIN PGP MESSAGE-----"):
		m.Encrypted = OpenPGP
	case strings.Contains(m.Text, "-----BEGIN PGP SIGNED MESSAGE-----"):
		m.Signed = OpenPGP
	}
}

// assemble joins the passages. If one has HTML, all get it.
func assemble(passages []passage) (text, page string) {
	var texts, pages []string
	rich := false
	for _, p := range passages {
		if p.html != "" {
			rich = true
			if strings.TrimSpace(p.text) == "" {
				p.text = hypertext.Text(p.html)
			}
		} else {
			p.html = `<div style="white-space: pre-wrap">` + html.EscapeString(p.text) + "</div>"
		}
		texts, pages = append(texts, strings.TrimRight(p.text, "\n")), append(pages, p.html)
	}
	text = strings.Join(texts, "\n\n")
	if !rich {
		return text, ""
	}
	return text, strings.Join(pages, "\n<hr>\n")
}

// place parts the files that the page shows from the rest.
func (r *reader) place() {
	page := strings.ToLower(r.m.HTML)
	for i, f := range r.files {
		if f.Name == "" {
			f.Name = madeUp(i+1, f.Type)
		}
		id := strings.ToLower(f.ContentID)
		if id != "" && (strings.Contains(page, "cid:"+id) || strings.Contains(page, "cid:"+strings.ReplaceAll(id, "@", "%40"))) {
			r.m.Inline = append(r.m.Inline, f)
			continue
		}
		r.m.Attachments = append(r.m.Attachments, f)
	}
}

func (r *reader) read(e *entity.Entity) []passage {
	switch {
	case len(e.Children) == 0:
		return r.leaf(e)
	case e.Type == "multipart/alternative":
		return r.alternative(e)
	case e.Type == "multipart/signed":
		r.m.Signed = scheme(e.Params["protocol"])
	case e.Type == "multipart/encrypted":
		r.m.Encrypted = scheme(e.Params["protocol"])
		for _, c := range e.Children {
			r.attach(c)
		}
		return nil
	}
	var out []passage
	for _, c := range e.Children {
		out = append(out, r.read(c)...)
	}
	return out
}

func scheme(protocol string) Scheme {
	if strings.Contains(strings.ToLower(protocol), "pgp") {
		return OpenPGP
	}
	return SMIME
}

// alternative takes the last form with HTML and the last without.
func (r *reader) alternative(e *entity.Entity) []passage {
	var out passage
	for _, c := range e.Children {
		text, page := assemble(r.read(c))
		switch {
		case page != "":
			out.html = page
			if out.text == "" {
				out.text = text
			}
		case strings.TrimSpace(text) != "":
			out.text = text
		}
	}
	return []passage{out}
}

func (r *reader) leaf(e *entity.Entity) []passage {
	name := e.FileName()
	switch {
	case e.Type == "application/ms-tnef" || strings.EqualFold(name, "winmail.dat"):
		return r.unpack(e)
	case e.Type == "application/pkcs7-mime" || e.Type == "application/x-pkcs7-mime":
		return r.opaque(e)
	case e.Type == "text/calendar" || e.Type == "application/ics":
		r.invite(e)
		return nil
	case e.Disposition == "attachment" || name != "" && (e.Disposition != "" || !r.first(e)):
		r.attach(e)
		return nil
	case e.Type == "text/plain":
		return []passage{{text: r.text(e)}}
	case e.Type == "text/html" || e.Type == "application/xhtml+xml":
		return []passage{{html: r.text(e)}}
	case e.Type == "text/enriched" || e.Type == "text/richtext" || e.Type == "text/markdown":
		return []passage{{text: r.text(e)}}
	}
	r.attach(e)
	return nil
}

// first says whether the text is the message itself, although it has a name:
// some programs name all their parts.
func (r *reader) first(e *entity.Entity) bool {
	if !strings.HasPrefix(e.Type, "text/") {
		return false
	}
	first := r.m.Root
	for len(first.Children) > 0 {
		first = first.Children[0]
	}
	return first == e
}

func (r *reader) text(e *entity.Entity) string {
	text, problems := e.Text()
	r.m.Problems = append(r.m.Problems, problems...)
	return text
}

func (r *reader) attach(e *entity.Entity) {
	data, problems := e.Content()
	r.m.Problems = append(r.m.Problems, problems...)
	f := File{Name: e.FileName(), Type: e.Type, ContentID: e.ContentID(), Data: data}
	if f.Name == "" && (f.Type == "message/rfc822" || f.Type == "message/global") {
		header, _ := entity.ReadHeader(data)
		f.Name = titled(header.Text("Subject"))
	}
	if f.Name == "" {
		f.Name = titled(entity.Decode(e.Header.Get("Content-Description")))
		if f.Type != "message/rfc822" && f.Type != "message/global" {
			f.Name = ""
		}
	}
	r.files = append(r.files, f)
}

func (r *reader) invite(e *entity.Entity) {
	text := r.text(e)
	if inv, ok := calendar.Read(text); ok {
		r.m.Invitations = append(r.m.Invitations, inv)
	}
	f := File{Name: e.FileName(), Type: "text/calendar", Data: []byte(text)}
	if f.Name == "" {
		f.Name = "invite.ics"
	}
	r.files = append(r.files, f)
}

// unpack shows what a winmail.dat holds; the packet itself if it cannot be read
// or holds nothing but a text that the message has anyway.
func (r *reader) unpack(e *entity.Entity) []passage {
	data, _ := e.Content()
	packed, err := tnef.Read(data)
	if err != nil || len(packed.Files) == 0 && packed.Text == "" && packed.HTML == "" {
		r.attach(e)
		return nil
	}
	for _, f := range packed.Files {
		if f.Type == "" {
			f.Type = "application/octet-stream"
		}
		r.files = append(r.files, File{Name: baseName(f.Name), Type: strings.ToLower(f.Type), ContentID: f.ContentID, Data: f.Data})
	}
	if r.first(e) || e == r.m.Root {
		return []passage{{text: packed.Text, html: packed.HTML}}
	}
	return nil
}

// opaque shows what is signed within its signature; the rest is encrypted.
func (r *reader) opaque(e *entity.Entity) []passage {
	data, _ := e.Content()
	content, err := cms.Content(data)
	if err != nil {
		if !strings.Contains(strings.ToLower(e.Params["smime-type"]), "certs") {
			r.m.Encrypted = SMIME
		}
		r.attach(e)
		return nil
	}
	r.m.Signed = SMIME
	inner, problems := entity.Read(content, entity.Limits{Parts: 200, Depth: 5})
	r.m.Problems = append(r.m.Problems, problems...)
	if inner.Type == "application/pkcs7-mime" || inner.Type == "application/x-pkcs7-mime" {
		r.m.Encrypted = SMIME
		r.attach(inner)
		return nil
	}
	return r.read(inner)
}
