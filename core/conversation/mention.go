package conversation

import (
	"context"
	"fmt"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// MaxMentions is how many colleagues one note calls.
const MaxMentions = 50

// mentions finds the colleagues whom a note calls. All must be members who work here.
func (s *Service) mentions(ctx context.Context, scope identity.Scope, ids []identity.MemberID) ([]Mention, error) {
	ids = id.Once(ids)
	if len(ids) > MaxMentions {
		return nil, badMention("/mentions", "too_many", fmt.Sprintf("A note mentions at most %d colleagues.", MaxMentions))
	}
	var out []Mention
	for i, id := range ids {
		m, err := s.Members.Member(ctx, scope, id)
		switch {
		case errs.Is(err, errs.NotFound), errs.Is(err, errs.Conflict), errs.Is(err, errs.Invalid):
			return nil, badMention(fmt.Sprintf("/mentions/%d", i), "unknown", "A colleague you mention does not work here any more.")
		case err != nil:
			return nil, err
		}
		out = append(out, Mention{Member: m.ID, Name: m.Name})
	}
	return out, nil
}

func badMention(pointer, code, sentence string) error {
	return errs.New(errs.Invalid, "message.mentions", sentence).
		WithFields(errs.Field{Pointer: pointer, Code: code, Detail: sentence})
}
