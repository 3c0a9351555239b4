package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// request is one bad request and what it must be answered with.
type request struct {
	as     string // "owner", "visitor", "nobody"
	method string
	path   string
	header [2]string
	body   string
	status int
	code   string
	field  string // a pointer among the fields; "" = not looked at
}

func (s *site) party(as string) rig.API {
	switch as {
	case "owner":
		return s.owner.API
	case "visitor":
		return s.asVisitor()
	default:
		return rig.NewAPI(s.server.URL())
	}
}

// requests are against the visitor's and the owner's way of writing, and a
// few against the rest.
func (s *site) requests() map[string]request {
	const id = `"client_msg_id":"00000000-0000-7000-8000-00000000bad0"`
	send, post := s.messages(), s.owner.At("/conversations/"+s.chat+"/messages")
	long := strings.Repeat("字", 4001)
	return map[string]request{
		"malformed JSON":                {as: "visitor", path: send, body: `{"client_msg_id":`, status: 400, code: "request.malformed"},
		"malformed JSON of a member":    {as: "owner", path: post, body: `{]`, status: 400, code: "request.malformed"},
		"no body":                       {as: "visitor", path: send, body: ``, status: 400, code: "request.malformed"},
		"an array":                      {as: "visitor", path: send, body: `[1,2]`, status: 422, code: "request.invalid"},
		"a string":                      {as: "owner", path: post, body: `"hi"`, status: 422, code: "request.invalid"},
		"null":                          {as: "owner", path: post, body: `null`, status: 422, code: "request.invalid"},
		"an unknown field":              {as: "visitor", path: send, body: `{` + id + `,"text":"x","admin":true}`, status: 422, code: "request.invalid", field: "/admin"},
		"an unknown field of a member":  {as: "owner", path: post, body: `{` + id + `,"kind":"text","text":"x","seq":9}`, status: 422, code: "request.invalid", field: "/seq"},
		"a number for a text":           {as: "visitor", path: send, body: `{` + id + `,"text":7}`, status: 422, code: "request.invalid", field: "/text"},
		"an object for a text":          {as: "owner", path: post, body: `{` + id + `,"kind":"text","text":{}}`, status: 422, code: "request.invalid", field: "/text"},
		"an unknown kind":               {as: "owner", path: post, body: `{` + id + `,"kind":"shout","text":"x"}`, status: 422, code: "request.invalid", field: "/kind"},
		"no text":                       {as: "visitor", path: send, body: `{` + id + `}`, status: 422, code: "request.invalid"},
		"an empty text":                 {as: "visitor", path: send, body: `{` + id + `,"text":""}`, status: 422, field: "/text"},
		"blanks only":                   {as: "visitor", path: send, body: `{` + id + `,"text":" \n\t "}`, status: 422, code: "message.text_empty", field: "/text"},
		"NUL":                           {as: "visitor", path: send, body: `{` + id + `,"text":"a\u0000b"}`, status: 422, code: "message.text_control", field: "/text"},
		"NUL of a member":               {as: "owner", path: post, body: `{` + id + `,"kind":"note","text":"a\u0000b"}`, status: 422, code: "message.text_control", field: "/text"},
		"a raw NUL":                     {as: "visitor", path: send, body: "{" + id + ",\"text\":\"a\x00b\"}", status: 400, code: "request.malformed"},
		"broken UTF-8":                  {as: "visitor", path: send, body: "{" + id + ",\"text\":\"\xff\xfe\"}", status: 400, code: "request.encoding"},
		"half a character":              {as: "owner", path: post, body: "{" + id + ",\"kind\":\"text\",\"text\":\"\xe4\xbd\"}", status: 400, code: "request.encoding"},
		"a text too long":               {as: "visitor", path: send, body: `{` + id + `,"text":"` + long + `"}`, status: 422, code: "message.text_too_long", field: "/text"},
		"a body too large":              {as: "visitor", path: send, body: `{` + id + `,"text":"` + strings.Repeat("x", 300<<10) + `"}`, status: 413, code: "request.too_large"},
		"deep nesting":                  {as: "visitor", path: send, body: strings.Repeat(`{"text":`, 20_000), status: 400},
		"a bad id":                      {as: "visitor", path: send, body: `{"client_msg_id":"with blanks","text":"x"}`, status: 422, code: "message.client_id", field: "/client_msg_id"},
		"an id too long":                {as: "visitor", path: send, body: `{"client_msg_id":"` + strings.Repeat("a", 65) + `","text":"x"}`, status: 422, field: "/client_msg_id"},
		"an id that is used":            {as: "visitor", path: send, body: `{"client_msg_id":"00000000-0000-7000-8000-000000000001","text":"another text"}`, status: 422, code: "message.client_id_reused", field: "/client_msg_id"},
		"another media type":            {as: "visitor", path: send, header: [2]string{"Content-Type", "application/xml"}, body: `<a/>`, status: 415, code: "request.media_type"},
		"no token":                      {as: "nobody", path: send, body: `{` + id + `,"text":"x"}`, status: 401, code: "visitor.token_missing"},
		"a forged token":                {as: "nobody", path: send, header: [2]string{"Authorization", "Bearer " + s.visitor.SessionID + ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, body: `{` + id + `,"text":"x"}`, status: 401, code: "visitor.token_invalid"},
		"a token of nobody":             {as: "nobody", path: send, header: [2]string{"Authorization", "Bearer vis_01KB0000000000000000000000.x"}, body: `{` + id + `,"text":"x"}`, status: 401, code: "visitor.token_invalid"},
		"a token that is none":          {as: "nobody", path: send, header: [2]string{"Authorization", "Bearer ' OR 1=1 --"}, body: `{` + id + `,"text":"x"}`, status: 401, code: "visitor.token_invalid"},
		"a token too long":              {as: "nobody", path: send, header: [2]string{"Authorization", "Bearer " + strings.Repeat("a", 9000)}, body: `{` + id + `,"text":"x"}`, status: 401, code: "visitor.token_invalid"},
		"a member as a visitor":         {as: "owner", path: send, body: `{` + id + `,"text":"x"}`, status: 401, code: "visitor.token_missing"},
		"a visitor as a member":         {as: "visitor", path: post, body: `{` + id + `,"kind":"text","text":"x"}`, status: 401, code: "session.missing"},
		"a forged cookie":               {as: "nobody", path: post, header: [2]string{"Cookie", "patchbay_session=forged"}, body: `{` + id + `,"kind":"text","text":"x"}`, status: 401},
		"another site as a member":      {as: "owner", path: post, header: [2]string{"Origin", "https://evil.example"}, body: `{` + id + `,"kind":"text","text":"x"}`, status: 403, code: "request.cross_site"},
		"another site, as browsers say": {as: "owner", path: post, header: [2]string{"Sec-Fetch-Site", "cross-site"}, body: `{` + id + `,"kind":"text","text":"x"}`, status: 403, code: "request.cross_site"},
		"another site as a visitor":     {as: "visitor", path: send, header: [2]string{"Origin", "https://evil.example"}, body: `{` + id + `,"text":"x"}`, status: 403, code: "request.cross_site"},
		"the origin null":               {as: "owner", path: post, header: [2]string{"Origin", "null"}, body: `{` + id + `,"kind":"text","text":"x"}`, status: 403, code: "request.cross_site"},
		"a conversation of nobody":      {as: "owner", path: s.owner.At("/conversations/cnv_01KB0000000000000000000000/messages"), body: `{` + id + `,"kind":"text","text":"x"}`, status: 404, code: "not_found"},
		"a workspace of nobody":         {as: "owner", path: rig.Prefix + "/workspaces/wsp_01KB0000000000000000000000/conversations/" + s.chat + "/messages", body: `{` + id + `,"kind":"text","text":"x"}`, status: 404, code: "not_found"},
		"a NUL in an address":           {as: "owner", path: s.owner.At("/conversations/cnv_%00/messages"), body: `{` + id + `,"kind":"text","text":"x"}`, status: 404, code: "not_found"},
		"broken UTF-8 in an address":    {as: "owner", path: s.owner.At("/conversations/%ff%fe/messages"), body: `{` + id + `,"kind":"text","text":"x"}`, status: 404, code: "not_found"},
		"a way up":                      {as: "nobody", method: http.MethodGet, path: "/w/" + s.live.ID + "/..%2f..%2fplugin.json", status: 404, code: "not_found"},
		"an inbox of nobody":            {as: "nobody", path: rig.Prefix + "/live/inb_01KB0000000000000000000000/sessions", body: `{}`, status: 404, code: "not_found"},
		"a session too long":            {as: "nobody", path: rig.Prefix + "/live/" + s.live.ID + "/sessions", body: `{"page_url":"` + strings.Repeat("x", 3000) + `"}`, status: 422, code: "request.invalid", field: "/page_url"},
		"a resumed session with NUL":    {as: "nobody", path: rig.Prefix + "/live/" + s.live.ID + "/sessions", body: `{"token":"\u0000.\u0000","page_title":"a\u0000b"}`, status: 201},
		"a cursor that is none":         {as: "owner", method: http.MethodGet, path: s.owner.At("/conversations?cursor=%00xx"), status: 422},
		"a limit that is none":          {as: "owner", method: http.MethodGet, path: s.owner.At("/conversations?limit=all"), status: 422, code: "request.invalid"},
		"a limit too high":              {as: "owner", method: http.MethodGet, path: s.owner.At("/conversations?limit=100000"), status: 422, code: "request.invalid"},
		"a negative seq":                {as: "owner", method: http.MethodGet, path: s.owner.At("/conversations/" + s.chat + "/timeline?after=-1"), status: 422, code: "request.invalid"},
		"a seq beyond all":              {as: "owner", method: http.MethodGet, path: s.owner.At("/conversations/" + s.chat + "/timeline?after=9999999999999999999"), status: 200},
		"a feed beyond all":             {as: "owner", method: http.MethodGet, path: s.owner.At("/events?after=18446744073709551615"), status: 200},
		"a feed beyond numbers":         {as: "owner", method: http.MethodGet, path: s.owner.At("/events?after=99999999999999999999999"), status: 422, code: "request.invalid"},
		"an unknown state":              {as: "owner", path: s.owner.At("/conversations/" + s.chat + "/state"), body: `{"state":"gone"}`, status: 422, code: "request.invalid", field: "/state"},
		"a time that is none":           {as: "owner", path: s.owner.At("/conversations/" + s.chat + "/state"), body: `{"state":"snoozed","snoozed_until":"tomorrow"}`, status: 422, code: "request.invalid", field: "/snoozed_until"},
		"a time that has been":          {as: "owner", path: s.owner.At("/conversations/" + s.chat + "/state"), body: `{"state":"snoozed","snoozed_until":"2001-01-01T00:00:00Z"}`, status: 422, code: "conversation.snooze_past", field: "/snoozed_until"},
		"a config against the schema":   {as: "owner", method: http.MethodPatch, path: s.owner.At("/inboxes/" + s.live.ID), body: `{"config":{"color":"blue","bogus":1}}`, status: 422, field: "/config/color"},
		"a plugin that is none":         {as: "owner", path: s.owner.At("/inboxes"), body: `{"name":"x","plugin":"../../etc","config":{}}`, status: 422},
		"a wrong password":              {as: "nobody", path: rig.Prefix + "/session", body: `{"email":"` + ownerEmail + `","password":"wrong"}`, status: 401},
		"a password with NUL":           {as: "nobody", path: rig.Prefix + "/session", body: `{"email":"a\u0000@b.example","password":"\u0000"}`, status: 401},
		"set-up once more":              {as: "nobody", path: rig.Prefix + "/setup", body: `{"token":"x","workspace_name":"x","name":"x","email":"x@y.example","password":"correct-horse-battery"}`, status: 404, code: "not_found"},
		"an unknown route":              {as: "owner", method: http.MethodGet, path: rig.Prefix + "/nothing", status: 404, code: "not_found"},
		"an unknown method":             {as: "owner", method: http.MethodDelete, path: post, status: 405, code: "request.method"},
		"a hook of nobody":              {as: "nobody", path: "/hooks/forged/", body: `{}`, status: 404, code: "not_found"},
		"a way into the metrics":        {as: "nobody", method: http.MethodGet, path: "/metrics", header: [2]string{"X-Forwarded-For", "203.0.113.9"}, status: 404, code: "not_found"},
	}
}

func TestBadRequests(t *testing.T) {
	s := open(t)
	for name, r := range s.requests() {
		t.Run(name, func(t *testing.T) {
			api := s.party(r.as)
			if r.header[0] != "" {
				api = api.As(r.header[0], r.header[1])
			}
			method := r.method
			var body []byte
			if method == "" {
				method, body = http.MethodPost, []byte(r.body)
			}
			if r.method == http.MethodPatch {
				body = []byte(r.body)
			}
			answer, err := api.Raw(t.Context(), method, r.path, body)
			if answer.Status != r.status {
				t.Fatalf("status %d, want %d: %.300s (%v)", answer.Status, r.status, answer.Body, err)
			}
			if r.status < 400 {
				return
			}
			p := rig.ProblemOf(err)
			if r.code != "" && p.Code != r.code {
				t.Errorf("code %q, want %q (%s)", p.Code, r.code, p.Detail)
			}
			if p.Code == "" || p.Detail == "" || p.Title == "" || p.ContentType != "application/problem+json" {
				t.Errorf("not a problem in full: %s %.300s", p.ContentType, answer.Body)
			}
			if r.field != "" && !hasField(p, r.field) {
				t.Errorf("no field %s: %.400s", r.field, answer.Body)
			}
		})
	}
	s.sound()
}

func hasField(p *rig.Problem, pointer string) bool {
	for _, f := range p.Fields {
		if f.Pointer == pointer {
			return true
		}
	}
	return false
}

// Bytes that are no HTTP, or a bit of it.
func TestBadHTTP(t *testing.T) {
	s := open(t)
	for name, tt := range map[string]struct {
		send   string
		status string // of the answer; "" = none is needed
	}{
		"noise":                {send: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", status: ""},
		"no HTTP":              {send: "HELO mail.example\r\n\r\n", status: "400"},
		"headers without end":  {send: "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: "+strings.Repeat("a", 100)+"\r\n", 400), status: "431"},
		"a length that is not": {send: "POST " + s.messages() + " HTTP/1.1\r\nHost: x\r\nContent-Length: minus\r\n\r\n", status: "400"},
		"a hook too large":     {send: "POST /hooks/x/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2097152\r\n\r\n", status: "413"},
		"a length too large":   {send: "POST " + s.messages() + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", status: "413"},
		"a body cut short":     {send: "POST " + s.messages() + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"text\":", status: ""},
		"two lengths":          {send: "POST " + s.messages() + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", status: "400"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.server.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.WriteString(c, tt.send); err != nil && tt.status == "" {
				return
			}
			if tt.status == "" {
				return // gone again: the server must not mind
			}
			line, err := bufio.NewReader(c).ReadString('\n')
			if err != nil || !strings.Contains(line, " "+tt.status+" ") {
				t.Errorf("answered %q, %v; want %s", line, err, tt.status)
			}
		})
	}
	s.sound()
}

