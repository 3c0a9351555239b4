// Package calltest calls any method of the host's services in tests, also those
// that are yet to come: by their descriptors.
package calltest

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Patient waits when it asked more often in a second than a plugin may: for tests
// of anything else.
func Patient() grpc.DialOption {
	return grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			err := invoke(ctx, method, req, reply, cc, opts...)
			if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "more requests in a second") {
				return err
			}
			select {
			case <-ctx.Done():
				return err
			case <-tick.C:
			}
		}
	})
}

// Dial serves a server in memory until the test ends, and connects to it.
func Dial(t *testing.T, server *grpc.Server, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	go server.Serve(listener) //nolint:errcheck // until Stop
	t.Cleanup(server.Stop)
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	conn, err := grpc.NewClient("passthrough:///host", options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// Name is a method's name in gRPC.
func Name(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

// Methods calls fn with every method of the host's services, and its scope.
func Methods(fn func(m protoreflect.MethodDescriptor, scope string)) {
	for _, service := range pluginv1.HostServices() {
		for i := range service.Methods().Len() {
			m := service.Methods().Get(i)
			fn(m, pluginv1.OptionsOf(m).Scope)
		}
	}
}

// Invoke calls a method about an instance and returns how it ended: of a stream,
// its first answer or its end.
func Invoke(t *testing.T, conn *grpc.ClientConn, m protoreflect.MethodDescriptor, instance string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, reply := dynamicpb.NewMessage(m.Input()), dynamicpb.NewMessage(m.Output())
	if field := m.Input().Fields().ByName("instance_id"); field != nil {
		req.Set(field, protoreflect.ValueOfString(instance))
	}
	if !m.IsStreamingClient() && !m.IsStreamingServer() {
		return conn.Invoke(ctx, Name(m), req, reply)
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, Name(m))
	if err != nil {
		return err
	}
	if err := stream.SendMsg(req); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !m.IsStreamingClient() {
		if err := stream.CloseSend(); err != nil {
			return err
		}
	}
	return stream.RecvMsg(reply)
}
