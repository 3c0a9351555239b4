package process

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// pluginName is what go-plugin calls the one thing we dispense. The name does
// not cross the wire.
const pluginName = "plugin"

// dispensed is the connection and the broker, which go-plugin hands out only
// through this door.
type dispensed struct {
	goplugin.NetRPCUnsupportedPlugin
	conn   *grpc.ClientConn
	broker *goplugin.GRPCBroker
}

// GRPCServer is the plugin's side, which this process is not.
func (*dispensed) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host serves no plugin")
}

// GRPCClient returns the connection.
func (*dispensed) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &dispensed{conn: conn, broker: broker}, nil
}

// probe asks for the plugin's health over a connection of its own.
func probe(ctx context.Context, address net.Addr, secure *tls.Config) error {
	creds := insecure.NewCredentials()
	if secure != nil {
		creds = credentials.NewTLS(secure)
	}
	conn, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(creds),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, address.Network(), address.String())
		}))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	return Healthy(ctx, conn)
}

// Healthy asks the plugin's gRPC server whether it serves. ctx must have a
// deadline: go-plugin's own Ping has none.
func Healthy(ctx context.Context, conn *grpc.ClientConn) error {
	answer, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	if err != nil {
		return err
	}
	if answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return errors.New("the plugin says that it does not serve")
	}
	return nil
}
