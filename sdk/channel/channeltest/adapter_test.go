package channeltest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest/internal/parcel"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// office is the far side of the parcel: it signs what it brings, keeps files,
// and knows keys or does not.
type office struct {
	*httptest.Server
	keyed bool

	mu    sync.Mutex
	how   channeltest.Behaviour
	got   []channeltest.Got
	has   []parcelOf
	shown []channeltest.Shown
	keys  map[string]bool
	files map[string][]byte

	prepared []channel.Template
	used     []channeltest.Used

	letters []parcel.Letter // that were brought, copies of which it keeps
}

// parcelOf is what a customer has, by the key that it came under.
type parcelOf struct {
	key string
	channeltest.Got
}

const token = "not-a-secret"

func newOffice(t *testing.T, keyed bool) *office {
	t.Helper()
	o := &office{keyed: keyed, keys: make(map[string]bool), files: make(map[string][]byte)}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

// ServeHTTP implements http.Handler.
func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if name, ok := strings.CutPrefix(r.URL.Path, "/files/"); ok {
		_, _ = w.Write(o.files[name]) // the client's to bear
		return
	}
	if r.URL.Path == "/letters" {
		_ = json.NewEncoder(w).Encode(o.letters) // the client's to bear
		return
	}
	if r.URL.Path == "/templates" {
		_ = json.NewEncoder(w).Encode(o.prepared) // the client's to bear
		return
	}
	if kind, ok := strings.CutPrefix(r.URL.Path, "/signs/"); ok {
		var in struct{ To, Target string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			panic(http.ErrAbortHandler)
		}
		o.shown = append(o.shown, channeltest.Shown{To: in.To, Target: in.Target, Kind: map[string]channel.SignalKind{"typing": channel.SignalTyping, "read": channel.SignalRead}[kind]})
		return
	}
	switch o.how {
	case channeltest.Absentee:
		panic(http.ErrAbortHandler)
	case channeltest.Busy:
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case channeltest.Broken:
		w.WriteHeader(http.StatusBadGateway)
		return
	case channeltest.Refusing:
		w.WriteHeader(http.StatusForbidden)
		return
	case channeltest.Well, channeltest.Speechless:
	}
	var in struct {
		To, Text, Target string
		Template         *channel.TemplateUse
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		panic(http.ErrAbortHandler) // it was killed while it wrote
	}
	if r.URL.Path != "/send" {
		o.change(w, r.URL.Path == "/recall", in.Target, in.Text)
		return
	}
	key := r.Header.Get("Parcel-Key")
	if !o.keyed || !o.keys[key] {
		o.keys[key] = true
		if in.Template != nil {
			o.used = append(o.used, channeltest.Used{To: in.To, TemplateUse: *in.Template})
		}
		o.got = append(o.got, channeltest.Got{To: in.To, Text: in.Text})
		o.has = append(o.has, parcelOf{key, o.got[len(o.got)-1]})
	}
	if o.how == channeltest.Speechless {
		panic(http.ErrAbortHandler)
	}
}

// change edits what a customer has, or takes it back.
func (o *office) change(w http.ResponseWriter, back bool, target, text string) {
	i := slices.IndexFunc(o.has, func(one parcelOf) bool { return one.key == target })
	switch {
	case i < 0:
		w.WriteHeader(http.StatusNotFound)
	case back:
		o.has = slices.Delete(o.has, i, i+1)
	default:
		o.has[i].Text = text
	}
}

// Prepare implements channeltest.Preparer.
func (o *office) Prepare(_ *testing.T, all ...channel.Template) []channel.Template {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prepared = all
	return all
}

// Used implements channeltest.Preparer.
func (o *office) Used(*testing.T) []channeltest.Used {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.used)
}

// Has implements channeltest.Keeper.
func (o *office) Has(*testing.T) []channeltest.Got {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []channeltest.Got
	for _, one := range o.has {
		out = append(out, one.Got)
	}
	return out
}

func (o *office) request(said channeltest.Said, at time.Time) channeltest.Request {
	return o.requestIn("", said, at)
}

func (o *office) requestIn(group string, said channeltest.Said, at time.Time) channeltest.Request {
	letter := parcel.Letter{ID: said.ID, From: said.From, Text: said.Text, Sent: at.Unix(), Group: group}
	if said.Unknown {
		letter.Kind = "hologram"
	}
	if said.File != nil {
		o.mu.Lock()
		o.files[said.ID] = said.File
		o.mu.Unlock()
		letter.File = said.ID
	}
	body, err := json.Marshal(letter)
	if err != nil {
		panic(err) // texts alone
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	return channeltest.Request{
		Name: said.ID, Body: string(body), Header: map[string]string{"X-Time": stamp, "X-Signature": parcel.Sign(token, stamp, body)},
	}
}

// Write implements channeltest.FarSide.
func (o *office) Write(_ *testing.T, said ...channeltest.Said) ([]channeltest.Request, error) {
	var out []channeltest.Request
	for _, one := range said {
		out = append(out, o.request(one, time.Now()))
		o.mu.Lock()
		o.letters = append(o.letters, parcel.Letter{ID: one.ID, From: one.From, Text: one.Text, Sent: time.Now().Unix()})
		o.mu.Unlock()
	}
	return out, nil
}

// WriteIn implements channeltest.Gatherer.
func (o *office) WriteIn(_ *testing.T, group string, said ...channeltest.Said) ([]channeltest.Request, error) {
	var out []channeltest.Request
	for _, one := range said {
		out = append(out, o.requestIn(group, one, time.Now()))
	}
	return out, nil
}

// Forge implements channeltest.FarSide.
func (o *office) Forge(_ *testing.T, how channeltest.Forgery, said channeltest.Said) ([]channeltest.Request, error) {
	r := o.request(said, time.Now())
	switch how {
	case channeltest.Unsigned:
		delete(r.Header, "X-Signature")
	case channeltest.WrongSigned:
		r.Header["X-Signature"] = parcel.Sign("guessed", r.Header["X-Time"], []byte(r.Body))
	case channeltest.Altered:
		r.Body = strings.Replace(r.Body, said.Text, said.Text+"!", 1)
	case channeltest.Stale:
		r = o.request(said, time.Now().Add(-time.Hour))
	}
	return []channeltest.Request{r}, nil
}

// Behave implements channeltest.FarSide.
func (o *office) Behave(_ *testing.T, how channeltest.Behaviour) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.how = how
	return nil
}

