package importing

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/sheet"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Deps are the ports that imports work on.
type Deps struct {
	Store      Store
	Desk       Desk
	Attributes contact.Attributes
	Now        func() time.Time
}

// Service holds the use cases of imports. Work is done by its Run.
type Service struct {
	Deps
	ids  id.Source
	wake chan struct{}
}

// NewService returns a Service.
func NewService(d Deps) *Service {
	return &Service{Deps: d, ids: id.NewSource(d.Now), wake: make(chan struct{}, 1)}
}

// may reports why the actor does not import. An import is compared with every
// contact that there is, so it is for those who reach all of them.
func may(scope identity.Scope) error {
	if err := scope.Require(identity.ContactImport); err != nil {
		return err
	}
	if !scope.Reach().All() {
		return errs.New(errs.Forbidden, "forbidden", "An import is compared with every contact. Ask somebody whose role sees all of them.")
	}
	return nil
}

// Upload takes a table in and maps the columns whose headers say what they are.
func (s *Service) Upload(ctx context.Context, scope identity.Scope, file []byte) (Import, error) {
	if err := may(scope); err != nil {
		return Import{}, err
	}
	if len(file) > MaxFile {
		return Import{}, refused("too_large", "The file is larger than 20 MiB. Send it in parts.")
	}
	text, name, err := sheet.Decode(file)
	if err != nil {
		return Import{}, refused("encoding", "The file is neither UTF-8 nor GB18030. Save it as CSV UTF-8.")
	}
	now := s.Now()
	i := Import{
		Workspace: scope.Workspace, ID: ID(s.ids.New("imp")), State: Uploaded, Encoding: name, Delimiter: sheet.Delimiter(text),
		OnMatch: Update, Actor: scope.Actor, CreatedAt: now, UpdatedAt: now,
	}
	if err := i.survey(text); err != nil {
		return Import{}, err
	}
	defined, err := s.Attributes.Definitions(ctx, scope.Workspace)
	if err != nil {
		return Import{}, err
	}
	i.Mapping = Guess(i.Columns, defined)
	i.Match = bestMatch(i.Mapping)
	return i, s.Store.Create(ctx, i, text, s.changed(i))
}

func refused(code, detail string) error {
	return errs.New(errs.Invalid, "import."+code, detail)
}

// survey reads the whole table once: its header, some samples, how many rows.
func (i *Import) survey(text []byte) error {
	r := sheet.NewReader(bytes.NewReader(text), i.Delimiter)
	for {
		cells, _, err := r.Read()
		switch {
		case errors.Is(err, io.EOF) && r.Open(text) > 0:
			return refused("unreadable", "The file cannot be read as a table: the quote that begins in row "+strconv.Itoa(r.Open(text))+" is not closed.")
		case errors.Is(err, io.EOF) && i.Rows > 0:
			return nil
		case errors.Is(err, io.EOF):
			return refused("empty", "The file has no rows below its header.")
		case err != nil:
			return refused("unreadable", "The file cannot be read as a table: "+err.Error()+".")
		case i.Columns == nil:
			for n, header := range cells {
				i.Columns = append(i.Columns, Column{Index: n, Header: cut(storable(header), 100), Samples: []string{}})
			}
			continue
		}
		if i.Rows++; i.Rows > MaxRows {
			return refused("too_many_rows", "The file has more than 100,000 rows. Send it in parts.")
		}
		for n := range i.Columns {
			if n < len(cells) && cells[n] != "" && len(i.Columns[n].Samples) < Samples {
				i.Columns[n].Samples = append(i.Columns[n].Samples, cut(storable(cells[n]), 80))
			}
		}
	}
}

// storable drops what a table may hold and a database not.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", " "), "\uFFFD")
}

func cut(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}

// Get returns an import with its first errors.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id ID) (Import, []RowError, error) {
	if err := may(scope); err != nil {
		return Import{}, nil, err
	}
	i, err := s.Store.Import(ctx, scope.Workspace, id)
	if err != nil {
		return Import{}, nil, err
	}
	found, err := s.Store.Errors(ctx, scope.Workspace, id, Shown)
	return i, found, err
}

// List returns imports, the newest first.
func (s *Service) List(ctx context.Context, scope identity.Scope, p page.Request) (page.Page[Import], error) {
	if err := may(scope); err != nil {
		return page.Page[Import]{}, err
	}
	return s.Store.Imports(ctx, scope.Workspace, p)
}

// Plan is a change of what an import will do; nil fields stay.
type Plan struct {
	Mapping map[int]Field
	Match   *Match
	OnMatch *OnMatch
}

