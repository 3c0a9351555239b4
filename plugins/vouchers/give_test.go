package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// stall is a plugin that runs, with codes in it.
type stall struct {
	t    *testing.T
	host *plugintest.Host
	*plugintest.Plugin
	in instance.Instance
}

func newStall(t *testing.T, run func(*plugintest.Host) *plugintest.Plugin) *stall {
	t.Helper()
	s := &stall{t: t, host: plugintest.NewHost(t, plugintest.Manifest(manifest))}
	s.in = s.host.Connect(instance.Instance{Config: json.RawMessage(shop), Locale: "en", TimeZone: "Asia/Shanghai"})
	s.Plugin = run(s.host)
	return s
}

func (s *stall) stock(campaign string, n int) {
	s.t.Helper()
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("%s-%03d", strings.ToUpper(campaign), i)
	}
	params, err := json.Marshal(map[string]any{"campaign": campaign, "lines": lines})
	if err != nil {
		s.t.Fatal(err)
	}
	if value := s.call("import", string(params)); !strings.Contains(value, fmt.Sprintf(`"added":%d`, n)) {
		s.t.Fatalf("import: %s", value)
	}
}

func (s *stall) call(method, params string) string {
	s.t.Helper()
	answer, err := s.Panel.CallPanel(s.t.Context(), &pluginv1.CallPanelRequest{
		InstanceId: s.in.ID, Method: method, Params: []byte(params),
		Context: &pluginv1.PanelContext{Panel: "settings", Slot: "settings.page", MemberId: "mem_9", Locale: "en", May: []string{"read", "write", "manage"}},
	})
	if err != nil || answer.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED {
		s.t.Fatalf("%s: %v %v", method, answer.GetResult(), err)
	}
	return string(answer.GetValue())
}

// press gives a voucher from the card of a customer.
func (s *stall) press(member, id, contact string) (*pluginv1.ActOnPanelResponse, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), plugintest.Patience)
	defer cancel()
	return s.Panel.ActOnPanel(ctx, &pluginv1.ActOnPanelRequest{
		InstanceId: s.in.ID, ActionId: id, Action: "give", Data: []byte(`{"campaign":"thanks","note":" sorry "}`),
		Context: &pluginv1.PanelContext{
			Panel: "customer", Slot: "conversation.sidebar", ContactId: contact, ConversationId: "cnv_of_" + contact, MemberId: member, MemberName: "Lin",
			Locale: "en", May: []string{"read", "write"},
		},
	})
}

// use has a tool used.
func (s *stall) use(id, name, args, conversation string) (string, error) {
	s.t.Helper()
	stream, err := s.Tool.InvokeTool(s.t.Context(), &pluginv1.InvokeToolRequest{
		InvocationId: id, InstanceId: s.in.ID, Tool: name, Args: []byte(args), ConversationId: conversation, CallerKind: "bot", CallerId: "pin_bot",
	})
	if err != nil {
		return "", err
	}
	for {
		got, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return "", io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		if done := got.GetCompleted(); done != nil {
			return string(done.GetOutput()) + done.GetResult().GetCode(), nil
		}
	}
}

// As a process, built once.
func TestGiving(t *testing.T) {
	program := plugintest.Build(t, ".")
	run := func(h *plugintest.Host) *plugintest.Plugin { return plugintest.Process(t, h, program) }
	t.Run("an agent gives", func(t *testing.T) { agentGives(t, newStall(t, run)) })
	t.Run("a bot asks", func(t *testing.T) { botAsks(t, newStall(t, run)) })
	t.Run("killed meanwhile", func(t *testing.T) { killed(t, newStall(t, run), run) })
}

// An agent gives a voucher, sees it, and is told in words why there is no second.
func agentGives(t *testing.T, s *stall) {
	t.Helper()
	s.stock("thanks", 3)
	first, err := s.press("mem_1", "act_1", "con_1")
	if err != nil || first.GetFailed() || !strings.Contains(first.GetInsertText(), "THANKS-000 (10 EUR)") {
		t.Fatalf("given: %v %v", first, err)
	}
	for _, part := range []string{"THANKS-000", "10 EUR · Thank you", "Lin", "sorry", "had a voucher today"} {
		if !strings.Contains(string(first.GetCard()), part) {
			t.Errorf("the card has no %q: %s", part, first.GetCard())
		}
	}
	again, err := s.press("mem_1", "act_1", "con_1")
	if err != nil || again.GetInsertText() != first.GetInsertText() {
		t.Errorf("the same press again: %v %v", again, err)
	}
	second, err := s.press("mem_2", "act_1", "con_1")
	if err != nil || !second.GetFailed() || !strings.Contains(second.GetMessage(), "had a voucher today. The next one may be given from") {
		t.Errorf("another member's press of the same name: %v %v", second, err)
	}
	if other, err := s.press("mem_2", "act_2", "con_2"); err != nil || !strings.Contains(other.GetInsertText(), "THANKS-001") {
		t.Errorf("another customer: %v %v", other, err)
	}
	if list := s.call("given", `{}`); strings.Count(list, `"code"`) != 2 || !strings.Contains(list, `"conversation":"cnv_of_con_1"`) {
		t.Errorf("the list: %s", list)
	}
	if sheet := s.call("csv", `{"search":"000"}`); !strings.Contains(sheet, `THANKS-000,thanks,10,EUR,`) || strings.Contains(sheet, "THANKS-001") {
		t.Errorf("csv: %s", sheet)
	}
	report, err := s.Panel.RenderPanel(t.Context(), &pluginv1.RenderPanelRequest{InstanceId: s.in.ID, Context: &pluginv1.PanelContext{Panel: "report", Slot: "report.page", Locale: "zh-CN"}})
	if err != nil || !strings.Contains(string(report.GetCard()), `"20 EUR"`) || !strings.Contains(string(report.GetCard()), "张数") {
		t.Errorf("the report: %s %v", report.GetCard(), err)
	}
}

