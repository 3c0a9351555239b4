package mediatest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Fixture is a store under test.
type Fixture struct {
	Store  media.Store
	Ledger media.Ledger
	// Workspace makes a new workspace.
	Workspace func(tb testing.TB) identity.WorkspaceID
	// Within runs a transaction of the conversation store; what it did is
	// there when it returns nil, and nothing of it when fn failed.
	Within func(ctx context.Context, workspace identity.WorkspaceID, fn func(ctx context.Context, tx media.Tx) error) error
	// Of returns what the messages at some places carry, as committed.
	Of func(ctx context.Context, workspace identity.WorkspaceID, places []media.Place) (map[media.Place][]media.Attachment, error)
}

// Run holds a store to the ports.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*world){
		"an upload advances from where it is":    advances,
		"finishing is done once":                 finishes,
		"a foreign one is absent":                foreign,
		"a message takes files once":             takes,
		"a channel brings files":                 brings,
		"a refusal changes nothing":              refusals,
		"a transaction that fails takes nothing": undone,
		"hold keeps from the sweep":              holds,
		"what expired is listed, taken never":    expires,
		"whole ones are listed in order":         wholes,
		"a named file is fetched once":           named,
		"a failed one is asked for again":        renewed,
		"a file is kept back until it is clean":  scanned,
	} {
		t.Run(name, func(t *testing.T) {
			f := fresh(t)
			w := &world{T: t, Fixture: f, ids: id.NewSource(time.Now), ws: f.Workspace(t)}
			w.me = media.Uploader{Kind: media.ByMember, ID: w.ids.New("mem")}
			test(w)
		})
	}
}

type world struct {
	*testing.T
	Fixture
	ids id.Source
	ws  identity.WorkspaceID
	me  media.Uploader
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) refused(err error, code string) {
	w.Helper()
	if e := errs.As(err); err == nil || e.Code != code {
		w.Fatalf("got %v, want %s", err, code)
	}
}

// begin stores an upload of four bytes.
func (w *world) begin() media.Upload {
	w.Helper()
	return w.begun(w.me)
}

// begun is begin by somebody.
func (w *world) begun(by media.Uploader) media.Upload {
	w.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	u := media.Upload{
		Attachment: media.Attachment{Workspace: w.ws, ID: media.ID(w.ids.New("att")), Name: "名 a.png", Size: 4, CreatedAt: now},
		By:         by, State: media.Uploading, ExpiresAt: now.Add(time.Hour),
	}
	w.ok(w.Store.Begin(w.Context(), u))
	return u
}

// ready stores a file that is whole.
func (w *world) ready() media.Attachment {
	w.Helper()
	u := w.begin()
	w.ok(w.Store.Advance(w.Context(), w.ws, u.ID, 0, 4))
	u.Type, u.Kind, u.Width, u.Height, u.Preview, u.SHA256 = "image/png", media.Image, 3, 2, "image/png", fmt.Sprintf("%064d", 7)
	u.Duration = 1500 * time.Millisecond
	w.ok(w.Store.Finish(w.Context(), u.Attachment, media.Due{}))
	return u.Attachment
}

func (w *world) take(by media.Uploader, to media.Place, ids ...media.ID) ([]media.Attachment, error) {
	var out []media.Attachment
	err := w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
		var err error
		out, err = tx.Take(ctx, by, ids, to)
		return err
	})
	return out, err
}

func (w *world) state(id media.ID) media.State {
	w.Helper()
	u, err := w.Store.Find(w.Context(), id)
	w.ok(err)
	return u.State
}

func unsigned(a media.Attachment) media.Attachment {
	a.Ticket = ""
	return a
}

