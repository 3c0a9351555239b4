package httpapi

import (
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/limit"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/ticket"
)

func ticketReplies() limit.Rate { return limit.Rate{Every: 3 * time.Second, Burst: 20} }

//go:embed ticket_page.html
var ticketHTML string

//go:embed ticket_page.css
var ticketCSS string

//go:embed ticket_page.js
var ticketJS string

// ticketView is what the template shows: a ticket, or a message.
type ticketView struct {
	Words     ticketWords
	Lang, Dir string
	Style     template.CSS
	Script    template.JS
	MostFiles int // 0 = none can be added
	Message   string

	Company               string
	Number, Title, Status string
	Facts                 []ticketFact
	Cut                   bool
	Entries               []ticketEntry
	Notice, Error         string

	CanReply, CanRate bool
	Action, Query     string
	ClientID, Written string
	Scores            []ratingOption
	Thoughts          string
	Rated             string
}

// ticketFact is a field that customers see.
type ticketFact struct{ Name, Value string }

// ticketEntry is one thing that happened.
type ticketEntry struct {
	Class, By, Stamp, At string
	Text                 []textPiece
	Files                []ticketFile
}

// ticketFile is a file of a comment: its address is the ticket's own.
type ticketFile struct{ URL, Name, Size string }

// ticketPage serves the customer's page behind a signed link. It works without
// a script, but for adding files, which have to be cut in pieces, and for times
// of the reader's own clock; and it loads nothing.
type ticketPage struct {
	s    *Server
	html publicPage
	cut  cutter
}

func (s *Server) ticketPages() {
	p := &ticketPage{s: s, html: newPublicPage("ticket", ticketHTML, ticketCSS), cut: newCutter()}
	one := ticket.LinkPath + ":token"
	s.get(one, accessPublic, p.show)
	s.takes(one+"/comments", p.reply)
	s.takes(one+"/rating", p.rate)
	if s.Media != nil {
		s.takes(one+"/uploads", p.begin)
		s.routes = append(s.routes, route{http.MethodPatch, one + "/uploads/:upload", accessPublic})
		s.app.Patch(one+"/uploads/:upload", p.piece)
		s.get(one+"/files/:attachment", accessPublic, p.file)
	}
}

func (p *ticketPage) show(c *fiber.Ctx) error {
	return p.page(c, http.StatusOK, ticketView{})
}

func (p *ticketPage) reply(c *fiber.Ctx) error {
	if err := p.s.limits.Allow("ticket", network(clientOf(c.UserContext()).Address), ticketReplies()); err != nil {
		return err
	}
	text := strings.ReplaceAll(c.FormValue("text"), "\r\n", "\n")
	err := p.s.Tickets.Reply(c.UserContext(), c.Params("token"), c.FormValue("client_id"), text, filesIn(c))
	if err == nil { // so that a reload does not send it again
		return c.Redirect(p.here(c, "sent"), http.StatusSeeOther)
	}
	return p.refused(c, err, ticketView{Written: text})
}

func (p *ticketPage) rate(c *fiber.Ctx) error {
	if err := p.s.limits.Allow("ticket", network(clientOf(c.UserContext()).Address), ticketReplies()); err != nil {
		return err
	}
	score, _ := strconv.Atoi(c.FormValue("score")) // 0 is refused below
	comment := c.FormValue("comment")
	err := p.s.Tickets.RateLink(c.UserContext(), c.Params("token"), score, comment)
	if err == nil {
		return c.Redirect(p.here(c, "thanks"), http.StatusSeeOther)
	}
	return p.refused(c, err, ticketView{Thoughts: comment, Scores: []ratingOption{{Score: score}}})
}

// refused shows the page again, with what was written and what is wrong.
func (p *ticketPage) refused(c *fiber.Ctx, err error, v ticketView) error {
	e := errs.As(err)
	wrong := func(code string) bool {
		return slices.ContainsFunc(e.Fields, func(f errs.Field) bool { return f.Code == code })
	}
	words := p.words(c, nil)
	switch {
	case e.Kind == errs.NotFound:
		return p.page(c, http.StatusNotFound, v)
	case e.Code == "ticket.closed" || e.Code == "ticket.rated" || e.Code == "ticket.not_solved":
		return p.page(c, http.StatusConflict, v)
	case e.Kind != errs.Invalid:
		return err
	case strings.HasPrefix(e.Code, "attachment."):
		v.Error = words.NotSent
	case wrong("empty"):
		v.Error = words.Empty
	case wrong("range"):
		v.Error = words.Choose
	case wrong("too_long"):
		v.Error = words.TooLong
	default:
		v.Error = e.Message
	}
	return p.page(c, http.StatusUnprocessableEntity, v)
}

// words are those of the language that the address asks for, or the customer's,
// the workspace's or the browser's.
func (p *ticketPage) words(c *fiber.Ctx, known []string) ticketWords {
	return ticketWordsOf(tongues(c, known)...)
}

// query is the language of the address, which forms keep.
func (p *ticketPage) query(c *fiber.Ctx) url.Values {
	query := url.Values{}
	if lang := c.Query("lang"); lang != "" {
		query.Set("lang", ticketWordsOf(lang).Lang)
	}
	return query
}

// here is the address of the page after something was done.
func (p *ticketPage) here(c *fiber.Ctx, done string) string {
	query := p.query(c)
	query.Set("done", done)
	return (&url.URL{Path: ticket.LinkPath + c.Params("token"), RawQuery: query.Encode()}).String()
}

