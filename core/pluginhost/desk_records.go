package pluginhost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Records are the parts of the core that keep what people said and did. The
// services check the permissions of the plugin's scope, which has those alone
// that a method needs.
type Records struct {
	Conversations Conversations
	Contacts      Contacts
	Tickets       Tickets
	Labels        Labels
	Teams         Teams
}

// Conversations is what the host does with conversations; conversation.Service
// is one.
type Conversations interface {
	Get(ctx context.Context, scope identity.Scope, id conversation.ID) (conversation.Conversation, error)
	Timeline(ctx context.Context, scope identity.Scope, id conversation.ID, r conversation.Range) ([]conversation.Change, conversation.Conversation, error)
	Post(ctx context.Context, scope identity.Scope, p conversation.Post) (conversation.Posted, error)
	Bulk(ctx context.Context, scope identity.Scope, b conversation.Bulk) ([]conversation.Outcome, error)
	Transfer(ctx context.Context, scope identity.Scope, id conversation.ID, d conversation.Destination) (conversation.Conversation, error)
}

// Contacts is what the host does with contacts; contact.Service is one.
type Contacts interface {
	Get(ctx context.Context, scope identity.Scope, id contact.ID) (contact.Contact, []contact.Identity, error)
	List(ctx context.Context, scope identity.Scope, f contact.Filter, p page.Request) (page.Page[contact.Contact], error)
	Update(ctx context.Context, scope identity.Scope, id contact.ID, e contact.Edit) (contact.Contact, error)
}

// Tickets is what the host does with tickets; ticket.Service is one.
type Tickets interface {
	Get(ctx context.Context, scope identity.Scope, id ticket.ID) (ticket.Ticket, error)
	Types(ctx context.Context, scope identity.Scope) ([]ticket.Type, error)
	Create(ctx context.Context, scope identity.Scope, d ticket.Draft) (ticket.Ticket, error)
	Update(ctx context.Context, scope identity.Scope, id ticket.ID, p ticket.Patch) (ticket.Ticket, error)
	Comment(ctx context.Context, scope identity.Scope, p ticket.Post) (ticket.Posted, error)
}

// Labels knows a workspace's labels; catalog.Store is one.
type Labels interface {
	Labels(ctx context.Context, w identity.WorkspaceID) ([]catalog.Label, error)
}

// Teams knows a workspace's teams; team.Store is one.
type Teams interface {
	Teams(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[team.Team], error)
}

// acting is the plugin, for one instance, with these permissions alone. What it
// may see of the workspace is checked by the desks: an inbox sees its own.
func (d *desk) acting(i instance, permissions ...identity.Permission) identity.Scope {
	return d.scope(i).With(identity.Rights{Permissions: permissions, Reach: identity.Everywhere()})
}

// conversation returns one that the instance sees.
func (d *desk) conversation(ctx context.Context, i instance, id string) (conversation.Conversation, error) {
	c, err := d.ports.Desks.Records.Conversations.Get(ctx, d.acting(i, identity.ConversationRead), conversation.ID(id))
	if err == nil && i.Inbox != nil && c.Inbox != i.Inbox.ID {
		err = errs.Absent()
	}
	return c, err
}

// ticket returns one that the instance sees.
func (d *desk) ticket(ctx context.Context, i instance, id string) (ticket.Ticket, error) {
	t, err := d.ports.Desks.Records.Tickets.Get(ctx, d.acting(i, identity.TicketRead), ticket.ID(id))
	if err == nil && i.Inbox != nil && t.Inbox != i.Inbox.ID {
		err = errs.Absent()
	}
	return t, err
}

// contact returns one that the instance sees: an inbox sees those it knows.
func (d *desk) contact(ctx context.Context, i instance, id string) (contact.Contact, error) {
	c, known, err := d.ports.Desks.Records.Contacts.Get(ctx, d.acting(i, identity.ContactRead), contact.ID(id))
	if err == nil && i.Inbox != nil && !slices.ContainsFunc(known, func(k contact.Identity) bool { return k.Inbox == string(i.Inbox.ID) }) {
		err = errs.Absent()
	}
	return c, err
}

