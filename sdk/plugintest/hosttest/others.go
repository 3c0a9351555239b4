package hosttest

import (
	"slices"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/message"
)

func (s *suite) use(key, tool, args string) (string, error) {
	out, err := s.on(s.Connection).Tools.Call(s.Context(), host.CallRequest{Key: key, Tool: tool, Args: []byte(args)})
	return string(out), err
}

func tools(s *suite) {
	ctx := s.Context()
	all, err := s.on(s.Connection).Tools.List(ctx, "en")
	s.ok(err)
	i := slices.IndexFunc(all, func(t host.Tool) bool { return t.Name == Tool })
	j := slices.IndexFunc(all, func(t host.Tool) bool { return t.Name == Approved })
	if i < 0 || j < 0 || all[i].NeedsApproval || !all[j].NeedsApproval || len(all[i].ArgsSchema) == 0 || all[i].Title == "" {
		s.Fatalf("listed: %+v", all)
	}
	if out, err := s.use("x1", Tool, `{"id":"17"}`); err != nil || out != `{"id":"17"}` {
		s.Errorf("used: %s %v", out, err)
	}
	if out, err := s.use("x1", Tool, `{"id":"17"}`); err != nil || out != `{"id":"17"}` {
		s.Errorf("the same again: %s %v", out, err)
	}
	_, err = s.use("x1", Tool, `{"id":"18"}`)
	s.refused("other arguments under the key", err, "tool.key_reused")
	_, err = s.use("x2", Tool, `{"id":18}`)
	s.refused("arguments that the schema refuses", err, "tool.args")
	_, err = s.use("x3", Tool, ``)
	s.refused("no arguments", err, "tool.args")
	_, err = s.use("x4", "acme/shop:none", `{}`)
	s.refused("a tool that is not there", err, "not_found")
	_, err = s.use("", Tool, `{"id":"17"}`)
	s.refused("no key", err, "idempotency.key")
	_, err = s.use("x5", Tool, `{"id":"no"}`)
	s.refused("what the tool refuses", err, "unknown_order")
	_, err = s.use("x6", Tool, `{"id":"later"}`)
	s.later("what the tool cannot do now", err, "shop_closed")
	if errs.As(err).RetryAfter <= 0 {
		s.Errorf("it does not say when: %v", err)
	}
	_, err = s.on(s.Inbox).Tools.Call(ctx, host.CallRequest{Key: "x7", Tool: Tool, Args: []byte(`{"id":"17"}`), Conversation: s.Elsewhere})
	s.refused("about what the inbox does not see", err, "not_found")
}

func approvals(s *suite) {
	for key, agree := range map[string]bool{"yes": true, "no": false} {
		_, err := s.use(key, Approved, `{"id":"17"}`)
		s.later("before a person agreed", err, host.CodeApprovalPending)
		_, err = s.use(key, Approved, `{"id":"17"}`)
		s.later("and again", err, host.CodeApprovalPending)
		s.Decide(s.T, key, agree)
		out, err := s.use(key, Approved, `{"id":"17"}`)
		switch {
		case agree && (err != nil || out != `{"id":"17"}`):
			s.Errorf("agreed: %s %v", out, err)
		case !agree:
			s.refused("denied", err, "approval_denied")
		}
	}
}

func tokens(s *suite) {
	ctx, tk := s.Context(), s.on(s.Connection).Tokens
	for range 2 {
		if t, err := tk.Access(ctx, Pointer, ""); err != nil || t.Value != FirstToken {
			s.Errorf("the first: %v", err)
		}
	}
	if t, err := tk.Access(ctx, Pointer, FirstToken); err != nil || t.Value != NextToken {
		s.Errorf("after the far side refused it: %v", err)
	}
	if t, err := tk.Access(ctx, Pointer, FirstToken); err != nil || t.Value != NextToken {
		s.Errorf("who is late gets the next one too: %v", err)
	}
	_, err := tk.Access(ctx, Pointer, NextToken)
	s.later("after the last", err, errs.CodeAuthExpired)
	_, err = tk.Access(ctx, Pointer, "")
	s.later("and from then on", err, errs.CodeAuthExpired)
	_, err = tk.Access(ctx, Unsigned, "")
	s.later("where nobody signed in", err, errs.CodeAuthExpired)
	_, err = tk.Access(ctx, "/none", "")
	s.refused("what is no such field", err, "not_found")
}

// licenses of a plugin that needs none, and what one that is sold does without.
func licenses(s *suite) {
	e, err := s.on(s.Connection).Licenses.Entitlement(s.Context())
	s.ok(err)
	if e.State != host.EntitlementNone || e.Token != "" || len(e.Features) > 0 {
		s.Errorf("without a license: %+v", e)
	}
	ctx, paid := s.Context(), s.as(Process{Paid: true}, s.Connection)
	_, err = paid.Contacts.Get(ctx, s.Contact)
	s.ok(err)
	_, err = paid.State.Put(ctx, host.PutRequest{Key: "unlicensed"})
	s.ok(err)
	_, err = paid.Tickets.Create(ctx, host.NewTicket{Key: "unlicensed", Title: "x"})
	s.refused("a ticket", err, "license.missing")
	_, err = paid.Conversations.Send(ctx, host.SendRequest{Key: "unlicensed", Conversation: s.Conversation, Content: message.Text("x")})
	s.refused("a message", err, "license.missing")
	_, err = paid.Tools.List(ctx, "en")
	s.refused("tools", err, "license.missing")
}