func advances(w *world) {
	u := w.begin()
	got, err := w.Store.Upload(w.Context(), w.ws, u.ID)
	w.ok(err)
	if got.Attachment = unsigned(got.Attachment); got != u {
		w.Errorf("got %+v, want %+v", got, u)
	}
	w.ok(w.Store.Advance(w.Context(), w.ws, u.ID, 0, 3))
	w.refused(w.Store.Advance(w.Context(), w.ws, u.ID, 0, 3), "upload.moved")
	w.ok(w.Store.Advance(w.Context(), w.ws, u.ID, 3, 4))
	if got, err = w.Store.Find(w.Context(), u.ID); err != nil || got.Received != 4 || got.State != media.Uploading {
		w.Errorf("found %+v, %v", got, err)
	}
	w.refused(w.Store.Begin(w.Context(), media.Upload{Attachment: media.Attachment{Workspace: w.ws, ID: media.ID(w.ids.New("att")), Name: "a\x00b"}}), "storage.text")
}

func finishes(w *world) {
	a := w.ready()
	got, err := w.Store.Upload(w.Context(), w.ws, a.ID)
	w.ok(err)
	if got.State != media.Ready || unsigned(got.Attachment) != a {
		w.Errorf("got %+v, want %+v", got, a)
	}
	w.refused(w.Store.Finish(w.Context(), a, media.Due{}), "upload.moved")
	w.refused(w.Store.Advance(w.Context(), w.ws, a.ID, 4, 5), "upload.moved")
	gone, err := w.Store.Discard(w.Context(), w.ws, a.ID)
	if err != nil || !gone {
		w.Errorf("discard: %v, %v", gone, err)
	}
	if gone, err = w.Store.Discard(w.Context(), w.ws, a.ID); err != nil || gone {
		w.Errorf("discard again: %v, %v", gone, err)
	}
	_, err = w.Store.Find(w.Context(), a.ID)
	w.refused(err, "not_found")
}

func foreign(w *world) {
	u, other := w.begin(), w.Workspace(w)
	_, err := w.Store.Upload(w.Context(), other, u.ID)
	w.refused(err, "not_found")
	w.refused(w.Store.Advance(w.Context(), other, u.ID, 0, 4), "upload.moved")
	if gone, err := w.Store.Discard(w.Context(), other, u.ID); err != nil || gone {
		w.Errorf("discard: %v, %v", gone, err)
	}
	a := w.ready()
	err = w.Within(w.Context(), other, func(ctx context.Context, tx media.Tx) error {
		_, err := tx.Take(ctx, w.me, []media.ID{a.ID}, media.Place{Conversation: "cnv_1", Seq: 1})
		return err
	})
	w.refused(err, "attachment.unknown")
}

func takes(w *world) {
	a, b, c := w.ready(), w.ready(), w.ready()
	one, two := media.Place{Conversation: "cnv_1", Seq: 7}, media.Place{Conversation: "cnv_2", Seq: 7}
	got, err := w.take(w.me, one, b.ID, a.ID)
	w.ok(err)
	if len(got) != 2 || unsigned(got[0]) != b || unsigned(got[1]) != a {
		w.Errorf("took %+v", got)
	}
	_, err = w.take(w.me, two, c.ID, a.ID)
	w.refused(err, "attachment.taken")
	if w.state(c.ID) != media.Ready {
		w.Error("a refused message took a file")
	}
	_, err = w.take(w.me, two, c.ID)
	w.ok(err)
	all, err := w.Of(w.Context(), w.ws, []media.Place{two, one, {Conversation: "cnv_1", Seq: 8}})
	w.ok(err)
	if len(all) != 2 || len(all[one]) != 2 || all[one][0].ID != b.ID || all[one][1].ID != a.ID || len(all[two]) != 1 {
		w.Errorf("messages carry %+v", all)
	}
	if gone, err := w.Store.Discard(w.Context(), w.ws, a.ID); err != nil || gone {
		w.Errorf("a taken one was discarded: %v, %v", gone, err)
	}
	if got, err = w.take(w.me, two); err != nil || len(got) != 0 {
		w.Errorf("nothing: %v, %v", got, err)
	}
}