// write is a request that changes something.
type write interface {
	proto.Message
	GetInstanceId() string
	GetIdempotencyKey() string
}

// maxKey is how many bytes an idempotency key has at most.
const maxKey = 200

func checkKey(key string) error {
	if key == "" || len(key) > maxKey || !utf8.ValidString(key) {
		return errs.New(errs.Invalid, "idempotency.key", "idempotency_key must be text of 1 to 200 bytes.").
			WithFields(errs.Field{Pointer: "/idempotency_key", Code: "invalid", Detail: "must be text of 1 to 200 bytes"})
	}
	return nil
}

// keyed does a write once for its key: the same again gets the first answer,
// another request under the key is refused. See package idempotency for what
// holds when the server dies meanwhile.
func keyed[Req write, Res proto.Message](ctx context.Context, d *desk, method string, req Req, empty Res, do func(context.Context, instance) (Res, error)) (Res, error) {
	var none Res
	i, err := d.instance(ctx, req.GetInstanceId())
	if err != nil {
		return none, err
	}
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return none, d.refusal(ctx, err)
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return none, d.refusal(ctx, err)
	}
	once := d.ports.Desks.Once
	claim, before, err := once.Begin(ctx, idempotency.Key{
		Workspace: i.Workspace, Principal: "plugin:" + string(d.id) + "/" + i.ID, Name: short(req.GetIdempotencyKey()),
		Rights: short(strings.Join(i.Scopes, " ")),
	}, idempotency.HashOf(method, "", body))
	if err != nil {
		return none, d.refusal(ctx, err)
	}
	if before != nil {
		return empty, d.refusal(ctx, proto.Unmarshal(before.Body, empty))
	}
	answer, err := do(idempotency.With(ctx, claim), i)
	after := context.WithoutCancel(ctx) // the effect is there, whoever waits
	if err != nil {
		if left := once.Abandon(after, claim); left != nil {
			d.log.WarnContext(ctx, "the key of a failed request stays taken for a while", "method", method, "error", left)
		}
		return none, d.refusal(ctx, err)
	}
	if body, err = proto.Marshal(answer); err == nil {
		err = once.End(after, claim, idempotency.Answer{Status: http.StatusOK, MediaType: "application/protobuf", Body: body})
	}
	if err != nil {
		d.log.WarnContext(ctx, "the answer to a plugin was not kept; a repetition will be told so", "method", method, "error", err)
	}
	return answer, nil
}

// short is a text as a key of limited length: the same text, the same key.
func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// clientID is the id under which a message of a write is known for good, so
// that it is not written twice even when the key is forgotten in between.
func clientID(i instance, key, what string) string { return what + "_" + short(i.ID+"\x00"+key) }

// teamNamed finds a team by its id or name.
func (d *desk) teamNamed(ctx context.Context, w identity.WorkspaceID, named string) (team.ID, error) {
	cursor := ""
	for {
		found, err := d.ports.Desks.Records.Teams.Teams(ctx, w, page.Request{Cursor: cursor, Limit: page.MaxLimit})
		if err != nil {
			return "", err
		}
		for _, t := range found.Items {
			if string(t.ID) == named || strings.EqualFold(t.Name, named) {
				return t.ID, nil
			}
		}
		if cursor = found.Next; cursor == "" {
			return "", unknown("team", "there is no such team")
		}
	}
}

func unknown(field, detail string) error {
	return errs.New(errs.Invalid, "plugin.request", field+": "+detail+".").
		WithFields(errs.Field{Pointer: "/" + field, Code: "unknown", Detail: detail})
}

// joined returns the first error of several outcomes.
func joined(outcomes []conversation.Outcome, err error) error {
	all := []error{err}
	for _, o := range outcomes {
		all = append(all, o.Err)
	}
	return errors.Join(all...)
}
