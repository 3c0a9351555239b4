package main

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/mapping"
	"github.com/patchbay-im/patchbay/plugins/webhook/outgoing"
	"github.com/patchbay-im/patchbay/plugins/webhook/polling"
	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/plugins/webhook/traffic"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// config is an inbox's configuration: see plugin.yaml.
type config struct {
	Auth            string `json:"auth"`
	Secret          string `json:"secret"`
	SecretPrevious  string `json:"secret_previous"`
	ToleranceS      int    `json:"tolerance_s"`
	SignHeader      string `json:"sign_header"`
	SignAlgorithm   string `json:"sign_algorithm"`
	SignEncoding    string `json:"sign_encoding"`
	SignPrefix      string `json:"sign_prefix"`
	TimestampHeader string `json:"sign_timestamp_header"`
	SignOver        string `json:"sign_over"`
	FilesFrom       string `json:"files_from"`

	Receive      string `json:"receive"`
	PollURL      string `json:"poll_url"`
	PollMethod   string `json:"poll_method"`
	PollBody     string `json:"poll_body"`
	PollEveryS   int    `json:"poll_every_s"`
	PollItems    string `json:"poll_items"`
	PollOrder    string `json:"poll_order"`
	PollCursor   string `json:"poll_cursor"`
	PollCursorAt string `json:"poll_cursor_at"`
	PollStart    string `json:"poll_start"`
	PollOverlapS *int   `json:"poll_overlap_s"`
	PollNext     string `json:"poll_next"`

	Shape     string `json:"shape"`
	MapItems  string `json:"map_items"`
	MapID     string `json:"map_id"`
	MapSender string `json:"map_sender"`
	MapName   string `json:"map_name"`
	MapEmail  string `json:"map_email"`
	MapPhone  string `json:"map_phone"`
	MapText   string `json:"map_text"`
	MapHTML   string `json:"map_html"`
	MapThread string `json:"map_thread"`
	MapSentAt string `json:"map_sent_at"`
	MapFiles  string `json:"map_files"`

	MapDirection string `json:"map_direction"`
	MapStaff     string `json:"map_staff"`
	MapSkip      string `json:"map_skip"`
	MapRecipient string `json:"map_recipient"`
	MapAuthor    string `json:"map_author"`
	MapDelivery  string `json:"map_delivery"`

	URL           string   `json:"url"`
	TemplatesURL  string   `json:"templates_url"`
	OutShape      string   `json:"out_shape"`
	OutTemplate   string   `json:"out_template"`
	Authorization string   `json:"authorization"`
	SendKey       bool     `json:"send_key"`
	AnswerID      string   `json:"answer_id"`
	OutFiles      string   `json:"out_files"`
	OutFilesMB    int      `json:"out_files_mb"`
	Acts          []string `json:"acts"`
}

// What the choices of the form are called.
const (
	authOther, authBearer = "other", "bearer"
	receivePolled         = "polled"
	shapeMapped           = "mapped"
	outTemplate           = "template"
	defaultFilesMB        = 10
	defaultOverlapS       = 60
)

// plan is a configuration, compiled.
type plan struct {
	in      instance.Instance
	config  config
	scheme  signature.Scheme
	mapping *mapping.Mapping // nil = the standard shape
	target  outgoing.Target
	poll    *polling.Plan // nil = nothing is fetched
	sent    health        // what the last answer to what went out said
	fetched health        // and what the last round
	traffic *traffic.Log
}

// planned compiles a configuration; what cannot be used is told at its field.
func planned(c config, w words) (*plan, []instance.Problem) {
	p := &plan{config: c}
	var out []instance.Problem
	fault := func(pointer, message string) {
		out = append(out, instance.Problem{Pointer: pointer, Message: message})
	}
	if c.Secret == "" && c.Receive != receivePolled { // without a secret nothing is signed well: the door is closed
		fault("/secret", w.secretMissing)
	}
	if c.Auth == authOther {
		p.scheme = signature.Scheme{
			Header: c.SignHeader, Algorithm: c.SignAlgorithm, Encoding: c.SignEncoding, Prefix: c.SignPrefix, Timestamp: c.TimestampHeader, Over: c.SignOver,
		}
		p.schemeFaults(fault, w)
	}
	if c.Receive == receivePolled {
		p.polling(fault, w)
	}
	if c.Shape == shapeMapped {
		var problems []mapping.Problem
		p.mapping, problems = mapping.Compile(mapping.Fields{
			Items: c.MapItems, ID: c.MapID, Sender: c.MapSender, Name: c.MapName, Email: c.MapEmail, Phone: c.MapPhone,
			Text: c.MapText, HTML: c.MapHTML, Thread: c.MapThread, SentAt: c.MapSentAt, Files: c.MapFiles,
			Direction: c.MapDirection, Staff: c.MapStaff, Skip: c.MapSkip, Recipient: c.MapRecipient, Author: c.MapAuthor, Delivery: c.MapDelivery,
		})
		for _, one := range problems {
			w.unusable(fault, "/map_"+one.Field, one.Message)
		}
	}
	p.outgoing(fault, w)
	return p, out
}

