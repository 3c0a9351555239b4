package channeltest

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// customers returns those who write.
func customers() []string { return []string{"alice", "bob", "carol"} }

// saidOnce: three customers at once; each message told twice.
func (s *stage) saidOnce() {
	const each = 4
	var all []Said
	for i := range each {
		for _, who := range customers() {
			all = append(all, Said{ID: fmt.Sprintf("%s-%d", who, i), From: who, Text: fmt.Sprintf("word-%s-%d.", who, i)})
		}
	}
	s.write(all...)
	s.came(len(all))
	s.write(all...)
	last := Said{ID: "last", From: "alice", Text: "word-last."}
	s.write(last)
	s.until("the last message comes", func() bool { _, n := find(s.messages(), last.Text); return n > 0 })
	if list := s.messages(); len(list) != len(all)+1 {
		s.Errorf("%d messages came of %d that were said", len(list), len(all)+1)
	}
	s.inOrder(all)
}

// inOrder wants each once, and those of one customer as they were said.
func (s *stage) inOrder(all []Said) {
	s.Helper()
	list := s.messages()
	at := make(map[string]int)
	for i, in := range list {
		at[in.ExternalID] = i
	}
	last := make(map[string]int)
	for _, said := range all {
		in, n := find(list, said.Text)
		if n != 1 {
			s.Errorf("%q came %d times", said.Text, n)
			continue
		}
		place := at[in.ExternalID] + 1
		if place < last[said.From] {
			s.Errorf("%q of %s came before what was said before it", said.Text, said.From)
		}
		last[said.From] = place
	}
}

// fiveFiles: somebody who was never there sends five files at the same moment.
func (s *stage) fiveFiles() {
	const files = 5
	var all []Said
	for i := range files {
		all = append(all, Said{ID: fmt.Sprintf("file-%d", i), From: "dora", Text: fmt.Sprintf("picture-%d.", i), File: picture(i)})
	}
	requests, err := s.far.Write(s.T, all...)
	s.need(err)
	var wg sync.WaitGroup
	for _, r := range requests {
		wg.Go(func() {
			if err := s.post(r); err != nil {
				s.Errorf("it does not take %s: %v", r.Name, err)
			}
		})
	}
	wg.Wait()
	list := s.came(files)
	if len(list) != files {
		s.Fatalf("%d messages came", len(list))
	}
	for i := range all {
		n := 0
		for _, in := range list {
			if s.holds(in, all[i].File) {
				n++
			}
		}
		if n != 1 {
			s.Errorf("the file %d came %d times", i, n)
		}
	}
	for _, in := range list {
		if in.Sender.ID != list[0].Sender.ID {
			s.Errorf("one customer came as %q and %q", list[0].Sender.ID, in.Sender.ID)
		}
		if in.Thread != list[0].Thread {
			s.Errorf("one talk came as %q and %q", list[0].Thread, in.Thread)
		}
	}
}

// holds reports whether a message brought a file, to the byte.
func (s *stage) holds(in channel.Inbound, file []byte) bool {
	s.Helper()
	const most = 10 << 20
	for _, a := range in.Content.Attachments {
		if a.Original {
			continue
		}
		data := s.host.File(a.BlobID)
		if a.BlobID == "" {
			var err error
			if data, _, err = s.plug.FetchFile(s.in.ID, a.Fetch, most); err != nil {
				s.Errorf("the file %q cannot be fetched: %v", a.Fetch, err)
			}
		}
		if bytes.Equal(data, file) {
			return true
		}
	}
	return false
}

// picture is a small PNG, another one for each n.
func picture(n int) []byte {
	const side = 8
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		img.Set(i%side, i/side, color.RGBA{R: uint8(40 * n), G: uint8(i), B: 90, A: 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // an image in memory
	}
	return out.Bytes()
}

func (s *stage) unknownKind() {
	s.write(Said{ID: "odd-1", From: "alice", Unknown: true})
	in := s.came(1)[0]
	if in.Content.Unsupported == nil || in.Content.Unsupported.Kind == "" {
		s.Errorf("a message of an unknown kind came as %+v; it must be Unsupported, with the far side's word for it", in.Content)
	}
}

func (s *stage) forged(how Forgery) {
	requests, err := s.far.Forge(s.T, how, Said{ID: "forged", From: "mallory", Text: "let me in"})
	s.need(err)
	for _, r := range requests {
		answer, err := s.receive(r)
		if err == nil {
			s.Errorf("%s is taken", r.Name)
			continue
		}
		if errs.As(err).Source != errs.Rejected || answer.Status < 400 || answer.Status > 499 {
			s.Errorf("%s is answered with %d: %v", r.Name, answer.Status, err)
		}
	}
	s.write(Said{ID: "good", From: "alice", Text: "word-good."})
	if list := s.came(1); len(list) != 1 {
		s.Errorf("beside the good message came %+v", list)
	}
}

// replayed: somebody who has seen good requests sends them again.
func (s *stage) replayed() {
	requests, err := s.far.Write(s.T, Said{ID: "seen", From: "alice", Text: "word-seen."})
	s.need(err)
	if len(requests) == 0 {
		s.Skip("not applicable: the channel comes for messages by itself")
	}
	for range 3 {
		for _, r := range requests {
			if _, err := s.receive(r); err != nil && errs.As(err).Source != errs.Rejected {
				s.Errorf("%s played again: %v", r.Name, err)
			}
		}
	}
	if n := len(s.host.Ingested()); n != 1 {
		s.Errorf("it came %d times", n)
	}
}

// killedListening kills the process again and again while customers write.
func (s *stage) killedListening() {
	const rounds, each = 6, 5
	var all []Said
	for round := range rounds {
		var now []Said
		for i := range each {
			for _, who := range customers() {
				n := round*each + i
				now = append(now, Said{ID: fmt.Sprintf("k-%s-%d", who, n), From: who, Text: fmt.Sprintf("kept-%s-%d.", who, n)})
			}
		}
		requests, err := s.far.Write(s.T, now...)
		s.need(err)
		all = append(all, now...)
		before := len(s.messages())
		dead := s.strike(s.random.IntN(len(now)), func() int { return len(s.messages()) - before })
		left := s.bringUntilDead(requests)
		<-dead
		s.host.Jump(time.Minute)
		s.start()
		for _, r := range left {
			if err := s.post(r); err != nil {
				s.Fatalf("it does not take %s: %v", r.Name, err)
			}
		}
	}
	if list := s.came(len(all)); len(list) != len(all) {
		s.Errorf("%d messages came of %d", len(list), len(all))
	}
	s.inOrder(all)
}

// strike kills the process in the middle of its work: a moment after so many
// steps of it are done.
func (s *stage) strike(after int, done func() int) (dead <-chan struct{}) {
	const step, patience = 200 * time.Microsecond, 5 * time.Second
	moment, p, out := time.Duration(s.random.IntN(4000))*time.Microsecond, s.plug, make(chan struct{})
	go func() {
		defer close(out)
		for end := time.Now().Add(patience); done() < after && time.Now().Before(end); time.Sleep(step) {
			continue
		}
		time.Sleep(moment)
		p.Kill()
	}()
	return out
}

// bringUntilDead posts requests until the process is gone, and returns those
// that it did not answer.
func (s *stage) bringUntilDead(requests []Request) []Request {
	for i, r := range requests {
		if _, err := s.receive(r); err != nil {
			if e, ok := errors.AsType[*errs.Error](err); ok && e.Source == errs.Rejected {
				s.Errorf("it refuses %s: %v", r.Name, err)
			}
			return requests[i:]
		}
	}
	return nil
}
