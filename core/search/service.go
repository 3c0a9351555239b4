package search

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Limits of a search.
const (
	MaxQuery  = 200 // characters
	fewThings = 5   // contacts, and as many conversations and tickets, beside the messages on the first page
	ranked    = 300 // contacts, conversations, tickets or comments that are compared and put in order
	step      = 200 // messages that are looked at together
	maxSteps  = 20  // steps of one page: what is beyond is for the next
)

// Filters tells which conversations a filter selects; view.Service does.
type Filters interface {
	Among(ctx context.Context, scope identity.Scope, raw json.RawMessage, ids []conversation.ID) (map[conversation.ID]bool, error)
}

// Service holds the use cases of searching. It is safe for concurrent use.
type Service struct {
	index   Index
	source  Source
	filters Filters
	now     func() time.Time
}

// NewService returns a Service.
func NewService(index Index, source Source, filters Filters, now func() time.Time) *Service {
	return &Service{index: index, source: source, filters: filters, now: now}
}

// Question is what somebody looks for.
type Question struct {
	Text   string
	Kind   Kind            // "" = all
	Filter json.RawMessage // of the conversations; with it neither contacts nor tickets are looked for
	Page   page.Request
}

// Item is something that was found.
type Item struct {
	Kind         Kind
	Conversation *conversation.Conversation // of a conversation, and of a message: where it is shown now
	Message      *conversation.Message
	Person       *Person
	Ticket       *ticket.Ticket
	Comment      *ticket.Comment // of a ticket: where it was found, unless in the ticket itself
	Highlights   []Highlight
	Score        float64 // the better the higher, within a page
}

// Answer is what was found.
type Answer struct {
	Items   []Item
	Next    string // cursor of the next page
	Through uint64 // the index knows the events up to this one
	Behind  bool   // there is more that it does not know yet
}

