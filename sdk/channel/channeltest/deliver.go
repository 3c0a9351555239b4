package channeltest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// line is a Deliver stream with its books.
type line struct {
	*rig
	stream   pluginv1.ChannelService_DeliverClient
	credits  int
	inFlight map[string]*pluginv1.Outbound
	answered map[string]*pluginv1.Receipt
	last     map[string]uint64 // by conversation, the last seq answered
}

func (r *rig) deliver() *line {
	r.Helper()
	stream, err := r.Channel.Deliver(r.Ctx())
	if err != nil {
		r.Fatalf("Deliver: %v", err)
	}
	return &line{
		rig: r, stream: stream, inFlight: make(map[string]*pluginv1.Outbound),
		answered: make(map[string]*pluginv1.Receipt), last: make(map[string]uint64),
	}
}

// open waits for the first credits.
func (l *line) open() {
	l.Helper()
	if err := l.recv(); err != nil {
		l.Fatalf("no first response: %v", err)
	}
	if l.credits <= 0 {
		l.Fatal("the first response opens no window")
	}
}

// send hands over a batch, for which there must be credits.
func (l *line) send(items []*pluginv1.Outbound) {
	l.Helper()
	l.credits -= len(items)
	for _, item := range items {
		l.inFlight[item.GetId()] = item
	}
	if err := l.stream.Send(&pluginv1.DeliverRequest{Items: items}); err != nil {
		l.Fatalf("the stream broke: %v", err)
	}
}

// recv takes one response and checks it against the books.
func (l *line) recv() error {
	l.Helper()
	response, err := l.stream.Recv()
	if err != nil {
		return err
	}
	l.credits += int(response.GetCredits())
	for _, receipt := range response.GetItems() {
		item, ok := l.inFlight[receipt.GetId()]
		if !ok {
			l.Errorf("a receipt for %q, which is not in flight", receipt.GetId())
			continue
		}
		delete(l.inFlight, receipt.GetId())
		l.answered[receipt.GetId()] = receipt
		if item.GetSeq() < l.last[item.GetConversationId()] {
			l.Errorf("%s: %d is answered after %d", item.GetConversationId(), item.GetSeq(), l.last[item.GetConversationId()])
		}
		l.last[item.GetConversationId()] = item.GetSeq()
	}
	return nil
}

// all sends items as fast as credits allow and waits for every answer.
func (l *line) all(items []*pluginv1.Outbound) {
	l.Helper()
	for len(items) > 0 || len(l.inFlight) > 0 {
		if n := min(len(items), l.credits, pluginv1.MaxBatch); n > 0 {
			l.send(items[:n])
			items = items[n:]
			continue
		}
		if err := l.recv(); err != nil {
			l.Fatalf("the stream broke with %d items in flight: %v", len(l.inFlight), err)
		}
	}
}

// toEnd reads until the plugin ends the stream.
func (l *line) toEnd() {
	l.Helper()
	for {
		err := l.recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			l.Errorf("the stream ended badly: %v", err)
			return
		}
	}
}

func outbound(id, conversation string, seq int, text string) *pluginv1.Outbound {
	return &pluginv1.Outbound{
		Id: "dlv_" + id, InstanceId: conformance.InstanceID, ConversationId: conversation, Seq: uint64(seq), RecipientExternalId: "alice",
		Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: text}},
	}
}

func accepted(r *pluginv1.Receipt) bool {
	o := r.GetResult().GetOutcome()
	return o == pluginv1.Outcome_OUTCOME_ACCEPTED || o == pluginv1.Outcome_OUTCOME_DUPLICATE
}

func deliveries(r *rig) {
	const messages, conversations = 500, 20
	l := r.deliver()
	l.open()
	var items []*pluginv1.Outbound
	for i := range messages {
		conversation := i % conversations
		seq := i/conversations + 1
		items = append(items, outbound(strconv.Itoa(i), fmt.Sprintf("cnv_%d", conversation), seq, fmt.Sprintf("c%d m%d", conversation, seq)))
	}
	l.all(items)
	for _, item := range items {
		if receipt := l.answered[item.GetId()]; !accepted(receipt) {
			r.Fatalf("%s: %v", item.GetId(), receipt.GetResult())
		}
	}
	if broken := r.Host.Broken(); len(broken) > 0 {
		r.Errorf("rules broken: %q", broken)
	}
	if r.subject.Arrived == nil {
		return
	}
	last := make(map[int]int)
	arrived := r.subject.Arrived(hostView{r.Host})
	for _, text := range arrived {
		var conversation, seq int
		if _, err := fmt.Sscanf(text[max(strings.Index(text, "c"), 0):], "c%d m%d", &conversation, &seq); err != nil {
			r.Fatalf("arrived: %q", text)
		}
		if seq != last[conversation]+1 {
			r.Errorf("conversation %d: %d arrived after %d", conversation, seq, last[conversation])
		}
		last[conversation] = seq
	}
	if len(arrived) != messages {
		r.Errorf("%d of %d messages arrived", len(arrived), messages)
	}
}

func redelivery(r *rig) {
	l := r.deliver()
	l.open()
	item := outbound("twice", "cnv_1", 1, "twice")
	l.all([]*pluginv1.Outbound{item})
	again := outbound("twice", "cnv_1", 1, "twice")
	again.Attempt, again.Suspect = 1, true
	l.all([]*pluginv1.Outbound{again})
	if receipt := l.answered[item.GetId()]; !accepted(receipt) {
		r.Errorf("a delivery that comes again: %v", receipt.GetResult())
	}
}

func texts(r *rig) {
	l := r.deliver()
	l.open()
	limit := r.Manifest.Channel.TextLimit
	if limit == 0 {
		limit = 4000
	}
	all := conformance.Texts(limit)
	var items []*pluginv1.Outbound
	for i, text := range all {
		items = append(items, outbound(fmt.Sprintf("text-%d", i), fmt.Sprintf("cnv_%d", i), 1, text))
	}
	l.all(items)
	for i, item := range items {
		if o := l.answered[item.GetId()].GetResult().GetOutcome(); !accepted(l.answered[item.GetId()]) && o != pluginv1.Outcome_OUTCOME_REJECTED {
			r.Errorf("text %d is neither sent nor refused: %v", i, l.answered[item.GetId()].GetResult())
		}
	}
	if r.subject.Arrived == nil {
		return
	}
	arrived := r.subject.Arrived(hostView{r.Host})
	for i, text := range all {
		sent := accepted(l.answered[items[i].GetId()])
		if sent && !slices.ContainsFunc(arrived, func(a string) bool { return strings.Contains(a, text) }) {
			r.Errorf("text %d did not arrive as it was sent", i)
		}
	}
}

func unknownInstance(r *rig) {
	l := r.deliver()
	l.open()
	item := outbound("stranger", "cnv_1", 1, "who?")
	item.InstanceId = conformance.StrangerID
	l.all([]*pluginv1.Outbound{item})
	if o := l.answered[item.GetId()].GetResult().GetOutcome(); o != pluginv1.Outcome_OUTCOME_RETRY {
		r.Errorf("a delivery for an instance it was not told of: %v", o)
	}
}
