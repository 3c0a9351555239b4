package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
	"github.com/patchbay-im/patchbay/plugins/notify/phrase"
	"github.com/patchbay-im/patchbay/plugins/notify/rule"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Kinds of targets.
const (
	kindWeCom    = "wecom"
	kindDingTalk = "dingtalk"
	kindFeishu   = "feishu"
	kindSlack    = "slack"
	kindMail     = "mail"
)

// settings are a connection's, as the config_schema says.
type settings struct {
	Target     string    `json:"target"`
	Webhook    string    `json:"webhook"`
	Secret     string    `json:"secret"`
	Server     string    `json:"server"`
	Language   string    `json:"language"`
	Kinds      []string  `json:"kinds"`
	Inboxes    []string  `json:"inboxes"`
	Teams      []string  `json:"teams"`
	Members    []string  `json:"members"`
	Priorities []string  `json:"priorities"`
	After      int       `json:"after_minutes"`
	Outside    bool      `json:"outside_hours"`
	WorkDays   []string  `json:"work_days"`
	WorkFrom   string    `json:"work_from"`
	WorkTo     string    `json:"work_to"`
	QuietFrom  string    `json:"quiet_from"`
	QuietTo    string    `json:"quiet_to"`
	TimeZone   string    `json:"timezone"`
	Texts      bool      `json:"texts"`
	Mentions   []mention `json:"mentions"`

	MailServer    string          `json:"mail_server"`
	MailSecurity  target.Security `json:"mail_security"`
	MailUser      string          `json:"mail_user"`
	MailPassword  string          `json:"mail_password"`
	MailFrom      string          `json:"mail_from"`
	MailTo        []string        `json:"mail_to"`
	MailToMembers bool            `json:"mail_to_members"`
}

// mention is what a member is called at the far side.
type mention struct {
	Member string `json:"member"`
	Handle string `json:"handle"`
}

// What an absent key means; the schema says the same.
func defaults() settings {
	return settings{
		Kinds: []string{
			"mention", "assigned", "taken_over", "reply", "unattended", "scheduled_failed", "risk_found", "approval_asked",
			"ticket_assigned", "ticket_mention", "ticket_overdue", "webhook_disabled", "plugin_state", "account_health", "alert_raised",
		},
		WorkDays: []string{"mon", "tue", "wed", "thu", "fri"}, WorkFrom: "09:00", WorkTo: "18:00", MailSecurity: target.StartTLS,
	}
}

// place is where robots of a kind are.
type place struct {
	hosts []string
	path  string // begins with
	query string // is there
}

func placeOf(kind string) place {
	switch kind {
	case kindWeCom:
		return place{[]string{"qyapi.weixin.qq.com"}, "/cgi-bin/webhook/send", "key"}
	case kindDingTalk:
		return place{[]string{"oapi.dingtalk.com"}, "/robot/send", "access_token"}
	case kindFeishu:
		return place{[]string{"open.feishu.cn", "open.larksuite.com"}, "/open-apis/bot/v2/hook/", ""}
	default:
		return place{[]string{"hooks.slack.com", "hooks.slack-gov.com"}, "/services/", ""}
	}
}

// address returns where messages are posted to: the address as it was copied,
// at the administrator's own server if there is one.
func (s settings) address(f phrase.Faults) (string, *instance.Problem) {
	fault := func(pointer, message string) (string, *instance.Problem) {
		return "", &instance.Problem{Pointer: pointer, Message: message}
	}
	at := placeOf(s.Target)
	u, err := url.Parse(strings.TrimSpace(s.Webhook))
	if s.Webhook == "" {
		return fault("/webhook", f.NoAddress)
	}
	if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" {
		return fault("/webhook", f.Plain)
	}
	if !strings.HasPrefix(u.Path, at.path) || len(u.Path) == len(at.path) && at.query == "" || at.query != "" && u.Query().Get(at.query) == "" {
		return fault("/webhook", f.Address)
	}
	if s.Server == "" {
		if !slices.Contains(at.hosts, strings.ToLower(u.Host)) {
			return fault("/webhook", f.OtherHost)
		}
		return u.String(), nil
	}
	own, err := url.Parse(strings.TrimSpace(s.Server))
	if err != nil || own.Host == "" || own.User != nil || strings.Trim(own.Path, "/") != "" || own.RawQuery != "" || own.Scheme != "https" && !near(own) {
		return fault("/server", f.Server)
	}
	u.Scheme, u.Host = own.Scheme, own.Host
	return u.String(), nil
}

