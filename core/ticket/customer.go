package ticket

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// LinkTTL is how long a customer's link works.
const LinkTTL = 180 * 24 * time.Hour

// LinkPath is where the customer's page is, before the token.
const LinkPath = "/t/"

// CustomerLink returns the address of the customer's page and when it ends.
// Needs TicketWrite.
func (s *Service) CustomerLink(ctx context.Context, scope identity.Scope, id ID) (string, time.Time, error) {
	if err := scope.Require(identity.TicketWrite); err != nil {
		return "", time.Time{}, err
	}
	t, err := s.Get(ctx, scope, id)
	if err != nil {
		return "", time.Time{}, err
	}
	link, until := s.link(t)
	return link, until, nil
}

// RevokeLinks makes all links void that were given out for a ticket. Needs
// TicketWrite.
func (s *Service) RevokeLinks(ctx context.Context, scope identity.Scope, id ID) error {
	if err := scope.Require(identity.TicketWrite); err != nil {
		return err
	}
	_, err := s.change(ctx, scope, id, func(_ context.Context, _ Tx, _ Turn, t *Ticket) error {
		t.VoidLinks()
		return nil
	})
	return err
}

// link is the address of the customer's page.
func (s *Service) link(t Ticket) (string, time.Time) {
	until := s.Now().Add(LinkTTL).Truncate(time.Second)
	return s.BaseURL + LinkPath + s.token(t.ID, t.LinkEpoch, until), until
}

// token signs a ticket's id, the epoch of its links and their end: 128 bits,
// which nobody guesses.
func (s *Service) token(id ID, epoch uint64, until time.Time) string {
	claim := strings.TrimPrefix(string(id), "tkt_") + "." + strconv.FormatUint(epoch, 36) + "." + strconv.FormatInt(until.Unix(), 36)
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("patchbay ticket\x00" + claim))
	return claim + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// follow finds the ticket of a customer's link; errs.Absent when the link is not
// ours, too old or void.
func (s *Service) follow(ctx context.Context, token string) (Ticket, error) {
	const parts = 4
	claim := strings.Split(token, ".")
	if len(token) > 120 || len(claim) != parts {
		return Ticket{}, errs.Absent()
	}
	epoch, err := strconv.ParseUint(claim[1], 36, 64)
	seconds, err2 := strconv.ParseInt(claim[2], 36, 64)
	id, until := ID("tkt_"+claim[0]), time.Unix(seconds, 0)
	if err != nil || err2 != nil || !hmac.Equal([]byte(token), []byte(s.token(id, epoch, until))) || !s.Now().Before(until) {
		return Ticket{}, errs.Absent()
	}
	t, err := s.Reader.OfLink(ctx, id)
	if err == nil && t.LinkEpoch != epoch {
		err = errs.Absent()
	}
	return t, err
}

// Sheet is what a customer sees of their ticket.
type Sheet struct {
	Company string // whose customer it is
	Ticket  Ticket
	Type    Type
	Changes []Change // those that are public, the oldest first
	Cut     bool     // older ones were left out
	Tongues []string // in which it should be shown, the best first
}

// Open returns what a customer's link leads to, or errs.Absent.
func (s *Service) Open(ctx context.Context, token string) (Sheet, error) {
	t, err := s.follow(ctx, token)
	if err != nil {
		return Sheet{}, err
	}
	out := Sheet{Ticket: t}
	if out.Company, err = s.Houses.NameOf(ctx, t.Workspace); err != nil {
		return Sheet{}, err
	}
	if out.Tongues, err = s.tongues(ctx, t.Workspace, t.Contact); err != nil {
		return Sheet{}, err
	}
	const most = 200
	out.Changes, err = s.Reader.Timeline(ctx, t.Workspace, t.ID, conversation.Range{Public: true, Limit: most + 1})
	if err != nil {
		return Sheet{}, err
	}
	if len(out.Changes) > most {
		out.Changes, out.Cut = out.Changes[1:], true
	}
	types, err := s.Reader.Types(ctx, t.Workspace)
	if err != nil {
		return Sheet{}, err
	}
	out.Type, err = typeOf(types, t.Type)
	return out, err
}

// tongues are the languages for a customer, who may be nobody known.
func (s *Service) tongues(ctx context.Context, w identity.WorkspaceID, customer contact.ID) ([]string, error) {
	return s.Tongues.Tongues(ctx, w, customer)
}

// customer is the actor behind a link.
func (t *Ticket) customer() identity.Actor {
	return identity.Actor{Kind: identity.ActorContact, ID: string(t.Contact), Name: t.ContactName}
}

// bringer is who brings files by the links of a ticket: nobody else can give
// them to a comment, and to no other ticket's.
func (t *Ticket) bringer() media.Uploader {
	return media.Uploader{Kind: media.ByVisitor, ID: string(t.ID)}
}

// Bringer returns whom a customer's link lets bring files, and to what. Errors:
// errs.Absent as Open, ticket.closed when nothing can be written any more.
func (s *Service) Bringer(ctx context.Context, token string) (Ticket, media.Uploader, error) {
	t, err := s.follow(ctx, token)
	if err == nil && t.MergedInto == "" { // what was merged comes back when they write
		err = t.writable()
	}
	return t, t.bringer(), err
}

