package push

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/notification"
)

// Letter is what a browser's service worker is told, as JSON.
type Letter struct {
	Locale       string          `json:"locale"`              // of the account
	Workspace    string          `json:"workspace,omitempty"` // that it is about
	Tag          string          `json:"tag"`                 // one with the same tag takes its place on the screen
	Path         string          `json:"path"`                // in the console
	Notification json.RawMessage `json:"notification,omitempty"`
	More         int             `json:"more,omitempty"` // so many notifications at once, instead of one
	Test         bool            `json:"test,omitempty"`
}

// parcel is a letter with how it is sent.
type parcel struct {
	Letter

	urgent bool
	life   time.Duration
}

// urgent kinds wake a device that saves power.
func urgent(k notification.Kind) bool {
	return slices.Contains([]notification.Kind{
		notification.Mention, notification.Assigned, notification.TakenOver, notification.Reply, notification.Unattended, notification.RiskFound,
		notification.ApprovalAsked, notification.AlertRaised, notification.TicketAssigned, notification.TicketMention,
	}, k)
}

// tag is what tells notifications on a screen apart, as the console tags its own.
func tag(n notification.Notification) string {
	if !n.Collapses() {
		return string(n.ID)
	}
	if n.Ticket != nil {
		return string(n.Kind) + "." + string(n.Ticket.ID)
	}
	return string(n.Kind) + "." + string(n.Conversation)
}

// quieter is a notification without what customers and colleagues wrote, and
// without names.
func quieter(n notification.Notification) notification.Notification {
	n.Text, n.Actor.ID, n.Actor.Name = "", "", ""
	if n.Raised != nil {
		r := *n.Raised
		r.Name = ""
		n.Raised = &r
	}
	if n.Ticket != nil {
		t := *n.Ticket
		t.Title = ""
		n.Ticket = &t
	}
	return n
}

// write returns the letter about a notification.
func (s *Sender) write(sub Subscription, locale string, n notification.Notification) (parcel, error) {
	if sub.Say == SayKind {
		n = quieter(n)
	}
	shape, path, err := s.Renderer.Render(n)
	if err == nil && len(shape) > maxPlain-len(path)-200 {
		shape, path, err = s.Renderer.Render(quieter(n))
	}
	if err != nil {
		return parcel{}, fmt.Errorf("write a push: %w", err)
	}
	return parcel{
		Letter: Letter{Locale: locale, Workspace: string(n.Workspace), Tag: tag(n), Path: path, Notification: shape},
		urgent: urgent(n.Kind), life: Life - s.Now().Sub(n.At),
	}, nil
}

// headers of a push (RFC 8030, section 5).
func (p parcel) headers(authorization string) [][2]string {
	urgency := "normal"
	if p.urgent {
		urgency = "high"
	}
	sum := sha256.Sum256([]byte(p.Workspace + " " + p.Tag))
	return [][2]string{
		{"Authorization", authorization},
		{"Content-Encoding", "aes128gcm"},
		{"Content-Type", "application/octet-stream"},
		{"TTL", strconv.Itoa(max(0, int(p.life/time.Second)))},
		{"Urgency", urgency},
		{"Topic", encode(sum[:])[:32]},
	}
}

func (p parcel) plain() ([]byte, error) {
	out, err := json.Marshal(p.Letter)
	if err != nil {
		return nil, fmt.Errorf("write a push: %w", err)
	}
	return out, nil
}
