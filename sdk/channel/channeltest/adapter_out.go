package channeltest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// quiet is how long one waits for what must not arrive.
const quiet = 300 * time.Millisecond

// greeted is a customer who wrote, so that the channel may answer.
func (s *stage) greeted(who string) channel.Inbound {
	s.Helper()
	text := "hello-from-" + who + "."
	s.write(Said{ID: "hello-" + who, From: who, Text: text})
	s.until(who+" is heard", func() bool { _, n := find(s.messages(), text); return n > 0 })
	in, _ := find(s.messages(), text)
	return in
}

// answer is a message of ours for somebody who wrote.
func (s *stage) answer(to channel.Inbound, n int, text string) channel.SendRequest {
	return channel.SendRequest{
		Instance: s.in, DeliveryID: testhost.NewID("dlv"), ConversationID: "cnv_" + to.ExternalID, Seq: uint64(n) + 2,
		Recipient: to.Sender.ID, Content: s.content(to, text), Author: message.AuthorAgent, AuthorName: "Mia",
		Thread: to.Thread, References: []string{to.ExternalID},
	}
}

// content is a text, addressed where the channel has envelopes.
func (s *stage) content(to channel.Inbound, text string) message.Content {
	out := message.Text(text)
	if e := to.Content.Envelope; e != nil {
		back := e.ReplyTo
		if back.Address == "" {
			back = e.From
		}
		out.Envelope = &message.Envelope{Subject: "Re: " + e.Subject, To: []message.Party{back}}
	}
	return out
}

// times counts how often customers got a text.
func (s *stage) times(text string) int {
	s.Helper()
	n := 0
	for _, got := range s.far.Got(s.T) {
		if strings.Contains(got.Text, text) {
			n++
		}
	}
	return n
}

func (s *stage) sentOnce() {
	const each = 5
	var all []channel.SendRequest
	var wg sync.WaitGroup
	for _, who := range customers() {
		to := s.greeted(who)
		var mine []channel.SendRequest
		for i := range each {
			mine = append(mine, s.answer(to, i, fmt.Sprintf("answer-%s-%d.", who, i)))
		}
		all = append(all, mine...)
		wg.Go(func() {
			for _, req := range mine {
				s.sends(req)
			}
		})
	}
	wg.Wait()
	s.until("all answers arrive", func() bool { return len(s.far.Got(s.T)) >= len(all) })
	s.arrivedInOrder(all)
	again := all[0]
	again.Attempt, again.Suspect = 1, true
	if _, err := s.plug.Send(again); err != nil && errs.As(err).Source != errs.InDoubt {
		s.Errorf("what was perhaps sent is answered with: %v", err)
	}
	s.pause(quiet)
	s.arrivedInOrder(all)
}

// sends has one sent, as often as the channel asks for it.
func (s *stage) sends(req channel.SendRequest) {
	const attempts = 60
	for range attempts {
		_, err := s.plug.Send(req)
		if err == nil {
			return
		}
		e := errs.As(err)
		if e.Source != errs.FarSide {
			s.Errorf("%q is not sent: %v", req.Content.Text, err)
			return
		}
		req.Attempt++
		s.pause(min(max(e.RetryAfter, 50*time.Millisecond), 2*time.Second))
	}
	s.Errorf("%q is not sent after %d attempts", req.Content.Text, attempts)
}

// arrivedInOrder wants each once, and those of one conversation in order.
func (s *stage) arrivedInOrder(all []channel.SendRequest) {
	s.Helper()
	got := s.far.Got(s.T)
	last := make(map[string]uint64)
	seen := make(map[string]int)
	for _, g := range got {
		for _, req := range all {
			if !strings.Contains(g.Text, req.Content.Text) {
				continue
			}
			seen[req.Content.Text]++
			if g.To != req.Recipient {
				s.Errorf("%q went to %q, not to %q", req.Content.Text, g.To, req.Recipient)
			}
			if req.Seq < last[req.ConversationID] {
				s.Errorf("%q arrived after a later one", req.Content.Text)
			}
			last[req.ConversationID] = req.Seq
		}
	}
	for _, req := range all {
		if seen[req.Content.Text] != 1 {
			s.Errorf("%q arrived %d times", req.Content.Text, seen[req.Content.Text])
		}
	}
}

