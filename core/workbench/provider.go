package workbench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// How long the far side has.
const (
	providerStart = 10 * time.Second
	providerCall  = 15 * time.Second
	maxAnswer     = 1 << 20 // bytes
)

// Provider is a far side that runs beside the plugin: a program of the plugin's
// folder, which serves on the address in PATCHBAY_DEV_ADDRESS.
//
// Concurrency: safe for concurrent use, but for Start, which is called by one.
//
// Lifecycle: Stop ends the program.
type Provider struct {
	Folder string    // of the plugin
	Work   string    // a folder for the program
	Out    io.Writer // what it prints

	mu   sync.Mutex
	url  string
	sum  [sha256.Size]byte
	stop func()
}

// Start builds the program and runs it, in place of one that runs; of a program
// that has not changed nothing is done. The error of the compiler has its output.
func (p *Provider) Start(ctx context.Context, program string) error {
	binary := filepath.Join(p.Work, "provider")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./"+filepath.ToSlash(program)) //nolint:gosec // the author's own
	cmd.Dir = p.Folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build of the provider %s failed (%w):\n%s", program, err, strings.TrimSpace(string(output)))
	}
	data, err := os.ReadFile(binary) //nolint:gosec // just built
	if err != nil {
		return fmt.Errorf("read the provider: %w", err)
	}
	sum := sha256.Sum256(data)
	if p.URL() != "" && sum == p.sum {
		return nil
	}
	address, err := p.address(ctx)
	if err != nil {
		return err
	}
	p.Stop()
	if err := p.run(ctx, binary, address); err != nil {
		return err
	}
	p.mu.Lock()
	p.sum, p.url = sum, "http://"+address
	p.mu.Unlock()
	return nil
}

// address is where it serves: where it did before, or at a free port.
func (p *Provider) address(ctx context.Context) (string, error) {
	if url := p.URL(); url != "" {
		return strings.TrimPrefix(url, "http://"), nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port for the provider: %w", err)
	}
	defer l.Close() //nolint:errcheck // it is for somebody else
	return l.Addr().String(), nil
}

// run runs the program until Stop, and returns when it serves.
func (p *Provider) run(ctx context.Context, binary, address string) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cmd := exec.CommandContext(work, binary)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.Folder, p.Out, p.Out
	cmd.Env = append(os.Environ(), "PATCHBAY_DEV_ADDRESS="+address)
	cmd.SysProcAttr = withUs()
	if err := cmd.Start(); err != nil {
		cancel()
		return fmt.Errorf("start the provider: %w", err)
	}
	ended := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		ended <- cmd.Wait()
		close(done)
	}()
	p.mu.Lock()
	p.stop = func() { cancel(); <-done }
	p.mu.Unlock()
	deadline := time.NewTimer(providerStart)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("the provider ended before it served on PATCHBAY_DEV_ADDRESS (%s): %w", address, orEnded(err))
		case <-deadline.C:
			p.Stop()
			return fmt.Errorf("the provider does not serve on PATCHBAY_DEV_ADDRESS (%s)", address)
		case <-ctx.Done():
			p.Stop()
			return ctx.Err()
		case <-tick.C:
		}
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			_ = conn.Close() // it was only to see
			return nil
		}
	}
}

func orEnded(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// URL is where it serves; "" = it does not run.
func (p *Provider) URL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.url
}

// Stop ends the program and waits for its end.
func (p *Provider) Stop() {
	p.mu.Lock()
	stop := p.stop
	p.stop = nil
	p.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// Answer is what the plugin answered the far side.
type Answer struct {
	Status int    `json:"status"`
	Text   string `json:"text"`
}

// Say has the far side post a customer's message to an inbox's address.
func (p *Provider) Say(ctx context.Context, hook string, said Said) (Answer, error) {
	body, err := json.Marshal(struct {
		Hook string `json:"hook"`
		Said
	}{hook, said})
	if err != nil {
		return Answer{}, fmt.Errorf("write a message: %w", err)
	}
	var out Answer
	return out, p.call(ctx, http.MethodPost, "/dev/say", body, &out)
}

// Sent returns what has arrived at the far side, as it tells it.
func (p *Provider) Sent(ctx context.Context) (json.RawMessage, error) {
	var out struct {
		Items json.RawMessage `json:"items"`
	}
	return out.Items, p.call(ctx, http.MethodGet, "/dev/sent", nil, &out)
}

func (p *Provider) call(ctx context.Context, method, path string, body []byte, into any) error {
	if p.URL() == "" {
		return errors.New("there is no provider that could do it: name one in dev.yaml")
	}
	answer, err := send(ctx, method, p.URL()+path, nil, body)
	if err != nil {
		return fmt.Errorf("ask the provider: %w", err)
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("the provider answers %s %s with %d: %s", method, path, answer.Status, strings.TrimSpace(answer.Text))
	}
	if err := json.Unmarshal([]byte(answer.Text), into); err != nil {
		return fmt.Errorf("the provider's answer to %s %s cannot be read: %w", method, path, err)
	}
	return nil
}

// Post posts a customer's message to an inbox's address, as a Request says.
func (r Request) Post(ctx context.Context, hook string, said Said) (Answer, error) {
	body, err := r.Fill(said)
	if err != nil {
		return Answer{}, err
	}
	return send(ctx, http.MethodPost, strings.TrimSuffix(hook, "/")+"/"+strings.TrimPrefix(r.Path, "/"), r.Headers, body)
}

func send(ctx context.Context, method, url string, headers map[string]string, body []byte) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, providerCall)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("make a request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err //nolint:wrapcheck // it names the request
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return Answer{Status: resp.StatusCode, Text: string(text)}, err
}