// File returns a file of the customer's page, or errs.Absent: what is on no
// public comment of the link's ticket is not there.
func (s *Service) File(ctx context.Context, token string, file media.ID) (media.Attachment, error) {
	sheet, err := s.Open(ctx, token)
	if err != nil {
		return media.Attachment{}, err
	}
	for _, ch := range sheet.Changes {
		if ch.Comment == nil || !ch.Comment.Public {
			continue
		}
		for _, a := range ch.Comment.Attachments {
			if a.ID == file {
				return a, nil
			}
		}
	}
	return media.Attachment{}, errs.Absent()
}

// Reply appends what the customer wrote on their page, with the files that they
// brought. It is idempotent by (ticket, client id). A merged ticket goes its own
// way again.
func (s *Service) Reply(ctx context.Context, token, clientID, text string, files []media.ID) error {
	t, err := s.follow(ctx, token)
	if err != nil {
		return err
	}
	p := Post{ClientID: clientID, Text: text, Public: true, Attachments: files}
	if err := p.check(); err != nil {
		return err
	}
	return s.Store.Within(ctx, t.Workspace, func(ctx context.Context, tx Tx) error {
		now, turn, err := s.forCustomer(ctx, tx, t)
		if err != nil {
			return err
		}
		before, err := tx.Sent(ctx, now.ID, turn.Actor.ID, clientID)
		if err != nil || before != nil {
			return err
		}
		if err := s.back(ctx, tx, turn, now); err != nil {
			return err
		}
		ch, err := now.Comment(turn, Written{ClientID: clientID, Text: text, Public: true})
		if err == nil {
			err = p.attach(ctx, tx, now.bringer(), now, ch)
		}
		if err != nil {
			return err
		}
		return tx.Save(ctx, now)
	})
}

// forCustomer loads the ticket of a link for change.
func (s *Service) forCustomer(ctx context.Context, tx Tx, t Ticket) (*Ticket, Turn, error) {
	now, err := tx.Ticket(ctx, t.ID)
	if err == nil && now.LinkEpoch != t.LinkEpoch {
		err = errs.Absent()
	}
	if err != nil {
		return nil, Turn{}, err
	}
	return now, Turn{Actor: now.customer(), At: s.Now(), IDs: s.ids}, nil
}

// back undoes the merge of a ticket whose customer writes again; of any other
// it is nothing.
func (s *Service) back(ctx context.Context, tx Tx, turn Turn, t *Ticket) error {
	if t.MergedInto == "" {
		return nil
	}
	target, err := tx.Ticket(ctx, t.MergedInto)
	if err != nil {
		return err
	}
	if err := t.Unmerge(turn, target); err != nil {
		return err
	}
	return tx.Save(ctx, target)
}

// RateLink takes the customer's rating; see Ticket.Rate for errors.
func (s *Service) RateLink(ctx context.Context, token string, score int, comment string) error {
	w := wrong{}
	if score < 1 || score > conversation.MaxScore {
		w.Refuse("/score", "range", "must be 1 to "+strconv.Itoa(conversation.MaxScore))
	}
	comment = w.Text("/comment", strings.TrimSpace(comment), conversation.MaxRatingComment, true)
	if err := w.Refused("ticket.rating", "The rating is not accepted."); err != nil {
		return err
	}
	t, err := s.follow(ctx, token)
	if err != nil {
		return err
	}
	return s.Store.Within(ctx, t.Workspace, func(ctx context.Context, tx Tx) error {
		now, turn, err := s.forCustomer(ctx, tx, t)
		if err != nil {
			return err
		}
		if err := now.Rate(turn, Rating{Score: score, Comment: comment}); err != nil {
			return err
		}
		return tx.Save(ctx, now)
	})
}

// notice is what the customer is told of a new ticket in the chat.
func (s *Service) notice(ctx context.Context, t Ticket, link string) string {
	tongues, err := s.tongues(ctx, t.Workspace, t.Contact)
	if err != nil {
		tongues = nil // in English, then
	}
	return Notice(tongues, Label(t.Number), link)
}

// Notice is the sentence that tells a customer of their ticket, in the first of
// the languages that there is one for.
func Notice(tongues []string, number, link string) string {
	texts := map[string]string{
		"zh": "已为您创建工单 {number}，您可以在这里查看进展并回复：{link}",
		"en": "We have opened request {number} for you. Follow it and reply here: {link}",
		"ja": "お問い合わせ {number} を受け付けました。状況の確認と返信はこちら：{link}",
		"ko": "문의 {number}이(가) 접수되었습니다. 진행 상황 확인과 답장은 여기에서 하세요: {link}",
		"de": "Wir haben die Anfrage {number} für Sie angelegt. Hier verfolgen und antworten: {link}",
		"fr": "Nous avons ouvert la demande {number} pour vous. Suivez-la et répondez ici : {link}",
		"es": "Hemos abierto la solicitud {number} para usted. Sígala y responda aquí: {link}",
		"pt": "Abrimos a solicitação {number} para você. Acompanhe e responda aqui: {link}",
		"ru": "Мы открыли для вас обращение {number}. Следить и отвечать можно здесь: {link}",
		"ar": "فتحنا لك الطلب {number}. يمكنك متابعته والرد هنا: {link}",
	}
	text := texts["en"]
	for _, tongue := range tongues {
		language, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tongue)), "-")
		if found, ok := texts[language]; ok {
			text = found
			break
		}
	}
	return strings.NewReplacer("{number}", number, "{link}", link).Replace(text)
}
