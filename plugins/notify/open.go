package main

import (
	"net"
	"net/mail"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
	"github.com/patchbay-im/patchbay/plugins/notify/phrase"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// check says what the schema cannot of where messages go.
func (s settings) check(f phrase.Faults) []instance.Problem {
	if s.Target != kindMail {
		if _, wrong := s.address(f); wrong != nil {
			return []instance.Problem{*wrong}
		}
		return nil
	}
	var out []instance.Problem
	fault := func(pointer, message string) {
		out = append(out, instance.Problem{Pointer: pointer, Message: message})
	}
	host, port, err := net.SplitHostPort(s.MailServer)
	switch {
	case err != nil || host == "" || port == "":
		fault("/mail_server", f.Host)
	case s.MailSecurity == target.Plain && !here(host):
		fault("/mail_security", f.NoTLS)
	}
	if !isAddress(s.MailFrom) {
		fault("/mail_from", f.From)
	}
	for _, one := range s.MailTo {
		if !isAddress(one) {
			fault("/mail_to", f.To)
			break
		}
	}
	if len(s.MailTo) == 0 && !s.MailToMembers {
		fault("/mail_to", f.NoTo)
	}
	return out
}

// isAddress reports whether s is a mail address and nothing beside it.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == "" && !strings.ContainsAny(s, "\r\n<>\"")
}

// open returns the target of checked settings.
func (p *plugin) open(in instance.Instance, s settings, chinese bool) (target.Target, error) {
	if s.Target == kindMail {
		dial, err := p.dial(in)
		if err != nil {
			return nil, err
		}
		out := target.Mail{
			Dial: dial, Server: s.MailServer, Security: s.MailSecurity, User: s.MailUser, Password: s.MailPassword, From: s.MailFrom, TLS: p.tls, Now: p.now,
		}
		if !s.MailToMembers {
			out.To = s.MailTo
		}
		return out, nil
	}
	address, wrong := s.address(phrase.For("").Faults)
	if wrong != nil {
		return nil, errs.Reject("config_invalid", wrong.Message)
	}
	by, err := p.http(in)
	if err != nil {
		return nil, err
	}
	switch s.Target {
	case kindWeCom:
		return target.WeCom{By: by, Address: address}, nil
	case kindDingTalk:
		return target.DingTalk{By: by, Address: address, Secret: s.Secret, Now: p.now}, nil
	case kindFeishu:
		return target.Feishu{By: by, Address: address, Secret: s.Secret, Chinese: chinese, Now: p.now}, nil
	default:
		return target.Slack{By: by, Address: address}, nil
	}
}

// sameAddress: a mail to members themselves tells each what is theirs alone.
func sameAddress(a, b news.Item) bool { return a.Member.Email == b.Member.Email }