// A bot asks for a voucher: for the customer of its conversation, once for each
// use, and without asking anybody only as far as the settings say.
func botAsks(t *testing.T, s *stall) {
	t.Helper()
	s.stock("thanks", 2)
	s.stock("sorry", 1)
	contact := s.host.AddContact(message.Contact{Name: "Ann"})
	conversation := s.host.AddConversation(host.Conversation{InboxID: "inb_shop", ContactID: contact})
	for _, step := range []struct{ id, tool, args, want string }{
		{"tci_0", "voucher_balance", `{}`, `"may_have":true`},
		{"tci_1", "give_small_voucher", `{"campaign":"sorry"}`, codeNeedsApproval},
		{"tci_2", "give_small_voucher", `{"campaign":"Thank you"}`, `"code":"THANKS-000"`},
		{"tci_2", "give_small_voucher", `{"campaign":"Thank you"}`, `"code":"THANKS-000"`},
		{"tci_5", "voucher_balance", `{}`, "had a voucher today"},
	} {
		if out, err := s.use(step.id, step.tool, step.args, conversation); err != nil || !strings.Contains(out, step.want) {
			t.Errorf("%v: %s %v", step, out, err)
		}
	}
	if out, err := s.use("tci_3", "give_voucher", `{"campaign":"sorry"}`, conversation); err != nil || !strings.Contains(out, codeHadOne) {
		t.Errorf("a second one: %s %v", out, err)
	}
	if out, err := s.use("tci_4", "give_voucher", `{"campaign":"sorry"}`, ""); err != nil || !strings.Contains(out, codeNoCustomer) {
		t.Errorf("for nobody: %s %v", out, err)
	}
	had, err := s.press("mem_1", "act_1", contact)
	if err != nil || !had.GetFailed() {
		t.Errorf("an agent does not see what the bot gave: %v %v", had, err)
	}
}

// The process is killed while vouchers are given, again and again. Each request
// is repeated until it is answered: every customer has one code, no code went to
// two, and none is lost.
func killed(t *testing.T, s *stall, run func(*plugintest.Host) *plugintest.Plugin) {
	t.Helper()
	const customers, kills = 60, 4
	end := time.Now().Add(2 * plugintest.Patience)
	s.stock("thanks", customers)
	var mu sync.Mutex
	got := make(map[string]string) // by code: contact
	next := make(chan int, customers)
	for i := range customers {
		next <- i
	}
	close(next)
	var running sync.RWMutex // whoever replaces the process writes
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range next {
				contact := fmt.Sprintf("con_%02d", i)
				for !t.Failed() && time.Now().Before(end) {
					running.RLock()
					answer, err := s.press("mem_1", "act_"+contact, contact)
					running.RUnlock()
					if err != nil {
						continue // the process is gone: again, with the one that takes its place
					}
					if answer.GetFailed() {
						t.Errorf("%s: %v %v", contact, answer, err)
						return
					}
					code, _, _ := strings.Cut(strings.TrimPrefix(answer.GetInsertText(), "Here is a voucher for you: "), " ")
					mu.Lock()
					if other, taken := got[code]; taken {
						t.Errorf("%s went to %s and %s", code, other, contact)
					}
					got[code] = contact
					mu.Unlock()
					break
				}
			}
		})
	}
	for n := 1; n <= kills; n++ {
		for deadline := time.Now().Add(plugintest.Patience); time.Now().Before(deadline) && !t.Failed(); time.Sleep(time.Millisecond) {
			mu.Lock()
			done := len(got) >= n*customers/(kills+1)
			mu.Unlock()
			if done {
				break
			}
		}
		s.Kill() // what is under way fails
		running.Lock()
		s.Plugin = run(s.host)
		running.Unlock()
	}
	wg.Wait()
	if len(got) != customers {
		t.Errorf("%d codes are with customers, want %d", len(got), customers)
	}
	if left := s.call("overview", `null`); !strings.Contains(left, fmt.Sprintf(`"free":0,"given":%d`, customers)) {
		t.Errorf("what is left: %s", left)
	}
}
