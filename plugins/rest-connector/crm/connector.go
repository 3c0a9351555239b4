// Package crm is the connector: the verbs of package connector, done as the
// mapping of each connection says.
//
// Concurrency: a Connector is safe for concurrent use.
package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Surroundings are what the connector works with.
type Surroundings struct {
	Log *slog.Logger
	Now func() time.Time
	// Doer returns what makes the requests of an instance; sdk.Env.HTTP does. An
	// error is one of the instance's address.
	Doer func(in instance.Instance, o outbound.Options) (far.Doer, error)
	// Store keeps what was done for an instance.
	Store func(in instance.Instance) Store
	// Presets are the mappings that ship, by name.
	Presets map[string][]byte
}

// Connector is the connector.
type Connector struct {
	Surroundings
	reader  *mapping.Reader
	presets map[string]*mapping.Mapping

	mu      sync.Mutex
	engines map[string]*engine
}

// New returns a connector. A preset with a fault is an error.
func New(s Surroundings) (*Connector, error) {
	reader, err := mapping.NewReader()
	if err != nil {
		return nil, err
	}
	c := &Connector{Surroundings: s, reader: reader, presets: map[string]*mapping.Mapping{}, engines: map[string]*engine{}}
	for name, text := range s.Presets {
		m, faults := reader.Read(text)
		if len(faults) > 0 {
			return nil, fmt.Errorf("the preset %s: %s", name, faults[0])
		}
		c.presets[name] = m
	}
	return c, nil
}

// engine is one instance, configured.
type engine struct {
	mapping *mapping.Mapping
	client  *far.Client
	store   Store
	country string
	log     *slog.Logger
	now     func() time.Time

	mu   sync.Mutex
	last error     // of the last request; nil = it was answered
	at   time.Time // of the last request
}

// config is what an administrator sets, as config_schema in plugin.yaml has it.
type config struct {
	Preset      string `json:"preset"`
	BaseURL     string `json:"base_url"`
	Database    string `json:"database"`
	Account     string `json:"account"`
	Username    string `json:"username"`
	Password    string `json:"password"`
	Token       string `json:"token"`
	CountryCode string `json:"country_code"`
	Mapping     string `json:"mapping"`
}

// Custom is the preset of those who bring a mapping of their own.
const Custom = "custom"

// Configure takes an instance, or a change of one.
func (c *Connector) Configure(_ context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) {
	var set config
	if err := req.Instance.Decode(&set); err != nil {
		return instance.ConfigureResponse{}, err
	}
	e, problems := c.build(set, req.Instance)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(problems) > 0 {
		delete(c.engines, req.Instance.ID)
		return instance.ConfigureResponse{}, errs.Reject("bad_config", problems[0].Message)
	}
	c.engines[req.Instance.ID] = e
	return instance.ConfigureResponse{}, nil
}

// RemoveInstance forgets an instance.
func (c *Connector) RemoveInstance(_ context.Context, req instance.RemoveInstanceRequest) (instance.RemoveInstanceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.engines, req.Instance.ID)
	return instance.RemoveInstanceResponse{}, nil
}

// build makes an engine of a configuration, or tells its faults.
func (c *Connector) build(set config, in instance.Instance) (*engine, []instance.Problem) {
	m, problems := c.choose(set)
	if len(problems) > 0 {
		return nil, problems
	}
	doer, err := c.Doer(in, outbound.Options{Timeout: m.Limits.Timeout, MaxBytes: m.Limits.Response})
	var client *far.Client
	if err == nil {
		client, err = far.New(m, far.Settings{
			BaseURL: set.BaseURL, Username: set.Username, Password: set.Password, Token: set.Token,
			Database: set.Database, Account: set.Account, CountryCode: set.CountryCode,
		}, doer, c.Now)
	}
	if err != nil {
		return nil, []instance.Problem{{Pointer: "/base_url", Message: errs.As(err).Detail}}
	}
	return &engine{mapping: m, client: client, store: c.Store(in), country: set.CountryCode, log: c.Log, now: c.Now}, nil
}

