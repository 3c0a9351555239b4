package rig

import "time"

// What the server says, as docs/reference/live-protocol.md and /openapi.json
// describe it: the fields that test programs look at.
type (
	// Me is the answer to a sign-in.
	Me struct {
		Account struct {
			ID    string `json:"id"`
			Email string `json:"email"`
		} `json:"account"`
		Memberships []struct {
			Workspace struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"workspace"`
			MemberID string `json:"member_id"`
			Role     string `json:"role"`
		} `json:"memberships"`
	}

	// Inbox is a connected channel account.
	Inbox struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Plugin  string `json:"plugin"`
		Live    bool   `json:"live"`
		Enabled bool   `json:"enabled"`
		HookURL string `json:"hook_url"`
	}

	// Actor is who did something.
	Actor struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
		Name string `json:"name"`
	}

	// Conversation is a conversation's row.
	Conversation struct {
		ID      string `json:"id"`
		InboxID string `json:"inbox_id"`
		Contact struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"contact"`
		State          string     `json:"state"`
		Responder      string     `json:"responder"`
		AssigneeID     string     `json:"assignee_id"`
		SnoozedUntil   *time.Time `json:"snoozed_until"`
		WaitingSince   *time.Time `json:"waiting_since"`
		LastSeq        uint64     `json:"last_seq"`
		LastPublicSeq  uint64     `json:"last_public_seq"`
		LastInboundSeq uint64     `json:"last_inbound_seq"`
		LastMessage    *struct {
			Text       string    `json:"text"`
			SenderKind string    `json:"sender_kind"`
			Kind       string    `json:"kind"`
			At         time.Time `json:"at"`
		} `json:"last_message"`
		CreatedAt time.Time `json:"created_at"`
		UpdatedAt time.Time `json:"updated_at"`
	}

	// Message is what somebody wrote, as members see it.
	Message struct {
		ID             string    `json:"id"`
		ConversationID string    `json:"conversation_id"`
		ClientMsgID    string    `json:"client_msg_id"`
		Kind           string    `json:"kind"`
		Sender         Actor     `json:"sender"`
		Text           string    `json:"text"`
		CreatedAt      time.Time `json:"created_at"`
		Delivery       string    `json:"delivery"`
		DeliveryError  string    `json:"delivery_error"`
	}

	// Change is one entry of a conversation's history.
	Change struct {
		ID             string         `json:"id"`
		ConversationID string         `json:"conversation_id"`
		Seq            uint64         `json:"seq"`
		Type           string         `json:"type"`
		At             time.Time      `json:"at"`
		Actor          Actor          `json:"actor"`
		Message        *Message       `json:"message"`
		Data           map[string]any `json:"data"`
	}

	// FeedEvent is one entry of a workspace's feed.
	FeedEvent struct {
		Feed         uint64         `json:"feed"`
		Type         string         `json:"type"`
		At           time.Time      `json:"at"`
		Change       *Change        `json:"change"`
		Conversation *Conversation  `json:"conversation"`
		TicketChange *TicketChange  `json:"ticket_change"`
		Data         map[string]any `json:"data"`
	}

	// TicketChange is a change of a ticket, as far as it is looked at.
	TicketChange struct {
		ID string `json:"id"`
	}

	// Posted is an accepted message of a member.
	Posted struct {
		Message Message `json:"message"`
		Change  Change  `json:"change"`
	}

	// PublicChange is a change as the customer sees it.
	PublicChange struct {
		Seq     uint64    `json:"seq"`
		Type    string    `json:"type"`
		At      time.Time `json:"at"`
		Name    string    `json:"name"`
		Message *struct {
			ID          string `json:"id"`
			ClientMsgID string `json:"client_msg_id"`
			Text        string `json:"text"`
			Sender      struct {
				Kind string `json:"kind"`
				Name string `json:"name"`
			} `json:"sender"`
		} `json:"message"`
	}

	// Frame is any frame of the live protocol.
	Frame struct {
		Op string `json:"op"`

		Ref    string `json:"ref"`
		Code   string `json:"code"`
		Detail string `json:"detail"`

		Epoch         string `json:"epoch"`
		Resync        bool   `json:"resync"`
		MemberID      string `json:"member_id"`
		SessionID     string `json:"session_id"`
		LastPublicSeq uint64 `json:"last_public_seq"`
		RetryMS       int64  `json:"retry_ms"`
		Position      int    `json:"position"`

		FeedEvent
		Message  *Message `json:"message"`
		Replayed bool     `json:"replayed"`
	}

	// VisitorFrame is Frame for visitors, whose changes are public ones.
	VisitorFrame struct {
		Op            string        `json:"op"`
		Ref           string        `json:"ref"`
		Code          string        `json:"code"`
		Detail        string        `json:"detail"`
		Epoch         string        `json:"epoch"`
		Resync        bool          `json:"resync"`
		SessionID     string        `json:"session_id"`
		LastPublicSeq uint64        `json:"last_public_seq"`
		RetryMS       int64         `json:"retry_ms"`
		Position      int           `json:"position"`
		Change        *PublicChange `json:"change"`
		Replayed      bool          `json:"replayed"`
	}

	// Visitor is an open visitor session.
	Visitor struct {
		Token     string    `json:"token"`
		SessionID string    `json:"session_id"`
		ExpiresAt time.Time `json:"expires_at"`
		Resumed   bool      `json:"resumed"`
	}
)
