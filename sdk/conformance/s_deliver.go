package conformance

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// lanes is how many conversations there are at once.
const lanes = 20

// deliveries is scenario 3: each once, in the order of its conversation.
func deliveries(r *run) (string, error) {
	p, drivers, err := r.worker()
	if err != nil {
		return "", err
	}
	n := r.count(500, 10_000)
	var units []string
	for _, d := range drivers {
		tasks := p.tasks(n, lanes)
		w, err := p.do(d, tasks, r.pick(time.Minute, 20*time.Minute))
		if err == nil {
			err = allDone(d, tasks, w)
		}
		if err == nil {
			err = p.arrivedOnce(d, tasks)
		}
		if err == nil && d.pure {
			err = p.saysTheSame(d, tasks, w)
		}
		if err != nil {
			return "", err
		}
		units = append(units, fmt.Sprintf("%d %s", n, d.units))
	}
	if err := p.core.breaches(); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, each answered once, in order in %d conversations.", join(units), lanes), nil
}

// saysTheSame asks some tasks again and wants the answers that they had.
func (p *plug) saysTheSame(d driver, tasks []task, before *worked) error {
	again := tasks[:min(10, len(tasks))]
	w, err := p.do(d, again, p.pick(30*time.Second, time.Minute))
	if err != nil {
		return err
	}
	for _, t := range again {
		first, _ := before.get(t.token)
		if second, ok := w.get(t.token); !ok || second.content != first.content {
			return fmt.Errorf("asked again, the %s %s is another one; the same answers make the same objects", d.unit, t.token)
		}
	}
	return nil
}

// arrivedOnce wants each task once at the far side, where there is one, and in
// order.
func (p *plug) arrivedOnce(d driver, tasks []task) error {
	if p.far == nil || !d.carries {
		return nil
	}
	times := effects(p.far)
	for _, t := range tasks {
		if times[t.token] != 1 {
			return fmt.Errorf("the %s %s arrived %d times at the far side; once is right", d.unit, t.token, times[t.token])
		}
	}
	return p.arrivedInOrder(d, tasks)
}

// arrivedInOrder wants the first arrivals of each conversation in its order; what
// else there is has none.
func (p *plug) arrivedInOrder(d driver, tasks []task) error {
	if d.ability != pluginv1.AbilityChannel {
		return nil
	}
	known := make(map[string]task, len(tasks))
	for _, t := range tasks {
		known[t.token] = t
	}
	last := make(map[string]int)
	seen := make(map[string]bool)
	for _, a := range p.far.arrivals() {
		t, ok := known[a.token]
		if !ok || seen[a.token] {
			continue
		}
		seen[a.token] = true
		if t.seq < last[t.lane] {
			return fmt.Errorf("in %s number %d arrived after number %d; the order of a conversation is kept", t.lane, t.seq, last[t.lane])
		}
		last[t.lane] = t.seq
	}
	return nil
}

