package mediatest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
)

// name gives a message a file that its channel names.
func (w *world) name(by media.Uploader, at time.Time) (media.ID, media.Place) {
	w.Helper()
	a, to := media.ID(w.ids.New("att")), media.Place{Conversation: w.ids.New("cnv"), Seq: 2}
	w.ok(w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
		out, err := tx.Bring(ctx, by, []media.Brought{{ID: a, Role: media.RoleVoice, Fetch: media.Fetch{
			Reference: "file/7", Name: "v.amr", Type: "image/png", Size: 9, At: at, Until: at.Add(time.Hour),
		}}}, to)
		if err == nil && (len(out) != 1 || out[0].Arrival != media.Fetching || out[0].Role != media.RoleVoice) {
			w.Errorf("brought %+v", out)
		}
		return err
	}))
	return a, to
}

func (w *world) errands() media.Errands {
	w.Helper()
	e, ok := w.Store.(media.Errands)
	if !ok {
		w.Fatal("the store keeps no errands")
	}
	return e
}

func (w *world) claim(now time.Time, skip ...string) *media.Errand {
	w.Helper()
	e, err := w.errands().Claim(w.Context(), now, now.Add(time.Minute), skip)
	w.ok(err)
	return e
}

// settle settles an errand and reports whether it was held.
func (w *world) settle(e media.Errand, a media.Attachment, next ...media.Due) bool {
	w.Helper()
	held := false
	due := append(next, media.Due{})[0]
	w.ok(w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
		var err error
		var in media.Place
		in, held, err = tx.Settle(ctx, e, a, due)
		if held && e.State == media.Taken && in != e.In {
			w.Errorf("settled in %+v instead of %+v", in, e.In)
		}
		return err
	}))
	return held
}

// moment is a time that every store keeps as it is, long ago: no errand of
// another test is due then.
func moment() time.Time { return time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC) }

// named is a file of a channel: fetched by one at a time, settled once.
func named(w *world) {
	by := media.Uploader{Kind: media.ByPlugin, ID: w.ids.New("inb")}
	at := moment()
	a, to := w.name(by, at)
	if e := w.claim(at.Add(-time.Second)); e != nil {
		w.Errorf("claimed before it is due: %+v", e)
	}
	if e := w.claim(at, "inb_other", by.ID); e != nil {
		w.Errorf("claimed what is to be skipped: %+v", e)
	}
	w.ok(w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
		all, err := tx.Named(ctx, to)
		none, other := tx.Named(ctx, media.Place{Conversation: to.Conversation, Seq: to.Seq + 1})
		if !slices.Equal(all, []string{"file/7"}) || len(none) > 0 {
			w.Errorf("named %q and %q", all, none)
		}
		return errors.Join(err, other)
	}))
	e := w.claim(at, "inb_other")
	if e == nil || e.ID != a || e.By != by || e.In != to || e.Reference != "file/7" || e.Tries != 1 || !e.GiveUpAt.Equal(at.Add(time.Hour)) || e.Size != 9 || e.State != media.Taken {
		w.Fatalf("claimed %+v", e)
	}
	if again := w.claim(at.Add(time.Second)); again != nil {
		w.Error("claimed by two")
	}
	all, err := w.Ledger.Whole(w.Context(), "", 1000)
	w.ok(err)
	for _, x := range all {
		if x.ID == a {
			w.Error("what is not here counts as whole")
		}
	}
	lost := *e
	if ok, err := w.errands().Prolong(w.Context(), e, at.Add(2*time.Minute)); err != nil || !ok {
		w.Fatalf("prolonged: %v, %v", ok, err)
	}
	if ok, err := w.errands().Prolong(w.Context(), &lost, at.Add(3*time.Minute)); err != nil || ok {
		w.Errorf("a lost lease was prolonged: %v, %v", ok, err)
	}
	if w.settle(lost, lost.Attachment) {
		w.Error("settled by who does not hold it")
	}
	if after := w.claim(at.Add(2 * time.Minute)); after == nil || after.Tries != 2 {
		w.Fatalf("after the lease: %+v", after)
	} else {
		e = after
	}
	here := e.Attachment
	here.Arrival, here.Name, here.Type, here.Kind, here.Size, here.SHA256, here.Width, here.Height = media.Here, "p.png", "image/png", media.Image, 11, "ab", 3, 2
	if !w.settle(*e, here) || w.settle(*e, here) {
		w.Error("not settled once")
	}
	of, err := w.Of(w.Context(), w.ws, []media.Place{to})
	w.ok(err)
	if got := of[to]; len(got) != 1 || unsigned(got[0]) != unsigned(here) {
		w.Errorf("the message has %+v, want %+v", got, here)
	}
	if e := w.claim(at.Add(time.Hour)); e != nil {
		w.Errorf("claimed after it was settled: %+v", e)
	}
}