// Configure changes what an import will do, before it runs.
func (s *Service) Configure(ctx context.Context, scope identity.Scope, id ID, p Plan) (Import, error) {
	if err := may(scope); err != nil {
		return Import{}, err
	}
	defined, err := s.Attributes.Definitions(ctx, scope.Workspace)
	if err != nil {
		return Import{}, err
	}
	return s.change(ctx, scope, id, func(i *Import) error {
		if i.State != Uploaded && i.State != Checked {
			return errBusy()
		}
		if p.Mapping != nil {
			i.Mapping = make(map[int]Field, len(p.Mapping))
			for index, f := range p.Mapping {
				if f != "" {
					i.Mapping[index] = f
				}
			}
			i.Match = bestMatch(i.Mapping)
		}
		if p.Match != nil {
			i.Match = *p.Match
		}
		if p.OnMatch != nil {
			i.OnMatch = *p.OnMatch
		}
		i.restart(Uploaded)
		return i.checkMapping(defined)
	})
}

func errBusy() error {
	return errs.New(errs.Conflict, "import.busy", "This import is under way or done. Upload the file again to start over.")
}

// restart forgets what was found so far.
func (i *Import) restart(to State) {
	i.State, i.Position, i.Counts, i.Detail = to, 0, Counts{}, ""
}

// Check starts a dry run: it counts and finds errors, and writes nothing.
func (s *Service) Check(ctx context.Context, scope identity.Scope, id ID) (Import, error) {
	return s.start(ctx, scope, id, Checking)
}

// Run starts the import. Once it runs it is not stopped.
func (s *Service) Run(ctx context.Context, scope identity.Scope, id ID) (Import, error) {
	return s.start(ctx, scope, id, Running)
}

func (s *Service) start(ctx context.Context, scope identity.Scope, id ID, to State) (Import, error) {
	if err := may(scope); err != nil {
		return Import{}, err
	}
	defined, err := s.Attributes.Definitions(ctx, scope.Workspace)
	if err != nil {
		return Import{}, err
	}
	i, err := s.change(ctx, scope, id, func(i *Import) error {
		if i.State != Uploaded && i.State != Checked {
			return errBusy()
		}
		if err := i.checkMapping(defined); err != nil {
			return err
		}
		if len(i.Mapping) == 0 {
			return errs.New(errs.Invalid, "import.mapping", "Say what the columns mean first.").
				WithFields(errs.Field{Pointer: "/mapping", Code: "required", Detail: "maps no column"})
		}
		i.restart(to)
		return nil
	})
	if err == nil {
		s.Wake()
	}
	return i, err
}

func (s *Service) change(ctx context.Context, scope identity.Scope, id ID, fn func(*Import) error) (Import, error) {
	return s.Store.Change(ctx, scope.Workspace, id, func(i *Import) ([]event.Event, error) {
		if err := fn(i); err != nil {
			return nil, err
		}
		i.UpdatedAt = s.Now()
		changed := s.changed(*i)
		if i.State == Running { // what was only checked has changed nothing
			changed.Audit = identity.Record(ctx, scope, "contacts.imported", event.Party{Kind: "import", ID: string(i.ID)})
		}
		return []event.Event{changed}, nil
	})
}

func (s *Service) changed(i Import) event.Event {
	p := Progress{
		ID: i.ID, State: i.State, Created: i.Counts.Created, Updated: i.Counts.Updated, Skipped: i.Counts.Skipped, Failed: i.Counts.Failed,
	}
	if i.Actor.Kind == identity.ActorMember {
		p.CreatedBy = identity.MemberID(i.Actor.ID)
	}
	data, err := json.Marshal(p)
	if err != nil { // strings and numbers always marshal
		data = nil
	}
	return event.Event{ID: s.ids.New("chg"), Workspace: string(i.Workspace), Type: Changed, Subject: string(i.ID), At: s.Now(), Data: data}
}

// WriteErrors writes the kept errors as a table, in UTF-8 with a byte order
// mark, which spreadsheets ask for. No cell of it is a formula.
func (s *Service) WriteErrors(ctx context.Context, scope identity.Scope, id ID, to io.Writer) error {
	if _, _, err := s.Get(ctx, scope, id); err != nil {
		return err
	}
	found, err := s.Store.Errors(ctx, scope.Workspace, id, MaxErrors)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(to, "\xef\xbb\xbf"); err != nil {
		return err //nolint:wrapcheck // the writer's own
	}
	w := csv.NewWriter(to)
	rows := [][]string{{"row", "column", "value", "code", "detail"}}
	for _, e := range found {
		rows = append(rows, []string{strconv.Itoa(e.Row), sheet.Safe(e.Column), sheet.Safe(e.Value), e.Code, e.Detail})
	}
	return w.WriteAll(rows) //nolint:wrapcheck // as above
}