func (c *Connector) choose(set config) (*mapping.Mapping, []instance.Problem) {
	if set.Preset != Custom {
		if m, ok := c.presets[set.Preset]; ok {
			return m, nil
		}
		return nil, []instance.Problem{{Pointer: "/preset", Message: "There is no such preset."}}
	}
	if set.Mapping == "" {
		return nil, []instance.Problem{{Pointer: "/mapping", Message: "A system of your own needs its mapping."}}
	}
	m, faults := c.reader.Read([]byte(set.Mapping))
	problems := make([]instance.Problem, len(faults))
	for i, f := range faults {
		problems[i] = instance.Problem{Pointer: "/mapping", Message: f.String()}
	}
	return m, problems
}

// engine returns an instance's engine.
func (c *Connector) engine(in instance.Instance) (*engine, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.engines[in.ID]; ok {
		return e, nil
	}
	return nil, errs.Reject("bad_config", "The connection is not configured.")
}

func (c *Connector) object(in instance.Instance, name string) (*engine, *mapping.Object, error) {
	e, err := c.engine(in)
	if err != nil {
		return nil, nil, err
	}
	o, ok := e.mapping.Object(name)
	if !ok {
		return nil, nil, errs.Reject(errs.CodeBadRequest, fmt.Sprintf("There are no records of the kind %q.", name))
	}
	return e, o, nil
}

func cannot(o *mapping.Object, what string) error {
	return errs.Reject(errs.CodeBadRequest, fmt.Sprintf("The mapping does not say how %s can %s.", o.Name, what))
}

// do makes a request and remembers how it went.
func (e *engine) do(ctx context.Context, r *mapping.Request, values expr.Scope) (*far.Answer, error) {
	answer, err := e.client.Do(ctx, r, values)
	if err == nil || !errors.Is(err, expr.ErrUnusable) {
		e.mu.Lock()
		e.last, e.at = err, e.now()
		if rejected(err) {
			e.last = nil // it answers, and did not like the question
		}
		e.mu.Unlock()
	}
	return answer, err
}

// DescribeObjects says what the mapping has.
func (c *Connector) DescribeObjects(_ context.Context, req connector.DescribeObjectsRequest) (connector.DescribeObjectsResponse, error) {
	e, err := c.engine(req.Instance)
	if err != nil {
		return connector.DescribeObjectsResponse{}, err
	}
	var out connector.DescribeObjectsResponse
	for _, o := range e.mapping.Objects {
		kind := connector.ObjectType{
			Name: o.Name, Label: mapping.In(o.Label, req.Locale),
			Lookup: len(o.Lookup) > 0, Search: o.Search != nil, Upsert: o.Upsert != nil, Activities: o.Activity != nil, Pull: o.Pull != nil,
		}
		for _, f := range o.Fields {
			kind.Fields = append(kind.Fields, connector.Field{
				Name: f.Name, Label: mapping.In(f.Label, req.Locale), Type: f.Type, Writable: f.Writable, Required: f.Required,
			})
		}
		out.Objects = append(out.Objects, kind)
	}
	return out, nil
}

// bare takes off what is between this package and its callers.
func bare(err error) error {
	if u, ok := errors.AsType[uncertain](err); ok {
		return u.error
	}
	return err
}

func rejected(err error) bool {
	e, ok := errors.AsType[*errs.Error](err)
	return ok && e.Source == errs.Rejected
}

func coded(err error, code string) bool {
	e, ok := errors.AsType[*errs.Error](err)
	return ok && e.Code == code
}

func isAuth(err error) bool        { return coded(err, errs.CodeAuthExpired) }
func isRateLimited(err error) bool { return coded(err, errs.CodeRateLimited) }

// decodeCursor reads a cursor; one that is not ours begins anew.
func decodeCursor(raw []byte) cursor {
	var c cursor
	if json.Unmarshal(raw, &c) != nil || c.Version != cursorVersion {
		return cursor{Version: cursorVersion, Feeds: map[string]*place{}}
	}
	if c.Feeds == nil {
		c.Feeds = map[string]*place{}
	}
	return c
}
