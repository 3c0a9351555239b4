package main

import (
	"context"
	"crypto/x509"
	"net"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/submit"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// ValidateConfig implements instance.ConfigValidator. With Probe it signs in at
// both servers, and sends and reads nothing.
func (e *email) ValidateConfig(ctx context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var c config
	if err := req.Decode(&c); err != nil {
		return instance.ValidateConfigResponse{}, err
	}
	w := wordsIn(req.Locale)
	problems := c.faults(w)
	if len(problems) == 0 && req.Probe && !c.signsIn() {
		problems = e.probe(ctx, c, req, w)
	}
	return instance.ValidateConfigResponse{Problems: problems}, nil
}

// faults are those that can be seen without asking anybody.
func (c config) faults(w words) []instance.Problem {
	var out []instance.Problem
	add := func(pointer, message string) { out = append(out, instance.Problem{Pointer: pointer, Message: message}) }
	if _, known := c.provider(); !known {
		for pointer, address := range map[string]string{"/incoming": c.Incoming, "/outgoing": c.Outgoing} {
			if !hasPort(address) {
				add(pointer, w.serverMissing)
			}
		}
	}
	if c.Certificates != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(c.Certificates)) {
		add("/certificates", w.certificates)
	}
	if c.Provider == microsoft && c.Password != "" {
		add("/password", w.microsoftPassword)
	}
	if !c.signsIn() && c.Password == "" {
		add("/password", w.passwordMissing)
	}
	return out
}

func hasPort(address string) bool {
	name, port, err := net.SplitHostPort(address)
	n, notNumber := strconv.Atoi(port)
	return err == nil && notNumber == nil && name != "" && n > 0 && n < 1<<16
}

// probe signs in at both servers.
func (e *email) probe(ctx context.Context, c config, req instance.ValidateConfigRequest, w words) []instance.Problem {
	in := instance.Instance{Config: req.Config, Secrets: req.Secrets}
	dial, err := e.env.Dialer(in)
	if err != nil {
		return []instance.Problem{{Message: errs.As(err).Detail}}
	}
	var out []instance.Problem
	credentials := c.credentials(nil)
	reader, err := mailbox.New(mailbox.Config{
		Protocol: c.protocol(), Server: c.incoming(), Credentials: credentials, Dial: dial, Cursors: noCursors{}, Now: e.now,
		Handle: func(context.Context, *mailbox.Raw) error { return nil },
	})
	if err == nil {
		_, err = reader.Check(ctx)
	}
	if err != nil {
		out = append(out, c.problem("/incoming", w, err))
		if endpoint.CredentialsRejected(err) { // the other server would say the same
			return out
		}
	}
	sender, err := submit.New(submit.Options{Server: c.outgoing(), Credentials: credentials, Dial: dial, Hello: c.domain()})
	if err == nil {
		err = sender.Check(ctx)
	}
	if err != nil {
		out = append(out, c.problem("/outgoing", w, err))
	}
	return out
}

// problem says at which field a failure is mended.
func (c config) problem(pointer string, w words, err error) instance.Problem {
	if endpoint.CredentialsRejected(err) {
		return instance.Problem{Pointer: "/password", Message: w.rejected}
	}
	if _, known := c.provider(); known {
		pointer = "/provider"
	}
	said := strings.TrimSuffix(errs.As(err).Detail, ".")
	return instance.Problem{Pointer: pointer, Message: w.unreachable + said + w.stop}
}

// noCursors forget: a check reads nothing.
type noCursors struct{}

func (noCursors) Load(context.Context, string) ([]byte, error) { return nil, nil }
func (noCursors) Save(context.Context, string, []byte) error   { return nil }
