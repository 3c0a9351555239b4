package conformance

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk/conformance/farside"
)

// program is a far side that a program of the author's plays, for plugins that
// speak something else than HTTP. docs/build-plugins/conformance.md tells what
// the two say to each other.
//
// Concurrency: safe for concurrent use.
type program struct {
	hello  presented
	stdin  io.Closer
	ended  chan error // how it ended, once
	stderr *bytes.Buffer

	mu      sync.Mutex
	trouble error // the first one of the two
}

// presented is the first line of the program's output.
type presented struct {
	// Control is where the kit speaks to it: an http address.
	Control string `json:"control"`
	// Words are filled in where {{word}} stands in the configuration.
	Words map[string]string `json:"words"`
}

// Bounds of a program.
const (
	programStart = 2 * time.Minute // with its building, by "go run" for example
	programCall  = 20 * time.Second
	maxAnswer    = 64 << 20 // bytes
)

func newProgram(ctx context.Context, spec Spec) (*program, error) {
	run := spec.Provider.Run
	cmd := exec.Command(run[0], run[1:]...) //nolint:noctx // the author's own; it ends when its input does
	cmd.Dir = spec.Folder
	p := &program{ended: make(chan error, 1), stderr: &bytes.Buffer{}}
	cmd.Stderr = p.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the provider: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the provider: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the provider %s in %s: %w", strings.Join(run, " "), cmp.Or(spec.Folder, "this folder"), err)
	}
	p.stdin = stdin
	said := make(chan error, 1)
	go func() {
		r := bufio.NewReader(out)
		line, err := r.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &p.hello)
		}
		said <- err
		_, _ = io.Copy(io.Discard, r) // what else it says is nobody's
		p.ended <- cmd.Wait()
	}()
	ctx, cancel := context.WithTimeout(ctx, programStart)
	defer cancel()
	select {
	case err = <-said:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil && p.hello.Control == "" {
		err = errors.New("it names no control")
	}
	if err != nil {
		_ = stdin.Close() // what it started itself ends by that
		_ = cmd.Process.Kill()
		return nil, fmt.Errorf("the provider %s does not begin with a line of JSON: %w: %s", strings.Join(run, " "), err, oneLine(p.stderr.String()))
	}
	return p, nil
}

// close ends the program. The error is the first thing that went wrong with it.
func (p *program) close() error {
	_ = p.stdin.Close()
	select {
	case err := <-p.ended:
		p.failed(err)
	case <-time.After(programCall):
		p.failed(errors.New("it does not end when its input does"))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trouble != nil {
		return fmt.Errorf("the provider: %w", p.trouble)
	}
	return nil
}

func (p *program) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trouble == nil {
		p.trouble = err
	}
}

// behave implements far.
func (p *program) behave(m manner) bool {
	status, _, err := p.call(http.MethodPut, "/manner", m)
	if err == nil && status != http.StatusNoContent && status != http.StatusNotImplemented {
		err = fmt.Errorf("PUT /manner answers %d; 204 is right, or 501 for what it cannot play", status)
	}
	p.failed(err)
	return err == nil && status == http.StatusNoContent
}

// arrivals implements far.
func (p *program) arrivals() []arrival {
	var list []farside.Arrival
	status, body, err := p.call(http.MethodGet, "/arrivals", nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET /arrivals answers %d", status)
	}
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	p.failed(err)
	return found(list)
}

func (p *program) call(method, path string, body any) (status int, answer []byte, err error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(encoded)
	}
	ctx, cancel := context.WithTimeout(context.Background(), programCall)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, p.hello.Control+path, content)
	if err != nil {
		return 0, nil, err
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = got.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(got.Body, maxAnswer))
	return got.StatusCode, answer, err
}
