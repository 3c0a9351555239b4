package grant_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/calltest"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/grant"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func table(t *testing.T) grant.Table {
	t.Helper()
	out, err := grant.TableOf(grant.Services()...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What a manifest can ask for and what the host's methods need are the same.
func TestScopesAreThoseOfTheManifest(t *testing.T) {
	var scopes []string
	for _, scope := range table(t) {
		scopes = append(scopes, scope)
	}
	scopes = append(scopes, pluginv1.DataScopes()...)
	slices.Sort(scopes)
	if got := slices.Compact(scopes); !slices.Equal(got, manifest.Scopes()) {
		t.Errorf("the protocol has %v, manifest.Scopes has %v", got, manifest.Scopes())
	}
}

// The host must not start with a method whose scope somebody forgot.
func TestForgottenOptionsAreFound(t *testing.T) {
	scoped := &descriptorpb.MethodOptions{}
	proto.SetExtension(scoped, pluginv1.E_Scope, "some:scope")
	instance := &descriptorpb.FieldDescriptorProto{
		Name: new("instance_id"), Number: new(int32(1)),
		Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}
	tests := map[string]struct {
		options *descriptorpb.MethodOptions
		fields  []*descriptorpb.FieldDescriptorProto
		want    string
	}{
		"good":        {options: scoped, fields: []*descriptorpb.FieldDescriptorProto{instance}},
		"no scope":    {fields: []*descriptorpb.FieldDescriptorProto{instance}, want: "/test.Host/Do declares no scope"},
		"no instance": {options: scoped, want: "names no instance"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
				Name: new("test.proto"), Package: new("test"), Syntax: new("proto3"),
				MessageType: []*descriptorpb.DescriptorProto{{Name: new("Request"), Field: tt.fields}},
				Service: []*descriptorpb.ServiceDescriptorProto{{
					Name: new("Host"),
					Method: []*descriptorpb.MethodDescriptorProto{{
						Name: new("Do"), InputType: new(".test.Request"), OutputType: new(".test.Request"), Options: tt.options,
					}},
				}},
			}, protoregistry.GlobalFiles)
			if err != nil {
				t.Fatal(err)
			}
			_, err = grant.TableOf(file.Services().Get(0))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// serve serves every method of the host with a handler that says yes.
func serve(t *testing.T, g grant.Guard) *grpc.ClientConn {
	t.Helper()
	g.Log = slog.New(slog.DiscardHandler)
	server := grpc.NewServer(g.Options()...)
	for _, s := range grant.Services() {
		server.RegisterService(yes(s), nil)
	}
	healthv1.RegisterHealthServer(server, healthv1.UnimplementedHealthServer{})
	return calltest.Dial(t, server)
}

func yes(s protoreflect.ServiceDescriptor) *grpc.ServiceDesc {
	out := &grpc.ServiceDesc{ServiceName: string(s.FullName())}
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		name, input, output := string(m.Name()), m.Input(), m.Output()
		if m.IsStreamingClient() || m.IsStreamingServer() {
			out.Streams = append(out.Streams, grpc.StreamDesc{
				StreamName: name, ServerStreams: true, ClientStreams: true,
				Handler: func(_ any, stream grpc.ServerStream) error {
					if err := stream.RecvMsg(dynamicpb.NewMessage(input)); err != nil {
						return err
					}
					return stream.SendMsg(dynamicpb.NewMessage(output))
				},
			})
			continue
		}
		out.Methods = append(out.Methods, grpc.MethodDesc{
			MethodName: name,
			Handler: func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
				req := dynamicpb.NewMessage(input)
				if err := decode(req); err != nil {
					return nil, err
				}
				info := &grpc.UnaryServerInfo{Server: srv, FullMethod: fmt.Sprintf("/%s/%s", s.FullName(), name)}
				return intercept(ctx, req, info, func(context.Context, any) (any, error) { return dynamicpb.NewMessage(output), nil })
			},
		})
	}
	return out
}

// call calls any method of the host, unary or stream, about an instance.
func call(t *testing.T, conn *grpc.ClientConn, method, instance string) error {
	t.Helper()
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(method[1:], "/", ".")))
	if err != nil {
		t.Fatal(err)
	}
	m, ok := found.(protoreflect.MethodDescriptor)
	if !ok {
		t.Fatalf("%s is no method", method)
	}
	return calltest.Invoke(t, conn, m, instance)
}

// Every method, with every scope but its own, and with its own: deny by
// default. A method that is added is tested by existing.
func TestEveryMethodNeedsItsScope(t *testing.T) {
	for method, scope := range table(t) {
		for _, has := range append(manifest.Scopes(), "", "*") {
			t.Run(method[1:]+" with "+has, func(t *testing.T) {
				conn := serve(t, grant.Guard{
					Table: table(t),
					Asks:  func(s string) bool { return s == has },
					Owns:  func(context.Context, string, string) error { return nil },
				})
				want := codes.PermissionDenied
				if has == scope {
					want = codes.OK
				}
				if err := call(t, conn, method, "inb_1"); status.Code(err) != want {
					t.Errorf("got %v, want %v", err, want)
				}
			})
		}
	}
}

// The instance of a unary request, and that of the first message of a stream,
// is checked here; where items name theirs, they are checked, and answered one
// by one, by their handlers.
func TestInstancesOfOthers(t *testing.T) {
	conn := serve(t, grant.Guard{
		Table: table(t),
		Asks:  func(string) bool { return true },
		Owns: func(_ context.Context, id, _ string) error {
			if id != "inb_mine" {
				return status.Error(codes.NotFound, "this plugin has no such instance")
			}
			return nil
		},
	})
	for method := range table(t) {
		if method == pluginv1.HostInboundService_Ingest_FullMethodName {
			continue
		}
		for _, id := range []string{"inb_other", "", "INB_MINE"} {
			if err := call(t, conn, method, id); status.Code(err) != codes.NotFound {
				t.Errorf("%s about %q: %v", method, id, err)
			}
		}
		if err := call(t, conn, method, "inb_mine"); err != nil {
			t.Errorf("%s about its own: %v", method, err)
		}
	}
}

func TestOtherMethodsAreNotThere(t *testing.T) {
	conn := serve(t, grant.Guard{
		Table: grant.Table{}, // a method that is served but not in the table
		Asks:  func(string) bool { return true },
		Owns:  func(context.Context, string, string) error { return nil },
	})
	for method := range table(t) {
		if err := call(t, conn, method, "inb_1"); status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestTooManyRequests(t *testing.T) {
	conn := serve(t, grant.Guard{
		Table: table(t),
		Asks:  func(string) bool { return true },
		Owns:  func(context.Context, string, string) error { return nil },
	})
	refused := 0
	for range 3000 {
		if status.Code(call(t, conn, pluginv1.HostRuntimeService_ReportHealth_FullMethodName, "inb_1")) == codes.ResourceExhausted {
			refused++
		}
	}
	if refused == 0 {
		t.Error("3,000 requests at once and none was refused")
	}
}
