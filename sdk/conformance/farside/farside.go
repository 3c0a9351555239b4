// Package farside is what Go programs are made of that play a plugin's far side
// for the conformance kit (provider.run of a conformance.yaml): a book of how the
// far side is to be and of what came to it, which is also what the kit speaks to.
// docs/build-plugins/conformance.md tells what the two say to each other.
//
//	book := farside.NewBook(nil)
//	go http.Serve(control, book)            // the address of "control"
//	how, changed := book.Manner()           // when something comes: how to answer
//	book.Note(farside.Arrival{Text: text})  // when it was taken
package farside

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Manner is how a far side answers. The zero value is well.
type Manner struct {
	Status     int           // 0 = well; 429 is "too much, later", 500 and above trouble of its own
	RetryAfter time.Duration // with a status: when to come again; 0 = it does not say
	Dated      bool          // that is said as a date, by the far side's clock
	Hang       bool          // no answer while the caller waits
	Cut        bool          // the connection ends without an answer
	Garbage    bool          // an answer that means nothing
	Delay      time.Duration // before a good answer
	Clock      time.Duration // how wrong the far side's clock is
}

// body is a Manner as JSON. Times are in milliseconds.
type body struct {
	Status     int   `json:"status"`
	RetryAfter int64 `json:"retry_after_ms"`
	Dated      bool  `json:"dated"`
	Hang       bool  `json:"hang"`
	Cut        bool  `json:"cut"`
	Garbage    bool  `json:"garbage"`
	Delay      int64 `json:"delay_ms"`
	Clock      int64 `json:"clock_ms"`
}

// MarshalJSON implements json.Marshaler.
func (m Manner) MarshalJSON() ([]byte, error) {
	return json.Marshal(body{
		m.Status, m.RetryAfter.Milliseconds(), m.Dated, m.Hang, m.Cut, m.Garbage, m.Delay.Milliseconds(), m.Clock.Milliseconds(),
	})
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Manner) UnmarshalJSON(data []byte) error {
	var b body
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	*m = Manner{b.Status, ms(b.RetryAfter), b.Dated, b.Hang, b.Cut, b.Garbage, ms(b.Delay), ms(b.Clock)}
	return nil
}

// Arrival is something that came to a far side, and was taken.
type Arrival struct {
	Text      string `json:"text"`           // all that was said, in the clear
	Duplicate bool   `json:"duplicate"`      // it was known by a key, and nothing was done
	Made      string `json:"made,omitempty"` // the id that the far side gave it; "" = none
	Raw       string `json:"raw,omitempty"`  // the request as it came, with the ids that it names; "" = it is not told
}

// Book holds how a far side is to be, and what came to it. It is the handler of
// the address where the kit speaks to it.
//
// Concurrency: safe for concurrent use.
type Book struct {
	plays func(Manner) bool

	mu   sync.Mutex
	how  Manner
	turn chan struct{} // closed and replaced when how changes
	list []Arrival
}

// NewBook returns the book of a far side that is well. plays says what it can
// play; nil = everything.
func NewBook(plays func(Manner) bool) *Book {
	if plays == nil {
		plays = func(Manner) bool { return true }
	}
	return &Book{plays: plays, turn: make(chan struct{})}
}

// Behave sets how the far side answers from now on. False: it cannot play that,
// and is well.
func (b *Book) Behave(m Manner) bool {
	ok := b.plays(m)
	if !ok {
		m = Manner{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.how = m
	close(b.turn)
	b.turn = make(chan struct{})
	return ok
}

// Manner returns how to answer, and what is closed when that changes.
func (b *Book) Manner() (Manner, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.how, b.turn
}

// Note keeps an arrival.
func (b *Book) Note(a Arrival) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, a)
}

// Arrivals returns what came, in order.
func (b *Book) Arrivals() []Arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.list)
}

// maxBody bounds what is read of a manner, in bytes.
const maxBody = 64 << 10

// ServeHTTP implements http.Handler: PUT /manner and GET /arrivals.
func (b *Book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "PUT /manner":
		var m Manner
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if !b.Behave(m) {
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case "GET /arrivals":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(append([]Arrival{}, b.Arrivals()...)) // the kit's to bear
	default:
		http.NotFound(w, r)
	}
}
