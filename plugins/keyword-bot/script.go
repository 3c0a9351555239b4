package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/words"
)

// config is the settings, as plugin.yaml describes them.
type config struct {
	Greeting    string
	Menu        []item
	Rules       []rule
	Fallback    string
	Misses      int
	People      []string
	HandingOver string `json:"handing_over"`
	Team        string
}

type item struct {
	Label string
	action
}

type rule struct {
	Keywords []string
	Match    string
	action
}

// action is an answer and what comes after it.
type action struct {
	Answer string
	Then   string
	Team   string
	Tool   string // "<publisher>/<plugin>:<tool>"; "" = none
	Args   string // a JSON object
}

// What a setting can say.
const (
	thenHandOff = "hand_off"
	thenResolve = "resolve"

	matchStarts = "starts"
	matchEquals = "equals"

	defaultMisses = 2
)

// problems finds what the schema cannot.
func (c config) problems() []instance.Problem {
	var out []instance.Problem
	fault := func(pointer, message string) { out = append(out, instance.Problem{Pointer: pointer, Message: message}) }
	labels := make(map[string]bool)
	for i, m := range c.Menu {
		at := fmt.Sprintf("/menu/%d", i)
		label := words.New(m.Label)
		switch {
		case label.IsZero():
			fault(at+"/label", "has no words")
		case labels[label.String()]:
			fault(at+"/label", "stands in the menu twice")
		}
		labels[label.String()] = true
		m.check(at, fault)
	}
	for i, r := range c.Rules {
		at := fmt.Sprintf("/rules/%d", i)
		for j, k := range r.Keywords {
			if words.New(k).IsZero() {
				fault(fmt.Sprintf("%s/keywords/%d", at, j), "has no words: it would never be found")
			}
		}
		r.check(at, fault)
	}
	for i, k := range c.People {
		if words.New(k).IsZero() {
			fault(fmt.Sprintf("/people/%d", i), "has no words: it would never be found")
		}
	}
	return out
}

func (a action) check(at string, fault func(pointer, message string)) {
	a.checkTool(at, fault)
	if strings.TrimSpace(a.Answer) == "" && a.Tool == "" && a.Then != thenHandOff && a.Then != thenResolve {
		fault(at+"/answer", "is empty, and nothing happens afterwards: the customer would be left without an answer")
	}
}

// script is the settings, ready to be followed.
type script struct {
	config
	ask   []words.Word // for people
	again []words.Word // for the menu
}

// scriptOf reads the settings.
func scriptOf(decode func(any) error) (script, error) {
	var s script
	if err := decode(&s.config); err != nil {
		return script{}, err
	}
	for _, w := range append(askForPeople(), s.People...) {
		s.ask = append(s.ask, words.New(w))
	}
	for _, w := range askForMenu() {
		s.again = append(s.again, words.New(w))
	}
	return s, nil
}

func (s script) misses() int {
	if s.Misses < 1 {
		return defaultMisses
	}
	return s.Misses
}

func (s script) greeting() string { return paragraphs(s.Greeting, s.menu()) }

// menu returns the menu as a numbered list, "" when there is none.
func (s script) menu() string {
	lines := make([]string, len(s.Menu))
	for i, m := range s.Menu {
		lines[i] = strconv.Itoa(i+1) + ". " + m.Label
	}
	return strings.Join(lines, "\n")
}

func (s script) asksForPeople(said words.Text) bool {
	for _, w := range s.ask {
		if w.In(said) {
			return true
		}
	}
	return false
}

// asksForMenu reports whether the whole message asks for the menu.
func (s script) asksForMenu(said words.Text) bool {
	if len(s.Menu) == 0 {
		return false
	}
	for _, w := range s.again {
		if whole(said) == w.String() {
			return true
		}
	}
	return false
}

// find returns what answers a message: an entry of the menu by its number or
// its words, then the first rule that fits.
func (s script) find(said words.Text) (action, bool) {
	text := whole(said)
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(s.Menu) {
		return s.Menu[n-1].action, true
	}
	for _, m := range s.Menu {
		if text != "" && text == trim(words.New(m.Label).String()) {
			return m.action, true
		}
	}
	for _, r := range s.Rules {
		if r.fits(said, text) {
			return r.action, true
		}
	}
	return action{}, false
}

// fits reports whether one of the keywords stands where it must.
func (r rule) fits(said words.Text, text string) bool {
	for _, k := range r.Keywords {
		w := words.New(k)
		switch r.Match {
		case matchEquals:
			if !w.IsZero() && text == trim(w.String()) {
				return true
			}
		case matchStarts:
			if at := w.All(words.Of(text)); len(at) > 0 && at[0].Start == 0 {
				return true
			}
		default:
			if w.In(said) {
				return true
			}
		}
	}
	return false
}

// whole returns a message as it is compared with a whole word: without blanks
// and punctuation around it, with single blanks within.
func whole(said words.Text) string {
	return trim(strings.Join(strings.Fields(said.String()), " "))
}

func trim(s string) string { return strings.Trim(s, " .,;:!?。、…~'\"()[]【】《》#") }

func paragraphs(list ...string) string {
	var out []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n\n")
}

func or(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}
