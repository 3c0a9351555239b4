package ticket

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// exportPage is how many tickets are read at once.
const exportPage = 200

// Export is tickets on their way into a file, a page at a time.
type Export struct {
	Types []Type                                      // all of the workspace
	Keys  []string                                    // of their custom fields, in order
	Next  func(ctx context.Context) ([]Ticket, error) // nil at the end
}

// Export returns the tickets that are asked for, the newest first. What is made
// meanwhile is not among them. Needs TicketExport.
func (s *Service) Export(ctx context.Context, scope identity.Scope, a Ask) (Export, error) {
	if err := scope.Require(identity.TicketExport); err != nil {
		return Export{}, err
	}
	a.Sort = ByCreation
	q, err := s.query(ctx, scope, a)
	if err != nil {
		return Export{}, err
	}
	out := Export{}
	if out.Types, err = s.Reader.Types(ctx, scope.Workspace); err != nil {
		return out, err
	}
	for _, t := range out.Types {
		for _, f := range t.Fields {
			if !slices.Contains(out.Keys, f.Key) {
				out.Keys = append(out.Keys, f.Key)
			}
		}
	}
	slices.Sort(out.Keys)
	cursor, done := "", false
	out.Next = func(ctx context.Context) ([]Ticket, error) {
		if done {
			return nil, nil
		}
		found, err := s.Reader.Find(ctx, scope.Workspace, q, page.Request{Limit: exportPage, Cursor: cursor})
		cursor, done = found.Next, found.Next == ""
		return found.Items, err
	}
	return out, nil
}