// renewed is a file that failed and is asked for again.
func renewed(w *world) {
	by := media.Uploader{Kind: media.ByPlugin, ID: w.ids.New("inb")}
	at := moment()
	a, to := w.name(by, at)
	renew := func() bool {
		done := false
		w.ok(w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
			var err error
			done, err = tx.Renew(ctx, a, media.Due{At: at.Add(time.Hour), Until: at.Add(2 * time.Hour)})
			return err
		}))
		return done
	}
	if renew() {
		w.Error("renewed while it is fetched")
	}
	e := w.claim(at)
	failed := e.Attachment
	failed.Arrival, failed.Trouble = media.Failed, media.Trouble{Code: "file.too_large", Detail: "The file is larger than this server takes."}
	if !w.settle(*e, failed) {
		w.Fatal("not settled")
	}
	of, err := w.Of(w.Context(), w.ws, []media.Place{to})
	w.ok(err)
	if got := of[to]; len(got) != 1 || unsigned(got[0]) != unsigned(failed) {
		w.Errorf("the message has %+v, want %+v", got, failed)
	}
	if !renew() || renew() {
		w.Error("not renewed once")
	}
	if e := w.claim(at.Add(time.Minute)); e != nil {
		w.Error("claimed before it is due")
	}
	if e := w.claim(at.Add(time.Hour)); e == nil || e.Tries != 1 || e.Arrival != media.Fetching || e.Trouble.Code != "" || !e.GiveUpAt.Equal(at.Add(2*time.Hour)) {
		w.Errorf("claimed %+v", e)
	}
}

// scanned is a file that a channel brought and that is kept back until it was
// scanned, before and after a message takes it.
func scanned(w *world) {
	by := media.Uploader{Kind: media.ByPlugin, ID: w.ids.New("inb")}
	at := moment()
	bring := func() media.Attachment {
		u := w.begun(by)
		u.Type, u.Kind, u.SHA256, u.Arrival = "text/plain", media.File, "ab", media.Scanning
		w.ok(w.Store.Finish(w.Context(), u.Attachment, media.Due{At: at, Until: at.Add(time.Hour)}))
		return u.Attachment
	}
	first, second := bring(), bring()
	take := func(a media.Attachment) media.Place {
		to := media.Place{Conversation: w.ids.New("cnv"), Seq: 2}
		w.ok(w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
			out, err := tx.Bring(ctx, by, []media.Brought{{ID: a.ID}}, to)
			if err == nil && (len(out) != 1 || out[0].Arrival != media.Scanning) {
				w.Errorf("brought %+v", out)
			}
			return err
		}))
		return to
	}
	to := take(first)
	whole, err := w.Ledger.Whole(w.Context(), "", 1000)
	w.ok(err)
	if n := len(slices.DeleteFunc(whole, func(a media.Attachment) bool { return a.ID != first.ID && a.ID != second.ID })); n != 2 {
		w.Errorf("%d of two files that are kept back count as whole", n)
	}
	for range 2 {
		e := w.claim(at)
		if e == nil || e.Arrival != media.Scanning || e.Tries != 1 || e.SHA256 != "ab" || !e.GiveUpAt.Equal(at.Add(time.Hour)) {
			w.Fatalf("claimed %+v", e)
		}
		now := e.Attachment
		if e.ID == first.ID {
			now.Arrival, now.Trouble = media.Infected, media.Trouble{Code: media.CodeInfected, Detail: "Eicar FOUND"}
			if !w.settle(*e, now) {
				w.Error("not settled")
			}
			continue
		}
		where := take(second) // while it is scanned
		now.Arrival, now.Trouble = media.Failed, media.Trouble{Code: media.CodeNotScanned, Detail: "no"}
		w.ok(w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
			in, held, err := tx.Settle(ctx, *e, now, media.Due{})
			if err == nil && (!held || in != where) {
				w.Errorf("settled %v in %+v, want %+v", held, in, where)
			}
			return err
		}))
	}
	of, err := w.Of(w.Context(), w.ws, []media.Place{to})
	w.ok(err)
	if got := of[to]; len(got) != 1 || got[0].Arrival != media.Infected || got[0].Trouble.Detail != "Eicar FOUND" {
		w.Errorf("the message has %+v", got)
	}
	renew := func(a media.Attachment) (done bool) {
		w.ok(w.Within(w.Context(), w.ws, func(ctx context.Context, tx media.Tx) error {
			var err error
			done, err = tx.Renew(ctx, a.ID, media.Due{At: at, Until: at.Add(time.Hour)})
			return err
		}))
		return done
	}
	if renew(first) || !renew(second) {
		w.Error("what is infected was renewed, or what was not scanned was not")
	}
	e := w.claim(at)
	if e == nil || e.ID != second.ID || e.Arrival != media.Scanning {
		w.Fatalf("renewed as %+v", e)
	}
	if !w.settle(*e, e.Attachment, media.Due{At: at.Add(time.Minute), Until: at.Add(2 * time.Minute)}) {
		w.Error("not settled")
	}
	next := w.claim(at.Add(time.Minute))
	if next == nil || next.ID != second.ID || next.Tries != 1 || !next.GiveUpAt.Equal(at.Add(2*time.Minute)) {
		w.Fatalf("what is done next is %+v", next)
	}
	clean := next.Attachment
	clean.Arrival = media.Here
	if !w.settle(*next, clean) || w.claim(at.Add(time.Hour)) != nil {
		w.Error("it goes on")
	}
}
