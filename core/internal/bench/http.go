package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/textproto"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// poster posts messages over connections it keeps. It shares the processors
// with the server, so it does as little as HTTP/1.1 allows.
type poster struct {
	conns []net.Conn
	read  []*bufio.Reader
	sent  atomic.Int64
}

func openPoster(ctx context.Context, address string, conns int) (*poster, error) {
	p := &poster{}
	for range conns {
		c, err := rig.Dialer("").DialContext(ctx, "tcp", address)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("connect: %w", err)
		}
		p.conns = append(p.conns, c)
		p.read = append(p.read, bufio.NewReaderSize(c, 4096))
	}
	return p, nil
}

func (p *poster) close() {
	for _, c := range p.conns {
		_ = c.Close()
	}
}

// post sends one message on a worker's connection and reads the answer.
func (p *poster) post(worker int, path, header, body string) error {
	c := p.conns[worker]
	request := "POST " + path + " HTTP/1.1\r\nHost: " + c.RemoteAddr().String() + "\r\nContent-Type: application/json\r\n" +
		header + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err //nolint:wrapcheck // the connection's own error
	}
	if _, err := io.WriteString(c, request); err != nil {
		return err //nolint:wrapcheck // the connection's own error
	}
	return answer(p.read[worker])
}

// answer reads one answer with a length, and is content with 201.
func answer(r *bufio.Reader) error {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return err //nolint:wrapcheck // the connection's own error
	}
	fine := bytes.HasPrefix(status, []byte("HTTP/1.1 201"))
	first := string(bytes.TrimSpace(status))
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err //nolint:wrapcheck // the connection's own error
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && textproto.CanonicalMIMEHeaderKey(string(name)) == "Content-Length" {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err //nolint:wrapcheck // it names the text
			}
		}
	}
	if length < 0 {
		return errors.New("an answer without a length")
	}
	if fine {
		_, err := r.Discard(length)
		return err //nolint:wrapcheck // the connection's own error
	}
	body := make([]byte, length)
	_, err = io.ReadFull(r, body)
	return errors.Join(fmt.Errorf("%s: %.200s", first, body), err)
}

// visitors posts as visitors, each as often as the others: the server lets
// each write so much and not more.
func (p *poster) visitors(s *site) func(ctx context.Context, worker int) error {
	path := rig.Prefix + "/live/" + s.inbox.ID + "/messages"
	return func(_ context.Context, worker int) error {
		n := p.sent.Add(1)
		v := s.visitors[n%int64(len(s.visitors))]
		return p.post(worker, path, "Authorization: Bearer "+v.Token, `{"client_msg_id":"`+clientID(n+2e9)+`","text":"`+text+`"}`)
	}
}

// members posts as a member who answers everybody.
func (p *poster) members(s *site, conversations []string) func(ctx context.Context, worker int) error {
	cookie := "Cookie: " + s.owner.Header.Get("Cookie")
	return func(_ context.Context, worker int) error {
		path := s.owner.At("/conversations/" + conversations[rand.IntN(len(conversations))] + "/messages")
		return p.post(worker, path, cookie, `{"client_msg_id":"`+clientID(p.sent.Add(1)+3e9)+`","kind":"text","text":"`+text+`"}`)
	}
}
