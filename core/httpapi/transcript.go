package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) transcriptRoutes() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath + "/{conversation}/transcript", Summary: "Download what was said", Tags: []string{"conversations"},
		Description: "Messages and what the customer did beside writing, the newest 20,000 or 8 MiB of text at most; with notes=true also notes. Files are named, not held.",
	},
		identity.ConversationRead, s.transcript)
	register(s, huma.Operation{
		Method: http.MethodGet, Path: livePath + "/transcript", Summary: "Download what was said, as a visitor", Tags: []string{"visitors"},
	},
		accessVisitor, s.visitorTranscript)
}

type transcriptInput struct {
	ConversationPath
	Format   string `query:"format" enum:"txt,html,json" default:"txt"`
	Notes    bool   `query:"notes" doc:"Whether notes are part of it."`
	Language string `header:"Accept-Language" doc:"Of the few words around the messages."`
}

// download is a file. It is never shown in our origin: browsers keep it, and
// if one opens it nothing in it may run or load.
type download struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

func (s *Server) transcript(ctx context.Context, scope identity.Scope, in *transcriptInput) (*download, error) {
	t, err := s.Conversations.Transcript(ctx, scope, in.id(), in.Notes)
	if err != nil {
		return nil, err
	}
	record := identity.Record(ctx, scope, "conversation.exported", event.Party{Kind: "conversation", ID: in.Conversation}).
		Say(map[string]any{"format": in.Format, "notes": in.Notes})
	if err := s.Audit.Keep(ctx, scope, record); err != nil {
		return nil, err
	}
	return s.downloadOf(t, in.Format, in.Language)
}

type visitorTranscriptInput struct {
	LivePathInput
	Format   string `query:"format" enum:"txt,html" default:"txt"`
	Language string `header:"Accept-Language"`
}

func (s *Server) visitorTranscript(ctx context.Context, in *visitorTranscriptInput) (*download, error) {
	v, err := s.formOf(ctx) // as rare as a form, and dearer than a message
	if err != nil {
		return nil, err
	}
	t, err := s.Conversations.VisitorTranscript(ctx, v)
	if err != nil {
		return nil, err
	}
	return s.downloadOf(t, in.Format, in.Language)
}

// downloadOf writes a transcript down.
func (s *Server) downloadOf(t conversation.Transcript, format, language string) (*download, error) {
	view := transcriptOf(t, wordsOf(language))
	out := &download{
		Disposition: fmt.Sprintf(`attachment; filename="conversation-%d.%s"`, t.Conversation.Number, format),
		Policy:      transcriptPolicy(),
	}
	var err error
	switch format {
	case "html":
		out.ContentType = "text/html; charset=utf-8"
		out.Body, err = view.html()
	case "json":
		out.ContentType = "application/json"
		out.Body, err = json.MarshalIndent(view, "", "  ")
	default:
		out.ContentType = "text/plain; charset=utf-8"
		out.Body = view.text()
	}
	return out, err
}

// transcriptWords are the few words around the messages.
type transcriptWords struct {
	Lang, Title, Customer, System, Note, Event, File, Answers, Edited, Recalled, Cut string
}

func wordsOf(language string) transcriptWords {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(language)), "zh") {
		return transcriptWords{
			Lang: "zh-CN", Title: "会话记录", Customer: "客户", System: "系统", Note: "内部备注", Event: "事件", File: "文件", Answers: "回复", Edited: "已编辑", Recalled: "消息已撤回",
			Cut: "更早的消息未列出。",
		}
	}
	return transcriptWords{
		Lang: "en", Title: "Conversation", Customer: "Customer", System: "System", Note: "internal note", Event: "event", File: "File", Answers: "In reply to", Edited: "edited", Recalled: "Message taken back",
		Cut: "Older messages are left out.",
	}
}

// transcriptView is a transcript as it is written down.
type transcriptView struct {
	Words   transcriptWords `json:"-"`
	Number  uint64          `json:"number"`
	Contact string          `json:"contact"`
	From    time.Time       `json:"from"`
	Cut     bool            `json:"cut"`
	Lines   []spokenLine    `json:"messages"`
}