// page fills in what the view lacks and sends it.
func (p *ticketPage) page(c *fiber.Ctx, status int, v ticketView) error {
	sheet, err := p.s.Tickets.Open(c.UserContext(), c.Params("token"))
	words := p.words(c, sheet.Tongues)
	v.Words, v.Lang, v.Dir = words, words.Lang, "ltr"
	if words.Lang == "ar" {
		v.Dir = "rtl"
	}
	switch {
	case errs.Is(err, errs.NotFound):
		v.Message = words.Absent
		return p.send(c, http.StatusNotFound, v)
	case err != nil:
		return err
	}
	p.fill(c, &v, sheet)
	return p.send(c, status, v)
}

func (p *ticketPage) fill(c *fiber.Ctx, v *ticketView, sheet ticket.Sheet) {
	t, words := sheet.Ticket, v.Words
	v.Company, v.Script = sheet.Company, template.JS(ticketJS) //nolint:gosec // ours, and its hash is in the policy
	v.Number, v.Title, v.Status, v.Cut = ticket.Label(t.Number), t.Title, words.Statuses[string(t.Status)], sheet.Cut
	for _, f := range sheet.Type.Fields {
		if value := t.Fields[f.Key]; f.Public && value != nil {
			v.Facts = append(v.Facts, ticketFact{f.Name, fmt.Sprint(value)})
		}
	}
	for _, ch := range sheet.Changes {
		v.Entries = append(v.Entries, entryOf(ch, t, words, p.cut.pieces))
	}
	v.Action = ticket.LinkPath + c.Params("token")
	for i := range v.Entries {
		for j, f := range v.Entries[i].Files {
			v.Entries[i].Files[j].URL = v.Action + "/files/" + f.URL
		}
	}
	if query := p.query(c).Encode(); query != "" {
		v.Query = "?" + query
	}
	v.CanReply = t.Status != ticket.Closed || t.MergedInto != ""
	v.CanRate = t.AwaitsRating()
	if v.CanReply && p.s.takesFiles(c.UserContext(), t) {
		v.MostFiles = media.MaxPerMessage
	}
	v.ClientID = rand.Text()
	chosen := 0
	if len(v.Scores) > 0 {
		chosen, v.Scores = v.Scores[0].Score, nil
	}
	for i, label := range words.Scores {
		score := conversation.MaxScore - i
		v.Scores = append(v.Scores, ratingOption{Score: score, Label: label, Checked: score == chosen})
	}
	switch done := c.Query("done"); {
	case done == "sent":
		v.Notice = words.Sent
	case done == "thanks":
		v.Notice = words.Thanks
	case t.MergedInto != "":
		v.Notice = words.Merged
	case t.Status == ticket.Closed:
		v.Notice = words.Closed
	}
	if t.Rating != nil && !v.CanRate && t.Status.Done() {
		v.Rated = fmt.Sprintf("%s %d/%d", words.RatedLine, t.Rating.Score, conversation.MaxScore)
	}
}

// entryOf is a public change as the customer reads it. Colleagues are named as
// they are in a chat; who is not a person is the team.
func entryOf(ch ticket.Change, t ticket.Ticket, words ticketWords, pieces func(string) []textPiece) ticketEntry {
	e := ticketEntry{Class: "event", By: words.Team, Stamp: ch.At.UTC().Format(time.RFC3339), At: ch.At.UTC().Format("2006-01-02 15:04 UTC")}
	switch {
	case ch.Actor.Kind == identity.ActorContact:
		e.By = words.You
	case ch.Actor.Kind == identity.ActorMember && ch.Actor.Name != "":
		e.By = ch.Actor.Name
	}
	switch {
	case ch.Comment != nil:
		e.Class, e.Text = "theirs", pieces(ch.Comment.Text)
		for _, a := range ch.Comment.Attachments {
			e.Files = append(e.Files, ticketFile{URL: url.PathEscape(string(a.ID)), Name: a.Name, Size: media.InWords(a.Size)})
		}
		if ch.Actor.Kind == identity.ActorContact {
			e.Class = "mine"
		}
	case ch.Type == ticket.Created:
		e.Text = pieces(words.Opened)
		if t.CreatedBy.Kind == identity.ActorContact && t.Description != "" {
			e.Class, e.Text = "mine", pieces(t.Description)
		}
	case ch.Type == ticket.StatusChanged:
		e.Text = pieces(words.Moved + " " + words.Statuses[stringIn(ch.Data, "status")])
	case ch.Type == ticket.Merged:
		e.Text = pieces(words.Merged)
	case ch.Type == ticket.Rated:
		e.Text = pieces(words.RatedLine + " " + strconv.Itoa(scoreIn(ch.Data)) + "/" + strconv.Itoa(conversation.MaxScore))
	}
	return e
}

func stringIn(data []byte, key string) string {
	var m map[string]any
	_ = json.Unmarshal(data, &m) // we wrote it
	s, _ := m[key].(string)
	return s
}

func scoreIn(data []byte) int {
	var d struct{ Score int }
	_ = json.Unmarshal(data, &d) // as above
	return d.Score
}

func (p *ticketPage) send(c *fiber.Ctx, status int, v ticketView) error {
	v.Style = p.html.style
	if err := p.html.send(c, status, v); err != nil {
		return errs.Wrap(err, errs.Internal, "ticket.page", "The page cannot be shown.")
	}
	if v.Script != "" { // its one script may run, and send files here where they can be added
		sum := sha256.Sum256([]byte(ticketJS))
		policy := string(c.Response().Header.Peek(fiber.HeaderContentSecurityPolicy)) + "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if v.MostFiles > 0 {
			policy += "; connect-src 'self'"
		}
		c.Set(fiber.HeaderContentSecurityPolicy, policy)
	}
	return nil
}
