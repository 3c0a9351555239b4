package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// settings are a connection's, as the config_schema says.
type settings struct {
	Campaigns   []campaign `json:"campaigns"`
	Currency    *string    `json:"currency"`
	Sentence    string     `json:"sentence"`
	Note        string     `json:"note"`
	PerCustomer *int       `json:"per_customer"`
	Days        int        `json:"days"`
	AgentsUpTo  *float64   `json:"agents_up_to"`
	BotsUpTo    float64    `json:"bots_up_to"`
}

type campaign struct {
	ID    string  `json:"id"`
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Until string  `json:"until"`
}

// What an absent key means; the schema says the same.
const (
	defaultCurrency    = "EUR"
	defaultPerCustomer = 1
	defaultDays        = 30
	codePlace          = "{code}"
	day                = 24 * time.Hour
)

func settingsOf(in instance.Instance) (settings, error) {
	var s settings
	err := in.Decode(&s)
	return s, err
}

// check says what the schema cannot.
func (s settings) check() []instance.Problem {
	var out []instance.Problem
	fault := func(pointer, message string) {
		out = append(out, instance.Problem{Pointer: pointer, Message: message})
	}
	seen := make(map[string]bool)
	for i, c := range s.Campaigns {
		at := fmt.Sprintf("/campaigns/%d", i)
		if seen[c.ID] {
			fault(at+"/id", "Another campaign has this short name.")
		}
		seen[c.ID] = true
		if strings.TrimSpace(c.Name) == "" {
			fault(at+"/name", "Name the campaign.")
		}
		if hundredths(c.Value) < 0 || math.Abs(c.Value*100-math.Round(c.Value*100)) > 1e-6 {
			fault(at+"/value", "A value has at most two decimals.")
		}
		if _, err := time.Parse(time.DateOnly, c.Until); c.Until != "" && err != nil {
			fault(at+"/until", "There is no such day.")
		}
	}
	if strings.TrimSpace(s.Sentence) != "" && !strings.Contains(s.Sentence, codePlace) {
		fault("/sentence", "Say where the code stands: {code}.")
	}
	return out
}

// hundredths is a value in the smallest unit there is.
func hundredths(value float64) int64 { return int64(math.Round(value * 100)) }

// money writes a value: 10 EUR, 12.50 EUR.
func money(value int64, currency string) string {
	out := strconv.FormatInt(value/100, 10)
	if rest := value % 100; rest != 0 {
		out += fmt.Sprintf(".%02d", rest)
	}
	if currency != "" {
		out += " " + currency
	}
	return out
}

func (s settings) currency() string {
	if s.Currency == nil {
		return defaultCurrency
	}
	return strings.TrimSpace(*s.Currency)
}

func (s settings) perCustomer() int {
	if s.PerCustomer == nil {
		return defaultPerCustomer
	}
	return *s.PerCustomer
}

func (s settings) within() time.Duration {
	if s.Days <= 0 {
		return defaultDays * day
	}
	return time.Duration(s.Days) * day
}

// price is what a voucher of a campaign is worth, in words.
func (s settings) price(c campaign) string { return money(hundredths(c.Value), s.currency()) }

// named finds a campaign by its short name, or by its name.
func (s settings) named(name string) (campaign, bool) {
	for _, c := range s.Campaigns {
		if c.ID == name {
			return c, true
		}
	}
	for _, c := range s.Campaigns {
		if strings.EqualFold(strings.TrimSpace(c.Name), strings.TrimSpace(name)) {
			return c, true
		}
	}
	return campaign{}, false
}

// title is what people call a campaign, also one that is in the settings no more.
func (s settings) title(id string) string {
	if c, ok := s.named(id); ok && c.ID == id {
		return c.Name
	}
	return id
}

// over reports whether a campaign's last day has passed.
func (c campaign) over(now time.Time, zone *time.Location) bool {
	return c.Until != "" && now.In(zone).Format(time.DateOnly) > c.Until
}

// zoneOf is where an instance's days begin.
func zoneOf(in instance.Instance) *time.Location {
	if zone, err := time.LoadLocation(in.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}
