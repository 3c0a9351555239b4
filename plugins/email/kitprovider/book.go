package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// manner is how the kit wants the far side to be. Times are in milliseconds.
type manner struct {
	Status     int   `json:"status"`
	RetryAfter int64 `json:"retry_after_ms"`
	Dated      bool  `json:"dated"`
	Hang       bool  `json:"hang"`
	Cut        bool  `json:"cut"`
	Garbage    bool  `json:"garbage"`
	Delay      int64 `json:"delay_ms"`
	Clock      int64 `json:"clock_ms"`
}

func (m manner) rest() { <-time.After(time.Duration(m.Delay) * time.Millisecond) }

// arrival is a mail that was taken.
type arrival struct {
	Text string `json:"text"`
}

// book holds how the server is, and what it took.
//
// Concurrency: safe for concurrent use.
type book struct {
	mu   sync.Mutex
	how  manner
	turn chan struct{} // closed and replaced when how changes
	list []arrival
}

func newBook() *book { return &book{turn: make(chan struct{}), list: []arrival{}} }

func (b *book) manner() (manner, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.how, b.turn
}

func (b *book) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, arrival{Text: text})
}

// ServeHTTP is what the kit speaks to.
func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "PUT /manner":
		var m manner
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(b.behave(m))
	case "GET /arrivals":
		b.mu.Lock()
		defer b.mu.Unlock()
		_ = json.NewEncoder(w).Encode(b.list) // the kit's to bear
	default:
		http.NotFound(w, r)
	}
}

// behave returns 501 for what servers of mail do not say: when to come again.
func (b *book) behave(m manner) int {
	status := http.StatusNoContent
	if m.RetryAfter > 0 {
		m, status = manner{}, http.StatusNotImplemented
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.how = m
	close(b.turn)
	b.turn = make(chan struct{})
	return status
}