func join(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

// kills is scenario 4: SIGKILL in the middle of the work, again and again.
func kills(r *run) (string, error) {
	if err := r.needsProcess("nothing else can be killed"); err != nil {
		return "", err
	}
	n := r.count(3, 20)
	p, drivers, err := r.worker()
	if err != nil {
		return "", err
	}
	var seen []string
	for i := range drivers {
		var said string
		if p, said, err = r.killing(p, i, n); err != nil {
			return "", err
		}
		seen = append(seen, said)
	}
	return join(seen) + ".", nil
}

// killing kills p n times while it does the work of its driver number i, and
// returns the process that finished.
func (r *run) killing(p *plug, i, n int) (*plug, string, error) {
	d := p.drivers()[i]
	tasks := r.tasks(100*(n+1), lanes)
	p, all, err := r.killed(p, d, tasks, n)
	if err != nil {
		return p, "", err
	}
	said, err := r.afterKills(p, d, tasks, all.sure(tasks), n)
	return p, said, err
}

// killed kills p n times while it does tasks, and returns the process that
// finished and what became of them.
func (r *run) killed(p *plug, d driver, tasks []task, n int) (*plug, *worked, error) {
	all := newWorked()
	if r.far != nil {
		r.far.behave(manner{Delay: 5 * time.Millisecond})
		defer r.far.behave(manner{})
	}
	left := tasks
	for killed := 0; len(left) > 0; killed++ {
		ctx, cancel := r.within(30 * time.Second)
		ended := make(chan error, 1)
		before := len(tasks) - len(left)
		go func() { ended <- d.perform(ctx, p, left, all.take) }()
		if killed < n {
			target := before + 50
			r.until(20*time.Second, func() bool { return len(tasks)-len(all.left(tasks, false)) >= target })
			_ = syscall.Kill(-p.process.PID, syscall.SIGKILL) // its group
			<-p.process.Exited
		}
		err := <-ended
		cancel()
		if _, ok := errors.AsType[*violation](err); ok || err != nil && killed >= n {
			return p, nil, fmt.Errorf("after %d kills: %w", killed, err)
		}
		left = all.left(tasks, true)
		p.core.host.Jump(time.Minute) // what a dead process claimed is free
		if killed > n+5 {
			return p, nil, fmt.Errorf("after %d kills %d of %d %s are still not done; the first one is %v", n, len(left), len(tasks), d.units, all.all[left[0].token])
		}
		if killed < n {
			p.finish()
			if p, err = r.open(start{core: p.core, dir: p.dir}); err != nil {
				return p, nil, fmt.Errorf("it does not start again after a kill: %w", err)
			}
		}
	}
	return p, all, nil
}

// afterKills wants nothing lost, few duplicates, and those that are sure in order.
func (r *run) afterKills(p *plug, d driver, tasks, sure []task, n int) (string, error) {
	said := fmt.Sprintf("%d %s survived %d kills", len(tasks), d.units, n)
	if r.far == nil || !d.carries {
		return said, nil
	}
	times, twice := effects(r.far), 0
	for _, t := range tasks {
		if times[t.token] == 0 {
			return "", fmt.Errorf("the %s %s was accepted and never arrived at the far side; nothing may be lost", d.unit, t.token)
		}
		twice += times[t.token] - 1
	}
	most := r.doubles(n)
	if twice > most {
		return "", fmt.Errorf("%d of %d %s arrived twice at the far side after %d kills; at most %d may", twice, len(tasks), d.units, n, most)
	}
	return fmt.Sprintf("%s, with %d duplicates at the far side of %d allowed", said, twice, most), p.arrivedInOrder(d, sure)
}

// doubles is how much may be twice at the far side after n kills.
func (r *run) doubles(n int) int {
	if r.spec.IdempotentSend {
		return 0
	}
	return n * r.spec.window()
}

// doKilled has tasks done, of a process with kills meanwhile. It returns the one
// that finished, and how often it was killed.
func (r *run) doKilled(p *plug, d driver, tasks []task) (*plug, int, error) {
	if p.process == nil {
		return p, 0, p.doAll(d, tasks)
	}
	n := r.count(1, 5)
	p, _, err := r.killed(p, d, tasks, n)
	return p, n, err
}

// stopped is scenario 9: SIGSTOP, and later SIGCONT.
func stopped(r *run) (string, error) {
	if err := r.needsProcess("nothing else can be stopped"); err != nil {
		return "", err
	}
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	pause := r.pick(1500*time.Millisecond, 5*time.Second)
	if r.far != nil {
		r.far.behave(manner{Delay: 5 * time.Millisecond})
	}
	for _, d := range p.drivers() {
		tasks, w := p.tasks(200, lanes), newWorked()
		ctx, cancel := p.within(40 * time.Second)
		ended := make(chan error, 1)
		go func() { ended <- d.perform(ctx, p, tasks, w.take) }()
		r.until(10*time.Second, func() bool { return len(w.left(tasks, false)) < len(tasks)-20 })
		if err := p.signal(syscall.SIGSTOP); err != nil {
			cancel()
			return "", fmt.Errorf("stop it: %w", err)
		}
		err := p.pause(pause)
		err = errors.Join(err, p.signal(syscall.SIGCONT), <-ended)
		cancel()
		if err == nil {
			err = allDone(d, tasks, w)
		}
		if err != nil {
			return "", fmt.Errorf("after a stop of %s: %w", pause, err)
		}
	}
	if err := p.alive(); err != nil {
		return "", err
	}
	return fmt.Sprintf("Stopped for %s in the middle of its work, it finished all of it.", pause), nil
}