func brings(w *world) {
	var files []media.Brought
	for range media.MaxPerMessage + 1 {
		files = append(files, media.Brought{ID: w.ready().ID})
	}
	files[0].Role, files[1].ContentID = media.RoleOriginal, "徽标@far"
	to := media.Place{Conversation: "cnv_1", Seq: 9}
	bring := func(files ...media.Brought) (got []media.Attachment, err error) {
		err = w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
			got, err = tx.Bring(ctx, w.me, files, to)
			return err
		})
		return got, err
	}
	got, err := bring(files...)
	w.ok(err)
	all, err := w.Of(w.Context(), w.ws, []media.Place{to})
	w.ok(err)
	for i, f := range files {
		for _, a := range []media.Attachment{got[i], all[to][i]} {
			if a.ID != f.ID || a.Role != f.Role || a.ContentID != f.ContentID {
				w.Errorf("number %d is %+v, want %+v", i, a, f)
			}
		}
	}
	_, err = bring(files[0])
	w.refused(err, "attachment.taken")
	retire := func() {
		w.ok(w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error { return tx.Retire(ctx, to) }))
	}
	later := media.Brought{ID: w.ready().ID}
	retire()
	_, err = bring(later)
	w.ok(err)
	all, err = w.Of(w.Context(), w.ws, []media.Place{to})
	w.ok(err)
	if len(all[to]) != 1 || all[to][0].ID != later.ID {
		w.Errorf("with those before retired it carries %+v", all[to])
	}
	if got, err := w.Store.Upload(w.Context(), w.ws, files[0].ID); err != nil || got.Role != media.RoleEarlier || got.State != media.Taken {
		w.Errorf("a retired one is %+v, %v", got, err)
	}
	retire()
	if all, err = w.Of(w.Context(), w.ws, []media.Place{to}); err != nil || len(all) != 0 {
		w.Errorf("retired: %v, %v", all, err)
	}
	_, err = bring(make([]media.Brought, media.MaxBrought+1)...)
	w.refused(err, "attachment.too_many")
}

func refusals(w *world) {
	a, u := w.ready(), w.begin()
	somebody := media.Uploader{Kind: media.ByVisitor, ID: w.me.ID}
	to := media.Place{Conversation: "cnv_1", Seq: 1}
	var many []media.ID
	for range media.MaxPerMessage + 1 {
		many = append(many, media.ID(w.ids.New("att")))
	}
	for name, try := range map[string]struct {
		by   media.Uploader
		ids  []media.ID
		code string
	}{
		"absent":     {w.me, []media.ID{media.ID(w.ids.New("att"))}, "attachment.unknown"},
		"no id":      {w.me, []media.ID{"x\x00"}, "attachment.unknown"},
		"foreign":    {somebody, []media.ID{a.ID}, "attachment.unknown"},
		"unfinished": {w.me, []media.ID{a.ID, u.ID}, "attachment.unfinished"},
		"twice":      {w.me, []media.ID{a.ID, a.ID}, "attachment.twice"},
		"too many":   {w.me, many, "attachment.too_many"},
	} {
		if _, err := w.take(try.by, to, try.ids...); err == nil || errs.As(err).Code != try.code || len(errs.As(err).Fields) != 1 {
			w.Errorf("%s: %v", name, err)
		}
	}
	if w.state(a.ID) != media.Ready {
		w.Error("a refused message took a file")
	}
}

func undone(w *world) {
	a := w.ready()
	err := w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
		if _, err := tx.Take(ctx, w.me, []media.ID{a.ID}, media.Place{Conversation: "cnv_1", Seq: 1}); err != nil {
			return err
		}
		if _, err := tx.Take(ctx, w.me, []media.ID{a.ID}, media.Place{Conversation: "cnv_1", Seq: 2}); errs.As(err).Code != "attachment.taken" {
			w.Errorf("the same again in the transaction: %v", err)
		}
		return errs.New(errs.Conflict, "test.stop", "")
	})
	w.refused(err, "test.stop")
	if w.state(a.ID) != media.Ready {
		w.Error("the file was taken")
	}
}

