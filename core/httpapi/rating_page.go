package httpapi

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/limit"
	"github.com/patchbay-im/patchbay/core/survey"
)

const ratingPrefix = "/r/"

func ratingAnswers() limit.Rate { return limit.Rate{Every: 3 * time.Second, Burst: 20} }

//go:embed rating_page.html
var ratingHTML string

//go:embed rating_page.css
var ratingCSS string

// ratingWords are the texts of the page in one language.
type ratingWords struct {
	Lang, Title, Question, Comment, Send, Thanks, Given, Expired, Absent, Choose, TooLong string
	Scores                                                                                []string // of 5, 4, ...
}

// ratingWordsOf returns the texts in the first language that there are texts
// for; English when there is none.
func ratingWordsOf(tongues ...string) ratingWords {
	for _, tongue := range tongues {
		switch language := strings.ToLower(strings.TrimSpace(tongue)); {
		case strings.HasPrefix(language, "zh"):
			return ratingWordsChinese()
		case strings.HasPrefix(language, "en"):
			return ratingWordsEnglish()
		}
	}
	return ratingWordsEnglish()
}

func ratingWordsChinese() ratingWords {
	return ratingWords{
		Lang: "zh-CN", Title: "服务评价", Question: "您对这次服务满意吗？", Comment: "还有什么想说的？（选填）", Send: "提交",
		Thanks: "感谢您的评价！", Given: "您已经评价过这次服务，感谢！", Expired: "这个评价链接已经失效。", Absent: "没有这个评价链接。",
		Choose: "请选择一个评分。", TooLong: "文字请不要超过 1000 字。",
		Scores: []string{"非常满意", "满意", "一般", "不满意", "非常不满意"},
	}
}

func ratingWordsEnglish() ratingWords {
	return ratingWords{
		Lang: "en", Title: "Rate our help", Question: "How did we do?", Comment: "Anything to add? (optional)", Send: "Send",
		Thanks: "Thank you for your rating!", Given: "You have rated this conversation already. Thank you!",
		Expired: "This rating link is not open any more.", Absent: "There is no such rating link.",
		Choose: "Please choose a score.", TooLong: "Please write at most 1,000 characters.",
		Scores: []string{"Very good", "Good", "All right", "Poor", "Very poor"},
	}
}

// ratingView is what the template shows: a form, or a message.
type ratingView struct {
	ratingWords
	Style   template.CSS
	Action  string
	Message string
	Error   string
	Score   int // chosen before
	Written string
	Options []ratingOption
}

type ratingOption struct {
	Score   int
	Label   string
	Checked bool
}

// ratingPages serves the page behind a signed link. It works without a script
// and loads nothing.
func (s *Server) ratingPages() {
	p := &ratingPage{s: s, page: newPublicPage("rating", ratingHTML, ratingCSS)}
	s.get(ratingPrefix+":token", accessPublic, p.show)
	s.takes(ratingPrefix+":token", p.take)
}

type ratingPage struct {
	s    *Server
	page publicPage
}

// words are those of the language that the address asks for, or the customer's,
// the workspace's or the browser's.
func (p *ratingPage) words(c *fiber.Ctx, known []string) ratingWords {
	return ratingWordsOf(tongues(c, known)...)
}

// here is the address of the page, in the language that it was asked for.
func here(c *fiber.Ctx, thanks bool) string {
	query := url.Values{}
	if lang := c.Query("lang"); lang != "" {
		query.Set("lang", ratingWordsOf(lang).Lang)
	}
	if thanks {
		query.Set("thanks", "1")
	}
	return (&url.URL{Path: ratingPrefix + c.Params("token"), RawQuery: query.Encode()}).String()
}

func (p *ratingPage) show(c *fiber.Ctx) error {
	sheet, err := p.s.Surveys.Open(c.UserContext(), c.Params("token"))
	words := p.words(c, sheet.Tongues)
	switch {
	case errs.Is(err, errs.NotFound):
		return p.say(c, http.StatusNotFound, words, words.Absent)
	case err != nil:
		return err
	case sheet.State == survey.StateAsk:
		return p.ask(c, http.StatusOK, ratingView{ratingWords: words})
	case sheet.State == survey.StateGiven && c.Query("thanks") != "":
		return p.say(c, http.StatusOK, words, words.Thanks)
	case sheet.State == survey.StateGiven:
		return p.say(c, http.StatusOK, words, words.Given)
	default:
		return p.say(c, http.StatusGone, words, words.Expired)
	}
}

func (p *ratingPage) take(c *fiber.Ctx) error {
	if err := p.s.limits.Allow("rating", network(clientOf(c.UserContext()).Address), ratingAnswers()); err != nil {
		return err
	}
	token, comment := c.Params("token"), c.FormValue("comment")
	score, _ := strconv.Atoi(c.FormValue("score")) // 0 is refused below
	err := p.s.Surveys.AnswerLink(c.UserContext(), token, score, strings.TrimSpace(comment))
	if err == nil { // so that a reload does not send it again
		return c.Redirect(here(c, true), http.StatusSeeOther)
	}
	sheet, _ := p.s.Surveys.Open(c.UserContext(), token) // err says more
	words := p.words(c, sheet.Tongues)
	view := ratingView{ratingWords: words, Score: score, Written: comment}
	switch code := errs.As(err).Code; {
	case code == "rating.score":
		view.Error = words.Choose
		return p.ask(c, http.StatusUnprocessableEntity, view)
	case code == "rating.comment_too_long":
		view.Error = words.TooLong
		return p.ask(c, http.StatusUnprocessableEntity, view)
	case code == "rating.given":
		return p.say(c, http.StatusConflict, words, words.Given)
	case code == "rating.expired":
		return p.say(c, http.StatusGone, words, words.Expired)
	case errs.Is(err, errs.NotFound):
		return p.say(c, http.StatusNotFound, words, words.Absent)
	default:
		return err
	}
}

func (p *ratingPage) ask(c *fiber.Ctx, status int, v ratingView) error {
	v.Action = here(c, false)
	for i, label := range v.Scores {
		score := conversation.MaxScore - i
		v.Options = append(v.Options, ratingOption{Score: score, Label: label, Checked: score == v.Score})
	}
	return p.send(c, status, v)
}

func (p *ratingPage) say(c *fiber.Ctx, status int, words ratingWords, message string) error {
	return p.send(c, status, ratingView{ratingWords: words, Message: message})
}

func (p *ratingPage) send(c *fiber.Ctx, status int, v ratingView) error {
	v.Style = p.page.style
	if err := p.page.send(c, status, v); err != nil {
		return errs.Wrap(err, errs.Internal, "rating.page", "The page cannot be shown.")
	}
	return nil
}