func TestExpiredVisitor(t *testing.T) {
	s := open(t)
	s.sound()
	if err := rig.ExpireVisitor(t.Context(), s.database(), s.visitor.SessionID); err != nil {
		t.Fatal(err)
	}
	err := s.try("too late")
	if p := rig.ProblemOf(err); p == nil || p.Status != 401 || p.Code != "visitor.token_invalid" {
		t.Errorf("an expired token: %v", err)
	}
	again, err := s.owner.OpenSession(t.Context(), s.live.ID, s.visitor.Token)
	if err != nil || again.Resumed || again.SessionID == s.visitor.SessionID {
		t.Errorf("an expired session was opened again: %+v, %v", again, err)
	}
}

// What a channel's plugin refuses is told to the far side, and nothing of it
// is stored; what it takes is stored once.
func TestBadHooks(t *testing.T) {
	s := open(t)
	echo, err := s.owner.Connect(t.Context(), "Echo", "patchbay/echo", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(echo.HookURL, s.server.Address)
	api := rig.NewAPI(s.server.URL())
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"no JSON":      {`{`, 400},
		"no id":        {`{"from":"a","text":"b"}`, 400},
		"broken UTF-8": {"\xff\xfe", 400},
	} {
		t.Run(name, func(t *testing.T) {
			if answer, _ := api.Raw(t.Context(), http.MethodPost, path, []byte(tt.body)); answer.Status != tt.status {
				t.Errorf("status %d, want %d: %.300s", answer.Status, tt.status, answer.Body)
			}
		})
	}
	for range 3 {
		if _, err := api.Raw(t.Context(), http.MethodPost, path, []byte(`{"id":"m1","from":"alice","text":"a\u0000b 你好"}`)); err != nil {
			t.Fatal(err)
		}
	}
	var list struct{ Items []rig.Conversation }
	if _, err := s.owner.Call(t.Context(), http.MethodGet, s.owner.At("/conversations?inbox="+echo.ID), nil, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 || list.Items[0].LastMessage == nil || list.Items[0].LastMessage.Text != "ab 你好" || list.Items[0].LastInboundSeq != 2 {
		t.Errorf("stored: %s", fmt.Sprintf("%+v", list.Items))
	}
	s.sound()
}