func holds(w *world) {
	a := w.ready()
	later := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Millisecond)
	hold := func(by media.Uploader, until time.Time) error {
		return w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
			got, err := tx.Hold(ctx, by, []media.ID{a.ID}, until)
			if err == nil && (len(got) != 1 || got[0].ID != a.ID) {
				w.Errorf("held %+v", got)
			}
			return err
		})
	}
	w.ok(hold(w.me, later))
	w.ok(hold(w.me, later.Add(-time.Hour))) // never shortens
	w.refused(hold(media.Uploader{Kind: media.ByMember, ID: "mem_x"}, later), "attachment.unknown")
	if u, err := w.Store.Find(w.Context(), a.ID); err != nil || !u.ExpiresAt.Equal(later) {
		w.Errorf("until %v, %v", u.ExpiresAt, err)
	}
}

func expires(w *world) {
	a, b, c := w.begin(), w.ready(), w.ready()
	_, err := w.take(w.me, media.Place{Conversation: "cnv_1", Seq: 1}, c.ID)
	w.ok(err)
	list := func(at time.Time, limit int) []media.ID {
		refs, err := w.Ledger.Expired(w.Context(), at, limit)
		w.ok(err)
		var out []media.ID
		for _, r := range refs {
			if r.Workspace == w.ws {
				out = append(out, r.ID)
			}
		}
		return out
	}
	if got := list(time.Now(), 10); len(got) != 0 {
		w.Errorf("too early: %v", got)
	}
	got := list(time.Now().Add(2*time.Hour), 10)
	if len(got) != 2 || !slices.Contains(got, a.ID) || !slices.Contains(got, b.ID) {
		w.Errorf("expired: %v", got)
	}
	if got := list(time.Now().Add(2*time.Hour), 1); len(got) != 1 {
		w.Errorf("limited: %v", got)
	}
	for _, tt := range []struct {
		ws   identity.WorkspaceID
		id   media.ID
		at   time.Time
		gone bool
	}{
		{w.ws, a.ID, time.Now(), false},
		{"wsp_x", a.ID, time.Now().Add(2 * time.Hour), false},
		{w.ws, c.ID, time.Now().Add(2 * time.Hour), false}, // taken
		{w.ws, a.ID, time.Now().Add(2 * time.Hour), true},
		{w.ws, a.ID, time.Now().Add(2 * time.Hour), false},
	} {
		if gone, err := w.Ledger.Forfeit(w.Context(), media.Ref{Workspace: tt.ws, ID: tt.id}, tt.at); err != nil || gone != tt.gone {
			w.Errorf("forfeit %s of %s: %v, %v", tt.id, tt.ws, gone, err)
		}
	}
}

func wholes(w *world) {
	a, u, b := w.ready(), w.begin(), w.ready()
	first, last := min(a.ID, b.ID), max(a.ID, b.ID)
	all, err := w.Ledger.Whole(w.Context(), "", 10)
	w.ok(err)
	if len(all) != 2 || all[0].ID != first || all[1].ID != last {
		w.Errorf("whole: %+v", all)
	}
	all, err = w.Ledger.Whole(w.Context(), first, 10)
	if err != nil || len(all) != 1 || all[0].ID != last {
		w.Errorf("after the first: %+v, %v", all, err)
	}
	nobody := media.ID(w.ids.New("att"))
	known, err := w.Ledger.Known(w.Context(), []media.ID{a.ID, nobody, u.ID})
	if err != nil || !known[a.ID] || !known[u.ID] || known[nobody] {
		w.Errorf("known: %v, %v", known, err)
	}
	if known, err = w.Ledger.Known(w.Context(), nil); err != nil || len(known) != 0 {
		w.Errorf("none: %v, %v", known, err)
	}
}
