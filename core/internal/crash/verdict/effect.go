package verdict

import "strings"

// echoID is the far side's id of an echo: plugins/echo makes it of the delivery.
const echoID = "echo-"

// effects checks I6 on the echo channel: each delivery that was sent came back
// as exactly one message, and nothing else did.
func (r *Report) effects(s *Snapshot, messages map[key][]Message, e Evidence) {
	if s.Waiting > 0 {
		r.add(Effects, "%d webhook requests were accepted and are not processed", s.Waiting)
	}
	echoes := map[key]bool{}
	for _, d := range s.Deliveries {
		c := s.Conversations[d.Conversation]
		k := key{d.Conversation, c.Contact, echoID + d.ID}
		echoes[k] = true
		r.effect(s, d, e.EchoPrefix, messages[k])
	}
	for k := range messages {
		if strings.HasPrefix(k.clientID, echoID) && !echoes[k] {
			r.add(Effects, "%s came back in %s and was never sent", k.clientID, k.conversation)
		}
	}
}

func (r *Report) effect(s *Snapshot, d Delivery, prefix string, back []Message) {
	m := s.Conversations[d.Conversation].at(d.Seq)
	switch {
	case d.State != "sent":
		r.add(Effects, "delivery %s of %s is %s", d.ID, d.Conversation, d.State)
	case len(back) != 1:
		if len(back) > 1 {
			r.Duplicated += len(back) - 1
		}
		r.add(Effects, "delivery %s was sent and came back %d times", d.ID, len(back))
	case m.Delivery != "sent":
		r.add(Effects, "message %d of %s is %s, its delivery is sent", d.Seq, d.Conversation, m.Delivery)
	case back[0].Text != prefix+m.Text:
		r.add(Effects, "delivery %s of %q came back as %q", d.ID, m.Text, back[0].Text)
	}
	told := 0
	for _, ch := range s.Conversations[d.Conversation].Changes {
		if ch.Type == "message.delivery" && ch.MessageSeq == d.Seq {
			told++
		}
	}
	if d.State == "sent" && told != 1 {
		r.add(Effects, "delivery %s changed its message %d times", d.ID, told)
	}
}