// Find answers a question: contacts, conversations and tickets by how well they
// match and how new they are, messages the newest first. Needs
// ConversationRead, and for contacts and tickets their own right to be read.
func (s *Service) Find(ctx context.Context, scope identity.Scope, q Question) (Answer, error) {
	if err := s.check(scope, &q); err != nil {
		return Answer{}, err
	}
	if q.Filter != nil { // what is wrong with it is said whatever is found
		if _, err := s.filters.Among(ctx, scope, q.Filter, nil); err != nil {
			return Answer{}, err
		}
	}
	f, err := s.finder(scope, q)
	if err != nil {
		return Answer{}, err
	}
	out := Answer{}
	head, err := s.source.Head(ctx, scope.Workspace)
	if err != nil {
		return Answer{}, err
	}
	pos, err := s.index.Position(ctx, scope.Workspace)
	if err != nil {
		return Answer{}, err
	}
	out.Through, out.Behind = pos.Feed, !pos.Ready || pos.Feed < head
	switch q.Kind {
	case Contact, Conversation, Ticket:
		out.Items, out.Next, err = f.things(ctx, q.Kind)
	default:
		out.Items, out.Next, err = f.messages(ctx)
	}
	slices.SortStableFunc(out.Items, func(a, b Item) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return out, err
}

func (s *Service) check(scope identity.Scope, q *Question) error {
	if err := scope.Require(identity.ConversationRead); err != nil {
		return err
	}
	if need, ok := q.Kind.needs(); ok {
		if err := scope.Require(need); err != nil {
			return err
		}
	}
	refuse := func(code, detail string) error {
		return errs.New(errs.Invalid, "search.query", detail).WithFields(errs.Field{Pointer: "q", Code: code, Detail: detail})
	}
	switch {
	case !utf8.ValidString(q.Text) || strings.ContainsRune(q.Text, 0):
		return refuse("characters", "The question holds characters that no text has.")
	case utf8.RuneCountInString(q.Text) > MaxQuery:
		return refuse("too_long", "A question has at most "+strconv.Itoa(MaxQuery)+" characters.")
	case len(ParseQuery(q.Text).Needs) == 0:
		return refuse("empty", "Ask for a word, a number or a character.")
	}
	switch q.Kind {
	case "", Conversation, Message, Contact, Ticket:
	default:
		return errs.New(errs.Invalid, "search.type", "type is all, conversations, messages, contacts or tickets.").
			WithFields(errs.Field{Pointer: "type", Code: "enum", Detail: "is none of them"})
	}
	return nil
}

// needs is what one must be allowed to, beside reading conversations.
func (k Kind) needs() (identity.Permission, bool) {
	switch k {
	case Contact:
		return identity.ContactRead, true
	case Ticket:
		return identity.TicketRead, true
	default:
		return "", false
	}
}

// finder is one question under way.
type finder struct {
	*Service
	scope  identity.Scope
	q      Question
	query  Query
	at     time.Time // when it was asked: what is new is so for all that is found
	cursor []string  // kind of place, then what it needs; nil = the start
}

func (s *Service) finder(scope identity.Scope, q Question) (*finder, error) {
	f := &finder{Service: s, scope: scope, q: q, query: ParseQuery(q.Text), at: s.now()}
	var err error
	f.cursor, err = page.Decode(q.Page.Cursor, 3)
	if err == nil && f.cursor != nil && (q.Kind == "" || q.Kind == Message) {
		_, err = f.after()
	}
	return f, err
}

// after is the message where a page begins.
func (f *finder) after() (*Hit, error) {
	if f.cursor == nil {
		return nil, nil //nolint:nilnil // the start
	}
	order, err := strconv.ParseInt(f.cursor[0], 10, 64)
	seq, wrong := strconv.ParseUint(f.cursor[2], 10, 63)
	if err != nil || wrong != nil || strings.ContainsRune(f.cursor[1], 0) {
		return nil, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
	}
	return &Hit{Order: order, ID: f.cursor[1], Seq: seq}, nil
}

// messages returns a page of messages, on the first page of all kinds after
// the best contacts, conversations and tickets.
func (f *finder) messages(ctx context.Context) ([]Item, string, error) {
	var out []Item
	if f.q.Kind == "" && f.cursor == nil {
		var err error
		if out, err = f.front(ctx); err != nil {
			return nil, "", err
		}
	}
	at, err := f.after()
	if err != nil {
		return nil, "", err
	}
	size := f.q.Page.Size()
	for range maxSteps {
		if len(out) >= size {
			break
		}
		hits, err := f.index.Find(ctx, f.scope.Workspace, Lookup{Kind: Message, Needs: f.query.Needs, After: at, Limit: step})
		if err != nil {
			return nil, "", err
		}
		found, err := f.read(ctx, hits)
		if err != nil {
			return nil, "", err
		}
		taken := take(hits, found, size, &out)
		if taken > 0 {
			at = &hits[taken-1]
		}
		if taken == len(hits) && len(hits) < step {
			return out, "", nil
		}
	}
	return out, cursorOf(at), nil
}

// take adds what was found to a page until it is full, and returns how many
// hits it has looked at.
func take(hits []Hit, found map[Key]Item, size int, out *[]Item) int {
	for i, h := range hits {
		if len(*out) >= size {
			return i
		}
		if item, ok := found[Key{Message, h.ID, h.Seq}]; ok {
			*out = append(*out, item)
		}
	}
	return len(hits)
}

// front returns the best contacts, conversations and tickets.
func (f *finder) front(ctx context.Context) ([]Item, error) {
	var out []Item
	for _, kind := range []Kind{Contact, Conversation, Ticket} {
		if need, ok := kind.needs(); ok && (f.q.Filter != nil || !f.scope.May(need)) {
			continue
		}
		best, err := f.best(ctx, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, best[:min(len(best), fewThings, f.q.Page.Size()-len(out))]...)
	}
	return out, nil
}

func cursorOf(h *Hit) string {
	if h == nil { // the page was full before the first message
		h = &Hit{Order: math.MaxInt64, ID: "~"}
	}
	return page.Encode(strconv.FormatInt(h.Order, 10), h.ID, strconv.FormatUint(h.Seq, 10))
}

// read loads what an index found and keeps what is true of it.
func (f *finder) read(ctx context.Context, hits []Hit) (map[Key]Item, error) {
	keys := make([]Key, len(hits))
	ids := make([]conversation.ID, len(hits))
	for i, h := range hits {
		keys[i], ids[i] = Key{Message, h.ID, h.Seq}, conversation.ID(h.ID)
	}
	messages, err := f.source.Messages(ctx, f.scope.Workspace, keys)
	if err != nil {
		return nil, err
	}
	shown, err := f.shown(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[Key]Item, len(messages))
	for key, m := range messages {
		c, ok := shown[m.Conversation]
		if !ok {
			continue
		}
		texts := []string{m.Text}
		for _, a := range m.Attachments {
			texts = append(texts, a.Name)
		}
		spans, ok := f.query.match(texts...)
		if !ok {
			continue
		}
		item := Item{Kind: Message, Conversation: &c, Message: &m, Score: f.score(1, m.CreatedAt)}
		for i, text := range texts {
			if len(spans[i]) > 0 {
				item.Highlights = append(item.Highlights, Highlight{fieldOf(i), parts(text, spans[i])})
			}
		}
		out[key] = item
	}
	return out, nil
}

func fieldOf(i int) string {
	if i == 0 {
		return "text"
	}
	return "attachment"
}

// shown returns the conversations that things of others are shown in, as far
// as the actor reaches them and the filter selects them: a merged one's in the
// one it was merged into, if both are reached.
func (f *finder) shown(ctx context.Context, ids []conversation.ID) (map[conversation.ID]conversation.Conversation, error) {
	slices.Sort(ids)
	found, err := f.source.Conversations(ctx, f.scope.Workspace, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	within := f.scope.Reach()
	drop := func(_ conversation.ID, c conversation.Conversation) bool { return !within.Covers(c.Held()) }
	maps.DeleteFunc(found, drop)
	var targets []conversation.ID
	for _, c := range found {
		if c.MergedInto != "" {
			targets = append(targets, c.MergedInto)
		}
	}
	if len(targets) > 0 {
		into, err := f.source.Conversations(ctx, f.scope.Workspace, targets)
		if err != nil {
			return nil, err
		}
		for id, c := range found {
			if target, ok := into[c.MergedInto]; ok && c.MergedInto != "" {
				found[id] = target
			}
		}
	}
	maps.DeleteFunc(found, drop)
	if f.q.Filter == nil {
		return found, nil
	}
	var asked []conversation.ID
	for _, c := range found {
		asked = append(asked, c.ID)
	}
	selected, err := f.filters.Among(ctx, f.scope, f.q.Filter, asked)
	for id, c := range found {
		if !selected[c.ID] {
			delete(found, id)
		}
	}
	return found, err
}

// score weighs how well something matches and how new it is.
func (f *finder) score(quality float64, at time.Time) float64 {
	const month = 30 * 24 * time.Hour
	age := max(f.at.Sub(at), 0)
	return math.Round((quality+1/(1+float64(age)/float64(month)))*1e6) / 1e6
}