// spokenLine is one message.
type spokenLine struct {
	At       time.Time    `json:"at"`
	By       string       `json:"by" doc:"contact, agent, system or plugin"`
	Name     string       `json:"name"`
	Note     bool         `json:"note,omitempty"`
	Event    bool         `json:"event,omitempty" doc:"The customer did it: nobody wrote the text."`
	Edited   bool         `json:"edited,omitempty"`
	Recalled bool         `json:"recalled,omitempty" doc:"Its sender took it back."`
	Text     string       `json:"text"`
	Files    []spokenFile `json:"files,omitempty"`
	Quote    *spokenQuote `json:"reply_to,omitempty"`
}

type spokenFile struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

type spokenQuote struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

func transcriptOf(t conversation.Transcript, w transcriptWords) transcriptView {
	out := transcriptView{
		Words: w, Number: t.Conversation.Number, From: wire.Stamp(t.Conversation.CreatedAt), Cut: t.Cut,
		Contact: oneLine(t.Conversation.ContactName, w.Customer), Lines: make([]spokenLine, 0, len(t.Messages)+len(t.Events)),
	}
	events := t.Events
	for _, m := range t.Messages {
		for len(events) > 0 && events[0].Seq < m.Seq {
			out.Lines, events = append(out.Lines, w.eventLine(events[0])), events[1:]
		}
		line := spokenLine{
			At: wire.Stamp(m.CreatedAt), By: string(m.Sender.Kind), Name: w.nameOf(m.Sender), Note: m.Kind == conversation.Note, Text: m.Whole(),
			Recalled: !m.RecalledAt.IsZero(), Edited: !m.EditedAt.IsZero() && m.RecalledAt.IsZero(),
		}
		for _, a := range m.Attachments {
			line.Files = append(line.Files, spokenFile{Name: oneLine(a.Name, w.File), Type: a.Type, Size: a.Size})
		}
		if q := m.ReplyTo; q != nil {
			line.Quote = &spokenQuote{Name: w.nameOf(q.Sender), Text: oneLine(q.Text, w.File)}
		}
		out.Lines = append(out.Lines, line)
	}
	for _, ch := range events {
		out.Lines = append(out.Lines, w.eventLine(ch))
	}
	return out
}

// eventLine is what the customer did beside writing.
func (w transcriptWords) eventLine(ch conversation.Change) spokenLine {
	return spokenLine{At: wire.Stamp(ch.At), By: string(ch.Actor.Kind), Name: w.nameOf(ch.Actor), Event: true, Text: oneLine(conversation.HappenedIn(ch).Text, w.Event)}
}

func (w transcriptWords) nameOf(a identity.Actor) string {
	if a.Kind == identity.ActorContact {
		return oneLine(a.Name, w.Customer)
	}
	return oneLine(a.Name, w.System)
}

// oneLine makes a name that cannot pass for something else: one line, and in
// the direction in which it stands. other stands for nothing.
func oneLine(name, other string) string {
	name = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\u061c' {
			return -1
		}
		return r
	}, name)), " ")
	if name == "" {
		return other
	}
	return name
}

// text writes plain text. Each message begins at the margin and goes on
// indented, so that no text can pass for another message.
func (t transcriptView) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s #%d · %s\n", t.Words.Title, t.Number, t.Contact)
	if t.Cut {
		fmt.Fprintf(&b, "%s\n", t.Words.Cut)
	}
	for _, line := range t.Lines {
		fmt.Fprintf(&b, "\n%s  %s", line.At.Format("2006-01-02 15:04:05 UTC"), line.Name)
		if line.Note {
			fmt.Fprintf(&b, " (%s)", t.Words.Note)
		}
		if line.Event {
			fmt.Fprintf(&b, " (%s)", t.Words.Event)
		}
		if line.Edited {
			fmt.Fprintf(&b, " (%s)", t.Words.Edited)
		}
		if line.Recalled {
			fmt.Fprintf(&b, " [%s]", t.Words.Recalled)
		}
		b.WriteString("\n")
		if line.Quote != nil {
			fmt.Fprintf(&b, "    > %s %s: %s\n", t.Words.Answers, line.Quote.Name, line.Quote.Text)
		}
		for part := range strings.SplitSeq(lineEnds().Replace(line.Text), "\n") {
			if part != "" || line.Text != "" {
				b.WriteString("    " + part + "\n")
			}
		}
		for _, f := range line.Files {
			fmt.Fprintf(&b, "    [%s: %s, %d B]\n", t.Words.File, f.Name, f.Size)
		}
	}
	return b.Bytes()
}

// lineEnds makes one sign of all at which a reader of text may begin a line:
// those of Unicode too (U+2028, U+2029).
func lineEnds() *strings.Replacer {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")
}
