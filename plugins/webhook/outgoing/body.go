package outgoing

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// Words for what is posted, as "type" says.
const (
	actMessage, actEdit, actRecall, actTyping, actRead = "message", "edit", "recall", "typing", "read"
)

const typeJSON = "application/json"

// Word is what an act is called, as "type" says.
func Word(a channel.Act) string {
	switch a {
	case channel.Edit:
		return actEdit
	case channel.Recall:
		return actRecall
	default:
		return actMessage
	}
}

func (p Poster) takes(act string) bool { return slices.Contains(p.Acts, act) }

// file is a file with its bytes.
type file struct {
	message.Attachment
	bytes []byte
}

// files gets the bytes of the files of a message.
func (p Poster) files(ctx context.Context, all []message.Attachment) ([]file, error) {
	if len(all) > 0 && p.Files != FilesBase64 && p.Files != FilesMultipart {
		return nil, errs.Reject(CodeFiles, "The connected system takes no files.")
	}
	var sum int64
	var out []file
	for _, a := range all {
		if sum += a.Size; sum > p.MaxFile {
			return nil, errs.Reject(CodeFileSize, fmt.Sprintf("The connected system takes at most %d MB of files with a message.", p.MaxFile>>20))
		}
		data, err := p.Fetch(ctx, a)
		if err != nil {
			return nil, err
		}
		out = append(out, file{Attachment: a, bytes: data})
	}
	return out, nil
}

// scope is what a message has: the standard shape, and the names of templates.
func (p Poster) scope(req channel.SendRequest, files []file) map[string]any {
	listed := make([]any, len(files))
	for i, f := range files {
		one := map[string]any{"name": f.Filename, "media_type": f.MediaType, "size": f.Size}
		if p.Files == FilesBase64 {
			one["base64"] = base64.StdEncoding.EncodeToString(f.bytes)
		}
		listed[i] = one
	}
	out := map[string]any{
		"type": Word(req.Act), "id": req.DeliveryID, "conversation": req.ConversationID, "seq": int64(req.Seq), //nolint:gosec // it counts messages
		"recipient": req.Recipient, "thread": req.Thread, "reply_to": req.ReplyTo, "message": req.Target, "text": req.Content.Text, "html": req.Content.HTML,
		"author": map[string]any{"kind": req.Author.String(), "name": req.AuthorName}, "automatic": req.Automatic, "files": listed,
	}
	if use := req.Template; use != nil {
		values := make(map[string]any, len(use.Values))
		for name, value := range use.Values {
			values[name] = value
		}
		one := map[string]any{"id": use.ID, "values": values}
		if use.Language != "" {
			one["language"] = use.Language
		}
		out["template"] = one
	}
	return out
}

// Values begins the names of what fills a template of the far side:
// template.values.name.
const Values = "template.values."

// Names lists what a template may use.
func Names() []string {
	return []string{
		"type", "id", "conversation", "seq", "recipient", "thread", "reply_to", "message", "text", "html", "author.kind", "author.name", "automatic", "files",
		"template.id", "template.language", "template.values",
	}
}

func (p Poster) body(req channel.SendRequest, files []file) (body []byte, contentType string, err error) {
	encoded, err := p.encode(p.scope(req, files))
	if err != nil || p.Files != FilesMultipart || len(files) == 0 {
		return encoded, typeJSON, err
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := part(w, `form-data; name="message"`, typeJSON, encoded); err != nil {
		return nil, "", err
	}
	quoted := strings.NewReplacer("\\", "\\\\", `"`, "\\\"", "\r", " ", "\n", " ")
	for _, f := range files {
		if err := part(w, `form-data; name="file"; filename="`+quoted.Replace(f.Filename)+`"`, f.MediaType, f.bytes); err != nil {
			return nil, "", err
		}
	}
	return b.Bytes(), w.FormDataContentType(), w.Close()
}

func part(w *multipart.Writer, disposition, contentType string, data []byte) error {
	out, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {contentType}})
	if err == nil {
		_, err = out.Write(data)
	}
	return err
}

// encode writes the standard shape, without what is empty, or the template.
func (p Poster) encode(scope map[string]any) ([]byte, error) {
	for name, v := range scope {
		if list, ok := v.([]any); v == "" || ok && len(list) == 0 {
			delete(scope, name)
		}
	}
	value := any(scope)
	if p.Template != nil {
		var err error
		if value, _, err = p.Template.Value(expr.Scope(scope)); err != nil {
			return nil, errs.Reject(CodeTemplate, "The template of the inbox does not fit this message: "+err.Error()+".")
		}
	}
	return marshal(value)
}

// marshal leaves < and > as they are: nobody reads this as HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
