package conformance

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc"
)

// heard listens to what a plugin answers, and bends what it is asked.
//
// Concurrency: safe for concurrent use.
type heard struct {
	bend func(any)

	mu   sync.Mutex
	keep bool
	said []string
}

func newHeard(bend func(any)) *heard {
	if bend == nil {
		bend = func(any) {}
	}
	return &heard{bend: bend}
}

// record keeps all answers from now on.
func (h *heard) record() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keep = true
}

// answers returns them as text.
func (h *heard) answers() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.said...)
}

func (h *heard) hear(answer any, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.keep {
		return
	}
	if err != nil {
		h.said = append(h.said, err.Error())
		return
	}
	h.said = append(h.said, fmt.Sprint(answer))
}

func (h *heard) options() []grpc.DialOption {
	unary := func(ctx context.Context, method string, req, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption) error {
		h.bend(req)
		err := invoke(ctx, method, req, answer, conn, o...)
		h.hear(answer, err)
		return err
	}
	stream := func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
		s, err := open(ctx, desc, conn, method, o...)
		if err != nil {
			return nil, err
		}
		return &heardStream{ClientStream: s, heard: h}, nil
	}
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(unary), grpc.WithChainStreamInterceptor(stream)}
}

type heardStream struct {
	grpc.ClientStream
	heard *heard
}

// SendMsg bends what is sent.
func (s *heardStream) SendMsg(m any) error {
	s.heard.bend(m)
	return s.ClientStream.SendMsg(m)
}

// RecvMsg hears what comes.
func (s *heardStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	s.heard.hear(m, err)
	return err
}
