// Package main is a plugin that speaks the protocol without the SDK, which keeps
// authors from most of what it does: it serves every method of panels,
// connectors, tools and routes, and answers what the configuration of the
// instance says. It is built by the tests of core/pluginhost.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func main() {
	p := &plugin{behaviours: make(map[string]behaviour)}
	if err := p.introduce(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {"plugin": &served{plugin: p}}},
		Logger:           hclog.NewNullLogger(),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.UnknownServiceHandler(p.answer))...)
		},
	})
}

// served is the plugin as go-plugin sees it.
type served struct {
	goplugin.NetRPCUnsupportedPlugin
	plugin *plugin
}

// GRPCServer registers what every plugin serves; answer serves the rest.
func (s *served) GRPCServer(_ *goplugin.GRPCBroker, g *grpc.Server) error {
	pluginv1.RegisterPluginServiceServer(g, s.plugin)
	return nil
}

// GRPCClient is the host's side, which this process is not.
func (*served) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a plugin is no host")
}

// behaviour is the configuration of an instance.
type behaviour struct {
	Do     string            // "hang", "die"; else it answers
	WaitMS int               `json:"wait_ms"` // before that
	Answer []json.RawMessage // protojson, one for each message
	Times  int               // the answers are sent so often; 0 = once
	Pad    int               // bytes that are added to each
	Raw    []byte            // is sent in place of them; no message perhaps
}

// placeholder stands in answers for the version, and is as long: three numbers
// of one digit.
const placeholder = "V.V.V"

type plugin struct {
	pluginv1.UnimplementedPluginServiceServer
	id, version string

	mu         sync.Mutex
	behaviours map[string]behaviour // by instance
}

// introduce reads the manifest of the bundle.
func (p *plugin) introduce() error {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(filepath.Dir(exe), "plugin.json"))
	if err != nil {
		return err
	}
	var m struct{ ID, Version string }
	err = json.Unmarshal(data, &m)
	p.id, p.version = m.ID, m.Version
	return err
}

// Init says who it is.
func (p *plugin) Init(context.Context, *pluginv1.InitRequest) (*pluginv1.InitResponse, error) {
	return &pluginv1.InitResponse{
		PluginId: p.id, Version: p.version,
		Abilities: []string{pluginv1.AbilityPanel, pluginv1.AbilityConnector, pluginv1.AbilityTool, pluginv1.AbilityRoute},
	}, nil
}

// Configure learns how to behave.
func (p *plugin) Configure(_ context.Context, req *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range req.GetInstances() {
		var b behaviour
		if err := json.Unmarshal(i.GetConfig(), &b); err != nil {
			return nil, err
		}
		p.behaviours[i.GetId()] = b
	}
	return &pluginv1.ConfigureResponse{}, nil
}

// Health is well.
func (*plugin) Health(context.Context, *pluginv1.HealthRequest) (*pluginv1.HealthResponse, error) {
	return &pluginv1.HealthResponse{}, nil
}

// Drain has nothing in flight.
func (*plugin) Drain(context.Context, *pluginv1.DrainRequest) (*pluginv1.DrainResponse, error) {
	return &pluginv1.DrainResponse{}, nil
}

// answer serves every method that is not registered.
func (p *plugin) answer(_ any, stream grpc.ServerStream) error {
	name, _ := grpc.MethodFromServerStream(stream)
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(name[1:], "/", ".")))
	if err != nil {
		return err
	}
	method, ok := found.(protoreflect.MethodDescriptor)
	if !ok {
		return errors.New(name + " is no method")
	}
	req, err := message(method.Input())
	if err != nil {
		return err
	}
	if err := stream.RecvMsg(req); err != nil {
		return err
	}
	instance, _ := pluginv1.InstanceOf(req)
	p.mu.Lock()
	b := p.behaviours[instance]
	p.mu.Unlock()
	time.Sleep(time.Duration(b.WaitMS) * time.Millisecond)
	switch b.Do {
	case "hang":
		time.Sleep(time.Hour) // whatever the caller says
	case "die":
		fmt.Fprintln(os.Stderr, "died in", method.Name())
		os.Exit(9)
	}
	for range max(b.Times, 1) {
		if err := p.send(stream, method, b); err != nil {
			return err
		}
	}
	return nil
}

// send sends the answers, with the version put in: each goes out as bytes that
// need be no message.
func (p *plugin) send(stream grpc.ServerStream, method protoreflect.MethodDescriptor, b behaviour) error {
	bodies := [][]byte{b.Raw}
	if b.Raw == nil {
		bodies = bodies[:0]
		for _, a := range b.Answer {
			m, err := message(method.Output())
			if err != nil {
				return err
			}
			if err := protojson.Unmarshal(a, m); err != nil {
				return err
			}
			body, err := proto.Marshal(m)
			if err != nil {
				return err
			}
			bodies = append(bodies, bytes.ReplaceAll(body, []byte(placeholder), []byte(p.version)))
		}
	}
	for _, body := range bodies {
		if b.Pad > 0 {
			body = protowire.AppendBytes(protowire.AppendTag(body, 1000, protowire.BytesType), make([]byte, b.Pad))
		}
		m, err := message(method.Output())
		if err != nil {
			return err
		}
		m.ProtoReflect().SetUnknown(body)
		if err := stream.SendMsg(m); err != nil {
			return err
		}
	}
	return nil
}

func message(d protoreflect.MessageDescriptor) (proto.Message, error) {
	t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		return nil, err
	}
	return t.New().Interface(), nil
}
