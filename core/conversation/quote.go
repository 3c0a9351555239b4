package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// quote finds the message that is answered; nil for "". Nothing that a
// customer reads may quote a note: to them, and to whoever writes for them, a
// note is as absent as what does not exist.
func (s *Service) quote(ctx context.Context, w identity.WorkspaceID, in ID, id MessageID, private bool) (*Quote, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // nil is no quote
	}
	m, err := s.Reader.Message(ctx, w, in, id)
	switch {
	case errs.Is(err, errs.NotFound), err == nil && m.Kind == Note && !private:
		return nil, errQuote()
	case err != nil:
		return nil, err
	}
	return quoteOf(&m), nil
}

func errQuote() error {
	return errs.New(errs.Invalid, "message.reply_to", "The message you answer is not one of this conversation that the customer can see.").
		WithFields(errs.Field{Pointer: "/reply_to", Code: "unknown", Detail: "is not a message that can be quoted here"})
}