// polling compiles how the system is asked.
func (p *plan) polling(fault func(pointer, message string), w words) {
	c := p.config
	f := polling.Fields{
		URL: c.PollURL, Method: c.PollMethod, Body: c.PollBody, Items: c.PollItems, Order: c.PollOrder, Cursor: cmp.Or(c.PollCursor, polling.CursorItem),
		CursorAt: c.PollCursorAt, Start: c.PollStart, Next: c.PollNext, Overlap: defaultOverlapS * time.Second, Authorization: c.Authorization,
	}
	if c.PollOverlapS != nil {
		f.Overlap = time.Duration(*c.PollOverlapS) * time.Second
	}
	if c.Auth != authBearer {
		f.Secrets = []string{c.Secret, c.SecretPrevious}
	}
	var problems []polling.Problem
	p.poll, problems = polling.Compile(f)
	for _, one := range problems {
		w.unusable(fault, "/poll_"+one.Field, one.Message)
	}
}

func (p *plan) schemeFaults(fault func(pointer, message string), w words) {
	c := p.config
	if !isToken(c.SignHeader) || strings.EqualFold(c.SignHeader, signature.Header) {
		fault("/sign_header", w.headerName)
	}
	if c.TimestampHeader != "" && !isToken(c.TimestampHeader) {
		fault("/sign_timestamp_header", w.headerName)
	}
	over := c.SignOver
	if over == "" {
		return
	}
	if !strings.Contains(over, "{body}") {
		fault("/sign_over", w.overBody)
	}
	if strings.Contains(over, "{timestamp}") != (c.TimestampHeader != "") {
		fault("/sign_over", w.overTimestamp)
	}
}

func (p *plan) outgoing(fault func(pointer, message string), w words) {
	c := p.config
	p.target = outgoing.Target{
		URL: c.URL, Authorization: c.Authorization, Once: c.SendKey, WantsID: c.AnswerID != "", Files: c.OutFiles,
		MaxFile: int64(c.OutFilesMB) << 20, Acts: c.Acts,
	}
	if c.Auth != authBearer { // a token is shown to us, and is no key to sign with
		p.target.Secrets = []string{c.Secret, c.SecretPrevious}
	}
	if c.OutFilesMB == 0 {
		p.target.MaxFile = defaultFilesMB << 20
	}
	var err error
	if p.target.AnswerID, err = expr.ParsePointer(c.AnswerID); err != nil {
		fault("/answer_id", w.pathWrong+err.Error()+w.stop)
	}
	if strings.ContainsAny(c.Authorization, "\r\n\x00") {
		fault("/authorization", w.headerValue)
	}
	if c.OutShape == outTemplate {
		p.target.Template = template(c.OutTemplate, fault, w)
	}
}

// template reads the template of what goes out.
func template(text string, fault func(pointer, message string), w words) *expr.Node {
	const at = "/out_template"
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		fault(at, w.templateJSON)
		return nil
	}
	node, faults := expr.CompileNode(value, "")
	for _, f := range faults {
		fault(at, f.Pointer+" "+f.Message+w.stop)
	}
	if node == nil {
		return nil
	}
	known := map[string]bool{}
	for _, name := range outgoing.Names() {
		known[name] = true
	}
	for _, use := range node.Uses("") {
		if !known[use.Name] && !strings.HasPrefix(use.Name, "files.") && !strings.HasPrefix(use.Name, outgoing.Values) {
			fault(at, w.templateName+use.Name+w.templateNames+strings.Join(outgoing.Names(), ", ")+w.stop)
		}
	}
	return node
}

// isToken reports whether s can name a header.
func isToken(s string) bool {
	return s != "" && len(s) <= 100 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// verify says who posted a request.
func (p *plan) verify(header http.Header, body []byte, now time.Time, late bool) signature.Verdict {
	c := p.config
	if c.Auth == authBearer {
		return signature.Bearer(header, c.Secret, c.SecretPrevious)
	}
	return p.scheme.Verify(header, body, signature.Check{
		Secrets: []string{c.Secret, c.SecretPrevious}, Tolerance: time.Duration(c.ToleranceS) * time.Second, Now: now, Late: late,
	})
}