// Got implements channeltest.FarSide.
func (o *office) Got(*testing.T) []channeltest.Got {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]channeltest.Got(nil), o.got...)
}

// Shown implements channeltest.Watcher.
func (o *office) Shown(*testing.T) []channeltest.Shown {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.shown)
}

// TestParcel is the suite on an adapter without a fault, and, in a process of
// its own, on those with one.
func TestParcel(t *testing.T) {
	patience := time.Duration(0)
	if os.Getenv("PARCEL_FAULT") != "" {
		patience = 3 * time.Second // what does not come is the fault
	}
	program := plugintest.Build(t, "internal/parcel/program")
	for _, keyed := range []bool{true, false} {
		t.Run(fmt.Sprintf("keyed %v", keyed), func(t *testing.T) {
			channeltest.RunAdapter(t, channeltest.Adapter{
				Plugin: parcel.Plugin(), Program: program, Patience: patience,
				FarSide: func(t *testing.T) (channeltest.FarSide, instance.Instance) {
					o := newOffice(t, keyed)
					return o, instance.Instance{
						Config:  []byte(fmt.Sprintf(`{"url":%q,"keyed":%v,"fault":%q}`, o.URL, keyed, os.Getenv("PARCEL_FAULT"))),
						Secrets: instance.Secrets{"/token": token},
					}
				},
			})
		})
	}
}

// Each fault must be caught, by the case that is there for it.
func TestAdapterFaultsAreCaught(t *testing.T) {
	for fault, by := range map[string]string{
		parcel.Believes: "keyed_true/in_process/refuses_what_is_not_signed",
		parcel.Timeless: "keyed_true/in_process/refuses_what_is_stale",
		parcel.MakesIDs: "keyed_true/in_process/takes_what_is_said_once_and_in_order",
		parcel.Drops:    "keyed_true/in_process/shows_what_it_does_not_know",
		parcel.Mixes:    "keyed_true/in_process/takes_five_files_at_once_from_somebody_new",
		parcel.Doubles:  "keyed_false/in_process/never_doubles_what_was_taken_in_silence",
		parcel.Hasty:    "keyed_true/in_process/waits_for_a_far_side_that_is_busy",
		parcel.Stubborn: "keyed_true/in_process/says_what_will_never_work",
		parcel.Optimist: "keyed_true/in_process/waits_for_a_far_side_that_fails",
		parcel.Forgets:  "keyed_true/in_process/never_doubles_what_was_taken_in_silence",
		parcel.Mute:     "keyed_true/in_process/shows_that_members_write_and_have_read",
		parcel.Repeats:  "keyed_true/in_process/changes_what_was_sent_and_takes_it_back",
		parcel.Clings:   "keyed_true/in_process/changes_what_was_sent_and_takes_it_back",
		parcel.Renames:  "keyed_true/in_process/brings_again_what_came_since_a_time",
		parcel.Detaches: "keyed_true/in_process/brings_again_what_came_since_a_time",
		parcel.Ageless:  "keyed_true/in_process/brings_again_what_came_since_a_time",
		parcel.Circles:  "keyed_true/in_process/brings_again_what_came_since_a_time",
		parcel.Hollow:   "keyed_true/in_process/lists_what_its_far_side_has_prepared,_and_sends_it",
		parcel.Flattens: "keyed_true/in_process/lists_what_its_far_side_has_prepared,_and_sends_it",
		parcel.Garbles:  "keyed_true/in_process/lists_what_its_far_side_has_prepared,_and_sends_it",
		parcel.Hushes:   "keyed_true/in_process/keeps_who_of_a_group_wrote",
		parcel.Prefixes: "keyed_true/in_process/keeps_who_of_a_group_wrote",
		parcel.Scatters: "keyed_true/in_process/keeps_who_of_a_group_wrote",
		parcel.Early:    "keyed_true/process/doubles_nothing_when_it_is_killed_sending",
	} {
		t.Run(fault, func(t *testing.T) {
			parts := strings.Split(by, "/")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestParcel$/^"+strings.Join(parts, "$/^")+"$", "-test.v")
			cmd.Env = append(os.Environ(), "PARCEL_FAULT="+fault)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("it passes")
			}
			if !strings.Contains(string(out), "--- FAIL: TestParcel/"+by) {
				t.Errorf("it is not caught by %s:\n%s", by, out)
			}
		})
	}
}