// near reports whether a server may be spoken to without TLS: on this machine.
func near(u *url.URL) bool { return u.Scheme == "http" && here(u.Hostname()) }

// here reports whether a host is this machine.
func here(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// hours reads two times of day; nil for two empty ones.
func hours(from, to, pointer string, days []time.Weekday, f phrase.Faults) (*rule.Hours, []instance.Problem) {
	if from == "" && to == "" {
		return nil, nil
	}
	var out []instance.Problem
	start, ok := rule.ParseClock(from)
	if !ok {
		out = append(out, instance.Problem{Pointer: pointer + "_from", Message: f.Clock})
	}
	end, ok := rule.ParseClock(to)
	if !ok {
		out = append(out, instance.Problem{Pointer: pointer + "_to", Message: f.Clock})
	}
	if len(out) == 0 && start == end {
		out = append(out, instance.Problem{Pointer: pointer + "_to", Message: f.Hours})
	}
	return &rule.Hours{From: start, To: end, Days: days}, out
}

func weekdays(names []string) []time.Weekday {
	all := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	var out []time.Weekday
	for _, n := range names {
		if i := slices.Index(all, n); i >= 0 {
			out = append(out, time.Weekday(i))
		}
	}
	return out
}

// plan is what the settings of a connection come to.
type plan struct {
	revision uint64
	target   target.Target
	rules    rule.Rules
	language phrase.Language
	options  phrase.Options
	together func(a, b news.Item) bool // what one message may tell; nil = everything
}

// rules reads the rules, or says what is wrong with them.
func (s settings) rules(zone string, f phrase.Faults) (rule.Rules, []instance.Problem) {
	out := rule.Rules{
		Kinds: s.Kinds, Inboxes: s.Inboxes, Teams: s.Teams, Members: s.Members, Priorities: s.Priorities, After: time.Duration(s.After) * time.Minute,
	}
	if s.TimeZone != "" {
		zone = s.TimeZone
	}
	var problems []instance.Problem
	var err error
	if out.Zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
		problems = append(problems, instance.Problem{Pointer: "/timezone", Message: f.Zone})
	}
	quiet, wrong := hours(s.QuietFrom, s.QuietTo, "/quiet", nil, f)
	out.Quiet, problems = quiet, append(problems, wrong...)
	work, wrong := hours(s.WorkFrom, s.WorkTo, "/work", weekdays(s.WorkDays), f)
	problems = append(problems, wrong...)
	if s.Outside {
		out.Outside = work
	}
	for i, m := range s.Mentions {
		if strings.TrimSpace(m.Member) == "" || strings.TrimSpace(m.Handle) == "" {
			problems = append(problems, instance.Problem{Pointer: fmt.Sprintf("/mentions/%d", i), Message: f.Mention})
		}
	}
	return out, problems
}

// handles are what a member is called at the far side.
func (s settings) handles(m news.Member) []string {
	var out []string
	for _, one := range s.Mentions {
		if rule.Named(one.Member, m.ID, m.Name, m.Email) {
			out = append(out, strings.TrimSpace(one.Handle))
		}
	}
	return out
}

// language is the one that was chosen; without a choice the workspace's.
func (s settings) language(locale string) phrase.Language {
	if s.Language != "" && s.Language != "auto" {
		locale = s.Language
	}
	return phrase.For(locale)
}