// troubled sends one into trouble and, where the channel asks for it, again when
// that is over. It may arrive once and no more, and not at all only where the
// channel says that nobody knows.
func (s *stage) troubled(how Behaviour) {
	to := s.greeted("alice")
	s.need(s.far.Behave(s.T, how))
	req := s.answer(to, 0, "troubled-0.")
	_, err := s.plug.Send(req)
	s.need(s.far.Behave(s.T, Well))
	if err == nil && how != Speechless {
		s.Fatal("it says that the far side has the message, which took nothing")
	}
	doubt := false
	if err != nil {
		e := errs.As(err)
		switch {
		case e.Source == errs.InDoubt && (how == Speechless || how == Absentee):
			doubt = true
		case e.Source != errs.FarSide:
			s.Fatalf("it is answered with: %v", err)
		case how == Busy && e.Code != errs.CodeRateLimited:
			s.Errorf("a far side that asks for a pause is told as %q", e.Code)
		default:
			req.Attempt, req.Suspect = 1, how == Speechless
			s.again(req, &doubt)
		}
	}
	if !doubt {
		s.until("it arrives", func() bool { return s.times("troubled-0.") > 0 })
	}
	s.pause(quiet)
	n := s.times("troubled-0.")
	if n > 1 || n == 0 && !doubt {
		s.Errorf("it arrived %d times; in doubt: %v", n, doubt)
	}
}

// again sends what was not sent, until it is or nobody knows.
func (s *stage) again(req channel.SendRequest, doubt *bool) {
	s.Helper()
	const attempts = 30
	for range attempts {
		_, err := s.plug.Send(req)
		if err == nil {
			return
		}
		e := errs.As(err)
		if e.Source == errs.InDoubt {
			*doubt = true
			return
		}
		if e.Source != errs.FarSide {
			s.Fatalf("again it is answered with: %v", err)
		}
		req.Attempt++
		s.pause(min(max(e.RetryAfter, 100*time.Millisecond), 2*time.Second))
	}
	s.Fatal("it never gets through")
}

func (s *stage) refused() {
	to := s.greeted("alice")
	s.need(s.far.Behave(s.T, Refusing))
	_, err := s.plug.Send(s.answer(to, 0, "refused-0."))
	if e := errs.As(err); err == nil || e.Source != errs.Rejected || e.Code == "" || e.Detail == "" {
		s.Errorf("what will never work is answered with: %v", err)
	}
	if n := s.times("refused-0."); n != 0 {
		s.Errorf("it arrived %d times", n)
	}
}

// killedSending kills the process again and again while it sends. What was
// under way comes again as the core does it: suspect.
func (s *stage) killedSending() {
	const rounds, each = 6, 4
	var to []channel.Inbound
	for _, who := range customers() {
		to = append(to, s.greeted(who))
	}
	sent, inDoubt := make(map[string]bool), 0
	var mu sync.Mutex
	for round := range rounds {
		var wg sync.WaitGroup
		var suspects []channel.SendRequest
		var begun atomic.Int64
		dead := s.strike(1+s.random.IntN(len(to)*each-1), func() int { return int(begun.Load()) })
		for _, customer := range to {
			wg.Go(func() {
				for i := range each {
					n := round*each + i
					req := s.answer(customer, n, fmt.Sprintf("kept-%s-%d.", customer.ExternalID, n))
					begun.Add(1)
					_, err := s.plug.Send(req)
					mu.Lock()
					if err == nil {
						sent[req.Content.Text] = true
					} else {
						req.Attempt, req.Suspect = 1, true
						suspects = append(suspects, req)
					}
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		<-dead
		s.host.Jump(time.Minute) // what a dead process claimed is free by then
		s.start()
		for _, req := range suspects {
			var doubt bool
			s.again(req, &doubt)
			sent[req.Content.Text] = !doubt
			if doubt {
				inDoubt++
			}
		}
	}
	s.pause(quiet)
	for text, yes := range sent {
		n := s.times(text)
		if n > 1 || yes && n != 1 {
			s.Errorf("%q arrived %d times; the channel says that it is sent: %v", text, n, yes)
		}
	}
	s.Logf("%d sent, %d in doubt after %d kills", len(sent)-inDoubt, inDoubt, rounds)
}
